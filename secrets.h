/*
 * secrets.h - the secrets file: find a user's entries
 *
 * Lines are "user[:owner[:mailbox]]:{SCHEME}value"; '#' begins a comment line;
 * pop3d.secrets(5) is the whole grammar. The file must be a plain file that belongs to whoever
 * runs the monitor and that nobody else can read.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include "log.h"

#include <stddef.h>

#define SECRETS_OWNER 255  /* bytes of an owner's name, at most */
#define SECRETS_PATH  1023 /* bytes of a mailbox's path, at most */

enum scheme {
	SCHEME_NONE, /* the line is not understood: its user has no secret */
	SCHEME_PLAIN,
	SCHEME_CRYPT,
	SCHEME_SCRAM_SHA_1,
	SCHEME_SCRAM_SHA_256,
	SCHEME_EXTERNAL,
	SCHEME_COUNT
};

struct secrets {
	char *text; /* owned: the whole file; NULL if there is none */
	size_t len;
	size_t at;        /* bytes of it that secrets_next() has passed */
	unsigned line;    /* of "at", from 1, for the log */
	int is_quiet;     /* does not name lines that are not understood */
	const char *path; /* borrowed */
};

/* The texts are borrowed from the secrets. */
struct secret {
	enum scheme scheme;
	const char *user;
	const char *owner; /* of the mailbox; empty: the user */
	const char *path;  /* of the mailbox, a pattern; empty: as usual */
	const char *value;
};

/*
 * Which schemes the file's entries have: 1 << scheme for each. 0 if there is
 * no file; or if it cannot be used, which is logged.
 */
unsigned secrets_schemes(const char *path);

/*
 * Reads the file. FINE also if there is none: it then has no entries.
 * PERM if it is not fit to be trusted, TEMP if it cannot be read; the reason
 * is logged, with what to do, and s is as after secrets_close().
 */
enum trouble secrets_open(struct secrets *s, const char *path);

/*
 * Finds the user's next entry; anybody's, if NULL. Returns 0 when there are
 * no more. A line that is not understood is logged by its number, and is an
 * entry all the same: whose line is wrong has a line, and lets nobody in.
 */
int secrets_next(struct secrets *s, const char *user, struct secret *entry);

/* Does the password agree with the entry? One for EXTERNAL has none. */
int secrets_agree(const struct secret *entry, const char *password);

/* The name of a scheme, with its braces. */
const char *secrets_scheme_name(enum scheme scheme);

/* Wipes and frees. Safe on closed ones. */
void secrets_close(struct secrets *s);

#endif
