/*
 * floor.c - what no server can be faster than
 *
 * floor greet           a server that greets and says +OK to everything
 * floor sendfile FILE   a server that sends a file
 * floor sender FILE     a server that sends a mailbox's messages as they are
 * floor scan FILE       reads a file once, and looks for From_ lines
 * floor cut FILE SIZE   truncates a file, and syncs it
 * floor copy FILE TO    copies a file, and syncs it
 *
 * The last three print their seconds. By the name of checkpassword it is such a
 * program, and knows one password.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (1 << 20)

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
greet(void)
{
	char buf[512];

	if (write(1, "+OK\r\n", 5) != 5)
		return 1;
	while (read(0, buf, sizeof buf) > 0)
		if (write(1, "+OK 0 0\r\n", 9) != 9 || (buf[0] | 32) == 'q')
			break;
	return 0;
}

static int
send_file(const char *path)
{
	int fd = open(path, O_RDONLY);

	while (sendfile(1, fd, NULL, 1 << 30) > 0)
		continue;
	return 0;
}

/* Where the messages of a mailbox begin that mail.py has written; and its end,
 * behind them. */
static off_t *
find_messages(const char *mail, off_t size, long *count)
{
	static const char start[] = "From user@mail.example.org ";
	const char *at = mail, *end = mail + size;
	/* A page that is not touched is none. */
	off_t *starts = calloc((size_t)size / 32 + 2, sizeof *starts);

	if (starts == NULL)
		err(1, "memory");
	for (*count = 0; at != NULL; ++*count) {
		starts[*count] = at - mail;
		at = memmem(
		    at + 1, (size_t)(end - at - 1), start, sizeof start - 1);
	}
	starts[*count] = size;
	return starts;
}

static void
send_message(char *mail, off_t from, off_t to)
{
	char ok[] = "+OK\r\n", dot[] = "\r\n.\r\n";
	struct iovec parts[] = {
	    {ok,          5		  },
            {mail + from, (size_t)(to - from)},
            {dot,         5                  }
        };
	int first = 0;

	while (first < 3) {
		ssize_t n = writev(1, parts + first, 3 - first);

		if (n == -1)
			err(1, "writev");
		while (first < 3 && (size_t)n >= parts[first].iov_len)
			n -= (ssize_t)parts[first++].iov_len;
		if (first < 3) {
			parts[first].iov_base =
			    (char *)parts[first].iov_base + n;
			parts[first].iov_len -= (size_t)n;
		}
	}
}

/* One command at a time; what is no RETR is answered as if it were STAT. */
static int
send_messages(const char *path)
{
	int fd = open(path, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END), *starts;
	char *mail = mmap(
	    NULL, (size_t)size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	char line[512] = "";
	long count, number;

	if (mail == MAP_FAILED)
		err(1, "%s", path);
	starts = find_messages(mail, size, &count);
	do {
		if (sscanf(line, "RETR %ld", &number) == 1 && number > 0 &&
		    number <= count)
			send_message(mail, starts[number - 1], starts[number]);
		else if (dprintf(1, "+OK %ld %lld\r\n", count,
			     (long long)size) < 0 ||
		    (line[0] | 32) == 'q')
			break;
	} while (read(0, line, sizeof line - 1) > 0);
	free(starts);
	return 0;
}

/* Ends of lines and From_ lines in 128 bytes: a loop that compilers make
 * vector instructions of. */
static unsigned
look(const char *b)
{
	unsigned char ends = 0, from = 0;

	for (int i = 0; i < 128; i++) {
		ends = (unsigned char)(ends + (b[i] == '\n'));
		from = (unsigned char)(from +
		    ((b[i] == '\n') & (b[i + 1] == 'F')));
	}
	return (unsigned)ends + from;
}

/* What it costs at least to know the sizes of a mailbox's messages. */
static double
scan(const char *path)
{
	static char buf[BLOCK + 128];
	int fd = open(path, O_RDONLY);
	double began = now();
	volatile unsigned long seen = 0;
	ssize_t n;

	while ((n = read(fd, buf, BLOCK)) > 0)
		for (ssize_t i = 0; i < n; i += 128)
			seen += look(buf + i);
	return now() - began;
}

static double
cut(const char *path, const char *size)
{
	int fd = open(path, O_RDWR);
	double began = now();

	if (ftruncate(fd, strtoll(size, NULL, 10)) == -1 || fsync(fd) == -1)
		err(1, "%s", path);
	return now() - began;
}

static double
copy(const char *path, const char *to)
{
	int in = open(path, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	static char buf[BLOCK];
	double began = now();
	ssize_t n;

	while ((n = read(in, buf, sizeof buf)) > 0)
		if (write(out, buf, (size_t)n) != n)
			err(1, "%s", to);
	if (fsync(out) == -1)
		err(1, "%s", to);
	return now() - began;
}

/* Name and password are on descriptor 3, each with its NUL. */
static int
check(char **next)
{
	char told[512 + 1] = "";
	ssize_t n = read(3, told, sizeof told - 1);
	const char *password = n > 0 ? told + strlen(told) + 1 : told;

	if (strcmp(password, "benchpass") != 0)
		return 1;
	execv(next[0], next);
	return 111;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	double seconds;

	if (argc > 1 && strstr(argv[0], "checkpassword") != NULL)
		return check(argv + 1);
	if (strcmp(what, "greet") == 0)
		return greet();
	if (strcmp(what, "sendfile") == 0 && argc == 3)
		return send_file(argv[2]);
	if (strcmp(what, "sender") == 0 && argc == 3)
		return send_messages(argv[2]);
	if (strcmp(what, "scan") == 0 && argc == 3)
		seconds = scan(argv[2]);
	else if (strcmp(what, "cut") == 0 && argc == 4)
		seconds = cut(argv[2], argv[3]);
	else if (strcmp(what, "copy") == 0 && argc == 4)
		seconds = copy(argv[2], argv[3]);
	else
		errx(2,
		    "floor greet | sendfile | sender | scan | cut | copy ...");
	printf("{\"seconds\":%.6f}\n", seconds);
	return 0;
}
