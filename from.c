/*
 * from.c - is this line the From_ line that begins a message?
 *
 * Trusts nothing: the line is a stranger's, and there can be as many as there is
 * mail. So it looks for what a date cannot be without, a clock, and only then at
 * the words around it.
 */
#include "from.h"

#include <string.h>

#define LONGEST 4 /* bytes of a word in a date, but for the clock */

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

/* What a word can be in a date. */
enum word { OTHER, WEEKDAY, MONTH, DAY, YEAR };

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

static enum word
kind_of(const char *word, size_t n)
{
	if (n == 3 && is_name(word, "MonTueWedThuFriSatSun"))
		return WEEKDAY;
	if (n == 3 && is_name(word, "JanFebMarAprMayJunJulAugSepOctNovDec"))
		return MONTH;
	if (n > 0 && n <= 2 && are_digits(word, n))
		return DAY;
	return n == 4 && are_digits(word, n) ? YEAR : OTHER;
}

/* Of the last word before *at, to whose beginning that goes. */
static enum word
word_before(const char *start, const char **at)
{
	const char *end = *at, *word;

	while (end > start && end[-1] == ' ')
		end--;
	word = end;
	while (word > start && word[-1] != ' ' && end - word <= LONGEST)
		word--;
	*at = word;
	return kind_of(word, (size_t)(end - word));
}

/* Is one of the next three words the year? The others may be zones. */
static int
has_year(const char *at, const char *end)
{
	for (int i = 0; i < 3; i++) {
		const char *word;

		while (at < end && *at == ' ')
			at++;
		word = at;
		while (at < end && *at != ' ')
			at++;
		if (kind_of(word, (size_t)(at - word)) == YEAR)
			return 1;
	}
	return 0;
}

/* Where the "10:00" or "10:00:59" ends whose first colon that is; NULL if it is
 * none. There may be one digit less, and *at is where they begin. */
static const char *
clock_around(
    const char *start, const char *colon, const char *end, const char **at)
{
	const char *word = colon;

	while (word > start && colon - word < 2 && is_digit(word[-1]))
		word--;
	*at = word;
	if (word == colon || (word > start && word[-1] != ' '))
		return NULL;
	if (end - colon < 3 || !are_digits(colon + 1, 2))
		return NULL;
	colon += 3;
	if (end - colon >= 3 && *colon == ':' && are_digits(colon + 1, 2))
		colon += 3;
	return colon == end || *colon == ' ' ? colon : NULL;
}

/*
 * Is there, behind a sender that may be missing or hold spaces,
 *   "Mon Jan  1 10:00:00 2024", with at most two zones before the year, or
 *   "1 Jan 2024 10:00:00", as in RFC 5322?
 */
static int
has_date(const char *start, const char *end)
{
	const char *colon = start;

	while ((colon = memchr(colon, ':', (size_t)(end - colon))) != NULL) {
		const char *at, *next = clock_around(start, colon, end, &at);
		enum word one, two, three; /* words ago */

		colon = next == NULL ? colon + 1 : next;
		if (next == NULL)
			continue;
		one = word_before(start, &at);
		two = word_before(start, &at);
		if (two != MONTH)
			continue;
		three = word_before(start, &at);
		if (one == YEAR && three == DAY)
			return 1;
		if (one == DAY && three == WEEKDAY && has_year(next, end))
			return 1;
	}
	return 0;
}

int
from_is_line(const char *line, size_t len)
{
	const char *at = line + 5, *end = line + len;

	if (len < sizeof "From " || len > FROM_MAX ||
	    memcmp(line, "From ", 5) != 0)
		return 0;
	while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	while (at < end && *at == ' ')
		at++;
	return has_date(at, end);
}
