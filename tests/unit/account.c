/*
 * Tests of account.c: what a name service may answer, and what becomes of it.
 * getpwnam() and its kind are ours here. tests/unit/auth.c has the paths.
 */
#include "../../account.h"

#include "test.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#define MAIL 8

/* What the name service says. */
static struct {
	struct passwd pw;
	int is_there;
	int error;
	int groups; /* that a user has; -1: more than can be told */
} service;

static struct passwd *
answer(void)
{
	errno = service.error;
	return service.is_there ? &service.pw : NULL;
}

struct passwd *
getpwnam(const char *name)
{
	(void)name;
	return answer();
}

struct passwd *
getpwuid(uid_t uid)
{
	(void)uid;
	return answer();
}

/* Group numbers from 100 on, and the mail group the first of them. */
int
getgrouplist(const char *name, gid_t first, gid_t *groups, int *n)
{
	(void)name;
	(void)first;
	if (service.groups == -1 || service.groups > *n)
		return -1;
	for (int i = 0; i < service.groups; i++)
		groups[i] = i == 0 ? MAIL : (gid_t)(100 + i);
	*n = service.groups;
	return *n;
}

static void
know(const char *name, uid_t uid, gid_t gid, int groups)
{
	static char copy[300];

	snprintf(copy, sizeof copy, "%s", name);
	service.pw = (struct passwd){.pw_name = copy,
	    .pw_uid = uid,
	    .pw_gid = gid,
	    .pw_dir = (char *)(intptr_t) "/home/joe"};
	service.is_there = 1;
	service.error = 0;
	service.groups = groups;
	note_log();
}

static void
know_nobody(int error)
{
	service.is_there = 0;
	service.error = error;
	note_log();
}

static const struct account_rules as_root = {"/var/mail/%u", MAIL, 1};
static const struct account_rules as_user = {"/var/mail/%u", MAIL, 0};

static enum trouble
find(const struct account_rules *rules, const char *owner, struct account *a)
{
	*a = (struct account){.name = "joe"};
	return account_find(rules, owner, "", a);
}

static void
the_account_is_that_of_the_name(void **state)
{
	struct account a;

	(void)state;
	know("joe", 1001, 1002, 3);
	assert_int_equal(find(&as_root, "", &a), FINE);
	assert_int_equal(a.uid, 1001);
	assert_int_equal(a.gid, 1002);
	assert_int_equal(a.group_count, 2); /* but not the mail group */
	assert_int_equal(a.groups[0], 101);
	check_text(a.mailbox, "/var/mail/joe", "mailbox");
	know("joe", 1001, MAIL, 1);
	assert_int_equal(find(&as_root, "", &a), FINE);
	assert_int_equal(a.gid, 65534); /* nobody is left in the mail group */
	assert_int_equal(a.group_count, 0);
	assert_int_equal(logged_lines, 0);
}

/* Where a name service does not mind case, the mailbox's name does. */
static void
the_name_is_the_one_that_the_service_has(void **state)
{
	struct account a;

	(void)state;
	know("Joe", 1001, 1001, 1);
	assert_int_equal(find(&as_root, "", &a), FINE);
	check_text(a.name, "Joe", "name");
	check_text(a.mailbox, "/var/mail/Joe", "mailbox");
	assert_int_equal(find(&as_root, "vmail", &a), FINE);
	check_text(a.name, "joe", "a virtual user");
	assert_int_equal(find(&as_user, "", &a), FINE);
	check_text(a.name, "joe", "without root");
	assert_int_equal(a.uid, getuid());
	know("../joe", 1001, 1001, 1);
	assert_int_equal(find(&as_root, "", &a), PERM);
}

static void
who_has_too_many_groups_is_not_served(void **state)
{
	static const int numbers[] = {
	    PRIVSEP_GROUPS, PRIVSEP_GROUPS + 1, PRIVSEP_GROUPS + 2, -1};
	struct account_rules rules = as_root;
	struct account a;

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		know("joe", 1001, 1001, numbers[i]);
		/* One of them is the mail group, which does not count. */
		check(find(&rules, "", &a) == (i < 2 ? FINE : TEMP), "%zu", i);
		check(logged_lines == (i < 2 ? 0 : 1), "%zu", i);
	}
	rules.mail_group = 7; /* which is not among them */
	know("joe", 1001, 1001, PRIVSEP_GROUPS + 1);
	assert_int_equal(find(&rules, "", &a), TEMP);
	assert_non_null(strstr(logged, "user joe is in more than"));
}

static const struct {
	int error;
	enum trouble by_root, by_user;
} unknown[] = {
    {0,      PERM, FINE},
    {ENOENT, PERM, FINE},
    {ESRCH,  PERM, FINE},
    {EIO,    TEMP, TEMP},
    {EMFILE, TEMP, TEMP},
    {ENOMEM, TEMP, TEMP},
};

/* A service that fails is no service that knows nobody. */
static void
nobody_known_is_not_nothing_known(void **state)
{
	struct account a;

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		enum trouble by_root = unknown[i].by_root;
		enum trouble by_user = unknown[i].by_user;
		const char *why = strerror(unknown[i].error);

		know_nobody(unknown[i].error);
		check(find(&as_root, "", &a) == by_root, "%s", why);
		check(logged_lines == 1, "%s: %s", why, logged);
		know_nobody(unknown[i].error);
		check(find(&as_user, "", &a) == by_user, "%s", why);
		check(logged_lines == (by_user == FINE ? 0 : 1), "%s: %s", why,
		    logged);
		know_nobody(unknown[i].error);
		check(account_of_ids(&as_root, 1001, 1002, &a) == by_user,
		    "%s: of a uid without a name", why);
		check_text(a.name, "#1001", "the number is its name");
		check(a.uid == 1001 && a.gid == 1002, "%s", why);
		know_nobody(unknown[i].error);
		check(account_of_ids(&as_root, 0, 0, &a) != FINE,
		    "%s: root without a name", why);
		check(logged_lines == 1, "%s: %s", why, logged);
	}
}

static void
ids_have_their_account(void **state)
{
	struct account a;

	(void)state;
	know("joe", 1001, 1003, 2);
	assert_int_equal(account_of_ids(&as_root, 1001, 1002, &a), FINE);
	check_text(a.name, "joe", "name");
	assert_int_equal(a.gid, 1003);
	assert_int_equal(a.group_count, 1);
	assert_int_equal(account_of_ids(&as_user, 1001, 1002, &a), FINE);
	assert_int_equal(a.gid, 1002);
	know("toor", 0, 0, 1);
	assert_int_equal(account_of_ids(&as_root, 0, 0, &a), PERM);
	check_text(logged, "user toor has uid 0: refused", "log");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_account_is_that_of_the_name),
	    cmocka_unit_test(the_name_is_the_one_that_the_service_has),
	    cmocka_unit_test(who_has_too_many_groups_is_not_served),
	    cmocka_unit_test(nobody_known_is_not_nothing_known),
	    cmocka_unit_test(ids_have_their_account),
	};

	return cmocka_run_group_tests_name(
	    "account", tests, enter_dir, leave_dir);
}
