/*
 * Tests of scan.c: what it finds does not depend on how the file lies in its
 * buffer, and a message is known again by its header. (What a message is, is
 * mbox.c's test.)
 */
#include "../../scan.h"

#include "failing.h"
#include "mboxes.h"

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(void *, malloc, (size_t n), (n), NULL)

#define ROOM 1048576 /* of scan.c's buffer */

struct list {
	struct message messages[8];
	uint32_t count;
};

static enum trouble
note(void *arg, const struct message *one)
{
	struct list *l = arg;

	if (l->count == COUNT(l->messages))
		return BUSY;
	l->messages[l->count++] = *one;
	return FINE;
}

static enum trouble
scan_file(const char *bytes, size_t n, off_t from, struct list *l)
{
	int fd = make_nameless(bytes, n);
	struct scan s = {.fd = fd,
	    .from = from,
	    .to = (off_t)n,
	    .path = "memory",
	    .take = note,
	    .arg = l};
	enum trouble why;

	l->count = 0;
	why = scan_run(&s);
	close(fd);
	return why;
}

/* A file of "early" bytes of one message, and then what is to be found. */
static size_t
make_late(char *bytes, size_t early, const char *late)
{
	memset(bytes, 'x', early);
	for (size_t i = 63; i < early; i += 64)
		bytes[i] = '\n';
	memcpy(bytes, FROM "\n", 35);
	memcpy(bytes + early - 2, "\n\n", 2);
	memcpy(bytes + early, late, strlen(late));
	return early + strlen(late);
}

/* The same two messages at "at" and in "first". */
static void
check_place(const char *late, size_t at, const struct list *first)
{
	static char bytes[2 * ROOM];
	size_t n = make_late(bytes, at, late);
	struct list l;

	check(scan_file(bytes, n, 0, &l) == FINE, "at %zu", at);
	check(l.count == 3, "at %zu", at);
	for (int i = 0; i < 2; i++) {
		const struct message *is = &l.messages[i + 1];
		const struct message *was = &first->messages[i];

		check(is->octets == was->octets, "at %zu", at);
		check(is->sum == was->sum, "at %zu", at);
		check(is->tail == was->tail, "at %zu", at);
	}
	check(scan_file(bytes, n, (off_t)at, &l) == FINE, "from %zu", at);
	check(l.count == 2 && l.messages[0].offset == at &&
		l.messages[0].sum == first->messages[0].sum,
	    "from %zu", at);
}

/* The same message anywhere: its octets and its sum are the same. */
static void
place_does_not_matter(void **state)
{
	/* With less of a header, more is read before it is looked at. */
	static char large[2000];
	const char *const late[] = {
	    FROM "A: b\r\nFrom: c\n\nF\nFrom\r\n\nFoo\n\nFrom x\n\r\n" FROM
		 "\n",
	    FROM "A: b\r\n\rC: d\r\n\r\nF\r\n\r\n" FROM "\n",
	    large,
	};
	struct list first;

	(void)state;
	snprintf(large, sizeof large, "%sA: %01200d\r\n\r\nF\r\n\r\n%s\n", FROM,
	    0, FROM);
	for (size_t i = 0; i < COUNT(late); i++) {
		size_t n = strlen(late[i]);

		assert_int_equal(scan_file(late[i], n, 0, &first), FINE);
		assert_int_equal(first.count, 2);
		for (size_t early = 100; early < 200; early++) {
			check_place(late[i], early, &first);
			check_place(late[i], ROOM - n - 100 + early, &first);
		}
	}
}

/* As many line ends as there can be. */
static void
nothing_but_line_ends_is_counted(void **state)
{
	static char bytes[100000];
	struct list l;

	(void)state;
	for (size_t n = 300; n < sizeof bytes; n += n < 400 ? 1 : 9973) {
		memset(bytes, '\n', n);
		memcpy(bytes, FROM, 34);
		assert_int_equal(scan_file(bytes, n, 0, &l), FINE);
		check(l.count == 1, "%zu", n);
		check(l.messages[0].octets == 2 * (n - 34 - 1), "%zu", n);
	}
}

static void
who_takes_can_end_it(void **state)
{
	static char bytes[9 * 35 + 1];
	struct list l;

	(void)state;
	for (int i = 0; i < 9; i++)
		memcpy(bytes + i * 35, FROM "\n", 35);
	assert_int_equal(scan_file(bytes, (size_t)9 * 35, 0, &l), BUSY);
	assert_int_equal(l.count, 8);
}

/* A header of n bytes behind its From_ line. */
static size_t
make_header(char *bytes, size_t n, const char *body)
{
	size_t at = strlen(FROM);

	memcpy(bytes, FROM, at);
	memset(bytes + at, 'h', n);
	for (size_t i = 50; i < n; i += 50)
		bytes[at + i - 1] = '\n';
	bytes[at + n - 1] = '\n';
	at += n;
	return at + (size_t)sprintf(bytes + at, "\n%s", body);
}

/* The header counts, and nothing else: of one that is very long, a part. */
static void
a_message_is_known_by_its_header(void **state)
{
	static const size_t sizes[] = {1, 60, 4000, 4060, 4061, 4062, 4096,
	    8000, SCAN_HEADER - 36, SCAN_HEADER - 35, SCAN_HEADER - 34,
	    SCAN_HEADER, 100000, ROOM - 35, ROOM, ROOM + 50000,
	    3 * ROOM + 1000};
	static char bytes[3 * ROOM + 100000];
	struct list l;

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = make_header(bytes, sizes[i], "body\n\n" FROM "\n");
		size_t parts[] = {
		    10, 34, 34 + sizes[i] / 2, 33 + sizes[i], n - 38};
		int fd = make_nameless(bytes, n);
		off_t end;

		assert_int_equal(scan_file(bytes, n, 0, &l), FINE);
		assert_int_equal(l.count, 2);
		end = (off_t)l.messages[1].offset;
		check(scan_again(fd, &l.messages[0], end) == FINE, "%zu",
		    sizes[i]);
		for (size_t j = 0; j < COUNT(parts); j++) {
			int counts =
			    parts[j] < SCAN_HEADER && parts[j] < n - 41;

			pwrite(fd, "#", 1, (off_t)parts[j]);
			check((scan_again(fd, &l.messages[0], end) ==
				  CHANGED) == counts,
			    "%zu, byte %zu", sizes[i], parts[j]);
			pwrite(fd, bytes + parts[j], 1, (off_t)parts[j]);
		}
		close(fd);
	}
}

/* What a buffer begins with need not be what a line begins with. */
static void
a_line_does_not_begin_where_a_block_does(void **state)
{
	static char bytes[ROOM + 1000];
	struct list l;

	(void)state;
	for (size_t at = ROOM - 40; at < ROOM + 3; at++) {
		for (int is_line = 0; is_line < 2; is_line++) {
			size_t n = make_late(bytes, at - 1, "x" FROM "\n");

			if (is_line)
				n = make_late(bytes, at, FROM "\n");
			assert_int_equal(scan_file(bytes, n, 0, &l), FINE);
			check(l.count == 1U + (unsigned)is_line,
			    "From_ at %zu, %d", at, is_line);
		}
	}
}

/* Only so many, or all of them would have to be kept. */
static void
blank_lines_before_the_first_are_bounded(void **state)
{
	static char bytes[70000];
	struct list l;

	(void)state;
	for (int crlf = 0; crlf < 2; crlf++)
		for (size_t n = 50000; n < 70000 - 100; n += 3000) {
			memset(bytes, '\n', n);
			for (size_t i = 0; crlf && i < n; i += 2)
				bytes[i] = '\r';
			memcpy(bytes + n, FROM "x\n", 36);
			check(scan_file(bytes, n + 36, 0, &l) ==
				(n < 64000 ? FINE : PERM),
			    "%zu, %d", n, crlf);
			if (l.count > 0)
				check(l.messages[0].from_len == n + 34 &&
					l.messages[0].octets == 3,
				    "%zu, %d", n, crlf);
		}
}

/* At whatever part of the file; nothing of what was found is a result. */
static void
what_cannot_be_read_is_told(void **state)
{
	static char bytes[3 * ROOM + 200000];
	struct list l;
	size_t n;

	(void)state;
	for (int in_body = 0; in_body < 2; in_body++) {
		n = in_body ? make_late(bytes, 3 * ROOM, FROM "\n")
			    : make_header(bytes, 3 * ROOM, "body\n");
		for (unsigned nth = 1; nth < 7; nth++) {
			int is_read;

			note_log();
			fail_call("pread", nth, EIO);
			is_read = scan_file(bytes, n, 0, &l) == FINE;
			check(is_read == (fault.seen < nth), "%u", nth);
			check(logged_lines == !is_read, "%u", nth);
			check(is_read ? nth > 3 : nth < 6, "%u", nth);
			fail_call("pread", nth, EINTR);
			assert_int_equal(scan_file(bytes, n, 0, &l), FINE);
		}
	}
	note_log();
	fail_call("malloc", 1, ENOMEM);
	assert_int_equal(scan_file(bytes, n, 0, &l), TEMP);
	fail_call(NULL, 0, 0);
	assert_int_equal(logged_lines, 1);
}

/* Of a file that ends while it is read. */
static void
a_file_that_ends_too_early_has_changed(void **state)
{
	static char bytes[3 * ROOM];
	size_t n = make_late(bytes, 2 * ROOM + 1000, FROM "\n");
	int fd = make_nameless(bytes, n);
	struct list l = {.count = 0};
	struct scan s = {.fd = fd,
	    .to = (off_t)n + 1,
	    .path = "memory",
	    .take = note,
	    .arg = &l};

	(void)state;
	for (off_t size = (off_t)n; size > 0; size -= ROOM / 2) {
		assert_int_equal(ftruncate(fd, size), 0);
		assert_int_equal(scan_run(&s), CHANGED);
	}
	close(fd);
}

/* Offsets have so many bits, and no more. */
static void
a_larger_file_is_none(void **state)
{
	struct list l = {.count = 0};
	struct scan s = {.fd = -1,
	    .from = 7,
	    .to = SCAN_MOST + 8,
	    .path = "memory",
	    .take = note,
	    .arg = &l};

	(void)state;
	assert_int_equal(scan_run(&s), PERM);
	s.to = SCAN_MOST + 7;
	assert_int_equal(scan_run(&s), TEMP); /* it is tried */
}

/* A long header needs memory for a second look. */
static void
without_memory_nothing_is_known_again(void **state)
{
	static char bytes[20000];
	size_t n = make_header(bytes, 10000, "body\n");
	int fd = make_nameless(bytes, n);
	struct list l;

	(void)state;
	assert_int_equal(scan_file(bytes, n, 0, &l), FINE);
	fail_call("malloc", 1, ENOMEM);
	assert_int_equal(scan_again(fd, &l.messages[0], (off_t)n), TEMP);
	fail_call("pread", 2, EIO);
	assert_int_equal(scan_again(fd, &l.messages[0], (off_t)n), TEMP);
	fail_call(NULL, 0, 0);
	assert_int_equal(scan_again(fd, &l.messages[0], (off_t)n), FINE);
	close(fd);
}

static void
a_shorter_file_is_another(void **state)
{
	struct list l;
	int fd = make_nameless(FROM "A: b\n\nbody\n", 45);

	(void)state;
	assert_int_equal(scan_file(FROM "A: b\n\nbody\n", 45, 0, &l), FINE);
	assert_int_equal(scan_again(fd, &l.messages[0], 45), FINE);
	assert_int_equal(ftruncate(fd, 44), 0);
	assert_int_equal(scan_again(fd, &l.messages[0], 45), CHANGED);
	assert_int_equal(scan_again(-1, &l.messages[0], 45), TEMP);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(place_does_not_matter),
	    cmocka_unit_test(nothing_but_line_ends_is_counted),
	    cmocka_unit_test(who_takes_can_end_it),
	    cmocka_unit_test(a_message_is_known_by_its_header),
	    cmocka_unit_test(a_line_does_not_begin_where_a_block_does),
	    cmocka_unit_test(blank_lines_before_the_first_are_bounded),
	    cmocka_unit_test(what_cannot_be_read_is_told),
	    cmocka_unit_test(a_file_that_ends_too_early_has_changed),
	    cmocka_unit_test(a_larger_file_is_none),
	    cmocka_unit_test(without_memory_nothing_is_known_again),
	    cmocka_unit_test(a_shorter_file_is_another),
	};

	note_log();
	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
