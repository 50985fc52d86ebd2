/*
 * uidl.h - unique ids: what names a message for good (RFC 1939 s. 7)
 *
 * 22 hex digits of a digest over what no mail program rewrites, never over
 * what it does (Status and the like), nor an id that a sender could choose.
 * Identical messages are told apart by "-2", "-3", which the index remembers.
 */
#ifndef UIDL_H
#define UIDL_H

#include "mbox.h"

#define UIDL_TEXT (2 * INDEX_ID + 1 + 8 + 1) /* room: hex, "-", copy, NUL */

/*
 * Works out the digest of those messages, from "first" on, counted from 0,
 * that have no number yet. It is over the first of each of the Received, Date,
 * Message-ID, Delivered-To, From and Subject headers, but for those that come
 * when there was a Received and a Message-ID: what the server has added and
 * what the sender has are enough. Where that is not so, also over the octets
 * of the body; and where there is no Message-ID, over the first 128 bytes of
 * it. Lines behind the first MiB of the header, or of the body, as sent, do not
count, nor do CR and LF, so that how lines end does not matter. CHANGED
 * or TEMP, logged, if it cannot.
 */
enum trouble uidl_digest(struct mbox *m, uint32_t first);

/*
 * Keeps of last time's messages only those with the same digest as another,
 * or that once were: in an order that uidl_number() wants. TEMP, logged, if
 * there is no memory for that.
 */
enum trouble uidl_keep_copies(struct index *was);

/*
 * Numbers the messages, all of which have their digest, among those that
 * share it. What has a number keeps it; last time's copies get theirs, in
 * their order; what is new gets one that is not in use. TEMP, logged, if
 * memory lacks, or more than MESSAGE_COPIES share a digest.
 */
enum trouble uidl_number(struct mbox *m, const struct index *was);

/* The id of a message that was numbered, as text. Returns out. */
const char *uidl_text(const struct message *m, char out[UIDL_TEXT]);

#endif
