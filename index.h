/*
 * index.h - what was learned of an mbox last time
 *
 * One file per maildrop, the mail user's own, in the state directory. It can
 * be deleted at any time: what is lost is time, and which of several
 * identical messages was the first. It is read as hostile input, checked by
 * a digest over the whole, and what it says of the mbox is believed only
 * while the mbox's stamp is the one it was written for.
 */
#ifndef INDEX_H
#define INDEX_H

#include "log.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define INDEX_ID 16 /* bytes of a digest that names a message */

/* All that tells one state of a file from another. */
struct stamp {
	uint64_t dev;
	uint64_t ino;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
};

/* One message of an mbox; 40 bytes, of which there may be 100,000. */
struct message {
	off_t offset;    /* in the mbox, of its From_ line */
	uint64_t octets; /* as RETR sends them, before dot-stuffing */
	unsigned char id[INDEX_ID]; /* see uidl.h; zeros: not known yet */
	uint32_t copy;     /* 1: first with this id, 2: second ...; 0: not
				   known yet */
	uint16_t from_len; /* bytes of the From_ line, its LF included */
	uint8_t tail;      /* bytes of the blank line behind it */
	uint8_t deleted;   /* marked by DELE; never stored */
};

struct index {
	struct stamp stamp;       /* of the mbox when it was scanned */
	struct timespec when;     /* it was scanned; by the same clock */
	off_t start;              /* of the first message that is shown */
	uint64_t print;           /* of all header lines: see struct mbox */
	struct message *messages; /* owned; NULL if there are none */
	uint32_t count;
};

/* How large an index of an mbox of that size can be. */
off_t index_most(off_t mbox_size);

/*
 * Reads an index. An absent, damaged or foreign one is as good as an empty
 * one: count is 0 and stamp all zeros. TEMP, logged, only if memory lacks.
 */
enum trouble index_read(struct index *x, int fd);

/*
 * Writes an index in place of what is there. Nothing is synced; a failure
 * leaves a file that index_read() will not believe.
 */
void index_write(const struct index *x, int fd);

/* Frees the messages. Safe on a closed one. */
void index_close(struct index *x);

/* Is "now" the same file in the same state? */
int index_same(const struct stamp *a, const struct stamp *b);

#endif
