/*
 * filter.c - what a jailed process may ask of the kernel
 *
 * The rules, and why each, stand in filter_write.c: what libseccomp has made of
 * them is loaded here.
 */
#include "filter.h"

#include "log.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "filter.bpf"

/* What an error means that a question for a layer has met: that it is not
 * there, or was disabled at boot; or that somebody denies it. */
static int
absent_or_denied(void)
{
	return errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL
	    ? 0
	    : FILTER_DENIED;
}

int
filter_has_seccomp(void)
{
#if defined JAIL_FOR_SANITIZERS || !(defined __x86_64__ || defined __aarch64__)
	return 0;
#else
	const uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill_process) ==
	    0)
		return 1;
	return absent_or_denied();
#endif
}

static int
load(const struct sock_filter *steps, size_t count)
{
	struct sock_fprog program = {.len = (unsigned short)count};
	const void *first = steps;

	memcpy(&program.filter, &first, sizeof first); /* only read there */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

int
filter_calls(enum filter which)
{
	return which == FILTER_LOGIN
	    ? load(login_filter, COUNT(login_filter))
	    : load(session_filter, COUNT(session_filter));
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

	return version > 0 ? (int)version : absent_or_denied();
}

int
filter_landlock(int version)
{
	size_t most = COUNT(handled) - 1;
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
