/*
 * log.c - one line per event
 *
 * Trusts nothing that it is given: every byte outside printable ASCII is
 * escaped before it goes out.
 */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

static const char *own_ident = NAME;
static int is_stderr; /* write to descriptor 2 */
static struct line {
	char text[LOG_TEXT_MAX + 32];
	size_t len;
} last; /* see log_keep() */
static void (*divert)(int level, const char *text);

void
log_open(const char *ident, int to_stderr)
{
	own_ident = ident;
	is_stderr = to_stderr;
	if (!to_stderr) /* for PAM's modules, which call syslog() */
		openlog(ident, LOG_PID, LOG_MAIL);
}

void
log_divert(void (*sink)(int level, const char *text))
{
	divert = sink;
	is_stderr = 0;
}

/* Appends the byte as it is or as \xNN; returns 0 if there is no room. */
static int
put(char *out, size_t room, size_t *len, unsigned char c, int plain)
{
	static const char hex[] = "0123456789abcdef";

	if (room - *len < 5)
		return 0;
	if (plain) {
		out[(*len)++] = (char)c;
	} else {
		out[(*len)++] = '\\';
		out[(*len)++] = 'x';
		out[(*len)++] = hex[c >> 4];
		out[(*len)++] = hex[c & 15];
	}
	out[*len] = '\0';
	return 1;
}

/* Escapes the text behind what is in the line already. */
static void
put_text(char *out, size_t room, size_t *len, const char *text)
{
	for (; *text != '\0'; text++)
		if (!put(out, room, len, (unsigned char)*text,
			*text >= ' ' && *text <= '~'))
			break;
}

/*
 * What goes out, without a NUL: to syslog as syslog() would send it, but for
 * the time, which the daemon knows as well. To write it a C library reads the
 * time zone from a file.
 */
static void
compose(struct line *l, int level, const char *text)
{
	char priority[16] = "";

	if (!is_stderr)
		snprintf(priority, sizeof priority, "<%d>", LOG_MAIL | level);
	l->len = (size_t)snprintf(
	    l->text, 40, "%s%.16s[%d]: ", priority, own_ident, (int)getpid());
	put_text(l->text, sizeof l->text - 1, &l->len, text);
	if (is_stderr)
		l->text[l->len++] = '\n';
}

/* By calls only that a signal handler may make. */
static int
send_by(int type, const char *bytes, size_t n, int flags)
{
	const struct sockaddr_un to = {AF_UNIX, "/dev/log"};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int sent = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
	    send(fd, bytes, n, flags | MSG_NOSIGNAL) != -1;

	if (fd != -1)
		close(fd);
	return sent;
}

/* Where it cannot go nobody is left to be told. */
static void
send_line(const struct line *l, int flags)
{
	if (is_stderr && write(STDERR_FILENO, l->text, l->len) == -1)
		return;
	/* In a stream, which some daemons have, a NUL ends a line. */
	if (!is_stderr && !send_by(SOCK_DGRAM, l->text, l->len, flags) &&
	    errno == EPROTOTYPE)
		send_by(SOCK_STREAM, l->text, l->len + 1, flags);
}

void
log_line(int level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	int kept = errno;
	struct line l;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (divert != NULL) {
		divert(level, text);
	} else {
		compose(&l, level, text);
		send_line(&l, 0);
	}
	errno = kept;
}

void
log_keep(int level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	compose(&last, level, text);
}

void
log_last(void)
{
	send_line(&last, MSG_DONTWAIT);
}

void
log_errno(const char *what, const char *path)
{
	log_line(LOG_ERR, "%s %s: %s", what, path, strerror(errno));
}

const char *
log_name(char *out, const char *name)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < 64 && name[i] != '\0'; i++) {
		unsigned char c = (unsigned char)name[i];

		put(out, LOG_NAME_ROOM + 4, &len, c,
		    c > ' ' && c <= '~' && strchr(",[]\"\\=;", c) == NULL);
	}
	return out;
}

_Noreturn void
log_fatal(int status, const char *what)
{
	log_line(LOG_ERR, "%s: %s", what, strerror(errno));
	exit(status);
}

_Noreturn void
log_bug(const char *cond, const char *file, int line)
{
	log_line(
	    LOG_ERR, "bug: %s does not hold, %s line %d", cond, file, line);
	_exit(EX_SOFTWARE);
}
