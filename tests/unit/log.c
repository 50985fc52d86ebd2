/*
 * Tests of log.c: whatever is in a text, one line of printable ASCII goes
 * out.
 */
#include "../../log.h"

#include "test.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static const struct {
	const char *what;
	const char *name;
	const char *shown;
} names[] = {
    {"a plain one",          "joe",                      "joe"            },
    {"with a domain",        "joe@example.org",          "joe@example.org"},
    {"nothing",              "",			 ""               },
    {"a space",              "a b",                      "a\\x20b"        },
    {"line ends",            "a\r\nb",                   "a\\x0d\\x0ab"   },
    {"a forged address",     "x, ip=[1.2.3.4]",
     "x\\x2c\\x20ip\\x3d\\x5b"
	"1.2.3.4\\x5d"						    },
    {"quotes and backslash", "\"\\;",                    "\\x22\\x5c\\x3b"},
    {"8-bit bytes",          "\377\200",                 "\\xff\\x80"     },
    {"DEL and a tab",        "\177\t",                   "\\x7f\\x09"     },
    {"what has no meaning",  "!#$%&'()*+-./:<>?^_`{|}~",
     "!#$%&'()*+-./:<>?^_`{|}~"					   },
};

static void
names_are_escaped(void **state)
{
	char out[LOG_NAME_ROOM];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		check_text(log_name(out, names[i].name), names[i].shown,
		    names[i].what);
}

static void
names_are_cut_at_64_bytes(void **state)
{
	char name[301], out[LOG_NAME_ROOM];

	(void)state;
	for (size_t len = 0; len < sizeof name; len++) {
		size_t kept = len < 64 ? len : 64;

		memset(name, 'x', len);
		name[len] = '\0';
		check(strlen(log_name(out, name)) == kept, "%zu bytes", len);
		memset(name, '\n', len);
		check(strlen(log_name(out, name)) == 4 * kept, "%zu LFs", len);
	}
}

static void
lines_go_where_they_are_diverted(void **state)
{
	char longer[2 * LOG_TEXT_MAX];

	(void)state;
	note_log();
	log_line(LOG_INFO, "%s %d", "text", 7);
	check_text(logged, "text 7", "diverted");
	errno = ENOENT;
	log_errno("cannot open", "file");
	check_text(logged, "cannot open file: No such file or directory",
	    "with the reason");
	assert_int_equal(errno, ENOENT);
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	log_line(LOG_INFO, "%s", longer);
	assert_int_equal(strlen(logged), LOG_TEXT_MAX - 1);
	assert_int_equal(logged_lines, 3);
}

/* Runs the function in a child; returns what it wrote to descriptor 2. */
static size_t
stderr_of(void (*run)(void), char *out, size_t room, int *status)
{
	int fd = make_nameless("", 0);
	pid_t pid = fork();
	ssize_t n;

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		dup2(fd, STDERR_FILENO);
		log_divert(NULL);
		log_open("pop3d", 1);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, status, 0), pid);
	n = pread(fd, out, room - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
	return (size_t)n;
}

static void
log_hostile(void)
{
	log_line(LOG_ERR, "a\nb\rc\001\177\200\377 %%n");
}

static void
log_long(void)
{
	char text[2000];

	for (size_t len = 400; len < sizeof text; len += 7) {
		memset(text, len % 2 ? 'x' : '\n', len);
		text[len] = '\0';
		log_line(LOG_ERR, "%s", text);
	}
}

static void
leave_fatally(void)
{
	errno = EACCES;
	log_fatal(71, "cannot become the mail user");
}

static void
leave_with_a_bug(void)
{
	must(1 == 1);
	must(1 == 2);
}

static void
stderr_has_one_clean_line(void **state)
{
	char out[256];
	int status;

	(void)state;
	stderr_of(log_hostile, out, sizeof out, &status);
	assert_memory_equal(out, "pop3d[", 6);
	check_text(strchr(out, ']'),
	    "]: a\\x0ab\\x0dc\\x01\\x7f\\x80\\xff %n\n", "escaped");
}

static void
long_lines_are_cut(void **state)
{
	static char out[400 * 600];
	const char *line = out, *lf;
	int status, lines = 0;

	(void)state;
	stderr_of(log_long, out, sizeof out, &status);
	assert_int_equal(status, 0);
	for (; (lf = strchr(line, '\n')) != NULL; line = lf + 1, lines++) {
		check(lf - line < LOG_TEXT_MAX + 32, "line %d", lines);
		check(lf - line > 400, "line %d", lines);
		check(memcmp(line, "pop3d[", 6) == 0, "line %d", lines);
	}
	assert_int_equal(lines, (2000 - 400 + 6) / 7);
	assert_int_equal(*line, '\0');
}

static void
fatal_says_why(void **state)
{
	char out[256];
	int status;

	(void)state;
	stderr_of(leave_fatally, out, sizeof out, &status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 71);
	check_text(strchr(out, ']'),
	    "]: cannot become the mail user: Permission denied\n", "fatal");
}

static void
a_bug_is_the_end(void **state)
{
	char out[256];
	int status;

	(void)state;
	stderr_of(leave_with_a_bug, out, sizeof out, &status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
	assert_non_null(strstr(out, "bug: 1 == 2 does not hold"));
}

/* Instead of the calls: what goes to syslog, and by what flags. */
static char sent[LOG_TEXT_MAX + 64];
static int sent_flags, sent_by;
static int daemon_type; /* of the socket that it has */

int
socket(int domain, int type, int protocol)
{
	assert_int_equal(domain, AF_UNIX);
	assert_int_equal(protocol, 0);
	assert_true((type & SOCK_CLOEXEC) != 0);
	sent_by = type & ~SOCK_CLOEXEC;
	return dup(STDERR_FILENO);
}

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
	const struct sockaddr_un *where = (const void *)to;

	assert_int_not_equal(fd, -1);
	assert_int_equal(len, sizeof *where);
	check_text(where->sun_path, "/dev/log", "the socket");
	errno = EPROTOTYPE;
	return sent_by == daemon_type ? 0 : -1;
}

ssize_t
send(int fd, const void *bytes, size_t n, int flags)
{
	(void)fd;
	sent_flags = flags;
	assert_in_range(n, 1, sizeof sent - 1);
	memcpy(sent, bytes, n);
	sent[n] = '\0';
	assert_int_equal(strlen(sent) == n, sent_by == SOCK_DGRAM);
	return (ssize_t)n;
}

static void
lines_go_to_syslog(void **state)
{
	static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
	char want[64];

	(void)state;
	log_divert(NULL);
	log_open("pop3d", 0);
	snprintf(want, sizeof want, "<22>pop3d[%d]: a\\x0ab 7", (int)getpid());
	for (size_t i = 0; i < COUNT(types); i++) {
		daemon_type = types[i];
		sent[0] = '\0';
		errno = EACCES;
		log_line(LOG_INFO, "a\nb %d", 7);
		assert_int_equal(errno, EACCES);
		check_text(sent, want, "as syslog() would send it");
		assert_int_equal(sent_by, daemon_type);
		assert_int_equal(sent_flags, MSG_NOSIGNAL);
	}
	daemon_type = SOCK_RAW;
	log_line(LOG_INFO, "nobody hears");
	check_text(sent, want, "nothing is sent");
	note_log();
}

static void
last_words_go_to_syslog(void **state)
{
	char want[64], longer[2 * LOG_TEXT_MAX];

	(void)state;
	daemon_type = SOCK_DGRAM;
	log_open("pop3d", 0);
	log_keep(LOG_ERR, "too\nlate, %d", 7);
	log_line(LOG_DEBUG, "%s", "something else");
	log_last();
	snprintf(
	    want, sizeof want, "<19>pop3d[%d]: too\\x0alate, 7", (int)getpid());
	check_text(sent, want, "as syslog() would send it");
	assert_int_equal(sent_flags, MSG_DONTWAIT | MSG_NOSIGNAL);
	memset(longer, '\377', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	log_keep(LOG_ERR, "%s", longer);
	log_last();
	assert_in_range(strlen(sent), 400, LOG_TEXT_MAX + 32);
	note_log();
}

static void
keep_and_say(void)
{
	log_open("pop3d", 1);
	log_keep(LOG_ERR, "too\nlate, %d", 7);
	log_last();
}

static void
last_words_go_to_stderr(void **state)
{
	char out[256];
	int status;

	(void)state;
	stderr_of(keep_and_say, out, sizeof out, &status);
	check_text(strchr(out, ']'), "]: too\\x0alate, 7\n", "last words");
}

static void
keep_and_say_to_nobody(void)
{
	log_open("pop3d", 1);
	close(STDERR_FILENO);
	errno = EACCES;
	log_line(LOG_ERR, "a line");
	if (errno != EACCES)
		_exit(1);
	log_keep(LOG_ERR, "too late");
	log_last();
}

static void
nobody_to_be_told_is_no_harm(void **state)
{
	char out[256];
	int status;

	(void)state;
	stderr_of(keep_and_say_to_nobody, out, sizeof out, &status);
	assert_int_equal(status, 0);
	check_text(out, "", "what is said");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_are_escaped),
	    cmocka_unit_test(names_are_cut_at_64_bytes),
	    cmocka_unit_test(lines_go_where_they_are_diverted),
	    cmocka_unit_test(stderr_has_one_clean_line),
	    cmocka_unit_test(long_lines_are_cut),
	    cmocka_unit_test(fatal_says_why),
	    cmocka_unit_test(a_bug_is_the_end),
	    cmocka_unit_test(lines_go_to_syslog),
	    cmocka_unit_test(last_words_go_to_syslog),
	    cmocka_unit_test(last_words_go_to_stderr),
	    cmocka_unit_test(nobody_to_be_told_is_no_harm),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
