/*
 * Tests of walk.c: the same lines from every buffer, against a model that
 * looks at one byte at a time.
 */
#include "../../walk.h"

#include "test.h"

#include "failing.h"

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
} cases[] = {
    {"nothing",		    "",                   0 },
    {"one LF",		     "\n",                 1 },
    {"one CRLF",		   "\r\n",               2 },
    {"one CR",		     "\r",                 1 },
    {"lines",		      "a\nbc\ndef\n",       9 },
    {"CRLF lines",                 "a\r\nbc\r\ndef\r\n", 12},
    {"no LF at the end",           "a\nbc",              4 },
    {"a CR at the end",            "a\nbc\r",            5 },
    {"blank lines",                "\n\n\r\n\n\r\r\n\n", 9 },
    {"a blank line is no space",   " \n\t\n\0\n",        6 },
    {"CRs in the middle",          "a\rb\r\r\nc\n",      8 },
    {"NULs",		       "\0\0\n\0\n",         5 },
    {"a line longer than buffers",
     "abcdefghijklmnopqrstuvwxyzabcdefghijkl\n"
	"a\r\n\nb",				      44},
    {"long with CRLF",
     "abcdefghijklmnopqrstuvwxyzabcdefghijk\r\n"
	"\r\n",					  41},
};

/* What must hold of a piece, of a file whose bytes are known. */
static void
check_piece(const struct piece *p, const char *bytes, size_t at, off_t from,
    const char *what)
{
	size_t end = at + p->len;
	int starts = at == 0 || bytes[at - 1] == '\n';
	int ends = bytes[end - 1] == '\n';
	int whole = starts && ends;

	check(p->offset == from + (off_t)at, "%s at %zu", what, at);
	check(memcmp(p->bytes, bytes + at, p->len) == 0, "%s at %zu", what, at);
	check(p->starts == starts, "%s at %zu", what, at);
	check(p->ends == ends, "%s at %zu", what, at);
	check(memchr(bytes + at, '\n', p->len - 1) == NULL, "%s at %zu", what,
	    at);
	check(p->blank ==
		(whole && (p->len == 1 || (p->len == 2 && bytes[at] == '\r'))),
	    "%s at %zu", what, at);
	check(
	    p->added == (size_t)(ends && (end == 1 || bytes[end - 2] != '\r')),
	    "%s at %zu", what, at);
}

/* Does the line that begins there come in one piece from such a buffer? */
static int
fits(const char *bytes, size_t n, size_t at, size_t room)
{
	const char *lf = memchr(bytes + at, '\n', n - at);
	size_t len = lf == NULL ? n - at : (size_t)(lf - bytes) + 1 - at;

	return len <= room / 2;
}

static void
walk_all(int fd, off_t from, const char *bytes, size_t n, size_t room,
    const char *what)
{
	char *buf = malloc(room);
	struct piece p;
	struct walk w;
	size_t at = 0;

	walk_open(&w, fd, from, from + (off_t)n, buf, room);
	for (;;) {
		check(walk_next(&w, &p) == FINE, "%s, room %zu", what, room);
		if (p.len == 0)
			break;
		check(p.len <= n - at, "%s, room %zu", what, room);
		check_piece(&p, bytes, at, from, what);
		if (p.starts && fits(bytes, n, at, room))
			check(p.ends || at + p.len == n, "%s, room %zu", what,
			    room);
		at += p.len;
	}
	check(at == n, "%s, room %zu", what, room);
	check(walk_next(&w, &p) == FINE && p.len == 0, "%s, after", what);
	free(buf);
}

static void
every_buffer_gives_the_same_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = make_nameless(cases[i].bytes, cases[i].n);

		for (size_t room = 2; room < 100; room++)
			walk_all(fd, 0, cases[i].bytes, cases[i].n, room,
			    cases[i].what);
		close(fd);
	}
}

/* A part is walked as if it were the whole. */
static void
every_part_is_a_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = cases[i].n;
		int fd = make_nameless(cases[i].bytes, n);

		for (size_t from = 0; from <= n; from++)
			for (size_t to = from; to <= n; to++)
				for (size_t room = 2; room < 20; room += 3)
					walk_all(fd, (off_t)from,
					    cases[i].bytes + from, to - from,
					    room, cases[i].what);
		close(fd);
	}
}

static void
random_files_agree_with_the_model(void **state)
{
	static const char some[] = "\n\n\r\r\0ab";
	uint64_t seed = 42;
	char bytes[200];

	(void)state;
	for (int i = 0; i < 500; i++) {
		size_t n = draw(&seed, sizeof bytes);
		int fd;

		for (size_t j = 0; j < n; j++)
			bytes[j] = some[draw(&seed, sizeof some - 1)];
		fd = make_nameless(bytes, n);
		for (int j = 0; j < 8; j++)
			walk_all(
			    fd, 0, bytes, n, 2 + draw(&seed, 40), "random");
		close(fd);
	}
}

static void
a_file_that_ends_too_soon_has_changed(void **state)
{
	int fd = make_nameless("a\nbc\nd", 6);
	struct piece p;
	struct walk w;
	char buf[16];

	(void)state;
	walk_open(&w, fd, 0, 7, buf, sizeof buf);
	assert_int_equal(walk_next(&w, &p), FINE);
	assert_int_equal(p.len, 2);
	assert_int_equal(walk_next(&w, &p), FINE);
	assert_int_equal(p.len, 3);
	assert_int_equal(walk_next(&w, &p), CHANGED);
	close(fd);
}

static void
an_interrupted_read_goes_on(void **state)
{
	int fd = make_nameless("a\nbc\n", 5);
	struct piece p;
	struct walk w;
	char buf[16];

	(void)state;
	walk_open(&w, fd, 0, 5, buf, sizeof buf);
	fail_call("pread", 1, EINTR);
	assert_int_equal(walk_next(&w, &p), FINE);
	fail_call(NULL, 0, 0);
	check_bytes(p.bytes, p.len, "a\n", 2, "the first line");
	close(fd);
}

static void
what_cannot_be_read_is_trouble(void **state)
{
	struct piece p;
	struct walk w;
	char buf[16];

	(void)state;
	walk_open(&w, -1, 0, 7, buf, sizeof buf);
	assert_int_equal(walk_next(&w, &p), TEMP);
	assert_int_equal(errno, EBADF);
}

/* Offsets of more than 32 bits, in a file that is one hole but for its end. */
static void
large_files_have_large_offsets(void **state)
{
	const off_t far = (off_t)5 << 30;
	int fd = make_nameless("", 0);

	(void)state;
	if (pwrite(fd, "ab\n\r\nc", 6, far) != 6)
		skip(); /* no such files here */
	walk_all(fd, far, "ab\n\r\nc", 6, 8, "beyond 4 GiB");
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_buffer_gives_the_same_lines),
	    cmocka_unit_test(every_part_is_a_file),
	    cmocka_unit_test(random_files_agree_with_the_model),
	    cmocka_unit_test(a_file_that_ends_too_soon_has_changed),
	    cmocka_unit_test(an_interrupted_read_goes_on),
	    cmocka_unit_test(what_cannot_be_read_is_trouble),
	    cmocka_unit_test(large_files_have_large_offsets),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
