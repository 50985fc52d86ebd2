/*
 * journal.c - rewriting by a journal, and journals that nobody here has written
 *
 * Any parts of any file may stay: then it is just them. A journal of any other
 * bytes changes nothing.
 */
#include "../../journal.h"

#include "../../bytes.h"
#include "../../plan.h"
#include "fuzz.h"

#include <sys/stat.h>

#define SIZE  4096
#define PARTS 16

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_divert(fuzz_no_log);
	return 0;
}

static void
is_just(int fd, const void *bytes, size_t n)
{
	char now[2 * SIZE];

	expect(pread(fd, now, sizeof now, 0) == (ssize_t)n);
	expect(memcmp(now, bytes, n) == 0);
}

static struct rewrite
of(int fd, int journal)
{
	return (struct rewrite){.fd = fd,
	    .journal = journal,
	    .fs = bytes_file_system(fd),
	    .path = "fuzz"};
}

/* The journal is foreign. */
static void
recover(const uint8_t *data, size_t n)
{
	int fd = fuzz_file(data, n), journal = fuzz_file(data, n);
	struct rewrite r = of(fd, journal);

	if (journal_is_open(journal))
		journal_recover(&r);
	is_just(fd, data, n);
	close(fd);
	close(journal);
}

/* Every two bytes say how much goes, and how much stays. */
static void
rewrite(const uint8_t *data, size_t n)
{
	struct range keep[PARTS];
	size_t count = 0, at = 0, len = 0, i = 0;
	char want[SIZE];
	int fd = fuzz_file(data, n), journal = fuzz_file("", 0);
	struct rewrite r = of(fd, journal);

	for (; i + 1 < n && count < PARTS; i += 2) {
		size_t goes = data[i], stays = data[i + 1];

		/* Parts are apart. */
		if (stays == 0 || at + goes + stays > n ||
		    (goes == 0 && count > 0))
			break;
		keep[count++] = (struct range){
		    .offset = (off_t)(at + goes), .size = (off_t)stays};
		memcpy(want + len, data + at + goes, stays);
		len += stays;
		at += goes + stays;
	}
	if (len + PLAN_ID <= n)
		expect(journal_rewrite(&r, keep, count, (off_t)n) == FINE);
	expect(!journal_is_open(journal));
	is_just(fd, len + PLAN_ID <= n ? (const void *)want : data,
	    len + PLAN_ID <= n ? len : n);
	close(fd);
	close(journal);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0 || n > SIZE)
		return 0;
	recover(data, n);
	rewrite(data, n);
	return 0;
}
