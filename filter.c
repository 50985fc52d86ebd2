/*
 * filter.c - what a jailed process may ask of the kernel
 *
 * The lists are of the calls that glibc 2.36 makes, on x86-64 and aarch64;
 * tests/calls.py holds them against those that the test suite makes, both
 * ways. No call is in them that takes a name, makes a descriptor or starts a
 * process. (fstat() is a stat by name in glibc: hence bytes_stat().)
 */
#include "filter.h"

#include "log.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__ && defined __AARCH64EL__
#define ARCH AUDIT_ARCH_AARCH64
#else
#define ARCH 0 /* no filter */
#endif

#ifdef SYS_poll
#define POLL SYS_poll
#else
#define POLL SYS_ppoll /* what poll() is on younger machines */
#endif

#define MEMORY (PROT_READ | PROT_WRITE)

/* An argument that must be this: of an int the lower half is looked at. */
struct must_be {
	enum { ANYTHING, INT, POINTER } type;
	uint32_t value;
	size_t number; /* of the argument, from 0 */
};

struct rule {
	uint32_t call;
	struct must_be args[2];
};

/* A stopped process that is woken in poll() goes on with restart_syscall();
 * where the clock cannot be read in user space, clock_gettime() is a call. */
static const struct rule login_rules[] = {
    {.call = SYS_read},
    {.call = SYS_write},
    {.call = POLL},
    {.call = SYS_restart_syscall},
    {.call = SYS_clock_gettime},
    {.call = SYS_exit_group},
};

/* clang-format dies of this table: */
/* clang-format off */
static const struct rule session_rules[] = {
    {.call = SYS_read},
    {.call = SYS_write},
    {.call = POLL},
    {.call = SYS_restart_syscall},
    {.call = SYS_clock_gettime},
    {.call = SYS_exit_group},
    {.call = SYS_pread64},
    {.call = SYS_pwrite64},
    {.call = SYS_fstat},
    {.call = SYS_ftruncate},
    {.call = SYS_fsync},
    {.call = SYS_close},
    {SYS_fallocate, {{INT, 0, 1}}},
    {SYS_fcntl, {{INT, F_OFD_SETLK, 1}}},
    {SYS_utimensat, {{POINTER, 0, 1}}}, /* no name */
    {SYS_getrandom, {{INT, 0, 2}}},
    /* malloc */
    {.call = SYS_brk},
    {.call = SYS_munmap},
    {SYS_mmap, {{INT, MEMORY, 2}, {INT, MAP_PRIVATE | MAP_ANONYMOUS, 3}}},
    {SYS_mremap, {{INT, MREMAP_MAYMOVE, 3}}},
};
/* clang-format on */

/* The kernel's little programs: load a word, compare it, return. */
struct program {
	struct sock_filter code[128];
	size_t len;
};

static struct sock_filter *
put(struct program *p, uint16_t code, uint32_t value)
{
	must(p->len < COUNT(p->code));
	p->code[p->len] = (struct sock_filter){.code = code, .k = value};
	return &p->code[p->len++];
}

static void
put_load(struct program *p, size_t offset)
{
	put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset);
}

static void
put_end(struct program *p, uint32_t action)
{
	put(p, BPF_RET | BPF_K, action);
}

static struct sock_filter *
put_compare(struct program *p, uint32_t value)
{
	return put(p, BPF_JMP | BPF_JEQ | BPF_K, value);
}

/* Is the loaded word that? If not, the process dies. */
static void
put_demand(struct program *p, uint32_t value)
{
	put_compare(p, value)->jt = 1; /* passes over: */
	put_end(p, SECCOMP_RET_KILL_PROCESS);
}

/* Both machines have the lower half first. */
static void
put_arg(struct program *p, const struct must_be *arg)
{
	size_t at = offsetof(struct seccomp_data, args) + 8 * arg->number;

	if (arg->type == ANYTHING)
		return;
	put_load(p, at);
	put_demand(p, arg->value);
	if (arg->type == INT)
		return;
	put_load(p, at + 4);
	put_demand(p, 0);
}

static void
put_rule(struct program *p, const struct rule *rule)
{
	struct sock_filter *other = put_compare(p, rule->call);

	for (size_t i = 0; i < COUNT(rule->args); i++)
		put_arg(p, &rule->args[i]);
	put_end(p, SECCOMP_RET_ALLOW);
	other->jf = (uint8_t)(&p->code[p->len] - other - 1);
}

int
filter_has_seccomp(void)
{
#ifdef JAIL_FOR_SANITIZERS
	return 0;
#else
	const uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;

	return ARCH != 0 &&
	    syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &kill_process) ==
	    0;
#endif
}

int
filter_calls(enum filter which)
{
	int is_login = which == FILTER_LOGIN;
	const struct rule *rules = is_login ? login_rules : session_rules;
	size_t n = is_login ? COUNT(login_rules) : COUNT(session_rules);
	struct program p = {.len = 0};
	struct sock_fprog filter = {.filter = p.code};

	put_load(&p, offsetof(struct seccomp_data, arch));
	put_demand(&p, ARCH);
	put_load(&p, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < n; i++)
		put_rule(&p, &rules[i]);
	put_end(&p, SECCOMP_RET_KILL_PROCESS);
	filter.len = (unsigned short)p.len;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

/* <linux/landlock.h> may be older than the kernel. */
struct landlock_handled {
	uint64_t files;   /* since version 1; more in 2, 3 and 5 */
	uint64_t network; /* since version 4: bind and connect */
	uint64_t scoped;  /* since version 6: abstract sockets, signals */
};

static const struct landlock_handled handled[] = {
    {0,      0, 0},
    {0x1fff, 0, 0},
    {0x3fff, 0, 0}, /* linking and renaming across directories */
    {0x7fff, 0, 0}, /* truncation */
    {0x7fff, 3, 0},
    {0xffff, 3, 0}, /* ioctl on devices */
    {0xffff, 3, 3},
};

int
filter_landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return version > 0 ? (int)version : 0;
}

int
filter_landlock(int version)
{
	size_t most = COUNT(handled) - 1;
	const struct landlock_handled *h =
	    &handled[(size_t)version < most ? (size_t)version : most];
	int rules = (int)syscall(SYS_landlock_create_ruleset, h, sizeof *h, 0);
	int refused;

	if (rules == -1)
		return 0;
	refused = syscall(SYS_landlock_restrict_self, rules, 0) == -1;
	close(rules);
	return !refused;
}
