/*
 * pop3d-secret.c - sets, deletes, lists and verifies entries of the secrets file
 *
 * A program of its own, for the administrator. It never takes a secret from
 * its command line, and never shows one. Lines that it is not about are kept
 * to the byte.
 */
#include "log.h"
#include "prep.h"
#include "scram.h"
#include "secrets.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#ifndef NAME
#define NAME "pop3d"
#endif

#define PASSWORD  255 /* bytes, as pop3d takes them */
#define NAME_MOST 255

struct job {
	const char *file;
	const char *scheme; /* as given; NULL: the best */
	const char *owner;  /* NULL: none */
	const char *mailbox;
	const char *user; /* NULL: all of them */
	int add;          /* the user's other lines stay */
};

static _Noreturn void __attribute__((format(printf, 2, 3)))
leave(int status, const char *format, ...)
{
	va_list ap;

	fprintf(stderr, NAME "-secret: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(status);
}

static _Noreturn void
leave_errno(const char *what, const char *path)
{
	leave(EX_IOERR, "%s %s: %s", what, path, strerror(errno));
}

/* What secrets.c has to say. */
static void
say(int level, const char *text)
{
	(void)level;
	fprintf(stderr, NAME "-secret: %s\n", text);
}

/* --- the password --- */

/* A line of standard input, without its line end. False at the end, or if it
 * is too long or holds a control character. */
static int
read_line(char out[PASSWORD + 1])
{
	size_t len = 0;
	char c = '\0';
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
		if (len == PASSWORD || (unsigned char)c < ' ' || c == 0x7f)
			return 0;
		out[len++] = c;
	}
	out[len] = '\0';
	return n != -1 && len > 0;
}

/* Without echo; and without signals, which would leave it so. */
static int
ask(const char *prompt, char out[PASSWORD + 1])
{
	struct termios was, now;
	int done;

	if (tcgetattr(STDIN_FILENO, &was) == -1)
		leave_errno("cannot ask", "the terminal");
	now = was;
	now.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	now.c_lflag |= ECHONL;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &now) == -1)
		leave_errno("cannot ask", "the terminal");
	fputs(prompt, stderr);
	done = read_line(out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	return done;
}

static void
read_password(char out[PASSWORD + 1], int twice)
{
	char again[PASSWORD + 1] = "";
	int is_tty = isatty(STDIN_FILENO), good;

	good = is_tty ? ask("Password: ", out) : read_line(out);
	if (good && is_tty && twice) {
		good = ask("Again: ", again);
		if (good && strcmp(out, again) != 0)
			leave(EX_DATAERR, "these are not the same");
	}
	explicit_bzero(again, sizeof again);
	if (!good)
		leave(EX_DATAERR,
		    "a password is needed, of 1 to %d bytes and without "
		    "control characters",
		    PASSWORD);
}

/* --- what stands behind the braces --- */

static void
hash_scram(enum scram_hash hash, const char *password, char *out)
{
	struct scram_keys keys = {
	    .salt = {.len = 16, .iterations = SCRAM_ITERATIONS}
        };

	if (getrandom(keys.salt.bytes, keys.salt.len, 0) !=
	    (ssize_t)keys.salt.len)
		leave_errno("cannot draw", "a salt");
	scram_derive(hash, password, &keys);
	scram_write(hash, &keys, out);
	explicit_bzero(&keys, sizeof keys);
}

static void
hash_crypt(const char *password, char *out, size_t room)
{
	const char *setting = crypt_gensalt(NULL, 0, NULL, 0);
	struct crypt_data data = {0};
	const char *hash =
	    setting == NULL ? NULL : crypt_r(password, setting, &data);

	if (hash == NULL || *hash == '*' ||
	    (size_t)snprintf(out, room, "%s", hash) >= room)
		leave(EX_SOFTWARE, "cannot make a hash of crypt(5)'s");
	explicit_bzero(&data, sizeof data);
}

/* "{SCHEME}value" of the password that is asked for. */
static void
make_value(const struct job *job, char *out, size_t room)
{
	static const char *const names[] = {
	    "SCRAM-SHA-256", "SCRAM-SHA-1", "CRYPT", "PLAIN"};
	char password[PASSWORD + 1] = "", value[512] = "";
	char typed[PASSWORD + 1] = "";
	const char *wrong;
	size_t i = 0;

	while (i < COUNT(names) && job->scheme != NULL &&
	    strcasecmp(job->scheme, names[i]) != 0)
		i++;
	if (i == COUNT(names))
		leave(EX_USAGE,
		    "--scheme is SCRAM-SHA-256, SCRAM-SHA-1, CRYPT or PLAIN");
	read_password(typed, 1);
	wrong = prep_stored(typed, password, sizeof password);
	explicit_bzero(typed, sizeof typed);
	if (wrong != NULL)
		leave(EX_DATAERR, "%s", wrong);
	if (i < 2)
		hash_scram(
		    i == 0 ? SCRAM_SHA_256 : SCRAM_SHA_1, password, value);
	else if (i == 2)
		hash_crypt(password, value, sizeof value);
	else
		snprintf(value, sizeof value, "%s", password);
	snprintf(out, room, "{%s}%s", names[i], value);
	explicit_bzero(password, sizeof password);
	explicit_bzero(value, sizeof value);
}

/* --- the file --- */

/* Opens and locks the file that has the name, and not one that had it. */
static int
lock(const char *path, int flags)
{
	struct stat ours, named;
	int fd;

	for (;;) {
		fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
		if (fd == -1 || flock(fd, LOCK_EX) == -1 ||
		    fstat(fd, &ours) == -1)
			leave_errno("cannot open and lock", path);
		if (lstat(path, &named) == 0 && named.st_ino == ours.st_ino &&
		    named.st_dev == ours.st_dev)
			return fd;
		close(fd);
	}
}

/* Is the line, of that length, the user's? */
static int
is_his(const char *line, size_t len, const char *user)
{
	size_t name_len = strlen(user);

	return len >= name_len && memcmp(line, user, name_len) == 0 &&
	    (len == name_len || strchr(":\r\n", line[name_len]) != NULL);
}

/* All lines but the user's, if it is said so. Returns how many were his. */
static unsigned
copy_lines(FILE *from, FILE *to, const char *user, int keep_his)
{
	unsigned count = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, from)) > 0) {
		int his = is_his(line, (size_t)len, user);

		count += (unsigned)his;
		if (his && !keep_his)
			continue;
		fwrite(line, 1, (size_t)len, to);
		if (line[len - 1] != '\n')
			fputc('\n', to);
	}
	if (line != NULL)
		explicit_bzero(line, room);
	free(line);
	return count;
}

/* The file stays as it was, with nothing beside it. */
static _Noreturn void
discard(const char *draft, const char *what, const char *path)
{
	int why = errno;

	unlink(draft);
	errno = why;
	leave_errno(what, path);
}

/* The new file takes the old one's place, once it is on disk. */
static void
replace(const struct job *job, const char *draft, FILE *to)
{
	if (fflush(to) != 0 || ferror(to) || fsync(fileno(to)) == -1 ||
	    fclose(to) != 0 || rename(draft, job->file) == -1)
		discard(draft, "cannot write", job->file);
}

/* Writes the file anew, with "line" at its end if there is one. The lock ends
 * with the process. Returns how many lines were the user's. */
static unsigned
rewrite(const struct job *job, int flags, const char *line)
{
	int fd = lock(job->file, flags);
	char draft[SECRETS_PATH + 16];
	FILE *from = fdopen(fd, "r"), *to;
	struct stat was;
	unsigned count;

	if (from == NULL)
		leave_errno("cannot read", job->file);
	snprintf(draft, sizeof draft, "%s.new", job->file);
	unlink(draft); /* of one that was killed: we have the lock */
	to = fopen(draft, "wxe");
	if (to == NULL)
		leave_errno("cannot write", draft);
	if (fstat(fd, &was) == -1 ||
	    fchown(fileno(to), was.st_uid, was.st_gid) == -1)
		discard(draft, "cannot write", draft);
	count = copy_lines(from, to, job->user, line != NULL && job->add);
	if (line != NULL)
		fprintf(to, "%s\n", line);
	if (ferror(from))
		discard(draft, "cannot read", job->file);
	if (line == NULL && count == 0)
		unlink(draft);
	else
		replace(job, draft, to);
	return count;
}

/* --- what can be done --- */

static int
do_set(const struct job *job)
{
	char value[600] = "", line[2048];
	int n;

	make_value(job, value, sizeof value);
	n = snprintf(line, sizeof line, "%s:%s%s%s%s%s", job->user,
	    job->owner == NULL ? "" : job->owner,
	    job->owner == NULL && job->mailbox == NULL ? "" : ":",
	    job->mailbox == NULL ? "" : job->mailbox,
	    job->mailbox == NULL ? "" : ":", value);
	must(n > 0 && (size_t)n < sizeof line);
	rewrite(job, O_CREAT, line);
	explicit_bzero(value, sizeof value);
	explicit_bzero(line, sizeof line);
	return EX_OK;
}

static int
do_delete(const struct job *job)
{
	if (rewrite(job, 0, NULL) > 0)
		return EX_OK;
	leave(EX_NOUSER, "%s has no entry in %s", job->user, job->file);
}

static int
do_list(const struct job *job)
{
	struct secrets s;
	struct secret e;

	if (secrets_open(&s, job->file) != FINE)
		return EX_CONFIG;
	while (secrets_next(&s, job->user, &e))
		printf("%s\t%s\t%s\t%s\n", e.user,
		    secrets_scheme_name(e.scheme), *e.owner ? e.owner : "-",
		    *e.path ? e.path : "-");
	secrets_close(&s);
	return EX_OK;
}

/* Status 1 if the password lets nobody in. */
static int
do_verify(const struct job *job)
{
	char typed[PASSWORD + 1] = "", password[PASSWORD + 1] = "";
	struct secrets s;
	struct secret e;
	int agrees = 0;

	if (secrets_open(&s, job->file) != FINE)
		return EX_CONFIG;
	read_password(typed, 0);
	if (prep_query(PREP_SASL, typed, password, sizeof password) != NULL)
		leave(EX_DATAERR, "nobody can have that password");
	while (secrets_next(&s, job->user, &e))
		agrees |= secrets_agree(&e, password);
	secrets_close(&s);
	explicit_bzero(typed, sizeof typed);
	explicit_bzero(password, sizeof password);
	printf("%s\n", agrees ? "right" : "wrong");
	return !agrees;
}

static const struct {
	const char *name;
	int (*run)(const struct job *job);
	int needs_user;
} deeds[] = {
    {"set",    do_set,    1},
    {"delete", do_delete, 1},
    {"list",   do_list,   0},
    {"verify", do_verify, 1},
};

/* --- the command line --- */

static _Noreturn void
usage(int status)
{
	fprintf(status == EX_OK ? stdout : stderr,
	    "usage: " NAME "-secret [options] set|delete|verify USER\n"
	    "       " NAME "-secret [options] list [USER]\n\n"
	    "  -f, --file=FILE      /etc/" NAME ".secrets\n"
	    "  -s, --scheme=SCHEME  SCRAM-SHA-256, SCRAM-SHA-1, CRYPT, PLAIN\n"
	    "  -o, --owner=NAME     system user that owns the mailbox\n"
	    "  -m, --mailbox=PATH   where it is\n"
	    "  -a, --add            keep the user's other entries\n"
	    "  -h, --help\n\n"
	    "The password is asked for, or read from standard input.\n");
	exit(status);
}

/* Can it stand between colons, and be read again as it is? */
static int
is_field(const char *text, size_t most)
{
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == ':')
			return 0;
	return *text != '\0' && *text != '{' && strlen(text) <= most;
}

static void
check_job(const struct job *job)
{
	must(job->file != NULL);
	if (job->user != NULL &&
	    (!is_field(job->user, NAME_MOST) || *job->user == '#'))
		leave(EX_USAGE, "that is no user's name");
	if (job->owner != NULL && !is_field(job->owner, SECRETS_OWNER))
		leave(EX_USAGE, "that is no owner's name");
	if (job->mailbox != NULL &&
	    (!is_field(job->mailbox, SECRETS_PATH) ||
		(*job->mailbox != '/' && *job->mailbox != '%')))
		leave(EX_USAGE,
		    "a mailbox is an absolute path without colons and spaces");
	if (strlen(job->file) > SECRETS_PATH)
		leave(EX_USAGE, "the file's name is too long");
}

/* As pop3d does, which looks for that name. An empty one is none. */
static void
prepare_user(const char *typed, char out[NAME_MOST + 1])
{
	if (*typed != '\0' && prep_stored(typed, out, NAME_MOST + 1) != NULL)
		leave(EX_USAGE, "that is no user's name");
}

static void
read_options(struct job *job, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"file",    required_argument, NULL, 'f'},
	    {"scheme",  required_argument, NULL, 's'},
	    {"owner",   required_argument, NULL, 'o'},
	    {"mailbox", required_argument, NULL, 'm'},
	    {"add",     no_argument,       NULL, 'a'},
	    {"help",    no_argument,       NULL, 'h'},
	    {NULL,      0,                 NULL, 0  },
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "f:s:o:m:ah", longs, NULL)) !=
	    -1) {
		switch (letter) {
		case 'f':
			job->file = optarg;
			break;
		case 's':
			job->scheme = optarg;
			break;
		case 'o':
			job->owner = optarg;
			break;
		case 'm':
			job->mailbox = optarg;
			break;
		case 'a':
			job->add = 1;
			break;
		default:
			usage(letter == 'h' ? EX_OK : EX_USAGE);
		}
	}
}

int
main(int argc, char **argv)
{
	struct job job = {.file = "/etc/" NAME ".secrets"};
	const struct rlimit none = {0, 0};
	char user[NAME_MOST + 1] = "";
	const char *deed;
	int status;

	if (setrlimit(RLIMIT_CORE, &none) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0) == -1)
		leave_errno("cannot forbid", "core dumps");
	log_divert(say);
	umask(077);
	read_options(&job, argc, argv);
	deed = argv[optind];
	if (deed == NULL || argc - optind > 2)
		usage(EX_USAGE);
	if (argv[optind + 1] != NULL) {
		job.user = user;
		prepare_user(argv[optind + 1], user);
	}
	check_job(&job);
	for (size_t i = 0; i < COUNT(deeds); i++)
		if (strcmp(deed, deeds[i].name) == 0) {
			if (deeds[i].needs_user && job.user == NULL)
				usage(EX_USAGE);
			status = deeds[i].run(&job);
			if (fflush(stdout) != 0)
				leave_errno("cannot write", "the answer");
			return status;
		}
	usage(EX_USAGE);
}
