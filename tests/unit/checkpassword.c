/*
 * Tests of checkpassword.c: what the program is given, what each of its ends
 * means, and what is left of it. Its time is shorter here.
 */
#include "../../checkpassword.h"

#include "../../bytes.h"

#include "failing.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

FAILING(int, open, (const char *path, int flags, ...), (path, flags, 0600), -1)
FAILING(int, pipe2, (int ends[2], int flags), (ends, flags), -1)
FAILING(pid_t, fork, (void), (), -1)
FAILING(int, dup2, (int fd, int as), (fd, as), -1)
FAILING(int, fcntl, (int fd, int what, ...), (fd, what, 0), -1)
FAILING_SYSCALL
FAILING(int, setpgid, (pid_t pid, pid_t group), (pid, group), -1)
FAILING(int, sigaction,
    (int number, const struct sigaction *new, struct sigaction *old),
    (number, new, old), -1)
FAILING(int, sigprocmask, (int how, const sigset_t *new, sigset_t *old),
    (how, new, old), -1)
FAILING(
    ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), -1)

/* A second for all of it. */
int
poll(struct pollfd *p, nfds_t n, int ms)
{
	int (*real)(struct pollfd *, nfds_t, int);
	void *found = dlsym(RTLD_NEXT, "poll");

	memcpy(&real, &found, sizeof real);
	return is_to_fail("poll") ? -1 : real(p, n, ms > 1000 ? 1000 : ms);
}

#define ROUNDS 1000 /* times 10 ms, for what is to happen */

/* Makes "program", which has these lines; returns its path. */
static const char *
make_program(const char *lines)
{
	static char path[600];

	make_file("program", lines, strlen(lines));
	assert_int_equal(chmod("program", 0755), 0);
	snprintf(path, sizeof path, "%s/program", test_dir);
	return path;
}

static enum trouble
ask(const char *lines)
{
	char all[1024];

	snprintf(all, sizeof all, "#!/bin/sh\ncd %s\n%s\n", test_dir, lines);
	note_log();
	return checkpassword_check(make_program(all), "joe", "secret", "<1@h>");
}

static const struct {
	const char *what, *lines;
	enum trouble want;
	const char *log; /* its end; NULL: nothing */
} ends[] = {
    {"it runs what it is told to", "exec \"$@\"",                         FINE, NULL                   },
    {"status 0",		   "exit 0",			      FINE, NULL                   },
    {"status 1",		   "exit 1",			      PERM, NULL                   },
    {"misused",		    "exit 2",			      TEMP, "ended with status 2"  },
    {"100",			"exit 100",			    TEMP, "ended with status 100"},
    {"temporary",		  "exit 111",                            TEMP, "ended with status 111"},
    {"255",			"exit 255",			    TEMP, "ended with status 255"},
    {"killed",		     "kill -KILL $$",                       TEMP, "ended by signal 9"    },
    {"terminated",                 "kill -TERM $$",                       TEMP, "ended by signal 15"   },
    {"it writes to a closed pipe", "(sleep 0; yes) | :; exit 1",          PERM, NULL                   },
    {"it hangs",		   "exec sleep 60",                       TEMP, "no answer in 30 s"    },
    {"it has stopped",             "kill -STOP $$",                       TEMP, "no answer in 30 s"    },
    {"it says much",               "echo; echo >&2; cat /bin/sh; exit 1", PERM, NULL                   },
    {"it reads standard input",    "cat; exit 1",                         PERM, NULL                   },
    {"it leaves its question",     "exec 3<&-; exit 1",                   PERM, NULL                   },
    {"a child of its own goes on", "sleep 2 & exit 1",                    PERM, NULL                   },
};

static void
each_end_has_a_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ends); i++) {
		const char *log = ends[i].log;
		enum trouble why = ask(ends[i].lines);

		check(why == ends[i].want, "%s: %d, %s", ends[i].what, (int)why,
		    logged);
		check(log == NULL ? logged_lines == 0
				  : strstr(logged, log) != NULL,
		    "%s: %s", ends[i].what, logged);
		check(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD,
		    "%s: a process is left", ends[i].what);
	}
}

static void
one_that_cannot_be_started_is_no_refusal(void **state)
{
	const char *const paths[] = {"/nonexistent", "/", "/dev/null", "",
	    "false", make_program("#!/nonexistent\n")};
	/* It dies of an execve() that fails as late as that of the last. */
	int under_valgrind = getenv("UNDER_VALGRIND") != NULL;

	(void)state;
	for (size_t i = 0; i < COUNT(paths) - (size_t)under_valgrind; i++) {
		note_log();
		check(
		    checkpassword_check(paths[i], "joe", "secret", "") == TEMP,
		    "%s", paths[i]);
		check(strstr(logged, "cannot be started") != NULL, "%s: %s",
		    paths[i], logged);
	}
}

static const struct {
	const char *call;
	unsigned nth;
	const char *log; /* its end */
} failures[] = {
    {"pipe2",       1, ": Input/output error"              },
    {"write",       1, ": Input/output error"              },
    {"fork",        1, ": Input/output error"              },
    {"open",        1, "with status 126: cannot be started"},
    {"dup2",        1, "with status 126: cannot be started"},
    {"dup2",        2, "with status 126: cannot be started"},
    {"dup2",        3, "with status 126: cannot be started"},
    {"dup2",        4, "with status 126: cannot be started"},
    {"fcntl",       1, "with status 126: cannot be started"},
    {"sigaction",   1, "with status 126: cannot be started"},
    {"sigaction",   2, "with status 126: cannot be started"},
    {"setpgid",     1, "with status 126: cannot be started"},
    {"sigprocmask", 1, "with status 126: cannot be started"},
    {"syscall",     0, "with status 126: cannot be started"},
};

/* Half prepared it is not started: it might be asked nothing, and say yes. */
static void
it_is_started_as_it_should_be_or_not_at_all(void **state)
{
	int other = dup(STDIN_FILENO); /* so the question is not at 3 */

	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		enum trouble why;

		note_log();
		fail_call(failures[i].call, failures[i].nth, EIO);
		why = checkpassword_check("/bin/true", "joe", "secret", "");
		fail_call(NULL, 0, 0);
		check(why == TEMP, "%s %u", failures[i].call, failures[i].nth);
		check(logged_lines == 1 &&
			strstr(logged, failures[i].log) != NULL,
		    "%s %u: %s", failures[i].call, failures[i].nth, logged);
	}
	close(other);
	fail_call("poll", 1, EINTR);
	assert_int_equal(checkpassword_check("/bin/true", "", "", ""), FINE);
	fail_call(NULL, 0, 0);
}

/* What the program has written into the file, once it is there. */
static const char *
text_of(const char *path)
{
	static char text[4096];

	text[0] = '\0';
	for (int i = 0; i < ROUNDS && text[0] == '\0'; i++) {
		if (access(path, R_OK) == 0)
			read_file(path, text, sizeof text);
		if (text[0] == '\0')
			usleep(10000);
	}
	return text;
}

static void
the_question_is_that_of_the_interface(void **state)
{
	char bytes[64], user[300], proof[300];

	(void)state;
	assert_int_equal(ask("cat <&3 >question"), FINE);
	check_bytes(bytes, read_file("question", bytes, sizeof bytes),
	    "joe\0secret\0<1@h>\0", 17, "what is on descriptor 3");

	memset(user, 'u', sizeof user);
	memset(proof, 'p', sizeof proof);
	user[255] = '\0';
	proof[254] = '\0';
	assert_int_equal(
	    checkpassword_check("/bin/true", user, proof, ""), FINE);
	proof[254] = 'p';
	proof[255] = '\0';
	assert_int_equal(
	    checkpassword_check("/bin/true", user, proof, ""), PERM);
}

/* As the monitor is, and worse; whatever runs the tests may ignore signals, as
 * make does two that are glibc's own: it lets nobody change those. */
static void
spoil_ourselves(void)
{
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	const unsigned long usual[4] = {0};
	sigset_t all;

	for (int number = 1; number < SIGRTMIN; number++)
		syscall(SYS_rt_sigaction, number, usual, NULL, 8);
	sigaction(SIGPIPE, &ignored, NULL);
	sigaction(SIGXFSZ, &ignored, NULL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setenv("SECRET", "ours", 1);
	for (int fd = 4; fd < 64; fd += 5)
		dup2(STDERR_FILENO, fd); /* without O_CLOEXEC */
}

#define SHOW_SIGNALS                                                           \
	"#!/usr/bin/awk -f\nBEGIN {\n"                                         \
	"while ((getline l < \"/proc/self/status\") > 0)\n"                    \
	"if (l ~ /^Sig(Blk|Ign)/) print l >\"signals\" }\n"

static void
it_has_nothing_of_ours(void **state)
{
	pid_t pid = fork();

	(void)state;
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		spoil_ourselves();
		ask("env >env; ls -l /proc/$$/fd >fds; echo \"$*\" >words");
		/* The shell has no signals blocked, whatever it began with. */
		_exit((int)checkpassword_check(
		    make_program(SHOW_SIGNALS), "", "", ""));
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	check_text(text_of("words"), "/bin/true\n", "what it is to run");
	check(strstr(text_of("env"), "SECRET") == NULL, "the environment");
	check(strstr(text_of("env"), "PATH=/usr/sbin:/usr/bin:") != NULL,
	    "a path");
	check_text(text_of("signals"),
	    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n",
	    "its signals");
	for (int fd = 0; fd < 64; fd++) {
		const char *text = text_of("fds");
		char row[32];

		snprintf(row, sizeof row, " %d -> %s", fd,
		    fd < 3        ? "/dev/null"
			: fd == 3 ? "pipe:"
				  : "");
		/* The shell has 1, 10 and 11 for itself. */
		if (fd != 1 && fd != 10 && fd != 11)
			check((strstr(text, row) != NULL) == (fd < 4),
			    "descriptor %d: %s", fd, text);
	}
}

/* Is the process ended, that has written its pid into the file "pid"? What is
 * orphaned is ours to wait for. */
static int
is_ended(void)
{
	pid_t pid = (pid_t)strtol(text_of("pid"), NULL, 10);
	int status;

	assert_true(pid > 0);
	for (int i = 0; i < ROUNDS; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFSIGNALED(status) &&
			    WTERMSIG(status) == SIGKILL;
		usleep(10000);
	}
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	return 0;
}

static void
what_hangs_is_killed_with_its_children(void **state)
{
	(void)state;
	unlink("pid");
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(ask("sleep 600 & echo $! >pid; wait"), TEMP);
	assert_true(is_ended());
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void
it_does_not_outlive_us(void **state)
{
	pid_t pid;

	(void)state;
	unlink("pid");
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		_exit((int)ask("echo $$ >pid; exec sleep 600"));
	text_of("pid");
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(is_ended());
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_end_has_a_meaning),
	    cmocka_unit_test(one_that_cannot_be_started_is_no_refusal),
	    cmocka_unit_test(it_is_started_as_it_should_be_or_not_at_all),
	    cmocka_unit_test(the_question_is_that_of_the_interface),
	    cmocka_unit_test(it_has_nothing_of_ours),
	    cmocka_unit_test(what_hangs_is_killed_with_its_children),
	    cmocka_unit_test(it_does_not_outlive_us),
	};

	return cmocka_run_group_tests_name(
	    "checkpassword", tests, enter_dir, leave_dir);
}
