/*
 * mbox.c - find the messages of an mbox, check that nothing has changed
 *
 * The mail is a stranger's, the file may be changed by others at any time.
 * Never writes.
 */
#include "mbox.h"

#include "bytes.h"
#include "from.h"
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCAN_ROOM 131072

/* A file that was older than this when it was scanned is sure to show by its
 * times that it has changed, even where they count seconds. */
#define SURE_S 2

/* How long an append may take between the file's times and its size. */
#define SETTLE_TRIES 200
#define SETTLE_MS    5

/* What the scan knows at the end of a line. */
struct scan {
	struct mbox *m;
	int compare;        /* with m's messages, instead of making them */
	uint32_t seen;      /* messages, when comparing */
	struct message now; /* the one that is being read */
	int open;           /* there is one */
	int in_header;      /* of it */
	int after_blank;    /* a From_ line may come now */
	int unfinished;     /* the last line has no LF */
	uint64_t print;     /* so far */
	int pseudo;         /* which marks of c-client's message were seen */
};

#define PSEUDO_SUBJECT 1
#define PSEUDO_IMAP    2
#define PSEUDO_SENT    4 /* it came by mail: so it is not c-client's */

/* Is there at least the directory? Then there has been no mail yet. */
static enum trouble
check_directory(const char *path)
{
	char copy[4096];
	struct stat st;

	if (strlen(path) >= sizeof copy)
		return PERM;
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
	wrong = unfit(&st);
	m->fs = bytes_file_system(m->fd);
	if (wrong == NULL)
		return FINE;
	log_line(LOG_ERR, "mailbox %s %s: not served", path, wrong);

fail:
	mbox_close(m);
	return why;
}

static int
is_older(const struct timespec *t, const struct timespec *than, time_t s)
{
	return than->tv_sec > s && than->tv_sec - s > t->tv_sec;
}

int
mbox_believe(struct mbox *m, struct index *x)
{
	struct stamp now;
	nlink_t links;

	if (m->fd == -1 || x->count == 0 || !take_stamp(m->fd, &now, &links) ||
	    !index_same(&now, &x->stamp) ||
	    !is_older(&now.mtime, &x->when, SURE_S) ||
	    !is_older(&now.ctime, &x->when, SURE_S))
		return 0;
	m->stamp = now;
	m->when = x->when;
	m->size = now.size;
	m->start = x->start;
	m->print = x->print;
	m->messages = x->messages;
	m->count = x->count;
	m->room = x->count;
	x->messages = NULL;
	x->count = 0;
	return 1;
}

/* Adds a message to the list; false if there is no room for it. */
static int
add(struct mbox *m, const struct message *one)
{
	if (m->count == m->room) {
		uint32_t room = m->room + m->room / 4 + 64;
		void *bigger;

		if (room < m->room)
			return 0;
		bigger = realloc(m->messages, room * sizeof *m->messages);
		if (bigger == NULL)
			return 0;
		m->messages = bigger;
		m->room = room;
	}
	m->messages[m->count++] = *one;
	return 1;
}

static int
is_alike(const struct scan *s)
{
	const struct message *was = &s->m->messages[s->seen];

	return s->seen < s->m->count && was->offset == s->now.offset &&
	    was->octets == s->now.octets && was->from_len == s->now.from_len &&
	    was->tail == s->now.tail;
}

/* The message ends at "end": keeps it, or compares it. */
static enum trouble
end_message(struct scan *s, off_t end)
{
	if (!s->open)
		return FINE;
	s->open = 0;
	s->now.octets -= s->now.tail > 0 ? 2 : 0;
	s->now.octets += s->unfinished ? 2 : 0;
	if (s->pseudo == (PSEUDO_SUBJECT | PSEUDO_IMAP)) {
		s->pseudo = 0;
		if (s->compare)
			return s->m->start == end ? FINE : CHANGED;
		s->m->start = end;
		return FINE;
	}
	if (s->compare) {
		if (!is_alike(s))
			return CHANGED;
		s->seen++;
		return FINE;
	}
	if (add(s->m, &s->now))
		return FINE;
	log_line(
	    LOG_ERR, "no memory for the messages of mailbox %s", s->m->path);
	return TEMP;
}

/*
 * A quick mix, eight bytes at a time: what it has to tell apart is mail, not
 * forgery, since who can write to the mailbox can do as he likes anyway.
 */
static void
mix(struct scan *s, const struct piece *p)
{
	const uint64_t odd =
	    0x9e3779b97f4a7c15; /* 2^64 over the golden ratio */

	for (size_t i = 0; i < p->len; i += 8) {
		uint64_t word = 0;

		memcpy(&word, p->bytes + i, p->len - i < 8 ? p->len - i : 8);
		s->print = (s->print ^ word) * odd;
		s->print ^= s->print >> 29;
	}
}

static void
begin_message(struct scan *s, const struct piece *p)
{
	/* Blank lines before the first message belong to it. */
	off_t from = s->now.from_len == 0 ? 0 : p->offset;

	s->now = (struct message){.offset = from,
	    .from_len = (uint16_t)(p->offset + (off_t)p->len - from)};
	mix(s, p);
	s->open = 1;
	s->in_header = 1;
	s->after_blank = 0;
	s->unfinished = 0;
}

/* c-client keeps data of its own in a message that is not mail. */
static void
look_for_pseudo(struct scan *s, const struct piece *p)
{
	static const char subject[] =
	    "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

	if (p->len > sizeof subject - 1 &&
	    memcmp(p->bytes, subject, sizeof subject - 1) == 0)
		s->pseudo |= PSEUDO_SUBJECT;
	if (p->len > 7 && memcmp(p->bytes, "X-IMAP", 6) == 0)
		s->pseudo |= PSEUDO_IMAP;
	if ((p->len > 9 && strncasecmp(p->bytes, "Received:", 9) == 0) ||
	    (p->len > 12 && strncasecmp(p->bytes, "Return-Path:", 12) == 0))
		s->pseudo |= PSEUDO_SENT;
}

static void
take_line(struct scan *s, const struct piece *p)
{
	s->now.octets += p->len + p->added;
	/* Pieces of a line depend on how the file was read: left out. */
	if (s->in_header && p->starts && p->ends)
		mix(s, p);
	s->now.tail = 0;
	s->unfinished = !p->ends;
	s->after_blank = p->blank;
	if (p->blank && s->in_header)
		s->in_header = 0; /* this one is needed */
	else if (p->blank)
		s->now.tail = (uint8_t)p->len;
	else if (s->in_header && p->starts && s->now.offset == 0)
		look_for_pseudo(s, p);
}

static enum trouble
take_piece(struct scan *s, const struct piece *p)
{
	enum trouble why;

	if (p->starts && s->after_blank && p->bytes[0] == 'F' &&
	    from_is_line(p->bytes, p->len)) {
		why = end_message(s, p->offset);
		begin_message(s, p);
		return why;
	}
	if (s->open) {
		take_line(s, p);
		return FINE;
	}
	if (p->blank && p->offset + (off_t)p->len <= UINT16_MAX - FROM_MAX)
		return FINE;
	if (!s->compare)
		log_line(LOG_ERR,
		    "mailbox %s does not begin with a From_ line: no mbox, "
		    "not served",
		    s->m->path);
	return s->compare ? CHANGED : PERM;
}

/* Goes through the first "size" bytes. */
static enum trouble
scan(struct scan *s, off_t size)
{
	enum trouble why = FINE;
	char buf[SCAN_ROOM];
	struct piece p = {.len = 1};
	off_t block = 0;
	struct walk w;

	s->after_blank = 1;
	walk_open(&w, s->m->fd, 0, size, buf, sizeof buf);
	while (why == FINE && p.len > 0) {
		why = walk_next(&w, &p);
		if (why == TEMP)
			log_errno("cannot read mailbox", s->m->path);
		if (why == FINE && p.len > 0)
			why = take_piece(s, &p);
		if (w.at != block && s->m->progress != NULL)
			s->m->progress(s->m->progress_arg);
		block = w.at;
	}
	if (why == FINE)
		why = end_message(s, size);
	/* A file of nothing but blank lines is not an empty mailbox. */
	if (why == FINE && size > 0 && s->m->start == 0 && s->m->count == 0 &&
	    !s->compare) {
		log_line(LOG_ERR, "mailbox %s holds no message: no mbox",
		    s->m->path);
		why = PERM;
	}
	return why;
}

enum trouble
mbox_scan(struct mbox *m)
{
	struct scan s = {.m = m};
	enum trouble why;

	m->count = 0;
	m->start = 0;
	m->size = 0;
	if (m->fd == -1)
		return FINE;
	if (mbox_stamp(m) != FINE)
		return TEMP;
	why = scan(&s, m->stamp.size);
	m->print = s.print;
	if (why == FINE)
		m->size = m->stamp.size;
	else
		m->count = 0;
	if (why != CHANGED)
		return why;
	log_line(
	    LOG_ERR, "mailbox %s is being changed without a lock", m->path);
	return TEMP;
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

enum trouble
mbox_check(struct mbox *m)
{
	struct scan s = {.m = m, .compare = 1};
	enum trouble why = CHANGED;
	struct stamp now;
	nlink_t links;

	if (m->fd == -1)
		return FINE;
	if (!take_settled(m, &now, &links)) {
		log_errno("cannot look at mailbox", m->path);
		return TEMP;
	}
	if (index_same(&now, &m->stamp))
		return FINE;
	if (links == 1 && now.size > m->stamp.size)
		why = scan(&s, m->size);
	if (why == FINE && (s.seen != m->count || s.print != m->print))
		why = CHANGED;
	if (why == FINE)
		m->stamp = now;
	if (why == CHANGED)
		log_line(LOG_ERR,
		    "mailbox %s was changed by another program: session "
		    "ended, nothing deleted",
		    m->path);
	return why;
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

	if (take_stamp(m->fd, &m->stamp, &links) &&
	    clock_gettime(CLOCK_REALTIME, &m->when) == 0)
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
