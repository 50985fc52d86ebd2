/*
 * Tests of journal.c: what a journal says is held against the file before a
 * byte of it is moved, and no call that fails is taken for an answer.
 *
 * Journals are forged here as their owner could do it: all digests fit.
 */
#include "../../journal.h"

#include "test.h"

#include "../../bytes.h"
#include "failing.h"

#include <sys/random.h>
#include <sys/syscall.h>

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(int, fsync, (int fd), (fd), -1)
FAILING(int, ftruncate, (int fd, off_t size), (fd, size), -1)
FAILING(int, fallocate, (int fd, int mode, off_t at, off_t len),
    (fd, mode, at, len), -1)
FAILING(ssize_t, getrandom, (void *out, size_t n, unsigned flags),
    (out, n, flags), -1)
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING_SYSCALL

#define SIZE 1000
#define GONE 300 /* the first bytes, of a message that is deleted */
#define MARK "the mark at last"
#define MAIL "what came later\n"

static struct {
	char bytes[SIZE];
	struct rewrite r;
	struct plan plan;
	struct range keep;
	struct record rec;
} on; /* the case that is worked on */

static uint64_t
inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* A file whose first bytes are to go, and the plan and the one step that do
 * it. */
static void
begin(void)
{
	memset(&on, 0, sizeof on);
	for (size_t i = 0; i < SIZE; i++)
		on.bytes[i] = (char)('a' + i % 26);
	on.r = (struct rewrite){.fd = make_nameless(on.bytes, SIZE),
	    .fs = 5,
	    .journal = make_nameless("", 0),
	    .path = "the mailbox"};
	on.keep = (struct range){GONE, SIZE - GONE};
	on.plan = (struct plan){.id = "the plan's id...",
	    .fs = 5,
	    .ino = inode(on.r.fd),
	    .size = SIZE,
	    .ranges = &on.keep,
	    .range_count = 1,
	    .data_room = SIZE};
	on.rec = (struct record){.seq = 1,
	    .kind = RECORD_MOVE,
	    .from = GONE,
	    .len = SIZE - GONE,
	    .has_data = 1,
	    .mark = MARK};
	note_log();
}

static void
end(void)
{
	close(on.r.fd);
	close(on.r.journal);
}

static void
write_journal(void)
{
	struct umac64_ctx umac;

	assert_true(plan_sample(&on.plan, on.r.fd));
	assert_true(plan_write(&on.plan, on.r.journal));
	plan_begin_tag(&on.plan, &on.rec, &umac);
	if (on.rec.has_data) {
		char data[2 * SIZE] = {0};
		size_t n = (size_t)on.rec.len;

		pread(on.r.fd, data, n, on.rec.from);
		assert_true(bytes_write(
		    on.r.journal, data, n, plan_data(&on.plan, &on.rec)));
		umac64_update(&umac, n, (uint8_t *)data);
		umac64_digest(&umac, PLAN_TAG, on.rec.tag);
	}
	assert_true(plan_write_record(&on.plan, on.r.journal, &on.rec));
	free(on.plan.samples);
}

static void
check_file(const char *want, size_t n, const char *what)
{
	static char got[4 * SIZE];
	ssize_t len = pread(on.r.fd, got, sizeof got, 0);

	check_bytes(got, (size_t)len, want, n, what);
}

/* The file is as it was, and the journal is there. */
static void
check_untouched(const char *what)
{
	struct stat st;

	fail_call(NULL, 0, 0);
	check_file(on.bytes, SIZE, what);
	assert_int_equal(fstat(on.r.journal, &st), 0);
	check(st.st_size > 0, "%s: no journal", what);
}

static void
check_finished(const char *what)
{
	check(journal_recover(&on.r) == FINE, "%s: %s", what, logged);
	check_file(on.bytes + GONE, SIZE - GONE, what);
	check(!journal_is_open(on.r.journal), "%s", what);
}

static void
a_true_journal_is_followed(void **state)
{
	(void)state;
	begin();
	write_journal();
	check_finished("as it is");
	end();
}

/* Of a last step, whose data are fewer than there is room for, or more. */
static void
the_journal_s_length_does_not_matter(void **state)
{
	(void)state;
	for (int longer = 0; longer < 2; longer++) {
		begin();
		on.plan.data_room = longer ? SIZE - GONE : SIZE + 5000;
		write_journal();
		if (longer)
			assert_int_equal(
			    ftruncate(on.r.journal, plan_room(&on.plan) + 1),
			    0);
		check_finished("its length");
		end();
	}
}

static const struct {
	const char *what;
	struct range keep;
	off_t to, from, len;
	uint64_t range;
	enum record_kind kind;
} lies[] = {
    {"a source behind the file",     {300, 700}, 0,   1001, 1,   1, RECORD_MOVE},
    {"from the very end",            {300, 700}, 0,   1000, 1,   1, RECORD_MOVE},
    {"more than is left",            {300, 700}, 0,   300,  701, 0, RECORD_MOVE},
    {"more than is left further on", {300, 700}, 100, 400,  601, 0, RECORD_MOVE},
    {"no room for the mark",         {15, 985},  0,   15,   985, 0, RECORD_MOVE},
    {"nothing to be moved",          {300, 700}, 300, 300,  700, 0, RECORD_MOVE},
};

/* Each has a digest that fits, and makes sense for some file. */
static void
what_does_not_fit_the_file_is_not_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		begin();
		on.keep = lies[i].keep;
		on.rec.to = lies[i].to;
		on.rec.from = lies[i].from;
		on.rec.len = lies[i].len;
		on.rec.range = lies[i].range;
		on.rec.kind = lies[i].kind;
		write_journal();
		check(journal_recover(&on.r) == CHANGED, "%s", lies[i].what);
		check_untouched(lies[i].what);
		end();
	}
	begin();
	on.keep.offset = 16; /* just enough room: a control */
	on.keep.size = SIZE - 16;
	on.rec.from = 16;
	on.rec.len = SIZE - 16;
	write_journal();
	assert_int_equal(journal_recover(&on.r), FINE);
	check_file(on.bytes + 16, SIZE - 16, "the smallest message");
	end();
}

static void
another_file_is_not_touched(void **state)
{
	int fd;

	(void)state;
	begin();
	on.plan.fs ^= 1;
	write_journal();
	assert_int_equal(journal_recover(&on.r), CHANGED);
	check_untouched("another file system's");
	end();

	begin();
	on.plan.ino ^= 1;
	write_journal();
	assert_int_equal(journal_recover(&on.r), CHANGED);
	check_untouched("another inode");
	end();

	begin();
	write_journal();
	fd = on.r.fd;
	on.r.fd = -1;
	assert_int_equal(journal_recover(&on.r), CHANGED);
	on.r.fd = fd;
	check_untouched("no file");
	end();
}

/* All is moved, and the mark stands there: all that is left is the cut. */
static void
begin_cut(void)
{
	begin();
	on.rec.kind = RECORD_CUT;
	on.rec.to = SIZE - GONE;
	on.rec.from = SIZE;
	on.rec.range = 1ULL << 40; /* it has none */
	on.rec.len = 0;
	on.rec.has_data = 0;
	memcpy(on.bytes + on.rec.to, MARK, PLAN_ID);
	pwrite(on.r.fd, MARK, PLAN_ID, on.rec.to);
	write_journal();
}

static void
what_is_moved_is_cut(void **state)
{
	(void)state;
	begin_cut();
	assert_int_equal(journal_recover(&on.r), FINE);
	check_file(on.bytes, SIZE - GONE, "cut");
	end();

	begin_cut();
	pwrite(on.r.fd, MAIL, strlen(MAIL), SIZE);
	assert_int_equal(journal_recover(&on.r), FINE);
	memcpy(on.bytes + SIZE - GONE, MAIL, strlen(MAIL));
	check_file(on.bytes, SIZE - GONE + strlen(MAIL), "mail has come");
	assert_false(journal_is_open(on.r.journal));
	end();
}

/* Without the mark it is cut already. */
static void
what_is_cut_is_not_cut_again(void **state)
{
	(void)state;
	begin_cut();
	pwrite(on.r.fd, "T", 1, on.rec.to);
	on.bytes[on.rec.to] = 'T';
	assert_int_equal(journal_recover(&on.r), FINE);
	check_file(on.bytes, SIZE, "no mark");
	assert_false(journal_is_open(on.r.journal));
	end();

	begin_cut();
	assert_int_equal(ftruncate(on.r.fd, on.rec.to + 3), 0);
	assert_int_equal(journal_recover(&on.r), FINE);
	check_file(on.bytes, (size_t)on.rec.to + 3, "half a mark");
	assert_false(journal_is_open(on.r.journal));
	end();
}

/* The owner has cut behind the mark: where the old end was is not to be
 * known. */
static void
a_cut_that_lies_is_not_made(void **state)
{
	(void)state;
	begin_cut();
	on.rec.from = SIZE + 1;
	write_journal();
	assert_int_equal(journal_recover(&on.r), CHANGED);
	check_untouched("the old end lies behind the file");
	end();
}

static const char *const calls[] = {"pread", "pwrite", "fsync", "ftruncate",
    "getrandom", "malloc", "calloc", "syscall"};

/* Once each; what a second try mends is FINE. Then the next recovery ends
 * it. */
static void
a_call_that_fails_is_told(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(calls); i++)
		for (unsigned nth = 1, more = 1; more; nth++) {
			enum trouble why;

			if (i % 2 == 0)
				begin();
			else
				begin_cut();
			if (i % 2 == 0)
				write_journal();
			fail_call(calls[i / 2], nth, EIO);
			why = journal_recover(&on.r);
			more = fault.seen >= nth;
			fail_call(NULL, 0, 0);
			check(why == FINE || (more && why == TEMP), "%s %u: %d",
			    calls[i / 2], nth, (int)why);
			failed += why == TEMP;
			if (why == TEMP)
				check(journal_recover(&on.r) == FINE, "%s %u",
				    calls[i / 2], nth);
			check_file(i % 2 ? on.bytes : on.bytes + GONE,
			    SIZE - GONE, calls[i / 2]);
			end();
		}
	assert_in_range(failed, 20, 60);
}

/* What is no journal is emptied, and if that fails comes again. */
static void
a_journal_that_stays_is_told(void **state)
{
	(void)state;
	begin();
	pwrite(on.r.journal, "no journal", 10, 0);
	fail_call("ftruncate", 0, EIO);
	assert_int_equal(journal_recover(&on.r), TEMP);
	check_untouched("it cannot be emptied");
	assert_int_equal(journal_recover(&on.r), FINE);
	assert_false(journal_is_open(on.r.journal));
	check_file(on.bytes, SIZE, "no journal");
	end();

	begin_cut();
	pwrite(on.r.fd, "T", 1, on.rec.to);
	on.bytes[on.rec.to] = 'T';
	fail_call("ftruncate", 0, EIO);
	assert_int_equal(journal_recover(&on.r), TEMP);
	check_untouched("it cannot be emptied after the cut");
	end();
}

static void
if_in_doubt_it_is_open(void **state)
{
	(void)state;
	assert_true(journal_is_open(-1));
}

/* The rewrite itself: the old file, or the new one and FINE. */
static void
try_rewrite(const char *call, unsigned nth, int error, int *more)
{
	enum trouble why;

	begin();
	fail_call(call, nth, error);
	why = journal_rewrite(&on.r, &on.keep, 1, SIZE);
	*more = fault.seen >= nth && nth > 0;
	fail_call(NULL, 0, 0);
	if (why == FINE)
		check_file(on.bytes + GONE, SIZE - GONE, call);
	if (journal_is_open(on.r.journal))
		check_finished(call);
	else if (why != FINE)
		check_file(on.bytes, SIZE, call);
	check(why == FINE || (logged_lines > 0 && why == TEMP), "%s %u", call,
	    nth);
	end();
}

static void
a_rewrite_that_fails_leaves_the_old(void **state)
{
	int more;

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++)
		for (unsigned nth = 1;; nth++) {
			try_rewrite(calls[i], nth, EIO, &more);
			if (!more)
				break;
		}
	try_rewrite("fallocate", 1, EIO, &more);
}

/* Where no room can be reserved, it is tried; where there is none, not. */
static void
room_is_reserved_where_it_can_be(void **state)
{
	static const struct {
		int error;
		enum trouble outcome;
	} answers[] = {
	    {EOPNOTSUPP, FINE},
            {ENOSYS,     FINE},
            {ENOSPC,     FULL},
            {EDQUOT,     FULL},
	    {EFBIG,      FULL},
            {EIO,        TEMP}
        };

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		int error = answers[i].error;

		begin();
		fail_call("fallocate", 1, error);
		check(journal_rewrite(&on.r, &on.keep, 1, SIZE) ==
			answers[i].outcome,
		    "%s", strerror(error));
		fail_call(NULL, 0, 0);
		if (answers[i].outcome == FINE)
			check_file(
			    on.bytes + GONE, SIZE - GONE, strerror(error));
		else
			check_file(on.bytes, SIZE, strerror(error));
		check(!journal_is_open(on.r.journal), "%s", strerror(error));
		end();
	}
}

/* A journal or a file that may not be on disk is not acted upon. */
static void
what_cannot_be_settled_is_left(void **state)
{
	static const struct {
		const char *call;
		unsigned nth;
	} first[] = {
	    {"pwrite", 1},
            {"fsync",  1},
            {"fsync",  2}
        };

	(void)state;
	for (size_t i = 0; i < COUNT(first); i++) {
		begin();
		write_journal();
		fail_call(first[i].call, first[i].nth, EIO);
		assert_int_equal(journal_recover(&on.r), TEMP);
		check_untouched(first[i].call);
		check_finished(first[i].call);
		end();
	}
}

/* Deletes the first "gone" bytes of a large file; that sync fails. */
static void
move_much(off_t gone, unsigned sync)
{
	const off_t left = PLAN_DATA + 4096;
	struct range keep = {gone, left};
	struct stat st;
	char got[5];

	begin();
	pwrite(on.r.fd, "first", 5, gone);
	pwrite(on.r.fd, "middle", 5, gone + PLAN_DATA - 2);
	pwrite(on.r.fd, "last.", 5, gone + left - 5);
	fail_call("fsync", sync, EIO);
	assert_int_equal(journal_rewrite(&on.r, &keep, 1, gone + left), FINE);
	fail_call(NULL, 0, 0);
	assert_int_equal(fstat(on.r.fd, &st), 0);
	assert_int_equal(st.st_size, left);
	pread(on.r.fd, got, 5, 0);
	assert_memory_equal(got, "first", 5);
	pread(on.r.fd, got, 5, PLAN_DATA - 2);
	assert_memory_equal(got, "middl", 5);
	pread(on.r.fd, got, 5, left - 5);
	assert_memory_equal(got, "last.", 5);
	end();
}

/*
 * What is larger than a record goes in several, and without a copy where what
 * is deleted is as large. A step that is done twice, since its sync has failed
 * (the third is the first step's), finds its source as it was: also where that
 * would begin in the mark, if the step were the last.
 */
static void
large_parts_need_no_copy(void **state)
{
	static const off_t more[] = {-1, 0, 1, PLAN_ID - 1, PLAN_ID};

	(void)state;
	for (size_t i = 0; i < COUNT(more); i++)
		move_much(PLAN_DATA + 4096 + more[i], 3);
	move_much(PLAN_DATA + 4095, 99);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_true_journal_is_followed),
	    cmocka_unit_test(the_journal_s_length_does_not_matter),
	    cmocka_unit_test(what_does_not_fit_the_file_is_not_done),
	    cmocka_unit_test(another_file_is_not_touched),
	    cmocka_unit_test(what_is_moved_is_cut),
	    cmocka_unit_test(what_is_cut_is_not_cut_again),
	    cmocka_unit_test(a_cut_that_lies_is_not_made),
	    cmocka_unit_test(a_call_that_fails_is_told),
	    cmocka_unit_test(a_journal_that_stays_is_told),
	    cmocka_unit_test(if_in_doubt_it_is_open),
	    cmocka_unit_test(a_rewrite_that_fails_leaves_the_old),
	    cmocka_unit_test(room_is_reserved_where_it_can_be),
	    cmocka_unit_test(what_cannot_be_settled_is_left),
	    cmocka_unit_test(large_parts_need_no_copy),
	};

	return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
