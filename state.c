/*
 * state.c - the state directory, and the files of a maildrop in it
 *
 * Runs as root, in a directory that only root can write to. The files belong
 * to mail users: they are made, looked at and renamed, never read.
 */
#include "state.h"

#include "bytes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL ".journal"

const char *
state_wrong(const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return errno == ENOENT
		    ? "is not there: make it with install -d -m 711"
		    : strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return "is not a directory";
	if (st.st_uid != geteuid())
		return "belongs to someone else: give another by --state=DIR";
	if ((st.st_mode & 022) != 0)
		return "can be written by others: chmod 711 it";
	return NULL;
}

/* The name of a file in the state directory: the mailbox's path, ':' for
 * '/', so that one mailbox has one lock whatever name its user logs in by.
 * False, with errno, if it cannot be one. */
static int
state_path(const char *state, const char *mailbox, const char *suffix,
    char out[PRIVSEP_PATH + 1])
{
	size_t before = strlen(state) + 1;
	int n = snprintf(
	    out, PRIVSEP_PATH + 1, "%s/%s%s", state, mailbox + 1, suffix);

	errno = ENAMETOOLONG;
	if ((size_t)n > PRIVSEP_PATH || (size_t)n - before > NAME_MAX ||
	    strchr(mailbox, ':') != NULL)
		return 0;
	for (char *name = out + before; *name != '\0'; name++)
		if (*name == '/')
			*name = ':';
	return 1;
}

/* Makes the file, if nobody else does at the same time. */
static int
make_file(const char *path)
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags, 0600);

	if (fd != -1)
		close(fd);
	return fd != -1 || errno == EEXIST;
}

/* There is to be such a file, the account's alone. Only root can put another
 * in its place after it was looked at. */
static enum trouble
provide_file(const struct account *account, const char *path, int *is_new)
{
	struct stat st;

	*is_new = lstat(path, &st) == -1;
	if (*is_new &&
	    (errno != ENOENT || !make_file(path) || lstat(path, &st) == -1)) {
		log_errno("cannot make or look at state file", path);
		return TEMP;
	}
	/* It is new, or whoever made it has not come to handing it over. */
	if (geteuid() == 0 && st.st_uid == 0 && st.st_size == 0 &&
	    S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    lchown(path, account->uid, account->gid) == 0)
		st.st_uid = account->uid;
	if (S_ISREG(st.st_mode) && st.st_uid == account->uid &&
	    st.st_nlink == 1)
		return FINE;
	log_line(LOG_ERR,
	    "state file %s is not a plain file of user %s: remove it", path,
	    account->name);
	return PERM;
}

/* A journal that is on disk under no name is none. */
static enum trouble
sync_directory(const char *state)
{
	int fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int synced = fd != -1 && (fsync(fd) == 0 || errno == EINVAL);

	if (!synced)
		log_errno("cannot sync state directory", state);
	if (fd != -1)
		close(fd);
	return synced ? FINE : TEMP;
}

enum trouble
state_make(
    const char *state, const struct account *account, struct state_paths *paths)
{
	enum trouble why;
	int is_new;

	if (!state_path(state, account->mailbox, ".index", paths->index) ||
	    !state_path(state, account->mailbox, JOURNAL, paths->journal)) {
		log_line(LOG_ERR,
		    "mailbox %s: its path is too long, or has a ':', for a "
		    "name in %s",
		    account->mailbox, state);
		return PERM;
	}
	why = provide_file(account, paths->index, &is_new);
	if (why == FINE)
		why = provide_file(account, paths->journal, &is_new);
	if (why == FINE && is_new)
		why = sync_directory(state);
	return why;
}

/* Under another name first, so that no half of a key is ever seen. */
static int
draw_key(const char *path, unsigned char *key, size_t len)
{
	char draft[PRIVSEP_PATH + 32];
	int fd, drawn;

	snprintf(draft, sizeof draft, "%s.%d", path, (int)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	drawn = fd != -1 && getrandom(key, len, 0) == (ssize_t)len &&
	    bytes_write(fd, key, len, 0) && fdatasync(fd) == 0 &&
	    (link(draft, path) == 0 || errno == EEXIST);
	if (fd != -1) {
		close(fd);
		unlink(draft);
	}
	return drawn;
}

enum trouble
state_key(const char *state, unsigned char *key, size_t len)
{
	char path[PRIVSEP_PATH + 1];
	int fd = -1, is_read;

	errno = ENAMETOOLONG;
	if ((size_t)snprintf(path, sizeof path, "%s/salt-key", state) <
	    sizeof path)
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && draw_key(path, key, len))
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	is_read = fd != -1 && bytes_read(fd, key, len, 0);
	if (!is_read)
		log_errno("cannot make or read", path);
	if (fd != -1)
		close(fd);
	return is_read ? FINE : TEMP;
}

/* The time of the last login is that of a file of ours. */
int
state_is_early(const char *state, const char *mailbox, int delay_s)
{
	char path[PRIVSEP_PATH + 1];
	time_t now = time(NULL);
	struct stat st;

	/* A time to come is one that a clock has left behind. */
	return state_path(state, mailbox, ".login", path) &&
	    lstat(path, &st) == 0 && st.st_mtime <= now &&
	    now - st.st_mtime < delay_s;
}

enum trouble
state_note_login(const char *state, const char *mailbox, int delay_s)
{
	const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
	char path[PRIVSEP_PATH + 1];
	enum trouble why = TEMP;
	int fd = -1;

	if (state_is_early(state, mailbox, delay_s))
		return BUSY;
	if (state_path(state, mailbox, ".login", path))
		fd = open(path, flags, 0600);
	if (fd != -1 && futimens(fd, NULL) == 0)
		why = FINE;
	else
		log_errno("cannot note a login to", mailbox);
	if (fd != -1)
		close(fd);
	return why;
}

void
state_put_aside(const char *state, const char *mailbox)
{
	char from[PRIVSEP_PATH + 1], to[PRIVSEP_PATH + 1], suffix[48];

	snprintf(suffix, sizeof suffix, JOURNAL ".aside-%lld",
	    (long long)time(NULL));
	if (!state_path(state, mailbox, JOURNAL, from) ||
	    !state_path(state, mailbox, suffix, to) ||
	    renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == -1)
		log_errno("cannot put aside the journal of", mailbox);
	else
		log_line(LOG_ERR, "journal of %s put aside as %s", mailbox, to);
}

int
state_journal(const char *state, const char *mailbox, struct stat *st)
{
	char path[PRIVSEP_PATH + 1];

	return state_path(state, mailbox, JOURNAL, path) &&
	    lstat(path, st) == 0;
}

static int
is_journal(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), suffix = sizeof JOURNAL - 1;

	return len > suffix &&
	    strcmp(entry->d_name + len - suffix, JOURNAL) == 0;
}

/* The path that state_path() made that name of. */
static void
mailbox_of(const char *name, char mailbox[NAME_MAX + 2])
{
	int len = (int)(strlen(name) - (sizeof JOURNAL - 1));

	snprintf(mailbox, NAME_MAX + 2, "/%.*s", len, name);
	for (char *c = mailbox; *c != '\0'; c++)
		if (*c == ':')
			*c = '/';
}

int
state_each_journal(const char *state,
    int (*take)(void *arg, const char *mailbox, const struct stat *journal),
    void *arg)
{
	struct dirent **entries;
	int count = scandir(state, &entries, is_journal, alphasort);
	int go_on = 1;

	if (count == -1)
		return 0;
	for (int i = 0; i < count; i++) {
		char mailbox[NAME_MAX + 2];
		struct stat st;

		mailbox_of(entries[i]->d_name, mailbox);
		free(entries[i]);
		if (go_on && state_journal(state, mailbox, &st) &&
		    S_ISREG(st.st_mode) && st.st_size > 0)
			go_on = take(arg, mailbox, &st);
	}
	free(entries);
	return 1;
}
