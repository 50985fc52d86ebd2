/*
 * jail.c - take away from a process what it does not need
 */
#include "jail.h"

#include "filter.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#define MIB ((rlim_t)1 << 20)

/* To make lock files as the mail user, to end children, to hand state files
 * over, and to look at a mailbox in a closed directory. */
static const int monitor_needs[] = {
    CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_CHOWN, CAP_DAC_READ_SEARCH};

/* Modules count failures in files of users, and write audit records. */
static const int pam_needs[] = {CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_AUDIT_WRITE};

static const int session_needs[] = {CAP_SETUID, CAP_SETGID, CAP_SYS_CHROOT};

/* Capabilities as a set of bits. */
static uint64_t
set_of(const int *caps, size_t n)
{
	uint64_t set = 0;

	while (n-- > 0)
		set |= (uint64_t)1 << caps[n];
	return set;
}

static void
change_capabilities(int call, struct __user_cap_data_struct sets[2])
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};

	if (syscall(call, &head, sets) == -1)
		log_fatal(EX_OSERR, "cannot read or set capabilities");
}

static uint64_t
effective_capabilities(void)
{
	struct __user_cap_data_struct sets[2];

	change_capabilities(SYS_capget, sets);
	return (uint64_t)sets[1].effective << 32 | sets[0].effective;
}

/* Of those that there are, these stay. Where none goes nothing is asked of the
 * kernel: it may be a unit's filter that answers. */
static void
keep_capabilities(uint64_t these)
{
	struct __user_cap_data_struct sets[2];
	uint32_t go = 0;

	change_capabilities(SYS_capget, sets);
	for (int i = 0; i < 2; i++) {
		uint32_t stay = sets[i].permitted & (uint32_t)(these >> 32 * i);

		go |= (sets[i].permitted ^ stay) | sets[i].inheritable;
		sets[i].permitted = stay;
		sets[i].effective = stay;
		sets[i].inheritable = 0;
	}
	if (go != 0)
		change_capabilities(SYS_capset, sets);
}

/* Nor may a program that is started get others back. Who lacks the right to
 * do this has its bounds from whoever took that right. */
static void
bound_capabilities(uint64_t these)
{
	errno = 0;
	for (int i = 0; i < 64 && errno == 0; i++)
		if ((these >> i & 1) == 0)
			prctl(PR_CAPBSET_DROP, i);
	/* EINVAL: there are no more of them. */
	if (errno != EINVAL && errno != EPERM)
		log_fatal(EX_OSERR, "cannot bound the capabilities");
}

void
jail_probe(struct jail_means *means)
{
	means->is_root = geteuid() == 0;
	means->chroot = means->is_root &&
	    (effective_capabilities() >> CAP_SYS_CHROOT & 1) != 0;
	means->seccomp = filter_has_seccomp();
	means->landlock = filter_landlock_version();
	means->denied = means->seccomp == FILTER_DENIED ? "seccomp"
	    : means->landlock == FILTER_DENIED          ? "Landlock"
							: NULL;
}

const char *
jail_level(const struct jail_means *means, char out[JAIL_LEVEL])
{
	int n = snprintf(out, JAIL_LEVEL, "%s%srlimit,nnp%s",
	    means->is_root ? "uid," : "", means->chroot ? "chroot," : "",
	    means->seccomp > 0 ? ",seccomp" : "");

	if (means->landlock > 0)
		snprintf(out + n, (size_t)(JAIL_LEVEL - n), ",landlock%d",
		    means->landlock);
	return out;
}

int
jail_is_full(const struct jail_means *means)
{
	return means->is_root && means->chroot && means->seccomp > 0 &&
	    means->landlock > 0;
}

/* A limit that is lower already stays. */
static void
limit(unsigned resource, rlim_t most)
{
	struct rlimit r;

	if (getrlimit(resource, &r) == -1)
		log_fatal(EX_OSERR, "cannot read a resource limit");
	if (r.rlim_max < most)
		most = r.rlim_max;
	r.rlim_cur = most;
	r.rlim_max = most;
	if (setrlimit(resource, &r) == -1)
		log_fatal(EX_OSERR, "cannot set a resource limit");
}

static void
be_undumpable(void)
{
#ifndef JAIL_FOR_SANITIZERS
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		log_fatal(EX_OSERR, "cannot make the process undumpable");
#endif
}

void
jail_basics(void)
{
	limit(RLIMIT_CORE, 0);
	be_undumpable();
}

void
jail_lock_memory(const void *at, size_t n)
{
	/* A page that is never touched stays no page. EINVAL is what glibc
	 * says where there is no such call, as under valgrind. */
	if (mlock2(at, n, MLOCK_ONFAULT) == -1 && errno != ENOMEM &&
	    errno != EPERM && errno != EAGAIN && errno != EINVAL)
		log_fatal(EX_OSERR, "cannot lock memory");
}

static void
forbid_new_privs(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_fatal(EX_OSERR, "cannot set no_new_privs");
}

/* Modules and checkpassword programs may need privileges of their own. Without
 * them nothing is started: so one call is enough, not one for each of them. */
void
jail_monitor(const struct jail_means *means, int starts_programs)
{
	uint64_t needs = set_of(monitor_needs, COUNT(monitor_needs));

	if (!starts_programs)
		forbid_new_privs();
	if (!means->is_root)
		return;
	if (starts_programs) {
		needs |= set_of(pam_needs, COUNT(pam_needs));
		bound_capabilities(needs);
	}
	keep_capabilities(needs);
}

static void
set_groups(const struct jail *j)
{
	gid_t groups[256];
	size_t n = 0;

	must(j->group_count <= COUNT(groups));
	for (; n < j->group_count; n++)
		groups[n] = j->groups[n];
	if (setgroups(n, groups) == -1)
		log_fatal(EX_OSERR, "cannot set the groups");
}

static void
change_root(const struct jail *j)
{
	if (j->means->chroot && (chdir(j->root) == -1 || chroot(".") == -1))
		log_fatal(EX_OSERR, j->root);
}

/* Real, effective and saved ids; checked, since all else hangs on them. */
static void
become(const struct jail *j)
{
	uid_t r, e, s;

	must(j->uid != 0);
	if (setresgid(j->gid, j->gid, j->gid) == -1 ||
	    setresuid(j->uid, j->uid, j->uid) == -1)
		log_fatal(EX_OSERR, "cannot change the uid");
	be_undumpable(); /* a change of uid may have ended that */
	if (getresuid(&r, &e, &s) == -1 || r != j->uid || e != j->uid ||
	    s != j->uid || setuid(0) == 0)
		log_fatal(EX_OSERR, "the change of uid did not hold");
}

/* Memory, beside what the program and its libraries have. */
static void
limit_memory(rlim_t most)
{
#ifdef JAIL_FOR_SANITIZERS
	(void)most; /* they have terabytes */
#else
	limit(RLIMIT_DATA, most);
	limit(RLIMIT_STACK, 8 * MIB);
#endif
}

/*
 * What both children end with. NOFILE is not 0, since poll() counts its
 * descriptors against it; 3 forbids new ones as well, 0 to 2 being taken.
 * A change of uid clears the parent-death signal: it is set after that.
 */
static void
lock_in(const struct jail *j, enum filter filter, int death_signal)
{
	keep_capabilities(0);
	if (death_signal != 0 && prctl(PR_SET_PDEATHSIG, death_signal) == -1)
		log_fatal(EX_OSERR, "cannot ask for the parent's death signal");
	forbid_new_privs();
	if (j->means->landlock > 0 && !filter_landlock(j->means->landlock))
		log_fatal(EX_OSERR, "there is Landlock, but it is denied");
	limit(RLIMIT_NPROC, 0);
#ifndef JAIL_FOR_SANITIZERS
	limit(RLIMIT_NOFILE, 3); /* valgrind has some of its own */
#endif
	if (j->means->seccomp && !filter_calls(filter))
		log_fatal(EX_OSERR, "there is seccomp, but it is denied");
}

void
jail_login(const struct jail *j)
{
	if (j->means->is_root) {
		change_root(j);
		set_groups(j);
		become(j);
	}
	if (!j->writes)
		limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, 10);
	limit_memory(16 * MIB);
	lock_in(j, FILTER_LOGIN, SIGKILL);
}

void
jail_wait(const struct jail_means *means)
{
	if (means->is_root)
		keep_capabilities(set_of(session_needs, COUNT(session_needs)));
}

void
jail_assume_user(const struct jail *j)
{
	if (!j->means->is_root)
		return;
	must(j->uid != 0);
	set_groups(j);
	if (setegid(j->gid) == -1 || seteuid(j->uid) == -1)
		log_fatal(EX_OSERR, "cannot become the mail user");
}

/*
 * A message is at least 22 bytes of the mailbox, and takes up to 200 of memory
 * and 32 of the index. Mail that comes meanwhile is moved by an update, and
 * must not be stopped by a limit in the middle of it.
 */
void
jail_session(const struct jail *j, off_t size)
{
	rlim_t store = size < 0 ? 0 : (rlim_t)size;

	if (j->means->is_root) {
		if (seteuid(0) == -1)
			log_fatal(EX_OSERR, "cannot become root again");
		change_root(j);
		become(j);
	}
	limit(RLIMIT_FSIZE, 4 * store + 1024 * MIB);
	limit(RLIMIT_CPU, 3600);
	limit_memory(16 * store + 64 * MIB);
	lock_in(j, FILTER_SESSION, 0);
}
