/*
 * index.c - what was learned of an mbox last time
 *
 * Layout: 8 bytes of magic with the version; 16 numbers of 8 bytes, the last
 * of which is a digest over the others; the messages, 32 bytes each, over
 * which there is a digest in the head. All as it stands in this machine's
 * memory: of another kind of machine the head would make no sense.
 *
 * The user owns the file and can write what he likes into it, so a digest
 * that fits proves nothing but that no accident has happened. What is read is
 * checked for sense as well, so that the worst it can do is to show its own
 * owner his own mailbox cut in odd places.
 */
#include "index.h"

#include "bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBERS    16
#define COPY_MOST  (MESSAGE_COPIES / 2) /* so that there is a next one */
#define FROM_LEAST 20                   /* bytes: "From 1 Jan 2024 1:00" */
#define HAS_IDS    1
#define SOME_IDS   2
#define PROVEN     4
#define SURE_S     2                  /* some file systems count seconds */
#define ORDER      0x0102030405060708 /* of the bytes in a number */

static const char magic[8] = "pop3d\0\0\3";

struct head {
	char magic[8];
	uint64_t numbers[NUMBERS];
};

_Static_assert(sizeof(struct message) == 32, "an index is read as it is");

/* Could there be such a message between there and "end"? */
static int
makes_sense(const struct message *m, off_t from, off_t end)
{
	const off_t least = m->from_len + m->tail;

	return (off_t)m->offset == from && m->from_len >= FROM_LEAST &&
	    m->tail <= 2 && m->deleted == 0 && end - from >= least &&
	    m->octets <= 2 * (uint64_t)(end - from - least) + 2 &&
	    m->copy <= COPY_MOST;
}

/* Are these the messages of a file of that size, one behind the other? */
static int
all_make_sense(const struct index *x)
{
	uint64_t octets = 0;
	off_t from = x->start;

	for (uint32_t i = 0; i < x->count; i++) {
		off_t end = i + 1 < x->count ? (off_t)x->messages[i + 1].offset
					     : x->stamp.size;

		if (end <= from || end > x->stamp.size ||
		    !makes_sense(&x->messages[i], from, end) ||
		    (x->has_ids && x->messages[i].copy == 0))
			return 0;
		octets += x->messages[i].octets;
		from = end;
	}
	return octets == x->octets;
}

static uint64_t
digest_of(const struct index *x)
{
	return bytes_mix(x->count, x->messages, x->count * sizeof *x->messages);
}

static uint64_t
digest_of_head(const struct head *h)
{
	return bytes_mix(1, h, offsetof(struct head, numbers[NUMBERS - 1]));
}

static void
put_head(struct head *h, const struct index *x)
{
	const struct stamp *s = &x->stamp;
	const uint64_t numbers[NUMBERS] = {ORDER, s->dev, s->ino,
	    (uint64_t)s->size, (uint64_t)s->mtime.tv_sec,
	    (uint64_t)s->mtime.tv_nsec, (uint64_t)s->ctime.tv_sec,
	    (uint64_t)s->ctime.tv_nsec, (uint64_t)x->when.tv_sec,
	    (uint64_t)x->when.tv_nsec, (uint64_t)x->start, x->octets, x->count,
	    (x->has_ids ? HAS_IDS : 0) | (x->some_ids ? SOME_IDS : 0) |
		(x->proven ? PROVEN : 0),
	    x->digest};

	memcpy(h->magic, magic, sizeof magic);
	memcpy(h->numbers, numbers, sizeof numbers);
	h->numbers[NUMBERS - 1] = digest_of_head(h);
}

/* False if it is foreign, or makes no sense. */
static int
get_head(const struct head *h, struct index *x)
{
	const uint64_t *n = h->numbers;
	struct stamp *s = &x->stamp;

	s->dev = n[1];
	s->ino = n[2];
	s->size = (off_t)n[3];
	s->mtime = (struct timespec){(time_t)n[4], (long)n[5]};
	s->ctime = (struct timespec){(time_t)n[6], (long)n[7]};
	x->when = (struct timespec){(time_t)n[8], (long)n[9]};
	x->start = (off_t)n[10];
	x->octets = n[11];
	x->count = (uint32_t)n[12];
	x->has_ids = (n[13] & HAS_IDS) != 0;
	x->some_ids = (n[13] & SOME_IDS) != 0;
	x->proven = (n[13] & PROVEN) != 0;
	x->digest = n[14];
	return memcmp(h->magic, magic, sizeof magic) == 0 && n[0] == ORDER &&
	    n[NUMBERS - 1] == digest_of_head(h) && n[12] == x->count &&
	    x->start >= 0 && s->size > x->start &&
	    x->octets / 2 <= (uint64_t)s->size + x->count;
}

void
index_read(struct index *x, int fd, off_t mbox_size)
{
	struct head h;
	struct stat st;

	*x = (struct index){.messages = NULL};
	/* The file must have what its head promises. */
	if (bytes_read(fd, &h, sizeof h, 0) && get_head(&h, x) &&
	    bytes_stat(fd, &st) == 0 &&
	    (uint64_t)st.st_size ==
		sizeof h + x->count * sizeof(struct message) &&
	    x->count <= mbox_size / FROM_LEAST)
		return;
	*x = (struct index){.messages = NULL};
}

enum trouble
index_read_messages(struct index *x, int fd)
{
	if (x->count == 0)
		return FINE;
	x->messages = malloc(x->count * sizeof *x->messages);
	if (x->messages == NULL) {
		log_line(LOG_ERR, "no memory for %u messages", x->count);
		return TEMP;
	}
	if (bytes_read(fd, x->messages, x->count * sizeof *x->messages,
		sizeof(struct head)) &&
	    digest_of(x) == x->digest && all_make_sense(x))
		return FINE;
	index_close(x);
	return CHANGED;
}

/* The head comes last: while it is not there, nothing is. */
static int
write_all(struct index *x, int fd, uint32_t kept)
{
	const size_t size = sizeof *x->messages;
	const off_t at = (off_t)(sizeof(struct head) + kept * size);
	struct head h;

	if (ftruncate(fd, kept == 0 ? 0 : at) == -1)
		return 0;
	if (x->count == 0)
		return 1;
	x->digest = digest_of(x);
	put_head(&h, x);
	return bytes_write(
		   fd, x->messages + kept, (x->count - kept) * size, at) &&
	    bytes_write(fd, &h, sizeof h, 0);
}

void
index_write(struct index *x, int fd, uint32_t kept)
{
	if (write_all(x, fd, kept))
		return;
	log_errno("cannot write", "the index; the next session will be slower");
	if (ftruncate(fd, 0) == -1)
		return; /* its digest does not fit: it will not be believed */
}

void
index_disown(int fd)
{
	struct index x;
	struct head h;

	index_read(&x, fd, INT64_MAX);
	if (x.count == 0)
		return;
	x.stamp.ino = 0;
	put_head(&h, &x);
	if (!bytes_write(fd, &h, sizeof h, 0) && ftruncate(fd, 0) == -1)
		log_errno("cannot write", "the index");
}

void
index_close(struct index *x)
{
	free(x->messages);
	x->messages = NULL;
	x->count = 0;
}

static int
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int
is_older(const struct timespec *t, const struct timespec *than, time_t s)
{
	return than->tv_sec > s && than->tv_sec - s > t->tv_sec;
}

int
index_sure(const struct stamp *s, const struct timespec *when)
{
	return is_older(&s->mtime, when, SURE_S) &&
	    is_older(&s->ctime, when, SURE_S);
}

int
index_same(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime);
}
