/*
 * from.c - is this line the From_ line that begins a message?
 *
 * Trusts nothing: the line is a stranger's. Reads every byte a bounded number
 * of times.
 */
#include "from.h"

#include <string.h>

/* What is left of the line. */
struct rest {
	const char *at;
	const char *end;
};

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_spaces(struct rest *r)
{
	while (r->at < r->end && *r->at == ' ')
		r->at++;
}

/* Reads between "least" and "most" digits that nothing else is glued to. */
static int
read_digits(struct rest *r, size_t least, size_t most)
{
	size_t n = 0;

	while (r->at < r->end && is_digit(*r->at)) {
		r->at++;
		n++;
	}
	return n >= least && n <= most;
}

static int
read_char(struct rest *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return 0;
	r->at++;
	return 1;
}

/* One of the names of three letters in the list, then spaces. */
static int
read_name(struct rest *r, const char *list)
{
	if (r->end - r->at < 4 || r->at[3] != ' ')
		return 0;
	for (; *list != '\0'; list += 3)
		if (memcmp(r->at, list, 3) == 0) {
			r->at += 3;
			skip_spaces(r);
			return 1;
		}
	return 0;
}

static int
read_weekday(struct rest *r)
{
	return read_name(r, "MonTueWedThuFriSatSun");
}

static int
read_month(struct rest *r)
{
	return read_name(r, "JanFebMarAprMayJunJulAugSepOctNovDec");
}

/* "10:00" or "10:00:59", then a space or the end. */
static int
read_clock(struct rest *r)
{
	if (!read_digits(r, 1, 2) || !read_char(r, ':') ||
	    !read_digits(r, 2, 2))
		return 0;
	if (read_char(r, ':') && !read_digits(r, 2, 2))
		return 0;
	return r->at == r->end || *r->at == ' ';
}

/* Four digits as a word of their own. */
static int
read_year(struct rest *r)
{
	return read_digits(r, 4, 4) && (r->at == r->end || *r->at == ' ');
}

/* A year within the next three words: there may be zones before it. */
static int
find_year(struct rest *r)
{
	for (int i = 0; i < 3; i++) {
		struct rest year;

		skip_spaces(r);
		year = *r;
		if (read_year(&year))
			return 1;
		while (r->at < r->end && *r->at != ' ')
			r->at++;
	}
	return 0;
}

/* "Mon Jan  1 10:00:00 2024" */
static int
is_asctime(struct rest r)
{
	if (!read_weekday(&r) || !read_month(&r) || !read_digits(&r, 1, 2) ||
	    !read_char(&r, ' '))
		return 0;
	skip_spaces(&r);
	return read_clock(&r) && find_year(&r);
}

/* "Mon, 1 Jan 2024 10:00:00 +0000", the weekday being optional */
static int
is_rfc5322(struct rest r)
{
	if (r.end - r.at > 5 && r.at[3] == ',' && r.at[4] == ' ') {
		r.at += 5;
		skip_spaces(&r);
	}
	if (!read_digits(&r, 1, 2) || !read_char(&r, ' '))
		return 0;
	skip_spaces(&r);
	if (!read_month(&r) || !read_year(&r))
		return 0;
	skip_spaces(&r);
	return read_clock(&r);
}

int
from_is_line(const char *line, size_t len)
{
	struct rest r = {.at = line + 5, .end = line + len};

	if (len < sizeof "From " || len > FROM_MAX ||
	    memcmp(line, "From ", 5) != 0)
		return 0;
	while (r.end > r.at && (r.end[-1] == '\n' || r.end[-1] == '\r'))
		r.end--;
	/* The sender may be missing, or hold spaces: the date can begin at
	 * any word. */
	while (r.at < r.end) {
		skip_spaces(&r);
		if (is_asctime(r) || is_rfc5322(r))
			return 1;
		while (r.at < r.end && *r.at != ' ')
			r.at++;
	}
	return 0;
}
