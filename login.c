/*
 * login.c - the AUTHORIZATION state
 *
 * Trusts nobody, and is trusted by nobody: the client is a stranger, and the
 * monitor takes what comes from here for a stranger's word.
 */
#include "login.h"

#include "bytes.h"
#include "jail.h"
#include "line.h"
#include "prep.h"
#include "privsep.h"
#include "proto.h"
#include "proxy.h"
#include "reply.h"
#include "sasl.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define HEADER_MS 5000 /* for a proxy to say for whom it speaks */
#define GREETING  160  /* bytes of it, at most */

static const enum method sasl_methods[] = {
    [SASL_SCRAM_SHA_256] = METHOD_SCRAM_SHA_256,
    [SASL_SCRAM_SHA_1] = METHOD_SCRAM_SHA_1,
    [SASL_CRAM_MD5] = METHOD_CRAM_MD5,
    [SASL_PLAIN] = METHOD_PLAIN,
    [SASL_LOGIN] = METHOD_LOGIN,
    [SASL_EXTERNAL] = METHOD_EXTERNAL,
};

enum next {
	NEXT_COMMAND,
	NEXT_HANGUP /* QUIT, too many tries, or the session has taken over */
};

struct login {
	const struct login_config *config;
	struct line_reader in;
	struct reply out;
	char user[PRIVSEP_NAME + 1];     /* of USER; empty: none */
	char secret[PRIVSEP_SECRET + 1]; /* a password's two forms */
	char typed[PRIVSEP_SECRET + 1];
	unsigned refused;
	int client_in; /* descriptors, which STLS exchanges */
	int client_out;
	int is_tls;          /* STLS has been done */
	int is_news;         /* ... and nothing was heard through it yet */
	unsigned methods;    /* that the stores allow: 1 << enum method */
	int cleartext;       /* passwords may be sent on this connection */
	const char *awaited; /* of the client, until ... */
	int64_t deadline_ms;
	struct trace trace;
	char bytes[PRIVSEP_REST];
	struct wire answer; /* the monitor's */
};

/* What a command needs of the connection. */
enum when {
	WHEN_ANY,
	WHEN_SAFE,    /* TLS, if it is required */
	WHEN_PRIVATE, /* it is part of sending a password in the clear */
	WHEN_STLS     /* it begins TLS */
};

struct command {
	const char *verb;
	enum shape shape;
	enum next (*run)(struct login *l, const struct args *args);
	const char *capa; /* what CAPA says of it; NULL: nothing */
	enum when when;
};

/*
 * Waits until one of the two has something to say, or is gone. False if the
 * time is up.
 */
static int
wait_for(struct login *l, struct pollfd p[2])
{
	int64_t left = l->deadline_ms - bytes_now_ms();
	int ready;

	do
		ready = poll(p, 2, left > 0 ? (int)left : 0);
	while (ready == -1 && errno == EINTR);
	if (ready == 0)
		log_line(LOG_NOTICE, "no %s in time", l->awaited);
	return ready > 0;
}

/* Waits for the client's next bytes; false if none will come. */
static int
read_client(struct login *l)
{
	struct pollfd p[2] = {
	    {.fd = l->client_in, .events = POLLIN},
	    {.fd = l->config->monitor                 },
	};
	ssize_t n;

	if (!wait_for(l, p) || p[1].revents != 0)
		return 0;
	/* Half a password, perhaps. */
	explicit_bzero(l->bytes, sizeof l->bytes);
	do
		n = read(l->client_in, l->bytes, sizeof l->bytes);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return 0;
	line_feed(&l->in, l->bytes, (size_t)n);
	return 1;
}

/* The client's next line, in l->in.text; LINE_MORE if none will come. */
static enum line_status
next_line(struct login *l)
{
	enum line_status status;

	while ((status = line_next(&l->in)) == LINE_MORE) {
		reply_flush(&l->out);
		if (l->out.dead || !read_client(l))
			break;
	}
	return status;
}

/* The monitor's answer; while it thinks, only the client's end is heard. */
static enum message_type
await_answer(struct login *l)
{
	struct pollfd p[2] = {
	    {.fd = l->config->monitor, .events = POLLIN},
	    {.fd = l->client_out                       },
	};

	if (!wait_for(l, p) || p[0].revents == 0)
		return MSG_NONE;
	return privsep_receive(l->config->monitor, &l->answer);
}

/* Of the bytes that came, those that have been used: a password, perhaps. */
static void
forget_used(struct login *l)
{
	size_t used = sizeof l->bytes;

	line_wipe(&l->in);
	if (l->in.left > 0)
		used = (size_t)(l->in.bytes - l->bytes);
	bytes_wipe(l->bytes, used);
}

/* Tells the client. All refusals look alike. */
static enum next
take_verdict(struct login *l)
{
	enum verdict verdict;

	if (!privsep_read_verdict(&l->answer, &verdict))
		return NEXT_HANGUP;
	switch (verdict) {
	case GRANTED:
		_exit(EX_OK); /* the session process speaks now */
	case REFUSED:
		reply_err(&l->out, "AUTH", "user name or password is wrong");
		l->refused++;
		break;
	case TOO_SOON:
		reply_err(&l->out, "LOGIN-DELAY",
		    "logged in too short a time ago, try again later");
		break;
	case TRY_LATER:
		reply_err(&l->out, "SYS/TEMP",
		    "cannot check that now, try again later");
		break;
	case MISCONFIGURED:
		reply_err(&l->out, "SYS/PERM",
		    "the mailbox cannot be served, tell your postmaster");
		return NEXT_HANGUP;
	}
	return l->refused < l->config->tries ? NEXT_COMMAND : NEXT_HANGUP;
}

/* A password, as the stores want it; returns what is wrong with it. */
static const char *
prepare(struct login *l, const char *secret)
{
	const char *wrong =
	    prep_query(PREP_SASL, secret, l->secret, sizeof l->secret);

	return wrong != NULL
	    ? wrong
	    : prep_query(PREP_TYPED, secret, l->typed, sizeof l->typed);
}

/* Has name and proof judged, and forgets the proof. (Digests are ASCII, and
 * stay what they are.) */
static enum next
try_login(struct login *l, enum method method, const char *user, char *secret)
{
	struct credentials c = {
	    .method = method,
	    .user = user,
	    .secret = l->secret,
	    .typed = l->typed,
	    .lang = l->out.lang,
	    .rest = l->in.bytes,
	    .rest_len = l->in.left,
	};
	const char *wrong = prepare(l, secret);
	int sent = 0;

	reply_flush(&l->out);
	if (wrong == NULL)
		sent = privsep_send_credentials(l->config->monitor, &c);
	explicit_bzero(secret, strlen(secret));
	explicit_bzero(l->secret, sizeof l->secret);
	explicit_bzero(l->typed, sizeof l->typed);
	forget_used(l);
	if (wrong != NULL) {
		reply_err(&l->out, NULL, wrong);
		return NEXT_COMMAND;
	}
	if (!sent || await_answer(l) != MSG_VERDICT)
		return NEXT_HANGUP;
	return take_verdict(l);
}

/* Prepared, to l->user; false if it cannot be one, and the client knows. */
static int
take_name(struct login *l, const char *name)
{
	const char *wrong =
	    prep_query(PREP_SASL, name, l->user, sizeof l->user);

	if (wrong != NULL) {
		l->user[0] = '\0';
		reply_err(&l->out, NULL, wrong);
	}
	return wrong == NULL;
}

/* As l->user, which is forgotten. */
static enum next
try_login_as_told(struct login *l, enum method method, char *secret)
{
	char user[PRIVSEP_NAME + 1];

	memcpy(user, l->user, sizeof user);
	l->user[0] = '\0';
	return try_login(l, method, user, secret);
}

static enum next
do_apop(struct login *l, const struct args *args)
{
	if (l->config->timestamp == NULL) {
		reply_err(&l->out, NULL, "APOP is not offered here");
		return NEXT_COMMAND;
	}
	if (!take_name(l, args->name))
		return NEXT_COMMAND;
	return try_login_as_told(l, METHOD_APOP, args->word);
}

static enum next do_auth(struct login *l, const struct args *args);

static enum next do_capa(struct login *l, const struct args *args);

static enum next
do_lang(struct login *l, const struct args *args)
{
	if (args->word != NULL)
		reply_err(&l->out, NULL, "too many arguments");
	else
		reply_lang(&l->out, args->name);
	return NEXT_COMMAND;
}

static enum next
do_pass(struct login *l, const struct args *args)
{
	if (l->user[0] == '\0') {
		reply_err(&l->out, NULL, "say USER first");
		return NEXT_COMMAND;
	}
	return try_login_as_told(l, METHOD_PASS, args->word);
}

static enum next
do_quit(struct login *l, const struct args *args)
{
	(void)args;
	reply_ok(&l->out, "goodbye");
	return NEXT_HANGUP;
}

/* The same answer for every name: who is a user here is nobody's business. */
static enum next
do_user(struct login *l, const struct args *args)
{
	if (take_name(l, args->name))
		reply_ok(&l->out, "now the password");
	return NEXT_COMMAND;
}

static enum next
do_utf8(struct login *l, const struct args *args)
{
	(void)args;
	reply_ok(&l->out, "UTF-8 is welcome");
	return NEXT_COMMAND;
}

/*
 * The superserver speaks TLS with the client from now on, and we with the
 * superserver. Nothing that was said in the clear counts any more: RFC 2595
 * s. 4.
 */
static enum next
do_stls(struct login *l, const struct args *args)
{
	const struct ucspi *tls = &l->config->tls;
	const struct origin o = {.address = "", .tls = 1};

	(void)args;
	reply_ok(&l->out, "begin TLS");
	reply_flush(&l->out);
	explicit_bzero(l->bytes, sizeof l->bytes);
	line_wipe(&l->in);
	line_init(&l->in);
	l->user[0] = '\0';
	l->client_in = tls->in;
	l->client_out = tls->out;
	reply_turn(&l->out, l->client_out);
	l->is_tls = 1;
	l->is_news = 1;
	l->cleartext = 1;
	return privsep_send_origin(l->config->monitor, &o) ? NEXT_COMMAND
							   : NEXT_HANGUP;
}

static const struct command commands[] = {
    {"APOP", ARG_NAME_WORD, do_apop, NULL,   WHEN_SAFE   },
    {"AUTH", ARG_OPT_WORDS, do_auth, NULL,   WHEN_ANY    },
    {"CAPA", ARG_NONE,      do_capa, NULL,   WHEN_ANY    },
    {"LANG", ARG_OPT_WORDS, do_lang, NULL,   WHEN_ANY    },
    {"PASS", ARG_SECRET,    do_pass, NULL,   WHEN_PRIVATE},
    {"QUIT", ARG_NONE,      do_quit, NULL,   WHEN_ANY    },
    {"STLS", ARG_NONE,      do_stls, "STLS", WHEN_STLS   },
    {"USER", ARG_NAME,      do_user, "USER", WHEN_PRIVATE},
    {"UTF8", ARG_NONE,      do_utf8, NULL,   WHEN_ANY    },
};

/* Why it cannot be done on this connection, as it is now; NULL if it can. */
static const char *
obstacle(const struct login *l, enum when when)
{
	int offered = l->config->tls.control != -1 && !l->is_tls;

	if (when == WHEN_STLS && !offered)
		return l->is_tls ? "TLS has begun already" : "no STLS here";
	if (when == WHEN_ANY || when == WHEN_STLS)
		return NULL;
	if (l->config->tls.required && !l->is_tls)
		return "no login on an unencrypted connection: use STLS";
	if (when == WHEN_SAFE || l->cleartext)
		return NULL;
	if (offered)
		return "no passwords on an unencrypted connection: use STLS";
	if (l->config->timestamp == NULL)
		return "no passwords on an unencrypted connection: use TLS "
		       "(POP3S, port 995)";
	return "no passwords on an unencrypted connection: use APOP, or TLS "
	       "(POP3S, port 995)";
}

/* Do the stores allow it? */
static int
is_possible(const struct login *l, const struct sasl_mechanism *m)
{
	return (l->methods & 1U << sasl_methods[m->id]) != 0;
}

static const char *
sasl_obstacle(const struct login *l, const struct sasl_mechanism *m)
{
	return obstacle(l, m->cleartext ? WHEN_PRIVATE : WHEN_SAFE);
}

/* The mechanism of that index that can be used here and now, *i being moved
 * past it; NULL if there are no more. */
static const struct sasl_mechanism *
next_mechanism(const struct login *l, size_t *i)
{
	const struct sasl_mechanism *m;

	while ((m = sasl_mechanism((*i)++)) != NULL)
		if (is_possible(l, m) && sasl_obstacle(l, m) == NULL)
			return m;
	return NULL;
}

/* Of SCRAM: asks the monitor for the user's salt, or about the proof. "code" is
 * for the -ERR that will end the exchange, if it has failed. */
static enum sasl_status
consult(
    struct login *l, struct sasl *s, enum sasl_status what, const char **code)
{
	const struct begin b = {sasl_methods[s->mechanism->id], s->user};
	const struct proof p = {
	    s->signed_text, s->signed_len, s->proof, s->proof_len};
	int fd = l->config->monitor;
	struct signature signature;
	enum verdict verdict;
	struct salt salt;

	reply_flush(&l->out);
	if (what == SASL_SALT ? !privsep_send_begin(fd, &b)
			      : !privsep_send_proof(fd, &p))
		goto fail;
	switch (await_answer(l)) {
	case MSG_SALT:
		if (!privsep_read_salt(&l->answer, &salt))
			goto fail;
		return sasl_tell_salt(
		    s, salt.salt, salt.salt_len, salt.iterations, salt.nonce);
	case MSG_SIGNATURE:
		if (!privsep_read_signature(&l->answer, &signature))
			goto fail;
		return sasl_tell_signature(s, signature.bytes, signature.len);
	case MSG_VERDICT:
		if (!privsep_read_verdict(&l->answer, &verdict) ||
		    verdict != REFUSED)
			goto fail;
		l->refused++;
		*code = "AUTH";
		return sasl_fail(s, "user name or password is wrong");
	default:
		break;
	}
fail:
	*code = "SYS/TEMP";
	return sasl_fail(s, "cannot check that now, try again later");
}

/* The client's response to a challenge; false if none will come. */
static int
hear_response(struct login *l, struct sasl *s, enum sasl_status *status)
{
	enum line_status line;

	reply_line(&l->out, "+ %s", s->text);
	line = next_line(l);
	if (line == LINE_MORE)
		return 0;
	trace_hidden(l->out.trace, "");
	if (line == LINE_BAD) {
		*status = sasl_fail(s, "the line is too long, or holds a NUL");
		return 1;
	}
	*status = sasl_step(s, l->in.text);
	forget_used(l);
	return 1;
}

/* Plays the exchange to its end: RFC 5034 s. 4. */
static enum next
exchange(struct login *l, struct sasl *s, enum sasl_status status)
{
	const char *code = NULL;

	while (status != SASL_BAD && status != SASL_CANCELLED) {
		if (status == SASL_DONE)
			return try_login(l, sasl_methods[s->mechanism->id],
			    s->user, s->password);
		if (status != SASL_CHALLENGE)
			status = consult(l, s, status, &code);
		else if (!hear_response(l, s, &status))
			return NEXT_HANGUP;
	}
	reply_err(&l->out, code, s->text);
	return l->refused < l->config->tries ? NEXT_COMMAND : NEXT_HANGUP;
}

static void
list_mechanisms(struct login *l)
{
	const struct sasl_mechanism *m;
	size_t i = 0;

	reply_ok(&l->out, "mechanisms follow");
	while ((m = next_mechanism(l, &i)) != NULL)
		reply_line(&l->out, "%s", m->name);
	reply_end(&l->out);
}

static enum next
do_auth(struct login *l, const struct args *args)
{
	const struct sasl_mechanism *m;
	const char *wrong;
	enum next next;
	struct sasl s;

	if (args->name == NULL) {
		list_mechanisms(l);
		return NEXT_COMMAND;
	}
	l->user[0] = '\0';
	m = sasl_find(args->name);
	if (m == NULL || !is_possible(l, m)) {
		reply_err(&l->out, NULL, "that mechanism is not offered here");
		return NEXT_COMMAND;
	}
	wrong = sasl_obstacle(l, m);
	if (wrong != NULL) {
		reply_err(&l->out, "AUTH", wrong);
		return NEXT_COMMAND;
	}
	l->in.limit = LINE_SASL;
	next = exchange(
	    l, &s, sasl_start(&s, m, args->word, l->config->timestamp));
	l->in.limit = LINE_COMMAND;
	sasl_wipe(&s);
	return next;
}

/* What of SASL is offered, in one line; nothing if nothing is. */
static void
tell_mechanisms(struct login *l)
{
	const struct sasl_mechanism *m;
	char names[256] = "";
	size_t i = 0, len = 0;

	while ((m = next_mechanism(l, &i)) != NULL) {
		len += (size_t)snprintf(
		    names + len, sizeof names - len, " %s", m->name);
		must(len < sizeof names);
	}
	if (len > 0)
		reply_line(&l->out, "SASL%s", names);
}

static enum next
do_capa(struct login *l, const struct args *args)
{
	(void)args;
	reply_ok(&l->out, "capabilities follow");
	for (size_t i = 0; i < COUNT(commands); i++)
		if (commands[i].capa != NULL &&
		    obstacle(l, commands[i].when) == NULL)
			reply_line(&l->out, "%s", commands[i].capa);
	tell_mechanisms(l);
	l->config->capa(&l->out, l->config->login_delay_s);
	reply_end(&l->out);
	return NEXT_COMMAND;
}

/* Runs one command line; exactly one reply is sent, whatever it holds. */
static enum next
serve(struct login *l, char *line)
{
	char *rest;
	char *verb = proto_verb(line, &rest);
	const char *code = NULL, *wrong;
	struct args args;

	for (size_t i = 0; i < COUNT(commands); i++) {
		const struct command *c = &commands[i];

		if (strcasecmp(verb, c->verb) != 0)
			continue;
		trace_command(l->out.trace, verb, c->shape, rest);
		wrong = obstacle(l, c->when);
		if (wrong != NULL && c->when != WHEN_STLS)
			code = "AUTH";
		if (wrong == NULL)
			wrong = proto_args(c->shape, rest, &args);
		if (wrong == NULL)
			return c->run(l, &args);
		reply_err(&l->out, code, wrong);
		return NEXT_COMMAND;
	}
	trace_hidden(l->out.trace, ""); /* perhaps a password was mistyped */
	reply_err(&l->out, NULL, "unknown command, or one for after the login");
	return NEXT_COMMAND;
}

/* A header that a proxy has put before what its client says. Proxies look
 * whether we are there, too, by connecting and leaving. */
static int
read_header(struct login *l, struct proxy *p)
{
	int begun = 0;
	size_t used;

	proxy_init(p);
	while (p->status == PROXY_MORE) {
		if (!read_client(l)) {
			p->wrong = "it has no end";
			break;
		}
		begun = 1;
		proxy_feed(p, l->in.bytes, l->in.left, &used);
		line_feed(&l->in, l->in.bytes + used, l->in.left - used);
	}
	if (p->status != PROXY_DONE && begun)
		log_line(LOG_NOTICE, "PROXY header: %s", p->wrong);
	return p->status == PROXY_DONE;
}

/* Is the connection as private as the header makes it? */
static int
is_private(const struct login *l, const struct proxy *p)
{
	if (p->kind != PROXY_CLIENT)
		return l->cleartext;
	return l->config->cleartext_from_all || p->tls ||
	    strncmp(p->address, "127.", 4) == 0 ||
	    strcmp(p->address, "::1") == 0;
}

/* False if it is not a proxy's client: then there is no greeting. */
static int
meet_proxy(struct login *l)
{
	struct origin o;
	struct proxy p;

	l->awaited = "PROXY header";
	l->deadline_ms = bytes_now_ms() + HEADER_MS;
	if (!read_header(l, &p))
		return 0;
	l->cleartext = is_private(l, &p);
	o = (struct origin){.address = p.address, .tls = (uint32_t)p.tls};
	return privsep_send_origin(l->config->monitor, &o);
}

/* The client may have shown a certificate: what is possible now? */
static int
learn_methods(struct login *l)
{
	l->is_news = 0;
	return privsep_send(l->config->monitor, MSG_SWITCHED) &&
	    await_answer(l) == MSG_METHODS &&
	    privsep_read_methods(&l->answer, &l->methods);
}

static void
authorization(struct login *l)
{
	enum next next = NEXT_COMMAND;

	while (next == NEXT_COMMAND && !l->out.dead) {
		switch (next_line(l)) {
		case LINE_MORE:
			return;
		case LINE_BAD:
			trace_hidden(l->out.trace, "");
			reply_err(&l->out, NULL,
			    "the line is too long, or holds a NUL");
			break;
		case LINE_READY:
			if (l->is_news && !learn_methods(l))
				return;
			next = serve(l, l->in.text);
			forget_used(l);
			break;
		}
	}
}

/* HAProxy's sample of a health check expects just these words. */
static size_t
write_greeting(char line[GREETING], const char *timestamp)
{
	return (size_t)snprintf(line, GREETING, "+OK POP3 ready%s%s\r\n",
	    timestamp == NULL ? "" : " ", timestamp == NULL ? "" : timestamp);
}

int
login_greet(const struct login_config *config)
{
	char line[GREETING];
	size_t n = write_greeting(line, config->timestamp);

	return write(config->client_out, line, n) == (ssize_t)n;
}

static void
note_greeting(const struct login *l)
{
	char line[GREETING];
	size_t n = write_greeting(line, l->config->timestamp);

	trace_answer(l->out.trace, line, n - 2);
}

_Noreturn void
login_run(const struct login_config *config)
{
	struct jail j = {.means = config->means,
	    .root = config->jail_root,
	    .uid = config->jail_uid,
	    .gid = config->jail_gid};
	static struct login room; /* too much for the stack */
	struct login *l = &room;
	struct stat out;

	l->config = config;
	l->cleartext = config->cleartext;
	l->methods = config->methods;
	privsep_log_to(config->monitor);
	line_init(&l->in);
	l->client_in = config->client_in;
	l->client_out = config->client_out;
	reply_open(&l->out, l->client_out);
	l->out.trace = trace_open(&l->trace, config->trace, NULL);
	/* By hand, from a script, the client may be a plain file. */
	j.writes = l->out.trace != NULL ||
	    (fstat(l->client_out, &out) == 0 && S_ISREG(out.st_mode));
	jail_lock_memory(l, sizeof *l);
	jail_login(&j);
	if (!config->proxy || (meet_proxy(l) && login_greet(config))) {
		if (l->out.trace != NULL)
			note_greeting(l);
		l->awaited = "login";
		l->deadline_ms = bytes_now_ms() + config->timeout_s * 1000LL;
		authorization(l);
	}
	reply_close(&l->out, l->client_in);
	_exit(EX_OK);
}
