/*
 * secrets.h - the secrets file: find a user's entries
 *
 * Lines are "user:{SCHEME}value"; '#' begins a comment line; pop3d.secrets(5)
 * is the whole grammar. The file must be a plain file that belongs to whoever
 * runs the monitor and that nobody else can read.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include "log.h"

#include <stddef.h>

enum scheme { SCHEME_PLAIN, SCHEME_CRYPT };

struct secrets {
	char *text; /* owned: the whole file; NULL if there is none */
	size_t len;
	size_t at;        /* bytes of it that secrets_next() has passed */
	unsigned line;    /* of "at", from 1, for the log */
	const char *path; /* borrowed */
};

struct secret {
	enum scheme scheme;
	const char *value; /* borrowed from the secrets */
};

/* Is there a file at that path that secrets_open() would read? Logs why not,
 * unless there is none at all. */
int secrets_usable(const char *path);

/*
 * Reads the file. FINE also if there is none: it then has no entries.
 * PERM if it is not fit to be trusted, TEMP if it cannot be read; the reason
 * is logged, with what to do, and s is as after secrets_close().
 */
enum trouble secrets_open(struct secrets *s, const char *path);

/*
 * Finds the user's next entry. Returns 0 when there are no more. Lines that
 * are not understood are logged by their number and passed over.
 */
int secrets_next(struct secrets *s, const char *user, struct secret *entry);

/* Wipes and frees. Safe on closed ones. */
void secrets_close(struct secrets *s);

#endif
