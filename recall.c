/*
 * recall.c - what an index says of an mbox, as far as it can be believed
 *
 * Never writes. What it believes wrongly is found out before a message of it
 * is shown, or deleted: see mbox_prove().
 */
#include "recall.h"

#include "scan.h"

#include <stdlib.h>
#include <string.h>

/* Of a file that has grown, messages that are looked at again. */
#define SAMPLES 128

int
recall_totals(struct mbox *m, const struct index *x)
{
	if (x->count == 0 || !index_same(&m->stamp, &x->stamp) ||
	    !index_sure(&x->stamp, &x->when))
		return 0;
	m->when = x->when;
	m->size = x->stamp.size;
	m->start = x->start;
	m->count = x->count;
	m->octets = x->octets;
	m->proven = x->proven;
	return 1;
}

void
recall_messages(struct mbox *m, struct index *x)
{
	must(x->count == m->count && m->messages == NULL);
	m->messages = x->messages;
	m->room = m->count;
	x->messages = NULL;
	x->count = 0;
}

enum trouble
recall_by_scan(struct mbox *m)
{
	const uint64_t octets = m->octets;
	const uint32_t count = m->count;
	const off_t size = m->size;
	enum trouble why;

	mbox_clear(m);
	why = mbox_add(m, 0, size);
	if (why == TEMP)
		return TEMP;
	if (why != FINE || m->octets != octets || m->count != count)
		return mbox_changed(m);
	return mbox_check(m);
}

static int
is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec ||
	    (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Could that be the same file, grown, or in the very same state? */
static int
may_follow(const struct stamp *now, const struct stamp *was)
{
	if (index_same(now, was))
		return 1;
	return now->dev == was->dev && now->ino == was->ino &&
	    now->size > was->size && !is_before(&now->mtime, &was->mtime);
}

/* Some of the messages, evenly spread, are still where they were. */
static enum trouble
look_at_samples(const struct mbox *m, const struct index *x)
{
	enum trouble why = FINE;
	uint32_t step = x->count / SAMPLES + 1;

	for (uint32_t i = 0; why == FINE && i + 1 < x->count; i += step)
		why = scan_again(
		    m->fd, &x->messages[i], (off_t)x->messages[i + 1].offset);
	return why;
}

/* Takes over the messages of the index, but for the last. */
static struct message
take_over(struct mbox *m, struct index *x)
{
	const struct message last = x->messages[x->count - 1];

	mbox_clear(m);
	m->messages = x->messages;
	m->room = x->count;
	m->count = x->count - 1;
	m->octets = x->octets - last.octets;
	m->start = x->start;
	x->messages = NULL; /* its count is still wanted */
	return last;
}

/* It was not to be: the index is as it was. */
static void
give_back(struct mbox *m, struct index *x, const struct message *last)
{
	x->messages = m->messages;
	m->messages = NULL;
	mbox_clear(m);
	x->messages[x->count - 1] = *last;
}

enum trouble
recall_grown(struct mbox *m, struct index *x)
{
	struct message last, *again;
	enum trouble why;

	if (x->messages == NULL)
		return CHANGED;
	if (mbox_stamp(m) != FINE)
		return TEMP;
	if (!may_follow(&m->stamp, &x->stamp) || look_at_samples(m, x) != FINE)
		return CHANGED;
	last = take_over(m, x);
	why = mbox_add(m, (off_t)last.offset, m->stamp.size);
	again = &m->messages[x->count - 1];
	if (why != FINE || m->count < x->count || !mbox_alike(&last, again)) {
		give_back(m, x, &last);
		return CHANGED;
	}
	memcpy(again->id, last.id, INDEX_ID);
	again->copy = last.copy;
	m->proven = 0;
	index_close(x);
	return FINE;
}
