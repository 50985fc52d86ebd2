/*
 * test.h - what the unit tests share
 *
 * Cases stand in tables with titles; a check that fails names its case. A
 * test that needs files works in a directory of its own, which is removed.
 */
#ifndef TEST_H
#define TEST_H

#include "../../log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <ftw.h>

/* The case fails, named, unless the claim holds. */
#define check(claim, ...) ((claim) ? (void)0 : blame(#claim, __VA_ARGS__))

static inline void __attribute__((format(printf, 2, 3)))
blame(const char *claim, const char *format, ...)
{
	char title[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(title, sizeof title, format, ap);
	va_end(ap);
	fail_msg("%s: %s", title, claim);
}

/* The case fails unless both texts are the same; shows where they part. */
static inline void
check_text(const char *got, const char *want, const char *title)
{
	size_t same = 0;

	while (got[same] != '\0' && got[same] == want[same])
		same++;
	if (got[same] != want[same])
		fail_msg("%s: at %zu got \"%.60s\", want \"%.60s\"", title,
		    same, got + same, want + same);
}

/* As check_text(), for bytes that may hold NULs. */
static inline void
check_bytes(const void *got, size_t got_len, const void *want, size_t want_len,
    const char *title)
{
	const unsigned char *g = got, *w = want;
	size_t same = 0;

	while (same < got_len && same < want_len && g[same] == w[same])
		same++;
	if (same < got_len || same < want_len)
		fail_msg("%s: %zu bytes, want %zu; the first %zu are the same",
		    title, got_len, want_len, same);
}

/* The same numbers for the same seed, on every machine; xorshift. */
static inline uint32_t
draw(uint64_t *seed, uint32_t below)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32) % below;
}

/* What was logged last, and how many lines there were. */
static char logged[8 * LOG_TEXT_MAX];
static unsigned logged_lines;

static inline void
note_line(int level, const char *text)
{
	(void)level;
	logged_lines++;
	snprintf(logged, sizeof logged, "%s", text);
}

/* From now on lines are noted; what was noted is forgotten. */
static inline void
note_log(void)
{
	log_divert(note_line);
	logged[0] = '\0';
	logged_lines = 0;
}

/* A new file of those bytes, which replaces what has the name. */
static inline void
make_file(const char *path, const void *bytes, size_t n)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

/* Reads a file, of less than "room" bytes; returns how many there were. */
static inline size_t
read_file(const char *path, char *bytes, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_int_not_equal(fd, -1);
	n = read(fd, bytes, room);
	assert_in_range(n, 0, room - 1);
	bytes[n] = '\0';
	close(fd);
	return (size_t)n;
}

/* A file without a name, in memory. */
static inline int
make_nameless(const void *bytes, size_t n)
{
	int fd = memfd_create("pop3d-unit", MFD_CLOEXEC);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	return fd;
}

/* The file was changed, a second after it was last: a kernel before 6.13 gives
 * what happens in its next few milliseconds the same time. */
static inline void
touch(const char *path)
{
	struct timespec times[2];
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	times[1].tv_sec++;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Group fixture: the working directory is a new one, lines are noted. */
static char test_dir[512];

static inline int
enter_dir(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(test_dir, sizeof test_dir, "%s/pop3d-unit.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	note_log();
	return mkdtemp(test_dir) == NULL || chdir(test_dir) == -1;
}

static inline int
remove_entry(
    const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline int
leave_dir(void **state)
{
	(void)state;
	return chdir("/") == -1 ||
	    nftw(test_dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS) == -1;
}

#endif
