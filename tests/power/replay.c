/*
 * replay.c - cut the power at every point of a recorded update, and recover
 *
 *   replay [-e EVERY] [-s SEED] [-p PATH] [-w DIR] [-t TAIL] [-m MAILBOX]
 *          TRACE OLD NEW MAILBOX-INODE JOURNAL-INODE
 *
 * OLD and NEW are what the mailbox held, and has to hold; the last TAIL bytes
 * of both had not been synced by whoever delivered them. After every event of
 * the trace the states are made that the disk may be in (disk.h); from each the
 * journal's own code recovers, on files in memory. Then the mailbox has to be
 * the old or the new one, with what was appended; only the new one if the
 * client was told so, or a recovery has said so.
 *
 * A path names a state: POINT/KIND/NUMBER, then what happens to it:
 *   +mail, +renumbered   before recovery
 *   +kill/N, +half/N     recovery dies before, or within, its Nth call
 *   +next...             recovery is recorded, and the power lost in it; also
 *                        right behind a POINT: the program was killed there
 * -f: the file system's id, as statvfs() says; -e: of the states every so-manyth; -p: just that one; -w: writes it, or a
 * sample, to DIR; -m: what the session left, to see that the trace is whole.
 */
#include "../../journal.h"

#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FD_BASE   1000 /* the mailbox's descriptor; the next is the journal's */
#define MAIL      "From z Mon Jan  1 10:00:00 2024\n\nlater\n\n"
#define MAIL_LEN  (sizeof MAIL - 1)
#define TAPE      4096 /* calls that one recovery makes, at most */
#define SEEN_BITS 23

enum result { EITHER, OLD, NEW };

struct tape {
	struct op ops[TAPE];
	size_t count;
};

/* The files as the program sees them, and what goes wrong. */
struct machine {
	struct bytes file[FILES];
	uint64_t dev;
	unsigned calls, turn; /* so far; it dies at that one, 0: never */
	unsigned syncs, fail; /* so far; that one fails, 0: none */
	int half;             /* it dies within the call, not before it */
	int is_dead;
	struct tape *tape; /* NULL: nothing is recorded */
};

/* A disk, and what may be found on it. */
struct world {
	struct disk disk;
	enum result result;
	size_t mails;     /* appended behind OLD or NEW */
	size_t soft;      /* bytes at the end that nobody has synced */
	int soft_is_lost; /* ... and a sync of them has failed */
};

static struct {
	uint64_t every, seed;
	const char *only, *out;
	size_t tail;
	uint64_t dev, fsid, ino[FILES];
	struct op *ops;
	size_t count;
	struct bytes want[3]; /* by enum result */
	struct bytes stale;
	char path[512];
	uint64_t *seen;
	unsigned long states, failures, written;
	struct {
		char name[24];
		unsigned long count;
	} kinds[40];
} r;

static struct machine now;
static char logged[512];

/* -- what the journal's code calls */

static int
which_file(int fd)
{
	return fd == FD_BASE || fd == FD_BASE + 1 ? fd - FD_BASE : -1;
}

/* Is the call made? 0: no; 1: yes; 2: half. */
static int
go_wrong(void)
{
	now.calls++;
	if (!now.is_dead && now.turn != 0 && now.calls == now.turn) {
		now.is_dead = 1;
		if (now.half)
			return 2;
	}
	if (now.is_dead)
		errno = EIO;
	return !now.is_dead;
}

static void
note(enum trace_kind kind, int fd, uint64_t at, const void *bytes, size_t len)
{
	struct op op = {
	    .kind = kind,
	    .file = (enum which)(fd - FD_BASE),
	    .at = at,
	    .len = len,
	    .bytes = bytes,
	};
	unsigned char *copy;

	bytes_apply(&now.file[op.file], &op);
	if (now.tape == NULL)
		return;
	if (now.tape->count == TAPE)
		abort();
	if (len > 0) {
		copy = malloc(len);
		if (copy == NULL)
			abort();
		memcpy(copy, bytes, len);
		op.bytes = copy;
	}
	now.tape->ops[now.tape->count++] = op;
}

ssize_t
pread(int fd, void *bytes, size_t n, off_t at)
{
	int file = which_file(fd);

	if (file == -1)
		return syscall(SYS_pread64, fd, bytes, n, at);
	if ((size_t)at >= now.file[file].len)
		return 0;
	if (n > now.file[file].len - (size_t)at)
		n = now.file[file].len - (size_t)at;
	memcpy(bytes, now.file[file].at + at, n);
	return (ssize_t)n;
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	int made = go_wrong();

	if (which_file(fd) == -1 || made == 0)
		return -1;
	n = made == 2 ? n / 2 : n;
	note(TRACE_WRITE, fd, (uint64_t)at, bytes, n);
	return made == 2 ? -1 : (ssize_t)n;
}

int
fsync(int fd)
{
	if (which_file(fd) == -1 || go_wrong() != 1)
		return -1;
	if (++now.syncs == now.fail) {
		note(TRACE_LOST, fd, 0, NULL, 0);
		errno = EIO;
		return -1;
	}
	note(TRACE_SYNC, fd, 0, NULL, 0);
	return 0;
}

int
ftruncate(int fd, off_t size)
{
	if (which_file(fd) == -1 || go_wrong() != 1)
		return -1;
	note(TRACE_CUT, fd, (uint64_t)size, NULL, 0);
	return 0;
}

int
fallocate(int fd, int mode, off_t at, off_t len)
{
	(void)mode;
	if (which_file(fd) == -1 || go_wrong() != 1)
		return -1;
	note(TRACE_GROW, fd, (uint64_t)(at + len), NULL, 0);
	return 0;
}

int
fstat(int fd, struct stat *st)
{
	int file = which_file(fd);

	if (file == -1)
		return (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
	*st = (struct stat){
	    .st_mode = S_IFREG | 0600,
	    .st_nlink = 1,
	    .st_dev = now.dev,
	    .st_ino = r.ino[file],
	    .st_size = (off_t)now.file[file].len,
	};
	return 0;
}

int
fstatvfs(int fd, struct statvfs *fs)
{
	*fs = (struct statvfs){.f_fsid = which_file(fd) == -1 ? 0 : r.fsid};
	return 0;
}

/* -- recovery */

static void
note_line(int level, const char *text)
{
	(void)level;
	snprintf(logged, sizeof logged, "%s", text);
}

/* The machine is started: these are its files. */
static void
start(
    const struct bytes *mailbox, const struct bytes *journal, struct tape *tape)
{
	bytes_copy(&now.file[MAILBOX], mailbox);
	bytes_copy(&now.file[JOURNAL], journal);
	now.dev = r.dev;
	now.turn = 0;
	now.fail = 0;
	now.calls = 0;
	now.syncs = 0;
	now.tape = tape;
}

/* What a login does. */
static enum trouble
recover(void)
{
	struct rewrite rewrite = {
	    .fd = FD_BASE,
	    .journal = FD_BASE + 1,
	    .path = "mailbox",
	};

	logged[0] = '\0';
	now.is_dead = 0;
	if (!journal_is_open(rewrite.journal))
		return FINE;
	return journal_recover(&rewrite);
}

/* A delivery; synced or not. */
static void
append(void)
{
	note(TRACE_WRITE, FD_BASE, now.file[MAILBOX].len, MAIL, MAIL_LEN);
}

/* -- judgement */

/* Is that what was wanted, "more" mails behind it? */
static int
matches(const struct world *w, enum result result, size_t more)
{
	const struct bytes *got = &now.file[MAILBOX], *want = &r.want[result];
	size_t all = want->len + w->mails * MAIL_LEN, sure = all - w->soft;
	size_t body = sure < want->len ? sure : want->len;

	if (got->len < sure + more * MAIL_LEN ||
	    got->len > all + more * MAIL_LEN ||
	    memcmp(got->at, want->at, body) != 0)
		return 0;
	for (size_t at = body; at < sure; at++)
		if (got->at[at] != (unsigned char)MAIL[(at - body) % MAIL_LEN])
			return 0;
	return more == 0 ||
	    memcmp(got->at + got->len - MAIL_LEN, MAIL, MAIL_LEN) == 0;
}

static void
blame(const char *what)
{
	if (++r.failures <= 20)
		printf("FAIL %s: %s (logged: %s)\n", r.path, what, logged);
}

/* The recovery has ended with that: was it right? */
static enum result
judge(const struct world *w, enum trouble why, size_t more)
{
	int is_old = w->result != NEW && matches(w, OLD, more);
	int is_new = w->result != OLD && matches(w, NEW, more);

	if (why != FINE)
		blame("not recovered");
	else if (now.file[JOURNAL].len > 0)
		blame("a journal is left");
	else if (is_old || is_new)
		return is_old && is_new ? EITHER : is_old ? OLD : NEW;
	else if (w->result == NEW && matches(w, OLD, more))
		blame("a lie: the deleted messages are back");
	else if (w->result == OLD && matches(w, NEW, more))
		blame("a lie: deleted after all");
	else
		blame("damaged");
	return EITHER;
}

/* -- paths and samples */

/* Adds to the path; returns what leave() wants. */
static size_t __attribute__((format(printf, 1, 2)))
enter(const char *format, ...)
{
	size_t len = strlen(r.path);
	va_list ap;

	va_start(ap, format);
	vsnprintf(r.path + len, sizeof r.path - len, format, ap);
	va_end(ap);
	return len;
}

static void
leave(size_t len)
{
	r.path[len] = '\0';
}

/* Is what the path names, or begins to name, to be done? */
static int
is_due(uint64_t every)
{
	size_t len = strlen(r.path);
	uint64_t h = scramble(r.seed * 8191 + every);

	if (r.only != NULL)
		return strncmp(r.path, r.only, len) == 0 &&
		    strchr("+/", r.only[len]) != NULL;
	if (every <= 1)
		return 1;
	for (const char *c = r.path; *c != '\0'; c++)
		h = scramble(h ^ (unsigned char)*c);
	return h % every == 0;
}

static void
count(const char *kind)
{
	size_t i = 0;

	while (r.kinds[i].name[0] != '\0' && strcmp(r.kinds[i].name, kind) != 0)
		i++;
	if (i + 1 == COUNT(r.kinds))
		abort();
	snprintf(r.kinds[i].name, sizeof r.kinds[i].name, "%s", kind);
	r.kinds[i].count++;
	r.states++;
}

static uint64_t
digest(const struct bytes *b, uint64_t h)
{
	uint64_t word;

	for (size_t i = 0; i < b->len; i += 8) { /* behind len all is 0 */
		memcpy(&word, b->at + i, 8);
		h = (h ^ word) * 0x9fb21c651e98df25;
		h ^= h >> 29;
	}
	return scramble(h ^ b->len);
}

/* Has that state been judged under the same terms? */
static int
was_seen(const struct world *w, const struct bytes *m, const struct bytes *j)
{
	uint64_t h =
	    digest(j, digest(m, w->soft * 8 + w->mails * 4 + w->result));
	size_t at = h >> (64 - SEEN_BITS);

	if (r.only != NULL)
		return 0;
	for (unsigned tries = 0; tries < 16; tries++) {
		uint64_t *slot = &r.seen[(at + tries) % (1ul << SEEN_BITS)];

		if (*slot == h)
			return 1;
		if (*slot == 0) {
			*slot = h;
			return 0;
		}
	}
	return 0;
}

static void
write_file(const char *suffix, const void *bytes, size_t len)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof path, "%s/%lu.%s", r.out, r.written, suffix);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		abort();
}

/* For those who want to see it on a real disk. */
static void
write_state(const struct world *w, const struct bytes *m, const struct bytes *j)
{
	static const char *const names[] = {"either", "old", "new"};
	char text[600];

	write_file("mailbox", m->at, m->len);
	write_file("journal", j->at, j->len);
	snprintf(text, sizeof text, "%s %s\n", names[w->result], r.path);
	write_file("terms", text, strlen(text));
	r.written++;
}

/* -- from a state */

static void
world_copy(struct world *to, const struct world *from)
{
	struct disk disk = to->disk;

	if (disk.pending == NULL)
		disk_make(&disk);
	disk_copy(&disk, &from->disk);
	*to = *from;
	to->disk = disk;
}

static void walk(const struct world *from, const struct op *ops, size_t n,
    size_t first, int depth, uint64_t every);

static void
tape_clear(struct tape *t)
{
	for (size_t i = 0; i < t->count; i++)
		free((void *)(uintptr_t)t->ops[i].bytes);
	t->count = 0;
}

enum mail { NO_MAIL, MAIL_SOFT, MAIL_SYNCED };

/* The mail that comes before the next login is noted in the world. */
static void
deliver(struct world *w, enum mail mail)
{
	if (mail == NO_MAIL)
		return;
	append();
	w->mails++;
	w->soft += MAIL_LEN;
	if (mail == MAIL_SYNCED)
		note(TRACE_SYNC, FD_BASE, 0, NULL, 0);
}

/*
 * The next login: it recovers, and is recorded; then the power fails, at any
 * point. One of its syncs fails, or none; then one more login tries again.
 */
static unsigned
next_login(const struct world *from, const struct bytes *m,
    const struct bytes *j, enum mail mail, unsigned fail, uint64_t every)
{
	static struct tape tape;
	static struct world w;
	struct op settled = {.kind = TRACE_TOLD};
	enum trouble why;
	unsigned syncs;
	int was_open;

	world_copy(&w, from);
	tape_clear(&tape);
	start(m, j, &tape);
	deliver(&w, mail);
	was_open = j->len > 0;
	now.fail = fail;
	why = recover();
	if (why != FINE && fail != 0)
		why = recover();
	syncs = now.syncs;
	settled.at = judge(&w, why, 0);
	if (!was_open)
		settled.at = EITHER; /* nothing has told it what it is */
	now.tape = NULL;
	tape.ops[tape.count++] = settled;
	count("next");
	walk(&w, tape.ops, tape.count, 0, 2, every);
	return syncs;
}

/* All the logins that may be next. */
static void
next_logins(const struct world *w, const struct bytes *m, const struct bytes *j,
    uint64_t every)
{
	static struct bytes mailbox, journal; /* m and j may be our own */
	unsigned syncs = 99;

	if (mailbox.at == NULL) {
		bytes_make(&mailbox);
		bytes_make(&journal);
	}
	bytes_copy(&mailbox, m);
	bytes_copy(&journal, j);
	for (unsigned fail = 0; fail <= syncs; fail++)
		for (enum mail mail = NO_MAIL; mail <= MAIL_SYNCED; mail++) {
			size_t at = enter("+next/%u/%u", fail, (unsigned)mail);
			unsigned made = syncs;

			if (w->soft > 0 && mail != NO_MAIL)
				made = syncs;
			else if (is_due(fail == 0 ? 1 : 8) || syncs == 99)
				made = next_login(w, &mailbox, &journal, mail,
				    fail, fail == 0 ? every : every * 4);
			if (syncs == 99)
				syncs = made;
			leave(at);
		}
}

static void
with_mail(const struct world *w, const struct bytes *m, const struct bytes *j)
{
	size_t at = enter("+mail");

	if (is_due(1)) {
		start(m, j, NULL);
		append();
		count("mail");
		judge(w, recover(), 1);
	}
	leave(at);
}

static void
renumbered(const struct world *w, const struct bytes *m, const struct bytes *j)
{
	size_t at = enter("+renumbered");

	if (is_due(1)) {
		start(m, j, NULL);
		now.dev = r.dev + 1;
		count("renumbered");
		judge(w, recover(), 0);
	}
	leave(at);
}

/* Recovery is killed at each of its calls; another one follows it. */
static void
killed(const struct world *w, const struct bytes *m, const struct bytes *j,
    unsigned calls)
{
	for (unsigned i = 0; i < 2 * calls; i++) {
		size_t at = enter("+%s/%u", i % 2 ? "half" : "kill", i / 2 + 1);

		if (is_due(1)) {
			start(m, j, NULL);
			now.turn = i / 2 + 1;
			now.half = (int)(i % 2);
			recover();
			now.turn = 0;
			if (i % 3 == 0)
				append();
			count("killed");
			judge(w, recover(), i % 3 == 0);
		}
		leave(at);
	}
}

/* A state that was found: recovers from it in all ways. */
static void
inspect(const struct world *from, const struct bytes *m, const struct bytes *j,
    const char *kind, int depth)
{
	static struct world w;
	unsigned calls;

	if (was_seen(from, m, j))
		return;
	if (r.out != NULL &&
	    (r.only != NULL ? strcmp(r.path, r.only) == 0
			    : depth == 1 && from->soft == 0))
		write_state(from, m, j);
	start(m, j, NULL);
	count(kind);
	judge(from, recover(), 0);
	calls = now.calls;
	if (!is_due(depth == 1 ? 2 : 8))
		return;
	with_mail(from, m, j);
	renumbered(from, m, j);
	if (!is_due(depth == 1 ? 8 : 64))
		return;
	killed(from, m, j, calls);
	if (depth != 1 || !is_due(64))
		return;
	world_copy(&w, from);
	w.disk.count = 0;
	bytes_copy(&w.disk.durable[MAILBOX], m);
	bytes_copy(&w.disk.durable[JOURNAL], j);
	next_logins(&w, m, j, 16);
}

/* -- the states of a point in time */

/* What all makers of states share. */
struct point {
	const struct world *w;
	struct choice choices[PENDING];
	const char *kind;
	unsigned number;
	int depth;
	uint64_t every;
};

static void
try_state(struct point *p)
{
	static struct bytes m[3], j[3];
	const struct bytes *stale = NULL;
	size_t at = enter("/%s/%u", p->kind, p->number++);

	if (is_due(p->every)) {
		if (m[p->depth].at == NULL) {
			bytes_make(&m[p->depth]);
			bytes_make(&j[p->depth]);
		}
		if (p->number % 3 == 0)
			stale = &r.stale;
		disk_find(&p->w->disk, MAILBOX, p->choices, NULL, &m[p->depth]);
		disk_find(
		    &p->w->disk, JOURNAL, p->choices, stale, &j[p->depth]);
		inspect(p->w, &m[p->depth], &j[p->depth], p->kind, p->depth);
	}
	leave(at);
}

static void
choose_all(struct point *p, struct choice c)
{
	for (size_t i = 0; i < p->w->disk.count; i++)
		p->choices[i] = c;
}

static void
begin_kind(struct point *p, const char *kind)
{
	p->kind = kind;
	p->number = 0;
}

/* Of each file the calls up to some point, the files apart. */
static void
prefixes(struct point *p)
{
	const struct disk *d = &p->w->disk;

	begin_kind(p, "prefix");
	for (size_t m = 0; m <= d->count; m++)
		for (size_t j = 0; j <= d->count; j++) {
			if ((m < d->count && d->pending[m].file != MAILBOX) ||
			    (j < d->count && d->pending[j].file != JOURNAL))
				continue;
			for (size_t i = 0; i < d->count; i++)
				p->choices[i].what =
				    i < (d->pending[i].file == MAILBOX ? m : j)
				    ? ALL
				    : NOTHING;
			try_state(p);
		}
}

/* One call is missing, or is the only one; any part of them. */
static void
subsets(struct point *p)
{
	size_t n = p->w->disk.count;
	uint64_t most = n <= 7 ? 1u << n : 128;

	begin_kind(p, "missing");
	for (size_t k = 0; k < n; k++) {
		choose_all(p, (struct choice){.what = ALL});
		p->choices[k].what = NOTHING;
		try_state(p);
	}
	begin_kind(p, "alone");
	for (size_t k = 0; k < n; k++) {
		choose_all(p, (struct choice){.what = NOTHING});
		p->choices[k].what = ALL;
		try_state(p);
	}
	begin_kind(p, "subset");
	for (uint64_t s = 0; s < most; s++) {
		for (size_t i = 0; i < n; i++)
			p->choices[i] = (struct choice){
			    .what =
				(n <= 7 ? s >> i : scramble(s * 9176 + i)) & 1
				? ALL
				: NOTHING};
		try_state(p);
	}
}

/* One write is torn, those before it are there, those behind it or not. */
static void
torn_one(struct point *p, size_t k, unsigned grain)
{
	unsigned pieces = op_pieces(&p->w->disk.pending[k], grain);
	unsigned step = pieces / 24 + 1;

	for (unsigned cut = 0; cut < pieces; cut += step)
		for (int how = UPTO; how <= BUT; how++)
			for (int later = 0; later < 2; later++) {
				choose_all(p, (struct choice){.what = ALL});
				if (!later)
					for (size_t i = k + 1;
					     i < p->w->disk.count; i++)
						p->choices[i].what = NOTHING;
				p->choices[k].what = (unsigned)how;
				p->choices[k].k = cut;
				p->choices[k].grain = grain;
				try_state(p);
			}
}

static void
torn(struct point *p, const char *kind, unsigned grain)
{
	size_t n = p->w->disk.count;

	begin_kind(p, kind);
	for (size_t k = n > 12 ? n - 12 : 0; k < n; k++)
		torn_one(p, k, grain);
}

/* Pieces of all, at random. */
static void
shuffled(struct point *p, const char *kind, unsigned grain)
{
	begin_kind(p, kind);
	for (unsigned s = 0; s < 24 && p->w->disk.count > 0; s++) {
		for (size_t i = 0; i < p->w->disk.count; i++)
			p->choices[i] = (struct choice){
			    .what = SOME,
			    .grain = grain,
			    .k = s * 7919 + (unsigned)i,
			};
		try_state(p);
	}
}

/* Sizes and data apart from each other. */
static void
sizes(struct point *p)
{
	size_t n = p->w->disk.count;

	begin_kind(p, "size");
	for (size_t k = 0; k < n; k++)
		for (int how = 0; how < 4; how++) {
			choose_all(p,
			    (struct choice){.what = ALL, .no_data = how == 2});
			p->choices[k] = (struct choice){.what = ALL,
			    .no_data = how != 1,
			    .no_size = how == 1};
			if (how == 3)
				for (size_t i = 0; i < n; i++)
					if (p->w->disk.pending[i].kind ==
					    TRACE_WRITE)
						p->choices[i].no_size = 1;
			try_state(p);
		}
	begin_kind(p, "mixed");
	for (unsigned s = 0; s < 48 && n > 0; s++) {
		for (size_t i = 0; i < n; i++) {
			uint64_t h = scramble(s * 131071 + i);

			p->choices[i] = (struct choice){
			    .what = h % 4 == 0 ? NOTHING
				: h % 4 == 1   ? SOME
					       : ALL,
			    .k = (unsigned)(h >> 32),
			    .grain = h & 16 ? 512 : 4096,
			    .no_size = (h & 96) == 96,
			    .no_data = (h & 384) == 384,
			};
		}
		try_state(p);
	}
}

static void
lose_power(const struct world *w, int depth, uint64_t every)
{
	static struct point points[3];
	struct point *p = &points[depth];

	p->w = w;
	p->depth = depth;
	p->every = every;
	prefixes(p);
	subsets(p);
	torn(p, "torn4096", 4096);
	torn(p, "torn512", 512);
	shuffled(p, "shuffled4096", 4096);
	shuffled(p, "shuffled512", 512);
	sizes(p);
}

/* -- along a trace */

static void
happen(struct world *w, const struct op *op)
{
	if (op->kind == TRACE_TOLD) {
		if (op->at != EITHER)
			w->result = (enum result)op->at;
		return;
	}
	disk_note(&w->disk, op);
	if (op->file != MAILBOX)
		return;
	if (op->kind == TRACE_LOST && w->soft > 0)
		w->soft_is_lost = 1;
	if (op->kind == TRACE_SYNC && !w->soft_is_lost)
		w->soft = 0;
}

/* The program was killed behind this event; the machine runs on. */
static void
kill_program(const struct world *w, const struct op *ops, size_t n)
{
	static struct bytes m, j;

	if (m.at == NULL) {
		bytes_make(&m);
		bytes_make(&j);
	}
	bytes_copy(&m, &r.want[OLD]);
	bytes_resize(&j, 0);
	for (size_t i = 0; i < n; i++)
		bytes_apply(ops[i].file == MAILBOX ? &m : &j, &ops[i]);
	next_logins(w, &m, &j, 16 * r.every);
}

static void
walk(const struct world *from, const struct op *ops, size_t n, size_t first,
    int depth, uint64_t every)
{
	static struct world worlds[3];
	struct world *w = &worlds[depth];

	world_copy(w, from);
	for (size_t i = 0; i < n; i++) {
		size_t at = enter("/%zu", i + 1);

		happen(w, &ops[i]);
		if (i >= first && is_due(1)) {
			lose_power(w, depth, every);
			if (depth == 1)
				kill_program(w, ops, i + 1);
		}
		leave(at);
	}
}

/* -- what is given */

static unsigned char *
load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	unsigned char *bytes;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0) {
		perror(path);
		exit(2);
	}
	*len = (size_t)ftell(f);
	rewind(f);
	bytes = malloc(*len + 1);
	if (bytes == NULL || fread(bytes, 1, *len, f) != *len) {
		perror(path);
		exit(2);
	}
	fclose(f);
	return bytes;
}

static void
load_image(const char *path, struct bytes *to)
{
	size_t len;
	unsigned char *bytes = load(path, &len);

	bytes_make(to);
	bytes_resize(to, len);
	memcpy(to->at, bytes, len);
	free(bytes);
}

/* The trace's calls on our two files, and what the client was told after the
 * first of them. */
static void
load_trace(const char *path, struct op **ops, size_t *n)
{
	size_t len;
	unsigned char *bytes = load(path, &len);
	const struct trace_head *head = (void *)bytes;
	const unsigned char *at = bytes + sizeof *head, *end = at + head->used;
	struct trace_event e;

	*n = 0;
	*ops = calloc(head->used / sizeof e + 1, sizeof **ops);
	for (; at < end; at += sizeof e + e.len) {
		struct op op = {.bytes = at + sizeof e};

		memcpy(&e, at, sizeof e);
		op.kind = (enum trace_kind)e.kind;
		op.at = e.kind == TRACE_TOLD ? NEW : e.at;
		op.len = e.len;
		op.file = e.ino == r.ino[MAILBOX] ? MAILBOX : JOURNAL;
		if (e.kind == TRACE_TOLD
			? *n == 0
			: e.ino != r.ino[MAILBOX] && e.ino != r.ino[JOURNAL])
			continue;
		r.dev = e.kind == TRACE_TOLD ? r.dev : e.dev;
		(*ops)[(*n)++] = op;
	}
}

/* What others left in the blocks that the journal gets. */
static void
make_stale(void)
{
	bytes_make(&r.stale);
	bytes_resize(&r.stale, 131072);
	for (size_t i = 0; i < r.stale.len; i++)
		r.stale.at[i] = (unsigned char)scramble(i);
}

/* Nothing that was done to the files may be missing in the trace. */
static void
check_trace(const char *mailbox)
{
	struct bytes m, there;

	if (mailbox == NULL)
		return;
	bytes_make(&m);
	bytes_copy(&m, &r.want[OLD]);
	for (size_t i = 0; i < r.count; i++)
		if (r.ops[i].file == MAILBOX)
			bytes_apply(&m, &r.ops[i]);
	load_image(mailbox, &there);
	if (m.len != there.len || memcmp(m.at, there.at, m.len) != 0) {
		printf("FAIL: the trace does not tell all\n");
		r.failures++;
	}
	bytes_free(&m);
	bytes_free(&there);
}

/* The whole trace; what a failed sync loses in three ways. */
static void
replay(void)
{
	static struct world w;
	size_t first = 0;

	while (first < r.count && r.ops[first].kind != TRACE_LOST)
		first++;
	for (unsigned loss = 0; loss < (first < r.count ? 3 : 1); loss++) {
		struct op tail = {.kind = TRACE_WRITE, .file = MAILBOX};
		size_t at = enter("loss%u", loss);

		if (w.disk.pending == NULL)
			disk_make(&w.disk);
		w.disk.count = 0;
		w.disk.loss = loss;
		bytes_copy(&w.disk.durable[MAILBOX], &r.want[OLD]);
		w.soft = r.tail;
		if (r.tail > 0) {
			tail.at = r.want[OLD].len - r.tail;
			tail.len = r.tail;
			tail.bytes = r.want[OLD].at + tail.at;
			bytes_resize(&w.disk.durable[MAILBOX], tail.at);
			disk_note(&w.disk, &tail);
		}
		walk(&w, r.ops, r.count, first < r.count ? first : 0, 1,
		    r.every);
		leave(at);
	}
}

int
main(int argc, char **argv)
{
	const char *mailbox = NULL;
	int option;

	r.every = 1;
	r.seed = 1;
	while ((option = getopt(argc, argv, "e:f:s:p:w:t:m:")) != -1)
		switch (option) {
		case 'e':
			r.every = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			r.fsid = strtoull(optarg, NULL, 10);
			break;
		case 's':
			r.seed = strtoull(optarg, NULL, 10);
			break;
		case 'p':
			r.only = optarg;
			break;
		case 'w':
			r.out = optarg;
			break;
		case 't':
			r.tail = strtoull(optarg, NULL, 10);
			break;
		case 'm':
			mailbox = optarg;
			break;
		default:
			return 2;
		}
	if (argc - optind != 5)
		return 2;
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	log_divert(note_line);
	r.seen = calloc(1ul << SEEN_BITS, sizeof *r.seen);
	bytes_make(&now.file[MAILBOX]);
	bytes_make(&now.file[JOURNAL]);
	r.ino[MAILBOX] = strtoull(argv[optind + 3], NULL, 10);
	r.ino[JOURNAL] = strtoull(argv[optind + 4], NULL, 10);
	make_stale();
	load_image(argv[optind + 1], &r.want[OLD]);
	load_image(argv[optind + 2], &r.want[NEW]);
	load_trace(argv[optind], &r.ops, &r.count);
	check_trace(mailbox);
	replay();
	for (size_t i = 0; r.kinds[i].name[0] != '\0'; i++)
		printf("%s %lu\n", r.kinds[i].name, r.kinds[i].count);
	return r.failures > 0;
}
