/*
 * prep.c - names and passwords as they are compared: RFC 4013, RFC 8265
 *
 * libunistring knows the characters; the loops are ours since its own allocate
 * memory, which the login process cannot, and leave passwords in it. It knows
 * more than the Unicode 3.2 of the RFC: what has come since is treated as
 * what was there already.
 */
#include "prep.h"

#include "log.h"

#include <stdint.h>
#include <string.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define MOST 1530 /* of 255 bytes: U+FDFA, three of them, becomes 18 */

struct points {
	ucs4_t at[MOST];
	size_t len;
};

struct range {
	ucs4_t first, last;
};

/* RFC 3454, C.1.2: they become a space. */
static const struct range spaces[] = {
    {0x00a0, 0x00a0},
    {0x1680, 0x1680},
    {0x2000, 0x200b},
    {0x202f, 0x202f},
    {0x205f, 0x205f},
    {0x3000, 0x3000},
};

/* B.1: they become nothing. */
static const struct range nothings[] = {
    {0x00ad, 0x00ad},
    {0x034f, 0x034f},
    {0x1806, 0x1806},
    {0x180b, 0x180d},
    {0x200c, 0x200d},
    {0x2060, 0x2060},
    {0xfe00, 0xfe0f},
    {0xfeff, 0xfeff},
};

/* C.2.1 to C.9, but for C.5, which is not UTF-8, and the ends of planes. */
static const struct range prohibited[] = {
    {0x0000,   0x001f  },
    {0x007f,   0x009f  },
    {0x0340,   0x0341  },
    {0x06dd,   0x06dd  },
    {0x070f,   0x070f  },
    {0x180e,   0x180e  },
    {0x200c,   0x200f  },
    {0x2028,   0x202e  },
    {0x2060,   0x2063  },
    {0x206a,   0x206f  },
    {0x2ff0,   0x2ffb  },
    {0xe000,   0xf8ff  },
    {0xfdd0,   0xfdef  },
    {0xfeff,   0xfeff  },
    {0xfff9,   0xfffd  },
    {0x1d173,  0x1d17a },
    {0xe0001,  0xe0001 },
    {0xe0020,  0xe007f },
    {0xf0000,  0xffffd },
    {0x100000, 0x10fffd},
};

#define IS_IN(table, c) is_in(table, COUNT(table), c)

static int
is_in(const struct range *ranges, size_t count, ucs4_t c)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return 1;
	return 0;
}

static int
is_prohibited(ucs4_t c)
{
	return IS_IN(prohibited, c) || (c & 0xfffe) == 0xfffe;
}

static int
add(struct points *p, ucs4_t c)
{
	if (p->len == MOST)
		return 0;
	p->at[p->len++] = c;
	return 1;
}

/* RFC 4013 s. 2.1. What is not UTF-8 becomes U+FFFD, which is prohibited. */
static int
map(enum prep_form form, const char *text, struct points *p)
{
	size_t left = strlen(text);
	ucs4_t c;

	while (left > 0) {
		int n = u8_mbtouc(&c, (const uint8_t *)text, left);

		must(n > 0 && (size_t)n <= left);
		text += n;
		left -= (size_t)n;
		if (IS_IN(spaces, c))
			c = ' ';
		else if (form == PREP_SASL && IS_IN(nothings, c))
			continue;
		if (!add(p, c))
			return 0;
	}
	return 1;
}

/* Each into its parts, and these into theirs. */
static int
decompose(struct points *p, int compatibly)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	size_t i = 0;

	while (i < p->len) {
		int tag, n = uc_decomposition(p->at[i], &tag, parts);
		size_t more = (size_t)n - 1;

		if (n <= 0 || (tag != UC_DECOMP_CANONICAL && !compatibly)) {
			i++;
			continue;
		}
		if (more > MOST - p->len)
			return 0;
		memmove(&p->at[i + 1 + more], &p->at[i + 1],
		    (p->len - i - 1) * sizeof *p->at);
		memcpy(&p->at[i], parts, (size_t)n * sizeof *p->at);
		p->len += more;
	}
	explicit_bzero(parts, sizeof parts);
	return 1;
}

/* The marks that follow a letter, by their classes. */
static void
order(struct points *p)
{
	for (size_t i = 1; i < p->len; i++) {
		ucs4_t c = p->at[i];
		int class = uc_combining_class(c);
		size_t to = i;

		if (class == 0)
			continue;
		for (; to > 0 && uc_combining_class(p->at[to - 1]) > class;
		     to--)
			p->at[to] = p->at[to - 1];
		p->at[to] = c;
	}
}

/* Letters and marks into one, where nothing of the mark's class or a higher
 * one stands between. */
static void
compose(struct points *p)
{
	size_t letter = 0, len = 0;
	int last = 256; /* class of what was kept last */

	for (size_t i = 0; i < p->len; i++) {
		ucs4_t c = p->at[i], one = 0;
		int class = uc_combining_class(c);

		if (len > 0 && (letter + 1 == len || last < class))
			one = uc_composition(p->at[letter], c);
		if (one != 0) {
			p->at[letter] = one;
			continue;
		}
		if (class == 0)
			letter = len;
		last = class;
		p->at[len++] = c;
	}
	p->len = len;
}

/* RFC 3454 s. 6: all from right to left, if any, but for signs inside. */
static int
mixes_directions(const struct points *p)
{
	int right = 0, left = 0, first = 0, last = 0;

	for (size_t i = 0; i < p->len; i++) {
		int class = uc_bidi_class(p->at[i]);

		last = class == UC_BIDI_R || class == UC_BIDI_AL;
		right |= last;
		left |= class == UC_BIDI_L;
		if (i == 0)
			first = last;
	}
	return right && (left || !first || !last);
}

static const char *
check(const struct points *p, int is_stored)
{
	int allowed = !mixes_directions(p);

	if (p->len == 0)
		return "user name and password are both needed";
	for (size_t i = 0; i < p->len; i++)
		allowed &= !is_prohibited(p->at[i]) &&
		    !(is_stored &&
			uc_is_general_category(p->at[i], UC_UNASSIGNED));
	return allowed ? NULL
		       : "a character of the user name or password is not "
			 "allowed there";
}

static int
write_text(const struct points *p, char *out, size_t room)
{
	size_t len = 0;

	for (size_t i = 0; i < p->len; i++) {
		uint8_t bytes[4];
		int n = u8_uctomb(bytes, p->at[i], sizeof bytes);

		must(n > 0);
		if ((size_t)n >= room - len)
			return 0;
		memcpy(out + len, bytes, (size_t)n);
		len += (size_t)n;
	}
	out[len] = '\0';
	return 1;
}

static const char *
prepare(enum prep_form form, int is_stored, const char *text, char *out,
    size_t room)
{
	struct points p = {.len = 0};
	int fits = map(form, text, &p) && decompose(&p, form == PREP_SASL);
	const char *wrong = NULL;

	order(&p);
	compose(&p);
	if (form == PREP_SASL)
		wrong = check(&p, is_stored);
	if (wrong == NULL && (!fits || !write_text(&p, out, room)))
		wrong = "user name or password is too long";
	if (wrong != NULL)
		explicit_bzero(out, room);
	explicit_bzero(&p, sizeof p);
	return wrong;
}

static int
is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

static int
is_utf8(const char *text)
{
	return u8_check((const uint8_t *)text, strlen(text)) == NULL;
}

const char *
prep_query(enum prep_form form, const char *text, char *out, size_t room)
{
	size_t len = strlen(text);

	if (!is_ascii(text) && is_utf8(text))
		return prepare(form, 0, text, out, room);
	if (len >= room)
		return "user name or password is too long";
	memcpy(out, text, len + 1);
	return NULL;
}

const char *
prep_strictly(const char *text, char *out, size_t room)
{
	return prepare(PREP_SASL, 0, text, out, room);
}

const char *
prep_stored(const char *text, char *out, size_t room)
{
	return prepare(PREP_SASL, 1, text, out, room);
}
