/*
 * account.h - name to ids, groups and mailbox
 *
 * The ids, groups and home come from getpwnam; without root the ids are our
 * own.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "privsep.h"

#include <sys/types.h>

struct account_rules {
	const char *mailbox; /* the pattern: %u %n %d %h %% */
	gid_t mail_group;    /* nobody but the monitor ever holds it */
	int is_root;
};

struct account {
	char name[PRIVSEP_NAME + 1];
	uid_t uid;
	gid_t gid;
	uint32_t groups[PRIVSEP_GROUPS]; /* without the mail group */
	uint32_t group_count;
	char mailbox[PRIVSEP_PATH + 1]; /* absolute */
};

/*
 * Fills in the account of account->name, a checked name. "owner" is the system
 * user that owns the mailbox, "path" the mailbox's pattern; where one is empty
 * it is as usual. PERM: root does not serve him, TEMP: he cannot be looked up;
 * logged.
 */
enum trouble account_find(const struct account_rules *rules, const char *owner,
    const char *path, struct account *account);

/*
 * The account whose ids these are, without its mailbox: for work that nobody
 * has logged in for. A uid that no name belongs to any more will do. PERM,
 * logged, if it is root's; TEMP, logged, if it cannot be looked up.
 */
enum trouble account_of_ids(const struct account_rules *rules, uid_t uid,
    gid_t gid, struct account *account);

/*
 * The pattern with its %-signs replaced. Returns 0 if the result is not an
 * absolute path of at most PRIVSEP_PATH bytes, or has %h where there is no home.
 * "user" is a checked name.
 */
int account_mailbox(const char *pattern, const char *user, const char *home,
    char out[PRIVSEP_PATH + 1]);

/* Errno was 0, and getpwnam() or one of its kind has come to nothing: is there
 * no such name? Or else nobody can tell. */
int account_is_unknown(void);

/* Is that a name that may become part of a path? */
int account_name_is_safe(const char *user);

#endif
