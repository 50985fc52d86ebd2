/*
 * Tests of reply.c: how a message is cut into blocks must not change what is
 * sent, and a client that is gone is remembered.
 */
#include "../../reply.h"

#include "test.h"

#include "failing.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

FAILING(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms),
    fault.error == 0 ? (errno = EINTR, 0) : -1) /* of another call */
FAILING(
    ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), -1)

static struct reply r; /* too large for a stack */

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *sent;
	size_t sent_n;
} bodies[] = {
#define BODY(what, bytes, sent)                                                \
	{                                                                      \
		what, bytes, sizeof(bytes) - 1, sent ".\r\n",                  \
		    sizeof(sent ".\r\n") - 1                                   \
	}
    BODY("nothing", "", ""),
    BODY("LF becomes CRLF", "a\nb\n", "a\r\nb\r\n"),
    BODY("CRLF stays", "a\r\nb\r\n", "a\r\nb\r\n"),
    BODY("both in one message", "a\r\nb\nc\r\n", "a\r\nb\r\nc\r\n"),
    BODY("a CR elsewhere stays", "a\rb\r\r\nc\n", "a\rb\r\r\nc\r\n"),
    BODY("empty lines", "\n\r\n\n", "\r\n\r\n\r\n"),
    BODY("an unfinished line", "a\nb", "a\r\nb\r\n"),
    BODY("one that ends with CR", "a\nb\r", "a\r\nb\r\r\n"),
    BODY("a dot", ".\n", "..\r\n"),
    BODY("a dot with CRLF", ".\r\n", "..\r\n"),
    BODY("an unfinished dot", "a\n.", "a\r\n..\r\n"),
    BODY("dots", "..\n...\n", "...\r\n....\r\n"),
    BODY("a dot that begins a line", ".a\nb\n", "..a\r\nb\r\n"),
    BODY("a dot elsewhere", "a.\n .\n", "a.\r\n .\r\n"),
    BODY("a dot behind a CR", "a\r.\n", "a\r.\r\n"),
    BODY("a dot behind LF CR", "a\n\r.\n", "a\r\n\r.\r\n"),
    BODY("a false end", "a\n.\nb\n", "a\r\n..\r\nb\r\n"),
    BODY("NULs and 8 bits", "a\0b\377\n\0", "a\0b\377\r\n\0\r\n"),
#undef BODY
};

/* Takes what was written to a file without a name. */
static size_t
take(int fd, char *bytes, size_t room)
{
	ssize_t n = pread(fd, bytes, room, 0);

	assert_in_range(n, 0, room - 1);
	bytes[n] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	return (size_t)n;
}

/* Sends case i in three pieces, cut there. */
static void
send_cut(int fd, size_t i, size_t first, size_t second)
{
	char got[128];
	size_t n;

	reply_open(&r, fd);
	reply_body(&r, bodies[i].bytes, first);
	reply_body(&r, bodies[i].bytes + first, second - first);
	reply_body(&r, bodies[i].bytes + second, bodies[i].n - second);
	reply_body_end(&r);
	reply_flush(&r);
	n = take(fd, got, sizeof got);
	check_bytes(got, n, bodies[i].sent, bodies[i].sent_n, bodies[i].what);
	check(r.octets == n, "%s", bodies[i].what);
}

static void
every_two_cuts_send_the_same(void **state)
{
	int fd = make_nameless("", 0);

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		for (size_t a = 0; a <= bodies[i].n; a++)
			for (size_t b = a; b <= bodies[i].n; b++)
				send_cut(fd, i, a, b);
	close(fd);
}

static void
single_bytes_send_the_same(void **state)
{
	int fd = make_nameless("", 0);
	char got[128];

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		reply_open(&r, fd);
		for (size_t at = 0; at < bodies[i].n; at++)
			reply_body(&r, bodies[i].bytes + at, 1);
		reply_body_end(&r);
		reply_flush(&r);
		check_bytes(got, take(fd, got, sizeof got), bodies[i].sent,
		    bodies[i].sent_n, bodies[i].what);
	}
	close(fd);
}

/* What one message leaves behind must not change the next. */
static void
messages_follow_one_another(void **state)
{
	int fd = make_nameless("", 0);
	char got[128];

	(void)state;
	reply_open(&r, fd);
	reply_body(&r, "a\r", 2);
	reply_body_end(&r);
	reply_body(&r, "\n.\n", 3);
	reply_body_end(&r);
	reply_body(&r, ".", 1);
	reply_body_end(&r);
	reply_flush(&r);
	take(fd, got, sizeof got);
	check_text(got, "a\r\r\n.\r\n\r\n..\r\n.\r\n..\r\n.\r\n", "three");
	close(fd);
}

static void
answers_have_their_form(void **state)
{
	int fd = make_nameless("", 0);
	char got[512];

	(void)state;
	reply_open(&r, fd);
	reply_ok(&r, "%u messages", 2U);
	reply_ok(&r, "%s", "");
	reply_err(&r, NULL, "unknown command");
	reply_err(&r, "IN-USE", "come back");
	reply_line(&r, "%s%u%s: %u", "a", 0U, "bc", UINT32_MAX);
	reply_line(&r, "%" PRIu64 " of %" PRIu64 ".", (uint64_t)0, UINT64_MAX);
	reply_count(&r, 2, 0);
	reply_count(&r, UINT32_MAX, UINT64_MAX);
	reply_item(&r, 10, "id");
	reply_end(&r);
	assert_int_equal(take(fd, got, sizeof got), 0);
	assert_int_equal(r.octets, 0);
	reply_flush(&r);
	assert_int_equal(take(fd, got, sizeof got), r.octets);
	check_text(got,
	    "+OK 2 messages\r\n"
	    "+OK \r\n"
	    "-ERR unknown command\r\n"
	    "-ERR [IN-USE] come back\r\n"
	    "a0bc: 4294967295\r\n"
	    "0 of 18446744073709551615.\r\n"
	    "2 0\r\n"
	    "4294967295 18446744073709551615\r\n"
	    "10 id\r\n"
	    ".\r\n",
	    "answers wait for the flush");
	close(fd);
}

/* An answer that was put aside is said later, or never. */
static void
what_was_put_aside_can_be_taken_back(void **state)
{
	int fd = memfd_create("reply", 0);
	char got[100];

	(void)state;
	reply_open(&r, fd);
	assert_false(reply_take_back(&r));
	for (int other = 0; other < 3; other++) {
		reply_ok(&r, "one");
		reply_body(&r, "a\r", 2);
		reply_put_aside(&r);
		if (other > 0)
			reply_end(&r);
		if (other > 1)
			reply_flush(&r);
		assert_int_equal(reply_take_back(&r), other == 0);
		if (other == 0)
			reply_body(&r, "\n.", 2);
		reply_body_end(&r);
		reply_flush(&r);
		take(fd, got, sizeof got);
		check(strcmp(got,
			  other == 0 ? "+OK one\r\na\r\n..\r\n.\r\n"
				     : ".\r\n.\r\n") == 0,
		    "%d: %s", other, got);
		assert_false(reply_take_back(&r));
	}
	close(fd);
}

static void
say(const char *text)
{
	reply_ok(&r, "%s", text);
}

static void
say_with_a_dot(const char *text)
{
	reply_ok(&r, "%s.", text);
}

static void
say_a_number(const char *text)
{
	reply_ok(&r, "%zu", strlen(text));
}

static void
say_in_columns(const char *text)
{
	reply_ok(&r, "%9s", text);
}

/* How a process ends that says so. */
static int
status_of(void (*talk)(const char *text), const char *text)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		note_log();
		talk(text);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
a_line_of_more_than_512_octets_is_a_bug(void **state)
{
	char text[600];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	assert_int_equal(status_of(say, text), 70);
	assert_int_equal(status_of(say, text + 94), 0);
	assert_int_equal(status_of(say, text + 93), 70);
	assert_int_equal(status_of(say_with_a_dot, text + 94), 70);
}

static void
what_printf_knows_beside_is_a_bug(void **state)
{
	(void)state;
	assert_int_equal(status_of(say_a_number, ""), 70);
	assert_int_equal(status_of(say_in_columns, ""), 70);
}

/* More than the buffer holds, in blocks of every size around its room. */
static void
much_is_sent_whole(void **state)
{
	enum { LINE = 61, LINES = 6000 };
	static const size_t blocks[] = {1000, 4096, REPLY_ROOM - 1, REPLY_ROOM,
	    REPLY_ROOM + 1, LINE * LINES};
	static char body[LINE * LINES], want[(LINE + 2) * LINES + 3];
	static char got[sizeof want + 1];
	int fd = make_nameless("", 0);
	size_t want_n = 0;

	(void)state;
	for (size_t i = 0; i < LINES; i++) {
		char *line = body + i * LINE;

		memset(line, 'a' + (int)(i % 26), LINE);
		line[0] = '.';
		line[LINE - 1] = '\n';
		want_n += (size_t)snprintf(want + want_n, sizeof want - want_n,
		    ".%.*s\r\n", LINE - 1, line);
	}
	memcpy(want + want_n, ".\r\n", 3);
	want_n += 3;
	for (size_t b = 0; b < COUNT(blocks); b++) {
		reply_open(&r, fd);
		for (size_t at = 0; at < sizeof body; at += blocks[b])
			reply_body(&r, body + at,
			    blocks[b] < sizeof body - at ? blocks[b]
							 : sizeof body - at);
		reply_body_end(&r);
		reply_flush(&r);
		check_bytes(got, take(fd, got, sizeof got), want, want_n,
		    "a large message");
		check(r.octets == want_n, "blocks of %zu", blocks[b]);
	}
	close(fd);
}

/* As it has to be sent, byte by byte. */
static size_t
send_slowly(const char *body, size_t n, char *out)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (body[i] == '.' && (i == 0 || body[i - 1] == '\n'))
			out[len++] = '.';
		if (body[i] == '\n' && (i == 0 || body[i - 1] != '\r'))
			out[len++] = '\r';
		out[len++] = body[i];
	}
	if (n > 0 && body[n - 1] != '\n') {
		out[len++] = '\r';
		out[len++] = '\n';
	}
	memcpy(out + len, ".\r\n", 3);
	return len + 3;
}

/* Lines of a few bytes, in a row: they are sent in another way. */
static void
tiny_lines_are_sent_whole(void **state)
{
	static char body[140000], want[2 * sizeof body + 8], got[sizeof want];
	static const char letters[] = "\n\n\n\n\r.x\0";
	int fd = make_nameless("", 0);
	uint64_t seed = 5;

	(void)state;
	for (size_t round = 0; round < 200; round++) {
		size_t n = round < 190 ? draw(&seed, 2000) : sizeof body;
		uint32_t kinds = 1 + draw(&seed, sizeof letters - 1);
		size_t want_n;

		for (size_t i = 0; i < n; i++)
			body[i] = letters[draw(&seed, kinds)];
		want_n = send_slowly(body, n, want);
		reply_open(&r, fd);
		for (size_t at = 0, some; at < n; at += some) {
			some = 1 + draw(&seed, 900);
			if (some > n - at)
				some = n - at;
			reply_body(&r, body + at, some);
		}
		reply_body_end(&r);
		reply_flush(&r);
		check_bytes(
		    got, take(fd, got, sizeof got), want, want_n, "tiny lines");
	}
	close(fd);
}

/* Lines that are longer than what is copied at a time, and CRs there. */
static void
long_lines_are_sent_whole(void **state)
{
	static const size_t sizes[] = {32766, 32767, 32768, 32769, 65535, 65536,
	    65537, REPLY_ROOM - 2, REPLY_ROOM, 400000};
	static char body[400010], got[400050], want[400050];
	int fd = make_nameless("", 0);

	(void)state;
	for (size_t i = 0; i < 4 * COUNT(sizes); i++) {
		size_t n = sizes[i / 4], want_n = 0;
		int cr = i % 2, dot = i / 2 % 2;

		memset(body, 'a', n);
		body[0] = dot ? '.' : 'a';
		if (cr)
			body[n - 1] = '\r';
		memcpy(body + n, "\n.\n", 3);
		if (dot)
			want[want_n++] = '.';
		memcpy(want + want_n, body, n);
		want_n += n;
		want_n += (size_t)sprintf(
		    want + want_n, "%s\n..\r\n.\r\n", cr ? "" : "\r");
		reply_open(&r, fd);
		reply_body(&r, body, n + 3);
		reply_body_end(&r);
		reply_flush(&r);
		check_bytes(got, take(fd, got, sizeof got), want, want_n,
		    "a long line");
	}
	close(fd);
}

/* Of short lines, wherever the buffer's end falls. */
static void
many_answers_are_sent_whole(void **state)
{
	enum { MANY = 30000 };
	static char want[MANY * 16], got[sizeof want];
	int fd = make_nameless("", 0);

	(void)state;
	for (size_t early = 0; early < 16; early++) {
		size_t n = 0;

		reply_open(&r, fd);
		for (size_t i = 0; i < early; i++, n++) {
			want[n] = 'x';
			reply_body(&r, "x", 1);
		}
		for (uint32_t i = 1; i <= MANY; i++) {
			reply_count(&r, i, i);
			n += (size_t)sprintf(want + n, "%u %u\r\n", i, i);
		}
		reply_flush(&r);
		check_bytes(got, take(fd, got, sizeof got), want, n, "answers");
	}
	close(fd);
}

/* Wherever the buffer's end falls. */
static void
the_buffer_is_never_overrun(void **state)
{
	int fd = make_nameless("", 0);

	(void)state;
	for (size_t left = 0; left < 8; left++)
		for (size_t n = 1; n < 8; n++) {
			reply_open(&r, fd);
			r.len = REPLY_ROOM - left;
			reply_body(&r, &".xxxxx\n"[7 - n], n);
			check(r.len <= REPLY_ROOM, "%zu left, %zu", left, n);
		}
	close(fd);
}

/* From out[0], whose writes are short, to out[1]. */
static void
send_much(int out[2])
{
	enum { SIZE = 300000 };
	static char body[SIZE], got[SIZE + 100];
	size_t n = 0;
	ssize_t some;
	int status;
	pid_t pid;

	for (size_t i = 0; i < SIZE; i++)
		body[i] = (char)('a' + i % 25);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(out[1]);
		reply_open(&r, out[0]);
		reply_body(&r, body, SIZE);
		reply_body_end(&r);
		reply_flush(&r);
		_exit(r.dead || r.octets != SIZE + 5);
	}
	close(out[0]);
	while ((some = read(out[1], got + n, sizeof got - n)) > 0)
		n += (size_t)some;
	close(out[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(n, SIZE + 5);
	assert_memory_equal(got, body, SIZE);
	assert_memory_equal(got + SIZE, "\r\n.\r\n", 5);
}

/* Of a socket whose buffers are small, of pipes that block or do not. */
static void
short_writes_are_continued(void **state)
{
	int out[2], small = 4096;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, out), 0);
	setsockopt(out[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	send_much(out);
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
		out[0] = ends[1];
		out[1] = ends[0];
		send_much(out);
	}
}

/* Of a pipe that blocks no more than poll() has promised; else all. */
static void
a_pipe_that_does_not_block_takes_much(void **state)
{
	static char body[60000];
	int ends[2];

	(void)state;
	memset(body, 'x', sizeof body);
	assert_int_equal(pipe(ends), 0);
	reply_open(&r, ends[1]);
	assert_int_equal(r.most, PIPE_BUF);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	reply_open(&r, ends[1]);
	assert_int_equal(r.most, REPLY_ROOM);
	reply_body(&r, body, sizeof body);
	reply_flush(&r);
	assert_false(r.dead);
	assert_int_equal(r.octets, sizeof body);
	close(ends[0]);
	close(ends[1]);
}

static void
die_on(int fds[2])
{
	close(fds[0]);
	reply_open(&r, fds[1]);
	reply_ok(&r, "to nobody");
	assert_false(r.dead);
	reply_flush(&r);
	assert_true(r.dead);
	assert_int_equal(r.len, 0);
	reply_ok(&r, "nor this");
	reply_body(&r, "x\n", 2);
	reply_body_end(&r);
	reply_flush(&r);
	assert_true(r.dead);
	assert_int_equal(r.octets, 0);
	close(fds[1]);
}

static void
a_dead_client_is_remembered(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	die_on(fds);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	die_on(fds);
}

/* A pipe into which nothing goes for as long as one waits; and calls that are
 * interrupted, which are made again. */
static void
a_stalled_pipe_is_dead(void **state)
{
	static const struct {
		const char *call;
		int error; /* 0: nothing is ready */
		int is_dead;
	} answers[] = {
	    {"poll",  0,     1},
            {"poll",  EBADF, 1},
            {"poll",  EINTR, 0},
	    {"write", EINTR, 0},
            {"write", EPIPE, 1}
        };

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		char got[16];
		int ends[2];

		assert_int_equal(pipe(ends), 0);
		reply_open(&r, ends[1]);
		reply_ok(&r, "here");
		fail_call(answers[i].call, 1, answers[i].error);
		reply_flush(&r);
		fail_call(NULL, 0, 0);
		check(r.dead == answers[i].is_dead, "case %zu", i);
		check(r.octets == (r.dead ? 0 : 10), "case %zu", i);
		close(ends[1]);
		check(read(ends[0], got, sizeof got) == (ssize_t)r.octets,
		    "case %zu", i);
		close(ends[0]);
	}
}

/* A socket that has its time-out and a reader that reads nothing. */
static void
a_stalled_client_is_dead(void **state)
{
	static const char block[8192];
	struct timeval soon = {.tv_usec = 10000};
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	reply_open(&r, fds[1]);
	assert_true(r.is_socket);
	/* The real one is too long to wait for. */
	setsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
	for (int i = 0; i < 1000 && !r.dead; i++)
		reply_body(&r, block, sizeof block);
	assert_true(r.dead);
	close(fds[0]);
	close(fds[1]);
}

static void
the_time_out_is_set(void **state)
{
	struct timeval t = {0};
	socklen_t size = sizeof t;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	reply_open(&r, fds[1]);
	assert_int_equal(
	    getsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &t, &size), 0);
	assert_int_equal(t.tv_sec, REPLY_STALL_S);
	close(fds[0]);
	close(fds[1]);
}

static void
closing_reads_what_was_left(void **state)
{
	char got[64];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(write(fds[0], "NOOP\r\nNOOP\r\n", 12), 12);
	reply_open(&r, fds[1]);
	reply_ok(&r, "bye");
	reply_close(&r, fds[1]);
	assert_int_equal(recv(fds[1], got, sizeof got, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(fds[1]);
	assert_int_equal(read(fds[0], got, sizeof got), 9);
	assert_memory_equal(got, "+OK bye\r\n", 9);
	assert_int_equal(read(fds[0], got, sizeof got), 0);
	close(fds[0]);
}

/* Who goes on sending is not listened to for ever. */
static void
closing_reads_so_much_and_no_more(void **state)
{
	static char bytes[150000];
	int fds[2];
	size_t left = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	n = send(fds[0], bytes, sizeof bytes, MSG_DONTWAIT);
	assert_in_range(n, 100000, sizeof bytes);
	reply_open(&r, fds[1]);
	reply_close(&r, fds[1]);
	close(fds[0]);
	for (ssize_t some; (some = read(fds[1], bytes, sizeof bytes)) > 0;)
		left += (size_t)some;
	assert_int_equal(left, (size_t)n - 65536);
	close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_two_cuts_send_the_same),
	    cmocka_unit_test(single_bytes_send_the_same),
	    cmocka_unit_test(messages_follow_one_another),
	    cmocka_unit_test(answers_have_their_form),
	    cmocka_unit_test(what_was_put_aside_can_be_taken_back),
	    cmocka_unit_test(a_line_of_more_than_512_octets_is_a_bug),
	    cmocka_unit_test(what_printf_knows_beside_is_a_bug),
	    cmocka_unit_test(much_is_sent_whole),
	    cmocka_unit_test(tiny_lines_are_sent_whole),
	    cmocka_unit_test(long_lines_are_sent_whole),
	    cmocka_unit_test(the_buffer_is_never_overrun),
	    cmocka_unit_test(short_writes_are_continued),
	    cmocka_unit_test(a_pipe_that_does_not_block_takes_much),
	    cmocka_unit_test(a_dead_client_is_remembered),
	    cmocka_unit_test(a_stalled_client_is_dead),
	    cmocka_unit_test(the_time_out_is_set),
	    cmocka_unit_test(closing_reads_what_was_left),
	    cmocka_unit_test(closing_reads_so_much_and_no_more),
	    cmocka_unit_test(a_stalled_pipe_is_dead),
	    cmocka_unit_test(many_answers_are_sent_whole),
	};

	signal(SIGPIPE, SIG_IGN); /* as pop3d.c does */
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
