/*
 * inject.c - run a program, and spoil one of its system calls
 *
 *   inject PROCESS:CALL:N:WHAT PROGRAM ARGUMENT...
 *   inject FILE PROGRAM ARGUMENT...
 *   inject -s ...      as these, but counted from the start
 *
 * Process 0 is the program, 1 its first child, 2 its second. Calls are
 * counted from the first fork on, for each process and name from 1. What
 * happens to the Nth: term, kill (a signal to that process, before the call),
 * crash (all are killed), kill-after, crash-after, short (a read or write of
 * half the bytes), torn (and then all are killed), or an error, by its number: the call does nothing and fails;
 * with "+" all later ones fail too, with "-after" it is made all the same.
 *
 * In the second form nothing is spoilt, and the file gets a line "PROCESS
 * CALL" for each call, as it returns. Ends when all processes have ended. Exit
 * status: 0 if there was such a call, 1 if there was none, 2 on trouble.
 */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define MOST     8 /* processes */

enum deed { NOTHING, TERM, KILL, CRASH, SHORTEN, TEAR, FAIL };

static const struct {
	const char *name;
	unsigned long long number;
} calls[] = {
#include "calls.h"
};

/* Where a call's arguments are, and its result. */
#if defined __x86_64__
static unsigned long long *
argument(struct user_regs_struct *regs, int i)
{
	unsigned long long *const at[] = {&regs->rdi, &regs->rsi, &regs->rdx};

	return at[i];
}

static unsigned long long *
result(struct user_regs_struct *regs)
{
	return &regs->rax;
}
#elif defined __aarch64__
static unsigned long long *
argument(struct user_regs_struct *regs, int i)
{
	return &regs->regs[i];
}

static unsigned long long *
result(struct user_regs_struct *regs)
{
	return &regs->regs[0];
}
#endif

struct process {
	pid_t pid;               /* 0 once it has ended */
	unsigned long long call; /* that it is in */
	int is_in_call;
	int spoilt; /* that call */
};

struct run {
	struct process processes[MOST];
	unsigned count; /* of processes, ended ones included */
	FILE *list;     /* NULL: one call is to be spoilt */
	unsigned process;
	unsigned long long call;
	unsigned nth;
	enum deed deed;
	int error;
	int after;
	int again;
	unsigned seen; /* such calls */
	int from_start;
};

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	exit(2);
}

static const char *
call_name(unsigned long long number)
{
	for (size_t i = 0; i < COUNT(calls); i++)
		if (calls[i].number == number)
			return calls[i].name;
	return "unknown";
}

static unsigned long long
call_number(const char *name)
{
	for (size_t i = 0; i < COUNT(calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	fprintf(stderr, "inject: no system call %s\n", name);
	exit(2);
}

static void
read_deed(struct run *r, const char *what)
{
	char *end;

	r->after = strstr(what, "-after") != NULL;
	r->again = strchr(what, '+') != NULL;
	r->error = (int)strtol(what, &end, 10);
	if (end != what)
		r->deed = FAIL;
	else if (strcmp(what, "term") == 0)
		r->deed = TERM;
	else if (strncmp(what, "kill", 4) == 0)
		r->deed = KILL;
	else if (strncmp(what, "crash", 5) == 0)
		r->deed = CRASH;
	else if (strcmp(what, "short") == 0)
		r->deed = SHORTEN;
	else if (strcmp(what, "torn") == 0)
		r->deed = TEAR;
}

/* False if it is no fault. */
static int
read_fault(struct run *r, const char *text)
{
	char name[32], what[32];

	if (sscanf(text, "%u:%31[^:]:%u:%31s", &r->process, name, &r->nth,
		what) != 4)
		return 0;
	r->call = call_number(name);
	read_deed(r, what);
	return r->deed != NOTHING;
}

static void
start(char **argv)
{
	pid_t pid = fork();

	if (pid == -1)
		give_up("fork");
	if (pid > 0)
		return;
	if (ptrace(PTRACE_TRACEME, 0, 0, 0) == -1)
		give_up("ptrace");
	raise(SIGSTOP);
	execv(argv[0], argv);
	give_up(argv[0]);
}

/* The process of that pid, which may be new. */
static struct process *
find(struct run *r, pid_t pid)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->processes[i].pid == pid)
			return &r->processes[i];
	if (r->count == MOST) {
		fprintf(stderr, "inject: too many processes\n");
		exit(2);
	}
	r->processes[r->count].pid = pid;
	return &r->processes[r->count++];
}

static void
kill_all(const struct run *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->processes[i].pid != 0)
			kill(r->processes[i].pid, SIGKILL);
}

static int
is_the_one(struct run *r, const struct process *p)
{
	if (r->deed == NOTHING || p != &r->processes[r->process] ||
	    p->call != r->call)
		return 0;
	r->seen++;
	return r->seen == r->nth || (r->again && r->seen > r->nth);
}

/*
 * Makes the call one that does nothing. Another call, or none, would be the
 * end where there is a filter of calls: so it gets a first and, unless the
 * filter looks at that, a second argument that it cannot work with.
 */
static void
disable(const struct process *p, struct user_regs_struct *regs)
{
	*argument(regs, 0) = ~0ULL;
	if (p->call != SYS_fallocate && p->call != SYS_fcntl &&
	    p->call != SYS_utimensat)
		*argument(regs, 1) = ~0ULL;
}

static void
spoil(
    const struct run *r, const struct process *p, struct user_regs_struct *regs)
{
	if (r->deed == SHORTEN || r->deed == TEAR)
		*argument(regs, 2) = (*argument(regs, 2) + 1) / 2;
	else if (r->deed == FAIL && !r->after)
		disable(p, regs);
	else if (r->deed == TERM)
		kill(p->pid, SIGTERM);
	else if (r->deed == KILL && !r->after)
		kill(p->pid, SIGKILL);
	else if (r->deed == CRASH && !r->after)
		kill_all(r);
}

static void
spoil_result(
    const struct run *r, const struct process *p, struct user_regs_struct *regs)
{
	if (r->deed == FAIL)
		*result(regs) = (unsigned long long)-r->error;
	else if (r->deed == KILL)
		kill(p->pid, SIGKILL);
	else if (r->deed == CRASH || r->deed == TEAR)
		kill_all(r);
}

static void
list(const struct run *r, const struct process *p)
{
	if (r->list != NULL)
		fprintf(r->list, "%d %s\n", (int)(p - r->processes),
		    call_name(p->call));
}

static void
enter_call(struct run *r, struct process *p, struct user_regs_struct *regs)
{
	p->is_in_call = 1;
	p->spoilt = is_the_one(r, p);
	if (p->call == SYS_exit_group)
		list(r, p); /* it does not return */
	if (p->spoilt)
		spoil(r, p, regs);
}

static void
leave_call(struct run *r, struct process *p, struct user_regs_struct *regs)
{
	if (p->is_in_call)
		list(r, p);
	p->is_in_call = 0;
	if (p->spoilt)
		spoil_result(r, p, regs);
}

/* Requests fail only when the process has been killed meanwhile. */
static void
look_at_call(struct run *r, struct process *p)
{
	struct user_regs_struct regs;
	struct iovec all = {&regs, sizeof regs};
	struct __ptrace_syscall_info info;
	int is_entry;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) <= 0 ||
	    ptrace(PTRACE_GETREGSET, p->pid, NT_PRSTATUS, &all) == -1)
		return;
	is_entry = info.op == PTRACE_SYSCALL_INFO_ENTRY;
	if (is_entry) {
		p->call = info.entry.nr;
		enter_call(r, p, &regs);
	} else {
		leave_call(r, p, &regs);
	}
	if (p->spoilt)
		ptrace(PTRACE_SETREGSET, p->pid, NT_PRSTATUS, &all);
	p->spoilt &= is_entry;
}

/* Lets it run: up to its next call if it is to be seen. */
static void
resume(const struct run *r, const struct process *p, int signal)
{
	int is_wanted = r->deed != NOTHING && p == &r->processes[r->process] &&
	    (r->again || r->seen < r->nth);
	int sees_calls = (r->count > 1 || r->from_start) &&
	    (r->list != NULL || is_wanted || p->spoilt);

	ptrace(sees_calls ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, 0, signal);
}

static void
look_at(struct run *r, pid_t pid, int status)
{
	struct process *p = find(r, pid);
	int signal = WSTOPSIG(status);
	unsigned long child;

	switch (status >> 16) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &child) == 0)
			find(r, (pid_t)child);
		break;
	}
	if (signal == (SIGTRAP | 0x80))
		look_at_call(r, p);
	/* Neither our stops nor the first one of a new process are signals. */
	if ((signal & ~0x80) == SIGTRAP || signal == SIGSTOP)
		signal = 0;
	resume(r, p, signal);
}

static void
watch(struct run *r)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD |
	    PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
	    PTRACE_O_TRACECLONE;
	int status;
	pid_t pid;

	pid = waitpid(-1, &status, 0);
	if (pid == -1 || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, 0, options) == -1)
		give_up("cannot trace");
	do
		if (WIFSTOPPED(status))
			look_at(r, pid, status);
		else
			find(r, pid)->pid = 0;
	while ((pid = waitpid(-1, &status, __WALL)) > 0);
}

int
main(int argc, char **argv)
{
	struct run r = {.seen = 0};

	r.from_start = argc > 1 && strcmp(argv[1], "-s") == 0;
	argc -= r.from_start;
	argv += r.from_start;
	if (argc < 3) {
		fprintf(stderr, "inject: see the top of inject.c\n");
		return 2;
	}
	if (!read_fault(&r, argv[1]) && (r.list = fopen(argv[1], "we")) == NULL)
		give_up(argv[1]);
	start(argv + 2);
	watch(&r);
	if (r.list != NULL)
		return fclose(r.list) == 0 ? 0 : 2;
	return r.seen < r.nth;
}
