/*
 * Tests of pam.c: what each answer of a module means, what a module may ask,
 * which name counts, and that a session is closed. Linked with --wrap=dlsym,
 * so that the service is a file of this directory.
 */
#include "../../pam.h"

#include "failing.h"
#include "test.h"

#include <dlfcn.h>
#include <limits.h>
#include <security/pam_appl.h>

#define PASSWORD "the password"

void *__real_dlsym(void *library, const char *name);
void *__wrap_dlsym(void *library, const char *name);

static char module[PATH_MAX]; /* pam_says.so */

/* PAM's own call of that name. */
static void
find(void *call, const char *name)
{
	void *found = __real_dlsym(RTLD_DEFAULT, name);

	assert_non_null(found);
	memcpy(call, &found, sizeof found);
}

/* Those below fail when they are told to. */
static int
start_here(const char *service, const char *user, const struct pam_conv *conv,
    pam_handle_t **h)
{
	__typeof__(pam_start_confdir) *start;

	find(&start, "pam_start_confdir");
	return is_to_fail("pam_start")
	    ? PAM_SYSTEM_ERR
	    : start(service, user, conv, test_dir, h);
}

static int
set_item(pam_handle_t *h, int type, const void *item)
{
	__typeof__(pam_set_item) *set;

	find(&set, "pam_set_item");
	return is_to_fail("pam_set_item") ? PAM_BUF_ERR : set(h, type, item);
}

/* Without an error it is there, and nothing. */
static int
get_item(const pam_handle_t *h, int type, const void **item)
{
	__typeof__(pam_get_item) *get;

	find(&get, "pam_get_item");
	if (!is_to_fail("pam_get_item"))
		return get(h, type, item);
	*item = NULL;
	return fault.error == 0 ? PAM_SUCCESS : PAM_BUF_ERR;
}

FAILING(char *, strdup, (const char *text), (text), NULL)

static const struct {
	const char *name;
	void (*call)(void);
} ours[] = {
    {"pam_start",    (void (*)(void))start_here},
    {"pam_set_item", (void (*)(void))set_item  },
    {"pam_get_item", (void (*)(void))get_item  },
};

void *
__wrap_dlsym(void *library, const char *name)
{
	void *call = __real_dlsym(library, name);

	for (size_t i = 0; i < COUNT(ours); i++)
		if (strcmp(name, ours[i].name) == 0)
			memcpy(&call, &ours[i].call, sizeof call);
	return is_to_fail("dlsym") ? NULL : call;
}

/* What becomes of the user "joe", with these lines in the service's file; a
 * '@' in them is pam_says.so. */
static enum trouble
judge(struct pam_session *s, const char *lines, char account[64])
{
	const struct pam_question q = {
	    .service = "service",
	    .user = "joe",
	    .password = PASSWORD,
	    .address = "192.0.2.7",
	};
	FILE *f = fopen("service", "w");

	assert_non_null(f);
	for (const char *c = lines; *c != '\0'; c++)
		if (*c == '@')
			fputs(module, f);
		else
			fputc(*c, f);
	fputc('\n', f);
	fclose(f);
	note_log();
	return pam_check(s, &q, account, 64);
}

static const struct {
	const char *name; /* as pam_debug calls it */
	enum trouble auth, acct;
} codes[] = {
    {"success",               FINE, FINE},
    {"open_err",              TEMP, TEMP},
    {"symbol_err",            TEMP, TEMP},
    {"service_err",           TEMP, TEMP},
    {"system_err",            TEMP, TEMP},
    {"buf_err",               TEMP, TEMP},
    {"perm_denied",           PERM, PERM},
    {"auth_err",              PERM, PERM},
    {"cred_insufficient",     TEMP, TEMP},
    {"authinfo_unavail",      TEMP, TEMP},
    {"user_unknown",          PERM, PERM},
    {"maxtries",              PERM, PERM},
    {"new_authtok_reqd",      PERM, PERM},
    {"acct_expired",          PERM, PERM},
    {"session_err",           TEMP, TEMP},
    {"cred_unavail",          TEMP, TEMP},
    {"cred_expired",          PERM, PERM},
    {"cred_err",              TEMP, TEMP},
    {"no_module_data",        TEMP, TEMP},
    {"conv_err",              TEMP, TEMP},
    {"authtok_err",           TEMP, TEMP},
    {"authtok_recover_err",   TEMP, TEMP},
    {"authtok_lock_busy",     TEMP, TEMP},
    {"authtok_disable_aging", TEMP, TEMP},
    {"try_again",             TEMP, TEMP},
    {"ignore",		PERM, PERM}, /* nobody has said anything */
    {"abort",		 TEMP, TEMP},
    {"authtok_expired",       PERM, PERM},
    {"module_unknown",        TEMP, TEMP},
    {"bad_item",              TEMP, TEMP},
    {"conv_again",            TEMP, TEMP},
    {"incomplete",            TEMP, TEMP},
};

static void
every_code_has_a_meaning(void **state)
{
	struct pam_session s = {.handle = NULL};
	char lines[256], account[64];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(codes); i++) {
		const char *name = codes[i / 2].name;
		int is_auth = i % 2;
		enum trouble why,
		    want = is_auth ? codes[i / 2].auth : codes[i / 2].acct;

		snprintf(lines, sizeof lines,
		    "auth required pam_debug.so auth=%s\n"
		    "account required pam_debug.so acct=%s",
		    is_auth ? name : "success", is_auth ? "success" : name);
		why = judge(&s, lines, account);
		check(why == want, "%s, %s", name, is_auth ? "auth" : "acct");
		check((s.handle != NULL) == (why == FINE), "%s", name);
		check((strstr(logged, "PAM service service: ") != NULL) ==
			(why == TEMP),
		    "%s is logged: %s", name, logged);
		pam_close(&s);
	}
}

#define MORE "asked for more than the password"
#define NONE "PAM has no service"

static const struct {
	const char *what;
	const char *auth, *acct; /* modules; "": none */
	enum trouble want;
	const char *log; /* a part of it; NULL: nothing */
} cases[] = {
    {"wrong",		   "@ auth=ask auth=is=x",                 "@",              PERM, NONE         },
    {"right",		   "@ auth=ask [auth=is=" PASSWORD "]",    "@",              FINE, NULL         },
    {"texts are dropped",       "@ auth=tell auth=ask auth=tell",       "@",              FINE, NULL         },
    {"asks twice",              "@ auth=ask auth=ask",                  "@",              TEMP, MORE         },
    {"two ask",		 "@ auth=ask\nauth required @ auth=ask", "@",              TEMP, MORE         },
    {"asks for a colour",       "@ auth=echo",                          "@",              TEMP, MORE         },
    {"asks in binary",          "@ auth=binary",                        "@",              TEMP, MORE         },
    {"asks for both at once",   "@ auth=both",                          "@",              TEMP, MORE         },
    {"says nothing",            "@ auth=none",                          "@",              TEMP, "onversation"},
    {"says too much",           "@ auth=many",                          "@",              TEMP, "onversation"},
    {"asks for more, refuses",  "@ auth=ask auth=odd auth=7",           "@",              PERM, MORE         },
    {"the account asks",        "@",				    "@ acct=ask",     FINE, NULL         },
    {"both ask",                "@ auth=ask",                           "@ acct=ask",     TEMP, MORE         },
    {"no such module",          "pam_no_such.so",                       "@",              TEMP, "unknown"    },
    {"no such module, account", "@",                                    "pam_no_such.so", TEMP, "unknown"    },
    {"this is no module",       "/dev/null",                            "@",              TEMP, "unknown"    },
    {"not needed",              "@\nauth optional pam_no_such.so",      "@",              FINE, NULL         },
    {"no line for auth",        "",				     "@",              PERM, NONE         },
    {"no line for account",     "@",				    "",               PERM, NONE         },
    {"a line that is none",     "@\nnonsense",                          "@",              PERM, NONE         },
};

static void
modules_may_ask_for_one_password(void **state)
{
	char lines[512], account[64];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *auth = cases[i].auth, *acct = cases[i].acct;
		struct pam_session s = {.handle = NULL};
		enum trouble why;

		snprintf(lines, sizeof lines, "%s%s\n%s%s",
		    *auth == '\0' ? "" : "auth required ", auth,
		    *acct == '\0' ? "" : "account required ", acct);
		why = judge(&s, lines, account);
		check(why == cases[i].want, "%s: %d, %s", cases[i].what,
		    (int)why, logged);
		check(cases[i].log == NULL
			? logged_lines == 0
			: strstr(logged, cases[i].log) != NULL,
		    "%s: %s", cases[i].what, logged);
		pam_close(&s);
	}
}

static void
the_name_is_the_one_that_pam_settles_on(void **state)
{
	struct pam_session s = {.handle = NULL};
	char account[64];

	(void)state;
	assert_int_equal(
	    judge(&s, "auth required @\naccount required @", account), FINE);
	check_text(account, "joe", "as it was given");
	pam_close(&s);
	assert_int_equal(judge(&s,
			     "auth required @ auth=user=ann\n"
			     "account required @ acct=user=anna",
			     account),
	    FINE);
	check_text(account, "anna", "renamed twice");
	pam_close(&s);
	assert_int_equal(
	    judge(&s,
		"auth required @ auth=user=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\naccount required @",
		account),
	    PERM);
}

static const struct {
	const char *call;
	unsigned nth;
	int error;
	enum trouble want;
	const char *log; /* a part of it */
} failures[] = {
    {"pam_start",    1, EIO,    TEMP, "PAM service service: "     },
    {"pam_set_item", 1, EIO,    TEMP, "PAM service service: "     },
    {"pam_set_item", 2, EIO,    TEMP, "PAM service service: "     },
    {"pam_set_item", 3, EIO,    TEMP, "PAM service service: "     },
    {"pam_get_item", 1, EIO,    TEMP, "PAM service service: "     },
    {"pam_get_item", 1, 0,      PERM, "PAM has no service service"},
    {"strdup",       1, ENOMEM, TEMP, "PAM service service: "     },
    {"dlsym",        8, 0,      TEMP, "cannot load PAM: "         },
};

static void
what_fails_is_no_refusal(void **state)
{
	char account[64];

	(void)state;
	for (size_t i = 0; i < COUNT(failures); i++) {
		struct pam_session s = {.handle = NULL};
		enum trouble why;

		fail_call(failures[i].call, failures[i].nth, failures[i].error);
		why = judge(&s, "auth required @ auth=ask\naccount required @",
		    account);
		fail_call(NULL, 0, 0);
		check(why == failures[i].want, "%s %u: %d", failures[i].call,
		    failures[i].nth, (int)why);
		check(strstr(logged, failures[i].log) != NULL, "%s %u: %s",
		    failures[i].call, failures[i].nth, logged);
		check(s.handle == NULL, "%s", failures[i].call);
		pam_close(&s);
	}
}

/* Who is at the other end of a pipe has none. */
static void
an_address_need_not_be_known(void **state)
{
	struct pam_question q = {"service", "joe", PASSWORD, NULL};
	struct pam_session s = {.handle = NULL};
	char account[64];

	(void)state;
	assert_int_equal(
	    judge(&s, "auth required @ auth=ask\naccount required @", account),
	    FINE);
	pam_close(&s);
	assert_int_equal(pam_check(&s, &q, account, sizeof account), FINE);
	pam_close(&s);
}

#define NOTES                                                                  \
	" auth=note=notes acct=note=notes cred=note=notes open=note=notes "    \
	"close=note=notes delete=note=notes "

#define CLOSED "auth acct cred open close delete "
#define FAILED "auth acct cred open delete "

static const struct {
	const char *what;
	const char *actions; /* of a second line in each phase */
	enum trouble want;
	const char *notes;
} sessions[] = {
    {"all goes well",                 "",          FINE, CLOSED           },
    {"refused",		       "auth=7",    PERM, "auth "          },
    {"the account is refused",        "acct=13",   PERM, "auth acct "     },
    {"no credentials",                "cred=17",   TEMP, "auth acct cred "},
    {"no session",		    "open=14",   TEMP, FAILED           },
    {"permission denied",             "open=6",    TEMP, FAILED           },
    {"no module",		     "open=28",   TEMP, FAILED           },
    {"it cannot be closed",           "close=14",  FINE, CLOSED           },
    {"credentials cannot be deleted", "delete=17", FINE, CLOSED           },
    {"the password is asked for now", "open=ask",  TEMP, FAILED           },
};

/* As the monitor does. */
static enum trouble
visit(struct pam_session *s, const char *lines)
{
	char account[64];
	enum trouble why = judge(s, lines, account);

	if (why == FINE)
		why = pam_open(s);
	pam_close(s);
	return why;
}

static void
what_is_open_is_closed(void **state)
{
	char lines[4096], notes[512];

	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++) {
		struct pam_session s = {.handle = NULL};
		const char *more = sessions[i].actions;

		make_file("notes", "", 0);
		snprintf(lines, sizeof lines,
		    "auth required @" NOTES "%s\naccount required @" NOTES
		    "%s\nsession required @" NOTES "%s",
		    more, more, more);
		check(visit(&s, lines) == sessions[i].want, "%s: %s",
		    sessions[i].what, logged);
		read_file("notes", notes, sizeof notes);
		for (char *c = notes; *c != '\0'; c++)
			if (*c == '\n')
				*c = ' ';
		check_text(notes, sessions[i].notes, sessions[i].what);
		pam_close(&s); /* nothing more happens */
		check(s.handle == NULL && s.library == NULL, "%s",
		    sessions[i].what);
	}
}

/* The module is where the Makefile has put it. */
static int
find_module(void **state)
{
	if (realpath("tests/bin/pam_says.so", module) == NULL)
		return -1;
	return enter_dir(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_a_meaning),
	    cmocka_unit_test(modules_may_ask_for_one_password),
	    cmocka_unit_test(the_name_is_the_one_that_pam_settles_on),
	    cmocka_unit_test(what_fails_is_no_refusal),
	    cmocka_unit_test(an_address_need_not_be_known),
	    cmocka_unit_test(what_is_open_is_closed),
	};

	return cmocka_run_group_tests_name(
	    "pam", tests, find_module, leave_dir);
}
