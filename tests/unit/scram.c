/*
 * Tests of scram.c: the exchanges of the RFCs, the keys as others write them,
 * and what is no proof.
 */
#include "../../scram.h"

#include "test.h"

/* Base64 of so many bytes. */
#define A60 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define S20 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define S32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define S48 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define S49 S48 "AA=="

/* RFC 5802 s. 5 and RFC 7677 s. 3; the password is "pencil". */
static const struct {
	enum scram_hash hash;
	const char *keys; /* by what the RFC says of salt and password */
	const char *message;
	unsigned char proof[SCRAM_DIGEST];
	unsigned char signature[SCRAM_DIGEST];
} known[] = {
    {SCRAM_SHA_1,
     "4096,"
	"QSXCR+Q6sek8bf92,"
	"6dlGYMOdZcOPutkcNY8U2g7vK9Y=,D+CSWLOshSulAsxiupA+qs2/fTE=", "n=user,r=fyko+d2lbbFgONRv9qkxdawL,"
	"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i="
	"4096,"
	"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j", {0xbf, 0x45, 0xfc, 0xbf, 0x70, 0x73, 0xd9, 0x3d, 0x02, 0x24, 0x66, 0xc9,
	    0x43, 0x21, 0x74, 0x5f, 0xe1, 0xc8, 0xe1, 0x3b},
     {0xae, 0x61, 0x7d, 0xa6, 0xa5, 0x7c, 0x4b, 0xbb, 0x2e, 0x02, 0x86, 0x56,
	    0x8d, 0xae, 0x1d, 0x25, 0x19, 0x05, 0xb0, 0xa4}      },
    {SCRAM_SHA_256,
     "4096,"
	"W22ZaJ0SNY7soEsUEjb6gQ==,"
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",	      "n=user,r=rOprNGfwEbeRWgbNEkqO,"
	"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s="
	"W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
	"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",      {0x74, 0x7c, 0xdb, 0x65, 0xaa, 0x56, 0x22, 0x4e, 0x23, 0x52, 0x13, 0x7e,
	    0x52, 0xd7, 0xbd, 0xca, 0xd6, 0xa0, 0xf7, 0x38, 0xdf, 0x30, 0x78,
	    0x2c, 0xaa, 0x69, 0xa2, 0xcf, 0xb0, 0x27, 0x75, 0x54},
     {0xea, 0xba, 0xe2, 0x4d, 0x10, 0x62, 0xdb, 0x75, 0xa9, 0x45, 0x1f, 0xf0,
	    0xb6, 0xea, 0x7e, 0x98, 0xc8, 0x54, 0x65, 0x49, 0xff, 0x74, 0x1e,
	    0x67, 0x2d, 0x32, 0x51, 0xb2, 0x39, 0x7d, 0xe4, 0x6e}},
};

static void
proofs_of_the_rfcs_are_verified(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		size_t len = scram_len(known[i].hash);
		unsigned char signature[SCRAM_DIGEST];
		struct scram_keys keys;

		assert_true(scram_read(known[i].hash, known[i].keys, &keys));
		assert_true(scram_verify(known[i].hash, &keys, known[i].message,
		    strlen(known[i].message), known[i].proof, signature));
		check_bytes((const char *)signature, len,
		    (const char *)known[i].signature, len, "signature");
	}
}

static void
keys_are_derived(void **state)
{
	struct scram_keys want, keys;
	char text[SCRAM_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_true(scram_read(known[i].hash, known[i].keys, &want));
		keys = (struct scram_keys){.salt = want.salt};
		scram_derive(known[i].hash, "pencil", &keys);
		assert_true(scram_equal(known[i].hash, &keys, &want));
		scram_write(known[i].hash, &keys, text);
		check_text(text, known[i].keys, "keys as text");
		scram_derive(known[i].hash, "Pencil", &keys);
		assert_false(scram_equal(known[i].hash, &keys, &want));
	}
}

/* Any other bit of proof, message or key, and it is refused. */
static void
other_proofs_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		enum scram_hash hash = known[i].hash;
		unsigned char proof[SCRAM_DIGEST], none[SCRAM_DIGEST];
		struct scram_keys keys;
		char message[300];
		size_t len = strlen(known[i].message);

		assert_true(len < sizeof message);
		assert_true(scram_read(hash, known[i].keys, &keys));
		for (size_t bit = 0; bit < 8 * scram_len(hash); bit++) {
			memcpy(proof, known[i].proof, sizeof proof);
			proof[bit / 8] ^= (unsigned char)(1 << bit % 8);
			check(!scram_verify(hash, &keys, known[i].message, len,
				  proof, none),
			    "bit %zu", bit);
		}
		for (size_t at = 0; at < len; at++) {
			memcpy(message, known[i].message, len);
			message[at] ^= 1;
			check(!scram_verify(hash, &keys, message, len,
				  known[i].proof, none),
			    "octet %zu", at);
		}
		keys.stored[0] ^= 1;
		check(!scram_verify(hash, &keys, known[i].message, len,
			  known[i].proof, none),
		    "another key");
	}
}

static const struct {
	const char *what;
	const char *text;
} wrong[] = {
    {"nothing",             ""					     },
    {"a word",              "x"					    },
    {"no iterations",       ",QUJD," S20 "," S20                           },
    {"zero of them",        "0,QUJD," S20 "," S20                          },
    {"a sign",              "+1,QUJD," S20 "," S20                         },
    {"a space",             " 1,QUJD," S20 "," S20                         },
    {"hexadecimal",         "0x10,QUJD," S20 "," S20                       },
    {"too many",            "10000001,QUJD," S20 "," S20                   },
    {"far too many",        "99999999999999999999999,QUJD," S20 "," S20    },
    {"no salt",             "4096,," S20 "," S20                           },
    {"a salt of 49 bytes",  "4096," S49 "," S20 "," S20                    },
    {"a salt that is none", "4096,*," S20 "," S20                          },
    {"one of 300 digits",   "4096," A60 A60 A60 A60 A60 "," S20 "," S20    },
    {"one key",             "4096,QUJD," S20                               },
    {"one key and a comma", "4096,QUJD," S20 ","                           },
    {"three keys",          "4096,QUJD," S20 "," S20 "," S20               },
    {"a comma behind",      "4096,QUJD," S20 "," S20 ","                   },
    {"a short key",         "4096,QUJD,QUJD," S20                          },
    {"a short second key",  "4096,QUJD," S20 ",QUJD"                       },
    {"a long key",          "4096,QUJD," S32 "," S20                       },
    {"cut in a digit",      "4096,QUJD," S20 ",AAAAAAAAAAAAAAAAAAAAAAAAAAA"},
};

static void
what_is_not_keys_is_not_read(void **state)
{
	struct scram_keys keys;

	(void)state;
	assert_true(scram_read(SCRAM_SHA_1, "4096,QUJD," S20 "," S20, &keys));
	assert_true(scram_read(SCRAM_SHA_256, "1,QUJD," S32 "," S32, &keys));
	assert_int_equal(keys.salt.iterations, 1);
	check_bytes((char *)keys.salt.bytes, keys.salt.len, "ABC", 3, "salt");
	assert_false(
	    scram_read(SCRAM_SHA_256, "4096,QUJD," S20 "," S20, &keys));
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(!scram_read(SCRAM_SHA_1, wrong[i].text, &keys), "%s",
		    wrong[i].what);
}

/* The same for a name at any time, another for another name or key. */
static void
invented_salts_are_constant(void **state)
{
	unsigned char a[SCRAM_DIGEST] = "a", b[SCRAM_DIGEST] = "b";
	struct scram_salt one, two;

	(void)state;
	scram_invent(a, "joe", &one);
	scram_invent(a, "joe", &two);
	assert_int_equal(one.len, 16);
	assert_int_equal(one.iterations, 4096);
	assert_memory_equal(one.bytes, two.bytes, 16);
	scram_invent(a, "jof", &two);
	assert_memory_not_equal(one.bytes, two.bytes, 16);
	scram_invent(b, "joe", &two);
	assert_memory_not_equal(one.bytes, two.bytes, 16);
}

/* The longest that can be read can be written. */
static void
long_salts_come_back(void **state)
{
	static const char text[] = "10000000," S48 "," S32 "," S32;
	struct scram_keys keys;
	char back[SCRAM_TEXT];

	(void)state;
	assert_true(scram_read(SCRAM_SHA_256, text, &keys));
	scram_write(SCRAM_SHA_256, &keys, back);
	check_text(back, text, "keys");
}

static void
noise_is_no_danger(void **state)
{
	static const char some[] = "0149,,,=ABab+/\377 ";
	uint64_t seed = 5802;
	struct scram_keys keys;
	char text[400];

	(void)state;
	for (int i = 0; i < 100000; i++) {
		size_t n = draw(&seed, sizeof text);

		for (size_t j = 0; j < n; j++)
			text[j] = some[draw(&seed, sizeof some - 1)];
		text[n] = '\0';
		if (scram_read(SCRAM_SHA_1, text, &keys))
			assert_in_range(keys.salt.len, 1, SCRAM_SALT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(proofs_of_the_rfcs_are_verified),
	    cmocka_unit_test(keys_are_derived),
	    cmocka_unit_test(other_proofs_are_refused),
	    cmocka_unit_test(what_is_not_keys_is_not_read),
	    cmocka_unit_test(invented_salts_are_constant),
	    cmocka_unit_test(long_salts_come_back),
	    cmocka_unit_test(noise_is_no_danger),
	};

	return cmocka_run_group_tests_name("scram", tests, NULL, NULL);
}
