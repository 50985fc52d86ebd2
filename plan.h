/*
 * plan.h - what stands in a journal
 *
 * A plan: which file, which parts of it stay, and samples of what it held.
 * Then records, each of one step, in two places in turn, so that while one is
 * being written the other is whole. Everything is bound to its plan by an id
 * that is drawn for it, and checked by a digest: a journal is read as hostile
 * input. Integers are little-endian, offsets absolute.
 */
#ifndef PLAN_H
#define PLAN_H

#include "log.h"

#include <nettle/umac.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PLAN_ID  16
#define PLAN_TAG 8 /* bytes that a record's data are checked by */
#ifndef PLAN_DATA  /* tests have it small */
#define PLAN_DATA ((off_t)32 << 20) /* bytes; no record carries more */
#endif
#define PLAN_SAMPLES 16384 /* at most; a bound for the plan */

/* A part of the file that stays. */
struct range {
	off_t offset;
	off_t size; /* bytes */
};

struct plan {
	unsigned char id[PLAN_ID]; /* random */
	uint64_t fs;               /* the file, and where it is */
	uint64_t ino;
	off_t size; /* of the planned part; all that lies behind it stays */
	struct range *ranges; /* in the planned part: ascending, apart */
	uint64_t range_count;
	uint64_t *samples; /* of every "unit" bytes, counted from 0 */
	uint64_t sample_count;
	uint64_t unit;
	off_t data_room; /* bytes that a record can carry */
	off_t records;   /* where they begin in the journal */
};

enum record_kind {
	RECORD_MOVE = 1, /* "len" bytes go from "from" to "to" */
	RECORD_CUT       /* all is moved: the file is to end at "to" */
};

struct record {
	uint64_t seq; /* from 1 */
	enum record_kind kind;
	off_t to;
	off_t from;     /* MOVE: where the source begins; CUT: the old end */
	uint64_t range; /* MOVE: "from" is in it; range_count: behind all */
	off_t len;      /* MOVE */
	int has_data;   /* MOVE: the bytes are in the journal */
	unsigned char mark[PLAN_ID]; /* CUT: stands at "to" until it is cut */
	unsigned char tag[PLAN_TAG]; /* MOVE: of the data, if it has any */
};

/*
 * Takes samples of the file into the plan, whose other fields are set.
 * False, with errno, if the file cannot be read or memory lacks.
 */
int plan_sample(struct plan *p, int fd);

/*
 * Is the file, from "from" up to the planned part's end, what the samples
 * say? Units that begin before "from" are passed over. CHANGED if not; TEMP,
 * with errno, if it cannot be read.
 */
enum trouble plan_is_true(const struct plan *p, int fd, off_t from);

/* Writes the plan to a journal; nothing is synced. False, with errno. */
int plan_write(struct plan *p, int journal);

/*
 * Reads a plan. CHANGED if there is none that can be believed, TEMP, with
 * errno, if that cannot be found out; then p is as after plan_close().
 */
enum trouble plan_read(struct plan *p, int journal);

void plan_close(struct plan *p);

/* How large the journal will become. */
off_t plan_room(const struct plan *p);

/*
 * Begins the tag of a record's data, all of which is then to go into umac,
 * in order. UMAC-64, its key being the plan's id, which is drawn when the data
 * are in the mailbox already: whatever they are, bytes that are not theirs
 * (torn, an older record's) pass for them with a chance below 2^-59.
 */
void plan_begin_tag(
    const struct plan *p, const struct record *r, struct umac64_ctx *umac);

/* Where in the journal the data of that record are. */
off_t plan_data(const struct plan *p, const struct record *r);

/* Writes a record, its data being there already. False, with errno. */
int plan_write_record(
    const struct plan *p, int journal, const struct record *r);

/* The last whole record of that plan. CHANGED if there is none; TEMP, with
 * errno, if that cannot be found out. */
enum trouble plan_last_record(
    const struct plan *p, int journal, struct record *r);

#endif
