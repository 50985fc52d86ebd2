/*
 * state.h - the state directory, and the files of a maildrop in it
 *
 * A mailbox's path, with ':' for '/', is the name of its files, so that one
 * mailbox has one lock, whatever names its user logs in by.
 */
#ifndef STATE_H
#define STATE_H

#include "account.h"

#include <sys/stat.h>

/* The files of one maildrop. */
struct state_paths {
	char index[PRIVSEP_PATH + 1];
	char journal[PRIVSEP_PATH + 1];
};

/*
 * The directory has to be there, to be ours, and to be written to by nobody
 * else. Returns NULL, or what is wrong with it and what to do.
 */
const char *state_wrong(const char *state);

/*
 * Makes the files of a maildrop if they are not there: the index, which also
 * carries the session lock, and the journal. TEMP or PERM, logged, if that
 * fails.
 */
enum trouble state_make(const char *state, const struct account *account,
    struct state_paths *paths);

/* Has the last login been less than delay_s ago? */
int state_is_early(const char *state, const char *mailbox, int delay_s);

/*
 * Somebody logs in, whom the last login must have been delay_s ago. BUSY: it
 * was not; FINE: this is the last one now. TEMP, logged, if it cannot be noted.
 */
enum trouble state_note_login(
    const char *state, const char *mailbox, int delay_s);

/*
 * A key that is this machine's own, and stays the same: it is drawn when it is
 * asked for the first time. TEMP, logged, if it cannot be kept.
 */
enum trouble state_key(const char *state, unsigned char *key, size_t len);

/*
 * A session has found that its journal is about another file: it must not be
 * applied, nor lost, and gets another name. Logs how that went.
 */
void state_put_aside(const char *state, const char *mailbox);

/*
 * Calls take() for each journal that is not empty: its mailbox's update is
 * under way, or was interrupted. The directory is not open meanwhile. Ends
 * early when take() returns 0. False, with errno, if the directory cannot be
 * read.
 */
int state_each_journal(const char *state,
    int (*take)(void *arg, const char *mailbox, const struct stat *journal),
    void *arg);

/* What a mailbox's journal is now; false, with errno, if there is none. */
int state_journal(const char *state, const char *mailbox, struct stat *st);

#endif
