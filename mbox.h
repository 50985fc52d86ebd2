/*
 * mbox.h - find the messages of an mbox, check that nothing has changed
 *
 * A message begins at the start of the file or behind a blank line, with a
 * From_ line (from.h). It is sent without that line and without the blank
 * line behind it. Content-Length is never trusted. What is appended after the
 * scan is not shown.
 */
#ifndef MBOX_H
#define MBOX_H

#include "index.h"

struct mbox {
	int fd;               /* owned; -1: there is no file, and no message */
	uint64_t fs;          /* which file system it is on */
	const char *path;     /* borrowed, for the log */
	struct stamp stamp;   /* of the last state that was checked */
	struct timespec when; /* it was scanned */
	off_t size;           /* of the part that is shown */
	off_t start; /* of the first message; c-client's own may precede it */
	uint64_t print; /* of its From_ and header lines: tells it from another
			   mailbox of the same shape */
	struct message *messages; /* owned */
	uint32_t count;
	uint32_t room;
	void (*progress)(void *); /* called now and then in long work */
	void *progress_arg;       /* borrowed */
};

/*
 * Opens the mailbox as whoever we are now, who must be its owner. A missing
 * file is an empty mailbox; a missing directory is TEMP; a symbolic link,
 * anything but a plain file, a second hard link, another owner or a mode that
 * keeps us out is PERM. All but FINE is logged, and m is as after
 * mbox_close().
 */
enum trouble mbox_open(struct mbox *m, const char *path);

/* Is the index the truth about this file? Then takes its messages over. */
int mbox_believe(struct mbox *m, struct index *x);

/*
 * Reads the whole file and finds its messages. To be called under the lock.
 * PERM if the file is no mbox, TEMP if it cannot be read or memory lacks,
 * both logged; then there are no messages, and the mailbox must not be served.
 */
enum trouble mbox_scan(struct mbox *m);

/*
 * Is all that is shown still there, just as it was? Costs one fstat while
 * nothing has happened, a second reading of the shown part if something was
 * appended. CHANGED or TEMP, logged, if not.
 */
enum trouble mbox_check(struct mbox *m);

/* The end of message i, counted from 0, its tail included. */
off_t mbox_message_end(const struct mbox *m, uint32_t i);

/* Where the bytes of message i begin and end that are sent. */
off_t mbox_content(const struct mbox *m, uint32_t i);
off_t mbox_content_end(const struct mbox *m, uint32_t i);

/* Is that the file, as the monitor saw it by name? */
int mbox_is(const struct mbox *m, uint64_t dev, uint64_t ino);

/* Notes the file's present stamp: it is ourselves who changed it. */
enum trouble mbox_stamp(struct mbox *m);

/* Frees and closes. Safe on a closed one. */
void mbox_close(struct mbox *m);

#endif
