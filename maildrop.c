/*
 * maildrop.c - numbered messages, sizes, ids, marks; the door to the store
 */
#include "maildrop.h"

#include "journal.h"
#include "privsep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGIN_PATIENCE_MS  10000 /* for another program's lock */
#define UPDATE_PATIENCE_MS 30000
#define REFRESH_MS         60000 /* liblockfile's rule */

static int64_t
now_ms(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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
refresh(void *arg)
{
	struct maildrop *d = arg;

	if (!d->locked || !d->use_dotlock || now_ms() < d->refresh_ms)
		return;
	privsep_send(d->monitor, MSG_REFRESH);
	d->refresh_ms = now_ms() + REFRESH_MS;
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

/* An OFD lock on the whole file; false if someone else has one. */
static int
lock_file(int fd, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Gives up whichever of the two locks are held. */
static void
unlock(struct maildrop *d, int with_dotlock)
{
	if (d->use_fcntl)
		lock_file(d->mbox.fd, F_UNLCK);
	if (with_dotlock)
		privsep_send(d->monitor, MSG_UNLOCK);
	d->locked = 0;
}

/* The monitor's answer; false if it is gone. */
static int
ask_monitor(struct maildrop *d, struct locked *l)
{
	struct wire w;

	return privsep_send(d->monitor, MSG_LOCK) &&
	    privsep_receive(d->monitor, &w) == MSG_LOCKED &&
	    privsep_read_locked(&w, l);
}

/*
 * Tries both locks once. Whoever else wants both may take them in the other
 * order: so we never wait for one while holding the other.
 */
static enum trouble
try_locks(struct maildrop *d)
{
	struct locked l;
	int dotlock;

	if (!ask_monitor(d, &l))
		return TEMP;
	if (l.trouble == BUSY)
		return BUSY;
	dotlock = d->use_dotlock && l.trouble == FINE;
	if (d->use_dotlock && !dotlock && !d->use_fcntl)
		return TEMP; /* the monitor has logged it */
	if (!l.exists || !mbox_is(&d->mbox, l.dev, l.ino)) {
		log_line(LOG_ERR, "mailbox %s was replaced by another program",
		    d->mbox.path);
		unlock(d, dotlock);
		return CHANGED;
	}
	if (d->use_fcntl && !lock_file(d->mbox.fd, F_WRLCK)) {
		int why = errno;

		unlock(d, dotlock);
		if (why == EAGAIN || why == EACCES)
			return BUSY;
		errno = why;
		log_errno("cannot lock mailbox", d->mbox.path);
		return TEMP;
	}
	d->locked = 1;
	d->refresh_ms = now_ms() + REFRESH_MS;
	return FINE;
}

/* Tries until it has both locks, or its patience ends. */
static enum trouble
lock(struct maildrop *d, int patience_ms)
{
	int64_t end = now_ms() + patience_ms;
	int pause_ms = 20;

	for (;;) {
		enum trouble why = try_locks(d);
		struct pollfd p = {.fd = d->monitor};

		if (why != BUSY)
			return why;
		if (now_ms() + pause_ms > end)
			break;
		/* Only the monitor's end ends the pause. */
		if (poll(&p, 1, pause_ms + (int)(now_ms() % 17)) > 0)
			return TEMP;
		pause_ms = pause_ms < 300 ? pause_ms * 2 : pause_ms;
	}
	log_line(LOG_NOTICE, "mailbox %s is locked by another program",
	    d->mbox.path);
	return BUSY;
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

static int
by_id_and_copy(const void *a, const void *b)
{
	const struct message *x = a, *y = b;
	int order = memcmp(x->id, y->id, INDEX_ID);

	if (order != 0)
		return order;
	return (x->copy > y->copy) - (x->copy < y->copy);
}

/*
 * Of last time's messages only those matter that had, or were, a further
 * copy: keeps them, in the order of ids and copies, and frees the rest.
 */
static void
keep_copies(struct index *x)
{
	struct message *m = x->messages;
	uint32_t kept = 0;

	if (x->count == 0)
		return;
	qsort(m, x->count, sizeof *m, by_id_and_copy);
	for (uint32_t i = 0, next; i < x->count; i = next) {
		next = i + 1;
		while (next < x->count &&
		    memcmp(m[i].id, m[next].id, INDEX_ID) == 0)
			next++;
		/* An id that is not known has copy 0: nothing to remember. */
		if (m[next - 1].copy > 1)
			while (i < next)
				m[kept++] = m[i++];
	}
	x->count = kept;
	m = realloc(x->messages, (kept + 1) * sizeof *m);
	if (m != NULL)
		x->messages = m;
}

static enum trouble
read_mailbox(struct maildrop *d)
{
	enum trouble why = index_read(&d->was, d->index_fd);

	if (why != FINE)
		return why;
	if (mbox_believe(&d->mbox, &d->was)) {
		d->has_ids = d->mbox.messages[0].copy > 0;
		return FINE;
	}
	keep_copies(&d->was);
	d->dirty = 1;
	return mbox_scan(&d->mbox);
}

enum trouble
maildrop_begin(struct maildrop *d)
{
	enum trouble why;

	if (!lock_file(d->index_fd, F_WRLCK)) {
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
	d->mbox.progress_arg = d;
	if (d->mbox.fd == -1) {
		d->has_ids = 1;
		return FINE; /* there is nothing to lock or read */
	}
	if (mbox_stamp(&d->mbox) != FINE)
		return TEMP;
	why = lock(d, LOGIN_PATIENCE_MS);
	if (why != FINE)
		return why == CHANGED ? TEMP : why;
	why = read_mailbox(d);
	unlock(d, d->use_dotlock);
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

static int
by_id_and_place(const void *a, const void *b, void *arg)
{
	const struct message *m = arg;
	const uint32_t *x = a, *y = b;
	int order = memcmp(m[*x].id, m[*y].id, INDEX_ID);

	if (order != 0)
		return order;
	return (*x > *y) - (*x < *y);
}

/*
 * Numbers the messages that share an id: those of last time keep theirs, in
 * their order; whatever is new gets a number that has not been used.
 */
static void
number_copies(struct maildrop *d, const uint32_t *order)
{
	struct message *m = d->mbox.messages;
	uint32_t old = 0;

	for (uint32_t i = 0, next; i < d->mbox.count; i = next) {
		const unsigned char *id = m[order[i]].id;
		const struct message *was = d->was.messages;
		uint32_t most = 0;

		while (
		    old < d->was.count && memcmp(was[old].id, id, INDEX_ID) < 0)
			old++;
		for (next = i; next < d->mbox.count &&
		     memcmp(m[order[next]].id, id, INDEX_ID) == 0;
		     next++) {
			int known = old < d->was.count &&
			    memcmp(was[old].id, id, INDEX_ID) == 0;

			most = known ? was[old++].copy : most + 1;
			m[order[next]].copy = most;
		}
	}
}

enum trouble
maildrop_ids(struct maildrop *d)
{
	uint32_t *order;

	if (d->has_ids)
		return FINE;
	for (uint32_t i = 0; i < d->mbox.count; i++) {
		enum trouble why = message_id(&d->mbox, i);

		if (why != FINE)
			return why;
	}
	if (mbox_check(&d->mbox) != FINE)
		return CHANGED;
	order = calloc((size_t)d->mbox.count + 1, sizeof *order);
	if (order == NULL) {
		log_line(LOG_ERR, "no memory for the ids of mailbox %s",
		    d->mbox.path);
		return TEMP;
	}
	for (uint32_t i = 0; i < d->mbox.count; i++)
		order[i] = i;
	qsort_r(order, d->mbox.count, sizeof *order, by_id_and_place,
	    d->mbox.messages);
	number_copies(d, order);
	free(order);
	index_close(&d->was);
	d->has_ids = 1;
	d->dirty = 1;
	return FINE;
}

void
maildrop_id(const struct message *m, char out[MAILDROP_ID])
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
		snprintf(at, MAILDROP_ID - 32, "-%u", m->copy);
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

/* All that is not marked: c-client's own message, ours, and what came since. */
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
	keep_range(keep, n, m->size, m->stamp.size);
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
	d->dirty = 1;
}

/*
 * The update has changed the times. A shell says "new mail" where the file
 * was written after it was last read: that must stay as it was.
 */
static void
mend_times(const struct maildrop *d, const struct stat *was)
{
	struct timespec times[2] = {was->st_atim, {.tv_nsec = UTIME_NOW}};

	if (was->st_atim.tv_sec >= was->st_mtim.tv_sec)
		times[0] = times[1];
	if (futimens(d->mbox.fd, times) == -1)
		log_errno("cannot set the times of mailbox", d->mbox.path);
}

static enum trouble
update_locked(struct maildrop *d)
{
	struct rewrite r = {.fd = d->mbox.fd,
	    .journal_fd = d->journal_fd,
	    .path = d->mbox.path,
	    .progress = refresh,
	    .progress_arg = d};
	enum trouble why = mbox_check(&d->mbox);
	struct range *keep;
	struct stat was;

	if (why != FINE)
		return why;
	if (fstat(d->mbox.fd, &was) == -1)
		return TEMP;
	keep = kept_ranges(d, &r.keep_count);
	if (keep == NULL) {
		log_line(
		    LOG_ERR, "no memory to update mailbox %s", d->mbox.path);
		return TEMP;
	}
	r.keep = keep;
	why = journal_rewrite(&r);
	free(keep);
	if (why != FINE)
		return why;
	mend_times(d, &was);
	forget_marked(d);
	return mbox_stamp(&d->mbox) == FINE ? FINE : TEMP;
}

enum trouble
maildrop_update(struct maildrop *d)
{
	enum trouble why;

	if (d->left == d->mbox.count)
		return FINE;
	why = lock(d, UPDATE_PATIENCE_MS);
	if (why != FINE)
		return why;
	why = update_locked(d);
	unlock(d, d->use_dotlock);
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
