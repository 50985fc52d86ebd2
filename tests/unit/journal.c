/*
 * Tests of journal.c: whatever fails, or is killed, at whatever call, the file
 * is the old one or the new one after recovery, with what was appended.
 *
 * The calls that change a file are replaced by ours, which count, and fail or
 * die when it is their turn.
 */
#include "../../journal.h"

#include "test.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum fault {
	KILL,       /* dies before the call */
	KILL_HALF,  /* dies when half of a write is done */
	SHORT,      /* half a write, which is said */
	ERROR_IO,   /* EIO, once */
	ERROR_IOS,  /* EIO, from then on */
	ERROR_FULL, /* ENOSPC, once */
	ERROR_INTR, /* EINTR, once */
	FAULTS,
	ERROR_SYNC, /* EIO, of the turn'th sync */
	KILL_SYNC   /* dies before the turn'th sync */
};

static int fd_mbox, fd_journal;

/* What was called, in shared memory, a letter each, repetitions once: j and m
 * for writes to journal and mbox, J and M for syncs, c and C for cuts. */
static char *trace;

static unsigned calls;   /* so far */
static unsigned turn;    /* of the call that goes wrong, from 1; 0: none */
static enum fault fault; /* and how */

static void
note_call(int fd, const char letters[2])
{
	size_t n = strlen(trace);
	char letter = fd == fd_journal ? letters[0]
	    : fd == fd_mbox            ? letters[1]
				       : '?';

	if ((n == 0 || trace[n - 1] != letter) && n < 4000)
		trace[n] = letter;
}

/* What the call returns instead of being made; 1 if it is to be made. */
static int
go_wrong(void)
{
	calls++;
	if (turn == 0 || fault > FAULTS || calls < turn ||
	    (calls > turn && fault != ERROR_IOS))
		return 1;
	if (fault == KILL)
		_exit(99);
	errno = fault == ERROR_FULL ? ENOSPC
	    : fault == ERROR_INTR   ? EINTR
				    : EIO;
	return fault == KILL_HALF || fault == SHORT ? 1 : -1;
}

static int
is_turn(void)
{
	return turn != 0 && fault < FAULTS && calls == turn;
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	if (go_wrong() == -1)
		return -1;
	if (is_turn() && n > 1 && (fault == KILL_HALF || fault == SHORT))
		n /= 2;
	note_call(fd, "jm");
	n = (size_t)syscall(SYS_pwrite64, fd, bytes, n, at);
	if (is_turn() && fault == KILL_HALF)
		_exit(99);
	return (ssize_t)n;
}

int
fsync(int fd)
{
	static unsigned syncs;

	/* No disk is needed: the kernel outlives us. */
	if (fault > FAULTS && ++syncs == turn) {
		if (fault == KILL_SYNC)
			_exit(99);
		errno = EIO;
		return -1;
	}
	note_call(fd, "JM");
	return go_wrong() == -1 ? -1 : 0;
}

int
ftruncate(int fd, off_t size)
{
	if (go_wrong() == -1)
		return -1;
	note_call(fd, "cC");
	return (int)syscall(SYS_ftruncate, fd, size);
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	if (go_wrong() == -1)
		return -1;
	return (int)syscall(SYS_fallocate, fd, mode, at, len);
}

#define MESSAGES 9
#define APPENDED "From z Mon Jan  1 10:00:00 2024\n\nlater\n\n"

/* Which messages stay, a digit each. */
static const struct {
	const char *what;
	const char *keep;
	unsigned huge; /* message with many bytes; 0: none */
} patterns[] = {
    {"none is deleted",     "123456789", 0},
    {"the first",           "23456789",  0},
    {"the last",            "12345678",  0},
    {"all",		 "",          0},
    {"all but the last",    "9",         0},
    {"all but the first",   "1",         0},
    {"every second",        "13579",     0},
    {"the other half",      "2468",      0},
    {"a pair",              "1236789",   0},
    {"the huge first",      "23456789",  1},
    {"before the huge one", "3456789",   3},
    {"the huge last",       "12345678",  9},
};

static char old[200000], new[200000];
static size_t old_len, new_len;
static struct range keep[MESSAGES];
static size_t keep_count;

static void
draw_pattern(size_t k)
{
	old_len = 0;
	new_len = 0;
	keep_count = 0;
	for (unsigned i = 1; i <= MESSAGES; i++) {
		size_t from = old_len;
		size_t body = patterns[k].huge == i ? 90000 : 10 + i * i * 7;

		old_len += (size_t)sprintf(old + old_len,
		    "From a Mon Jan  1 10:00:00 2024\nSubject: %u\n\n", i);
		memset(old + old_len, (int)('a' + i), body);
		old_len += body;
		old_len += (size_t)sprintf(old + old_len, "\n\n");
		if (strchr(patterns[k].keep, (int)('0' + i)) == NULL)
			continue;
		memcpy(new + new_len, old + from, old_len - from);
		new_len += old_len - from;
		if (keep_count > 0 &&
		    keep[keep_count - 1].offset + keep[keep_count - 1].size ==
			(off_t)from)
			keep[keep_count - 1].size += (off_t)(old_len - from);
		else
			keep[keep_count++] = (struct range){
			    (off_t)from, (off_t)(old_len - from)};
	}
}

/* Runs one of the two in a child, with that fault; returns its outcome, 99 if
 * it was killed. *more: the fault's turn came. */
static int
run(int recover, enum fault how, unsigned when, int *more)
{
	struct rewrite r = {.path = "mbox"};
	int status, pipes[2];
	unsigned made = 0;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		turn = when;
		fault = how;
		calls = 0;
		fd_mbox = r.fd = open("mbox", O_RDWR);
		fd_journal = r.journal = open("journal", O_RDWR);
		memset(trace, 0, 4096);
		if (!recover)
			status = (int)journal_rewrite(
			    &r, keep, keep_count, (off_t)old_len);
		else
			status = journal_is_open(r.journal)
			    ? (int)journal_recover(&r)
			    : FINE;
		if (write(pipes[1], &calls, sizeof calls) == -1)
			_exit(98);
		_exit(status);
	}
	close(pipes[1]);
	if (read(pipes[0], &made, sizeof made) != sizeof made)
		made = when; /* it was killed */
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	*more = made >= when;
	return WEXITSTATUS(status);
}

static void
append_mail(void)
{
	int fd = open("mbox", O_WRONLY | O_APPEND);

	assert_true(write(fd, APPENDED, strlen(APPENDED)) > 0);
	close(fd);
}

/* The file is the old or the new one, with what was appended that often. */
static void
hold_against_both(int told, unsigned appended, const char *title)
{
	static char got[400000];
	size_t len = read_file("mbox", got, sizeof got);
	size_t more = appended * strlen(APPENDED);
	int is_old = len == old_len + more && memcmp(got, old, old_len) == 0;
	int is_new = len == new_len + more && memcmp(got, new, new_len) == 0;
	struct stat st;

	check(is_old || is_new, "%s: damaged", title);
	check(told != FINE || is_new, "%s: a lie", title);
	for (unsigned i = 1; i <= appended; i++)
		check(memcmp(got + len - i * strlen(APPENDED), APPENDED,
			  strlen(APPENDED)) == 0,
		    "%s: what came is lost", title);
	assert_int_equal(stat("journal", &st), 0);
	check(st.st_size == 0, "%s: a journal is left", title);
}

/* One fault in the rewrite; mail comes or not; then recovery, which has a
 * fault itself, and recovery again. Returns whether there was a fault. */
static int
try_fault(size_t k, enum fault how, unsigned when, unsigned second, int mail)
{
	unsigned appended = 0;
	char title[128];
	int told, more, ignored;

	snprintf(title, sizeof title, "%s, fault %d at %u, then at %u%s",
	    patterns[k].what, (int)how, when, second, mail ? ", mail" : "");
	make_file("mbox", old, old_len);
	make_file("journal", "", 0);
	told = run(0, how, when, &more);
	for (int i = 0; i < 2 && mail; i++, appended++) {
		append_mail();
		if (i == 0)
			run(1, KILL_HALF, second, &ignored);
	}
	if (!mail)
		run(1, how, second, &ignored);
	check(run(1, KILL, 0, &ignored) == FINE, "%s: no recovery", title);
	hold_against_both(told, appended, title);
	return more;
}

static void
every_fault_leaves_the_old_or_the_new(void **state)
{
	unsigned faults = 0;

	(void)state;
	for (size_t k = 0; k < COUNT(patterns); k++) {
		draw_pattern(k);
		for (enum fault how = KILL; how < FAULTS; how++)
			for (unsigned when = 1;
			     try_fault(k, how, when, when % 11 + 1, 0); when++)
				faults++;
	}
	print_message("# %u faults\n", faults);
	assert_true(faults > 500);
}

static void
mail_that_comes_meanwhile_is_kept(void **state)
{
	(void)state;
	for (size_t k = 0; k < COUNT(patterns); k++) {
		draw_pattern(k);
		for (unsigned second = 1; second < 16; second += 2)
			for (unsigned when = 1;
			     try_fault(k, KILL, when, second, 1); when++)
				continue;
	}
}

/*
 * What a failed sync should have written may be gone, and a second one says
 * nothing of it. The journal's first one's is the plan and all: the update is
 * called off.
 */
static void
a_failed_first_sync_calls_it_off(void **state)
{
	static char got[400000];
	struct stat st;
	int more;

	(void)state;
	draw_pattern(1);
	make_file("mbox", old, old_len);
	make_file("journal", "", 0);
	assert_int_equal(run(0, ERROR_SYNC, 2, &more), TEMP);
	check_bytes(got, read_file("mbox", got, sizeof got), old, old_len,
	    "the mailbox");
	assert_int_equal(stat("journal", &st), 0);
	assert_int_equal(st.st_size, 0);
}

/*
 * What a killed update has written is in the kernel's memory, and not yet on
 * disk: recovery acts upon it only when it is.
 */
static void
nothing_is_built_on_what_is_not_on_disk(void **state)
{
	static const struct {
		unsigned sync; /* before which it is killed */
		const char *recovery;
	} kills[] = {
	    {1, ""          }, /* what others have delivered */
	    {2, "jJMmMjJCMc"}, /* plan and first record */
	    {3, "jJMmMjJCMc"}, /* what was moved */
	    {4, "jJMjJCMc"  }, /* the record that all is */
	    {5, "McJ"       }, /* the cut */
	};
	int more;

	(void)state;
	draw_pattern(1);
	for (size_t i = 0; i < COUNT(kills); i++) {
		make_file("mbox", old, old_len);
		make_file("journal", "", 0);
		run(0, KILL_SYNC, kills[i].sync, &more);
		assert_int_equal(run(1, KILL, 0, &more), FINE);
		check_text(trace, kills[i].recovery, "calls of the recovery");
	}
}

/* Each sync is one that has to be there, and there are five. */
static void
an_update_of_one_step_has_five_syncs(void **state)
{
	int more;

	(void)state;
	draw_pattern(1);
	make_file("mbox", old, old_len);
	make_file("journal", "", 0);
	assert_int_equal(run(0, KILL, 0, &more), FINE);
	check_text(trace, "MjmjJmMjJCMc", "calls of the update");
}

/* A journal that another session has emptied without a sync cannot come back
 * when the file is another one. */
static void
a_mere_cut_comes_behind_an_empty_journal(void **state)
{
	int more;

	(void)state;
	draw_pattern(2);
	make_file("mbox", old, old_len);
	make_file("journal", "", 0);
	assert_int_equal(run(0, KILL, 0, &more), FINE);
	check_text(trace, "JCM", "calls of the update");
}

/* Kills it behind the first write to the file. */
static void
begin_rewrite(void)
{
	static char got[400000];
	int more = 1;

	draw_pattern(6);
	for (unsigned when = 1; more; when++) {
		make_file("mbox", old, old_len);
		make_file("journal", "", 0);
		run(0, KILL, when, &more);
		read_file("mbox", got, sizeof got);
		if (memcmp(got, old, old_len) != 0)
			return;
	}
	fail_msg("no write to the file");
}

static void
check_not_touched(const char *title)
{
	static char before[400000], after[400000];
	size_t len = read_file("mbox", before, sizeof before);
	int more;

	check(run(1, KILL, 0, &more) == CHANGED, "%s", title);
	check_bytes(
	    after, read_file("mbox", after, sizeof after), before, len, title);
}

static void
another_file_is_not_touched(void **state)
{
	int fd;

	(void)state;
	begin_rewrite();
	assert_int_equal(rename("mbox", "away"), 0);
	make_file("mbox", old, old_len);
	check_not_touched("replaced");

	begin_rewrite();
	assert_int_equal(truncate("mbox", (off_t)old_len / 2), 0);
	check_not_touched("truncated");

	begin_rewrite();
	fd = open("mbox", O_WRONLY);
	assert_int_equal(syscall(SYS_pwrite64, fd, "#", 1, old_len - 5), 1);
	close(fd);
	check_not_touched("changed behind what was moved");
}

/* Each byte of it in turn; the worst is that the update is not finished. */
static void
a_damaged_journal_does_no_harm(void **state)
{
	static char torn[400000], journal[100000], got[400000];
	size_t torn_len, len, got_len;
	int more;

	(void)state;
	begin_rewrite();
	torn_len = read_file("mbox", torn, sizeof torn);
	len = read_file("journal", journal, sizeof journal);
	for (size_t i = 0; i < len; i += i < 512 ? 1 : 97) {
		journal[i] ^= 1;
		make_file("journal", journal, len);
		journal[i] ^= 1;
		/* The same inode: the plan is about it. */
		assert_int_equal(truncate("mbox", 0), 0);
		more = open("mbox", O_WRONLY);
		assert_int_equal(write(more, torn, torn_len), torn_len);
		close(more);
		run(1, KILL, 0, &more);
		got_len = read_file("mbox", got, sizeof got);
		check(
		    (got_len == torn_len && memcmp(got, torn, got_len) == 0) ||
			(got_len == new_len && memcmp(got, new, got_len) == 0),
		    "byte %zu", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_fault_leaves_the_old_or_the_new),
	    cmocka_unit_test(mail_that_comes_meanwhile_is_kept),
	    cmocka_unit_test(a_failed_first_sync_calls_it_off),
	    cmocka_unit_test(an_update_of_one_step_has_five_syncs),
	    cmocka_unit_test(a_mere_cut_comes_behind_an_empty_journal),
	    cmocka_unit_test(nothing_is_built_on_what_is_not_on_disk),
	    cmocka_unit_test(another_file_is_not_touched),
	    cmocka_unit_test(a_damaged_journal_does_no_harm),
	};

	trace = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(trace != MAP_FAILED);
	return cmocka_run_group_tests_name(
	    "journal", tests, enter_dir, leave_dir);
}
