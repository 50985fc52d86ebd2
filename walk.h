/*
 * walk.h - the lines of a part of a file
 *
 * Reads in blocks and hands out lines. A line that is longer than half the
 * buffer comes in pieces, so that memory is bounded whatever the file holds.
 */
#ifndef WALK_H
#define WALK_H

#include "log.h"

#include <stddef.h>
#include <sys/types.h>

struct walk {
	int fd;      /* borrowed */
	off_t at;    /* where the next block begins */
	off_t end;   /* of the part */
	char *buf;   /* borrowed */
	size_t room; /* bytes, of buf */
	size_t used; /* bytes of buf that were handed out */
	size_t have; /* bytes of buf that were read */
	int inside;  /* the last piece did not end its line */
	char last;   /* byte of the last piece */
};

struct piece {
	const char *bytes; /* valid until the next call */
	size_t len;        /* at least 1 */
	off_t offset;      /* in the file */
	int starts;        /* at the start of a line */
	int ends;          /* with the LF of its line */
	int blank;         /* a whole line with nothing on it */
	size_t added;      /* octets more when it is sent with CRLF: 0 or 1 */
};

/* From "from" to "to", with a buffer of the caller's. Reads nothing yet. */
void walk_open(
    struct walk *w, int fd, off_t from, off_t to, char *buf, size_t room);

/*
 * The next piece; its len is 0 at the end of the part. CHANGED if the file
 * ends before the part does; TEMP, with errno, if it cannot be read.
 */
enum trouble walk_next(struct walk *w, struct piece *p);

#endif
