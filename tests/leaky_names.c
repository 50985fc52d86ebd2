/*
 * leaky_names.c - a name service that keeps a connection open
 *
 * Linked with --wrap=getgrnam: as the modules of some services do, it leaves a
 * descriptor behind. /dev/zero is no other one of the program's.
 */
#include <fcntl.h>
#include <grp.h>
#include <stddef.h>

struct group *__real_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name);

struct group *
__wrap_getgrnam(const char *name)
{
	return open("/dev/zero", O_RDONLY) == -1 ? NULL : __real_getgrnam(name);
}
