/*
 * trace.c - the dialogue, for somebody who looks for a fault
 *
 * The process that speaks to the client writes it, so whoever has taken that
 * process over can lie in it; the log is what counts.
 */
#include "trace.h"

#include "bytes.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 560 /* of a line's text: an answer has 512 octets */

static void __attribute__((format(printf, 2, 3)))
write_line(const struct trace *t, const char *format, ...)
{
	char line[TEXT_MAX + 64];
	int64_t ms = bytes_now_ms() - t->began_ms;
	int len = snprintf(line, 48, "%d %lld.%03d ", (int)t->id,
	    (long long)ms / 1000, (int)(ms % 1000));
	va_list ap;

	va_start(ap, format);
	len += vsnprintf(line + len, TEXT_MAX, format, ap);
	va_end(ap);
	for (int i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[len++] = '\n';
	if (write(t->fd, line, (size_t)len) == -1)
		return; /* the client is served, with or without it */
}

/* False if the path is too long. */
static int
expand(char *out, size_t room, const char *path, const char *user)
{
	const char *at = strstr(path, "%u");

	if (at == NULL)
		return (size_t)snprintf(out, room, "%s", path) < room;
	return (size_t)snprintf(out, room, "%.*s%s%s", (int)(at - path), path,
		   user, at + 2) < room;
}

/* -1 if it is not there, or, which is logged, not fit for it. */
static int
open_file(const char *path)
{
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC);
	struct stat st;

	if (fd == -1) {
		if (errno != ENOENT)
			log_errno("cannot open trace", path);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    st.st_uid == geteuid() && (st.st_mode & 022) == 0)
		return fd;
	log_line(LOG_ERR,
	    "trace %s is not a plain file that only its owner can write to, "
	    "or not ours: not used",
	    path);
	close(fd);
	return -1;
}

const struct trace *
trace_open(struct trace *t, const char *path, const char *user)
{
	char name[1024], when[32];
	time_t now = time(NULL);
	struct tm tm;

	if (path == NULL || (user == NULL && strstr(path, "%u") != NULL) ||
	    !expand(name, sizeof name, path, user))
		return NULL;
	*t = (struct trace){open_file(name), getppid(), bytes_now_ms()};
	if (t->fd == -1 || localtime_r(&now, &tm) == NULL)
		return NULL;
	strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %z", &tm);
	write_line(t, "-- %s, %s", when, user == NULL ? "login" : user);
	return t;
}

/* How much of the arguments is no secret. */
static int
shown(enum shape shape, const char *args)
{
	switch (shape) {
	case ARG_NONE:
	case ARG_SECRET:
		return 0;
	case ARG_NAME:
	case ARG_NAME_WORD:
	case ARG_OPT_WORDS:
		return (int)strcspn(args, " ");
	default:
		return (int)strlen(args);
	}
}

void
trace_command(
    const struct trace *t, const char *verb, enum shape shape, const char *args)
{
	int n;

	if (t == NULL)
		return;
	n = shown(shape, args);
	write_line(t, "C: %s%s%.*s%s", verb, n > 0 ? " " : "", n, args,
	    args[n] == '\0' ? "" : " (hidden)");
}

void
trace_hidden(const struct trace *t, const char *verb)
{
	if (t != NULL)
		write_line(
		    t, "C: %s%s(hidden)", verb, verb[0] == '\0' ? "" : " ");
}

void
trace_answer(const struct trace *t, const char *line, size_t n)
{
	if (t == NULL)
		return;
	if (n >= 2 && memcmp(line, "+ ", 2) == 0)
		write_line(t, "S: + (hidden)");
	else
		write_line(t, "S: %.*s", (int)n, line);
}

void
trace_mail(const struct trace *t, uint64_t octets)
{
	if (t != NULL)
		write_line(
		    t, "S: (%llu octets of mail)", (unsigned long long)octets);
}
