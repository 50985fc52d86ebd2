/*
 * Tests of auth.c: which names may become part of a path, which proofs are
 * accepted, and whose account that is. PAM is not asked.
 */
#include "../../auth.h"

#include "../../apop.h"

#include "apart.h"
#include "failing.h"
#include "proof.h"

#include <pwd.h>
#include <sys/random.h>
#include <sysexits.h>

static pid_t tester;

/* Not for what is started. */
int
open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...);
	void *found = dlsym(RTLD_NEXT, "open");

	memcpy(&real, &found, sizeof real);
	return getpid() == tester && is_to_fail("open")
	    ? -1
	    : real(path, flags, 0600);
}

/* A name service that does not mind case. */
struct passwd *
getpwnam(const char *name)
{
	struct passwd *(*real)(const char *);
	void *found = dlsym(RTLD_NEXT, "getpwnam");

	memcpy(&real, &found, sizeof real);
	return real(strcasecmp(name, "daemon") == 0 ? "daemon" : name);
}

FAILING(ssize_t, getrandom, (void *out, size_t n, unsigned flags),
    (out, n, flags), -1)

#define LONG_64                                                                \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG_255                                                               \
	LONG_64 LONG_64 LONG_64                                                \
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name;
	int is_safe;
} names[] = {
    {"joe",	     1},
    {"Joe.Doe-1_2",     1},
    {"joe@example.org", 1},
    {"joe@a@b",         1},
    {"joe+box",         1},
    {"j",	       1},
    {"joe.",            1},
    {"joe..doe",        1},
    {"-rf",	     1},
    {"%u",	      1},
    {"j\xc3\xb6rg",     1},
    {"\\",	      1},
    {LONG_255,          1},
    {LONG_255 "a",      0},
    {"",		0},
    {".",	       0},
    {"..",	      0},
    {"...",	     0},
    {".hidden",         0},
    {"/",	       0},
    {"/etc/passwd",     0},
    {"../root",         0},
    {"joe/../root",     0},
    {"joe/",            0},
    {"joe/x",           0},
    {"a:b",	     0},
    {":",	       0},
    {"joe doe",         0},
    {" joe",            0},
    {"joe ",            0},
    {"joe\t",           0},
    {"joe\n",           0},
    {"joe\r",           0},
    {"joe\177",         0},
    {"joe\001",         0},
    {"@",	       0},
    {"@example.org",    0},
    {"joe@",            0},
    {"joe@@b",          0},
    {"joe@.",           0},
    {"joe@..",          0},
    {"joe@../root",     0},
    {"joe@.a",          0},
    {"..@example.org",  0},
};

static void
no_name_leads_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		check(account_name_is_safe(names[i].name) == names[i].is_safe,
		    "'%.80s'", names[i].name);
}

static const struct {
	const char *pattern;
	const char *user;
	const char *home;
	const char *path; /* NULL: there is none */
} patterns[] = {
    {"/var/mail/%u", "joe",     "/home/joe", "/var/mail/joe"    },
    {"/var/mail/%u", "joe@a.b", "",          "/var/mail/joe@a.b"},
    {"/mail/%d/%n",  "joe@a.b", "",          "/mail/a.b/joe"    },
    {"/mail/%d/%n",  "joe@a@b", "",          "/mail/b/joe@a"    },
    {"/mail/%d/%n",  "joe",     "",          "/mail//joe"       },
    {"%h/mbox",      "joe",     "/home/joe", "/home/joe/mbox"   },
    {"%h/mbox",      "joe",     "",          NULL               },
    {"%h",	   "joe",     "relative",  NULL               },
    {"/100%%/%u",    "joe",     "",          "/100%/joe"        },
    {"/%u%u",        "joe",     "",          "/joejoe"          },
    {"/fixed",       "joe",     "",          "/fixed"           },
    {"/%u",          "%h%u",    "/x",        "/%h%u"            },
    {"/var/mail/%x", "joe",     "",          NULL               },
    {"/var/mail/%",  "joe",     "",          NULL               },
    {"/var/mail/%U", "joe",     "",          NULL               },
    {"mail/%u",      "joe",     "",          NULL               },
    {"%u",	   "joe",     "",          NULL               },
    {"",	     "joe",     "",          NULL               },
};

static void
patterns_become_absolute_paths(void **state)
{
	char path[PRIVSEP_PATH + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		int made = account_mailbox(patterns[i].pattern,
		    patterns[i].user, patterns[i].home, path);

		check(made == (patterns[i].path != NULL), "%s of %s",
		    patterns[i].pattern, patterns[i].user);
		if (made)
			check_text(path, patterns[i].path, patterns[i].pattern);
	}
}

static void
paths_have_their_limit(void **state)
{
	char pattern[PRIVSEP_PATH + 10], path[PRIVSEP_PATH + 1];

	(void)state;
	for (size_t len = PRIVSEP_PATH - 4; len < PRIVSEP_PATH + 5; len++) {
		memset(pattern, 'x', len);
		pattern[0] = '/';
		pattern[len] = '\0';
		check(account_mailbox(pattern, "joe", "", path) ==
			(len <= PRIVSEP_PATH),
		    "%zu bytes", len);
		memcpy(pattern + len - 2, "%u", 2); /* one byte more */
		check(account_mailbox(pattern, "joe", "", path) ==
			(len + 1 <= PRIVSEP_PATH),
		    "%zu bytes and a user", len + 1);
	}
}

#define STAMP "<1896.697170952@dbc.mtview.ca.us>"
/* RFC 7677 s. 3, but for the iterations; the password is "pencil". */
#define KEYS                                                                   \
	"{SCRAM-SHA-256}5000,W22ZaJ0SNY7soEsUEjb6gQ=="                         \
	",/EC3e5ZXre2/l6rs6ZVsJE5j5w7aT7J15OmJhYPDXDE="                        \
	",CXqv0nIwwfL0t5miZlCLOsfMrIQ5JTXBzhkVn7j/tmM="
#define DIGEST "c4c9334bac560ecc979e58001b3e22fb"
#define CRAMS  "c02dd90e04576e500bb447ed7476be15" /* its HMAC-MD5 */
/* From the specification of SHA-crypt. */
#define HASH                                                                   \
	"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"         \
	"FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"

static const char secrets[] = "joe:{PLAIN}tanstaaf\n"
			      "jim:{CRYPT}" HASH "\n"
			      "two:{PLAIN}first\n"
			      "two:{PLAIN}second\n"
			      "two:{CRYPT}" HASH "\n"
			      "bad:{CRYPT}no hash\n"
			      "star:{CRYPT}*\n"
			      "fail:{CRYPT}*0\n"
			      "key:" KEYS "\n"
			      "root:{PLAIN}x\n"
			      "daemon:{PLAIN}x\n"
			      "nobody-like-this:{PLAIN}x\n"
			      "a/b:{PLAIN}x\n";

static const struct {
	const char *what;
	enum method method;
	const char *user;
	const char *proof;
	enum trouble why;
} proofs[] = {
    {"a password",                METHOD_PASS,          "joe",  "tanstaaf",        FINE},
    {"a wrong one",               METHOD_PASS,          "joe",  "tanstaa",         PERM},
    {"another case",              METHOD_PASS,          "joe",  "Tanstaaf",        PERM},
    {"none",		      METHOD_PASS,          "joe",  "",                PERM},
    {"the line itself",           METHOD_PASS,          "joe",  "{PLAIN}tanstaaf", PERM},
    {"the digest as a password",  METHOD_PASS,          "joe",  DIGEST,            PERM},
    {"SASL PLAIN",                METHOD_PLAIN,         "joe",  "tanstaaf",        FINE},
    {"SASL LOGIN",                METHOD_LOGIN,         "joe",  "tanstaaf",        FINE},
    {"SASL, wrong",               METHOD_PLAIN,         "joe",  "x",               PERM},
    {"a hashed password",         METHOD_PASS,          "jim",  "Hello world!",    FINE},
    {"a wrong one",               METHOD_PASS,          "jim",  "Hello world",     PERM},
    {"the hash as a password",    METHOD_PASS,          "jim",  HASH,              PERM},
    {"another's password",        METHOD_PASS,          "jim",  "tanstaaf",        PERM},
    {"RFC 1939's digest",         METHOD_APOP,          "joe",  DIGEST,            FINE},
    {"the secret as a digest",    METHOD_APOP,          "joe",  "tanstaaf",        PERM},
    {"half a digest",             METHOD_APOP,          "joe",  "c4c9334b",        PERM},
    {"no digest",                 METHOD_APOP,          "joe",  "",                PERM},
    {"CRAM-MD5's digest",         METHOD_CRAM_MD5,      "joe",  CRAMS,             FINE},
    {"APOP's for it",             METHOD_CRAM_MD5,      "joe",  DIGEST,            PERM},
    {"and the other way",         METHOD_APOP,          "joe",  CRAMS,             PERM},
    {"the secret for it",         METHOD_CRAM_MD5,      "joe",  "tanstaaf",        PERM},
    {"it as a password",          METHOD_PASS,          "joe",  CRAMS,             PERM},
    {"it for a hash",             METHOD_CRAM_MD5,      "jim",  CRAMS,             PERM},
    {"a derived password",        METHOD_PASS,          "key",  "pencil",          FINE},
    {"by SASL",		   METHOD_LOGIN,         "key",  "pencil",          FINE},
    {"a wrong one",               METHOD_PASS,          "key",  "Pencil",          PERM},
    {"the keys themselves",       METHOD_PASS,          "key",  KEYS,              PERM},
    {"a digest of them",          METHOD_CRAM_MD5,      "key",  CRAMS,             PERM},
    {"SCRAM without an exchange", METHOD_SCRAM_SHA_256, "key",  "pencil",          PERM},
    {"likewise",		  METHOD_SCRAM_SHA_1,   "joe",  "tanstaaf",        PERM},
    {"a digest of a hash",        METHOD_APOP,          "jim",  DIGEST,            PERM},
    {"the first of two secrets",  METHOD_PASS,          "two",  "first",           FINE},
    {"the second",                METHOD_PASS,          "two",  "second",          FINE},
    {"the hash behind them",      METHOD_PASS,          "two",  "Hello world!",    FINE},
    {"none of them",              METHOD_PASS,          "two",  "third",           PERM},
    {"a hash that is none",       METHOD_PASS,          "bad",  "no hash",         PERM},
    {"a star",		    METHOD_PASS,          "star", "*",               PERM},
    {"crypt's failure",           METHOD_PASS,          "fail", "*0",              PERM},
    {"crypt's other failure",     METHOD_PASS,          "fail", "*1",              PERM},
    {"nobody",		    METHOD_PASS,          "jane", "x",               PERM},
    {"nobody, by digest",         METHOD_APOP,          "jane", DIGEST,            PERM},
    {"a name that is a path",     METHOD_PASS,          "a/b",  "x",               PERM},
    {"no name",		   METHOD_PASS,          "",     "x",               PERM},
};

static struct auth_config
a_config(void)
{
	return (struct auth_config){
	    .secrets = "secrets",
	    .timestamp = STAMP,
	    .rules.mailbox = "/var/mail/%u",
	    .rules.mail_group = (gid_t)-1,
	};
}

static enum trouble
try(const struct auth_config *config, enum method method, const char *user,
    const char *proof, struct account *account)
{
	struct credentials c = {.method = method,
	    .user = user,
	    .secret = proof,
	    .typed = proof,
	    .rest = ""};

	return auth_check(config, &c, account);
}

static void
only_good_proofs_are_accepted(void **state)
{
	struct auth_config config = a_config();
	char mailbox[64];

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	for (size_t i = 0; i < COUNT(proofs); i++) {
		struct account a;

		check(try(&config, proofs[i].method, proofs[i].user,
			  proofs[i].proof, &a) == proofs[i].why,
		    "%s of %s", proofs[i].what, proofs[i].user);
		if (proofs[i].why != FINE)
			continue;
		snprintf(
		    mailbox, sizeof mailbox, "/var/mail/%s", proofs[i].user);
		check_text(a.name, proofs[i].user, proofs[i].what);
		check_text(a.mailbox, mailbox, proofs[i].what);
		check(a.uid == getuid(), "%s", proofs[i].what);
		check(a.gid == getgid(), "%s", proofs[i].what);
	}
}

static void
without_a_timestamp_there_is_no_apop(void **state)
{
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	config.timestamp = NULL;
	assert_int_equal(try(&config, METHOD_APOP, "joe", DIGEST, &a), PERM);
	config.timestamp = "<another@host>";
	assert_int_equal(try(&config, METHOD_APOP, "joe", DIGEST, &a), PERM);
}

static const unsigned char salt_key[SCRAM_DIGEST] = "key";

static struct auth_scram
an_exchange(enum method method, const char *user)
{
	struct auth_config config = a_config();
	struct begin b = {method, user};
	struct auth_scram s;

	assert_int_equal(auth_scram_begin(&config, salt_key, &b, &s), FINE);
	assert_int_equal(strlen(s.nonce), PRIVSEP_NONCE);
	return s;
}

/* Proves that one knows it, in a message with that nonce. */
static enum trouble
prove(const struct auth_scram *s, const char *password, const char *nonce,
    struct account *account)
{
	unsigned char proof[SCRAM_DIGEST], signature[SCRAM_DIGEST];
	struct auth_config config = a_config();
	char message[100];
	struct proof p;

	snprintf(message, sizeof message, "n=joe,r=abc%s,c=biws", nonce);
	make_proof(&s->salt, password, message, proof);
	p = (struct proof){message, strlen(message), proof, sizeof proof};
	return auth_scram_prove(&config, s, &p, signature, account);
}

static const char scram_secrets[] = "jim:" KEYS "\n"
				    "joe:{PLAIN}tanstaaf\n"
				    "jim:{SCRAM-SHA-256}wrong\n"
				    "a/b:" KEYS "\n"
				    "ann:{CRYPT}" HASH "\n";

static const struct {
	const char *what;
	const char *user;
	const char *password;
	enum trouble why;
} provers[] = {
    {"stored keys",           "jim",  "pencil",   FINE},
    {"another password",      "jim",  "pencils",  PERM},
    {"a secret in the clear", "joe",  "tanstaaf", FINE},
    {"another one",           "joe",  "pencil",   PERM},
    {"no password",           "joe",  "",         PERM},
    {"a hash",		"ann",  "pencil",   PERM},
    {"nobody",		"jane", "pencil",   PERM},
    {"a name that is a path", "a/b",  "pencil",   PERM},
};

static void
only_good_proofs_of_scram_are_accepted(void **state)
{
	(void)state;
	make_file("secrets", scram_secrets, sizeof scram_secrets - 1);
	for (size_t i = 0; i < COUNT(provers); i++) {
		struct auth_scram s =
		    an_exchange(METHOD_SCRAM_SHA_256, provers[i].user);
		struct account a;

		check(prove(&s, provers[i].password, s.nonce, &a) ==
			provers[i].why,
		    "%s", provers[i].what);
		if (provers[i].why == FINE)
			check_text(a.name, provers[i].user, provers[i].what);
	}
}

/* A proof of an earlier exchange says nothing. */
static void
a_proof_is_for_one_exchange(void **state)
{
	struct auth_scram first, second;
	struct account a;

	(void)state;
	make_file("secrets", scram_secrets, sizeof scram_secrets - 1);
	first = an_exchange(METHOD_SCRAM_SHA_256, "jim");
	second = an_exchange(METHOD_SCRAM_SHA_256, "jim");
	assert_string_not_equal(first.nonce, second.nonce);
	assert_int_equal(prove(&first, "pencil", first.nonce, &a), FINE);
	assert_int_equal(prove(&second, "pencil", first.nonce, &a), PERM);
	assert_int_equal(prove(&second, "pencil", "", &a), PERM);
	first.nonce[23] ^= 1;
	assert_int_equal(prove(&second, "pencil", first.nonce, &a), PERM);
	assert_int_equal(prove(&second, "pencil", second.nonce, &a), FINE);
}

/* Who has no keys is told what cannot be told from keys. */
static void
salts_do_not_tell_who_is_there(void **state)
{
	static const char *const users[] = {"joe", "ann", "jane", "jil"};
	struct auth_scram jim, one, two;
	struct scram_keys keys;

	(void)state;
	make_file("secrets", scram_secrets, sizeof scram_secrets - 1);
	assert_true(scram_read(SCRAM_SHA_256, strchr(KEYS, '}') + 1, &keys));
	jim = an_exchange(METHOD_SCRAM_SHA_256, "jim");
	assert_memory_equal(&jim.salt, &keys.salt, sizeof keys.salt);
	for (size_t i = 0; i < COUNT(users); i++) {
		one = an_exchange(METHOD_SCRAM_SHA_256, users[i]);
		two = an_exchange(METHOD_SCRAM_SHA_256, users[i]);
		check_bytes(one.salt.bytes, one.salt.len, two.salt.bytes,
		    two.salt.len, users[i]);
		check(
		    one.salt.iterations == two.salt.iterations, "%s", users[i]);
		check(one.salt.len == jim.salt.len, "%s", users[i]);
		check(
		    one.salt.iterations == jim.salt.iterations, "%s", users[i]);
		check(memcmp(one.salt.bytes, jim.salt.bytes, 16) != 0, "%s",
		    users[i]);
	}
	one = an_exchange(METHOD_SCRAM_SHA_1, "jim"); /* no keys for that */
	assert_int_equal(one.salt.iterations, SCRAM_ITERATIONS);
	assert_memory_not_equal(one.salt.bytes, jim.salt.bytes, 16);
}

/* A certificate lets in who has an entry with its name. */
static void
certificates_have_entries(void **state)
{
	static const char file[] = "joe:{EXTERNAL}/CN=joe\n"
				   "jim:{PLAIN}/CN=jim\n"
				   "a/b:{EXTERNAL}/CN=ann\n"
				   "ann:{EXTERNAL}/CN=ann\n"
				   "box:{EXTERNAL}/CN=ann\n";
	static const struct {
		const char *certificate;
		const char *user;
		const char *account; /* NULL: refused */
	} tries[] = {
	    {"/CN=joe",  "",     "joe"},
	    {"/CN=joe",  "joe",  "joe"},
	    {"/CN=joe",  "ann",  NULL },
	    {"/CN=joe",  "jim",  NULL },
	    {"/CN=joe",  "jane", NULL },
	    {"/CN=jim",  "jim",  NULL },
	    {"/CN=jim",  "",     NULL },
	    {"/CN=ann",  "",     "ann"},
	    {"/CN=ann",  "box",  "box"},
	    {"/CN=ann",  "a/b",  NULL },
	    {"/CN=Joe",  "",     NULL },
	    {"/CN=joe ", "",     NULL },
	    {NULL,       "joe",  NULL },
	    {NULL,       "",     NULL },
	};
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", file, sizeof file - 1);
	for (size_t i = 0; i < COUNT(tries); i++) {
		config.certificate = tries[i].certificate;
		check(try(&config, METHOD_EXTERNAL, tries[i].user, "", &a) ==
			(tries[i].account == NULL ? PERM : FINE),
		    "try %zu", i);
		if (tries[i].account != NULL)
			check_text(a.name, tries[i].account, "account");
	}
	config.certificate = "/CN=joe";
	check(try(&config, METHOD_PASS, "joe", "/CN=joe", &a) == PERM, "PASS");
	check(try(&config, METHOD_PASS, "", "/CN=joe", &a) == PERM, "nobody");
	assert_true((auth_methods(&config) & 1U << METHOD_EXTERNAL) != 0);
	config.certificate = NULL;
	assert_true((auth_methods(&config) & 1U << METHOD_EXTERNAL) == 0);
}

static unsigned
methods_with(const char *service, const char *file)
{
	struct auth_config config = a_config();

	config.pam_service = service;
	unlink("secrets");
	if (file != NULL)
		make_file("secrets", file, strlen(file));
	return auth_methods(&config);
}

/* What nobody can log in by is not offered. */
static void
methods_are_those_of_the_stores(void **state)
{
	const unsigned pass = 1U << METHOD_PASS;
	const unsigned clear = pass | 1U << METHOD_PLAIN | 1U << METHOD_LOGIN;
	const unsigned scram_1 = 1U << METHOD_SCRAM_SHA_1;
	const unsigned scram_256 = 1U << METHOD_SCRAM_SHA_256;
	const unsigned all = clear | scram_1 | scram_256 | 1U << METHOD_APOP |
	    1U << METHOD_CRAM_MD5;

	(void)state;
	assert_int_equal(methods_with(NULL, NULL), pass);
	assert_int_equal(methods_with(NULL, "joe:*\n"), pass);
	assert_int_equal(methods_with("pop3d", NULL), clear);
	assert_int_equal(methods_with(NULL, "joe:{CRYPT}x\n"), clear);
	assert_int_equal(
	    methods_with(NULL, "joe:{SCRAM-SHA-1}x\n"), clear | scram_1);
	assert_int_equal(
	    methods_with(NULL, "joe:{SCRAM-SHA-256}x\n"), clear | scram_256);
	assert_int_equal(methods_with(NULL, "joe:{PLAIN}x\n"), all);
	assert_int_equal(methods_with("pop3d", "joe:{PLAIN}x\n"), all);
}

/* A line that is not understood must not leave its user to PAM. */
static void
who_has_a_line_is_not_left_to_pam(void **state)
{
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", "joe:*\njim\njim:{PLAIN}x\n", 24);
	config.pam_service = "no-such-service";
	config.rules.is_root = 1;
	note_log();
	assert_int_equal(try(&config, METHOD_PASS, "joe", "x", &a), PERM);
	assert_int_equal(try(&config, METHOD_PASS, "jim", "y", &a), PERM);
	assert_int_equal(logged_lines, 6); /* each line, by its number */
	assert_null(strstr(logged, "PAM"));
	try(&config, METHOD_PASS, "ann", "x", &a);
	assert_non_null(strstr(logged, "PAM"));
}

static void
a_hash_is_no_secret_of_apop(void **state)
{
	struct auth_config config = a_config();
	char digest[APOP_DIGEST];
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	apop_digest(digest, STAMP, HASH);
	assert_int_equal(try(&config, METHOD_APOP, "jim", digest, &a), PERM);
}

static void
an_unfit_secrets_file_lets_nobody_in(void **state)
{
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	chmod("secrets", 0644);
	assert_int_equal(
	    try(&config, METHOD_PASS, "joe", "tanstaaf", &a), TEMP);
	unlink("secrets");
	assert_int_equal(
	    try(&config, METHOD_PASS, "joe", "tanstaaf", &a), PERM);
}

static void
a_pattern_without_a_path_is_trouble(void **state)
{
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	config.rules.mailbox = "mail/%u";
	note_log();
	assert_int_equal(
	    try(&config, METHOD_PASS, "joe", "tanstaaf", &a), TEMP);
	assert_int_equal(logged_lines, 1);
}

/* What root does with names; for asking, nobody needs to be root. */
static void
accounts_are_those_of_the_system(void **state)
{
	struct auth_config config = a_config();
	struct passwd *pw = getpwnam("daemon");
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	config.rules.is_root = 1;
	note_log();
	assert_int_equal(try(&config, METHOD_PASS, "root", "x", &a), PERM);
	assert_int_equal(logged_lines, 1);
	assert_int_equal(
	    try(&config, METHOD_PASS, "nobody-like-this", "x", &a), PERM);
	assert_int_equal(logged_lines, 2);
	if (pw == NULL || pw->pw_uid == 0) {
		skip();
		return; /* which skip() has done */
	}
	assert_int_equal(try(&config, METHOD_PASS, "daemon", "x", &a), FINE);
	assert_int_equal(a.uid, pw->pw_uid);
	assert_int_equal(a.gid, pw->pw_gid);
	assert_true(a.group_count > 0);
	config.rules.mail_group = pw->pw_gid; /* nobody is left in that one */
	assert_int_equal(try(&config, METHOD_PASS, "daemon", "x", &a), FINE);
	for (uint32_t i = 0; i < a.group_count; i++)
		assert_int_not_equal(a.groups[i], pw->pw_gid);
}

/* Is it no file, then PAM is asked: not so if nobody can say what is in it. */
static void
a_secrets_file_that_fails_lets_nobody_in(void **state)
{
	struct auth_scram s = an_exchange(METHOD_SCRAM_SHA_256, "joe");
	struct auth_config config = a_config();
	struct begin b = {METHOD_SCRAM_SHA_256, "joe"};
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	config.pam_service = "no-such-service";
	note_log();
	fail_call("open", 1, EMFILE);
	assert_int_equal(
	    try(&config, METHOD_PASS, "joe", "tanstaaf", &a), TEMP);
	check_text(logged,
	    "cannot open secrets file secrets: Too many open files", "log");
	assert_int_equal(logged_lines, 1); /* PAM would say more */
	fail_call("open", 1, EMFILE);
	assert_int_equal(auth_scram_begin(&config, salt_key, &b, &s), TEMP);
	fail_call("open", 1, EMFILE);
	assert_int_equal(prove(&s, "tanstaaf", s.nonce, &a), TEMP);
	fail_call("open", 1, EMFILE);
	assert_int_equal(auth_methods(&config),
	    1U << METHOD_PASS | 1U << METHOD_PLAIN | 1U << METHOD_LOGIN);
	fail_call(NULL, 0, 0);
}

/* A user of many is told his own salt, wherever he stands. */
static void
each_user_has_his_salt(void **state)
{
	static const char file[] =
	    "jim:" KEYS "\n"
	    "kim:{SCRAM-SHA-256}7000,AAAAAAAAAAAAAAAA"
	    ",/EC3e5ZXre2/l6rs6ZVsJE5j5w7aT7J15OmJhYPDXDE="
	    ",CXqv0nIwwfL0t5miZlCLOsfMrIQ5JTXBzhkVn7j/tmM=\n";
	struct auth_scram s;

	(void)state;
	make_file("secrets", file, sizeof file - 1);
	s = an_exchange(METHOD_SCRAM_SHA_256, "kim");
	assert_int_equal(s.salt.iterations, 7000);
	assert_int_equal(s.salt.len, 12);
	s = an_exchange(METHOD_SCRAM_SHA_256, "jim");
	assert_int_equal(s.salt.iterations, 5000);
	s = an_exchange(METHOD_SCRAM_SHA_256, "tim");
	assert_int_equal(s.salt.iterations, 5000); /* the first one's */
}

/* It gets passwords and, where there is a challenge, APOP's digest. */
static void
a_program_may_judge_instead_of_pam(void **state)
{
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	config.checkpassword = "/bin/true";
	assert_int_equal(try(&config, METHOD_PASS, "ann", "x", &a), FINE);
	check_text(a.mailbox, "/var/mail/ann", "mailbox");
	assert_int_equal(try(&config, METHOD_APOP, "ann", "x", &a), FINE);
	assert_int_equal(try(&config, METHOD_CRAM_MD5, "ann", "x", &a), PERM);
	config.timestamp = NULL;
	assert_int_equal(try(&config, METHOD_APOP, "ann", "x", &a), PERM);
	config.checkpassword = "/bin/false";
	assert_int_equal(try(&config, METHOD_PASS, "ann", "x", &a), PERM);
	config.checkpassword = "/bin/true";
	assert_int_equal(try(&config, METHOD_PASS, "joe", "x", &a), PERM);
}

/* As another he is let in only if the secrets file has nothing against it. */
static void
nobody_becomes_one_of_the_secrets_file(void **state)
{
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	config.checkpassword = "/bin/true";
	config.rules.is_root = 1;
	make_file("secrets", "joe:{PLAIN}x\n", 13);
	note_log();
	assert_int_equal(try(&config, METHOD_PASS, "Daemon", "x", &a), FINE);
	check_text(a.name, "daemon", "name");
	check_text(a.mailbox, "/var/mail/daemon", "mailbox");
	fail_call("open", 2, EIO); /* when it is read once more */
	assert_int_equal(try(&config, METHOD_PASS, "Daemon", "x", &a), TEMP);
	fail_call(NULL, 0, 0);
	note_log();
	make_file("secrets", "daemon:{PLAIN}y\n", 16);
	assert_int_equal(try(&config, METHOD_PASS, "Daemon", "x", &a), PERM);
	check_text(logged,
	    "user daemon is in the secrets file: not let in as Daemon", "log");
}

/* Without root PAM is asked about oneself only: it would refuse all others. */
static void
pam_knows_oneself(void **state)
{
	const struct passwd *pw = getpwuid(getuid());
	struct auth_config config = a_config();
	struct account a;

	(void)state;
	make_file("secrets", secrets, sizeof secrets - 1);
	config.pam_service = "no-such-service";
	note_log();
	assert_int_equal(try(&config, METHOD_PASS, "sync", "x", &a), PERM);
	assert_int_equal(try(&config, METHOD_PASS, "jane", "x", &a), PERM);
	assert_int_equal(logged_lines, 0);
	unlink("secrets"); /* root may be one of it */
	if (pw == NULL) {
		skip();
		return; /* which skip() has done */
	}
	assert_int_not_equal(
	    try(&config, METHOD_PASS, pw->pw_name, "x", &a), FINE);
	assert_non_null(strstr(logged, "PAM"));
}

static void
begin_without_randomness(void *arg)
{
	(void)arg;
	fail_call("getrandom", 1, EAGAIN);
	an_exchange(METHOD_SCRAM_SHA_256, "joe");
}

static void
there_is_no_nonce_without_randomness(void **state)
{
	(void)state;
	assert_int_equal(run_apart(begin_without_randomness, NULL), EX_OSERR);
	check_text(logged,
	    "cannot draw a random number: Resource temporarily unavailable\n",
	    "log");
	note_log();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_name_leads_elsewhere),
	    cmocka_unit_test(patterns_become_absolute_paths),
	    cmocka_unit_test(paths_have_their_limit),
	    cmocka_unit_test(only_good_proofs_are_accepted),
	    cmocka_unit_test(without_a_timestamp_there_is_no_apop),
	    cmocka_unit_test(only_good_proofs_of_scram_are_accepted),
	    cmocka_unit_test(a_proof_is_for_one_exchange),
	    cmocka_unit_test(salts_do_not_tell_who_is_there),
	    cmocka_unit_test(certificates_have_entries),
	    cmocka_unit_test(methods_are_those_of_the_stores),
	    cmocka_unit_test(who_has_a_line_is_not_left_to_pam),
	    cmocka_unit_test(a_hash_is_no_secret_of_apop),
	    cmocka_unit_test(an_unfit_secrets_file_lets_nobody_in),
	    cmocka_unit_test(a_pattern_without_a_path_is_trouble),
	    cmocka_unit_test(accounts_are_those_of_the_system),
	    cmocka_unit_test(a_secrets_file_that_fails_lets_nobody_in),
	    cmocka_unit_test(each_user_has_his_salt),
	    cmocka_unit_test(a_program_may_judge_instead_of_pam),
	    cmocka_unit_test(nobody_becomes_one_of_the_secrets_file),
	    cmocka_unit_test(pam_knows_oneself),
	    cmocka_unit_test(there_is_no_nonce_without_randomness),
	};

	tester = getpid();
	return cmocka_run_group_tests_name("auth", tests, enter_dir, leave_dir);
}
