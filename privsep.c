/*
 * privsep.c - what the three processes say to one another
 *
 * Trusts nothing that it receives: whoever is on the other side may have
 * been taken over. Knows the form of messages, not when they are allowed:
 * that is the monitor's table.
 */
#include "privsep.h"

#include "bytes.h"
#include "lang.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NUMBERS 8 /* in a message that has nothing else */

/* Where a child's log lines go: log.h's sink has no room for a descriptor. */
static int log_fd = -1;

static void
put(struct wire *w, const void *bytes, size_t n)
{
	if (n > PRIVSEP_WIRE - w->len) {
		w->bad = 1;
		return;
	}
	memcpy(w->bytes + w->len, bytes, n);
	w->len += n;
}

static void
put_u64(struct wire *w, uint64_t n)
{
	unsigned char le[8];

	bytes_put(le, n, sizeof le);
	put(w, le, sizeof le);
}

static void
put_bytes(struct wire *w, const void *bytes, size_t n)
{
	put_u64(w, n);
	put(w, bytes, n);
	put(w, "", 1);
}

static void
put_text(struct wire *w, const char *text)
{
	put_bytes(w, text, strlen(text));
}

static void
begin(struct wire *w, enum message_type type)
{
	unsigned char byte = (unsigned char)type;

	w->len = 0;
	w->at = 0;
	w->bad = 0;
	put(w, &byte, 1);
}

static int
send_bytes(int fd, const unsigned char *bytes, size_t len)
{
	ssize_t n;

	do
		n = write(fd, bytes, len);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)len;
}

static int
finish(int fd, const struct wire *w)
{
	return !w->bad && send_bytes(fd, w->bytes, w->len);
}

/* Most messages, and no wire for them: what it takes of the stack are three
 * pages that would have to be had. */
static int
send_numbers(
    int fd, enum message_type type, const uint64_t *numbers, size_t count)
{
	unsigned char bytes[1 + NUMBERS * 8] = {(unsigned char)type};

	must(count <= NUMBERS);
	for (size_t i = 0; i < count; i++)
		bytes_put(bytes + 1 + i * 8, numbers[i], 8);
	return send_bytes(fd, bytes, 1 + count * 8);
}

int
privsep_is_scram(enum method method)
{
	return method == METHOD_SCRAM_SHA_1 || method == METHOD_SCRAM_SHA_256;
}

int
privsep_start(
    struct child *child, void (*run)(void *arg, int monitor), void *arg)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		return 0;
	/* There are no threads, and nobody who wants to know of a fork. */
	*child = (struct child){.pid = _Fork(), .fd = ends[0]};
	if (child->pid == 0) {
		close(ends[0]);
		run(arg, ends[1]);
	}
	close(ends[1]);
	return child->pid != -1 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
}

int
privsep_send(int fd, enum message_type bare)
{
	return send_numbers(fd, bare, NULL, 0);
}

int
privsep_send_origin(int fd, const struct origin *o)
{
	struct wire w;

	begin(&w, MSG_ORIGIN);
	put_text(&w, o->address);
	put_u64(&w, o->tls);
	return finish(fd, &w);
}

int
privsep_send_methods(int fd, unsigned methods)
{
	const uint64_t n = methods;

	return send_numbers(fd, MSG_METHODS, &n, 1);
}

int
privsep_send_credentials(int fd, const struct credentials *c)
{
	struct wire w;
	int sent;

	begin(&w, MSG_CREDENTIALS);
	put_u64(&w, c->method);
	put_text(&w, c->user);
	put_text(&w, c->secret);
	put_text(&w, c->typed == NULL ? c->secret : c->typed);
	put_u64(&w, c->lang);
	put_bytes(&w, c->rest, c->rest_len);
	sent = finish(fd, &w);
	privsep_wipe(&w);
	return sent;
}

int
privsep_send_verdict(int fd, enum verdict v)
{
	const uint64_t n = v;

	return send_numbers(fd, MSG_VERDICT, &n, 1);
}

int
privsep_send_begin(int fd, const struct begin *b)
{
	struct wire w;

	begin(&w, MSG_BEGIN);
	put_text(&w, b->user);
	put_u64(&w, b->method);
	return finish(fd, &w);
}

int
privsep_send_salt(int fd, const struct salt *s)
{
	struct wire w;

	begin(&w, MSG_SALT);
	put_bytes(&w, s->salt, s->salt_len);
	put_u64(&w, s->iterations);
	put_text(&w, s->nonce);
	return finish(fd, &w);
}

int
privsep_send_proof(int fd, const struct proof *p)
{
	struct wire w;

	begin(&w, MSG_PROOF);
	put_bytes(&w, p->message, p->message_len);
	put_bytes(&w, p->proof, p->proof_len);
	return finish(fd, &w);
}

int
privsep_send_signature(int fd, const struct signature *s)
{
	struct wire w;

	begin(&w, MSG_SIGNATURE);
	put_bytes(&w, s->bytes, s->len);
	return finish(fd, &w);
}

int
privsep_send_grant(int fd, const struct grant *g)
{
	struct wire w;

	begin(&w, MSG_GRANT);
	put_text(&w, g->user);
	put_text(&w, g->mailbox);
	put_text(&w, g->index);
	put_text(&w, g->journal);
	put_u64(&w, g->uid);
	put_u64(&w, g->gid);
	put_u64(&w, g->group_count);
	for (uint32_t i = 0; i < g->group_count; i++)
		put_u64(&w, g->groups[i]);
	put_u64(&w, g->lang);
	put_u64(&w, g->stls);
	put_bytes(&w, g->rest, g->rest_len);
	return finish(fd, &w);
}

int
privsep_send_locked(int fd, const struct locked *l)
{
	const uint64_t all[] = {l->trouble, l->exists, l->dev, l->ino};

	return send_numbers(fd, MSG_LOCKED, all, COUNT(all));
}

int
privsep_send_log(int fd, int level, const char *text)
{
	struct wire w;

	begin(&w, MSG_LOG);
	put_u64(&w, (uint64_t)level);
	put_text(&w, text);
	return finish(fd, &w);
}

static void
send_log_line(int level, const char *text)
{
	privsep_send_log(log_fd, level, text);
}

void
privsep_log_to(int fd)
{
	log_fd = fd;
	log_divert(send_log_line);
}

int
privsep_send_summary(int fd, const struct summary *s)
{
	const uint64_t all[NUMBERS] = {s->end, s->messages, s->retrieved,
	    s->tops, s->deleted, s->left, s->in, s->out};

	return send_numbers(fd, MSG_SUMMARY, all, COUNT(all));
}

enum message_type
privsep_receive(int fd, struct wire *w)
{
	ssize_t n;

	do
		n = read(fd, w->bytes, sizeof w->bytes);
	while (n == -1 && errno == EINTR);
	w->at = 1;
	w->bad = 0;
	w->len = n > 0 ? (size_t)n : 0;
	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return MSG_NONE;
	if (n == -1 || n > PRIVSEP_WIRE)
		return MSG_BAD;
	if (w->bytes[0] <= MSG_BAD || w->bytes[0] > MSG_SUMMARY)
		return MSG_BAD;
	return (enum message_type)w->bytes[0];
}

/* A number of at most max; a larger one, or none, makes the message bad. */
static uint64_t
get(struct wire *w, uint64_t max)
{
	uint64_t n;

	if (w->bad || w->len - w->at < 8) {
		w->bad = 1;
		return 0;
	}
	n = bytes_get(w->bytes + w->at, 8);
	w->at += 8;
	if (n > max) {
		w->bad = 1;
		return 0;
	}
	return n;
}

static uint32_t
get_u32(struct wire *w)
{
	return (uint32_t)get(w, UINT32_MAX);
}

static const char *
get_bytes(struct wire *w, size_t max, size_t *len)
{
	const char *bytes;

	*len = (size_t)get(w, max);
	if (w->bad || w->len - w->at <= *len ||
	    w->bytes[w->at + *len] != '\0') {
		w->bad = 1;
		*len = 0;
		return "";
	}
	bytes = (const char *)w->bytes + w->at;
	w->at += *len + 1;
	return bytes;
}

static const unsigned char *
get_binary(struct wire *w, size_t max, size_t *len)
{
	return (const unsigned char *)get_bytes(w, max, len);
}

/* Bytes without a NUL among them. */
static const char *
get_text(struct wire *w, size_t max)
{
	size_t len;
	const char *text = get_bytes(w, max, &len);

	if (strlen(text) != len)
		w->bad = 1;
	return text;
}

/* Was all of it there, and nothing else? */
static int
consumed(const struct wire *w)
{
	return !w->bad && w->at == w->len;
}

int
privsep_read_bare(struct wire *w)
{
	return consumed(w);
}

int
privsep_read_origin(struct wire *w, struct origin *o)
{
	o->address = get_text(w, PRIVSEP_ADDRESS);
	o->tls = (uint32_t)get(w, 1);
	return consumed(w);
}

int
privsep_read_methods(struct wire *w, unsigned *methods)
{
	*methods = (unsigned)get(w, (1U << METHOD_COUNT) - 1);
	/* PASS is always one; that tells it from a verdict, too. */
	return consumed(w) && (*methods & 1U << METHOD_PASS) != 0;
}

int
privsep_read_credentials(struct wire *w, struct credentials *c)
{
	c->method = (enum method)get(w, METHOD_COUNT - 1);
	c->user = get_text(w, PRIVSEP_NAME);
	c->secret = get_text(w, PRIVSEP_SECRET);
	c->typed = get_text(w, PRIVSEP_SECRET);
	c->lang = (uint32_t)get(w, LANG_COUNT - 1);
	c->rest = get_bytes(w, PRIVSEP_REST, &c->rest_len);
	return consumed(w);
}

int
privsep_read_verdict(struct wire *w, enum verdict *v)
{
	*v = (enum verdict)get(w, MISCONFIGURED);
	return consumed(w);
}

int
privsep_read_begin(struct wire *w, struct begin *b)
{
	b->user = get_text(w, PRIVSEP_NAME);
	b->method = (enum method)get(w, METHOD_COUNT - 1);
	if (!privsep_is_scram(b->method))
		w->bad = 1;
	return consumed(w);
}

int
privsep_read_salt(struct wire *w, struct salt *s)
{
	s->salt = get_binary(w, PRIVSEP_SALT, &s->salt_len);
	s->iterations = get_u32(w);
	s->nonce = get_text(w, PRIVSEP_NONCE);
	return consumed(w);
}

int
privsep_read_proof(struct wire *w, struct proof *p)
{
	p->message = get_bytes(w, PRIVSEP_SIGNED, &p->message_len);
	p->proof = get_binary(w, PRIVSEP_DIGEST, &p->proof_len);
	return consumed(w);
}

int
privsep_read_signature(struct wire *w, struct signature *s)
{
	s->bytes = get_binary(w, PRIVSEP_DIGEST, &s->len);
	return consumed(w);
}

int
privsep_read_grant(struct wire *w, struct grant *g)
{
	g->user = get_text(w, PRIVSEP_NAME);
	g->mailbox = get_text(w, PRIVSEP_PATH);
	g->index = get_text(w, PRIVSEP_PATH);
	g->journal = get_text(w, PRIVSEP_PATH);
	g->uid = get_u32(w);
	g->gid = get_u32(w);
	g->group_count = (uint32_t)get(w, PRIVSEP_GROUPS);
	for (uint32_t i = 0; i < g->group_count; i++)
		g->groups[i] = get_u32(w);
	g->lang = (uint32_t)get(w, LANG_COUNT - 1);
	g->stls = (uint32_t)get(w, 1);
	g->rest = get_bytes(w, PRIVSEP_REST, &g->rest_len);
	return consumed(w);
}

int
privsep_read_locked(struct wire *w, struct locked *l)
{
	l->trouble = (enum trouble)get(w, CHANGED);
	l->exists = (uint32_t)get(w, 1);
	l->dev = get(w, UINT64_MAX);
	l->ino = get(w, UINT64_MAX);
	return consumed(w);
}

int
privsep_read_log(struct wire *w, int *level, const char **text)
{
	*level = (int)get(w, LOG_DEBUG);
	*text = get_text(w, LOG_TEXT_MAX);
	if (*level < LOG_ERR)
		w->bad = 1; /* no child raises an alarm on every terminal */
	return consumed(w);
}

int
privsep_read_summary(struct wire *w, struct summary *s)
{
	s->end = (enum end)get(w, END_FOREIGN);
	s->messages = get(w, UINT64_MAX);
	s->retrieved = get(w, UINT64_MAX);
	s->tops = get(w, UINT64_MAX);
	s->deleted = get(w, UINT64_MAX);
	s->left = get(w, UINT64_MAX);
	s->in = get(w, UINT64_MAX);
	s->out = get(w, UINT64_MAX);
	return consumed(w);
}

static void
wipe_text(struct wire *w, const char *text)
{
	size_t at = (size_t)((const unsigned char *)text - w->bytes);

	must(at < sizeof w->bytes);
	bytes_wipe(w->bytes + at, strlen(text));
}

void
privsep_wipe_secret(struct wire *w, const struct credentials *c)
{
	wipe_text(w, c->secret);
	wipe_text(w, c->typed);
}

void
privsep_wipe(struct wire *w)
{
	bytes_wipe(w->bytes, w->len);
	w->len = 0;
	w->at = 0;
}
