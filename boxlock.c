/*
 * boxlock.c - both locks of a mailbox
 *
 * Runs as the mail user. OFD locks, since those of POSIX vanish when any
 * descriptor of the file is closed.
 */
#include "boxlock.h"

#include "bytes.h"
#include "privsep.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define PAUSE_MS   20 /* between tries, at first; doubled up to ... */
#define PAUSE_MOST 320

/* A length of 0 is all that follows. */
static int
lock_bytes(int fd, off_t at, off_t len, short type)
{
	struct flock lock = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = len};

	return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

int
boxlock_file(int fd, short type)
{
	return lock_bytes(fd, 0, 0, type);
}

int
boxlock_byte(int fd, off_t at, short type)
{
	return lock_bytes(fd, at, 1, type);
}

void
boxlock_release(struct boxlock *lock, const struct mbox *m)
{
	if (lock->use_fcntl && lock->held)
		boxlock_file(m->fd, F_UNLCK);
	if (lock->dotted)
		privsep_send(lock->monitor, MSG_UNLOCK);
	lock->held = 0;
	lock->dotted = 0;
}

/* Asks for the dot-lock, and for what the mailbox's name means now. */
static enum trouble
ask_monitor(struct boxlock *lock, const struct mbox *m)
{
	struct locked l;
	struct wire w;

	if (!privsep_send(lock->monitor, MSG_LOCK) ||
	    privsep_receive(lock->monitor, &w) != MSG_LOCKED ||
	    !privsep_read_locked(&w, &l))
		return TEMP;
	if (l.trouble == BUSY)
		return BUSY;
	lock->dotted = lock->use_dotlock && l.trouble == FINE;
	/* Where the directory lets nobody make files, fcntl has to do. */
	if (lock->use_dotlock && !lock->dotted && !lock->use_fcntl)
		return TEMP;
	if (l.exists && mbox_is(m, l.dev, l.ino))
		return FINE;
	log_line(
	    LOG_ERR, "mailbox %s was replaced by another program", m->path);
	return CHANGED;
}

/* Tries both once; holds none of them if it cannot have both. */
static enum trouble
try(struct boxlock *lock, const struct mbox *m)
{
	enum trouble why = ask_monitor(lock, m);

	if (why == FINE && lock->use_fcntl && !boxlock_file(m->fd, F_WRLCK)) {
		why = errno == EAGAIN || errno == EACCES ? BUSY : TEMP;
		if (why == TEMP)
			log_errno("cannot lock mailbox", m->path);
	}
	if (why != FINE) {
		boxlock_release(lock, m);
		return why;
	}
	lock->held = 1;
	return FINE;
}

enum trouble
boxlock_take(struct boxlock *lock, const struct mbox *m, int patience_ms)
{
	int64_t end = bytes_now_ms() + patience_ms;
	int pause = PAUSE_MS;

	for (;;) {
		enum trouble why = try(lock, m);
		struct pollfd p = {.fd = lock->monitor};

		if (why != BUSY)
			return why;
		if (bytes_now_ms() + pause > end)
			break;
		/* Only the monitor's end cuts it short. */
		poll(&p, 1, pause + lock->odd_ms);
		pause = pause < PAUSE_MOST ? pause * 2 : pause;
	}
	log_line(
	    LOG_NOTICE, "mailbox %s is locked by another program", m->path);
	return BUSY;
}
