/*
 * Tests of uidl.c: a message keeps its id whatever mail programs do to it,
 * and no other message has it.
 */
#include "../../uidl.h"

#include "failing.h"
#include "mboxes.h"

FAILING(ssize_t, pread, (int fd, void *buf, size_t n, off_t at),
    (fd, buf, n, at), -1)
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAILING(void *, realloc, (void *was, size_t n), (was, n), NULL)

#define RECEIVED "Received: by mx\n\twith ESMTP\n"
#define REST     "From: a@b\nTo: c@d\nSubject: one\n\nThis is the text.\n"
#define MESSAGE  RECEIVED "Date: today\nMessage-ID: <1@a>\n" REST
#define LOCAL    "Date: today\nMessage-ID: <1@a>\n" REST
#define NAMELESS RECEIVED "Date: today\n" REST

static void
open_mbox(struct mbox *m, const char *bytes, size_t n)
{
	make_file("mbox", bytes, n);
	assert_int_equal(mbox_open(m, "mbox"), FINE);
	assert_int_equal(mbox_scan(m), FINE);
	assert_int_equal(uidl_digest(m, 0), FINE);
}

static void
id_of(const char *message, size_t n, unsigned char id[INDEX_ID])
{
	char bytes[4096] = FROM;
	struct mbox m;

	memcpy(bytes + 34, message, n);
	open_mbox(&m, bytes, 34 + n);
	assert_int_equal(m.count, 1);
	memcpy(id, m.messages[0].id, INDEX_ID);
	mbox_close(&m);
}

static const struct {
	const char *what;
	const char *of;
	const char *message;
	int same; /* as that it is of */
} variants[] = {
    {"itself",				  MESSAGE,       MESSAGE,					  1},
    {"its blank line",			  MESSAGE,       MESSAGE "\n",                                     1},
    {"CRLF",				    MESSAGE,
     "Received: by mx\r\n\twith ESMTP\r\nDate: today\r\nMessage-ID: "
	"<1@a>\r\nFrom: a@b\r\nTo: c@d\r\nSubject: one\r\n\r\nThis is the "
	"text.\r\n",											     1},
    {"a Status line",			   MESSAGE,       "Status: RO\nX-Status: A\nX-UID: 7\n" MESSAGE,
     1													    },
    {"one in the middle",                       MESSAGE,
     RECEIVED "Date: today\nStatus: RO\nMessage-ID: <1@a>\n" REST,                                               1},
    {"one behind the id",                       MESSAGE,
     RECEIVED "Date: today\nMessage-ID: <1@a>\nStatus: RO\n" REST,                                               1},
    {"a continued Status line",                 MESSAGE,       "Status: R\n  O\n" MESSAGE,                       1},
    {"a later Received line",                   MESSAGE,
     RECEIVED "Received: from b\nDate: today\nMessage-ID: <1@a>\n" REST,                                         1},
    {"names in another case",                   MESSAGE,
     "RECEIVED: by mx\n\twith ESMTP\ndate: today\nMessage-Id: <1@a>\n" REST,
     1													    },
    {"what comes behind both",                  MESSAGE,
     RECEIVED "Date: today\nMessage-ID: <1@a>\nSubject: two\n\nOther.\n",                                        1},
    {"an earlier Received line",                MESSAGE,       "Received: from b\n" MESSAGE,                     0},
    {"a Delivered-To line",                     MESSAGE,       "Delivered-To: joe\n" MESSAGE,                    0},
    {"another Date",			    MESSAGE,       RECEIVED "Date: later\nMessage-ID: <1@a>\n" REST,
     0													    },
    {"another Message-ID",                      MESSAGE,
     RECEIVED "Date: today\nMessage-ID: <2@a>\n" REST,							   0},
    {"a continued Message-ID",                  MESSAGE,
     RECEIVED "Date: today\nMessage-ID: <1@a>\n 2\n" REST,                                                       0},
    {"another continuation",                    MESSAGE,
     "Received: by mx\n\twith SMTP\nDate: today\nMessage-ID: <1@a>\n" REST,
     0													    },
    {"no Received",			     MESSAGE,       LOCAL,					    0},
    {"a Status line without Received",          LOCAL,         "Status: RO\n" LOCAL,                             1},
    {"another Message-ID without Received",     LOCAL,
     "Date: today\nMessage-ID: <2@a>\n" REST,								    0},
    {"another From",			    LOCAL,
     "Date: today\nMessage-ID: <1@a>\nFrom: a@c\nTo: c@d\nSubject: "
	"one\n\nThis is the text.\n",									    0},
    {"another Subject",			 LOCAL,
     "Date: today\nMessage-ID: <1@a>\nFrom: a@b\nTo: c@d\nSubject: "
	"two\n\nThis is the text.\n",									    0},
    {"another text of that length, with an id", LOCAL,
     "Date: today\nMessage-ID: <1@a>\nFrom: a@b\nTo: c@d\nSubject: "
	"one\n\nThat is the text.\n",									    1},
    {"more text without Received",              LOCAL,         LOCAL "more\n",                                   0},
    {"the same in another header",              "From: a\n\n", "Subject: a\n\n",                                 0},
    {"a Subject in the body only",              LOCAL,
     "Date: today\nMessage-ID: <1@a>\nFrom: a@b\nTo: c@d\n\nSubject: "
	"one\n\nThis is the text.\n",									    0},
    {"a Status line without Message-ID",        NAMELESS,      "Status: RO\n" NAMELESS,                          1},
    {"another text of that length",             NAMELESS,
     RECEIVED "Date: today\nFrom: a@b\nTo: c@d\nSubject: one\n\nThat is the "
		 "text.\n",										      0},
    {"more text",			       NAMELESS,      NAMELESS "more\n",                                0},
};

static void
ids_follow_what_no_program_rewrites(void **state)
{
	unsigned char id[INDEX_ID], other[INDEX_ID];

	(void)state;
	for (size_t i = 0; i < COUNT(variants); i++) {
		id_of(variants[i].of, strlen(variants[i].of), id);
		id_of(variants[i].message, strlen(variants[i].message), other);
		check((memcmp(id, other, INDEX_ID) == 0) == variants[i].same,
		    "%s", variants[i].what);
	}
}

static void
the_first_128_bytes_of_the_body_count(void **state)
{
	unsigned char id[INDEX_ID], other[INDEX_ID];
	char message[400] = "A: b\n\n";

	(void)state;
	memset(message + 6, 'x', sizeof message - 6);
	for (size_t i = 16; i < sizeof message; i += 10)
		message[i] = '\n';
	id_of(message, sizeof message, id);
	id_of(message, sizeof message - 1, other);
	check(memcmp(id, other, INDEX_ID) != 0, "its length counts as well");
	for (size_t i = 6, bare = 0; i < sizeof message; i++) {
		int counts = bare < 128;

		if (message[i] == '\n')
			continue;
		message[i] = 'y';
		id_of(message, sizeof message, other);
		check((memcmp(id, other, INDEX_ID) != 0) == counts,
		    "byte %zu of the body", bare);
		message[i] = 'x';
		bare++;
	}
}

/* That many lines of nothing, and a text behind them. */
static void
id_behind(const char *header, const char *line, size_t lines, const char *text,
    unsigned char id[INDEX_ID])
{
	static char bytes[4 << 20];
	size_t n = (size_t)snprintf(bytes, sizeof bytes, FROM "%s", header);
	struct mbox m;

	for (size_t i = 0; i < lines; i++) {
		memcpy(bytes + n, line, strlen(line));
		n += strlen(line);
	}
	n += (size_t)snprintf(bytes + n, 64, "%s", text);
	open_mbox(&m, bytes, n);
	assert_int_equal(m.count, 1);
	memcpy(id, m.messages[0].id, INDEX_ID);
	mbox_close(&m);
}

/* However lines end, and whether it is the header or the body. */
static void
what_lies_behind_a_mib_does_not_count(void **state)
{
	static const struct {
		const char *header, *line, *crlf;
		size_t least, most; /* lines; octets are more than that */
	} parts[] = {
	    {"X: y\n\n", "\n",     "\r\n",     524000, 525000},
	    {"X: y\n",   "X: y\n", "X: y\r\n", 174000, 175000},
	};
	unsigned char one[INDEX_ID], other[INDEX_ID];

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		const char *h = parts[i].header, *line = parts[i].line;

		id_behind(h, line, parts[i].least, "Subject: 1\n", one);
		id_behind(h, line, parts[i].least, "Subject: 2\n", other);
		check(memcmp(one, other, INDEX_ID) != 0, "%zu: before", i);
		id_behind(h, line, parts[i].most, "Subject: 1\n", one);
		id_behind(h, line, parts[i].most, "Subject: 2\n", other);
		check(memcmp(one, other, INDEX_ID) == 0, "%zu: behind", i);
		for (size_t n = 0; n < 2; n++) {
			size_t lines = n ? parts[i].most : parts[i].least;

			id_behind(h, line, lines, "Subject: 1\n", one);
			id_behind(
			    h, parts[i].crlf, lines, "Subject: 1\n", other);
			check(
			    memcmp(one, other, INDEX_ID) == 0, "%zu: CRLF", i);
		}
	}
}

/* A header of any length, with others behind it or not. */
static void
long_headers_count_to_their_end(void **state)
{
	static char bytes[200000];
	unsigned char ids[2][INDEX_ID];
	struct mbox m;

	(void)state;
	for (size_t len = 3700; len < 150000; len += len < 4200 ? 7 : 30011)
		for (int more = 0; more < 2; more++) {
			for (int i = 0; i < 2; i++) {
				size_t n = (size_t)sprintf(bytes, FROM "X: ");

				memset(bytes + n, 'x', len);
				n += len;
				n += (size_t)sprintf(bytes + n,
				    "\nSubject: %d\n\ntext\n\n%s", i,
				    more ? FROM MESSAGE : "");
				open_mbox(&m, bytes, n);
				memcpy(ids[i], m.messages[0].id, INDEX_ID);
				mbox_close(&m);
			}
			check(memcmp(ids[0], ids[1], INDEX_ID) != 0,
			    "a header of %zu", len);
		}
}

static void
the_from_line_does_not_count(void **state)
{
	static const char bytes[] =
	    "From a 1 Jan 2024 10:00\n" MESSAGE "\n" FROM MESSAGE "\n";
	struct mbox m;

	(void)state;
	open_mbox(&m, bytes, sizeof bytes - 1);
	assert_int_equal(m.count, 2);
	assert_memory_equal(m.messages[0].id, m.messages[1].id, INDEX_ID);
	mbox_close(&m);
}

static void
a_cut_mailbox_has_no_ids(void **state)
{
	struct mbox m;

	(void)state;
	open_mbox(&m, FROM MESSAGE, strlen(FROM MESSAGE));
	assert_int_equal(truncate("mbox", 40), 0);
	assert_int_equal(uidl_digest(&m, 0), CHANGED);
	mbox_close(&m);
}

/* In the window, or behind it: the second message needs more than is there. */
static void
what_cannot_be_read_is_told(void **state)
{
	static char bytes[200000] = FROM MESSAGE "\n" FROM "X: ";
	const size_t at = strlen(bytes);
	struct mbox m;

	(void)state;
	memset(bytes + at, 'x', sizeof bytes - at - 8);
	memcpy(bytes + sizeof bytes - 8, "\nA: b\n\n", 8);
	open_mbox(&m, bytes, sizeof bytes);
	for (unsigned nth = 1; nth < 5; nth++) {
		note_log();
		fail_call("pread", nth, EIO);
		check(uidl_digest(&m, 0) == TEMP, "%u", nth);
		check(logged_lines == 1, "%u", nth);
		fail_call(NULL, 0, 0);
	}
	note_log();
	fail_call("malloc", 1, ENOMEM);
	assert_int_equal(uidl_digest(&m, 0), TEMP);
	assert_int_equal(logged_lines, 1);
	fail_call(NULL, 0, 0);
	assert_int_equal(truncate("mbox", 150000), 0);
	assert_int_equal(uidl_digest(&m, 0), CHANGED);
	mbox_close(&m);
}

/* Also behind one that has none: an index may be forged. */
static void
what_has_an_id_keeps_it(void **state)
{
	struct mbox m;

	(void)state;
	open_mbox(&m, FROM MESSAGE "\n" FROM MESSAGE "\n",
	    2 * strlen(FROM MESSAGE "\n"));
	assert_int_equal(m.count, 2);
	memset(m.messages[0].id, 0, INDEX_ID);
	memset(m.messages[1].id, 9, INDEX_ID);
	m.messages[1].copy = 5;
	assert_int_equal(uidl_digest(&m, 0), FINE);
	assert_int_not_equal(m.messages[0].id[0] | m.messages[0].id[1], 0);
	assert_int_equal(m.messages[1].id[0], 9);
	mbox_close(&m);
}

static void
digest_model(struct mbox *m)
{
	assert_int_equal(scan_model(m), FINE);
	assert_int_equal(uidl_digest(m, 0), FINE);
}

/* Random messages: no crash, and the same id for the same bytes. */
static void
random_messages_have_stable_ids(void **state)
{
	struct mbox m, again;

	(void)state;
	for (unsigned seed = 0; seed < 500; seed++) {
		draw_mbox(seed);
		if (!model.is_mbox)
			continue;
		digest_model(&m);
		digest_model(&again);
		for (uint32_t i = 0; i < m.count; i++)
			check(memcmp(m.messages[i].id, again.messages[i].id,
				  INDEX_ID) == 0,
			    "seed %u, message %u", seed, i + 1);
		mbox_close(&m);
		mbox_close(&again);
	}
}

/* Numbers of copies. Letters are ids, digits numbers: "a2" is a's second. */

static void
set_messages(struct message *m, uint32_t *count, const char *text)
{
	*count = 0;
	for (; *text != '\0'; text++) {
		if (*text >= 'a') {
			memset(&m[*count], 0, sizeof *m);
			m[(*count)++].id[0] = (unsigned char)*text;
		} else {
			uint32_t copy = m[*count - 1].copy;

			copy = copy * 10 + (uint32_t)(*text - '0');
			m[*count - 1].copy = copy & MESSAGE_COPIES;
		}
	}
}

static void
show_copies(const struct mbox *m, char *text, size_t room)
{
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < m->count; i++)
		len += (size_t)snprintf(text + len, room - len, "%c%u",
		    m->messages[i].id[0], (unsigned)m->messages[i].copy);
}

static const struct {
	const char *what;
	const char *was;
	const char *now;
	const char *numbered;
} copies[] = {
    {"nothing",			"",       "",       ""            },
    {"all differ",		     "",       "abc",    "a1b1c1"      },
    {"copies in order",                "",       "aaa",    "a1a2a3"      },
    {"copies among others",            "",       "abacab", "a1b1a2c1a3b2"},
    {"as last time",                   "a1a2a3", "aaa",    "a1a2a3"      },
    {"the first is gone",              "a2a3",   "aa",     "a2a3"        },
    {"one in the middle is gone",      "a1a3",   "aa",     "a1a3"        },
    {"a new one behind them",          "a2a3",   "aaa",    "a2a3a4"      },
    {"two new ones",                   "a2",     "aaa",    "a2a3a4"      },
    {"a single one stays single",      "a1",     "a",      "a1"          },
    {"a new copy of a single one",     "a1",     "aa",     "a1a2"        },
    {"all gone, another came",         "a1a2",   "b",      "b1"          },
    {"some gone by another program",   "a2a3",   "a",      "a2"          },
    {"two groups",		     "a2b3",   "aabb",   "a2a3b3b4"    },
    {"last time nothing was numbered", "a0a0",   "aa",     "a1a2"        },
    {"what has a number keeps it",     "",       "a1a",    "a1a2"        },
    {"a later one than last time's",   "",       "a3aa7a", "a3a4a7a8"    },
    {"numbers that fall",              "",       "a7a3a",  "a7a3a8"      },
    {"more digits",		    "a9a10",  "aaa",    "a9a10a11"    },
};

static void
copies_keep_their_numbers(void **state)
{
	struct message now[16];
	char got[128];

	(void)state;
	for (size_t i = 0; i < COUNT(copies); i++) {
		struct mbox m = {.messages = now};
		struct index was = {
		    .messages = calloc(16, sizeof(struct message))};

		set_messages(was.messages, &was.count, copies[i].was);
		set_messages(now, &m.count, copies[i].now);
		uidl_keep_copies(&was);
		check(uidl_number(&m, &was) == FINE, "%s", copies[i].what);
		show_copies(&m, got, sizeof got);
		check_text(got, copies[i].numbered, copies[i].what);
		index_close(&was);
	}
}

static void
there_is_a_last_number(void **state)
{
	struct message now[2] = {{.copy = MESSAGE_COPIES - 1}, {.copy = 0}};
	struct mbox m = {.messages = now, .count = COUNT(now)};
	struct index was = {.count = 0};

	(void)state;
	assert_int_equal(uidl_number(&m, &was), FINE);
	assert_int_equal(now[1].copy, MESSAGE_COPIES);
	now[0].copy = MESSAGE_COPIES;
	now[1].copy = 0;
	assert_int_equal(uidl_number(&m, &was), TEMP);
}

/* They are sorted by their first bytes, which is not all of them. */
static void
ids_that_begin_alike_differ(void **state)
{
	struct message now[9] = {{.copy = 0}};
	struct mbox m = {.messages = now, .count = COUNT(now)};
	struct index was = {.count = 0};

	(void)state;
	for (size_t i = 0; i < COUNT(now); i++) {
		memset(now[i].id, 7, INDEX_ID);
		now[i].id[4 + i % 3] = (unsigned char)(9 - i % 3);
	}
	assert_int_equal(uidl_number(&m, &was), FINE);
	for (uint32_t i = 0; i < COUNT(now); i++)
		check(now[i].copy == 1 + i / 3, "message %u", i + 1);
}

/* Only copies are worth remembering: of most mailboxes, nothing. */
static void
only_copies_are_kept(void **state)
{
	struct index was = {.messages = calloc(16, sizeof(struct message))};

	(void)state;
	set_messages(was.messages, &was.count, "c1b2a1b1d0e5");
	uidl_keep_copies(&was);
	assert_int_equal(was.count, 3);
	assert_int_equal(was.messages[0].copy, 1);
	assert_int_equal(was.messages[1].copy, 2);
	assert_int_equal(was.messages[2].id[0], 'e');
	index_close(&was);
}

static void
without_memory_nothing_is_numbered(void **state)
{
	struct message now[2] = {{.copy = 0}, {.copy = 0}};
	struct mbox m = {.messages = now, .count = COUNT(now)};
	struct index was = {.messages = calloc(4, sizeof(struct message))};

	(void)state;
	if (was.messages == NULL)
		abort();
	for (unsigned nth = 1; nth < 3; nth++) {
		note_log();
		fail_call("calloc", nth, ENOMEM);
		assert_int_equal(uidl_number(&m, &was), TEMP);
		assert_int_equal(logged_lines, 1);
		assert_int_equal(now[0].copy, 0);
	}
	set_messages(was.messages, &was.count, "a1a2b1c0");
	fail_call("calloc", 1, ENOMEM);
	assert_int_equal(uidl_keep_copies(&was), TEMP);
	assert_int_equal(was.count, 4);
	fail_call("realloc", 1, ENOMEM); /* it stays where it is */
	assert_int_equal(uidl_keep_copies(&was), FINE);
	fail_call(NULL, 0, 0);
	assert_int_equal(was.count, 2);
	assert_int_equal(was.messages[1].copy, 2);
	index_close(&was);
}

static const struct {
	unsigned char id[INDEX_ID];
	uint32_t copy;
	const char *text;
} texts[] = {
    {{0},						    1,	      "0000000000000000000000"         },
    {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff}, 2,
     "0123456789abcdefff0000-2"									       },
    {{[10] = 0x5a},					  MESSAGE_COPIES, "000000000000000000005a-16777215"},
};

static void
ids_are_hex_digits(void **state)
{
	char out[UIDL_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct message m = {.copy = texts[i].copy & MESSAGE_COPIES};

		memcpy(m.id, texts[i].id, INDEX_ID);
		check_text(uidl_text(&m, out), texts[i].text, "id");
		check(strlen(out) <= 70, "RFC 1939 s. 7: at most 70, %s", out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_follow_what_no_program_rewrites),
	    cmocka_unit_test(the_first_128_bytes_of_the_body_count),
	    cmocka_unit_test(long_headers_count_to_their_end),
	    cmocka_unit_test(what_lies_behind_a_mib_does_not_count),
	    cmocka_unit_test(there_is_a_last_number),
	    cmocka_unit_test(ids_that_begin_alike_differ),
	    cmocka_unit_test(the_from_line_does_not_count),
	    cmocka_unit_test(a_cut_mailbox_has_no_ids),
	    cmocka_unit_test(random_messages_have_stable_ids),
	    cmocka_unit_test(copies_keep_their_numbers),
	    cmocka_unit_test(only_copies_are_kept),
	    cmocka_unit_test(what_cannot_be_read_is_told),
	    cmocka_unit_test(what_has_an_id_keeps_it),
	    cmocka_unit_test(without_memory_nothing_is_numbered),
	    cmocka_unit_test(ids_are_hex_digits),
	};

	return cmocka_run_group_tests_name("uidl", tests, enter_dir, leave_dir);
}
