/*
 * Tests of recall.c: of an index that was written for another state of the
 * mailbox only what is still so is believed.
 */
#include "../../recall.h"

#include "failing.h"
#include "mboxes.h"

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING_SYSCALL

#define ONE(n)                                                                 \
	"From a@b Mon Jan  1 10:00:0" n " 2024\nA: " n "\n\ntext " n "\n\n"
#define SIZE ((off_t)sizeof ONE("1") - 1)

/* A mailbox of "count" messages of the same shape. */
static size_t
make_same(char *bytes, size_t room, unsigned count)
{
	size_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += (size_t)snprintf(bytes + n, room - n,
		    "From a@b Mon Jan  1 10:%02u:%02u 2024\n"
		    "A: %06u\n\ntext\n\n",
		    i / 60 % 60, i % 60, i);
	return n;
}

static void
index_of(struct mbox *m, struct index *x)
{
	assert_int_equal(mbox_open(m, "mbox"), FINE);
	assert_int_equal(mbox_scan(m), FINE);
	*x = (struct index){
	    .stamp = m->stamp,
	    .when = m->when,
	    .start = m->start,
	    .octets = m->octets,
	    .count = m->count,
	    .proven = 1,
	    .messages = m->messages,
	};
	m->messages = NULL;
	mbox_clear(m);
}

static void
write_at(off_t at, const char *text)
{
	int fd = open("mbox", O_WRONLY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
	close(fd);
}

static void
touch_it(void)
{
	touch("mbox");
}

static void
set_back(void)
{
	static const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	write_at(3 * SIZE, ONE("4"));
	assert_int_equal(utimensat(AT_FDCWD, "mbox", old, 0), 0);
}

/* A nanosecond older than it was. */
static void
set_back_a_little(void)
{
	struct timespec times[2];
	struct stat st;

	assert_int_equal(stat("mbox", &st), 0);
	write_at(3 * SIZE, ONE("4"));
	times[0] = st.st_mtim;
	times[1] = st.st_mtim;
	times[1].tv_nsec--;
	if (times[1].tv_nsec < 0)
		times[1] = (struct timespec){st.st_mtim.tv_sec - 1, 999999999};
	assert_int_equal(utimensat(AT_FDCWD, "mbox", times, 0), 0);
}

static void
nothing(void)
{
}

static void
grow(void)
{
	write_at(3 * SIZE, ONE("4") ONE("5"));
}

static void
grow_without_blank(void)
{
	write_at(3 * SIZE, "more of the third\n");
}

static void
grow_by_noise(void)
{
	write_at(3 * SIZE, "\n\n\nnoise");
}

static void
drop_first_and_grow(void)
{
	write_at(0, ONE("2") ONE("3") ONE("4") ONE("5"));
}

static void
swap_and_grow(void)
{
	write_at(0, ONE("2") ONE("1") ONE("3") ONE("4"));
}

static void
change_last_and_grow(void)
{
	write_at(2 * SIZE, ONE("9") ONE("4"));
}

static void
lengthen_last(void)
{
	write_at(3 * SIZE - 1, "x\n\n" ONE("4"));
}

static void
replace(void)
{
	rename("mbox", "old");
	make_file(
	    "mbox", ONE("1") ONE("2") ONE("3") ONE("4"), (size_t)(4 * SIZE));
	unlink("old");
}

static void
cut(void)
{
	assert_int_equal(truncate("mbox", 2 * SIZE), 0);
}

static const struct {
	const char *what;
	void (*change)(void);
	uint32_t count; /* 0: not believed */
} changes[] = {
    {"nothing",		       nothing,              3},
    {"two more",		      grow,                 5},
    {"the last goes on",              grow_without_blank,   0},
    {"noise",			 grow_by_noise,        0},
    {"the first deleted, and more",   drop_first_and_grow,  0},
    {"two swapped, and more",         swap_and_grow,        0},
    {"the last is another, and more", change_last_and_grow, 0},
    {"the last is longer, and more",  lengthen_last,        0},
    {"the same, touched",             touch_it,             0},
    {"more, with an older time",      set_back,             0},
    {"a little older",                set_back_a_little,    0},
    {"another file, with more",       replace,              0},
    {"less",			  cut,		  0},
};

static void
only_what_has_grown_is_believed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const char *what = changes[i].what;
		struct index x;
		struct mbox m;

		make_file(
		    "mbox", ONE("1") ONE("2") ONE("3"), (size_t)(3 * SIZE));
		index_of(&m, &x);
		if (changes[i].change == replace)
			mbox_close(&m);
		changes[i].change();
		if (m.fd == -1)
			assert_int_equal(mbox_open(&m, "mbox"), FINE);
		check(recall_grown(&m, &x) ==
			(changes[i].count > 0 ? FINE : CHANGED),
		    "%s", what);
		check(m.count == changes[i].count, "%s", what);
		if (m.count > 0) {
			check(m.proven == 0, "%s", what);
			check(m.octets == 16 * m.count, "%s", what);
			check(mbox_prove(&m, 0) == FINE, "%s", what);
			check(m.proven == 1, "%s", what);
		} else {
			check(x.count == 3 && x.messages != NULL &&
				x.messages[2].offset == 2 * SIZE,
			    "%s", what);
		}
		index_close(&x);
		mbox_close(&m);
	}
}

/* A message that ended without a blank line may have got one. */
static void
a_last_message_gets_its_blank_line(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	make_file("mbox", ONE("1"), (size_t)SIZE - 1);
	index_of(&m, &x);
	assert_int_equal(x.messages[0].tail, 0);
	x.messages[0].copy = 7;
	x.messages[0].id[3] = 9;
	write_at(SIZE - 1, "\n" ONE("2"));
	assert_int_equal(recall_grown(&m, &x), FINE);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.messages[0].tail, 1);
	assert_int_equal(m.messages[0].copy, 7);
	assert_int_equal(m.messages[0].id[3], 9);
	assert_int_equal(mbox_prove(&m, 0), FINE);
	mbox_close(&m);
}

/*
 * Two messages have changed places where nobody looked; what there was to
 * look at is as it was. Neither is shown, and there is no update.
 */
static void
what_is_not_noticed_does_no_harm(void **state)
{
	enum { MANY = 1000 };
	static char bytes[MANY * 70], other[200];
	size_t n = make_same(bytes, sizeof bytes, MANY), size = n / MANY;
	unsigned unnoticed = 0;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		struct index x;
		struct mbox m;
		char *p = bytes + i * size;

		make_file("mbox", bytes, n);
		index_of(&m, &x);
		memcpy(other, p + size, size);
		memcpy(other + size, p, size);
		other[2 * size] = '\0';
		write_at((off_t)(i * size), other);
		write_at((off_t)n, ONE("9"));
		if (recall_grown(&m, &x) == FINE) {
			unnoticed++;
			assert_int_equal(m.count, MANY + 1);
			for (uint32_t j = 0; j < MANY; j++)
				check((mbox_prove_message(&m, j) == FINE) ==
					(j + 1 < i || j > i + 1),
				    "%zu swapped, message %u", i, j);
			assert_int_equal(mbox_prove(&m, (uint32_t)i + 2), FINE);
			assert_false(m.proven);
			assert_int_equal(
			    mbox_prove(&m, (uint32_t)i + 1), CHANGED);
			assert_int_equal(mbox_prove(&m, 0), CHANGED);
		}
		index_close(&x);
		mbox_close(&m);
	}
	assert_in_range(unnoticed, 5, 19);
}

/* The messages are lost; what STAT has said must still be so. */
static void
totals_are_held_against_the_file(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		make_file("mbox", ONE("1") ONE("2"), (size_t)(2 * SIZE));
		index_of(&m, &x);
		x.when.tv_sec += 10;
		x.count += i == 1;
		x.octets += i == 2;
		assert_true(recall_totals(&m, &x));
		assert_null(m.messages);
		if (i == 3)
			write_at(0, ONE("3"));
		else
			write_at(2 * SIZE, "\n");
		touch("mbox");
		check(recall_by_scan(&m) == (i == 0 ? FINE : CHANGED), "%u", i);
		check(m.changed == (i != 0), "%u", i);
		index_close(&x);
		mbox_close(&m);
	}
}

/* It may have the number of one on another device. */
static void
a_file_elsewhere_is_another(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	make_file("mbox", ONE("1") ONE("2"), (size_t)(2 * SIZE));
	index_of(&m, &x);
	x.stamp.dev ^= 1;
	write_at(2 * SIZE, ONE("3"));
	assert_int_equal(recall_grown(&m, &x), CHANGED);
	assert_int_equal(m.count, 0);
	x.stamp.dev ^= 1;
	assert_int_equal(recall_grown(&m, &x), FINE);
	mbox_close(&m);
}

/* The only message has become c-client's own: there is none to hold the last
 * one against. */
static void
a_last_message_may_be_none(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	make_file("mbox", ONE("1"), (size_t)SIZE);
	index_of(&m, &x);
	write_at(0, FROM PSEUDO_SUBJECT "\nX-IMAP: 1 1\n\ntext\n\n");
	assert_int_equal(recall_grown(&m, &x), CHANGED);
	assert_int_equal(m.count, 0);
	assert_int_equal(x.count, 1);
	assert_int_equal(x.messages[0].offset, 0);
	index_close(&x);
	mbox_close(&m);
}

/* Whoever forges his index, or has no clock, is not believed. */
static void
a_scan_before_there_were_clocks_is_unsure(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	make_file("mbox", ONE("1"), (size_t)SIZE);
	index_of(&m, &x);
	x.stamp.mtime.tv_sec = m.stamp.mtime.tv_sec = -100;
	x.stamp.ctime.tv_sec = m.stamp.ctime.tv_sec = -100;
	for (time_t s = -5; s < 3; s++) {
		x.when.tv_sec = s;
		assert_false(recall_totals(&m, &x));
	}
	x.when.tv_sec = 3;
	assert_true(recall_totals(&m, &x));
	x.when.tv_sec = INT64_MIN;
	assert_false(recall_totals(&m, &x));
	index_close(&x);
	mbox_close(&m);
}

/* That is trouble, and no change. */
static void
what_cannot_be_read_is_told(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	make_file("mbox", ONE("1") ONE("2"), (size_t)(2 * SIZE));
	index_of(&m, &x);
	x.when.tv_sec += 10;
	assert_true(recall_totals(&m, &x));
	fail_call("pread", 1, EIO);
	assert_int_equal(recall_by_scan(&m), TEMP);
	assert_false(m.changed);
	fail_call("syscall", 1, EIO);
	assert_int_equal(recall_grown(&m, &x), TEMP);
	fail_call(NULL, 0, 0);
	assert_int_equal(recall_grown(&m, &x), FINE);
	mbox_close(&m);
}

/* Nor is it an mbox any more. */
static void
totals_of_what_is_no_mbox_are_wrong(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	make_file("mbox", ONE("1") ONE("2"), (size_t)(2 * SIZE));
	index_of(&m, &x);
	x.when.tv_sec += 10;
	assert_true(recall_totals(&m, &x));
	write_at(0, "f");
	assert_int_equal(recall_by_scan(&m), CHANGED);
	assert_true(m.changed);
	index_close(&x);
	mbox_close(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_what_has_grown_is_believed),
	    cmocka_unit_test(a_last_message_gets_its_blank_line),
	    cmocka_unit_test(what_is_not_noticed_does_no_harm),
	    cmocka_unit_test(a_file_elsewhere_is_another),
	    cmocka_unit_test(a_last_message_may_be_none),
	    cmocka_unit_test(a_scan_before_there_were_clocks_is_unsure),
	    cmocka_unit_test(what_cannot_be_read_is_told),
	    cmocka_unit_test(totals_of_what_is_no_mbox_are_wrong),
	    cmocka_unit_test(totals_are_held_against_the_file),
	};

	return cmocka_run_group_tests_name(
	    "recall", tests, enter_dir, leave_dir);
}
