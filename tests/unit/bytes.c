/*
 * Tests of bytes.c: numbers look the same on every machine, and what is not
 * whole is told.
 */
#include "../../bytes.h"

#include "test.h"

#include <errno.h>

static const struct {
	uint64_t n;
	size_t width;
	unsigned char bytes[8];
} numbers[] = {
    {0,		     1, {0}				     },
    {0x7f,		  1, {0x7f}				  },
    {0xff,		  1, {0xff}				  },
    {0x0102,		2, {2, 1}				  },
    {0xfffe,		2, {0xfe, 0xff}			    },
    {0x01020304,            4, {4, 3, 2, 1}                            },
    {0x0102030405060708ULL, 8, {8, 7, 6, 5, 4, 3, 2, 1}                },
    {UINT64_MAX,            8, {255, 255, 255, 255, 255, 255, 255, 255}},
    {1ULL << 63,            8, {0, 0, 0, 0, 0, 0, 0, 128}              },
};

static void
the_least_byte_is_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		unsigned char bytes[9];

		memset(bytes, 0x5a, sizeof bytes);
		bytes_put(bytes, numbers[i].n, numbers[i].width);
		check(memcmp(bytes, numbers[i].bytes, numbers[i].width) == 0,
		    "number %zu", i);
		check(bytes[numbers[i].width] == 0x5a, "number %zu", i);
		check(bytes_get(bytes, numbers[i].width) == numbers[i].n,
		    "number %zu", i);
	}
}

static void
files_are_read_whole_or_not(void **state)
{
	int fd = make_nameless("0123456789", 10);
	char got[16];

	(void)state;
	assert_true(bytes_read(fd, got, 10, 0));
	assert_memory_equal(got, "0123456789", 10);
	assert_true(bytes_read(fd, got, 3, 7));
	assert_memory_equal(got, "789", 3);
	assert_true(bytes_read(fd, got, 0, 100));
	errno = EIO;
	assert_false(bytes_read(fd, got, 4, 7));
	assert_int_equal(errno, 0);
	assert_false(bytes_read(fd, got, 1, 10));
	assert_int_equal(errno, 0);
	assert_false(bytes_read(-1, got, 1, 0));
	assert_int_equal(errno, EBADF);
	close(fd);
}

static void
files_are_written_where_it_is_said(void **state)
{
	int fd = make_nameless("0123456789", 10);
	char got[16];

	(void)state;
	assert_true(bytes_write(fd, "ab", 2, 3));
	assert_true(bytes_write(fd, "cd", 2, 9));
	assert_true(bytes_write(fd, "", 0, 0));
	assert_true(bytes_read(fd, got, 11, 0));
	assert_memory_equal(got, "012ab5678cd", 11);
	assert_false(bytes_write(-1, "x", 1, 0));
	assert_int_equal(errno, EBADF);
	close(fd);
}

static void
the_clock_does_not_go_back(void **state)
{
	int64_t was = bytes_now_ms();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = bytes_now_ms();

		assert_true(now >= was);
		was = now;
	}
}

/* Every bit counts, and how many bytes there are. */
static void
a_digest_tells_bytes_apart(void **state)
{
	unsigned char bytes[100] = {0};

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		uint64_t sum = bytes_mix(7, bytes, n);

		check(sum == bytes_mix(7, bytes, n), "%zu bytes", n);
		check(sum != bytes_mix(8, bytes, n), "%zu bytes", n);
		check(sum != bytes_mix(7, bytes, n + 1), "%zu bytes", n);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
			check(sum != bytes_mix(7, bytes, n), "%zu, bit %zu", n,
			    bit);
			bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_digest_tells_bytes_apart),
	    cmocka_unit_test(the_least_byte_is_first),
	    cmocka_unit_test(files_are_read_whole_or_not),
	    cmocka_unit_test(files_are_written_where_it_is_said),
	    cmocka_unit_test(the_clock_does_not_go_back),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
