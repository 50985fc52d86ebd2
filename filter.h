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

/* Can this kernel filter system calls for us? */
int filter_has_seccomp(void);

/* The version of Landlock's interface; 0 if there is none to be had. */
int filter_landlock_version(void);

/*
 * Each is for good, and wants no_new_privs. False, with errno, if the kernel
 * refuses it; the caller must not go on then.
 */
int filter_landlock(int version);
int filter_calls(enum filter filter);

#endif
