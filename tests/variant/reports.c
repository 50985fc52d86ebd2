/*
 * reports.c - what a sanitizer says, whatever descriptors are left
 *
 * The processes of the sanitized program have no standard error and can open
 * nothing. So what the sanitizers print goes to a page of a file, too, which
 * is mapped before anything else happens. They end the process then.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM ((size_t)1 << 20)

static struct report {
	size_t used;
	char text[ROOM];
} * report;

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
void __sanitizer_on_print(const char *text);

/* Memory that is lost is looked for where a program may stop its threads:
 * that is in the unit tests, by their environment. */
const char *
__asan_default_options(void)
{
	return "abort_on_error=1:detect_leaks=0:strict_string_checks=1:"
	       "detect_stack_use_after_return=1:check_initialization_order=1";
}

const char *
__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

void
__sanitizer_on_print(const char *text)
{
	size_t n = strlen(text), at;

	if (report == NULL)
		return;
	at = __atomic_fetch_add(&report->used, n, __ATOMIC_SEQ_CST);
	if (n < ROOM && at < ROOM - n)
		memcpy(report->text + at, text, n);
}

static void __attribute__((constructor)) prepare(void)
{
	int fd = open(REPORTS "/report", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	void *at = MAP_FAILED;

	if (fd != -1 && (geteuid() != 0 || fchmod(fd, 0666) == 0) &&
	    ftruncate(fd, sizeof *report) == 0)
		at = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	report = at;
	close(fd);
}
