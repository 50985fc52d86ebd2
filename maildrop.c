/*
 * maildrop.c - numbered messages, sizes, ids, marks; the door to the store
 */
#include "maildrop.h"

#include "bytes.h"
#include "journal.h"
#include "recall.h"
#include "uidl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGIN_PATIENCE_MS  5000 /* for another program's lock */
#define UPDATE_PATIENCE_MS 30000
#define TAKEOVER_MS        3000 /* an idle session looks each second */
#define TAKEOVER_PAUSE_MS  100

/* Bytes of the index file: who has locked the first has the maildrop, who has
 * locked the second would like to. */
enum { THE_SESSION, THE_NEXT };

static int
open_state(const char *path)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		log_errno("cannot open state file", path);
	return fd;
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

/* No message has a mark. */
static void
count_all(struct maildrop *d)
{
	d->left = d->mbox.count;
	d->octets = d->mbox.octets;
}

/* What is known of the mailbox is just what the index says. */
static void
note_index(struct maildrop *d)
{
	d->has_ids = d->was.has_ids;
	d->had_ids = d->was.some_ids;
	d->indexed = d->was.count;
}

/* Under the lock. */
static enum trouble
read_mailbox(struct maildrop *d)
{
	enum trouble why;

	d->dirty = 1;
	index_read(&d->was, d->index_fd, d->mbox.stamp.size);
	why = index_read_messages(&d->was, d->index_fd);
	if (why == TEMP)
		return TEMP;
	note_index(d);
	if (why == FINE && recall_grown(&d->mbox, &d->was) == FINE) {
		d->has_ids &= d->mbox.count == d->indexed;
		d->indexed--; /* the last may have got its blank line */
		return FINE;
	}
	d->has_ids = 0;
	d->indexed = 0;
	why = uidl_keep_copies(&d->was);
	return why == FINE ? mbox_scan(&d->mbox) : why;
}

/* A mailbox that nothing has happened to needs neither lock nor reading. */
static int
is_known(struct maildrop *d)
{
	if (d->mbox.fd == -1) {
		d->has_ids = 1;
		return !journal_is_open(d->journal_fd);
	}
	if (journal_is_open(d->journal_fd) || mbox_stamp(&d->mbox) != FINE)
		return 0;
	index_read(&d->was, d->index_fd, d->mbox.stamp.size);
	if (!recall_totals(&d->mbox, &d->was))
		return 0;
	note_index(d);
	return 1;
}

static struct rewrite
rewriting(struct maildrop *d)
{
	return (struct rewrite){.fd = d->mbox.fd,
	    .fs = d->mbox.fs,
	    .journal = d->journal_fd,
	    .path = d->mbox.path};
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

static enum trouble
read_locked(struct maildrop *d)
{
	enum trouble why;

	if (d->mbox.fd == -1)
		return finish_update(d); /* there is nothing to lock */
	if (mbox_stamp(&d->mbox) != FINE)
		return TEMP;
	why = boxlock_take(&d->lock, &d->mbox, LOGIN_PATIENCE_MS);
	if (why != FINE)
		return why == CHANGED ? TEMP : why;
	why = finish_update(d);
	if (why == FINE)
		why = read_mailbox(d);
	boxlock_release(&d->lock, &d->mbox);
	return why;
}

/* Another session has the maildrop: asks it to leave, if it may, and waits.
 * Who asks as well is not let in before us, nor kept from coming after. */
static int
take_over(const struct maildrop *d)
{
	int64_t end_ms = bytes_now_ms() + TAKEOVER_MS;
	struct pollfd p = {.fd = d->lock.monitor};
	int has = 0;

	while (d->takes_over && !has && bytes_now_ms() < end_ms) {
		boxlock_byte(d->index_fd, THE_NEXT, F_WRLCK);
		if (poll(&p, 1, TAKEOVER_PAUSE_MS + d->lock.odd_ms) != 0)
			break; /* the monitor is gone */
		has = boxlock_byte(d->index_fd, THE_SESSION, F_WRLCK);
	}
	boxlock_byte(d->index_fd, THE_NEXT, F_UNLCK);
	return has;
}

static enum trouble
lock_session(const struct maildrop *d)
{
	if (boxlock_byte(d->index_fd, THE_SESSION, F_WRLCK))
		return FINE;
	if (errno != EAGAIN && errno != EACCES) {
		log_errno("cannot lock the index of", d->mbox.path);
		return TEMP;
	}
	if (take_over(d))
		return FINE;
	log_line(LOG_NOTICE, "maildrop %s is in use by another session",
	    d->mbox.path);
	return BUSY;
}

int
maildrop_is_wanted(const struct maildrop *d)
{
	int is_free = boxlock_byte(d->index_fd, THE_NEXT, F_WRLCK);

	if (is_free)
		boxlock_byte(d->index_fd, THE_NEXT, F_UNLCK);
	return !is_free;
}

enum trouble
maildrop_begin(struct maildrop *d)
{
	enum trouble why = lock_session(d);

	if (why != FINE)
		return why;
	why = is_known(d) ? FINE : read_locked(d);
	if (why == FINE)
		count_all(d);
	return why;
}

enum trouble
maildrop_load(struct maildrop *d)
{
	enum trouble why;

	if (d->mbox.messages != NULL || d->mbox.count == 0)
		return FINE;
	why = index_read_messages(&d->was, d->index_fd);
	if (why == FINE)
		recall_messages(&d->mbox, &d->was);
	if (why != CHANGED)
		return why;
	log_line(
	    LOG_NOTICE, "the index of mailbox %s is damaged", d->mbox.path);
	d->has_ids = 0;
	d->had_ids = 0;
	d->indexed = 0;
	d->dirty = 1;
	return recall_by_scan(&d->mbox);
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
	for (uint32_t i = 0; d->left < d->mbox.count && i < d->mbox.count; i++)
		d->mbox.messages[i].deleted = 0;
	count_all(d);
}

enum trouble
maildrop_ids(struct maildrop *d)
{
	uint32_t first = 0;
	enum trouble why;

	if (d->has_ids)
		return FINE;
	while (first < d->mbox.count && d->mbox.messages[first].copy > 0)
		first++;
	if (d->indexed > first)
		d->indexed = first;
	why = uidl_digest(&d->mbox, first);
	if (why != FINE)
		return why;
	why = first < d->mbox.count ? mbox_prove(&d->mbox, first)
				    : mbox_check(&d->mbox);
	if (why != FINE)
		return why;
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
		off_t size = mbox_message_end(m, i) - (off_t)one.offset;

		if (one.deleted && d->indexed > kept)
			d->indexed = kept;
		if (one.deleted)
			continue;
		one.offset = (uint64_t)at & MESSAGE_PLACE;
		at += size;
		m->messages[kept++] = one;
	}
	m->count = kept;
	m->octets = d->octets;
	m->size = at;
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

static uint32_t
first_marked(const struct maildrop *d)
{
	uint32_t i = 0;

	while (!d->mbox.messages[i].deleted)
		i++;
	return i;
}

static enum trouble
update_locked(struct maildrop *d)
{
	struct rewrite r = rewriting(d);
	enum trouble why = mbox_prove(&d->mbox, first_marked(d));
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
	    .octets = m->octets,
	    .count = m->count,
	    .proven = m->proven,
	    .has_ids = d->has_ids,
	    .some_ids = d->has_ids || d->had_ids,
	    .messages = m->messages,
	};

	/* Of a file that has grown since, the index tells the old size, and
	 * will not be taken for the truth. */
	x.stamp.size = m->size;
	index_write(&x, d->index_fd, d->indexed);
	d->dirty = 0;
}

/* What this session has learned, for the next. */
static void
keep_index(struct maildrop *d)
{
	int is_better = d->has_ids || d->was.count == 0;

	maildrop_unmark_all(d);
	/* Without ids the numbers of copies would be forgotten: an index that
	 * has them, though of an older state, is worth more. */
	if (d->dirty && is_better)
		write_index(d);
	if (d->mbox.changed || d->dirty)
		index_disown(d->index_fd);
}

void
maildrop_leave(struct maildrop *d)
{
	if (d->index_fd == -1)
		return;
	keep_index(d);
	boxlock_byte(d->index_fd, THE_SESSION, F_UNLCK);
}

void
maildrop_close(struct maildrop *d)
{
	maildrop_leave(d);
	index_close(&d->was);
	mbox_close(&d->mbox);
	if (d->index_fd != -1)
		close(d->index_fd);
	if (d->journal_fd != -1)
		close(d->journal_fd);
	d->index_fd = -1;
	d->journal_fd = -1;
}
