/*
 * machine.h - a child's whole life, within the fuzzer
 *
 * The program is linked with its jail, its end and its reading from the client
 * in our hands (--wrap). A client says the input, in pieces of a given size;
 * what it hears is kept.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "fuzz.h"

#include "../../jail.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/socket.h>

static struct {
	jmp_buf end;
	int is_running;      /* or else it is libFuzzer that ends */
	const uint8_t *said; /* by the client */
	size_t left;
	size_t piece;
	int in; /* stands for the client */
	int out;
	int wire[2]; /* to the monitor, who is us: [1] */
	char heard[1 << 20];
	size_t heard_len;
} machine;

void __wrap__exit(int status);
void __wrap_exit(int status);
_Noreturn void __real__exit(int status);
_Noreturn void __real_exit(int status);
ssize_t __wrap_read(int fd, void *at, size_t n);
ssize_t __real_read(int fd, void *at, size_t n);
void __wrap_jail_login(const struct jail *j);
void __wrap_jail_session(const struct jail *j, off_t size);
void __wrap_jail_wait(const struct jail_means *means);
void __wrap_jail_assume_user(const struct jail *j);
void __wrap_jail_lock_memory(const void *at, size_t n);

void
__wrap__exit(int status)
{
	if (!machine.is_running)
		__real__exit(status);
	longjmp(machine.end, 1);
}

void
__wrap_exit(int status)
{
	if (!machine.is_running)
		__real_exit(status);
	longjmp(machine.end, 1);
}

ssize_t
__wrap_read(int fd, void *at, size_t n)
{
	if (fd != machine.in)
		return __real_read(fd, at, n);
	if (n > machine.piece)
		n = machine.piece;
	if (n > machine.left)
		n = machine.left;
	memcpy(at, machine.said, n);
	machine.said += n;
	machine.left -= n;
	return (ssize_t)n;
}

void
__wrap_jail_login(const struct jail *j)
{
	(void)j;
}

void
__wrap_jail_session(const struct jail *j, off_t size)
{
	(void)j;
	(void)size;
}

void
__wrap_jail_wait(const struct jail_means *means)
{
	(void)means;
}

void
__wrap_jail_assume_user(const struct jail *j)
{
	(void)j;
}

void
__wrap_jail_lock_memory(const void *at, size_t n)
{
	(void)at;
	(void)n;
}

/* Descriptors that stay for all inputs: /dev/zero can always be read. */
static inline void
machine_open(void)
{
	machine.in = open("/dev/zero", O_RDONLY);
	machine.out = memfd_create("heard", 0);
	expect(machine.in != -1 && machine.out != -1);
	log_divert(fuzz_no_log);
}

/*
 * Of an input, what the monitor says: behind a line "MONITOR" datagrams, each
 * behind a byte that is its length. Cuts them off; returns how many bytes they
 * are, and where in *at; *at is NULL if there is no such line.
 */
static inline size_t
machine_cut(const uint8_t *said, size_t *n, const uint8_t **at)
{
	static const char mark[] = "\nMONITOR\n";
	const uint8_t *found = memmem(said, *n, mark, sizeof mark - 1);
	size_t len = 0;

	*at = NULL;
	if (found != NULL) {
		*at = found + sizeof mark - 1;
		len = *n - (size_t)(*at - said);
		*n = (size_t)(found - said) + 1;
	}
	return len;
}

/* The next of them; NULL if there is none. */
static inline const uint8_t *
machine_datagram(const uint8_t **at, size_t *left, size_t *n)
{
	const uint8_t *bytes = *at + 1;

	if (*left < 2)
		return NULL;
	*n = **at < *left - 1 ? **at : *left - 1;
	*at += 1 + *n;
	*left -= 1 + *n;
	return bytes;
}

static inline void
machine_begin(const uint8_t *said, size_t n, size_t piece)
{
	machine.said = said;
	machine.left = n;
	machine.piece = piece;
	machine.is_running = 1;
	expect(ftruncate(machine.out, 0) == 0 &&
	    lseek(machine.out, 0, SEEK_SET) == 0);
	expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, machine.wire) == 0);
}

/* All that was heard is lines, each ended by CRLF. */
static inline void
machine_end(void)
{
	ssize_t n = pread(machine.out, machine.heard, sizeof machine.heard, 0);

	machine.is_running = 0;
	close(machine.wire[0]);
	close(machine.wire[1]);
	expect(n >= 0);
	machine.heard_len = (size_t)n;
	for (ssize_t i = 0; i < n; i++)
		if (machine.heard[i] == '\n')
			expect(i > 0 && machine.heard[i - 1] == '\r');
	expect(n == 0 || machine.heard[n - 1] == '\n');
}

/* Is it the same in pieces of one size and another? */
static inline void
machine_compare(void (*play)(const uint8_t *, size_t, size_t),
    const uint8_t *said, size_t n, size_t piece)
{
	static char whole[sizeof machine.heard];
	size_t len;

	play(said, n, n + 1);
	memcpy(whole, machine.heard, machine.heard_len);
	len = machine.heard_len;
	play(said, n, piece);
	expect(len == machine.heard_len);
	expect(memcmp(whole, machine.heard, len) == 0);
}

#endif
