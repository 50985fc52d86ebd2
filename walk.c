/*
 * walk.c - the lines of a part of a file
 */
#include "walk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
walk_open(struct walk *w, int fd, off_t from, off_t to, char *buf, size_t room)
{
	*w = (struct walk){
	    .fd = fd,
	    .at = from,
	    .end = to,
	    .buf = buf,
	    .room = room,
	};
}

/* Moves the unused bytes to the front and fills up behind them. */
static enum trouble
refill(struct walk *w)
{
	size_t left = w->have - w->used;
	size_t want = w->room - left;
	ssize_t n;

	if ((off_t)want > w->end - w->at)
		want = (size_t)(w->end - w->at);
	memmove(w->buf, w->buf + w->used, left);
	w->used = 0;
	w->have = left;
	do
		n = pread(w->fd, w->buf + left, want, w->at);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return TEMP;
	if (n == 0)
		return CHANGED;
	w->have += (size_t)n;
	w->at += n;
	return FINE;
}

/* Hands out n bytes. */
static void
hand_out(struct walk *w, size_t n, int ends, struct piece *p)
{
	const char *bytes = w->buf + w->used;
	char before_lf = n > 1 ? bytes[n - 2] : w->inside ? w->last : '\0';

	p->bytes = bytes;
	p->len = n;
	p->offset = w->at - (off_t)(w->have - w->used);
	p->starts = !w->inside;
	p->ends = ends;
	p->blank =
	    !w->inside && ends && (n == 1 || (n == 2 && bytes[0] == '\r'));
	p->added = ends && before_lf != '\r';
	w->used += n;
	w->inside = !ends;
	w->last = bytes[n - 1];
}

enum trouble
walk_next(struct walk *w, struct piece *p)
{
	for (;;) {
		size_t left = w->have - w->used;
		const char *lf = memchr(w->buf + w->used, '\n', left);
		enum trouble why;

		if (lf != NULL) {
			hand_out(w, (size_t)(lf - w->buf) + 1 - w->used, 1, p);
			return FINE;
		}
		if (left > w->room / 2 || (left > 0 && w->at == w->end)) {
			hand_out(w, left, 0, p);
			return FINE;
		}
		if (w->at == w->end) {
			p->len = 0;
			return FINE;
		}
		why = refill(w);
		if (why != FINE)
			return why;
	}
}
