/*
 * pop3d.c - options, a clean start, three processes
 *
 * Runs as root until the fork. Reads nothing from the network.
 */
#include "apop.h"
#include "check.h"
#include "client.h"
#include "jail.h"
#include "login.h"
#include "monitor.h"
#include "options.h"
#include "recover.h"
#include "session.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

/* All that the options and the system say, worked out. */
struct setup {
	struct options opt;
	struct login_config login;
	struct session_config session;
	struct monitor_config monitor;
	struct client client;
	struct ucspi tls;
	struct child login_child;
	struct child session_child;
	struct jail_means means;
	int null; /* descriptor of /dev/null */
	char level[JAIL_LEVEL];
	char timestamp[APOP_TIMESTAMP];
	char certificate[512]; /* the name of the client's; empty: none */
	char empty[512];       /* path of the jail's root */
	char mailbox[1024];
	char user[PRIVSEP_NAME + 1]; /* of the environment */
	char home[512];
};

/* Nothing can be served, for a reason that is in the log: the client is told
 * that it is not his. A new connection takes that much without waiting. */
static _Noreturn void
turn_away(const struct setup *s, int status)
{
	if (!s->opt.check && !s->opt.recover)
		dprintf(STDOUT_FILENO,
		    "-ERR [SYS/PERM] the server is not set up rightly, tell "
		    "your postmaster\r\n");
	exit(status);
}

static _Noreturn void
refuse(const struct setup *s, int status, const char *what, const char *text,
    const char *repair)
{
	log_line(LOG_ERR, "%s %s: %s", what, text, repair);
	turn_away(s, status);
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
		refuse(s, EX_USAGE, "--mailbox", pattern, "too long");
}

/* A superserver that lives by events may hand over a socket that does not
 * block: then "try again" would look like a client that is gone. */
static void
make_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags != -1 && (flags & O_NONBLOCK) != 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/*
 * A pipe's end that is to be written to is opened once more, not to block:
 * whoever has it as well does not notice, and poll() and write() can then be
 * trusted with more than PIPE_BUF bytes. If that cannot be, it stays as it is.
 */
static void
open_pipe_anew(int fd)
{
	char path[32];
	struct stat st;
	int ours;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode))
		return;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	ours = open(path, O_WRONLY | O_NONBLOCK);
	if (ours == -1)
		return;
	dup2(ours, fd);
	close(ours);
}

/* All descriptors but the first three, those of UCSPI-TLS, and a channel;
 * -1 is none. */
static int
close_others(const struct ucspi *tls, int channel)
{
	const int kept[] = {tls->control, tls->in, tls->out, channel};
	unsigned from = 3, next;

	do {
		next = ~0U;
		for (size_t i = 0; i < COUNT(kept); i++)
			if (kept[i] != -1 && (unsigned)kept[i] >= from &&
			    (unsigned)kept[i] < next)
				next = (unsigned)kept[i];
		if (next > from && close_range(from, next - 1, 0) == -1)
			return 0;
		from = next + 1;
	} while (next != ~0U);
	return 1;
}

/*
 * What a superserver leaves behind: descriptors that are closed or too many,
 * signals ignored, an environment that PAM modules would read.
 */
static void
start_clean(struct setup *s)
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
	if (!close_others(&s->tls, -1))
		exit(EX_OSERR);
	s->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (s->null == -1)
		exit(EX_OSERR);
	make_blocking(STDIN_FILENO);
	make_blocking(STDOUT_FILENO);
	make_blocking(s->tls.in);
	make_blocking(s->tls.out);
	open_pipe_anew(STDOUT_FILENO);
	open_pipe_anew(s->tls.out);
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

/* What is there is let go of: the client, or a log that is not for it. */
static void
replace(const struct setup *s, int fd)
{
	if (dup2(s->null, fd) == -1)
		log_fatal(EX_OSERR, "cannot use /dev/null");
}

static void
keep_text(char *out, size_t room, const char *name)
{
	const char *text = getenv(name);

	if (text != NULL && strlen(text) < room)
		memcpy(out, text, strlen(text) + 1);
}

/* PAM modules and libraries read it: nothing in it is ours, but the names of
 * a user who was judged before and of a certificate. */
static void
clear_environment(struct setup *s)
{
	static char *clean[] = {
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TZ=:/etc/localtime", NULL};

	if (s->opt.client_cert != NULL)
		keep_text(
		    s->certificate, sizeof s->certificate, s->opt.client_cert);
	if (s->certificate[0] != '\0')
		s->monitor.auth.certificate = s->certificate;
	keep_text(s->user, sizeof s->user, "USER");
	keep_text(s->home, sizeof s->home, "HOME");
	environ = clean;
}

/* A timestamp makes some clients insist on APOP: it is there only where there
 * are secrets for it. */
static void
draw_timestamp(struct setup *s)
{
	unsigned char random[APOP_RANDOM];
	char host[65] = "";

	s->login.methods = auth_methods(&s->monitor.auth);
	if ((s->login.methods & 1U << METHOD_APOP) == 0)
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
	const char *wrong = state_wrong(s->opt.state);
	struct stat st;

	if (wrong != NULL) {
		log_line(LOG_ERR, "state directory %s %s", s->opt.state, wrong);
		turn_away(s, EX_CONFIG);
	}
	snprintf(s->empty, sizeof s->empty, "%s/empty", s->opt.state);
	if (!s->monitor.auth.rules.is_root)
		return;
	if (mkdir(s->empty, 0555) == -1 && errno != EEXIST)
		log_fatal(EX_CANTCREAT, s->empty);
	if (lstat(s->empty, &st) == -1 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != 0 || (st.st_mode & 022) != 0)
		refuse(s, EX_CONFIG, "jail directory", s->empty,
		    "not a directory that only root can write to, remove it");
}

static void
find_jail_user(struct setup *s)
{
	const struct passwd *pw;
	const struct group *gr;

	errno = 0;
	gr = getgrnam(s->opt.mail_group);
	if (gr == NULL && !account_is_unknown())
		log_fatal(EX_TEMPFAIL, "cannot look up the mail group");
	s->monitor.auth.rules.mail_group = gr == NULL ? getegid() : gr->gr_gid;
	if (!s->monitor.auth.rules.is_root)
		return;
	if (gr == NULL && s->opt.use_dotlock)
		refuse(s, EX_CONFIG, "group", s->opt.mail_group,
		    "there is none, give the spool's by --mail-group=NAME");
	errno = 0;
	pw = getpwnam(s->opt.jail_user);
	if (pw == NULL && !account_is_unknown())
		log_fatal(EX_TEMPFAIL, "cannot look up the jail user");
	if (pw == NULL || pw->pw_uid == 0)
		refuse(s, EX_CONFIG, "jail user", s->opt.jail_user,
		    "does not exist, or is root; useradd --system "
		    "--no-create-home it, or give another by --jail-user=NAME");
	s->login.jail_uid = pw->pw_uid;
	s->login.jail_gid = pw->pw_gid;
}

static void
prepare(struct setup *s)
{
	const struct options *o = &s->opt;

	read_mailbox(s);
	s->login.tries = o->tries;
	s->login.timeout_s = o->login_timeout_s;
	s->session.idle_s = o->idle_s;
	s->session.takeover_s = o->takeover_s;
	s->login.trace = o->trace;
	s->session.trace = o->recover ? NULL : o->trace;
	s->login.login_delay_s = o->login_delay_s;
	s->session.login_delay_s = o->login_delay_s;
	s->monitor.login_delay_s = o->login_delay_s;
	jail_probe(&s->means);
	s->login.means = s->session.means = &s->means;
	s->monitor.auth.rules.is_root = s->means.is_root;
	s->monitor.jail = jail_level(&s->means, s->level);
	s->monitor.auth.pam_service = o->no_pam ? NULL : o->pam;
	s->monitor.auth.checkpassword = o->checkpassword;
	s->monitor.auth.secrets = o->secrets;
	if (s->means.denied != NULL && !o->check)
		refuse(s, EX_CONFIG, "jail", s->means.denied,
		    "it is denied to us; allow its system calls, or have them "
		    "fail with ENOSYS, in the filter of the unit or container");
	if (o->strict && !jail_is_full(&s->means))
		refuse(s, EX_CONFIG,
		    "--strict: the full jail is not to be had, only", s->level,
		    "start as root, on a kernel with seccomp and Landlock, "
		    "or leave --strict out");
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
	s->login.proxy = o->proxy;
	/* Children have no control of TLS. */
	s->login.tls = s->tls;
	s->login.tls.control = s->tls.in;
	s->session.tls = s->login.tls;
	s->monitor.control = s->tls.control == -1
	    ? 0
	    : fcntl(s->tls.control, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	/* Where control is the client as well, nothing can be told. */
	if (s->tls.control != s->tls.in && s->tls.control != s->tls.out)
		s->monitor.client_cert = o->client_cert;
	s->login.cleartext_from_all = o->tls || o->plaintext;
	s->login.cleartext = s->login.cleartext_from_all || s->client.is_local;
	s->login.timestamp = timestamp;
	s->login.capa = session_capa;
	s->session.use_fcntl = s->opt.use_fcntl;
	s->session.use_dotlock = s->opt.use_dotlock;
	s->session.name = NAME "-" VERSION;
	s->monitor.auth.timestamp = timestamp;
	s->monitor.auth.address =
	    s->client.address[0] == '\0' ? NULL : s->client.address;
	s->monitor.auth.rules.mailbox = s->mailbox;
	s->monitor.state = o->state;
	s->monitor.login_timeout_s = s->login.timeout_s;
	s->monitor.idle_s = o->idle_s;
	s->monitor.tries = s->login.tries;
	s->monitor.pam_session = o->pam_session;
	s->monitor.want_dotlock = s->opt.use_dotlock;
	s->monitor.tls = o->tls;
	s->monitor.proxy = o->proxy;
}

/* The log is the monitor's. A name service may have left a connection open, of
 * root's: it is not for children. */
static void
leave_to_monitor(const struct setup *s, int channel)
{
	replace(s, STDERR_FILENO);
	if (!close_others(&s->login.tls, channel))
		log_fatal(EX_OSERR, "cannot close descriptors");
}

static void
run_session(void *setup, int monitor)
{
	struct setup *s = setup;

	s->session.monitor = monitor;
	leave_to_monitor(s, monitor);
	session_run(&s->session);
}

static void
run_login(void *setup, int monitor)
{
	struct setup *s = setup;

	s->login.monitor = monitor;
	leave_to_monitor(s, monitor);
	login_run(&s->login);
}

/*
 * Forks both children before PAM is touched, so that they inherit none of
 * its memory. Each keeps the client's connection and its end of its channel.
 * The client is waiting for the first.
 */
static void
start_children(struct setup *s)
{
	if (!privsep_start(&s->login_child, run_login, s))
		log_fatal(EX_OSERR, "cannot start the login process");
	if (!privsep_start(&s->session_child, run_session, s))
		log_fatal(EX_OSERR, "cannot start the session process");
}

/* The monitor has no business with the client. */
static void
leave_client(const struct setup *s)
{
	replace(s, STDIN_FILENO);
	replace(s, STDOUT_FILENO);
	close(s->null);
	client_close_ucspi(&s->tls);
	/* What modules need to open a session only they know. */
	if (!s->opt.pam_session)
		jail_monitor(
		    &s->means, s->opt.checkpassword != NULL || !s->opt.no_pam);
}

/* Somebody else has judged the user, and made us him: a checkpassword program
 * says by the environment who he is. */
static int
serve_authenticated(struct setup *s)
{
	struct account a = {.uid = getuid(), .gid = getgid()};

	if (s->means.is_root)
		refuse(s, EX_CONFIG, "--authenticated", "as root",
		    "the program before it has to become the user");
	if (!account_name_is_safe(s->user) ||
	    !account_mailbox(s->mailbox, s->user, s->home, a.mailbox))
		refuse(s, EX_CONFIG, "--authenticated",
		    "without USER, or HOME for %h, in the environment",
		    "a checkpassword program sets them");
	memcpy(a.name, s->user, strlen(s->user) + 1);
	if (!privsep_start(&s->session_child, run_session, s))
		log_fatal(EX_OSERR, "cannot start the session process");
	leave_client(s);
	monitor_serve(&s->monitor, &a, s->session_child, 1);
	return EX_OK;
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
	    .want_dotlock = s->opt.use_dotlock,
	    .means = &s->means,
	};

	return check_all(&c) == 0 ? EX_OK : EX_CONFIG;
}

int
main(int argc, char **argv)
{
	static struct setup s;
	int has_logger, by_hand, to_stderr;

	client_find_ucspi(&s.tls);
	jail_basics();
	start_clean(&s);
	has_logger = !client_has(STDERR_FILENO);
	log_open(NAME, has_logger);
	options_read(&s.opt, argc, argv);
	if (s.opt.version)
		return printf(NAME " " VERSION "\n") < 0;
	if (s.opt.help) {
		options_help();
		return EX_OK;
	}
	by_hand = s.opt.check || s.opt.recover;
	to_stderr = by_hand || (s.opt.to_stderr && has_logger);
	log_open(NAME, to_stderr);
	if (!to_stderr)
		replace(&s, STDERR_FILENO);
	prepare(&s);
	if (s.opt.check)
		return run_check(&s);
	client_find(&s.client);
	clear_environment(&s);
	prepare_empty(&s);
	find_jail_user(&s);
	draw_timestamp(&s);
	instruct(&s);
	if (s.opt.recover)
		return recover_all(&s.monitor, &s.session);
	if (s.opt.authenticated)
		return serve_authenticated(&s);
	if (!s.opt.proxy && !login_greet(&s.login))
		return EX_OK;
	start_children(&s);
	leave_client(&s);
	/* Nothing is left to be written or freed. */
	_exit(monitor_run(&s.monitor, s.login_child, s.session_child));
}
