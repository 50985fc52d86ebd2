/*
 * Tests of index.c: what was written is read, and nothing else is believed.
 */
#include "../../index.h"

#include "../../bytes.h"

#include "test.h"

#include "failing.h"

FAILING(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING_SYSCALL

/* Where things are in the file: see index.c. */
#define NUMBER(n) (8 + 8 * (n))
#define SIZE      NUMBER(3)
#define START     NUMBER(10)
#define OCTETS    NUMBER(11)
#define NUMBERS   NUMBER(12) /* of messages */
#define FLAGS     NUMBER(13)
#define DIGEST    NUMBER(14)
#define HEAD      NUMBER(16)
#define RECORD    32
#define ROOM      (HEAD + 4 * RECORD)

/* What messages() and numbers() describe: a file of 500 bytes. */
static const struct message messages[] = {
    {.offset = 100,
     .octets = 81,
     .id = "0123456789",
     .copy = 1,
     .sum = 77,
     .from_len = 34,
     .tail = 1},
    {.offset = 215,
     .octets = 2,
     .id = "\377\0\1\2",
     .copy = 2,
     .from_len = 20,
     .tail = 0},
    {.offset = 236,
     .octets = 400,
     .id = "",
     .copy = 8000000,
     .from_len = 50,
     .tail = 2},
};

static struct index
an_index(void)
{
	struct index x = {
	    .stamp = {.dev = UINT64_MAX,
		      .ino = 1ULL << 40,
		      .size = 500,
		      .mtime = {1700000000, 999999999},
		      .ctime = {1700000001, 1}},
	    .when = {1700000010, 7},
	    .start = 100,
	    .octets = 483,
	    .has_ids = 1,
	    .proven = 1,
	    .count = COUNT(messages),
	};

	x.messages = calloc(COUNT(messages), sizeof *x.messages);
	assert_non_null(x.messages);
	memcpy(x.messages, messages, sizeof messages);
	return x;
}

static int
file_of(struct index *x)
{
	int fd = make_nameless("", 0);

	index_write(x, fd, 0);
	return fd;
}

/* Reads head and messages; leaves none if there is any doubt. */
static void
read_all(struct index *x, int fd)
{
	index_read(x, fd, INT64_MAX);
	if (index_read_messages(x, fd) != FINE)
		*x = (struct index){.count = 0};
}

static void
check_empty(const struct index *x, const char *what, size_t where)
{
	static const struct index none;

	check(x->count == 0 && x->messages == NULL, "%s %zu", what, where);
	check(index_same(&x->stamp, &none.stamp), "%s %zu", what, where);
}

static void
what_was_written_is_read(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	for (int i = 0; i < 2; i++) {
		x.has_ids = i;
		x.some_ids = i;
		x.proven = !i;
		index_write(&x, fd, 0);
		index_read(&y, fd, INT64_MAX);
		assert_true(index_same(&x.stamp, &y.stamp));
		assert_memory_equal(&x.when, &y.when, sizeof x.when);
		assert_true(x.start == y.start && x.octets == y.octets);
		assert_int_equal(y.has_ids, i);
		assert_int_equal(y.some_ids, i);
		assert_int_equal(y.proven, !i);
		assert_int_equal(y.count, COUNT(messages));
		assert_null(y.messages);
		assert_int_equal(index_read_messages(&y, fd), FINE);
		assert_memory_equal(y.messages, messages, sizeof messages);
		index_close(&y);
	}
	close(fd);
	index_close(&x);
	index_close(&x);
}

/* What has not changed is not written again. */
static void
an_index_is_extended(void **state)
{
	static const unsigned char noise[RECORD] = "noise";
	struct index x = an_index(), y;
	int fd;

	(void)state;
	x.count = 2;
	fd = file_of(&x);
	pwrite(fd, noise, RECORD, HEAD); /* the first message */
	x.count = 3;
	index_write(&x, fd, 1);
	index_read(&y, fd, INT64_MAX);
	assert_int_equal(y.count, 3);
	assert_int_equal(index_read_messages(&y, fd), CHANGED);
	pwrite(fd, &messages[0], RECORD, HEAD);
	read_all(&y, fd);
	assert_int_equal(y.count, 3);
	assert_memory_equal(y.messages, messages, sizeof messages);
	index_close(&y);
	index_close(&x);
	close(fd);
}

static void
a_disowned_index_keeps_its_messages(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	index_disown(fd);
	read_all(&y, fd);
	assert_false(index_same(&x.stamp, &y.stamp));
	assert_int_not_equal(y.stamp.ino, x.stamp.ino);
	assert_int_equal(y.count, COUNT(messages));
	assert_memory_equal(y.messages, messages, sizeof messages);
	index_close(&y);
	index_close(&x);
	close(fd);
}

/* A small mailbox has no large index. */
static void
an_index_of_too_many_messages_is_none(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	index_read(&y, fd, 60);
	assert_int_equal(y.count, 3);
	index_read(&y, fd, 59);
	assert_int_equal(y.count, 0);
	index_close(&x);
	close(fd);
}

/* More messages than one block of index.c takes. */
static void
many_messages_are_read(void **state)
{
	static const uint32_t counts[] = {1, 1023, 1024, 1025, 2048, 5000};
	struct index x = an_index(), y;

	(void)state;
	index_close(&x);
	x.start = 0;
	x.octets = 0;
	x.messages = calloc(5000, sizeof *x.messages);
	for (uint32_t i = 0; i < 5000; i++)
		x.messages[i] = (struct message){.offset = i * 64U,
		    .octets = 50,
		    .copy = (i + 1) & MESSAGE_COPIES,
		    .from_len = 34};
	for (size_t i = 0; i < COUNT(counts); i++) {
		int fd;

		x.count = counts[i];
		x.octets = counts[i] * 50;
		x.stamp.size = (off_t)counts[i] * 64;
		fd = file_of(&x);
		read_all(&y, fd);
		assert_int_equal(y.count, counts[i]);
		assert_memory_equal(
		    y.messages, x.messages, counts[i] * sizeof *x.messages);
		index_close(&y);
		close(fd);
	}
	index_close(&x);
}

static void
sizes_beyond_32_bits_are_kept(void **state)
{
	struct index x = an_index(), y;
	int fd;

	(void)state;
	x.stamp.size = (off_t)1 << 40;
	x.messages[2].octets = 1ULL << 39;
	x.messages[2].offset = (off_t)1 << 38;
	x.messages[1].octets = 1ULL << 37;
	x.octets = 81 + (1ULL << 39) + (1ULL << 37);
	fd = file_of(&x);
	read_all(&y, fd);
	assert_int_equal(y.count, 3);
	assert_memory_equal(y.messages, x.messages, sizeof messages);
	index_close(&y);
	index_close(&x);
	close(fd);
}

/* The file of an_index(), in memory. */
static size_t
bytes_of_index(unsigned char bytes[ROOM])
{
	struct index x = an_index();
	int fd = file_of(&x);
	ssize_t n = pread(fd, bytes, ROOM, 0);

	index_close(&x);
	close(fd);
	assert_int_equal(n, HEAD + COUNT(messages) * RECORD);
	return (size_t)n;
}

static void
no_flipped_bit_is_believed(void **state)
{
	unsigned char bytes[ROOM];
	size_t n = bytes_of_index(bytes);
	int fd = make_nameless(bytes, n);
	struct index x;

	(void)state;
	for (size_t i = 0; i < 8 * n; i++) {
		unsigned char wrong =
		    (unsigned char)(bytes[i / 8] ^ 1U << i % 8);

		pwrite(fd, &wrong, 1, (off_t)i / 8);
		read_all(&x, fd);
		check_empty(&x, "bit", i);
		pwrite(fd, &bytes[i / 8], 1, (off_t)i / 8);
	}
	read_all(&x, fd);
	assert_int_equal(x.count, COUNT(messages));
	index_close(&x);
	close(fd);
}

static void
no_other_length_is_believed(void **state)
{
	unsigned char bytes[2 * ROOM] = {0};
	size_t n = bytes_of_index(bytes);
	int fd = make_nameless(bytes, sizeof bytes);
	struct index x;

	(void)state;
	for (size_t len = sizeof bytes; len-- > 0;) {
		assert_int_equal(ftruncate(fd, (off_t)len), 0);
		read_all(&x, fd);
		if (len != n)
			check_empty(&x, "length", len);
		else
			assert_int_equal(x.count, COUNT(messages));
		index_close(&x);
	}
	close(fd);
}

static void
what_is_no_file_is_empty(void **state)
{
	struct index x;
	int fds[2];

	(void)state;
	read_all(&x, -1);
	check_empty(&x, "closed", 0);
	assert_int_equal(pipe(fds), 0);
	read_all(&x, fds[0]);
	check_empty(&x, "pipe", 0);
	close(fds[0]);
	close(fds[1]);
}

static void
noise_is_empty(void **state)
{
	unsigned char bytes[ROOM];
	uint64_t seed = 3;
	struct index x;

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		size_t n = bytes_of_index(bytes);
		int fd;

		for (size_t j = draw(&seed, 20); j > 0; j--)
			bytes[draw(&seed, (uint32_t)n)] ^=
			    (unsigned char)(1 + draw(&seed, 255));
		fd = make_nameless(bytes, n);
		read_all(&x, fd);
		if (x.count > 0)
			assert_memory_equal(
			    x.messages, messages, sizeof messages);
		index_close(&x);
		close(fd);
	}
}

/*
 * The user can make the digest fit. Then the worst must be that messages are
 * cut in odd places within the file.
 */
static const struct {
	const char *what;
	size_t at;
	size_t bytes;
	uint64_t n;
} lies[] = {
    {"another magic",               0,                  8, 0                 },
    {"another version",             7,                  1, 1                 },
    {"another machine's",           NUMBER(0),          8, 0x0807060504030201},
    {"a negative size",             SIZE,               8, ~0ULL << 20       },
    {"a size less than is used",    SIZE,               8, 237               },
    {"a size of nothing",           SIZE,               8, 0                 },
    {"a start behind the first",    START,              8, 101               },
    {"a negative start",            START,              8, ~0ULL             },
    {"a start behind the end",      START,              8, 501               },
    {"less octets",                 OCTETS,             8, 482               },
    {"more octets",                 OCTETS,             8, 484               },
    {"most octets",                 OCTETS,             8, ~0ULL             },
    {"fewer messages",              NUMBERS,            8, 2                 },
    {"more messages",               NUMBERS,            8, 4                 },
    {"no message",                  NUMBERS,            8, 0                 },
    {"2^32 more messages",          NUMBERS,            8, (1ULL << 32) + 3  },
    {"a count that wraps",          NUMBERS,            8, (1ULL << 61) + 3  },
    {"most messages of all",        NUMBERS,            8, ~0ULL             },
    {"a first that lies behind",    HEAD,               6, 101               },
    {"a first before the start",    HEAD,               6, 99                },
    {"a far offset",                HEAD,               6, ~0ULL             },
    {"a second before the first",   HEAD + RECORD,      6, 99                },
    {"a second where the first is", HEAD + RECORD,      6, 100               },
    {"a second too near",           HEAD + RECORD,      6, 134               },
    {"a second behind the third",   HEAD + RECORD,      6, 237               },
    {"a third behind the end",      HEAD + 2 * RECORD,  6, 500               },
    {"a third far behind",          HEAD + 2 * RECORD,  6, 1ULL << 46        },
    {"more octets than can be",     HEAD + 8,           6, 163               },
    {"most octets of all",          HEAD + 8,           6, ~0ULL             },
    {"no From_ line",               HEAD + 6,           2, 0                 },
    {"one of 19 bytes",             HEAD + 6,           2, 19                },
    {"one longer than it all",      HEAD + 6,           2, 115               },
    {"a tail of 3 bytes",           HEAD + 5,           1, 0xc0              },
    {"a tail that is not there",    HEAD + RECORD + 5,  1, 0x80              },
    {"a mark",		      HEAD + 13,          1, 0x80              },
    {"one copy without a number",   HEAD + RECORD + 14, 3, 0                 },
    {"a first without a number",    HEAD + 14,          3, 0                 },
    {"a number without a next one", HEAD + 14,          3, MESSAGE_COPIES    },
};

static void
put_number(unsigned char *at, size_t bytes, uint64_t n)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (unsigned char)(n >> (8 * i));
}

static int
signed_file(unsigned char *bytes, size_t n)
{
	uint32_t count;

	memcpy(&count, bytes + NUMBERS, sizeof count);
	put_number(bytes + DIGEST, 8, bytes_mix(count, bytes + HEAD, n - HEAD));
	put_number(bytes + HEAD - 8, 8, bytes_mix(1, bytes, HEAD - 8));
	return make_nameless(bytes, n);
}

static void
no_lie_with_a_digest_is_believed(void **state)
{
	unsigned char bytes[ROOM];
	struct index x;

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		size_t n = bytes_of_index(bytes);
		int fd;

		put_number(bytes + lies[i].at, lies[i].bytes, lies[i].n);
		fd = signed_file(bytes, n);
		read_all(&x, fd);
		check_empty(&x, lies[i].what, i);
		close(fd);
	}
}

static void
nothing_begins_before_the_file(void **state)
{
	unsigned char bytes[ROOM];
	size_t n = bytes_of_index(bytes);
	struct index x;
	int fd;

	(void)state;
	put_number(bytes + START, 8, ~0ULL);
	put_number(bytes + HEAD, 6, ~0ULL); /* the first message */
	fd = signed_file(bytes, n);
	read_all(&x, fd);
	check_empty(&x, "both negative", 0);
	close(fd);
}

/* Any number at any place: what is believed lies within the file. */
static void
random_lies_stay_within_the_file(void **state)
{
	static const uint64_t odd[] = {0, 1, 2, 20, 34, 100, 215, 236, 499, 500,
	    501, 65535, UINT32_MAX, 1ULL << 32, INT64_MAX, 1ULL << 63, ~0ULL};
	unsigned char bytes[ROOM];
	uint64_t seed = 11;
	size_t believed = 0;

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		size_t n = bytes_of_index(bytes);
		struct index x;
		int fd;

		for (uint32_t j = 1 + draw(&seed, 3); j > 0; j--) {
			size_t size = 1U << draw(&seed, 4);
			size_t at = draw(&seed, (uint32_t)(n - 8));

			put_number(
			    bytes + at, size, odd[draw(&seed, COUNT(odd))]);
		}
		fd = signed_file(bytes, n);
		read_all(&x, fd);
		believed += x.count > 0;
		for (uint32_t j = 0; j < x.count; j++) {
			off_t end = j + 1 < x.count
			    ? (off_t)x.messages[j + 1].offset
			    : x.stamp.size;
			const struct message *m = &x.messages[j];
			off_t offset = (off_t)m->offset;

			check(offset >= x.start &&
				offset + m->from_len + m->tail <= end,
			    "lie %zu, message %u", i, j);
			check(m->octets <= 2 * (uint64_t)x.stamp.size,
			    "lie %zu, message %u", i, j);
			check(m->deleted == 0, "lie %zu", i);
		}
		index_close(&x);
		close(fd);
	}
	assert_in_range(believed, 100, 2900);
}

static void
no_messages_leave_no_index(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	x.count = 0;
	index_write(&x, fd, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	read_all(&y, fd);
	check_empty(&y, "none", 0);
	close(fd);
	index_close(&x);
}

static void
a_shorter_index_leaves_nothing_of_the_longer(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	x.count = 1;
	x.octets = 81;
	index_write(&x, fd, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), HEAD + RECORD);
	read_all(&y, fd);
	assert_int_equal(y.count, 1);
	index_close(&y);
	index_close(&x);
	close(fd);
}

static void
what_cannot_be_written_is_logged(void **state)
{
	struct index x = an_index(), y;
	int fd = make_nameless("old", 3);
	char path[64];
	int reader;

	(void)state;
	note_log();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY);
	if (reader == -1)
		skip(); /* no /proc */
	index_write(&x, reader, 0);
	assert_true(logged_lines > 0);
	read_all(&y, fd);
	check_empty(&y, "read-only", 0);
	close(reader);
	close(fd);
	index_close(&x);
}

/* It was cut when its head had been read. */
static void
messages_that_are_gone_are_told(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	index_read(&y, fd, INT64_MAX);
	assert_int_equal(ftruncate(fd, HEAD + 2 * RECORD), 0);
	assert_int_equal(index_read_messages(&y, fd), CHANGED);
	assert_null(y.messages);
	assert_int_equal(y.count, 0);
	assert_int_equal(index_read_messages(&y, fd), FINE); /* it has none */
	close(fd);
	index_close(&x);
}

static void
what_fails_is_no_index(void **state)
{
	struct index x = an_index(), y;
	int fd = file_of(&x);

	(void)state;
	fail_call("syscall", 1, EIO);
	index_read(&y, fd, INT64_MAX);
	check_empty(&y, "its size is not known", 0);
	fail_call(NULL, 0, 0);
	index_read(&y, fd, INT64_MAX);
	fail_call("malloc", 1, ENOMEM);
	assert_int_equal(index_read_messages(&y, fd), TEMP);
	fail_call(NULL, 0, 0);
	assert_null(y.messages);
	close(fd);
	index_close(&x);
}

/* Whatever fails, it is believed no more; if that cannot be had, it is
 * logged. */
static void
it_is_disowned_in_any_case(void **state)
{
	struct index x = an_index(), y;
	int fd = make_nameless("", 0), reader;
	char path[64];

	(void)state;
	index_disown(fd);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	index_write(&x, fd, 0);
	note_log();
	fail_call("pwrite", 0, EIO);
	index_disown(fd);
	fail_call(NULL, 0, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(logged_lines, 0);
	index_write(&x, fd, 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	reader = open(path, O_RDONLY);
	if (reader == -1)
		skip(); /* no /proc */
	index_disown(reader);
	assert_int_equal(logged_lines, 1);
	index_read(&y, fd, INT64_MAX);
	assert_true(index_same(&x.stamp, &y.stamp)); /* hence the line */
	close(reader);
	close(fd);
	index_close(&x);
}

static void
every_part_of_a_stamp_counts(void **state)
{
	struct index x = an_index();
	struct stamp y;

	(void)state;
	assert_true(index_same(&x.stamp, &x.stamp));
	for (int i = 0; i < 7; i++) {
		y = x.stamp;
		y.dev ^= i == 0;
		y.ino ^= i == 1;
		y.size ^= i == 2;
		y.mtime.tv_sec ^= i == 3;
		y.mtime.tv_nsec ^= i == 4;
		y.ctime.tv_sec ^= i == 5;
		y.ctime.tv_nsec ^= i == 6;
		check(!index_same(&x.stamp, &y), "part %d", i);
	}
	index_close(&x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_written_is_read),
	    cmocka_unit_test(an_index_is_extended),
	    cmocka_unit_test(a_disowned_index_keeps_its_messages),
	    cmocka_unit_test(an_index_of_too_many_messages_is_none),
	    cmocka_unit_test(many_messages_are_read),
	    cmocka_unit_test(sizes_beyond_32_bits_are_kept),
	    cmocka_unit_test(no_flipped_bit_is_believed),
	    cmocka_unit_test(no_other_length_is_believed),
	    cmocka_unit_test(what_is_no_file_is_empty),
	    cmocka_unit_test(noise_is_empty),
	    cmocka_unit_test(no_lie_with_a_digest_is_believed),
	    cmocka_unit_test(nothing_begins_before_the_file),
	    cmocka_unit_test(random_lies_stay_within_the_file),
	    cmocka_unit_test(no_messages_leave_no_index),
	    cmocka_unit_test(a_shorter_index_leaves_nothing_of_the_longer),
	    cmocka_unit_test(what_cannot_be_written_is_logged),
	    cmocka_unit_test(messages_that_are_gone_are_told),
	    cmocka_unit_test(what_fails_is_no_index),
	    cmocka_unit_test(it_is_disowned_in_any_case),
	    cmocka_unit_test(every_part_of_a_stamp_counts),
	};

	note_log();
	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
