/*
 * Tests of sasl.c: base64 to the letter, the steps of each mechanism, and
 * that nothing secret is left where it should not be.
 */
#include "../../sasl.h"

#include "test.h"

#include <nettle/base64.h>

#define BYTES(text) text, sizeof(text) - 1

#define NEEDED "user name and password are both needed"
#define LONG   "user name or password is too long"
#define NUL    "the response holds a NUL where none may be"
#define FORM   "the response is not one of PLAIN"
#define OTHER  "nobody may act for another user here"
#define EARLY  "that mechanism has no initial response"
#define CRAM   "the response is not one of CRAM-MD5"
#define STAMP  "<1896.697170952@postoffice.reston.mci.net>"
#define BASE64 "the response is not base64"
#define LARGE  "the response is too long"

static const struct {
	const char *text;
	const char *bytes;
	size_t n;
} encodings[] = {
    {"",	 BYTES("")            }, /* RFC 4648 s. 10, to the seventh */
    {"Zg==",     BYTES("f")           },
    {"Zm8=",     BYTES("fo")          },
    {"Zm9v",     BYTES("foo")         },
    {"Zm9vYg==", BYTES("foob")        },
    {"Zm9vYmE=", BYTES("fooba")       },
    {"Zm9vYmFy", BYTES("foobar")      },
    {"AAAA",     BYTES("\0\0\0")      },
    {"AA==",     BYTES("\0")          },
    {"////",     BYTES("\377\377\377")},
    {"+/+/",     BYTES("\373\377\277")},
    {"/w==",     BYTES("\377")        },
    {"AAA=",     BYTES("\0\0")        },
};

static void
base64_is_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(encodings); i++) {
		char out[8] = "";
		size_t len;

		assert_null(
		    sasl_decode(encodings[i].text, out, encodings[i].n, &len));
		check_bytes(out, len, encodings[i].bytes, encodings[i].n,
		    encodings[i].text);
	}
}

static const struct {
	const char *what;
	const char *text;
} others[] = {
    {"one digit",		  "Z"           },
    {"two digits, no padding",     "Zg"          },
    {"three digits, no padding",   "Zm8"         },
    {"five digits",                "Zm9vY"       },
    {"half of the padding",        "Zg="         },
    {"padding for one digit",      "Z==="        },
    {"of zero bits",               "A==="        },
    {"and behind others",          "Zm9vA==="    },
    {"padding alone",              "===="        },
    {"one padding alone",          "="           },
    {"two paddings alone",         "=="          },
    {"padding where none belongs", "Zm9v===="    },
    {"one padding too much",       "Zm9v="       },
    {"likewise",		   "Zm8=="       },
    {"likewise",		   "Zg==="       },
    {"padding before digits",      "=Zg="        },
    {"padding between digits",     "Zg==Zg=="    },
    {"likewise",		   "Z=g="        },
    {"likewise",		   "Zg=g"        },
    {"unused bits set",            "Zh=="        },
    {"the other ones",             "Zo=="        },
    {"of three digits",            "Zm9="        },
    {"the other one",              "Zm+="        },
    {"a space before",             " Zm9v"       },
    {"a space behind",             "Zm9v "       },
    {"a space inside",             "Zm 9v"       },
    {"four of them",               "    "        },
    {"spaces to a full four",      "Zm9v    "    },
    {"line breaks to a full four", "Zm9v\r\n\r\n"},
    {"a line break inside",        "Zm9v\r\nZm9v"},
    {"a tab",		      "Zm\t9"       },
    {"a form feed",                "Zm\f9"       },
    {"minus, as in URLs",          "Zm9-"        },
    {"underscore, likewise",       "Zm9_"        },
    {"a star",		     "*"           },
    {"four stars",                 "****"        },
    {"a letter above 127",         "Zm9\344"     },
    {"a control",		  "Zm9\001"     },
    {"a comma",		    "Zm9,"        },
};

static void
what_is_not_base64_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		char out[16];
		size_t len;
		const char *why =
		    sasl_decode(others[i].text, out, sizeof out, &len);

		check(why != NULL, "%s", others[i].what);
		check_text(why, BASE64, others[i].what);
	}
}

/* Only these 65 bytes, and the padding at the end only. */
static void
every_byte_is_a_digit_or_wrong(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				     "nopqrstuvwxyz0123456789+/";

	(void)state;
	for (int c = 1; c < 256; c++)
		for (size_t at = 0; at < 4; at++) {
			char text[] = "AAAA", out[3];
			int is_digit = strchr(digits, c) != NULL;
			size_t len;

			text[at] = (char)c;
			if (at == 3 && c == '=')
				is_digit = 1;
			check((sasl_decode(text, out, 3, &len) == NULL) ==
				is_digit,
			    "byte %d at %zu", c, at);
		}
}

/* What nettle encodes comes back; with one octet less of room it does not. */
static void
what_was_encoded_comes_back(void **state)
{
	uint64_t seed = 4648;
	uint8_t bytes[64];
	char text[96], *out;
	size_t len;

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++)
		for (int i = 0; i < 50; i++) {
			for (size_t j = 0; j < n; j++)
				bytes[j] = (uint8_t)draw(&seed, 256);
			base64_encode_raw(text, n, bytes);
			text[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
			/* Of just that size, so that a write behind it shows. */
			out = malloc(n + 1);
			assert_non_null(out);
			out[n] = '!';
			assert_null(sasl_decode(text, out, n, &len));
			check_bytes(out, len, bytes, n, text);
			assert_int_equal(out[n], '!');
			if (n > 0)
				assert_string_equal(
				    sasl_decode(text, out, n - 1, &len), LARGE);
			free(out);
		}
}

/* One text has one meaning: another text never has the same. */
static void
decoding_has_one_inverse(void **state)
{
	static const char likely[] = "Zm9vAg=/+";
	uint64_t seed = 17;
	char text[9], back[16], out[8];
	size_t len;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		size_t n = draw(&seed, 9);

		for (size_t j = 0; j < n; j++)
			text[j] = likely[draw(&seed, sizeof likely - 1)];
		text[n] = '\0';
		if (sasl_decode(text, out, sizeof out, &len) != NULL)
			continue;
		base64_encode_raw(back, len, (const uint8_t *)out);
		back[BASE64_ENCODE_RAW_LENGTH(len)] = '\0';
		assert_string_equal(back, text);
	}
}

static void
mechanisms_are_listed(void **state)
{
	static const char *const spelled[] = {"scram-sha-256", "Scram-Sha-256",
	    "scram-sha-1", "SCRAM-SHA-1", "cram-md5", "Cram-Md5", "plain",
	    "Plain", "LOGIN", "lOgIn"};
	static const char *const unknown[] = {"", "PLAI", "PLAINX", "PLAIN ",
	    "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-512",
	    "CRAM-MD", "CRAM-MD55", "CRAM_MD5", "*", "="};
	static const struct {
		const char *name;
		enum sasl_id id;
		int cleartext;
	} all[] = {
	    {"SCRAM-SHA-256", SASL_SCRAM_SHA_256, 0},
	    {"SCRAM-SHA-1",   SASL_SCRAM_SHA_1,   0},
	    {"CRAM-MD5",      SASL_CRAM_MD5,      0},
	    {"PLAIN",         SASL_PLAIN,         1},
	    {"LOGIN",         SASL_LOGIN,         1},
	    {"EXTERNAL",      SASL_EXTERNAL,      0},
	};

	(void)state;
	assert_null(sasl_mechanism(COUNT(all)));
	assert_null(sasl_mechanism((size_t)-1));
	for (size_t i = 0; i < COUNT(all); i++) {
		const struct sasl_mechanism *m = sasl_mechanism(i);

		assert_string_equal(m->name, all[i].name);
		assert_int_equal(m->id, all[i].id);
		assert_int_equal(m->cleartext, all[i].cleartext);
		assert_ptr_equal(sasl_find(m->name), m);
	}
	for (size_t i = 0; i < COUNT(spelled); i++)
		assert_ptr_equal(sasl_find(spelled[i]), sasl_mechanism(i / 2));
	for (size_t i = 0; i < COUNT(unknown); i++)
		assert_null(sasl_find(unknown[i]));
}

/*
 * What the exchange comes to: the challenges, each with a '|' behind it, and
 * then "user/password", "-" and the reason, or "*". The client's lines are
 * parted by '|', too; the first is the initial response, "-" if there is none.
 */
static void
talk(const char *mechanism, const char *lines, char got[600])
{
	char text[2000], *rest = text, *line;
	enum sasl_status status;
	struct sasl s;
	size_t len;

	memset(&s, 0xff, sizeof s);
	snprintf(text, sizeof text, "%s", lines);
	line = strsep(&rest, "|");
	status = sasl_start(&s, sasl_find(mechanism),
	    strcmp(line, "-") == 0 ? NULL : line, STAMP);
	for (got[0] = '\0'; status == SASL_CHALLENGE && rest != NULL;) {
		len = strlen(got);
		snprintf(got + len, 600 - len, "%s|", s.text);
		status = sasl_step(&s, strsep(&rest, "|"));
	}
	assert_null(rest); /* all lines were asked for */
	len = strlen(got);
	if (status == SASL_CHALLENGE)
		snprintf(got + len, 600 - len, "%s", s.text);
	else if (status == SASL_DONE)
		snprintf(got + len, 600 - len, "%s/%s", s.user, s.password);
	else
		snprintf(got + len, 600 - len, "%s%s",
		    status == SASL_BAD ? "-" : "*", s.text);
	if (status != SASL_DONE)
		return;
	assert_int_equal(s.user_len, strlen(s.user));
	assert_int_equal(s.password_len, strlen(s.password));
}

#define CHALLENGE "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
#define USERNAME  "VXNlcm5hbWU6"
#define PASSWORD  "UGFzc3dvcmQ6"

static const struct {
	const char *what;
	const char *mechanism;
	const char *lines;
	const char *result;
} talks[] = {
    {"RFC 5034 s. 6",              "PLAIN",    "-|dGVzdAB0ZXN0AHRlc3Q=",       "|test/test"                                     },
    {"in the command",             "PLAIN",    "dGVzdAB0ZXN0AHRlc3Q=",         "test/test"                                      },
    {"RFC 4616 s. 4",              "PLAIN",    "AHRpbQB0YW5zdGFhZnRhbnN0YWFm",
     "tim/tanstaaftanstaaf"												     },
    {"and for another",            "PLAIN",    "VXJzZWwAS3VydAB4aXBqM3BsbXE=", "-" OTHER                                        },
    {"waits for its answer",       "PLAIN",    "-",                            ""					       },
    {"cancelled",		  "PLAIN",    "-|*",                          "|*the exchange is cancelled"                    },
    {"'=' is an empty message",    "PLAIN",    "=",                            "-" FORM                                         },
    {"so is an empty answer",      "PLAIN",    "-|",                           "|-" FORM                                        },
    {"'=' as an answer",           "PLAIN",    "-|=",                          "|-" BASE64                                      },
    {"'*' in the command",         "PLAIN",    "*",                            "-" BASE64                                       },
    {"two stars",		  "PLAIN",    "-|**",                         "|-" BASE64                                      },
    {"a space before the star",    "PLAIN",    "-| *",                         "|-" BASE64                                      },
    {"not base64",                 "PLAIN",    "-|USER joe",                   "|-" BASE64                                      },
    {"padding left out",           "PLAIN",    "dGVzdAB0ZXN0AHRlc3Q",          "-" BASE64                                       },

    {"RFC 2195 s. 2",              "CRAM-MD5",
     "-|dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",		     CHALLENGE "|tim/b913a602c7eda7a495b4e6e7334d3890"},
    {"waits for its answer",       "CRAM-MD5", "-",                            CHALLENGE                                        },
    {"a name with a space",        "CRAM-MD5", "-|YSBiIGM=",                   CHALLENGE "|a b/c"                               },
    {"nothing is answered yet",    "CRAM-MD5", "YSBi",                         "-" EARLY                                        },
    {"nor with nothing",           "CRAM-MD5", "=",                            "-" EARLY                                        },
    {"cancelled",		  "CRAM-MD5", "-|*",                          CHALLENGE "|*the exchange is cancelled"          },
    {"an empty answer",            "CRAM-MD5", "-|",                           CHALLENGE "|-" CRAM                              },
    {"no space",		   "CRAM-MD5", "-|am9l",                       CHALLENGE "|-" CRAM                              },
    {"no name",		    "CRAM-MD5", "-|IGI=",                       CHALLENGE "|-" NEEDED                            },
    {"no digest",		  "CRAM-MD5", "-|YSA=",                       CHALLENGE "|-" NEEDED                            },
    {"a NUL in the digest",        "CRAM-MD5", "-|YSAA",                       CHALLENGE "|-" NUL                               },
    {"a NUL in the name",          "CRAM-MD5", "-|AGEgYg==",                   CHALLENGE "|-" NUL                               },
    {"not base64",                 "CRAM-MD5", "-|joe 0123",                   CHALLENGE "|-" BASE64                            },

    {"whom the certificate names", "EXTERNAL", "=",                            "/"                                              },
    {"the same, when asked",       "EXTERNAL", "-|",                           "|/"                                             },
    {"somebody",		   "EXTERNAL", "am9l",                         "joe/"					   },
    {"a NUL in it",                "EXTERNAL", "dAB0",                         "-" NUL                                          },
    {"cancelled",		  "EXTERNAL", "-|*",                          "|*the exchange is cancelled"                    },

    {"asks twice",                 "LOGIN",
     "-|dGVzdA==|dGVzdA==",						    USERNAME "|" PASSWORD "|test/test"               },
    {"name in the command",        "LOGIN",    "dGVzdA==|c2VjcmV0",
     PASSWORD "|test/secret"												    },
    {"waits for the name",         "LOGIN",    "-",                            USERNAME                                         },
    {"waits for the password",     "LOGIN",    "dGVzdA==",                     PASSWORD                                         },
    {"cancelled at once",          "LOGIN",    "-|*",
     USERNAME "|*the exchange is cancelled"										     },
    {"cancelled later",            "LOGIN",    "-|dGVzdA==|*",
     USERNAME "|" PASSWORD "|*the exchange is cancelled"									},
    {"'=' is an empty name",       "LOGIN",    "=",                            "-" NEEDED                                       },
    {"empty name",                 "LOGIN",    "-|",                           USERNAME "|-" NEEDED                             },
    {"empty password",             "LOGIN",    "dGVzdA==|",                    PASSWORD "|-" NEEDED                             },
    {"'=' for the password",       "LOGIN",    "dGVzdA==|=",                   PASSWORD "|-" BASE64                             },
    {"name not base64",            "LOGIN",    "-|joe",                        USERNAME "|-" BASE64                             },
    {"base64 by chance",           "LOGIN",    "test|test",                    PASSWORD "|\xb5\xeb-/\xb5\xeb-"                  },
    {"password not base64",        "LOGIN",    "dGVzdA==|secret",              PASSWORD "|-" BASE64                             },
    {"NUL in the name",            "LOGIN",    "dAB0",                         "-" NUL                                          },
    {"NUL behind the name",        "LOGIN",    "dGVzdAA=",                     "-" NUL                                          },
    {"NUL in the password",        "LOGIN",    "dGVzdA==|dAB0",                PASSWORD "|-" NUL                                },
    {"the whole of PLAIN",         "LOGIN",    "AHRpbQB0YW5zdGFhZg==",         "-" NUL                                          },
};

static void
exchanges_come_to_their_end(void **state)
{
	char got[600];

	(void)state;
	for (size_t i = 0; i < COUNT(talks); i++) {
		talk(talks[i].mechanism, talks[i].lines, got);
		check_text(got, talks[i].result, talks[i].what);
	}
}

/* Encodes; the text is valid until the next call. */
static const char *
encode(const void *bytes, size_t n)
{
	static char text[BASE64_ENCODE_RAW_LENGTH(70000) + 1];

	assert_true(n <= 70000);
	base64_encode_raw(text, n, bytes);
	text[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
	return text;
}

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *result;
} messages[] = {
    {"name and password",     BYTES("\0joe\0pw"),         "joe/pw"        },
    {"for oneself",           BYTES("joe\0joe\0pw"),      "joe/pw"        },
    {"one octet each",        BYTES("\0j\0p"),            "j/p"           },
    {"spaces are kept",       BYTES("\0 joe \0 p w "),    " joe / p w "   },
    {"octets above 127, too", BYTES("\0j\xc3\xb6\0\xff"), "j\xc3\xb6/\xff"},
    {"and controls",          BYTES("\0j\r\n\0\1\x7f"),   "j\r\n/\1\x7f"  },
    {"for another",           BYTES("ann\0joe\0pw"),      "-" OTHER       },
    {"of the same length",    BYTES("jof\0joe\0pw"),      "-" OTHER       },
    {"for a longer name",     BYTES("joey\0joe\0pw"),     "-" OTHER       },
    {"for a shorter one",     BYTES("jo\0joe\0pw"),       "-" OTHER       },
    {"in another case",       BYTES("Joe\0joe\0pw"),      "-" OTHER       },
    {"no name",               BYTES("\0\0pw"),            "-" NEEDED      },
    {"no name, for another",  BYTES("joe\0\0pw"),         "-" NEEDED      },
    {"no password",           BYTES("\0joe\0"),           "-" NEEDED      },
    {"neither",               BYTES("\0\0"),              "-" NEEDED      },
    {"three NULs",            BYTES("\0\0\0"),            "-" NEEDED      },
    {"nothing",               BYTES(""),                  "-" FORM        },
    {"one NUL",               BYTES("\0"),                "-" FORM        },
    {"no NUL",		BYTES("joe"),               "-" FORM        },
    {"one NUL in front",      BYTES("\0joe"),             "-" FORM        },
    {"one NUL inside",        BYTES("joe\0pw"),           "-" FORM        },
    {"one NUL behind",        BYTES("joe\0"),             "-" FORM        },
    {"a NUL behind",          BYTES("\0joe\0pw\0"),       "-" NUL         },
    {"a NUL in the password", BYTES("\0joe\0p\0w"),       "-" NUL         },
    {"a NUL before it",       BYTES("\0joe\0\0pw"),       "-" NUL         },
    {"a part more",           BYTES("joe\0joe\0pw\0x"),   "-" NUL         },
};

static void
plain_messages_are_taken_apart(void **state)
{
	char got[600], lines[64];

	(void)state;
	for (size_t i = 0; i < COUNT(messages); i++) {
		const char *text = encode(messages[i].bytes, messages[i].n);

		snprintf(lines, sizeof lines, "-|%.60s", text);
		talk("PLAIN", lines, got);
		assert_int_equal(got[0], '|');
		check_text(got + 1, messages[i].result, messages[i].what);
		talk("PLAIN", *text == '\0' ? "=" : text, got);
		check_text(got, messages[i].result, messages[i].what);
	}
}

static const struct {
	size_t as;
	size_t user;
	size_t password;
	const char *wrong; /* NULL: nothing */
} lengths[] = {
    {0,     1,     1,     NULL },
    {0,     255,   255,   NULL },
    {255,   255,   255,   NULL }, /* 767 octets, 1024 of base64 */
    {0,     256,   1,     LONG },
    {0,     1,     256,   LONG },
    {0,     256,   256,   LONG },
    {0,     255,   510,   LONG }, /* also 767 */
    {0,     510,   255,   LONG },
    {510,   254,   1,     LONG },
    {254,   255,   255,   OTHER},
    {256,   255,   254,   LONG },
    {256,   256,   1,     LONG },
    {256,   255,   255,   LARGE},
    {255,   256,   255,   LARGE},
    {255,   255,   256,   LARGE},
    {0,     255,   511,   LARGE},
    {0,     1,     3000,  LARGE},
    {0,     1,     65533, LARGE},
    {0,     65000, 1,     LARGE},
    {65000, 1,     1,     LARGE},
};

static void
plain_has_bounds(void **state)
{
	static char bytes[70000];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		size_t as = lengths[i].as, user = lengths[i].user;
		size_t n = as + user + lengths[i].password + 2;
		enum sasl_status status;
		struct sasl s;

		memset(bytes, 'x', n);
		bytes[as] = bytes[as + 1 + user] = '\0';
		status =
		    sasl_start(&s, sasl_find("PLAIN"), encode(bytes, n), STAMP);
		if (lengths[i].wrong != NULL) {
			check(status == SASL_BAD, "row %zu", i);
			check_text(s.text, lengths[i].wrong, "reason");
			continue;
		}
		check(status == SASL_DONE, "row %zu", i);
		assert_int_equal(s.user_len, user);
		assert_int_equal(s.password_len, lengths[i].password);
		assert_int_equal(strspn(s.user, "x"), user);
		assert_int_equal(strspn(s.password, "x"), s.password_len);
		assert_int_equal(s.user[user], '\0');
		assert_int_equal(s.password[s.password_len], '\0');
	}
}

static void
login_has_bounds(void **state)
{
	static const struct {
		size_t n;
		const char *wrong;
	} sizes[] = {
	    {1,     NULL },
            {254,   NULL },
            {255,   NULL },
            {256,   LONG },
            {767,   LONG },
	    {768,   LARGE},
            {65536, LARGE}
        };
	static char bytes[65536];

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		size_t n = sizes[i / 2].n;
		const char *wrong = sizes[i / 2].wrong;
		enum sasl_status good = SASL_CHALLENGE, status;
		struct sasl s;

		if (i % 2 == 0) { /* the name */
			status = sasl_start(
			    &s, sasl_find("LOGIN"), encode(bytes, n), STAMP);
		} else {
			sasl_start(&s, sasl_find("LOGIN"), "dGVzdA==", STAMP);
			status = sasl_step(&s, encode(bytes, n));
			good = SASL_DONE;
		}
		check(status == (wrong == NULL ? good : SASL_BAD),
		    "%zu octets, %zu", n, i % 2);
		if (wrong != NULL)
			check_text(s.text, wrong, "reason");
		else
			assert_int_equal(
			    i % 2 == 0 ? s.user_len : s.password_len, n);
	}
}

/* Of the arrays: is there anything but NULs? */
static int
is_clean(const struct sasl *s)
{
	static const struct sasl zero;

	return memcmp(s->user, zero.user, sizeof zero.user) == 0 &&
	    memcmp(s->password, zero.password, sizeof zero.password) == 0 &&
	    memcmp(s->message, zero.message, sizeof zero.message) == 0 &&
	    s->user_len == 0 && s->password_len == 0 && s->message_len == 0;
}

static void
a_failed_exchange_leaves_nothing(void **state)
{
	static const char *const ends[] = {"*", "", "=", "no", "dAB0", "!!!!"};
	struct sasl s;

	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		enum sasl_status want = i == 0 ? SASL_CANCELLED : SASL_BAD;

		memset(&s, 0xff, sizeof s);
		sasl_start(&s, sasl_find("LOGIN"), "dGVzdA==", STAMP);
		assert_int_equal(sasl_step(&s, ends[i]), want);
		assert_true(is_clean(&s));
		assert_non_null(s.text);
	}
	for (size_t i = 0; i < COUNT(messages); i++) {
		memset(&s, 0xff, sizeof s);
		if (sasl_start(&s, sasl_find("PLAIN"),
			encode(messages[i].bytes, messages[i].n),
			STAMP) == SASL_DONE)
			continue;
		check(is_clean(&s), "%s", messages[i].what);
	}
	/* A good beginning, then a byte that is not base64. */
	memset(&s, 0xff, sizeof s);
	assert_int_equal(sasl_start(&s, sasl_find("PLAIN"),
			     "AHRpbQB0YW5zdGFhZnRhbnN0YWFn!===", STAMP),
	    SASL_BAD);
	assert_true(is_clean(&s));
	/* Likewise, but only unused bits that are set give it away. */
	memset(&s, 0xff, sizeof s);
	assert_int_equal(
	    sasl_start(&s, sasl_find("PLAIN"), "dGVzdAB0ZXN0AHRlc3R=", STAMP),
	    SASL_BAD);
	assert_true(is_clean(&s));
}

static void
secrets_are_in_one_place(void **state)
{
	static const char empty[SASL_MESSAGE];
	struct sasl s;

	(void)state;
	assert_int_equal(
	    sasl_start(&s, sasl_find("PLAIN"), "dGVzdAB0ZXN0AHRlc3Q=", STAMP),
	    SASL_DONE);
	assert_memory_equal(s.message, empty, sizeof empty);
	assert_int_equal(s.message_len, 0);
	sasl_wipe(&s);
	assert_true(is_clean(&s));
	sasl_wipe(&s);
	assert_int_equal(sasl_start(&s, sasl_find("LOGIN"), "dGVzdA==", STAMP),
	    SASL_CHALLENGE);
	assert_memory_equal(s.message, empty, sizeof empty);
	assert_int_equal(sasl_step(&s, "dGVzdA=="), SASL_DONE);
	assert_memory_equal(s.message, empty, sizeof empty);
	assert_string_equal(s.user, "test");
	assert_string_equal(s.password, "test");
}

/* Nothing of the first exchange shows in the second. */
/* RFC 5802 s. 5, RFC 7677 s. 3. */
#define SALT_1   "\x41\x25\xc2\x47\xe4\x3a\xb1\xe9\x3c\x6d\xff\x76"
#define BARE_1   "n=user,r=fyko+d2lbbFgONRv9qkxdawL"
#define OURS_1   "3rfcNHYJY1ZVvWVs7j"
#define NONCE_1  "r=fyko+d2lbbFgONRv9qkxdawL" OURS_1
#define SERVER_1 NONCE_1 ",s=QSXCR+Q6sek8bf92,i=4096"
#define FINAL_1  "c=biws," NONCE_1
#define PROOF_1  "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="

/* Begins, up to what the client is told of its salt. */
static enum sasl_status
begin_scram(struct sasl *s, const char *first)
{
	enum sasl_status status;

	memset(s, 0xff, sizeof *s);
	status = sasl_start(
	    s, sasl_find("SCRAM-SHA-1"), encode(first, strlen(first)), STAMP);
	if (status != SASL_SALT)
		return status;
	return sasl_tell_salt(
	    s, (const unsigned char *)SALT_1, 12, 4096, OURS_1);
}

static enum sasl_status
go_on(struct sasl *s, const char *message)
{
	return sasl_step(s, encode(message, strlen(message)));
}

static void
scram_is_that_of_the_rfc(void **state)
{
	const char want[] = BARE_1 "," SERVER_1 "," FINAL_1;
	char proof[32];
	struct sasl s;
	size_t len;

	(void)state;
	assert_int_equal(begin_scram(&s, "n,," BARE_1), SASL_CHALLENGE);
	assert_string_equal(s.user, "user");
	assert_string_equal(s.text, encode(SERVER_1, strlen(SERVER_1)));
	assert_int_equal(go_on(&s, FINAL_1 ",p=" PROOF_1), SASL_PROOF);
	check_bytes(s.signed_text, s.signed_len, want, sizeof want - 1,
	    "what is signed");
	assert_null(sasl_decode(PROOF_1, proof, sizeof proof, &len));
	check_bytes(s.proof, s.proof_len, proof, len, "the proof");
	assert_int_equal(
	    sasl_tell_signature(&s, (const unsigned char *)proof, len),
	    SASL_CHALLENGE);
	assert_string_equal(s.text, encode("v=" PROOF_1, strlen("v=" PROOF_1)));
	assert_int_equal(sasl_step(&s, ""), SASL_DONE);
	assert_string_equal(s.user, "user");
	assert_string_equal(s.password, "");
}

/* The message of the client's that comes first: the user; "e=" if it will not
 * do. */
static const struct {
	const char *first;
	const char *result;
} firsts[] = {
    {"n,,n=joe,r=abc",              "joe"				      },
    {"y,,n=joe,r=abc",              "joe"				      },
    {"n,a=joe,n=joe,r=abc",         "joe"				      },
    {"n,a=,n=joe,r=abc",            "joe"				      },
    {"n,a=j=2Coe,n=j=2Coe,r=abc",   "j,oe"                                     },
    {"n,,n=joe,r=abc,x=more",       "joe"				      },
    {"n,,n=joe,r=abc,",             "joe"				      },
    {"n,,n=j=2Co=3De,r=abc",        "j,o=e"				    },
    {"n,,n= ,r=!~",                 " "					},
    {"n,,n=j\xc3\xb6,r=abc",        "j\xc3\xb6"                                },
    {"p=tls-exporter,,n=joe,r=abc",
     "e=server-does-not-support-channel-binding"                               },
    {"p=",			  "e=server-does-not-support-channel-binding"},
    {"n,,m=x,n=joe,r=abc",          "e=extensions-not-supported"               },
    {"n,,n=jo=e,r=abc",             "e=invalid-username-encoding"              },
    {"n,,n=joe=,r=abc",             "e=invalid-username-encoding"              },
    {"n,,n=joe=2,r=abc",            "e=invalid-username-encoding"              },
    {"n,,n=joe=2c,r=abc",           "e=invalid-username-encoding"              },
    {"n,,n=,r=abc",                 "e=invalid-username-encoding"              },
    {"n,a=anna,n=joe,r=abc",        "e=other-error"                            },
    {"n,a=joey,n=joe,r=abc",        "e=other-error"                            },
    {"n,a=j=2c,n=joe,r=abc",        "e=other-error"                            },
    {"",			    "e=other-error"			    },
    {"n",			   "e=other-error"			    },
    {"n,",			  "e=other-error"			    },
    {"n,,",			 "e=other-error"			    },
    {"n,n=joe,r=abc",               "e=other-error"                            },
    {"n,b=x,n=joe,r=abc",           "e=other-error"                            },
    {"n,a=joe",		     "e=other-error"                            },
    {"n,a=joe,",		    "e=other-error"                            },
    {"x,,n=joe,r=abc",              "e=other-error"                            },
    {"nn,,n=joe,r=abc",             "e=other-error"                            },
    {",,n=joe,r=abc",               "e=other-error"                            },
    {"n,,N=joe,r=abc",              "e=other-error"                            },
    {"n,,u=joe,r=abc",              "e=other-error"                            },
    {"n,,r=abc,n=joe",              "e=other-error"                            },
    {"n,,n=joe",		    "e=other-error"                            },
    {"n,,n=joe,",		   "e=other-error"                            },
    {"n,,n=joe,r=",                 "e=other-error"                            },
    {"n,,n=joe,r=,x=more",          "e=other-error"                            },
    {"n,,n=joe,x=more,r=abc",       "e=other-error"                            },
    {"n,,n=joe,r=a b",              "e=other-error"                            },
    {"n,,n=joe,r=a\x7f",            "e=other-error"                            },
    {"n,,n=joe,r=\xc3\xb6",         "e=other-error"                            },
    {"n,,n=joe,abc",                "e=other-error"                            },
};

static void
first_messages_are_taken_apart(void **state)
{
	struct sasl s;

	(void)state;
	for (size_t i = 0; i < COUNT(firsts); i++) {
		const char *result = firsts[i].result, *first = firsts[i].first;
		enum sasl_status status = begin_scram(&s, first);

		check(status == SASL_CHALLENGE, "%s", first);
		if (strncmp(result, "e=", 2) != 0) {
			check_text(s.user, result, first);
			continue;
		}
		check_text(s.text, encode(result, strlen(result)), first);
		check(sasl_step(&s, "") == SASL_BAD, "%s", first);
		check(
		    s.text != NULL && strchr(s.text, ' ') != NULL, "%s", first);
	}
}

/* And the one that comes last; NULL: it is a proof. */
static const struct {
	const char *final;
	const char *error;
} finals[] = {
    {FINAL_1 ",p=" PROOF_1,					    NULL                           },
    {FINAL_1 ",x=more,p=" PROOF_1,				     NULL                           },
    {FINAL_1 ",p=AAAA",						NULL                           },
    {"c=biws," NONCE_1 "x,p=" PROOF_1,                                 "e=other-error"                },
    {"c=biws,r=fyko+d2lbbFgONRv9qkxdawL,p=" PROOF_1,                   "e=other-error"                },
    {"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7i,p=" PROOF_1,
     "e=other-error"										  },
    {"c=biws,r=,p=" PROOF_1,					   "e=other-error"                },
    {"c=biws,p=" PROOF_1,					      "e=other-error"                },
    {"c=eSws," NONCE_1 ",p=" PROOF_1,                                  "e=channel-bindings-dont-match"},
    {"c=," NONCE_1 ",p=" PROOF_1,				      "e=channel-bindings-dont-match"},
    {"c=biwsAAAA," NONCE_1 ",p=" PROOF_1,                              "e=channel-bindings-dont-match"},
    {"C=biws," NONCE_1 ",p=" PROOF_1,                                  "e=other-error"                },
    {NONCE_1 ",c=biws,p=" PROOF_1,				     "e=other-error"                },
    {"",							       "e=other-error"                },
    {"c",							      "e=other-error"                },
    {"c=biws",							 "e=other-error"                },
    {FINAL_1,							  "e=other-error"                },
    {FINAL_1 ",",						      "e=other-error"                },
    {FINAL_1 ",p",						     "e=other-error"                },
    {FINAL_1 ",xx",						    "e=other-error"                },
    {FINAL_1 ",,p=" PROOF_1,					   "e=other-error"                },
    {FINAL_1 ",p=" PROOF_1 ",x=more",                                  "e=other-error"                },
    {FINAL_1 ",p=*",						   "e=invalid-encoding"           },
    {FINAL_1 ",p=AAA",						 "e=invalid-encoding"           },
    {FINAL_1 ",p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
     "e=invalid-encoding"									     },
    {FINAL_1
	",p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAA",						   "e=other-error"                },
};

static void
last_messages_are_taken_apart(void **state)
{
	struct sasl s;

	(void)state;
	for (size_t i = 0; i < COUNT(finals); i++) {
		const char *final = finals[i].final, *error = finals[i].error;
		enum sasl_status status;

		assert_int_equal(begin_scram(&s, "n,," BARE_1), SASL_CHALLENGE);
		status = go_on(&s, final);
		check(status == (error == NULL ? SASL_PROOF : SASL_CHALLENGE),
		    "%s", final);
		if (error == NULL)
			continue;
		check_text(s.text, encode(error, strlen(error)), final);
		check(sasl_step(&s, "*") == SASL_BAD, "%s", final);
	}
}

/* The longest of everything has room, and one octet more is refused. */
static void
scram_has_bounds(void **state)
{
	char first[SASL_MESSAGE + 2], nonce[33], final[SASL_MESSAGE + 1];
	struct sasl s;

	(void)state;
	memset(nonce, 'N', sizeof nonce);
	nonce[32] = '\0';
	for (int more = 0; more < 2; more++) {
		unsigned char salt[48] = {0};
		int n = snprintf(first, sizeof first,
		    "n,,n=joe,r=%0*d,x=", SASL_NONCE + more, 0);

		memset(first + n, 'x', sizeof first - (size_t)n);
		first[SASL_MESSAGE] = '\0';
		memset(&s, 0xff, sizeof s);
		if (sasl_start(&s, sasl_find("SCRAM-SHA-256"),
			encode(first, SASL_MESSAGE), STAMP) != SASL_SALT) {
			assert_int_equal(more, 1);
			continue;
		}
		assert_int_equal(more, 0);
		assert_int_equal(
		    sasl_tell_salt(&s, salt, sizeof salt, UINT32_MAX, nonce),
		    SASL_CHALLENGE);
		n = snprintf(final, sizeof final, "c=biws,r=%s,x=", s.nonce);
		memset(final + n, 'x', sizeof final - (size_t)n);
		memcpy(final + SASL_MESSAGE - 7, ",p=AAAA", 8);
		assert_int_equal(go_on(&s, final), SASL_PROOF);
		assert_true(s.signed_len < sizeof s.signed_text);
	}
}

static void
names_have_their_bound(void **state)
{
	static const char wrong[] = "e=invalid-username-encoding";
	char first[SASL_MESSAGE + 1];
	struct sasl s;

	(void)state;
	for (size_t len = SASL_TEXT - 2; len < SASL_TEXT + 3; len++) {
		snprintf(first, sizeof first, "n,,n=%0*d,r=abc", (int)len, 0);
		begin_scram(&s, first);
		if (len <= SASL_TEXT) {
			check(strlen(s.user) == len, "%zu octets", len);
			continue;
		}
		check_text(
		    s.text, encode(wrong, sizeof wrong - 1), "one too many");
	}
	/* Nor can a NUL hide in one. */
	assert_true(sasl_start(&s, sasl_find("SCRAM-SHA-1"),
			encode("n,,n=j\0e,r=abc", 14), "") == SASL_CHALLENGE);
	check_text(s.text, encode("e=other-error", 13), "a NUL");
}

static void
an_exchange_starts_afresh(void **state)
{
	struct sasl s;

	(void)state;
	assert_int_equal(
	    sasl_start(&s, sasl_find("LOGIN"), "dGVzdHRlc3Q=", STAMP),
	    SASL_CHALLENGE);
	assert_int_equal(sasl_step(&s, "*"), SASL_CANCELLED);
	assert_int_equal(
	    sasl_start(&s, sasl_find("LOGIN"), NULL, STAMP), SASL_CHALLENGE);
	assert_string_equal(s.text, USERNAME);
	assert_int_equal(sasl_step(&s, "am9l"), SASL_CHALLENGE);
	assert_string_equal(s.text, PASSWORD);
	assert_int_equal(sasl_step(&s, "cHc="), SASL_DONE);
	assert_string_equal(s.user, "joe");
	assert_string_equal(s.password, "pw");
	assert_int_equal(
	    sasl_start(&s, sasl_find("PLAIN"), "AGpvZQBwdw==", STAMP),
	    SASL_DONE);
	assert_int_equal(s.user_len, 3);
	assert_int_equal(s.password_len, 2);
}

/* Lines of any bytes, and of base64 of any bytes. */
static void
random_lines_are_no_danger(void **state)
{
	static const char likely[] = "\0\0\0joe\r\n \377";
	uint64_t seed = 4616;
	char bytes[80];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const struct sasl_mechanism *m = sasl_mechanism(draw(&seed, 6));
		enum sasl_status status = SASL_CHALLENGE;
		struct sasl s;

		for (int step = 0; step < 3 && status == SASL_CHALLENGE;
		     step++) {
			size_t n = draw(&seed, sizeof bytes - 1);
			const char *line = bytes;

			for (size_t j = 0; j < n; j++)
				bytes[j] =
				    likely[draw(&seed, sizeof likely - 1)];
			bytes[n] = '\0';
			if (draw(&seed, 8) != 0)
				line = encode(bytes, n);
			if (step == 0 && m->opening == NULL)
				line = NULL;
			status = step == 0 ? sasl_start(&s, m, line, STAMP)
					   : sasl_step(&s, line);
		}
		if (status == SASL_SALT || status == SASL_CHALLENGE)
			continue; /* of SCRAM, which goes on */
		if (status != SASL_DONE) {
			assert_true(is_clean(&s));
			continue;
		}
		if (m->id == SASL_EXTERNAL)
			continue;
		assert_in_range(s.user_len, 1, SASL_TEXT);
		assert_in_range(s.password_len, 1, SASL_TEXT);
		assert_int_equal(strlen(s.user), s.user_len);
		assert_int_equal(strlen(s.password), s.password_len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(base64_is_decoded),
	    cmocka_unit_test(what_is_not_base64_is_refused),
	    cmocka_unit_test(every_byte_is_a_digit_or_wrong),
	    cmocka_unit_test(what_was_encoded_comes_back),
	    cmocka_unit_test(decoding_has_one_inverse),
	    cmocka_unit_test(mechanisms_are_listed),
	    cmocka_unit_test(exchanges_come_to_their_end),
	    cmocka_unit_test(plain_messages_are_taken_apart),
	    cmocka_unit_test(plain_has_bounds),
	    cmocka_unit_test(login_has_bounds),
	    cmocka_unit_test(a_failed_exchange_leaves_nothing),
	    cmocka_unit_test(secrets_are_in_one_place),
	    cmocka_unit_test(scram_is_that_of_the_rfc),
	    cmocka_unit_test(first_messages_are_taken_apart),
	    cmocka_unit_test(last_messages_are_taken_apart),
	    cmocka_unit_test(scram_has_bounds),
	    cmocka_unit_test(names_have_their_bound),
	    cmocka_unit_test(an_exchange_starts_afresh),
	    cmocka_unit_test(random_lines_are_no_danger),
	};

	return cmocka_run_group_tests_name("sasl", tests, NULL, NULL);
}
