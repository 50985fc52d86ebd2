/*
 * dotlock.h - make, refresh, remove a mailbox lock file
 *
 * Only the monitor does this, and only for as long as a session scans or
 * updates. As root it acts, for the one call, as the mail user with the mail
 * group: just what a delivery agent may do, and nothing that a symbolic link
 * of the user's could turn against others.
 */
#ifndef DOTLOCK_H
#define DOTLOCK_H

#include "log.h"
#include "privsep.h"

#include <sys/types.h>

struct dotlock {
	char path[PRIVSEP_PATH + sizeof ".lock"];
	int as_user; /* we are root: become uid and gid for each call */
	uid_t uid;   /* the mail user */
	gid_t gid;   /* the group that may write to the spool */
	int held;    /* dev and ino are those of our lock file */
	dev_t dev;
	ino_t ino;
};

/* For the mailbox at that path; touches nothing yet. */
void dotlock_init(struct dotlock *lock, const char *mailbox);

/*
 * Tries once, without waiting. FINE: made, and it holds our pid. BUSY:
 * another's is there. PERM: the directory does not let us, which is logged.
 * A lock that is five minutes old, or whose pid is dead, is taken over.
 */
enum trouble dotlock_make(struct dotlock *lock);

/* Makes our lock file's time now, so that nobody finds it old. */
void dotlock_refresh(const struct dotlock *lock);

/* Removes it if it is held and still ours; else does nothing. */
void dotlock_remove(struct dotlock *lock);

#endif
