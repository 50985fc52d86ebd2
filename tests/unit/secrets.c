/*
 * Tests of secrets.c: which file is trusted, and which of its lines are
 * entries.
 */
#include "../../secrets.h"

#include "failing.h"
#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

FAILING(int, open, (const char *path, int flags, ...), (path, flags, 0600), -1)
FAILING(int, fstat, (int fd, struct stat *st), (fd, st), -1)
/* No error is the end of the file, which has shrunk. */
FAILING(ssize_t, read, (int fd, void *out, size_t n), (fd, out, n),
    fault.error == 0 ? 0 : -1)

static const struct {
	const char *what;
	const char *file;
	size_t n;
	const char *user;
	const char *entries; /* P for PLAIN, C for CRYPT, - for
				a wrong line; value; '|' */
	unsigned warnings;
} cases[] = {
#define FILE(what, file, user, entries, warnings)                              \
	{                                                                      \
		what, file, sizeof(file) - 1, user, entries, warnings          \
	}
    FILE("a plain secret", "joe:{PLAIN}secret\n", "joe", "Psecret|", 0),
    FILE("a hash", "joe:{CRYPT}$6$salt$x\n", "joe", "C$6$salt$x|", 0),
    FILE("no such user", "joe:{PLAIN}secret\n", "jim", "", 0),
    FILE("one of many", "a:{PLAIN}1\nb:{PLAIN}2\nc:{PLAIN}3\n", "b", "P2|", 0),
    FILE("several of one user", "a:{PLAIN}1\nb:{PLAIN}2\na:{CRYPT}3\n", "a",
	"P1|C3|", 0),
    FILE("no LF at the end", "joe:{PLAIN}secret", "joe", "Psecret|", 0),
    FILE("CRLF", "joe:{PLAIN}secret\r\njim:{PLAIN}x\r\n", "joe", "Psecret|", 0),
    FILE("scheme in any case", "joe:{plain}a\njoe:{Crypt}b\n", "joe", "Pa|Cb|",
	0),
    FILE("secrets with odd bytes", "joe:{PLAIN} a:b{PLAIN}#\377 \n", "joe",
	"P a:b{PLAIN}#\377 |", 0),
    FILE("comments", "# joe:{PLAIN}a\n#joe:{PLAIN}b\njoe:{PLAIN}c\n", "joe",
	"Pc|", 0),
    FILE(
	"a comment of any text", "# the users: all\n#\n", "# the users", "", 0),
    FILE("empty lines", "\n\r\n\njoe:{PLAIN}c\n\n", "joe", "Pc|", 0),
    FILE("nothing", "", "joe", "", 0),
    FILE("one LF", "\n", "joe", "", 0),
    FILE("a name is the whole name", "joey:{PLAIN}a\njo:{PLAIN}b\n", "joe", "",
	0),
    FILE("a name has its case", "Joe:{PLAIN}a\n", "joe", "", 0),
    FILE("no name", ":{PLAIN}a\n", "joe", "", 0),
    FILE("a space is part of a name", " joe:{PLAIN}a\njoe :{PLAIN}b\n", "joe",
	"", 0),
    FILE("a domain is part of a name", "joe@a:{PLAIN}1\njoe@b:{PLAIN}2\n",
	"joe@b", "P2|", 0),
    FILE("no colon", "joe\njoe:{PLAIN}a\n", "joe", "-|Pa|", 1),
    FILE("no scheme", "joe:secret\njoe:{PLAIN}a\n", "joe", "-|Pa|", 1),
    FILE("an unknown scheme", "joe:{MD5}x\njoe:{PLAIN}a\n", "joe", "-|Pa|", 1),
    FILE("an unfinished scheme", "joe:{PLAIN\njoe:{PLAIN}a\n", "joe", "-|Pa|",
	1),
    FILE("no secret", "joe:{PLAIN}\njoe:{CRYPT}\njoe:{PLAIN}a\n", "joe",
	"-|-|Pa|", 2),
    FILE("a space before the scheme", "joe: {PLAIN}a\n", "joe", "-|", 1),
    FILE("passwd's form", "joe:x:1000:1000::/home/joe:/bin/sh\n", "joe", "-|",
	1),
    FILE(
	"wrong lines of others", "jim\nbob:x\njoe:{PLAIN}a\n", "joe", "Pa|", 2),
    FILE(
	"a NUL in the name", "jo\0e:{PLAIN}a\njoe:{PLAIN}b\n", "joe", "Pb|", 1),
    FILE("a NUL in the scheme", "joe:{PLA\0IN}a\njoe:{PLAIN}b\n", "joe",
	"-|Pb|", 1),
    FILE("a NUL at the start", "\0joe:{PLAIN}a\njoe:{PLAIN}b\n", "joe", "Pb|",
	1),
    FILE("a NUL in the secret", "joe:{PLAIN}a\0b\njoe:{PLAIN}b\n", "joe",
	"-|Pb|", 1),
#undef FILE
};

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255                                                                   \
	A64 A64 A64                                                            \
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define S20 "AAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* The fields before the scheme; NULL: the line is wrong. */
static const struct {
	const char *line;
	const char *fields; /* owner, a bar, path, a bar, value */
} places[] = {
    {"joe:{PLAIN}a:b",			    "||a:b"                   },
    {"joe:vmail:{PLAIN}a",                        "vmail||a"                },
    {"joe:vmail:/mail/%d/%n:{PLAIN}a",            "vmail|/mail/%d/%n|a"     },
    {"joe::/mail/%u:{PLAIN}a",                    "|/mail/%u|a"             },
    {"joe:::{PLAIN}a",			    "||a"                     },
    {"joe:vmail::{PLAIN}a",                       "vmail||a"                },
    {"joe:" A255 ":{PLAIN}a",                     A255 "||a"                },
    {"joe:vmail:/mail/{x}:{PLAIN}a:b",            "vmail|/mail/{x}|a:b"     },
    {"joe:a" A255 ":{PLAIN}a",                    NULL                      },
    {"joe:a:/b:c:{PLAIN}a",                       NULL                      },
    {"joe::::{PLAIN}a",			   NULL                      },
    {"joe:vmail {PLAIN}a",                        NULL                      },
    {"joe:vmail:/mail",			   NULL                      },
    {"joe:vmail:/mail:",			  NULL                      },
    {"joe:vmail:/mail:{MD9}x",                    NULL                      },
    {"joe:{SCRAM-SHA-1}4096,QUJD," S20 "," S20,   "||4096,QUJD," S20 "," S20},
    {"joe:{SCRAM-SHA-256}4096,QUJD," S20 "," S20, NULL                      },
    {"joe:{SCRAM-SHA-1}pencil",                   NULL                      },
};

static void
an_entry_may_name_a_place(void **state)
{
	struct secret entry;
	struct secrets s;
	char got[600];

	(void)state;
	for (size_t i = 0; i < COUNT(places); i++) {
		const char *line = places[i].line;

		make_file("secrets", line, strlen(line));
		note_log();
		assert_int_equal(secrets_open(&s, "secrets"), FINE);
		check(secrets_next(&s, "joe", &entry), "%s", line);
		check(
		    (entry.scheme == SCHEME_NONE) == (places[i].fields == NULL),
		    "%s", line);
		check(logged_lines == (places[i].fields == NULL), "%s", line);
		snprintf(got, sizeof got, "%s|%s|%s", entry.owner, entry.path,
		    entry.value);
		if (places[i].fields != NULL)
			check_text(got, places[i].fields, line);
		secrets_close(&s);
	}
}

static void
take_entries(struct secrets *s, const char *user, char *got, size_t room)
{
	struct secret entry;
	size_t len = 0;

	got[0] = '\0';
	while (secrets_next(s, user, &entry)) {
		len += (size_t)snprintf(got + len, room - len, "%c%s|",
		    "-PC"[entry.scheme], entry.value);
		assert_true(len < room);
	}
}

static void
lines_are_entries_or_wrong(void **state)
{
	char got[256];
	struct secrets s;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		make_file("secrets", cases[i].file, cases[i].n);
		note_log();
		check(secrets_open(&s, "secrets") == FINE, "%s", cases[i].what);
		take_entries(&s, cases[i].user, got, sizeof got);
		check_text(got, cases[i].entries, cases[i].what);
		check(logged_lines == cases[i].warnings, "%s", cases[i].what);
		secrets_close(&s);
	}
}

/* The log says which line, and never what is in it. */
static void
a_warning_names_the_line_only(void **state)
{
	static const char file[] = "# one\n\njoe:{PLAIN}a\njoe:hidden\n";
	struct secrets s;
	char got[64];

	(void)state;
	make_file("secrets", file, sizeof file - 1);
	note_log();
	assert_int_equal(secrets_open(&s, "secrets"), FINE);
	take_entries(&s, "joe", got, sizeof got);
	assert_non_null(strstr(logged, "line 4 "));
	assert_null(strstr(logged, "hidden"));
	secrets_close(&s);
}

static void
a_large_file_is_read_whole(void **state)
{
	enum { LINES = 20000 };
	char *file = malloc(LINES * 32);
	struct secrets s;
	size_t n = 0;
	char got[64];

	(void)state;
	for (int i = 0; i < LINES; i++)
		n += (size_t)sprintf(file + n, "user%d:{PLAIN}%d\n", i, i);
	make_file("secrets", file, n);
	free(file);
	assert_int_equal(secrets_open(&s, "secrets"), FINE);
	take_entries(&s, "user19999", got, sizeof got);
	check_text(got, "P19999|", "the last one");
	secrets_close(&s);
}

/* Each leaves something at "odd". */

static void
make_readable(void)
{
	make_file("odd", "", 0);
	assert_int_equal(chmod("odd", 0640), 0);
}

static void
make_readable_by_all(void)
{
	make_file("odd", "", 0);
	assert_int_equal(chmod("odd", 0604), 0);
}

static void
make_writable(void)
{
	make_file("odd", "", 0);
	assert_int_equal(chmod("odd", 0620), 0);
}

static void
make_executable(void)
{
	make_file("odd", "", 0);
	assert_int_equal(chmod("odd", 0601), 0);
}

static void
make_symlink(void)
{
	make_file("secrets", "", 0);
	assert_int_equal(symlink("secrets", "odd"), 0);
}

static void
make_dangling(void)
{
	assert_int_equal(symlink("nothing", "odd"), 0);
}

static void
make_fifo(void)
{
	assert_int_equal(mkfifo("odd", 0600), 0);
}

static void
make_directory(void)
{
	assert_int_equal(mkdir("odd", 0700), 0);
}

static void
make_huge(void)
{
	make_file("odd", "", 0);
	assert_int_equal(truncate("odd", (64 << 20) + 1), 0);
}

/* Which cannot be given away, or cannot be read, by everyone. */
static void
make_forbidden(void)
{
	make_file("odd", "", 0);
	if (geteuid() == 0)
		assert_int_equal(chown("odd", 1, 1), 0);
	else
		assert_int_equal(chmod("odd", 0), 0);
}

static void
make_socket(void)
{
	const struct sockaddr_un name = {AF_UNIX, "odd"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
	close(fd);
}

static const struct {
	const char *what;
	void (*make)(void);
} odd_files[] = {
    {"readable by the group",      make_readable       },
    {"readable by all",            make_readable_by_all},
    {"writable by the group",      make_writable       },
    {"executable by all",          make_executable     },
    {"a symbolic link",            make_symlink        },
    {"a symbolic link to nothing", make_dangling       },
    {"a FIFO",		     make_fifo           },
    {"a socket",		   make_socket         },
    {"a directory",                make_directory      },
    {"larger than 64 MiB",         make_huge           },
    {"another's, or not readable", make_forbidden      },
};

static void
odd_files_are_refused(void **state)
{
	struct secret entry;
	struct secrets s;

	(void)state;
	for (size_t i = 0; i < COUNT(odd_files); i++) {
		odd_files[i].make();
		note_log();
		check(secrets_open(&s, "odd") == PERM, "%s", odd_files[i].what);
		check(logged_lines == 1, "%s", odd_files[i].what);
		check(strstr(logged, "secrets file odd") != NULL, "%s",
		    odd_files[i].what);
		check(
		    !secrets_next(&s, "joe", &entry), "%s", odd_files[i].what);
		check(secrets_schemes("odd") == 0, "%s", odd_files[i].what);
		secrets_close(&s);
		check(remove("odd") == 0, "%s", odd_files[i].what);
	}
}

static const struct {
	const char *call;
	int error;
	enum trouble why;
	const char *log; /* its beginning */
} failures[] = {
    {"open",  EACCES,  PERM, "cannot open secrets file secrets: "},
    {"open",  ENOTDIR, PERM, "cannot open secrets file secrets: "},
    {"open",  EMFILE,  TEMP, "cannot open secrets file secrets: "},
    {"open",  EIO,     TEMP, "cannot open secrets file secrets: "},
    {"fstat", EIO,     TEMP, "cannot open secrets file secrets: "},
    {"read",  EIO,     TEMP, "cannot read secrets file secrets: "},
};

/* A file that cannot be read now is not one that may not be read. */
static void
failures_are_no_faults_of_the_file(void **state)
{
	struct secret entry;
	struct secrets s;

	(void)state;
	make_file("secrets", "joe:{PLAIN}x\n", 13);
	for (size_t i = 0; i < COUNT(failures); i++) {
		note_log();
		fail_call(failures[i].call, 1, failures[i].error);
		check(secrets_open(&s, "secrets") == failures[i].why, "%s: %s",
		    failures[i].call, strerror(failures[i].error));
		check(strstr(logged, failures[i].log) == logged, "%s", logged);
		check(logged_lines == 1, "%s", failures[i].call);
		check(!secrets_next(&s, "joe", &entry), "an entry");
		check(s.text == NULL, "memory");
	}
	fail_call("read", 1, EINTR);
	assert_int_equal(secrets_open(&s, "secrets"), FINE);
	assert_true(secrets_next(&s, "joe", &entry));
	secrets_close(&s);
	fail_call("read", 1, 0);
	assert_int_equal(secrets_open(&s, "secrets"), FINE);
	assert_false(secrets_next(&s, "joe", &entry));
	secrets_close(&s);
	fail_call(NULL, 0, 0);
}

/* Who reads in silence may find them, too. */
static void
keys_that_are_none_agree_with_nothing(void **state)
{
	struct secret entry = {.scheme = SCHEME_SCRAM_SHA_1, .value = "x"};

	(void)state;
	assert_false(secrets_agree(&entry, "x"));
	entry.scheme = SCHEME_SCRAM_SHA_256;
	assert_false(secrets_agree(&entry, "x"));
	check_text(secrets_scheme_name(SCHEME_PLAIN), "{PLAIN}", "name");
	check_text(secrets_scheme_name(SCHEME_NONE), "wrong", "name");
}

static void
modes_of_the_owner_are_his_own(void **state)
{
	static const mode_t modes[] = {0600, 0400, 0700};
	struct secrets s;

	(void)state;
	make_file("secrets", "a:{PLAIN}b\n", 11);
	for (size_t i = 0; i < COUNT(modes); i++) {
		assert_int_equal(chmod("secrets", modes[i]), 0);
		check(secrets_open(&s, "secrets") == FINE, "mode %o", modes[i]);
		check(secrets_schemes("secrets") == 1U << SCHEME_PLAIN,
		    "mode %o", modes[i]);
		secrets_close(&s);
	}
}

static void
no_file_has_no_entries(void **state)
{
	struct secret entry;
	struct secrets s;

	(void)state;
	note_log();
	assert_int_equal(secrets_open(&s, "nothing"), FINE);
	assert_false(secrets_next(&s, "joe", &entry));
	secrets_close(&s);
	secrets_close(&s);
	assert_int_equal(secrets_schemes("nothing"), 0);
	assert_int_equal(logged_lines, 0);
}

static const struct {
	const char *file;
	unsigned schemes;
} kinds[] = {
    {"",				 0					     },
    {"# joe:{PLAIN}x\n",                 0					     },
    {"joe:{PLAIN}\njim:{MD5}x\n",        0					     },
    {"joe:{PLAIN}x\n",                   1U << SCHEME_PLAIN                            },
    {"\njoe\njim:{CRYPT}x\n",            1U << SCHEME_CRYPT                            },
    {"a:{CRYPT}x\nb:{PLAIN}x\nc",        1U << SCHEME_CRYPT | 1U << SCHEME_PLAIN       },
    {"a:{CRYPT}x\nb:{PLAIN}x\nc:{SCRAM-SHA-1}x\nd:{SCRAM-SHA-256}x\n"
     "e:{EXTERNAL}x\nf:{PLAIN}x\n", (1U << SCHEME_COUNT) - 1 - (1U << SCHEME_NONE)},
};

/* At each connection: it must not fill the log. */
static void
schemes_are_found_in_silence(void **state)
{
	(void)state;
	note_log();
	for (size_t i = 0; i < COUNT(kinds); i++) {
		make_file("secrets", kinds[i].file, strlen(kinds[i].file));
		check(secrets_schemes("secrets") == kinds[i].schemes, "%s",
		    kinds[i].file);
	}
	assert_int_equal(logged_lines, 0);
}

static void
noise_does_no_harm(void **state)
{
	static const char some[] = "ab:{PLAIN}{CRYPT}:#\n\n\r\0\377 ";
	uint64_t seed = 17;
	struct secret entry;
	struct secrets s;
	char file[120];

	(void)state;
	for (int i = 0; i < 500; i++) {
		size_t n = draw(&seed, sizeof file);

		for (size_t j = 0; j < n; j++)
			file[j] = some[draw(&seed, sizeof some - 1)];
		make_file("secrets", file, n);
		assert_int_equal(secrets_open(&s, "secrets"), FINE);
		while (secrets_next(&s, "a", &entry))
			assert_true(strlen(entry.value) < n);
		secrets_close(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_are_entries_or_wrong),
	    cmocka_unit_test(an_entry_may_name_a_place),
	    cmocka_unit_test(a_warning_names_the_line_only),
	    cmocka_unit_test(a_large_file_is_read_whole),
	    cmocka_unit_test(odd_files_are_refused),
	    cmocka_unit_test(failures_are_no_faults_of_the_file),
	    cmocka_unit_test(keys_that_are_none_agree_with_nothing),
	    cmocka_unit_test(modes_of_the_owner_are_his_own),
	    cmocka_unit_test(no_file_has_no_entries),
	    cmocka_unit_test(schemes_are_found_in_silence),
	    cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests_name(
	    "secrets", tests, enter_dir, leave_dir);
}
