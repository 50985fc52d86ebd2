/*
 * pop3d.c - options, a clean start, three processes
 *
 * Runs as root until the fork. Reads nothing from the network.
 */
#include "apop.h"
#include "check.h"
#include "jail.h"
#include "login.h"
#include "monitor.h"
#include "secrets.h"
#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef NAME
#define NAME "pop3d"
#endif
#ifndef VERSION
#define VERSION "unknown"
#endif

struct options {
	const char *mailbox;
	const char *pam;
	const char *secrets;
	const char *state;
	const char *jail_user;
	const char *mail_group;
	const char *lock;
	const char *idle;
	const char *login_timeout;
	const char *tries;
	int no_pam;
	int tls;
	int plaintext;
	int to_stderr;
	int strict;
	int check;
	int version;
	int help;
};

/* All that the options and the system say, worked out. */
struct setup {
	struct options opt;
	struct login_config login;
	struct session_config session;
	struct monitor_config monitor;
	char address[INET6_ADDRSTRLEN]; /* the client's; empty if unknown */
	int is_local;                   /* no network lies between */
	char timestamp[APOP_TIMESTAMP];
	char empty[512]; /* path of the jail's root */
	char mailbox[1024];
	int use_fcntl;
	int use_dotlock;
};

struct row {
	const char *name;
	char letter;
	const char *value; /* what it takes, for --help; NULL: nothing */
	size_t field;      /* of struct options */
	const char *help;
};

#define FIELD(f) offsetof(struct options, f)

static const struct row rows[] = {
    {"mailbox",       'm', "PATH",    FIELD(mailbox),
     "%u user, %n local part, %d domain, %h home; /var/mail/%u"                                   },
    {"pam",           'p', "SERVICE", FIELD(pam),           "PAM service; " NAME                  },
    {"no-pam",        'P', NULL,      FIELD(no_pam),        "passwords by the secrets file only"  },
    {"secrets",       's', "FILE",    FIELD(secrets),
     "APOP and mail-only passwords; /etc/" NAME ".secrets"                                        },
    {"state",         'S', "DIR",     FIELD(state),         "indexes and journals; /var/lib/" NAME},
    {"jail-user",     'j', "NAME",    FIELD(jail_user),
     "whose uid the login process takes; " NAME						   },
    {"lock",          'l', "KINDS",   FIELD(lock),
     "how mailboxes are locked; fcntl,dotlock"						    },
    {"mail-group",    'g', "NAME",    FIELD(mail_group),
     "group that may write to the spool; mail"						    },
    {"tls",           'T', NULL,      FIELD(tls),           "the connection is already encrypted" },
    {"plaintext",     'c', NULL,      FIELD(plaintext),
     "take passwords in the clear from anywhere"                                                  },
    {"idle",          'i', "SECONDS", FIELD(idle),          "until a silent client goes; 600"     },
    {"login-timeout", 't', "SECONDS", FIELD(login_timeout),
     "for the whole login; 60"								    },
    {"tries",         'n', "N",       FIELD(tries),         "refusals before hanging up; 3"       },
    {"stderr",        'e', NULL,      FIELD(to_stderr),     "log to descriptor 2"                 },
    {"strict",        'x', NULL,      FIELD(strict),
     "serve in the full jail or not at all"						       },
    {"check",         'C', NULL,      FIELD(check),         "look at the configuration and leave" },
    {"version",       'V', NULL,      FIELD(version),       ""                                    },
    {"help",          'h', NULL,      FIELD(help),          ""                                    },
};

static _Noreturn void
refuse(int status, const char *what, const char *text, const char *repair)
{
	log_line(LOG_ERR, "%s %s: %s", what, text, repair);
	exit(status);
}

static void
print_help(void)
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
read_options(struct options *o, int argc, char **argv)
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
			refuse(EX_USAGE, "option", argv[optind - 1],
			    "unknown, or its value is missing; see --help");
		set_option(o, &rows[i], optarg);
	}
	if (optind < argc)
		refuse(
		    EX_USAGE, "argument", argv[optind], "options begin with -");
}

static int
read_number(const char *option, const char *text, long least, long most)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n < least || n > most)
		refuse(EX_USAGE, "option", option,
		    "not a number that makes sense");
	return (int)n;
}

static void
read_locks(struct setup *s)
{
	char kinds[32];
	char *at = kinds;

	snprintf(kinds, sizeof kinds, "%s", s->opt.lock);
	for (char *kind; (kind = strsep(&at, ",")) != NULL;) {
		if (strcmp(kind, "fcntl") == 0)
			s->use_fcntl = 1;
		else if (strcmp(kind, "dotlock") == 0)
			s->use_dotlock = 1;
		else
			refuse(EX_USAGE, "--lock", kind,
			    "the kinds are fcntl and dotlock");
	}
}

/* A relative path is relative to where we were started: sessions are not
 * there. */
static void
read_mailbox(struct setup *s)
{
	const char *pattern = s->opt.mailbox;
	char cwd[512] = "";
	int relative = pattern[0] != '/' && strncmp(pattern, "%h", 2) != 0;

	if (relative && getcwd(cwd, sizeof cwd) == NULL)
		log_fatal(EX_OSERR, "cannot find the current directory");
	if ((size_t)snprintf(s->mailbox, sizeof s->mailbox, "%s%s%s", cwd,
		relative ? "/" : "", pattern) >= sizeof s->mailbox)
		refuse(EX_USAGE, "--mailbox", pattern, "too long");
}

/*
 * What a superserver leaves behind: descriptors that are closed or too many,
 * signals ignored, an environment that PAM modules would read.
 */
static void
start_clean(void)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGALRM, SIGTERM,
	    SIGUSR1, SIGUSR2, SIGCHLD, SIGTSTP, SIGPIPE, SIGXFSZ};
	sigset_t none;

	if (fcntl(STDIN_FILENO, F_GETFD) == -1 ||
	    fcntl(STDOUT_FILENO, F_GETFD) == -1)
		exit(EX_USAGE); /* there is no client */
	if (fcntl(STDERR_FILENO, F_GETFD) == -1 &&
	    open("/dev/null", O_RDWR) != STDERR_FILENO)
		exit(EX_OSERR);
	close_range(3, ~0U, 0);
	for (size_t i = 0; i < COUNT(signals); i++) {
		struct sigaction a = {.sa_handler = SIG_DFL};

		if (signals[i] == SIGPIPE || signals[i] == SIGXFSZ)
			a.sa_handler = SIG_IGN; /* write() tells us */
		sigaction(signals[i], &a, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(077);
}

/* Is that descriptor the client's connection? */
static int
is_client(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(STDIN_FILENO, &b) == 0 &&
	    !S_ISCHR(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Nothing of ours may reach the client by way of descriptor 2. */
static void
replace_stderr(int wanted)
{
	int null;

	if (wanted)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1 || dup2(null, STDERR_FILENO) == -1)
		log_fatal(EX_OSERR, "cannot open /dev/null");
	close(null);
}

/* The numeric address of a socket's other end; false if it has none. */
static int
peer_address(char out[INET6_ADDRSTRLEN], int *loopback)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer;
	socklen_t len = sizeof peer;
	const void *v4 = &peer.in.sin_addr;

	if (getpeername(STDIN_FILENO, &peer.any, &len) == -1)
		return 0;
	if (peer.any.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&peer.in6.sin6_addr))
		v4 = peer.in6.sin6_addr.s6_addr + 12;
	else if (peer.any.sa_family == AF_INET6) {
		*loopback = IN6_IS_ADDR_LOOPBACK(&peer.in6.sin6_addr);
		return inet_ntop(AF_INET6, &peer.in6.sin6_addr, out,
			   INET6_ADDRSTRLEN) != NULL;
	} else if (peer.any.sa_family != AF_INET) {
		return 0;
	}
	*loopback = *(const unsigned char *)v4 == 127;
	return inet_ntop(AF_INET, v4, out, INET6_ADDRSTRLEN) != NULL;
}

/* The first of the superservers' variables that holds an address. */
static int
told_address(char out[INET6_ADDRSTRLEN])
{
	static const char *const names[] = {"TCPREMOTEIP", "REMOTE_HOST",
	    "REMOTE_ADDR", "SOCAT_PEERADDR", "NCAT_REMOTE_ADDR"};

	for (size_t i = 0; i < COUNT(names); i++) {
		const char *text = getenv(names[i]);
		char bare[INET6_ADDRSTRLEN + 2];
		unsigned char raw[16];
		size_t len;

		if (text == NULL || strlen(text) >= sizeof bare)
			continue;
		/* socat writes IPv6 addresses in brackets */
		snprintf(bare, sizeof bare, "%s", text + (*text == '['));
		len = strlen(bare);
		if (len > 0 && bare[len - 1] == ']')
			bare[len - 1] = '\0';
		if (strncasecmp(bare, "::ffff:", 7) == 0 &&
		    inet_pton(AF_INET, bare + 7, raw) == 1)
			return inet_ntop(AF_INET, raw, out, INET6_ADDRSTRLEN) !=
			    NULL;
		if (inet_pton(AF_INET, bare, raw) == 1)
			return inet_ntop(AF_INET, raw, out, INET6_ADDRSTRLEN) !=
			    NULL;
		if (inet_pton(AF_INET6, bare, raw) == 1)
			return inet_ntop(AF_INET6, raw, out,
				   INET6_ADDRSTRLEN) != NULL;
	}
	return 0;
}

/*
 * A real peer is believed before the environment, which may be anybody's; a
 * loopback peer is a wrapper, which tells by the environment whom it serves.
 */
static void
find_client(struct setup *s)
{
	char peer[INET6_ADDRSTRLEN] = "", told[INET6_ADDRSTRLEN] = "";
	int one = 1, loopback = 0;
	int known = peer_address(peer, &loopback);

	if ((!known || loopback) && told_address(told)) {
		memcpy(s->address, told, sizeof told);
		s->is_local =
		    strncmp(told, "127.", 4) == 0 || strcmp(told, "::1") == 0;
	} else {
		memcpy(s->address, peer, sizeof peer);
		s->is_local = !known || loopback;
	}
	/* These fail where there is no TCP, which is no harm. */
	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	setsockopt(STDOUT_FILENO, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* PAM modules and libraries read it: nothing in it is ours. */
static void
clear_environment(void)
{
	if (clearenv() != 0 ||
	    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) == -1 ||
	    setenv("TZ", ":/etc/localtime", 1) == -1)
		log_fatal(EX_OSERR, "cannot clear the environment");
}

/* A timestamp makes some clients insist on APOP: it is there only where there
 * are secrets. */
static void
draw_timestamp(struct setup *s)
{
	unsigned char random[APOP_RANDOM];
	char host[65] = "";

	if (!secrets_usable(s->opt.secrets))
		return;
	if (getrandom(random, sizeof random, 0) != sizeof random)
		log_fatal(EX_OSERR, "cannot draw a random number");
	gethostname(host, sizeof host - 1);
	apop_timestamp(s->timestamp, random, host);
}

/* The directory that children have for their root: empty, and nobody's. */
static void
prepare_empty(struct setup *s)
{
	const char *wrong = check_state(s->opt.state);
	struct stat st;

	if (wrong != NULL) {
		log_line(LOG_ERR, "state directory %s %s", s->opt.state, wrong);
		exit(EX_CONFIG);
	}
	snprintf(s->empty, sizeof s->empty, "%s/empty", s->opt.state);
	if (!s->monitor.auth.is_root)
		return;
	if (mkdir(s->empty, 0555) == -1 && errno != EEXIST)
		log_fatal(EX_CANTCREAT, s->empty);
	if (lstat(s->empty, &st) == -1 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != 0 || (st.st_mode & 022) != 0)
		refuse(EX_CONFIG, "jail directory", s->empty,
		    "not a directory that only root can write to, remove it");
}

static void
find_jail_user(struct setup *s)
{
	const struct passwd *pw;
	const struct group *gr = getgrnam(s->opt.mail_group);

	s->monitor.auth.mail_group = gr == NULL ? getegid() : gr->gr_gid;
	if (!s->monitor.auth.is_root)
		return;
	if (gr == NULL && s->use_dotlock)
		refuse(EX_CONFIG, "group", s->opt.mail_group,
		    "there is none, give the spool's by --mail-group=NAME");
	pw = getpwnam(s->opt.jail_user);
	if (pw == NULL || pw->pw_uid == 0)
		refuse(EX_CONFIG, "jail user", s->opt.jail_user,
		    "does not exist, or is root; useradd --system "
		    "--no-create-home it, or give another by --jail-user=NAME");
	s->login.jail_uid = pw->pw_uid;
	s->login.jail_gid = pw->pw_gid;
}

static void
prepare(struct setup *s)
{
	const struct options *o = &s->opt;
	int is_root = geteuid() == 0;

	s->use_fcntl = 0;
	read_locks(s);
	read_mailbox(s);
	s->login.tries = (unsigned)read_number("tries", o->tries, 1, 50);
	s->login.timeout_s =
	    read_number("login-timeout", o->login_timeout, 1, 3600);
	s->session.idle_s = read_number("idle", o->idle, 1, 86400);
	s->login.is_root = is_root;
	s->session.is_root = is_root;
	s->monitor.auth.is_root = is_root;
	if (o->strict && !jail_is_full(is_root))
		refuse(EX_CONFIG,
		    "--strict: the full jail is not to be had, only",
		    jail_level(is_root),
		    "start as root, or leave --strict out");
}

/* What each process is told. Texts are borrowed from the setup. */
static void
instruct(struct setup *s)
{
	const struct options *o = &s->opt;
	const char *timestamp = s->timestamp[0] == '\0' ? NULL : s->timestamp;

	s->login.client_in = s->session.client_in = STDIN_FILENO;
	s->login.client_out = s->session.client_out = STDOUT_FILENO;
	s->login.jail_root = s->session.jail_root = s->empty;
	s->login.cleartext = o->tls || o->plaintext || s->is_local;
	s->login.timestamp = timestamp;
	s->login.capa = session_capa;
	s->session.use_fcntl = s->use_fcntl;
	s->session.use_dotlock = s->use_dotlock;
	s->session.name = NAME "-" VERSION;
	s->monitor.auth.pam_service = o->no_pam ? NULL : o->pam;
	s->monitor.auth.secrets = o->secrets;
	s->monitor.auth.timestamp = timestamp;
	s->monitor.auth.address = s->address[0] == '\0' ? NULL : s->address;
	s->monitor.auth.mailbox = s->mailbox;
	s->monitor.state = o->state;
	s->monitor.jail = jail_level(s->monitor.auth.is_root);
	s->monitor.login_timeout_s = s->login.timeout_s;
	s->monitor.tries = s->login.tries;
	s->monitor.want_dotlock = s->use_dotlock;
	s->monitor.tls = o->tls;
}

/* A channel between the monitor and a child to be. */
static void
make_channel(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1)
		log_fatal(EX_OSERR, "cannot make a channel");
}

/*
 * Forks both children before PAM is touched, so that they inherit none of
 * its memory. Each keeps the client's connection and its end of its channel.
 */
static void
start_children(struct setup *s, struct child *login, struct child *session)
{
	int a[2], b[2];

	make_channel(a);
	make_channel(b);
	s->login.monitor = a[1];
	s->session.monitor = b[1];
	session->pid = fork();
	if (session->pid == 0) {
		close(a[0]);
		close(a[1]);
		close(b[0]);
		session_run(&s->session);
	}
	login->pid = session->pid == -1 ? -1 : fork();
	if (login->pid == 0) {
		close(a[0]);
		close(b[0]);
		close(b[1]);
		login_run(&s->login);
	}
	close(a[1]);
	close(b[1]);
	if (login->pid == -1)
		log_fatal(EX_OSERR, "cannot fork"); /* b[0] ends the session */
	login->fd = a[0];
	session->fd = b[0];
}

/* The monitor has no business with the client. */
static void
leave_client(const struct child *login, const struct child *session)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 ||
	    fcntl(login->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(session->fd, F_SETFL, O_NONBLOCK) == -1)
		log_fatal(EX_OSERR, "cannot let go of the client");
	close(null);
	jail_basics();
}

static int
run_check(const struct setup *s)
{
	const struct options *o = &s->opt;
	struct check c = {
	    .pam_service = o->no_pam ? NULL : o->pam,
	    .secrets = o->secrets,
	    .state = o->state,
	    .jail_user = o->jail_user,
	    .mailbox = s->mailbox,
	    .mail_group = o->mail_group,
	    .want_dotlock = s->use_dotlock,
	    .is_root = s->monitor.auth.is_root,
	};

	return check_all(&c) == 0 ? EX_OK : EX_CONFIG;
}

int
main(int argc, char **argv)
{
	static struct setup s = {
	    .opt =
		{
		      .mailbox = "/var/mail/%u",
		      .pam = NAME,
		      .secrets = "/etc/" NAME ".secrets",
		      .state = "/var/lib/" NAME,
		      .jail_user = NAME,
		      .mail_group = "mail",
		      .lock = "fcntl,dotlock",
		      .idle = "600",
		      .login_timeout = "60",
		      .tries = "3",
		      },
	};
	struct child login, session;
	int has_logger;

	start_clean();
	has_logger = !is_client(STDERR_FILENO);
	if (!has_logger)
		replace_stderr(0);
	log_open(NAME, has_logger);
	read_options(&s.opt, argc, argv);
	if (s.opt.version)
		return printf(NAME " " VERSION "\n") < 0;
	if (s.opt.help) {
		print_help();
		return EX_OK;
	}
	log_open(NAME, s.opt.check || (s.opt.to_stderr && has_logger));
	prepare(&s);
	if (s.opt.check)
		return run_check(&s);
	replace_stderr(s.opt.to_stderr);
	find_client(&s);
	clear_environment();
	prepare_empty(&s);
	find_jail_user(&s);
	draw_timestamp(&s);
	instruct(&s);
	start_children(&s, &login, &session);
	leave_client(&login, &session);
	return monitor_run(&s.monitor, login, session);
}
