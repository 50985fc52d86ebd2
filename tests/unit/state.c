/*
 * Tests of state.c: one pair of files for one mailbox, and only files that
 * are the user's own.
 */
#include "../../state.h"

#include "failing.h"
#include "test.h"

#include <glob.h>
#include <sys/random.h>
#include <time.h>

static int syncs;      /* of the directory */
static int sync_fails; /* errno, or 0 */

int
fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	syncs++;
	errno = sync_fails;
	return sync_fails ? -1 : 0;
}

FAILING(ssize_t, getrandom, (void *out, size_t n, unsigned flags),
    (out, n, flags), -1)
FAILING(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t at),
    (fd, bytes, n, at), -1)
FAILING(int, fdatasync, (int fd), (fd), -1)
FAILING(
    int, futimens, (int fd, const struct timespec times[2]), (fd, times), -1)
FAILING(int, lstat, (const char *path, struct stat *st), (path, st), -1)
FAILING(
    int, lchown, (const char *path, uid_t uid, gid_t gid), (path, uid, gid), -1)

/* Those that another process may be quicker at. */

int
open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...);
	void *found_ = dlsym(RTLD_NEXT, "open");
	int fd;

	memcpy(&real, &found_, sizeof real);
	if (is_to_fail("open"))
		return -1;
	fd = real(path, flags, 0600);
	if ((flags & O_EXCL) == 0 || !is_to_fail("open first"))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

static const char others_key[] = "another has drawn this one, here";

int
link(const char *from, const char *to)
{
	if (is_to_fail("link"))
		return -1;
	if (is_to_fail("link first"))
		make_file(to, others_key, 32);
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

static struct account
an_account(const char *mailbox)
{
	struct account a = {.name = "joe", .uid = geteuid(), .gid = getegid()};

	snprintf(a.mailbox, sizeof a.mailbox, "%s", mailbox);
	return a;
}

static int
begin(void **state)
{
	(void)state;
	note_log();
	return mkdir("state", 0711);
}

static int
end(void **state)
{
	(void)state;
	return nftw("state", remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void
files_are_made_once(void **state)
{
	struct account a = an_account("/var/mail/joe");
	struct state_paths p;
	struct stat was, is;

	(void)state;
	assert_int_equal(state_make("state", &a, &p), FINE);
	check_text(p.index, "state/var:mail:joe.index", "the index");
	check_text(p.journal, "state/var:mail:joe.journal", "the journal");
	assert_int_equal(stat(p.index, &was), 0);
	assert_int_equal(was.st_mode & 07777, 0600);
	assert_int_equal(was.st_size, 0);
	make_file(p.journal, "what it holds stays", 19);
	assert_int_equal(state_make("state", &a, &p), FINE);
	assert_int_equal(stat(p.index, &is), 0);
	assert_true(is.st_ino == was.st_ino);
	assert_int_equal(stat(p.journal, &is), 0);
	assert_int_equal(is.st_size, 19);
	assert_int_equal(logged_lines, 0);
}

/* Once in a mailbox's life: its journal has a name on disk. */
static void
a_new_name_is_synced(void **state)
{
	struct account a = an_account("/var/mail/joe");
	struct state_paths p;

	(void)state;
	syncs = 0;
	assert_int_equal(state_make("state", &a, &p), FINE);
	assert_int_equal(syncs, 1);
	assert_int_equal(state_make("state", &a, &p), FINE);
	assert_int_equal(syncs, 1);
	unlink(p.journal);
	sync_fails = EINVAL; /* a file system that knows no such thing */
	assert_int_equal(state_make("state", &a, &p), FINE);
	unlink(p.journal);
	sync_fails = EIO;
	assert_int_equal(state_make("state", &a, &p), TEMP);
	assert_int_equal(logged_lines, 1);
	sync_fails = 0;
}

/* Root makes them, but they are the user's. */
static void
files_are_handed_over(void **state)
{
	struct account a = an_account("/var/mail/joe");
	struct state_paths p;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	a.uid = 12345;
	a.gid = 12346;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(state_make("state", &a, &p), FINE);
		assert_int_equal(stat(p.journal, &st), 0);
		assert_int_equal(st.st_uid, 12345);
		assert_int_equal(st.st_gid, 12346);
	}
	a.uid = 54321; /* the mailbox has another user now */
	assert_int_equal(state_make("state", &a, &p), PERM);
	assert_int_equal(logged_lines, 1);
}

#define DIR_OF_50 "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *mailbox;
	const char *index; /* NULL: refused */
} names[] = {
    {"/mbox",						   "state/mbox.index"            },
    {"/home/joe/mbox",					  "state/home:joe:mbox.index"   },
    {"/var/mail/joe@a.b",				       "state/var:mail:joe@a.b.index"},
    {"/a:b",						    NULL			  },
    {DIR_OF_50 DIR_OF_50 DIR_OF_50 DIR_OF_50 DIR_OF_50 "/mbox", NULL                          },
};

static void
names_are_paths_with_colons(void **state)
{
	struct state_paths p;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct account a = an_account(names[i].mailbox);
		enum trouble why;

		note_log();
		why = state_make("state", &a, &p);
		check(why == (names[i].index != NULL ? FINE : PERM), "%s",
		    names[i].mailbox);
		check(logged_lines == (why != FINE), "%s", names[i].mailbox);
		if (why == FINE)
			check_text(p.index, names[i].index, names[i].mailbox);
	}
}

/* Every length of both paths: a file is made, or it is refused. */
static void
no_length_is_too_much(void **state)
{
	static char dir[PRIVSEP_PATH + 10], box[PRIVSEP_PATH + 1];
	struct state_paths p;

	(void)state;
	memcpy(dir, "state", 5);
	for (size_t d = 5; d < sizeof dir - 1; d += d < 700 ? 61 : 1)
		for (size_t b = 240; b < 260; b++) {
			struct account a;

			memset(dir + 5, '/', d - 5);
			dir[d] = '\0';
			memset(box, 'x', b);
			box[0] = '/';
			box[b] = '\0';
			a = an_account(box);
			if (state_make(dir, &a, &p) != FINE)
				continue;
			check(strlen(p.journal) == d + b + strlen(".journal"),
			    "%zu and %zu", d, b);
			unlink(p.index);
			unlink(p.journal);
		}
}

/* Each leaves something odd where the index should be. */

static void
make_symlink(void)
{
	make_file("target", "", 0);
	assert_int_equal(symlink("../target", "state/mbox.index"), 0);
}

static void
make_dangling(void)
{
	assert_int_equal(symlink("nothing", "state/mbox.index"), 0);
}

static void
make_directory(void)
{
	assert_int_equal(mkdir("state/mbox.index", 0700), 0);
}

static void
make_fifo(void)
{
	assert_int_equal(mkfifo("state/mbox.index", 0600), 0);
}

static void
make_hard_link(void)
{
	make_file("target", "", 0);
	assert_int_equal(link("target", "state/mbox.index"), 0);
}

static const struct {
	const char *what;
	void (*make)(void);
} odd_files[] = {
    {"a symbolic link",            make_symlink  },
    {"a symbolic link to nothing", make_dangling },
    {"a directory",                make_directory},
    {"a FIFO",		     make_fifo     },
    {"a second hard link",         make_hard_link},
};

static void
odd_files_are_refused(void **state)
{
	struct account a = an_account("/mbox");
	struct state_paths p;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < COUNT(odd_files); i++) {
		odd_files[i].make();
		note_log();
		check(state_make("state", &a, &p) != FINE, "%s",
		    odd_files[i].what);
		check(logged_lines == 1, "%s", odd_files[i].what);
		check(
		    stat("state/nothing", &st) == -1, "%s", odd_files[i].what);
		remove("state/mbox.index");
		unlink("target");
	}
}

static void
only_a_directory_of_ours_will_do(void **state)
{
	static const struct {
		mode_t mode;
		int right;
	} modes[] = {
	    {0711,  1},
            {0700,  1},
            {0755,  1},
            {0731,  0},
            {0713,  0},
            {01777, 0}
        };

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod("state", modes[i].mode), 0);
		check((state_wrong("state") == NULL) == modes[i].right,
		    "mode %o", modes[i].mode);
	}
	assert_non_null(state_wrong("nothing"));
	make_file("file", "", 0);
	assert_non_null(state_wrong("file"));
	assert_non_null(state_wrong("file/below"));
	assert_int_equal(chmod("state", 0711), 0);
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown("state", 1, 1), 0);
	assert_non_null(state_wrong("state"));
}

static void
a_journal_is_put_aside_whole(void **state)
{
	char text[32];
	glob_t found;

	(void)state;
	make_file("state/var:mail:joe.journal", "journal", 7);
	state_put_aside("state", "/var/mail/joe");
	assert_int_equal(logged_lines, 1);
	assert_int_equal(
	    glob("state/var:mail:joe.journal*", 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	assert_int_not_equal(strlen(found.gl_pathv[0]), 26);
	read_file(found.gl_pathv[0], text, sizeof text);
	check_text(text, "journal", "what it held");
	globfree(&found);
	note_log();
	state_put_aside("state", "/var/mail/joe"); /* there is none now */
	assert_int_equal(logged_lines, 1);
}

static void
set_time(const char *path, time_t when)
{
	struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
logins_keep_their_distance(void **state)
{
	const char *path = "state/var:mail:joe.login";
	time_t now = time(NULL);
	struct stat st;

	(void)state;
	assert_int_equal(state_note_login("state", "/var/mail/joe", 60), FINE);
	assert_int_equal(state_note_login("state", "/var/mail/joe", 60), BUSY);
	assert_int_equal(state_note_login("state", "/var/mail/anna", 60), FINE);
	set_time(path, now - 50);
	assert_int_equal(state_note_login("state", "/var/mail/joe", 60), BUSY);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mtime, now - 50); /* it was no login */
	set_time(path, now - 70);
	assert_int_equal(state_note_login("state", "/var/mail/joe", 60), FINE);
	assert_int_equal(state_note_login("state", "/var/mail/joe", 60), BUSY);
	set_time(path, now + 1000);
	assert_int_equal(state_note_login("state", "/var/mail/joe", 60), FINE);
	assert_int_equal(logged_lines, 0);
	unlink(path);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(state_note_login("state", "/var/mail/joe", 0), TEMP);
	assert_int_equal(logged_lines, 1);
	assert_int_equal(stat("state/elsewhere", &st), -1);
}

static const struct {
	const char *call;
	unsigned nth;
	int error;
} key_failures[] = {
    {"open",      1, EIO   },
    {"open",      1, EMFILE},
    {"open",      2, ENOSPC},
    {"open",      3, EMFILE},
    {"getrandom", 1, EAGAIN},
    {"pwrite",    1, ENOSPC},
    {"fdatasync", 1, EIO   },
    {"link",      1, EPERM },
};

/* Half a key, or none, is not kept for one. */
static void
a_key_is_kept_or_there_is_none(void **state)
{
	unsigned char key[32];
	char longer[PRIVSEP_PATH + 10];
	glob_t left;

	(void)state;
	for (size_t i = 0; i < COUNT(key_failures); i++) {
		note_log();
		fail_call(key_failures[i].call, key_failures[i].nth,
		    key_failures[i].error);
		check(state_key("state", key, sizeof key) == TEMP, "%s %u",
		    key_failures[i].call, key_failures[i].nth);
		fail_call(NULL, 0, 0);
		check(logged_lines == 1 &&
			strstr(logged, strerror(key_failures[i].error)) != NULL,
		    "%s: %s", key_failures[i].call, logged);
		check(glob("state/salt-key*", 0, NULL, &left) ==
			(i == 3 ? 0 : GLOB_NOMATCH),
		    "%s %u", key_failures[i].call, key_failures[i].nth);
		globfree(&left);
		unlink("state/salt-key");
	}
	fail_call("link first", 1, 0);
	assert_int_equal(state_key("state", key, sizeof key), FINE);
	fail_call(NULL, 0, 0);
	assert_memory_equal(key, others_key, sizeof key);
	memset(longer, '/', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	errno = ENOENT;
	assert_int_equal(state_key(longer, key, sizeof key), TEMP);
}

/* Somebody else of the same user is as quick. */
static void
a_file_that_another_makes_will_do(void **state)
{
	struct account a = an_account("/mbox");
	struct state_paths p;
	struct stat st;

	(void)state;
	fail_call("open first", 1, 0);
	assert_int_equal(state_make("state", &a, &p), FINE);
	fail_call(NULL, 0, 0);
	assert_int_equal(logged_lines, 0);
	assert_int_equal(stat(p.index, &st), 0);
}

static const struct {
	const char *call;
	unsigned nth;
	enum trouble why;
} file_failures[] = {
    {"lstat", 1, TEMP}, /* is it there? */
    {"open",  1, TEMP}, /* make it */
    {"lstat", 2, TEMP}, /* whose is it? */
    {"open",  3, TEMP}, /* the directory, to be synced */
};

static void
files_that_cannot_be_made_are_trouble(void **state)
{
	struct account a = an_account("/mbox");
	struct state_paths p;

	(void)state;
	for (size_t i = 0; i < COUNT(file_failures); i++) {
		note_log();
		fail_call(file_failures[i].call, file_failures[i].nth, EIO);
		check(state_make("state", &a, &p) == file_failures[i].why,
		    "%s %u", file_failures[i].call, file_failures[i].nth);
		fail_call(NULL, 0, 0);
		check(logged_lines == 1 &&
			strstr(logged, ": Input/output error") != NULL,
		    "%s: %s", file_failures[i].call, logged);
		unlink(p.index);
		unlink(p.journal);
	}
	if (geteuid() != 0)
		skip();
	a.uid = 12345;
	note_log();
	fail_call("lchown", 1, EPERM);
	assert_int_equal(state_make("state", &a, &p), PERM);
	fail_call(NULL, 0, 0);
	assert_non_null(strstr(logged, "is not a plain file of user joe"));
}

/* A path may have a name for its journal, and none for one put aside. */
static void
what_has_no_name_is_said(void **state)
{
	char box[PRIVSEP_PATH + 1];
	struct state_paths p;
	struct account a;
	struct stat st;

	(void)state;
	memset(box, 'x', sizeof box);
	box[0] = '/';
	box[248] = '\0'; /* 247 and ".journal" */
	a = an_account(box);
	assert_int_equal(state_make("state", &a, &p), FINE);
	errno = 0;
	state_put_aside("state", box);
	assert_non_null(strstr(logged, ": File name too long"));
	assert_int_equal(stat(p.journal, &st), 0);
	box[248] = 'x';
	box[249] = '\0';
	assert_false(state_journal("state", box, &st));
	assert_int_equal(errno, ENAMETOOLONG);
	note_log();
	memset(box, 'x', 260);
	box[260] = '\0';
	assert_int_equal(state_note_login("state", box + 4, 60), TEMP);
	assert_non_null(strstr(logged, ": File name too long"));
	note_log();
	fail_call("futimens", 1, EIO);
	assert_int_equal(state_note_login("state", "/mbox", 60), TEMP);
	fail_call(NULL, 0, 0);
	check_text(
	    logged, "cannot note a login to /mbox: Input/output error", "log");
}

static char found[256];

/* Two that need it for the first time at once must get the same. */
static void
a_key_is_drawn_once(void **state)
{
	unsigned char key[32], again[32], zero[32] = {0};
	struct stat st;

	(void)state;
	assert_int_equal(state_key("state", key, sizeof key), FINE);
	assert_memory_not_equal(key, zero, sizeof key);
	assert_int_equal(stat("state/salt-key", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(state_key("state", again, sizeof again), FINE);
	assert_memory_equal(key, again, sizeof key);
	unlink("state/salt-key");
	assert_int_equal(state_key("state", again, sizeof again), FINE);
	assert_memory_not_equal(key, again, sizeof key);
	assert_int_equal(logged_lines, 0);
	make_file("state/salt-key", "short", 5);
	assert_int_equal(state_key("state", again, sizeof again), TEMP);
	unlink("state/salt-key");
	assert_int_equal(symlink("/dev/zero", "state/salt-key"), 0);
	assert_int_equal(state_key("state", again, sizeof again), TEMP);
	assert_int_equal(state_key("no-state", again, sizeof again), TEMP);
	assert_int_equal(logged_lines, 3);
}

static int
note_found(void *arg, const char *mailbox, const struct stat *st)
{
	unsigned *most = arg;
	size_t len = strlen(found);

	snprintf(found + len, sizeof found - len, "%s %d\n", mailbox,
	    (int)st->st_size);
	return --*most > 0;
}

/* Only journals, only such as hold something, each with its mailbox. */
static void
journals_are_found(void **state)
{
	unsigned most = 9;

	(void)state;
	make_file("state/var:mail:joe.journal", "four", 4);
	make_file("state/var:mail:joe.index", "index", 5);
	make_file("state/var:mail:anna.journal", "", 0);
	make_file("state/home:gus.journal:mbox.journal", "one", 3);
	make_file("state/var:mail:gus.journal.aside-1700000000", "aside", 5);
	make_file("state/.journal", "not one of ours", 15);
	make_file("state/mbox", "nor that", 8);
	assert_int_equal(symlink("mbox", "state/a:link.journal"), 0);
	assert_int_equal(mkdir("state/a:directory.journal", 0700), 0);
	found[0] = '\0';
	assert_true(state_each_journal("state", note_found, &most));
	check_text(found, "/home/gus.journal/mbox 3\n/var/mail/joe 4\n",
	    "all of them");
	found[0] = '\0';
	most = 1;
	assert_true(state_each_journal("state", note_found, &most));
	check_text(found, "/home/gus.journal/mbox 3\n", "told to end early");
	assert_false(state_each_journal("nothing", note_found, &most));
	found[0] = '\0';
	most = 9;
	fail_call("lstat", 3, ENOENT); /* one has gone meanwhile */
	assert_true(state_each_journal("state", note_found, &most));
	fail_call(NULL, 0, 0);
	check_text(found, "/var/mail/joe 4\n", "but one");
}

#define with_state(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    with_state(files_are_made_once),
	    with_state(a_new_name_is_synced),
	    with_state(files_are_handed_over),
	    with_state(names_are_paths_with_colons),
	    with_state(no_length_is_too_much),
	    with_state(odd_files_are_refused),
	    with_state(only_a_directory_of_ours_will_do),
	    with_state(a_journal_is_put_aside_whole),
	    with_state(a_key_is_drawn_once),
	    with_state(a_key_is_kept_or_there_is_none),
	    with_state(a_file_that_another_makes_will_do),
	    with_state(files_that_cannot_be_made_are_trouble),
	    with_state(what_has_no_name_is_said),
	    with_state(journals_are_found),
	    with_state(logins_keep_their_distance),
	};

	return cmocka_run_group_tests_name(
	    "state", tests, enter_dir, leave_dir);
}
