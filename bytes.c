/*
 * bytes.c - numbers as bytes, a digest, reads and writes, wiping, the clock
 */
#include "bytes.h"

#include "log.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void
bytes_put(unsigned char *at, uint64_t n, size_t width)
{
	for (size_t i = 0; i < width; i++)
		at[i] = (unsigned char)(n >> (8 * i));
}

uint64_t
bytes_get(const unsigned char *at, size_t width)
{
	uint64_t n = 0;

	for (size_t i = 0; i < width; i++)
		n |= (uint64_t)at[i] << (8 * i);
	return n;
}

static uint64_t
mix_word(uint64_t sum, uint64_t word)
{
	const uint64_t odd =
	    0x9e3779b97f4a7c15; /* 2^64 over the golden ratio */

	sum = (sum ^ word) * odd;
	return sum ^ sum >> 29;
}

static uint64_t
word_at(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof word);
	return word;
}

uint64_t
bytes_mix(uint64_t seed, const void *bytes, size_t n)
{
	const unsigned char *at = bytes;
	uint64_t a = seed, b = ~seed, c = seed, d = ~seed, words[4] = {0};

	/* Four words at a time, since each product has to be waited for. */
	for (; n >= sizeof words; n -= sizeof words, at += sizeof words) {
		a = mix_word(a, word_at(at));
		b = mix_word(b, word_at(at + 8));
		c = mix_word(c, word_at(at + 16));
		d = mix_word(d, word_at(at + 24));
	}
	memcpy(words, at, n);
	seed = mix_word(seed, mix_word(a, words[0]));
	seed = mix_word(seed, mix_word(b, words[1]));
	seed = mix_word(seed, mix_word(c, words[2]));
	seed = mix_word(seed, mix_word(d, words[3]));
	return mix_word(seed, n);
}

int
bytes_read(int fd, void *bytes, size_t n, off_t at)
{
	while (n > 0) {
		ssize_t some = pread(fd, bytes, n, at);

		if (some == -1 && errno == EINTR)
			continue;
		if (some == 0)
			errno = 0;
		if (some <= 0)
			return 0;
		bytes = (unsigned char *)bytes + some;
		at += some;
		n -= (size_t)some;
	}
	return 1;
}

int
bytes_write(int fd, const void *bytes, size_t n, off_t at)
{
	while (n > 0) {
		ssize_t some = pwrite(fd, bytes, n, at);

		if (some == -1 && errno == EINTR)
			continue;
		if (some <= 0)
			return 0;
		bytes = (const unsigned char *)bytes + some;
		at += some;
		n -= (size_t)some;
	}
	return 1;
}

void
bytes_wipe(void *bytes, size_t n)
{
	explicit_bzero(bytes, n);
#ifdef __aarch64__
	__asm__ volatile("movi v0.2d, #0\n\tmovi v1.2d, #0\n\t"
			 "movi v2.2d, #0\n\tmovi v3.2d, #0\n\t"
			 "movi v4.2d, #0\n\tmovi v5.2d, #0\n\t"
			 "movi v6.2d, #0\n\tmovi v7.2d, #0"
			 :
			 :
			 : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7");
#endif
}

/* Where the C library's struct is the kernel's. */
int
bytes_stat(int fd, struct stat *st)
{
#if defined __x86_64__ || defined __aarch64__
	return (int)syscall(SYS_fstat, fd, st);
#else
	return fstat(fd, st);
#endif
}

uint64_t
bytes_file_system(int fd)
{
	struct statvfs fs;
	struct stat st;

	if (fstatvfs(fd, &fs) == -1)
		return 0;
	if (fs.f_fsid != 0)
		return fs.f_fsid;
	return bytes_stat(fd, &st) == 0 ? st.st_dev : 0;
}

int64_t
bytes_now_ns(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
bytes_now_ms(void)
{
	return bytes_now_ns() / 1000000;
}
