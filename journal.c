/*
 * journal.c - rewrite a file in place
 */
#include "journal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK 262144

/* Moves one block down; *done is how many bytes of it are there. */
static int
move_block(int fd, char *buf, off_t from, off_t to, size_t n)
{
	size_t have = 0, done = 0;

	while (have < n) {
		ssize_t some =
		    pread(fd, buf + have, n - have, from + (off_t)have);

		if (some == -1 && errno == EINTR)
			continue;
		if (some <= 0)
			return 0;
		have += (size_t)some;
	}
	while (done < n) {
		ssize_t some =
		    pwrite(fd, buf + done, n - done, to + (off_t)done);

		if (some == -1 && errno == EINTR)
			continue;
		if (some <= 0)
			return 0;
		done += (size_t)some;
	}
	return 1;
}

static int
move_range(const struct rewrite *r, char *buf, const struct range *k, off_t to)
{
	off_t done = 0;

	while (to != k->offset && done < k->size) {
		size_t n = BLOCK;

		if ((off_t)n > k->size - done)
			n = (size_t)(k->size - done);
		if (!move_block(r->fd, buf, k->offset + done, to + done, n))
			return 0;
		done += (off_t)n;
		if (r->progress != NULL)
			r->progress(r->progress_arg);
	}
	return 1;
}

enum trouble
journal_rewrite(const struct rewrite *r)
{
	char *buf = malloc(BLOCK);
	off_t to = 0;

	if (buf == NULL)
		goto fail;
	for (size_t i = 0; i < r->keep_count; i++) {
		if (!move_range(r, buf, &r->keep[i], to))
			goto fail;
		to += r->keep[i].size;
	}
	if (fsync(r->fd) == -1 || ftruncate(r->fd, to) == -1 ||
	    fsync(r->fd) == -1)
		goto fail;
	free(buf);
	return FINE;

fail:
	log_errno("cannot rewrite mailbox", r->path);
	free(buf);
	return TEMP;
}
