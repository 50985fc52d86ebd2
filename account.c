/*
 * account.c - name to ids, groups and mailbox
 *
 * Runs as root. Names come from the network, and become parts of paths here,
 * and nowhere else.
 */
#include "account.h"

#include "log.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOGROUP 65534 /* for who has nothing but the mail group */

/*
 * No part of a name may lead out of the mailbox directory, be it used whole
 * (%u) or cut at its '@' (%n, %d).
 */
int
account_name_is_safe(const char *user)
{
	size_t part = 0; /* length of the part since the last '@' */

	for (const char *c = user; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '/' ||
		    *c == ':')
			return 0;
		if (*c == '.' && part == 0)
			return 0;
		if (*c == '@' && part == 0)
			return 0;
		part = *c == '@' ? 0 : part + 1;
	}
	return part > 0 && strlen(user) <= PRIVSEP_NAME;
}

/* What one letter after a % stands for; NULL if it stands for nothing. */
static const char *
value_of(char letter, const char *user, const char *home, int *len)
{
	const char *at = strrchr(user, '@');

	switch (letter) {
	case 'u':
		*len = (int)strlen(user);
		return user;
	case 'n':
		*len = at == NULL ? (int)strlen(user) : (int)(at - user);
		return user;
	case 'd':
		*len = at == NULL ? 0 : (int)strlen(at + 1);
		return at == NULL ? "" : at + 1;
	case 'h':
		*len = (int)strlen(home);
		return *home == '\0' ? NULL : home; /* not the root */
	case '%':
		*len = 1;
		return "%";
	default:
		return NULL;
	}
}

int
account_mailbox(const char *pattern, const char *user, const char *home,
    char out[PRIVSEP_PATH + 1])
{
	size_t len = 0;

	for (const char *p = pattern; *p != '\0'; p++) {
		const char *value = p;
		int n = 1;

		if (*p == '%')
			value = value_of(*++p, user, home, &n);
		if (value == NULL || (size_t)n > PRIVSEP_PATH - len)
			return 0;
		memcpy(out + len, value, (size_t)n);
		len += (size_t)n;
	}
	out[len] = '\0';
	return out[0] == '/';
}

/* Fills in the groups; false if there are too many to pass on. */
static int
find_groups(const struct account_rules *rules, const char *name,
    struct account *account)
{
	gid_t all[PRIVSEP_GROUPS + 1];
	int n = (int)COUNT(all);

	if (getgrouplist(name, account->gid, all, &n) == -1)
		goto too_many;
	for (int i = 0; i < n; i++) {
		if (all[i] == rules->mail_group)
			continue;
		if (account->group_count == PRIVSEP_GROUPS)
			goto too_many;
		account->groups[account->group_count++] = all[i];
	}
	if (account->gid == rules->mail_group)
		account->gid = NOGROUP;
	return 1;

too_many:
	log_line(
	    LOG_ERR, "user %s is in more than %d groups", name, PRIVSEP_GROUPS);
	return 0;
}

/* Root serves system users, other than itself. */
static enum trouble
take_ids(const struct account_rules *rules, const char *name,
    const struct passwd *pw, struct account *account)
{
	if (pw == NULL) {
		log_line(LOG_ERR, "user %s is no system user: refused", name);
		return PERM;
	}
	if (pw->pw_uid == 0) {
		log_line(LOG_ERR, "user %s has uid 0: refused", name);
		return PERM;
	}
	account->uid = pw->pw_uid;
	account->gid = pw->pw_gid;
	return find_groups(rules, pw->pw_name, account) ? FINE : TEMP;
}

int
account_is_unknown(void)
{
	return errno == 0 || errno == ENOENT || errno == ESRCH;
}

static enum trouble
find_mailbox(const char *pattern, const char *home, struct account *account)
{
	if (account_mailbox(pattern, account->name, home, account->mailbox))
		return FINE;
	log_line(
	    LOG_ERR, "mailbox %s: no path for user %s", pattern, account->name);
	return TEMP;
}

enum trouble
account_find(const struct account_rules *rules, const char *owner,
    const char *path, struct account *account)
{
	int is_own = *owner == '\0';
	enum trouble why = FINE;
	const struct passwd *pw;

	if (is_own)
		owner = account->name;
	errno = 0;
	pw = getpwnam(owner);
	if (pw == NULL && !account_is_unknown()) {
		log_errno("cannot look up user", owner);
		return TEMP;
	}
	account->uid = getuid();
	account->gid = getgid();
	if (rules->is_root)
		why = take_ids(rules, owner, pw, account);
	if (why != FINE)
		return why;
	/* Some name services do not mind case: the mailbox's name does. */
	if (rules->is_root && is_own) {
		if (!account_name_is_safe(pw->pw_name))
			return PERM;
		snprintf(
		    account->name, sizeof account->name, "%s", pw->pw_name);
	}
	return find_mailbox(*path == '\0' ? rules->mailbox : path,
	    pw == NULL ? "" : pw->pw_dir, account);
}

enum trouble
account_of_ids(const struct account_rules *rules, uid_t uid, gid_t gid,
    struct account *account)
{
	const struct passwd *pw;

	*account = (struct account){.uid = uid, .gid = gid};
	snprintf(account->name, sizeof account->name, "#%u", (unsigned)uid);
	errno = 0;
	pw = getpwuid(uid);
	if (pw == NULL && !account_is_unknown()) {
		log_errno("cannot look up user", account->name);
		return TEMP;
	}
	if (pw != NULL)
		snprintf(
		    account->name, sizeof account->name, "%s", pw->pw_name);
	if (rules->is_root && (pw != NULL || uid == 0))
		return take_ids(rules, account->name, pw, account);
	return FINE;
}
