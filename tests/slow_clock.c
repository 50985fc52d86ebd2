/*
 * slow_clock.c - a machine whose clock cannot be read in user space
 *
 * Linked with --wrap=clock_gettime: there each look at the clock is a system
 * call, as on some virtual machines, and the jail must allow it.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	return (int)syscall(SYS_clock_gettime, clock, t);
}
