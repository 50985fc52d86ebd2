/*
 * mboxes.h - random mboxes, and a model that says what is in them
 *
 * The model is as plain as can be, and shares nothing with mbox.c but the
 * question what a From_ line is. It holds the whole file, and what each
 * message is when it is sent.
 */
#ifndef MBOXES_H
#define MBOXES_H

#include "test.h"

#include <strings.h>

#include "../../from.h"
#include "../../mbox.h"

#define FROM "From a@b Mon Jan  1 10:00:00 2024\n"
#define PSEUDO_SUBJECT                                                         \
	"Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA"

#define MODEL_ROOM     65536
#define MODEL_MESSAGES 256

struct model_message {
	size_t offset; /* of its From_ line */
	size_t content;
	size_t end; /* of what is sent, in the file */
	size_t next;
	size_t sent; /* where its sent form begins, in "sent" */
	size_t sent_len;
	size_t header_len; /* of that, its blank line included */
};

static struct {
	char bytes[MODEL_ROOM];
	size_t len;
	int is_mbox;
	size_t start; /* of the first message that is shown */
	struct model_message messages[MODEL_MESSAGES];
	size_t count;
	char sent[2 * MODEL_ROOM];
	size_t sent_len;
} model;

static inline size_t
line_end(size_t at)
{
	while (at < model.len && model.bytes[at] != '\n')
		at++;
	return at < model.len ? at + 1 : at;
}

static inline int
is_blank(size_t at)
{
	const char *line = model.bytes + at;
	size_t len = line_end(at) - at;

	return (len == 1 && line[0] == '\n') ||
	    (len == 2 && line[0] == '\r' && line[1] == '\n');
}

/* One line in the form in which it is sent. */
static inline void
model_send(size_t at, size_t end)
{
	while (at < end && model.bytes[at] != '\n')
		model.sent[model.sent_len++] = model.bytes[at++];
	if (at == end || at == 0 || model.bytes[at - 1] != '\r')
		model.sent[model.sent_len++] = '\r';
	model.sent[model.sent_len++] = '\n';
}

/* The message whose From_ line is at "from"; returns the start of the next. */
static inline size_t
model_message(size_t offset, size_t from)
{
	struct model_message *m = &model.messages[model.count++];
	size_t at = line_end(from), header_end = 0, last_blank = 0;
	int subject = 0, imap = 0, mailed = 0, was_blank = 0;

	*m = (struct model_message){.offset = offset, .content = at};
	while (at < model.len) {
		size_t end = line_end(at);

		if (was_blank && from_is_line(model.bytes + at, end - at))
			break;
		was_blank = is_blank(at);
		last_blank = was_blank ? at : 0;
		if (was_blank && header_end == 0) {
			header_end = end;
			last_blank = 0;
		}
		if (header_end == 0 && end - at > 6 &&
		    model.bytes[end - 1] == '\n') {
			imap |= end - at > 7 &&
			    memcmp(model.bytes + at, "X-IMAP", 6) == 0;
			subject |= strncmp(model.bytes + at, PSEUDO_SUBJECT,
				       strlen(PSEUDO_SUBJECT)) == 0;
			mailed |= strncasecmp(
				      model.bytes + at, "Received:", 9) == 0 ||
			    strncasecmp(model.bytes + at, "Return-Path:", 12) ==
				0;
		}
		at = end;
	}
	m->end = last_blank != 0 ? last_blank : at;
	m->next = at;
	m->sent = model.sent_len;
	for (size_t l = m->content; l < m->end; l = line_end(l)) {
		model_send(l, line_end(l) < m->end ? line_end(l) : m->end);
		if (line_end(l) == header_end || header_end == 0)
			m->header_len = model.sent_len - m->sent;
	}
	m->sent_len = model.sent_len - m->sent;
	if (subject && imap && !mailed && model.count == 1 && offset == 0) {
		model.count = 0; /* c-client's own */
		model.start = at;
	}
	return at;
}

/* Finds out what is in model.bytes. */
static inline void
model_read(void)
{
	size_t at = 0;

	model.count = 0;
	model.start = 0;
	model.sent_len = 0;
	while (at < model.len && is_blank(at))
		at = line_end(at);
	model.is_mbox = model.len == 0 ||
	    (at < model.len &&
		from_is_line(model.bytes + at, line_end(at) - at));
	if (!model.is_mbox || model.len == 0)
		return;
	at = model_message(0, at);
	while (at < model.len)
		at = model_message(at, at);
}

static inline void
model_add(const char *bytes, size_t n)
{
	assert_in_range(n, 0, MODEL_ROOM - model.len);
	memcpy(model.bytes + model.len, bytes, n);
	model.len += n;
}

static inline void
model_set(const char *bytes, size_t n)
{
	model.len = 0;
	model_add(bytes, n);
	model_read();
}

/* A random line, without its end. */
static inline void
draw_line(uint64_t *seed)
{
	static const char *const lines[] = {"", "", "", "", "text", ".", "..x",
	    "From a@b Mon Jan  1 10:00:00 2024",
	    "From - Sat Jan  1 00:00:00 2000", "\nFrom a 1 Jan 2024 10:00",
	    "\r\nFrom a b Mon Jan 10 10:00 EST 2024", "a: b\n\ntext\n",
	    ">From a@b Mon Jan  1 10:00:00 2024", "From here on", "From: a@b",
	    "Subject: one", "X-IMAP: 1 1", "X-IMAPbase: 2 2", PSEUDO_SUBJECT,
	    "\r", "a\rb\r", " ", "\t", "Content-Length: 3", "\377\200"};
	static char longer[3000];
	uint32_t i = draw(seed, COUNT(lines) + 2);

	if (i < COUNT(lines)) {
		model_add(lines[i], strlen(lines[i]));
	} else if (i == COUNT(lines)) {
		model_add("a\0b", 3);
	} else {
		memset(longer, 'x', sizeof longer);
		model_add(longer, draw(seed, sizeof longer));
	}
}

/* A random file, mostly an mbox. */
static inline void
draw_mbox(uint64_t seed)
{
	uint32_t lines, crlf;

	seed = seed * 0x9e3779b97f4a7c15U + 1;
	draw(&seed, 1);
	lines = draw(&seed, 40);
	crlf = draw(&seed, 3) * draw(&seed, 100);
	model.len = 0;
	while (draw(&seed, 4) == 0)
		model_add("\n", 1);
	if (draw(&seed, 16) > 0)
		model_add(FROM, strlen(FROM));
	if (draw(&seed, 8) == 0)
		model_add("X-IMAP: 1 1\n" PSEUDO_SUBJECT "\n",
		    13 + strlen(PSEUDO_SUBJECT));
	while (lines-- > 0) {
		draw_line(&seed);
		if (draw(&seed, 100) < crlf)
			model_add("\r", 1);
		if (lines > 0 || draw(&seed, 4) > 0)
			model_add("\n", 1);
	}
	model_read();
}

/* The model's bytes as a file, scanned; PERM is to be expected. */
static inline enum trouble
scan_model(struct mbox *m)
{
	make_file("model", model.bytes, model.len);
	assert_int_equal(mbox_open(m, "model"), FINE);
	return mbox_scan(m);
}

#endif
