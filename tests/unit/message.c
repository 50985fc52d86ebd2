/*
 * Tests of message.c: TOP and RETR give the bytes they should, whatever the
 * blocks, and none of a mailbox that has changed.
 */
#include "../../message.h"

#include "failing.h"
#include "mboxes.h"

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), fault.error == 0 ? 0 : -1)

static const struct {
	const char *what;
	const char *message; /* what stands behind the From_ line */
	uint32_t lines;
	const char *top; /* of that */
} tops[] = {
    {"the header and its blank line", "A: b\nC: d\n\n1\n2\n", 0,
     "A: b\nC: d\n\n"									 },
    {"and one line",                  "A: b\n\n1\n2\n3\n",    1,           "A: b\n\n1\n"      },
    {"and two lines",                 "A: b\n\n1\n2\n3\n",    2,           "A: b\n\n1\n2\n"   },
    {"just as many as there are",     "A: b\n\n1\n2\n",       2,           "A: b\n\n1\n2\n"   },
    {"more than there are",           "A: b\n\n1\n2\n",       3,           "A: b\n\n1\n2\n"   },
    {"nearly all that can be asked",  "A: b\n\n1\n2\n",       ~1U,         "A: b\n\n1\n2\n"   },
    {"the whole message",             "A: b\n\n1\n2\n",       MESSAGE_ALL, "A: b\n\n1\n2\n"   },
    {"blank lines are lines",         "A: b\n\n\n\n1\n",      2,           "A: b\n\n\n\n"     },
    {"CRLF",			  "A: b\r\n\r\n1\r\n2\n", 1,           "A: b\r\n\r\n1\r\n"},
    {"mixed",			 "A: b\r\n\n1\n\r\n2\n", 2,           "A: b\r\n\n1\n\r\n"},
    {"no header",		     "\n1\n2\n",             1,           "\n1\n"            },
    {"no body",		       "A: b\n\n",             5,           "A: b\n\n"         },
    {"no blank line",                 "A: b\nC: d\n",         0,           "A: b\nC: d\n"     },
    {"nothing at all",                "",                     0,           ""                 },
    {"an unfinished header",          "A: b",                 0,           "A: b"             },
    {"an unfinished line",            "A: b\n\n1\n2",         2,           "A: b\n\n1\n2"     },
    {"before an unfinished line",     "A: b\n\n1\n2",         1,           "A: b\n\n1\n"      },
    {"CRs do not end the header",     "A: b\n\r\r\n\n1\n",    0,           "A: b\n\r\r\n\n"   },
    {"nor do spaces",                 "A: b\n \n\n1\n",       0,           "A: b\n \n\n"      },
    {"a dot is a line",               "A: b\n\n.\n..\n",      1,           "A: b\n\n.\n"      },
};

static void
open_mbox(struct mbox *m, const char *bytes, size_t n)
{
	make_file("mbox", bytes, n);
	assert_int_equal(mbox_open(m, "mbox"), FINE);
	assert_int_equal(mbox_scan(m), FINE);
}

/* Pulls it in blocks of that size; returns how many bytes there were. */
static size_t
pull_all(struct mbox *m, uint32_t i, uint32_t lines, size_t block, char *got,
    size_t room)
{
	struct reading r;
	size_t n = 0, len = 1;

	message_open(&r, m, i, lines);
	while (len > 0) {
		assert_true(block <= room - n);
		assert_int_equal(message_pull(&r, got + n, block, &len), FINE);
		assert_in_range(len, 0, block);
		n += len;
	}
	assert_int_equal(message_pull(&r, got, block, &len), FINE);
	assert_int_equal(len, 0);
	return n;
}

static void
every_block_size_gives_the_same_top(void **state)
{
	char bytes[128], got[256];
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(tops); i++) {
		const char *top = tops[i].top;

		snprintf(bytes, sizeof bytes, FROM "%s", tops[i].message);
		open_mbox(&m, bytes, strlen(bytes));
		/* Otherwise it would be no part of the message. */
		m.messages[0].tail = 0;
		for (size_t block = 1; block < 30; block++)
			check_bytes(got,
			    pull_all(
				&m, 0, tops[i].lines, block, got, sizeof got),
			    top, strlen(top), tops[i].what);
		mbox_close(&m);
	}
}

/* The first n lines of text, as sent. */
static size_t
first_lines(const char *text, size_t len, uint32_t n)
{
	size_t at = 0;

	for (; at < len && n > 0; n--) {
		const char *lf = memchr(text + at, '\n', len - at);

		at = lf == NULL ? len : (size_t)(lf - text) + 1;
	}
	return at;
}

/* LF to CRLF, and one at the end if it lacks. */
static size_t
send_form(const char *bytes, size_t n, char *sent)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
			sent[len++] = '\r';
		sent[len++] = bytes[i];
	}
	if (n > 0 && bytes[n - 1] != '\n') {
		sent[len++] = '\r';
		sent[len++] = '\n';
	}
	return len;
}

static void
check_message(struct mbox *m, uint32_t i, uint64_t *seed, const char *title)
{
	static char got[2 * MODEL_ROOM], sent[2 * MODEL_ROOM];
	const struct model_message *want = &model.messages[i];
	const char *text = model.sent + want->sent;
	uint32_t lines = draw(seed, 4) ? draw(seed, 12) : MESSAGE_ALL;
	size_t n = pull_all(m, i, lines, 1 + draw(seed, 5000), got, sizeof got);
	size_t body = want->sent_len - want->header_len;
	size_t len = want->header_len +
	    first_lines(text + want->header_len, body, lines);

	check_bytes(sent, send_form(got, n, sent), text, len, title);
}

static void
random_messages_agree_with_the_model(void **state)
{
	uint64_t draws = 7;
	unsigned messages = 0;
	char title[64];
	struct mbox m;

	(void)state;
	for (unsigned seed = 0; seed < 2000; seed++) {
		snprintf(title, sizeof title, "seed %u", seed);
		draw_mbox(seed);
		if (!model.is_mbox)
			continue;
		assert_int_equal(scan_model(&m), FINE);
		for (uint32_t i = 0; i < m.count; i++, messages++)
			check_message(&m, i, &draws, title);
		mbox_close(&m);
	}
	assert_in_range(messages, 2000, 100000);
}

static const char shown[] = FROM "A: b\n\n1\n2\n3\n\n" FROM "A: b\n\n1\n";

static void
append(void)
{
	int fd = open("mbox", O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, shown, 34), 34);
	close(fd);
}

static void
cut(void)
{
	assert_int_equal(truncate("mbox", 40), 0);
}

static void
empty(void)
{
	assert_int_equal(truncate("mbox", 0), 0);
}

static void
touch_as_old(void)
{
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	assert_int_equal(utimensat(AT_FDCWD, "mbox", old, 0), 0);
}

static const struct {
	const char *what;
	void (*change)(void);
	enum trouble why;
} changes[] = {
    {"more mail",   append,       FINE   },
    {"cut",         cut,          CHANGED},
    {"emptied",     empty,        CHANGED},
    {"other times", touch_as_old, CHANGED},
};

/* The change happens before the first, second ... block. */
static void
nothing_of_a_changed_mailbox_is_sent(void **state)
{
	struct reading r;
	char got[4];
	struct mbox m;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++)
		for (int before = 0; before < 3; before++) {
			open_mbox(&m, shown, sizeof shown - 1);
			message_open(&r, &m, 0, MESSAGE_ALL);
			for (int j = 0; j < before; j++)
				assert_int_equal(
				    message_pull(&r, got, 4, &len), FINE);
			changes[i].change();
			check(message_pull(&r, got, 4, &len) == changes[i].why,
			    "%s, %d", changes[i].what, before);
			check((len > 0) == (changes[i].why == FINE), "%s, %d",
			    changes[i].what, before);
			mbox_close(&m);
		}
}

/* Nor what was read before anybody had asked for it. */
static void
a_guess_is_confirmed_or_dropped(void **state)
{
	struct reading r;
	char got[4];
	struct mbox m;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		open_mbox(&m, shown, sizeof shown - 1);
		message_open(&r, &m, 0, MESSAGE_ALL);
		assert_true(message_guess(&r, got, sizeof got, &len));
		assert_int_equal(len, sizeof got);
		changes[i].change();
		check(message_confirm(&r) == changes[i].why, "%s",
		    changes[i].what);
		mbox_close(&m);
	}
	open_mbox(&m, shown, sizeof shown - 1);
	message_open(&r, &m, 0, MESSAGE_ALL);
	empty();
	assert_false(message_guess(&r, got, sizeof got, &len));
	mbox_close(&m);
}

/* What was read before the change is as it was shown. */
static void
a_change_behind_the_last_byte_is_none(void **state)
{
	struct reading r;
	char got[100];
	struct mbox m;
	size_t len;

	(void)state;
	open_mbox(&m, shown, sizeof shown - 1);
	message_open(&r, &m, 0, MESSAGE_ALL);
	assert_int_equal(message_pull(&r, got, sizeof got, &len), FINE);
	assert_int_equal(len, 12);
	empty();
	assert_int_equal(message_pull(&r, got, sizeof got, &len), FINE);
	assert_int_equal(len, 0);
	mbox_close(&m);
}

/* There is nothing to read, but that is not to be confirmed either. */
static void
a_message_of_no_bytes_is_checked_too(void **state)
{
	struct reading r;
	char got[100];
	struct mbox m;
	size_t len;

	(void)state;
	open_mbox(&m, FROM, strlen(FROM));
	message_open(&r, &m, 0, MESSAGE_ALL);
	empty();
	assert_int_equal(message_pull(&r, got, sizeof got, &len), CHANGED);
	assert_int_equal(len, 0);
	mbox_close(&m);
}

/* Of a mailbox that was believed to have grown: there is another message, of
 * the same shape, where this one, or the next, was. */
static void
a_message_that_is_not_proven_is_looked_at(void **state)
{
	static const char was[] =
	    FROM "A: 1\n\nx\n\n" FROM "A: 2\n\nx\n\n" FROM "A: 3\n\nx\n\n";
	struct reading r;
	char got[100];
	struct mbox m;
	size_t len;

	(void)state;
	open_mbox(&m, was, sizeof was - 1);
	m.proven = 0;
	m.messages[1].sum++; /* as if it had been another */
	for (uint32_t i = 0; i < 3; i++) {
		message_open(&r, &m, i, 0);
		check(message_pull(&r, got, sizeof got, &len) ==
			(i < 2 ? CHANGED : FINE),
		    "message %u", i);
		check((len > 0) == (i == 2), "message %u", i);
		message_open(&r, &m, i, 0);
		assert_true(message_guess(&r, got, sizeof got, &len));
		check(message_confirm(&r) == (i < 2 ? CHANGED : FINE),
		    "message %u", i);
	}
	assert_true(m.changed);
	mbox_close(&m);
}

/* A read that is interrupted goes on; one that fails, or says that the file
 * ends, though it is as large as before, sends nothing. */
static void
what_cannot_be_read_is_not_sent(void **state)
{
	static const struct {
		int error; /* 0: the end */
		enum trouble why;
	} answers[] = {
	    {EINTR, FINE   },
            {EIO,   TEMP   },
            {0,     CHANGED}
        };
	static const char bytes[] = FROM "A: 1\n\nx\n\n";
	struct reading r;
	char got[100];
	struct mbox m;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		open_mbox(&m, bytes, sizeof bytes - 1);
		message_open(&r, &m, 0, MESSAGE_ALL);
		note_log();
		fail_call("pread", 1, answers[i].error);
		check(message_pull(&r, got, sizeof got, &len) == answers[i].why,
		    "%zu", i);
		fail_call(NULL, 0, 0);
		check((len == 8) == (answers[i].why == FINE), "%zu", i);
		check(logged_lines == (answers[i].why != FINE), "%zu", i);
		check(m.changed == (answers[i].why == CHANGED), "%zu", i);
		mbox_close(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_block_size_gives_the_same_top),
	    cmocka_unit_test(random_messages_agree_with_the_model),
	    cmocka_unit_test(nothing_of_a_changed_mailbox_is_sent),
	    cmocka_unit_test(a_guess_is_confirmed_or_dropped),
	    cmocka_unit_test(a_change_behind_the_last_byte_is_none),
	    cmocka_unit_test(a_message_of_no_bytes_is_checked_too),
	    cmocka_unit_test(what_cannot_be_read_is_not_sent),
	    cmocka_unit_test(a_message_that_is_not_proven_is_looked_at),
	};

	return cmocka_run_group_tests_name(
	    "message", tests, enter_dir, leave_dir);
}
