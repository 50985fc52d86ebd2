/*
 * line.c - cut client bytes into command lines
 *
 * Trusts nothing: the bytes are the network's. Memory is bounded by the
 * reader itself; of a line that is too long only the fact is remembered.
 */
#include "line.h"

#include <string.h>

void
line_init(struct line_reader *in)
{
	in->len = 0;
	in->limit = LINE_COMMAND;
	in->bytes = NULL;
	in->left = 0;
	in->bad = 0;
}

void
line_feed(struct line_reader *in, const char *bytes, size_t n)
{
	in->bytes = bytes;
	in->left = n;
}

/* Adds n bytes, the last of them the LF if the line is whole. */
static void
collect(struct line_reader *in, const char *bytes, size_t n)
{
	if (n > in->limit - in->len || memchr(bytes, '\0', n) != NULL) {
		in->bad = 1;
		in->len = 0;
	}
	if (in->bad)
		return;
	memcpy(in->text + in->len, bytes, n);
	in->len += n;
}

enum line_status
line_next(struct line_reader *in)
{
	const char *lf;
	size_t n;

	if (in->left == 0)
		return LINE_MORE;
	lf = memchr(in->bytes, '\n', in->left);
	n = lf == NULL ? in->left : (size_t)(lf - in->bytes) + 1;
	collect(in, in->bytes, n);
	in->bytes += n;
	in->left -= n;
	if (lf == NULL)
		return LINE_MORE;
	if (in->bad) {
		in->bad = 0;
		return LINE_BAD;
	}
	in->len--;
	if (in->len > 0 && in->text[in->len - 1] == '\r')
		in->len--;
	in->text[in->len] = '\0';
	in->len = 0;
	return LINE_READY;
}

void
line_wipe(struct line_reader *in)
{
	explicit_bzero(in->text, sizeof in->text);
	in->len = 0;
}
