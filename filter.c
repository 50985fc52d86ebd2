/*
 * filter.c - what a jailed process may ask of the kernel
 *
 * The lists are of the calls that glibc 2.36 makes, on x86-64 and aarch64;
 * tests/calls.py holds them against those that the test suite makes, both
 * ways. No call is in them that takes a name, makes a descriptor or starts a
 * process. (fstat() is a stat by name in glibc: hence bytes_stat().)
 */
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_poll
#define POLL SCMP_SYS(poll)
#else
#define POLL SCMP_SYS(ppoll) /* what poll() is on younger machines */
#endif

#define INT    SCMP_CMP_MASKED_EQ, 0xffffffff /* of an int: 32 bits */
#define MEMORY (PROT_READ | PROT_WRITE)

struct rule {
	int call;
	unsigned count; /* of arguments that must be what is said here */
	struct scmp_arg_cmp args[2];
};

/* A stopped process that is woken in poll() goes on with restart_syscall();
 * where the clock cannot be read in user space, clock_gettime() is a call. */
static const struct rule login_rules[] = {
    {.call = SCMP_SYS(read)},
    {.call = SCMP_SYS(write)},
    {.call = POLL},
    {.call = SCMP_SYS(restart_syscall)},
    {.call = SCMP_SYS(clock_gettime)},
    {.call = SCMP_SYS(exit_group)},
};

/* clang-format dies of this table: */
/* clang-format off */
static const struct rule session_rules[] = {
    {.call = SCMP_SYS(read)},
    {.call = SCMP_SYS(write)},
    {.call = POLL},
    {.call = SCMP_SYS(restart_syscall)},
    {.call = SCMP_SYS(clock_gettime)},
    {.call = SCMP_SYS(exit_group)},
    {.call = SCMP_SYS(pread64)},
    {.call = SCMP_SYS(pwrite64)},
    {.call = SCMP_SYS(fstat)},
    {.call = SCMP_SYS(ftruncate)},
    {.call = SCMP_SYS(fsync)},
    {.call = SCMP_SYS(close)},
    {SCMP_SYS(fallocate), 1, {{1, INT, 0}}},
    {SCMP_SYS(fcntl), 1, {{1, INT, F_OFD_SETLK}}},
    {SCMP_SYS(utimensat), 1, {{1, SCMP_CMP_EQ, 0, 0}}}, /* no name */
    {SCMP_SYS(getrandom), 1, {{2, INT, 0}}},
    /* malloc */
    {.call = SCMP_SYS(brk)},
    {.call = SCMP_SYS(munmap)},
    {SCMP_SYS(mmap), 2,
	{{2, INT, MEMORY}, {3, INT, MAP_PRIVATE | MAP_ANONYMOUS}}},
    {SCMP_SYS(mremap), 1, {{3, INT, MREMAP_MAYMOVE}}},
};
/* clang-format on */

int
filter_has_seccomp(void)
{
#if defined JAIL_FOR_SANITIZERS || !(defined __x86_64__ || defined __aarch64__)
	return 0;
#else
	const uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
		   &kill_process) == 0;
#endif
}

static int
add_rules(scmp_filter_ctx filter, const struct rule *rules, size_t n)
{
	int status = 0;

	for (size_t i = 0; i < n && status == 0; i++)
		status = seccomp_rule_add_exact_array(filter, SCMP_ACT_ALLOW,
		    rules[i].call, rules[i].count, rules[i].args);
	return status;
}

int
filter_calls(enum filter which)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int status;

	if (filter == NULL)
		return 0;
	status = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (status == 0 && which == FILTER_LOGIN)
		status = add_rules(filter, login_rules,
		    sizeof login_rules / sizeof *login_rules);
	else if (status == 0)
		status = add_rules(filter, session_rules,
		    sizeof session_rules / sizeof *session_rules);
	if (status == 0)
		status = seccomp_load(filter);
	/* Not released: that would be free(), which may call munmap(). */
	errno = -status;
	return status == 0;
}

/* <linux/landlock.h> may be older than the kernel. */
struct landlock_handled {
	uint64_t files;   /* since version 1; more in 2, 3 and 5 */
	uint64_t network; /* since version 4: bind and connect */
	uint64_t scoped;  /* since version 6: abstract sockets, signals */
};

static const struct landlock_handled handled[] = {
    {0,      0, 0},
    {0x1fff, 0, 0},
    {0x3fff, 0, 0}, /* linking and renaming across directories */
    {0x7fff, 0, 0}, /* truncation */
    {0x7fff, 3, 0},
    {0xffff, 3, 0}, /* ioctl on devices */
    {0xffff, 3, 3},
};

int
filter_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return version > 0 ? (int)version : 0;
}

int
filter_landlock(int version)
{
	size_t most = sizeof handled / sizeof *handled - 1;
	const struct landlock_handled *h =
	    &handled[(size_t)version < most ? (size_t)version : most];
	int rules = (int)syscall(SYS_landlock_create_ruleset, h, sizeof *h, 0);
	int refused;

	if (rules == -1)
		return 0;
	refused = syscall(SYS_landlock_restrict_self, rules, 0) == -1;
	close(rules);
	return !refused;
}
