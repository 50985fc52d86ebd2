/*
 * machine.c - the two files as the journal's code sees them
 */
#include "machine.h"

#include "../../bytes.h"
#include "../../journal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD 1000 /* the mailbox's descriptor; the next is the journal's */

struct machine machine;

/* Ours, and not a real descriptor? */
static int
is_file(int fd)
{
	return fd == FD || fd == FD + 1;
}

/* Is the call made? 0: no; 1: yes; 2: half. */
static int
go_wrong(void)
{
	machine.calls++;
	if (!machine.is_dead && machine.calls == machine.turn) {
		machine.is_dead = 1;
		if (machine.half)
			return 2;
	}
	if (machine.is_dead)
		errno = EIO;
	return !machine.is_dead;
}

static void
note(enum trace_kind kind, int fd, uint64_t at, const void *bytes, size_t len)
{
	struct op op = {
	    .kind = kind,
	    .file = fd == FD ? MAILBOX : JOURNAL,
	    .at = at,
	    .len = len,
	    .bytes = bytes,
	};
	unsigned char *copy;

	bytes_apply(&machine.file[op.file], &op);
	if (machine.tape == NULL)
		return;
	copy = malloc(len + 1);
	if (machine.tape->count == TAPE || copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, bytes, len);
	op.bytes = copy;
	machine.tape->ops[machine.tape->count++] = op;
}

void
tape_clear(struct tape *t)
{
	for (size_t i = 0; i < t->count; i++)
		free((void *)(uintptr_t)t->ops[i].bytes);
	t->count = 0;
}

/* -- the calls */

ssize_t
pread(int fd, void *bytes, size_t n, off_t at)
{
	const struct bytes *b;

	if (!is_file(fd))
		abort();
	b = &machine.file[fd - FD];
	if ((size_t)at >= b->len)
		return 0;
	if (n > b->len - (size_t)at)
		n = b->len - (size_t)at;
	memcpy(bytes, b->at + at, n);
	return (ssize_t)n;
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	int made = is_file(fd) ? go_wrong() : 0;

	if (made == 0)
		return -1;
	n = made == 2 ? n / 2 : n;
	note(TRACE_WRITE, fd, (uint64_t)at, bytes, n);
	return made == 2 ? -1 : (ssize_t)n;
}

int
fsync(int fd)
{
	if (!is_file(fd) || go_wrong() != 1)
		return -1;
	if (++machine.syncs == machine.fail) {
		note(TRACE_LOST, fd, 0, NULL, 0);
		errno = EIO;
		return -1;
	}
	note(TRACE_SYNC, fd, 0, NULL, 0);
	return 0;
}

int
ftruncate(int fd, off_t size)
{
	if (!is_file(fd) || go_wrong() != 1)
		return -1;
	note(TRACE_CUT, fd, (uint64_t)size, NULL, 0);
	return 0;
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	if (!is_file(fd) || mode != 0 || go_wrong() != 1)
		return -1;
	note(TRACE_GROW, fd, (uint64_t)(at + len), NULL, 0);
	return 0;
}

/* bytes.c asks the kernel itself for fstat(). */
long
syscall(long call, ...)
{
	struct stat *st;
	va_list ap;
	int fd;

	va_start(ap, call);
	fd = va_arg(ap, int);
	st = va_arg(ap, struct stat *);
	va_end(ap);
	if (call != SYS_fstat || !is_file(fd))
		abort();
	*st = (struct stat){
	    .st_mode = S_IFREG | 0600,
	    .st_nlink = 1,
	    .st_dev = machine.dev,
	    .st_ino = machine.ino[fd - FD],
	    .st_size = (off_t)machine.file[fd - FD].len,
	};
	return 0;
}

int
fstatvfs(int fd, struct statvfs *fs)
{
	*fs = (struct statvfs){.f_fsid = is_file(fd) ? machine.fsid : 0};
	return 0;
}

/* -- what is done with it */

static void
note_line(int level, const char *text)
{
	(void)level;
	snprintf(machine.logged, sizeof machine.logged, "%s", text);
}

void
machine_make(void)
{
	bytes_make(&machine.file[MAILBOX]);
	bytes_make(&machine.file[JOURNAL]);
	log_divert(note_line);
}

void
machine_start(const struct bytes *mailbox, const struct bytes *journal)
{
	bytes_copy(&machine.file[MAILBOX], mailbox);
	bytes_copy(&machine.file[JOURNAL], journal);
	machine.turn = 0;
	machine.fail = 0;
	machine.tape = NULL;
	machine.syncs = 0;
}

enum trouble
machine_recover(void)
{
	struct rewrite r = {.fd = FD,
	    .fs = bytes_file_system(FD),
	    .journal = FD + 1,
	    .path = "it"};

	machine.logged[0] = '\0';
	machine.is_dead = 0;
	machine.calls = 0;
	return journal_is_open(r.journal) ? journal_recover(&r) : FINE;
}

void
machine_deliver(int is_synced)
{
	note(TRACE_WRITE, FD, machine.file[MAILBOX].len, MAIL, MAIL_LEN);
	if (is_synced)
		note(TRACE_SYNC, FD, 0, NULL, 0);
}
