/*
 * uidl.c - unique ids: what names a message for good
 *
 * The mail is a stranger's; so, for that matter, is the index.
 */
#include "uidl.h"

#include "bytes.h"
#include "walk.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SAMPLE 128        /* bytes of the body that count */
#define ENOUGH 2048       /* bytes of a message that most ids are made of */
#define MOST   (1U << 20) /* octets of a header, or a body, looked at */

/* Headers, by their place in a list below: with both, no more is needed. */
#define RECEIVED   (1U << 0)
#define MESSAGE_ID (1U << 2)
#define BOTH       (RECEIVED | MESSAGE_ID)

/* What has gone into the digest so far. */
struct digest {
	struct sha256_ctx sha;
	unsigned seen; /* headers: a bit for each of the names */
	int taking;    /* the header that is being read is one of them */
	int in_header;
	uint64_t octets; /* of the header */
	uint64_t looked; /* octets of the body */
	size_t sampled;  /* bytes of it, but for CR and LF */
	int is_enough;   /* nothing more counts */
};

/*
 * A piece of a line, without CR and LF, so that it does not matter how lines
 * end. Returns how many bytes went in, which is at most "most".
 */
static size_t
hash_bare(struct digest *d, const char *bytes, size_t n, size_t most)
{
	const char *end = bytes + n;
	size_t hashed = 0;

	if (n > 0 && end[-1] == '\n')
		end--;
	while (bytes < end && hashed < most) {
		size_t left = (size_t)(end - bytes);
		const char *cr =
		    *bytes == '\r' ? bytes : memchr(bytes, '\r', left);
		size_t some = cr == NULL ? left : (size_t)(cr - bytes);

		/* There may be nothing else. */
		if (some == 0) {
			bytes++;
			continue;
		}

		if (some > most - hashed)
			some = most - hashed;
		sha256_update(&d->sha, some, (const uint8_t *)bytes);
		hashed += some;
		bytes += some;
	}
	return hashed;
}

/* Is this the first header of one of the names? Then hashes which, and returns
 * how long its name is. */
static size_t
name_of_wanted(struct digest *d, const struct piece *p)
{
	static const struct {
		const char *name;
		size_t len;
	} wanted[] = {
	    {"received:",     9 },
            {"date:",         5 },
            {"message-id:",   11},
	    {"delivered-to:", 13},
            {"from:",         5 },
            {"subject:",      8 }
        };

	for (size_t i = 0; i < COUNT(wanted); i++) {
		const char *name = wanted[i].name;
		size_t len = wanted[i].len;

		if ((p->bytes[0] | 0x20) != name[0] || p->len < len ||
		    (d->seen & 1U << i) != 0 ||
		    strncasecmp(p->bytes, name, len) != 0)
			continue;
		d->seen |= 1U << i;
		sha256_update(&d->sha, 1, &(const uint8_t){(uint8_t)i});
		return len;
	}
	return 0;
}

static void
hash_header(struct digest *d, const struct piece *p)
{
	size_t name = 0;

	/* In octets, so that it is the same line however lines end. */
	d->is_enough = p->starts && d->octets > MOST;
	if (d->is_enough)
		return;
	d->octets += p->len + p->added;
	if (p->starts && p->bytes[0] != ' ' && p->bytes[0] != '\t') {
		d->is_enough = (d->seen & BOTH) == BOTH;
		if (d->is_enough)
			return;
		name = name_of_wanted(d, p);
		d->taking = name > 0;
	}
	if (d->taking)
		hash_bare(d, p->bytes + name, p->len - name, SIZE_MAX);
	if (p->blank) {
		d->in_header = 0;
		d->is_enough = (d->seen & MESSAGE_ID) != 0;
	}
}

static void
hash_body(struct digest *d, const struct piece *p)
{
	d->looked += p->len + p->added;
	d->sampled += hash_bare(d, p->bytes, p->len, SAMPLE - d->sampled);
	d->is_enough = d->sampled == SAMPLE || (p->ends && d->looked > MOST);
}

static void
finish_digest(struct digest *d, struct message *one)
{
	unsigned char sum[SHA256_DIGEST_SIZE], le[8];
	uint64_t body = d->in_header ? 0 : one->octets - d->octets;

	bytes_put(le, body, sizeof le);
	sha256_update(&d->sha, sizeof le, le);
	sha256_digest(&d->sha, sizeof sum, sum);
	memcpy(one->id, sum, INDEX_ID);
}

static enum trouble
hash_lines(struct digest *d, struct walk *w)
{
	struct piece p;

	while (!d->is_enough) {
		enum trouble why = walk_next(w, &p);

		if (why != FINE || p.len == 0)
			return why;
		if (d->in_header)
			hash_header(d, &p);
		else
			hash_body(d, &p);
	}
	return FINE;
}

static void
begin_digest(struct digest *d)
{
	*d = (struct digest){.in_header = 1};
	sha256_init(&d->sha);
}

/* A part of the mailbox: where messages are small, it has many of them. */
struct window {
	off_t at;
	size_t have; /* bytes, in buf */
	char buf[65536];
};

/* Has the window begin at "from" at the latest, and there be enough behind it
 * for most messages. */
static enum trouble
look_at(struct window *v, int fd, off_t from, off_t to, off_t end)
{
	off_t there = v->at + (off_t)v->have;
	off_t want = to - from <= ENOUGH ? (off_t)sizeof v->buf : ENOUGH;

	must(from >= v->at); /* messages come in their order */
	if (to <= there || there - from >= ENOUGH)
		return FINE;
	if (want > end - from)
		want = end - from;
	v->at = from;
	v->have = (size_t)want;
	if (bytes_read(fd, v->buf, v->have, from))
		return FINE;
	v->have = 0;
	return errno == 0 ? CHANGED : TEMP;
}

/* By what of the message is in the window; false if that is not enough. */
static int
hash_window(struct digest *d, struct window *v, off_t from, off_t to)
{
	off_t there = v->at + (off_t)v->have;
	struct walk w;

	if (there > to)
		there = to;
	walk_open(&w, -1, there, there, v->buf + (from - v->at), sizeof v->buf);
	w.have = (size_t)(there - from);
	must(hash_lines(d, &w) == FINE); /* it has nothing to read */
	return there == to || d->is_enough;
}

static enum trouble
digest_by(struct window *v, struct mbox *m, uint32_t i)
{
	off_t from = mbox_content(m, i), to = mbox_content_end(m, i);
	enum trouble why = look_at(v, m->fd, from, to, m->size);
	struct digest d;

	begin_digest(&d);
	if (why == FINE && !hash_window(&d, v, from, to)) {
		struct walk w;

		begin_digest(&d);
		v->have = 0; /* its room is used */
		walk_open(&w, m->fd, from, to, v->buf, sizeof v->buf);
		why = hash_lines(&d, &w);
	}
	if (why == TEMP)
		log_errno("cannot read mailbox", m->path);
	if (why == FINE)
		finish_digest(&d, &m->messages[i]);
	return why;
}

enum trouble
uidl_digest(struct mbox *m, uint32_t first)
{
	struct window *v = malloc(sizeof *v);
	enum trouble why = FINE;

	if (v == NULL) {
		log_line(
		    LOG_ERR, "no memory for the ids of mailbox %s", m->path);
		return TEMP;
	}
	v->at = 0;
	v->have = 0;
	for (uint32_t i = first; why == FINE && i < m->count; i++)
		if (m->messages[i].copy == 0)
			why = digest_by(v, m, i);
	free(v);
	return why;
}

struct sorting {
	size_t width; /* of an element */
	int (*order)(const void *a, const void *b, const void *arg);
	const void *arg;
};

/* Merges what begins at a and ends at b with what ends at "end". */
static void
merge(const struct sorting *s, char *out, const char *a, const char *b,
    const char *end)
{
	const char *mid = b;

	for (; a < mid || b < end; out += s->width) {
		int first =
		    b == end || (a < mid && s->order(a, b, s->arg) <= 0);
		const char **from = first ? &a : &b;

		memcpy(out, *from, s->width);
		*from += s->width;
	}
}

/*
 * Sorts n elements; "room" is for as many. It is not qsort(), which may ask
 * the kernel how much memory there is: who is locked in must not.
 */
static void
sort(const struct sorting *s, void *elements, void *room, size_t n)
{
	const size_t size = n * s->width;
	char *v = elements, *out = room;

	for (size_t run = s->width; run < size; run *= 2) {
		for (size_t at = 0; at < size; at += 2 * run) {
			size_t mid = size - at < run ? size : at + run;
			size_t end = size - mid < run ? size : mid + run;

			merge(s, out + at, v + at, v + mid, v + end);
		}
		memcpy(v, out, size);
	}
}

static int
by_id_and_copy(const void *a, const void *b, const void *arg)
{
	const struct message *x = a, *y = b;
	int order = memcmp(x->id, y->id, INDEX_ID);

	(void)arg;
	if (order != 0)
		return order;
	return (x->copy > y->copy) - (x->copy < y->copy);
}

enum trouble
uidl_keep_copies(struct index *was)
{
	struct message *m = was->messages;
	const struct sorting s = {sizeof *m, by_id_and_copy, NULL};
	uint32_t kept = 0;
	void *room;

	if (was->count == 0)
		return FINE;
	room = calloc(was->count, sizeof *m);
	if (room == NULL) {
		log_line(LOG_ERR, "no memory for last time's ids");
		return TEMP;
	}
	sort(&s, m, room, was->count);
	free(room);
	for (uint32_t i = 0, next; i < was->count; i = next) {
		next = i + 1;
		while (next < was->count &&
		    memcmp(m[i].id, m[next].id, INDEX_ID) == 0)
			next++;
		/* An id that is not known has copy 0: nothing to remember. */
		if (m[next - 1].copy > 1)
			while (i < next)
				m[kept++] = m[i++];
	}
	was->count = kept;
	m = realloc(was->messages, (kept + 1) * sizeof *m);
	if (m != NULL)
		was->messages = m;
	return FINE;
}

static int
by_id_and_place(const void *a, const void *b, const void *arg)
{
	const struct message *m = arg;
	const uint32_t *x = a, *y = b;
	int order = memcmp(m[*x].id, m[*y].id, INDEX_ID);

	if (order != 0)
		return order;
	return (*x > *y) - (*x < *y);
}

/* Goes through the groups that share a digest, of both times in step. False
 * if there are too many in one. */
static int
number_groups(struct message *m, const uint32_t *order, uint32_t count,
    const struct index *was)
{
	const struct message *w = was->messages;
	uint32_t old = 0;

	for (uint32_t i = 0, next; i < count; i = next) {
		const unsigned char *id = m[order[i]].id;
		uint32_t most = 0;

		while (old < was->count && memcmp(w[old].id, id, INDEX_ID) < 0)
			old++;
		for (next = i; next < count &&
		     memcmp(m[order[next]].id, id, INDEX_ID) == 0;
		     next++) {
			struct message *one = &m[order[next]];
			int known = old < was->count &&
			    memcmp(w[old].id, id, INDEX_ID) == 0;

			if (one->copy == 0 && !known && most == MESSAGE_COPIES)
				return 0;
			if (one->copy == 0)
				one->copy = known ? w[old++].copy
						  : (most + 1) & MESSAGE_COPIES;
			if (most < one->copy)
				most = one->copy;
		}
	}
	return 1;
}

/* The first bytes of an id, and the message's index: numbers are quicker to
 * sort than ids. */
static uint64_t
key_of(const struct message *m, uint32_t i)
{
	return (uint64_t)m[i].id[0] << 56 | (uint64_t)m[i].id[1] << 48 |
	    (uint64_t)m[i].id[2] << 40 | (uint64_t)m[i].id[3] << 32 | i;
}

/* Sorts n keys, which are in the order of their lower halves, by their upper
 * halves. "room" is for as many. */
static void
sort_keys(uint64_t *keys, uint64_t *room, uint32_t n)
{
	for (unsigned shift = 32; shift < 64; shift += 8) {
		uint32_t begins[257] = {0};

		for (uint32_t i = 0; i < n; i++)
			begins[(keys[i] >> shift & 255) + 1]++;
		for (size_t i = 1; i < 256; i++)
			begins[i] += begins[i - 1];
		for (uint32_t i = 0; i < n; i++)
			room[begins[keys[i] >> shift & 255]++] = keys[i];
		memcpy(keys, room, n * sizeof *keys);
	}
}

/* The messages' indexes by id, then place. "keys" is room for as many
 * numbers, twice. */
static void
order_messages(
    const struct message *m, uint32_t count, uint32_t *order, uint64_t *keys)
{
	const struct sorting whole = {sizeof *order, by_id_and_place, m};

	for (uint32_t i = 0; i < count; i++)
		keys[i] = key_of(m, i);
	sort_keys(keys, keys + count, count);
	for (uint32_t i = 0; i < count; i++)
		order[i] = (uint32_t)keys[i];
	/* Those that begin alike are nearly always the same. */
	for (uint32_t i = 0, next; i < count; i = next) {
		for (next = i + 1;
		     next < count && keys[i] >> 32 == keys[next] >> 32;)
			next++;
		if (next > i + 1)
			sort(&whole, order + i, keys + count, next - i);
	}
}

enum trouble
uidl_number(struct mbox *m, const struct index *was)
{
	size_t n = (size_t)m->count + 1;
	uint32_t *order = calloc(n, sizeof *order);
	uint64_t *keys = calloc(n, 2 * sizeof *keys);

	enum trouble why = TEMP;

	if (order != NULL && keys != NULL) {
		order_messages(m->messages, m->count, order, keys);
		if (number_groups(m->messages, order, m->count, was))
			why = FINE;
	}
	if (why != FINE)
		log_line(LOG_ERR,
		    "mailbox %s has more identical messages than can be told "
		    "apart, or there is no memory for their ids",
		    m->path);
	free(order);
	free(keys);
	return why;
}

const char *
uidl_text(const struct message *m, char out[UIDL_TEXT])
{
	static const char hex[] = "0123456789abcdef";
	char *at = out;

	must(m->copy > 0);
	for (size_t i = 0; i < INDEX_ID; i++) {
		*at++ = hex[m->id[i] >> 4];
		*at++ = hex[m->id[i] & 15];
	}
	*at = '\0';
	if (m->copy > 1)
		snprintf(
		    at, UIDL_TEXT - 2 * INDEX_ID, "-%u", (unsigned)m->copy);
	return out;
}
