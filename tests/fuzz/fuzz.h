/*
 * fuzz.h - what the targets share
 *
 * A target is a function that libFuzzer calls with one input after the other.
 * What is wrong with the program ends it: by expect(), or by a sanitizer.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "../../log.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define expect(holds) ((holds) ? (void)0 : fuzz_fail(#holds, __LINE__))

static inline _Noreturn void
fuzz_fail(const char *what, int line)
{
	fprintf(stderr, "line %d: expected %s\n", line, what);
	abort();
}

static inline void
fuzz_no_log(int level, const char *text)
{
	expect(level >= 0 && strlen(text) < LOG_TEXT_MAX);
	if (strncmp(text, "bug: ", 5) == 0) /* must() */
		fuzz_fail(text, 0);
}

/* A file without a name that has those bytes. The caller's to close. */
static inline int
fuzz_file(const void *bytes, size_t n)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	expect(fd != -1 && write(fd, bytes, n) == (ssize_t)n);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
