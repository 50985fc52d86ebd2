/*
 * Tests of trace.c: which file is fit for it, and what of a dialogue is in it.
 */
#include "../../trace.h"

#include "failing.h"
#include "test.h"

#include <sys/resource.h>
#include <time.h>

FAILING(
    struct tm *, localtime_r, (const time_t *t, struct tm *tm), (t, tm), NULL)
FAILING(int, fstat, (int fd, struct stat *st), (fd, st), -1)
FAILING(
    ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), -1)

static void
leave_alone(void)
{
}

static void
make_it_writable(void)
{
	assert_int_equal(chmod("trace", 0620), 0);
}

static void
make_it_writable_by_all(void)
{
	assert_int_equal(chmod("trace", 0602), 0);
}

static void
make_it_readable(void)
{
	assert_int_equal(chmod("trace", 0644), 0);
}

static void
give_it_another_name(void)
{
	assert_int_equal(link("trace", "other"), 0);
}

static void
make_a_symlink(void)
{
	assert_int_equal(rename("trace", "other"), 0);
	assert_int_equal(symlink("other", "trace"), 0);
}

static void
make_a_fifo(void)
{
	unlink("trace");
	assert_int_equal(mkfifo("trace", 0600), 0);
	/* Somebody reads it, or it could not be opened. */
	assert_int_not_equal(
	    open("trace", O_RDONLY | O_NONBLOCK | O_CLOEXEC), -1);
}

static void
make_a_device(void)
{
	unlink("trace");
	assert_int_equal(symlink("/dev/null", "trace"), 0);
}

/* Root's, if we are not root: there, our own is another's. */
static void
give_it_away(void)
{
	if (geteuid() == 0)
		assert_int_equal(chown("trace", 1, 1), 0);
	else
		make_it_writable_by_all();
}

static void
remove_it(void)
{
	unlink("trace");
}

static void
fail_to_look(void)
{
	fail_call("fstat", 1, EIO);
}

static void
fail_to_tell_the_time(void)
{
	fail_call("localtime_r", 1, EOVERFLOW);
}

static const struct {
	const char *what;
	void (*spoil)(void);
	int is_open;
	unsigned lines; /* logged */
} files[] = {
    {"a plain file",        leave_alone,             1, 0},
    {"readable by all",     make_it_readable,        1, 0},
    {"writable by a group", make_it_writable,        0, 1},
    {"writable by all",     make_it_writable_by_all, 0, 1},
    {"with two names",      give_it_another_name,    0, 1},
    {"a symbolic link",     make_a_symlink,          0, 1},
    {"a link to a device",  make_a_device,           0, 1},
    {"a FIFO",              make_a_fifo,             0, 1},
    {"another's",           give_it_away,            0, 1},
    {"not there",           remove_it,               0, 0},
    {"not to be looked at", fail_to_look,            0, 1},
    {"at no time",          fail_to_tell_the_time,   0, 0},
};

static void
only_a_plain_file_of_ours_will_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		const struct trace *trace;
		struct trace t;

		make_file("trace", "", 0);
		note_log();
		files[i].spoil();
		trace = trace_open(&t, "trace", NULL);
		fail_call(NULL, 0, 0);
		check(trace == (files[i].is_open ? &t : NULL), "%s",
		    files[i].what);
		check(logged_lines == files[i].lines, "%s: %s", files[i].what,
		    logged);
		unlink("other");
	}
}

static const struct {
	const char *path; /* NULL: that is what is given */
	const char *user;
	const char *file; /* NULL: none is traced */
} paths[] = {
    {NULL,        "joe", NULL       },
    {"trace",     NULL,  "trace"    },
    {"trace",     "joe", "trace"    },
    {"%u",        "joe", "joe"      },
    {"%u.trace",  "joe", "joe.trace"},
    {"a-%u-%u",   "joe", "a-joe-%u" },
    {"%u",        NULL,  NULL       },
    {"%uabcdefg", NULL,  NULL       },
};

static void
its_name_may_have_the_users(void **state)
{
	char longer[1100];
	struct trace t;

	(void)state;
	note_log();
	for (size_t i = 0; i < COUNT(paths); i++) {
		const char *file = paths[i].file;
		struct stat st;

		if (file != NULL)
			make_file(file, "", 0);
		check((trace_open(&t, paths[i].path, paths[i].user) != NULL) ==
			(file != NULL),
		    "%zu", i);
		if (file != NULL)
			check(stat(file, &st) == 0 && st.st_size > 0, "%zu", i);
	}
	memset(longer, '/', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_null(trace_open(&t, longer, NULL));
	memcpy(longer + 1000, "%u", 2);
	assert_null(trace_open(&t, longer, "joe"));
	assert_int_equal(logged_lines, 0);
}

/* The lines without what is other in each: pid, time, and the date. */
static void
check_traced(const char *want)
{
	char text[4096], got[4096] = "", *rest = text, *line;
	size_t len = 0;

	read_file("trace", text, sizeof text);
	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0')
		len += (size_t)snprintf(got + len, sizeof got - len, "%s\n",
		    strchr(strchr(line, ' ') + 1, ' ') + 1);
	check_text(got, want, "the trace");
}

static void
secrets_are_not_in_it(void **state)
{
	const struct trace *t;
	struct trace room;

	(void)state;
	make_file("trace", "", 0);
	t = trace_open(&room, "trace", "joe");
	assert_non_null(t);
	trace_command(t, "STAT", ARG_NONE, "");
	trace_command(t, "STAT", ARG_NONE, "secret");
	trace_command(t, "PASS", ARG_SECRET, "secret");
	trace_command(t, "USER", ARG_NAME, "joe");
	trace_command(t, "USER", ARG_NAME, "joe secret");
	trace_command(t, "APOP", ARG_NAME_WORD, "joe digest");
	trace_command(t, "AUTH", ARG_OPT_WORDS, "PLAIN secret");
	trace_command(t, "RETR", ARG_MSG, "1");
	trace_command(t, "TOP", ARG_MSG_LINES, "1 2");
	trace_command(t, "LIST", ARG_OPT_MSG, "");
	trace_hidden(t, "");
	trace_hidden(t, "FOO");
	trace_answer(t, "+OK\1\x7f\xff", 6);
	trace_answer(t, "+ secret", 8);
	trace_answer(t, "+", 1);
	trace_answer(t, "+-", 2);
	trace_mail(t, 1234567890123);
	check_traced("C: STAT\n"
		     "C: STAT (hidden)\n"
		     "C: PASS (hidden)\n"
		     "C: USER joe\n"
		     "C: USER joe (hidden)\n"
		     "C: APOP joe (hidden)\n"
		     "C: AUTH PLAIN (hidden)\n"
		     "C: RETR 1\n"
		     "C: TOP 1 2\n"
		     "C: LIST\n"
		     "C: (hidden)\n"
		     "C: FOO (hidden)\n"
		     "S: +OK???\n"
		     "S: + (hidden)\n"
		     "S: +\n"
		     "S: +-\n"
		     "S: (1234567890123 octets of mail)\n");
	trace_command(NULL, "STAT", ARG_NONE, "");
	trace_hidden(NULL, "");
	trace_answer(NULL, "+OK", 3);
	trace_mail(NULL, 1);
}

/* The client is served, with or without it. */
static void
what_cannot_be_written_is_dropped(void **state)
{
	const struct trace *t;
	struct trace room;

	(void)state;
	make_file("trace", "", 0);
	t = trace_open(&room, "trace", "joe");
	assert_non_null(t);
	note_log();
	fail_call("write", 1, ENOSPC);
	trace_mail(t, 1);
	fail_call(NULL, 0, 0);
	trace_mail(t, 2);
	assert_int_equal(logged_lines, 0);
	check_traced("S: (2 octets of mail)\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_a_plain_file_of_ours_will_do),
	    cmocka_unit_test(its_name_may_have_the_users),
	    cmocka_unit_test(secrets_are_not_in_it),
	    cmocka_unit_test(what_cannot_be_written_is_dropped),
	};

	return cmocka_run_group_tests_name(
	    "trace", tests, enter_dir, leave_dir);
}
