/*
 * from.h - is this line the From_ line that begins a message?
 *
 * Pure. "From ", a sender of any form, and a date: the asctime form with or
 * without seconds, a zone before or behind the year, and what UUCP put behind
 * it ("remote from x"); or the form of RFC 5322, "1 Jan 2024 10:00". The
 * first is what every delivery agent writes; the rest has been seen.
 */
#ifndef FROM_H
#define FROM_H

#include <stddef.h>

#define FROM_MAX 1000 /* bytes; a longer line is not a From_ line */

/* The line may have its line end or not. */
int from_is_line(const char *line, size_t len);

#endif
