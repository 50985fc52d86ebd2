/*
 * Tests of prep.c: its bounds. tests/prepare.py has what becomes of characters.
 */
#include "../../prep.h"

#include "test.h"

#define TOO_LONG "user name or password is too long"

/* So many of that letter. */
static const char *
repeat(const char *letter, size_t times)
{
	static char text[20000];
	size_t len = strlen(letter);

	assert_true(len * times < sizeof text);
	for (size_t i = 0; i < times; i++)
		memcpy(text + i * len, letter, len);
	text[len * times] = '\0';
	return text;
}

static const struct {
	const char *what;
	const char *letter;
	size_t times;
	size_t room;
	size_t len; /* of the result; 0: it is too long */
} texts[] = {
    {"ASCII that fits",           "a",            255,  256,  255    },
    {"one more",		  "a",            256,  256,  0      },
    {"umlauts that fit",          "\xc3\xa4",     127,  256,  254    },
    {"one more",		  "\xc3\xa4",     128,  256,  0      },
    {"just as many as fit",       "\xc3\xa4",     128,  257,  256    },
    {"more than are taken",       "\xc3\xa4",     1531, 9999, 0      },
    {"all that are taken",        "\xc3\xa4",     765,  9999, 1530   },
    {"... in their parts",        "\xc3\xa4",     766,  9999, 0      },
    {"what becomes 18 of one",    "\xef\xb7\xba", 85,   9999, 85 * 33},
    {"... and one more",          "\xef\xb7\xba", 86,   9999, 0      },
    {"what is no UTF-8 and fits", "\xff",         255,  256,  255    },
    {"what is none and does not", "\xff",         256,  256,  0      },
};

static void
nothing_is_longer_than_its_room(void **state)
{
	char out[10000];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = repeat(texts[i].letter, texts[i].times);
		const char *wrong;

		memset(out, 'x', sizeof out);
		wrong = prep_query(PREP_SASL, text, out, texts[i].room);
		check(out[texts[i].room] == 'x', "%s: behind the room",
		    texts[i].what);
		if (texts[i].len == 0) {
			check(wrong != NULL, "%s: it fits", texts[i].what);
			check_text(wrong, TOO_LONG, texts[i].what);
			continue;
		}
		check(wrong == NULL, "%s: %s", texts[i].what, wrong);
		check(strlen(out) == texts[i].len, "%s: %zu", texts[i].what,
		    strlen(out));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_longer_than_its_room),
	};

	return cmocka_run_group_tests_name("prep", tests, NULL, NULL);
}
