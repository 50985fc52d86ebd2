/*
 * Tests of plan.c: what was written is read; of what its owner has forged,
 * with a digest that fits, nothing that makes no sense; and a call that fails
 * is not taken for a journal that is wrong.
 */
#include "../../plan.h"

#include "test.h"

#include "../../bytes.h"
#include "failing.h"

#include <nettle/sha2.h>

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)

/* The layout: see plan.c. */
#define PAGE   4096
#define NUMBER (8 + PLAN_ID) /* of the head's */
#define HEAD   (NUMBER + 7 * 8)
#define RECORD (PLAN_ID + 7 * 8 + PLAN_ID + PLAN_TAG)
#define EVEN   (2 * PAGE) /* where records with an even seq are */
#define ODD    (EVEN + 2 * PAGE)

enum number { FS, INO, SIZE, RANGES, SAMPLES, UNIT, ROOM };

#define FILE_SIZE 10000
#define DATA_ROOM 1000

static const struct range parts[] = {
    {100,  200 },
    {1000, 500 },
    {5000, 5000}
};

static int
a_file(void)
{
	static unsigned char bytes[FILE_SIZE];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * i >> 3);
	return make_nameless(bytes, sizeof bytes);
}

static struct plan
a_plan(int fd)
{
	struct plan p = {.id = "the plan's id...",
	    .fs = 7,
	    .ino = 1ULL << 40,
	    .size = FILE_SIZE,
	    .range_count = COUNT(parts),
	    .data_room = DATA_ROOM};

	p.ranges = calloc(COUNT(parts), sizeof *p.ranges);
	assert_non_null(p.ranges);
	memcpy(p.ranges, parts, sizeof parts);
	assert_true(plan_sample(&p, fd));
	return p;
}

/* The journal with that plan, and as many bytes as it can have. */
static int
a_journal(void)
{
	int file = a_file(), journal = make_nameless("", 0);
	struct plan p = a_plan(file);

	assert_true(plan_write(&p, journal));
	assert_int_equal(p.records, EVEN);
	assert_int_equal(ftruncate(journal, plan_room(&p)), 0);
	plan_close(&p);
	close(file);
	return journal;
}

static void
what_was_written_is_read(void **state)
{
	int file = a_file(), journal = a_journal();
	struct plan p = a_plan(file), q;

	(void)state;
	assert_int_equal(plan_read(&q, journal), FINE);
	assert_memory_equal(q.id, p.id, PLAN_ID);
	assert_true(q.fs == p.fs && q.ino == p.ino && q.size == p.size);
	assert_int_equal(q.range_count, COUNT(parts));
	assert_memory_equal(q.ranges, parts, sizeof parts);
	assert_int_equal(q.sample_count, 20);
	assert_int_equal(q.unit, 512);
	assert_memory_equal(q.samples, p.samples, 20 * sizeof *q.samples);
	assert_int_equal(q.data_room, DATA_ROOM);
	assert_int_equal(q.records, EVEN);
	plan_close(&p);
	plan_close(&q);
	plan_close(&q);
	close(journal);
	close(file);
}

/* A file that is larger than all samples of 512 bytes. */
static void
samples_are_bounded(void **state)
{
	int fd = make_nameless("", 0);
	struct plan p = {.size = (off_t)3 * 512 * PLAN_SAMPLES + 1};

	(void)state;
	assert_int_equal(ftruncate(fd, p.size), 0);
	assert_true(plan_sample(&p, fd));
	assert_int_equal(p.unit, 4 * 512);
	assert_int_equal(p.sample_count, PLAN_SAMPLES / 4 * 3 + 1);
	assert_int_equal(plan_is_true(&p, fd, 0), FINE);
	assert_int_equal(pwrite(fd, "#", 1, p.size - 1), 1);
	assert_int_equal(plan_is_true(&p, fd, 0), CHANGED);
	plan_close(&p);
	close(fd);
}

static void
another_file_is_told_apart(void **state)
{
	int fd = a_file();
	struct plan p = a_plan(fd);

	(void)state;
	assert_int_equal(plan_is_true(&p, fd, 0), FINE);
	fail_call("pread", 2, EIO);
	assert_int_equal(plan_is_true(&p, fd, 0), TEMP);
	fail_call("pread", 2, EINTR);
	assert_int_equal(plan_is_true(&p, fd, 0), FINE);
	fail_call(NULL, 0, 0);
	pwrite(fd, "#", 1, 511);
	assert_int_equal(plan_is_true(&p, fd, 0), CHANGED);
	/* That sample is passed over. */
	assert_int_equal(plan_is_true(&p, fd, 1), FINE);
	assert_int_equal(ftruncate(fd, FILE_SIZE - 1), 0);
	assert_int_equal(plan_is_true(&p, fd, 512), CHANGED);
	assert_int_equal(plan_is_true(&p, fd, FILE_SIZE), FINE);
	plan_close(&p);
	close(fd);
}

static void
what_cannot_be_sampled_is_told(void **state)
{
	int fd = a_file();
	struct plan p = {.size = FILE_SIZE};

	(void)state;
	fail_call("calloc", 1, ENOMEM);
	assert_false(plan_sample(&p, fd));
	assert_int_equal(errno, ENOMEM);
	fail_call("pread", 20, EIO);
	assert_false(plan_sample(&p, fd));
	assert_int_equal(errno, EIO);
	fail_call(NULL, 0, 0);
	plan_close(&p);
	close(fd);
}

static void
what_cannot_be_written_is_told(void **state)
{
	int file = a_file(), journal = make_nameless("", 0);
	struct plan p = a_plan(file), q;

	(void)state;
	fail_call("malloc", 1, ENOMEM);
	assert_false(plan_write(&p, journal));
	for (unsigned nth = 1; nth <= 2; nth++) {
		fail_call("pwrite", nth, ENOSPC);
		assert_false(plan_write(&p, journal));
		assert_int_equal(errno, ENOSPC);
		fail_call(NULL, 0, 0);
		assert_int_equal(plan_read(&q, journal), CHANGED);
	}
	plan_close(&p);
	close(journal);
	close(file);
}

static void
check_none(int journal, enum trouble want, const char *what)
{
	struct plan p;

	check(plan_read(&p, journal) == want, "%s", what);
	fail_call(NULL, 0, 0);
	check(p.ranges == NULL && p.samples == NULL, "%s", what);
	check(p.range_count == 0 && p.sample_count == 0, "%s", what);
}

/* That is TEMP: the journal must not be taken for none. */
static void
what_cannot_be_read_is_told(void **state)
{
	int journal = a_journal(), full;
	char path[64];

	(void)state;
	check_none(-1, TEMP, "no descriptor");
	fail_call("pread", 1, EIO);
	check_none(journal, TEMP, "the head");
	fail_call("pread", 2, EIO);
	check_none(journal, TEMP, "the rest");
	for (unsigned nth = 1; nth <= 3; nth++) {
		fail_call("calloc", nth, ENOMEM);
		check_none(journal, TEMP, "no memory");
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", journal);
	full = open(path, O_WRONLY);
	if (full != -1)
		check_none(full, TEMP, "not to be read");
	close(full);
	close(journal);
}

static void
a_shorter_journal_has_no_plan(void **state)
{
	int journal = a_journal();
	struct plan p;

	(void)state;
	assert_int_equal(ftruncate(journal, PAGE + 3 * 16 + 20 * 8), 0);
	assert_int_equal(plan_read(&p, journal), FINE);
	plan_close(&p);
	for (off_t size = PAGE + 3 * 16 + 20 * 8 - 1; size >= 0;
	     size -= size > PAGE || size < 200 ? 1 : 97) {
		assert_int_equal(ftruncate(journal, size), 0);
		check_none(journal, CHANGED, "a shorter one");
	}
	close(journal);
}

static void
put_number(int fd, off_t at, uint64_t n)
{
	unsigned char bytes[8];

	bytes_put(bytes, n, sizeof bytes);
	assert_int_equal(pwrite(fd, bytes, sizeof bytes, at), sizeof bytes);
}

/* The digest behind "len" bytes at "at", and over "more" bytes of a plan. */
static void
sign(int fd, off_t at, size_t len, size_t more)
{
	static unsigned char bytes[1 << 20];
	unsigned char sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;

	sha256_init(&sha);
	assert_int_equal(pread(fd, bytes, len, at), len);
	sha256_update(&sha, len, bytes);
	assert_in_range(more, 0, sizeof bytes);
	if (more > 0 && pread(fd, bytes, more, PAGE) == (ssize_t)more)
		sha256_update(&sha, more, bytes);
	sha256_digest(&sha, sizeof sum, sum);
	pwrite(fd, sum, sizeof sum, at + (off_t)len);
}

static const struct {
	const char *what;
	uint64_t size, ranges, samples, unit, room;
	enum trouble outcome;
} heads[] = {
    {"as it is",             FILE_SIZE,       3,          20,    512,              1000,          FINE   },
    {"as large as can be",   FILE_SIZE,       3,          20,    512,              PLAN_DATA,     FINE   },
    {"no room for data",     FILE_SIZE,       3,          20,    512,              0,             CHANGED},
    {"too much of it",       FILE_SIZE,       3,          20,    512,              PLAN_DATA + 1, CHANGED},
    {"a negative size",      1ULL << 63,      3,          16384, 1ULL << 49,       1000,          CHANGED},
    {"more parts than fit",  FILE_SIZE,       200000,     20,    512,              1000,          CHANGED},
    {"parts that wrap to 0", FILE_SIZE,       1ULL << 60, 20,    512,              1000,          CHANGED},
    {"most samples",         512 * 16384,     3,          16384, 512,              1000,          FINE   },
    {"one more",             512 * 16385,     3,          16385, 512,              1000,          CHANGED},
    {"smaller units",        FILE_SIZE,       3,          40,    256,              1000,          CHANGED},
    {"units of nothing",     FILE_SIZE,       3,          20,    0,                1000,          CHANGED},
    {"the largest unit",     FILE_SIZE,       3,          1,     (1ULL << 49) - 1, 1000,          FINE   },
    {"a larger one",         FILE_SIZE,       3,          1,     1ULL << 49,       1000,          CHANGED},
    {"a sample too many",    FILE_SIZE,       3,          21,    512,              1000,          CHANGED},
    {"a sample missing",     FILE_SIZE,       3,          19,    512,              1000,          CHANGED},
    {"a last unit of 512",   FILE_SIZE + 240, 3,          20,    512,              1000,          FINE   },
    {"a byte behind it",     FILE_SIZE + 241, 3,          20,    512,              1000,          CHANGED},
};

static void
no_number_that_makes_no_sense_is_believed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		int journal = a_journal();
		const off_t at = NUMBER;
		size_t more =
		    (size_t)(16 * heads[i].ranges + 8 * heads[i].samples);
		struct plan p;

		/* All that the head promises is there. */
		if (more > 400000)
			more = 400000;
		assert_int_equal(ftruncate(journal, 2000000), 0);
		put_number(journal, at + 8 * SIZE, heads[i].size);
		put_number(journal, at + 8 * RANGES, heads[i].ranges);
		put_number(journal, at + 8 * SAMPLES, heads[i].samples);
		put_number(journal, at + 8 * UNIT, heads[i].unit);
		put_number(journal, at + 8 * ROOM, heads[i].room);
		sign(journal, 0, HEAD, more);
		check(plan_read(&p, journal) == heads[i].outcome, "%s",
		    heads[i].what);
		plan_close(&p);
		close(journal);
	}
}

static void
another_version_is_none(void **state)
{
	int journal = a_journal();

	(void)state;
	pwrite(journal, "\1", 1, 7);
	sign(journal, 0, HEAD, 3 * 16 + 20 * 8);
	check_none(journal, CHANGED, "another version");
	close(journal);
}

static const struct {
	const char *what;
	unsigned part;
	int64_t offset, size;
	enum trouble outcome;
} wrong_parts[] = {
    {"as it is",              0, 100,       200,       FINE   },
    {"the file's first byte", 0, 0,         300,       FINE   },
    {"a negative offset",     0, -1,        200,       CHANGED},
    {"up to the next",        0, 100,       900,       FINE   },
    {"a byte into the next",  0, 100,       901,       CHANGED},
    {"before the one before", 1, 99,        500,       CHANGED},
    {"in the one before",     1, 299,       500,       CHANGED},
    {"nothing",               1, 1000,      0,         CHANGED},
    {"a negative size",       1, 1000,      -1,        CHANGED},
    {"up to the end",         2, 5000,      5000,      FINE   },
    {"behind the end",        2, 5000,      5001,      CHANGED},
    {"a size that wraps",     2, 5000,      INT64_MAX, CHANGED},
    {"the last byte",         2, 9999,      1,         FINE   },
    {"nothing left there",    2, 10000,     1,         CHANGED},
    {"wholly behind it",      2, 10001,     1,         CHANGED},
    {"far behind it",         2, INT64_MAX, INT64_MAX, CHANGED},
};

static void
no_part_that_makes_no_sense_is_believed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong_parts); i++) {
		int journal = a_journal();
		off_t at = PAGE + 16 * (off_t)wrong_parts[i].part;
		struct plan p;

		put_number(journal, at, (uint64_t)wrong_parts[i].offset);
		put_number(journal, at + 8, (uint64_t)wrong_parts[i].size);
		sign(journal, 0, HEAD, 3 * 16 + 20 * 8);
		check(plan_read(&p, journal) == wrong_parts[i].outcome, "%s",
		    wrong_parts[i].what);
		plan_close(&p);
		close(journal);
	}
}

/* A move of 200 bytes, all of them in the journal. */
static struct record
a_record(const struct plan *p, int journal, uint64_t seq)
{
	unsigned char bytes[200];
	struct record r = {.seq = seq,
	    .kind = RECORD_MOVE,
	    .from = 100,
	    .len = sizeof bytes,
	    .has_data = 1,
	    .mark = "0123456789abcde"};
	struct umac64_ctx umac;

	memset(bytes, (int)seq, sizeof bytes);
	plan_begin_tag(p, &r, &umac);
	umac64_update(&umac, sizeof bytes, bytes);
	umac64_digest(&umac, PLAN_TAG, r.tag);
	assert_true(
	    bytes_write(journal, bytes, sizeof bytes, plan_data(p, &r)));
	assert_true(plan_write_record(p, journal, &r));
	return r;
}

static void
open_journal(struct plan *p, int *journal)
{
	*journal = a_journal();
	assert_int_equal(plan_read(p, *journal), FINE);
}

static void
close_journal(struct plan *p, int journal)
{
	plan_close(p);
	close(journal);
}

static void
check_last(const struct plan *p, int journal, uint64_t seq)
{
	struct record r;

	assert_int_equal(plan_last_record(p, journal, &r), FINE);
	assert_int_equal(r.seq, seq);
}

static void
the_last_whole_record_counts(void **state)
{
	struct record r, was;
	struct plan p;
	int journal;

	(void)state;
	open_journal(&p, &journal);
	assert_int_equal(plan_last_record(&p, journal, &r), CHANGED);
	was = a_record(&p, journal, 1);
	assert_int_equal(plan_last_record(&p, journal, &r), FINE);
	assert_true(r.seq == 1 && r.kind == RECORD_MOVE && r.to == 0 &&
	    r.from == 100 && r.range == 0 && r.len == 200 && r.has_data);
	assert_memory_equal(r.mark, was.mark, PLAN_ID);
	assert_memory_equal(r.tag, was.tag, PLAN_TAG);
	a_record(&p, journal, 2);
	check_last(&p, journal, 2);
	a_record(&p, journal, 3);
	check_last(&p, journal, 3);
	pwrite(journal, "#", 1, ODD + RECORD - 20); /* it is torn */
	check_last(&p, journal, 2);
	a_record(&p, journal, 3);
	pwrite(journal, "#", 1, ODD + PAGE + 199); /* and so are its data */
	check_last(&p, journal, 2);
	assert_int_equal(ftruncate(journal, ODD + PAGE + 199), 0);
	check_last(&p, journal, 2);
	a_record(&p, journal, 3);
	a_record(&p, journal, 4);
	pwrite(journal, "#", 1, EVEN + PAGE);
	check_last(&p, journal, 3);
	pwrite(journal, "#", 1, ODD + 20);
	assert_int_equal(plan_last_record(&p, journal, &r), CHANGED);
	close_journal(&p, journal);
}

/* Another record's data, another plan's record, and one in the other place. */
static void
records_are_bound_to_plan_and_place(void **state)
{
	unsigned char bytes[RECORD + 32];
	struct record r;
	struct plan p;
	int journal;

	(void)state;
	open_journal(&p, &journal);
	a_record(&p, journal, 1);
	assert_int_equal(
	    pread(journal, bytes, sizeof bytes, ODD), sizeof bytes);
	pwrite(journal, bytes, sizeof bytes, EVEN);
	memset(bytes, 1, 100);
	pwrite(journal, bytes, 100, EVEN + PAGE);
	pwrite(journal, bytes, 100, EVEN + PAGE + 100);
	check_last(&p, journal, 1);
	pwrite(journal, "#", 1, ODD);
	sign(journal, ODD, RECORD, 0);
	assert_int_equal(plan_last_record(&p, journal, &r), CHANGED);
	a_record(&p, journal, 2);
	a_record(&p, journal, 4);
	memset(bytes, 2, sizeof bytes);
	pwrite(journal, bytes, 100, EVEN + PAGE);
	assert_int_equal(plan_last_record(&p, journal, &r), CHANGED);
	close_journal(&p, journal);
}

static void
a_record_that_cannot_be_read_is_told(void **state)
{
	struct record r;
	struct plan p;
	int journal;

	(void)state;
	open_journal(&p, &journal);
	a_record(&p, journal, 1);
	a_record(&p, journal, 2);
	for (unsigned nth = 1; nth <= 4; nth++) {
		fail_call("pread", nth, EIO);
		assert_int_equal(plan_last_record(&p, journal, &r), TEMP);
	}
	fail_call("pread", 5, EIO); /* it is not called that often */
	check_last(&p, journal, 2);
	fail_call("pwrite", 1, EIO);
	assert_false(plan_write_record(&p, journal, &r));
	fail_call(NULL, 0, 0);
	close_journal(&p, journal);
}

static const struct {
	const char *what;
	struct record r;
	enum trouble outcome;
} steps[] = {
    {"bytes without a copy",     {2, RECORD_MOVE, 0, 100, 0, 100, 0, "", ""},          FINE   },
    {"no number",                {0, RECORD_MOVE, 0, 100, 0, 100, 0, "", ""},          CHANGED},
    {"to before the file",       {2, RECORD_MOVE, -1, 100, 0, 100, 0, "", ""},
     CHANGED										  },
    {"from the place itself",    {2, RECORD_MOVE, 100, 100, 0, 1, 0, "", ""},
     CHANGED										  },
    {"upwards",		  {2, RECORD_MOVE, 101, 100, 0, -1, 0, "", ""},         CHANGED},
    {"upwards, with data",       {2, RECORD_MOVE, 101, 100, 0, 1, 1, "", ""},
     CHANGED										  },
    {"a cut behind the end",     {2, RECORD_CUT, 101, 100, 0, 0, 0, "", ""},
     CHANGED										  },
    {"less than nothing",        {2, RECORD_MOVE, 0, 100, 0, -1, 0, "", ""},           CHANGED},
    {"a cut",		    {2, RECORD_CUT, 0, 100, 0, 0, 0, "", ""},             FINE   },
    {"a cut, less than nothing", {2, RECORD_CUT, 0, 100, 0, -1, 0, "", ""},
     CHANGED										  },
    {"nothing",		  {2, RECORD_MOVE, 0, 100, 0, 0, 0, "", ""},            CHANGED},
    {"nothing, with data",       {2, RECORD_MOVE, 0, 100, 0, 0, 1, "", ""},            CHANGED},
    {"onto itself",              {2, RECORD_MOVE, 0, 100, 0, 101, 0, "", ""},          CHANGED},
    {"more data than fit",       {2, RECORD_MOVE, 0, 100, 0, 1001, 1, "", ""},
     CHANGED										  },
    {"a part that is not there", {2, RECORD_MOVE, 0, 10000, 4, 1, 0, "", ""},
     CHANGED										  },
    {"a part far away",          {2, RECORD_MOVE, 0, 10000, 1ULL << 40, 1, 0, "", ""},
     CHANGED										  },
    {"before its part",          {2, RECORD_MOVE, 0, 99, 0, 1, 0, "", ""},             CHANGED},
    {"its part's last byte",     {2, RECORD_MOVE, 0, 299, 0, 1, 0, "", ""},            FINE   },
    {"behind its part",          {2, RECORD_MOVE, 0, 300, 0, 1, 0, "", ""},            CHANGED},
    {"behind all parts",         {2, RECORD_MOVE, 0, 10000, 3, 1, 0, "", ""},          FINE   },
    {"not quite behind",         {2, RECORD_MOVE, 0, 9999, 3, 1, 0, "", ""},           CHANGED},
};

/* Their digests fit, and so do the data's. */
static void
no_step_that_makes_no_sense_is_believed(void **state)
{
	static const unsigned char zeros[2048];
	struct umac64_ctx umac;
	struct plan p;
	int journal;

	(void)state;
	open_journal(&p, &journal);
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct record r = steps[i].r, got;

		bytes_write(journal, zeros, sizeof zeros, plan_data(&p, &r));
		plan_begin_tag(&p, &r, &umac);
		umac64_update(&umac, r.len > 0 ? (size_t)r.len : 0, zeros);
		umac64_digest(&umac, PLAN_TAG, r.tag);
		assert_true(plan_write_record(&p, journal, &r));
		check(plan_last_record(&p, journal, &got) == steps[i].outcome,
		    "%s", steps[i].what);
	}
	close_journal(&p, journal);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_written_is_read),
	    cmocka_unit_test(samples_are_bounded),
	    cmocka_unit_test(another_file_is_told_apart),
	    cmocka_unit_test(what_cannot_be_sampled_is_told),
	    cmocka_unit_test(what_cannot_be_written_is_told),
	    cmocka_unit_test(what_cannot_be_read_is_told),
	    cmocka_unit_test(a_shorter_journal_has_no_plan),
	    cmocka_unit_test(no_number_that_makes_no_sense_is_believed),
	    cmocka_unit_test(another_version_is_none),
	    cmocka_unit_test(no_part_that_makes_no_sense_is_believed),
	    cmocka_unit_test(the_last_whole_record_counts),
	    cmocka_unit_test(records_are_bound_to_plan_and_place),
	    cmocka_unit_test(a_record_that_cannot_be_read_is_told),
	    cmocka_unit_test(no_step_that_makes_no_sense_is_believed),
	};

	note_log();
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
