/*
 * line.c - client bytes to lines, lines to verbs and arguments
 *
 * However the bytes are split, the lines are the same. What arguments are told
 * of a line are what its shape says.
 */
#include "../../line.h"

#include "../../proto.h"
#include "fuzz.h"

#define ALL 65536

struct lines {
	char text[ALL];
	size_t len;
	unsigned count;
};

static void
look_at_arguments(enum shape shape, const char *text)
{
	char line[LINE_SASL], *verb, *rest;
	struct args a = {.name = NULL};

	memcpy(line, text, strlen(text) + 1);
	verb = proto_verb(line, &rest);
	expect(strchr(verb, ' ') == NULL);
	if (proto_args(shape, rest, &a) != NULL)
		return;
	if (shape == ARG_MSG || shape == ARG_MSG_LINES)
		expect(a.number > 0);
	if (shape == ARG_NAME_WORD)
		expect(a.name != NULL && a.word != NULL);
	if (shape == ARG_SECRET)
		expect(a.word != NULL && strstr(text, a.word) != NULL);
	if (shape == ARG_NAME || shape == ARG_NAME_WORD)
		expect(*a.name != '\0' && *a.name != ' ');
}

/* Feeds pieces of "piece" bytes, and keeps what comes of them. */
static void
cut(struct lines *l, const char *bytes, size_t n, size_t piece, size_t limit)
{
	static struct line_reader in;
	enum line_status status;

	line_init(&in);
	in.limit = limit;
	l->len = 0;
	l->count = 0;
	for (size_t at = 0; at < n; at += piece) {
		line_feed(&in, bytes + at, piece < n - at ? piece : n - at);
		while ((status = line_next(&in)) != LINE_MORE) {
			size_t len = status == LINE_BAD ? 0 : strlen(in.text);

			expect(len + 1 <= limit);
			l->count++;
			l->text[l->len++] = status == LINE_BAD ? '!' : '=';
			memcpy(l->text + l->len, in.text, len);
			l->len += len;
			if (status == LINE_READY)
				for (enum shape s = ARG_NONE;
				     s <= ARG_MSG_LINES; s++)
					look_at_arguments(s, in.text);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct lines whole, parts;
	const char *bytes = (const char *)data + 1;
	size_t limit;

	if (n < 2 || n > ALL / 2)
		return 0;
	limit = data[0] % 2 == 0 ? LINE_COMMAND : LINE_SASL;
	cut(&whole, bytes, n - 1, n - 1, limit);
	cut(&parts, bytes, n - 1, 1 + data[0] / 2 % 7, limit);
	expect(whole.count == parts.count && whole.len == parts.len);
	expect(memcmp(whole.text, parts.text, whole.len) == 0);
	return 0;
}
