/*
 * pam.h - one PAM conversation, nothing else
 */
#ifndef PAM_H
#define PAM_H

#include "log.h"

#include <stddef.h>

/* Texts are borrowed. */
struct pam_question {
	const char *service;
	const char *user;
	const char *password;
	const char *address; /* the client's; NULL if it is not known */
};

/* A conversation that has not come to its end. All zero: there is none. It
 * stays where it is: PAM has its address. */
struct pam_session {
	void *library;             /* owned */
	struct pam_handle *handle; /* owned */
	const char *service;       /* borrowed */
	const char *password;      /* borrowed; NULL when it has been judged */
	int is_asked;              /* for the password */
	int is_odd;                /* asked for anything else */
	int has_credentials;
	int is_open;
};

/*
 * Asks PAM about a user and a password, authentication and account. FINE:
 * accepted; "account" holds the name that PAM has settled on (modules may
 * change it), and *s is to be closed. PERM: refused. TEMP: PAM itself has
 * failed, which is logged. Takes as long as the modules take, but for their
 * delays after a refusal, which are the caller's business.
 */
enum trouble pam_check(struct pam_session *s, const struct pam_question *q,
    char *account, size_t account_room);

/*
 * Credentials and a session for who has been accepted; nothing, and FINE, where
 * nobody was. TEMP, logged, if a module fails or refuses. What modules do to
 * this process they do to no other.
 */
enum trouble pam_open(struct pam_session *s);

/* Ends what there is of it, the last thing first: session, credentials,
 * conversation. Safe where there is none. */
void pam_close(struct pam_session *s);

/* Can PAM be loaded? If not, that is logged. */
int pam_is_there(void);

/* Is there a file for that service? Without one PAM asks "other", which may
 * refuse everyone. */
int pam_has_service(const char *service);

#endif
