/*
 * auth.c - name and proof to account, or a refusal
 *
 * Runs as root. The name and the proof come from the network, by way of the
 * login process, which may have been taken over.
 */
#include "auth.h"

#include "apop.h"
#include "checkpassword.h"
#include "pam.h"
#include "secrets.h"

#include <nettle/base64.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

static int
is_password(enum method method)
{
	return method == METHOD_PASS || method == METHOD_PLAIN ||
	    method == METHOD_LOGIN;
}

static enum scram_hash
hash_of(enum method method)
{
	return method == METHOD_SCRAM_SHA_1 ? SCRAM_SHA_1 : SCRAM_SHA_256;
}

static enum scheme
scheme_of(enum method method)
{
	return method == METHOD_SCRAM_SHA_1 ? SCHEME_SCRAM_SHA_1
					    : SCHEME_SCRAM_SHA_256;
}

static int
digest_agrees(const struct auth_config *config, const struct credentials *c,
    const struct secret *entry)
{
	char digest[APOP_DIGEST];
	int agrees;

	if (config->timestamp == NULL || entry->scheme != SCHEME_PLAIN)
		return 0;
	if (c->method == METHOD_APOP)
		apop_digest(digest, config->timestamp, entry->value);
	else
		apop_cram_digest(digest, config->timestamp, entry->value);
	agrees = apop_equal(c->secret, digest);
	explicit_bzero(digest, sizeof digest);
	return agrees;
}

static int
entry_agrees(const struct auth_config *config, const struct credentials *c,
    const struct secret *entry)
{
	switch (c->method) {
	case METHOD_APOP:
	case METHOD_CRAM_MD5:
		return digest_agrees(config, c, entry);
	case METHOD_EXTERNAL:
		return config->certificate != NULL &&
		    entry->scheme == SCHEME_EXTERNAL &&
		    strcmp(entry->value, config->certificate) == 0;
	default:
		return is_password(c->method) &&
		    secrets_agree(entry, c->secret);
	}
}

/* Whose the mailbox is, and where, if an entry says so; else empty. */
struct place {
	char owner[SECRETS_OWNER + 1];
	char path[SECRETS_PATH + 1];
};

static void
take_place(struct place *p, const struct secret *entry)
{
	snprintf(p->owner, sizeof p->owner, "%s", entry->owner);
	snprintf(p->path, sizeof p->path, "%s", entry->path);
}

/* Sets *known if the file has an entry for the user. A certificate may say who
 * that is. */
static enum trouble
ask_secrets(const struct auth_config *config, const struct credentials *c,
    int *known, struct place *place, struct account *account)
{
	const char *user = *c->user == '\0' ? NULL : c->user;
	enum trouble why = PERM;
	struct secrets file;
	struct secret entry;

	*known = 0;
	why = secrets_open(&file, config->secrets);
	if (why != FINE) {            /* it has been logged */
		*known = why == TEMP; /* who can say whom it knows? */
		return TEMP;
	}
	why = PERM;
	while (secrets_next(&file, user, &entry)) {
		*known = 1;
		if (why == FINE || !entry_agrees(config, c, &entry) ||
		    !account_name_is_safe(entry.user))
			continue;
		why = FINE;
		take_place(place, &entry);
		snprintf(account->name, sizeof account->name, "%s", entry.user);
	}
	secrets_close(&file);
	return why;
}

/*
 * Whom another store has let in, as "asked", is to be somebody else: PAM may
 * rename a user, and a name service may not mind case. If that one is in the
 * secrets file, he is judged by it alone.
 */
static enum trouble
ask_about(const struct auth_config *config, const char *name, const char *asked)
{
	struct secret entry;
	struct secrets file;
	int is_there;

	if (strcmp(name, asked) == 0)
		return FINE;
	if (secrets_open(&file, config->secrets) == TEMP)
		return TEMP;
	file.is_quiet = 1; /* it has just been read */
	is_there = secrets_next(&file, name, &entry);
	secrets_close(&file);
	if (is_there)
		log_line(LOG_ERR,
		    "user %s is in the secrets file: not let in as %s", name,
		    asked);
	return is_there ? PERM : FINE;
}

/* Without root PAM can tell the truth only about oneself. */
static int
is_oneself(const char *user)
{
	const struct passwd *pw = getpwnam(user);

	return pw != NULL && pw->pw_uid == getuid();
}

static enum trouble
ask_pam(const struct auth_config *config, const struct credentials *c,
    struct account *account)
{
	const struct pam_question q = {
	    .service = config->pam_service,
	    .user = c->user,
	    .password = c->typed,
	    .address = config->address,
	};
	struct pam_session own = {.handle = NULL};
	enum trouble why;

	if (!is_password(c->method))
		return PERM; /* PAM cannot say what the secret is */
	if (!config->rules.is_root && !is_oneself(c->user))
		return PERM;
	why = pam_check(config->session == NULL ? &own : config->session, &q,
	    account->name, sizeof account->name);
	pam_close(&own);
	if (why != FINE || strcmp(account->name, c->user) == 0)
		return why;
	return account_name_is_safe(account->name) ? FINE : PERM;
}

/* Whoever is not in the secrets file. */
static enum trouble
ask_others(const struct auth_config *config, const struct credentials *c,
    struct account *account)
{
	int is_apop = c->method == METHOD_APOP;

	if (config->checkpassword == NULL)
		return ask_pam(config, c, account);
	if (is_apop ? config->timestamp == NULL : !is_password(c->method))
		return PERM;
	return checkpassword_check(config->checkpassword, c->user,
	    is_apop ? c->secret : c->typed, is_apop ? config->timestamp : "");
}

/* So that an administrator sees what to write into the file: as it is, and
 * where it cannot be taken for another line. */
static void
log_certificate(const struct auth_config *config, const char *user)
{
	char name[LOG_NAME_ROOM];

	if (config->certificate != NULL)
		log_line(LOG_NOTICE, "user %s has no entry {EXTERNAL}%s",
		    *user == '\0' ? "(not named)" : log_name(name, user),
		    config->certificate);
}

unsigned
auth_methods(const struct auth_config *config)
{
	unsigned schemes = secrets_schemes(config->secrets);
	unsigned methods = 1U << METHOD_PASS;

	if (config->pam_service != NULL || config->checkpassword != NULL ||
	    schemes != 0)
		methods |= 1U << METHOD_PLAIN | 1U << METHOD_LOGIN;
	if ((schemes & 1U << SCHEME_PLAIN) != 0)
		methods |= 1U << METHOD_APOP | 1U << METHOD_CRAM_MD5 |
		    1U << METHOD_SCRAM_SHA_1 | 1U << METHOD_SCRAM_SHA_256;
	if ((schemes & 1U << SCHEME_SCRAM_SHA_1) != 0)
		methods |= 1U << METHOD_SCRAM_SHA_1;
	if ((schemes & 1U << SCHEME_SCRAM_SHA_256) != 0)
		methods |= 1U << METHOD_SCRAM_SHA_256;
	if ((schemes & 1U << SCHEME_EXTERNAL) != 0 &&
	    config->certificate != NULL)
		methods |= 1U << METHOD_EXTERNAL;
	return methods;
}

enum trouble
auth_check(const struct auth_config *config, const struct credentials *c,
    struct account *account)
{
	struct place place = {.owner = ""};
	enum trouble why;
	int known;

	*account = (struct account){0};
	if (!account_name_is_safe(c->user) &&
	    (c->method != METHOD_EXTERNAL || *c->user != '\0'))
		return PERM;
	snprintf(account->name, sizeof account->name, "%s", c->user);
	why = ask_secrets(config, c, &known, &place, account);
	if (why == PERM && c->method == METHOD_EXTERNAL)
		log_certificate(config, c->user);
	if (!known &&
	    (config->checkpassword != NULL || config->pam_service != NULL))
		why = ask_others(config, c, account);
	if (why == FINE)
		why = account_find(
		    &config->rules, place.owner, place.path, account);
	if (why == FINE && !known)
		why = ask_about(config, account->name, c->user);
	if (why != FINE && config->session != NULL)
		pam_close(config->session);
	return why;
}

/* Draws our part of the nonce: RFC 5802 s. 5.1. */
static void
draw_nonce(char nonce[PRIVSEP_NONCE + 1])
{
	uint8_t random[PRIVSEP_NONCE / 4 * 3];

	if (getrandom(random, sizeof random, 0) != sizeof random)
		log_fatal(EX_OSERR, "cannot draw a random number");
	base64_encode_raw(nonce, sizeof random, random);
	nonce[PRIVSEP_NONCE] = '\0';
}

/*
 * The salt of the user's first keys. Who has none is told an invented one, and
 * as many iterations as the first user who has keys: he must not stand out.
 * Secrets in the clear do with any salt.
 */
enum trouble
auth_scram_begin(const struct auth_config *config,
    const unsigned char key[SCRAM_DIGEST], const struct begin *b,
    struct auth_scram *s)
{
	int is_found = 0, is_counted = 0;
	struct scram_keys keys;
	struct secret entry;
	struct secrets file;

	*s = (struct auth_scram){.method = b->method};
	snprintf(s->user, sizeof s->user, "%s", b->user);
	draw_nonce(s->nonce);
	scram_invent(key, b->user, &s->salt);
	if (secrets_open(&file, config->secrets) == TEMP)
		return TEMP;
	file.is_quiet = 1;
	/* To its end, whoever he is: the time must not tell. */
	while (secrets_next(&file, NULL, &entry)) {
		int is_his = strcmp(entry.user, b->user) == 0;

		if (entry.scheme != scheme_of(b->method) || is_found ||
		    (is_counted && !is_his) ||
		    !scram_read(hash_of(b->method), entry.value, &keys))
			continue;
		if (is_his)
			s->salt = keys.salt;
		s->salt.iterations = keys.salt.iterations;
		is_found = is_his;
		is_counted = 1;
	}
	explicit_bzero(&keys, sizeof keys);
	secrets_close(&file);
	return FINE;
}

/* Does the entry agree with the proof? */
static int
proof_agrees(const struct auth_scram *s, const struct proof *p,
    const struct secret *entry, unsigned char signature[SCRAM_DIGEST])
{
	enum scram_hash hash = hash_of(s->method);
	struct scram_keys keys = {.salt = s->salt};
	int agrees;

	if (entry->scheme == SCHEME_PLAIN)
		scram_derive(hash, entry->value, &keys);
	else if (entry->scheme != scheme_of(s->method) ||
	    !scram_read(hash, entry->value, &keys))
		return 0;
	agrees = scram_verify(
	    hash, &keys, p->message, p->message_len, p->proof, signature);
	explicit_bzero(&keys, sizeof keys);
	return agrees;
}

enum trouble
auth_scram_prove(const struct auth_config *config, const struct auth_scram *s,
    const struct proof *p, unsigned char signature[SCRAM_DIGEST],
    struct account *account)
{
	struct place place = {.owner = ""};
	enum trouble why = PERM;
	struct secrets file;
	struct secret entry;

	*account = (struct account){0};
	if (p->proof_len != scram_len(hash_of(s->method)) ||
	    !account_name_is_safe(s->user))
		return PERM;
	/* Signed for this exchange, and for no earlier one? */
	if (memmem(p->message, p->message_len, s->nonce, PRIVSEP_NONCE) == NULL)
		return PERM;
	if (secrets_open(&file, config->secrets) != FINE)
		return TEMP;
	while (secrets_next(&file, s->user, &entry))
		if (why != FINE && proof_agrees(s, p, &entry, signature)) {
			why = FINE;
			take_place(&place, &entry);
		}
	secrets_close(&file);
	snprintf(account->name, sizeof account->name, "%s", s->user);
	return why == FINE
	    ? account_find(&config->rules, place.owner, place.path, account)
	    : why;
}
