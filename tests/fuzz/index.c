/*
 * index.c - a file that may be an index: what is believed of it can be, and
 * comes back as it was when it is written again
 */
#include "../../index.h"

#include "fuzz.h"

#define MBOX ((off_t)1 << 20)

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_divert(fuzz_no_log);
	return 0;
}

/* The checksums are not for a fuzzer to find: an index is made of the bytes,
 * and one more of them is wrong in it. */
static int
make(const uint8_t *data, size_t n, struct index *x)
{
	uint32_t count = (uint32_t)((n - 3) / sizeof(struct message));
	int fd = fuzz_file("", 0);
	off_t at = data[0] | data[1] << 8;
	uint8_t byte;

	*x = (struct index){.count = count,
	    .stamp = {.size = MBOX},
	    .has_ids = data[2] & 1,
	    .messages = calloc(count + 1, sizeof(struct message))};
	memcpy(x->messages, data + 3, count * sizeof(struct message));
	for (uint32_t i = 0; i < count; i++)
		x->messages[i].deleted = 0;
	index_write(x, fd, 0);
	if ((data[2] & 2) == 0 && pread(fd, &byte, 1, at) == 1) {
		byte ^= data[2] | 4;
		expect(pwrite(fd, &byte, 1, at) == 1);
	}
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct index x, made;
	int raw, fd;

	if (n < 3 || n > 30000)
		return 0;
	raw = fuzz_file(data, n);
	index_read(&x, raw, MBOX);
	expect(x.count == 0); /* nobody guesses a digest */
	index_close(&x);
	close(raw);
	fd = make(data, n, &made);
	index_read(&x, fd, MBOX);
	expect(x.count == 0 || x.count == made.count);
	if (x.count > 0 && index_read_messages(&x, fd) == FINE)
		expect(memcmp(x.messages, made.messages,
			   made.count * sizeof *made.messages) == 0);
	index_close(&x);
	free(made.messages);
	close(fd);
	return 0;
}
