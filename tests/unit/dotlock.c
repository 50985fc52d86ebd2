/*
 * Tests of dotlock.c: one holder at a time, and a lock is taken over only
 * from the dead.
 */
#include "../../dotlock.h"

#include "test.h"

#include <sys/wait.h>
#include <time.h>

static const char lock_name[] = "mbox.lock";

static int
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* The pid of a process that was. */
static pid_t
dead_pid(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return pid;
}

static void
make_older(const char *path, time_t s)
{
	struct timespec times[2] = {0};

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= s;
	times[1] = times[0];
	assert_int_equal(
	    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static time_t
age(const char *path)
{
	struct timespec now;
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - st.st_mtim.tv_sec;
}

static void
a_lock_is_made_and_removed(void **state)
{
	struct dotlock lock;
	char text[64], want[64];
	struct stat st;

	(void)state;
	dotlock_init(&lock, "mbox");
	for (int i = 0; i < 2; i++) {
		assert_false(exists(lock_name));
		assert_int_equal(dotlock_make(&lock), FINE);
		assert_true(lock.held);
		read_file(lock_name, text, sizeof text);
		snprintf(want, sizeof want, "%d\n", (int)getpid());
		check_text(text, want, "it holds our pid");
		assert_int_equal(stat(lock_name, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0644);
		dotlock_remove(&lock);
		assert_false(lock.held);
	}
	dotlock_remove(&lock);
	assert_false(exists(lock_name));
}

static void
there_is_one_holder(void **state)
{
	struct dotlock first, second;

	(void)state;
	dotlock_init(&first, "mbox");
	dotlock_init(&second, "mbox");
	assert_int_equal(dotlock_make(&first), FINE);
	assert_int_equal(dotlock_make(&second), BUSY);
	assert_false(second.held);
	dotlock_remove(&second);
	assert_true(exists(lock_name));
	dotlock_remove(&first);
	assert_int_equal(dotlock_make(&second), FINE);
	dotlock_remove(&second);
}

static const struct {
	const char *what;
	const char *text;
	time_t age_s;
	enum trouble why;
} others[] = {
    {"empty",	       "",		   0,        BUSY},
    {"procmail's",          "0",                  0,        BUSY},
    {"a minute old",        "0",                  60,       BUSY},
    {"nearly five minutes", "0",                  290,      BUSY},
    {"five minutes old",    "0",                  310,      FINE},
    {"empty and old",       "",                   310,      FINE},
    {"very old",            "0",                  1L << 30, FINE},
    {"from the future",     "0",                  -1000,    BUSY},
    {"text",		"host.example.org\n", 0,        BUSY},
    {"text, old",           "host.example.org\n", 310,      FINE},
    {"a pid behind text",   "pid 999999999",      0,        BUSY},
    {"a negative pid",      "-999999999\n",       0,        BUSY},
    {"no such pid",         "999999999\n",        0,        FINE},
    {"init's pid",          "1\n",                0,        BUSY},
    {"init's pid, old",     "1\n",                310,      FINE},
    {"NULs",		"\n\n\n",             0,        BUSY},
};

static void
locks_of_the_dead_are_taken_over(void **state)
{
	struct dotlock lock;
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		const char *what = others[i].what;

		make_file(lock_name, others[i].text, strlen(others[i].text));
		make_older(lock_name, others[i].age_s);
		dotlock_init(&lock, "mbox");
		note_log();
		check(dotlock_make(&lock) == others[i].why, "%s", what);
		read_file(lock_name, text, sizeof text);
		if (others[i].why == BUSY)
			check_text(text, others[i].text, what);
		else
			check(atoi(text) == getpid(), "%s", what);
		check(logged_lines == (others[i].why == FINE), "%s", what);
		dotlock_remove(&lock);
		unlink(lock_name);
	}
}

static void
a_dead_holder_is_found_by_its_pid(void **state)
{
	struct dotlock lock;
	char text[32];

	(void)state;
	dotlock_init(&lock, "mbox");
	snprintf(text, sizeof text, "%d", (int)dead_pid());
	make_file(lock_name, text, strlen(text));
	assert_int_equal(dotlock_make(&lock), FINE);
	dotlock_remove(&lock);
	snprintf(text, sizeof text, "%d", (int)getpid());
	make_file(lock_name, text, strlen(text));
	assert_int_equal(dotlock_make(&lock), BUSY);
	unlink(lock_name);
}

/* Each leaves something odd at lock_name. */

static void
make_symlink(void)
{
	make_file("target", "999999999", 9);
	assert_int_equal(symlink("target", lock_name), 0);
}

static void
make_dangling(void)
{
	assert_int_equal(symlink("target", lock_name), 0);
}

static void
make_directory(void)
{
	assert_int_equal(mkdir(lock_name, 0700), 0);
}

static void
make_fifo(void)
{
	assert_int_equal(mkfifo(lock_name, 0600), 0);
}

static const struct {
	const char *what;
	void (*make)(void);
	enum trouble when_old;
} odd_locks[] = {
    {"a symbolic link",            make_symlink,   FINE},
    {"a symbolic link to nothing", make_dangling,  FINE},
    {"a directory",                make_directory, BUSY},
    {"a FIFO",		     make_fifo,      FINE},
};

/* They hold as any lock, and what they point to is left alone. */
static void
odd_locks_are_locks(void **state)
{
	struct dotlock lock;

	(void)state;
	for (size_t i = 0; i < COUNT(odd_locks); i++) {
		const char *what = odd_locks[i].what;
		int target;

		dotlock_init(&lock, "mbox");
		odd_locks[i].make();
		target = exists("target");
		check(dotlock_make(&lock) == BUSY, "%s", what);
		make_older(lock_name, 310);
		check(dotlock_make(&lock) == odd_locks[i].when_old, "%s, old",
		    what);
		dotlock_remove(&lock);
		check(exists("target") == target, "%s", what);
		remove(lock_name);
		unlink("target");
	}
}

static void
anothers_lock_is_not_removed(void **state)
{
	struct dotlock lock;

	(void)state;
	dotlock_init(&lock, "mbox");
	assert_int_equal(dotlock_make(&lock), FINE);
	assert_int_equal(rename(lock_name, "ours"), 0);
	make_file(lock_name, "0", 1);
	make_older(lock_name, 100);
	dotlock_refresh(&lock);
	assert_true(age(lock_name) >= 100);
	dotlock_remove(&lock);
	assert_true(exists(lock_name));
	assert_false(lock.held);
	unlink(lock_name);
	unlink("ours");
	assert_int_equal(dotlock_make(&lock), FINE);
	lock.dev++; /* ours was on another device, under the same number */
	dotlock_remove(&lock);
	assert_true(exists(lock_name));
	unlink(lock_name);
}

static void
a_lock_that_is_gone_is_no_trouble(void **state)
{
	struct dotlock lock;

	(void)state;
	dotlock_init(&lock, "mbox");
	assert_int_equal(dotlock_make(&lock), FINE);
	unlink(lock_name);
	dotlock_refresh(&lock);
	assert_false(exists(lock_name));
	dotlock_remove(&lock);
}

static void
a_refreshed_lock_is_new(void **state)
{
	struct dotlock lock;

	(void)state;
	dotlock_init(&lock, "mbox");
	dotlock_refresh(&lock); /* which is not held: nothing */
	assert_false(exists(lock_name));
	assert_int_equal(dotlock_make(&lock), FINE);
	make_older(lock_name, 200);
	dotlock_refresh(&lock);
	assert_true(age(lock_name) < 100);
	dotlock_remove(&lock);
}

static void
a_directory_that_does_not_let_us_is_trouble(void **state)
{
	struct dotlock lock;

	(void)state;
	dotlock_init(&lock, "nothing/mbox");
	note_log();
	assert_int_equal(dotlock_make(&lock), PERM);
	assert_int_equal(logged_lines, 1);
	assert_false(lock.held);
	make_file("file", "", 0);
	dotlock_init(&lock, "file/mbox");
	assert_int_equal(dotlock_make(&lock), PERM);
}

static void
the_longest_path_has_its_lock(void **state)
{
	static char path[PRIVSEP_PATH + 1];
	struct dotlock lock;

	(void)state;
	memset(path, '/', PRIVSEP_PATH);
	dotlock_init(&lock, path);
	assert_int_equal(strlen(lock.path), PRIVSEP_PATH + 5);
	assert_string_equal(lock.path + PRIVSEP_PATH, ".lock");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_lock_is_made_and_removed),
	    cmocka_unit_test(there_is_one_holder),
	    cmocka_unit_test(locks_of_the_dead_are_taken_over),
	    cmocka_unit_test(a_dead_holder_is_found_by_its_pid),
	    cmocka_unit_test(odd_locks_are_locks),
	    cmocka_unit_test(anothers_lock_is_not_removed),
	    cmocka_unit_test(a_lock_that_is_gone_is_no_trouble),
	    cmocka_unit_test(a_refreshed_lock_is_new),
	    cmocka_unit_test(a_directory_that_does_not_let_us_is_trouble),
	    cmocka_unit_test(the_longest_path_has_its_lock),
	};

	return cmocka_run_group_tests_name(
	    "dotlock", tests, enter_dir, leave_dir);
}
