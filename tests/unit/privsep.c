/*
 * Tests of privsep.c: whoever is on the other side may send anything; what
 * is not wholly a message of its type is bad.
 */
#include "../../privsep.h"

#include "../../lang.h"

#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

static int here, there; /* the two ends */

static int
open_pair(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		return -1;
	here = pair[0];
	there = pair[1];
	return 0;
}

static int
close_pair(void **state)
{
	(void)state;
	close(here);
	close(there);
	return 0;
}

/* One message of each type, and what it reads as, as text. */

static int
send_origin(void)
{
	return privsep_send_origin(
	    here, &(struct origin){.address = "192.0.2.7", .tls = 1});
}

static int
show_origin(struct wire *w, char *text, size_t room)
{
	struct origin o = {.address = NULL};
	int good = privsep_read_origin(w, &o);

	snprintf(text, room, "%s %d", o.address, (int)o.tls);
	return good;
}

static int
send_credentials(void)
{
	return privsep_send_credentials(here,
	    &(struct credentials){.method = METHOD_APOP,
		.user = "joe",
		.secret = "c4c9",
		.typed = "c4 c9",
		.lang = LANG_DE,
		.rest = "STAT\r\n\0\n",
		.rest_len = 8});
}

static int
show_credentials(struct wire *w, char *text, size_t room)
{
	struct credentials c = {.user = NULL};
	int good = privsep_read_credentials(w, &c);

	snprintf(text, room, "%d %s %s %s %u %zu:%.4s", (int)c.method, c.user,
	    c.secret, c.typed, c.lang, c.rest_len, c.rest);
	return good;
}

static int
send_switched(void)
{
	return privsep_send(here, MSG_SWITCHED);
}

static int
send_methods(void)
{
	return privsep_send_methods(
	    here, 1U << METHOD_PASS | 1U << METHOD_EXTERNAL);
}

static int
show_methods(struct wire *w, char *text, size_t room)
{
	unsigned methods = 0;
	int good = privsep_read_methods(w, &methods);

	snprintf(text, room, "%u", methods);
	return good;
}

static int
send_begin(void)
{
	return privsep_send_begin(
	    here, &(struct begin){METHOD_SCRAM_SHA_256, "joe"});
}

static int
show_begin(struct wire *w, char *text, size_t room)
{
	struct begin b = {.user = NULL};
	int good = privsep_read_begin(w, &b);

	snprintf(text, room, "%d %s", (int)b.method, b.user);
	return good;
}

static int
send_salt(void)
{
	return privsep_send_salt(here,
	    &(struct salt){(const unsigned char *)"s\0lt", 4, 4096, "nonce"});
}

static int
show_salt(struct wire *w, char *text, size_t room)
{
	struct salt s = {.nonce = NULL};
	int good = privsep_read_salt(w, &s);

	snprintf(text, room, "%zu:%c%02x %u %s", s.salt_len,
	    s.salt_len > 0 ? s.salt[0] : '-', s.salt_len > 1 ? s.salt[1] : 1,
	    (unsigned)s.iterations, s.nonce);
	return good;
}

static int
send_proof(void)
{
	return privsep_send_proof(here,
	    &(struct proof){"n=joe", 5, (const unsigned char *)"pr\0\0f", 5});
}

static int
show_proof(struct wire *w, char *text, size_t room)
{
	struct proof p = {.message = NULL};
	int good = privsep_read_proof(w, &p);

	snprintf(text, room, "%zu:%s %zu:%s", p.message_len, p.message,
	    p.proof_len, (const char *)p.proof);
	return good;
}

static int
send_signature(void)
{
	return privsep_send_signature(
	    here, &(struct signature){(const unsigned char *)"sig", 3});
}

static int
show_signature(struct wire *w, char *text, size_t room)
{
	struct signature s = {.bytes = NULL};
	int good = privsep_read_signature(w, &s);

	snprintf(text, room, "%zu:%s", s.len, (const char *)s.bytes);
	return good;
}

static int
send_verdict(void)
{
	return privsep_send_verdict(here, MISCONFIGURED);
}

static int
show_verdict(struct wire *w, char *text, size_t room)
{
	enum verdict v;
	int good = privsep_read_verdict(w, &v);

	snprintf(text, room, "%d", (int)v);
	return good;
}

static int
send_grant(void)
{
	struct grant g = {
	    .user = "joe",
	    .mailbox = "/var/mail/joe",
	    .index = "/i",
	    .journal = "/j",
	    .uid = UINT32_MAX,
	    .gid = 100,
	    .groups = {7, UINT32_MAX},
	    .group_count = 2,
	    .lang = LANG_DE,
	    .stls = 1,
	    .rest = "",
	    .rest_len = 0
        };

	return privsep_send_grant(here, &g);
}

static int
show_grant(struct wire *w, char *text, size_t room)
{
	static struct grant g;
	int good = privsep_read_grant(w, &g);

	snprintf(text, room, "%s %s %s %s %u %u %u: %u %u %u %u %zu:", g.user,
	    g.mailbox, g.index, g.journal, g.uid, g.gid, g.group_count,
	    g.groups[0], g.groups[1], g.lang, g.stls, g.rest_len);
	return good;
}

static int
send_locked(void)
{
	return privsep_send_locked(here,
	    &(struct locked){.trouble = CHANGED,
		.exists = 1,
		.dev = UINT64_MAX,
		.ino = 1ULL << 63});
}

static int
show_locked(struct wire *w, char *text, size_t room)
{
	struct locked l;
	int good = privsep_read_locked(w, &l);

	snprintf(text, room, "%d %u %llx %llx", (int)l.trouble, l.exists,
	    (unsigned long long)l.dev, (unsigned long long)l.ino);
	return good;
}

static int
send_log(void)
{
	return privsep_send_log(here, LOG_ERR, "a line\n");
}

static int
show_log(struct wire *w, char *text, size_t room)
{
	const char *line;
	int level;
	int good = privsep_read_log(w, &level, &line);

	snprintf(text, room, "%d %s", level, line);
	return good;
}

static int
send_summary(void)
{
	return privsep_send_summary(
	    here, &(struct summary){END_CHANGED, 1, 2, 3, 4, 5, 6, UINT64_MAX});
}

static int
show_summary(struct wire *w, char *text, size_t room)
{
	struct summary s;
	int good = privsep_read_summary(w, &s);

	snprintf(text, room, "%d %d %d %d %d %d %d %llx", (int)s.end,
	    (int)s.messages, (int)s.retrieved, (int)s.tops, (int)s.deleted,
	    (int)s.left, (int)s.in, (unsigned long long)s.out);
	return good;
}

static int
send_lock(void)
{
	return privsep_send(here, MSG_LOCK);
}

static int
send_unlock(void)
{
	return privsep_send(here, MSG_UNLOCK);
}

static int
show_bare(struct wire *w, char *text, size_t room)
{
	snprintf(text, room, "bare");
	return privsep_read_bare(w);
}

static const struct kind {
	const char *what;
	enum message_type type;
	int (*send)(void);
	int (*show)(struct wire *w, char *text, size_t room);
	const char *text;
} kinds[] = {
    {"credentials", MSG_CREDENTIALS, send_credentials, show_credentials,
     "1 joe c4c9 c4 c9 1 8:STAT"							   },
    {"verdict",     MSG_VERDICT,     send_verdict,     show_verdict,     "4"               },
    {"grant",       MSG_GRANT,       send_grant,       show_grant,
     "joe /var/mail/joe /i /j 4294967295 100 2: 7 4294967295 1 1 0:"                       },
    {"locked",      MSG_LOCKED,      send_locked,      show_locked,
     "5 1 ffffffffffffffff 8000000000000000"					       },
    {"log",         MSG_LOG,         send_log,         show_log,         "3 a line\n"      },
    {"summary",     MSG_SUMMARY,     send_summary,     show_summary,
     "4 1 2 3 4 5 6 ffffffffffffffff"						      },
    {"lock",        MSG_LOCK,        send_lock,        show_bare,        "bare"            },
    {"unlock",      MSG_UNLOCK,      send_unlock,      show_bare,        "bare"            },
    {"origin",      MSG_ORIGIN,      send_origin,      show_origin,      "192.0.2.7 1"     },
    {"begin",       MSG_BEGIN,       send_begin,       show_begin,       "6 joe"           },
    {"salt",        MSG_SALT,        send_salt,        show_salt,        "4:s00 4096 nonce"},
    {"proof",       MSG_PROOF,       send_proof,       show_proof,       "5:n=joe 5:pr"    },
    {"signature",   MSG_SIGNATURE,   send_signature,   show_signature,   "3:sig"           },
    {"switched",    MSG_SWITCHED,    send_switched,    show_bare,        "bare"            },
    {"methods",     MSG_METHODS,     send_methods,     show_methods,     "129"             },
};

static void
every_message_comes_through(void **state)
{
	char text[200];
	struct wire w;

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct kind *k = &kinds[i];

		check(k->send(), "%s", k->what);
		check(privsep_receive(there, &w) == k->type, "%s", k->what);
		check(k->show(&w, text, sizeof text), "%s", k->what);
		check_text(text, k->text, k->what);
	}
}

/* The bytes of a message. */
static size_t
bytes_of(const struct kind *k, unsigned char *bytes)
{
	ssize_t n;

	assert_true(k->send());
	n = read(there, bytes, PRIVSEP_WIRE);
	assert_true(n > 0);
	return (size_t)n;
}

/* Is it good when it arrives as these bytes, in a wire that held others? */
static int
is_good_over(
    const struct kind *k, const unsigned char *bytes, size_t n, int stale)
{
	char text[200];
	struct wire w;
	int good;

	assert_int_equal(write(here, bytes, n), (ssize_t)n);
	memset(&w, stale, sizeof w);
	if (privsep_receive(there, &w) != k->type)
		return 0;
	good = k->show(&w, text, sizeof text);
	check(!w.bad || !good, "%s", k->what);
	check(w.at <= w.len, "%s", k->what);
	return good;
}

/* Bytes of an earlier message must not help. */
static int
is_good(const struct kind *k, const unsigned char *bytes, size_t n)
{
	int good = is_good_over(k, bytes, n, 0xff);

	check(is_good_over(k, bytes, n, 0) == good, "%s", k->what);
	return good;
}

static void
no_truncated_message_is_good(void **state)
{
	unsigned char bytes[PRIVSEP_WIRE];

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		size_t n = bytes_of(&kinds[i], bytes);

		for (size_t len = 1; len < n; len++)
			check(!is_good(&kinds[i], bytes, len),
			    "%s of %zu bytes", kinds[i].what, len);
		assert_true(is_good(&kinds[i], bytes, n));
	}
}

static void
no_message_with_more_behind_is_good(void **state)
{
	static const size_t more[] = {1, 2, 7, 8, 9, 100, 4000};
	unsigned char bytes[PRIVSEP_WIRE] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		size_t n = bytes_of(&kinds[i], bytes);

		for (size_t j = 0; j < COUNT(more); j++) {
			memset(bytes + n, 0, sizeof bytes - n);
			check(!is_good(&kinds[i], bytes, n + more[j]),
			    "%s and %zu zeros", kinds[i].what, more[j]);
		}
	}
}

static void
no_message_is_another(void **state)
{
	unsigned char bytes[PRIVSEP_WIRE];

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++)
		for (size_t j = 0; j < COUNT(kinds); j++) {
			size_t n = bytes_of(&kinds[i], bytes);
			int same = kinds[i].show == kinds[j].show;

			bytes[0] = (unsigned char)kinds[j].type;
			check(is_good(&kinds[j], bytes, n) == same, "%s as %s",
			    kinds[i].what, kinds[j].what);
		}
}

static void
unknown_types_are_bad(void **state)
{
	unsigned char byte;
	struct wire w;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		int known = i > MSG_BAD && i <= MSG_SUMMARY;

		byte = (unsigned char)i;
		assert_int_equal(write(here, &byte, 1), 1);
		check(privsep_receive(there, &w) ==
			(known ? (enum message_type)i : MSG_BAD),
		    "type %u", i);
	}
}

/*
 * Where the lengths of texts and the bounded numbers stand, and the most that
 * they may be.
 */
static const struct {
	const char *what;
	size_t kind; /* in kinds */
	size_t at;
	uint64_t is;
	uint64_t most; /* but the next larger is never good */
} fields[] = {
    {"method",		  0,  1,   1,                    METHOD_COUNT - 1        },
    {"length of the user",      0,  9,   3,                    3                       },
    {"length of the secret",    0,  21,  4,                    4                       },
    {"length of the typed one", 0,  34,  5,                    5                       },
    {"language",                0,  48,  1,                    LANG_COUNT - 1          },
    {"length of the rest",      0,  56,  8,                    8                       },
    {"verdict",		 1,  1,   4,                    MISCONFIGURED           },
    {"length of the user",      2,  1,   3,                    3                       },
    {"length of the mailbox",   2,  13,  13,                   13                      },
    {"length of the index",     2,  35,  2,                    2                       },
    {"length of the journal",   2,  46,  2,                    2                       },
    {"uid",		     2,  57,  UINT32_MAX,           UINT32_MAX              },
    {"gid",		     2,  65,  100,                  UINT32_MAX              },
    {"number of groups",        2,  73,  2,                    2                       },
    {"first group",             2,  81,  7,                    UINT32_MAX              },
    {"second group",            2,  89,  UINT32_MAX,           UINT32_MAX              },
    {"language",                2,  97,  1,                    LANG_COUNT - 1          },
    {"stls",		    2,  105, 1,                    1                       },
    {"length of the rest",      2,  113, 0,                    0                       },
    {"trouble",		 3,  1,   5,                    CHANGED                 },
    {"does it exist",           3,  9,   1,                    1                       },
    {"level",		   4,  1,   3,                    LOG_DEBUG               },
    {"length of the line",      4,  9,   7,                    7                       },
    {"end",		     5,  1,   4,                    END_FOREIGN             },
    {"length of the address",   8,  1,   9,                    9                       },
    {"tls",		     8,  19,  1,                    1		       },
    {"method",		  9,  13,  METHOD_SCRAM_SHA_256, METHOD_SCRAM_SHA_256    },
    {"length of the user",      9,  1,   3,                    3                       },
    {"length of the salt",      10, 1,   4,                    4                       },
    {"iterations",              10, 14,  4096,                 UINT32_MAX              },
    {"length of the nonce",     10, 22,  5,                    5                       },
    {"length of the message",   11, 1,   5,                    5                       },
    {"length of the proof",     11, 15,  5,                    5                       },
    {"methods",		 14, 1,   129,                  (1U << METHOD_COUNT) - 1},
    {"length of the signature", 12, 1,   3,                    3                       },
};

static void
put_number(unsigned char *at, uint64_t n)
{
	for (size_t i = 0; i < 8; i++)
		at[i] = (unsigned char)(n >> (8 * i));
}

static int
good_with(size_t i, uint64_t n)
{
	const struct kind *k = &kinds[fields[i].kind];
	unsigned char bytes[PRIVSEP_WIRE];
	size_t len = bytes_of(k, bytes);
	unsigned char is[8];

	put_number(is, fields[i].is);
	check(memcmp(bytes + fields[i].at, is, 8) == 0, "%s: %s is elsewhere",
	    k->what, fields[i].what);
	put_number(bytes + fields[i].at, n);
	return is_good(k, bytes, len);
}

static void
every_wrong_field_is_bad(void **state)
{
	static const uint64_t most[] = {256, 1024, 4097, 8192, 8193, UINT32_MAX,
	    1ULL << 32, 1ULL << 33, INT64_MAX, 1ULL << 63, UINT64_MAX - 8,
	    UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		const char *what = fields[i].what;

		check(good_with(i, fields[i].is), "%s", what);
		check(good_with(i, fields[i].most), "%s", what);
		check(!good_with(i, fields[i].most + 1), "%s", what);
		for (size_t j = 0; j < COUNT(most); j++)
			check(good_with(i, most[j]) ==
				(most[j] <= fields[i].most),
			    "%s: %llu", what, (unsigned long long)most[j]);
	}
}

/* A text with a NUL, or whose NUL lacks, or that is shorter than it says. */
static void
texts_hold_no_nul(void **state)
{
	static const struct {
		const char *what;
		size_t kind;
		size_t at;
		unsigned char byte;
		int good;
	} bytes_in[] = {
	    {"user: a NUL",               0,  17, '\0', 0},
	    {"user: its last byte",       0,  19, '\0', 0},
	    {"user: no NUL behind",       0,  20, 'x',  0},
	    {"user: another byte",        0,  17, 'x',  1},
	    {"secret: a NUL",             0,  30, '\0', 0},
	    {"secret: no NUL behind",     0,  33, 'x',  0},
	    {"typed: a NUL",              0,  43, '\0', 0},
	    {"typed: no NUL behind",      0,  47, 'x',  0},
	    {"rest: a NUL is welcome",    0,  64, '\0', 1},
	    {"rest: no NUL behind",       0,  72, 'x',  0},
	    {"mailbox: a NUL",            2,  22, '\0', 0},
	    {"mailbox: no NUL behind",    2,  34, 'x',  0},
	    {"index: a NUL",              2,  44, '\0', 0},
	    {"journal: a NUL",            2,  54, '\0', 0},
	    {"line: a NUL",               4,  20, '\0', 0},
	    {"begin: a NUL in the user",  9,  10, '\0', 0},
	    {"salt: another NUL",         10, 11, '\0', 1},
	    {"salt: no NUL behind",       10, 13, 'x',  0},
	    {"nonce: a NUL",              10, 31, '\0', 0},
	    {"message: a NUL is welcome", 11, 10, '\0', 1},
	    {"proof: no NUL behind",      11, 28, 'x',  0},
	    {"signature: no NUL behind",  12, 12, 'x',  0},
	    {"line: no NUL behind",       4,  24, 'x',  0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bytes_in); i++) {
		const struct kind *k = &kinds[bytes_in[i].kind];
		unsigned char bytes[PRIVSEP_WIRE];
		size_t n = bytes_of(k, bytes);

		bytes[bytes_in[i].at] = bytes_in[i].byte;
		check(is_good(k, bytes, n) == bytes_in[i].good, "%s",
		    bytes_in[i].what);
	}
}

/* Bytes of just the size that is allowed, and of one more. */
static void
scram_has_its_limits(void **state)
{
	static char x[PRIVSEP_SIGNED + 2];
	struct wire w;

	(void)state;
	memset(x, 'x', sizeof x - 1);
	for (size_t more = 0; more < 2; more++) {
		const unsigned char *bytes = (const unsigned char *)x;
		const char *nonce = x + sizeof x - 1 - PRIVSEP_NONCE - more;
		const struct proof proofs[] = {
		    {x, PRIVSEP_SIGNED + more, bytes, PRIVSEP_DIGEST       },
		    {x, PRIVSEP_SIGNED,        bytes, PRIVSEP_DIGEST + more},
		};
		const struct salt salts[] = {
		    {bytes, PRIVSEP_SALT + more, 1, ""   },
		    {bytes, PRIVSEP_SALT,        1, nonce},
		};

		for (size_t i = 0; i < 2; i++) {
			struct proof p;
			struct salt s;

			assert_true(privsep_send_proof(here, &proofs[i]));
			privsep_receive(there, &w);
			check(privsep_read_proof(&w, &p) == !more, "%zu", i);
			assert_true(privsep_send_salt(here, &salts[i]));
			privsep_receive(there, &w);
			check(privsep_read_salt(&w, &s) == !more, "%zu", i);
		}
	}
}

/* Nothing but the secret goes, in both forms. */
static void
the_secret_alone_is_wiped(void **state)
{
	struct credentials c;
	struct wire w;

	(void)state;
	assert_true(send_credentials());
	assert_int_equal(privsep_receive(there, &w), MSG_CREDENTIALS);
	assert_true(privsep_read_credentials(&w, &c));
	privsep_wipe_secret(&w, &c);
	assert_string_equal(c.secret, "");
	assert_string_equal(c.typed, "");
	assert_null(memmem(w.bytes, w.len, "c4", 2));
	assert_null(memmem(w.bytes, w.len, "c9", 2));
	assert_string_equal(c.user, "joe");
	check_bytes(c.rest, c.rest_len, "STAT\r\n\0\n", 8, "rest");
}

/* Texts of just the size that is allowed, and of one byte more. */
static void
texts_have_their_limits(void **state)
{
	static const struct {
		const char *what;
		size_t user, secret, rest;
		int good;
	} sizes[] = {
	    {"all empty",          0,                0,                  0,                1},
	    {"the longest user",   PRIVSEP_NAME,     0,                  0,                1},
	    {"a longer user",      PRIVSEP_NAME + 1, 0,                  0,                0},
	    {"the longest secret", 0,                PRIVSEP_SECRET,     0,                1},
	    {"a longer secret",    0,                PRIVSEP_SECRET + 1, 0,                0},
	    {"the longest rest",   0,                0,                  PRIVSEP_REST,     1},
	    {"a longer rest",      0,                0,                  PRIVSEP_REST + 1, 0},
	    {"all the longest",    PRIVSEP_NAME,     PRIVSEP_SECRET,     PRIVSEP_REST,     1},
	};
	static char x[PRIVSEP_REST + 2];

	(void)state;
	memset(x, 'x', sizeof x - 1);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct credentials c = {
		    .user = x + sizeof x - 1 - sizes[i].user,
		    .secret = x + sizeof x - 1 - sizes[i].secret,
		    .rest = x,
		    .rest_len = sizes[i].rest,
		};
		struct wire w;

		check(privsep_send_credentials(here, &c), "%s", sizes[i].what);
		check(privsep_receive(there, &w) == MSG_CREDENTIALS, "%s",
		    sizes[i].what);
		check(privsep_read_credentials(&w, &c) == sizes[i].good, "%s",
		    sizes[i].what);
		check(!sizes[i].good ||
			(strlen(c.user) == sizes[i].user &&
			    strlen(c.secret) == sizes[i].secret &&
			    c.rest_len == sizes[i].rest),
		    "%s", sizes[i].what);
	}
}

static void
the_largest_grant_comes_through(void **state)
{
	static char path[PRIVSEP_PATH + 1], rest[PRIVSEP_REST];
	static char name[PRIVSEP_NAME + 1];
	static struct grant g, got;
	struct wire w;

	(void)state;
	memset(path, '/', PRIVSEP_PATH);
	memset(name, 'x', PRIVSEP_NAME);
	g = (struct grant){name, path, path, path, 1, 2, {0}, PRIVSEP_GROUPS, 0,
	    0, rest, sizeof rest};
	for (uint32_t i = 0; i < PRIVSEP_GROUPS; i++)
		g.groups[i] = i;
	assert_true(privsep_send_grant(here, &g));
	assert_int_equal(privsep_receive(there, &w), MSG_GRANT);
	assert_true(privsep_read_grant(&w, &got));
	assert_string_equal(got.journal, path);
	assert_int_equal(got.group_count, PRIVSEP_GROUPS);
	assert_int_equal(got.groups[PRIVSEP_GROUPS - 1], PRIVSEP_GROUPS - 1);
	assert_int_equal(got.rest_len, sizeof rest);
}

static void
more_groups_are_bad(void **state)
{
	enum { COUNT_AT = 73 }; /* in the grant of the table */
	const struct kind *k = &kinds[2];
	unsigned char bytes[PRIVSEP_WIRE], more[PRIVSEP_WIRE] = {0};

	(void)state;
	for (size_t groups = PRIVSEP_GROUPS - 1; groups < PRIVSEP_GROUPS + 8;
	     groups++) {
		size_t n = bytes_of(k, bytes), was = COUNT_AT + 3 * 8;
		size_t is = COUNT_AT + (1 + groups) * 8;

		memcpy(more, bytes, COUNT_AT);
		memset(more + COUNT_AT, 0, is - COUNT_AT);
		put_number(more + COUNT_AT, groups);
		memcpy(more + is, bytes + was, n - was);
		check(is_good(k, more, is + n - was) ==
			(groups <= PRIVSEP_GROUPS),
		    "%zu groups", groups);
	}
}

static void
more_than_a_wire_is_not_sent(void **state)
{
	static char rest[PRIVSEP_WIRE];
	struct credentials c = {
	    .user = "", .secret = "", .rest = rest, .rest_len = sizeof rest};
	char byte;

	(void)state;
	assert_false(privsep_send_credentials(here, &c));
	c.rest_len = PRIVSEP_WIRE - 52; /* one byte more than fits */
	assert_false(privsep_send_credentials(here, &c));
	assert_int_equal(recv(there, &byte, 1, MSG_DONTWAIT), -1);
	c.rest_len--;
	assert_true(privsep_send_credentials(here, &c));
	assert_int_equal(read(there, rest, sizeof rest), sizeof rest);
}

static void
large_datagrams_are_bad(void **state)
{
	static const size_t sizes[] = {
	    PRIVSEP_WIRE + 1, PRIVSEP_WIRE + 2, 2 * PRIVSEP_WIRE, 60000};
	static unsigned char bytes[60000];
	struct wire w;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (int type = MSG_ORIGIN; type <= MSG_SUMMARY; type++) {
			bytes[0] = (unsigned char)type;
			assert_int_equal(
			    write(here, bytes, sizes[i]), (ssize_t)sizes[i]);
			check(privsep_receive(there, &w) == MSG_BAD,
			    "%zu bytes", sizes[i]);
		}
	bytes[0] = MSG_LOG;
	assert_int_equal(write(here, bytes, PRIVSEP_WIRE), PRIVSEP_WIRE);
	assert_int_equal(privsep_receive(there, &w), MSG_LOG);
	assert_false(show_log(&w, (char *)bytes, sizeof bytes));
}

/* Any bytes: nothing outside the wire is read. */
static void
noise_does_no_harm(void **state)
{
	unsigned char bytes[PRIVSEP_WIRE];
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		const struct kind *k = &kinds[draw(&seed, COUNT(kinds))];
		size_t n = bytes_of(k, bytes);

		for (uint32_t j = 1 + draw(&seed, 3); j > 0; j--)
			bytes[1 + draw(&seed, (uint32_t)n)] =
			    (unsigned char)draw(&seed, 256);
		is_good(k, bytes, n + draw(&seed, 2));
	}
}

static void
log_lines_go_to_the_monitor(void **state)
{
	char text[200];
	struct wire w;

	(void)state;
	privsep_log_to(here);
	log_line(LOG_WARNING, "%s", "a\nline");
	assert_int_equal(privsep_receive(there, &w), MSG_LOG);
	assert_true(show_log(&w, text, sizeof text));
	check_text(text, "4 a\nline", "as it was: the monitor escapes");
	note_log();
}

static void
a_closed_end_is_none(void **state)
{
	struct wire w;

	(void)state;
	close(here);
	assert_int_equal(privsep_receive(there, &w), MSG_NONE);
	assert_false(privsep_send(there, MSG_LOCK));
	here = -1;
	assert_int_equal(privsep_receive(-1, &w), MSG_BAD);
	assert_false(privsep_send(-1, MSG_LOCK));
}

static void
what_was_sent_before_the_end_is_read(void **state)
{
	struct wire w;

	(void)state;
	assert_true(privsep_send(here, MSG_UNLOCK));
	close(here);
	here = -1;
	assert_int_equal(privsep_receive(there, &w), MSG_UNLOCK);
	assert_true(privsep_read_bare(&w));
	assert_int_equal(privsep_receive(there, &w), MSG_NONE);
}

static void
wiping_leaves_nothing(void **state)
{
	struct wire w;

	(void)state;
	assert_true(send_credentials());
	assert_int_equal(privsep_receive(there, &w), MSG_CREDENTIALS);
	privsep_wipe(&w);
	for (size_t i = 0; i < sizeof w.bytes; i++)
		assert_int_equal(w.bytes[i], 0);
}

#define with_pair(test)                                                        \
	cmocka_unit_test_setup_teardown(test, open_pair, close_pair)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_pair(every_message_comes_through),
	    with_pair(no_truncated_message_is_good),
	    with_pair(no_message_with_more_behind_is_good),
	    with_pair(no_message_is_another),
	    with_pair(unknown_types_are_bad),
	    with_pair(every_wrong_field_is_bad),
	    with_pair(texts_hold_no_nul),
	    with_pair(texts_have_their_limits),
	    with_pair(the_largest_grant_comes_through),
	    with_pair(more_groups_are_bad),
	    with_pair(more_than_a_wire_is_not_sent),
	    with_pair(large_datagrams_are_bad),
	    with_pair(noise_does_no_harm),
	    with_pair(log_lines_go_to_the_monitor),
	    with_pair(a_closed_end_is_none),
	    with_pair(what_was_sent_before_the_end_is_read),
	    with_pair(wiping_leaves_nothing),
	    with_pair(scram_has_its_limits),
	    with_pair(the_secret_alone_is_wiped),
	};

	signal(SIGPIPE, SIG_IGN); /* as pop3d.c does */
	return cmocka_run_group_tests_name("privsep", tests, NULL, NULL);
}
