/*
 * journal.h - rewrite a file in place
 *
 * The only room that changes a mailbox.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "log.h"

#include <stddef.h>
#include <sys/types.h>

/* A part of the file that stays. */
struct range {
	off_t offset;
	off_t size; /* bytes */
};

struct rewrite {
	int fd;                   /* borrowed: the file, locked */
	int journal_fd;           /* borrowed */
	const char *path;         /* borrowed, for the log */
	const struct range *keep; /* borrowed; ascending, apart */
	size_t keep_count;
	void (*progress)(void *); /* called now and then; may be NULL */
	void *progress_arg;
};

/*
 * Makes the file what its kept parts are, one behind the other, on the same
 * inode, and syncs it. FINE only when that is on disk. TEMP, logged, if not.
 */
enum trouble journal_rewrite(const struct rewrite *r);

#endif
