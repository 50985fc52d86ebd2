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
	uint32_t count;  /* of messages */
	uint64_t octets; /* of all of them */
	int changed;     /* it was seen that another program has done so */
	int proven; /* all that is shown was read, and not only the index */
	struct message *messages; /* owned; NULL: see recall.h */
	uint32_t room;
};

/*
 * Opens the mailbox as whoever we are now, who must be its owner. A missing
 * file is an empty mailbox; a missing directory is TEMP; a symbolic link,
 * anything but a plain file, a second hard link, another owner or a mode that
 * keeps us out is PERM. All but FINE is logged, and m is as after
 * mbox_close().
 */
enum trouble mbox_open(struct mbox *m, const char *path);

/*
 * Reads the whole file and finds its messages. To be called under the lock.
 * PERM if the file is no mbox, TEMP if it cannot be read or memory lacks,
 * both logged; then there are no messages, and the mailbox must not be served.
 */
enum trouble mbox_scan(struct mbox *m);

/*
 * Adds the messages that begin between "from" and "to", which is then the end
 * of what is shown. Results as of scan_run(); other than FINE, there may be
 * some of them.
 */
enum trouble mbox_add(struct mbox *m, off_t from, off_t to);

/* No messages, known and proven. */
void mbox_clear(struct mbox *m);

/*
 * Is all that is shown still there, just as it was? Costs one fstat while
 * nothing has happened, a second reading of the shown part if something was
 * appended. CHANGED or TEMP, logged, if not.
 */
enum trouble mbox_check(struct mbox *m);

/* The same; and if m is not proven, or was too young when it was scanned (see
 * index_sure()), reads the shown part from message "first", counted from 0, on
 * in any case. */
enum trouble mbox_prove(struct mbox *m, uint32_t first);

/*
 * Is message i, counted from 0, where it was, and the next one behind it? Of
 * a mailbox that is proven, and was old enough, it is. CHANGED or TEMP, logged.
 */
enum trouble mbox_prove_message(struct mbox *m, uint32_t i);

/* Another program has changed the mailbox: notes and logs it. CHANGED. */
enum trouble mbox_changed(struct mbox *m);

/* Are they the same message in the same place? Their tails may differ. */
int mbox_alike(const struct message *was, const struct message *is);

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
