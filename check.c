/*
 * check.c - pop3d --check: is everything there that a session will need?
 *
 * Run by hand, with the options that the superserver's line has.
 */
#include "check.h"

#include "jail.h"
#include "pam.h"
#include "secrets.h"
#include "state.h"

#include <crypt.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned wrong;

static void __attribute__((format(printf, 2, 3)))
say(int fine, const char *format, ...)
{
	va_list ap;

	printf("%s ", fine ? "ok   " : "WRONG");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	wrong += !fine;
}

static void
check_pam(const struct check *c)
{
	if (c->pam_service == NULL)
		say(1, "PAM is not used");
	else if (!pam_is_there())
		say(0, "PAM: see above; install it, or give --no-pam");
	else if (pam_has_service(c->pam_service))
		say(1, "PAM service %s", c->pam_service);
	else
		say(0,
		    "PAM service %s: there is none, so \"other\" decides; copy "
		    "one of contrib/pam.d-pop3d.* to /etc/pam.d/%s",
		    c->pam_service, c->pam_service);
}

static void
check_entry(const struct check *c, const struct secret *entry)
{
	const char *owner = *entry->owner ? entry->owner : entry->user;

	if (c->means->is_root && entry->scheme != SCHEME_NONE &&
	    getpwnam(owner) == NULL)
		say(0,
		    "user %s: a secret for the mailbox of %s, who is no "
		    "system user",
		    entry->user, owner);
	if (entry->scheme == SCHEME_CRYPT &&
	    crypt_checksalt(entry->value) == CRYPT_SALT_INVALID)
		say(0, "user %s: that is no hash behind {CRYPT}", entry->user);
}

/* Goes through the file once, which logs every line that is wrong. */
static void
check_secrets(const struct check *c)
{
	struct secrets file;
	struct secret entry;
	struct stat st;

	if (lstat(c->secrets, &st) == -1 && errno == ENOENT) {
		say(c->pam_service != NULL, "secrets file %s: there is none%s",
		    c->secrets,
		    c->pam_service != NULL ? ", so APOP is off"
					   : ", and no PAM: nobody can log in");
		return;
	}
	if (secrets_open(&file, c->secrets) != FINE) {
		say(0, "secrets file %s: see above", c->secrets);
		return;
	}
	while (secrets_next(&file, NULL, &entry))
		check_entry(c, &entry);
	say(1, "secrets file %s", c->secrets);
	secrets_close(&file);
}

static void
check_jail(const struct check *c)
{
	const struct passwd *pw;

	char level[JAIL_LEVEL];

	say(1, "confinement: jail=%s%s", jail_level(c->means, level),
	    jail_is_full(c->means) ? "" : ", which is not all, see pop3d(8)");
	if (c->means->denied != NULL)
		say(0, "%s: denied, see pop3d(8), --strict", c->means->denied);
	if (!c->means->is_root)
		return;
	pw = getpwnam(c->jail_user);
	if (pw == NULL)
		say(0,
		    "jail user %s: there is none; useradd --system --no-create"
		    "-home --shell /usr/sbin/nologin %s",
		    c->jail_user, c->jail_user);
	else
		say(pw->pw_uid != 0, "jail user %s has uid %u", c->jail_user,
		    (unsigned)pw->pw_uid);
}

/* The directory of the mailboxes, as far as it is the same for all. */
static void
check_spool(const struct check *c)
{
	const struct group *gr = getgrnam(c->mail_group);
	char path[512];
	struct stat st;
	char *end;

	snprintf(path, sizeof path, "%s", c->mailbox);
	path[strcspn(path, "%")] = '\0';
	end = strrchr(path, '/');
	if (end == NULL) {
		say(1, "mailboxes are at %s", c->mailbox);
		return;
	}
	end[end == path] = '\0';
	if (stat(path, &st) == -1 || !S_ISDIR(st.st_mode)) {
		say(0, "spool %s: there is no such directory", path);
		return;
	}
	if (!c->want_dotlock || !c->means->is_root) {
		say(1, "spool %s", path);
		return;
	}
	if (gr == NULL)
		say(0, "group %s: there is none; give another by --mail-group",
		    c->mail_group);
	else if ((st.st_mode & 02) != 0 ||
	    (st.st_gid == gr->gr_gid && (st.st_mode & 020) != 0))
		say(1, "spool %s", path);
	else
		say(0,
		    "spool %s: group %s cannot write to it, so there can be no "
		    "lock files; chgrp %s and chmod 2775 it, or --lock=fcntl",
		    path, c->mail_group, c->mail_group);
}

unsigned
check_all(const struct check *c)
{
	const char *state = state_wrong(c->state);

	wrong = 0;
	check_pam(c);
	check_secrets(c);
	say(state == NULL, "state directory %s%s%s", c->state,
	    state == NULL ? "" : " ", state == NULL ? "" : state);
	check_jail(c);
	check_spool(c);
	return wrong;
}
