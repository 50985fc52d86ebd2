/*
 * scan.c - find the messages of an mbox, in one pass
 *
 * It is gone through by vectors: line ends are counted, and only lines looked
 * at that begin with what may end a header, or begin a message.
 */
#include "scan.h"

#include "bytes.h"
#include "from.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of the file in memory, and of those before "at", to look back at. */
#define ROOM   1048576
#define BEHIND 4
/* Bytes of a vector, and bytes that are counted at a time: as one, and without
 * an overflow. */
#define LANES 16
#define BLOCK 128
#define MOST  (255 / (BLOCK / LANES) * BLOCK)

#define TINY 8 /* bytes of a line that calls are slow for */

#define PSEUDO_SUBJECT 1
#define PSEUDO_IMAP    2
#define PSEUDO_SENT    4 /* it came by mail: so it is not c-client's */

typedef unsigned char lanes __attribute__((vector_size(LANES)));

static lanes
load(const char *p)
{
	lanes v;

	memcpy(&v, p, sizeof v);
	return v;
}

static int
is_any(lanes v)
{
	uint64_t halves[2];

	memcpy(halves, &v, sizeof halves);
	return (halves[0] | halves[1]) != 0;
}

/* What a line begins with that is to be looked at. */
enum stops {
	IN_HEADER, /* CR, LF: it may be the blank one */
	IN_BODY    /* F, behind a blank line: it may be a From_ line */
};

/* "v" is behind the LFs, "before" before them. */
static inline lanes
is_stop(lanes before, lanes v, enum stops stops)
{
	if (stops == IN_BODY)
		return (lanes)(v == 'F') &
		    ((lanes)(before == '\n') | (lanes)(before == '\r'));
	return (lanes)(v == '\n') | (lanes)(v == '\r');
}

/* Counts LFs without a CR in a block, in the lanes of *sum. Is there no line in
 * it that begins with a stop? p[-1] and p[BLOCK] are there. */
static inline __attribute__((always_inline)) int
count_block(const char *p, enum stops stops, lanes *sum)
{
	lanes found = {0}, stop = {0};

	for (size_t j = 0; j < BLOCK; j += sizeof found) {
		lanes lf = (lanes)(load(p + j) == '\n');
		lanes before = load(p + j - 1);

		stop |= lf & is_stop(before, load(p + j + 1), stops);
		found += lf & (lanes)(before != '\r') & 1;
	}
	*sum += found;
	return !is_any(stop);
}

/* Of the bytes at p: counts LFs, and says where a CR is, or a line begins that
 * may be a stop. */
static inline lanes
look_at(const char *p, char first, lanes *found)
{
	lanes v = load(p);
	lanes lf = (lanes)(v == '\n');

	*found -= lf;
	return (lanes)(v == '\r') | (lf & (lanes)(load(p + 1) == first));
}

/* The same with less to do, if nothing in there needs a second look. */
static inline __attribute__((always_inline)) int
count_plain_block(const char *p, enum stops stops, lanes *sum)
{
	const char first = stops == IN_BODY ? 'F' : '\n';
	lanes found = {0}, odd = {0};

	/* Four at a time: the loop itself would take a fifth longer. */
	for (size_t j = 0; j < BLOCK; j += 4 * LANES) {
		odd |= look_at(p + j, first, &found);
		odd |= look_at(p + j + LANES, first, &found);
		odd |= look_at(p + j + 2 * LANES, first, &found);
		odd |= look_at(p + j + 3 * LANES, first, &found);
	}
	/* Its first and its last byte have neighbours. */
	if (is_any(odd) || p[-1] == '\r' || p[BLOCK] == '\r')
		return 0;
	*sum += found;
	return 1;
}

/*
 * Counts LFs without a CR, in blocks in which no line begins with a stop.
 * Returns how many bytes that were; p[-1] and p[n - 1] are there.
 */
static inline __attribute__((always_inline)) size_t
count_blocks(const char *p, size_t n, enum stops stops, uint64_t *bare)
{
	lanes sum = {0};
	size_t i = 0;

	/* A lane of sum can hold no more than 255. */
	for (; n - i > BLOCK && i < MOST; i += BLOCK) {
		lanes before = sum;

		if (!count_plain_block(p + i, stops, &sum) &&
		    !count_block(p + i, stops, &sum)) {
			sum = before;
			break;
		}
	}
	for (size_t j = 0; j < sizeof sum; j++)
		*bare += sum[j];
	return i;
}

/* Is the line that begins there, and may have n bytes, to be looked at? */
static inline int
is_stop_line(const char *p, size_t n, enum stops stops)
{
	if (stops == IN_BODY)
		return n > 0 && p[0] == 'F' &&
		    (n < 5 || memcmp(p, "From ", 5) == 0);
	return n > 0 && (p[0] == '\n' || p[0] == '\r');
}

/* As memchr(): the LF. */
static inline const char *
end_of_line(const char *p, size_t n)
{
	for (size_t i = 0; i < n && i < TINY; i++)
		if (p[i] == '\n')
			return p + i;
	return n > TINY ? memchr(p + TINY, '\n', n - TINY) : NULL;
}

/* The same line by line, for what begins in there: true at a stop. */
static inline __attribute__((always_inline)) int
count_lines_of(
    const char *p, size_t n, size_t *at, enum stops stops, uint64_t *bare)
{
	size_t i = *at, end = n - i < BLOCK ? n : i + BLOCK;
	int stopped = 0;

	while (i < end && !stopped) {
		const char *lf = end_of_line(p + i, end - i);

		if (lf == NULL) {
			i = end;
			break;
		}
		*bare += lf[-1] != '\r';
		i = (size_t)(lf - p) + 1;
		stopped = is_stop_line(p + i, n - i, stops);
	}
	*at = i;
	return stopped;
}

/* The same up to the first line in there that begins with a stop, or n. Where
 * there was one, there may soon be another: so it begins line by line. */
static inline __attribute__((always_inline)) size_t
count_lines(const char *p, size_t n, enum stops stops, uint64_t *bare)
{
	size_t i = 0, some;

	while (i < n && !count_lines_of(p, n, &i, stops, bare))
		do {
			some = count_blocks(p + i, n - i, stops, bare);
			i += some;
		} while (some > 0);
	return i;
}

/* What tells a message from another in its place: of n bytes, which are its
 * From_ line and header. */
static uint32_t
sum_of(const char *bytes, size_t n)
{
	uint64_t sum;

	if (n > SCAN_HEADER)
		n = SCAN_HEADER;
	sum = bytes_mix(n, bytes, n);
	return (uint32_t)(sum ^ sum >> 32);
}

static int
is_last(const struct scan *s)
{
	return s->base + (off_t)s->have == s->to;
}

/* Reads on, and forgets what lies before "keep". */
static enum trouble
read_on(struct scan *s, size_t keep)
{
	size_t left = s->have - keep, want = ROOM - left;
	off_t next = s->base + (off_t)s->have;

	if ((off_t)want > s->to - next)
		want = (size_t)(s->to - next);
	memmove(s->buf, s->buf + keep, left);
	s->base += (off_t)keep;
	s->at -= keep;
	s->have = left + want;
	if (bytes_read(s->fd, s->buf + left, want, next))
		return FINE;
	if (errno == 0)
		return CHANGED;
	log_errno("cannot read mailbox", s->path);
	return TEMP;
}

/* Is there, at "at", a From_ line? Then *len is its length. */
static int
is_from(const struct scan *s, size_t *len)
{
	const char *p = s->buf + s->at;
	size_t left = s->have - s->at;
	const char *lf = memchr(p, '\n', left < FROM_MAX ? left : FROM_MAX);

	*len = lf == NULL ? left : (size_t)(lf - p) + 1;
	return from_is_line(p, *len);
}

/* A message begins, or the blank lines before the first, which are its own,
 * with a From_ line of that length at "at". */
static void
begin(struct scan *s, off_t offset, size_t len)
{
	s->at += len;
	s->offset = offset;
	s->content = s->base + (off_t)s->at;
	s->octets = 0;
	s->is_summed = 0;
	s->pseudo = 0;
}

static enum trouble
begin_first(struct scan *s)
{
	enum trouble why = read_on(s, 0);
	size_t len;

	if (why != FINE)
		return why;
	while (s->at < s->have && s->at < UINT16_MAX - FROM_MAX - 2) {
		const char *p = s->buf + s->at;

		if (p[0] == '\n')
			s->at++;
		else if (p[0] == '\r' && s->at + 1 < s->have && p[1] == '\n')
			s->at += 2;
		else
			break;
	}
	if (!is_from(s, &len))
		return PERM;
	begin(s, s->from, len);
	return FINE;
}

/* c-client keeps data of its own in a message that is not mail. */
static void
look_for_pseudo(struct scan *s, const char *line, size_t len)
{
	static const char subject[] =
	    "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

	if (len > sizeof subject - 1 &&
	    memcmp(line, subject, sizeof subject - 1) == 0)
		s->pseudo |= PSEUDO_SUBJECT;
	if (len > 7 && memcmp(line, "X-IMAP", 6) == 0)
		s->pseudo |= PSEUDO_IMAP;
	if ((len > 9 && strncasecmp(line, "Received:", 9) == 0) ||
	    (len > 12 && strncasecmp(line, "Return-Path:", 12) == 0))
		s->pseudo |= PSEUDO_SENT;
}

/* The same in all lines of n bytes. */
static void
look_at_lines(struct scan *s, const char *bytes, size_t n)
{
	const char *lf;

	for (; (lf = memchr(bytes, '\n', n)) != NULL; bytes = lf + 1) {
		look_for_pseudo(s, bytes, (size_t)(lf - bytes) + 1);
		n -= (size_t)(lf - bytes) + 1;
	}
}

/* Once all that counts of the header is in memory. */
static void
take_sum(struct scan *s, size_t end)
{
	size_t start = (size_t)(s->offset - s->base);

	if (s->is_summed)
		return;
	s->sum = sum_of(s->buf + start, end - start);
	s->is_summed = 1;
	if (s->offset == 0)
		look_at_lines(s, s->buf, end);
}

/* A header goes on behind what is in memory. */
static enum trouble
read_on_header(struct scan *s)
{
	size_t start = (size_t)(s->offset - s->base);

	if (s->have - start < SCAN_HEADER)
		return read_on(s, start);
	take_sum(s, start + SCAN_HEADER);
	return read_on(s, s->at - BEHIND);
}

/* Bytes of the blank line at "at"; 0 if there is none. */
static size_t
blank_line(const struct scan *s)
{
	const char *p = s->buf + s->at;
	size_t left = s->have - s->at;

	if (left == 0 || p[-1] != '\n')
		return 0;
	if (p[0] == '\n')
		return 1;
	return left > 1 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

static enum trouble
read_header(struct scan *s)
{
	enum trouble why = FINE;
	size_t blank = 0;

	while (why == FINE && blank == 0) {
		const char *p = s->buf + s->at;
		size_t left = s->have - s->at;

		blank = blank_line(s);
		if (left == 0 && is_last(s))
			break;
		if (left == 0 || (left == 1 && p[0] == '\r' && !is_last(s)))
			why = read_on_header(s);
		else if (blank == 0)
			s->at += count_lines(p, left, IN_HEADER, &s->octets);
	}
	s->octets += blank == 1;
	s->at += blank;
	s->body = s->base + (off_t)s->at;
	take_sum(s, s->at);
	return why;
}

/* Does a line that begins at "at" with an F begin a message? */
static int
is_separator(const struct scan *s, size_t *len)
{
	const char *p = s->buf + s->at;

	return (p[-2] == '\n' || (p[-2] == '\r' && p[-3] == '\n')) &&
	    is_from(s, len);
}

/* To the next message, whose From_ line has then that length, or the end of
 * the part. */
static enum trouble
read_body(struct scan *s, size_t *len)
{
	enum trouble why = FINE;

	while (why == FINE) {
		size_t left = s->have - s->at;
		const char *p = s->buf + s->at;
		int is_f = left > 0 && p[0] == 'F' && p[-1] == '\n';

		if (left == 0 && is_last(s))
			break;
		if (left == 0 || (is_f && left <= FROM_MAX && !is_last(s))) {
			why = read_on(s, s->at - BEHIND);
			continue;
		}
		if (is_f && is_separator(s, len))
			break;
		s->at += count_lines(p, left, IN_BODY, &s->octets);
	}
	return why;
}

/* Bytes of the blank line that belongs to the separator behind it, not to the
 * message; the one that ends the header is needed there. */
static size_t
tail_of(const struct scan *s)
{
	const char *p = s->buf + s->at;
	off_t body = s->base + (off_t)s->at - s->body;

	if (body >= 1 && p[-1] == '\n' && p[-2] == '\n')
		return 1;
	if (body >= 2 && p[-1] == '\n' && p[-2] == '\r' && p[-3] == '\n')
		return 2;
	return 0;
}

/* The message ends at "at". */
static enum trouble
end(struct scan *s)
{
	off_t at = s->base + (off_t)s->at;
	size_t tail = tail_of(s);
	struct message one;

	if (s->pseudo == (PSEUDO_SUBJECT | PSEUDO_IMAP)) {
		s->start = at;
		return FINE;
	}
	s->octets += (uint64_t)(at - s->content);
	if (tail > 0)
		s->octets -= 2;
	if (at > s->content && s->buf[s->at - 1] != '\n')
		s->octets += 2; /* the CRLF that its last line lacks */
	one = (struct message){
	    .offset = (uint64_t)s->offset & MESSAGE_PLACE,
	    .from_len = (uint64_t)(s->content - s->offset) & UINT16_MAX,
	    .octets = s->octets & MESSAGE_OCTETS,
	    .tail = tail & 3,
	    .sum = s->sum,
	};
	return s->take(s->arg, &one);
}

/* From the first From_ line to the end of the part. */
static enum trouble
read_messages(struct scan *s)
{
	enum trouble why = begin_first(s);
	size_t len = 0;

	while (why == FINE) {
		why = read_header(s);
		if (why == FINE)
			why = read_body(s, &len);
		if (why == FINE)
			why = end(s);
		if (s->base + (off_t)s->at == s->to)
			break;
		begin(s, s->base + (off_t)s->at, len);
	}
	return why;
}

enum trouble
scan_run(struct scan *s)
{
	enum trouble why;

	s->base = s->from;
	s->start = s->from;
	s->have = 0;
	s->at = 0;
	if (s->from == s->to)
		return FINE;
	if (s->to - s->from > SCAN_MOST)
		return PERM;
	s->buf = malloc(ROOM);
	if (s->buf == NULL) {
		log_line(LOG_ERR, "no memory to read mailbox %s", s->path);
		return TEMP;
	}
	why = read_messages(s);
	free(s->buf);
	return why;
}

/* How many of those n bytes are a From_ line and header: n, if they do not
 * end there. */
static size_t
header_len(const char *bytes, size_t n, size_t from_len)
{
	size_t at = from_len;

	while (at < n) {
		const char *p = bytes + at;
		const char *lf = memchr(p, '\n', n - at);

		if (lf == NULL)
			return n;
		at = (size_t)(lf - bytes) + 1;
		if (lf == p || (lf == p + 1 && p[0] == '\r'))
			return at;
	}
	return n;
}

/* With that much room. CHANGED also if the header has more than fits. */
static enum trouble
look_again(int fd, const struct message *one, off_t end, char *buf, size_t room)
{
	off_t size = end - (off_t)one->offset;
	size_t n = size < (off_t)room ? (size_t)size : room;
	size_t len;

	if (!bytes_read(fd, buf, n, (off_t)one->offset))
		return errno == 0 ? CHANGED : TEMP;
	len = header_len(buf, n, one->from_len);
	return sum_of(buf, len) == one->sum ? FINE : CHANGED;
}

enum trouble
scan_again(int fd, const struct message *one, off_t end)
{
	char some[4096], *all;
	enum trouble why = look_again(fd, one, end, some, sizeof some);

	/* Few headers are longer than that. */
	if (why != CHANGED || end - (off_t)one->offset <= (off_t)sizeof some)
		return why;
	all = malloc(SCAN_HEADER);
	if (all == NULL)
		return TEMP;
	why = look_again(fd, one, end, all, SCAN_HEADER);
	free(all);
	return why;
}
