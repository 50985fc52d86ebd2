/*
 * oom.c - memory runs out
 *
 * Has malloc(), calloc() and realloc() of its own. Each one that this program
 * calls, or a library that is linked in, counts for its process in a page of
 * the file that the environment names by OOM; the one that the page asks for
 * fails, and if it says so all later ones. So do the C library's functions that
 * allocate, as a whole: within, it dies when it has no memory (in nsswitch).
 * Process 0 is the program, 1 its first child, and so on.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST 8

static struct page {
	uint32_t process; /* these three are asked for */
	uint32_t nth;     /* from 1; 0: none */
	uint32_t lasting;
	uint32_t failed;     /* how many did */
	uint64_t caller;     /* of the first, in this program; or 0 */
	uint32_t made[MOST]; /* allocations that were tried */
	uint32_t forked;
} * page;

static uint32_t process; /* which one this is */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t n);
struct passwd *__real_getpwnam(const char *name);
struct passwd *__wrap_getpwnam(const char *name);
struct group *__real_getgrnam(const char *name);
struct group *__wrap_getgrnam(const char *name);
int __real_getgrouplist(const char *, gid_t, gid_t *, int *);
int __wrap_getgrouplist(const char *, gid_t, gid_t *, int *);
void *__real_dlopen(const char *name, int how);
void *__wrap_dlopen(const char *name, int how);
pid_t __real_fork(void);
pid_t __wrap_fork(void);

extern char __executable_start[], end[];

static int
is_out(const char *caller)
{
	uint32_t n;

	if (page == NULL || process >= MOST || caller < __executable_start ||
	    caller >= end)
		return 0;
	n = ++page->made[process];
	if (page->process != process || page->nth == 0 || n < page->nth ||
	    (n > page->nth && !page->lasting))
		return 0;
	if (page->failed++ == 0)
		page->caller = (uint64_t)(caller - __executable_start);
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t n)
{
	return is_out(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return is_out(__builtin_return_address(0)) ? NULL
						   : __libc_calloc(n, size);
}

void *
realloc(void *at, size_t n)
{
	return is_out(__builtin_return_address(0)) ? NULL
						   : __libc_realloc(at, n);
}

struct passwd *
__wrap_getpwnam(const char *name)
{
	return is_out(__builtin_return_address(0)) ? NULL
						   : __real_getpwnam(name);
}

struct group *
__wrap_getgrnam(const char *name)
{
	return is_out(__builtin_return_address(0)) ? NULL
						   : __real_getgrnam(name);
}

int
__wrap_getgrouplist(const char *user, gid_t group, gid_t *groups, int *n)
{
	return is_out(__builtin_return_address(0))
	    ? -1
	    : __real_getgrouplist(user, group, groups, n);
}

void *
__wrap_dlopen(const char *name, int how)
{
	return is_out(__builtin_return_address(0)) ? NULL
						   : __real_dlopen(name, how);
}

pid_t
__wrap_fork(void)
{
	uint32_t child = page == NULL ? 0 : ++page->forked;
	pid_t pid = __real_fork();

	if (pid == 0)
		process = child;
	return pid;
}

static void __attribute__((constructor)) prepare(void)
{
	const char *path = getenv("OOM");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *at;

	if (fd == -1)
		return;
	at =
	    mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		abort();
	close(fd);
	page = at;
}
