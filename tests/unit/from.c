/*
 * Tests of from.c: what delivery agents write is a From_ line, what people
 * write is not.
 */
#include "../../from.h"

#include "test.h"

static const char *const accepted[] = {
    /* RFC 4155, and what most agents write */
    "From joe@example.org Mon Jan  1 10:00:00 2024",
    "From joe@example.org  Mon Jan  1 10:00:00 2024",
    "From joe@example.org Mon Jan 01 10:00:00 2024",
    "From joe@example.org Mon Jan 1 10:00:00 2024",
    "From joe@example.org Thu Feb 29 23:59:60 2024",
    "From MAILER-DAEMON Fri Jul  8 12:08:34 2011",
    "From joe@example.org Sat Dec 31 00:00:00 9999",
    "From joe@example.org Tue Mar 12 9:05:00 2024",
    "From joe@example.org Wed Apr 30 10:00 2024",
    /* zones */
    "From joe@example.org Mon Jan  1 10:00:00 EST 2024",
    "From joe@example.org Mon Jan  1 10:00:00 +0100 2024",
    "From joe@example.org Mon Jan  1 10:00:00 2024 +0100",
    "From joe@example.org Mon Jan  1 10:00:00 2024 EST",
    "From joe@example.org Mon Jan  1 10:00 PST8PDT 2024",
    "From joe@example.org Mon Jan  1 10:00:00 MET DST 2024",
    "From joe Mon Jan  1 10:00:00 2024 EET DST",
    /* UUCP */
    "From joe Mon Jan  1 10:00:00 2024 remote from there",
    "From joe Mon Jan  1 10:00 GMT 2024 remote from there",
    /* senders of any form */
    "From - Sat Jan  1 00:00:00 2000",
    "From <> Mon Jan  1 10:00:00 2024",
    "From Mon Jan  1 10:00:00 2024",
    "From  Mon Jan  1 10:00:00 2024",
    "From \"joe doe\"@example.org Mon Jan  1 10:00:00 2024",
    "From joe doe Mon Jan  1 10:00:00 2024",
    "From j\xc3\xb6rg@example.org Mon Jan  1 10:00:00 2024",
    "From Jan Mon Jan  1 10:00:00 2024",
    "From Mon Mon Jan  1 10:00:00 2024",
    "From 1 Mon Jan  1 10:00:00 2024",
    /* RFC 5322's date */
    "From joe@example.org Mon, 1 Jan 2024 10:00:00 +0000",
    "From joe@example.org Mon, 01 Jan 2024 10:00:00",
    "From joe@example.org 1 Jan 2024 10:00",
    "From 1 Jan 2024 1:00",
};

static const char *const refused[] = {
    "",
    "F",
    "From",
    "From ",
    "From  ",
    "From: joe@example.org Mon Jan  1 10:00:00 2024",
    "from joe@example.org Mon Jan  1 10:00:00 2024",
    "FROM joe@example.org Mon Jan  1 10:00:00 2024",
    ">From joe@example.org Mon Jan  1 10:00:00 2024",
    " From joe@example.org Mon Jan  1 10:00:00 2024",
    "From\tjoe@example.org Mon Jan  1 10:00:00 2024",
    "Fromjoe@example.org Mon Jan  1 10:00:00 2024",
    /* text that people write */
    "From here on it is easy.",
    "From time to time",
    "From Monday to Friday 10:00 in 2024",
    "From Mon to Fri",
    "From Jan 1 to Feb 2 2024",
    "From the meeting of Mon Jan 1 we know",
    "From 1 Jan 2024 on, prices are higher",
    "From 10:00 to 11:00",
    /* parts that are missing or wrong */
    "From joe@example.org",
    "From joe Mon",
    "From joe Mon Jan",
    "From joe Mon Jan  1",
    "From joe Mon Jan  1 10:00:00",
    "From joe Jan  1 10:00:00 2024",
    "From joe Mon  1 10:00:00 2024",
    "From joe Mon Jan 10:00:00 2024",
    "From joe Mon Jan  1 2024",
    "From joe Jan 2024 10:00",
    "From joe x Jan 2024 10:00",
    "From joe Mon Jan  1 10:00.00 2024",
    "From joe Mon Jan  1 10.00:00 2024",
    "From joe Mo Jan  1 10:00:00 2024",
    "From joe Monday Jan  1 10:00:00 2024",
    "From joe mon jan  1 10:00:00 2024",
    "From joe MON JAN  1 10:00:00 2024",
    "From joe Mon January 1 10:00:00 2024",
    "From joe Mon Jax  1 10:00:00 2024",
    "From joe Mon Jan 100 10:00:00 2024",
    "From joe Mon Jan  x 10:00:00 2024",
    "From joe Mon Jan  1 100:00:00 2024",
    "From joe Mon Jan  1 10:0:00 2024",
    "From joe Mon Jan  1 10:00:0 2024",
    "From joe Mon Jan  1 10.00.00 2024",
    "From joe Mon Jan  1 10:00:00: 2024",
    "From joe Mon Jan  1 :00:00 2024",
    "From joe Mon Jan  1 10:00:00x 2024",
    "From joe Mon Jan  1 10:00:00 24",
    "From joe Mon Jan  1 10:00:00 202",
    "From joe Mon Jan  1 10:00:00 20244",
    "From joe Mon Jan  1 10:00:00 2024x",
    "From joe Mon Jan  1 10:00:00 x2024",
    "From joe Mon Jan  1 10:00:00 a b c 2024",
    "From joeMon Jan  1 10:00:00 2024",
    "From joe MonJan  1 10:00:00 2024",
    "From joe 1 Jan 24 10:00:00",
    "From joe 1 Jan 2024",
    "From joe 1 January 2024 10:00",
    "From joe Mon, Jan 1 2024 10:00",
};

/* From a copy of just that size, so that a byte read too many is seen. */
static int
ask(const char *line, size_t len)
{
	char *copy = malloc(len + 1);
	int answer;

	assert_non_null(copy);
	memcpy(copy + 1, line, len);
	answer = from_is_line(copy + 1, len);
	free(copy);
	return answer;
}

static void
with_any_line_end(const char *line, int want)
{
	static const char *const ends[] = {"", "\n", "\r\n"};
	char whole[256];

	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(whole, sizeof whole, "%s%s", line, ends[i]);
		check(ask(whole, strlen(whole)) == want, "'%s', line end %zu",
		    line, i);
	}
}

static void
agents_lines_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++)
		with_any_line_end(accepted[i], 1);
}

static void
peoples_lines_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		with_any_line_end(refused[i], 0);
}

static void
all_days_and_months_are_known(void **state)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char line[80];

	(void)state;
	for (size_t d = 0; d < 7; d++)
		for (size_t m = 0; m < 12; m++) {
			snprintf(line, sizeof line,
			    "From a %.3s %.3s 10 10:00:00 2024", days + 3 * d,
			    months + 3 * m);
			with_any_line_end(line, 1);
			snprintf(line, sizeof line,
			    "From a %.3s, 10 %.3s 2024 10:00", days + 3 * d,
			    months + 3 * m);
			with_any_line_end(line, 1);
		}
}

/* Everything up to the year is needed. */
static void
no_truncated_line_is_accepted(void **state)
{
	static const char line[] =
	    "From joe@example.org Mon Jan  1 10:00:00 2024";

	(void)state;
	for (size_t len = 0; len < sizeof line - 1; len++)
		check(!ask(line, len), "the first %zu bytes", len);
}

static void
a_line_has_at_most_1000_bytes(void **state)
{
	static const char date[] = " Mon Jan  1 10:00:00 2024\n";
	char line[FROM_MAX + 1];

	(void)state;
	memset(line, 'x', sizeof line);
	memcpy(line, "From ", 5);
	memcpy(line + FROM_MAX - strlen(date), date, strlen(date));
	assert_true(ask(line, FROM_MAX));
	line[FROM_MAX - strlen(date)] = 'x';
	memcpy(line + FROM_MAX + 1 - strlen(date), date, strlen(date));
	assert_false(ask(line, FROM_MAX + 1));
}

static void
nul_bytes_are_bytes(void **state)
{
	static const char sender[] = "From a\0b Mon Jan  1 10:00:00 2024\n";
	static const char date[] = "From ab Mon\0Jan  1 10:00:00 2024\n";

	(void)state;
	assert_true(ask(sender, sizeof sender - 1));
	assert_false(ask(date, sizeof date - 1));
}

/* Whatever comes behind "From ", no byte outside the line is read. */
static void
noise_does_no_harm(void **state)
{
	static const char some[] = "MonJan 1 10:00:00 2024, \0\r\n\377x";
	uint64_t seed = 1;
	char line[64] = "From ";

	(void)state;
	for (int i = 0; i < 50000; i++) {
		size_t len = draw(&seed, sizeof line - 5);

		for (size_t j = 0; j < len; j++)
			line[5 + j] = some[draw(&seed, sizeof some - 1)];
		ask(line, 5 + len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(agents_lines_are_accepted),
	    cmocka_unit_test(peoples_lines_are_refused),
	    cmocka_unit_test(all_days_and_months_are_known),
	    cmocka_unit_test(no_truncated_line_is_accepted),
	    cmocka_unit_test(a_line_has_at_most_1000_bytes),
	    cmocka_unit_test(nul_bytes_are_bytes),
	    cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests_name("from", tests, NULL, NULL);
}
