/*
 * filter_write.c - writes filter.bpf, the filters that filter.c loads
 *
 * A program of its own, run when pop3d is built: libseccomp makes of these
 * rules what the kernel runs, once and not in every connection.
 *
 * The lists are of the calls that glibc 2.36 makes, on x86-64 and aarch64;
 * tests/calls.py holds them against those that the test suite makes, both
 * ways. No call is in them that takes a name, makes a descriptor or starts a
 * process. (fstat() is a stat by name in glibc: hence bytes_stat().)
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INT      SCMP_CMP_MASKED_EQ, 0xffffffff /* of an int: 32 bits */
#define MEMORY   (PROT_READ | PROT_WRITE)

struct rule {
	int call;
	unsigned count; /* of arguments that must be what is said here */
	struct scmp_arg_cmp args[2];
};

/* For x86-64. A stopped process that is woken in poll() goes on with
 * restart_syscall(); where the clock cannot be read in user space,
 * clock_gettime() is a call. */
static const struct rule login_rules[] = {
    {.call = SCMP_SYS(read)},
    {.call = SCMP_SYS(write)},
    {.call = SCMP_SYS(poll)},
    {.call = SCMP_SYS(restart_syscall)},
    {.call = SCMP_SYS(clock_gettime)},
    {.call = SCMP_SYS(exit_group)},
};

/* clang-format dies of this table: */
/* clang-format off */
static const struct rule session_rules[] = {
    {.call = SCMP_SYS(read)},
    {.call = SCMP_SYS(write)},
    {.call = SCMP_SYS(poll)},
    {.call = SCMP_SYS(restart_syscall)},
    {.call = SCMP_SYS(clock_gettime)},
    {.call = SCMP_SYS(exit_group)},
    {.call = SCMP_SYS(pread64)},
    {.call = SCMP_SYS(pwrite64)},
    {.call = SCMP_SYS(fstat)},
    {.call = SCMP_SYS(ftruncate)},
    {.call = SCMP_SYS(fsync)},
    {SCMP_SYS(fallocate), 1, {{1, INT, 0}}},
    {SCMP_SYS(sync_file_range), 1, {{3, INT, SYNC_FILE_RANGE_WRITE}}},
    {SCMP_SYS(fcntl), 1, {{1, INT, F_OFD_SETLK}}},
    {SCMP_SYS(utimensat), 1, {{1, SCMP_CMP_EQ, 0, 0}}}, /* no name */
    {SCMP_SYS(getrandom), 1, {{2, INT, 0}}},
    /* malloc */
    {.call = SCMP_SYS(brk)},
    {.call = SCMP_SYS(munmap)},
    {SCMP_SYS(mmap), 2,
	{{2, INT, MEMORY}, {3, INT, MAP_PRIVATE | MAP_ANONYMOUS}}},
    {SCMP_SYS(mremap), 1, {{3, INT, MREMAP_MAYMOVE}}},
};
/* clang-format on */

static void
check(int fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "filter_write: %s\n", what);
	exit(1);
}

/* Any other call, and any of another architecture, ends the process. */
static scmp_filter_ctx
begin(uint32_t machine)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);

	check(f != NULL, "no memory");
	/* A tree of calls: the kernel tries each of its own when it loads it. */
	check(seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0,
	    "libseccomp cannot make a tree");
	check(seccomp_attr_set(
		  f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0,
	    "libseccomp cannot refuse other architectures");
	if (machine != seccomp_arch_native())
		check(seccomp_arch_add(f, machine) == 0 &&
			seccomp_arch_remove(f, SCMP_ARCH_NATIVE) == 0,
		    "libseccomp does not know the machine");
	return f;
}

static void
add(scmp_filter_ctx f, uint32_t machine, const struct rule *r)
{
	int call = r->call;

	/* What poll() is on younger machines, and that is called once more. */
	if (machine == SCMP_ARCH_AARCH64) {
		if (call == SCMP_SYS(restart_syscall))
			return;
		if (call == SCMP_SYS(poll))
			call = SCMP_SYS(ppoll);
	}
	check(seccomp_rule_add_exact_array(
		  f, SCMP_ACT_ALLOW, call, r->count, r->args) == 0,
	    "libseccomp does not take a rule");
}

/* It writes programs to files only. */
static void
write_program(scmp_filter_ctx f, const char *name)
{
	int fd = memfd_create(name, 0);
	struct sock_filter step;

	check(fd != -1 && seccomp_export_bpf(f, fd) == 0 &&
		lseek(fd, 0, SEEK_SET) == 0,
	    "cannot export");
	printf("static const struct sock_filter %s[] = {\n", name);
	while (read(fd, &step, sizeof step) == sizeof step)
		printf("    {0x%02x, %u, %u, 0x%08x},\n", step.code, step.jt,
		    step.jf, step.k);
	printf("};\n");
	close(fd);
}

static void
write_filter(
    uint32_t machine, const char *name, const struct rule *rules, size_t count)
{
	scmp_filter_ctx f = begin(machine);

	for (size_t i = 0; i < count; i++)
		add(f, machine, &rules[i]);
	write_program(f, name);
	seccomp_release(f);
}

/* The argument is the machine that pop3d is for. On one that filter.c has no
 * filter for, there are programs too, which are never loaded. */
int
main(int argc, char **argv)
{
	uint32_t machine;
	size_t login = COUNT(login_rules), session = COUNT(session_rules);

	check(argc == 2, "the machine is to be named");
	machine = seccomp_arch_resolve_name(argv[1]);
	if (machine != SCMP_ARCH_X86_64 && machine != SCMP_ARCH_AARCH64) {
		machine = seccomp_arch_native();
		login = session = 0;
	}
	printf("/* Written by filter_write.c when pop3d is built. */\n");
	write_filter(machine, "login_filter", login_rules, login);
	write_filter(machine, "session_filter", session_rules, session);
	check(fflush(stdout) == 0, "cannot write");
	return 0;
}
