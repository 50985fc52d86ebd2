/*
 * line.h - cut client bytes into command lines
 *
 * Pure: no system calls, no allocation, no globals. The caller reads from
 * the network and feeds what it got; how the bytes were split does not
 * change the lines that come out.
 */
#ifndef LINE_H
#define LINE_H

#include <stddef.h>

#define LINE_COMMAND 255   /* octets with the line end: RFC 2449 s. 4 */
#define LINE_SASL    12290 /* octets with the line end: RFC 5034 s. 4 */

enum line_status {
	LINE_MORE,  /* no whole line yet: feed again */
	LINE_READY, /* text holds one line, without its line end */
	LINE_BAD    /* too long, or held a NUL: dropped up to its line end */
};

struct line_reader {
	char text[LINE_SASL]; /* after LINE_READY: a C string, valid until
				 the next call */
	size_t len;           /* bytes of the unfinished line, in text */
	size_t limit;         /* LINE_COMMAND or LINE_SASL */
	const char *bytes;    /* borrowed from line_feed(), not consumed yet */
	size_t left;          /* bytes, at "bytes" */
	int bad;              /* the line being collected will be LINE_BAD */
};

/* An empty reader for command lines. */
void line_init(struct line_reader *in);

/* Lends n bytes; they must outlive the line_next() calls that use them. */
void line_feed(struct line_reader *in, const char *bytes, size_t n);

/* Cannot fail. LF and CRLF both end a line; a CR elsewhere is kept. */
enum line_status line_next(struct line_reader *in);

/* Forgets everything that was read, wiping it: it may hold a password. */
void line_wipe(struct line_reader *in);

#endif
