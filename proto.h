/*
 * proto.h - a command line's verb and its typed arguments
 *
 * Pure. The only place where text becomes a number. The tables of commands
 * belong to login.c and session.c; the shapes of arguments are here.
 */
#ifndef PROTO_H
#define PROTO_H

#include <stdint.h>

enum shape {
	ARG_NONE,
	ARG_NAME,      /* USER: the rest of the line, spaces around it cut */
	ARG_SECRET,    /* PASS: all that follows one space, RFC 1939 s. 7 */
	ARG_NAME_WORD, /* APOP: two words */
	ARG_OPT_WORDS, /* AUTH: none, one or two words */
	ARG_OPT_MSG,   /* from here on, it is about messages */
	ARG_MSG,
	ARG_MSG_LINES /* TOP: a message and a count of lines */
};

/* Which fields are set depends on the command's shape. */
struct args {
	char *name;      /* borrowed from the line; NULL if not given */
	char *word;      /* borrowed from the line; NULL if not given */
	uint32_t number; /* message number, from 1; 0 if not given */
	uint32_t lines;  /* UINT32_MAX also stands for any number above it */
};

/* Cuts the verb off the line, in place. Returns it; *rest is what follows. */
char *proto_verb(char *line, char **rest);

/*
 * Reads the arguments that the shape asks for, cutting "rest" in place.
 * Returns NULL, or what is wrong with them, as a text for -ERR.
 */
const char *proto_args(enum shape shape, char *rest, struct args *args);

#endif
