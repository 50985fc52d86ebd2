/*
 * message.h - one message of an mbox, in blocks
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "mbox.h"

#include <stddef.h>

#define MESSAGE_ALL UINT32_MAX /* lines: the whole message */

/* A message, or the top of one, on its way to the client. */
struct reading {
	struct mbox *mbox; /* borrowed */
	uint32_t i;        /* which message, from 0 */
	int checked;       /* that it is there, and has not changed */
	off_t at;          /* in the mbox */
	off_t end;
	uint32_t lines; /* of the body, still wanted; or MESSAGE_ALL */
	int in_header;
	size_t line_len; /* bytes so far of the line that is being read */
	char line_first; /* the first of them */
};

/*
 * Begins to read message i, counted from 0: its header, the blank line and
 * that many lines of its body (RFC 1939 s. 7, TOP). Nothing to close.
 */
void message_open(
    struct reading *r, struct mbox *m, uint32_t i, uint32_t lines);

/*
 * The next block, of at most "room" bytes; *len is 0 at the end. The mailbox
 * is checked after the bytes were read, and before the first of a mailbox that
 * is not proven: CHANGED or TEMP, logged, mean that they must not be sent, nor
 * anything else.
 */
enum trouble message_pull(
    struct reading *r, char *buf, size_t room, size_t *len);

/*
 * The first block, before anybody has asked for it: nothing was checked, and it
 * must not be sent before message_confirm() has said FINE, which is then all
 * that message_pull() would have done. False if that cannot be done, or there
 * are no bytes.
 */
int message_guess(struct reading *r, char *buf, size_t room, size_t *len);
enum trouble message_confirm(struct reading *r);

#endif
