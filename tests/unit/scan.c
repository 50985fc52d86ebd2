/*
 * Tests of scan.c: what it finds does not depend on how the file lies in its
 * buffer, and a message is known again by its header. (What a message is, is
 * mbox.c's test.)
 */
#include "../../scan.h"

#include "mboxes.h"

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
	    SCAN_HEADER, 100000, ROOM - 35, ROOM, ROOM + 50000};
	static char bytes[ROOM + 100000];
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
	    cmocka_unit_test(a_shorter_file_is_another),
	};

	note_log();
	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
