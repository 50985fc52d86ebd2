/*
 * message.c - one message of an mbox, in blocks
 *
 * Knows where messages lie from mbox.c, and believes it only as long as
 * mbox_check() holds.
 */
#include "message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
message_open(struct reading *r, struct mbox *m, uint32_t i, uint32_t lines)
{
	*r = (struct reading){
	    .mbox = m,
	    .i = i,
	    .at = mbox_content(m, i),
	    .end = mbox_content_end(m, i),
	    .lines = lines,
	    .in_header = 1,
	};
	/* More than there can be: they need not be counted. */
	if (lines >= r->end - r->at)
		r->lines = MESSAGE_ALL;
}

/* A line ends: it may be the header's last, or the last that is wanted. */
static void
end_line(struct reading *r)
{
	int blank =
	    r->line_len == 0 || (r->line_len == 1 && r->line_first == '\r');

	if (!r->in_header)
		r->lines--;
	else if (blank)
		r->in_header = 0;
	r->line_len = 0;
}

/* How many of the bytes belong to the top; then ends the reading there. */
static size_t
cut(struct reading *r, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n && (r->in_header || r->lines > 0)) {
		const char *lf = memchr(bytes + done, '\n', n - done);
		size_t end = lf == NULL ? n : (size_t)(lf - bytes);

		if (r->line_len == 0)
			r->line_first = bytes[done];
		r->line_len += end - done;
		if (lf != NULL)
			end_line(r);
		done = end + (lf != NULL);
	}
	if (!r->in_header && r->lines == 0)
		r->end = r->at;
	return done;
}

enum trouble
message_pull(struct reading *r, char *buf, size_t room, size_t *len)
{
	enum trouble why = FINE;
	ssize_t n;

	*len = 0;
	if ((off_t)room > r->end - r->at)
		room = (size_t)(r->end - r->at);
	if (room == 0 && r->checked)
		return FINE;
	if (!r->checked)
		why = mbox_prove_message(r->mbox, r->i);
	r->checked = 1;
	if (why != FINE || room == 0)
		return why == FINE ? mbox_check(r->mbox) : why;
	do
		n = pread(r->mbox->fd, buf, room, r->at);
	while (n == -1 && errno == EINTR);
	if (n == -1) {
		log_errno("cannot read mailbox", r->mbox->path);
		return TEMP;
	}
	why = mbox_check(r->mbox);
	if (why == FINE && n == 0)
		why = mbox_changed(r->mbox);
	if (why != FINE)
		return why;
	*len = r->lines == MESSAGE_ALL ? (size_t)n : cut(r, buf, (size_t)n);
	r->at += n;
	if (r->end < r->at)
		r->end = r->at;
	return FINE;
}
