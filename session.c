/*
 * session.c - the TRANSACTION and UPDATE states
 *
 * Runs as the mail user. Client and mail are strangers. Deletes nothing
 * unless the client says QUIT.
 */
#include "session.h"

#include "jail.h"
#include "line.h"
#include "maildrop.h"
#include "privsep.h"
#include "proto.h"
#include "reply.h"
#include "uidl.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#define BLOCK 65536

/* A block of line ends becomes twice as large, and must not be sent yet. */
_Static_assert(REPLY_ROOM >= 3 * BLOCK, "no room to get a message ready");

enum next {
	NEXT_COMMAND,
	NEXT_UPDATE, /* QUIT: apply deletions */
	NEXT_HANGUP  /* client gone or mailbox lost: apply nothing */
};

/* RETR or TOP, of one message after the other. */
struct course {
	uint64_t command; /* the last was this one */
	uint32_t number;
	uint32_t lines;
	int goes_on;  /* it was the second, or a later one */
	int is_ready; /* the next message is, in the reply: see get_ready() */
};

struct session {
	const struct session_config *config;
	struct maildrop drop;
	struct line_reader in;
	struct reply out;
	struct summary sum;
	uint32_t last;          /* highest message that RETR gave: LAST */
	uint64_t commands;      /* that have come */
	struct course row;      /* messages that are asked for in a row */
	struct reading reading; /* the message that is being sent, or ready */
	size_t len;             /* bytes of it, in block */
	struct trace trace;
	struct wire grant; /* what came pipelined behind the login is in it */
	char bytes[4096];
	char block[BLOCK];
};

struct command {
	const char *verb;
	enum shape shape;
	enum next (*run)(struct session *s, const struct args *args);
	const char *capa; /* what CAPA says of it; NULL: nothing */
};

/* Tells the client what went wrong with the maildrop. */
static void
reply_trouble(struct session *s, enum trouble why)
{
	switch (why) {
	case BUSY:
		reply_err(&s->out, "IN-USE",
		    "the mailbox is in use, try again later");
		break;
	case PERM:
		reply_err(&s->out, "SYS/PERM",
		    "the mailbox cannot be served, tell your postmaster");
		break;
	case CHANGED:
		s->sum.end = END_CHANGED;
		reply_err(&s->out, "SYS/TEMP",
		    "the mailbox was changed by another program, log in "
		    "again; nothing was deleted");
		break;
	default:
		reply_err(&s->out, "SYS/TEMP",
		    "the mailbox cannot be read now, try again later");
		break;
	}
}

static enum next
no_such_message(struct session *s, uint32_t number)
{
	reply_err(&s->out, NULL,
	    number <= maildrop_count(&s->drop) ? "that message is deleted"
					       : "no such message");
	return NEXT_COMMAND;
}

static enum next
do_capa(struct session *s, const struct args *args)
{
	(void)args;
	reply_ok(&s->out, "capabilities follow");
	session_capa(&s->out, s->config->login_delay_s);
	reply_line(&s->out, "IMPLEMENTATION %s", s->config->name);
	reply_end(&s->out);
	return NEXT_COMMAND;
}

static enum next
do_dele(struct session *s, const struct args *args)
{
	if (maildrop_find(&s->drop, args->number) == NULL)
		return no_such_message(s, args->number);
	maildrop_mark(&s->drop, args->number);
	reply_ok(&s->out, "message %u deleted", args->number);
	return NEXT_COMMAND;
}

static enum next
do_lang(struct session *s, const struct args *args)
{
	if (args->word != NULL)
		reply_err(&s->out, NULL, "too many arguments");
	else
		reply_lang(&s->out, args->name);
	return NEXT_COMMAND;
}

static enum next
do_last(struct session *s, const struct args *args)
{
	(void)args;
	reply_ok(&s->out, "%u", s->last);
	return NEXT_COMMAND;
}

static enum next
do_list(struct session *s, const struct args *args)
{
	const struct message *m = maildrop_find(&s->drop, args->number);

	if (args->number > 0 && m == NULL)
		return no_such_message(s, args->number);
	if (args->number > 0) {
		reply_ok(
		    &s->out, "%u %" PRIu64, args->number, (uint64_t)m->octets);
		return NEXT_COMMAND;
	}
	reply_ok(&s->out, "%u messages (%" PRIu64 " octets)", s->drop.left,
	    s->drop.octets);
	for (uint32_t i = 1; i <= maildrop_count(&s->drop); i++) {
		m = maildrop_find(&s->drop, i);
		if (m != NULL)
			reply_count(&s->out, i, m->octets);
	}
	reply_end(&s->out);
	return NEXT_COMMAND;
}

static enum next
do_noop(struct session *s, const struct args *args)
{
	(void)args;
	reply_ok(&s->out, "still here");
	return NEXT_COMMAND;
}

static enum next
do_quit(struct session *s, const struct args *args)
{
	(void)s;
	(void)args;
	return NEXT_UPDATE;
}

/* Has the monitor gone, or been told to stop? */
static int
must_leave(struct session *s)
{
	struct pollfd p = {.fd = s->config->monitor, .events = POLLIN};

	if (poll(&p, 1, 0) == 0)
		return 0;
	s->sum.end = END_MONITOR;
	return 1;
}

static void
say_message(struct session *s, const struct message *m, uint32_t lines)
{
	if (lines == MESSAGE_ALL)
		reply_ok(&s->out, "%" PRIu64 " octets", (uint64_t)m->octets);
	else
		reply_ok(&s->out, "top of message follows");
	reply_body(&s->out, s->block, s->len);
}

/*
 * A client that asks for one message after the other, and waits for each, has
 * the next one read and put into the wire's form while it is busy with this
 * one. It is sent only if it is asked for, and nothing has changed.
 */
static void
get_ready(struct session *s)
{
	struct course *row = &s->row;
	const struct message *m;

	if (row->is_ready || !row->goes_on || row->command != s->commands ||
	    s->out.trace != NULL || s->out.dead)
		return;
	m = maildrop_find(&s->drop, row->number + 1);
	if (m == NULL)
		return;
	maildrop_read(&s->drop, row->number + 1, row->lines, &s->reading);
	if (!message_guess(&s->reading, s->block, sizeof s->block, &s->len))
		return;
	say_message(s, m, row->lines);
	reply_put_aside(&s->out);
	row->is_ready = 1;
}

/* The beginning of a message. It is read before +OK is said: later the only way
 * to tell the client of trouble is to hang up. */
static enum trouble
begin_message(struct session *s, uint32_t number, uint32_t lines)
{
	struct course *row = &s->row;
	int is_next = row->command + 1 == s->commands &&
	    row->number + 1 == number && row->lines == lines;
	int is_ready = is_next && row->is_ready;
	enum trouble why;

	*row = (struct course){s->commands, number, lines, is_next, 0};
	if (is_ready) {
		why = message_confirm(&s->reading);
		if (why != FINE || reply_take_back(&s->out))
			return why;
	}
	maildrop_read(&s->drop, number, lines, &s->reading);
	why = message_pull(&s->reading, s->block, sizeof s->block, &s->len);
	if (why == FINE)
		say_message(s, maildrop_find(&s->drop, number), lines);
	return why;
}

/* Sends a message, or its top. */
static enum next
send_message(struct session *s, const struct args *args, uint32_t lines)
{
	enum trouble why;

	if (maildrop_find(&s->drop, args->number) == NULL)
		return no_such_message(s, args->number);
	why = begin_message(s, args->number, lines);
	if (why != FINE) {
		reply_trouble(s, why);
		return NEXT_HANGUP;
	}
	while (s->len > 0 && !s->out.dead) {
		why = message_pull(
		    &s->reading, s->block, sizeof s->block, &s->len);
		if (why != FINE)
			s->sum.end = END_CHANGED;
		if (why != FINE || (s->len > 0 && must_leave(s)))
			return NEXT_HANGUP;
		reply_body(&s->out, s->block, s->len);
	}
	reply_body_end(&s->out);
	return NEXT_COMMAND;
}

static enum next
do_retr(struct session *s, const struct args *args)
{
	enum next next = send_message(s, args, MESSAGE_ALL);

	if (next != NEXT_COMMAND ||
	    maildrop_find(&s->drop, args->number) == NULL)
		return next;
	s->sum.retrieved++;
	if (args->number > s->last)
		s->last = args->number;
	return next;
}

static enum next
do_rset(struct session *s, const struct args *args)
{
	(void)args;
	maildrop_unmark_all(&s->drop);
	s->last = 0;
	reply_ok(&s->out, "%u messages (%" PRIu64 " octets)", s->drop.left,
	    s->drop.octets);
	return NEXT_COMMAND;
}

static enum next
do_stat(struct session *s, const struct args *args)
{
	(void)args;
	reply_ok(&s->out, "%u %" PRIu64, s->drop.left, s->drop.octets);
	return NEXT_COMMAND;
}

static enum next
do_top(struct session *s, const struct args *args)
{
	if (maildrop_find(&s->drop, args->number) != NULL)
		s->sum.tops++;
	return send_message(s, args, args->lines);
}

static enum next
do_uidl(struct session *s, const struct args *args)
{
	const struct message *m = maildrop_find(&s->drop, args->number);
	char id[UIDL_TEXT];
	enum trouble why;

	if (args->number > 0 && m == NULL)
		return no_such_message(s, args->number);
	why = maildrop_ids(&s->drop);
	if (why != FINE) {
		reply_trouble(s, why);
		return NEXT_HANGUP;
	}
	if (args->number > 0) {
		reply_ok(&s->out, "%u %s", args->number, uidl_text(m, id));
		return NEXT_COMMAND;
	}
	reply_ok(&s->out, "unique ids follow");
	for (uint32_t i = 1; i <= maildrop_count(&s->drop); i++) {
		m = maildrop_find(&s->drop, i);
		if (m != NULL)
			reply_item(&s->out, i, uidl_text(m, id));
	}
	reply_end(&s->out);
	return NEXT_COMMAND;
}

/* Messages are sent as they are, with it and without it. */
static enum next
do_utf8(struct session *s, const struct args *args)
{
	(void)args;
	reply_ok(&s->out, "UTF-8 is welcome");
	return NEXT_COMMAND;
}

/* RFC 1939; LAST is RFC 1460's, CAPA RFC 2449's, LANG and UTF8 RFC 6856's. */
static const struct command commands[] = {
    {"CAPA", ARG_NONE,      do_capa, NULL       },
    {"DELE", ARG_MSG,       do_dele, NULL       },
    {"LANG", ARG_OPT_WORDS, do_lang, "LANG"     },
    {"LAST", ARG_NONE,      do_last, NULL       },
    {"LIST", ARG_OPT_MSG,   do_list, NULL       },
    {"NOOP", ARG_NONE,      do_noop, NULL       },
    {"QUIT", ARG_NONE,      do_quit, NULL       },
    {"RETR", ARG_MSG,       do_retr, NULL       },
    {"RSET", ARG_NONE,      do_rset, NULL       },
    {"STAT", ARG_NONE,      do_stat, NULL       },
    {"TOP",  ARG_MSG_LINES, do_top,  "TOP"      },
    {"UIDL", ARG_OPT_MSG,   do_uidl, "UIDL"     },
    {"UTF8", ARG_NONE,      do_utf8, "UTF8 USER"},
};

void
session_capa(struct reply *out, int login_delay_s)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (commands[i].capa != NULL)
			reply_line(out, "%s", commands[i].capa);
	reply_line(out, "RESP-CODES");
	reply_line(out, "AUTH-RESP-CODE");
	reply_line(out, "PIPELINING");
	if (login_delay_s > 0)
		reply_line(out, "LOGIN-DELAY %u", (unsigned)login_delay_s);
	reply_line(out, "EXPIRE NEVER");
}

/* What names messages needs them; the rest is content with their totals. */
static enum next
run(struct session *s, const struct command *c, const struct args *args)
{
	enum trouble why = FINE;

	if (c->shape >= ARG_OPT_MSG)
		why = maildrop_load(&s->drop);
	if (why == FINE)
		return c->run(s, args);
	reply_trouble(s, why);
	return NEXT_HANGUP;
}

/* Runs one command line; exactly one reply is sent, whatever it holds. */
static enum next
serve(struct session *s, char *line)
{
	char *rest;
	char *verb = proto_verb(line, &rest);
	const char *wrong;
	struct args args;

	for (size_t i = 0; i < COUNT(commands); i++) {
		if (strcasecmp(verb, commands[i].verb) != 0)
			continue;
		trace_command(s->out.trace, verb, commands[i].shape, rest);
		wrong = proto_args(commands[i].shape, rest, &args);
		if (wrong == NULL)
			return run(s, &commands[i], &args);
		reply_err(&s->out, NULL, wrong);
		return NEXT_COMMAND;
	}
	trace_hidden(s->out.trace, verb);
	reply_err(&s->out, NULL, "unknown command");
	return NEXT_COMMAND;
}

/* Seconds until there is something to be done for a client that has been
 * silent for so many: each second, if another may take the mailbox over. */
static int
pause_after(const struct session_config *c, int silent_s)
{
	int left_s = c->idle_s - silent_s;

	if (c->takeover_s == 0 || left_s == 0)
		return left_s;
	return silent_s < c->takeover_s ? c->takeover_s - silent_s : 1;
}

/* Waits until one of them has something to say. False if the client has been
 * silent for too long. */
static int
wait_for(struct session *s, struct pollfd p[2])
{
	int silent_s = 0, pause_s, ready;

	while ((pause_s = pause_after(s->config, silent_s)) > 0) {
		do
			ready = poll(p, 2, pause_s * 1000);
		while (ready == -1 && errno == EINTR);
		if (ready != 0)
			return ready > 0;
		silent_s += pause_s;
		if (s->config->takeover_s > 0 && maildrop_is_wanted(&s->drop)) {
			s->sum.end = END_TAKEN;
			return 0;
		}
	}
	s->sum.end = END_IDLE;
	return 0;
}

/* Waits for the client's next bytes; false if none will come. */
static int
read_client(struct session *s)
{
	struct pollfd p[2] = {
	    {.fd = s->config->client_in, .events = POLLIN},
	    {.fd = s->config->monitor,   .events = POLLIN},
	};
	ssize_t n;

	s->sum.end = END_GONE;
	if (!wait_for(s, p))
		return 0;
	if (p[1].revents != 0) {
		s->sum.end = END_MONITOR; /* it has nothing else to say now */
		return 0;
	}
	do
		n = read(s->config->client_in, s->bytes, sizeof s->bytes);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return 0;
	s->sum.in += (uint64_t)n;
	line_feed(&s->in, s->bytes, (size_t)n);
	return 1;
}

/* Answers are held back while more commands are waiting to be run. */
static enum next
transaction(struct session *s)
{
	enum next next = NEXT_COMMAND;

	while (next == NEXT_COMMAND) {
		switch (line_next(&s->in)) {
		case LINE_MORE:
			reply_flush(&s->out);
			get_ready(s);
			if (!s->out.dead && !read_client(s))
				next = NEXT_HANGUP;
			break;
		case LINE_BAD:
			s->commands++;
			trace_hidden(s->out.trace, "");
			reply_err(&s->out, NULL,
			    "the line is too long, or holds a NUL");
			break;
		case LINE_READY:
			s->commands++;
			next = serve(s, s->in.text);
			break;
		}
		if (s->out.dead && next == NEXT_COMMAND) {
			s->sum.end = END_GONE;
			next = NEXT_HANGUP;
		}
	}
	return next;
}

static void
finish(struct session *s)
{
	uint32_t marked = maildrop_count(&s->drop) - s->drop.left;
	enum trouble why;

	/* Nothing is deleted for a client that is gone: what it was sent
	 * before QUIT has to be on its way. */
	reply_flush(&s->out);
	if (s->out.dead) {
		s->sum.end = END_GONE;
		s->sum.left += marked;
		return;
	}
	why = maildrop_update(&s->drop);
	s->sum.end = END_QUIT;
	if (why == FINE) {
		s->sum.deleted = marked;
		reply_ok(&s->out, "%u messages left", s->drop.left);
		return;
	}
	if (why == CHANGED)
		s->sum.end = END_CHANGED;
	s->sum.left += marked;
	reply_err(&s->out, why == BUSY ? "IN-USE" : "SYS/TEMP",
	    why == FULL ? "no room on the server's disk to delete these; all "
			  "messages, or the newest, can be deleted"
			: "the messages could not be deleted now, try again "
			  "later");
}

static void
serve_maildrop(struct session *s)
{
	enum trouble why = maildrop_begin(&s->drop);

	if (why != FINE) {
		s->sum.end = END_REFUSED;
		reply_trouble(s, why);
		return;
	}
	s->sum.messages = maildrop_count(&s->drop);
	reply_ok(&s->out, "%u messages (%" PRIu64 " octets)", s->drop.left,
	    s->drop.octets);
	if (transaction(s) == NEXT_UPDATE) {
		s->sum.left = s->drop.left;
		finish(s);
	} else {
		s->sum.left = maildrop_count(&s->drop);
	}
}

/* After STLS the superserver's pipes stand for the client. */
static void
take_connection(const struct session_config *c, int stls)
{
	if (stls &&
	    (dup2(c->tls.in, c->client_in) == -1 ||
		dup2(c->tls.out, c->client_out) == -1))
		log_fatal(EX_OSERR, "cannot take over the TLS connection");
	client_close_ucspi(&c->tls);
}

/* Waits for the grant; leaves if there is to be none. */
static void
await_grant(struct session *s, struct grant *g)
{
	if (privsep_receive(s->config->monitor, &s->grant) != MSG_GRANT ||
	    !privsep_read_grant(&s->grant, g))
		_exit(EX_OK);
}

/*
 * A signal must not end the process in the middle of an update, nor can it be
 * let in and out by one that is locked in. Who wants the session to end tells
 * the monitor.
 */
static void
block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

_Noreturn void
session_run(const struct session_config *config)
{
	static struct session room; /* too much for the stack */
	struct session *s = &room;
	struct maildrop_paths paths;
	enum trouble why;
	struct grant g;
	struct jail j;

	s->config = config;
	privsep_log_to(config->monitor);
	jail_wait(config->means);
	await_grant(s, &g);
	take_connection(config, (int)g.stls);
	line_init(&s->in);
	line_feed(&s->in, g.rest, g.rest_len);
	s->sum.in = g.rest_len;
	reply_open(&s->out, config->client_out);
	s->out.lang = (enum lang)g.lang;
	paths = (struct maildrop_paths){g.mailbox, g.index, g.journal};
	j = (struct jail){config->means, config->jail_root, g.uid, g.gid,
	    g.groups, g.group_count, 0};

	s->out.trace = trace_open(&s->trace, config->trace, g.user);
	jail_assume_user(&j);
	why = maildrop_open(&s->drop, &paths);
	s->drop.lock.monitor = config->monitor;
	s->drop.lock.use_fcntl = config->use_fcntl;
	s->drop.lock.use_dotlock = config->use_dotlock;
	block_signals();
	s->drop.lock.odd_ms = getpid() % 17;
	s->drop.takes_over = config->takeover_s > 0;
	jail_session(&j, maildrop_size(&s->drop));
	if (why == FINE) {
		serve_maildrop(s);
	} else {
		s->sum.end = END_REFUSED;
		reply_trouble(s, why);
	}
	/* Before the last answer is sent: who has it may log in again. */
	maildrop_leave(&s->drop);
	reply_flush(&s->out);
	s->sum.out = s->out.octets;
	if (s->drop.journal_is_foreign)
		s->sum.end = END_FOREIGN;
	privsep_send_summary(config->monitor, &s->sum);
	reply_close(&s->out, config->client_in);
	_exit(EX_OK);
}
