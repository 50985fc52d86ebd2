/*
 * mbox.c - find the messages of an mbox, check that nothing has changed
 *
 * The mail is a stranger's, the file may be changed by others at any time.
 * Never writes.
 */
#include "mbox.h"

#include "bytes.h"
#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long an append may take between the file's times and its size. */
#define SETTLE_TRIES 200
#define SETTLE_MS    5

/* Bytes: of a mailbox, and of a message. */
#define SMALL      ((off_t)1 << 20)
#define USUAL_SIZE 4096

/* Is there at least the directory? Then there has been no mail yet. */
static enum trouble
check_directory(const char *path)
{
	char copy[4096];
	struct stat st;

	/* The kernel has looked for it: of a longer path it says so. */
	must(strlen(path) < sizeof copy);
	memcpy(copy, path, strlen(path) + 1);
	if (stat(dirname(copy), &st) == 0)
		return FINE;
	log_errno("cannot find the directory of mailbox", path);
	return TEMP;
}

static int
open_file(const char *path)
{
	const int flags =
	    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = open(path, flags | O_NOATIME);

	/* Not every file system lets an owner leave the access time alone. */
	return fd == -1 && errno == EPERM ? open(path, flags) : fd;
}

static int
take_stamp(int fd, struct stamp *s, nlink_t *links)
{
	struct stat st;

	if (bytes_stat(fd, &st) == -1)
		return 0;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->size = st.st_size;
	s->mtime = st.st_mtim;
	s->ctime = st.st_ctim;
	*links = st.st_nlink;
	return 1;
}

static const char *
unfit(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is not a plain file";
	if (st->st_uid != geteuid())
		return "belongs to another user";
	if (st->st_nlink != 1)
		return "has more than one hard link";
	return NULL;
}

enum trouble
mbox_open(struct mbox *m, const char *path)
{
	enum trouble why = PERM;
	const char *wrong;
	struct stat st;

	*m = (struct mbox){.fd = -1, .path = path};
	m->fd = open_file(path);
	if (m->fd == -1 && errno == ENOENT)
		return check_directory(path);
	if (m->fd == -1 && errno == ELOOP) {
		log_line(LOG_ERR,
		    "mailbox %s is a symbolic link: not served; put the "
		    "file itself there",
		    path);
		return PERM;
	}
	if (m->fd == -1 || bytes_stat(m->fd, &st) == -1) {
		why = errno == EIO || errno == ENOMEM || errno == ENFILE ||
			errno == EMFILE || errno == ESTALE
		    ? TEMP
		    : PERM;
		log_errno("cannot open mailbox", path);
		goto fail;
	}
	/* Without it a journal would count as another file's. */
	m->fs = bytes_file_system(m->fd);
	if (m->fs == 0) {
		log_errno("cannot find the file system of mailbox", path);
		why = TEMP;
		goto fail;
	}
	wrong = unfit(&st);
	if (wrong == NULL)
		return FINE;
	log_line(LOG_ERR, "mailbox %s %s: not served", path, wrong);

fail:
	mbox_close(m);
	return why;
}

/* For how many messages there is room at first. Pages that are not used cost
 * nothing; but what many small lists leave behind does. */
static uint32_t
at_once(const struct mbox *m)
{
	return m->room > 0 || m->stamp.size < SMALL
	    ? 64
	    : (uint32_t)(m->stamp.size / USUAL_SIZE & UINT32_MAX);
}

/* Adds a message to the list. */
static enum trouble
add(void *arg, const struct message *one)
{
	struct mbox *m = arg;

	if (m->count == m->room) {
		uint32_t room = m->room + m->room / 4 + at_once(m);
		void *bigger = room < m->room
		    ? NULL
		    : realloc(m->messages, room * sizeof *m->messages);

		if (bigger == NULL) {
			log_line(LOG_ERR,
			    "no memory for the messages of mailbox %s",
			    m->path);
			return TEMP;
		}
		m->messages = bigger;
		m->room = room;
	}
	m->messages[m->count++] = *one;
	m->octets += one->octets;
	return FINE;
}

static struct scan
scanning(struct mbox *m, off_t from, off_t to)
{
	return (struct scan){.fd = m->fd,
	    .from = from,
	    .to = to,
	    .path = m->path,
	    .take = add,
	    .arg = m};
}

void
mbox_clear(struct mbox *m)
{
	free(m->messages);
	m->messages = NULL;
	m->room = 0;
	m->count = 0;
	m->octets = 0;
	m->size = 0;
	m->start = 0;
	m->proven = 1;
}

enum trouble
mbox_add(struct mbox *m, off_t from, off_t to)
{
	struct scan s = scanning(m, from, to);
	enum trouble why = scan_run(&s);

	if (why == FINE && from == 0)
		m->start = s.start;
	if (why == FINE)
		m->size = to;
	return why;
}

enum trouble
mbox_scan(struct mbox *m)
{
	enum trouble why;

	mbox_clear(m);
	if (m->fd == -1)
		return FINE;
	if (mbox_stamp(m) != FINE)
		return TEMP;
	why = mbox_add(m, 0, m->stamp.size);
	if (why == FINE)
		return FINE;
	mbox_clear(m);
	if (why == PERM)
		log_line(LOG_ERR,
		    "mailbox %s does not begin with a From_ line: no mbox, "
		    "not served",
		    m->path);
	if (why != CHANGED)
		return why;
	log_line(
	    LOG_ERR, "mailbox %s is being changed without a lock", m->path);
	return TEMP;
}

enum trouble
mbox_changed(struct mbox *m)
{
	m->changed = 1;
	log_line(LOG_ERR,
	    "mailbox %s was changed by another program: session ended, "
	    "nothing deleted",
	    m->path);
	return CHANGED;
}

int
mbox_alike(const struct message *was, const struct message *is)
{
	return was->offset == is->offset && was->from_len == is->from_len &&
	    was->octets == is->octets && was->sum == is->sum;
}

/*
 * The file's present stamp. While somebody appends, the kernel changes the
 * times a moment before the size: such a file is looked at again, until it
 * has grown, or has had the time to.
 */
static int
take_settled(const struct mbox *m, struct stamp *now, nlink_t *links)
{
	for (int i = 0; i < SETTLE_TRIES; i++) {
		if (!take_stamp(m->fd, now, links))
			return 0;
		if (now->size != m->stamp.size || index_same(now, &m->stamp))
			return 1;
		poll(NULL, 0, SETTLE_MS);
	}
	return 1;
}

/* What the messages of a second scan are held against. */
struct compared {
	const struct mbox *m;
	uint32_t seen;
};

static enum trouble
compare(void *arg, const struct message *one)
{
	struct compared *c = arg;
	const struct message *was = &c->m->messages[c->seen];

	if (c->seen == c->m->count || !mbox_alike(was, one) ||
	    was->tail != one->tail)
		return CHANGED;
	c->seen++;
	return FINE;
}

/* Reads what is shown from message "first" on once more: message by message
 * it must be the same. */
static enum trouble
scan_shown(struct mbox *m, uint32_t first)
{
	off_t from = first == 0 ? 0 : (off_t)m->messages[first].offset;
	struct scan s = scanning(m, from, m->size);
	struct compared c = {.m = m, .seen = first};
	enum trouble why;

	s.take = compare;
	s.arg = &c;
	why = scan_run(&s);
	if (why == TEMP)
		return TEMP;
	if (why != FINE || c.seen != m->count)
		return CHANGED;
	m->proven |= first == 0;
	return FINE;
}

/* Reads all that is shown if it must; if "prove", from message "first" on. */
static enum trouble
check(struct mbox *m, int prove, uint32_t first)
{
	enum trouble why = CHANGED;
	struct stamp now;
	nlink_t links;
	int same;

	if (m->fd == -1)
		return FINE;
	if (!take_settled(m, &now, &links)) {
		log_errno("cannot look at mailbox", m->path);
		return TEMP;
	}
	same = links == 1 && index_same(&now, &m->stamp);
	if (same && !prove)
		return FINE;
	if (same || (links == 1 && now.size > m->stamp.size))
		why = scan_shown(m, same ? first : 0);
	if (why == FINE)
		m->stamp = now;
	return why == CHANGED ? mbox_changed(m) : why;
}

/* Is the stamp's being the same enough? */
static int
is_proven(const struct mbox *m)
{
	return m->proven && index_sure(&m->stamp, &m->when);
}

enum trouble
mbox_check(struct mbox *m)
{
	return check(m, 0, 0);
}

enum trouble
mbox_prove(struct mbox *m, uint32_t first)
{
	return check(m, !is_proven(m), first);
}

enum trouble
mbox_prove_message(struct mbox *m, uint32_t i)
{
	enum trouble why = FINE;

	for (uint32_t j = i; !is_proven(m) && j < m->count && j < i + 2; j++)
		if (why == FINE)
			why = scan_again(
			    m->fd, &m->messages[j], mbox_message_end(m, j));
	if (why == TEMP)
		log_errno("cannot read mailbox", m->path);
	return why == CHANGED ? mbox_changed(m) : why;
}

off_t
mbox_message_end(const struct mbox *m, uint32_t i)
{
	return i + 1 < m->count ? m->messages[i + 1].offset : m->size;
}

off_t
mbox_content(const struct mbox *m, uint32_t i)
{
	return m->messages[i].offset + m->messages[i].from_len;
}

off_t
mbox_content_end(const struct mbox *m, uint32_t i)
{
	return mbox_message_end(m, i) - m->messages[i].tail;
}

int
mbox_is(const struct mbox *m, uint64_t dev, uint64_t ino)
{
	return m->stamp.dev == dev && m->stamp.ino == ino;
}

enum trouble
mbox_stamp(struct mbox *m)
{
	nlink_t links;

	must(clock_gettime(CLOCK_REALTIME, &m->when) == 0);
	if (take_stamp(m->fd, &m->stamp, &links))
		return FINE;
	log_errno("cannot look at mailbox", m->path);
	return TEMP;
}

void
mbox_close(struct mbox *m)
{
	if (m->fd != -1)
		close(m->fd);
	m->fd = -1;
	free(m->messages);
	m->messages = NULL;
	m->count = 0;
	m->room = 0;
}
