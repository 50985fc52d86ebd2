/*
 * Tests of monitor.c: what a child may ask for, when, and how often; and what
 * becomes of the session if it asks for anything else.
 *
 * A case is a row of words, each of which is something that happens when the
 * monitor has nothing to do: mostly a message of a child's, which the test
 * forges. Time is the test's own. Each case has a process of its own.
 */
#include "../../monitor.h"

#include "apart.h"
#include "failing.h"
#include "proof.h"

#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>

FAILING(int, open, (const char *path, int flags, ...), (path, flags, 0600), -1)
FAILING(pid_t, waitpid, (pid_t pid, int *status, int flags),
    (pid, status, flags), -1)
FAILING(int, shutdown, (int fd, int how), (fd, how), -1)
FAILING(
    ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), -1)

enum {
	PROXY = 1,    /* a header comes first */
	STLS = 2,     /* there is a superserver that can begin TLS */
	CERT = 4,     /* ... and is asked for a certificate */
	FCNTL = 8,    /* no dot-lock is wanted */
	NO_STATE = 16 /* there is no state directory */
};

static struct {
	const char *next;   /* words */
	int login, session; /* the children's ends; -1 once closed */
	int control;        /* the superserver's; -1 once closed */
	pid_t child;        /* that is the login or the session; -1: none */
	int child_stays;
	int64_t ns;             /* the time is so much later */
	struct scram_salt told; /* as was heard */
	char nonce[PRIVSEP_NONCE + 1];
	char heard[512]; /* a word for each message of the monitor's */
} world;

#define NOTHING (-2) /* has become of it yet */

/* -- what the children hear */

static void
note_heard(const char *word)
{
	size_t len = strlen(world.heard);

	snprintf(world.heard + len, sizeof world.heard - len, "%s%s",
	    len == 0 ? "" : " ", word);
}

static void
hear_verdict(struct wire *w)
{
	static const char *const words[] = {
	    "granted", "refused", "too-soon", "later", "misconfigured"};
	enum verdict v;

	assert_true(privsep_read_verdict(w, &v));
	note_heard(words[v]);
}

static void
hear_salt(struct wire *w)
{
	struct salt s;

	assert_true(privsep_read_salt(w, &s));
	world.told.len = s.salt_len;
	world.told.iterations = s.iterations;
	memcpy(world.told.bytes, s.salt, s.salt_len);
	snprintf(world.nonce, sizeof world.nonce, "%s", s.nonce);
	note_heard("salt");
}

static void
hear_locked(struct wire *w)
{
	struct locked l;

	assert_true(privsep_read_locked(w, &l));
	note_heard(l.trouble == FINE ? "locked"
		: l.trouble == BUSY  ? "busy"
				     : "no-lock");
	if (!l.exists)
		note_heard("(nothing)");
}

static void
hear_methods(struct wire *w)
{
	unsigned methods;

	assert_true(privsep_read_methods(w, &methods));
	note_heard((methods & 1U << METHOD_EXTERNAL) != 0 ? "methods+external"
							  : "methods");
}

static void
hear_grant(struct wire *w)
{
	struct grant g;

	assert_true(privsep_read_grant(w, &g));
	note_heard(g.stls ? "grant-by-tls" : "grant");
	assert_int_equal(g.uid, getuid());
}

static void
hear(int fd)
{
	static struct wire w;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	enum message_type type;

	while (fd != -1 && poll(&p, 1, 0) == 1 &&
	    (type = privsep_receive(fd, &w)) != MSG_NONE)
		switch (type) {
		case MSG_VERDICT:
			hear_verdict(&w);
			break;
		case MSG_SALT:
			hear_salt(&w);
			break;
		case MSG_SIGNATURE:
			note_heard("signature");
			break;
		case MSG_METHODS:
			hear_methods(&w);
			break;
		case MSG_GRANT:
			hear_grant(&w);
			break;
		case MSG_LOCKED:
			hear_locked(&w);
			break;
		default:
			note_heard("?");
		}
}

/* -- what they say */

static void
say_origin(int fd, const char *how)
{
	struct origin o = {.address = "", .tls = strchr(how, 't') != NULL};

	if (strchr(how, 'a') != NULL)
		o.address = "2001:db8::7";
	if (strchr(how, '4') != NULL)
		o.address = "192.0.2.7";
	if (strchr(how, 'x') != NULL)
		o.address = "nonsense";
	privsep_send_origin(fd, &o);
}

static void
say_switched(int fd, const char *how)
{
	(void)how;
	privsep_send(fd, MSG_SWITCHED);
}

/* Who, by which method, with which secret. */
static void
say_credentials(
    int fd, enum method method, const char *user, const char *secret)
{
	struct credentials c = {.method = method,
	    .user = user,
	    .secret = secret,
	    .rest = "STAT\r\n",
	    .rest_len = 6};

	privsep_send_credentials(fd, &c);
}

static void
say_right(int fd, const char *how)
{
	(void)how;
	say_credentials(fd, METHOD_PASS, "joe", "secret");
}

static void
say_wrong(int fd, const char *how)
{
	(void)how;
	say_credentials(fd, METHOD_PASS, "joe", "wrong");
}

static void
say_external(int fd, const char *how)
{
	(void)how;
	say_credentials(fd, METHOD_EXTERNAL, "", "");
}

/* The end of an exchange; of another user's, or another method. */
static void
say_scram(int fd, const char *how)
{
	say_credentials(fd,
	    *how == '1' ? METHOD_SCRAM_SHA_1 : METHOD_SCRAM_SHA_256,
	    *how == 'a' ? "ann" : "joe", "");
}

static void
say_begin(int fd, const char *how)
{
	struct begin b = {METHOD_SCRAM_SHA_256, *how == 'a' ? "ann" : "joe"};

	privsep_send_begin(fd, &b);
}

static void
say_proof(int fd, const char *how)
{
	unsigned char bytes[SCRAM_DIGEST];
	struct proof p = {.proof = bytes, .proof_len = sizeof bytes};
	char message[100];

	if (world.told.iterations == 0) /* nothing was */
		world.told.iterations = 1;
	snprintf(message, sizeof message, "n=joe,r=abc%s,c=biws", world.nonce);
	make_proof(
	    &world.told, *how == 'w' ? "wrong" : "secret", message, bytes);
	p.message = message;
	p.message_len = strlen(message);
	privsep_send_proof(fd, &p);
}

static void
say_log(int fd, const char *how)
{
	(void)how;
	privsep_send_log(fd, LOG_NOTICE, "a line");
}

static void
say_alarm(int fd, const char *how)
{
	(void)how;
	privsep_send_log(fd, LOG_EMERG, "for every terminal");
}

static void
say_lock(int fd, const char *how)
{
	(void)how;
	privsep_send(fd, MSG_LOCK);
}

static void
say_unlock(int fd, const char *how)
{
	(void)how;
	privsep_send(fd, MSG_UNLOCK);
}

static void
say_summary(int fd, const char *how)
{
	struct summary s = {.end = (enum end)(*how - '0'), .retrieved = 7};

	privsep_send_summary(fd, &s);
}

/* What only the monitor says. */
static void
say_verdict(int fd, const char *how)
{
	(void)how;
	privsep_send_verdict(fd, GRANTED);
}

static void
say_noise(int fd, const char *how)
{
	(void)how;
	assert_int_equal(write(fd, "\377noise", 6), 6);
}

/* -- what else happens */

static void
close_end(int *fd)
{
	hear(*fd);
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

static void
leave_login(int fd, const char *how)
{
	(void)fd;
	(void)how;
	close_end(&world.login);
}

static void
leave_session(int fd, const char *how)
{
	(void)fd;
	(void)how;
	close_end(&world.session);
}

static void
leave_superserver(int fd, const char *how)
{
	(void)fd;
	(void)how;
	close_end(&world.control);
}

/* As a superserver that speaks UCSPI-TLS does, after the letter. */
static void
tell_certificate(int fd, const char *how)
{
	(void)fd;
	(void)how;
	assert_int_equal(write(world.control, "DN=/CN=joe\0\0", 12), 12);
}

static void
fail_open(int fd, const char *how)
{
	(void)fd;
	fail_call("open", (unsigned)(*how - '0'), EMFILE);
}

static void
mend_open(int fd, const char *how)
{
	(void)fd;
	(void)how;
	fail_call(NULL, 0, 0);
}

static void
fail_shutdown(int fd, const char *how)
{
	(void)fd;
	(void)how;
	fail_call("shutdown", 1, ENOTCONN);
}

/* A child that does not read what it is sent. */
static void
be_deaf(int fd, const char *how)
{
	(void)fd;
	(void)how;
	fail_call("write", 1, EAGAIN);
}

static void
take_lock_file(int fd, const char *how)
{
	(void)fd;
	(void)how;
	make_file("mail/joe.lock", "1", 1);
}

/* As if it had been made long ago. */
static void
make_lock_old(int fd, const char *how)
{
	const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};

	(void)fd;
	(void)how;
	assert_int_equal(utimensat(AT_FDCWD, "mail/joe.lock", times, 0), 0);
}

/* Has it been made new? */
static void
look_at_lock(int fd, const char *how)
{
	struct stat st;

	(void)fd;
	(void)how;
	assert_int_equal(stat("mail/joe.lock", &st), 0);
	note_heard(st.st_mtime == 1 ? "old" : "new");
}

static void
stop_child(int fd, const char *how)
{
	siginfo_t info;

	(void)fd;
	(void)how;
	kill(world.child, SIGSTOP);
	waitid(P_PID, (id_t)world.child, &info, WSTOPPED | WNOWAIT);
}

static void
continue_child(int fd, const char *how)
{
	siginfo_t info;

	(void)fd;
	(void)how;
	kill(world.child, SIGCONT);
	waitid(P_PID, (id_t)world.child, &info, WCONTINUED);
}

/* LOGIN, SESSION: a message from there. */
enum channel { NOWHERE, LOGIN, SESSION };

static const struct act {
	const char *word; /* what follows it in a script is for the function */
	enum channel channel;
	void (*play)(int fd, const char *how);
} acts[] = {
    {"origin-",     LOGIN,   say_origin       },
    {"switched",    LOGIN,   say_switched     },
    {"right",       LOGIN,   say_right        },
    {"wrong",       LOGIN,   say_wrong        },
    {"external",    LOGIN,   say_external     },
    {"scram-",      LOGIN,   say_scram        },
    {"begin-",      LOGIN,   say_begin        },
    {"proof-",      LOGIN,   say_proof        },
    {"verdict",     LOGIN,   say_verdict      },
    {"noise",       LOGIN,   say_noise        },
    {"alarm",       LOGIN,   say_alarm        },
    {"log",         LOGIN,   say_log          },
    {"lock",        SESSION, say_lock         },
    {"unlock",      SESSION, say_unlock       },
    {"summary-",    SESSION, say_summary      },
    {"gone",        NOWHERE, leave_login      },
    {"end",         NOWHERE, leave_session    },
    {"no-tls",      NOWHERE, leave_superserver},
    {"told",        NOWHERE, tell_certificate },
    {"no-open-",    NOWHERE, fail_open        },
    {"open",        NOWHERE, mend_open        },
    {"no-shutdown", NOWHERE, fail_shutdown    },
    {"taken",       NOWHERE, take_lock_file   },
    {"old",         NOWHERE, make_lock_old    },
    {"look",        NOWHERE, look_at_lock     },
    {"deaf",        NOWHERE, be_deaf          },
    {"stop",        NOWHERE, stop_child       },
    {"continue",    NOWHERE, continue_child   },
};

static const struct act *
find_act(const char *word)
{
	for (size_t i = 0; i < COUNT(acts); i++)
		if (strncmp(word, acts[i].word, strlen(acts[i].word)) == 0)
			return &acts[i];
	fail_msg("no act %s", word);
	return NULL;
}

/* A byte less, or more, than it should be. */
static void
spoil(const struct act *act, const char *how, int fd, int more)
{
	unsigned char bytes[PRIVSEP_WIRE + 1];
	int ends[2];
	ssize_t n;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	act->play(ends[0], how);
	n = read(ends[1], bytes, sizeof bytes - 1);
	assert_true(n > 0);
	bytes[n] = 'x';
	assert_int_equal(write(fd, bytes, (size_t)(n + more)), n + more);
	close(ends[0]);
	close(ends[1]);
}

/* "[<|>][!]word": too short or too long; from the other child. */
static void
play_word(const char *word)
{
	int spoilt = *word == '<' ? -1 : *word == '>' ? 1 : 0, is_other;
	const struct act *act;
	const char *how;
	int fd;

	word += spoilt != 0;
	is_other = *word == '!';
	word += is_other;
	act = find_act(word);
	how = word + strlen(act->word);
	fd = (act->channel == LOGIN) != is_other ? world.login : world.session;
	if (spoilt == 0)
		act->play(fd, how);
	else
		spoil(act, how, fd, spoilt);
}

static int
poll_now(struct pollfd *p, nfds_t n, const sigset_t *mask)
{
	int (*real)(
	    struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);
	void *found = dlsym(RTLD_NEXT, "ppoll");
	struct timespec none = {0};

	memcpy(&real, &found, sizeof real);
	return real(p, n, &none, mask);
}

/* The next word, if there is one. */
static int
next_word(char word[64])
{
	size_t len = strcspn(world.next, " ");

	snprintf(word, 64, "%.*s", (int)len, world.next);
	world.next += len + (world.next[len] == ' ');
	return len > 0;
}

/* What passes without a message, or with a signal: what ppoll() says then. */
static int
pass(const char *word, const struct timespec *left, const sigset_t *mask)
{
	int64_t left_ns = left->tv_sec * 1000000000LL + left->tv_nsec;

	if (strcmp(word, "signal") == 0) {
		raise(SIGTERM);
		return poll_now(NULL, 0, mask);
	}
	if (strncmp(word, "error-", 6) == 0) {
		errno = word[6] == 'i' ? EINTR : EFAULT;
		return -1;
	}
	/* "late": all the time that is left; "minute" */
	world.ns += *word == 'l' ? left_ns + 1000000 : 60001000000;
	return *word == 'l' || left_ns <= 60000000000 ? 0 : NOTHING;
}

/* The script's next word, or several of them at once: what ppoll() says. */
static int
happen(struct pollfd *p, nfds_t n, const struct timespec *left,
    const sigset_t *mask)
{
	static const char *const passing[] = {
	    "late", "minute", "signal", "error-i", "error-e"};
	char words[64], *rest = words, *word;
	int ready = NOTHING;

	if (!next_word(words)) {
		close_end(&world.login);
		close_end(&world.session);
	}
	while ((word = strsep(&rest, "&")) != NULL) {
		size_t i = 0;

		while (i < COUNT(passing) && strcmp(word, passing[i]) != 0)
			i++;
		if (i < COUNT(passing))
			ready = pass(word, left, mask);
		else if (*word != '\0')
			play_word(word);
	}
	if (poll_now(p, n, NULL) > 0)
		return poll_now(p, n, NULL);
	return ready;
}

int
ppoll(struct pollfd *p, nfds_t n, const struct timespec *left,
    const sigset_t *mask)
{
	int ready = poll_now(p, n, NULL);

	assert_true(left->tv_sec >= 0 && left->tv_nsec >= 0);
	while (ready == 0 || ready == NOTHING) {
		hear(world.login);
		hear(world.session);
		if (n == 1 && strncmp(world.next, "gone", 4) != 0) {
			/* A refusal waits for its time. */
			world.ns += left->tv_sec * 1000000000LL + left->tv_nsec;
			return 0;
		}
		ready = happen(p, n, left, mask);
		if (ready == 0)
			return 0;
	}
	return ready;
}

/* Who is about to exit is waited for; but not who never will be. */
int
poll(struct pollfd *p, nfds_t n, int ms)
{
	int (*real)(struct pollfd *, nfds_t, int);
	void *found = dlsym(RTLD_NEXT, "poll");

	memcpy(&real, &found, sizeof real);
	return real(p, n, world.child_stays ? 0 : ms);
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int (*real)(clockid_t, struct timespec *);
	void *found = dlsym(RTLD_NEXT, "clock_gettime");
	int64_t ns;

	memcpy(&real, &found, sizeof real);
	real(clock, t);
	ns = t->tv_sec * 1000000000LL + t->tv_nsec + world.ns;
	t->tv_sec = ns / 1000000000;
	t->tv_nsec = ns % 1000000000;
	return 0;
}

/* -- the monitor in it */

static struct monitor_config config;

static void
set_up(int flags)
{
	static char pattern[600];
	int ends[2];

	snprintf(pattern, sizeof pattern, "%s/mail/%%u", test_dir);
	config = (struct monitor_config){
	    .auth = {.secrets = "secrets",
		     .rules = {.mailbox = pattern, .mail_group = (gid_t)-1}},
	    .state = (flags & NO_STATE) != 0 ? "none" : "state",
	    .jail = "none",
	    .login_timeout_s = 60,
	    .idle_s = 600,
	    .tries = 3,
	    .want_dotlock = (flags & FCNTL) == 0,
	    .proxy = (flags & PROXY) != 0,
	    .client_cert = (flags & CERT) != 0 ? "DN" : NULL,
	};
	world.control = -1;
	if ((flags & (STLS | CERT)) == 0)
		return;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	config.control = ends[0];
	world.control = ends[1];
}

static void
connect_child(struct child *child, int *end)
{
	int ends[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
	*child = (struct child){.pid = -1, .fd = ends[0]};
	*end = ends[1];
}

/* A process for the one that matters: what it does. It has no channels: they
 * are made later. */
static pid_t
start_child(const char *how)
{
	pid_t pid;

	if (how == NULL)
		return -1;
	world.child_stays = strcmp(how, "wait") == 0;
	pid = fork();
	if (pid == 0) {
		if (strncmp(how, "status ", 7) == 0)
			_exit((int)strtol(how + 7, NULL, 10));
		signal(SIGSYS, SIG_DFL); /* cmocka catches it */
		if (strncmp(how, "signal ", 7) == 0)
			raise((int)strtol(how + 7, NULL, 10));
		for (;;)
			pause();
	}
	return pid;
}

struct scene {
	const char *what;
	const char *script;
	int flags;
	const char *heard;
	const char *log;   /* as fnmatch() has it, with ? for a bracket */
	const char *child; /* what a process does; NULL: there is none */
};

static void
run_login(void *scene)
{
	const struct scene *s = scene;
	struct child login, session;

	world.child = start_child(s->child);
	set_up(s->flags);
	connect_child(&login, &world.login);
	connect_child(&session, &world.session);
	login.pid = world.child;
	world.next = s->script;
	assert_int_equal(monitor_run(&config, login, session), EX_OK);
	close_end(&world.login);
	close_end(&world.session);
	log_line(LOG_INFO, "heard: %s", world.heard);
}

static void
run_session(void *scene)
{
	const struct scene *s = scene;
	struct account joe = {.name = "joe", .uid = getuid(), .gid = getgid()};
	struct child session;
	int told;

	world.child = start_child(s->child);
	set_up(s->flags);
	snprintf(joe.mailbox, sizeof joe.mailbox, "%s/mail/joe", test_dir);
	connect_child(&session, &world.session);
	world.login = -1;
	session.pid = world.child;
	world.next = s->script;
	if (strstr(s->what, "EINTR") != NULL)
		fail_call("waitpid", 2, EINTR);
	told = monitor_serve(&config, &joe, session, s->flags & STLS);
	close_end(&world.session);
	if (waitpid(-1, NULL, WNOHANG) != -1)
		log_line(LOG_ERR, "a child is left");
	log_line(LOG_INFO, "heard: %s%s", world.heard, told ? "" : ", stopped");
}

static void
play(const struct scene *s, void (*run)(void *scene))
{
	struct scene copy = *s;
	char want[2048];
	struct stat st;

	make_file("secrets", "joe:{PLAIN}secret\njoe:{EXTERNAL}/CN=joe\n", 40);
	mkdir("state", 0700);
	mkdir("mail", 0700);
	assert_int_equal(run_apart(run, &copy), 0);
	snprintf(want, sizeof want, "%sheard: %s\n", s->log, s->heard);
	check(fnmatch(want, logged, 0) == 0, "%s: %s", s->what, logged);
	if (strstr(s->script, "taken") == NULL)
		check(lstat("mail/joe.lock", &st) == -1, "%s: a lock is left",
		    s->what);
	unlink("mail/joe.lock");
}

#define BAD(who, type)                                                         \
	who " process: message of type " type " not allowed now; ended\n"
#define FAILED(method, user)                                                   \
	"LOGIN FAILED, ip=?unknown], method=" method ", user=" user "\n"
#define LET_IN(method, tls)                                                    \
	"LOGIN, ip=?unknown], method=" method ", tls=" tls                     \
	", user=joe, jail=none\n"

/* The types, as the log has them. */
#define ORIGIN      "2"
#define SWITCHED    "3"
#define CREDENTIALS "5"
#define BEGIN       "6"
#define PROOF       "8"
#define VERDICT     "10"
#define LOCK        "12"
#define UNLOCK      "14"
#define LOG         "15"
#define SUMMARY     "16"

/* clang-format off */
static const struct scene logins[] = {
    {"a right password", "right end", 0,
	"granted grant", LET_IN("PASS", "0"), NULL},
    {"wrong ones", "wrong wrong right", 0,
	"refused refused granted grant",
	FAILED("PASS", "joe") FAILED("PASS", "joe") LET_IN("PASS", "0"), NULL},
    {"too many", "wrong wrong wrong right", 0,
	"refused refused refused",
	FAILED("PASS", "joe") FAILED("PASS", "joe") FAILED("PASS", "joe")
	BAD("login", CREDENTIALS), NULL},
    {"too many, then SCRAM", "wrong wrong wrong begin-j", 0,
	"refused refused refused",
	FAILED("PASS", "joe") FAILED("PASS", "joe") FAILED("PASS", "joe")
	BAD("login", BEGIN), NULL},
    {"the login goes", "gone", 0,
	"", "", NULL},
    {"the session goes first", "end", 0,
	"", "", NULL},
    {"gone while refused", "wrong gone", 0,
	"", FAILED("PASS", "joe"), NULL},
    {"gone when refused", "late&wrong&gone", 0,
	"", FAILED("PASS", "joe"), NULL},
    {"gone when let in", "right&gone", 0,
	"", "", NULL},
    {"the session is gone when let in", "right&end", 0,
	"granted", LET_IN("PASS", "0"), NULL},
    {"half of it", "<right", 0,
	"", BAD("login", CREDENTIALS), NULL},
    {"more than it", ">right", 0,
	"", BAD("login", CREDENTIALS), NULL},
    {"noise", "noise", 0,
	"", BAD("login", "1"), NULL},
    {"what is ours to say", "verdict", 0,
	"", BAD("login", VERDICT), NULL},
    {"a session's request", "!lock", 0,
	"", BAD("login", LOCK), NULL},
    {"a session before the login", "lock", 0,
	"", BAD("session", LOCK), NULL},
    {"a session that logs in", "!right", 0,
	"", BAD("session", CREDENTIALS), NULL},
    {"a session that logs now", "!log", 0,
	"", BAD("session", LOG), NULL},
    {"lines of the log", "log log log log log log log log right", 0,
	"granted grant",
	"*login, ip=?unknown]: a line\n" LET_IN("PASS", "0"), NULL},
    {"one line too many", "log log log log log log log log log", 0,
	"", "*" BAD("login", LOG), NULL},
    {"half a line", "<log", 0,
	"", BAD("login", LOG), NULL},
    {"an alarm", "alarm", 0,
	"", BAD("login", LOG), NULL},
    {"no state directory", "right", NO_STATE,
	"later", "cannot make or look at state file none/*", NULL},
    {"none, and gone", "right&gone", NO_STATE,
	"", "cannot make or look at state file none/*", NULL},
    {"no secrets now", "no-open-1 right open right", 0,
	"later granted grant",
	"cannot open secrets file *" LET_IN("PASS", "0"), NULL},
    {"none, and gone", "no-open-1 right&gone", 0,
	"", "cannot open secrets file *", NULL},
    {"gone before the salt", "begin-j&gone", 0,
	"", "", NULL},
    {"gone without a salt", "no-open-1 begin-j&gone", 0,
	"", "cannot make or read state/salt-key: *", NULL},
    {"gone when it has proved", "begin-j proof-r&gone", 0,
	"salt", "", NULL},
    {"gone when it has not", "begin-j no-open-1 proof-r&gone", 0,
	"salt", "cannot open secrets file *", NULL},
    {"gone when it is let in by SCRAM", "begin-j proof-r scram-j&gone", 0,
	"salt signature", "", NULL},
    {"a child that does not read", "begin-j&deaf right", 0,
	"", BAD("login", BEGIN), NULL},
    {"one that reads no refusal", "wrong&deaf right", 0,
	"", FAILED("PASS", "joe"), NULL},
    {"both speak, and one is gone", "gone&lock", 0,
	"", "", NULL},
    {"gone before the methods", "origin-t switched&gone", STLS,
	"", "", NULL},
    {"SCRAM", "begin-j proof-r scram-j", 0,
	"salt signature granted grant", LET_IN("SCRAM-SHA-256", "0"), NULL},
    {"a wrong proof", "begin-j proof-w right", 0,
	"salt refused granted grant",
	FAILED("SCRAM-SHA-256", "joe") LET_IN("PASS", "0"), NULL},
    {"nobody's", "begin-a proof-r right", 0,
	"salt refused granted grant",
	FAILED("SCRAM-SHA-256", "ann") LET_IN("PASS", "0"), NULL},
    {"a proof without a beginning", "proof-r", 0,
	"", BAD("login", PROOF), NULL},
    {"two proofs", "begin-j proof-r proof-r", 0,
	"salt signature", BAD("login", PROOF), NULL},
    {"half a proof", "begin-j <proof-r", 0,
	"salt", BAD("login", PROOF), NULL},
    {"half a beginning", "<begin-j", 0,
	"", BAD("login", BEGIN), NULL},
    {"credentials without a proof", "begin-j scram-j", 0,
	"salt", BAD("login", CREDENTIALS), NULL},
    {"no exchange at all", "scram-j", 0,
	"", BAD("login", CREDENTIALS), NULL},
    {"another user's", "begin-j proof-r scram-a", 0,
	"salt signature", BAD("login", CREDENTIALS), NULL},
    {"another method's", "begin-j proof-r scram-1", 0,
	"salt signature", BAD("login", CREDENTIALS), NULL},
    {"a password in its stead", "begin-j proof-r right", 0,
	"salt signature granted grant", LET_IN("PASS", "0"), NULL},
    {"another begins meanwhile", "begin-j proof-r begin-j scram-j", 0,
	"salt signature salt", BAD("login", CREDENTIALS), NULL},
    {"too late a proof", "begin-j wrong proof-r", 0,
	"salt refused", FAILED("PASS", "joe") BAD("login", PROOF), NULL},
    {"no key now", "no-open-1 begin-j open right", 0,
	"later granted grant",
	"cannot make or read state/salt-key: *" LET_IN("PASS", "0"), NULL},
    {"no secrets to begin with", "begin-j no-open-2 begin-j open right", 0,
	"salt later granted grant",
	"cannot open secrets file *" LET_IN("PASS", "0"), NULL},
    {"no secrets to prove", "begin-j no-open-1 proof-r open right", 0,
	"salt later granted grant",
	"cannot open secrets file *" LET_IN("PASS", "0"), NULL},
    {"a proxy's client", "origin-4 right", PROXY,
	"granted grant",
	"LOGIN, ip=?192.0.2.7], method=PASS, tls=0, user=joe, jail=none\n", NULL},
    {"one by TLS", "origin-at right", PROXY,
	"granted grant",
	"LOGIN, ip=?2001:db8::7], method=PASS, tls=1, user=joe, jail=none\n", NULL},
    {"one without a name", "origin- right", PROXY,
	"granted grant", LET_IN("PASS", "0"), NULL},
    {"no address", "origin-x", PROXY,
	"", BAD("login", ORIGIN), NULL},
    {"half an origin", "<origin-4", PROXY,
	"", BAD("login", ORIGIN), NULL},
    {"two of them", "origin-4 origin-4", PROXY,
	"", BAD("login", ORIGIN), NULL},
    {"none, but credentials", "right", PROXY,
	"", BAD("login", CREDENTIALS), NULL},
    {"none, but an exchange", "begin-j", PROXY,
	"", BAD("login", BEGIN), NULL},
    {"one that is not asked for", "origin-4", 0,
	"", BAD("login", ORIGIN), NULL},
    {"STLS", "origin-t switched right", STLS,
	"methods granted grant-by-tls", LET_IN("PASS", "1"), NULL},
    {"a certificate", "origin-t told switched external", CERT,
	"methods+external granted grant-by-tls",
	LET_IN("EXTERNAL", "1"), NULL},
    {"none is told", "origin-t switched external", CERT,
	"methods refused", FAILED("EXTERNAL", ""), NULL},
    {"STLS behind a proxy", "origin-4 origin-t switched right", PROXY | STLS,
	"methods granted grant-by-tls",
	"LOGIN, ip=?192.0.2.7], method=PASS, tls=1, user=joe, jail=none\n", NULL},
    {"nobody who can", "origin-t", 0,
	"", BAD("login", ORIGIN), NULL},
    {"twice", "origin-t origin-t", STLS,
	"", BAD("login", ORIGIN), NULL},
    {"without TLS", "origin-", STLS,
	"", BAD("login", ORIGIN), NULL},
    {"with an address", "origin-4t", STLS,
	"", BAD("login", ORIGIN), NULL},
    {"the superserver is gone", "no-tls origin-t", STLS,
	"", "UCSPI-TLS: the superserver is gone\n", NULL},
    {"nothing is switched", "switched", STLS,
	"", BAD("login", SWITCHED), NULL},
    {"switched twice", "origin-t switched switched", STLS,
	"methods", BAD("login", SWITCHED), NULL},
    {"half a switch", "origin-t >switched", STLS,
	"", BAD("login", SWITCHED), NULL},
    {"no login in time", "late", 0,
	"", "login process: does not answer; ended\n", NULL},
    {"the last word is heard", "late&log late", 0,
	"",
	"login, ip=?unknown]: a line\nlogin process: does not answer; "
	"ended\n", NULL},
    {"a signal", "signal", 0,
	"", "", NULL},
    {"no signal of ours", "error-i right", 0,
	"granted grant", LET_IN("PASS", "0"), NULL},
    {"a child that is killed", "gone", 0,
	"", "login process ended by signal 9\n", "signal 9"},
    {"one that leaves badly", "gone", 0,
	"", "login process ended by status 71\n", "status 71"},
    {"one that leaves", "gone", 0,
	"", "", "status 0"},
    {"one that the jail has killed", "gone", 0,
	"",
	"login process ended by signal 31: a system call that the "
	"jail forbids; was it attacked?\n", "signal 31"},
    {"one that stays", "gone", 0,
	"", "", "wait"},
};
/* clang-format on */

static void
logins_go_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(logins); i++)
		play(&logins[i], run_login);
}

#define IN LET_IN("authenticated", "0")
#define LOGOUT                                                                 \
	"LOGOUT, user=joe, ip=?unknown], msgs=0, retr=7, top=0, dele=0, "      \
	"left=0, in=0, out=0, time=*"
#define STOPPED "told to stop by signal 15\n"

/* Ten minutes. */
#define LATE "late late late late late late late late late late "

/* With a client, where there is TLS to be had. */
/* clang-format off */
static const struct scene sessions[] = {
    {"a session", "lock unlock lock unlock summary-0", STLS,
	"grant locked (nothing) locked (nothing)", IN LOGOUT "\n", NULL},
    {"the client has gone", "summary-1", STLS,
	"grant", IN LOGOUT ", end=gone\n", NULL},
    {"without a client", "lock unlock summary-0", 0,
	"grant locked (nothing)", "", NULL},
    {"a foreign journal", "summary-7", 0,
	"grant", "journal of */mail/joe put aside as state/*\n", NULL},
    {"no end of that kind", "summary-8", STLS,
	"grant", IN BAD("session", SUMMARY), NULL},
    {"half a summary", "<summary-0", STLS,
	"grant", IN BAD("session", SUMMARY), NULL},
    {"two summaries", "summary-0 summary-0", STLS,
	"grant", IN LOGOUT "\n" BAD("session", SUMMARY), NULL},
    {"two locks", "lock lock", STLS,
	"grant locked (nothing)", IN BAD("session", LOCK), NULL},
    {"half a lock", ">lock", STLS,
	"grant", IN BAD("session", LOCK), NULL},
    {"nothing to unlock", "unlock summary-0", STLS,
	"grant", IN LOGOUT "\n", NULL},
    {"half an unlock", "lock >unlock", STLS,
	"grant locked (nothing)", IN BAD("session", UNLOCK), NULL},
    {"gone before it has the lock", "lock&end", STLS,
	"grant", IN, NULL},
    {"no dot-lock is wanted", "lock lock summary-0", STLS | FCNTL,
	"grant locked (nothing) locked (nothing)",
	IN LOGOUT "\n", NULL},
    {"long work keeps its lock", "lock old minute look old minute look", STLS,
	"grant locked (nothing) new new", IN, NULL},
    {"but not for ever", "lock " LATE LATE LATE LATE LATE LATE
	"old late look unlock lock old late look", STLS,
	"grant locked (nothing) old locked (nothing) old", IN, NULL},
    {"it counts while it is held", LATE LATE LATE LATE LATE LATE
	"lock old minute look", STLS,
	"grant locked (nothing) new", IN, NULL},
    {"there is none to be kept", "lock unlock late late", STLS,
	"grant locked (nothing)", IN, NULL},
    {"another's is there", "taken lock", STLS,
	"grant busy (nothing)", IN, NULL},
    {"a line of the log", "!log", STLS,
	"grant", IN "session of joe: a line\n", NULL},
    {"an alarm", "!alarm", STLS,
	"grant", IN BAD("session", LOG), NULL},
    {"a login", "!right", STLS,
	"grant", IN BAD("session", CREDENTIALS), NULL},
    {"an origin", "!origin-t", STLS,
	"grant", IN BAD("session", ORIGIN), NULL},
    {"no state directory", "summary-5", STLS | NO_STATE,
	"grant",
	IN "cannot make or look at state file none/*" LOGOUT
	", end=refused\n", NULL},
    {"a signal", "lock signal unlock summary-6", STLS,
	"grant locked (nothing), stopped",
	IN STOPPED LOGOUT ", end=stopped\n", NULL},
    {"two signals", "lock signal signal", STLS,
	"grant locked (nothing), stopped", IN STOPPED, NULL},
    {"it does not stop", "signal late", STLS,
	"grant, stopped",
	IN STOPPED "session process: does not answer; ended\n", NULL},
    {"it is gone when it is to stop", "no-shutdown signal", STLS,
	"grant, stopped", IN STOPPED, NULL},
    {"a silent client", "late late late", STLS,
	"grant", IN, "wait"},
    {"it stands still for a moment",
	"stop late continue late stop late", STLS,
	"grant", IN, "wait"},
    {"it stands still", "stop late late", STLS,
	"grant", IN "session process: does not answer; ended\n", "wait"},
    {"it is killed", "end", STLS,
	"grant", IN "session of joe ended by signal 9\n", "signal 9"},
    {"it leaves badly", "end", STLS,
	"grant", IN "session of joe ended by status 75\n", "status 75"},
    {"it has said how, and leaves badly", "summary-1 end", STLS,
	"grant", IN LOGOUT ", end=gone\n", "status 75"},
    {"the jail has killed it", "end", STLS,
	"grant",
	IN "session of joe ended by signal 31: a system call that the "
	"jail forbids; was it attacked?\n", "signal 31"},
    {"it is ended in spite of EINTR", "stop late late", STLS,
	"grant", IN "session process: does not answer; ended\n", "wait"},
};
/* clang-format on */

static void
sessions_go_by_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sessions); i++)
		play(&sessions[i], run_session);
}

/* Without the children it cannot go on. */
static void
a_monitor_that_cannot_wait_leaves(void **state)
{
	struct scene s = {"", "error-e", 0, "", "", NULL};

	(void)state;
	assert_int_equal(run_apart(run_login, &s), EX_OSERR);
	check_text(
	    logged, "cannot wait for the children: Bad address\n", "log");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(logins_go_by_the_table),
	    cmocka_unit_test(sessions_go_by_the_table),
	    cmocka_unit_test(a_monitor_that_cannot_wait_leaves),
	};

	signal(SIGPIPE, SIG_IGN); /* as pop3d.c does */
	return cmocka_run_group_tests_name(
	    "requests", tests, enter_dir, leave_dir);
}
