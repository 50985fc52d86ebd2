/*
 * maildrop.c - numbered messages, sizes, ids, marks; the door to the store
 */
#include "maildrop.h"

#include "bytes.h"
#include "journal.h"
#include "uidl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGIN_PATIENCE_MS  5000 /* for another program's lock */
#define UPDATE_PATIENCE_MS 30000

static int
open_state(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		log_errno("cannot open state file", path);
	return fd;
}

/* Long work keeps the dot-lock fresh. */
static void
refresh(void *lock)
{
	boxlock_refresh(lock);
}

enum trouble
maildrop_open(struct maildrop *d, const struct maildrop_paths *paths)
{
	enum trouble why;

	*d = (struct maildrop){.index_fd = -1, .journal_fd = -1};
	why = mbox_open(&d->mbox, paths->mailbox);
	if (why != FINE)
		return why;
	d->index_fd = open_state(paths->index);
	d->journal_fd = open_state(paths->journal);
	if (d->index_fd != -1 && d->journal_fd != -1)
		return FINE;
	maildrop_close(d);
	return TEMP;
}

off_t
maildrop_size(const struct maildrop *d)
{
	const int files[] = {d->mbox.fd, d->index_fd, d->journal_fd};
	off_t size = 0;

	for (size_t i = 0; i < COUNT(files); i++) {
		struct stat st;

		if (files[i] != -1 && bytes_stat(files[i], &st) == 0)
			size += st.st_size;
	}
	return size;
}

static void
count_left(struct maildrop *d)
{
	d->left = 0;
	d->octets = 0;
	for (uint32_t i = 0; i < d->mbox.count; i++)
		if (!d->mbox.messages[i].deleted) {
			d->left++;
			d->octets += d->mbox.messages[i].octets;
		}
}

static enum trouble
read_mailbox(struct maildrop *d)
{
	off_t most = index_most(d->mbox.stamp.size);
	enum trouble why = FINE;
	struct stat st;

	/* One that is too large for this mailbox is not worth its memory. */
	if (bytes_stat(d->index_fd, &st) == 0 && st.st_size <= most)
		why = index_read(&d->was, d->index_fd);
	if (why != FINE)
		return why;
	if (mbox_believe(&d->mbox, &d->was)) {
		d->has_ids = d->mbox.messages[0].copy > 0;
		return FINE;
	}
	d->had_ids = d->was.count > 0 && d->was.messages[0].copy > 0;
	why = uidl_keep_copies(&d->was);
	d->dirty = 1;
	return why == FINE ? mbox_scan(&d->mbox) : why;
}

static struct rewrite
rewriting(struct maildrop *d)
{
	return (struct rewrite){.fd = d->mbox.fd,
	    .fs = d->mbox.fs,
	    .journal = d->journal_fd,
	    .path = d->mbox.path,
	    .progress = refresh,
	    .progress_arg = &d->lock};
}

/* An update that something has interrupted comes before all else. */
static enum trouble
finish_update(struct maildrop *d)
{
	struct rewrite r = rewriting(d);
	enum trouble why;

	if (!journal_is_open(d->journal_fd))
		return FINE;
	why = journal_recover(&r);
	d->journal_is_foreign = why == CHANGED;
	if (why == FINE)
		why = mbox_stamp(&d->mbox);
	return why == FINE ? FINE : TEMP;
}

enum trouble
maildrop_begin(struct maildrop *d)
{
	enum trouble why;

	if (!boxlock_file(d->index_fd, F_WRLCK)) {
		if (errno == EAGAIN || errno == EACCES) {
			log_line(LOG_NOTICE,
			    "maildrop %s is in use by another "
			    "session",
			    d->mbox.path);
			return BUSY;
		}
		log_errno("cannot lock the index of", d->mbox.path);
		return TEMP;
	}
	d->mbox.progress = refresh;
	d->mbox.progress_arg = &d->lock;
	if (d->mbox.fd == -1) {
		d->has_ids = 1;
		return finish_update(d); /* there is nothing to lock or read */
	}
	if (mbox_stamp(&d->mbox) != FINE)
		return TEMP;
	why = boxlock_take(&d->lock, &d->mbox, LOGIN_PATIENCE_MS);
	if (why != FINE)
		return why == CHANGED ? TEMP : why;
	why = finish_update(d);
	if (why == FINE)
		why = read_mailbox(d);
	boxlock_release(&d->lock, &d->mbox);
	if (why == FINE)
		count_left(d);
	return why;
}

uint32_t
maildrop_count(const struct maildrop *d)
{
	return d->mbox.count;
}

const struct message *
maildrop_find(const struct maildrop *d, uint32_t number)
{
	if (number == 0 || number > d->mbox.count ||
	    d->mbox.messages[number - 1].deleted)
		return NULL;
	return &d->mbox.messages[number - 1];
}

void
maildrop_read(
    struct maildrop *d, uint32_t number, uint32_t lines, struct reading *r)
{
	must(maildrop_find(d, number) != NULL);
	message_open(r, &d->mbox, number - 1, lines);
}

void
maildrop_mark(struct maildrop *d, uint32_t number)
{
	struct message *m;

	must(maildrop_find(d, number) != NULL);
	m = &d->mbox.messages[number - 1];
	m->deleted = 1;
	d->left--;
	d->octets -= m->octets;
}

void
maildrop_unmark_all(struct maildrop *d)
{
	for (uint32_t i = 0; i < d->mbox.count; i++)
		d->mbox.messages[i].deleted = 0;
	count_left(d);
}

enum trouble
maildrop_ids(struct maildrop *d)
{
	enum trouble why;

	if (d->has_ids)
		return FINE;
	for (uint32_t i = 0; i < d->mbox.count; i++) {
		why = uidl_digest(&d->mbox, i);

		if (why != FINE)
			return why;
	}
	if (mbox_check(&d->mbox) != FINE)
		return CHANGED;
	why = uidl_number(&d->mbox, &d->was);
	if (why != FINE)
		return why;
	index_close(&d->was);
	d->has_ids = 1;
	d->dirty = 1;
	return FINE;
}

/* Adds a part that stays, one with the last if they touch. */
static void
keep_range(struct range *keep, size_t *n, off_t from, off_t to)
{
	if (from == to)
		return;
	if (*n > 0 && keep[*n - 1].offset + keep[*n - 1].size == from)
		keep[*n - 1].size += to - from;
	else
		keep[(*n)++] = (struct range){from, to - from};
}

/* All that is not marked, and c-client's own message. */
static struct range *
kept_ranges(struct maildrop *d, size_t *n)
{
	const struct mbox *m = &d->mbox;
	struct range *keep = calloc((size_t)d->left + 2, sizeof *keep);

	*n = 0;
	if (keep == NULL)
		return NULL;
	keep_range(keep, n, 0, m->start);
	for (uint32_t i = 0; i < m->count; i++)
		if (!m->messages[i].deleted)
			keep_range(keep, n, m->messages[i].offset,
			    mbox_message_end(m, i));
	return keep;
}

/* What is shown is now what was not marked. */
static void
forget_marked(struct maildrop *d)
{
	struct mbox *m = &d->mbox;
	off_t at = m->start;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		struct message one = m->messages[i];
		off_t size = mbox_message_end(m, i) - one.offset;

		if (one.deleted)
			continue;
		one.offset = at;
		at += size;
		m->messages[kept++] = one;
	}
	m->count = kept;
	m->size = at;
	m->print =
	    0; /* no longer known; the index is too young to be believed */
	d->dirty = 1;
}

/*
 * The update has changed the times. A shell says "new mail" where the file
 * was written after it was last read: that must stay as it was.
 */
static void
mend_times(const struct maildrop *d, const struct stat *was)
{
	const struct timespec now = {.tv_nsec = UTIME_NOW};
	struct timespec times[2];

	times[0] = was->st_atim;
	times[1] = now;
	if (was->st_atim.tv_sec >= was->st_mtim.tv_sec)
		times[0] = now;
	if (futimens(d->mbox.fd, times) == -1)
		log_errno("cannot set the times of mailbox", d->mbox.path);
}

static enum trouble
update_locked(struct maildrop *d)
{
	struct rewrite r = rewriting(d);
	enum trouble why = mbox_check(&d->mbox);
	struct range *keep;
	struct stat was;
	size_t count;

	if (why != FINE)
		return why;
	keep = kept_ranges(d, &count);
	if (keep == NULL || bytes_stat(d->mbox.fd, &was) == -1) {
		log_errno("cannot update mailbox", d->mbox.path);
		free(keep);
		return TEMP;
	}
	why = journal_rewrite(&r, keep, count, d->mbox.size);
	free(keep);
	if (why != FINE)
		return why;
	mend_times(d, &was);
	forget_marked(d);
	return mbox_stamp(&d->mbox);
}

enum trouble
maildrop_update(struct maildrop *d)
{
	enum trouble why;

	if (d->left == d->mbox.count)
		return FINE;
	/* Ids that were shown are worked out while all messages are there, so
	 * that no other message gets the id of one that is deleted now. */
	why = d->had_ids ? maildrop_ids(d) : FINE;
	if (why != FINE)
		return why;
	why = boxlock_take(&d->lock, &d->mbox, UPDATE_PATIENCE_MS);
	if (why != FINE)
		return why;
	why = update_locked(d);
	boxlock_release(&d->lock, &d->mbox);
	return why;
}

static void
write_index(struct maildrop *d)
{
	struct mbox *m = &d->mbox;
	struct index x = {
	    .stamp = m->stamp,
	    .when = m->when,
	    .start = m->start,
	    .print = m->print,
	    .messages = m->messages,
	    .count = m->count,
	};

	/* Of a file that has grown since, the index tells the old size, and
	 * will not be taken for the truth. */
	x.stamp.size = m->size;
	index_write(&x, d->index_fd);
	d->dirty = 0;
}

void
maildrop_close(struct maildrop *d)
{
	/* Without ids the numbers of copies would be forgotten: an index that
	 * has them, though of an older state, is worth more. */
	if (d->dirty && d->index_fd != -1 && (d->has_ids || d->was.count == 0))
		write_index(d);
	index_close(&d->was);
	mbox_close(&d->mbox);
	if (d->index_fd != -1)
		close(d->index_fd);
	if (d->journal_fd != -1)
		close(d->journal_fd);
	d->index_fd = -1;
	d->journal_fd = -1;
}
