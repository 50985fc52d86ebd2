/*
 * checkpassword.c - ask a program that speaks the checkpassword interface
 *
 * Runs as root. The program is the administrator's; it is started with
 * nothing of ours: no descriptor but its pipe, no environment but a PATH, no
 * signal that is blocked or ignored. What it would start when the password is
 * right is "true".
 */
#include "checkpassword.h"

#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST      512 /* bytes on descriptor 3, by the interface */
#define IS_WRONG  1   /* exit status: unacceptable */
#define ASK_FROM  3
#define COULD_NOT 126 /* exit status of a child that could not start it */

/* Signals as at the start of any program; and a group of its own, so that all
 * of it can be killed. */
static int
start_clean(void)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	sigemptyset(&none);
	return sigaction(SIGPIPE, &usual, NULL) == 0 &&
	    sigaction(SIGXFSZ, &usual, NULL) == 0 &&
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && setpgid(0, 0) == 0 &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

static _Noreturn void
start(const char *program, int question)
{
	static char *const environment[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	char *words[] = {NULL, "/bin/true", NULL};
	int null = open("/dev/null", O_RDWR);

	memcpy(&words[0], &program, sizeof program); /* only read there */
	/* Descriptors 0 to 2 are /dev/null and the log's: all new ones. */
	if (dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1 ||
	    dup2(null, STDERR_FILENO) == -1 ||
	    (question != ASK_FROM && dup2(question, ASK_FROM) == -1) ||
	    fcntl(ASK_FROM, F_SETFD, 0) == -1 ||
	    syscall(SYS_close_range, ASK_FROM + 1, ~0U, 0) == -1 ||
	    !start_clean())
		_exit(COULD_NOT);
	execve(program, words, environment);
	_exit(COULD_NOT);
}

/* Waits for its end, and kills it when the time is up: then false. */
static int
await_end(pid_t pid, int *status)
{
	int64_t end = bytes_now_ms() + CHECKPASSWORD_S * 1000LL;
	int64_t left = CHECKPASSWORD_S * 1000LL;
	struct pollfd p = {.events = POLLIN};
	int ended;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	while (left > 0 && poll(&p, 1, (int)left) == -1 && errno == EINTR)
		left = end - bytes_now_ms();
	if (p.fd != -1)
		close(p.fd);
	ended = waitpid(pid, status, WNOHANG) == pid;
	if (!ended) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL); /* it may have left its group */
		waitpid(pid, status, 0);
	}
	return ended;
}

/* Three texts, each with its NUL, which are no more than MOST. */
static int
ask(int fd, const char *user, const char *proof, const char *timestamp)
{
	const char *const texts[] = {user, proof, timestamp};
	char bytes[MOST];
	size_t len = 0;
	int sent;

	for (size_t i = 0; i < COUNT(texts); i++) {
		size_t n = strlen(texts[i]) + 1;

		must(n <= sizeof bytes - len);
		memcpy(bytes + len, texts[i], n);
		len += n;
	}
	/* A pipe takes that much at once. */
	sent = write(fd, bytes, len) == (ssize_t)len;
	explicit_bzero(bytes, sizeof bytes);
	return sent;
}

/* What the end of the program means. */
static enum trouble
verdict_of(const char *program, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return FINE;
	if (WIFEXITED(status) && WEXITSTATUS(status) == IS_WRONG)
		return PERM;
	if (WIFSIGNALED(status))
		log_line(LOG_ERR, "checkpassword program %s ended by signal %d",
		    program, WTERMSIG(status));
	else
		log_line(LOG_ERR,
		    "checkpassword program %s ended with status %d%s", program,
		    WEXITSTATUS(status),
		    WEXITSTATUS(status) == COULD_NOT ? ": cannot be started"
						     : "");
	return TEMP;
}

enum trouble
checkpassword_check(const char *program, const char *user, const char *proof,
    const char *timestamp)
{
	int ends[2], status, asked;
	pid_t pid = -1;

	if (strlen(user) + strlen(proof) + strlen(timestamp) + 3 > MOST)
		return PERM;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		log_errno("cannot ask", program);
		return TEMP;
	}
	asked = ask(ends[1], user, proof, timestamp);
	if (asked)
		pid = fork();
	if (pid == 0)
		start(program, ends[0]);
	if (pid == -1)
		log_errno("cannot ask", program);
	close(ends[0]);
	close(ends[1]);
	if (pid == -1)
		return TEMP;
	if (await_end(pid, &status))
		return verdict_of(program, status);
	log_line(LOG_ERR, "checkpassword program %s: no answer in %d s",
	    program, CHECKPASSWORD_S);
	return TEMP;
}
