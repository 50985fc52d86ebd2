/*
 * reply.c - the only writer to the client
 *
 * Never sends a byte that the client sent, and never blocks for longer than
 * REPLY_STALL_S without progress.
 */
#include "reply.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LONG_LEN  (sizeof PRIu64 - 1)
#define DRAIN_MAX 65536
#define PIECE     32768 /* bytes of a line that are copied at a time */
#define TINY      8     /* bytes of a line that calls are slow for */
#define RUN       256   /* bytes of such lines that are gone through */

void
reply_open(struct reply *r, int fd)
{
	const struct timeval stall = {.tv_sec = REPLY_STALL_S};
	const int yes = 1;

	r->trace = NULL;
	reply_turn(r, fd);
	/* One that does not block takes what it has room for. */
	if ((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
		r->most = sizeof r->buf;
	r->is_socket =
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall) == 0;
	/* Of a message that is too large for one write, the last must not wait
	 * until the client has acknowledged what came before it. */
	if (r->is_socket)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

void
reply_turn(struct reply *r, int fd)
{
	r->fd = fd;
	r->is_socket = 0;
	r->most = PIPE_BUF;
	r->lang = LANG_EN;
	r->dead = 0;
	r->octets = 0;
	r->mail = 0;
	r->line_start = 1;
	r->after_cr = 0;
	r->aside.len = 0;
	r->len = 0;
}

void
reply_put_aside(struct reply *r)
{
	r->aside = (struct aside){
	    r->len, r->octets, r->mail, r->line_start, r->after_cr};
	r->len = 0;
	r->mail = 0;
	r->line_start = 1;
	r->after_cr = 0;
}

int
reply_take_back(struct reply *r)
{
	const struct aside *a = &r->aside;

	/* Where nothing was written, and nothing waits, it still stands. */
	if (a->len == 0 || r->len > 0 || r->octets != a->octets)
		return 0;
	r->len = a->len;
	r->mail = a->mail;
	r->line_start = a->line_start;
	r->after_cr = a->after_cr;
	r->aside.len = 0;
	return 1;
}

/*
 * One write of at most n bytes. A socket has its own time-out; of a pipe
 * poll() only says that PIPE_BUF bytes can be written without blocking, if it
 * is one that does.
 */
static ssize_t
write_some(const struct reply *r, const char *bytes, size_t n)
{
	struct pollfd p = {.fd = r->fd, .events = POLLOUT};
	int ready;

	if (r->is_socket)
		return write(r->fd, bytes, n);
	ready = poll(&p, 1, REPLY_STALL_S * 1000);
	if (ready == 0)
		errno = EAGAIN;
	if (ready <= 0)
		return -1;
	return write(r->fd, bytes, n < r->most ? n : r->most);
}

void
reply_flush(struct reply *r)
{
	size_t done = 0;

	while (done < r->len && !r->dead) {
		ssize_t n = write_some(r, r->buf + done, r->len - done);

		if (n >= 0) {
			done += (size_t)n;
			r->octets += (uint64_t)n;
		} else if (errno != EINTR) {
			r->dead = 1;
		}
	}
	r->len = 0;
}

/* Adds bytes as they are. */
static void
put(struct reply *r, const char *bytes, size_t n)
{
	while (n > 0 && !r->dead) {
		size_t some = sizeof r->buf - r->len;

		if (some > n)
			some = n;
		memcpy(r->buf + r->len, bytes, some);
		r->len += some;
		bytes += some;
		n -= some;
		if (r->len == sizeof r->buf)
			reply_flush(r);
	}
}

/* The digits of n, up to "end"; returns where they begin. */
static char *
put_digits(char *end, uint64_t n)
{
	do
		*--end = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	return end;
}

/*
 * What replies need of printf(): %s, %u and PRIu64. To load printf() itself
 * costs each process six pages of the C library; and it is slow.
 */
static size_t __attribute__((format(printf, 3, 0)))
fill(char *out, size_t room, const char *format, va_list ap)
{
	size_t len = 0;

	for (; *format != '\0'; format++) {
		char digits[20], *end = digits + sizeof digits;
		const char *text = format;
		size_t n = 1;

		if (*format == '%' && *++format == 's') {
			text = va_arg(ap, const char *);
			n = strlen(text);
		} else if (*text == '%') {
			text = put_digits(end,
			    *format == 'u' ? va_arg(ap, unsigned)
					   : va_arg(ap, uint64_t));
			n = (size_t)(end - text);
			must(*format == 'u' ||
			    strncmp(format, PRIu64, LONG_LEN) == 0);
			format += *format == 'u' ? 0 : LONG_LEN - 1;
		}
		must(n < room - len);
		memcpy(out + len, text, n);
		len += n;
	}
	return len;
}

static void __attribute__((format(printf, 3, 0)))
put_line(struct reply *r, const char *start, const char *format, va_list ap)
{
	char line[512]; /* RFC 1939 s. 3: a response is at most 512 octets */
	size_t len = strlen(start);

	memcpy(line, start, len);
	len += fill(line + len, sizeof line - 2 - len, format, ap);
	trace_answer(r->trace, line, len);
	line[len++] = '\r';
	line[len++] = '\n';
	put(r, line, len);
}

void
reply_ok(struct reply *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_line(r, "+OK ", lang_text(r->lang, format), ap);
	va_end(ap);
}

void
reply_line(struct reply *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_line(r, "", format, ap);
	va_end(ap);
}

void
reply_err(struct reply *r, const char *code, const char *text)
{
	text = lang_text(r->lang, text);
	if (code == NULL)
		reply_line(r, "-ERR %s", text);
	else
		reply_line(r, "-ERR [%s] %s", code, text);
}

void
reply_item(struct reply *r, uint32_t number, const char *text)
{
	char digits[20], *end = digits + sizeof digits;
	char *at = put_digits(end, number);

	if (r->trace != NULL) { /* a line in one piece, but slowly */
		reply_line(r, "%u %s", number, text);
		return;
	}
	put(r, at, (size_t)(end - at));
	put(r, " ", 1);
	put(r, text, strlen(text));
	put(r, "\r\n", 2);
}

void
reply_count(struct reply *r, uint32_t number, uint64_t n)
{
	char digits[21], *end = digits + sizeof digits - 1;

	*end = '\0';
	reply_item(r, number, put_digits(end, n));
}

void
reply_end(struct reply *r)
{
	trace_answer(r->trace, ".", 1);
	put(r, ".\r\n", 3);
}

void
reply_lang(struct reply *r, const char *range)
{
	enum lang lang = range == NULL ? LANG_COUNT : lang_find(range);

	if (range == NULL) {
		reply_ok(r, "languages follow");
		for (enum lang l = 0; l < LANG_COUNT; l++)
			reply_line(r, "%s %s", lang_tag(l), lang_name(l));
		reply_end(r);
	} else if (lang == LANG_COUNT) {
		reply_err(r, NULL, "that language is not spoken here");
	} else {
		r->lang = lang;
		reply_line(r, "+OK %s %s", lang_tag(lang),
		    lang_text(lang, "language changed"));
	}
}

/* Adds n bytes of one line, PIECE at most, the last of them its LF if
 * "whole". */
static void
put_piece(struct reply *r, const char *bytes, size_t n, int whole)
{
	size_t text = whole ? n - 1 : n;
	char *out;

	if (sizeof r->buf - r->len < n + 3)
		reply_flush(r);
	out = r->buf + r->len;
	if (r->line_start && bytes[0] == '.')
		*out++ = '.';
	memcpy(out, bytes, text);
	out += text;
	if (text > 0)
		r->after_cr = bytes[text - 1] == '\r';
	if (whole) {
		if (!r->after_cr)
			*out++ = '\r';
		*out++ = '\n';
		r->after_cr = 0;
	}
	r->line_start = whole;
	r->len = (size_t)(out - r->buf);
}

/* Adds n bytes, whatever lines they are, one by one. */
static void
put_bytes(struct reply *r, const char *bytes, size_t n)
{
	int line_start = r->line_start, after_cr = r->after_cr;
	char *out;

	if (sizeof r->buf - r->len < 2 * n)
		reply_flush(r);
	out = r->buf + r->len;
	for (size_t i = 0; i < n; i++) {
		char c = bytes[i];

		if (line_start && c == '.')
			*out++ = '.';
		if (c == '\n' && !after_cr)
			*out++ = '\r';
		*out++ = c;
		line_start = c == '\n';
		after_cr = c == '\r';
	}
	r->line_start = line_start;
	r->after_cr = after_cr;
	r->len = (size_t)(out - r->buf);
}

/* Adds what there is of a line, of n bytes; returns how much that was. */
static size_t
put_line_of(struct reply *r, const char *bytes, size_t n)
{
	size_t some = n < PIECE ? n : PIECE;
	const char *lf = memchr(bytes, '\n', some);

	if (lf != NULL)
		some = (size_t)(lf - bytes) + 1;
	put_piece(r, bytes, some, lf != NULL);
	return some;
}

void
reply_body(struct reply *r, const char *bytes, size_t n)
{
	unsigned tiny = 0; /* lines, one behind the other */

	r->mail += n;
	while (n > 0 && !r->dead) {
		size_t some = n < RUN ? n : RUN;

		if (tiny > 2) {
			put_bytes(r, bytes, some);
			tiny = 0;
		} else {
			some = put_line_of(r, bytes, n);
			tiny = some < TINY ? tiny + 1 : 0;
		}
		bytes += some;
		n -= some;
	}
}

void
reply_body_end(struct reply *r)
{
	if (!r->line_start)
		put(r, "\r\n", 2);
	r->line_start = 1;
	r->after_cr = 0;
	trace_mail(r->trace, r->mail);
	r->mail = 0;
	reply_end(r);
}

void
reply_close(struct reply *r, int client_in)
{
	struct pollfd p = {.fd = client_in, .events = POLLIN};
	char bytes[4096];

	reply_flush(r);
	for (size_t n = 0; n < DRAIN_MAX; n += sizeof bytes)
		if (poll(&p, 1, 0) != 1 ||
		    read(client_in, bytes, sizeof bytes) <= 0)
			return;
}
