/*
 * failing.h - calls of the C library that fail when a test says so
 *
 * FAILING() defines a call for the whole program, in the place of the C
 * library's, which it calls as long as nothing else was said.
 */
#ifndef FAILING_H
#define FAILING_H

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

static struct {
	const char *name; /* of a call; NULL: none fails */
	unsigned nth;     /* of those from now on, from 1; 0: all */
	int error;
	unsigned seen;
} fault;

/* That call fails; NULL: from now on none does. */
static inline void
fail_call(const char *name, unsigned nth, int error)
{
	fault.name = name;
	fault.nth = nth;
	fault.error = error;
	fault.seen = 0;
}

static inline int
is_to_fail(const char *name)
{
	if (fault.name == NULL || strcmp(fault.name, name) != 0 ||
	    (++fault.seen != fault.nth && fault.nth != 0))
		return 0;
	errno = fault.error;
	return 1;
}

#define FAILING(type, name, parameters, arguments, failed)                     \
	type name parameters                                                   \
	{                                                                      \
		type(*real) parameters;                                        \
		void *found = dlsym(RTLD_NEXT, #name);                         \
                                                                               \
		memcpy(&real, &found, sizeof real);                            \
		return is_to_fail(#name) ? (failed) : real arguments;          \
	}

/* The same for syscall(), with up to four arguments that count. */
#define FAILING_SYSCALL                                                        \
	long syscall(long number, ...)                                         \
	{                                                                      \
		long (*real)(long, ...);                                       \
		void *found = dlsym(RTLD_NEXT, "syscall");                     \
		long a, b, c, d;                                               \
		va_list ap;                                                    \
                                                                               \
		memcpy(&real, &found, sizeof real);                            \
		va_start(ap, number);                                          \
		a = va_arg(ap, long);                                          \
		b = va_arg(ap, long);                                          \
		c = va_arg(ap, long);                                          \
		d = va_arg(ap, long);                                          \
		va_end(ap);                                                    \
		return is_to_fail("syscall") ? -1 : real(number, a, b, c, d);  \
	}

#endif
