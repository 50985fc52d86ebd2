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

static const char *own_ident;
static int is_stderr; /* write to descriptor 2 */
static struct {
	char line[LOG_TEXT_MAX + 32];
	size_t len;
} last; /* see log_keep() */
static void (*divert)(int level, const char *text);

void
log_open(const char *ident, int to_stderr)
{
	own_ident = ident;
	is_stderr = to_stderr;
	if (!to_stderr)
		openlog(ident, LOG_PID, LOG_MAIL);
}

void
log_divert(void (*sink)(int level, const char *text))
{
	divert = sink;
	is_stderr = 0;
	closelog();
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

static void
write_line(int level, const char *text)
{
	char line[LOG_TEXT_MAX + 32] = "";
	size_t len = 0;

	if (is_stderr)
		len = (size_t)snprintf(
		    line, 32, "%.16s[%d]: ", own_ident, (int)getpid());
	put_text(line, sizeof line - 1, &len, text);
	if (!is_stderr) {
		syslog(level, "%s", line);
		return;
	}
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) == -1)
		return; /* nobody is left to be told */
}

void
log_line(int level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	int kept = errno;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (divert != NULL)
		divert(level, text);
	else
		write_line(level, text);
	errno = kept;
}

void
log_keep(int level, const char *format, ...)
{
	char text[LOG_TEXT_MAX], priority[16] = "";
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (!is_stderr) /* as syslog() would, but for the time */
		snprintf(priority, sizeof priority, "<%d>", LOG_MAIL | level);
	last.len = (size_t)snprintf(
	    last.line, 40, "%s%.16s[%d]: ", priority, own_ident, (int)getpid());
	put_text(last.line, sizeof last.line - 1, &last.len, text);
	if (is_stderr)
		last.line[last.len++] = '\n';
}

/*
 * Not by syslog(): what a signal has interrupted may be malloc(), or syslog()
 * itself, and then it is not safe to call either.
 */
void
log_last(void)
{
	const struct sockaddr_un to = {AF_UNIX, "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (is_stderr && write(STDERR_FILENO, last.line, last.len) == -1)
		return; /* nobody is left to be told */
	if (!is_stderr)
		sendto(fd, last.line, last.len, MSG_DONTWAIT | MSG_NOSIGNAL,
		    (const struct sockaddr *)&to, sizeof to);
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
