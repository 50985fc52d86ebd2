/*
 * index.h - what was learned of an mbox last time
 *
 * One file per maildrop, the mail user's own, in the state directory. It can
 * be deleted at any time: what is lost is time, and which of several
 * identical messages was the first. Its head has the totals and the mbox's
 * stamp, and is enough for STAT; its messages are read when they are asked
 * for. Both are read as hostile input and checked by a digest, and what they
 * say of the mbox is believed only as mbox.h tells.
 */
#ifndef INDEX_H
#define INDEX_H

#include "log.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define INDEX_ID       11 /* bytes of a digest that names a message */
#define MESSAGE_PLACE  ((1ULL << 46) - 1) /* the largest offset */
#define MESSAGE_OCTETS ((1ULL << 47) - 1)
#define MESSAGE_COPIES ((1U << 24) - 1)

/* All that tells one state of a file from another. */
struct stamp {
	uint64_t dev;
	uint64_t ino;
	off_t size;
	struct timespec mtime;
	struct timespec ctime;
};

/* One message of an mbox; 32 bytes, of which there may be 1,000,000. */
struct message {
	uint64_t offset : 46;   /* in the mbox, of its From_ line */
	uint64_t tail : 2;      /* bytes of the blank line behind it */
	uint64_t from_len : 16; /* bytes of the From_ line, its LF included */
	uint64_t octets : 47;   /* as RETR sends them, before dot-stuffing */
	uint64_t deleted : 1;   /* marked by DELE; never stored */
	uint64_t copy : 24;     /* 1: first with this id, 2: second ...; 0: not
				   known yet */
	unsigned char id[INDEX_ID]; /* see uidl.h; zeros: not known yet */
	uint32_t sum; /* of its From_ line and header: see scan.h */
} __attribute__((packed, aligned(4)));

struct index {
	struct stamp stamp;       /* of the mbox when it was scanned */
	struct timespec when;     /* it was scanned; by the same clock */
	off_t start;              /* of the first message that is shown */
	uint64_t octets;          /* of all messages */
	uint32_t count;           /* of messages */
	int proven;               /* see struct mbox */
	int has_ids;              /* every message has its id */
	int some_ids;             /* at least those that were shown so far */
	uint64_t digest;          /* of the messages, as they are in the file */
	struct message *messages; /* owned; NULL if they were not read */
};

/*
 * Reads an index's head. An absent, damaged or foreign one, and one of more
 * messages than an mbox of that size can have, which are not worth their
 * memory, is as good as an empty one: count is 0 and stamp all zeros.
 */
void index_read(struct index *x, int fd, off_t mbox_size);

/*
 * Reads the messages of an index whose head was read. CHANGED if they are not
 * what the head was written for, or cannot be; TEMP, logged, if memory lacks.
 */
enum trouble index_read_messages(struct index *x, int fd);

/*
 * Writes an index in place of what is there, of which the first "kept"
 * messages are already as they should be. Sets its digest. Nothing is synced;
 * a failure, which is logged, leaves a file that will not be believed.
 */
void index_write(struct index *x, int fd, uint32_t kept);

/* It is to be believed no more, but for the ids that it has. */
void index_disown(int fd);

/* Frees the messages; count is 0 then. Safe on a closed one. */
void index_close(struct index *x);

/* Is "now" the same file in the same state? */
int index_same(const struct stamp *a, const struct stamp *b);

/*
 * Will every change show, since it was old enough when the stamp was taken? Up
 * to Linux 6.12 the clock of files stands still for some milliseconds, and
 * some count seconds: what happens then leaves them as they were.
 */
int index_sure(const struct stamp *s, const struct timespec *when);

#endif
