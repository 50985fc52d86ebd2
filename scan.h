/*
 * scan.h - find the messages of an mbox, in one pass
 *
 * The mail is a stranger's, the file may be changed by others meanwhile.
 * Memory is bounded whatever the file holds.
 */
#ifndef SCAN_H
#define SCAN_H

#include "index.h"

#define SCAN_HEADER 65536 /* bytes of a From_ line and header that count */
#define SCAN_MOST   ((off_t)1 << 46) /* bytes of an mbox */

struct scan {
	/* The caller's: */
	int fd;     /* borrowed */
	off_t from; /* where a message begins, or the file */
	off_t to;
	const char *path; /* borrowed, for the log */
	enum trouble (*take)(void *arg, const struct message *one);
	void *arg; /* borrowed */
	/* The result: */
	off_t start; /* of the first message that is mail */

	/* Its own: the part of the file that is in memory, ... */
	char *buf;
	off_t base;  /* where buf begins in the file */
	size_t have; /* bytes of it */
	size_t at;   /* bytes of those that are done with */
	/* ... and the message that is being read. */
	off_t offset;
	off_t content;
	off_t body;
	uint64_t octets;
	uint32_t sum;
	int is_summed;
	int pseudo; /* which marks of c-client's message were seen */
};

/*
 * Gives take() each message that begins between "from" and "to", in order,
 * all but its id, until it says other than FINE, which is returned. CHANGED if
 * the file ends too early; PERM if it does not begin with a From_ line, TEMP,
 * logged, if it cannot be read or memory lacks. Nothing to close.
 */
enum trouble scan_run(struct scan *s);

/*
 * Is the message that was found there, and ended at "end", still there? Looks
 * at its From_ line and header only. CHANGED if not; TEMP, with errno, if that
 * cannot be read.
 */
enum trouble scan_again(int fd, const struct message *one, off_t end);

#endif
