/*
 * disk.h - two files on a disk that loses its power
 *
 * Each file has what is durable, and the calls since its last sync. When the
 * power fails, of these the disk may hold any part: of a write any of its
 * sectors or pages, with or without the size that it gave the file; a
 * truncation or not; but a truncation comes before what is written, later,
 * behind its place. A sync is about its own file only.
 */
#ifndef DISK_H
#define DISK_H

#include "trace.h"

#include <stddef.h>

#define FILE_ROOM ((size_t)4 << 20) /* bytes; no file is larger */
#define PENDING   2048              /* calls between two syncs, at most */

enum which { MAILBOX, JOURNAL, FILES };

struct bytes {
	unsigned char *at; /* owned, of FILE_ROOM; behind "len" all is 0 */
	size_t len;
};

struct op {
	enum trace_kind kind;
	enum which file;
	uint64_t at;
	size_t len;
	const unsigned char *bytes; /* borrowed */
	int is_lost; /* a sync has failed: these pages are not written */
};

/* What of a call is on the disk. */
struct choice {
	enum { NOTHING, ALL, UPTO, FROM, BUT, SOME } what;
	unsigned k;     /* the piece; of SOME: the seed */
	unsigned grain; /* bytes of a piece: 512 or 4096; 0: does not matter */
	int no_size;    /* the file has not grown by it */
	int no_data;    /* only the size */
};

struct disk {
	struct bytes durable[FILES];
	struct op *pending; /* owned, of PENDING; of both files, in order */
	size_t count;
	unsigned loss; /* which pages a failed sync loses: 0 all, else seed */
};

void bytes_make(struct bytes *b);
void bytes_free(struct bytes *b);
void bytes_copy(struct bytes *to, const struct bytes *from);

/* The file's new size; what is cut off, or comes to it, is zeros. */
void bytes_resize(struct bytes *b, size_t len);

/* The call as the cache sees it. */
void bytes_apply(struct bytes *b, const struct op *op);

void disk_make(struct disk *d);
void disk_copy(struct disk *to, const struct disk *from);

/* A call is made. */
void disk_note(struct disk *d, const struct op *op);

/* How many pieces of that many bytes a write touches. */
unsigned op_pieces(const struct op *op, unsigned grain);

/*
 * The file as it is found after the power has failed. There is a choice for
 * each pending call. What the file has grown by and nobody has written is
 * zeros, or "stale", if that is given.
 */
void disk_find(const struct disk *d, enum which file,
    const struct choice *choices, const struct bytes *stale, struct bytes *to);

/* A number of that seed. */
uint64_t scramble(uint64_t n);

#endif
