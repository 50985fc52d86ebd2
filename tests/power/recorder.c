/*
 * recorder.c - what a program does to its files, call by call
 *
 * To be preloaded. Every call that changes a plain file, and what it writes,
 * goes to the trace: a file mapped before the program can lock itself in, so
 * that it is shared by all its processes, wherever their root is; and no call
 * is made that the program itself may not make. One sync, or
 * all from one on, can be made to fail. getrandom() is made to repeat itself.
 *
 *   POWER_TRACE  the trace's path
 *   POWER_FAIL   N: the Nth sync fails; N+: all from the Nth on
 *   POWER_SEED   a number
 */
#include "trace.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct trace_head *trace;
static uint64_t fail_from, fail_to;

static void __attribute__((constructor)) begin(void)
{
	const char *path = getenv("POWER_TRACE"), *fail = getenv("POWER_FAIL");
	const char *seed = getenv("POWER_SEED");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	char *end;

	if (fd == -1)
		return;
	trace =
	    mmap(NULL, TRACE_ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (trace == MAP_FAILED)
		_exit(98);
	trace->seed = seed == NULL ? 1 : strtoull(seed, NULL, 10) * 2 + 1;
	if (fail != NULL) {
		fail_from = strtoull(fail, &end, 10);
		fail_to = *end == '+' ? UINT64_MAX : fail_from;
	}
}

static void
note(enum trace_kind kind, int fd, uint64_t at, const void *bytes, size_t len)
{
	struct trace_event e = {.kind = kind, .at = at, .len = len};
	unsigned char *place;
	struct stat st = {.st_mode = 0};

	if (trace == NULL)
		return;
	/* Who talks to the client may not ask about files. */
	if (kind != TRACE_TOLD &&
	    (syscall(SYS_fstat, fd, &st) == -1 || !S_ISREG(st.st_mode)))
		return;
	e.dev = st.st_dev;
	e.ino = st.st_ino;
	place = (unsigned char *)(trace + 1) +
	    __atomic_fetch_add(&trace->used, sizeof e + len, __ATOMIC_SEQ_CST);
	if (place + sizeof e + len > (unsigned char *)trace + TRACE_ROOM)
		_exit(98);
	memcpy(place, &e, sizeof e);
	if (len > 0)
		memcpy(place + sizeof e, bytes, len);
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t done = syscall(SYS_pwrite64, fd, bytes, n, at);

	if (done > 0)
		note(TRACE_WRITE, fd, (uint64_t)at, bytes, (size_t)done);
	return done;
}

/* Only to the client: what is written so to a file is no part of a mailbox,
 * and the replay would see it missing. */
ssize_t
write(int fd, const void *bytes, size_t n)
{
	if (n >= 3 && memcmp(bytes, "+OK", 3) == 0)
		note(TRACE_TOLD, fd, 0, NULL, 0);
	return syscall(SYS_write, fd, bytes, n);
}

int
ftruncate(int fd, off_t size)
{
	int status = (int)syscall(SYS_ftruncate, fd, size);

	if (status == 0)
		note(TRACE_CUT, fd, (uint64_t)size, NULL, 0);
	return status;
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	int status = (int)syscall(SYS_fallocate, fd, mode, at, len);

	if (status == 0)
		note(TRACE_GROW, fd, (uint64_t)(at + len), NULL, 0);
	return status;
}

static int
sync_or_fail(int fd)
{
	struct stat st;
	uint64_t n;

	if (trace == NULL || syscall(SYS_fstat, fd, &st) == -1 ||
	    !S_ISREG(st.st_mode))
		return 0; /* of a directory, say: no matter here */
	n = __atomic_add_fetch(&trace->syncs, 1, __ATOMIC_SEQ_CST);
	if (n >= fail_from && n <= fail_to) {
		note(TRACE_LOST, fd, 0, NULL, 0);
		errno = EIO;
		return -1;
	}
	note(TRACE_SYNC, fd, 0, NULL, 0);
	return 0; /* no disk is needed */
}

int
fsync(int fd)
{
	return sync_or_fail(fd);
}

int
fdatasync(int fd)
{
	return sync_or_fail(fd);
}

ssize_t
getrandom(void *bytes, size_t n, unsigned flags)
{
	unsigned char *at = bytes;

	if (trace == NULL)
		return syscall(SYS_getrandom, bytes, n, flags);
	for (size_t i = 0; i < n; i++) {
		trace->seed ^= trace->seed << 13;
		trace->seed ^= trace->seed >> 7;
		trace->seed ^= trace->seed << 17;
		at[i] = (unsigned char)(trace->seed >> 32);
	}
	return (ssize_t)n;
}
