/*
 * dotlock.c - make, refresh, remove a mailbox lock file
 *
 * Trusts no lock file: it may be anybody's, of any content. The stale rule
 * is liblockfile's (five minutes) and Courier's (a dead pid).
 */
#include "dotlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define STALE_S 300

void
dotlock_init(struct dotlock *lock, const char *mailbox)
{
	*lock = (struct dotlock){0};
	snprintf(lock->path, sizeof lock->path, "%s.lock", mailbox);
}

/* Takes on the mail user's ids for the calls up to leave(). */
static void
enter(const struct dotlock *lock)
{
	if (lock->as_user &&
	    (setegid(lock->gid) == -1 || seteuid(lock->uid) == -1))
		log_fatal(EX_OSERR, "cannot become the mail user");
}

static void
leave(const struct dotlock *lock)
{
	if (lock->as_user && (seteuid(0) == -1 || setegid(0) == -1))
		log_fatal(EX_OSERR, "cannot become root again");
}

/* The pid that a lock file holds; 0 if it holds none. */
static pid_t
read_pid(int fd)
{
	char text[32];
	ssize_t n = read(fd, text, sizeof text - 1);
	long pid = 0;

	for (ssize_t i = 0; i < n && i < 9; i++) {
		if (text[i] < '0' || text[i] > '9')
			break;
		pid = pid * 10 + (text[i] - '0');
	}
	return (pid_t)pid;
}

/* A holder whom we may not signal is alive. */
static int
is_stale(int fd, const struct stat *st)
{
	pid_t pid = fd == -1 ? 0 : read_pid(fd);

	if (pid > 0 && kill(pid, 0) == -1 && errno == ESRCH)
		return 1;
	return time(NULL) - st->st_mtime > STALE_S;
}

static int
is_same(const char *path, const struct stat *st)
{
	struct stat now;

	return lstat(path, &now) == 0 && now.st_dev == st->st_dev &&
	    now.st_ino == st->st_ino;
}

/*
 * Removes a stale lock file. Two of us who find it stale at once are kept
 * apart by flock() on it: the second sees that the name has moved on.
 */
static void
take_over(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if ((fd == -1 ? lstat(path, &st) : fstat(fd, &st)) == 0 &&
	    is_stale(fd, &st) &&
	    (fd == -1 || flock(fd, LOCK_EX | LOCK_NB) == 0) &&
	    is_same(path, &st) && unlink(path) == 0)
		log_line(LOG_NOTICE, "stale lock file %s removed", path);
	if (fd != -1)
		close(fd);
}

/* Makes the file, with our pid in it; -1 and errno if it cannot be made. */
static int
create(struct dotlock *lock)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(lock->path, flags, 0644);
	struct stat st;
	int why;

	if (fd == -1)
		return -1;
	fchmod(fd, 0644); /* others should be able to read the pid */
	/* Without room for the pid it still holds, by its age. */
	dprintf(fd, "%d\n", (int)getpid());
	lock->held = fstat(fd, &st) == 0;
	if (lock->held) {
		lock->dev = st.st_dev;
		lock->ino = st.st_ino;
	} else {
		why = errno;
		unlink(lock->path); /* we could not tell it from another's */
		errno = why;
	}
	close(fd);
	return lock->held ? 0 : -1;
}

enum trouble
dotlock_make(struct dotlock *lock)
{
	int made, why;

	must(!lock->held);
	enter(lock);
	made = create(lock);
	if (made == -1 && errno == EEXIST) {
		take_over(lock->path);
		made = create(lock);
	}
	why = errno;
	leave(lock);
	if (made == 0)
		return FINE;
	if (why == EEXIST)
		return BUSY;
	errno = why;
	log_errno("cannot make lock file", lock->path);
	return PERM;
}

void
dotlock_refresh(const struct dotlock *lock)
{
	struct stat ours = {.st_dev = lock->dev, .st_ino = lock->ino};

	if (!lock->held)
		return;
	enter(lock);
	if (is_same(lock->path, &ours))
		utimensat(AT_FDCWD, lock->path, NULL, AT_SYMLINK_NOFOLLOW);
	leave(lock);
}

void
dotlock_remove(struct dotlock *lock)
{
	struct stat ours = {.st_dev = lock->dev, .st_ino = lock->ino};
	int removed = 0;

	if (!lock->held)
		return;
	enter(lock);
	/* What is left would keep out ourselves, as long as we live. */
	for (int tries = 0; tries < 2 && !removed; tries++)
		removed = is_same(lock->path, &ours) && unlink(lock->path) == 0;
	leave(lock);
	lock->held = 0;
}
