/*
 * jail.c - take away from a process what it does not need
 */
#include "jail.h"

#include "log.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

const char *
jail_level(int is_root)
{
	return is_root ? "uid,chroot,rlimit,nnp" : "rlimit,nnp";
}

int
jail_is_full(int is_root)
{
	return is_root;
}

void
jail_basics(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		log_fatal(EX_OSERR, "cannot make the process undumpable");
}

static void
set_groups(const struct jail *j)
{
	gid_t groups[64];
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
	if (chdir(j->root) == -1 || chroot(".") == -1)
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
	if (getresuid(&r, &e, &s) == -1 || r != j->uid || e != j->uid ||
	    s != j->uid || setuid(0) == 0)
		log_fatal(EX_OSERR, "the change of uid did not hold");
}

static void
limit(unsigned resource, rlim_t most)
{
	struct rlimit r = {.rlim_cur = most, .rlim_max = most};

	if (setrlimit(resource, &r) == -1)
		log_fatal(EX_OSERR, "cannot set a resource limit");
}

/*
 * What both children end with. NOFILE is not 0, since poll() counts its
 * descriptors against it; 3 forbids new ones as well, 0 to 2 being taken.
 * A change of uid clears the parent-death signal: it is set after that.
 */
static void
lock_in(int death_signal)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, 0);
	limit(RLIMIT_NOFILE, 3);
	jail_basics();
	if (death_signal != 0 && prctl(PR_SET_PDEATHSIG, death_signal) == -1)
		log_fatal(EX_OSERR, "cannot ask for the parent's death signal");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_fatal(EX_OSERR, "cannot set no_new_privs");
}

void
jail_login(const struct jail *j)
{
	struct stat out;

	if (j->is_root) {
		change_root(j);
		set_groups(j);
		become(j);
	}
	/* By hand, from a script, the client may be a plain file. */
	if (fstat(STDOUT_FILENO, &out) == -1 || !S_ISREG(out.st_mode))
		limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, 10);
	lock_in(SIGKILL);
}

void
jail_assume_user(const struct jail *j)
{
	if (!j->is_root)
		return;
	must(j->uid != 0);
	set_groups(j);
	if (setegid(j->gid) == -1 || seteuid(j->uid) == -1)
		log_fatal(EX_OSERR, "cannot become the mail user");
}

void
jail_session(const struct jail *j)
{
	if (j->is_root) {
		if (seteuid(0) == -1)
			log_fatal(EX_OSERR, "cannot become root again");
		change_root(j);
		become(j);
	}
	lock_in(0);
}
