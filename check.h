/*
 * check.h - pop3d --check: is everything there that a session will need?
 */
#ifndef CHECK_H
#define CHECK_H

struct jail_means;

struct check {
	const char *pam_service; /* NULL: no PAM */
	const char *secrets;
	const char *state;
	const char *jail_user;
	const char *mailbox; /* pattern */
	const char *mail_group;
	int want_dotlock;
	const struct jail_means *means;
};

/*
 * Prints a line for each thing on standard output, with what to do where it
 * is wrong. Changes nothing. Returns how many are wrong.
 */
unsigned check_all(const struct check *c);

#endif
