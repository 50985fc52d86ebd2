/*
 * Tests of boxlock.c: both locks or none, and none on a file that the name
 * does not mean any more.
 */
#include "../../boxlock.h"

#include "failing.h"
#include "monitors.h"

#include <signal.h>

/* For locks. */
int
fcntl(int fd, int what, ...)
{
	int (*real)(int, int, ...);
	void *found = dlsym(RTLD_NEXT, "fcntl"), *lock;
	va_list ap;

	memcpy(&real, &found, sizeof real);
	va_start(ap, what);
	lock = va_arg(ap, void *);
	va_end(ap);
	return is_to_fail("fcntl") ? -1 : real(fd, what, lock);
}

/* Another program's way to the file. */
static int
is_free(int fd)
{
	if (!boxlock_file(fd, F_WRLCK))
		return 0;
	assert_true(boxlock_file(fd, F_UNLCK));
	return 1;
}

static void
open_mailbox(struct mbox *m, int *other)
{
	make_file("mbox", "", 0);
	assert_int_equal(mbox_open(m, "mbox"), FINE);
	assert_int_equal(mbox_stamp(m), FINE);
	*other = open("mbox", O_RDWR | O_CLOEXEC);
	assert_int_not_equal(*other, -1);
}

static const struct {
	const char *what;
	int use_fcntl, use_dotlock;
	const char *answers;
	int fcntl_is_taken;
	int patience_ms;
	enum trouble why;
	int dotted;
	const char *sent;
	unsigned lines; /* logged */
} cases[] = {
    {"both locks",               1, 1, "F",   0, 0,    FINE,    1, "LU",   0},
    {"fcntl only",               1, 0, "F",   0, 0,    FINE,    0, "L",    0},
    {"dot-lock only",            0, 1, "F",   0, 0,    FINE,    1, "LU",   0},
    {"a second try",             1, 1, "BF",  0, 9000, FINE,    1, "LLU",  0},
    {"a third",		  1, 1, "BBF", 0, 9000, FINE,    1, "LLLU", 0},
    {"dot-lock taken",           1, 1, "B",   0, 0,    BUSY,    0, "L",    1},
    {"fcntl taken",              1, 1, "F",   1, 0,    BUSY,    0, "LU",   1},
    {"fcntl taken, no dot-lock", 1, 0, "F",   1, 0,    BUSY,    0, "L",    1},
    {"fcntl taken, unused",      0, 1, "F",   1, 0,    FINE,    1, "LU",   0},
    {"no dot-lock to be had",    1, 1, "P",   0, 0,    FINE,    0, "L",    0},
    {"and nothing else asked",   0, 1, "P",   0, 0,    TEMP,    0, "L",    0},
    {"the name is gone",         1, 1, "N",   0, 0,    CHANGED, 0, "LU",   1},
    {"another file has it",      1, 1, "O",   0, 0,    CHANGED, 0, "LU",   1},
    {"on another device",        1, 1, "D",   0, 0,    CHANGED, 0, "LU",   1},
    {"gone, no dot-lock",        1, 0, "N",   0, 0,    CHANGED, 0, "L",    1},
    {"a wrong answer",           1, 1, "G",   0, 0,    TEMP,    0, "L",    0},
    {"the monitor goes",         1, 1, "E",   0, 0,    TEMP,    0, "L",    0},
    {"it goes at the next try",  1, 1, "BE",  0, 9000, TEMP,    0, "LL",   0},
    {"it goes during the wait",  1, 1, "b",   0, 9000, TEMP,    0, "L",    0},
};

static void
both_locks_or_none(void **state)
{
	struct mbox m;
	int other;

	(void)state;
	open_mailbox(&m, &other);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *what = cases[i].what;
		struct fake_monitor monitor =
		    start_monitor("mbox", cases[i].answers);
		struct boxlock lock = {.monitor = monitor.fd,
		    .use_fcntl = cases[i].use_fcntl,
		    .use_dotlock = cases[i].use_dotlock};

		if (cases[i].fcntl_is_taken)
			assert_true(boxlock_file(other, F_WRLCK));
		note_log();
		check(boxlock_take(&lock, &m, cases[i].patience_ms) ==
			cases[i].why,
		    "%s", what);
		check(logged_lines == cases[i].lines, "%s", what);
		check(lock.held == (cases[i].why == FINE), "%s", what);
		check(lock.dotted == cases[i].dotted, "%s", what);
		if (!cases[i].fcntl_is_taken)
			check(is_free(other) == (!lock.held || !lock.use_fcntl),
			    "%s", what);
		boxlock_release(&lock, &m);
		boxlock_release(&lock, &m);
		check(!lock.held && !lock.dotted, "%s", what);
		assert_true(boxlock_file(other, F_UNLCK));
		check(is_free(other), "%s", what);
		stop_monitor(&monitor, cases[i].sent, what);
	}
	close(other);
	mbox_close(&m);
}

/* As kernels and file systems say it. */
static void
a_lock_that_fails_is_not_one_that_is_taken(void **state)
{
	static const struct {
		int error;
		enum trouble why;
		const char *log;
	} errors[] = {
	    {EAGAIN, BUSY, "mailbox mbox is locked by another program"   },
	    {EACCES, BUSY, "mailbox mbox is locked by another program"   },
	    {ENOLCK, TEMP, "cannot lock mailbox mbox: No locks available"},
	};
	struct mbox m;
	int other;

	(void)state;
	open_mailbox(&m, &other);
	for (size_t i = 0; i < COUNT(errors); i++) {
		struct fake_monitor monitor = start_monitor("mbox", "F");
		struct boxlock lock = {
		    .monitor = monitor.fd, .use_fcntl = 1, .use_dotlock = 1};

		note_log();
		fail_call("fcntl", 1, errors[i].error);
		check(boxlock_take(&lock, &m, 0) == errors[i].why, "%s",
		    errors[i].log);
		fail_call(NULL, 0, 0);
		check_text(logged, errors[i].log, "log");
		check(!lock.held && !lock.dotted, "%s", errors[i].log);
		stop_monitor(&monitor, "LU", errors[i].log);
	}
	close(other);
	mbox_close(&m);
}

static void
a_lock_of_a_file_is_seen_by_others(void **state)
{
	struct mbox m;
	int other;

	(void)state;
	open_mailbox(&m, &other);
	assert_true(boxlock_file(m.fd, F_WRLCK));
	assert_true(boxlock_file(m.fd, F_WRLCK)); /* no matter */
	assert_false(boxlock_file(other, F_WRLCK));
	/* A lock of POSIX would be lost here. */
	close(open("mbox", O_RDWR));
	assert_false(boxlock_file(other, F_WRLCK));
	assert_true(boxlock_file(m.fd, F_UNLCK));
	assert_true(is_free(other));
	assert_false(boxlock_file(-1, F_WRLCK));
	close(other);
	mbox_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_locks_or_none),
	    cmocka_unit_test(a_lock_that_fails_is_not_one_that_is_taken),
	    cmocka_unit_test(a_lock_of_a_file_is_seen_by_others),
	};

	signal(SIGPIPE, SIG_IGN); /* as pop3d.c does */
	return cmocka_run_group_tests_name(
	    "boxlock", tests, enter_dir, leave_dir);
}
