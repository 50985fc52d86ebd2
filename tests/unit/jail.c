/*
 * Tests of jail.c and filter.c: what an answer of the kernel's means. The kernel
 * is ours here, and nobody is jailed: tests/layers.py and tests/hostile.py have
 * the real one.
 */
#include "../../jail.h"

#include "apart.h"

#include "../../filter.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sysexits.h>

static uint64_t asked[3]; /* of Landlock: what is to be denied */

/* What the kernel says; all is well as long as it is 0. */
static struct {
	int seccomp, landlock, mlock2, capset, capbset; /* errors */
	int no_chroot;                                  /* no right to it */
	int chdir, chroot, getresuid;                   /* errors */
	uid_t ids[3];                                   /* in the end */
	int root_is_near;                               /* setuid(0) works */
} kernel;

static int
answer(int error)
{
	errno = error;
	return error == 0 ? 0 : -1;
}

long
syscall(long number, ...)
{
	struct __user_cap_data_struct *sets;
	const void *first;
	va_list ap;

	va_start(ap, number);
	first = va_arg(ap, void *);
	sets = va_arg(ap, struct __user_cap_data_struct *);
	va_end(ap);
	switch (number) {
	case SYS_seccomp:
		return answer(kernel.seccomp);
	case SYS_landlock_create_ruleset:
		if (first != NULL)
			memcpy(asked, first, sizeof asked);
		return answer(kernel.landlock) == -1 ? -1 : 4;
	case SYS_capset:
		return answer(kernel.capset);
	case SYS_capget:
		memset(sets, 0, 2 * sizeof *sets);
		sets[0].permitted = sets[0].effective =
		    kernel.no_chroot ? 0 : 1U << CAP_SYS_CHROOT;
		return 0;
	default:
		return 0;
	}
}

int
prctl(int option, ...)
{
	if (option != PR_CAPBSET_DROP)
		return 0;
	return answer(kernel.capbset);
}

int
mlock2(const void *at, size_t n, unsigned flags)
{
	(void)at;
	(void)n;
	(void)flags;
	return answer(kernel.mlock2);
}

uid_t
geteuid(void)
{
	return 0;
}

int
setgroups(size_t n, const gid_t *groups)
{
	(void)groups;
	log_line(LOG_INFO, "%zu groups", n);
	return 0;
}

int
setresgid(gid_t real, gid_t effective, gid_t saved)
{
	log_line(LOG_INFO, "gid %u %u %u", real, effective, saved);
	return 0;
}

int
setresuid(uid_t real, uid_t effective, uid_t saved)
{
	log_line(LOG_INFO, "uid %u %u %u", real, effective, saved);
	return 0;
}

int
getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
	*real = kernel.ids[0];
	*effective = kernel.ids[1];
	*saved = kernel.ids[2];
	return answer(kernel.getresuid);
}

int
setuid(uid_t uid)
{
	return uid == 0 && kernel.root_is_near ? 0 : answer(EPERM);
}

int
chdir(const char *path)
{
	log_line(LOG_INFO, "into %s", path);
	return answer(kernel.chdir);
}

int
chroot(const char *path)
{
	(void)path;
	return answer(kernel.chroot);
}

int
setrlimit(__rlimit_resource_t resource, const struct rlimit *r)
{
	(void)resource;
	(void)r;
	return 0;
}

static const struct {
	const char *what;
	int seccomp, landlock, no_chroot;
	const char *level;
	const char *denied;
	int is_full;
} answers[] = {
    {"all of it",            0,          0,          0, "uid,chroot,rlimit,nnp,seccomp,landlock4", NULL,       1},
    {"no such filter",       ENOSYS,     0,          0, "uid,chroot,rlimit,nnp,landlock4",         NULL,
     0													  },
    {"none of that kind",    EOPNOTSUPP, 0,          0, "uid,chroot,rlimit,nnp,landlock4",
     NULL,												     0},
    {"no such question",     EINVAL,     0,          0, "uid,chroot,rlimit,nnp,landlock4",         NULL,
     0													  },
    {"a filter denies it",   EPERM,      0,          0, "uid,chroot,rlimit,nnp,landlock4",
     "seccomp",												0},
    {"... by another error", EACCES,     0,          0, "uid,chroot,rlimit,nnp,landlock4",
     "seccomp",												0},
    {"no Landlock",          0,          ENOSYS,     0, "uid,chroot,rlimit,nnp,seccomp",           NULL,       0},
    {"disabled at boot",     0,          EOPNOTSUPP, 0, "uid,chroot,rlimit,nnp,seccomp",
     NULL,												     0},
    {"denied",	       0,          EPERM,      0, "uid,chroot,rlimit,nnp,seccomp",           "Landlock", 0},
    {"both denied",          EPERM,      EPERM,      0, "uid,chroot,rlimit,nnp",                   "seccomp",  0},
    {"a container's root",   0,          0,          1, "uid,rlimit,nnp,seccomp,landlock4",        NULL,
     0													  },
};

static void
what_there_is_is_found_out(void **state)
{
	struct jail_means means;
	char level[JAIL_LEVEL];

	(void)state;
#ifdef JAIL_FOR_SANITIZERS
	skip(); /* which has no filter */
#endif
	for (size_t i = 0; i < COUNT(answers); i++) {
		const char *what = answers[i].what;
		const char *denied = answers[i].denied;

		memset(&kernel, 0, sizeof kernel);
		kernel.seccomp = answers[i].seccomp;
		kernel.landlock = answers[i].landlock;
		kernel.no_chroot = answers[i].no_chroot;
		jail_probe(&means);
		check_text(jail_level(&means, level), answers[i].level, what);
		check((means.denied == NULL) == (denied == NULL), "%s", what);
		if (denied != NULL)
			check_text(means.denied, denied, what);
		check(jail_is_full(&means) == answers[i].is_full, "%s", what);
	}
	memset(&kernel, 0, sizeof kernel);
	jail_probe(&means);
	means.is_root = 0;
	assert_false(jail_is_full(&means));
}

static void
lock_memory(void *arg)
{
	kernel.mlock2 = *(int *)arg;
	jail_lock_memory(&kernel, sizeof kernel);
}

/* It is no layer; but an error that nobody knows is not passed over. */
static void
memory_is_locked_where_that_is_allowed(void **state)
{
	static const int harmless[] = {0, ENOMEM, EPERM, EAGAIN, EINVAL};
	int error = EIO;

	(void)state;
	for (size_t i = 0; i < COUNT(harmless); i++) {
		int harm = harmless[i];

		check(run_apart(lock_memory, &harm) == 0, "%s", strerror(harm));
	}
	assert_int_equal(run_apart(lock_memory, &error), EX_OSERR);
	check_text(logged, "cannot lock memory: Input/output error\n", "log");
}

static void
log_in_jailed(void *arg)
{
	const struct jail_means means = {.is_root = 1, .chroot = 1};
	const struct jail j = {
	    .means = &means, .root = "/empty", .uid = 7, .gid = 8};

	(void)arg;
	jail_login(&j);
}

#define BEGUN "into /empty\n0 groups\ngid 8 8 8\nuid 7 7 7\n"
#define NO    "the change of uid did not hold: "

static const struct {
	const char *what;
	int chdir, chroot, getresuid;
	uid_t ids[3];
	int root_is_near;
	const char *log;
} changes[] = {
    {"it holds",                0,      0,     0,      {7, 7, 7}, 0, BEGUN                   },
    {"no such directory",       ENOENT, 0,     0,      {7, 7, 7}, 0,
     "into /empty\n/empty: No such file or directory\n"                                      },
    {"it is no root",           0,      EPERM, 0,      {7, 7, 7}, 0,
     "into /empty\n/empty: Operation not permitted\n"                                        },
    {"nobody can tell",         0,      0,     EFAULT, {7, 7, 7}, 0, BEGUN NO "Bad address\n"},
    {"the real one has stayed", 0,      0,     0,      {0, 7, 7}, 0, BEGUN NO "Success\n"    },
    {"the effective one",       0,      0,     0,      {7, 0, 7}, 0, BEGUN NO "Success\n"    },
    {"the saved one",           0,      0,     0,      {7, 7, 0}, 0, BEGUN NO "Success\n"    },
    {"root can be had back",    0,      0,     0,      {7, 7, 7}, 1, BEGUN NO "Success\n"    },
};

static void
a_change_of_uid_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		int is_good = i == 0, status;

		memset(&kernel, 0, sizeof kernel);
		kernel.chdir = changes[i].chdir;
		kernel.chroot = changes[i].chroot;
		kernel.getresuid = changes[i].getresuid;
		kernel.root_is_near = changes[i].root_is_near;
		memcpy(kernel.ids, changes[i].ids, sizeof kernel.ids);
		status = run_apart(log_in_jailed, NULL);
		check(status == (is_good ? 0 : EX_OSERR), "%s: %d",
		    changes[i].what, status);
		check_text(logged, changes[i].log, changes[i].what);
	}
	memset(&kernel, 0, sizeof kernel);
}

static void
keep_few(void *error)
{
	const struct jail_means means = {.is_root = 1};

	kernel.capbset = *(int *)error;
	jail_monitor(&means, 1);
}

/* A kernel has fewer capabilities than numbers; who may not bound them has
 * been bound. */
static void
capabilities_are_bounded(void **state)
{
	static const struct {
		int error, status;
	} tries[] = {
	    {EINVAL, 0       },
            {EPERM,  0       },
            {EIO,    EX_OSERR},
            {0,      EX_OSERR}
        };

	(void)state;
	for (size_t i = 0; i < COUNT(tries); i++) {
		int error = tries[i].error;

		check(run_apart(keep_few, &error) == tries[i].status, "%s",
		    strerror(error));
	}
	check_text(logged, "cannot bound the capabilities: Success\n", "log");
	kernel.capset = EPERM;
	kernel.capbset = 0;
	assert_int_equal(run_apart(keep_few, &(int){EINVAL}), EX_OSERR);
	check_text(logged,
	    "cannot read or set capabilities: Operation not permitted\n",
	    "log");
	kernel.capset = 0;
}

/* Each denies what it knows, and is not asked for what it does not. */
static void
every_version_of_landlock_denies_all_that_it_knows(void **state)
{
	static const uint64_t known[][3] = {
	    {0,      0, 0},
	    {0x1fff, 0, 0},
	    {0x3fff, 0, 0},
	    {0x7fff, 0, 0},
	    {0x7fff, 3, 0},
	    {0xffff, 3, 0},
	    {0xffff, 3, 3},
	};

	(void)state;
	for (size_t version = 1; version < 40; version++) {
		size_t row = version < COUNT(known) ? version : 6;

		assert_true(filter_landlock((int)version));
		check(memcmp(asked, known[row], sizeof asked) == 0,
		    "version %zu", version);
	}
	kernel.landlock = EPERM;
	assert_false(filter_landlock(7));
	kernel.landlock = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_there_is_is_found_out),
	    cmocka_unit_test(memory_is_locked_where_that_is_allowed),
	    cmocka_unit_test(a_change_of_uid_is_looked_at),
	    cmocka_unit_test(capabilities_are_bounded),
	    cmocka_unit_test(
		every_version_of_landlock_denies_all_that_it_knows),
	};

	return cmocka_run_group_tests_name("jail", tests, NULL, NULL);
}
