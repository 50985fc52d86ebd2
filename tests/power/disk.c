/*
 * disk.c - two files on a disk that loses its power
 */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
give_up(const char *what)
{
	fprintf(stderr, "replay: %s\n", what);
	exit(2);
}

uint64_t
scramble(uint64_t n)
{
	n += 0x9e3779b97f4a7c15;
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
	n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
	return n ^ (n >> 31);
}

void
bytes_make(struct bytes *b)
{
	b->len = 0;
	b->at = calloc(1, FILE_ROOM);
	if (b->at == NULL)
		give_up("no memory");
}

void
bytes_free(struct bytes *b)
{
	free(b->at);
	b->at = NULL;
}

void
bytes_copy(struct bytes *to, const struct bytes *from)
{
	memcpy(to->at, from->at, from->len);
	if (to->len > from->len)
		memset(to->at + from->len, 0, to->len - from->len);
	to->len = from->len;
}

void
bytes_resize(struct bytes *b, size_t len)
{
	if (len > FILE_ROOM)
		give_up("a file is too large");
	if (len < b->len)
		memset(b->at + len, 0, b->len - len);
	b->len = len;
}

void
bytes_apply(struct bytes *b, const struct op *op)
{
	if (op->kind == TRACE_CUT)
		bytes_resize(b, op->at);
	else if (op->kind == TRACE_GROW && op->at > b->len)
		bytes_resize(b, op->at);
	else if (op->kind == TRACE_WRITE) {
		if (op->at + op->len > b->len)
			bytes_resize(b, op->at + op->len);
		memcpy(b->at + op->at, op->bytes, op->len);
	}
}

void
disk_make(struct disk *d)
{
	*d = (struct disk){.count = 0};
	bytes_make(&d->durable[MAILBOX]);
	bytes_make(&d->durable[JOURNAL]);
	d->pending = calloc(PENDING, sizeof *d->pending);
	if (d->pending == NULL)
		give_up("no memory");
}

void
disk_copy(struct disk *to, const struct disk *from)
{
	bytes_copy(&to->durable[MAILBOX], &from->durable[MAILBOX]);
	bytes_copy(&to->durable[JOURNAL], &from->durable[JOURNAL]);
	memcpy(to->pending, from->pending, from->count * sizeof *to->pending);
	to->count = from->count;
	to->loss = from->loss;
}

/* All that is pending for the file, and not lost, gets durable. */
static void
sync_file(struct disk *d, enum which file)
{
	static const struct choice all = {.what = ALL};
	static struct choice choices[PENDING];
	static struct bytes found;
	size_t left = 0;

	for (size_t i = 0; i < d->count; i++)
		choices[i] = all;
	if (found.at == NULL)
		bytes_make(&found);
	disk_find(d, file, choices, NULL, &found);
	bytes_copy(&d->durable[file], &found);
	for (size_t i = 0; i < d->count; i++)
		if (d->pending[i].file != file)
			d->pending[left++] = d->pending[i];
	d->count = left;
}

void
disk_note(struct disk *d, const struct op *op)
{
	if (op->kind == TRACE_SYNC) {
		sync_file(d, op->file);
	} else if (op->kind == TRACE_LOST) {
		for (size_t i = 0; i < d->count; i++)
			if (d->pending[i].file == op->file)
				d->pending[i].is_lost = 1;
	} else {
		if (d->count == PENDING)
			give_up("too many calls between two syncs");
		d->pending[d->count++] = *op;
	}
}

unsigned
op_pieces(const struct op *op, unsigned grain)
{
	if (op->kind != TRACE_WRITE || op->len == 0)
		return 0;
	return (unsigned)((op->at + op->len - 1) / grain - op->at / grain + 1);
}

static int
is_chosen(const struct choice *c, unsigned piece)
{
	switch (c->what) {
	case NOTHING:
		return 0;
	case ALL:
		return 1;
	case UPTO:
		return piece < c->k;
	case FROM:
		return piece >= c->k;
	case BUT:
		return piece != c->k;
	default:
		return (int)(scramble(((uint64_t)c->k << 32) + piece) & 1);
	}
}

/* A failed sync loses all pages, or some. */
static int
is_page_lost(const struct disk *d, const struct op *op, uint64_t at)
{
	return op->is_lost &&
	    (d->loss == 0 || scramble(d->loss * 1000003 + at / 4096) & 1);
}

/* The pieces of a write that have come to the disk. */
static void
write_pieces(const struct disk *d, const struct op *op, const struct choice *c,
    unsigned char *to)
{
	unsigned grain = c->grain == 0 ? 4096 : c->grain;
	uint64_t at = op->at, end = op->at + op->len, next;

	for (unsigned piece = 0; at < end; piece++, at = next) {
		next = (at / grain + 1) * grain;
		if (next > end)
			next = end;
		if (is_chosen(c, piece) && !is_page_lost(d, op, at))
			memcpy(to + at, op->bytes + (at - op->at), next - at);
	}
}

/* Is there a later write behind where that truncation cuts? Then it is done:
 * a file system's own order. */
static int
is_behind(const struct disk *d, const struct choice *choices, size_t cut)
{
	for (size_t i = cut + 1; i < d->count; i++)
		if (d->pending[i].file == d->pending[cut].file &&
		    d->pending[i].kind != TRACE_CUT &&
		    choices[i].what != NOTHING &&
		    d->pending[i].at >= d->pending[cut].at)
			return 1;
	return 0;
}

/* Data may be on the disk behind what the size says: they are cut off at the
 * end. "most" is how far the buffer was used. */
void
disk_find(const struct disk *d, enum which file, const struct choice *choices,
    const struct bytes *stale, struct bytes *to)
{
	size_t size = d->durable[file].len, most;

	bytes_copy(to, &d->durable[file]);
	most = size;
	if (stale != NULL && stale->len > size) {
		memcpy(to->at + size, stale->at + size, stale->len - size);
		most = stale->len;
	}
	for (size_t i = 0; i < d->count; i++) {
		const struct op *op = &d->pending[i];
		const struct choice *c = &choices[i];
		size_t end = op->at + (op->kind == TRACE_WRITE ? op->len : 0);

		if (op->file != file)
			continue;
		if (c->what == NOTHING &&
		    (op->kind != TRACE_CUT || !is_behind(d, choices, i)))
			continue;
		if (op->kind == TRACE_CUT && end < most) {
			memset(to->at + end, 0, most - end);
			size = end;
		} else if (op->kind == TRACE_CUT || (end > size && !c->no_size))
			size = end;
		if (end > most)
			most = end;
		if (op->kind == TRACE_WRITE && !c->no_data)
			write_pieces(d, op, c, to->at);
	}
	to->len = most;
	bytes_resize(to, size);
}
