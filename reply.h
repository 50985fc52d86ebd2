/*
 * reply.h - the only writer to the client
 *
 * Answers are gathered and leave when the buffer is full or at
 * reply_flush(), so that pipelined commands share segments. A client that
 * is gone, or takes nothing for REPLY_STALL_S, is remembered as dead: from
 * then on every call does nothing, and the caller asks between commands.
 */
#ifndef REPLY_H
#define REPLY_H

#include "lang.h"
#include "trace.h"

#include <stddef.h>
#include <stdint.h>

#define REPLY_ROOM    262144
#define REPLY_STALL_S 60

/* An answer that was begun before it was asked for. */
struct aside {
	size_t len;      /* bytes of it, in the reply's buf; 0: none */
	uint64_t octets; /* that were written then */
	uint64_t mail;
	int line_start;
	int after_cr;
};

struct reply {
	int fd; /* borrowed; a socket, a pipe or a file */
	int is_socket;
	size_t most;     /* bytes of one write, if it is none */
	enum lang lang;  /* of what is said to people */
	int dead;        /* reads: is the client gone? */
	uint64_t octets; /* written so far */
	uint64_t mail;   /* of the message that is being sent, so far */
	const struct trace *trace; /* borrowed; NULL: none */
	int line_start; /* reply_body(): at the start of a line as sent */
	int after_cr;   /* reply_body(): the last byte was a CR */
	struct aside aside;
	size_t len; /* bytes waiting, in buf */
	char buf[REPLY_ROOM];
};

/* Sets the write time-out where fd is a socket, and that TCP does not hold
 * back what is written: it is gathered here. There is no trace, until the
 * caller sets it. Nothing to close. */
void reply_open(struct reply *r, int fd);

/* From now on to a pipe, as if nothing had been said. */
void reply_turn(struct reply *r, int fd);

/* "+OK text", in the client's language. printf-like, with %s, %u and PRIu64
 * only; the text must not hold client bytes. */
void reply_ok(struct reply *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "-ERR [code] text"; code is NULL where RFC 2449, 3206 give none. */
void reply_err(struct reply *r, const char *code, const char *text);

/* Answers LANG: lists the languages, or changes to the one that is meant; NULL
 * if none was named (RFC 6856 s. 3). */
void reply_lang(struct reply *r, const char *range);

/* One line of a multi-line answer; it must not begin with a dot. */
void reply_line(struct reply *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Lines of which there are many: "number n" and "number text". */
void reply_count(struct reply *r, uint32_t number, uint64_t n);
void reply_item(struct reply *r, uint32_t number, const char *text);

/* The dot that ends a multi-line answer of such lines. */
void reply_end(struct reply *r);

/*
 * A message: reply_ok(), reply_body() for each block of it, however cut,
 * reply_body_end(). LF leaves as CRLF, CRLF as it is, a line's first dot
 * twice (RFC 1939 s. 3); an unfinished last line gets its CRLF.
 */
void reply_body(struct reply *r, const char *bytes, size_t n);
void reply_body_end(struct reply *r);

/*
 * Puts aside what waits, as if it had not been said: it must be all that was
 * said since reply_flush(). reply_take_back() says it after all; false, if
 * there is nothing put aside, or something else was said since.
 */
void reply_put_aside(struct reply *r);
int reply_take_back(struct reply *r);

/* Sends what waits. */
void reply_flush(struct reply *r);

/*
 * Sends what waits, for the last time. Bytes that are left unread when a
 * socket is closed become a reset, which can overtake our last answer: so
 * what has already come from the client is read and dropped.
 */
void reply_close(struct reply *r, int client_in);

#endif
