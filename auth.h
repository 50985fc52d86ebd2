/*
 * auth.h - name and proof to account, or a refusal
 */
#ifndef AUTH_H
#define AUTH_H

#include "account.h"
#include "scram.h"

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
	struct account_rules rules;
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

#endif
