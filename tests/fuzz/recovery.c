/*
 * recovery.c - journals whose digests are right, and whose numbers are not
 *
 * The input is the numbers of a plan and of a record, and what has become of
 * the file meanwhile. Recovery does what they say, which a model in memory does
 * as well; or it says that they cannot be this file's, and writes nothing. A
 * second one finds nothing to do.
 */
#include "../../journal.h"

#include "../../bytes.h"
#include "../../plan.h"
#include "fuzz.h"

#include <sys/stat.h>

#define SIZE 2048
#define MOST 3 /* ranges */

struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned char file[2 * SIZE], data[SIZE];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_divert(fuzz_no_log);
	for (size_t i = 0; i < sizeof file; i++)
		file[i] = (unsigned char)(i * 7 + i / 256 * 31);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 5 + 3);
	return 0;
}

/* From -32768 up, most of them small; 0 where the input is at its end. */
static int64_t
number(struct input *in)
{
	int16_t n;

	if (in->left < sizeof n)
		return 0;
	memcpy(&n, in->at, sizeof n);
	in->at += sizeof n;
	in->left -= sizeof n;
	return n;
}

/* What the file is to become; -1 if it cannot be, as far as the model sees. */
static ssize_t
model(const struct plan *p, const struct record *r, size_t len,
    unsigned char *out)
{
	off_t from = r->from, end = (off_t)len;
	uint64_t range = r->kind == RECORD_CUT ? p->range_count : r->range;
	size_t n = (size_t)r->to;

	if (r->to < 0 || from < r->to || from > end)
		return -1;
	memcpy(out, file, n);
	for (; range <= p->range_count; range++) {
		off_t to = range == p->range_count
		    ? end
		    : p->ranges[range].offset + p->ranges[range].size;

		if (to > end || from > to)
			return -1;
		memcpy(out + n, file + from, (size_t)(to - from));
		n += (size_t)(to - from);
		from = range + 1 < p->range_count ? p->ranges[range + 1].offset
						  : p->size;
	}
	if (r->has_data && r->kind == RECORD_MOVE)
		memcpy(out + r->to, data, (size_t)r->len);
	return (ssize_t)n;
}

static void
expect_bytes(int fd, const void *bytes, size_t n)
{
	static unsigned char now[2 * sizeof file];

	expect(pread(fd, now, sizeof now, 0) == (ssize_t)n);
	expect(memcmp(now, bytes, n) == 0);
}

static void
write_journal(int journal, struct plan *p, struct record *r)
{
	struct umac64_ctx umac;

	expect(plan_write(p, journal));
	expect(ftruncate(journal, plan_room(p)) == 0);
	plan_begin_tag(p, r, &umac);
	if (r->has_data && r->len > 0 && r->len <= SIZE) {
		umac64_update(&umac, (size_t)r->len, data);
		expect(bytes_write(
		    journal, data, (size_t)r->len, plan_data(p, r)));
	}
	umac64_digest(&umac, PLAN_TAG, r->tag);
	expect(plan_write_record(p, journal, r));
}

/* Is there anything to be done? What makes no sense begins nothing. */
static int
is_begun(int journal)
{
	struct record r;
	struct plan p;
	int is = plan_read(&p, journal) == FINE &&
	    plan_last_record(&p, journal, &r) == FINE;

	plan_close(&p);
	return is;
}

/* must_differ: somebody has seen to it that it is not the plan's file. */
static void
recover(int fd, int journal, struct plan *p, const struct record *r, size_t len,
    int is_marked, int must_differ)
{
	static unsigned char want[3 * sizeof file];
	struct rewrite work = {
	    .fd = fd, .journal = journal, .fs = p->fs, .path = "fuzz"};
	int begun = is_begun(journal);
	enum trouble why = journal_recover(&work);
	ssize_t n = begun && why == FINE ? model(p, r, len, want) : -1;

	expect(why == FINE || (begun && why == CHANGED));
	expect(!begun || !must_differ || why == CHANGED);
	if (!begun || why == CHANGED || (r->kind == RECORD_CUT && !is_marked)) {
		expect_bytes(fd, file, len);
	} else {
		expect(n >= 0 && (size_t)n + PLAN_ID <= len);
		expect_bytes(fd, want, (size_t)n);
	}
	expect(journal_is_open(journal) == (why == CHANGED));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static unsigned char was[sizeof file];
	struct input in = {bytes, n};
	struct range ranges[MOST];
	struct plan p = {.ranges = ranges, .id = "an id of sixteen"};
	struct record r = {.mark = "a mark of 16 too"};
	int fd, journal, is_marked, must_differ;
	int64_t at;
	size_t len = (size_t)(number(&in) & (SIZE - 1));
	struct stat st;

	memcpy(was, file, sizeof was);
	fd = fuzz_file(file, len);
	journal = fuzz_file("", 0);
	expect(fstat(fd, &st) == 0);
	must_differ = number(&in) == 1;
	p.ino = st.st_ino + (uint64_t)must_differ;
	p.fs = bytes_file_system(fd);
	p.size = len == 0 ? 0 : (off_t)((size_t)number(&in) % (len + 1));
	p.range_count = (uint64_t)(number(&in) & 3);
	for (uint64_t i = 0; i < p.range_count; i++) {
		ranges[i].offset = number(&in);
		ranges[i].size = number(&in);
	}
	expect(plan_sample(&p, fd));
	p.data_room = number(&in) & 4095;
	r.seq = (uint64_t)number(&in) & 3;
	r.kind = number(&in) & 1 ? RECORD_CUT : RECORD_MOVE;
	r.to = number(&in);
	r.from = number(&in);
	r.range = (uint64_t)(number(&in) & 3);
	r.len = number(&in);
	r.has_data = r.kind == RECORD_MOVE && (number(&in) & 1);
	write_journal(journal, &p, &r);
	/* Mail has come, or somebody has cut the file, or written to it. */
	len = (size_t)(((int64_t)len + number(&in) % 100) & (SIZE - 1));
	expect(ftruncate(fd, 0) == 0);
	is_marked =
	    r.to >= 0 && (size_t)r.to + PLAN_ID <= len && (number(&in) & 1);
	if (is_marked)
		memcpy(file + r.to, r.mark, PLAN_ID);
	expect(pwrite(fd, file, len, 0) == (ssize_t)len);
	/* Behind what the step writes, all is as it was: of a file so small, the
	 * samples have each byte. */
	at = number(&in);
	if (r.kind == RECORD_MOVE && at >= 0 &&
	    at >= 512 + r.to + r.len + PLAN_ID && at < p.size &&
	    at < (int64_t)len) {
		file[at] ^= 1;
		expect(pwrite(fd, file + at, 1, at) == 1);
		must_differ = 1;
	}
	recover(fd, journal, &p, &r, len, is_marked, must_differ);
	memcpy(file, was, sizeof was);
	free(p.samples);
	close(fd);
	close(journal);
	return 0;
}
