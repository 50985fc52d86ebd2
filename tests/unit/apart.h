/*
 * apart.h - what may end its process, in one of its own
 */
#ifndef APART_H
#define APART_H

#include "test.h"

#include <sys/wait.h>

static int apart_log = -1; /* a file in memory */

static inline void
write_apart(int level, const char *text)
{
	(void)level;
	dprintf(apart_log, "%s\n", text);
}

/*
 * Runs it in a process of its own, whose exit status is returned; 0 if it comes
 * back, and the number of a signal that ended it is subtracted from 0. What it
 * has logged is in "logged" then, with an LF behind each line.
 */
static inline int
run_apart(void (*run)(void *arg), void *arg)
{
	ssize_t n;
	int status;
	pid_t pid;

	apart_log = make_nameless("", 0);
	fflush(NULL);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		log_divert(write_apart);
		run(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	n = pread(apart_log, logged, sizeof logged - 1, 0);
	assert_in_range(n, 0, sizeof logged - 1);
	logged[n] = '\0';
	close(apart_log);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
