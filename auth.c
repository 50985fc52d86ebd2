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

#include <errno.h>
#include <grp.h>
#include <nettle/base64.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#define NOGROUP 65534 /* for who has nothing but the mail group */

/*
 * No part of a name may lead out of the mailbox directory, be it used whole
 * (%u) or cut at its '@' (%n, %d).
 */
int
auth_name_is_safe(const char *user)
{
	size_t part = 0; /* length of the part since the last '@' */

	for (const char *c = user; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' ||
		    *c == ':')
			return 0;
		if (*c == '.' && part == 0)
			return 0;
		if (*c == '@' && part == 0)
			return 0;
		part = *c == '@' ? 0 : part + 1;
	}
	return part > 0 && strlen(user) <= PRIVSEP_NAME;
}

/* What one letter after a % stands for; NULL if it stands for nothing. */
static const char *
value_of(char letter, const char *user, const char *home, int *len)
{
	const char *at = strrchr(user, '@');

	switch (letter) {
	case 'u':
		*len = (int)strlen(user);
		return user;
	case 'n':
		*len = at == NULL ? (int)strlen(user) : (int)(at - user);
		return user;
	case 'd':
		*len = at == NULL ? 0 : (int)strlen(at + 1);
		return at == NULL ? "" : at + 1;
	case 'h':
		*len = (int)strlen(home);
		return home;
	case '%':
		*len = 1;
		return "%";
	default:
		return NULL;
	}
}

int
auth_mailbox(const char *pattern, const char *user, const char *home,
    char out[PRIVSEP_PATH + 1])
{
	size_t len = 0;

	for (const char *p = pattern; *p != '\0'; p++) {
		const char *value = p;
		int n = 1;

		if (*p == '%')
			value = value_of(*++p, user, home, &n);
		if (value == NULL || (size_t)n > PRIVSEP_PATH - len)
			return 0;
		memcpy(out + len, value, (size_t)n);
		len += (size_t)n;
	}
	out[len] = '\0';
	return out[0] == '/';
}

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
		    !auth_name_is_safe(entry.user))
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
	if (!config->is_root && !is_oneself(c->user))
		return PERM;
	why = pam_check(config->session == NULL ? &own : config->session, &q,
	    account->name, sizeof account->name);
	pam_close(&own);
	if (why != FINE || strcmp(account->name, c->user) == 0)
		return why;
	return auth_name_is_safe(account->name) ? FINE : PERM;
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

/* Fills in the groups; false if there are too many to pass on. */
static int
find_groups(
    const struct auth_config *config, const char *name, struct account *account)
{
	gid_t all[PRIVSEP_GROUPS + 1];
	int n = (int)COUNT(all);

	if (getgrouplist(name, account->gid, all, &n) == -1)
		goto too_many;
	for (int i = 0; i < n; i++) {
		if (all[i] == config->mail_group)
			continue;
		if (account->group_count == PRIVSEP_GROUPS)
			goto too_many;
		account->groups[account->group_count++] = all[i];
	}
	if (account->gid == config->mail_group)
		account->gid = NOGROUP;
	return 1;

too_many:
	log_line(
	    LOG_ERR, "user %s is in more than %d groups", name, PRIVSEP_GROUPS);
	return 0;
}

/* Root serves system users, other than itself. */
static enum trouble
take_ids(const struct auth_config *config, const char *name,
    const struct passwd *pw, struct account *account)
{
	if (pw == NULL) {
		log_line(LOG_ERR, "user %s is no system user: refused", name);
		return PERM;
	}
	if (pw->pw_uid == 0) {
		log_line(LOG_ERR, "user %s has uid 0: refused", name);
		return PERM;
	}
	account->uid = pw->pw_uid;
	account->gid = pw->pw_gid;
	return find_groups(config, pw->pw_name, account) ? FINE : TEMP;
}

int
auth_is_unknown(void)
{
	return errno == 0 || errno == ENOENT || errno == ESRCH;
}

static enum trouble
find_mailbox(const struct auth_config *config, const struct place *place,
    const char *home, struct account *account)
{
	const char *pattern =
	    place->path[0] == '\0' ? config->mailbox : place->path;

	if (auth_mailbox(pattern, account->name, home, account->mailbox))
		return FINE;
	log_line(
	    LOG_ERR, "mailbox %s: no path for user %s", pattern, account->name);
	return TEMP;
}

static enum trouble
find_account(const struct auth_config *config, const struct place *place,
    struct account *account)
{
	int is_own = place->owner[0] == '\0';
	const char *owner = is_own ? account->name : place->owner;
	enum trouble why = FINE;
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(owner);
	if (pw == NULL && !auth_is_unknown()) {
		log_errno("cannot look up user", owner);
		return TEMP;
	}
	account->uid = getuid();
	account->gid = getgid();
	if (config->is_root)
		why = take_ids(config, owner, pw, account);
	if (why != FINE)
		return why;
	/* Some name services do not mind case: the mailbox's name does. */
	if (config->is_root && is_own) {
		if (!auth_name_is_safe(pw->pw_name))
			return PERM;
		snprintf(
		    account->name, sizeof account->name, "%s", pw->pw_name);
	}
	return find_mailbox(
	    config, place, pw == NULL ? "" : pw->pw_dir, account);
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
	if (!auth_name_is_safe(c->user) &&
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
		why = find_account(config, &place, account);
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
	    !auth_name_is_safe(s->user))
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
	return why == FINE ? find_account(config, &place, account) : why;
}

enum trouble
auth_owner(const struct auth_config *config, uid_t uid, gid_t gid,
    struct account *account)
{
	const struct passwd *pw;

	*account = (struct account){.uid = uid, .gid = gid};
	snprintf(account->name, sizeof account->name, "#%u", (unsigned)uid);
	errno = 0;
	pw = getpwuid(uid);
	if (pw == NULL && !auth_is_unknown()) {
		log_errno("cannot look up user", account->name);
		return TEMP;
	}
	if (pw != NULL)
		snprintf(
		    account->name, sizeof account->name, "%s", pw->pw_name);
	if (config->is_root && (pw != NULL || uid == 0))
		return take_ids(config, account->name, pw, account);
	return FINE;
}
