/*
 * Tests of line.c: how the network splits the bytes must not matter, and no
 * line is longer than its limit.
 */
#include "../../line.h"

#include "test.h"

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *lines; /* each with a '|' after it; '!' is a bad one */
} cases[] = {
    {"CRLF and LF both end a line",  "STAT\r\nQUIT\n",       12, "STAT|QUIT|"},
    {"a CR inside a line is kept",   "A\rB\r\n",             5,  "A\rB|"     },
    {"only one CR belongs to it",    "A\r\r\n",              4,  "A\r|"      },
    {"a lone CR ends nothing",       "A\rB",                 3,  ""          },
    {"an empty line is a line",      "\r\n\nX\n",            5,  "||X|"      },
    {"a NUL spoils only its line",   "A\0B\nNOOP\n",         9,  "!|NOOP|"   },
    {"a NUL before the LF",          "A\0\nB\n",             5,  "!|B|"      },
    {"a NUL at the start",           "\0\r\nB\n",            5,  "!|B|"      },
    {"a NUL between CR and LF",      "A\r\0\nB\n",           6,  "!|B|"      },
    {"an unfinished line waits",     "QUIT",                 4,  ""          },
    {"also one behind a whole line", "NOOP\r\nQUIT\r",       11, "NOOP|"     },
    {"nothing is nothing",           "",                     0,  ""          },
    {"bytes above 127 are bytes",    "\377\200\n",           3,  "\377\200|" },
    {"spaces are kept",              " a  b \r\n",           8,  " a  b |"   },
    {"pipelined commands",           "A\r\nB\r\nC\r\nD\r\n", 12, "A|B|C|D|"  },
};

static void
take_all(struct line_reader *in, char *got, size_t room)
{
	size_t len = strlen(got);

	for (;;) {
		enum line_status status = line_next(in);

		if (status == LINE_MORE)
			return;
		len += (size_t)snprintf(got + len, room - len, "%s|",
		    status == LINE_BAD ? "!" : in->text);
		assert_true(len < room);
	}
}

/* Feeds the bytes in pieces of "step", the first of "first". */
static void
feed_pieces(const char *bytes, size_t n, size_t first, size_t step, char *got,
    size_t room)
{
	struct line_reader in;

	line_init(&in);
	got[0] = '\0';
	for (size_t at = 0, some = first; at < n; at += some, some = step) {
		if (some > n - at)
			some = n - at;
		line_feed(&in, bytes + at, some);
		take_all(&in, got, room);
	}
}

static void
every_cut_gives_the_same_lines(void **state)
{
	char got[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t cut = 0; cut <= cases[i].n; cut++) {
			feed_pieces(cases[i].bytes, cases[i].n, cut, cases[i].n,
			    got, sizeof got);
			check_text(got, cases[i].lines, cases[i].what);
		}
}

static void
every_step_gives_the_same_lines(void **state)
{
	char got[256];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step <= cases[i].n; step++) {
			feed_pieces(cases[i].bytes, cases[i].n, step, step, got,
			    sizeof got);
			check_text(got, cases[i].lines, cases[i].what);
		}
}

static const struct {
	const char *what;
	size_t limit; /* of the reader */
	size_t len;   /* of the line, without its end */
	const char *end;
	int fits;
} limits[] = {
    {"255 octets with CRLF",   LINE_COMMAND, 253,   "\r\n", 1},
    {"256 octets with CRLF",   LINE_COMMAND, 254,   "\r\n", 0},
    {"255 octets with LF",     LINE_COMMAND, 254,   "\n",   1},
    {"256 octets with LF",     LINE_COMMAND, 255,   "\n",   0},
    {"100,000 octets",         LINE_COMMAND, 99998, "\r\n", 0},
    {"SASL: 256 octets",       LINE_SASL,    254,   "\r\n", 1},
    {"SASL: 12290 octets",     LINE_SASL,    12288, "\r\n", 1},
    {"SASL: 12291 octets",     LINE_SASL,    12289, "\r\n", 0},
    {"SASL: 12290 octets, LF", LINE_SASL,    12289, "\n",   1},
    {"SASL: 12291 octets, LF", LINE_SASL,    12290, "\n",   0},
    {"SASL: 100,000 octets",   LINE_SASL,    99998, "\r\n", 0},
};

/* A line of x, and one behind it that must come through in any case. */
static size_t
make_long(size_t i, char *bytes)
{
	size_t end = strlen(limits[i].end);

	memset(bytes, 'x', limits[i].len);
	memcpy(bytes + limits[i].len, limits[i].end, end);
	memcpy(bytes + limits[i].len + end, "NOOP\r\n", 6);
	return limits[i].len + end + 6;
}

static void
read_long(size_t i, const char *bytes, size_t n, size_t step)
{
	size_t lines = 0;
	struct line_reader in;

	line_init(&in);
	in.limit = limits[i].limit;
	for (size_t at = 0; at < n; at += step) {
		enum line_status status;

		line_feed(&in, bytes + at, step < n - at ? step : n - at);
		while ((status = line_next(&in)) != LINE_MORE) {
			int is_first = lines++ == 0;
			size_t want = is_first ? limits[i].len : 4;

			check(status ==
				(is_first && !limits[i].fits ? LINE_BAD
							     : LINE_READY),
			    "%s, line %zu, step %zu", limits[i].what, lines,
			    step);
			check(status == LINE_BAD || strlen(in.text) == want,
			    "%s, line %zu, step %zu", limits[i].what, lines,
			    step);
		}
	}
	check(lines == 2, "%s, step %zu", limits[i].what, step);
}

static void
a_long_line_is_one_bad_line(void **state)
{
	static const size_t steps[] = {1, 2, 7, 254, 255, 256, 4096, 200000};
	static char bytes[100010];

	(void)state;
	for (size_t i = 0; i < COUNT(limits); i++) {
		size_t n = make_long(i, bytes);

		for (size_t j = 0; j < COUNT(steps); j++)
			read_long(i, bytes, n, steps[j]);
	}
}

static void
long_lines_of_nul_stay_one_bad_line(void **state)
{
	static char bytes[30000];
	char got[64];

	(void)state;
	memcpy(bytes + sizeof bytes - 3, "\nA\n", 3);
	feed_pieces(bytes, sizeof bytes, 100, 100, got, sizeof got);
	check_text(got, "!|A|", "NULs without end");
}

static void
a_line_that_follows_is_not_touched_yet(void **state)
{
	struct line_reader in;

	(void)state;
	line_init(&in);
	line_feed(&in, "A\r\nrest", 7);
	assert_int_equal(line_next(&in), LINE_READY);
	assert_int_equal(in.left, 4);
	assert_memory_equal(in.bytes, "rest", 4);
	assert_string_equal(in.text, "A");
}

static void
wiping_forgets_what_was_read(void **state)
{
	struct line_reader in;
	char got[64] = "";

	(void)state;
	line_init(&in);
	line_feed(&in, "PASS secret\r\nPASS sec", 21);
	assert_int_equal(line_next(&in), LINE_READY);
	assert_int_equal(line_next(&in), LINE_MORE);
	line_wipe(&in);
	for (size_t i = 0; i < sizeof in.text; i++)
		assert_int_equal(in.text[i], 0);
	line_feed(&in, "QUIT\r\n", 6);
	take_all(&in, got, sizeof got);
	check_text(got, "QUIT|", "nothing of the old line");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_cut_gives_the_same_lines),
	    cmocka_unit_test(every_step_gives_the_same_lines),
	    cmocka_unit_test(a_long_line_is_one_bad_line),
	    cmocka_unit_test(long_lines_of_nul_stay_one_bad_line),
	    cmocka_unit_test(a_line_that_follows_is_not_touched_yet),
	    cmocka_unit_test(wiping_forgets_what_was_read),
	};

	return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
