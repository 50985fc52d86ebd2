/*
 * plan.c - what stands in a journal
 *
 * The user owns the file. What it can make us do is to move bytes about in
 * his own mailbox, which he could do himself.
 */
#include "plan.h"

#include "bytes.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE    4096
#define SAMPLE  512 /* bytes */
#define NUMBERS 7   /* in the head */
#define FIELDS  7   /* in a record */
#define DIGEST  32  /* bytes, behind a head and a record, which have: */
#define HEAD    (8 + PLAN_ID + NUMBERS * 8)
#define RECORD  (PLAN_ID + FIELDS * 8 + PLAN_ID + PLAN_TAG)

static const unsigned char magic[8] = "pop3dj\0\2";

/* The sample of unit i: a digest over its first bytes. */
static int
take_sample(const struct plan *p, int fd, uint64_t i, uint64_t *sample)
{
	unsigned char bytes[SAMPLE], sum[SHA256_DIGEST_SIZE];
	off_t at = (off_t)(i * p->unit);
	size_t n = SAMPLE;
	struct sha256_ctx sha;

	if ((off_t)n > p->size - at)
		n = (size_t)(p->size - at);
	if (!bytes_read(fd, bytes, n, at))
		return 0;
	sha256_init(&sha);
	sha256_update(&sha, n, bytes);
	sha256_digest(&sha, sizeof sum, sum);
	*sample = bytes_get(sum, 8);
	return 1;
}

int
plan_sample(struct plan *p, int fd)
{
	p->unit = SAMPLE;
	while (p->unit * PLAN_SAMPLES < (uint64_t)p->size)
		p->unit *= 2;
	p->sample_count = ((uint64_t)p->size + p->unit - 1) / p->unit;
	p->samples = calloc(p->sample_count + 1, sizeof *p->samples);
	if (p->samples == NULL)
		return 0;
	for (uint64_t i = 0; i < p->sample_count; i++)
		if (!take_sample(p, fd, i, &p->samples[i]))
			return 0;
	return 1;
}

enum trouble
plan_is_true(const struct plan *p, int fd, off_t from)
{
	uint64_t i = ((uint64_t)from + p->unit - 1) / p->unit;
	uint64_t is;

	for (; i < p->sample_count; i++) {
		if (!take_sample(p, fd, i, &is))
			return errno == 0 ? CHANGED : TEMP;
		if (is != p->samples[i])
			return CHANGED;
	}
	return FINE;
}

/* Ranges and samples as they stand in the journal; NULL if memory lacks. */
static unsigned char *
pack(const struct plan *p, size_t *len)
{
	unsigned char *bytes, *at;

	*len = (size_t)(16 * p->range_count + 8 * p->sample_count);
	bytes = malloc(*len + 1);
	if (bytes == NULL)
		return NULL;
	at = bytes;
	for (uint64_t i = 0; i < p->range_count; i++, at += 16) {
		bytes_put(at, (uint64_t)p->ranges[i].offset, 8);
		bytes_put(at + 8, (uint64_t)p->ranges[i].size, 8);
	}
	for (uint64_t i = 0; i < p->sample_count; i++, at += 8)
		bytes_put(at, p->samples[i], 8);
	return bytes;
}

static void
unpack(struct plan *p, const unsigned char *at)
{
	for (uint64_t i = 0; i < p->range_count; i++, at += 16) {
		p->ranges[i].offset = (off_t)bytes_get(at, 8);
		p->ranges[i].size = (off_t)bytes_get(at + 8, 8);
	}
	for (uint64_t i = 0; i < p->sample_count; i++, at += 8)
		p->samples[i] = bytes_get(at, 8);
}

static void
digest(unsigned char sum[DIGEST], const void *a, size_t a_len, const void *b,
    size_t b_len)
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, a_len, a);
	sha256_update(&sha, b_len, b);
	sha256_digest(&sha, DIGEST, sum);
}

static off_t
records_begin(const struct plan *p)
{
	uint64_t len = 16 * p->range_count + 8 * p->sample_count;

	return (off_t)(PAGE + (len + PAGE - 1) / PAGE * PAGE);
}

int
plan_write(struct plan *p, int journal)
{
	const uint64_t numbers[NUMBERS] = {p->fs, p->ino, (uint64_t)p->size,
	    p->range_count, p->sample_count, p->unit, (uint64_t)p->data_room};
	unsigned char head[HEAD + DIGEST];
	unsigned char *bytes;
	size_t len;
	int written;

	p->records = records_begin(p);
	bytes = pack(p, &len);
	if (bytes == NULL)
		return 0;
	memcpy(head, magic, sizeof magic);
	memcpy(head + 8, p->id, PLAN_ID);
	for (size_t i = 0; i < NUMBERS; i++)
		bytes_put(head + 8 + PLAN_ID + 8 * i, numbers[i], 8);
	digest(head + HEAD, head, HEAD, bytes, len);
	written = bytes_write(journal, head, sizeof head, 0) &&
	    bytes_write(journal, bytes, len, PAGE);
	free(bytes);
	return written;
}

/* Reads the head; false if its numbers cannot be those of a journal of that
 * size. */
static int
read_head(struct plan *p, const unsigned char *head, off_t journal_size)
{
	uint64_t n[NUMBERS];

	for (size_t i = 0; i < NUMBERS; i++)
		n[i] = bytes_get(head + 8 + PLAN_ID + 8 * i, 8);
	/* So many units, of that size, are no more than an off_t can hold. */
	if (memcmp(head, magic, sizeof magic) != 0 || n[6] == 0 ||
	    n[6] > PLAN_DATA || n[3] > (uint64_t)journal_size / 16 ||
	    n[4] > PLAN_SAMPLES || n[5] < SAMPLE ||
	    n[5] > INT64_MAX / PLAN_SAMPLES ||
	    n[4] != n[2] / n[5] + (n[2] % n[5] != 0))
		return 0;
	memcpy(p->id, head + 8, PLAN_ID);
	p->fs = n[0];
	p->ino = n[1];
	p->size = (off_t)n[2];
	p->range_count = n[3];
	p->sample_count = n[4];
	p->unit = n[5];
	p->data_room = (off_t)n[6];
	p->records = records_begin(p);
	return 1;
}

static int
ranges_make_sense(const struct plan *p)
{
	off_t end = 0;

	for (uint64_t i = 0; i < p->range_count; i++) {
		const struct range *r = &p->ranges[i];

		if (r->offset < end || r->size <= 0 ||
		    r->size > p->size - r->offset)
			return 0;
		end = r->offset + r->size;
	}
	return 1;
}

enum trouble
plan_read(struct plan *p, int journal)
{
	unsigned char head[HEAD + DIGEST] = {0}, sum[DIGEST];
	unsigned char *bytes = NULL;
	enum trouble why = TEMP;
	struct stat st;
	size_t len;

	*p = (struct plan){.ranges = NULL};
	if (bytes_stat(journal, &st) == -1 ||
	    !bytes_read(journal, head, sizeof head, 0))
		goto fail;
	errno = 0;
	if (!read_head(p, head, st.st_size))
		goto fail;
	len = (size_t)(16 * p->range_count + 8 * p->sample_count);
	bytes = calloc(1, len + 1);
	p->ranges = calloc(p->range_count + 1, sizeof *p->ranges);
	p->samples = calloc(p->sample_count + 1, sizeof *p->samples);
	if (bytes == NULL || p->ranges == NULL || p->samples == NULL ||
	    !bytes_read(journal, bytes, len, PAGE))
		goto fail;
	errno = 0;
	digest(sum, head, HEAD, bytes, len);
	unpack(p, bytes);
	if (memcmp(sum, head + HEAD, sizeof sum) == 0 && ranges_make_sense(p))
		why = FINE;

fail:
	/* Without an error of the system it is the contents that are wrong. */
	if (why != FINE && errno == 0)
		why = CHANGED;
	free(bytes);
	if (why != FINE)
		plan_close(p);
	return why;
}

void
plan_close(struct plan *p)
{
	free(p->ranges);
	free(p->samples);
	p->ranges = NULL;
	p->samples = NULL;
	p->range_count = 0;
	p->sample_count = 0;
}

static off_t
place(const struct plan *p, uint64_t seq)
{
	return p->records +
	    (off_t)(seq % 2) * (PAGE + (p->data_room + PAGE - 1) / PAGE * PAGE);
}

off_t
plan_room(const struct plan *p)
{
	return place(p, 1) + PAGE + p->data_room;
}

off_t
plan_data(const struct plan *p, const struct record *r)
{
	return place(p, r->seq) + PAGE;
}

int
plan_write_record(const struct plan *p, int journal, const struct record *r)
{
	const uint64_t fields[FIELDS] = {r->seq, r->kind, (uint64_t)r->to,
	    (uint64_t)r->from, r->range, (uint64_t)r->len,
	    (uint64_t)r->has_data};
	unsigned char bytes[RECORD + DIGEST], *at = bytes;

	memcpy(at, p->id, PLAN_ID);
	at += PLAN_ID;
	for (size_t i = 0; i < FIELDS; i++, at += 8)
		bytes_put(at, fields[i], 8);
	memcpy(at, r->mark, PLAN_ID);
	memcpy(at + PLAN_ID, r->tag, PLAN_TAG);
	digest(bytes + RECORD, bytes, RECORD, "", 0);
	return bytes_write(journal, bytes, sizeof bytes, place(p, r->seq));
}

void
plan_begin_tag(
    const struct plan *p, const struct record *r, struct umac64_ctx *umac)
{
	unsigned char nonce[8];

	bytes_put(nonce, r->seq, sizeof nonce);
	umac64_set_key(umac, p->id);
	umac64_set_nonce(umac, sizeof nonce, nonce);
}

/* Could that be a step of the plan? */
static int
makes_sense(const struct plan *p, const struct record *r)
{
	if (r->seq == 0 || r->to < 0 || r->from < r->to || r->len < 0)
		return 0;
	if (r->kind == RECORD_CUT)
		return 1;
	if (r->len == 0 || r->range > p->range_count ||
	    (r->has_data ? r->len > p->data_room : r->from - r->to < r->len))
		return 0;
	if (r->range == p->range_count)
		return r->from >= p->size;
	return r->from >= p->ranges[r->range].offset &&
	    r->from - p->ranges[r->range].offset < p->ranges[r->range].size;
}

static enum trouble
check_data(const struct plan *p, int journal, const struct record *r)
{
	unsigned char bytes[65536], tag[PLAN_TAG];
	struct umac64_ctx umac;

	plan_begin_tag(p, r, &umac);
	for (off_t done = 0; done < r->len;) {
		size_t n = sizeof bytes;

		if ((off_t)n > r->len - done)
			n = (size_t)(r->len - done);
		if (!bytes_read(journal, bytes, n, plan_data(p, r) + done))
			return errno == 0 ? CHANGED : TEMP;
		umac64_update(&umac, n, bytes);
		done += (off_t)n;
	}
	umac64_digest(&umac, sizeof tag, tag);
	return memcmp(tag, r->tag, sizeof tag) == 0 ? FINE : CHANGED;
}

static void
unpack_record(struct record *r, const unsigned char *at)
{
	uint64_t fields[FIELDS];

	for (size_t i = 0; i < FIELDS; i++, at += 8)
		fields[i] = bytes_get(at, 8);
	*r = (struct record){.seq = fields[0],
	    .kind = fields[1] == RECORD_CUT ? RECORD_CUT : RECORD_MOVE,
	    .to = (off_t)fields[2],
	    .from = (off_t)fields[3],
	    .range = fields[4],
	    .len = (off_t)fields[5],
	    .has_data = fields[6] != 0};
	memcpy(r->mark, at, PLAN_ID);
	memcpy(r->tag, at + PLAN_ID, PLAN_TAG);
}

/* Reads the record at that place, "parity" being its seq's. */
static enum trouble
read_record(
    const struct plan *p, int journal, uint64_t parity, struct record *r)
{
	unsigned char bytes[RECORD + DIGEST] = {0}, sum[DIGEST];

	if (!bytes_read(journal, bytes, sizeof bytes, place(p, parity)))
		return errno == 0 ? CHANGED : TEMP;
	digest(sum, bytes, RECORD, "", 0);
	if (memcmp(sum, bytes + RECORD, sizeof sum) != 0 ||
	    memcmp(bytes, p->id, PLAN_ID) != 0)
		return CHANGED;
	unpack_record(r, bytes + PLAN_ID);
	if (r->seq % 2 != parity || !makes_sense(p, r))
		return CHANGED;
	return r->has_data ? check_data(p, journal, r) : FINE;
}

enum trouble
plan_last_record(const struct plan *p, int journal, struct record *r)
{
	struct record other;
	enum trouble one = read_record(p, journal, 0, r);
	enum trouble two = read_record(p, journal, 1, &other);

	if (one == TEMP || two == TEMP)
		return TEMP;
	if (two == FINE && (one != FINE || other.seq > r->seq))
		*r = other;
	return one == FINE || two == FINE ? FINE : CHANGED;
}
