/*
 * secrets.c - a secrets file: who is asked for is found just where going
 * through all entries finds him
 */
#include "../../secrets.h"

#include "fuzz.h"

#include <fcntl.h>

static char path[64];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	log_divert(fuzz_no_log);
	snprintf(path, sizeof path, "/dev/shm/pop3d-fuzz-%d", (int)getpid());
	return 0;
}

static void
same(const struct secret *a, const struct secret *b)
{
	expect(a->scheme == b->scheme && a->scheme < SCHEME_COUNT);
	expect(strcmp(a->owner, b->owner) == 0);
	expect(strcmp(a->path, b->path) == 0);
	expect(strcmp(a->value, b->value) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct secrets all, his;
	struct secret one, other;
	unsigned count = 0;
	char user[300];

	expect(fd != -1 && write(fd, data, n) == (ssize_t)n);
	close(fd);
	if (secrets_open(&all, path) != FINE)
		goto end;
	expect(secrets_open(&his, path) == FINE);
	while (secrets_next(&all, NULL, &one)) {
		expect(strchr(one.user, ':') == NULL);
		if (++count == 1)
			snprintf(user, sizeof user, "%s", one.user);
		if (strcmp(one.user, user) != 0)
			continue;
		expect(secrets_next(&his, user, &other));
		same(&one, &other);
		if (one.scheme == SCHEME_PLAIN)
			expect(secrets_agree(&one, one.value));
	}
	expect(count == 0 || !secrets_next(&his, user, &other));
	secrets_close(&his);
	secrets_close(&all);
end:
	unlink(path);
	return 0;
}
