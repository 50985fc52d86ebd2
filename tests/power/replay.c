/*
 * replay.c - cut the power at every point of a recorded update, and recover
 *
 *   replay [OPTIONS] TRACE GIVEN OLD NEW LEFT MAILBOX-INODE JOURNAL-INODE
 *
 * GIVEN is what the mailbox held at the beginning of the trace, OLD at the
 * beginning of its last session, and NEW is what that should make of it; LEFT
 * is the mailbox that it has left, and shows whether the trace is whole. After
 * every event of that session the states are made that the disk may be in
 * (disk.h); from each the journal's own code recovers (machine.h). Then the
 * mailbox has to be the old or the new one, with what was appended; only the
 * new one if the client was told so; only the same one that an earlier
 * recovery has made of it.
 *
 * A path names a state: POINT/KIND/NUMBER, then what happens to it:
 *   +mail           comes before recovery
 *   +renumbered     the device has got another number
 *   +kill/N +half/N recovery dies before, or within, its Nth call
 *   +next/F/M       recovery is recorded, its Fth sync fails (0: none), mail
 *                   has come (1; 2: and was synced); then power fails in it, at
 *                   a POINT. Also right behind a point: the program was killed
 *                   there, and the machine ran on.
 *
 * -b BYTES: of the trace, before the last session
 * -t BYTES: at the end of OLD, that their deliverer has not synced
 * -f NUMBER: the file system's id, as statvfs() has it
 * -e N, -d N: of the states, and of what happens to them, one in so many
 * -s SEED, -p PATH: just that state
 * -w DIR: writes it, or some states, there
 */
#include "machine.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEN_BITS 23
#define SAMPLE    12 /* states that are written */

enum result { EITHER, OLD, NEW };
enum mail { NO_MAIL, MAIL_COMES, MAIL_SYNCED, MAILS };

/* A disk, and what may be found on it. */
struct world {
	struct disk disk;
	enum result result;
	size_t mails;     /* appended behind OLD or NEW */
	size_t soft;      /* bytes at the end that nobody has synced */
	int soft_is_lost; /* ... and a sync of them has failed */
};

/* The states of one point in time. */
struct point {
	const struct world *w;
	struct choice choices[PENDING];
	const char *kind;
	unsigned number;
	int depth; /* 1: of the trace; 2: of a recovery */
	uint64_t every;
};

static struct {
	uint64_t every, thin, seed;
	const char *only, *out;
	size_t tail;
	struct op *ops;
	size_t count;
	size_t first;              /* of the session that is looked at */
	struct bytes begin[FILES]; /* the files as that finds them */
	struct bytes want[3];      /* by enum result */
	struct bytes stale;
	char path[512];
	uint64_t *seen;
	unsigned long failures;
	struct {
		char name[24];
		unsigned long count;
	} kinds[40];
} r;

/* -- judgement */

/* Is that what was wanted, with one mail more behind it or not? */
static int
matches(const struct world *w, enum result result, int more)
{
	const struct bytes *got = &machine.file[MAILBOX];
	const struct bytes *want = &r.want[result];
	size_t all = want->len + w->mails * MAIL_LEN, sure = all - w->soft;
	size_t body = sure < want->len ? sure : want->len;
	size_t behind = more ? MAIL_LEN : 0;

	if (got->len < sure + behind || got->len > all + behind ||
	    memcmp(got->at, want->at, body) != 0)
		return 0;
	for (size_t at = body; at < sure; at++)
		if (got->at[at] != (unsigned char)MAIL[(at - body) % MAIL_LEN])
			return 0;
	return memcmp(got->at + got->len - behind, MAIL, behind) == 0;
}

static void
blame(const char *what)
{
	if (++r.failures <= 20)
		printf(
		    "FAIL %s: %s (logged: %s)\n", r.path, what, machine.logged);
}

/* The recovery has ended with that: was it right? What it made of it. */
static enum result
judge(const struct world *w, enum trouble why, int more)
{
	int is_old = matches(w, OLD, more), is_new = matches(w, NEW, more);

	if (why != FINE)
		blame("not recovered");
	else if (machine.file[JOURNAL].len > 0)
		blame("a journal is left");
	else if (!is_old && !is_new)
		blame("damaged");
	else if (!is_old && w->result == OLD)
		blame("a lie: deleted after all");
	else if (!is_new && w->result == NEW)
		blame("a lie: the deleted messages are back");
	return is_old == is_new ? EITHER : is_old ? OLD : NEW;
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
	uint64_t terms = w->soft * 16 + w->mails * 4 + w->result;
	uint64_t h = digest(j, digest(m, terms));
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
write_file(
    unsigned long slot, const char *suffix, const void *bytes, size_t len)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof path, "%s/%lu.%s", r.out, slot, suffix);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		abort();
}

/* For those who want to see it on a real disk: the one that was asked for, or
 * some of the first depth, each with the same chance. */
static void
write_state(const struct world *w, const struct bytes *m, const struct bytes *j,
    int depth)
{
	static const char *const names[] = {"either", "old", "new"};
	static unsigned long met;
	unsigned long slot = met;
	char text[600];

	if (r.out == NULL || w->soft + w->mails > 0 ||
	    (r.only != NULL ? strcmp(r.path, r.only) != 0 : depth != 1))
		return;
	if (met++ >= SAMPLE)
		slot = scramble(r.seed + met) % met;
	if (slot >= SAMPLE)
		return;
	write_file(slot, "mailbox", m->at, m->len);
	write_file(slot, "journal", j->at, j->len);
	snprintf(text, sizeof text, "%s %s\n", names[w->result], r.path);
	write_file(slot, "terms", text, strlen(text));
}

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

/* -- from a state */

/* Along a recording, the power failing after each event. Of a recovery's, the
 * states are not looked at as deeply: so this comes back once, not more. */
static void walk(const struct world *from, const struct op *ops, size_t n,
    size_t first, int depth, uint64_t every);

/*
 * The next login: it recovers, and is recorded; then the power fails, at any
 * point. If one of its syncs fails, one more login tries again. Returns how
 * many syncs there were.
 */
static unsigned
next_login(const struct world *from, const struct bytes *m,
    const struct bytes *j, enum mail mail, unsigned fail, uint64_t every)
{
	static struct tape tape;
	static struct world w;
	struct op settled = {.kind = TRACE_TOLD};
	enum trouble why;

	world_copy(&w, from);
	tape_clear(&tape);
	machine_start(m, j);
	machine.tape = &tape;
	if (mail != NO_MAIL) {
		machine_deliver(mail == MAIL_SYNCED);
		w.mails++;
		w.soft += MAIL_LEN; /* until it is synced */
	}
	machine.fail = fail;
	why = machine_recover();
	if (why != FINE && fail != 0)
		why = machine_recover();
	settled.at = judge(&w, why, 0);
	machine.tape = NULL;
	count("next-login");
	if (j->len > 0) /* else nothing has told it what it is */
		tape.ops[tape.count++] = settled;
	walk(&w, tape.ops, tape.count, 0, 2, every);
	return machine.syncs;
}

/* All the logins that may be next. */
static void
next_logins(const struct world *w, const struct bytes *m, const struct bytes *j,
    uint64_t every)
{
	static struct bytes mailbox, journal; /* m and j may be our own */
	unsigned syncs = r.only != NULL ? 99 : 1;

	if (mailbox.at == NULL) {
		bytes_make(&mailbox);
		bytes_make(&journal);
	}
	bytes_copy(&mailbox, m);
	bytes_copy(&journal, j);
	for (unsigned fail = 0; fail <= syncs; fail++)
		for (enum mail mail = NO_MAIL; mail < MAILS; mail++) {
			size_t at = enter("+next/%u/%u", fail, (unsigned)mail);
			unsigned made = 0;

			if ((w->soft == 0 || mail == NO_MAIL) &&
			    is_due(fail == 0 ? 1 : 8))
				made = next_login(w, &mailbox, &journal, mail,
				    fail, fail == 0 ? every : every * 4);
			if (fail == 0 && made > syncs)
				syncs = made;
			leave(at);
		}
}

static void
with_mail(const struct world *w, const struct bytes *m, const struct bytes *j)
{
	size_t at = enter("+mail");

	if (is_due(1)) {
		machine_start(m, j);
		machine_deliver(1);
		count("mail");
		judge(w, machine_recover(), 1);
	}
	leave(at);
}

static void
renumbered(const struct world *w, const struct bytes *m, const struct bytes *j)
{
	size_t at = enter("+renumbered");

	if (is_due(1)) {
		machine_start(m, j);
		machine.dev++;
		count("renumbered");
		judge(w, machine_recover(), 0);
		machine.dev--;
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
		int more = i % 3 == 0;

		if (is_due(1)) {
			machine_start(m, j);
			machine.turn = i / 2 + 1;
			machine.half = (int)(i % 2);
			machine_recover();
			machine.turn = 0;
			if (more)
				machine_deliver(0);
			count("killed");
			judge(w, machine_recover(), more);
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
	write_state(from, m, j, depth);
	machine_start(m, j);
	count(kind);
	judge(from, machine_recover(), 0);
	calls = machine.calls;
	if (!is_due(r.thin * (depth == 1 ? 1 : 4)))
		return;
	with_mail(from, m, j);
	renumbered(from, m, j);
	if (!is_due(r.thin * (depth == 1 ? 2 : 32)))
		return;
	killed(from, m, j, calls);
	if (depth != 1 || !is_due(r.thin * 16))
		return;
	world_copy(&w, from);
	w.disk.count = 0;
	bytes_copy(&w.disk.durable[MAILBOX], m);
	bytes_copy(&w.disk.durable[JOURNAL], j);
	next_logins(&w, m, j, r.thin * 4);
}

/* -- the states of a point in time */

static void
begin_kind(struct point *p, const char *kind)
{
	p->kind = kind;
	p->number = 0;
}

static void
choose_all(struct point *p, struct choice c)
{
	for (size_t i = 0; i < p->w->disk.count; i++)
		p->choices[i] = c;
}

/* The state that was chosen. */
static void
try_state(struct point *p)
{
	static struct bytes m[3], j[3];
	const struct bytes *stale = p->number % 3 == 0 ? &r.stale : NULL;
	const struct disk *d = &p->w->disk;
	size_t at = enter("/%s/%u", p->kind, p->number++);

	if (m[p->depth].at == NULL) {
		bytes_make(&m[p->depth]);
		bytes_make(&j[p->depth]);
	}
	if (is_due(p->every)) {
		disk_find(d, MAILBOX, p->choices, NULL, &m[p->depth]);
		disk_find(d, JOURNAL, p->choices, stale, &j[p->depth]);
		inspect(p->w, &m[p->depth], &j[p->depth], p->kind, p->depth);
	}
	leave(at);
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
				p->choices[i] = (struct choice){.what = i <
					    (d->pending[i].file == MAILBOX ? m
									   : j)
					? ALL
					: NOTHING};
			try_state(p);
		}
}

/* One call is missing, or is the only one. */
static void
single(struct point *p)
{
	size_t n = p->w->disk.count;

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
}

/* Any part of the calls; of many, some parts. */
static void
subsets(struct point *p)
{
	size_t n = p->w->disk.count;
	uint64_t most = n <= 7 ? 1u << n : 128;

	begin_kind(p, "subset");
	for (uint64_t s = 0; s < most; s++) {
		for (size_t i = 0; i < n; i++) {
			uint64_t bit = n <= 7 ? s >> i : scramble(s * 9176 + i);

			p->choices[i] =
			    (struct choice){.what = bit & 1 ? ALL : NOTHING};
		}
		try_state(p);
	}
}

/* One write is torn; those before it are there, those behind it or not. */
static void
torn_one(struct point *p, size_t k, unsigned grain)
{
	unsigned pieces = op_pieces(&p->w->disk.pending[k], grain);
	size_t n = p->w->disk.count;

	for (unsigned cut = 0; cut < pieces; cut += pieces / 24 + 1)
		for (int way = 0; way < 6; way++) {
			choose_all(p, (struct choice){.what = ALL});
			for (size_t i = k + 1; i < n && way % 2 == 0; i++)
				p->choices[i].what = NOTHING;
			p->choices[k] = (struct choice){
			    .what = way / 2 == 0 ? UPTO
				: way / 2 == 1   ? FROM
						 : BUT,
			    .k = cut,
			    .grain = grain,
			};
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

/* Sizes and data apart from each other: of one call only its size, or only
 * its data; of all only the sizes; of all but one only the data. */
static void
sizes(struct point *p)
{
	size_t n = p->w->disk.count;

	begin_kind(p, "size");
	for (size_t k = 0; k < n; k++)
		for (int way = 0; way < 4; way++) {
			choose_all(p,
			    (struct choice){
				.what = ALL,
				.no_data = way == 2,
				.no_size = way == 3,
			    });
			p->choices[k].no_data = way != 1;
			p->choices[k].no_size = way == 1;
			try_state(p);
		}
}

/* All of it at once, at random. */
static void
mixed(struct point *p)
{
	size_t n = p->w->disk.count;

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
	single(p);
	subsets(p);
	torn(p, "torn-4096", 4096);
	torn(p, "torn-512", 512);
	shuffled(p, "shuffled-4096", 4096);
	shuffled(p, "shuffled-512", 512);
	shuffled(p, "shuffled-32", 32);
	sizes(p);
	mixed(p);
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
	if (op->file == MAILBOX && op->kind == TRACE_LOST && w->soft > 0)
		w->soft_is_lost = 1;
	if (op->file == MAILBOX && op->kind == TRACE_SYNC && !w->soft_is_lost)
		w->soft = 0;
}

/* The program is killed behind these events; the machine runs on. */
static void
kill_program(const struct world *w, const struct op *ops, size_t n)
{
	static struct bytes m, j;

	if (m.at == NULL) {
		bytes_make(&m);
		bytes_make(&j);
	}
	bytes_copy(&m, &r.begin[MAILBOX]);
	bytes_copy(&j, &r.begin[JOURNAL]);
	for (size_t i = 0; i < n; i++)
		bytes_apply(ops[i].file == MAILBOX ? &m : &j, &ops[i]);
	next_logins(w, &m, &j, r.thin * 4 * r.every);
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

/* A call of an earlier session, or a delivery. */
static void
happened(struct world *w, struct op op)
{
	happen(w, &op);
	bytes_apply(&r.begin[op.file], &op);
}

/*
 * How the update finds the disk: the mailbox as it was given, at the very
 * beginning; then the updates before this one; then what was delivered, which
 * makes it OLD, and of which the last bytes were not synced.
 */
static void
begin(struct world *w, unsigned loss, const struct bytes *given)
{
	const struct op synced = {.kind = TRACE_SYNC, .file = MAILBOX};
	struct bytes *m = &r.begin[MAILBOX];

	w->disk.count = 0;
	w->disk.loss = loss;
	bytes_copy(&w->disk.durable[MAILBOX], given);
	bytes_resize(&w->disk.durable[JOURNAL], 0);
	bytes_copy(m, given);
	bytes_resize(&r.begin[JOURNAL], 0);
	for (size_t i = 0; i < r.first; i++)
		if (r.ops[i].kind != TRACE_TOLD)
			happened(w, r.ops[i]);
	for (int part = 0; part < 2; part++) {
		size_t soft = part == 0 ? r.tail : 0;

		happened(w,
		    (struct op){
			.kind = TRACE_WRITE,
			.file = MAILBOX,
			.at = m->len,
			.len = r.want[OLD].len - soft - m->len,
			.bytes = r.want[OLD].at + m->len,
		    });
		if (part == 0)
			happened(w, synced);
	}
	w->result = EITHER;
	w->soft = r.tail;
}

/* The whole trace; what a failed sync loses, in three ways. */
static void
replay(const struct bytes *given)
{
	static struct world w;
	size_t n = r.count - r.first, from = 0;

	while (from < n && r.ops[r.first + from].kind != TRACE_LOST)
		from++;
	disk_make(&w.disk);
	bytes_make(&r.begin[MAILBOX]);
	bytes_make(&r.begin[JOURNAL]);
	for (unsigned loss = 0; loss < (from < n ? 3 : 1); loss++) {
		size_t at = enter("loss%u", loss);

		begin(&w, loss, given);
		walk(&w, r.ops + r.first, n, from < n ? from : 0, 1, r.every);
		leave(at);
	}
}

/* -- what is given */

static unsigned char *
load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	unsigned char *bytes = NULL;
	long end = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		end = ftell(f);
	if (end >= 0)
		bytes = malloc((size_t)end + 1);
	*len = (size_t)end;
	if (bytes == NULL || fseek(f, 0, SEEK_SET) != 0 ||
	    fread(bytes, 1, *len, f) != *len) {
		perror(path);
		exit(2);
	}
	fclose(f);
	return bytes;
}

static struct bytes
load_image(const char *path)
{
	struct bytes b;
	size_t len;
	unsigned char *bytes = load(path, &len);

	bytes_make(&b);
	bytes_resize(&b, len);
	memcpy(b.at, bytes, len);
	free(bytes);
	return b;
}

/* The trace's calls on our two files, and the first +OK that follows them;
 * those of the last session begin that many bytes behind the head. */
static void
load_trace(const char *path, uint64_t last)
{
	size_t len;
	const unsigned char *bytes = load(path, &len), *at;
	struct trace_head head;
	struct trace_event e;

	memcpy(&head, bytes, sizeof head);
	at = bytes + sizeof head;
	r.ops = calloc(head.used / sizeof e + 1, sizeof *r.ops);
	for (const unsigned char *end = at + head.used; at < end;
	     at += sizeof e + e.len) {
		struct op op = {.bytes = at + sizeof e};

		if (at == bytes + sizeof head + last)
			r.first = r.count;
		memcpy(&e, at, sizeof e);
		op.kind = (enum trace_kind)e.kind;
		op.at = e.kind == TRACE_TOLD ? NEW : e.at;
		op.len = e.len;
		op.file = e.ino == machine.ino[MAILBOX] ? MAILBOX : JOURNAL;
		if (e.kind == TRACE_TOLD ? r.count == r.first
					 : e.ino != machine.ino[op.file])
			continue;
		if (e.kind != TRACE_TOLD && op.file == MAILBOX)
			machine.dev = e.dev;
		r.ops[r.count++] = op;
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

/* Nothing that was done to the mailbox may be missing in the trace. */
static void
check_trace(const struct bytes *left)
{
	struct bytes *m = &r.begin[MAILBOX];

	for (size_t i = r.first; i < r.count; i++)
		if (r.ops[i].file == MAILBOX)
			bytes_apply(m, &r.ops[i]);
	if (m->len == left->len && memcmp(m->at, left->at, m->len) == 0)
		return;
	printf("FAIL: the trace does not tell all\n");
	r.failures++;
}

static uint64_t
number(const char *text)
{
	return strtoull(text, NULL, 10);
}

/* Returns where the arguments begin. */
static int
read_options(int argc, char **argv, uint64_t *last)
{
	int option;

	while ((option = getopt(argc, argv, "b:d:e:f:s:p:w:t:")) != -1)
		if (option == 'b')
			*last = number(optarg);
		else if (option == 'd')
			r.thin = number(optarg);
		else if (option == 'e')
			r.every = number(optarg);
		else if (option == 'f')
			machine.fsid = number(optarg);
		else if (option == 's')
			r.seed = number(optarg);
		else if (option == 'p')
			r.only = optarg;
		else if (option == 'w')
			r.out = optarg;
		else if (option == 't')
			r.tail = number(optarg);
		else
			exit(2);
	if (argc - optind != 7)
		exit(2);
	return optind;
}

int
main(int argc, char **argv)
{
	struct bytes given, left;
	uint64_t last = 0;

	r.every = 1;
	r.thin = 1;
	argv += read_options(argc, argv, &last);
	mallopt(M_MMAP_THRESHOLD, 1 << 30); /* the journal's block, again */
	mallopt(M_TRIM_THRESHOLD, 1 << 30); /* and again */
	r.seen = calloc(1ul << SEEN_BITS, sizeof *r.seen);
	machine_make();
	make_stale();
	given = load_image(argv[1]);
	r.want[OLD] = load_image(argv[2]);
	r.want[NEW] = load_image(argv[3]);
	left = load_image(argv[4]);
	machine.ino[MAILBOX] = number(argv[5]);
	machine.ino[JOURNAL] = number(argv[6]);
	load_trace(argv[0], last);
	replay(&given);
	check_trace(&left);
	for (size_t i = 0; r.kinds[i].name[0] != '\0'; i++)
		printf("%lu %s\n", r.kinds[i].count, r.kinds[i].name);
	return r.failures > 0;
}
