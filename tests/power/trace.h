/*
 * trace.h - what the recorder writes and the replay reads
 *
 * A trace is a head and events, each followed by its bytes. A number is the
 * machine's own: a trace does not leave it.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdint.h>

#define TRACE_ROOM ((uint64_t)64 << 20) /* bytes; the file is sparse */

enum trace_kind {
	TRACE_WRITE = 1,
	TRACE_CUT,  /* ftruncate to "at" */
	TRACE_GROW, /* fallocate: room up to "at" */
	TRACE_SYNC,
	TRACE_LOST, /* a sync that failed: the pages are clean, and not on
		       disk */
	TRACE_TOLD  /* the client was sent +OK */
};

struct trace_head {
	uint64_t used;  /* bytes of events, these behind the head */
	uint64_t syncs; /* so far */
	uint64_t seed;  /* of what stands for random */
};

struct trace_event {
	uint64_t kind;
	uint64_t dev;
	uint64_t ino;
	uint64_t at;
	uint64_t len; /* of the bytes behind it */
};

#endif
