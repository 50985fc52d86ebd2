/*
 * Tests of check.c: what is said of each thing that a session will need. The
 * means of a jail are ours here, and names. tests/says.py has the program.
 */
#include "../../check.h"

#include "apart.h"
#include "failing.h"

#include "../../jail.h"

#include <grp.h>
#include <pwd.h>

FAILING(void *, dlopen, (const char *name, int how), (name, how), NULL)

/* There is joe, with uid 1001, and root; and the mail group, of this gid. */
static gid_t mail_group;

struct passwd *
getpwnam(const char *name)
{
	static struct passwd pw;

	pw.pw_uid = strcmp(name, "joe") == 0 ? 1001 : 0;
	return pw.pw_uid == 1001 || strcmp(name, "root") == 0 ? &pw : NULL;
}

struct group *
getgrnam(const char *name)
{
	static struct group gr;

	gr.gr_gid = mail_group;
	return strcmp(name, "mail") == 0 ? &gr : NULL;
}

static struct jail_means means;
static struct check config;

/* All is well but what a case changes. */
static void
set_up(void)
{
	struct stat st;

	assert_int_equal(stat(".", &st), 0);
	mail_group = st.st_gid;
	means = (struct jail_means){
	    .is_root = 1, .chroot = 1, .seccomp = 1, .landlock = 1};
	config = (struct check){
	    .secrets = "secrets",
	    .state = "state",
	    .jail_user = "joe",
	    .mailbox = "spool/%u",
	    .mail_group = "mail",
	    .want_dotlock = 1,
	    .means = &means,
	};
	make_file("secrets", "joe:{PLAIN}x\n", 13);
	make_file("file", "", 0);
	mkdir("state", 0700);
	mkdir("spool", 0700);
	assert_int_equal(chmod("spool", 02770), 0);
}

static void
no_pam_wanted(void)
{
}

static void
pam_that_cannot_be_loaded(void)
{
	config.pam_service = "service";
	fail_call("dlopen", 0, 0);
}

static void
no_such_service(void)
{
	config.pam_service = "no-such-service";
}

static void
no_secrets(void)
{
	unlink("secrets");
	config.pam_service = "other";
}

static void
nothing_at_all(void)
{
	unlink("secrets");
}

static void
a_secrets_file_that_cannot_be_looked_at(void)
{
	config.secrets = "file/secrets";
}

static void
a_secrets_file_for_all(void)
{
	assert_int_equal(chmod("secrets", 0644), 0);
}

static void
secrets_of_nobody(void)
{
	make_file("secrets",
	    "ann:{PLAIN}x\nann:joe:{PLAIN}x\njoe:ann:{PLAIN}x\n", 48);
}

static void
secrets_of_nobody_without_root(void)
{
	secrets_of_nobody();
	means.is_root = 0;
}

static void
lines_that_let_nobody_in(void)
{
	make_file("secrets", "ann\njoe:{CRYPT}no hash\n", 23);
}

static void
a_denied_layer(void)
{
	means.denied = "Landlock";
	means.landlock = -1;
}

static void
no_layers(void)
{
	means.seccomp = means.landlock = 0;
}

static void
no_jail_user(void)
{
	config.jail_user = "jane";
}

static void
root_for_a_jail_user(void)
{
	config.jail_user = "root";
}

static void
no_state(void)
{
	rmdir("state");
}

static void
a_file_for_a_spool(void)
{
	config.mailbox = "file/%u";
}

static void
no_spool(void)
{
	config.mailbox = "none/%u";
}

static void
mailboxes_at_the_root(void)
{
	config.mailbox = "/%u";
	config.want_dotlock = 0;
}

static void
mailboxes_at_home(void)
{
	config.mailbox = "%h/mbox";
}

static void
no_mail_group(void)
{
	config.mail_group = "none";
}

static void
a_spool_of_another_group(void)
{
	mail_group++;
}

static void
a_spool_that_the_group_cannot_write_to(void)
{
	assert_int_equal(chmod("spool", 02750), 0);
}

static void
a_spool_for_all(void)
{
	mail_group++;
	assert_int_equal(chmod("spool", 01777), 0);
}

#define OK    "ok    "
#define WRONG "WRONG "

static const struct {
	void (*change)(void);
	unsigned wrong;
	const char *line; /* the beginning of one */
} cases[] = {
    {no_pam_wanted,			   0, OK "PAM is not used\n"                                    },
    {no_pam_wanted,			   0, OK "secrets file secrets\n"                               },
    {no_pam_wanted,			   0, OK "state directory state\n"                              },
    {no_pam_wanted,			   0,
     OK "confinement: jail=uid,chroot,rlimit,nnp,seccomp,landlock1\n"                                      },
    {no_pam_wanted,			   0, OK "jail user joe has uid 1001\n"                         },
    {no_pam_wanted,			   0, OK "spool spool\n"                                        },
    {pam_that_cannot_be_loaded,               1, WRONG "PAM: see above; install it, or"                    },
    {no_such_service,			 1, WRONG "PAM service no-such-service: there is none"        },
    {no_secrets,			      0, OK "secrets file secrets: there is none, so APOP is off\n"},
    {no_secrets,			      0, OK "PAM service other\n"                                  },
    {nothing_at_all,			  1, WRONG "secrets file secrets: there is none, and no"       },
    {a_secrets_file_that_cannot_be_looked_at, 1,
     WRONG "secrets file file/secrets: see above\n"							},
    {a_secrets_file_for_all,                  1, WRONG "secrets file secrets: see above\n"                 },
    {secrets_of_nobody,                       2,
     WRONG "user ann: a secret for the mailbox of ann, who is no system"                                   },
    {secrets_of_nobody,                       2,
     WRONG "user joe: a secret for the mailbox of ann, who is no system"                                   },
    {secrets_of_nobody_without_root,          0, OK "secrets file secrets\n"                               },
    {lines_that_let_nobody_in,                1,
     WRONG "user joe: that is no hash behind {CRYPT}\n"                                                    },
    {a_denied_layer,			  1, WRONG "Landlock: denied, see pop3d(8), --strict\n"        },
    {a_denied_layer,			  1,
     OK "confinement: jail=uid,chroot,rlimit,nnp,seccomp, which is not all"                                },
    {no_layers,			       0,
     OK "confinement: jail=uid,chroot,rlimit,nnp, which is not all, see"                                   },
    {no_jail_user,			    1, WRONG "jail user jane: there is none; useradd"            },
    {root_for_a_jail_user,                    1, WRONG "jail user root has uid 0\n"                        },
    {no_state,				1, WRONG "state directory state is not there: make it"       },
    {a_file_for_a_spool,                      1, WRONG "spool file: there is no such directory\n"          },
    {no_spool,				1, WRONG "spool none: there is no such directory\n"          },
    {mailboxes_at_the_root,                   0, OK "spool /\n"                                            },
    {mailboxes_at_home,                       0, OK "mailboxes are at %h/mbox\n"                           },
    {no_mail_group,			   1, WRONG "group none: there is none; give another"           },
    {a_spool_of_another_group,                1, WRONG "spool spool: group mail cannot"                    },
    {a_spool_that_the_group_cannot_write_to,  1,
     WRONG "spool spool: group mail cannot write to it"                                                    },
    {a_spool_for_all,			 0, OK "spool spool\n"                                        },
};

/* The lines are what stands on standard output, the status how many are
 * wrong. */
static void
look(void *i)
{
	int all = make_nameless("", 0);
	char text[8192];
	unsigned wrong;

	cases[*(const size_t *)i].change();
	dup2(all, STDOUT_FILENO);
	wrong = check_all(&config);
	fflush(stdout);
	text[pread(all, text, sizeof text - 1, 0)] = '\0';
	log_line(LOG_INFO, "%s",
	    strstr(text, cases[*(size_t *)i].line) == NULL ? text
							   : "as it should");
	_exit((int)wrong);
}

static void
each_thing_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned wrong;

		set_up();
		wrong = (unsigned)run_apart(look, &i);
		check(strstr(logged, "as it should\n") != NULL, "%s: %s",
		    cases[i].line, logged);
		check(wrong == cases[i].wrong, "%s: %u", cases[i].line, wrong);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_thing_is_looked_at),
	};

	return cmocka_run_group_tests_name(
	    "check", tests, enter_dir, leave_dir);
}
