/*
 * Tests of maildrop.c: sessions on one mailbox, what they show and what they
 * leave behind.
 */
#include "../../maildrop.h"

#include "../../uidl.h"

#include "failing.h"
#include "mboxes.h"
#include "monitors.h"

#include <signal.h>
#include <sys/syscall.h>

static unsigned syncs;

/* Tests need no disk; but that there was a sync must be seen. */
int
fsync(int fd)
{
	(void)fd;
	syncs++;
	return 0;
}

int
fcntl(int fd, int what, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return is_to_fail("fcntl") ? -1
				   : (int)syscall(SYS_fcntl, fd, what, arg);
}

struct opened {
	struct maildrop drop;
	struct fake_monitor monitor;
};

static const struct maildrop_paths paths = {"mbox", "index", "journal"};

static void
forget_state(void)
{
	make_file("index", "", 0);
	make_file("journal", "", 0);
}

/* Opens and locks, with a monitor that answers so. */
static enum trouble
open_drop(struct opened *o, const char *answers)
{
	enum trouble why;

	o->monitor = start_monitor("mbox", answers);
	why = maildrop_open(&o->drop, &paths);
	if (why != FINE)
		return why;
	o->drop.lock.monitor = o->monitor.fd;
	o->drop.lock.use_fcntl = 1;
	o->drop.lock.use_dotlock = 1;
	return maildrop_begin(&o->drop);
}

/* Closes; the monitor was sent this. */
static void
close_drop(struct opened *o, const char *sent, const char *title)
{
	maildrop_close(&o->drop);
	maildrop_close(&o->drop);
	stop_monitor(&o->monitor, sent, title);
}

static void
write_mbox(const char *text)
{
	make_file("mbox", text, strlen(text));
}

static void
append(const char *text, size_t n)
{
	int fd = open("mbox", O_WRONLY | O_APPEND);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static void
write_part(off_t at, const char *text, size_t n)
{
	int fd = open("mbox", O_WRONLY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(pwrite(fd, text, n, at), (ssize_t)n);
	close(fd);
}

static void
check_mbox(const char *want, size_t want_n, const char *title)
{
	static char got[2 * MODEL_ROOM];
	size_t n = read_file("mbox", got, sizeof got);

	check_bytes(got, n, want, want_n, title);
}

#define A FROM "A: 1\n\none\n\n"
#define B FROM "B: 22\n\ntwo two\n\n"
#define C FROM "C: 333\n\nthree three three\n\n"
#define P FROM PSEUDO_SUBJECT "\nX-IMAP: 1 1\n\ntext\n\n"

static void
messages_are_numbered_and_marked(void **state)
{
	struct opened o;
	struct maildrop *d = &o.drop;

	(void)state;
	forget_state();
	write_mbox(A B C);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_count(d), 3);
	assert_int_equal(d->left, 3);
	assert_int_equal(d->octets, 13 + 18 + 29);
	assert_null(maildrop_find(d, 0));
	assert_null(maildrop_find(d, 4));
	assert_null(maildrop_find(d, UINT32_MAX));
	assert_int_equal(maildrop_find(d, 2)->octets, 18);
	maildrop_mark(d, 2);
	assert_null(maildrop_find(d, 2));
	assert_int_equal(maildrop_count(d), 3);
	assert_int_equal(d->left, 2);
	assert_int_equal(d->octets, 13 + 29);
	maildrop_mark(d, 1);
	maildrop_mark(d, 3);
	assert_int_equal(d->left, 0);
	assert_int_equal(d->octets, 0);
	maildrop_unmark_all(d);
	assert_non_null(maildrop_find(d, 2));
	assert_int_equal(d->left, 3);
	assert_int_equal(d->octets, 13 + 18 + 29);
	close_drop(&o, "LU", "no update");
	check_mbox(A B C, strlen(A B C), "as it was");
}

static void
messages_are_read(void **state)
{
	struct reading r;
	struct opened o;
	char got[100];
	size_t len;

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(open_drop(&o, "F"), FINE);
	maildrop_read(&o.drop, 2, 0, &r);
	assert_int_equal(message_pull(&r, got, sizeof got, &len), FINE);
	check_bytes(got, len, "B: 22\n\n", 7, "the top of the second");
	close_drop(&o, "LU", "read");
}

static const struct {
	const char *what;
	const char *before;
	const char *marks; /* digits */
	const char *appended;
	const char *after;
} updates[] = {
    {"the first",		    A B C,      "1",   "",                B C              },
    {"one in the middle",            A B C,      "2",   "",                A C              },
    {"the last",		     A B C,      "3",   "",                A B              },
    {"all",			  A B C,      "123", "",                ""               },
    {"the only one",                 A,          "1",   "",                ""               },
    {"marks in another order",       A B C,      "31",  "",                B                },
    {"a first, mail has come",       A B,        "1",   C,                 B C              },
    {"a last, mail has come",        A B,        "2",   C,                 A C              },
    {"all, mail has come",           A B,        "12",  C,                 C                },
    {"all, much mail has come",      A,          "1",   A B C A B C A B C, A B C A B C A B C},
    {"mail that only looks like it", B C,        "1",   "x",               C "x"            },
    {"c-client's message stays",     P A B,      "12",  "",                P                },
    {"it is not the first",          P A B,      "1",   C,                 P B C            },
    {"no LF at the end",             A B "x",    "1",   "",                B "x"            },
    {"nor of a deleted one",         A B "x",    "2",   "",                A                },
    {"blank lines before all",       "\n\n" A B, "1",   "",                B                },
    {"they stay with the first",     "\n\n" A B, "2",   "",                "\n\n" A         },
};

static void
what_is_marked_is_deleted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(updates); i++) {
		const char *what = updates[i].what;
		struct stat was, is;
		struct opened o;
		uint32_t count;

		forget_state();
		write_mbox(updates[i].before);
		assert_int_equal(stat("mbox", &was), 0);
		check(open_drop(&o, "F") == FINE, "%s", what);
		count = maildrop_count(&o.drop);
		for (const char *m = updates[i].marks; *m != '\0'; m++)
			maildrop_mark(&o.drop, (uint32_t)(*m - '0'));
		append(updates[i].appended, strlen(updates[i].appended));
		syncs = 0;
		check(maildrop_update(&o.drop) == FINE, "%s", what);
		check(syncs > 0, "%s", what);
		close_drop(&o, "LULU", what);
		check_mbox(updates[i].after, strlen(updates[i].after), what);
		assert_int_equal(stat("mbox", &is), 0);
		check(was.st_ino == is.st_ino, "%s", what);
		check(was.st_mode == is.st_mode, "%s", what);
		assert_int_equal(stat("journal", &is), 0);
		check(is.st_size == 0, "%s", what);
		if (*updates[i].appended != '\0')
			continue;
		check(open_drop(&o, "F") == FINE, "%s", what);
		check(
		    maildrop_count(&o.drop) == count - strlen(updates[i].marks),
		    "%s", what);
		close_drop(&o, "LU", what);
	}
}

/* What should stand in the mailbox when those messages are gone. */
static size_t
expect_after(const struct maildrop *d, const char *more, char *want)
{
	size_t n = model.start;

	memcpy(want, model.bytes, n);
	for (size_t i = 0; i < model.count; i++) {
		const struct model_message *one = &model.messages[i];
		size_t size = one->next - one->offset;

		if (maildrop_find(d, (uint32_t)i + 1) == NULL)
			continue;
		memcpy(want + n, model.bytes + one->offset, size);
		n += size;
	}
	memcpy(want + n, more, strlen(more));
	return n + strlen(more);
}

static void
random_updates_agree_with_the_model(void **state)
{
	static char want[2 * MODEL_ROOM];
	uint64_t seed = 23;
	unsigned deleted = 0;
	char title[64];

	(void)state;
	for (unsigned i = 0; i < 150; i++) {
		const char *more = draw(&seed, 2) ? C : "";
		struct opened o;
		size_t n;

		snprintf(title, sizeof title, "seed %u", i);
		draw_mbox(i);
		if (!model.is_mbox || model.count == 0)
			continue;
		forget_state();
		make_file("mbox", model.bytes, model.len);
		check(open_drop(&o, "F") == FINE, "%s", title);
		assert_int_equal(maildrop_count(&o.drop), model.count);
		maildrop_mark(&o.drop, 1 + draw(&seed, o.drop.mbox.count));
		for (uint32_t j = 1; j <= model.count; j++)
			if (draw(&seed, 3) == 0 &&
			    maildrop_find(&o.drop, j) != NULL)
				maildrop_mark(&o.drop, j);
		deleted += (unsigned)model.count - o.drop.left;
		n = expect_after(&o.drop, more, want);
		append(more, strlen(more));
		check(maildrop_update(&o.drop) == FINE, "%s", title);
		close_drop(&o, "LULU", title);
		check_mbox(want, n, title);
	}
	assert_in_range(deleted, 150, 5000);
}

/* Larger than the blocks in which bytes are moved. */
static void
large_messages_are_moved_whole(void **state)
{
	enum { SIZE = 700000 };
	char *bytes = malloc(3 * SIZE), *got = malloc(3 * SIZE);
	struct opened o;
	size_t n = 0, first;

	(void)state;
	n = (size_t)sprintf(bytes, A B);
	first = strlen(A);
	n += (size_t)sprintf(bytes + n, FROM "\n");
	for (size_t i = 0; i < SIZE; i++)
		bytes[n++] = i % 70 == 69 ? '\n' : (char)('a' + i % 23);
	n += (size_t)sprintf(bytes + n, "\n\n" C);
	forget_state();
	make_file("mbox", bytes, n);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_count(&o.drop), 4);
	maildrop_mark(&o.drop, 1);
	assert_int_equal(maildrop_update(&o.drop), FINE);
	close_drop(&o, "LULU", "large");
	check_bytes(got, read_file("mbox", got, 3 * SIZE), bytes + first,
	    n - first, "large");
	free(bytes);
	free(got);
}

static void
without_marks_nothing_is_touched(void **state)
{
	struct stat was, is;
	struct opened o;

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(stat("mbox", &was), 0);
	assert_int_equal(open_drop(&o, "F"), FINE);
	maildrop_mark(&o.drop, 1);
	maildrop_unmark_all(&o.drop);
	assert_int_equal(maildrop_update(&o.drop), FINE);
	close_drop(&o, "LU", "no second lock");
	assert_int_equal(stat("mbox", &is), 0);
	assert_memory_equal(&was.st_mtim, &is.st_mtim, sizeof was.st_mtim);
	assert_memory_equal(&was.st_ctim, &is.st_ctim, sizeof was.st_ctim);
}

static void
marks_without_an_update_are_nothing(void **state)
{
	struct opened o;

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(open_drop(&o, "F"), FINE);
	maildrop_mark(&o.drop, 1);
	close_drop(&o, "LU", "closed");
	check_mbox(A B, strlen(A B), "closed without update");
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(o.drop.left, 2);
	close_drop(&o, "LU", "again");
}

static void
there_is_one_session(void **state)
{
	struct opened first, second;

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(open_drop(&first, "F"), FINE);
	note_log();
	assert_int_equal(open_drop(&second, "F"), BUSY);
	assert_int_equal(logged_lines, 1);
	close_drop(&second, "", "the second asks for nothing");
	maildrop_mark(&first.drop, 1);
	assert_int_equal(maildrop_update(&first.drop), FINE);
	close_drop(&first, "LULU", "the first goes on");
	assert_int_equal(open_drop(&second, "F"), FINE);
	assert_int_equal(maildrop_count(&second.drop), 1);
	close_drop(&second, "LU", "the second's turn");
}

/* Who has the lock is told from a lock that cannot be had. */
static void
a_lock_that_fails_is_told(void **state)
{
	static const struct {
		int error;
		enum trouble why;
	} answers[] = {
	    {EAGAIN, BUSY},
            {EACCES, BUSY},
            {ENOLCK, TEMP}
        };
	struct opened o;

	(void)state;
	write_mbox(A B);
	for (size_t i = 0; i < COUNT(answers); i++) {
		forget_state();
		fail_call("fcntl", 1, answers[i].error);
		check(open_drop(&o, "F") == answers[i].why, "%s",
		    strerror(answers[i].error));
		fail_call(NULL, 0, 0);
		maildrop_close(&o.drop);
		stop_monitor(&o.monitor, "", "nothing is asked for");
	}
}

/* Who waits for another session does not wait without a monitor; nor is the
 * other one asked to leave any more. */
static void
nobody_waits_without_a_monitor(void **state)
{
	struct opened first;
	struct maildrop second;
	int ends[2];

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(open_drop(&first, "F"), FINE);
	assert_int_equal(maildrop_open(&second, &paths), FINE);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	close(ends[1]);
	second.takes_over = 1;
	second.lock.monitor = ends[0];
	fail_call("fcntl", UINT32_MAX, 0); /* they are counted */
	assert_int_equal(maildrop_begin(&second), BUSY);
	assert_int_equal(fault.seen, 3);
	fail_call(NULL, 0, 0);
	assert_false(maildrop_is_wanted(&first.drop));
	maildrop_close(&second);
	close(ends[0]);
	close_drop(&first, "LU", "the first is not disturbed");
}

static const struct {
	const char *what;
	const char *answers;
	enum trouble at_login;
	enum trouble at_update;
} locks[] = {
    {"all is well",            "F",   FINE, FINE   },
    {"no dot-lock to be had",  "P",   FINE, FINE   },
    {"busy for a moment",      "BF",  FINE, FINE   },
    {"busy before the update", "FBF", FINE, FINE   },
    {"replaced at login",      "O",   TEMP, TEMP   },
    {"replaced before update", "FO",  FINE, CHANGED},
    {"removed before update",  "FN",  FINE, CHANGED},
    {"the monitor goes",       "E",   TEMP, TEMP   },
    {"it goes before update",  "FE",  FINE, TEMP   },
    {"it answers oddly",       "FG",  FINE, TEMP   },
};

static void
without_the_lock_nothing_is_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(locks); i++) {
		const char *what = locks[i].what;
		const char *after = A B;
		struct opened o;

		forget_state();
		write_mbox(A B);
		check(open_drop(&o, locks[i].answers) == locks[i].at_login,
		    "%s", what);
		if (locks[i].at_login == FINE) {
			maildrop_mark(&o.drop, 1);
			check(maildrop_update(&o.drop) == locks[i].at_update,
			    "%s", what);
			if (locks[i].at_update == FINE)
				after = B;
		}
		maildrop_close(&o.drop);
		close(o.monitor.fd);
		close(o.monitor.record);
		waitpid(o.monitor.pid, NULL, 0);
		check_mbox(after, strlen(after), what);
	}
}

static const struct {
	const char *what;
	const char *now; /* that another program has made of A B C */
} changes[] = {
    {"emptied",          ""				  },
    {"shortened",        A B				 },
    {"first gone",       B C				 },
    {"first gone, more", B C A A                             },
    {"reordered, more",  B A C A                             },
    {"no mbox, longer",
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
};

static void
a_changed_mailbox_is_left_alone(void **state)
{
	struct opened o;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const char *what = changes[i].what;

		forget_state();
		write_mbox(A B C);
		check(open_drop(&o, "F") == FINE, "%s", what);
		maildrop_mark(&o.drop, 1);
		assert_int_equal(truncate("mbox", 0), 0);
		append(changes[i].now, strlen(changes[i].now));
		check(maildrop_update(&o.drop) == CHANGED, "%s", what);
		check(maildrop_ids(&o.drop) != FINE, "%s", what);
		close_drop(&o, "LULU", what);
		check_mbox(changes[i].now, strlen(changes[i].now), what);
	}
}

static void
no_mailbox_is_an_empty_maildrop(void **state)
{
	struct stat st;
	struct opened o;

	(void)state;
	forget_state();
	unlink("mbox");
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_count(&o.drop), 0);
	assert_null(maildrop_find(&o.drop, 1));
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	assert_int_equal(maildrop_update(&o.drop), FINE);
	close_drop(&o, "", "nothing to lock");
	assert_int_equal(stat("mbox", &st), -1);
}

static void
no_state_file_is_trouble(void **state)
{
	struct opened o;

	(void)state;
	write_mbox(A);
	forget_state();
	unlink("journal");
	assert_int_equal(open_drop(&o, "F"), TEMP);
	close_drop(&o, "", "no journal");
	forget_state();
	unlink("index");
	assert_int_equal(symlink("journal", "index"), 0);
	assert_int_equal(open_drop(&o, "F"), TEMP);
	close_drop(&o, "", "an index that is a link");
	unlink("index");
}

/* The ids of all messages, as the ends of their texts. */
static void
show_ids(struct opened *o, char ids[8][UIDL_TEXT])
{
	assert_int_equal(maildrop_ids(&o->drop), FINE);
	assert_in_range(maildrop_count(&o->drop), 0, 8);
	for (uint32_t i = 0; i < maildrop_count(&o->drop); i++)
		uidl_text(maildrop_find(&o->drop, i + 1), ids[i]);
}

static void
copies_keep_their_ids(void **state)
{
	char ids[8][UIDL_TEXT] = {{'\0'}};
	struct opened o;

	(void)state;
	forget_state();
	write_mbox(A B A A);
	assert_int_equal(open_drop(&o, "F"), FINE);
	show_ids(&o, ids);
	assert_int_equal(strlen(ids[0]), 22);
	assert_memory_equal(ids[0], ids[2], 22);
	assert_memory_equal(ids[0], ids[3], 22);
	check_text(ids[2] + 22, "-2", "the second copy");
	check_text(ids[3] + 22, "-3", "the third copy");
	assert_memory_not_equal(ids[0], ids[1], 22);
	maildrop_mark(&o.drop, 1);
	assert_int_equal(maildrop_update(&o.drop), FINE);
	close_drop(&o, "LULU", "the first is deleted");

	append(A, strlen(A));
	assert_int_equal(open_drop(&o, "F"), FINE);
	show_ids(&o, ids);
	check_text(ids[1] + 22, "-2", "still the second");
	check_text(ids[2] + 22, "-3", "still the third");
	check_text(ids[3] + 22, "-4", "a new one");
	close_drop(&o, "LU", "seen");

	/* A session that asks for no ids must not forget them. */
	append(B, strlen(B));
	assert_int_equal(open_drop(&o, "F"), FINE);
	close_drop(&o, "LU", "no ids asked");
	assert_int_equal(open_drop(&o, "F"), FINE);
	show_ids(&o, ids);
	check_text(ids[1] + 22, "-2", "after a session without ids");
	close_drop(&o, "LU", "seen again");
}

/* Makes the index say that the file had rested for long. */
static void
age_index(uint64_t octets)
{
	int fd = open("index", O_RDWR);
	struct index x;

	index_read(&x, fd, 1000);
	assert_int_equal(x.count, 2);
	assert_int_equal(index_read_messages(&x, fd), FINE);
	x.when.tv_sec += 100;
	x.octets = octets + x.messages[1].octets;
	x.messages[0].octets = octets & MESSAGE_OCTETS;
	index_write(&x, fd, 0);
	index_close(&x);
	close(fd);
}

static void
an_old_index_saves_the_scan(void **state)
{
	struct opened o;

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	close_drop(&o, "LU", "first");
	age_index(14); /* not what a scan would find */
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(o.drop.octets, 14 + 18);
	assert_null(o.drop.mbox.messages);
	assert_int_equal(maildrop_load(&o.drop), FINE);
	assert_int_equal(maildrop_find(&o.drop, 1)->octets, 14);
	assert_true(o.drop.has_ids);
	close_drop(&o, "", "believed, without a lock");
	append(C, strlen(C));
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_find(&o.drop, 1)->octets, 14);
	assert_int_equal(maildrop_find(&o.drop, 3)->octets, 29);
	assert_int_equal(maildrop_count(&o.drop), 3);
	assert_false(o.drop.has_ids);
	close_drop(&o, "LU", "only what is new was scanned");
	touch("mbox");
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_find(&o.drop, 1)->octets, 13);
	close_drop(&o, "LU", "not believed any more");
}

/* What came while a session ran was not scanned by it. */
static void
mail_of_the_last_session_is_not_missed(void **state)
{
	struct opened o;

	(void)state;
	forget_state();
	write_mbox(A B);
	assert_int_equal(open_drop(&o, "F"), FINE);
	append(C, strlen(C));
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	assert_int_equal(maildrop_count(&o.drop), 2);
	close_drop(&o, "LU", "mail has come");
	age_index(13);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_count(&o.drop), 3);
	close_drop(&o, "LU", "all of it");
}

static void
a_damaged_index_costs_nothing(void **state)
{
	static const char noise[] = "pop3d\0\0\1 and noise";
	struct opened o;

	(void)state;
	forget_state();
	write_mbox(A B C);
	make_file("index", noise, sizeof noise);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_count(&o.drop), 3);
	close_drop(&o, "LU", "damaged");
}

static void
check_index_whole(struct opened *o, uint32_t count, const char *title)
{
	note_log();
	check(maildrop_load(&o->drop) == FINE, "%s", title);
	check(logged_lines == 0, "%s: %s", title, logged);
	check(maildrop_count(&o->drop) == count, "%s", title);
	check(o->drop.has_ids, "%s", title);
}

static void
make_it_old(void)
{
	int fd = open("index", O_RDWR);
	struct index x;

	index_read(&x, fd, 10000);
	assert_int_equal(index_read_messages(&x, fd), FINE);
	x.when.tv_sec += 100;
	index_write(&x, fd, 0);
	index_close(&x);
	close(fd);
}

/* Whatever a session does, what it writes is what the next one reads. */
static void
an_index_is_whole_for_the_next_session(void **state)
{
	struct opened o;

	(void)state;
	forget_state();
	make_file("mbox", P A B, strlen(P A B) - 1); /* no blank line */
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	maildrop_mark(&o.drop, 1); /* and no QUIT */
	close_drop(&o, "LU", "scanned");
	make_it_old();
	assert_int_equal(open_drop(&o, "F"), FINE);
	check_index_whole(&o, 2, "marked");
	close_drop(&o, "", "known");

	append("\n" C, strlen(C) + 1);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_false(o.drop.mbox.proven);
	assert_int_equal(o.drop.mbox.start, strlen(P));
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	close_drop(&o, "LU", "grown");
	make_it_old();
	assert_int_equal(open_drop(&o, "F"), FINE);
	check_index_whole(&o, 3, "grown");
	maildrop_mark(&o.drop, 2);
	assert_int_equal(maildrop_update(&o.drop), FINE);
	close_drop(&o, "LU", "updated");
	check_mbox(P A C, strlen(P A C), "updated");
	make_it_old();
	assert_int_equal(open_drop(&o, "F"), FINE);
	check_index_whole(&o, 2, "updated");
	close_drop(&o, "", "known again");
}

/*
 * Two messages have changed places where nobody looks after an append: what
 * is shown of them, and an update, must find that out, and the next session
 * must know better.
 */
static void
what_went_unnoticed_is_found_in_time(void **state)
{
	enum { MANY = 1000, ONE = 60 };
	static char bytes[MANY * ONE + 1], other[2 * ONE];
	struct reading r;
	struct opened o;
	char got[100];
	size_t len;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		sprintf(bytes + i * ONE, FROM "A: %04u\n\n%15u\n\n", i, i);
	for (int use = 0; use < 2; use++) {
		forget_state();
		make_file("mbox", bytes, MANY * ONE);
		assert_int_equal(open_drop(&o, "F"), FINE);
		assert_int_equal(maildrop_count(&o.drop), MANY);
		close_drop(&o, "LU", "scanned");
		memcpy(other, bytes + 3 * ONE, ONE);
		memcpy(other + ONE, bytes + 2 * ONE, ONE);
		write_part(2 * ONE, other, sizeof other);
		append(C, strlen(C));
		assert_int_equal(open_drop(&o, "F"), FINE);
		assert_int_equal(maildrop_count(&o.drop), MANY + 1);
		assert_false(o.drop.mbox.proven);
		if (use == 0) {
			maildrop_read(&o.drop, 3, MESSAGE_ALL, &r);
			assert_int_equal(
			    message_pull(&r, got, sizeof got, &len), CHANGED);
		} else {
			maildrop_mark(&o.drop, 3);
			assert_int_equal(maildrop_update(&o.drop), CHANGED);
		}
		close_drop(&o, use == 0 ? "LU" : "LULU", "unnoticed");
		append(C, strlen(C));
		assert_int_equal(open_drop(&o, "F"), FINE);
		assert_true(o.drop.mbox.proven);
		assert_int_equal(maildrop_count(&o.drop), MANY + 2);
		close_drop(&o, "LU", "scanned again");
	}
}

/* A shell's "you have mail" depends on which time is the later. */
static void
times_tell_whether_mail_is_new(void **state)
{
	static const struct timespec times[][2] = {
	    {{.tv_sec = 1000000000}, {.tv_sec = 1100000000}},
	    {{.tv_sec = 1100000000}, {.tv_sec = 1000000000}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		struct opened o;
		struct stat st;

		forget_state();
		write_mbox(A B);
		assert_int_equal(utimensat(AT_FDCWD, "mbox", times[i], 0), 0);
		assert_int_equal(open_drop(&o, "F"), FINE);
		maildrop_mark(&o.drop, 1);
		assert_int_equal(maildrop_update(&o.drop), FINE);
		close_drop(&o, "LULU", "times");
		assert_int_equal(stat("mbox", &st), 0);
		check(i == 0 ? st.st_atim.tv_sec == 1000000000
			     : st.st_atim.tv_sec >= st.st_mtim.tv_sec,
		    "case %zu", i);
		check(st.st_mtim.tv_sec > 1100000000, "case %zu", i);
	}
}

#define CRON(n)                                                                \
	"From root@a Mon Jan  1 0" n ":00:01 2024\nDate: 0" n                  \
	":00\nSubject: Cron\n\ndisk is fine at 0" n ":00\n\n"

/* A mail reader deletes the first, and more of just that size come. */
static void
mail_of_the_same_shape_is_told_apart(void **state)
{
	struct opened o;
	char got[1000];
	size_t left;

	(void)state;
	forget_state();
	make_file("mbox", CRON("1") CRON("2"), 2 * strlen(CRON("1")));
	assert_int_equal(open_drop(&o, "F"), FINE);
	make_file("mbox", CRON("2") CRON("3") CRON("4"), 3 * strlen(CRON("1")));
	maildrop_mark(&o.drop, 1);
	maildrop_mark(&o.drop, 2);
	assert_int_equal(maildrop_update(&o.drop), CHANGED);
	close_drop(&o, "LULU", "changed");
	left = read_file("mbox", got, sizeof got - 1);
	got[left] = 0;
	assert_string_equal(got, CRON("2") CRON("3") CRON("4"));
}

/* Copies keep their numbers in a session that never asks for an id. */
static void
copies_outlive_an_update_without_ids(void **state)
{
	struct opened o;
	char id[UIDL_TEXT];

	(void)state;
	forget_state();
	make_file("mbox", A A A, 3 * strlen(A));
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	close_drop(&o, "LU", "asked");
	make_file("mbox", A A A B, 3 * strlen(A) + strlen(B));
	assert_int_equal(open_drop(&o, "F"), FINE);
	maildrop_mark(&o.drop, 1);
	assert_int_equal(maildrop_update(&o.drop), FINE);
	close_drop(&o, "LULU", "deleted");
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	assert_string_equal(
	    uidl_text(maildrop_find(&o.drop, 1), id) + 22, "-2");
	assert_string_equal(
	    uidl_text(maildrop_find(&o.drop, 2), id) + 22, "-3");
	close_drop(&o, "LU", "asked again");
}

/* An index that is kept for its copies alone is no more of any state. */
static void
an_index_kept_for_its_copies_is_disowned(void **state)
{
	struct opened o;
	struct index x;
	int fd;

	(void)state;
	forget_state();
	write_mbox(A A);
	assert_int_equal(open_drop(&o, "F"), FINE);
	assert_int_equal(maildrop_ids(&o.drop), FINE);
	close_drop(&o, "LU", "asked");
	write_mbox(B A A); /* another file */
	assert_int_equal(open_drop(&o, "F"), FINE);
	close_drop(&o, "LU", "not asked");
	fd = open("index", O_RDONLY);
	index_read(&x, fd, 1000);
	close(fd);
	assert_int_equal(x.count, 2);
	assert_true(x.has_ids);
	assert_int_equal(x.stamp.ino, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_are_numbered_and_marked),
	    cmocka_unit_test(messages_are_read),
	    cmocka_unit_test(what_is_marked_is_deleted),
	    cmocka_unit_test(random_updates_agree_with_the_model),
	    cmocka_unit_test(large_messages_are_moved_whole),
	    cmocka_unit_test(without_marks_nothing_is_touched),
	    cmocka_unit_test(marks_without_an_update_are_nothing),
	    cmocka_unit_test(there_is_one_session),
	    cmocka_unit_test(a_lock_that_fails_is_told),
	    cmocka_unit_test(nobody_waits_without_a_monitor),
	    cmocka_unit_test(without_the_lock_nothing_is_changed),
	    cmocka_unit_test(a_changed_mailbox_is_left_alone),
	    cmocka_unit_test(no_mailbox_is_an_empty_maildrop),
	    cmocka_unit_test(no_state_file_is_trouble),
	    cmocka_unit_test(copies_keep_their_ids),
	    cmocka_unit_test(an_old_index_saves_the_scan),
	    cmocka_unit_test(mail_of_the_last_session_is_not_missed),
	    cmocka_unit_test(a_damaged_index_costs_nothing),
	    cmocka_unit_test(an_index_is_whole_for_the_next_session),
	    cmocka_unit_test(what_went_unnoticed_is_found_in_time),
	    cmocka_unit_test(times_tell_whether_mail_is_new),
	    cmocka_unit_test(mail_of_the_same_shape_is_told_apart),
	    cmocka_unit_test(an_index_kept_for_its_copies_is_disowned),
	    cmocka_unit_test(copies_outlive_an_update_without_ids),
	};

	signal(SIGPIPE, SIG_IGN); /* as pop3d.c does */
	return cmocka_run_group_tests_name(
	    "maildrop", tests, enter_dir, leave_dir);
}
