/*
 * deny - run a program without some system calls
 *
 * usage: deny CALL=ERROR... -- PROGRAM [ARGUMENT...]
 *
 * Those calls fail with that error, as under a container's or a unit's
 * filter, or in a kernel without them.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint16_t number;
} errors[] = {
    {"EACCES",     EACCES    },
    {"EOPNOTSUPP", EOPNOTSUPP},
    {"EPERM",      EPERM     },
    {"ENOSYS",     ENOSYS    },
};

static void
deny(scmp_filter_ctx filter, char *call)
{
	char *error = strchr(call, '=');

	if (error != NULL)
		*error++ = '\0';
	for (size_t i = 0; error != NULL && i < sizeof errors / sizeof *errors;
	     i++)
		if (strcmp(error, errors[i].name) == 0 &&
		    seccomp_rule_add(filter, SCMP_ACT_ERRNO(errors[i].number),
			seccomp_syscall_resolve_name(call), 0) == 0)
			return;
	fprintf(stderr, "deny: no call %s, or no such error\n", call);
	exit(2);
}

int
main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++)
		deny(filter, argv[i]);
	if (filter == NULL || i + 1 >= argc || seccomp_load(filter) != 0)
		return 2;
	execv(argv[i + 1], argv + i + 1);
	return 2;
}
