/*
 * from.c - is this line the From_ line that begins a message?
 *
 * Trusts nothing: the line is a stranger's. Goes through it once, since there can
 * be as many as there is mail.
 */
#include "from.h"

#include <string.h>

/* What a word can be in a date. */
enum word { OTHER, WEEKDAY, MONTH, DAY, YEAR, CLOCK };

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
are_digits(const char *text, size_t n)
{
	while (n > 0 && is_digit(text[n - 1]))
		n--;
	return n == 0;
}

/* Is the word of three letters one of the names in the list? */
static int
is_name(const char *word, const char *list)
{
	for (; *list != '\0'; list += 3)
		if (word[0] == list[0] && word[1] == list[1] &&
		    word[2] == list[2])
			return 1;
	return 0;
}

/* "10:00" or "10:00:59"; there may be one digit less. */
static int
is_clock(const char *word, size_t n)
{
	size_t hour = n > 1 && word[1] == ':' ? 1 : 2;

	if (n != hour + 3 && n != hour + 6)
		return 0;
	return word[hour] == ':' && are_digits(word, hour) &&
	    are_digits(word + hour + 1, 2) &&
	    (n == hour + 3 ||
		(word[hour + 3] == ':' && are_digits(word + hour + 4, 2)));
}

static enum word
kind_of(const char *word, size_t n)
{
	if (n == 3 && is_name(word, "MonTueWedThuFriSatSun"))
		return WEEKDAY;
	if (n == 3 && is_name(word, "JanFebMarAprMayJunJulAugSepOctNovDec"))
		return MONTH;
	if (n == 0 || !is_digit(word[0]))
		return OTHER;
	if (n <= 2)
		return are_digits(word, n) ? DAY : OTHER;
	if (n == 4 && are_digits(word, n))
		return YEAR;
	return is_clock(word, n) ? CLOCK : OTHER;
}

/*
 * Is there, behind a sender that may be missing or hold spaces,
 *   "Mon Jan  1 10:00:00 2024", with at most two zones before the year, or
 *   "1 Jan 2024 10:00:00", as in RFC 5322?
 */
static int
has_date(const char *at, const char *end)
{
	enum word one = OTHER, two = OTHER, three = OTHER; /* words ago */
	int years = 0; /* how many of the next words may be the year */

	while (at < end) {
		const char *word = at;
		enum word kind;

		while (at < end && *at != ' ')
			at++;
		kind = kind_of(word, (size_t)(at - word));
		if (kind == YEAR && years > 0)
			return 1;
		years -= years > 0;
		if (kind == CLOCK && two == MONTH) {
			if (one == YEAR && three == DAY)
				return 1;
			if (one == DAY && three == WEEKDAY)
				years = 3;
		}
		three = two;
		two = one;
		one = kind;
		while (at < end && *at == ' ')
			at++;
	}
	return 0;
}

int
from_is_line(const char *line, size_t len)
{
	const char *at = line + 5, *end = line + len;

	if (len < sizeof "From " || len > FROM_MAX ||
	    memcmp(line, "From ", 5) != 0 ||
	    memchr(line, ':', len) == NULL) /* no date is without a clock */
		return 0;
	while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	while (at < end && *at == ' ')
		at++;
	return has_date(at, end);
}
