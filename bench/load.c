/*
 * load.c - a POP3 client that measures
 *
 * Speaks to a server on the loopback interface, as the users bench1, bench2
 * and so on, and prints one line of JSON: what took how many seconds. Leaves
 * with a line on standard error if the server does not do what it should.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a)  (sizeof(a) / sizeof *(a))
#define PASSWORD  "benchpass"
#define LIMIT_S   300 /* no answer may take longer */
#define SLOTS     64
#define AT_ONCE   64 /* DELE commands that are under way */
#define BUFFER    (256 << 10)
#define NOT_POP3D "the server said: %.100s"

static int port;

struct client {
	int fd;
	size_t at, len; /* of what was read and not used */
	char buf[BUFFER];
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 0)
		errx(2, "%s is no number", text);
	return n;
}

static int
dial(void)
{
	struct timeval limit = {.tv_sec = LIMIT_S};
	struct sockaddr_in a = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	a.sin_port = htons((in_port_t)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == -1)
		err(1, "connect");
	return fd;
}

static void
start(struct client *c)
{
	c->fd = dial();
	c->at = c->len = 0;
}

static void
say(int fd, const char *format, ...)
{
	char line[200];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (write(fd, line, (size_t)n) != n)
		err(1, "write");
}

/* The next line, without its end; it is good until the next call. */
static char *
hear(struct client *c)
{
	for (;;) {
		char *line = c->buf + c->at;
		char *end = memchr(line, '\n', c->len - c->at);
		ssize_t n;

		if (end != NULL) {
			*end = '\0';
			c->at = (size_t)(end - c->buf) + 1;
			return line;
		}
		c->len -= c->at;
		memmove(c->buf, line, c->len);
		c->at = 0;
		n = read(c->fd, c->buf + c->len, sizeof c->buf - c->len);
		if (n <= 0)
			errx(1, "the server is gone, or does not answer");
		c->len += (size_t)n;
	}
}

static char *
hear_ok(struct client *c)
{
	char *line = hear(c);

	if (line[0] != '+')
		errx(1, NOT_POP3D, line);
	return line;
}

/* How many lines there are up to the dot. */
static long
hear_list(struct client *c)
{
	long n = 0;

	for (hear_ok(c); strcmp(hear(c), ".\r") != 0; n++)
		continue;
	return n;
}

static void
hear_end(struct client *c)
{
	while (read(c->fd, c->buf, sizeof c->buf) > 0)
		continue;
	close(c->fd);
}

static void
quit(struct client *c)
{
	say(c->fd, "QUIT\r\n");
	hear_ok(c);
	hear_end(c);
}

static void
login(struct client *c, long user)
{
	start(c);
	hear_ok(c);
	say(c->fd, "USER bench%ld\r\n", user);
	hear_ok(c);
	say(c->fd, "PASS " PASSWORD "\r\n");
	hear_ok(c);
}

/* How many messages there are, and their octets. */
static long
stat_drop(struct client *c, long long *octets)
{
	long n;

	say(c->fd, "STAT\r\n");
	if (sscanf(hear_ok(c), "+OK %ld %lld", &n, octets) != 2)
		errx(1, NOT_POP3D, c->buf);
	return n;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_spread(double *all, size_t n)
{
	qsort(all, n, sizeof *all, compare);
	printf("{\"p50\":%.7f,\"min\":%.7f,\"p99\":%.7f}\n", all[n / 2], all[0],
	    all[n * 99 / 100]);
}

/* -- many short sessions, in lockstep, each slot a user of its own */

struct slot {
	long user;
	size_t step; /* answers that have come */
	size_t len;
	char line[512];
};

/* What is said to the answer with that number. */
static void
answer(int fd, const struct slot *s)
{
	static const char *const rest[] = {
	    "PASS " PASSWORD "\r\n", "STAT\r\n", "QUIT\r\n"};

	if (s->step == 0)
		say(fd, "USER bench%ld\r\n", s->user);
	else if (s->step <= COUNT(rest))
		say(fd, "%s", rest[s->step - 1]);
}

/* Returns 0 when the server has hung up. */
static int
serve_slot(struct slot *s, int fd)
{
	ssize_t n = read(fd, s->line + s->len, sizeof s->line - s->len);

	if (n <= 0 && s->step != 5)
		errx(1, "the server hung up after %zu answers", s->step);
	if (n <= 0)
		return 0;
	s->len += (size_t)n;
	if (s->line[s->len - 1] != '\n')
		return 1;
	if (s->line[0] != '+')
		errx(1, NOT_POP3D, s->line);
	answer(fd, s);
	s->step++;
	s->len = 0;
	return 1;
}

static void
sessions(char **args)
{
	static struct slot slots[SLOTS];
	struct pollfd p[SLOTS];
	size_t n = (size_t)number(args[0]), live = n;
	double began = now(), end = began + strtod(args[1], NULL);
	long done = 0;

	if (n > SLOTS)
		errx(2, "at most %d at a time", SLOTS);
	for (size_t i = 0; i < n; i++) {
		slots[i].user = (long)i + 1;
		p[i] = (struct pollfd){.fd = dial(), .events = POLLIN};
	}
	while (live > 0) {
		if (poll(p, n, LIMIT_S * 1000) <= 0)
			errx(1, "nothing happens");
		for (size_t i = 0; i < n; i++) {
			if (p[i].revents == 0 || serve_slot(&slots[i], p[i].fd))
				continue;
			close(p[i].fd);
			done++;
			slots[i].step = slots[i].len = 0;
			p[i].fd = now() < end ? dial() : -1;
			live -= p[i].fd == -1;
		}
	}
	printf("{\"sessions\":%ld,\"seconds\":%.6f}\n", done, now() - began);
}

/* -- one session */

static void
open_drop(char **args)
{
	static struct client c;
	long long octets;
	long n, listed, ids;
	double t[7];

	(void)args;
	start(&c);
	hear_ok(&c);
	say(c.fd, "USER bench1\r\n");
	hear_ok(&c);
	t[0] = now();
	say(c.fd, "PASS " PASSWORD "\r\n");
	hear_ok(&c);
	n = stat_drop(&c, &octets);
	t[1] = now();
	say(c.fd, "LIST\r\n");
	listed = hear_list(&c);
	t[2] = now();
	say(c.fd, "UIDL\r\n");
	ids = hear_list(&c);
	t[3] = now();
	say(c.fd, "QUIT\r\n");
	hear_ok(&c);
	t[4] = now();
	hear_end(&c);
	if (listed != n || ids != n)
		errx(1, "STAT says %ld, LIST %ld, UIDL %ld", n, listed, ids);
	printf("{\"messages\":%ld,\"octets\":%lld,\"stat\":%.6f,\"list\":%.6f,"
	       "\"uidl\":%.6f,\"quit\":%.6f,\"all\":%.6f}\n",
	    n, octets, t[1] - t[0], t[2] - t[1], t[3] - t[2], t[4] - t[3],
	    t[4] - t[0]);
}

/* How many messages end in these bytes, of which "kept" were seen before and
 * hold no whole end. */
static long
count_ends(const char *bytes, size_t len)
{
	static const char dot[] = "\r\n.\r\n";
	const char *end = bytes + len;
	long n = 0;

	while ((bytes = memmem(bytes, (size_t)(end - bytes), dot, 5)) != NULL) {
		bytes += 5;
		n++;
	}
	return n;
}

/* Asks for messages until "depth" are under way; returns the last one. */
static long
ask(int fd, const char *format, long asked, long until, long n)
{
	char lines[BUFFER];
	size_t len = 0;

	while (asked < until && asked < n && len < sizeof lines - 100)
		len += (size_t)snprintf(
		    lines + len, sizeof lines - len, format, ++asked);
	if (write(fd, lines, len) != (ssize_t)len)
		err(1, "write");
	return asked;
}

/* Downloads all: args are the depth of the pipeline, and the command. */
static void
retrieve(char **args)
{
	static struct client c;
	long depth = number(args[0]), asked = 0, got = 0, n;
	long long octets, bytes = 0;
	size_t kept = 0;
	double began;
	const char *format = strcmp(args[1], "TOP") == 0
	    ? "TOP %ld 99999999\r\n"
	    : "RETR %ld\r\n";

	login(&c, 1);
	n = stat_drop(&c, &octets);
	began = now();
	while (got < n) {
		ssize_t r;

		if (asked < n && asked - got <= depth / 2)
			asked = ask(c.fd, format, asked, got + depth, n);
		r = read(c.fd, c.buf + kept, sizeof c.buf - kept);
		if (r <= 0)
			errx(1, "gone after %ld of %ld messages", got, n);
		bytes += r;
		kept += (size_t)r;
		/* One at a time, an end is at the end. */
		if (depth > 1)
			got += count_ends(c.buf, kept);
		else if (kept >= 5)
			got += count_ends(c.buf + kept - 5, 5);
		r = kept < 4 ? (ssize_t)kept : 4;
		if (got == asked)
			r = 0;
		memmove(c.buf, c.buf + kept - (size_t)r, (size_t)r);
		kept = (size_t)r;
	}
	began = now() - began;
	quit(&c);
	printf("{\"messages\":%ld,\"bytes\":%lld,\"seconds\":%.6f}\n", n, bytes,
	    began);
}

static void delete (char **args)
{
	static struct client c;
	const char *which = args[0];
	long n, first = 1, last, step = 1, asked = 0, all, heard = 0;
	long long octets;
	double t[4];

	t[0] = now();
	login(&c, 1);
	n = last = stat_drop(&c, &octets);
	if (strcmp(which, "half") == 0)
		step = 2;
	else if (strcmp(which, "first") == 0)
		last = 1;
	else if (strcmp(which, "last") == 0)
		first = n;
	else if (strcmp(which, "all") != 0)
		errx(2, "delete %s?", which);
	all = (last - first) / step + 1;
	t[1] = now();
	for (; heard < all; heard++) {
		for (; asked < all && asked - heard < AT_ONCE; asked++)
			say(c.fd, "DELE %ld\r\n", first + asked * step);
		hear_ok(&c);
	}
	t[2] = now();
	say(c.fd, "QUIT\r\n");
	hear_ok(&c);
	t[3] = now();
	hear_end(&c);
	printf("{\"deleted\":%ld,\"open\":%.6f,\"dele\":%.6f,\"quit\":%.6f,"
	       "\"all\":%.6f}\n",
	    all, t[1] - t[0], t[2] - t[1], t[3] - t[2], t[3] - t[0]);
}

/* Holds sessions until standard input ends: args are how many, and whether
 * they log in. */
static void
hold(char **args)
{
	static struct client c;
	long n = number(args[0]);
	int logs_in = strcmp(args[1], "in") == 0, fds[SLOTS];
	long long octets;
	char byte;

	if (n > SLOTS)
		errx(2, "at most %d at a time", SLOTS);
	for (long i = 0; i < n; i++) {
		if (logs_in) {
			login(&c, i + 1);
			stat_drop(&c, &octets);
		} else {
			start(&c);
			hear_ok(&c);
		}
		fds[i] = c.fd;
	}
	printf("{\"held\":%ld}\n", n);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
	for (long i = 0; i < n; i++) {
		c.fd = fds[i];
		c.at = c.len = 0;
		quit(&c);
	}
}

/* Connects, and waits for the greeting. */
static void
greet(char **args)
{
	static struct client c;
	size_t n = (size_t)number(args[0]);
	double *all = calloc(n + 1, sizeof *all);

	for (size_t i = 0; i < n; i++) {
		double began = now();

		start(&c);
		hear_ok(&c);
		all[i] = now() - began;
		quit(&c);
	}
	print_spread(all, n);
}

static void
run_on(int fd, char **argv)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

/* From exec to the greeting, on a connection that is there. */
static void
execute(char **args)
{
	static struct client c;
	size_t n = (size_t)number(args[0]);
	double *all = calloc(n + 1, sizeof *all);
	struct sockaddr_in a = {.sin_family = AF_INET};
	socklen_t len = sizeof a;
	int ear = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(ear, (struct sockaddr *)&a, len) == -1 ||
	    listen(ear, 1) == -1 ||
	    getsockname(ear, (struct sockaddr *)&a, &len) == -1)
		err(1, "listen");
	port = ntohs(a.sin_port);
	for (size_t i = 0; i < n; i++) {
		double began;
		int served;
		pid_t pid;

		start(&c);
		served = accept4(ear, NULL, NULL, SOCK_CLOEXEC);
		began = now();
		pid = fork();
		if (pid == 0)
			run_on(served, args + 1);
		close(served);
		hear_ok(&c);
		all[i] = now() - began;
		quit(&c);
		waitpid(pid, NULL, 0);
	}
	print_spread(all, n);
}

/* Reads what comes, to the end: the server sends a file. */
static void
drain(char **args)
{
	static struct client c;
	long long bytes = 0;
	double began = now();
	ssize_t n;

	(void)args;
	start(&c);
	while ((n = read(c.fd, c.buf, sizeof c.buf)) > 0)
		bytes += n;
	printf("{\"bytes\":%lld,\"seconds\":%.6f}\n", bytes, now() - began);
}

static const struct {
	const char *name;
	int args; /* at least that many */
	void (*run)(char **args);
} modes[] = {
    {"sessions", 2, sessions },
    {"open",     0, open_drop},
    {"retrieve", 2, retrieve },
    {"delete",   1, delete   },
    {"hold",     2, hold     },
    {"greet",    1, greet    },
    {"exec",     2, execute  },
    {"drain",    0, drain    },
};

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc < 3)
		errx(2, "load PORT MODE ...");
	port = (int)number(argv[1]);
	for (size_t i = 0; i < COUNT(modes); i++)
		if (strcmp(argv[2], modes[i].name) == 0 &&
		    argc - 3 >= modes[i].args) {
			modes[i].run(argv + 3);
			return 0;
		}
	errx(2, "load PORT %s?", argv[2]);
}
