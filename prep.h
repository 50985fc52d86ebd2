/*
 * prep.h - names and passwords as they are compared: RFC 4013, RFC 8265
 *
 * What looks the same on two keyboards is not always the same bytes. Pure: no
 * system calls, no allocation, no globals. What is left of a text on the stack
 * is wiped.
 */
#ifndef PREP_H
#define PREP_H

#include <stddef.h>

enum prep_form {
	PREP_SASL, /* SASLprep: also a 2 for a superscript one */
	PREP_TYPED /* as passwd(1) gets it from a keyboard, and RFC 8265 has
		      it: accents composed (NFC), spaces plain, all else kept;
		      nothing is refused */
};

/*
 * Of a text that a client sends ("query"). What is ASCII only, or not UTF-8,
 * is taken as it comes. Returns NULL, or what is wrong, for -ERR; "out" then
 * holds nothing.
 */
const char *prep_query(
    enum prep_form form, const char *text, char *out, size_t room);

/* The same, with SASLprep in full: for what has to be UTF-8. */
const char *prep_strictly(const char *text, char *out, size_t room);

/* The same, for what is to be stored: nothing that Unicode has not yet. */
const char *prep_stored(const char *text, char *out, size_t room);

#endif
