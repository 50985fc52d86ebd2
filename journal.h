/*
 * journal.h - rewrite a file in place so that a crash leaves the old or the
 * new one
 *
 * The only room that changes a mailbox. What stays is moved down in steps.
 * Before a step touches the file, the journal has the plan of the whole and
 * that step's bytes, synced; before the next step begins, the file is synced.
 * Whatever happens in between, journal_recover() brings the rewrite to its
 * end: also when a delivery agent has appended meanwhile.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "plan.h"

struct rewrite {
	int fd;           /* borrowed: the file, locked */
	uint64_t fs;      /* where it is: see bytes_file_system() */
	int journal;      /* borrowed */
	const char *path; /* borrowed: of the file, for the log */
};

/*
 * Makes the file what its kept parts are, one behind the other, on the same
 * inode. "keep" has the parts of the first "size" bytes that stay, ascending
 * and apart; all that lies behind those stays as well. What goes has PLAN_ID
 * bytes at least, as any message has. The journal must be empty. FINE only when
 * all is on disk. FULL: no room for the journal, TEMP: something else, both
 * logged; then the file is as it was, or, if the journal is not empty, on its
 * way, and journal_recover() will end it.
 */
enum trouble journal_rewrite(const struct rewrite *r, const struct range *keep,
    size_t count, off_t size);

/* Is there a rewrite to be ended? */
int journal_is_open(int journal);

/*
 * Ends a rewrite that was begun; the file must be locked. FINE: the file is
 * whole, and the journal empty. TEMP, logged: try again. CHANGED, logged:
 * the file is not the one, or not in the state, that the journal is about:
 * nothing was written, and the journal should be put aside. fd may be -1 if
 * there is no file.
 */
enum trouble journal_recover(const struct rewrite *r);

#endif
