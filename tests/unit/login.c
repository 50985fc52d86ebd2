/*
 * Tests of login.c: what it makes of a monitor that answers what it should not,
 * or nothing; of clients that go; and of calls that fail. The test is both, the
 * process a real one, without a jail of root's. tests/dialog has the dialogues.
 */
#include "../../login.h"

#include "failing.h"
#include "test.h"

#include "../../jail.h"
#include "../../privsep.h"
#include "../../reply.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

FAILING(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms), -1)
FAILING(ssize_t, read, (int fd, void *out, size_t n), (fd, out, n), -1)
FAILING(
    ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), -1)
FAILING(int, fstat, (int fd, struct stat *st), (fd, st), -1)

#define TIMEOUT_MS 30000 /* for anything that is waited for */

enum { PROXY = 1, STLS = 2, NO_TIME = 4 };

static struct {
	int client, tls, monitor; /* our ends */
	pid_t pid;
} process;

static void
no_more_capabilities(struct reply *out, int login_delay_s)
{
	(void)out;
	(void)login_delay_s;
}

static _Noreturn void
run(int flags, int client, int tls, int monitor)
{
	static const struct jail_means means;
	const struct login_config config = {
	    .client_in = client,
	    .client_out = client,
	    .tls = {(flags & STLS) != 0 ? tls : -1, tls, tls, 0},
	    .monitor = monitor,
	    .means = &means,
	    .proxy = flags & PROXY,
	    .cleartext = (flags & PROXY) == 0,
	    .methods = (1U << METHOD_COUNT) - 1,
	    .timeout_s = (flags & NO_TIME) != 0 ? 0 : 60,
	    .tries = 3,
	    .capa = no_more_capabilities,
	};

	/* As pop3d.c does: */
	signal(SIGPIPE, SIG_IGN);
	if ((flags & PROXY) == 0)
		login_greet(&config);
	login_run(&config);
}

/* Starts one, of which the nth of those calls fails; NULL: none does. */
static void
start(int flags, const char *call, unsigned nth, int error)
{
	int client[2], tls[2], monitor[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, client), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, tls), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, monitor), 0);
	fflush(NULL);
	process.pid = fork();
	assert_int_not_equal(process.pid, -1);
	if (process.pid == 0) {
		close(client[0]);
		close(tls[0]);
		close(monitor[0]);
		fail_call(call, nth, error);
		run(flags, client[1], tls[1], monitor[1]);
	}
	close(client[1]);
	close(tls[1]);
	close(monitor[1]);
	process.client = client[0];
	process.tls = tls[0];
	process.monitor = monitor[0];
}

static void
say_to(int fd, const char *text)
{
	assert_int_equal(
	    send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void
say(const char *text)
{
	say_to(process.client, text);
}

/* The next line, without its CRLF; empty at the end. */
static const char *
line_of(int fd)
{
	static char line[600];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	while (n < sizeof line - 1 && poll(&p, 1, TIMEOUT_MS) == 1 &&
	    recv(fd, line + n, 1, 0) == 1 && line[n] != '\n')
		n++;
	line[n > 0 ? n - 1 : 0] = '\0';
	return line;
}

static void
expect(const char *start)
{
	const char *line = line_of(process.client);

	if (*start == '\0' || strncmp(line, start, strlen(start)) != 0)
		check_text(line, start, "what the client hears");
}

/* The monitor gets one of these. */
static void
await(enum message_type type)
{
	static struct wire w;
	struct pollfd p = {.fd = process.monitor, .events = POLLIN};

	assert_int_equal(poll(&p, 1, TIMEOUT_MS), 1);
	assert_int_equal(privsep_receive(process.monitor, &w), type);
}

/* ... and answers by that type, and nothing behind it. */
static void
answer_badly(enum message_type type)
{
	assert_true(privsep_send(process.monitor, type));
}

/* It has ended, by itself, and said no more than that. */
static void
expect_end(const char *last)
{
	int status;

	if (last != NULL)
		expect(last);
	expect("");
	assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(process.client);
	close(process.tls);
	close(process.monitor);
}

#define NOT_NOW "-ERR [SYS/TEMP] cannot check that now, try again later"
#define SCRAM   "AUTH SCRAM-SHA-256 biwsbj1qb2Uscj1hYmM=\r\n" /* n,,n=joe,r=abc */
#define SALT    ((const unsigned char *)"0123456789abcdef")
#define SERVER  "abcdefghijklmnopqrstuvwx"

static void
no_verdict_is_no_answer(void **state)
{
	(void)state;
	start(0, NULL, 0, 0);
	expect("+OK");
	say("USER joe\r\nPASS secret\r\n");
	await(MSG_CREDENTIALS);
	answer_badly(MSG_VERDICT);
	expect_end("+OK");

	start(0, NULL, 0, 0);
	expect("+OK");
	say("USER joe\r\nPASS secret\r\n");
	await(MSG_CREDENTIALS);
	answer_badly(MSG_SALT);
	expect_end("+OK");
}

/* What a taken-over monitor could do is no matter; but nothing breaks. */
static void
scram_ends_where_the_monitor_does_not_answer(void **state)
{
	static const enum message_type bad[] = {
	    MSG_SALT, MSG_SIGNATURE, MSG_VERDICT, MSG_METHODS, MSG_GRANT};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		start(0, NULL, 0, 0);
		expect("+OK");
		say(SCRAM);
		await(MSG_BEGIN);
		answer_badly(bad[i]);
		expect(NOT_NOW);
		say("QUIT\r\n");
		expect_end("+OK");
	}
	start(0, NULL, 0, 0);
	expect("+OK");
	say(SCRAM);
	await(MSG_BEGIN);
	privsep_send_verdict(process.monitor, GRANTED);
	expect(NOT_NOW);
	say(SCRAM);
	await(MSG_BEGIN);
	shutdown(process.monitor, SHUT_RDWR);
	expect_end(NOT_NOW);
	start(0, "write", 2, EPIPE); /* behind the greeting */
	expect("+OK");
	say(SCRAM);
	expect(NOT_NOW);
	say("QUIT\r\n");
	expect_end("+OK");
}

/* Told a salt, the client has to answer. */
static void
begin_scram(void)
{
	const struct salt salt = {SALT, 16, 4096, SERVER};

	start(0, NULL, 0, 0);
	expect("+OK");
	say(SCRAM);
	await(MSG_BEGIN);
	privsep_send_salt(process.monitor, &salt);
	expect("+ ");
}

static void
clients_may_go_in_the_middle(void **state)
{
	char longer[20000];

	(void)state;
	begin_scram();
	shutdown(process.client, SHUT_WR);
	expect_end(NULL);

	begin_scram();
	memset(longer, 'x', sizeof longer);
	memcpy(longer + sizeof longer - 3, "\r\n", 3);
	say(longer);
	expect("-ERR the line is too long, or holds a NUL");
	say("QUIT\r\n");
	expect_end("+OK");

	/* Gone before it is told: nothing more is done for it. */
	start(0, "write", 2, EPIPE);
	expect("+OK");
	say("USER joe\r\nPASS secret\r\nCAPA\r\n");
	await(MSG_CREDENTIALS);
	privsep_send_verdict(process.monitor, REFUSED);
	expect_end(NULL);
}

/* After STLS the monitor is asked what is possible now. */
static void
without_methods_there_is_no_tls(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		start(STLS, NULL, 0, 0);
		expect("+OK");
		say("STLS\r\n");
		expect("+OK begin TLS");
		await(MSG_ORIGIN);
		say_to(process.tls, "CAPA\r\n");
		await(MSG_SWITCHED);
		if (i == 0)
			answer_badly(MSG_METHODS);
		else if (i == 1)
			answer_badly(MSG_VERDICT);
		else
			shutdown(process.monitor, SHUT_RDWR);
		check_text(line_of(process.tls), "", "what is said by TLS");
		expect_end(NULL);
	}
	start(STLS, "write", 4, EPIPE); /* greeting, answer, MSG_ORIGIN */
	expect("+OK");
	say("STLS\r\n");
	expect("+OK begin TLS");
	await(MSG_ORIGIN);
	say_to(process.tls, "CAPA\r\n");
	check_text(line_of(process.tls), "", "what is said by TLS");
	expect_end(NULL);
}

/* A header makes the connection as private as it says. */
static void
headers_say_how_private_it_is(void **state)
{
	static const struct {
		const char *header, *answer;
	} headers[] = {
	    {"PROXY TCP6 ::1 ::1 1 2\r\n",                 "+OK"       },
	    {"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",     "+OK"       },
	    {"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "-ERR [AUTH"},
	    {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",     "-ERR [AUTH"},
	    {"PROXY TCP6 ::ffff:127.0.0.1 ::1 1 2\r\n",    "+OK"       },
	    {"PROXY UNKNOWN\r\n",                          "-ERR [AUTH"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		start(PROXY, NULL, 0, 0);
		say(headers[i].header);
		await(MSG_ORIGIN);
		expect("+OK");
		say("USER joe\r\n");
		expect(headers[i].answer);
		say("QUIT\r\n");
		expect_end("+OK");
	}
}

static void
who_is_gone_behind_a_proxy_is_not_served(void **state)
{
	(void)state;
	start(PROXY, "write", 2, EPIPE); /* behind MSG_ORIGIN */
	say("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nQUIT\r\n");
	await(MSG_ORIGIN);
	expect_end(NULL);
	start(PROXY, "write", 1, EPIPE);
	say("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nQUIT\r\n");
	expect_end(NULL);
}

static void
interrupted_calls_are_made_again(void **state)
{
	static const char *const calls[] = {"poll", "read"};

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		start(0, calls[i], 1, EINTR);
		expect("+OK");
		say("QUIT\r\n");
		expect_end("+OK");
	}
	start(0, "read", 1, EIO);
	expect("+OK");
	say("QUIT\r\n");
	expect_end(NULL);
	start(0, "fstat", 1, EIO); /* then the client is no plain file */
	expect("+OK");
	say("QUIT\r\n");
	expect_end("+OK");
}

static void
who_has_no_time_is_told_nothing(void **state)
{
	(void)state;
	start(NO_TIME, NULL, 0, 0);
	expect("+OK");
	await(MSG_LOG);
	expect_end(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_verdict_is_no_answer),
	    cmocka_unit_test(scram_ends_where_the_monitor_does_not_answer),
	    cmocka_unit_test(clients_may_go_in_the_middle),
	    cmocka_unit_test(without_methods_there_is_no_tls),
	    cmocka_unit_test(headers_say_how_private_it_is),
	    cmocka_unit_test(who_is_gone_behind_a_proxy_is_not_served),
	    cmocka_unit_test(interrupted_calls_are_made_again),
	    cmocka_unit_test(who_has_no_time_is_told_nothing),
	};

	return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
