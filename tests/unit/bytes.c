/*
 * Tests of bytes.c: numbers look the same on every machine, and what is not
 * whole is told.
 */
#include "../../bytes.h"

#include "test.h"

#include "failing.h"

#include <sys/statvfs.h>

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t at),
    (fd, buf, n, at), fault.error == 0 ? 0 : -1)
FAILING_SYSCALL

static int is_nameless; /* file systems have no id */

int
fstatvfs(int fd, struct statvfs *out)
{
	int (*real)(int, struct statvfs *);
	void *found = dlsym(RTLD_NEXT, "fstatvfs");
	int status;

	memcpy(&real, &found, sizeof real);
	status = real(fd, out);
	if (is_nameless)
		out->f_fsid = 0;
	return status;
}

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

/* What was interrupted goes on; a write of nothing has failed. */
static void
calls_are_tried_again(void **state)
{
	int fd = make_nameless("0123456789", 10);
	char got[16];

	(void)state;
	fail_call("pread", 1, EINTR);
	assert_true(bytes_read(fd, got, 10, 0));
	assert_memory_equal(got, "0123456789", 10);
	fail_call("pread", 1, EIO);
	assert_false(bytes_read(fd, got, 10, 0));
	assert_int_equal(errno, EIO);
	fail_call("pwrite", 1, EINTR);
	assert_true(bytes_write(fd, "ab", 2, 3));
	fail_call("pwrite", 1, 0);
	assert_false(bytes_write(fd, "cd", 2, 3));
	fail_call(NULL, 0, 0);
	assert_true(bytes_read(fd, got, 10, 0));
	assert_memory_equal(got, "012ab56789", 10);
	close(fd);
}

/* Its own id, or else its device's number; 0 is none. */
static void
file_systems_have_ids(void **state)
{
	int fd = make_nameless("", 0);
	struct statvfs fs;
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(fstatvfs(fd, &fs), 0);
	if (fs.f_fsid != 0)
		assert_int_equal(bytes_file_system(fd), fs.f_fsid);
	is_nameless = 1;
	assert_int_equal(bytes_file_system(fd), st.st_dev);
	fail_call("syscall", 1, EIO);
	assert_int_equal(bytes_file_system(fd), 0);
	fail_call(NULL, 0, 0);
	is_nameless = 0;
	assert_int_equal(bytes_file_system(-1), 0);
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
	    cmocka_unit_test(calls_are_tried_again),
	    cmocka_unit_test(file_systems_have_ids),
	    cmocka_unit_test(the_clock_does_not_go_back),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
