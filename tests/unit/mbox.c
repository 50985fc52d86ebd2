/*
 * Tests of mbox.c: where messages begin and end, what they count, and that
 * no change goes unseen.
 */
#include "../../mbox.h"
#include "../../recall.h"

#include "failing.h"
#include "mboxes.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

FAILING(int, open, (const char *path, int flags, ...), (path, flags, 0600), -1)
FAILING(void *, malloc, (size_t n), (n), NULL)
FAILING(void *, realloc, (void *was, size_t n), (was, n), NULL)
FAILING_SYSCALL

#define BODY "A: b\n\ntext\n"

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *found; /* offset, from_len, octets, tail of each message */
} cases[] = {
#define MBOX(what, bytes, found)                                               \
	{                                                                      \
		what, bytes, sizeof(bytes) - 1, found                          \
	}
    MBOX("nothing", "", ""),
    MBOX("one message", FROM BODY, "0 34 14 0;"),
    MBOX("with its blank line", FROM BODY "\n", "0 34 14 1;"),
    MBOX(
	"two messages", FROM BODY "\n" FROM BODY "\n", "0 34 14 1;46 34 14 1;"),
    MBOX("more blank lines are the message's", FROM BODY "\n\n\n" FROM BODY,
	"0 34 18 1;48 34 14 0;"),
    MBOX("no blank line before From_", FROM BODY FROM BODY, "0 34 63 0;"),
    MBOX("From_ in the header", FROM FROM BODY, "0 34 49 0;"),
    MBOX("a quoted From_", FROM BODY "\n>" FROM "\n", "0 34 52 1;"),
    MBOX("From_ without a date", FROM BODY "\nFrom me\n\n", "0 34 25 1;"),
    MBOX("From: behind a blank line", FROM BODY "\nFrom: me\n", "0 34 26 0;"),
    MBOX("a header only", FROM "A: b\n", "0 34 6 0;"),
    MBOX("the header's blank line is kept", FROM "A: b\n\n", "0 34 8 0;"),
    MBOX("also before the next", FROM "A: b\n\n" FROM "A: b\n\n",
	"0 34 8 0;40 34 8 0;"),
    MBOX("a second one is not", FROM "A: b\n\n\n" FROM "A: b\n\n\n",
	"0 34 8 1;41 34 8 1;"),
    MBOX("no header", FROM "\ntext\n\n", "0 34 8 1;"),
    MBOX("nothing but From_", FROM, "0 34 0 0;"),
    MBOX(
	"From_ without its LF", "From a Mon Jan  1 10:00:00 2024", "0 31 0 0;"),
    MBOX("From_ and a blank line", FROM "\n" FROM "\n", "0 34 2 0;35 34 2 0;"),
    MBOX("no LF at the end", FROM "A: b\n\ntext", "0 34 14 0;"),
    MBOX("a CR at the end", FROM "A: b\n\ntext\r", "0 34 15 0;"),
    MBOX("one byte of text", FROM "x", "0 34 3 0;"),
    MBOX("CRLF", "From a Mon Jan  1 10:00:00 2024\r\nA: b\r\n\r\ntext\r\n\r\n",
	"0 33 14 2;"),
    MBOX("CRLF, two messages",
	"From a Mon Jan  1 10:00:00 2024\r\nA: b\r\n\r\ntext\r\n\r\n"
	"From a Mon Jan  1 10:00:00 2024\r\nA: b\r\n\r\ntext\r\n\r\n",
	"0 33 14 2;49 33 14 2;"),
    MBOX("mixed line ends", FROM "A: b\r\n\ntext\r\n\r\n" FROM BODY,
	"0 34 14 2;49 34 14 0;"),
    MBOX("a blank of spaces is none", FROM BODY " \n" FROM, "0 34 52 0;"),
    MBOX("a lone CR is no blank line", FROM BODY "\r" FROM, "0 34 50 0;"),
    MBOX("CRs in the text", FROM "A: b\n\na\rb\r\r\n", "0 34 14 0;"),
    MBOX("NULs", FROM "A: b\n\na\0\0b\n", "0 34 14 0;"),
    MBOX("a NUL in a blank line", FROM BODY "\0\n" FROM, "0 34 52 0;"),
    MBOX("Content-Length lies", FROM "Content-Length: 1000\n\ntext\n\n" FROM,
	"0 34 30 1;62 34 0 0;"),
    MBOX("Content-Length hides nothing",
	FROM "Content-Length: 40\n\n\n" FROM "B: c\n", "0 34 22 1;55 34 6 0;"),
    MBOX("blank lines before the first", "\n\n" FROM BODY, "0 36 14 0;"),
    MBOX("CRLF ones", "\r\n\n" FROM BODY "\n" FROM BODY,
	"0 37 14 1;49 34 14 0;"),
    MBOX("c-client's own message",
	FROM PSEUDO_SUBJECT "\nX-IMAP: 1 1\n\ntext\n\n" FROM BODY,
	"112 34 14 0;"),
    MBOX("nothing else in the file",
	FROM "X-IMAPbase: 1 1\n" PSEUDO_SUBJECT "\n\ntext\n", ""),
    MBOX("without X-IMAP it is mail", FROM PSEUDO_SUBJECT "\n\ntext\n",
	"0 34 68 0;"),
    MBOX("X-IMAP alone is mail", FROM "X-IMAP: 1 1\n\ntext\n", "0 34 21 0;"),
    MBOX("it came by mail: mail",
	FROM "RETURN-PATH: <x>\n" PSEUDO_SUBJECT "\nX-IMAP: 1 1\n\n",
	"0 34 93 0;"),
    MBOX("not the first: mail",
	FROM BODY "\n" FROM PSEUDO_SUBJECT "\nX-IMAP: 1 1\n\n",
	"0 34 14 1;46 34 75 0;"),
    MBOX("in the body: mail", FROM BODY PSEUDO_SUBJECT "\nX-IMAP: 1 1\n",
	"0 34 87 0;"),
    MBOX("half of it in each of two messages: mail",
	FROM PSEUDO_SUBJECT "\n\n" FROM "X-IMAP: 1 1\n\n",
	"0 34 62 0;94 34 15 0;"),
#undef MBOX
};

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
} no_mboxes[] = {
    {"text",		   "hello\n",            6 },
    {"one LF",		 "\n",                 1 },
    {"blank lines",            "\n\r\n\n",           4 },
    {"a NUL",		  "",		   1 },
    {"a header",               "From: me\n\ntext\n", 15},
    {"From_ without a date",   "From me\n\ntext\n",  14},
    {"From_ in a later line",  "x\n\n" FROM,         37},
    {"a space before From_",   " " FROM,             35},
    {"spaces and From_",       " \n" FROM,           36},
    {"a lone CR before From_", "\r" FROM,            35},
};

static void
show_messages(const struct mbox *m, char *found, size_t room)
{
	size_t len = 0;

	found[0] = '\0';
	for (uint32_t i = 0; i < m->count; i++) {
		const struct message *one = &m->messages[i];

		len += (size_t)snprintf(found + len, room - len,
		    "%lld %u %llu %u;", (long long)one->offset, one->from_len,
		    (unsigned long long)one->octets, one->tail);
		assert_true(len < room);
	}
}

static void
messages_are_where_they_are(void **state)
{
	char found[512];
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		make_file("mbox", cases[i].bytes, cases[i].n);
		check(mbox_open(&m, "mbox") == FINE, "%s", cases[i].what);
		check(mbox_scan(&m) == FINE, "%s", cases[i].what);
		show_messages(&m, found, sizeof found);
		check_text(found, cases[i].found, cases[i].what);
		check(m.size == (off_t)cases[i].n, "%s", cases[i].what);
		check(mbox_check(&m) == FINE, "%s", cases[i].what);
		mbox_close(&m);
	}
}

static void
what_is_no_mbox_is_never_an_empty_one(void **state)
{
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(no_mboxes); i++) {
		make_file("mbox", no_mboxes[i].bytes, no_mboxes[i].n);
		note_log();
		check(mbox_open(&m, "mbox") == FINE, "%s", no_mboxes[i].what);
		check(mbox_scan(&m) == PERM, "%s", no_mboxes[i].what);
		check(m.count == 0, "%s", no_mboxes[i].what);
		check(logged_lines == 1, "%s", no_mboxes[i].what);
		mbox_close(&m);
	}
}

/* The scan found what the model says. */
static void
check_model(const struct mbox *m, const char *title)
{
	check(m->count == model.count, "%s", title);
	check(m->start == (off_t)model.start, "%s", title);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_message *want = &model.messages[i];

		check(m->messages[i].offset == (off_t)want->offset,
		    "%s, message %u", title, i + 1);
		check(m->messages[i].octets == want->sent_len, "%s, message %u",
		    title, i + 1);
		check(mbox_content(m, i) == (off_t)want->content,
		    "%s, message %u", title, i + 1);
		check(mbox_content_end(m, i) == (off_t)want->end,
		    "%s, message %u", title, i + 1);
		check(mbox_message_end(m, i) == (off_t)want->next,
		    "%s, message %u", title, i + 1);
	}
}

static void
random_mboxes_agree_with_the_model(void **state)
{
	unsigned mboxes = 0, messages = 0;
	char title[64];
	struct mbox m;

	(void)state;
	for (unsigned seed = 0; seed < 4000; seed++) {
		snprintf(title, sizeof title, "seed %u", seed);
		draw_mbox(seed);
		check(scan_model(&m) == (model.is_mbox ? FINE : PERM), "%s",
		    title);
		check_model(&m, title);
		mboxes += (unsigned)model.is_mbox;
		messages += m.count;
		mbox_close(&m);
	}
	assert_in_range(mboxes, 3000, 4000);
	assert_in_range(messages, 6000, 60000);
}

/* Lines that are longer than the scan's buffer, around its room. */
static void
long_lines_do_not_matter(void **state)
{
	static const size_t lens[] = {65535, 65536, 65537, 131070, 131071,
	    131072, 131073, 262144, 400000};
	char *bytes = malloc(400200);
	char found[128], want[128];
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(lens); i++) {
		size_t len = lens[i / 2], n = 0;
		int crlf = i % 2;

		n += (size_t)sprintf(bytes, FROM "A: b\n\n");
		memset(bytes + n, 'x', len);
		n += len;
		n += (size_t)sprintf(
		    bytes + n, "%s\n" FROM BODY, crlf ? "\r\n" : "\n");
		make_file("mbox", bytes, n);
		assert_int_equal(mbox_open(&m, "mbox"), FINE);
		assert_int_equal(mbox_scan(&m), FINE);
		show_messages(&m, found, sizeof found);
		snprintf(want, sizeof want, "0 34 %zu 1;%zu 34 14 0;",
		    8 + len + 2, 40 + len + 2 + (size_t)crlf);
		check_text(found, want, "a long line");
		mbox_close(&m);
	}
	free(bytes);
}

static int is_cut; /* by another program, before the next read */

ssize_t
pread(int fd, void *buf, size_t n, off_t at)
{
	if (is_cut)
		assert_int_equal(truncate("mbox", 100), 0);
	is_cut = 0;
	if (is_to_fail("pread"))
		return -1;
	return syscall(SYS_pread64, fd, buf, n, at);
}

static void
a_file_cut_during_the_scan_is_trouble(void **state)
{
	enum { LINE = 64, SIZE = 6250 * LINE };
	char *bytes = malloc(SIZE);
	struct mbox m;

	(void)state;
	memset(bytes, 'x', SIZE);
	for (size_t i = LINE - 1; i < SIZE; i += LINE)
		bytes[i] = '\n';
	memcpy(bytes, FROM BODY "\n" FROM, 80);
	make_file("mbox", bytes, SIZE);
	free(bytes);
	assert_int_equal(mbox_open(&m, "mbox"), FINE);
	note_log();
	is_cut = 1;
	assert_int_equal(mbox_scan(&m), TEMP);
	assert_int_equal(m.count, 0);
	assert_int_equal(logged_lines, 1);
	mbox_close(&m);
}

/* A From_ line may lie across two blocks of the scan in every way. */
static void
block_ends_do_not_matter(void **state)
{
	enum { BLOCK = 131072, LINE = 64 };
	static char bytes[BLOCK + 1000];
	char found[128], want[128];
	struct mbox m;

	(void)state;
	for (size_t early = 0; early < 60; early++) {
		size_t at = BLOCK - early, n;

		memset(bytes, 'x', sizeof bytes);
		for (size_t i = LINE - 1; i < at; i += LINE)
			bytes[i] = '\n';
		memcpy(bytes, FROM "\n", 35);
		memcpy(bytes + at - 2, "\n\n", 2);
		n = at + (size_t)sprintf(bytes + at, FROM BODY);
		make_file("mbox", bytes, n);
		assert_int_equal(mbox_open(&m, "mbox"), FINE);
		assert_int_equal(mbox_scan(&m), FINE);
		show_messages(&m, found, sizeof found);
		snprintf(want, sizeof want, ";%zu 34 14 0;", at);
		check(m.count == 2, "From_ %zu bytes before", early);
		check_text(strchr(found, ';'), want, "the second message");
		mbox_close(&m);
	}
}

static void
offsets_go_beyond_4_gib(void **state)
{
	const off_t far = (off_t)5 << 30;
	static const char first[] = FROM "A: b\n\n";
	static const char second[] = "\n\n" FROM BODY;
	int fd = make_nameless(first, sizeof first - 1);
	struct mbox m = {.fd = fd, .path = "large"};

	(void)state;
	/* A scan of a hole of 5 GiB would take seconds: so it is small, and
	 * only what reads at offsets is tried. */
	if (pwrite(fd, second, sizeof second - 1, far) == -1) {
		close(fd);
		skip(); /* no such files here */
	}
	m.messages = calloc(2, sizeof *m.messages);
	m.count = 2;
	m.messages[0] = (struct message){.from_len = 34, .tail = 1};
	m.messages[1] = (struct message){
	    .offset = (uint64_t)(far + 2) & MESSAGE_PLACE, .from_len = 34};
	m.size = far + (off_t)sizeof second - 1;
	assert_true(mbox_message_end(&m, 0) == far + 2);
	assert_true(mbox_content_end(&m, 0) == far + 1);
	assert_true(mbox_content(&m, 1) == far + 36);
	assert_true(mbox_content_end(&m, 1) == far + 47);
	assert_int_equal(mbox_stamp(&m), FINE);
	assert_true(m.stamp.size == far + 47);
	mbox_close(&m);
}

static void
many_messages_are_found(void **state)
{
	enum { MANY = 20000 };
	static const char one[] = FROM "\n";
	char *bytes = malloc(MANY * (sizeof one - 1));
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		memcpy(bytes + i * (sizeof one - 1), one, sizeof one - 1);
	make_file("mbox", bytes, MANY * (sizeof one - 1));
	free(bytes);
	assert_int_equal(mbox_open(&m, "mbox"), FINE);
	assert_int_equal(mbox_scan(&m), FINE);
	assert_int_equal(m.count, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		assert_true(m.messages[i].offset == i * 35 &&
		    m.messages[i].octets == 2 && m.messages[i].copy == 0);
	mbox_close(&m);
}

/* Opening. Each returns with something odd at "odd". */

static void
make_directory(void)
{
	assert_int_equal(mkdir("odd", 0700), 0);
}

static void
make_fifo(void)
{
	assert_int_equal(mkfifo("odd", 0600), 0);
}

static void
make_link(void)
{
	make_file("mbox", FROM, 34);
	assert_int_equal(symlink("mbox", "odd"), 0);
}

static void
make_dangling_link(void)
{
	assert_int_equal(symlink("nothing", "odd"), 0);
}

static void
make_hard_link(void)
{
	make_file("mbox", FROM, 34);
	assert_int_equal(link("mbox", "odd"), 0);
}

static void
make_socket(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "odd"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	close(fd);
}

/* Which cannot be made, or cannot be seen, by everyone. */
static void
make_forbidden(void)
{
	make_file("odd", FROM, 34);
	if (geteuid() == 0)
		assert_int_equal(chown("odd", 1, 1), 0);
	else
		assert_int_equal(chmod("odd", 0), 0);
}

static const struct {
	const char *what;
	void (*make)(void);
} odd_files[] = {
    {"a directory",                make_directory    },
    {"a FIFO",		     make_fifo         },
    {"a symbolic link",            make_link         },
    {"a symbolic link to nothing", make_dangling_link},
    {"a second hard link",         make_hard_link    },
    {"a socket",		   make_socket       },
    {"another's, or not readable", make_forbidden    },
};

static void
odd_files_are_refused(void **state)
{
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(odd_files); i++) {
		odd_files[i].make();
		note_log();
		check(mbox_open(&m, "odd") == PERM, "%s", odd_files[i].what);
		check(m.fd == -1, "%s", odd_files[i].what);
		check(logged_lines == 1, "%s", odd_files[i].what);
		check(strstr(logged, "odd") != NULL, "%s", odd_files[i].what);
		mbox_close(&m);
		check(remove("odd") == 0, "%s", odd_files[i].what);
		unlink("mbox");
	}
}

static void
no_file_is_an_empty_mailbox(void **state)
{
	struct mbox m;

	(void)state;
	note_log();
	assert_int_equal(mbox_open(&m, "nothing"), FINE);
	assert_int_equal(mbox_scan(&m), FINE);
	assert_int_equal(m.count, 0);
	assert_int_equal(mbox_check(&m), FINE);
	mbox_close(&m);
	assert_int_equal(logged_lines, 0);
}

static void
no_directory_is_trouble(void **state)
{
	struct mbox m;

	(void)state;
	note_log();
	assert_int_equal(mbox_open(&m, "nothing/mbox"), TEMP);
	assert_int_equal(logged_lines, 1);
	mbox_close(&m);
}

static void
a_path_too_long_is_refused(void **state)
{
	static char path[5001];
	struct mbox m;

	(void)state;
	memset(path, 'x', sizeof path - 1);
	assert_int_equal(mbox_open(&m, path), PERM);
	mbox_close(&m);
}

static void
closing_twice_is_safe(void **state)
{
	struct mbox m;

	(void)state;
	make_file("mbox", FROM, 34);
	assert_int_equal(mbox_open(&m, "mbox"), FINE);
	assert_int_equal(mbox_scan(&m), FINE);
	mbox_close(&m);
	mbox_close(&m);
}

/* Changes of the file "mbox", which holds this: */
#define SHOWN FROM BODY "\n" FROM "A: b\r\n\ntext\n\n"

static void
append(const char *text)
{
	int fd = open("mbox", O_WRONLY | O_APPEND);

	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
write_at(off_t at, const char *text)
{
	int fd = open("mbox", O_WRONLY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
	close(fd);
}

static void
nothing(void)
{
}

static void
append_message(void)
{
	append(FROM BODY "\n");
}

static void
append_noise(void)
{
	append("noise");
}

static void
empty(void)
{
	assert_int_equal(truncate("mbox", 0), 0);
}

static void
cut_one_byte(void)
{
	assert_int_equal(truncate("mbox", (off_t)strlen(SHOWN) - 1), 0);
}

static void
cut_one_message(void)
{
	assert_int_equal(truncate("mbox", 46), 0);
}

static void
rewrite_as_it_was(void)
{
	write_at(0, SHOWN);
}

static void
change_one_byte(void)
{
	write_at(40, "X");
}

static void
touch_it(void)
{
	touch("mbox");
}

static void
link_it(void)
{
	assert_int_equal(link("mbox", "other"), 0);
}

static void
link_and_append(void)
{
	link_it();
	append_message();
}

static void
remove_it(void)
{
	assert_int_equal(unlink("mbox"), 0);
}

static void
replace_it(void)
{
	make_file("other", SHOWN, strlen(SHOWN));
	assert_int_equal(rename("other", "mbox"), 0);
}

static void
delete_first_and_append(void)
{
	empty();
	append(FROM BODY "\n");
	append(FROM "much longer: than before\n\nmore text\n\n");
}

static void
add_a_status_line(void)
{
	empty();
	append(FROM "Status: RO\n" BODY "\n" FROM BODY "\n");
}

static void
change_the_shape_and_append(void)
{
	write_at(40, "\n");
	append_message();
}

static void
break_a_from_line_and_append(void)
{
	write_at(46, "from");
	append_message();
}

static void
make_a_from_line_and_append(void)
{
	empty();
	append("\n" FROM BODY FROM BODY "\n");
	append_message();
}

/* Every size as it was, and what is sent, but not where it stands. */
static void
move_a_cr_and_append(void)
{
	empty();
	append(FROM "A: b\r\n\ntext\n\n" FROM BODY "\n");
	append_message();
}

static void
lengthen_from_and_append(void)
{
	write_at(46, "From a@bc Mon Jan  1 10:00:00 2024\nA: b\n\n");
	append_message();
}

static void
empty_and_append_noise(void)
{
	empty();
	append("noise that is longer than all that was shown before, "
	       "and no mbox at all, if it comes to that, or is it?\n");
}

/* Header, size in the file and next message as they were, but not the text. */
static void
blank_the_text_and_append(void)
{
	write_at(40, "\n\n\n\n");
	append_message();
}

/* And octets as they were, but not what of them is sent. */
static void
change_the_tail_and_append(void)
{
	write_at((off_t)strlen(SHOWN) - 4, "\n\n\r\n");
	append_message();
}

static const struct {
	const char *what;
	void (*change)(void);
	enum trouble why;
} changes[] = {
    {"nothing happens",              nothing,                      FINE   },
    {"a message is appended",        append_message,               FINE   },
    {"noise is appended",            append_noise,                 FINE   },
    {"emptied",		      empty,			CHANGED},
    {"one byte less",                cut_one_byte,                 CHANGED},
    {"one message less",             cut_one_message,              CHANGED},
    {"rewritten as it was",          rewrite_as_it_was,            CHANGED},
    {"one byte differs",             change_one_byte,              CHANGED},
    {"touched",		      touch_it,                     CHANGED},
    {"a hard link is made",          link_it,                      CHANGED},
    {"a hard link, and more mail",   link_and_append,              CHANGED},
    {"removed",		      remove_it,                    CHANGED},
    {"replaced",		     replace_it,                   CHANGED},
    {"first deleted, more mail",     delete_first_and_append,      CHANGED},
    {"a Status line is added",       add_a_status_line,            CHANGED},
    {"another shape, more mail",     change_the_shape_and_append,  CHANGED},
    {"a From_ line less, more mail", break_a_from_line_and_append, CHANGED},
    {"a message moved, more mail",   make_a_from_line_and_append,  CHANGED},
    {"a CR moved, more mail",        move_a_cr_and_append,         CHANGED},
    {"From_ for a CR, more mail",    lengthen_from_and_append,     CHANGED},
    {"text of blanks, more mail",    blank_the_text_and_append,    CHANGED},
    {"another tail, more mail",      change_the_tail_and_append,   CHANGED},
    {"another file, longer",         empty_and_append_noise,       CHANGED},
};

/* Until the kernel's clock for files has moved on from the last change. */
static void
wait_for_tick(const struct mbox *m)
{
	const struct timespec pause = {.tv_nsec = 500000};
	struct timespec now;

	do {
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
	} while (now.tv_sec == m->stamp.ctime.tv_sec &&
	    now.tv_nsec == m->stamp.ctime.tv_nsec);
}

static void
every_change_is_seen(void **state)
{
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const char *what = changes[i].what;

		make_file("mbox", SHOWN, strlen(SHOWN));
		check(mbox_open(&m, "mbox") == FINE, "%s", what);
		check(mbox_scan(&m) == FINE, "%s", what);
		wait_for_tick(&m);
		changes[i].change();
		note_log();
		check(mbox_check(&m) == changes[i].why, "%s", what);
		check(logged_lines == (changes[i].why != FINE), "%s", what);
		check(mbox_check(&m) == changes[i].why, "%s: again", what);
		check(m.count == 2, "%s", what);
		check(m.size == (off_t)strlen(SHOWN), "%s", what);
		mbox_close(&m);
		unlink("other");
	}
}

static void
what_comes_after_an_append_is_seen(void **state)
{
	struct mbox m;

	(void)state;
	make_file("mbox", SHOWN, strlen(SHOWN));
	assert_int_equal(mbox_open(&m, "mbox"), FINE);
	assert_int_equal(mbox_scan(&m), FINE);
	for (int i = 0; i < 3; i++) {
		append_message();
		assert_int_equal(mbox_check(&m), FINE);
	}
	assert_int_equal(truncate("mbox", (off_t)strlen(SHOWN) + 10), 0);
	assert_int_equal(mbox_check(&m), CHANGED);
	mbox_close(&m);
}

/* Appending to random mboxes, also unfinished ones and empty ones. */
static void
appending_never_disturbs(void **state)
{
	char title[64];
	struct mbox m;

	(void)state;
	for (unsigned seed = 0; seed < 300; seed++) {
		snprintf(title, sizeof title, "seed %u", seed);
		draw_mbox(seed);
		if (!model.is_mbox)
			continue;
		make_file("mbox", model.bytes, model.len);
		assert_int_equal(mbox_open(&m, "mbox"), FINE);
		assert_int_equal(mbox_scan(&m), FINE);
		append(seed % 2 ? "\n" FROM BODY : FROM BODY);
		check(mbox_check(&m) == FINE, "%s", title);
		check_model(&m, title);
		mbox_close(&m);
	}
}

/* Index. */

static void
scan_for_index(struct mbox *m, struct index *x)
{
	make_file("mbox", SHOWN, strlen(SHOWN));
	assert_int_equal(mbox_open(m, "mbox"), FINE);
	assert_int_equal(mbox_scan(m), FINE);
	*x = (struct index){
	    .stamp = m->stamp,
	    .when = m->when,
	    .octets = m->octets,
	    .proven = 1,
	    .messages = m->messages,
	    .count = m->count,
	};
	x->when.tv_sec += 10; /* long after the last change */
	m->messages = NULL;
	m->count = 0;
}

static void
a_true_index_is_believed(void **state)
{
	struct index x;
	struct mbox m;

	(void)state;
	scan_for_index(&m, &x);
	assert_true(recall_totals(&m, &x));
	assert_int_equal(m.count, 2);
	assert_int_equal(m.octets, 28);
	assert_null(m.messages);
	recall_messages(&m, &x);
	assert_null(x.messages);
	assert_int_equal(x.count, 0);
	assert_non_null(m.messages);
	assert_true(m.size == (off_t)strlen(SHOWN));
	assert_int_equal(mbox_check(&m), FINE);
	append_message();
	assert_int_equal(mbox_check(&m), FINE);
	mbox_close(&m);
}

/* Both times must be well before the scan: either can be set back. */
static void
a_fresh_change_makes_an_index_unsure(void **state)
{
	static const struct {
		const char *what;
		time_t mtime_s; /* from now */
		time_t when_s;
		int believed;
	} times[] = {
	    {"both old",         -100, 100, 1},
	    {"mtime old",        -100, 1,   0},
	    {"mtime in future",  99,   100, 0},
	    {"both before that", 90,   100, 1},
	};
	struct timespec now[2];
	struct index x;
	struct mbox m;

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		scan_for_index(&m, &x);
		now[0] = now[1] = m.stamp.ctime;
		now[1].tv_sec += times[i].mtime_s;
		assert_int_equal(utimensat(AT_FDCWD, "mbox", now, 0), 0);
		assert_int_equal(mbox_stamp(&m), FINE);
		x.stamp = m.stamp;
		x.when = m.when;
		x.when.tv_sec += times[i].when_s;
		check(recall_totals(&m, &x) == times[i].believed, "%s",
		    times[i].what);
		mbox_close(&m);
		index_close(&x);
	}
}

static void
any_other_index_is_not(void **state)
{
	struct index x, y;
	struct mbox m;

	(void)state;
	scan_for_index(&m, &x);
	for (int i = 0; i < 10; i++) {
		y = x;
		switch (i) {
		case 0:
			y.stamp.dev++;
			break;
		case 1:
			y.stamp.ino++;
			break;
		case 2:
			y.stamp.size++;
			break;
		case 3:
			y.stamp.mtime.tv_sec--;
			break;
		case 4:
			y.stamp.mtime.tv_nsec ^= 1;
			break;
		case 5:
			y.stamp.ctime.tv_sec--;
			break;
		case 6:
			y.stamp.ctime.tv_nsec ^= 1;
			break;
		case 7:
			y.count = 0;
			break;
		case 8:
			y.when.tv_sec -= 9;
			break; /* too soon to be sure */
		default:
			y.when.tv_sec -= 100;
			break; /* before the change */
		}
		check(!recall_totals(&m, &y), "difference %d", i);
		check(m.count == 0, "difference %d", i);
	}
	append_message();
	assert_int_equal(mbox_stamp(&m), FINE);
	assert_false(recall_totals(&m, &x));
	mbox_close(&m);
	index_close(&x);
}

/*
 * One message of many octets, or two of as many in as many bytes of the file,
 * the first of which has the same header: a message more, or less, counts.
 */
static size_t
one_or_two(char *bytes, int two)
{
	size_t n = (size_t)sprintf(bytes, FROM "A: b\n\n");

	memset(bytes + n, two ? '\n' : 'x', two ? 101 : 92);
	n += two ? 101 : 92;
	if (two)
		return n + (size_t)sprintf(bytes + n, FROM BODY "\n");
	memset(bytes + n, '\n', 55);
	return n + 55;
}

static void
a_message_more_or_less_is_seen(void **state)
{
	char was[400], is[400];
	struct mbox m;

	(void)state;
	for (int two = 0; two < 2; two++) {
		size_t n = one_or_two(was, two);

		assert_int_equal(one_or_two(is, !two), n);
		make_file("mbox", was, n);
		assert_int_equal(mbox_open(&m, "mbox"), FINE);
		assert_int_equal(mbox_scan(&m), FINE);
		assert_int_equal(m.count, 1 + two);
		assert_int_equal(m.messages[0].octets, 208);
		wait_for_tick(&m);
		empty();
		is[n] = '\0';
		append(is);
		append_message();
		check(mbox_check(&m) == CHANGED, "%d before", 1 + two);
		mbox_close(&m);
	}
}

static const struct {
	int error;
	enum trouble why;
} refusals[] = {
    {EIO,    TEMP},
    {ENOMEM, TEMP},
    {ENFILE, TEMP},
    {EMFILE, TEMP},
    {ESTALE, TEMP},
    {EACCES, PERM},
    {EROFS,  PERM},
    {EPERM,  FINE}
};

/* What may pass is no reason to have someone look after it. */
static void
a_mailbox_that_cannot_be_opened_is_trouble(void **state)
{
	struct mbox m;

	(void)state;
	make_file("mbox", SHOWN, strlen(SHOWN));
	for (size_t i = 0; i < COUNT(refusals); i++) {
		note_log();
		fail_call("open", 1, refusals[i].error);
		check(mbox_open(&m, "mbox") == refusals[i].why, "%s",
		    strerror(refusals[i].error));
		fail_call(NULL, 0, 0);
		check(logged_lines == (refusals[i].why != FINE), "%s",
		    strerror(refusals[i].error));
		mbox_close(&m);
	}
	fail_call("syscall", 1, EIO); /* its fstat() */
	assert_int_equal(mbox_open(&m, "mbox"), TEMP);
	fail_call(NULL, 0, 0);
	assert_int_equal(m.fd, -1);
}

/* Never an empty mailbox, nor a changed one. */
static void
a_mailbox_that_cannot_be_read_is_trouble(void **state)
{
	static const char *const calls[] = {
	    "pread", "malloc", "realloc", "syscall"};
	struct mbox m;

	(void)state;
	make_file("mbox", SHOWN, strlen(SHOWN));
	for (size_t i = 0; i < COUNT(calls); i++) {
		assert_int_equal(mbox_open(&m, "mbox"), FINE);
		note_log();
		fail_call(calls[i], 1, EIO);
		check(mbox_scan(&m) == TEMP, "%s", calls[i]);
		fail_call(NULL, 0, 0);
		check(logged_lines == 1 && m.count == 0, "%s", calls[i]);
		mbox_close(&m);
	}
	assert_int_equal(mbox_open(&m, "mbox"), FINE);
	assert_int_equal(mbox_scan(&m), FINE);
	m.proven = 0;
	for (size_t i = 0; i < 3; i++) {
		note_log();
		fail_call(i == 2 ? "syscall" : "pread", 1, EIO);
		assert_int_equal(
		    i == 0 ? mbox_prove_message(&m, 0) : mbox_prove(&m, 0),
		    TEMP);
		fail_call(NULL, 0, 0);
		assert_int_equal(logged_lines, 1);
		assert_false(m.changed);
	}
	assert_int_equal(mbox_prove_message(&m, 0), FINE);
	mbox_close(&m);
}

static void
the_name_is_held_against_the_file(void **state)
{
	struct mbox m;
	struct stat st;

	(void)state;
	make_file("mbox", SHOWN, strlen(SHOWN));
	assert_int_equal(mbox_open(&m, "mbox"), FINE);
	assert_int_equal(mbox_stamp(&m), FINE);
	assert_int_equal(stat("mbox", &st), 0);
	assert_true(mbox_is(&m, st.st_dev, st.st_ino));
	assert_false(mbox_is(&m, st.st_dev + 1, st.st_ino));
	assert_false(mbox_is(&m, st.st_dev, st.st_ino + 1));
	mbox_close(&m);
}

/* As if that had been in one moment of a clock that stands still for a while:
 * a scan, and another program that changes what is shown. */
static void
what_leaves_the_times_as_they_were_is_found(void **state)
{
	(void)state;
	for (int is_old = 0; is_old <= 1; is_old++) {
		struct timespec when;
		struct mbox m;

		make_file("mbox", SHOWN, strlen(SHOWN));
		assert_int_equal(mbox_open(&m, "mbox"), FINE);
		assert_int_equal(mbox_scan(&m), FINE);
		assert_int_equal(mbox_prove(&m, 0), FINE);
		assert_int_equal(mbox_prove_message(&m, 0), FINE);
		when = m.when;
		write_at((off_t)strlen(FROM BODY "\n" FROM), "B");
		assert_int_equal(mbox_stamp(&m), FINE);
		m.when = when;
		m.when.tv_sec += is_old * 10;
		assert_int_equal(mbox_check(&m), FINE);
		assert_int_equal(
		    mbox_prove_message(&m, 1), is_old ? FINE : CHANGED);
		assert_int_equal(mbox_prove(&m, 1), is_old ? FINE : CHANGED);
		assert_int_equal(unlink("mbox"), 0);
		assert_int_equal(mbox_stamp(&m), FINE);
		assert_int_equal(mbox_check(&m), CHANGED);
		mbox_close(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_are_where_they_are),
	    cmocka_unit_test(what_is_no_mbox_is_never_an_empty_one),
	    cmocka_unit_test(random_mboxes_agree_with_the_model),
	    cmocka_unit_test(long_lines_do_not_matter),
	    cmocka_unit_test(a_file_cut_during_the_scan_is_trouble),
	    cmocka_unit_test(block_ends_do_not_matter),
	    cmocka_unit_test(offsets_go_beyond_4_gib),
	    cmocka_unit_test(many_messages_are_found),
	    cmocka_unit_test(odd_files_are_refused),
	    cmocka_unit_test(no_file_is_an_empty_mailbox),
	    cmocka_unit_test(no_directory_is_trouble),
	    cmocka_unit_test(a_path_too_long_is_refused),
	    cmocka_unit_test(closing_twice_is_safe),
	    cmocka_unit_test(every_change_is_seen),
	    cmocka_unit_test(what_leaves_the_times_as_they_were_is_found),
	    cmocka_unit_test(what_comes_after_an_append_is_seen),
	    cmocka_unit_test(appending_never_disturbs),
	    cmocka_unit_test(a_true_index_is_believed),
	    cmocka_unit_test(a_fresh_change_makes_an_index_unsure),
	    cmocka_unit_test(any_other_index_is_not),
	    cmocka_unit_test(a_message_more_or_less_is_seen),
	    cmocka_unit_test(a_mailbox_that_cannot_be_opened_is_trouble),
	    cmocka_unit_test(a_mailbox_that_cannot_be_read_is_trouble),
	    cmocka_unit_test(the_name_is_held_against_the_file),
	};

	return cmocka_run_group_tests_name("mbox", tests, enter_dir, leave_dir);
}
