/*
 * jail.h - take away from a process what it does not need
 *
 * What can be had is found out once, at the start, and logged with each login
 * (jail_level()). Whatever the system has but then refuses to give is fatal:
 * a process that could not be locked in does not serve.
 */
#ifndef JAIL_H
#define JAIL_H

#include "log.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JAIL_LEVEL 64 /* bytes of the text */

/* The layers that there are, for a process started like this one. */
struct jail_means {
	int is_root;        /* or else there is one uid */
	int chroot;         /* root in a container may lack the right to it */
	int seccomp;        /* system calls can be filtered */
	int landlock;       /* version of its interface; 0: none */
	const char *denied; /* a layer that may be there, but we are not let
			       have: nothing must be served; or NULL */
};

struct jail {
	const struct jail_means *means;
	const char *root; /* an empty directory of root's, for chroot */
	uid_t uid;
	gid_t gid;
	const uint32_t *groups; /* borrowed; may be NULL */
	uint32_t group_count;
	int writes; /* login: to a plain file, which the client or a trace is */
};

void jail_probe(struct jail_means *means);

/* The layers' names, in order, with commas between; returns out. */
const char *jail_level(const struct jail_means *means, char out[JAIL_LEVEL]);

/* All layers that this version knows, for --strict. */
int jail_is_full(const struct jail_means *means);

/* No process of the same user can trace this one or its children, or read
 * their memory, now or in a core file. Once, at the start. */
void jail_basics(void);

/*
 * Memory that a password passes through is not swapped out. Where a limit
 * forbids that, or there is no such call, it is wiped all the same before
 * anyone is answered.
 */
void jail_lock_memory(const void *at, size_t n);

/*
 * The monitor, once both children are forked: it keeps the capabilities that
 * it needs, and those that PAM modules are known to need if it may start
 * programs, for PAM or as checkpassword. If not, none that it starts gets any.
 */
void jail_monitor(const struct jail_means *means, int starts_programs);

/* The login process: for good, its own uid and an empty root. */
void jail_login(const struct jail *j);

/*
 * The session process, in three steps: while it waits, only the capabilities
 * for the next two; the user's effective ids, to open the maildrop with; then
 * for good those ids, an empty root, and no new files. Its files have "size"
 * bytes in all, which its limits are made for.
 */
void jail_wait(const struct jail_means *means);
void jail_assume_user(const struct jail *j);
void jail_session(const struct jail *j, off_t size);

#endif
