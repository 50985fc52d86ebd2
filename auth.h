/*
 * auth.h - name and proof to account, or a refusal
 *
 * The account's uid, groups and home come from getpwnam; without root they
 * are our own.
 */
#ifndef AUTH_H
#define AUTH_H

#include "privsep.h"
#include "scram.h"

#include <sys/types.h>

struct pam_session;

struct auth_config {
	const char *pam_service;     /* NULL: no PAM */
	struct pam_session *session; /* for who is let in by PAM, to be opened
					and closed; NULL: that is not wanted */
	const char *checkpassword; /* program that is asked instead; or NULL */
	const char *secrets;       /* path */
	const char *timestamp;     /* the challenge of APOP and CRAM-MD5; NULL
				      if there is none */
	const char *certificate;   /* the client's, its name; or NULL */
	const char *address;       /* the client's; NULL if not known */
	const char *mailbox;       /* the pattern: %u %n %d %h %% */
	gid_t mail_group;          /* nobody but the monitor ever holds it */
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

/* The methods that can let anyone in, as the stores are now: 1 << method for
 * each. Not all of them may be wanted on this connection. */
unsigned auth_methods(const struct auth_config *config);

/*
 * Holds a name and its proof against the stores. A user with an entry in the
 * secrets file is judged by that file alone, everyone else by the checkpassword
 * program if there is one, or else by PAM. FINE:
 * *account is filled in. PERM: refused, for a reason that is logged by the
 * store, if at all, and that the caller must not let the client know. TEMP:
 * a store has failed, which is logged.
 */
enum trouble auth_check(const struct auth_config *config,
    const struct credentials *c, struct account *account);

/* An exchange of SCRAM, between its two steps. */
struct auth_scram {
	enum method method;
	char user[PRIVSEP_NAME + 1];
	struct scram_salt salt;        /* as the client was told */
	char nonce[PRIVSEP_NONCE + 1]; /* ours, in base64 */
};

/*
 * Begins one for the user, who need not exist: whoever has no secret gets a
 * salt that is made of the key and of his name. TEMP, logged, if a store has
 * failed.
 */
enum trouble auth_scram_begin(const struct auth_config *config,
    const unsigned char key[SCRAM_DIGEST], const struct begin *b,
    struct auth_scram *s);

/* As auth_check(), for what the user of that exchange has sent as a proof;
 * after FINE the signature is made. */
enum trouble auth_scram_prove(const struct auth_config *config,
    const struct auth_scram *s, const struct proof *p,
    unsigned char signature[SCRAM_DIGEST], struct account *account);

/*
 * The account whose ids these are, without its mailbox: for work that nobody
 * has logged in for. A uid that no name belongs to any more will do. PERM,
 * logged, if it is root's; TEMP, logged, if it cannot be looked up.
 */
enum trouble auth_owner(const struct auth_config *config, uid_t uid, gid_t gid,
    struct account *account);

/*
 * The pattern with its %-signs replaced. Returns 0 if the result is not an
 * absolute path of at most PRIVSEP_PATH bytes. "user" is a checked name.
 */
int auth_mailbox(const char *pattern, const char *user, const char *home,
    char out[PRIVSEP_PATH + 1]);

/* Errno was 0, and getpwnam() or one of its kind has come to nothing: is there
 * no such name? Or else nobody can tell. */
int auth_is_unknown(void);

/* Is that a name that may become part of a path? */
int auth_name_is_safe(const char *user);

#endif
