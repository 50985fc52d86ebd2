/*
 * journal.c - rewrite a file in place so that a crash leaves the old or the
 * new one
 *
 * The steps and their syncs, in order: (1) the file is synced, as it is; (2)
 * plan and first record, journal synced; (3) the record's bytes to the file,
 * synced; (4) the next record to the journal's other place, synced, and so on;
 * (5) a record that all is moved, synced; (6) the file is truncated and
 * synced; (7) the journal is emptied. An update of one step has five syncs.
 *
 * Truncation cannot be told from its absence by the file's size, since mail
 * may have been appended after either. So the last step puts a random mark
 * where the file is to end: while it stands there, nothing was cut.
 */
#include "journal.h"

#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB   1048576
#define BLOCK (PLAN_DATA < MIB ? (size_t)PLAN_DATA : (size_t)MIB)

/* A rewrite under way. */
struct work {
	const struct rewrite *r;
	struct plan plan;
	off_t end;      /* of the file, before it is cut */
	off_t result;   /* where it will end */
	uint64_t seq;   /* of the last record */
	uint64_t range; /* the source: this range, or range_count, ... */
	off_t from;     /* ... and this offset in the file */
	off_t to;       /* where that goes */
	unsigned char mark[PLAN_ID];
	unsigned char *block;
};

/* Bytes from "from" to the end of its range; behind the planned part, to the
 * end of the file. */
static off_t
run_length(const struct work *w)
{
	const struct plan *p = &w->plan;

	if (w->range == p->range_count)
		return w->end - w->from;
	return p->ranges[w->range].offset + p->ranges[w->range].size - w->from;
}

/* Moves the source on by n bytes, which must lie in its run. */
static void
advance(struct work *w, off_t n)
{
	const struct plan *p = &w->plan;

	w->from += n;
	w->to += n;
	while (w->range < p->range_count && run_length(w) == 0) {
		w->range++;
		w->from = w->range < p->range_count ? p->ranges[w->range].offset
						    : p->size;
	}
}

/* To the first byte that moves. */
static void
start_source(struct work *w)
{
	w->range = 0;
	w->to = 0;
	w->from =
	    w->plan.range_count > 0 ? w->plan.ranges[0].offset : w->plan.size;
	while (w->from == w->to && run_length(w) > 0)
		advance(w, run_length(w));
}

static void
find_result(struct work *w)
{
	const struct plan *p = &w->plan;

	w->result = w->to;
	if (w->range < p->range_count)
		w->result += run_length(w) + w->end - p->size;
	else
		w->result += w->end - w->from;
	for (uint64_t i = w->range + 1; i < p->range_count; i++)
		w->result += p->ranges[i].size;
}

static int
sync_file(int fd)
{
	int status;

	do
		status = fsync(fd);
	while (status == -1 && errno == EINTR);
	return status == 0;
}

/* Has the disk begin with the blocks that those n bytes have filled, while we
 * go on: the sync has less to wait for then. Nothing else counts on it. */
static void
start_writing(int fd, off_t at, size_t n)
{
	off_t block = (off_t)BLOCK;
	off_t from = at / block * block;
	off_t to = (at + (off_t)n) / block * block;

	if (from < to)
		sync_file_range(fd, from, to - from, SYNC_FILE_RANGE_WRITE);
}

/* How many bytes the next block of a step of "left" bytes has. */
static size_t
block_size(const struct work *w, off_t left)
{
	off_t n = run_length(w);

	if (n > left)
		n = left;
	return n > (off_t)BLOCK ? BLOCK : (size_t)n;
}

/* Copies the record's bytes from the file into the journal. */
static int
save_data(struct work w, struct record *rec)
{
	struct umac64_ctx umac;
	off_t done = 0;

	plan_begin_tag(&w.plan, rec, &umac);
	while (done < rec->len) {
		size_t n = block_size(&w, rec->len - done);
		off_t at = plan_data(&w.plan, rec) + done;

		if (!bytes_read(w.r->fd, w.block, n, w.from) ||
		    !bytes_write(w.r->journal, w.block, n, at))
			return 0;
		start_writing(w.r->journal, at, n);
		umac64_update(&umac, n, w.block);
		advance(&w, (off_t)n);
		done += (off_t)n;
	}
	umac64_digest(&umac, sizeof rec->tag, rec->tag);
	return 1;
}

/*
 * Puts the record's bytes where they go, from the journal or from where they
 * still are; then the source is behind them. May be done again.
 */
static int
apply(struct work *w, const struct record *rec)
{
	off_t done = 0;

	while (done < rec->len) {
		size_t n = block_size(w, rec->len - done);
		int fd = rec->has_data ? w->r->journal : w->r->fd;
		off_t at =
		    rec->has_data ? plan_data(&w->plan, rec) + done : w->from;

		must(n > 0); /* a record is no longer than its source */
		if (!bytes_read(fd, w->block, n, at) ||
		    !bytes_write(w->r->fd, w->block, n, w->to))
			return 0;
		start_writing(w->r->fd, w->to, n);
		advance(w, (off_t)n);
		done += (off_t)n;
	}
	return w->to < w->result ||
	    bytes_write(w->r->fd, w->mark, PLAN_ID, w->result);
}

/* A step, and the sync behind it. A sync that has failed may have dropped
 * what it should have written: so the second try writes it all again. */
static int
apply_and_sync(struct work *w, const struct record *rec)
{
	struct work before = *w;

	if (apply(w, rec) && sync_file(w->r->fd))
		return 1;
	*w = before;
	return apply(w, rec) && sync_file(w->r->fd);
}

/*
 * The bytes need no second copy where source and place are apart; in the last
 * step, with room for the mark between them.
 */
static struct record
next_record(struct work *w)
{
	off_t gap = w->from - w->to;
	off_t left = w->result - w->to;
	off_t room = w->plan.data_room;
	struct record rec = {
	    .seq = ++w->seq,
	    .kind = left > 0 ? RECORD_MOVE : RECORD_CUT,
	    .to = w->to,
	    .from = left > 0 ? w->from : w->end,
	    .range = w->range,
	    .len = left,
	};

	memcpy(rec.mark, w->mark, PLAN_ID);
	if (left == 0 || gap >= left + PLAN_ID)
		return rec;
	if (gap >= room && left > room) {
		rec.len = gap < left ? gap : room;
		return rec;
	}
	rec.has_data = 1;
	if (left > room)
		rec.len = room;
	return rec;
}

/* The record, durable in the journal. The file is not touched. */
static int
record(struct work *w, struct record *rec)
{
	return (!rec->has_data || save_data(*w, rec)) &&
	    plan_write_record(&w->plan, w->r->journal, rec) &&
	    sync_file(w->r->journal);
}

static int
truncate_and_sync(int fd, off_t size)
{
	for (int tries = 0; tries < 2; tries++)
		if (ftruncate(fd, size) == 0 && sync_file(fd))
			return 1;
	return 0;
}

/* The plan is on disk: the second try writes all again that a sync which has
 * failed may have dropped. */
static int
record_again(struct work *w, struct record *rec)
{
	int tries = 2;

	while (tries > 0 && !record(w, rec))
		tries--;
	return tries > 0;
}

/*
 * From where the source is to the end. The first record has been made, and
 * is given, since until then there is a way back.
 */
static int
run(struct work *w, struct record rec)
{
	while (rec.kind == RECORD_MOVE) {
		if (!apply_and_sync(w, &rec))
			return 0;
		rec = next_record(w);
		if (!record_again(w, &rec))
			return 0;
	}
	if (!truncate_and_sync(w->r->fd, w->result))
		return 0;
	/* Not synced: if it comes back, or that fails, the next login finds
	 * the mark gone, and that all is done. */
	if (ftruncate(w->r->journal, 0) == -1)
		log_errno("cannot empty the journal of", w->r->path);
	return 1;
}

/* Room for the plan and two records, so that the disk cannot fill up in the
 * middle. Where the file system cannot reserve, it is tried as it is. */
static int
reserve(const struct work *w)
{
	return fallocate(w->r->journal, 0, 0, plan_room(&w->plan)) == 0 ||
	    errno == EOPNOTSUPP || errno == ENOSYS;
}

static int
start_plan(struct work *w, const struct range *keep, size_t count, off_t size,
    const struct stat *st)
{
	struct plan *p = &w->plan;

	p->fs = w->r->fs;
	p->ino = st->st_ino;
	p->size = size;
	p->range_count = count;
	p->ranges = calloc(count + 1, sizeof *p->ranges);
	if (p->ranges == NULL)
		return 0;
	memcpy(p->ranges, keep, count * sizeof *keep);
	w->end = st->st_size;
	start_source(w);
	find_result(w);
	p->data_room = w->result - w->to;
	if (p->data_room > PLAN_DATA)
		p->data_room = PLAN_DATA;
	return getrandom(p->id, PLAN_ID, 0) == PLAN_ID &&
	    getrandom(w->mark, PLAN_ID, 0) == PLAN_ID;
}

static void
close_work(struct work *w)
{
	plan_close(&w->plan);
	free(w->block);
}

/* Can the file be written as far as it will be? What stands there is written
 * once more. */
static int
probe(const struct work *w)
{
	unsigned char there[PLAN_ID];

	return bytes_read(w->r->fd, there, sizeof there, w->result) &&
	    bytes_write(w->r->fd, there, sizeof there, w->result);
}

/* Everything that is done before the file is changed. The plan counts on all
 * that is in it: also on mail that its deliverer has not synced. */
static int
prepare(struct work *w, struct record *rec)
{
	w->block = malloc(BLOCK);
	if (w->block == NULL || !sync_file(w->r->fd) ||
	    !plan_sample(&w->plan, w->r->fd) ||
	    !plan_write(&w->plan, w->r->journal) || !reserve(w) || !probe(w))
		return 0;
	*rec = next_record(w);
	return record(w, rec);
}

static int
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

enum trouble
journal_rewrite(
    const struct rewrite *r, const struct range *keep, size_t count, off_t size)
{
	struct work w = {.r = r};
	enum trouble why = TEMP;
	struct record rec;
	struct stat st;

	if (bytes_stat(r->fd, &st) == -1 ||
	    !start_plan(&w, keep, count, size, &st))
		goto fail;
	/* Nothing moves. But a journal that was emptied and not synced, when a
	 * session was killed, must not come back behind this. */
	if (w.to == w.result) {
		if (sync_file(r->journal) && truncate_and_sync(r->fd, w.result))
			why = FINE;
		goto fail;
	}
	must(w.end - w.result >= PLAN_ID);
	if (!prepare(&w, &rec)) {
		why = is_full(errno) ? FULL : TEMP;
		log_errno("cannot write the journal, so nothing is deleted, of",
		    r->path);
		if (!truncate_and_sync(r->journal, 0))
			log_errno("cannot empty the journal of", r->path);
		close_work(&w);
		return why;
	}
	if (run(&w, rec))
		why = FINE;

fail:
	if (why != FINE)
		log_errno("cannot update", r->path);
	close_work(&w);
	return why;
}

int
journal_is_open(int journal)
{
	struct stat st;

	/* If in doubt: one that is empty does no harm. */
	return bytes_stat(journal, &st) == -1 || st.st_size > 0;
}

/*
 * What is read from the journal may stand in the kernel's memory alone: its
 * writer was killed before its sync, or its sync has failed. All of it is
 * written once more, as it is, and synced. So is the file, since mail may have
 * come.
 */
static int
settle(const struct work *w)
{
	off_t size = plan_room(&w->plan);
	struct stat st;

	if (bytes_stat(w->r->journal, &st) == -1)
		return 0;
	if (size > st.st_size) /* the last record's data are shorter */
		size = st.st_size;
	for (off_t at = 0; at < size; at += (off_t)BLOCK) {
		size_t n =
		    size - at < (off_t)BLOCK ? (size_t)(size - at) : BLOCK;

		if (!bytes_read(w->r->journal, w->block, n, at) ||
		    !bytes_write(w->r->journal, w->block, n, at))
			return 0;
	}
	return sync_file(w->r->journal) && sync_file(w->r->fd);
}

/* Takes up the rewrite where the record left it. CHANGED if it cannot be
 * that of this file, TEMP if that cannot be found out. */
static enum trouble
resume(struct work *w, const struct record *rec)
{
	w->range = rec->range;
	w->from = rec->from;
	w->to = rec->to;
	w->seq = rec->seq;
	memcpy(w->mark, rec->mark, PLAN_ID);
	if (rec->kind == RECORD_CUT)
		w->range = w->plan.range_count;
	if (w->end < w->plan.size)
		return CHANGED;
	find_result(w);
	/* A source behind the end leaves less than nothing. */
	if (rec->len > w->result - w->to || w->end - w->result < PLAN_ID)
		return CHANGED;
	if (rec->kind == RECORD_CUT)
		return FINE;
	/* What lies behind this step's place, and its mark, is as it was. */
	return plan_is_true(&w->plan, w->r->fd, rec->to + rec->len + PLAN_ID);
}

/* All was moved: CHANGED if the file was cut as well, FINE if not yet. */
static enum trouble
find_mark(const struct work *w, const struct record *rec)
{
	unsigned char there[PLAN_ID];

	if (!bytes_read(w->r->fd, there, sizeof there, rec->to))
		return errno == 0 ? CHANGED : TEMP;
	return memcmp(there, rec->mark, sizeof there) == 0 ? FINE : CHANGED;
}

/* Ends a rewrite that got as far as that record. */
static enum trouble
end_rewrite(struct work *w, struct record rec)
{
	enum trouble why = FINE;
	struct stat st;

	if (w->r->fd == -1)
		return CHANGED;
	if (bytes_stat(w->r->fd, &st) == -1)
		return TEMP;
	if (w->r->fs != w->plan.fs || st.st_ino != w->plan.ino)
		return CHANGED;
	w->end = st.st_size;
	if (rec.kind == RECORD_CUT)
		why = find_mark(w, &rec);
	if (why == CHANGED) /* it was cut: all is done, if that is on disk */
		return sync_file(w->r->fd) &&
			truncate_and_sync(w->r->journal, 0)
		    ? FINE
		    : TEMP;
	if (why == FINE)
		why = resume(w, &rec);
	if (why == FINE && !settle(w))
		why = TEMP;
	if (why != FINE)
		return why;
	if (rec.kind == RECORD_CUT) {
		/* Mail that came behind the old end moves like all else. */
		rec = next_record(w);
		if (!record(w, &rec))
			return TEMP;
	}
	return run(w, rec) ? FINE : TEMP;
}

enum trouble
journal_recover(const struct rewrite *r)
{
	struct work w = {.r = r};
	enum trouble why = TEMP;
	struct record rec = {.seq = 0};

	w.block = malloc(BLOCK);
	if (w.block == NULL) {
		log_line(LOG_ERR, "no memory for the journal of %s", r->path);
		return TEMP;
	}
	why = plan_read(&w.plan, r->journal);
	if (why == FINE)
		why = plan_last_record(&w.plan, r->journal, &rec);
	if (why == CHANGED) {
		/* The file is touched only when both are there for good. */
		why = truncate_and_sync(r->journal, 0) ? FINE : TEMP;
		log_line(LOG_NOTICE,
		    "mailbox %s: an update had not begun; journal emptied",
		    r->path);
	} else if (why == FINE) {
		why = end_rewrite(&w, rec);
		if (why == FINE)
			log_line(LOG_NOTICE,
			    "mailbox %s: an interrupted update was finished",
			    r->path);
	}
	if (why == TEMP)
		log_errno("cannot finish the update of", r->path);
	if (why == CHANGED)
		log_line(LOG_ERR,
		    "mailbox %s is not the file that its journal is about: "
		    "nothing written",
		    r->path);
	close_work(&w);
	return why;
}
