/*
 * options.h - the command line
 *
 * All the configuration there is. One table serves the parser and --help.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#ifndef NAME
#define NAME "pop3d"
#endif
#ifndef VERSION
#define VERSION "unknown"
#endif

/* Texts are borrowed from argv, or constants. */
struct options {
	const char *mailbox;       /* pattern */
	const char *pam;           /* service */
	const char *checkpassword; /* program */
	const char *secrets;
	const char *client_cert; /* name of a variable; NULL: none */
	const char *state;
	const char *jail_user;
	const char *mail_group;
	const char *trace; /* NULL: none */
	const char *lock;
	const char *idle_text; /* the numbers as they were given ... */
	const char *takeover_text;
	const char *login_timeout_text;
	const char *tries_text;
	const char *login_delay_text;
	int idle_s; /* ... and as they are meant */
	int takeover_s;
	int login_timeout_s;
	int login_delay_s;
	unsigned tries;
	int use_fcntl;
	int use_dotlock;
	int no_pam;
	int pam_session;
	int tls;
	int proxy;
	int plaintext;
	int to_stderr;
	int strict;
	int check;
	int recover;
	int authenticated;
	int version;
	int help;
};

/*
 * Reads the command line into *o, with the defaults for what is not there.
 * Leaves the program, with a log line and EX_USAGE, if it makes no sense.
 */
void options_read(struct options *o, int argc, char **argv);

/* Prints them all on standard output. */
void options_help(void);

#endif
