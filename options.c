/*
 * options.c - the command line
 *
 * Trusts it: who writes the superserver's line is root, or oneself.
 */
#include "options.h"

#include "log.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct row {
	const char *name;
	char letter;
	const char *value; /* what it takes, for --help; NULL: nothing */
	size_t field;      /* of struct options */
	const char *help;
};

#define FIELD(f) offsetof(struct options, f)

/* A row on two lines: */
/* clang-format off */
static const struct row rows[] = {
    {"mailbox", 'm', "PATH", FIELD(mailbox),
	"%u user, %n local part, %d domain, %h home; /var/mail/%u"},
    {"pam", 'p', "SERVICE", FIELD(pam),
	"PAM service; " NAME},
    {"pam-session", 'O', NULL, FIELD(pam_session),
	"let PAM open a session as well, and close it"},
    {"no-pam", 'P', NULL, FIELD(no_pam),
	"passwords by the secrets file only"},
    {"checkpassword", 'k', "PROGRAM", FIELD(checkpassword),
	"asked instead of PAM"},
    {"secrets", 's', "FILE", FIELD(secrets),
	"APOP and mail-only passwords; /etc/" NAME ".secrets"},
    {"client-cert", 'K', "VARIABLE", FIELD(client_cert),
	"that names a verified certificate, for AUTH EXTERNAL"},
    {"state", 'S', "DIR", FIELD(state),
	"indexes and journals; /var/lib/" NAME},
    {"jail-user", 'j', "NAME", FIELD(jail_user),
	"whose uid the login process takes; " NAME},
    {"lock", 'l', "KINDS", FIELD(lock),
	"how mailboxes are locked; fcntl,dotlock"},
    {"mail-group", 'g', "NAME", FIELD(mail_group),
	"group that may write to the spool; mail"},
    {"tls", 'T', NULL, FIELD(tls),
	"the connection is already encrypted"},
    {"plaintext", 'c', NULL, FIELD(plaintext),
	"take passwords in the clear from anywhere"},
    {"proxy", 'X', NULL, FIELD(proxy),
	"a PROXY protocol header (1 or 2) comes first"},
    {"idle", 'i', "SECONDS", FIELD(idle_text),
	"until a silent client goes; 600"},
    {"takeover", 'o', "SECONDS", FIELD(takeover_text),
	"of silence, after which a newer session may end one; 0: never"},
    {"login-timeout", 't', "SECONDS", FIELD(login_timeout_text),
	"for the whole login; 60"},
    {"tries", 'n', "N", FIELD(tries_text),
	"refusals before hanging up; 3"},
    {"login-delay", 'd', "SECONDS", FIELD(login_delay_text),
	"between two logins of a user; 0"},
    {"stderr", 'e', NULL, FIELD(to_stderr),
	"log to descriptor 2"},
    {"trace", 'D', "FILE", FIELD(trace),
	"that the dialogue is written to, if it is there; %u user"},
    {"strict", 'x', NULL, FIELD(strict),
	"serve in the full jail or not at all"},
    {"check", 'C', NULL, FIELD(check),
	"look at the configuration and leave"},
    {"recover", 'r', NULL, FIELD(recover),
	"finish every interrupted update and leave"},
    {"authenticated", 'a', NULL, FIELD(authenticated),
	"serve $USER, whom a checkpassword program has let in"},
    {"version", 'V', NULL, FIELD(version),
	"print the version and leave"},
    {"help", 'h', NULL, FIELD(help),
	"print this and leave"},
};
/* clang-format on */

static _Noreturn void
refuse(const char *what, const char *text, const char *repair)
{
	log_line(LOG_ERR, "%s %s: %s", what, text, repair);
	exit(EX_USAGE);
}

static void
set_option(struct options *o, const struct row *row, const char *value)
{
	char *field = (char *)o + row->field;

	if (row->value == NULL)
		*(int *)(void *)field = 1;
	else
		*(const char **)(void *)field = value;
}

static void
read_words(struct options *o, int argc, char **argv)
{
	struct option longs[COUNT(rows) + 1] = {{0}};
	char shorts[2 * COUNT(rows) + 1];
	size_t n = 0;
	int letter;

	for (size_t i = 0; i < COUNT(rows); i++) {
		longs[i].name = rows[i].name;
		longs[i].has_arg = rows[i].value != NULL;
		longs[i].val = rows[i].letter;
		shorts[n++] = rows[i].letter;
		if (rows[i].value != NULL)
			shorts[n++] = ':';
	}
	shorts[n] = '\0';
	opterr = 0;
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = 0;

		while (i < COUNT(rows) && rows[i].letter != letter)
			i++;
		if (i == COUNT(rows))
			refuse("option", argv[optind - 1],
			    "unknown, or its value is missing; see --help");
		set_option(o, &rows[i], optarg);
	}
	if (optind < argc)
		refuse("argument", argv[optind], "options begin with -");
}

static int
read_number(const char *option, const char *text, long least, long most)
{
	char *end;
	long n;

	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || n < least || n > most)
		refuse("option", option, "not a number that makes sense");
	return (int)n;
}

static void
read_locks(struct options *o)
{
	char kinds[32];
	char *at = kinds;

	snprintf(kinds, sizeof kinds, "%s", o->lock);
	for (char *kind; (kind = strsep(&at, ",")) != NULL;) {
		if (strcmp(kind, "fcntl") == 0)
			o->use_fcntl = 1;
		else if (strcmp(kind, "dotlock") == 0)
			o->use_dotlock = 1;
		else
			refuse(
			    "--lock", kind, "the kinds are fcntl and dotlock");
	}
}

void
options_read(struct options *o, int argc, char **argv)
{
	*o = (struct options){
	    .mailbox = "/var/mail/%u",
	    .pam = NAME,
	    .secrets = "/etc/" NAME ".secrets",
	    .state = "/var/lib/" NAME,
	    .jail_user = NAME,
	    .mail_group = "mail",
	    .lock = "fcntl,dotlock",
	    .idle_text = "600",
	    .takeover_text = "0",
	    .login_timeout_text = "60",
	    .tries_text = "3",
	    .login_delay_text = "0",
	};
	read_words(o, argc, argv);
	read_locks(o);
	if (o->pam_session && (o->no_pam || o->checkpassword != NULL))
		refuse("option", "--pam-session",
		    "not with --no-pam or --checkpassword, which do without "
		    "PAM");
	o->idle_s = read_number("--idle", o->idle_text, 1, 86400);
	o->takeover_s = read_number("--takeover", o->takeover_text, 0, 86400);
	if (o->takeover_s >= o->idle_s)
		refuse("--takeover", o->takeover_text,
		    "a session that is silent for so long has ended: see "
		    "--idle");
	if (o->trace != NULL && o->trace[0] != '/')
		refuse("--trace", o->trace, "the path has to be absolute");
	o->login_timeout_s =
	    read_number("--login-timeout", o->login_timeout_text, 1, 3600);
	o->login_delay_s =
	    read_number("--login-delay", o->login_delay_text, 0, 86400);
	o->tries = (unsigned)read_number("--tries", o->tries_text, 1, 50);
}

void
options_help(void)
{
	printf("usage: " NAME " [options], from a superserver, with the "
	       "client on descriptors 0 and 1\n\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		char name[40];

		snprintf(name, sizeof name, "--%s%s%s", rows[i].name,
		    rows[i].value == NULL ? "" : "=",
		    rows[i].value == NULL ? "" : rows[i].value);
		printf("  -%c, %-25s %s\n", rows[i].letter, name, rows[i].help);
	}
}
