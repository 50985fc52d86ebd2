/*
 * A differential test: thousands of random histories of a mailbox, in which
 * mail comes, sessions delete some, other programs rewrite, truncate, replace
 * and touch it, and the index is damaged. Whatever a session makes of its
 * index, it must show what a scan of the whole mailbox finds, and delete
 * nothing else.
 *
 * POP3D_SEED and POP3D_HISTORIES in the environment give others, and more.
 */
#include "../../maildrop.h"

#include "../../uidl.h"

#include "mboxes.h"
#include "monitors.h"

#include <signal.h>

#define BOX_ROOM  65536
#define BOX_MOST  400 /* messages */
#define STEPS     12
#define HISTORIES 1500

/* Tests need no disk. */
int
fsync(int fd)
{
	(void)fd;
	return 0;
}

struct history {
	uint64_t seed;
	char title[64];
	char box[BOX_ROOM];
	size_t len;
	time_t clock;    /* that every change of the mailbox moves on */
	unsigned serial; /* of the message made last */
	int edited; /* in place, in a body: only a scan of all can see it */
	int odd;    /* it holds what is no whole message */
	int stable; /* the ids below must be those of the first messages */
	uint32_t id_count;
	char ids[BOX_MOST][UIDL_TEXT];
	struct fake_monitor monitor;
};

static struct history h;
static struct {
	unsigned sessions, known, grown, scanned, damaged, deleted, refused;
} seen;

static const struct maildrop_paths paths = {"mbox", "index", "journal"};

static void
set_time(time_t s)
{
	struct timespec times[2] = {{.tv_sec = s}, {.tv_sec = s}};

	assert_int_equal(utimensat(AT_FDCWD, "mbox", times, 0), 0);
}

/* The mailbox's bytes, on the same inode, at another time. */
static void
store(void)
{
	int fd = open("mbox", O_WRONLY | O_CREAT, 0600);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, h.box, h.len), (ssize_t)h.len);
	assert_int_equal(ftruncate(fd, (off_t)h.len), 0);
	close(fd);
	set_time(++h.clock);
}

static void
load(void)
{
	h.len = read_file("mbox", h.box, sizeof h.box);
}

/* A message, mostly of the shape of others; sometimes a copy. */
static size_t
draw_message(char *out)
{
	unsigned n = draw(&h.seed, 8) == 0 ? h.serial : ++h.serial;
	size_t len = (size_t)sprintf(out,
	    "From a@b Mon Jan  1 10:%02u:%02u 2024\n"
	    "Message-ID: <%07u@a>\nSubject: %u\n\n",
	    n / 60 % 60, n % 60, n, n % 3);

	for (uint32_t lines = n % 4 == 0 ? 1 + n % 23 : 2; lines > 0; lines--)
		len += (size_t)sprintf(out + len, "text of message %07u\n", n);
	len += (size_t)sprintf(out + len, "\n");
	return len;
}

static void
append_mail(void)
{
	for (uint32_t i = 1 + draw(&h.seed, 4); i > 0; i--)
		if (h.len + 1000 < BOX_ROOM)
			h.len += draw_message(h.box + h.len);
	h.stable &= !h.odd; /* it may be the last one's going on */
	store();
}

static void
append_much(void)
{
	for (int i = 0; i < 60; i++)
		append_mail();
}

static void
append_noise(void)
{
	static const char *const noise[] = {"x", "\n", "x\n", "From \n", "\r"};
	const char *text = noise[draw(&h.seed, COUNT(noise))];

	memcpy(h.box + h.len, text, strlen(text));
	h.len += strlen(text);
	h.odd = 1;
	h.stable = 0;
	store();
}

/* Where message i begins; h.len if there are not so many. */
static size_t
find_message(uint32_t i)
{
	const char *at = h.len > 0 ? h.box : NULL;

	h.box[h.len] = '\0';
	for (; at != NULL && i > 0; i--) {
		at = strstr(at + 1, "\n\nFrom a@b");
		at = at == NULL ? NULL : at + 2;
	}
	return at == NULL ? h.len : (size_t)(at - h.box);
}

static void
other_deletes(void)
{
	uint32_t i = draw(&h.seed, 8);
	size_t from = find_message(i);
	size_t to = find_message(i + 1 + draw(&h.seed, 2));

	memmove(h.box + from, h.box + to, h.len - to);
	h.len -= to - from;
	h.stable = 0;
	store();
}

static void
other_deletes_and_mail_comes(void)
{
	other_deletes();
	append_mail();
}

/* So that they may lie just as before. */
static void
other_swaps(void)
{
	uint32_t i = draw(&h.seed, 8);
	size_t a = find_message(i), b = find_message(i + 1);
	size_t c = find_message(i + 2);
	static char copy[BOX_ROOM];

	memcpy(copy, h.box + a, b - a);
	memmove(h.box + a, h.box + b, c - b);
	memcpy(h.box + a + (c - b), copy, b - a);
	h.edited |= h.odd; /* a copy may have been edited */
	h.stable = 0;
	store();
}

static void
other_swaps_and_mail_comes(void)
{
	other_swaps();
	append_mail();
}

static void
other_adds_status(void)
{
	static const char status[] = "Status: RO\n";
	size_t at = find_message(draw(&h.seed, 8));
	char *lf = memchr(h.box + at, '\n', h.len - at);

	if (lf == NULL || h.len + 100 > BOX_ROOM)
		return;
	lf++;
	memmove(lf + strlen(status), lf, h.len - (size_t)(lf - h.box));
	memcpy(lf, status, strlen(status));
	h.len += strlen(status);
	h.stable &= !h.odd;
	store();
}

/* One byte for another, the size as it was. */
static void
other_edits(void)
{
	size_t at = h.len > 0 ? draw(&h.seed, (uint32_t)h.len) : 0;

	if (h.len == 0)
		return;
	h.box[at] = draw(&h.seed, 4) ? 'X' : '\n';
	h.edited = 1;
	h.odd = 1;
	h.stable = 0;
	store();
}

static void
other_edits_and_mail_comes(void)
{
	other_edits();
	append_mail();
}

static void
other_truncates(void)
{
	h.len = draw(&h.seed, (uint32_t)h.len + 1);
	h.odd = 1;
	h.stable = 0;
	store();
}

static void
other_empties(void)
{
	h.len = 0;
	h.odd = 0;
	h.stable = 0;
	store();
}

static void
other_replaces(void)
{
	rename("mbox", "other");
	store();
	unlink("other");
}

static void
somebody_touches(void)
{
	set_time(++h.clock);
}

static void
clock_is_set_back(void)
{
	append_mail();
	set_time(1 + draw(&h.seed, 1000000));
}

/* The times say that nothing has happened, but for the ctime. */
static void
other_hides_an_edit(void)
{
	struct timespec now, was, pause = {.tv_nsec = 500000};
	time_t clock = h.clock;

	clock_gettime(CLOCK_REALTIME_COARSE, &was);
	do {
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	} while (now.tv_sec == was.tv_sec && now.tv_nsec == was.tv_nsec);
	if (draw(&h.seed, 2))
		other_edits();
	else
		other_swaps();
	set_time(clock);
	h.clock = clock;
}

/* The index. */

static void
index_is_lost(void)
{
	make_file("index", "", 0);
	h.stable = 0;
}

static void
index_is_damaged(void)
{
	int fd = open("index", O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);
	static const char zeros[4096];

	h.stable = 0;
	seen.damaged++;
	for (uint32_t i = 1 + draw(&h.seed, 3); i > 0 && size > 0; i--) {
		off_t at = draw(&h.seed, (uint32_t)size);

		if (draw(&h.seed, 3))
			at = draw(&h.seed, 2) ? 136 + at : size - 1 - at % 40;
		if (at < size)
			pwrite(fd, zeros, 1 + draw(&h.seed, 50), at);
	}
	if (draw(&h.seed, 4) == 0)
		ftruncate(fd, draw(&h.seed, (uint32_t)size + 200));
	close(fd);
}

/* Long enough ago that nothing can have happened in the same moment. */
static void
time_passes(void)
{
	int fd = open("index", O_RDWR);
	struct index x;

	index_read(&x, fd, INT64_MAX);
	if (index_read_messages(&x, fd) == FINE && x.count > 0) {
		x.when.tv_sec = h.clock + 1000000000;
		index_write(&x, fd, 0);
	}
	index_close(&x);
	close(fd);
}

static const struct {
	void (*happens)(void);
	unsigned weight;
} events[] = {
    {append_mail,		  12},
    {append_much,		  1 },
    {append_noise,                 1 },
    {other_deletes,                2 },
    {other_deletes_and_mail_comes, 3 },
    {other_swaps,		  2 },
    {other_swaps_and_mail_comes,   3 },
    {other_adds_status,            2 },
    {other_edits,		  2 },
    {other_edits_and_mail_comes,   2 },
    {other_truncates,              1 },
    {other_empties,                1 },
    {other_replaces,               1 },
    {somebody_touches,             1 },
    {clock_is_set_back,            1 },
    {other_hides_an_edit,          1 },
    {index_is_lost,                1 },
    {index_is_damaged,             3 },
};

static void
something_happens(void)
{
	unsigned all = 0, i = 0;
	uint32_t n;

	for (size_t j = 0; j < COUNT(events); j++)
		all += events[j].weight;
	n = draw(&h.seed, all);
	for (; n >= events[i].weight; i++)
		n -= events[i].weight;
	events[i].happens();
}

/* What a scan of the whole finds. */
static enum trouble
scan_all(struct mbox *m)
{
	assert_int_equal(mbox_open(m, "mbox"), FINE);
	return mbox_scan(m);
}

/* What may be otherwise: sizes and ids of what was edited in place. */
static void
check_messages(const struct maildrop *d, const struct mbox *all)
{
	check(d->mbox.count == all->count, "%s", h.title);
	for (uint32_t i = 0; i < all->count; i++) {
		const struct message *got = &d->mbox.messages[i];
		const struct message *want = &all->messages[i];

		check(got->offset == want->offset, "%s, %u", h.title, i + 1);
		check(got->sum == want->sum, "%s, %u", h.title, i + 1);
		check(
		    got->from_len == want->from_len, "%s, %u", h.title, i + 1);
		check(got->tail == want->tail, "%s, %u", h.title, i + 1);
		check(got->octets == want->octets, "%s, %u", h.title, i + 1);
	}
}

static void
check_ids(struct maildrop *d, struct mbox *all)
{
	assert_in_range(all->count, 0, BOX_MOST);
	check(uidl_digest(all, 0) == FINE, "%s", h.title);
	for (uint32_t i = 0; i < all->count; i++) {
		const struct message *got = maildrop_find(d, i + 1);
		char id[UIDL_TEXT];

		check(memcmp(got->id, all->messages[i].id, INDEX_ID) == 0,
		    "%s, %u", h.title, i + 1);
		uidl_text(got, id);
		if (h.stable && i < h.id_count)
			check_text(id, h.ids[i], h.title);
		memcpy(h.ids[i], id, sizeof id);
	}
	for (uint32_t i = 1; i < all->count; i++)
		for (uint32_t j = all->count > 50 ? i - 1 : 0; j < i; j++)
			check(strcmp(h.ids[i], h.ids[j]) != 0, "%s, %u, %u",
			    h.title, i + 1, j + 1);
	h.id_count = all->count;
	h.stable = 1;
}

static enum trouble
check_text_of(struct maildrop *d, uint32_t i, struct mbox *all)
{
	static char got[BOX_ROOM];
	off_t from = mbox_content(all, i);
	size_t want = (size_t)(mbox_content_end(all, i) - from), n = 0, len;
	enum trouble why;
	struct reading r;

	maildrop_read(d, i + 1, MESSAGE_ALL, &r);
	do {
		why = message_pull(&r, got + n, sizeof got - n, &len);
		n += len;
	} while (why == FINE && len > 0);
	if (why == FINE)
		check_bytes(got, n, h.box + from, want, h.title);
	return why;
}

/* Marks some, and says what should be left. */
static size_t
mark_some(struct maildrop *d, const struct mbox *all, char *left)
{
	uint32_t often = 1 + draw(&h.seed, 4), ids = 0;
	size_t n = (size_t)all->start;

	memcpy(left, h.box, n);
	for (uint32_t i = 0; i < all->count; i++) {
		size_t from = (size_t)all->messages[i].offset;
		size_t size = (size_t)mbox_message_end(all, i) - from;

		if (draw(&h.seed, often) == 0) {
			maildrop_mark(d, i + 1);
			continue;
		}
		memcpy(left + n, h.box + from, size);
		n += size;
		if (i < h.id_count)
			memmove(h.ids[ids++], h.ids[i], UIDL_TEXT);
	}
	h.id_count = ids;
	return n;
}

static void
delete_some(struct maildrop *d, const struct mbox *all)
{
	static char left[BOX_ROOM];
	static char before[BOX_ROOM];
	size_t n = mark_some(d, all, left), was = h.len, more;
	enum trouble why;
	int is_other = draw(&h.seed, 5) == 0 && !h.odd;
	int is_mail = draw(&h.seed, 3) == 0;

	memcpy(before, h.box, h.len);
	if (is_other)
		other_swaps_and_mail_comes();
	else if (is_mail)
		append_mail();
	more = h.len - was;
	why = maildrop_update(d);
	if (why != FINE) {
		char got[BOX_ROOM];

		seen.refused++;
		check(why == CHANGED, "%s: %d", h.title, why);
		check_bytes(got, read_file("mbox", got, sizeof got), h.box,
		    h.len, h.title);
		h.stable = 0;
		return;
	}
	if (is_other) /* two that are the same may have been swapped */
		check(
		    memcmp(before, h.box, was) == 0 || d->left == d->mbox.count,
		    "%s", h.title);
	if (d->left == all->count)
		return;
	memcpy(left + n, h.box + was, more);
	seen.deleted++;
	load();
	check_bytes(h.box, h.len, left, n + more, h.title);
}

static void
use_session(struct maildrop *d, struct mbox *all)
{
	check(maildrop_load(d) == FINE, "%s", h.title);
	check_messages(d, all);
	if (draw(&h.seed, 2)) {
		check(maildrop_ids(d) == FINE, "%s", h.title);
		check_ids(d, all);
	}
	for (uint32_t i = draw(&h.seed, 3); i > 0 && all->count > 0; i--)
		check(check_text_of(d, draw(&h.seed, all->count), all) == FINE,
		    "%s", h.title);
	if (draw(&h.seed, 2))
		delete_some(d, all);
}

/* An edit in place may not have been noticed: then nothing else is shown than
 * there is, and nothing deleted. */
static void
use_edited(struct maildrop *d, struct mbox *all)
{
	char got[BOX_ROOM];
	enum trouble why;

	h.stable = 0;
	if (maildrop_load(d) != FINE || d->mbox.count == 0)
		return;
	for (uint32_t i = 0; i < all->count && i < d->mbox.count; i++)
		if (d->mbox.messages[i].offset == all->messages[i].offset &&
		    mbox_content_end(&d->mbox, i) == mbox_content_end(all, i))
			check_text_of(d, i, all);
	maildrop_mark(d, 1);
	why = maildrop_update(d);
	if (why == CHANGED)
		check_bytes(got, read_file("mbox", got, sizeof got), h.box,
		    h.len, h.title);
	else
		check(why == FINE, "%s", h.title);
	load();
}

static void
count_session(const struct maildrop *d)
{
	seen.sessions++;
	if (d->mbox.messages == NULL)
		seen.known++;
	else if (d->mbox.proven)
		seen.scanned++;
	else
		seen.grown++;
}

static void
a_session(void)
{
	struct maildrop d;
	enum trouble why;
	struct mbox all;
	int is_mbox;

	if (draw(&h.seed, 2))
		time_passes();
	is_mbox = scan_all(&all) == FINE;
	check(maildrop_open(&d, &paths) == FINE, "%s", h.title);
	d.lock.monitor = h.monitor.fd;
	d.lock.use_fcntl = 1;
	why = maildrop_begin(&d);
	/* What is known to be no mbox is never shown as something else. */
	if (!is_mbox && !h.edited)
		check(why != FINE, "%s", h.title);
	if (why == FINE && is_mbox) {
		count_session(&d);
		if (!h.edited || (d.mbox.proven && d.mbox.messages != NULL)) {
			check(d.left == all.count, "%s", h.title);
			check(d.octets == all.octets, "%s", h.title);
			use_session(&d, &all);
			h.edited = 0;
		} else {
			use_edited(&d, &all);
		}
	} else {
		check(!is_mbox || h.edited, "%s", h.title);
	}
	maildrop_close(&d);
	mbox_close(&all);
}

static void
one_history(uint64_t seed)
{
	h.seed = seed * 0x9e3779b97f4a7c15U + 1;
	snprintf(h.title, sizeof h.title, "POP3D_SEED=%llu",
	    (unsigned long long)seed);
	h.len = 0;
	h.serial = 0;
	h.clock = 1000000000;
	h.edited = 0;
	h.odd = 0;
	h.stable = 0;
	h.id_count = 0;
	unlink("mbox");
	make_file("index", "", 0);
	make_file("journal", "", 0);
	h.monitor = start_monitor("mbox", "F");
	append_mail();
	for (int i = 0; i < STEPS; i++) {
		for (uint32_t n = draw(&h.seed, 3); n > 0; n--)
			something_happens();
		if (h.len + 8000 > BOX_ROOM)
			other_empties();
		a_session();
	}
	close(h.monitor.fd);
	close(h.monitor.record);
	assert_int_equal(waitpid(h.monitor.pid, NULL, 0), h.monitor.pid);
}

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void
sessions_show_what_a_scan_finds(void **state)
{
	uint64_t seed = number_from("POP3D_SEED", 1);
	uint64_t count = number_from("POP3D_HISTORIES", HISTORIES);

	(void)state;
	for (uint64_t i = 0; i < count; i++)
		one_history(seed + i);
	printf("# %u sessions: %u by the index's head, %u of a file that has "
	       "grown, %u by a scan; %u updates, %u refused; %u damages\n",
	    seen.sessions, seen.known, seen.grown, seen.scanned, seen.deleted,
	    seen.refused, seen.damaged);
	if (count < HISTORIES)
		return;
	assert_true(seen.known > count && seen.grown > count);
	assert_true(seen.scanned > count && seen.deleted > count);
	assert_true(seen.refused > count / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sessions_show_what_a_scan_finds),
	};

	signal(SIGPIPE, SIG_IGN); /* as pop3d.c does */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0); /* much is truncated */
	return cmocka_run_group_tests_name(
	    "history", tests, enter_dir, leave_dir);
}
