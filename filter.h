/*
 * filter.h - what a jailed process may ask of the kernel
 *
 * A short list of system calls for each child, and, by Landlock, no file, no
 * connection and no signal that it does not have already. Any other call ends
 * the process by SIGSYS.
 */
#ifndef FILTER_H
#define FILTER_H

enum filter { FILTER_LOGIN, FILTER_SESSION };

#define FILTER_DENIED (-1) /* it may well be there, but we are not let */

/* Can this kernel filter system calls for us? Or FILTER_DENIED. */
int filter_has_seccomp(void);

/* The version of Landlock's interface; 0 if this kernel has none; or
 * FILTER_DENIED. */
int filter_landlock_version(void);

/*
 * Each is for good, and wants no_new_privs. False, with errno, if the kernel
 * refuses it; the caller must not go on then.
 */
int filter_landlock(int version);
int filter_calls(enum filter filter);

#endif
