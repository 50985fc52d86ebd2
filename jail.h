/*
 * jail.h - take away from a process what it does not need
 *
 * Whatever the system has but refuses to give is fatal: a process that could
 * not be locked in does not serve. Without root there is one uid and no
 * chroot; jail_level() says which layers there are.
 */
#ifndef JAIL_H
#define JAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct jail {
	int is_root;
	const char *root; /* an empty directory of root's, for chroot */
	uid_t uid;
	gid_t gid;
	const uint32_t *groups; /* borrowed; may be NULL */
	uint32_t group_count;
};

/* The layers that a process started like this one will have, in order. */
const char *jail_level(int is_root);

/* All layers that this version knows, for --strict. */
int jail_is_full(int is_root);

/* This process cannot be traced by its user, nor its memory be read. */
void jail_basics(void);

/* The login process: for good, its own uid and an empty root. */
void jail_login(const struct jail *j);

/*
 * The session process, in two steps: the user's effective ids, to open the
 * maildrop with; then for good those ids, an empty root, and no new files.
 */
void jail_assume_user(const struct jail *j);
void jail_session(const struct jail *j);

#endif
