/*
 * monitors.h - a process that answers for the mailbox's lock as the monitor
 * does, or worse
 */
#ifndef MONITORS_H
#define MONITORS_H

#include "test.h"

#include "../../privsep.h"

#include <sys/socket.h>
#include <sys/wait.h>

struct fake_monitor {
	int fd;     /* our end */
	int record; /* what it was sent arrives here, a letter for each */
	pid_t pid;
};

static inline void
answer_as(int fd, char how, const char *path)
{
	struct locked l = {.trouble = FINE};
	struct stat st;

	if (stat(path, &st) == 0) {
		l.exists = 1;
		l.dev = st.st_dev;
		l.ino = st.st_ino;
	}
	switch (how) {
	case 'B': /* another has the dot-lock */
	case 'b': /* ... and that is its last word */
		l.trouble = BUSY;
		break;
	case 'P': /* the directory lets nobody make one */
		l.trouble = PERM;
		break;
	case 'N': /* nothing has the name */
		l.exists = 0;
		break;
	case 'O': /* another file has it */
		l.ino++;
		break;
	case 'D': /* another device */
		l.dev++;
		break;
	case 'G': /* garbage */
		privsep_send_log(fd, LOG_ERR, "garbage");
		return;
	case 'E': /* the end */
		_exit(0);
	}
	privsep_send_locked(fd, &l);
	if (how == 'b')
		_exit(0);
}

/* The answers are used in turn, the last one again and again. */
static inline void
serve_locks(int fd, int record, const char *path, const char *answers)
{
	enum message_type type;
	struct wire w;

	while ((type = privsep_receive(fd, &w)) != MSG_NONE) {
		char letter = type == MSG_LOCK ? 'L'
		    : type == MSG_UNLOCK       ? 'U'
					       : '?';

		if (write(record, &letter, 1) != 1)
			break;
		if (type != MSG_LOCK)
			continue;
		answer_as(fd, *answers, path);
		if (answers[1] != '\0')
			answers++;
	}
	_exit(0);
}

/* F for a good answer; see answer_as() for the others. */
static inline struct fake_monitor
start_monitor(const char *path, const char *answers)
{
	int pair[2], record[2];
	struct fake_monitor m;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pipe(record), 0);
	m.pid = fork();
	assert_int_not_equal(m.pid, -1);
	if (m.pid == 0) {
		close(pair[0]);
		close(record[0]);
		serve_locks(pair[1], record[1], path, answers);
	}
	close(pair[1]);
	close(record[1]);
	m.fd = pair[0];
	m.record = record[0];
	return m;
}

/* Ends it, and compares what it was sent. */
static inline void
stop_monitor(struct fake_monitor *m, const char *sent, const char *title)
{
	char got[64] = "";
	size_t n = 0;
	ssize_t some;

	close(m->fd);
	while ((some = read(m->record, got + n, sizeof got - 1 - n)) > 0)
		n += (size_t)some;
	close(m->record);
	assert_int_equal(waitpid(m->pid, NULL, 0), m->pid);
	check_text(got, sent, title);
}

#endif
