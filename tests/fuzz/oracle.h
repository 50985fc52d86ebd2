/*
 * oracle.h - what a client has to hear of a mailbox
 *
 * A client of its own goes along the commands and the answers, by the model of
 * the unit tests, and ends the fuzzer at the first that is wrong. Commands that
 * are no plain lines, or that it does not know, may be answered as they like.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include "../unit/mboxes.h"
#include "fuzz.h"

#include <ctype.h>

#undef check

static struct {
	const char *at; /* what was heard, from here on */
	const char *end;
	unsigned char deleted[MODEL_MESSAGES];
	char ids[MODEL_MESSAGES][72]; /* as they were told first, or "" */
	int has_quit;                 /* and was told that all is well */
	int is_lost; /* there was a command that is no plain line */
} oracle;

/* A line of commands, cut at its spaces. */
struct said {
	char text[256];
	const char *words[4]; /* NULL behind the last */
};

/* The next line that was heard, without its end; NULL if there is none. */
static inline const char *
oracle_line(size_t *len)
{
	const char *line = oracle.at;
	const char *lf = memchr(line, '\n', (size_t)(oracle.end - line));

	*len = 0;
	if (lf == NULL)
		return NULL;
	oracle.at = lf + 1;
	*len = (size_t)(lf - line) - 1; /* machine_end() has seen the CR */
	return line;
}

static inline int
is_line(const char *line, size_t len, const char *text)
{
	return line != NULL && len == strlen(text) &&
	    memcmp(line, text, len) == 0;
}

/* A multi-line answer, whatever it is. */
static inline void
oracle_skip(void)
{
	const char *line;
	size_t len;

	do
		line = oracle_line(&len);
	while (line != NULL && !is_line(line, len, "."));
	expect(line != NULL);
}

static inline void
oracle_number(const char *line, size_t len, uint64_t a, uint64_t b)
{
	char text[64];

	snprintf(text, sizeof text, "%llu %llu", (unsigned long long)a,
	    (unsigned long long)b);
	expect(is_line(line, len, text));
}

static inline void
oracle_sizes(void)
{
	const char *line;
	size_t len;

	for (size_t i = 0; i < model.count; i++) {
		if (oracle.deleted[i])
			continue;
		line = oracle_line(&len);
		oracle_number(line, len, i + 1, model.messages[i].sent_len);
	}
	line = oracle_line(&len);
	expect(is_line(line, len, "."));
}

/* "n id", behind which nothing is; an id does not change. */
static inline void
oracle_id(size_t i, const char *line, size_t len)
{
	char number[16], id[72];
	size_t n = (size_t)snprintf(number, sizeof number, "%zu ", i + 1);

	expect(line != NULL && len > n && len - n < sizeof id &&
	    memcmp(line, number, n) == 0);
	memcpy(id, line + n, len - n);
	id[len - n] = '\0';
	for (const char *c = id; *c != '\0'; c++)
		expect(*c > ' ' && *c < 127);
	expect(oracle.ids[i][0] == '\0' || strcmp(oracle.ids[i], id) == 0);
	memcpy(oracle.ids[i], id, sizeof id);
	for (size_t j = 0; j < model.count; j++)
		expect(j == i || strcmp(oracle.ids[j], id) != 0);
}

static inline void
oracle_ids(void)
{
	const char *line;
	size_t len;

	for (size_t i = 0; i < model.count; i++) {
		if (oracle.deleted[i])
			continue;
		line = oracle_line(&len);
		oracle_id(i, line, len);
	}
	line = oracle_line(&len);
	expect(is_line(line, len, "."));
}

/* Message i, and of its body that many lines; each dot that begins one twice. */
static inline void
oracle_message(size_t i, uint64_t lines)
{
	const struct model_message *m = &model.messages[i];
	const char *sent = model.sent + m->sent;
	size_t at = 0, len;
	const char *line;

	while (at < m->sent_len && (at < m->header_len || lines-- > 0)) {
		const char *lf = memchr(sent + at, '\n', m->sent_len - at);
		size_t n = (size_t)(lf - (sent + at)) - 1;
		int dot = sent[at] == '.';

		line = oracle_line(&len);
		expect(line != NULL && len == n + (size_t)dot);
		expect(!dot || line[0] == '.');
		expect(memcmp(line + dot, sent + at, n) == 0);
		at += n + 2;
	}
	line = oracle_line(&len);
	expect(is_line(line, len, "."));
}

/* Is the word a number as people write it? */
static inline int
is_number(const char *word, uint64_t *n)
{
	if (word == NULL || !isdigit((unsigned char)word[0]) ||
	    (word[0] == '0' && word[1] != '\0') || strlen(word) > 9 ||
	    strspn(word, "0123456789") != strlen(word))
		return 0;
	*n = strtoull(word, NULL, 10);
	return 1;
}

/* Of a message's number: is it there? What is no number is left open. */
static inline void
oracle_expect(int is_good, const char *word, uint64_t *n)
{
	if (!is_number(word, n)) {
		expect(!is_good || word == NULL ||
		    !isdigit((unsigned char)*word) || *word == '0' ||
		    strlen(word) > 9);
		*n = 0;
		return;
	}
	expect(is_good ==
	    (*n >= 1 && *n <= model.count && !oracle.deleted[*n - 1]));
}

static inline void
oracle_stat(const char *line, size_t len)
{
	uint64_t count = 0, octets = 0;

	for (size_t i = 0; i < model.count; i++) {
		count += !oracle.deleted[i];
		octets += oracle.deleted[i] ? 0 : model.messages[i].sent_len;
	}
	oracle_number(line + 4, len - 4, count, octets);
}

/* One command and its answer; false if there is none, at the end. */
static inline int
oracle_command(const struct said *s)
{
	const char *verb = s->words[0] == NULL ? "" : s->words[0];
	const char *a = s->words[1], *b = a == NULL ? NULL : s->words[2];
	size_t len;
	const char *line = oracle_line(&len);
	uint64_t n = 0, lines = UINT64_MAX;
	int is_good;

	if (line == NULL)
		return 0;
	is_good = len >= 3 && memcmp(line, "+OK", 3) == 0;
	expect(is_good || (len >= 4 && memcmp(line, "-ERR", 4) == 0));
	if (strcasecmp(verb, "RETR") == 0 || strcasecmp(verb, "DELE") == 0) {
		if (b == NULL)
			oracle_expect(is_good, a, &n);
		expect(!is_good || n > 0);
		if (is_good && strcasecmp(verb, "RETR") == 0)
			oracle_message(n - 1, UINT64_MAX);
		else if (is_good)
			oracle.deleted[n - 1] = 1;
	} else if (strcasecmp(verb, "TOP") == 0 && is_good) {
		oracle_expect(1, a, &n);
		expect(n > 0 && b != NULL);
		if (is_number(b, &lines) || strlen(b) > 9)
			oracle_message(n - 1, lines);
		else
			oracle_skip();
	} else if (strcasecmp(verb, "STAT") == 0 && a == NULL) {
		expect(is_good);
		oracle_stat(line, len);
	} else if (strcasecmp(verb, "LIST") == 0 && a == NULL) {
		expect(is_good);
		oracle_sizes();
	} else if (strcasecmp(verb, "UIDL") == 0 && a == NULL) {
		expect(is_good);
		oracle_ids();
	} else if (strcasecmp(verb, "LIST") == 0 && b == NULL) {
		oracle_expect(is_good, a, &n);
		if (is_good && n > 0)
			oracle_number(line + 4, len - 4, n,
			    model.messages[n - 1].sent_len);
	} else if (strcasecmp(verb, "UIDL") == 0 && b == NULL) {
		oracle_expect(is_good, a, &n);
		if (is_good && n > 0)
			oracle_id(n - 1, line + 4, len - 4);
	} else if (strcasecmp(verb, "RSET") == 0 && is_good) {
		memset(oracle.deleted, 0, sizeof oracle.deleted);
	} else if (strcasecmp(verb, "QUIT") == 0 && is_good) {
		oracle.has_quit = 1;
		return 0;
	} else if (is_good &&
	    (strcasecmp(verb, "CAPA") == 0 ||
		(strcasecmp(verb, "LANG") == 0 && a == NULL))) {
		oracle_skip();
	}
	return 1;
}

/* The next line that was said; false if there is none, or no plain one. */
static inline int
oracle_said(const uint8_t **at, const uint8_t *end, struct said *s)
{
	const uint8_t *lf = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = lf == NULL ? 0 : (size_t)(lf - *at), count = 0;
	char *word;

	oracle.is_lost = lf != NULL;
	if (lf == NULL || n >= sizeof s->text)
		return 0;
	memcpy(s->text, *at, n);
	s->text[n] = '\0';
	*at = lf + 1;
	if (n > 0 && s->text[n - 1] == '\r')
		s->text[--n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (s->text[i] < ' ' || s->text[i] > '~')
			return 0;
	word = s->text;
	for (char *w; (w = strsep(&word, " ")) != NULL && count < 3;)
		if (*w != '\0')
			s->words[count++] = w;
	s->words[count] = NULL;
	oracle.is_lost = 0;
	return 1;
}

/* What is left of the mailbox when what was deleted is gone. */
static inline size_t
oracle_left(char *out)
{
	size_t len = model.start;

	memcpy(out, model.bytes, len);
	for (size_t i = 0; i < model.count; i++) {
		const struct model_message *m = &model.messages[i];

		if (oracle.deleted[i])
			continue;
		memcpy(out + len, model.bytes + m->offset, m->next - m->offset);
		len += m->next - m->offset;
	}
	return len;
}

/* The whole dialogue, whose first answer is the one to PASS. */
static inline void
oracle_walk(const uint8_t *said, const uint8_t *end, const char *heard,
    size_t heard_len)
{
	const char *line;
	struct said s;
	size_t len;

	memset(&oracle, 0, sizeof oracle);
	oracle.at = heard;
	oracle.end = heard + heard_len;
	line = oracle_line(&len);
	expect(line != NULL);
	expect((memcmp(line, "+OK", 3) == 0) == model.is_mbox);
	if (!model.is_mbox)
		return;
	while (oracle_said(&said, end, &s))
		if (!oracle_command(&s))
			break;
}

#endif
