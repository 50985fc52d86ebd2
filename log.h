/*
 * log.h - one line per event
 *
 * The monitor writes to syslog or to descriptor 2. A child has no way to
 * either: its lines go to a sink, which hands them to the monitor. What is
 * written is printable ASCII, whatever was in the text.
 */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>
#include <syslog.h> /* LOG_ERR, LOG_NOTICE, LOG_INFO: the levels */

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Our own bug: the process dies, with nothing deleted. */
#define must(cond) ((cond) ? (void)0 : log_bug(#cond, __FILE__, __LINE__))

/* How a thing went wrong, for callers that can act on it. */
enum trouble {
	FINE = 0,
	BUSY,   /* someone holds the lock: [IN-USE] */
	TEMP,   /* may pass: [SYS/TEMP] */
	FULL,   /* no room on the disk: [SYS/TEMP] */
	PERM,   /* needs a person: [SYS/PERM], or a refusal */
	CHANGED /* the mailbox is not what the client was shown */
};

#define LOG_TEXT_MAX  480 /* bytes of one line, with its NUL; more is cut */
#define LOG_NAME_ROOM (64 * 4 + 1) /* for log_name() */

/*
 * The monitor's side. "ident" is borrowed for good. Lines go to syslog's
 * mail facility, without the time, or to descriptor 2 if to_stderr is true.
 */
void log_open(const char *ident, int to_stderr);

/* A child's side: lines go to sink(level, text) from now on. */
void log_divert(void (*sink)(int level, const char *text));

/* One line, printf-like. Cannot fail; what cannot be written is dropped. */
void log_line(int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Keeps a line for log_last(), which a signal handler may call, and which does
 * nothing that it must not do there: it writes to descriptor 2 or, without
 * waiting, to /dev/log.
 */
void log_keep(int level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void log_last(void);

/* "what path: why", the why from errno, which is left as it was. */
void log_errno(const char *what, const char *path);

/*
 * A name that a client chose, made fit for a line: bytes outside [!-~] and
 * those that have a meaning in our lines become \xNN; cut at 64 bytes.
 * Returns out, which has room for LOG_NAME_ROOM bytes.
 */
const char *log_name(char *out, const char *name);

/* Logs "what: errno's text" and leaves with a status of sysexits.h. */
_Noreturn void log_fatal(int status, const char *what);

_Noreturn void log_bug(const char *cond, const char *file, int line);

#endif
