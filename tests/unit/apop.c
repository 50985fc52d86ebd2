/*
 * Tests of apop.c: the digest of RFC 1939, and a greeting's timestamp.
 */
#include "../../apop.h"

#include "test.h"

static const struct {
	const char *what;
	const char *timestamp;
	const char *secret;
	const char *digest;
} digests[] = {
    {"RFC 1939 s. 7",      "<1896.697170952@dbc.mtview.ca.us>",        "tanstaaf",
     "c4c9334bac560ecc979e58001b3e22fb"									      },
    {"RFC 1321: nothing",  "",					 "",         "d41d8cd98f00b204e9800998ecf8427e"},
    {"RFC 1321: abc",      "a",					"bc",       "900150983cd24fb0d6963f7d28e17f72"},
    {"RFC 1321: a to z",   "abcdefghijklmnopqrstuvwxyz",               "",
     "c3fcd3d76192e4007dfb496cca67e13b"									      },
    {"RFC 1321: 80 bytes", "1234567890123456789012345678901234567890",
     "1234567890123456789012345678901234567890",				   "57edf4a22be3c955ac49da2e2107b67a"},
};

static void
digests_are_those_of_the_rfcs(void **state)
{
	char got[APOP_DIGEST];

	(void)state;
	for (size_t i = 0; i < COUNT(digests); i++) {
		apop_digest(got, digests[i].timestamp, digests[i].secret);
		check_text(got, digests[i].digest, digests[i].what);
	}
}

#define HOST63 "a23456789012345678901234567890123456789012345678901234567890123"
#define HEX    "000102fffefd0a0b0c0d7f808182feff"

static const struct {
	const char *what;
	const char *host;
	const char *timestamp;
} stamps[] = {
    {"a host name",            "mail.example.org", "<" HEX "@mail.example.org>"},
    {"upper case and digits",  "MX1",              "<" HEX "@MX1>"             },
    {"no host name",           "",                 "<" HEX "@localhost>"       },
    {"what is not for msg-id", "a b<c>@d\r\n\377", "<" HEX "@a-b-c--d--->"     },
    {"63 bytes are kept",      HOST63,             "<" HEX "@" HOST63 ">"      },
    {"what is behind is cut",  HOST63 "more",      "<" HEX "@" HOST63 ">"      },
};

static void
timestamps_are_message_ids(void **state)
{
	static const unsigned char random[APOP_RANDOM] = {0, 1, 2, 255, 254,
	    253, 10, 11, 12, 13, 127, 128, 129, 130, 254, 255};
	char got[APOP_TIMESTAMP];

	(void)state;
	for (size_t i = 0; i < COUNT(stamps); i++) {
		apop_timestamp(got, random, stamps[i].host);
		check_text(got, stamps[i].timestamp, stamps[i].what);
	}
}

static const struct {
	const char *a;
	const char *b;
	int equal;
} pairs[] = {
    {"",       "",       1},
    {"a",      "a",      1},
    {"secret", "secret", 1},
    {"a",      "",       0},
    {"",       "a",      0},
    {"a",      "A",      0},
    {"secret", "secre",  0},
    {"secre",  "secret", 0},
    {"secret", "Secret", 0},
    {"secret", "secreT", 0},
    {"\200",   "\201",   0},
    {"\377",   "\177",   0},
};

static void
equal_means_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		check(apop_equal(pairs[i].a, pairs[i].b) == pairs[i].equal,
		    "'%s' and '%s'", pairs[i].a, pairs[i].b);
}

static void
every_differing_byte_counts(void **state)
{
	char a[] = "c4c9334bac560ecc979e58001b3e22fb";
	char b[sizeof a];

	(void)state;
	for (size_t i = 0; i < sizeof a - 1; i++) {
		memcpy(b, a, sizeof a);
		b[i] ^= 1;
		check(!apop_equal(a, b), "byte %zu", i);
		b[i] = '\0';
		check(!apop_equal(a, b), "cut at %zu", i);
	}
}

#define TIM_STAMP "<1896.697170952@postoffice.reston.mci.net>"

/* RFC 2195 s. 2; RFC 2202 s. 2; and HMAC-MD5 of nothing. */
static const struct {
	const char *challenge;
	const char *secret;
	const char *digest;
} crams[] = {
    {TIM_STAMP,		      "tanstaaftanstaaf", "b913a602c7eda7a495b4e6e7334d3890"},
    {"what do ya want for nothing?", "Jefe",
     "750c783e6ab0b503eaa86e310a5db738"						    },
    {"",			     "",		 "74e6f7298a9c2d168935f58c001bad88"},
};

static void
cram_digests_are_known(void **state)
{
	char digest[APOP_DIGEST];

	(void)state;
	for (size_t i = 0; i < COUNT(crams); i++) {
		apop_cram_digest(digest, crams[i].challenge, crams[i].secret);
		check_text(digest, crams[i].digest, crams[i].challenge);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digests_are_those_of_the_rfcs),
	    cmocka_unit_test(timestamps_are_message_ids),
	    cmocka_unit_test(equal_means_equal),
	    cmocka_unit_test(every_differing_byte_counts),
	    cmocka_unit_test(cram_digests_are_known),
	};

	return cmocka_run_group_tests_name("apop", tests, NULL, NULL);
}
