/*
 * boxlock.h - both locks of a mailbox
 *
 * An OFD lock on the file, and a dot-lock, which only the monitor can make.
 * Delivery agents take the same two in either order: so neither is waited for
 * while the other is held.
 */
#ifndef BOXLOCK_H
#define BOXLOCK_H

#include "mbox.h"

struct boxlock {
	int monitor; /* borrowed descriptor: whom to ask for the dot-lock */
	int use_fcntl;
	int use_dotlock;
	int odd_ms; /* added to pauses, so that no two keep step */
	int held;
	int dotted; /* the monitor has made the dot-lock, and keeps it fresh */
};

/*
 * Tries until it has both, or for patience_ms, after which it is BUSY. CHANGED
 * if the name now means another file than the one that is open. TEMP if there
 * is no locking it, or the monitor is gone. All are logged.
 */
enum trouble boxlock_take(
    struct boxlock *lock, const struct mbox *m, int patience_ms);

/* Gives up what is held. Safe when nothing is. */
void boxlock_release(struct boxlock *lock, const struct mbox *m);

/* An OFD lock or unlock (F_WRLCK, F_UNLCK) of a whole file, without waiting;
 * false, with errno, if it cannot be had. */
int boxlock_file(int fd, short type);

/* The same, of one byte, which need not be there. */
int boxlock_byte(int fd, off_t at, short type);

#endif
