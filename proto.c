/*
 * proto.c - a command line's verb and its typed arguments
 *
 * Trusts line.c for one thing: the line is a C string.
 */
#include "proto.h"

#include <stddef.h>
#include <string.h>

/* strspn() and strcspn() would do, but are pages of the C library that nobody
 * else needs. */
static char *
past_spaces(char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* Cuts the text at its first space; returns what is behind that. */
static char *
cut(char *text)
{
	char *end = strchrnul(text, ' ');

	if (*end != '\0')
		*end++ = '\0';
	return end;
}

char *
proto_verb(char *line, char **rest)
{
	line = past_spaces(line);
	*rest = cut(line);
	return line;
}

/* The next word of *rest, which is moved past it; NULL if there is none. */
static char *
next_word(char **rest)
{
	char *word = past_spaces(*rest);

	*rest = cut(word);
	return *word == '\0' ? NULL : word;
}

/* Plain digits; a number that does not fit becomes UINT32_MAX. */
static int
read_number(const char *word, uint32_t *number)
{
	uint64_t n = 0;

	if (word[strspn(word, "0123456789")] != '\0')
		return 0;
	for (; *word != '\0' && n <= UINT32_MAX; word++)
		n = n * 10 + (uint64_t)(*word - '0');
	*number = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	return 1;
}

static const char *
read_message(char **rest, int optional, struct args *args)
{
	char *word = next_word(rest);

	if (word == NULL)
		return optional ? NULL : "a message number is needed";
	if (!read_number(word, &args->number))
		return "a message number is made of digits only";
	if (args->number == 0)
		return "messages are numbered from 1";
	return NULL;
}

static const char *
read_lines(char **rest, struct args *args)
{
	char *word = next_word(rest);

	if (word == NULL)
		return "a number of lines is needed";
	if (!read_number(word, &args->lines))
		return "a number of lines is made of digits only";
	return NULL;
}

static const char *
read_name(char *rest, struct args *args)
{
	size_t len;

	rest = past_spaces(rest);
	len = strlen(rest);
	while (len > 0 && rest[len - 1] == ' ')
		rest[--len] = '\0';
	args->name = rest;
	return len == 0 ? "a user name is needed" : NULL;
}

const char *
proto_args(enum shape shape, char *rest, struct args *args)
{
	const char *wrong = NULL;

	*args = (struct args){0};
	switch (shape) {
	case ARG_NAME:
		return read_name(rest, args);
	case ARG_SECRET:
		args->word = rest;
		return *rest == '\0' ? "a password is needed" : NULL;
	case ARG_NAME_WORD:
		args->name = next_word(&rest);
		args->word = next_word(&rest);
		if (args->word == NULL)
			wrong = "a user name and a digest are needed";
		break;
	case ARG_OPT_WORDS:
		args->name = next_word(&rest);
		args->word = next_word(&rest);
		break;
	case ARG_MSG_LINES:
		wrong = read_message(&rest, 0, args);
		if (wrong == NULL)
			wrong = read_lines(&rest, args);
		break;
	case ARG_MSG:
	case ARG_OPT_MSG:
		wrong = read_message(&rest, shape == ARG_OPT_MSG, args);
		break;
	case ARG_NONE:
		break;
	}
	if (wrong == NULL && next_word(&rest) != NULL)
		wrong = shape == ARG_NONE ? "this command takes no argument"
					  : "too many arguments";
	return wrong;
}
