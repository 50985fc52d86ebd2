/*
 * monitor.c - the monitor, and children that are not ours any more
 *
 * The input is datagrams of both children, in turns: a byte whose first bit says
 * whose it is, and the second that the channel closes, one for the length, and
 * so many bytes. Whatever they are: a grant there is but for the right password,
 * once; nobody gets an answer that was not asked for in its stage; no more than
 * the tries are refused; and no lock file is left.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

/* The alarm is libFuzzer's. Refusals come soon, as nothing is to be hidden. */
#define REFUSAL_MS              1
#define alarm(seconds)          0U
#define sigaction(number, a, o) ((void)(a))
#define ppoll                   feed_and_poll
static int feed_and_poll(struct pollfd *p, nfds_t n,
    const struct timespec *left, const sigset_t *unblocked);
#include "../../monitor.c"
#undef ppoll

#include <fcntl.h>
#include <sys/socket.h>

#define TRIES    3
#define PASSWORD "geheim"

static char place[] = "/dev/shm/pop3d-fuzz-XXXXXX";
static const uint8_t *said;
static size_t left;
static int ends[2];            /* the children's */
static unsigned asked[2][256]; /* messages of each, by type */

static const char *
path(const char *name)
{
	static char out[4][64];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(out[i], sizeof out[i], "%s/%s", place, name);
	return out[i];
}

static void
note(size_t who, const uint8_t *message, size_t n)
{
	int is_scram = n > 1 && message[0] == MSG_CREDENTIALS &&
	    privsep_is_scram((enum method)message[1]);

	/* Those ask for nothing that has not been judged before. */
	if (!is_scram)
		asked[who][message[0]]++;
}

/* Sends the next datagram; at the end both children go. */
static void
feed(void)
{
	size_t who, n;

	if (left < 2) {
		shutdown(ends[0], SHUT_WR);
		shutdown(ends[1], SHUT_WR);
		return;
	}
	who = said[0] & 1;
	n = said[1] < left - 2 ? said[1] : left - 2;
	if (said[0] & 2)
		shutdown(ends[who], SHUT_WR);
	else if (n > 0 && send(ends[who], said + 2, n, MSG_NOSIGNAL) > 0)
		note(who, said + 2, n);
	said += 2 + n;
	left -= 2 + n;
}

static int
feed_and_poll(struct pollfd *p, nfds_t n, const struct timespec *until,
    const sigset_t *unblocked)
{
	(void)unblocked;
	if (n == 1) /* a refusal is waited for */
		return ppoll(p, n, until, NULL);
	feed();
	return poll(p, n, 0);
}

static void
clean_up(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", place);
	expect(system(command) == 0);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char secrets[] = "joe:{PLAIN}" PASSWORD "\n";
	int fd;

	(void)argc;
	(void)argv;
	log_divert(fuzz_no_log);
	expect(mkdtemp(place) != NULL && mkdir(path("state"), 0711) == 0);
	atexit(clean_up);
	fd = open(path("secrets"), O_WRONLY | O_CREAT, 0600);
	expect(fd != -1 && write(fd, secrets, sizeof secrets - 1) > 0);
	close(fd);
	fd = open(path("joe"), O_WRONLY | O_CREAT, 0600);
	expect(fd != -1);
	close(fd);
	return 0;
}

static int
open_channel(int *end)
{
	int pair[2];

	expect(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) == 0);
	*end = pair[1];
	return pair[0];
}

/* What a child was told. */
static void
count_answers(int end, unsigned told[MSG_SUMMARY + 1], unsigned *refused)
{
	enum message_type type;
	enum verdict v;
	struct wire w;

	*refused = 0;
	while ((type = privsep_receive(end, &w)) > MSG_BAD) {
		told[type]++;
		if (type == MSG_VERDICT) {
			expect(privsep_read_verdict(&w, &v));
			*refused += v == REFUSED;
		}
	}
}

static void
judge(const uint8_t *bytes, size_t n, int is_proxy)
{
	unsigned login[MSG_SUMMARY + 1] = {0};
	unsigned session[MSG_SUMMARY + 1] = {0};
	unsigned refused, none;

	count_answers(ends[0], login, &refused);
	count_answers(ends[1], session, &none);
	for (int type = 0; type <= MSG_SUMMARY; type++) {
		expect(login[type] == 0 || type == MSG_METHODS ||
		    type == MSG_SALT || type == MSG_SIGNATURE ||
		    type == MSG_VERDICT);
		expect(session[type] == 0 || type == MSG_GRANT ||
		    type == MSG_LOCKED);
	}
	expect(session[MSG_GRANT] <= 1 && refused <= TRIES);
	expect(session[MSG_GRANT] == 0 ||
	    memmem(bytes, n, PASSWORD, strlen(PASSWORD)) != NULL);
	expect(session[MSG_LOCKED] == 0 || session[MSG_GRANT] == 1);
	expect(session[MSG_LOCKED] <= asked[1][MSG_LOCK]);
	expect(login[MSG_VERDICT] <= asked[0][MSG_CREDENTIALS] +
		asked[0][MSG_BEGIN] + asked[0][MSG_PROOF]);
	expect(
	    !is_proxy || asked[0][MSG_ORIGIN] > 0 || session[MSG_GRANT] == 0);
	expect(login[MSG_SALT] <= asked[0][MSG_BEGIN]);
	expect(login[MSG_SIGNATURE] <= asked[0][MSG_PROOF]);
	expect(access(path("joe.lock"), F_OK) == -1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct monitor_config config = {
	    .auth = {.secrets = path("secrets"),
		     .rules = {.mailbox = path("%n")}},
	    .state = path("state"),
	    .jail = "none",
	    .login_timeout_s = 60,
	    .idle_s = 600,
	    .tries = TRIES,
	    .want_dotlock = 1,
	    .proxy = n > 0 && (bytes[0] & 4) != 0,
	};
	struct child children[2];

	for (int i = 0; i < 2; i++)
		children[i] =
		    (struct child){.pid = -1, .fd = open_channel(&ends[i])};
	memset(asked, 0, sizeof asked);
	said = bytes;
	left = n;
	expect(monitor_run(&config, children[0], children[1]) == EX_OK);
	judge(bytes, n, config.proxy);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(children[i].fd); /* it may be closed */
	}
	return 0;
}
