/*
 * machine.h - the two files as the journal's code sees them
 *
 * The system calls of journal.c and plan.c are replaced by ours, on files in
 * memory. They are counted; at one of them the program can die: from then on
 * none is made. A sync can fail.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "disk.h"

#include "../../log.h"

#define MAIL     "From z Mon Jan  1 10:00:00 2024\n\nlater\n\n"
#define MAIL_LEN (sizeof MAIL - 1)
#define TAPE     4096 /* calls that are recorded, at most */

struct tape {
	struct op ops[TAPE];
	size_t count;
};

struct machine {
	struct bytes file[FILES];
	uint64_t dev, fsid, ino[FILES];
	unsigned calls, turn; /* so far; it dies at that one, 0: never */
	int half;             /* ... within the call, not before it */
	unsigned syncs, fail; /* so far; that one fails, 0: none */
	int is_dead;
	struct tape *tape; /* borrowed; NULL: nothing is recorded */
	char logged[LOG_TEXT_MAX];
};

extern struct machine machine;

void machine_make(void);

/* It is switched on, with these files; no fault is to come. */
void machine_start(const struct bytes *mailbox, const struct bytes *journal);

/* What a login does before it reads the mailbox. Counts its calls. */
enum trouble machine_recover(void);

/* A delivery; synced or not. */
void machine_deliver(int is_synced);

/* Empties it. */
void tape_clear(struct tape *t);

#endif
