/*
 * bytes.h - numbers as bytes, a digest, reads and writes, wiping, the clock
 *
 * What the formats of index, journal and messages have in common.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* A number in "width" bytes, at most 8, the least significant first. */
void bytes_put(unsigned char *at, uint64_t n, size_t width);
uint64_t bytes_get(const unsigned char *at, size_t width);

/*
 * A digest of n bytes, quick to make: it tells apart what no one has made to
 * be taken for another. One word of 8 bytes that differs always shows.
 */
uint64_t bytes_mix(uint64_t seed, const void *bytes, size_t n);

/*
 * All n bytes at that offset of a file, or false, with errno, which is 0
 * where the file ends too early.
 */
int bytes_read(int fd, void *bytes, size_t n, off_t at);
int bytes_write(int fd, const void *bytes, size_t n, off_t at);

/*
 * Which file system that open file is on. A device may have another number
 * after a boot: a file system's own id is worth more, if it has one. 0, with
 * errno, if that cannot be found out.
 */
uint64_t bytes_file_system(int fd);

/*
 * explicit_bzero(), also of the registers in which copying leaves the last
 * bytes: on aarch64 functions with variable arguments write them to the stack.
 */
void bytes_wipe(void *bytes, size_t n);

/* fstat(), as the system call of that name: it takes no path. */
int bytes_stat(int fd, struct stat *st);

/* Milliseconds, and nanoseconds, of a clock that nobody sets. */
int64_t bytes_now_ms(void);
int64_t bytes_now_ns(void);

#endif
