/*
 * message.c - one message of an mbox: its bytes, and what names it
 *
 * Knows where messages lie from mbox.c, and believes it only as long as
 * mbox_check() holds.
 */
#include "message.h"

#include "walk.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SAMPLE 256 /* bytes of the body that count for the id */

static off_t
content_begin(const struct message *m)
{
	return m->offset + m->from_len;
}

static off_t
content_end(const struct mbox *m, uint32_t i)
{
	return mbox_message_end(m, i) - m->messages[i].tail;
}

void
message_open(struct reading *r, struct mbox *m, uint32_t i, uint32_t lines)
{
	*r = (struct reading){
	    .mbox = m,
	    .at = content_begin(&m->messages[i]),
	    .end = content_end(m, i),
	    .lines = lines,
	    .in_header = 1,
	    .blank = 1,
	};
}

/* How many of the bytes belong to the top; then ends the reading there. */
static size_t
cut(struct reading *r, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n && (r->in_header || r->lines > 0)) {
		const char *lf = memchr(bytes + done, '\n', n - done);
		size_t end = lf == NULL ? n : (size_t)(lf - bytes) + 1;
		size_t plain = end - done - (lf != NULL);

		r->blank &= plain == 0 || (plain == 1 && bytes[done] == '\r');
		if (lf != NULL && !r->in_header)
			r->lines--;
		if (lf != NULL && r->in_header && r->blank)
			r->in_header = 0;
		if (lf != NULL)
			r->blank = 1;
		done = end;
	}
	if (!r->in_header && r->lines == 0)
		r->end = r->at;
	return done;
}

enum trouble
message_pull(struct reading *r, char *buf, size_t room, size_t *len)
{
	enum trouble why;
	ssize_t n;

	*len = 0;
	if ((off_t)room > r->end - r->at)
		room = (size_t)(r->end - r->at);
	if (room == 0)
		return mbox_check(r->mbox);
	do
		n = pread(r->mbox->fd, buf, room, r->at);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		log_errno("cannot read mailbox", r->mbox->path);
		return TEMP;
	}
	why = mbox_check(r->mbox);
	if (why == FINE && n == 0)
		why = CHANGED;
	if (why != FINE)
		return why;
	*len = r->lines == MESSAGE_ALL ? (size_t)n : cut(r, buf, (size_t)n);
	r->at += n;
	if (r->end < r->at)
		r->end = r->at;
	return FINE;
}

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

	for (size_t i = 0; i < sizeof le; i++)
		le[i] = (unsigned char)(body >> (8 * i));
	sha256_update(&d->sha, sizeof le, le);
	sha256_digest(&d->sha, sizeof sum, sum);
	memcpy(one->id, sum, INDEX_ID);
}

enum trouble
message_id(struct mbox *m, uint32_t i)
{
	struct message *one = &m->messages[i];
	struct digest d = {.in_header = 1};
	struct piece p = {.len = 1};
	enum trouble why = FINE;
	struct walk w;
	char buf[8192];

	sha256_init(&d.sha);
	walk_open(
	    &w, m->fd, content_begin(one), content_end(m, i), buf, sizeof buf);
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
