/*
 * Tests of options.c: what a command line sets, and what it may not hold.
 */
#include "../../options.h"

#include "apart.h"

#include <sysexits.h>

#define WORDS 8

struct words {
	char *word[WORDS]; /* the last one is NULL */
};

static int
count(const struct words *w)
{
	int n = 0;

	while (w->word[n] != NULL)
		n++;
	return n;
}

/* In a process of its own: getopt_long() keeps its place. */
static void
read_them(void *words)
{
	struct words w = *(const struct words *)words;
	struct options o;

	options_read(&o, count(&w), w.word);
	log_line(LOG_INFO, "%s %s %d%d %d %d %d %d %u %d%d%d", o.mailbox, o.pam,
	    o.use_fcntl, o.use_dotlock, o.idle_s, o.takeover_s,
	    o.login_timeout_s, o.login_delay_s, o.tries, o.tls, o.strict,
	    o.pam_session);
}

#define USUAL "/var/mail/%u pop3d "

static const struct {
	struct words words;
	const char *set; /* as above */
} lines[] = {
    {{{"pop3d"}},					       USUAL "11 600 0 60 0 3 000\n"},
    {{{"pop3d", "--tls", "--strict"}},                          USUAL "11 600 0 60 0 3 110\n"},
    {{{"pop3d", "-Tx"}},					USUAL "11 600 0 60 0 3 110\n"},
    {{{"pop3d", "--lock=fcntl"}},                               USUAL "10 600 0 60 0 3 000\n"},
    {{{"pop3d", "--lock", "dotlock"}},                          USUAL "01 600 0 60 0 3 000\n"},
    {{{"pop3d", "-ldotlock,fcntl"}},                            USUAL "11 600 0 60 0 3 000\n"},
    {{{"pop3d", "--mailbox=/x", "--pam=y"}},                    "/x y 11 600 0 60 0 3 000\n" },
    {{{"pop3d", "--mailbox=", "--mailbox=/z"}},
     "/z pop3d 11 600 0 60 0 3 000\n"							},
    {{{"pop3d", "--idle=1", "--tries=1", "--login-timeout=1"}},
     USUAL "11 1 0 1 0 1 000\n"							      },
    {{{"pop3d", "--idle=86400", "--tries=50", "--login-timeout=3600",
	 "--login-delay=86400", "--takeover=86399"}},
     USUAL "11 86400 86399 3600 86400 50 000\n"                                              },
    {{{"pop3d", "--pam-session"}},                              USUAL "11 600 0 60 0 3 001\n"},
    {{{"pop3d", "--trace=/t", "--idle= 7"}},                    USUAL "11 7 0 60 0 3 000\n"  },
};

static void
words_are_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct words w = lines[i].words;

		check(run_apart(read_them, &w) == 0, "line %zu: %s", i, logged);
		check_text(logged, lines[i].set, w.word[count(&w) - 1]);
	}
}

#define NO_NUMBER "not a number that makes sense\n"
#define NO_OPTION "unknown, or its value is missing; see --help\n"
#define NO_PAM                                                                 \
	"option --pam-session: not with --no-pam or --checkpassword, which "   \
	"do without PAM\n"

static const struct {
	struct words words;
	const char *log;
} wrong[] = {
    {{{"pop3d", "--nonsense"}},                               "option --nonsense: " NO_OPTION             },
    {{{"pop3d", "-Z"}},				       "option -Z: " NO_OPTION                     },
    {{{"pop3d", "--mailbox"}},				"option --mailbox: " NO_OPTION              },
    {{{"pop3d", "--tls=yes"}},				"option --tls=yes: " NO_OPTION              },
    {{{"pop3d", "mail"}},				     "argument mail: options begin with -\n"     },
    {{{"pop3d", "--tls", "--", "x"}},                         "argument x: options begin with -\n"        },
    {{{"pop3d", "--lock=flock"}},
     "--lock flock: the kinds are fcntl and dotlock\n"                                                    },
    {{{"pop3d", "--lock="}},				  "--lock : the kinds are fcntl and dotlock\n"},
    {{{"pop3d", "--lock=fcntl,"}},
     "--lock : the kinds are fcntl and dotlock\n"							 },
    {{{"pop3d", "--lock=fcntl,dotlock,fcntl,dotlock,fcntl"}},
     "--lock fcn: the kinds are fcntl and dotlock\n"                                                      },
    {{{"pop3d", "--pam-session", "--no-pam"}},                NO_PAM                                      },
    {{{"pop3d", "--pam-session", "--checkpassword=/x"}},      NO_PAM                                      },
    {{{"pop3d", "--idle=0"}},				 "option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--idle=86401"}},                             "option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--idle="}},				  "option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--idle=x"}},				 "option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--idle=1x"}},				"option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--idle=99999999999999999999"}},              "option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--idle=-99999999999999999999"}},             "option --idle: " NO_NUMBER                 },
    {{{"pop3d", "--takeover="}},                              "option --takeover: " NO_NUMBER             },
    {{{"pop3d", "--takeover=-1"}},                            "option --takeover: " NO_NUMBER             },
    {{{"pop3d", "--takeover=600"}},
     "--takeover 600: a session that is silent for so long has ended: see "
	"--idle\n"											},
    {{{"pop3d", "--login-timeout=0"}},                        "option --login-timeout: " NO_NUMBER        },
    {{{"pop3d", "--login-delay=-1"}},                         "option --login-delay: " NO_NUMBER          },
    {{{"pop3d", "--tries=0"}},				"option --tries: " NO_NUMBER                },
    {{{"pop3d", "--tries=51"}},                               "option --tries: " NO_NUMBER                },
    {{{"pop3d", "--trace=t"}},				"--trace t: the path has to be absolute\n"  },
};

static void
what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct words w = wrong[i].words;
		const char *title = w.word[count(&w) - 1];

		check(run_apart(read_them, &w) == EX_USAGE, "%s", title);
		check_text(logged, wrong[i].log, title);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_options),
	    cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
