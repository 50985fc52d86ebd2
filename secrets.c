/*
 * secrets.c - the secrets file: find a user's entries, hold a password to one
 *
 * Runs as root, on a file that only root can have written. Even so a line
 * that is not understood costs nothing but itself.
 */
#include "secrets.h"

#include "apop.h"
#include "scram.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRETS_MAX (64 << 20) /* bytes; a file larger than that is refused */

static const struct {
	const char *name;
	enum scheme scheme;
} schemes[] = {
    {"{PLAIN}",         SCHEME_PLAIN        },
    {"{CRYPT}",         SCHEME_CRYPT        },
    {"{SCRAM-SHA-1}",   SCHEME_SCRAM_SHA_1  },
    {"{SCRAM-SHA-256}", SCHEME_SCRAM_SHA_256},
    {"{EXTERNAL}",      SCHEME_EXTERNAL     },
};

/* What is wrong with the file, or NULL; "repair" says what to do. */
static const char *
unfit(const struct stat *st, const char **repair)
{
	*repair = "put a plain file there";
	if (!S_ISREG(st->st_mode))
		return "is not a plain file";
	*repair = "chown it to the user that runs this program";
	if (st->st_uid != geteuid())
		return "belongs to someone else";
	*repair = "chmod 600 it";
	if ((st->st_mode & 077) != 0)
		return "can be read or written by others";
	*repair = "make it smaller";
	if (st->st_size > SECRETS_MAX)
		return "is larger than 64 MiB";
	return NULL;
}

/* Opens the file if it is fit; *fd is -1 if there is none. */
static enum trouble
open_file(const char *path, int *fd, struct stat *st)
{
	enum trouble why = PERM;
	const char *wrong, *repair;

	*fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd == -1 && errno == ENOENT)
		return FINE;
	if (*fd == -1 && errno == ELOOP) {
		log_line(LOG_ERR,
		    "secrets file %s is a symbolic link: not used; put the "
		    "file itself there",
		    path);
		return PERM;
	}
	if (*fd == -1 || fstat(*fd, st) == -1) {
		/* The file's own fault, or one that may pass? */
		if (errno != EACCES && errno != ENOTDIR && errno != ENXIO)
			why = TEMP;
		log_errno("cannot open secrets file", path);
		goto fail;
	}
	wrong = unfit(st, &repair);
	if (wrong == NULL)
		return FINE;
	log_line(
	    LOG_ERR, "secrets file %s %s: not used; %s", path, wrong, repair);
fail:
	if (*fd != -1)
		close(*fd);
	*fd = -1;
	return why;
}

/* Reads all of it; the file may shrink meanwhile. */
static int
read_all(struct secrets *s, int fd, size_t size)
{
	s->text = malloc(size + 1);
	if (s->text == NULL)
		return 0;
	while (s->len < size) {
		ssize_t n = read(fd, s->text + s->len, size - s->len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return 0;
		if (n == 0)
			break;
		s->len += (size_t)n;
	}
	s->text[s->len] = '\0';
	return 1;
}

enum trouble
secrets_open(struct secrets *s, const char *path)
{
	enum trouble why;
	struct stat st;
	int fd;

	*s = (struct secrets){.path = path, .line = 0};
	why = open_file(path, &fd, &st);
	if (why != FINE || fd == -1)
		return why;
	if (!read_all(s, fd, (size_t)st.st_size)) {
		log_errno("cannot read secrets file", path);
		secrets_close(s);
		why = TEMP;
	}
	close(fd);
	return why;
}

/* Cuts the next line out of the text, in place; NULL at the end. *whole says
 * that no NUL hides a part of it. */
static char *
next_line(struct secrets *s, int *whole)
{
	char *line, *lf;

	if (s->text == NULL || s->at >= s->len)
		return NULL;
	line = s->text + s->at;
	lf = memchr(line, '\n', s->len - s->at);
	if (lf == NULL)
		lf = s->text + s->len;
	s->at = (size_t)(lf - s->text) + 1;
	s->line++;
	*lf = '\0';
	*whole = strlen(line) == (size_t)(lf - line);
	if (lf > line && lf[-1] == '\r')
		lf[-1] = '\0';
	return line;
}

/* Reads "{SCHEME}value". */
static int
read_value(const char *text, struct secret *entry)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		size_t len = strlen(schemes[i].name);

		if (strncasecmp(text, schemes[i].name, len) != 0)
			continue;
		entry->scheme = schemes[i].scheme;
		entry->value = text + len;
		return text[len] != '\0';
	}
	return 0;
}

/* Cuts the field that ends at the next colon off *rest; where the scheme
 * begins there is none. False if it has more than "most" bytes. */
static int
cut_field(char **rest, size_t most, const char **field)
{
	size_t len = strcspn(*rest, ":");

	*field = "";
	if (**rest == '{' || (*rest)[len] == '\0')
		return 1;
	(*rest)[len] = '\0';
	*field = *rest;
	*rest += len + 1;
	return len <= most;
}

/* Are the keys of SCRAM such keys? */
static int
has_keys(const struct secret *entry)
{
	struct scram_keys keys;
	int has = 1;

	if (entry->scheme == SCHEME_SCRAM_SHA_1)
		has = scram_read(SCRAM_SHA_1, entry->value, &keys);
	if (entry->scheme == SCHEME_SCRAM_SHA_256)
		has = scram_read(SCRAM_SHA_256, entry->value, &keys);
	explicit_bzero(&keys, sizeof keys);
	return has;
}

/* Reads a line, cutting it in place. */
static void
read_entry(struct secrets *s, char *line, int whole, struct secret *entry)
{
	char *rest = line + strcspn(line, ":");

	*entry = (struct secret){.user = line, .value = ""};
	if (*rest != '\0')
		*rest++ = '\0';
	whole &= cut_field(&rest, SECRETS_OWNER, &entry->owner);
	whole &= cut_field(&rest, SECRETS_PATH, &entry->path);
	/* Who reads in silence wants to know of many, and be quick. */
	if (whole && read_value(rest, entry) &&
	    (s->is_quiet || has_keys(entry)))
		return;
	entry->scheme = SCHEME_NONE;
	if (!s->is_quiet)
		log_line(LOG_WARNING,
		    "secrets file %s, line %u is not user:{SCHEME}secret, "
		    "with PLAIN, CRYPT, SCRAM-SHA-256, SCRAM-SHA-1 or "
		    "EXTERNAL: it lets nobody in",
		    s->path, s->line);
}

int
secrets_next(struct secrets *s, const char *user, struct secret *entry)
{
	char *line;
	int whole;

	while ((line = next_line(s, &whole)) != NULL) {
		if (whole && (*line == '#' || *line == '\0'))
			continue;
		read_entry(s, line, whole, entry);
		if (user == NULL || strcmp(entry->user, user) == 0)
			return 1;
	}
	return 0;
}

/* Does the hash of the password agree with the stored one? */
static int
crypt_agrees(const char *password, const char *stored)
{
	struct crypt_data room = {0};
	const char *hash = crypt_r(password, stored, &room);
	int agrees = hash != NULL && hash[0] != '*' && apop_equal(hash, stored);

	explicit_bzero(&room, sizeof room);
	return agrees;
}

/* Is that the password that the stored keys were derived from? */
static int
scram_agrees(enum scram_hash hash, const char *password, const char *stored)
{
	struct scram_keys keys, derived;
	int agrees;

	if (!scram_read(hash, stored, &keys))
		return 0;
	derived.salt = keys.salt;
	scram_derive(hash, password, &derived);
	agrees = scram_equal(hash, &keys, &derived);
	explicit_bzero(&keys, sizeof keys);
	explicit_bzero(&derived, sizeof derived);
	return agrees;
}

int
secrets_agree(const struct secret *entry, const char *password)
{
	switch (entry->scheme) {
	case SCHEME_PLAIN:
		return apop_equal(password, entry->value);
	case SCHEME_CRYPT:
		return crypt_agrees(password, entry->value);
	case SCHEME_SCRAM_SHA_1:
		return scram_agrees(SCRAM_SHA_1, password, entry->value);
	case SCHEME_SCRAM_SHA_256:
		return scram_agrees(SCRAM_SHA_256, password, entry->value);
	default:
		return 0;
	}
}

const char *
secrets_scheme_name(enum scheme scheme)
{
	for (size_t i = 0; i < COUNT(schemes); i++)
		if (schemes[i].scheme == scheme)
			return schemes[i].name;
	return "wrong";
}

unsigned
secrets_schemes(const char *path)
{
	const unsigned all = (1U << SCHEME_COUNT) - 1;
	struct secret entry;
	struct secrets s;
	unsigned found = 1U << SCHEME_NONE; /* we do not look for it */

	if (secrets_open(&s, path) != FINE)
		return 0;
	s.is_quiet = 1;
	while (found != all && secrets_next(&s, NULL, &entry))
		found |= 1U << entry.scheme;
	secrets_close(&s);
	return found & ~(1U << SCHEME_NONE);
}

void
secrets_close(struct secrets *s)
{
	if (s->text != NULL)
		explicit_bzero(s->text, s->len);
	free(s->text);
	s->text = NULL;
	s->len = 0;
	s->at = 0;
}
