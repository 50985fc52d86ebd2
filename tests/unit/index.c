/*
 * Tests of index.c: what was written is read, and nothing else is believed.
 */
#include "../../index.h"

#include "test.h"

#include <nettle/sha2.h>

/* Where things are in the file: see index.c. */
#define HEAD   112
#define RECORD 40
#define DIGEST 32
#define ROOM   (HEAD + 4 * RECORD + DIGEST)

/* What messages() and numbers() describe: a file of 500 bytes. */
static const struct message messages[] = {
    {.offset = 100,
     .octets = 81,
     .id = "0123456789abcde",
     .copy = 1,
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
     .copy = 2000000000,
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
	    .print = 0x123456789abcdef0,
	    .count = COUNT(messages),
	};

	x.messages = calloc(COUNT(messages), sizeof *x.messages);
	assert_non_null(x.messages);
	memcpy(x.messages, messages, sizeof messages);
	return x;
}

static int
file_of(const struct index *x)
{
	int fd = make_nameless("", 0);

	index_write(x, fd);
	return fd;
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
	x.messages[0].deleted = 1; /* a mark is never stored */
	for (int i = 0; i < 2; i++) {
		index_write(&x, fd);
		assert_int_equal(index_read(&y, fd), FINE);
		assert_true(index_same(&x.stamp, &y.stamp));
		assert_memory_equal(&x.when, &y.when, sizeof x.when);
		assert_true(x.start == y.start);
		assert_int_equal(y.count, COUNT(messages));
		assert_memory_equal(y.messages, messages, sizeof messages);
		index_close(&y);
	}
	close(fd);
	index_close(&x);
	index_close(&x);
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
	x.messages = calloc(5000, sizeof *x.messages);
	for (uint32_t i = 0; i < 5000; i++)
		x.messages[i] = (struct message){.offset = i * 64,
		    .octets = i % 60,
		    .copy = i + 1,
		    .from_len = 34};
	for (size_t i = 0; i < COUNT(counts); i++) {
		int fd;

		x.count = counts[i];
		x.stamp.size = (off_t)counts[i] * 64;
		fd = file_of(&x);
		assert_int_equal(index_read(&y, fd), FINE);
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
	fd = file_of(&x);
	assert_int_equal(index_read(&y, fd), FINE);
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
	assert_int_equal(n, HEAD + COUNT(messages) * RECORD + DIGEST);
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
		assert_int_equal(index_read(&x, fd), FINE);
		check_empty(&x, "bit", i);
		pwrite(fd, &bytes[i / 8], 1, (off_t)i / 8);
	}
	assert_int_equal(index_read(&x, fd), FINE);
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
		assert_int_equal(index_read(&x, fd), FINE);
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
	assert_int_equal(index_read(&x, -1), FINE);
	check_empty(&x, "closed", 0);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(index_read(&x, fds[0]), FINE);
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
		if (index_read(&x, fd) == FINE && x.count > 0)
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
    {"another magic",               0,                  8, 0               },
    {"another version",             7,                  1, 2               },
    {"a negative size",             HEAD - 88,          8, ~0ULL << 20     },
    {"a size less than is used",    HEAD - 88,          8, 237             },
    {"a size of nothing",           HEAD - 88,          8, 0               },
    {"a start behind the first",    HEAD - 32,          8, 101             },
    {"a negative start",            HEAD - 32,          8, ~0ULL           },
    {"a start behind the end",      HEAD - 32,          8, 501             },
    {"fewer messages",              HEAD - 16,          8, 2               },
    {"more messages",               HEAD - 16,          8, 4               },
    {"no message",                  HEAD - 16,          8, 0               },
    {"2^32 more messages",          HEAD - 16,          8, (1ULL << 32) + 3},
    {"a count that wraps",          HEAD - 16,          8, (1ULL << 61) + 3},
    {"most messages of all",        HEAD - 16,          8, ~0ULL           },
    {"another record",              HEAD - 8,           8, 41              },
    {"a first that lies behind",    HEAD,               8, 101             },
    {"a first before the start",    HEAD,               8, 99              },
    {"a negative offset",           HEAD,               8, ~0ULL           },
    {"a second before the first",   HEAD + RECORD,      8, 99              },
    {"a second where the first is", HEAD + RECORD,      8, 100             },
    {"a second too near",           HEAD + RECORD,      8, 134             },
    {"a second behind the third",   HEAD + RECORD,      8, 237             },
    {"a third behind the end",      HEAD + 2 * RECORD,  8, 500             },
    {"a third far behind",          HEAD + 2 * RECORD,  8, 1ULL << 62      },
    {"more octets than can be",     HEAD + 8,           8, 163             },
    {"most octets of all",          HEAD + 8,           8, ~0ULL           },
    {"no From_ line",               HEAD + 36,          2, 0               },
    {"one of 19 bytes",             HEAD + 36,          2, 19              },
    {"one longer than it all",      HEAD + 36,          2, 115             },
    {"a tail of 3 bytes",           HEAD + 38,          1, 3               },
    {"a tail that is not there",    HEAD + RECORD + 38, 1, 2               },
    {"one copy without a number",   HEAD + RECORD + 32, 4, 0               },
    {"a first without a number",    HEAD + 32,          4, 0               },
    {"a number without a next one", HEAD + 32,          4, UINT32_MAX      },
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
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, n - DIGEST, bytes);
	sha256_digest(&sha, DIGEST, bytes + n - DIGEST);
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
		assert_int_equal(index_read(&x, fd), FINE);
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
	put_number(bytes + HEAD - 32, 8, ~0ULL); /* the start */
	put_number(bytes + HEAD, 8, ~0ULL);      /* the first message */
	fd = signed_file(bytes, n);
	assert_int_equal(index_read(&x, fd), FINE);
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
			size_t at = draw(&seed, (uint32_t)(n - DIGEST - 8));

			put_number(
			    bytes + at, size, odd[draw(&seed, COUNT(odd))]);
		}
		fd = signed_file(bytes, n);
		assert_int_equal(index_read(&x, fd), FINE);
		believed += x.count > 0;
		for (uint32_t j = 0; j < x.count; j++) {
			off_t end = j + 1 < x.count ? x.messages[j + 1].offset
						    : x.stamp.size;
			const struct message *m = &x.messages[j];

			check(m->offset >= x.start &&
				m->offset + m->from_len + m->tail <= end,
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
	index_write(&x, fd);
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	assert_int_equal(index_read(&y, fd), FINE);
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
	index_write(&x, fd);
	assert_int_equal(lseek(fd, 0, SEEK_END), HEAD + RECORD + DIGEST);
	assert_int_equal(index_read(&y, fd), FINE);
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
	index_write(&x, reader);
	assert_true(logged_lines > 0);
	assert_int_equal(index_read(&y, fd), FINE);
	check_empty(&y, "read-only", 0);
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
	    cmocka_unit_test(every_part_of_a_stamp_counts),
	};

	note_log();
	return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
