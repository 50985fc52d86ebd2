/*
 * trace.h - the dialogue, for somebody who looks for a fault
 *
 * A file that is there is added to, one that is not there is not made: so
 * touching it begins, and removing it ends a trace. Passwords, digests, SASL's
 * texts and mail are not in it.
 */
#ifndef TRACE_H
#define TRACE_H

#include "proto.h"

#include <stdint.h>
#include <sys/types.h>

struct trace {
	int fd;   /* owned, until the process ends */
	pid_t id; /* the monitor's, as in the log */
	int64_t began_ms;
};

/*
 * To be called before the jail. "path" may be NULL; a %u in it is the user, who
 * is NULL before the login: then there is no trace. Returns t, or NULL if there
 * is none; a file that is there but not fit for it is logged and left alone.
 */
const struct trace *trace_open(
    struct trace *t, const char *path, const char *user);

/* Nothing below can fail; what cannot be written is dropped. NULL is no trace
 * at all. */

/* A command of the shape that was found for it, before its arguments are cut;
 * of those, what may be a secret is left out. */
void trace_command(const struct trace *t, const char *verb, enum shape shape,
    const char *args);

/* What the client has said, but not what it was, and a verb or "". */
void trace_hidden(const struct trace *t, const char *verb);

/* A line of ours, without its line end; n bytes. */
void trace_answer(const struct trace *t, const char *line, size_t n);

/* So many octets of mail. */
void trace_mail(const struct trace *t, uint64_t octets);

#endif
