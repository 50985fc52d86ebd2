/*
 * uidl.c - unique ids: what names a message for good
 *
 * The mail is a stranger's; so, for that matter, is the index.
 */
#include "uidl.h"

#include "bytes.h"
#include "walk.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SAMPLE 256 /* bytes of the body that count */

/* What has gone into the digest so far. */
struct digest {
	struct sha256_ctx sha;
	unsigned seen; /* headers: a bit for each of the names */
	int taking;    /* the header that is being read is one of them */
	int in_header;
	uint64_t octets; /* of the header */
	size_t sampled;  /* bytes of the body, but for CR and LF */
};

/*
 * Without CR and LF, so that it does not matter how lines end. Returns how
 * many bytes went in, which is at most "most".
 */
static size_t
hash_bare(struct digest *d, const char *bytes, size_t n, size_t most)
{
	size_t hashed = 0;

	while (n > 0 && hashed < most) {
		size_t some = 0;

		while (some < n && some < most - hashed &&
		    bytes[some] != '\r' && bytes[some] != '\n')
			some++;
		sha256_update(&d->sha, some, (const uint8_t *)bytes);
		hashed += some;
		if (some < n && some == 0)
			some = 1; /* a CR or LF */
		bytes += some;
		n -= some;
	}
	return hashed;
}

/* Is this the first header of one of the names? Then hashes the name. */
static int
is_wanted(struct digest *d, const struct piece *p)
{
	static const char *const names[] = {"received:", "date:", "message-id:",
	    "delivered-to:", "from:", "subject:"};

	for (size_t i = 0; i < COUNT(names); i++) {
		size_t len = strlen(names[i]);

		if (p->len < len || strncasecmp(p->bytes, names[i], len) != 0 ||
		    (d->seen & 1U << i) != 0)
			continue;
		d->seen |= 1U << i;
		sha256_update(&d->sha, len, (const uint8_t *)names[i]);
		return 1;
	}
	return 0;
}

static void
hash_header(struct digest *d, const struct piece *p)
{
	size_t name = 0;

	d->octets += p->len + p->added;
	if (p->starts && p->bytes[0] != ' ' && p->bytes[0] != '\t') {
		d->taking = is_wanted(d, p);
		while (name < p->len && p->bytes[name] != ':')
			name++;
	}
	if (d->taking)
		hash_bare(d, p->bytes + name, p->len - name, SIZE_MAX);
	if (p->blank)
		d->in_header = 0;
}

static void
hash_body(struct digest *d, const struct piece *p)
{
	d->sampled += hash_bare(d, p->bytes, p->len, SAMPLE - d->sampled);
}

static void
finish_digest(struct digest *d, struct message *one)
{
	unsigned char sum[SHA256_DIGEST_SIZE], le[8];
	uint64_t body = one->octets - d->octets;

	bytes_put(le, body, sizeof le);
	sha256_update(&d->sha, sizeof le, le);
	sha256_digest(&d->sha, sizeof sum, sum);
	memcpy(one->id, sum, INDEX_ID);
}

enum trouble
uidl_digest(struct mbox *m, uint32_t i)
{
	struct message *one = &m->messages[i];
	struct digest d = {.in_header = 1};
	struct piece p = {.len = 1};
	enum trouble why = FINE;
	struct walk w;
	char buf[8192];

	sha256_init(&d.sha);
	walk_open(&w, m->fd, mbox_content(m, i), mbox_content_end(m, i), buf,
	    sizeof buf);
	while (why == FINE && p.len > 0 && d.sampled < SAMPLE) {
		why = walk_next(&w, &p);
		if (why == FINE && p.len > 0) {
			if (d.in_header)
				hash_header(&d, &p);
			else
				hash_body(&d, &p);
		}
	}
	if (why == TEMP)
		log_errno("cannot read mailbox", m->path);
	if (why == FINE)
		finish_digest(&d, one);
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

/* Goes through the groups that share a digest, of both times in step. */
static void
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

			if (one->copy == 0)
				one->copy = known ? w[old++].copy : most + 1;
			if (most < one->copy)
				most = one->copy;
		}
	}
}

enum trouble
uidl_number(struct mbox *m, const struct index *was)
{
	/* Twice: the second half is room to sort in. */
	uint32_t *order = calloc((size_t)m->count + 1, 2 * sizeof *order);
	const struct sorting s = {sizeof *order, by_id_and_place, m->messages};

	if (order == NULL) {
		log_line(
		    LOG_ERR, "no memory for the ids of mailbox %s", m->path);
		return TEMP;
	}
	for (uint32_t i = 0; i < m->count; i++)
		order[i] = i;
	sort(&s, order, order + m->count, m->count);
	number_groups(m->messages, order, m->count, was);
	free(order);
	return FINE;
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
		snprintf(at, UIDL_TEXT - 2 * INDEX_ID, "-%u", m->copy);
	return out;
}
