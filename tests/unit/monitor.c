/*
 * Tests of monitor.c: when a refusal is answered, and how long a lock file is
 * kept fresh, by a clock of our own.
 *
 * The clock stands still but for two: the judges take what a case says, and
 * who waits for nobody gets to the end of his time at once.
 */
#include "../../monitor.h"

#include "test.h"

#include "../../bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define MS       1000000LL /* ns */
#define START_NS (1000 * 1000 * MS + 123456)

static int64_t now_ns, judging_ns, answered_ns;
static int client;           /* the login process's end */
static void (*passes)(void); /* called when time does; may be NULL */

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	(void)clock;
	t->tv_sec = now_ns / (1000 * MS);
	t->tv_nsec = now_ns % (1000 * MS);
	return 0;
}

int
ppoll(struct pollfd *p, nfds_t n, const struct timespec *left,
    const sigset_t *unblocked)
{
	struct pollfd answer = {.fd = client, .events = POLLIN};
	int ready = poll(p, n, 0);

	(void)unblocked;
	if (answered_ns == 0 && poll(&answer, 1, 0) == 1)
		answered_ns = now_ns;
	if (ready != 0)
		return ready;
	assert_non_null(left);
	now_ns += left->tv_sec * 1000 * MS + left->tv_nsec;
	if (passes != NULL)
		passes();
	return 0;
}

/* Whom PAM would be asked about: without root, nobody but oneself. */
struct passwd *
getpwnam(const char *name)
{
	(void)name;
	now_ns += judging_ns;
	return NULL;
}

static const struct {
	const char *what;
	int64_t judging_ns;
	int64_t answered_ms; /* since the millisecond in which it was asked */
} times[] = {
    {"no time at all",               0,               2000},
    {"less than a millisecond",      MS / 3,          2000},
    {"some milliseconds and more",   5 * MS + MS / 2, 2000},
    {"nearly all of the floor",      1999 * MS,       2000},
    {"just the floor",               2000 * MS,       4000},
    {"more than the floor",          2000 * MS + 1,   4000},
    {"a millisecond more than that", 2001 * MS,       4000},
    {"two floors and a half",        5000 * MS,       6000},
};

/* A refused login, played to its end; returns the verdict. */
static void
refuse(enum method method, const char *user, const char *secret,
    const char *timestamp)
{
	struct monitor_config config = {
	    .auth = {.pam_service = "none",
		     .secrets = "secrets",
		     .timestamp = timestamp},
	    .state = ".",
	    .jail = "none",
	    .login_timeout_s = 60,
	    .tries = 3,
	};
	struct child nobody = {.pid = -1, .fd = -1};
	struct child login = {.pid = -1};
	struct credentials c = {
	    .method = method, .user = user, .secret = secret, .rest = ""};
	enum verdict verdict = GRANTED;
	struct wire w;
	int ends[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	login.fd = ends[0];
	client = ends[1];
	now_ns = START_NS;
	answered_ns = 0;
	assert_true(privsep_send_credentials(client, &c));
	assert_int_equal(monitor_run(&config, login, nobody), 0);
	assert_int_equal(privsep_receive(client, &w), MSG_VERDICT);
	assert_true(privsep_read_verdict(&w, &verdict));
	assert_int_equal(verdict, REFUSED);
	close(client);
}

static void
write_secrets(void)
{
	static const char text[] = "joe:{CRYPT}$6$a$b\n"
				   "plain:{PLAIN}secret\n"
				   "barred:{NONE}\n"
				   "virtual@x.org:{CRYPT}$6$a$b:joe\n";

	make_file("secrets", text, sizeof text - 1);
}

static void
refusals_come_when_they_are_due(void **state)
{
	int64_t asked_ms = START_NS / MS;

	(void)state;
	write_secrets();
	note_log();
	for (size_t i = 0; i < COUNT(times); i++) {
		judging_ns = times[i].judging_ns;
		refuse(METHOD_PASS, "anna", "wrong", NULL);
		check(answered_ns == (asked_ms + times[i].answered_ms) * MS,
		    "%s: answered after %lld ns", times[i].what,
		    (long long)(answered_ns - asked_ms * MS));
	}
}

static const struct {
	const char *what;
	enum method method;
	const char *user;
	const char *secret;
} refusals[] = {
    {"wrong password",          METHOD_PASS,     "joe",           "wrong"   },
    {"unknown user",            METHOD_PASS,     "nobody",        "wrong"   },
    {"no name of a user",       METHOD_PASS,     "../joe",        "wrong"   },
    {"a user who is barred",    METHOD_PASS,     "barred",        "wrong"   },
    {"virtual user",            METHOD_PLAIN,    "virtual@x.org", "wrong"   },
    {"unknown virtual user",    METHOD_PLAIN,    "unknown@x.org", "wrong"   },
    {"wrong APOP digest",       METHOD_APOP,     "plain",         "0123abcd"},
    {"APOP without a secret",   METHOD_APOP,     "joe",           "0123abcd"},
    {"APOP of an unknown user", METHOD_APOP,     "nobody",        "0123abcd"},
    {"wrong CRAM-MD5",          METHOD_CRAM_MD5, "plain",         "0123abcd"},
    {"CRAM-MD5 of nobody",      METHOD_CRAM_MD5, "nobody",        "0123abcd"},
};

static void
refusals_do_not_depend_on_the_user(void **state)
{
	(void)state;
	write_secrets();
	note_log();
	judging_ns = 7 * MS + MS / 7;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		refuse(refusals[i].method, refusals[i].user, refusals[i].secret,
		    "<1.2@host>");
		check(answered_ns == (START_NS / MS + 2000) * MS,
		    "%s: answered after %lld ns", refusals[i].what,
		    (long long)(answered_ns - START_NS));
	}
}

static struct {
	int end;       /* the session process's */
	int64_t at_ns; /* when the file was last made new, and seen to be */
	int times;     /* ... and how often */
	int is_given_back;
} kept;

/* What happened to the lock file since the last time? It is made old. */
static void
look_at_lock(void)
{
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct stat st;

	if (stat("box.lock", &st) == 0) {
		if (st.st_mtim.tv_sec != 1) {
			check(now_ns - kept.at_ns <= 60000 * MS, "a minute");
			kept.at_ns = now_ns;
			kept.times++;
		}
		assert_int_equal(utimensat(AT_FDCWD, "box.lock", old, 0), 0);
	} else {
		kept.is_given_back = 1;
	}
	if (now_ns >= START_NS + 7200 * 1000 * MS)
		shutdown(kept.end, SHUT_RDWR);
	else if (kept.times == 3 && !kept.is_given_back)
		assert_true(privsep_send(kept.end, MSG_UNLOCK));
}

/* A session that asks for the lock, and says no more for two hours; or it gives
 * the lock back when it has been made new for the third time. */
static void
keep_lock(int gives_back)
{
	struct monitor_config config = {
	    .state = ".", .jail = "none", .want_dotlock = 1, .idle_s = 600};
	struct child session = {.pid = -1};
	struct account joe = {.name = "joe", .uid = getuid(), .gid = getgid()};
	int ends[2];

	snprintf(joe.mailbox, sizeof joe.mailbox, "%s/box", test_dir);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	session.fd = ends[0];
	kept.end = ends[1];
	kept.times = -1; /* its making is none */
	kept.is_given_back = !gives_back;
	kept.at_ns = now_ns = START_NS;
	passes = look_at_lock;
	assert_true(privsep_send(kept.end, MSG_LOCK));
	assert_true(monitor_serve(&config, &joe, session, 0));
	passes = NULL;
	close(kept.end);
	assert_int_equal(access("box.lock", F_OK), -1);
}

static void
a_lock_is_kept_for_an_hour(void **state)
{
	(void)state;
	note_log();
	keep_lock(0);
	assert_int_equal(kept.times, 60);
}

static void
a_lock_that_is_given_back_is_not(void **state)
{
	(void)state;
	note_log();
	keep_lock(1);
	assert_int_equal(kept.times, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(refusals_come_when_they_are_due),
	    cmocka_unit_test(refusals_do_not_depend_on_the_user),
	    cmocka_unit_test(a_lock_is_kept_for_an_hour),
	    cmocka_unit_test(a_lock_that_is_given_back_is_not),
	};

	return cmocka_run_group_tests_name(
	    "monitor", tests, enter_dir, leave_dir);
}
