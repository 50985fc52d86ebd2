/*
 * state.h - the state directory, and the files of a maildrop in it
 *
 * A mailbox's path, with ':' for '/', is the name of its files, so that one
 * mailbox has one lock, whatever names its user logs in by.
 */
#ifndef STATE_H
#define STATE_H

#include "auth.h"

/*
 * The directory has to be there, to be ours, and to be written to by nobody
 * else. Returns NULL, or what is wrong with it and what to do.
 */
const char *state_wrong(const char *state);

/*
 * Makes the files of a maildrop if they are not there: the index, which also
 * carries the session lock, and the journal. Their paths go to index and
 * journal. TEMP or PERM, logged, if that fails.
 */
enum trouble state_make(const char *state, const struct account *account,
    char index[PRIVSEP_PATH + 1], char journal[PRIVSEP_PATH + 1]);

/*
 * A session has found that its journal is about another file: it must not be
 * applied, nor lost, and gets another name. Logs how that went.
 */
void state_put_aside(const char *state, const char *mailbox);

#endif
