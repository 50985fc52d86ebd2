/*
 * index.c - what was learned of an mbox last time
 *
 * Layout, integers little-endian: 8 bytes of magic with the version; 13
 * numbers of 8 bytes (the stamp, when it was scanned, start, print, count,
 * 40); the messages, 40 bytes each; SHA-256 over all of that.
 *
 * The user owns the file and can write what he likes into it, so a digest
 * that fits proves nothing but that no accident has happened. What is read is
 * checked for sense as well, so that the worst it can do is to show its own
 * owner his own mailbox cut in odd places.
 */
#include "index.h"

#include "bytes.h"

#include <errno.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NUMBERS    13
#define HEAD       (8 + NUMBERS * 8)
#define RECORD     40
#define BLOCK      (1024 * RECORD)
#define COPY_MOST  (UINT32_MAX / 2) /* so that there is a next one */
#define FROM_LEAST 20               /* bytes: "From 1 Jan 2024 1:00" */

static const unsigned char magic[8] = "pop3d\0\0\1";

static void
put_message(unsigned char *at, const struct message *m)
{
	bytes_put(at, (uint64_t)m->offset, 8);
	bytes_put(at + 8, m->octets, 8);
	memcpy(at + 16, m->id, INDEX_ID);
	bytes_put(at + 32, m->copy, 4);
	bytes_put(at + 36, m->from_len, 2);
	bytes_put(at + 38, m->tail, 1);
	bytes_put(at + 39, 0, 1);
}

static void
get_message(const unsigned char *at, struct message *m)
{
	m->offset = (off_t)bytes_get(at, 8);
	m->octets = bytes_get(at + 8, 8);
	memcpy(m->id, at + 16, INDEX_ID);
	m->copy = (uint32_t)bytes_get(at + 32, 4);
	m->from_len = (uint16_t)bytes_get(at + 36, 2);
	m->tail = (uint8_t)bytes_get(at + 38, 1);
	m->deleted = 0;
}

/* Could there be such a message between there and "end"? */
static int
makes_sense(const struct message *m, off_t from, off_t end)
{
	const off_t least = (off_t)m->from_len + m->tail;

	return m->offset == from && m->from_len >= FROM_LEAST && m->tail <= 2 &&
	    end - from >= least &&
	    m->octets <= 2 * (uint64_t)(end - from - least) + 2 &&
	    m->copy <= COPY_MOST;
}

/* Are these the messages of a file of that size, one behind the other? */
static int
all_make_sense(const struct index *x)
{
	off_t from = x->start;

	if (from < 0 || from > x->stamp.size)
		return 0;
	for (uint32_t i = 0; i < x->count; i++) {
		off_t end = i + 1 < x->count ? x->messages[i + 1].offset
					     : x->stamp.size;

		if (end <= from || end > x->stamp.size ||
		    !makes_sense(&x->messages[i], from, end) ||
		    (x->messages[i].copy == 0) != (x->messages[0].copy == 0))
			return 0;
		from = end;
	}
	return x->count > 0 || from == x->stamp.size;
}

static void
put_head(unsigned char head[HEAD], const struct index *x)
{
	const struct stamp *s = &x->stamp;
	const uint64_t numbers[NUMBERS] = {s->dev, s->ino, (uint64_t)s->size,
	    (uint64_t)s->mtime.tv_sec, (uint64_t)s->mtime.tv_nsec,
	    (uint64_t)s->ctime.tv_sec, (uint64_t)s->ctime.tv_nsec,
	    (uint64_t)x->when.tv_sec, (uint64_t)x->when.tv_nsec,
	    (uint64_t)x->start, x->print, x->count, RECORD};

	memcpy(head, magic, sizeof magic);
	for (size_t i = 0; i < NUMBERS; i++)
		bytes_put(head + 8 + 8 * i, numbers[i], 8);
}

/* Returns the count of messages that the head promises, 0 if it is foreign. */
static uint64_t
get_head(const unsigned char head[HEAD], struct index *x)
{
	struct stamp *s = &x->stamp;
	uint64_t n[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		n[i] = bytes_get(head + 8 + 8 * i, 8);
	s->dev = n[0];
	s->ino = n[1];
	s->size = (off_t)n[2];
	s->mtime = (struct timespec){(time_t)n[3], (long)n[4]};
	s->ctime = (struct timespec){(time_t)n[5], (long)n[6]};
	x->when = (struct timespec){(time_t)n[7], (long)n[8]};
	x->start = (off_t)n[9];
	x->print = n[10];
	if (memcmp(head, magic, sizeof magic) != 0 || n[12] != RECORD)
		return 0;
	return n[11];
}

/* Reads the messages and holds the digest against them. */
static int
read_messages(struct index *x, int fd, struct sha256_ctx *sha)
{
	unsigned char block[BLOCK], was[SHA256_DIGEST_SIZE];
	unsigned char is[SHA256_DIGEST_SIZE];
	off_t at = HEAD;

	for (uint32_t i = 0; i < x->count;) {
		uint32_t n = x->count - i;

		if (n > BLOCK / RECORD)
			n = BLOCK / RECORD;
		if (!bytes_read(fd, block, n * RECORD, at))
			return 0;
		sha256_update(sha, n * RECORD, block);
		for (uint32_t j = 0; j < n; j++, i++)
			get_message(block + j * RECORD, &x->messages[i]);
		at += n * RECORD;
	}
	sha256_digest(sha, sizeof is, is);
	return bytes_read(fd, was, sizeof was, at) &&
	    memeql_sec(was, is, sizeof is) && all_make_sense(x);
}

enum trouble
index_read(struct index *x, int fd)
{
	unsigned char head[HEAD];
	struct sha256_ctx sha;
	struct stat st;
	uint64_t count;

	*x = (struct index){.messages = NULL};
	if (bytes_stat(fd, &st) == -1 || !bytes_read(fd, head, sizeof head, 0))
		return FINE;
	count = get_head(head, x);
	/* The file must have just the size that its head promises. */
	if (count == 0 || count > UINT32_MAX ||
	    (uint64_t)st.st_size != HEAD + count * RECORD + SHA256_DIGEST_SIZE)
		goto empty;
	x->messages = calloc(count, sizeof *x->messages);
	if (x->messages == NULL) {
		log_line(LOG_ERR, "no memory for %llu messages",
		    (unsigned long long)count);
		return TEMP;
	}
	x->count = (uint32_t)count;
	sha256_init(&sha);
	sha256_update(&sha, sizeof head, head);
	if (read_messages(x, fd, &sha))
		return FINE;
empty:
	index_close(x);
	*x = (struct index){.messages = NULL};
	return FINE;
}

static int
write_messages(const struct index *x, int fd, struct sha256_ctx *sha, off_t *at)
{
	unsigned char block[BLOCK];

	for (uint32_t i = 0; i < x->count;) {
		size_t n = 0;

		for (; n < BLOCK && i < x->count; n += RECORD)
			put_message(block + n, &x->messages[i++]);
		sha256_update(sha, n, block);
		if (!bytes_write(fd, block, n, *at))
			return 0;
		*at += (off_t)n;
	}
	return 1;
}

void
index_write(const struct index *x, int fd)
{
	unsigned char head[HEAD], sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;
	off_t at = HEAD;
	struct stat st;

	if (bytes_stat(fd, &st) == -1 ||
	    (st.st_size > 0 && ftruncate(fd, 0) == -1))
		goto fail;
	if (x->count == 0)
		return;
	put_head(head, x);
	sha256_init(&sha);
	sha256_update(&sha, sizeof head, head);
	if (!bytes_write(fd, head, sizeof head, 0) ||
	    !write_messages(x, fd, &sha, &at))
		goto fail;
	sha256_digest(&sha, sizeof sum, sum);
	if (bytes_write(fd, sum, sizeof sum, at))
		return;
fail:
	log_errno("cannot write", "the index; the next session will be slower");
	if (ftruncate(fd, 0) == -1)
		return; /* its digest does not fit: it will not be believed */
}

void
index_close(struct index *x)
{
	free(x->messages);
	x->messages = NULL;
	x->count = 0;
}

off_t
index_most(off_t mbox_size)
{
	return HEAD + SHA256_DIGEST_SIZE +
	    (mbox_size / FROM_LEAST + 1) * RECORD;
}

static int
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int
index_same(const struct stamp *a, const struct stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    same_time(&a->mtime, &b->mtime) && same_time(&a->ctime, &b->ctime);
}
