/*
 * Tests of recover.c: all interrupted updates are finished, each by a session
 * of its own, and what becomes of the others is said.
 */
#include "../../recover.h"

#include "test.h"

#include "../../boxlock.h"
#include "../../bytes.h"
#include "../../jail.h"
#include "../../journal.h"
#include "failing.h"

#include <pwd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sysexits.h>

FAILING(int, open, (const char *path, int flags, ...), (path, flags, 0600), -1)
FAILING(struct passwd *, getpwuid, (uid_t uid), (uid), NULL)
FAILING(int, socketpair, (int family, int type, int protocol, int ends[2]),
    (family, type, protocol, ends), -1)

#define FROM "From a@b Mon Jan  1 10:00:00 2024\n"
#define OLD  FROM "\none, which goes, and is long enough\n\n" NEW
#define NEW  FROM "\ntwo\n\n"

#define PATH 2048

static int cut_is_death; /* ftruncate() ends the process */

int
ftruncate(int fd, off_t size)
{
	if (cut_is_death)
		_exit(0);
	return (int)syscall(SYS_ftruncate, fd, size);
}

static void
at(char path[PATH], const char *name)
{
	snprintf(path, PATH, "%s/%s", test_dir, name);
}

/* Paths as state.c makes them: the mailbox's, with ':' for '/'. */
static void
state_file(char path[PATH], const char *box, const char *suffix)
{
	int n = snprintf(path, PATH, "%s/state/", test_dir);

	snprintf(
	    path + n, (size_t)(PATH - n), "%s/%s%s", test_dir + 1, box, suffix);
	for (char *c = path + n; *c != '\0'; c++)
		if (*c == '/')
			*c = ':';
}

/* A mailbox whose update dies just before it would be cut. */
static void
interrupt(const char *box)
{
	const struct range keep = {
	    (off_t)strlen(OLD) - (off_t)strlen(NEW), (off_t)strlen(NEW)};
	char path[PATH], journal[PATH];
	struct rewrite r = {.path = box};
	struct stat st;
	pid_t pid;

	at(path, box);
	state_file(journal, box, ".journal");
	make_file(path, OLD, strlen(OLD));
	make_file(journal, "", 0);
	pid = fork();
	if (pid == 0) {
		cut_is_death = 1;
		r.fd = open(path, O_RDWR);
		r.fs = bytes_file_system(r.fd);
		r.journal = open(journal, O_RDWR);
		journal_rewrite(&r, &keep, 1, (off_t)strlen(OLD));
		_exit(1);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(stat(journal, &st), 0);
	assert_true(st.st_size > 0);
}

static void
check_box(const char *box, const char *want)
{
	char path[PATH], got[4096];

	at(path, box);
	read_file(path, got, sizeof got);
	check_text(got, want, box);
	snprintf(path + strlen(path), 8, ".lock");
	check(access(path, F_OK) == -1, "lock file of %s", box);
}

/* Runs it in a process of its own; what it prints goes to "said". */
static int
recover(char said[4096])
{
	char state[PATH];
	struct monitor_config monitor = {
	    .state = state, .idle_s = 600, .want_dotlock = 1};
	const struct jail_means none = {.is_root = 0};
	struct session_config session = {
	    .means = &none,
	    .idle_s = 60,
	    .use_fcntl = 1,
	    .use_dotlock = 1,
	    .name = "test",
	    .tls = {-1, -1, -1, 0}
        };
	pid_t pid;
	int status;

	at(state, "state");
	monitor.auth.rules.mail_group = getegid();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		log_divert(NULL);
		if (freopen("said", "w", stdout) == NULL)
			_exit(1);
		status = recover_all(&monitor, &session);
		fflush(stdout);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	fail_call(NULL, 0, 0); /* in the process it was for */
	read_file("said", said, 4096);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
nothing_is_to_be_done(void **state)
{
	char said[4096];

	(void)state;
	interrupt("joe");
	assert_int_equal(recover(said), EX_OK);
	assert_int_equal(recover(said), EX_OK);
	check_text(said, "", "the second time");
}

static void
all_are_finished(void **state)
{
	char said[4096], want[4096];

	(void)state;
	interrupt("joe");
	interrupt("anna");
	interrupt("gus");
	assert_int_equal(recover(said), EX_OK);
	snprintf(want, sizeof want,
	    "%s/anna: interrupted update finished\n"
	    "%s/gus: interrupted update finished\n"
	    "%s/joe: interrupted update finished\n",
	    test_dir, test_dir, test_dir);
	check_text(said, want, "what it says");
	check_box("joe", NEW);
	check_box("anna", NEW);
	check_box("gus", NEW);
}

/* Mail that was delivered before it ran is moved along. */
static void
appended_mail_stays(void **state)
{
	char said[4096];
	int fd;

	(void)state;
	interrupt("joe");
	fd = open("joe", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, NEW, strlen(NEW)), strlen(NEW));
	close(fd);
	assert_int_equal(recover(said), EX_OK);
	check_box("joe", NEW NEW);
}

/* Another file has the name now, or none has. */
static void
journals_of_other_files_are_put_aside(void **state)
{
	char said[4096], want[4096];

	(void)state;
	interrupt("joe");
	assert_int_equal(rename("joe", "joe.old"), 0);
	make_file("joe", OLD, strlen(OLD));
	interrupt("anna");
	assert_int_equal(unlink("anna"), 0);
	interrupt("zoe");
	assert_int_equal(recover(said), EX_OK);
	snprintf(want, sizeof want,
	    "%s/anna: interrupted update was of another file: journal put "
	    "aside\n%s/joe: interrupted update was of another file: journal "
	    "put aside\n%s/zoe: interrupted update finished\n",
	    test_dir, test_dir, test_dir);
	check_text(said, want, "what it says");
	check_box("joe", OLD);
	check_box("zoe", NEW);
	assert_int_equal(recover(said), EX_OK);
	check_text(said, "", "the second time");
}

/* A session that is under way keeps its maildrop; the others are done. */
static void
a_busy_maildrop_is_left(void **state)
{
	char said[4096], want[4096], index[PATH];
	int fd;

	(void)state;
	interrupt("joe");
	interrupt("zoe");
	state_file(index, "joe", ".index");
	fd = open(index, O_RDWR | O_CREAT, 0600);
	assert_true(boxlock_file(fd, F_WRLCK));
	assert_int_equal(recover(said), EX_TEMPFAIL);
	close(fd);
	snprintf(want, sizeof want,
	    "%s/joe: interrupted update could not be finished, see the log\n"
	    "%s/zoe: interrupted update finished\n",
	    test_dir, test_dir);
	check_text(said, want, "what it says");
	check_box("zoe", NEW);
	assert_int_equal(recover(said), EX_OK);
	check_box("joe", NEW);
}

/* What is no journal begins nothing, and is emptied. */
static void
rubbish_is_not_applied(void **state)
{
	char said[4096], journal[PATH];

	(void)state;
	make_file("joe", OLD, strlen(OLD));
	state_file(journal, "joe", ".journal");
	make_file(journal, OLD, strlen(OLD));
	assert_int_equal(recover(said), EX_OK);
	check_box("joe", OLD);
}

/* Its owner cannot be looked up: the others are done. */
static void
a_maildrop_of_who_knows_whom_is_left(void **state)
{
	char said[4096], want[4096];

	(void)state;
	interrupt("joe");
	interrupt("zoe");
	fail_call("getpwuid", 1, EIO);
	assert_int_equal(recover(said), EX_TEMPFAIL);
	snprintf(want, sizeof want,
	    "%s/joe: interrupted update could not be finished, see the log\n"
	    "%s/zoe: interrupted update finished\n",
	    test_dir, test_dir);
	check_text(said, want, "what it says");
	check_box("zoe", NEW);
	assert_int_equal(recover(said), EX_OK);
	check_box("joe", NEW);
}

static void
without_a_process_it_ends(void **state)
{
	static const char *const calls[] = {"open", "socketpair"};
	char said[4096];

	(void)state;
	interrupt("joe");
	for (size_t i = 0; i < COUNT(calls); i++) {
		fail_call(calls[i], 1, EMFILE);
		assert_int_equal(recover(said), EX_OSERR);
		check_text(said, "", calls[i]);
	}
	assert_int_equal(recover(said), EX_OK);
	check_box("joe", NEW);
}

static void
a_directory_that_is_not_there(void **state)
{
	char said[4096];

	(void)state;
	assert_int_equal(rename("state", "gone"), 0);
	assert_int_equal(recover(said), EX_TEMPFAIL);
	assert_int_equal(rename("gone", "state"), 0);
}

static int
begin(void **state)
{
	return enter_dir(state) || mkdir("state", 0711) == -1;
}

#define with_dir(test) cmocka_unit_test_setup_teardown(test, begin, leave_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_dir(nothing_is_to_be_done),
	    with_dir(all_are_finished),
	    with_dir(appended_mail_stays),
	    with_dir(journals_of_other_files_are_put_aside),
	    with_dir(a_busy_maildrop_is_left),
	    with_dir(rubbish_is_not_applied),
	    with_dir(a_maildrop_of_who_knows_whom_is_left),
	    with_dir(without_a_process_it_ends),
	    with_dir(a_directory_that_is_not_there),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
