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

/* How many bytes of the message can be read in one go. */
static size_t
at_once(const struct reading *r, size_t room)
{
	return (off_t)room > r->end - r->at ? (size_t)(r->end - r->at) : room;
}

static ssize_t
read_block(const struct reading *r, char *buf, size_t n)
{
	ssize_t got;

	do
		got = pread(r->mbox->fd, buf, n, r->at);
	while (got == -1 && errno == EINTR);
	return got;
}

/* Those n bytes were read: how many of them are wanted. */
static size_t
take(struct reading *r, const char *buf, size_t n)
{
	size_t len = r->lines == MESSAGE_ALL ? n : cut(r, buf, n);

	r->at += (off_t)n;
	if (r->end < r->at)
		r->end = r->at;
	return len;
}

int
message_guess(struct reading *r, char *buf, size_t room, size_t *len)
{
	ssize_t n;

	n = read_block(r, buf, at_once(r, room));
	if (n <= 0)
		return 0;
	*len = take(r, buf, (size_t)n);
	return 1;
}

enum trouble
message_confirm(struct reading *r)
{
	enum trouble why = mbox_prove_message(r->mbox, r->i);

	r->checked = 1;
	return why == FINE ? mbox_check(r->mbox) : why;
}

enum trouble
message_pull(struct reading *r, char *buf, size_t room, size_t *len)
{
	enum trouble why = FINE;
	ssize_t n;

	*len = 0;
	room = at_once(r, room);
	if (room == 0 && r->checked)
		return FINE;
	if (!r->checked && room > 0)
		why = mbox_prove_message(r->mbox, r->i);
	else if (!r->checked)
		why = message_confirm(r);
	r->checked = 1;
	if (why != FINE || room == 0)
		return why;
	n = read_block(r, buf, room);
	if (n == -1) {
		log_errno("cannot read mailbox", r->mbox->path);
		return TEMP;
	}
	why = mbox_check(r->mbox);
	if (why == FINE && n == 0)
		why = mbox_changed(r->mbox);
	if (why != FINE)
		return why;
	*len = take(r, buf, (size_t)n);
	return FINE;
}
