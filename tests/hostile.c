/*
 * hostile.c - a login or session process that was taken over
 *
 * Linked with all of the program's objects and --wrap=proto_verb: the line
 * "HOSTILE deed ..." makes the process that reads it do that deed, answer
 * "did it" or "could not: errno", and leave. See tests/hostile.py, which also
 * links it so that nothing is jailed, or all but the filter of system calls.
 *
 * The rest of the line is a directory with targets that anybody may do
 * anything to, a process of the same user, and a port that somebody listens
 * on. What else a deed needs was found out before the jail.
 */
#include "../jail.h"
#include "../maildrop.h"
#include "../privsep.h"
#include "unit/proof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define HUGE ((long)8 << 30)

/* -- known since before the jail */

static int channel;
static pid_t monitor;
static unsigned char *page; /* may be written, holds a return */
static int mailbox = -1, index_fd = -1;

/* -- of the line */

static const char *directory;
static pid_t victim;
static int port;

/* Where the linker puts these into the program. */
void __real_privsep_log_to(int fd);
void __wrap_privsep_log_to(int fd);
off_t __real_maildrop_size(const struct maildrop *d);
off_t __wrap_maildrop_size(const struct maildrop *d);
char *__real_proto_verb(char *line, char **rest);
char *__wrap_proto_verb(char *line, char **rest);

/* Both children call this before they are locked in. */
void
__wrap_privsep_log_to(int fd)
{
	channel = fd;
	monitor = getppid();
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		abort();
	page[0] = 0xc3;
	__real_privsep_log_to(fd);
}

/* And this one the session. */
off_t
__wrap_maildrop_size(const struct maildrop *d)
{
	mailbox = d->mbox.fd;
	index_fd = d->index_fd;
	return __real_maildrop_size(d);
}

/* -- deeds that are one system call */

enum {
	SESSION = 1, /* only it has the descriptor, or the call at all */
	MAYBE = 2,   /* not to be had on every machine, even without a jail */
	FORKS = 4,
	LAYERS = 8, /* without the filter, the other layers stop it as well */
	SCOPED = 64 /* ... if Landlock knows signals */
};

struct call {
	const char *name;
	int flags;
	long number;
	long args[6];
};

static long
at(const void *p)
{
	return (long)(intptr_t)p;
}

/* A path in the directory. */
static long
in(const char *name)
{
	static char paths[32][512]; /* more than a table has */
	static unsigned next;
	char *path = paths[next++ % COUNT(paths)];

	snprintf(path, sizeof paths[0], "%s/%s", directory, name);
	return at(path);
}

static long
proc(pid_t pid, const char *name)
{
	static char paths[4][64];
	static unsigned next;
	char *path = paths[next++ % COUNT(paths)];

	snprintf(path, sizeof paths[0], "/proc/%d/%s", (int)pid, name);
	return at(path);
}

/* Answers, and does not come back. */
static _Noreturn void
say(long result)
{
	char text[64];
	int n = result < 0
	    ? snprintf(text, sizeof text, "could not: %d\r\n", errno)
	    : snprintf(text, sizeof text, "did it\r\n");

	if (write(STDOUT_FILENO, text, (size_t)n) != n)
		_exit(1);
	_exit(0);
}

static void
run(const struct call *c)
{
	const long *a = c->args;
	long result = syscall(c->number, a[0], a[1], a[2], a[3], a[4], a[5]);

	if (result == 0 && (c->flags & FORKS) != 0)
		_exit(0);
	say(result);
}

/* Runs the deed of that name, or prints all names if it is NULL. */
static void
look_up(const struct call *calls, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (name == NULL)
			dprintf(STDOUT_FILENO, "%d %s\r\n", calls[i].flags,
			    calls[i].name);
		else if (strcmp(calls[i].name, name) == 0)
			run(&calls[i]);
	}
}

static void
files(const char *name)
{
	static struct stat st;
	static struct statfs fs;
	static char bytes[1024];
	static uint64_t how[3];
	const long here = AT_FDCWD;
	/* clang-format off */
	const struct call calls[] = {
	    {"open-read", LAYERS, SYS_openat, {here, in("canary"), O_RDONLY}},
	    {"open-write", LAYERS, SYS_openat, {here, in("canary"), O_WRONLY}},
	    {"open-passwd", LAYERS, SYS_openat, {here, at("/etc/passwd"), 0}},
	    {"open-root", LAYERS, SYS_openat, {here, at("/"), O_DIRECTORY}},
	    {"open-make", LAYERS, SYS_openat,
		{here, in("new"), O_WRONLY | O_CREAT, 0600}},
	    {"openat2", LAYERS, SYS_openat2,
		{here, in("canary"), at(how), sizeof how}},
	    {"open-monitor-memory", LAYERS, SYS_openat,
		{here, proc(monitor, "mem"), O_RDONLY}},
	    {"open-victim-memory", LAYERS, SYS_openat,
		{here, proc(victim, "mem"), O_RDONLY}},
	    {"open-victim-environment", LAYERS, SYS_openat,
		{here, proc(victim, "environ"), O_RDONLY}},
	    {"stat", LAYERS, SYS_newfstatat, {here, in("canary"), at(&st), 0}},
	    {"stat-empty-name", 0, SYS_newfstatat,
		{0, at(""), at(&st), AT_EMPTY_PATH}},
	    {"access", LAYERS, SYS_faccessat, {here, in("canary"), R_OK}},
	    {"readlink", LAYERS, SYS_readlinkat,
		{here, in("pointer"), at(bytes), sizeof bytes}},
	    {"statfs", LAYERS, SYS_statfs, {in("canary"), at(&fs)}},
	    {"link", LAYERS, SYS_linkat,
		{here, in("canary"), here, in("second"), 0}},
	    {"symlink", LAYERS, SYS_symlinkat,
		{at("/etc/passwd"), here, in("third")}},
	    {"rename", LAYERS, SYS_renameat2,
		{here, in("canary"), here, in("fourth"), 0}},
	    {"unlink", LAYERS, SYS_unlinkat, {here, in("canary"), 0}},
	    {"mkdir", LAYERS, SYS_mkdirat, {here, in("fifth"), 0700}},
	    {"mknod", LAYERS, SYS_mknodat, {here, in("fifo"), S_IFIFO | 0600}},
	    {"chmod", LAYERS, SYS_fchmodat, {here, in("canary"), 0777}},
	    {"chown", LAYERS, SYS_fchownat, {here, in("canary"), -1, -1, 0}},
	    {"truncate", LAYERS, SYS_truncate, {in("canary"), 0}},
	    {"utimensat", LAYERS, SYS_utimensat, {here, in("canary"), 0, 0}},
	    {"setxattr", LAYERS | MAYBE, SYS_setxattr,
		{in("canary"), at("user.x"), at("y"), 1, 0}},
	    {"chdir", 0, SYS_chdir, {at("/")}},
	    {"chroot", LAYERS, SYS_chroot, {at("/")}},
	    {"mount", LAYERS, SYS_mount, {at("x"), in("."), at("tmpfs"), 0, 0}},
	    {"bind-mount", LAYERS, SYS_mount,
		{in("."), in("."), 0, MS_BIND, 0}},
	    {"fchmod", SESSION, SYS_fchmod, {mailbox, 0666}},
	    {"fchown", SESSION, SYS_fchown, {mailbox, -1, -1}},
	    {"punch-hole", SESSION | MAYBE, SYS_fallocate,
		{index_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1}},
	    {"write-far", SESSION | LAYERS, SYS_pwrite64,
		{index_fd, at("x"), 1, HUGE}},
	    {"truncate-far", SESSION | LAYERS, SYS_ftruncate, {index_fd, HUGE}},
	    {"sendfile", SESSION, SYS_sendfile, {1, mailbox, 0, 0}},
	    {"fsetxattr", SESSION | MAYBE, SYS_fsetxattr,
		{mailbox, at("user.x"), at("y"), 1, 0}},
	    {"fadvise", SESSION, SYS_fadvise64, {mailbox, 0, 0, 0}},
	};
	/* clang-format on */

	look_up(calls, COUNT(calls), name);
}

static void
descriptors(const char *name)
{
	static int two[2], number;
	static char bytes[8];
	static struct sockaddr_storage a;
	static socklen_t len = sizeof a;
	static struct flock lock = {.l_type = F_RDLCK};
	static uint64_t set;
	/* clang-format off */
	const struct call calls[] = {
	    {"dup", LAYERS, SYS_dup, {0}},
	    {"dup3", LAYERS, SYS_dup3, {0, 50, 0}},
	    {"pipe", LAYERS, SYS_pipe2, {at(two), 0}},
	    {"socketpair", LAYERS, SYS_socketpair,
		{AF_UNIX, SOCK_STREAM, 0, at(two)}},
	    {"eventfd", LAYERS, SYS_eventfd2, {0, 0}},
	    {"epoll", LAYERS, SYS_epoll_create1, {0}},
	    {"signalfd", LAYERS, SYS_signalfd4, {-1, at(&set), 8, 0}},
	    {"timerfd", LAYERS, SYS_timerfd_create, {CLOCK_MONOTONIC, 0}},
	    {"fcntl-dup", LAYERS, SYS_fcntl, {0, F_DUPFD, 3}},
	    {"fcntl-flags", 0, SYS_fcntl, {0, F_SETFL, O_NONBLOCK}},
	    {"fcntl-owner", 0, SYS_fcntl, {0, F_SETOWN, monitor}},
	    {"fcntl-lock-wait", SESSION, SYS_fcntl,
		{mailbox, F_OFD_SETLKW, at(&lock)}},
	    {"fcntl-lease", SESSION | MAYBE, SYS_fcntl,
		{index_fd, F_SETLEASE, F_WRLCK}},
	    {"flock", SESSION, SYS_flock, {mailbox, LOCK_SH}},
	    {"ioctl", 0, SYS_ioctl, {0, FIONREAD, at(&number)}},
	    {"lseek", 0, SYS_lseek, {2, 0, SEEK_CUR}},
	    {"getsockname", 0, SYS_getsockname, {0, at(&a), at(&len)}},
	    {"setsockopt", 0, SYS_setsockopt,
		{0, SOL_SOCKET, SO_KEEPALIVE, at(&number), sizeof number}},
	    {"sendto", 0, SYS_sendto, {1, at("x\r\n"), 3, 0, 0, 0}},
	    {"writev", 0, SYS_writev, {1, at(&(struct iovec){bytes, 0}), 1}},
	    {"fchmod", SESSION, SYS_fchmod, {mailbox, 0666}},
	    {"fchown", SESSION, SYS_fchown, {mailbox, -1, -1}},
	    {"punch-hole", SESSION | MAYBE, SYS_fallocate,
		{index_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1}},
	    {"write-far", SESSION | LAYERS, SYS_pwrite64,
		{index_fd, at("x"), 1, HUGE}},
	    {"truncate-far", SESSION | LAYERS, SYS_ftruncate,
		{index_fd, HUGE}},
	    {"sendfile", SESSION, SYS_sendfile, {1, mailbox, 0, 0}},
	    {"fsetxattr", SESSION | MAYBE, SYS_fsetxattr,
		{mailbox, at("user.x"), at("y"), 1, 0}},
	    {"fadvise", SESSION, SYS_fadvise64, {mailbox, 0, 0, 0}},
	};
	/* clang-format on */

	look_up(calls, COUNT(calls), name);
}

static void
network(const char *name)
{
	/* clang-format off */
	const struct call calls[] = {
	    {"socket-inet", LAYERS, SYS_socket, {AF_INET, SOCK_STREAM, 0}},
	    {"socket-inet6", LAYERS | MAYBE, SYS_socket,
		{AF_INET6, SOCK_DGRAM, 0}},
	    {"socket-unix", LAYERS, SYS_socket, {AF_UNIX, SOCK_STREAM, 0}},
	    {"socket-netlink", LAYERS, SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
	    {"socket-packet", LAYERS | MAYBE, SYS_socket,
		{AF_PACKET, SOCK_RAW, 0}},
	};
	/* clang-format on */

	look_up(calls, COUNT(calls), name);
}

static void
processes(const char *name)
{
	static struct rlimit now;
	static uint64_t mask = 1;
	static struct clone_args args = {.exit_signal = SIGCHLD};
	static int timer;
	const int harmless = SIGURG;
	/* clang-format off */
	const struct call calls[] = {
#ifdef SYS_fork
	    {"fork", LAYERS | FORKS, SYS_fork, {0}},
#endif
	    {"clone", LAYERS | FORKS, SYS_clone, {SIGCHLD}},
	    {"clone3", LAYERS | FORKS, SYS_clone3, {at(&args), sizeof args}},
	    {"signal-victim", SCOPED, SYS_kill, {victim, harmless}},
	    {"signal-monitor", LAYERS, SYS_kill, {monitor, harmless}},
	    {"signal-all", 0, SYS_kill, {-1, harmless}},
	    {"kill-all", 0, SYS_kill, {-1, SIGKILL}},
	    {"tgkill", LAYERS, SYS_tgkill, {monitor, monitor, harmless}},
	    {"pidfd", LAYERS, SYS_pidfd_open, {victim, 0}},
	    {"ptrace-victim", LAYERS, SYS_ptrace, {PTRACE_SEIZE, victim}},
	    {"ptrace-monitor", LAYERS, SYS_ptrace, {PTRACE_SEIZE, monitor}},
	    {"ptrace-me", MAYBE, SYS_ptrace, {PTRACE_TRACEME}},
	    {"compare-victim", LAYERS | MAYBE, SYS_kcmp, {victim, victim, 1}},
	    {"limits-of-victim", MAYBE, SYS_prlimit64,
		{victim, RLIMIT_NOFILE, 0, at(&now)}},
	    {"limits", 0, SYS_prlimit64, {0, RLIMIT_NOFILE, 0, at(&now)}},
	    {"priority", 0, SYS_setpriority, {PRIO_PROCESS, 0, 5}},
	    {"affinity", 0, SYS_sched_setaffinity, {0, 8, at(&mask)}},
	    {"setsid", 0, SYS_setsid, {0}},
	    {"setpgid", 0, SYS_setpgid, {0, 0}},
	    {"personality", 0, SYS_personality, {READ_IMPLIES_EXEC}},
	    {"dumpable", 0, SYS_prctl, {PR_SET_DUMPABLE, 1}},
	    {"outlive-monitor", 0, SYS_prctl, {PR_SET_PDEATHSIG, 0}},
	    {"rename-process", 0, SYS_prctl, {PR_SET_NAME, at("init")}},
	    {"sigaction", 0, SYS_rt_sigaction, {SIGTERM, 0, 0, 8}},
	    {"sigprocmask", 0, SYS_rt_sigprocmask, {SIG_BLOCK, 0, 0, 8}},
	    {"timer", 0, SYS_timer_create, {CLOCK_MONOTONIC, 0, at(&timer)}},
	    {"setuid", LAYERS, SYS_setuid, {0}},
	    {"setgid", LAYERS, SYS_setgid, {0}},
	    {"setgroups", LAYERS, SYS_setgroups, {0, 0}},
	    {"setfsuid", 0, SYS_setfsuid, {0}},
	    {"user-namespace", LAYERS | MAYBE, SYS_unshare, {CLONE_NEWUSER}},
	    {"mount-namespace", LAYERS, SYS_unshare, {CLONE_NEWNS}},
	    {"getpid", 0, SYS_getpid, {0}},
	    {"futex", 0, SYS_futex, {at(page), 1, 1}},
	};
	/* clang-format on */

	look_up(calls, COUNT(calls), name);
}

static void
kernel(const char *name)
{
	static struct io_uring_params ring;
	static struct perf_event_attr perf = {.type = PERF_TYPE_SOFTWARE,
	    .size = sizeof perf,
	    .exclude_kernel = 1};
	static union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY,
	    .key_size = 4,
	    .value_size = 4,
	    .max_entries = 1};
	static struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	static struct __user_cap_data_struct sets[2];
	static const unsigned action = SECCOMP_RET_ALLOW;
	static char bytes[8192];
	/* clang-format off */
	const struct call calls[] = {
	    {"add-key", MAYBE, SYS_add_key,
		{at("user"), at("x"), at("y"), 1, KEY_SPEC_PROCESS_KEYRING}},
	    {"keyring", MAYBE, SYS_keyctl,
		{KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1}},
	    {"bpf", LAYERS | MAYBE, SYS_bpf,
		{BPF_MAP_CREATE, at(&map), sizeof map}},
	    {"io-uring", LAYERS | MAYBE, SYS_io_uring_setup, {1, at(&ring)}},
	    {"userfaultfd", LAYERS | MAYBE, SYS_userfaultfd, {0}},
	    {"perf", LAYERS | MAYBE, SYS_perf_event_open,
		{at(&perf), 0, -1, -1, 0}},
	    {"seccomp", 0, SYS_seccomp,
		{SECCOMP_GET_ACTION_AVAIL, 0, at(&action)}},
	    {"landlock", 0, SYS_landlock_create_ruleset,
		{0, 0, LANDLOCK_CREATE_RULESET_VERSION}},
	    {"kernel-log", LAYERS | MAYBE, SYS_syslog,
		{3, at(bytes), sizeof bytes}},
	    {"hostname", LAYERS, SYS_sethostname, {at("taken"), 5}},
	    {"capget", 0, SYS_capget, {at(&head), at(sets)}},
	    {"capset", 0, SYS_capset, {at(&head), at(sets)}},
	    {"shared-memory", 0, SYS_shmget, {IPC_PRIVATE, PAGE, 0600}},
	    {"semaphores", 0, SYS_semget, {IPC_PRIVATE, 1, 0600}},
	    {"messages", 0, SYS_msgget, {IPC_PRIVATE, 0600}},
	    {"message-queue", LAYERS | MAYBE, SYS_mq_open,
		{at("x"), O_CREAT | O_RDWR, 0600, 0}},
	    {"uname", 0, SYS_uname, {at(bytes)}},
	    {"sysinfo", 0, SYS_sysinfo, {at(bytes)}},
	    {"random-blocking", 0, SYS_getrandom, {at(bytes), 1, 2}},
#ifdef __x86_64__
	    {"iopl", LAYERS | MAYBE, SYS_iopl, {3}},
	    {"modify-ldt", MAYBE, SYS_modify_ldt, {0, at(bytes), 16}},
	    {"x32", MAYBE, 0x40000000 | SYS_getpid, {0}},
#endif
	};
	/* clang-format on */

	look_up(calls, COUNT(calls), name);
}

static void
memory(const char *name)
{
	const long quiet = MAP_PRIVATE | MAP_ANONYMOUS;
	const long rw = PROT_READ | PROT_WRITE, x = PROT_EXEC;
	const long code = at((void *)((uintptr_t)look_up & ~(PAGE - 1UL)));
	/* clang-format off */
	const struct call calls[] = {
	    {"map-code", 0, SYS_mmap, {0, PAGE, PROT_READ | x, quiet, -1, 0}},
	    {"map-all", 0, SYS_mmap, {0, PAGE, rw | x, quiet, -1, 0}},
	    {"map-fixed", 0, SYS_mmap,
		{at(page), PAGE, rw, quiet | MAP_FIXED, -1, 0}},
	    {"map-shared", 0, SYS_mmap,
		{0, PAGE, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0}},
	    {"map-mailbox", SESSION, SYS_mmap,
		{0, PAGE, rw, MAP_SHARED, mailbox, 0}},
	    {"map-much", LAYERS, SYS_mmap, {0, 1L << 30, rw, quiet, -1, 0}},
	    {"page-to-code", 0, SYS_mprotect, {at(page), PAGE, PROT_READ | x}},
	    {"change-code", 0, SYS_mprotect, {code, PAGE, rw | x}},
	    {"move-fixed", 0, SYS_mremap,
		{at(page), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		    at(page - 64 * PAGE)}},
	    {"mlock", 0, SYS_mlock, {at(page), PAGE}},
	    {"madvise", 0, SYS_madvise, {at(page), PAGE, MADV_DONTNEED}},
	    {"mincore", 0, SYS_mincore, {at(page), PAGE, at(page)}},
	    {"pkey", MAYBE, SYS_pkey_mprotect, {at(page), PAGE, x, -1}},
	};
	/* clang-format on */

	look_up(calls, COUNT(calls), name);
}

/* -- deeds of several steps */

static long
connect_to(const void *address, socklen_t len, int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	return fd == -1 ? -1 : connect(fd, address, len);
}

static struct sockaddr_in
local(int number)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)number),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static long
connect_tcp(void)
{
	struct sockaddr_in a = local(port);

	return connect_to(&a, sizeof a, AF_INET);
}

static long
listen_tcp(void)
{
	struct sockaddr_in a = local(0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (void *)&a, sizeof a) == -1)
		return -1;
	return listen(fd, 1);
}

static long
connect_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", directory);
	return connect_to(&a, sizeof a, AF_UNIX);
}

static long
send_datagram(void)
{
	struct sockaddr_in a = local(9);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd == -1 ? -1 : sendto(fd, "x", 1, 0, (void *)&a, sizeof a);
}

/* The program says "did it" for us. */
static long
exec_program(void)
{
	return execl("/bin/echo", "echo", "did it\r", (char *)NULL);
}

static long
exec_memory(void)
{
	static const char script[] = "#!/bin/sh\nprintf 'did it\\r\\n'\n";
	int fd = memfd_create("x", 0);

	if (fd == -1 || write(fd, script, sizeof script - 1) == -1)
		return -1;
	return execveat(
	    fd, "", (char *[]){"x", NULL}, (char *[]){NULL}, AT_EMPTY_PATH);
}

static long
leave_root(void)
{
	const char *inner = (const char *)(intptr_t)in("inner");

	if (mkdir(inner, 0700) == -1 || chroot(inner) == -1 ||
	    chdir("../../../../../../..") == -1)
		return -1;
	return chroot(".");
}

static long
run_own_code(void)
{
	void (*code)(void);

	if (mprotect(page, PAGE, PROT_READ | PROT_EXEC) == -1)
		return -1;
	memcpy(&code, &page, sizeof code);
	code();
	return 0;
}

static long
take_on_root(void)
{
	return setresuid(0, 0, 0) == -1 ? -1 : open("/etc/shadow", O_RDONLY);
}

static int
rest(void *arg)
{
	(void)arg;
	pause();
	return 0;
}

static long
use_threads(void)
{
	return clone(rest, page + PAGE,
	    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
	    NULL);
}

/* A name, of which a filter that looks at 32 bits thinks that there is none:
 * done, if the kernel has looked for it. */
static long
half_a_name(void)
{
	long result = syscall(SYS_utimensat, AT_FDCWD, 1L << 32, NULL, 0);

	return result == -1 && errno == EFAULT ? 0 : -1;
}

#ifdef __x86_64__
/* getpid() as a program of 32 bits calls it; then as a filter that looks at
 * the number alone would take it: 4 is write() there, and 1, which is ours for
 * write(), is exit(). */
static long
old_call(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return result;
}

static long
old_write(void)
{
	long result = 4;

	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(1), "c"(0), "d"(0)
			 : "memory");
	return result;
}

static long
old_exit(void)
{
	long result = 1;

	__asm__ volatile("int $0x80" : "+a"(result) : "b"(0) : "memory");
	return result;
}
#endif

static const struct deed {
	const char *name;
	int flags;
	long (*run)(void);
} deeds[] = {
    {"connect-tcp",   LAYERS, connect_tcp  },
    {"listen-tcp",    LAYERS, listen_tcp   },
    {"connect-unix",  LAYERS, connect_unix },
    {"send-datagram", LAYERS, send_datagram},
    {"exec",          LAYERS, exec_program },
    {"exec-memory",   LAYERS, exec_memory  },
    {"leave-root",    LAYERS, leave_root   },
    {"run-own-code",  0,      run_own_code },
    {"take-on-root",  LAYERS, take_on_root },
    {"thread",        FORKS,  use_threads  },
    {"half-a-name",   0,      half_a_name  },
#ifdef __x86_64__
    {"old-call",      MAYBE,  old_call     },
    {"old-write",     MAYBE,  old_write    },
    {"old-exit",      MAYBE,  old_exit     },
#endif
};

/* -- messages to the monitor */

static void
put(const void *bytes, size_t n)
{
	if (write(channel, bytes, n) == -1)
		say(-1);
}

static void
put_type(int type)
{
	unsigned char byte = (unsigned char)type;

	put(&byte, 1);
}

static void
put_credentials(const char *user, const char *password)
{
	const struct credentials c = {.method = METHOD_PASS,
	    .user = user,
	    .secret = password,
	    .rest = ""};

	privsep_send_credentials(channel, &c);
}

/* The message that privsep.c makes of them, for others to be made of it. */
static size_t
take_credentials(unsigned char bytes[PRIVSEP_WIRE], const char *user)
{
	size_t len = strlen(user);
	size_t typed = 26 + len + 7;

	memset(bytes, 0, PRIVSEP_WIRE);
	bytes[0] = MSG_CREDENTIALS;
	bytes[9] = (unsigned char)len;
	memcpy(bytes + 17, user, len + 1);
	bytes[18 + len] = 6;
	memcpy(bytes + 26 + len, "secret", 7);
	bytes[typed] = 6;
	memcpy(bytes + typed + 8, "secret", 7);
	return typed + 8 + 7 + 8 + 8 + 1; /* language, and an empty rest */
}

static void
put_nothing(void)
{
	put("", 0);
}

static void
put_unknown(void)
{
	put_type(0xff);
}

static void
put_none(void)
{
	put_type(MSG_NONE);
}

static void
put_bad(void)
{
	put_type(MSG_BAD);
}

static void
put_too_long(void)
{
	unsigned char bytes[PRIVSEP_WIRE + 1];

	take_credentials(bytes, "joe");
	put(bytes, sizeof bytes);
}

static void
put_very_long(void)
{
	static unsigned char bytes[100000] = {MSG_LOG};

	put(bytes, sizeof bytes);
}

static void
put_cut(void)
{
	unsigned char bytes[PRIVSEP_WIRE];

	put(bytes, take_credentials(bytes, "joe") - 1);
}

static void
put_tail(void)
{
	unsigned char bytes[PRIVSEP_WIRE];

	put(bytes, take_credentials(bytes, "joe") + 1);
}

static void
put_length(void)
{
	unsigned char bytes[PRIVSEP_WIRE];
	size_t n = take_credentials(bytes, "joe");

	memset(bytes + 9, 0xff, 8);
	put(bytes, n);
}

static void
put_method(void)
{
	unsigned char bytes[PRIVSEP_WIRE];
	size_t n = take_credentials(bytes, "joe");

	bytes[1] = 99;
	put(bytes, n);
}

static void
put_nul(void)
{
	unsigned char bytes[PRIVSEP_WIRE];
	size_t n = take_credentials(bytes, "joe");

	bytes[18] = '\0';
	put(bytes, n);
}

static void
put_long_name(void)
{
	char name[PRIVSEP_NAME + 2];

	memset(name, 'j', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	put_credentials(name, "secret");
}

static void
put_tries(void)
{
	struct wire w;

	for (int i = 0; i < 5; i++)
		put_credentials("joe", "wrong");
	while (privsep_receive(channel, &w) == MSG_VERDICT)
		continue;
}

/* Not before STLS. */
static void
put_switched(void)
{
	privsep_send(channel, MSG_SWITCHED);
}

/* Another user behind the one that was granted, and all at once. */
static void
put_two_users(void)
{
	put_credentials("joe", "secret");
	put_credentials("anna", "secret");
	privsep_send(channel, MSG_LOCK);
}

static void
put_outside(void)
{
	put_credentials("../joe", "secret");
}

static void
put_again(void)
{
	put_credentials("anna", "secret");
}

/* -- exchanges of SCRAM that are not played to their end, or beyond it */

static void
put_begin(const char *user)
{
	const struct begin b = {METHOD_SCRAM_SHA_256, user};

	privsep_send_begin(channel, &b);
}

static void
put_end(const char *user)
{
	const struct credentials c = {.method = METHOD_SCRAM_SHA_256,
	    .user = user,
	    .secret = "",
	    .rest = ""};

	privsep_send_credentials(channel, &c);
}

/* Begins joe's, and proves that we know his password. */
static void
put_exchange(struct proof *p)
{
	static unsigned char proof[SCRAM_DIGEST];
	static char message[100];
	struct scram_salt told;
	struct salt salt;
	struct wire w;

	put_begin("joe");
	if (privsep_receive(channel, &w) != MSG_SALT ||
	    !privsep_read_salt(&w, &salt) || salt.salt_len > sizeof told.bytes)
		return;
	told.iterations = salt.iterations;
	told.len = salt.salt_len;
	memcpy(told.bytes, salt.salt, salt.salt_len);
	snprintf(message, sizeof message, "r=%s", salt.nonce);
	make_proof(&told, "secret", message, proof);
	*p = (struct proof){message, strlen(message), proof, sizeof proof};
	privsep_send_proof(channel, p);
	privsep_receive(channel, &w); /* the signature */
}

static void
put_unproved(void)
{
	put_end("joe");
}

static void
put_begun(void)
{
	put_begin("joe");
	put_end("joe");
}

static void
put_unbegun(void)
{
	const struct proof p = {"", 0, (const unsigned char *)"", 0};

	privsep_send_proof(channel, &p);
}

static void
put_proof_twice(void)
{
	struct proof p = {.message = ""};

	put_exchange(&p);
	privsep_send_proof(channel, &p);
}

/* Our proof does for us alone. */
static void
put_proof_for_another(void)
{
	struct proof p;

	put_exchange(&p);
	put_end("anna");
}

/* In between there was somebody else, who was refused. */
static void
put_proof_spent(void)
{
	struct proof p;
	struct wire w;

	put_exchange(&p);
	put_credentials("anna", "wrong");
	privsep_receive(channel, &w);
	put_end("joe");
}

/* Another exchange has been begun since. */
static void
put_proof_outdated(void)
{
	struct wire w;
	struct proof p;

	put_exchange(&p);
	put_begin("anna");
	privsep_receive(channel, &w);
	put_end("joe");
}

/* The proof of one exchange, in the next. */
static void
put_proof_again(void)
{
	struct proof p;
	struct wire w;

	put_exchange(&p);
	put_begin("joe");
	privsep_receive(channel, &w);
	privsep_send_proof(channel, &p);
	privsep_receive(channel, &w); /* refused */
	put_end("joe");
}

static void
put_other_method(void)
{
	const unsigned char bytes[] = {
	    MSG_BEGIN, 1, 0, 0, 0, 0, 0, 0, 0, 'j', 0, 0, 0, 0, 0, 0, 0, 0, 0};

	put(bytes, sizeof bytes);
}

static void
put_verdict(void)
{
	privsep_send_verdict(channel, GRANTED);
}

static void
put_grant(void)
{
	const struct grant g = {.user = "anna",
	    .mailbox = "/var/mail/anna",
	    .index = "/x",
	    .journal = "/y",
	    .uid = 1,
	    .rest = ""};

	privsep_send_grant(channel, &g);
}

static void
put_locked(void)
{
	const struct locked l = {.trouble = FINE};

	privsep_send_locked(channel, &l);
}

static void
put_lock(void)
{
	privsep_send(channel, MSG_LOCK);
}

static void
put_lock_twice(void)
{
	privsep_send(channel, MSG_LOCK);
	privsep_send(channel, MSG_LOCK);
}

static void
put_lock_tail(void)
{
	const unsigned char bytes[] = {MSG_LOCK, 0};

	put(bytes, sizeof bytes);
}

static void
put_unlock(void)
{
	privsep_send(channel, MSG_UNLOCK);
}

static void
put_locks(void)
{
	for (int i = 0; i < 2000; i++) {
		privsep_send(channel, MSG_LOCK);
		privsep_send(channel, MSG_UNLOCK);
	}
}

static void
put_summaries(void)
{
	const struct summary s = {.end = END_QUIT};

	privsep_send_summary(channel, &s);
	privsep_send_summary(channel, &s);
}

static void
put_logs(void)
{
	for (int i = 0; i < 100; i++)
		privsep_send_log(channel, LOG_ERR, "flood");
}

static void
put_alarm(void)
{
	privsep_send_log(channel, LOG_EMERG, "to every terminal");
}

static void
put_long_log(void)
{
	static char text[LOG_TEXT_MAX + 2];

	memset(text, 'x', sizeof text - 1);
	privsep_send_log(channel, LOG_ERR, text);
}

enum { OF_LOGIN = 16, OF_SESSION = 32 };

static const struct message_deed {
	const char *name;
	int flags;
	void (*send)(void);
} messages[] = {
    {"message-empty",       OF_LOGIN | OF_SESSION, put_nothing          },
    {"message-unknown",     OF_LOGIN | OF_SESSION, put_unknown          },
    {"message-none",        OF_LOGIN | OF_SESSION, put_none             },
    {"message-bad",         OF_LOGIN | OF_SESSION, put_bad              },
    {"message-too-long",    OF_LOGIN | OF_SESSION, put_too_long         },
    {"message-very-long",   OF_LOGIN | OF_SESSION, put_very_long        },
    {"credentials-cut",     OF_LOGIN | OF_SESSION, put_cut              },
    {"credentials-tail",    OF_LOGIN | OF_SESSION, put_tail             },
    {"credentials-length",  OF_LOGIN | OF_SESSION, put_length           },
    {"credentials-method",  OF_LOGIN | OF_SESSION, put_method           },
    {"credentials-nul",     OF_LOGIN | OF_SESSION, put_nul              },
    {"credentials-long",    OF_LOGIN | OF_SESSION, put_long_name        },
    {"credentials-tries",   OF_LOGIN | OF_SESSION, put_tries            },
    {"credentials-outside", OF_LOGIN | OF_SESSION, put_outside          },
    {"credentials-two",     OF_LOGIN | OF_SESSION, put_two_users        },
    {"credentials-again",   OF_SESSION,            put_again            },
    {"switched",            OF_LOGIN | OF_SESSION, put_switched         },
    {"scram-unproved",      OF_LOGIN | OF_SESSION, put_unproved         },
    {"scram-begun",         OF_LOGIN,              put_begun            },
    {"scram-unbegun",       OF_LOGIN | OF_SESSION, put_unbegun          },
    {"scram-twice",         OF_LOGIN,              put_proof_twice      },
    {"scram-another",       OF_LOGIN,              put_proof_for_another},
    {"scram-spent",         OF_LOGIN,              put_proof_spent      },
    {"scram-outdated",      OF_LOGIN,              put_proof_outdated   },
    {"scram-again",         OF_LOGIN,              put_proof_again      },
    {"scram-method",        OF_LOGIN | OF_SESSION, put_other_method     },
    {"verdict",             OF_LOGIN | OF_SESSION, put_verdict          },
    {"grant",	       OF_LOGIN | OF_SESSION, put_grant            },
    {"locked",              OF_LOGIN | OF_SESSION, put_locked           },
    {"lock",		OF_LOGIN,              put_lock             },
    {"lock-tail",           OF_LOGIN | OF_SESSION, put_lock_tail        },
    {"lock-twice",          OF_LOGIN | OF_SESSION, put_lock_twice       },
    {"lock-flood",          OF_LOGIN | OF_SESSION, put_locks            },
    {"unlock",              OF_LOGIN,              put_unlock           },
    {"summary-twice",       OF_LOGIN | OF_SESSION, put_summaries        },
    {"log-flood",           OF_LOGIN | OF_SESSION, put_logs             },
    {"log-alarm",           OF_LOGIN | OF_SESSION, put_alarm            },
    {"log-long",            OF_LOGIN | OF_SESSION, put_long_log         },
};

/* A monitor that minds ends us now, even if it has given a lock before, or says
 * so; else there is some time. */
static void
run_message(const struct message_deed *m)
{
	struct pollfd p = {.fd = channel, .events = POLLIN};
	char answer[PRIVSEP_WIRE];
	int ready;

	m->send();
	do
		ready = poll(&p, 1, 10000);
	while (ready == 1 && read(channel, answer, sizeof answer) > 0 &&
	    answer[0] == MSG_LOCKED);
	errno = 0;
	say(ready == 0 ? 0 : -1);
}

/* -- which deed */

static void
print_all(void)
{
	for (size_t i = 0; i < COUNT(deeds); i++)
		dprintf(
		    STDOUT_FILENO, "%d %s\r\n", deeds[i].flags, deeds[i].name);
	for (size_t i = 0; i < COUNT(messages); i++)
		dprintf(STDOUT_FILENO, "%d %s\r\n", messages[i].flags,
		    messages[i].name);
}

static void
do_deed(const char *name)
{
	for (size_t i = 0; i < COUNT(deeds); i++)
		if (strcmp(deeds[i].name, name) == 0)
			say(deeds[i].run());
	for (size_t i = 0; i < COUNT(messages); i++)
		if (strcmp(messages[i].name, name) == 0)
			run_message(&messages[i]);
}

/* Any system call by its number, all arguments 0. (But that would be for ever
 * in ppoll().) */
static void
do_number(const char *text)
{
	long number = strtol(text, NULL, 10);
	struct timespec none = {0, 0};
	long result;

	result =
	    syscall(number, 0, 0, number == SYS_ppoll ? at(&none) : 0, 0, 0, 0);
	say(result == -1 && errno == ENOSYS ? -1 : 0);
}

/* The lock is asked for, granted, and kept until the process is gone. */
static void
keep_lock(void)
{
	struct wire w;

	privsep_send(channel, MSG_LOCK);
	say(privsep_receive(channel, &w) == MSG_LOCKED ? 0 : -1);
}

static void
be_hostile(char *line)
{
	char *name = strsep(&line, " ");
	const char *victim_text = NULL;

	if (line != NULL) {
		directory = strsep(&line, " ");
		victim_text = strsep(&line, " ");
	}
	if (victim_text != NULL && line != NULL) {
		victim = (pid_t)strtol(victim_text, NULL, 10);
		port = (int)strtol(line, NULL, 10);
	}
	if (strcmp(name, "keep-lock") == 0)
		keep_lock();
	if (strncmp(name, "number:", 7) == 0)
		do_number(name + 7);
	if (strcmp(name, "list") != 0)
		do_deed(name);
	else
		print_all();
	name = strcmp(name, "list") == 0 ? NULL : name;
	files(name);
	descriptors(name);
	network(name);
	processes(name);
	kernel(name);
	memory(name);
	errno = 0;
	say(name == NULL ? 0 : -1);
}

char *
__wrap_proto_verb(char *line, char **rest)
{
	static const char word[] = "HOSTILE ";

	if (strncmp(line, word, sizeof word - 1) == 0)
		be_hostile(line + sizeof word - 1);
	return __real_proto_verb(line, rest);
}

/* -- and without a jail, for those that are linked so */

int __wrap_filter_has_seccomp(void);
void __wrap_jail_basics(void);
void __wrap_jail_wait(const struct jail_means *means);
void __wrap_jail_login(const struct jail *j);
void __wrap_jail_session(const struct jail *j, off_t size);

int
__wrap_filter_has_seccomp(void)
{
	return 0;
}

void
__wrap_jail_basics(void)
{
}

void
__wrap_jail_wait(const struct jail_means *means)
{
	(void)means;
}

void
__wrap_jail_login(const struct jail *j)
{
	(void)j;
}

void
__wrap_jail_session(const struct jail *j, off_t size)
{
	(void)size;
	if (j->means->is_root && seteuid(0) == -1)
		abort();
}
