/*
 * keep.c - what was executed, whatever becomes of the process
 *
 * gcc's counters are written to files when a process exits. Ours are in a jail
 * by then, or killed. So in the programs of tests/coverage.py the counters are
 * pages of a file, which all processes of a program share: nothing has to be
 * written. With COVERAGE_DUMP in the environment a program does nothing but
 * turn them into gcov's files.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern char counters_begin[], counters_end[]; /* keep.ld */
extern void __gcov_dump(void);
void __wrap___gcov_exit(void);

void
__wrap___gcov_exit(void)
{
}

/* The linker's mark of this very program, from its note: 20 bytes. */
static const unsigned char *
build_id(void)
{
	const ElfW(Phdr) *p = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	const ElfW(Phdr) *end = p + getauxval(AT_PHNUM);
	uintptr_t base = 0;

	for (; p < end; p++) {
		const ElfW(Nhdr) *note = (const void *)(base + p->p_vaddr);

		if (p->p_type == PT_PHDR)
			base = (uintptr_t)p - p->p_vaddr;
		else if (p->p_type == PT_NOTE &&
		    note->n_type == NT_GNU_BUILD_ID)
			return (const unsigned char *)(note + 1) +
			    note->n_namesz;
	}
	return NULL;
}

static void __attribute__((constructor)) keep(void)
{
	const unsigned char *id = build_id();
	size_t size = (uintptr_t)counters_end - (uintptr_t)counters_begin;
	char path[512];
	int fd;

	if (id == NULL)
		abort();
	snprintf(path, sizeof path,
	    COUNTERS "/%02x%02x%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2],
	    id[3], id[4], id[5], id[6], id[7]);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd == -1 || (fchmod(fd, 0666) == -1 && geteuid() == 0) ||
	    ftruncate(fd, (off_t)size) == -1 ||
	    mmap(counters_begin, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
		_exit(127); /* as where a library is not found */
	close(fd);
	if (getenv("COVERAGE_DUMP") == NULL)
		return;
	__gcov_dump();
	_exit(0);
}
