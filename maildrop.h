/*
 * maildrop.h - numbered messages, sizes, ids, marks; the door to the store
 *
 * For the session it is opened in two steps: by name, as the mail user; then,
 * locked in, it is locked and read. A session lock on the index file keeps
 * other sessions out for as long as this one lives; the mailbox itself is
 * locked only while it is scanned and while it is updated.
 */
#ifndef MAILDROP_H
#define MAILDROP_H

#include "boxlock.h"
#include "mbox.h"
#include "message.h"

struct maildrop {
	struct mbox mbox;
	int index_fd;   /* owned; -1 once closed. Carries the session lock */
	int journal_fd; /* owned */
	struct boxlock lock;
	int takes_over;   /* may ask an idle session to leave */
	int had_ids;      /* last time's messages were shown with theirs */
	struct index was; /* last time's messages, until they are the mbox's;
			     then, or else, those with copies' numbers */
	uint32_t indexed; /* messages that are in the index as they are */
	int journal_is_foreign; /* it is to be put aside: see journal.h */
	int has_ids;            /* every message has its id */
	int dirty;              /* there is more to know than the index says */
	uint32_t left;          /* messages without a mark */
	uint64_t octets;        /* of those */
};

struct maildrop_paths {
	const char *mailbox;
	const char *index;
	const char *journal;
};

/*
 * Opens the files as whoever we are now. On trouble, which is logged, d is as
 * after maildrop_close(). The fields monitor, use_fcntl, use_dotlock and odd_ms
 * of the lock, and takes_over, are the caller's to set, after this.
 */
enum trouble maildrop_open(
    struct maildrop *d, const struct maildrop_paths *paths);

/* Bytes of all its files, as they are now. */
off_t maildrop_size(const struct maildrop *d);

/*
 * Locks, ends an update that was interrupted, and reads. BUSY: another session
 * has it, or another program has kept the mailbox locked for some seconds. On
 * trouble, logged, there is nothing to serve.
 */
enum trouble maildrop_begin(struct maildrop *d);

/*
 * Does a newer session wait for this one to end? One that is idle should then
 * do so. (Others than sessions, of the same user, can make this true, too.)
 */
int maildrop_is_wanted(const struct maildrop *d);

/*
 * To be called before anything below that is about messages: till then only
 * their count and octets may be known. Trouble is logged.
 */
enum trouble maildrop_load(struct maildrop *d);

/* How many messages there are, marked ones included. */
uint32_t maildrop_count(const struct maildrop *d);

/* Message "number", from 1; NULL if there is none, also if it is marked. */
const struct message *maildrop_find(const struct maildrop *d, uint32_t number);

/* Begins to read a message that exists; see message_open(). */
void maildrop_read(
    struct maildrop *d, uint32_t number, uint32_t lines, struct reading *r);

/* Marks a message that exists and has no mark; takes all marks back. */
void maildrop_mark(struct maildrop *d, uint32_t number);
void maildrop_unmark_all(struct maildrop *d);

/*
 * Works out what ids are not known yet: see uidl.h, which also makes them
 * text. Trouble is logged.
 */
enum trouble maildrop_ids(struct maildrop *d);

/*
 * Deletes what is marked, keeping what was appended meanwhile; FINE when that
 * is on disk, or nothing was marked. Else the cause is logged, BUSY, FULL, TEMP
 * or CHANGED says which kind it is, and the mailbox is as it was, or on its
 * way, which the next session ends before all else.
 */
enum trouble maildrop_update(struct maildrop *d);

/* Writes the index if there is something new in it, and unlocks; from then on
 * there is nothing to do with it but maildrop_close(), or to exit. */
void maildrop_leave(struct maildrop *d);

/* As maildrop_leave(); frees and closes all. */
void maildrop_close(struct maildrop *d);

#endif
