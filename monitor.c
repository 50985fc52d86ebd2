/*
 * monitor.c - the process that keeps the privileges
 *
 * The table below is all that a child can ask for: each request in its
 * stage, from the child that it belongs to, as often as its row says. A
 * message that is anything else ends the session.
 */
#include "monitor.h"

#include "bytes.h"
#include "client.h"
#include "dotlock.h"
#include "jail.h"
#include "pam.h"
#include "state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#ifndef REFUSAL_MS
#define REFUSAL_MS 2000 /* a refusal is answered after that, or a multiple */
#endif
#ifndef CLOSE_S
#define CLOSE_S 30 /* what PAM may take to close a session of its own */
#endif
#define LEAVE_TRIES 1000 /* times LEAVE_MS, for a child that is exiting */
#define LEAVE_MS    1
#define REFRESH_MS  60000  /* of a lock file: liblockfile's rule */
#define REFRESHES   60     /* of a session */
#define JUDGES_S    5      /* more than the login's time, for who hangs */
#define FINISH_MS   300000 /* what a session may take after a signal to us */

enum stage { STAGE_LOGIN, STAGE_SESSION, STAGE_OVER };
enum from { FROM_LOGIN, FROM_SESSION };

struct monitor {
	const struct monitor_config *config;
	struct auth_config auth; /* with the address that a proxy told */
	char address[PRIVSEP_ADDRESS + 1];
	char certificate[512]; /* told by STLS: the name of the client's */
	int tls;
	int introduced; /* the proxy has told */
	int switched;   /* TLS has begun */
	struct child login;
	struct child session;
	enum stage stage;
	struct account account; /* of the session */
	struct pam_session pam;
	struct dotlock lock;
	unsigned refreshed;
	struct auth_scram scram; /* the exchange that is under way */
	int begun;               /* the client has been told a salt */
	int proved;              /* m->account is its user's */
	unsigned refused;
	int64_t deadline_ms; /* of the login, or of stopping */
	int stopping;
	int stands_still; /* the session did when it was looked at */
	int64_t began_ms;
	int summed_up;     /* the session has sent its summary */
	int is_recovery;   /* there is no client, and was no login */
	struct wire *wire; /* passwords pass through it */
};

static volatile sig_atomic_t told_to_stop;

static void
note_signal(int number)
{
	told_to_stop = number;
}

/*
 * Judges hang: this process ends, with a line in the log, and with it the other
 * two, whose channels close. Nothing is locked at that time. What has been
 * interrupted may be anything: nothing is called that a handler must not call.
 */
static _Noreturn void
give_up(int number)
{
	(void)number;
	alarm(JUDGES_S); /* the log may hang as well: then without a word */
	log_last();
	_exit(EX_TEMPFAIL);
}

static const char *
address_of(const struct monitor *m)
{
	const char *address = m->auth.address;

	return address == NULL ? "unknown" : address;
}

static const char *
method_name(enum method method)
{
	static const char *const names[] = {
	    [METHOD_PASS] = "PASS",
	    [METHOD_APOP] = "APOP",
	    [METHOD_PLAIN] = "PLAIN",
	    [METHOD_LOGIN] = "LOGIN",
	    [METHOD_CRAM_MD5] = "CRAM-MD5",
	    [METHOD_SCRAM_SHA_1] = "SCRAM-SHA-1",
	    [METHOD_SCRAM_SHA_256] = "SCRAM-SHA-256",
	    [METHOD_EXTERNAL] = "EXTERNAL",
	};

	must(method < COUNT(names));
	return names[method];
}

/*
 * A child is to go, whatever it is doing: it holds nothing that is not safe.
 * Returns whether it had ended by itself, with its status.
 */
static int
end_child(struct child *child, int *status)
{
	int ended = 0;

	if (child->pid == -1)
		return 0;
	/* Who has closed its end of the channel is about to exit. */
	for (int i = child->fd == -1 ? LEAVE_TRIES : 1; i > 0 && !ended; i--) {
		ended = waitpid(child->pid, status, WNOHANG) == child->pid;
		if (!ended && i > 1)
			poll(NULL, 0, LEAVE_MS);
	}
	if (child->fd != -1)
		close(child->fd);
	child->fd = -1;
	if (!ended)
		kill(child->pid, SIGKILL);
	while (!ended && waitpid(child->pid, status, 0) == -1 && errno == EINTR)
		continue;
	child->pid = -1;
	return ended;
}

/* A child that is gone ends the session, and has done nothing that is not
 * allowed; one that does not read has, and then it is false. */
static int
has_heard(struct monitor *m, int sent)
{
	if (sent)
		return 1;
	m->stage = STAGE_OVER;
	return errno != EAGAIN;
}

/* Sends the session what it needs; from now on there is only that. */
static void
begin_session(struct monitor *m, const struct state_paths *paths,
    const struct credentials *c)
{
	const struct account *a = &m->account;
	struct grant g = {
	    .user = a->name,
	    .mailbox = a->mailbox,
	    .index = paths->index,
	    .journal = paths->journal,
	    .uid = a->uid,
	    .gid = a->gid,
	    .group_count = a->group_count,
	    .stls = (uint32_t)m->switched,
	    .lang = c->lang,
	    .rest = c->rest,
	    .rest_len = c->rest_len,
	};

	memcpy(g.groups, a->groups, sizeof g.groups);
	dotlock_init(&m->lock, a->mailbox);
	m->lock.as_user = m->config->auth.rules.is_root;
	m->lock.uid = a->uid;
	m->lock.gid = m->config->auth.rules.mail_group;
	m->stage = STAGE_SESSION;
	if (m->config->control != 0)
		close(m->config->control); /* no more STLS */
	has_heard(m, privsep_send_grant(m->session.fd, &g));
}

/* The time for it begins. */
static void
start_login(struct monitor *m)
{
	int timeout_s = m->config->login_timeout_s;

	/* One second more than the login process gives itself. */
	m->deadline_ms = bytes_now_ms() + (timeout_s + 1) * 1000LL;
	/* Judges that hang would keep us from our own deadline. */
	log_keep(LOG_ERR,
	    "login, ip=[%s]: no verdict in %d s: a PAM module, or a service "
	    "that knows the users, hangs; ended",
	    address_of(m), timeout_s + JUDGES_S);
	alarm((unsigned)(timeout_s + JUDGES_S));
}

/* Is there anything else between the user and his maildrop? */
static enum verdict
last_obstacle(struct monitor *m, struct state_paths *paths)
{
	const struct monitor_config *c = m->config;
	const char *mailbox = m->account.mailbox;
	enum trouble why = state_make(c->state, &m->account, paths);

	/* A login that fails does not count, one that is early opens nothing. */
	if (why == FINE && state_is_early(c->state, mailbox, c->login_delay_s))
		why = BUSY;
	if (why == FINE)
		why = pam_open(&m->pam);
	if (why == FINE && c->login_delay_s > 0)
		why = state_note_login(c->state, mailbox, c->login_delay_s);
	return why == FINE ? GRANTED
	    : why == BUSY  ? TOO_SOON
	    : why == PERM  ? MISCONFIGURED
			   : TRY_LATER;
}

/* The login was right: its process is done. */
static void
grant(struct monitor *m, const struct credentials *c)
{
	char user[LOG_NAME_ROOM];
	struct state_paths paths;
	enum verdict verdict = last_obstacle(m, &paths);
	int ignored;

	if (verdict != GRANTED) {
		pam_close(&m->pam);
		has_heard(m, privsep_send_verdict(m->login.fd, verdict));
		return;
	}
	alarm(0);
	if (!privsep_send_verdict(m->login.fd, GRANTED)) {
		m->stage = STAGE_OVER; /* the client is gone */
		return;
	}
	end_child(&m->login, &ignored); /* from now on only one speaks */
	log_line(LOG_INFO,
	    "LOGIN, ip=[%s], method=%s, tls=%d, user=%s, jail=%s",
	    address_of(m), method_name(c->method), m->tls,
	    log_name(user, m->account.name), m->config->jail);
	begin_session(m, &paths, c);
}

/*
 * When what was asked for then, and refused now, is answered: at a whole
 * millisecond, and a multiple of REFUSAL_MS after it was asked, so that it
 * does not matter how long the judges took.
 */
static int64_t
answer_ms(int64_t asked_ms, int64_t now_ms)
{
	int64_t floors = (now_ms - asked_ms) / REFUSAL_MS + 1;

	return asked_ms + floors * REFUSAL_MS;
}

/* Waits until then, to the nanosecond: poll() would begin to count when the
 * judges are done. False if the child goes away meanwhile. */
static int
wait_until(int fd, int64_t then_ms)
{
	struct pollfd p = {.fd = fd};

	for (;;) {
		int64_t left_ns = then_ms * 1000000 - bytes_now_ns();
		struct timespec left = {
		    .tv_sec = left_ns / 1000000000,
		    .tv_nsec = left_ns % 1000000000,
		};

		if (left_ns <= 0)
			return 1;
		if (ppoll(&p, 1, &left, NULL) > 0)
			return 0;
	}
}

static void
refuse(
    struct monitor *m, enum method method, const char *name, int64_t asked_ms)
{
	char user[LOG_NAME_ROOM];
	int64_t then_ms;

	log_line(LOG_NOTICE, "LOGIN FAILED, ip=[%s], method=%s, user=%s",
	    address_of(m), method_name(method), log_name(user, name));
	m->refused++;
	then_ms = answer_ms(asked_ms, bytes_now_ms());
	has_heard(m,
	    wait_until(m->login.fd, then_ms) &&
		privsep_send_verdict(m->login.fd, REFUSED));
}

/* For whom the proxy speaks; the login begins now. */
static int
take_proxy(struct monitor *m, const struct origin *o)
{
	unsigned char raw[sizeof(struct in6_addr)];

	m->introduced = 1;
	m->tls |= (int)o->tls;
	start_login(m);
	if (o->address[0] == '\0')
		return 1;
	if (inet_pton(AF_INET, o->address, raw) != 1 &&
	    inet_pton(AF_INET6, o->address, raw) != 1)
		return 0;
	memcpy(m->address, o->address, strlen(o->address) + 1);
	m->auth.address = m->address;
	return 1;
}

static int
take_origin(struct monitor *m)
{
	struct origin o;

	if (!privsep_read_origin(m->wire, &o))
		return 0;
	if (m->config->proxy && !m->introduced)
		return take_proxy(m, &o);
	if (m->config->control == 0 || m->switched || !o.tls ||
	    o.address[0] != '\0')
		return 0;
	m->switched = 1;
	m->tls = 1;
	if (!client_begin_tls(
		m->config->control, m->config->client_cert != NULL))
		m->stage = STAGE_OVER;
	return 1;
}

/* The client has spoken through TLS: has it a certificate? */
static int
take_switched(struct monitor *m)
{
	const char *name = m->config->client_cert;

	if (!privsep_read_bare(m->wire) || !m->switched)
		return 0;
	if (name != NULL &&
	    client_told(m->config->control, name, m->certificate,
		sizeof m->certificate))
		m->auth.certificate = m->certificate;
	return has_heard(
	    m, privsep_send_methods(m->login.fd, auth_methods(&m->auth)));
}

/* May someone try to log in now? */
static int
is_open(const struct monitor *m)
{
	return m->introduced == m->config->proxy &&
	    m->refused < m->config->tries;
}

static int
take_begin(struct monitor *m)
{
	unsigned char key[SCRAM_DIGEST];
	struct begin b;
	struct salt s;

	m->proved = 0;
	m->begun = 0;
	if (!privsep_read_begin(m->wire, &b) || !is_open(m))
		return 0;
	if (state_key(m->config->state, key, sizeof key) != FINE ||
	    auth_scram_begin(&m->auth, key, &b, &m->scram) != FINE)
		return has_heard(
		    m, privsep_send_verdict(m->login.fd, TRY_LATER));
	m->begun = 1;
	s = (struct salt){
	    .salt = m->scram.salt.bytes,
	    .salt_len = m->scram.salt.len,
	    .iterations = m->scram.salt.iterations,
	    .nonce = m->scram.nonce,
	};
	return has_heard(m, privsep_send_salt(m->login.fd, &s));
}

static int
take_proof(struct monitor *m)
{
	unsigned char bytes[SCRAM_DIGEST];
	int64_t asked_ms = bytes_now_ms();
	struct signature s = {.bytes = bytes};
	struct proof p;

	if (!privsep_read_proof(m->wire, &p) || !is_open(m) || !m->begun)
		return 0;
	m->begun = 0;
	switch (auth_scram_prove(&m->auth, &m->scram, &p, bytes, &m->account)) {
	case FINE:
		m->proved = 1;
		s.len = p.proof_len;
		return has_heard(m, privsep_send_signature(m->login.fd, &s));
	case PERM:
		refuse(m, m->scram.method, m->scram.user, asked_ms);
		return 1;
	default:
		return has_heard(
		    m, privsep_send_verdict(m->login.fd, TRY_LATER));
	}
}

/* Is that the user of the exchange that has just come to its end? Whatever
 * comes after it, it counts once. */
static int
has_proved(struct monitor *m, const struct credentials *c)
{
	int has = m->proved && c->method == m->scram.method &&
	    strcmp(c->user, m->scram.user) == 0;

	m->begun = 0;
	m->proved = 0;
	return has;
}

static int
take_credentials(struct monitor *m)
{
	int64_t asked_ms = bytes_now_ms();
	struct credentials c;
	enum trouble why;
	int is_proved;

	if (!privsep_read_credentials(m->wire, &c) || !is_open(m))
		return 0;
	is_proved = has_proved(m, &c);
	if (is_proved != privsep_is_scram(c.method))
		return 0;
	why = is_proved ? FINE : auth_check(&m->auth, &c, &m->account);
	privsep_wipe_secret(m->wire, &c);
	switch (why) {
	case FINE:
		grant(m, &c);
		break;
	case PERM:
		refuse(m, c.method, c.user, asked_ms);
		break;
	default:
		has_heard(m, privsep_send_verdict(m->login.fd, TRY_LATER));
	}
	privsep_wipe(m->wire);
	return 1;
}

static int
take_lock(struct monitor *m)
{
	struct locked l = {.trouble = FINE};
	struct stat st;

	if (!privsep_read_bare(m->wire) || m->lock.held)
		return 0;
	if (m->config->want_dotlock)
		l.trouble = dotlock_make(&m->lock);
	if (lstat(m->account.mailbox, &st) == 0) {
		l.exists = 1;
		l.dev = st.st_dev;
		l.ino = st.st_ino;
	}
	return has_heard(m, privsep_send_locked(m->session.fd, &l));
}

static int
take_unlock(struct monitor *m)
{
	if (!privsep_read_bare(m->wire))
		return 0;
	dotlock_remove(&m->lock);
	return 1;
}

/* The text is the child's: the line begins with ours, so that it cannot be
 * taken for another line of the log. */
static int
take_log(struct monitor *m)
{
	char user[LOG_NAME_ROOM];
	const char *text;
	int level;

	if (!privsep_read_log(m->wire, &level, &text))
		return 0;
	if (m->stage == STAGE_LOGIN)
		log_line(level, "login, ip=[%s]: %s", address_of(m), text);
	else
		log_line(level, "session of %s: %s",
		    log_name(user, m->account.name), text);
	return 1;
}

static int
take_summary(struct monitor *m)
{
	static const char *const ends[] = {
	    [END_QUIT] = "",
	    [END_GONE] = ", end=gone",
	    [END_IDLE] = ", end=idle",
	    [END_TAKEN] = ", end=taken over",
	    [END_CHANGED] = ", end=changed",
	    [END_REFUSED] = ", end=refused",
	    [END_MONITOR] = ", end=stopped",
	    [END_FOREIGN] = ", end=refused",
	};
	char user[LOG_NAME_ROOM];
	struct summary s;

	if (!privsep_read_summary(m->wire, &s))
		return 0;
	must(s.end < COUNT(ends));
	m->summed_up = 1;
	if (s.end == END_FOREIGN)
		state_put_aside(m->config->state, m->account.mailbox);
	if (m->is_recovery) /* nobody has logged in */
		return 1;
	log_line(LOG_INFO,
	    "LOGOUT, user=%s, ip=[%s], msgs=%llu, retr=%llu, top=%llu, "
	    "dele=%llu, left=%llu, in=%llu, out=%llu, time=%lld%s",
	    log_name(user, m->account.name), address_of(m),
	    (unsigned long long)s.messages, (unsigned long long)s.retrieved,
	    (unsigned long long)s.tops, (unsigned long long)s.deleted,
	    (unsigned long long)s.left, (unsigned long long)s.in,
	    (unsigned long long)s.out,
	    (long long)(bytes_now_ms() - m->began_ms) / 1000, ends[s.end]);
	return 1;
}

static const struct request {
	enum message_type type;
	enum from from;
	enum stage stage;
	unsigned most; /* times in a session */
	int (*take)(struct monitor *m);
} requests[] = {
    {MSG_ORIGIN,      FROM_LOGIN,   STAGE_LOGIN,   2,    take_origin     },
    {MSG_SWITCHED,    FROM_LOGIN,   STAGE_LOGIN,   1,    take_switched   },
    {MSG_CREDENTIALS, FROM_LOGIN,   STAGE_LOGIN,   64,   take_credentials},
    {MSG_BEGIN,       FROM_LOGIN,   STAGE_LOGIN,   64,   take_begin      },
    {MSG_PROOF,       FROM_LOGIN,   STAGE_LOGIN,   64,   take_proof      },
    {MSG_LOG,         FROM_LOGIN,   STAGE_LOGIN,   8,    take_log        },
    {MSG_LOG,         FROM_SESSION, STAGE_SESSION, 64,   take_log        },
    {MSG_LOCK,        FROM_SESSION, STAGE_SESSION, 1000, take_lock       },
    {MSG_UNLOCK,      FROM_SESSION, STAGE_SESSION, 1000, take_unlock     },
    {MSG_SUMMARY,     FROM_SESSION, STAGE_SESSION, 1,    take_summary    },
};

/* One message of a child; false if it is not one that its row allows. */
static int
serve(
    struct monitor *m, enum from from, enum message_type type, unsigned *counts)
{
	for (size_t i = 0; i < COUNT(requests); i++) {
		const struct request *r = &requests[i];

		if (r->type == type && r->from == from && r->stage == m->stage)
			return counts[i]++ < r->most && r->take(m);
	}
	return 0;
}

static void
listen_to(struct monitor *m, enum from from, unsigned *counts)
{
	struct child *child = from == FROM_LOGIN ? &m->login : &m->session;
	enum message_type type = privsep_receive(child->fd, m->wire);
	int ignored;

	if (type == MSG_NONE) {
		close(child->fd);
		child->fd = -1;
		m->stage = STAGE_OVER;
	} else if (!serve(m, from, type, counts)) {
		log_line(LOG_ERR,
		    "%s process: message of type %d not allowed now; ended",
		    from == FROM_LOGIN ? "login" : "session", (int)type);
		end_child(child, &ignored);
		m->stage = STAGE_OVER;
	}
}

/*
 * A signal to us ends the session, but not in the middle of an update: the
 * session sees that nobody answers any more, and finishes what it has begun.
 */
static void
stop(struct monitor *m)
{
	if (m->stage == STAGE_LOGIN || m->stopping) {
		m->stage = STAGE_OVER;
		return;
	}
	log_line(LOG_NOTICE, "told to stop by signal %d", (int)told_to_stop);
	m->stopping = 1;
	m->deadline_ms = bytes_now_ms() + FINISH_MS;
	told_to_stop = 0;
	if (shutdown(m->session.fd, SHUT_WR) == -1)
		m->stage = STAGE_OVER;
}

/* Has somebody stopped it by a signal? Nothing else can keep it from keeping
 * its own deadlines, but that it works for its client. */
static int
is_stopped(const struct child *child)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)child->pid, &info,
		   WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid != 0;
}

/* Long work, and the sync of a slow disk, keep the lock file; whoever works
 * for ever does not. */
static void
keep_lock(struct monitor *m)
{
	if (m->lock.held && m->refreshed++ < REFRESHES)
		dotlock_refresh(&m->lock);
}

/* Is the child past its deadline; or was the session, which has none while it
 * serves, stopped when it was looked at, twice? */
static int
is_late(struct monitor *m)
{
	int stood_still = m->stands_still;

	if (m->stage == STAGE_LOGIN || m->stopping)
		return bytes_now_ms() >= m->deadline_ms;
	m->stands_still = is_stopped(&m->session);
	return stood_still && m->stands_still;
}

/* Nobody has said anything for as long as was to be waited. */
static void
look_round(struct monitor *m)
{
	const char *who = m->stage == STAGE_LOGIN ? "login" : "session";

	keep_lock(m);
	if (!is_late(m))
		return;
	log_line(LOG_ERR, "%s process: does not answer; ended", who);
	m->stage = STAGE_OVER;
}

/* How long the children may be silent before somebody looks. */
static struct timespec
patience(const struct monitor *m)
{
	int64_t left_ms = m->deadline_ms - bytes_now_ms();

	if (m->stage == STAGE_SESSION && !m->stopping)
		left_ms = m->config->idle_s * 1000LL;
	if (m->lock.held && left_ms > REFRESH_MS)
		left_ms = REFRESH_MS;
	if (left_ms < 0)
		left_ms = 0;
	return (struct timespec){
	    .tv_sec = left_ms / 1000, .tv_nsec = left_ms % 1000 * 1000000};
}

static void
wait_for(struct monitor *m, const sigset_t *unblocked, unsigned *counts)
{
	struct pollfd p[] = {
	    {.fd = m->login.fd,   .events = POLLIN},
	    {.fd = m->session.fd, .events = POLLIN},
	};
	struct timespec left = patience(m);

	switch (ppoll(p, COUNT(p), &left, unblocked)) {
	case 0:
		look_round(m);
		return;
	case -1:
		if (errno != EINTR)
			log_fatal(EX_OSERR, "cannot wait for the children");
		return;
	}
	if (p[0].revents != 0)
		listen_to(m, FROM_LOGIN, counts);
	if (p[1].revents != 0 && m->stage != STAGE_OVER)
		listen_to(m, FROM_SESSION, counts);
}

/* How a child ended that was not told to. */
static void
report_end(const char *which, const char *user, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_line(LOG_ERR,
		    "%s%s ended by signal %d: a system call that the jail "
		    "forbids; was it attacked?",
		    which, user, SIGSYS);
	else if (WIFSIGNALED(status))
		log_line(LOG_ERR, "%s%s ended by signal %d", which, user,
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) != EX_OK)
		log_line(LOG_ERR, "%s%s ended by status %d", which, user,
		    WEXITSTATUS(status));
}

/* When nobody needs it any more; a module that hangs must not keep us. */
static void
close_pam(struct monitor *m)
{
	char user[LOG_NAME_ROOM];

	if (m->pam.handle == NULL)
		return;
	log_keep(LOG_ERR,
	    "session of %s: PAM has not closed its own in %d s: a module "
	    "hangs; ended",
	    log_name(user, m->account.name), CLOSE_S);
	alarm(CLOSE_S);
	pam_close(&m->pam);
	alarm(0);
}

static void
reap(struct monitor *m)
{
	int status = 0;

	if (end_child(&m->login, &status))
		report_end("login process", "", status);
	if (end_child(&m->session, &status) && m->lock.path[0] != '\0' &&
	    !m->summed_up)
		report_end("session of ", m->account.name, status);
	dotlock_remove(&m->lock);
	close_pam(m);
}

static void
catch_signals(sigset_t *unblocked)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct sigaction note = {.sa_handler = note_signal};
	struct sigaction hang = {.sa_handler = give_up,
	    .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
	sigset_t blocked;

	sigaction(SIGALRM, &hang, NULL);
	sigemptyset(&blocked);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		sigaddset(&blocked, numbers[i]);
		sigaction(numbers[i], &note, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, unblocked);
}

/* Serves the children until the session is over. */
static void
serve_all(struct monitor *m)
{
	unsigned counts[COUNT(requests)] = {0};
	sigset_t unblocked;

	catch_signals(&unblocked);
	while (m->stage != STAGE_OVER) {
		wait_for(m, &unblocked, counts);
		if (told_to_stop)
			stop(m);
	}
	reap(m);
	sigprocmask(SIG_SETMASK, &unblocked, NULL);
}

/* Where messages come to. On the stack each of its pages would be zeroed,
 * which costs as much as a dozen system calls. */
static struct wire *
own_wire(void)
{
	static struct wire wire;

	return &wire;
}

int
monitor_run(const struct monitor_config *config, struct child login,
    struct child session)
{
	struct monitor m = {
	    .config = config,
	    .auth = config->auth,
	    .tls = config->tls,
	    .login = login,
	    .session = session,
	    .wire = own_wire(),
	    .began_ms = bytes_now_ms(),
	};

	if (config->pam_session)
		m.auth.session = &m.pam;
	jail_lock_memory(m.wire, sizeof *m.wire);
	start_login(&m);
	serve_all(&m);
	return EX_OK;
}

int
monitor_serve(const struct monitor_config *config,
    const struct account *account, struct child session, int has_client)
{
	struct monitor m = {
	    .config = config,
	    .auth = config->auth,
	    .tls = config->tls,
	    .login = {.pid = -1, .fd = -1},
	    .session = session,
	    .account = *account,
	    .wire = own_wire(),
	    .is_recovery = !has_client,
	    .began_ms = bytes_now_ms(),
	};
	const struct credentials nobody = {.rest = ""};
	struct state_paths paths = {.index = ""};
	char user[LOG_NAME_ROOM];

	if (has_client)
		log_line(LOG_INFO,
		    "LOGIN, ip=[%s], method=authenticated, tls=%d, user=%s, "
		    "jail=%s",
		    address_of(&m), m.tls, log_name(user, account->name),
		    config->jail);
	/* Without them, which is logged, the session says that it cannot. */
	if (state_make(config->state, account, &paths) != FINE)
		paths = (struct state_paths){.index = ""};
	begin_session(&m, &paths, &nobody);
	serve_all(&m);
	return !m.stopping;
}
