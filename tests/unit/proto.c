/*
 * Tests of proto.c: what is a verb, an argument, a number.
 */
#include "../../proto.h"

#include "test.h"

static const struct {
	const char *line;
	const char *verb;
	const char *rest;
} verbs[] = {
    {"QUIT",       "QUIT",    ""     },
    {"RETR 1",     "RETR",    "1"    },
    {"RETR  1",    "RETR",    " 1"   },
    {"retr 1",     "retr",    "1"    },
    {" RETR 1",    "RETR",    "1"    },
    {"PASS  a b ", "PASS",    " a b "},
    {"QUIT ",      "QUIT",    ""     },
    {"",	   "",        ""     },
    {"   ",        "",        ""     },
    {"RETR\t1",    "RETR\t1", ""     },
    {"RETR1",      "RETR1",   ""     },
};

static void
verbs_are_cut_off(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verbs); i++) {
		char line[64], *rest;

		snprintf(line, sizeof line, "%s", verbs[i].line);
		check_text(
		    proto_verb(line, &rest), verbs[i].verb, verbs[i].line);
		check_text(rest, verbs[i].rest, verbs[i].line);
	}
}

#define NO_ARG    "this command takes no argument"
#define NEEDED    "a message number is needed"
#define FROM_1    "messages are numbered from 1"
#define TOO_MANY  "too many arguments"
#define NO_LINES  "a number of lines is needed"
#define DIGITS_30 "999999999999999999999999999999"
#define ZEROS_29  "00000000000000000000000000000"
#define NUMBER    "a message number is made of digits only"
#define LINES     "a number of lines is made of digits only"
#define MOST      UINT32_MAX

static const struct {
	enum shape shape;
	const char *rest;
	const char *wrong; /* or NULL, and then: */
	uint32_t number;
	uint32_t lines;
} numbers[] = {
    {ARG_NONE,      "",		     NULL,     0,    0   },
    {ARG_NONE,      "   ",                  NULL,     0,    0   },
    {ARG_NONE,      "1",		    NO_ARG,   0,    0   },
    {ARG_NONE,      " x",                   NO_ARG,   0,    0   },
    {ARG_MSG,       "1",		    NULL,     1,    0   },
    {ARG_MSG,       "  1  ",                NULL,     1,    0   },
    {ARG_MSG,       "007",                  NULL,     7,    0   },
    {ARG_MSG,       "4294967294",           NULL,     ~1U,  0   },
    {ARG_MSG,       "4294967295",           NULL,     MOST, 0   },
    {ARG_MSG,       "4294967296",           NULL,     MOST, 0   },
    {ARG_MSG,       "4294967297",           NULL,     MOST, 0   },
    {ARG_MSG,       "18446744073709551617", NULL,     MOST, 0   },
    {ARG_MSG,       DIGITS_30,              NULL,     MOST, 0   },
    {ARG_MSG,       ZEROS_29 "1",           NULL,     1,    0   },
    {ARG_MSG,       "",		     NEEDED,   0,    0   },
    {ARG_MSG,       "  ",                   NEEDED,   0,    0   },
    {ARG_MSG,       "0",		    FROM_1,   0,    0   },
    {ARG_MSG,       "00",                   FROM_1,   0,    0   },
    {ARG_MSG,       "-1",                   NUMBER,   0,    0   },
    {ARG_MSG,       "+1",                   NUMBER,   0,    0   },
    {ARG_MSG,       "1x",                   NUMBER,   0,    0   },
    {ARG_MSG,       "x1",                   NUMBER,   0,    0   },
    {ARG_MSG,       "0x1",                  NUMBER,   0,    0   },
    {ARG_MSG,       "1.0",                  NUMBER,   0,    0   },
    {ARG_MSG,       "1\t",                  NUMBER,   0,    0   },
    {ARG_MSG,       "\3611",                NUMBER,   0,    0   },
    {ARG_MSG,       "1 2",                  TOO_MANY, 0,    0   },
    {ARG_OPT_MSG,   "",                     NULL,     0,    0   },
    {ARG_OPT_MSG,   " ",                    NULL,     0,    0   },
    {ARG_OPT_MSG,   "12",                   NULL,     12,   0   },
    {ARG_OPT_MSG,   "0",                    FROM_1,   0,    0   },
    {ARG_OPT_MSG,   "-1",                   NUMBER,   0,    0   },
    {ARG_OPT_MSG,   "1 2",                  TOO_MANY, 0,    0   },
    {ARG_MSG_LINES, "1 0",                  NULL,     1,    0   },
    {ARG_MSG_LINES, "2 10",                 NULL,     2,    10  },
    {ARG_MSG_LINES, "  2   10  ",           NULL,     2,    10  },
    {ARG_MSG_LINES, "1 4294967296",         NULL,     1,    MOST},
    {ARG_MSG_LINES, "1 " DIGITS_30,         NULL,     1,    MOST},
    {ARG_MSG_LINES, "1",                    NO_LINES, 0,    0   },
    {ARG_MSG_LINES, "",                     NEEDED,   0,    0   },
    {ARG_MSG_LINES, "1 -1",                 LINES,    0,    0   },
    {ARG_MSG_LINES, "1 x",                  LINES,    0,    0   },
    {ARG_MSG_LINES, "x 1",                  NUMBER,   0,    0   },
    {ARG_MSG_LINES, "0 1",                  FROM_1,   0,    0   },
    {ARG_MSG_LINES, "1 2 3",                TOO_MANY, 0,    0   },
};

static void
numbers_are_plain_digits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct args args = {.number = 99, .lines = 99};
		const char *wrong;
		char rest[64];

		snprintf(rest, sizeof rest, "%s", numbers[i].rest);
		wrong = proto_args(numbers[i].shape, rest, &args);
		check_text(wrong == NULL ? "" : wrong,
		    numbers[i].wrong == NULL ? "" : numbers[i].wrong,
		    numbers[i].rest);
		if (wrong != NULL)
			continue;
		check(
		    args.number == numbers[i].number, "'%s'", numbers[i].rest);
		check(args.lines == numbers[i].lines, "'%s'", numbers[i].rest);
	}
}

static const struct {
	enum shape shape;
	const char *rest;
	const char *wrong;
	const char *name;
	const char *word;
} words[] = {
    {ARG_NAME,      "joe",       NULL,				  "joe",     NULL    },
    {ARG_NAME,      "  joe  ",   NULL,				  "joe",     NULL    },
    {ARG_NAME,      "joe doe",   NULL,				  "joe doe", NULL    },
    {ARG_NAME,      "",          "a user name is needed",               NULL,      NULL    },
    {ARG_NAME,      "   ",       "a user name is needed",               NULL,      NULL    },
    {ARG_SECRET,    "secret",    NULL,				  NULL,      "secret"},
    {ARG_SECRET,    " a  b ",    NULL,				  NULL,      " a  b "},
    {ARG_SECRET,    " ",         NULL,				  NULL,      " "     },
    {ARG_SECRET,    "",          "a password is needed",                NULL,      NULL    },
    {ARG_NAME_WORD, "joe c4c9",  NULL,                                  "joe",     "c4c9"  },
    {ARG_NAME_WORD, " joe  c4 ", NULL,                                  "joe",     "c4"    },
    {ARG_NAME_WORD, "joe",       "a user name and a digest are needed", NULL,      NULL    },
    {ARG_NAME_WORD, "",          "a user name and a digest are needed", NULL,      NULL    },
    {ARG_NAME_WORD, "a b c",     "too many arguments",                  NULL,      NULL    },
    {ARG_OPT_WORDS, "",          NULL,				  NULL,      NULL    },
    {ARG_OPT_WORDS, "PLAIN",     NULL,                                  "PLAIN",   NULL    },
    {ARG_OPT_WORDS, "PLAIN =",   NULL,                                  "PLAIN",   "="     },
    {ARG_OPT_WORDS, "a b c",     "too many arguments",                  NULL,      NULL    },
};

/* NULL is told from an empty word. */
static const char *
shown(const char *text)
{
	return text == NULL ? "(none)" : text;
}

static void
words_are_cut_at_spaces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct args args;
		const char *wrong;
		char rest[64];

		snprintf(rest, sizeof rest, "%s", words[i].rest);
		wrong = proto_args(words[i].shape, rest, &args);
		check_text(shown(wrong), shown(words[i].wrong), words[i].rest);
		if (wrong != NULL)
			continue;
		check_text(
		    shown(args.name), shown(words[i].name), words[i].rest);
		check_text(
		    shown(args.word), shown(words[i].word), words[i].rest);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(verbs_are_cut_off),
	    cmocka_unit_test(numbers_are_plain_digits),
	    cmocka_unit_test(words_are_cut_at_spaces),
	};

	return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
