/*
 * Tests of session.c: how a session ends when its client, its mailbox or its
 * monitor is not what it should be; then nothing is deleted.
 *
 * It runs in a process of its own, without a jail. We are client and monitor.
 */
#include "../../session.h"

#include "failing.h"
#include "mboxes.h"
#include "monitors.h"

#include "../../boxlock.h"
#include "../../index.h"
#include "../../jail.h"

#include <poll.h>
#include <sysexits.h>
#include <time.h>

FAILING(int, dup2, (int fd, int as), (fd, as), -1)

#define TWO FROM "A: b\n\ntext\n\n" FROM "C: d\n\nmore\n\n"

static int time_flies; /* nobody is waited for, and the clock tells nothing */
static int64_t skipped_ms;

int
poll(struct pollfd *p, nfds_t n, int ms)
{
	const struct timespec none = {.tv_sec = 0};
	struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
	int flies = time_flies && ms > 0;
	int ready = ppoll(p, n, flies ? &none : ms < 0 ? NULL : &t, NULL);

	if (flies && ready == 0)
		skipped_ms += ms;
	return ready;
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int (*real)(clockid_t, struct timespec *);
	void *found = dlsym(RTLD_NEXT, "clock_gettime");
	int status;

	memcpy(&real, &found, sizeof real);
	status = real(clock, t);
	t->tv_sec += skipped_ms / 1000;
	return status;
}

static struct {
	struct session_config config;
	int client;     /* our ends */
	int monitor;    /* -1: it is gone */
	char lock;      /* how a lock is answered: see answer_as() */
	char said[512]; /* by the session, its first bytes */
	size_t total;   /* and how many there were */
	struct summary sum;
	unsigned summaries;
	pid_t pid;
} on;

/* A session that is not started yet; the mailbox holds that. */
static void
prepare(const char *bytes, size_t n)
{
	static const struct jail_means none = {.is_root = 0};

	memset(&on, 0, sizeof on);
	make_file("mbox", bytes, n);
	make_file("index", "", 0);
	make_file("journal", "", 0);
	on.config = (struct session_config){
	    .idle_s = 60,
	    .use_fcntl = 1,
	    .means = &none,
	    .name = "test",
	    .tls = {-1, -1, -1, 0}
        };
	on.lock = 'F';
	time_flies = 0;
}

/* Starts it; to be granted. */
static void
start(void)
{
	int client[2], monitor[2], small = 4096;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, client), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, monitor), 0);
	setsockopt(client[1], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	fflush(NULL);
	on.pid = fork();
	assert_int_not_equal(on.pid, -1);
	if (on.pid == 0) {
		close(client[0]);
		close(monitor[0]);
		on.config.client_in = client[1];
		on.config.client_out = client[1];
		on.config.monitor = monitor[1];
		session_run(&on.config);
	}
	close(client[1]);
	close(monitor[1]);
	memset(on.said, 0, sizeof on.said);
	on.total = 0;
	on.summaries = 0;
	time_flies = 0; /* for us */
	on.client = client[0];
	on.monitor = monitor[0];
	fail_call(NULL, 0, 0);
}

static void
grant(const char *commands, int stls)
{
	const struct grant g = {.user = "joe",
	    .mailbox = "mbox",
	    .index = "index",
	    .journal = "journal",
	    .uid = geteuid(),
	    .gid = getegid(),
	    .stls = (uint32_t)stls,
	    .rest = commands,
	    .rest_len = strlen(commands)};

	assert_true(privsep_send_grant(on.monitor, &g));
}

static void
hear_monitor(void)
{
	struct wire w;

	switch (privsep_receive(on.monitor, &w)) {
	case MSG_LOCK:
		answer_as(on.monitor, on.lock, "mbox");
		break;
	case MSG_SUMMARY:
		assert_true(privsep_read_summary(&w, &on.sum));
		on.summaries++;
		break;
	case MSG_NONE:
		close(on.monitor);
		on.monitor = -1;
		break;
	default:
		break;
	}
}

/* A few bytes at a time: the session is to wait for us. */
static int
hear_client(void)
{
	char bytes[1000];
	ssize_t n = read(on.client, bytes, sizeof bytes);

	if (n <= 0)
		return 0;
	for (ssize_t i = 0; i < n; i++, on.total++)
		if (on.total < sizeof on.said - 1)
			on.said[on.total] = bytes[i];
	return 1;
}

/* Until it has said that, or has gone. */
static void
hear(const char *text)
{
	int is_there = 1;

	while (is_there && (text == NULL || strstr(on.said, text) == NULL)) {
		struct pollfd p[2] = {
		    {.fd = on.monitor, .events = POLLIN},
		    {.fd = on.client,  .events = POLLIN},
		};

		assert_true(poll(p, 2, 60000) > 0);
		if (p[0].revents != 0)
			hear_monitor();
		else
			is_there = hear_client();
	}
	assert_true(text == NULL || is_there);
}

/* All that is still said; returns its exit status. */
static int
finish(void)
{
	int status;

	hear(NULL);
	while (on.monitor != -1)
		hear_monitor();
	close(on.client);
	assert_int_equal(waitpid(on.pid, &status, 0), on.pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
check_mbox(const char *want, size_t want_n, const char *title)
{
	static char got[4 << 20];

	check_bytes(
	    got, read_file("mbox", got, sizeof got), want, want_n, title);
}

/* Plays these commands; it says that, and ends so. */
static void
play(const char *commands, const char *said, enum end how)
{
	start();
	grant(commands, 0);
	assert_int_equal(finish(), EX_OK);
	check_text(on.said, said, commands);
	assert_int_equal(on.summaries, 1);
	assert_int_equal(on.sum.end, how);
}

static void
quit_deletes(void **state)
{
	(void)state;
	prepare(TWO, strlen(TWO));
	play("DELE 1\r\nQUIT\r\n",
	    "+OK 2 messages (28 octets)\r\n+OK message 1 deleted\r\n"
	    "+OK 1 messages left\r\n",
	    END_QUIT);
	assert_int_equal(on.sum.deleted, 1);
	assert_int_equal(on.sum.left, 1);
	check_mbox(&TWO[strlen(TWO) / 2], strlen(TWO) / 2, "the second");
}

static void
languages_have_one_name(void **state)
{
	(void)state;
	prepare(TWO, strlen(TWO));
	play("LANG de en\r\nLANG de\r\nQUIT\r\n",
	    "+OK 2 messages (28 octets)\r\n-ERR too many arguments\r\n"
	    "+OK de Sprache gewechselt\r\n+OK es bleiben 2 Nachrichten\r\n",
	    END_QUIT);
}

/* An index of what is there, as of long ago: it is believed without a lock. With
 * that many octets more than there are, its messages do not fit. */
static void
remember(uint64_t more)
{
	int fd = open("index", O_RDWR);
	struct index x;

	start();
	grant("UIDL\r\nQUIT\r\n", 0);
	assert_int_equal(finish(), EX_OK);
	index_read(&x, fd, INT64_MAX);
	assert_int_equal(x.count, 2);
	assert_int_equal(index_read_messages(&x, fd), FINE);
	x.when.tv_sec += 100;
	x.octets += more;
	index_write(&x, fd, 0);
	index_close(&x);
	close(fd);
}

static const struct {
	char how; /* the monitor answers */
	int is_locked;
	const char *said;
	enum end end;
} refusals[] = {
    {'F', 1, "-ERR [IN-USE] the messages could not be deleted now, ",   END_QUIT},
    {'B', 0, "-ERR [IN-USE] the messages could not be deleted now, ",   END_QUIT},
    {'G', 0, "-ERR [SYS/TEMP] the messages could not be deleted now, ",
     END_QUIT								   },
    {'O', 0, "-ERR [SYS/TEMP] the messages could not be deleted now, ",
     END_CHANGED								},
};

/* It is told, and nothing is deleted; nobody waits half a minute here. */
static void
an_update_without_a_lock_is_told(void **state)
{
	char want[512];

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		int fd;

		prepare(TWO, strlen(TWO));
		remember(0);
		fd = open("mbox", O_RDWR);
		if (refusals[i].is_locked)
			assert_true(boxlock_file(fd, F_WRLCK));
		on.lock = refusals[i].how;
		time_flies = 1;
		snprintf(want, sizeof want,
		    "+OK 2 messages (28 octets)\r\n+OK message 1 deleted\r\n"
		    "%stry again later\r\n",
		    refusals[i].said);
		play("DELE 1\r\nQUIT\r\n", want, refusals[i].end);
		assert_int_equal(on.sum.deleted, 0);
		assert_int_equal(on.sum.left, 2);
		check_mbox(TWO, strlen(TWO), refusals[i].said);
		close(fd);
	}
}

/* STAT is content with totals; who names a message learns that they lie. */
static void
totals_that_lie_end_it(void **state)
{
	(void)state;
	prepare(TWO, strlen(TWO));
	remember(2);
	play("STAT\r\nDELE 1\r\nQUIT\r\n",
	    "+OK 2 messages (30 octets)\r\n+OK 2 30\r\n"
	    "-ERR [SYS/TEMP] the mailbox was changed by another program, "
	    "log in again; nothing was deleted\r\n",
	    END_CHANGED);
	check_mbox(TWO, strlen(TWO), "nothing is deleted");
}

/* One message, more than all buffers hold, and another. */
static size_t
large(char **bytes)
{
	enum { SIZE = 2 << 20 };
	static char room[SIZE + 100];
	size_t n = (size_t)sprintf(room, FROM "A: b\n\n");

	memset(room + n, 'x', SIZE - n);
	for (size_t i = n + 63; i < SIZE; i += 64)
		room[i] = '\n';
	n = SIZE - 2;
	n += (size_t)sprintf(room + n, "\n\n" FROM "C: d\n\nmore\n\n");
	*bytes = room;
	return n;
}

static const struct {
	const char *what;
	int is_changed; /* or else the monitor wants it to leave */
	enum end end;
} interruptions[] = {
    {"the mailbox is changed", 1, END_CHANGED},
    {"it is to leave",         0, END_MONITOR},
};

/* In the middle of a message there is nothing to be said any more: the
 * client must not take what it has for the whole. */
static void
a_message_that_cannot_go_on_has_no_end(void **state)
{
	char *bytes;
	size_t n = large(&bytes);

	(void)state;
	for (size_t i = 0; i < COUNT(interruptions); i++) {
		prepare(bytes, n);
		start();
		grant("DELE 2\r\nRETR 1\r\nQUIT\r\n", 0);
		hear("message 2 deleted\r\n+OK ");
		if (interruptions[i].is_changed)
			touch("mbox");
		else
			shutdown(on.monitor, SHUT_WR);
		assert_int_equal(finish(), EX_OK);
		check(on.total > 1000 && on.total < n, "%zu bytes", on.total);
		check(on.summaries == 1, "%s", interruptions[i].what);
		check(on.sum.end == interruptions[i].end, "%s: %d",
		    interruptions[i].what, (int)on.sum.end);
		check(on.sum.deleted == 0 && on.sum.retrieved == 0, "%s",
		    interruptions[i].what);
		check_mbox(bytes, n, interruptions[i].what);
	}
}

/* Whether that is seen in a message, or when the answers are sent; nothing is
 * deleted, whatever was said. */
static void
a_client_that_is_gone_deletes_nothing(void **state)
{
	static const char *const commands[] = {"RETR 1\r\nDELE 1\r\nQUIT\r\n",
	    "RETR 1\r\nDELE 1\r\n", "DELE 1\r\nQUIT\r\n", "DELE 1\r\n", ""};
	char *bytes;
	size_t n = large(&bytes);

	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		prepare(bytes, n);
		start();
		close(on.client);
		on.client = open("/dev/null", O_RDONLY);
		grant(commands[i], 0);
		assert_int_equal(finish(), EX_OK);
		assert_int_equal(on.summaries, 1);
		check(on.sum.end == END_GONE, "%s", commands[i]);
		assert_int_equal(on.sum.deleted, 0);
		assert_int_equal(on.sum.left, 2);
		check_mbox(bytes, n, commands[i]);
	}
}

/* Silence for as long as it may last, with a look each second at who else
 * wants the mailbox. */
static void
who_is_silent_for_too_long_is_left(void **state)
{
	(void)state;
	for (int takeover_s = 0; takeover_s < 3; takeover_s++) {
		prepare(TWO, strlen(TWO));
		on.config.takeover_s = takeover_s;
		on.config.idle_s = 3;
		time_flies = 1;
		play("DELE 1\r\n",
		    "+OK 2 messages (28 octets)\r\n+OK message 1 deleted\r\n",
		    END_IDLE);
		check_mbox(TWO, strlen(TWO), "nothing is deleted");
	}
}

static void
without_a_whole_grant_there_is_no_session(void **state)
{
	(void)state;
	for (int sent = 0; sent < 3; sent++) {
		prepare(TWO, strlen(TWO));
		start();
		if (sent > 0)
			privsep_send(
			    on.monitor, sent == 1 ? MSG_GRANT : MSG_LOCKED);
		shutdown(on.monitor, SHUT_WR);
		assert_int_equal(finish(), EX_OK);
		assert_int_equal(on.total, 0);
		assert_int_equal(on.summaries, 0);
	}
}

/* Half of a connection is none: whoever has the other end would read what is
 * not meant for him. */
static void
a_connection_that_cannot_be_taken_ends_it(void **state)
{
	(void)state;
	for (unsigned nth = 1; nth < 4; nth++) {
		prepare(TWO, strlen(TWO));
		on.config.tls.in = open("/dev/null", O_RDWR);
		on.config.tls.out = open("/dev/null", O_RDWR);
		fail_call("dup2", nth, EMFILE);
		start();
		grant("", 1);
		assert_int_equal(finish(), nth < 3 ? EX_OSERR : EX_OK);
		assert_int_equal(on.total, 0);
		assert_int_equal(on.summaries, nth < 3 ? 0 : 1);
		close(on.config.tls.in);
		close(on.config.tls.out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(quit_deletes),
	    cmocka_unit_test(languages_have_one_name),
	    cmocka_unit_test(an_update_without_a_lock_is_told),
	    cmocka_unit_test(totals_that_lie_end_it),
	    cmocka_unit_test(a_message_that_cannot_go_on_has_no_end),
	    cmocka_unit_test(a_client_that_is_gone_deletes_nothing),
	    cmocka_unit_test(who_is_silent_for_too_long_is_left),
	    cmocka_unit_test(without_a_whole_grant_there_is_no_session),
	    cmocka_unit_test(a_connection_that_cannot_be_taken_ends_it),
	};

	return cmocka_run_group_tests_name(
	    "session", tests, enter_dir, leave_dir);
}
