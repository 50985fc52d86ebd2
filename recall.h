/*
 * recall.h - what an index says of an mbox, as far as it can be believed
 *
 * In the very state that the index was written for, all of it. Of a file that
 * has grown, that nothing but an append has happened, after a few looks at
 * it: then the mailbox is not proven, and what is shown of it has to be
 * looked at (mbox_prove_message()), and all of it be read before an update
 * (mbox_prove()).
 */
#ifndef RECALL_H
#define RECALL_H

#include "mbox.h"

/*
 * Is the index about the state that m was stamped in, and was it old enough
 * when it was written to be sure of that? Then takes its totals over. Needs
 * the head only, and no lock: the file has not been touched since.
 */
int recall_totals(struct mbox *m, const struct index *x);

/* The messages, which were read, of an index whose totals were taken. */
void recall_messages(struct mbox *m, struct index *x);

/*
 * The same where the index turns out to be damaged: finds them in the file.
 * CHANGED or TEMP, logged, if what is there is not what the totals were of.
 */
enum trouble recall_by_scan(struct mbox *m);

/*
 * Was mail appended, and no more, since the index was written? To be called
 * under the lock, for an index with its messages. Looks at the times, at a
 * number of messages and at the last one; then the messages are taken over,
 * and those that are new are added. CHANGED or TEMP: have it scanned; the
 * index is as it was.
 */
enum trouble recall_grown(struct mbox *m, struct index *x);

#endif
