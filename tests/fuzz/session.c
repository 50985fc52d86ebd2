/*
 * session.c - the TRANSACTION and UPDATE states
 *
 * The input is commands and, behind a line "MBOX", a mailbox. However the bytes
 * are split the client hears the same, and it is what the model says; what is
 * left of the mailbox is, if QUIT was answered +OK, what was not deleted, else
 * all of it; and no lock is left. Or, behind a line "MONITOR", what the monitor
 * says of the lock is the input's as well: then it is only that all is split.
 */
#include "machine.h"
#include "oracle.h"

#include <sys/stat.h>

/* What lives as long as the process is to live as long as one input. */
#define static
#include "../../session.c"
#undef static

#define MARK "\nMBOX\n"

static struct session_config own;
static char place[] = "/dev/shm/pop3d-fuzz-XXXXXX";
static struct wire granted, locked;
static const uint8_t *mbox;
static size_t mbox_len;
static int is_locked; /* by the dot-lock */

enum message_type __wrap_privsep_receive(int fd, struct wire *w);
enum message_type __real_privsep_receive(int fd, struct wire *w);
int __wrap_privsep_send(int fd, enum message_type bare);
int __wrap_privsep_send_summary(int fd, const struct summary *s);

static struct wire *answer;
static const uint8_t *answers; /* of the monitor's; NULL: it is ours */
static size_t answers_len;
static const uint8_t *next_answer;
static size_t left_answers;

enum message_type
__wrap_privsep_receive(int fd, struct wire *w)
{
	enum message_type type = answer == &granted ? MSG_GRANT : MSG_LOCKED;

	if (answers != NULL && answer != &granted) {
		size_t n;
		const uint8_t *bytes =
		    machine_datagram(&next_answer, &left_answers, &n);

		if (bytes == NULL)
			return MSG_NONE;
		expect(send(machine.wire[1], bytes, n, 0) == (ssize_t)n);
		return __real_privsep_receive(fd, w);
	}
	*w = *answer;
	answer = &locked;
	return type;
}

int
__wrap_privsep_send(int fd, enum message_type bare)
{
	(void)fd;
	expect(bare == MSG_LOCK || bare == MSG_UNLOCK);
	expect(answers != NULL || is_locked == (bare == MSG_UNLOCK));
	is_locked = bare == MSG_LOCK;
	return 1;
}

int
__wrap_privsep_send_summary(int fd, const struct summary *s)
{
	(void)fd;
	expect(s->retrieved == 0 || s->messages > 0);
	return 1;
}

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
write_file(const char *name, const void *bytes, size_t n)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	expect(fd != -1 && write(fd, bytes, n) == (ssize_t)n);
	close(fd);
}

static void
clean_up(void)
{
	unlink(path("mbox"));
	unlink(path("index"));
	unlink(path("journal"));
	rmdir(place);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct jail_means means;

	(void)argc;
	(void)argv;
	machine_open();
	expect(mkdtemp(place) != NULL);
	atexit(clean_up);
	own = (struct session_config){
	    .client_in = machine.in,
	    .client_out = machine.out,
	    .tls = {-1, -1, -1, 0},
	    .idle_s = 3600,
	    .use_fcntl = 1,
	    .use_dotlock = 1,
	    .means = &means,
	    .name = "pop3d",
	};
	return 0;
}

/* What the monitor would say, in wires. */
static void
prepare_answers(void)
{
	struct grant g = {.user = "joe",
	    .mailbox = path("mbox"),
	    .index = path("index"),
	    .journal = path("journal"),
	    .uid = getuid(),
	    .gid = getgid(),
	    .rest = ""};
	struct locked l = {.trouble = FINE, .exists = 1};
	struct stat st;

	expect(stat(g.mailbox, &st) == 0);
	l.dev = st.st_dev;
	l.ino = st.st_ino;
	expect(privsep_send_grant(machine.wire[1], &g));
	expect(__real_privsep_receive(machine.wire[0], &granted) == MSG_GRANT);
	expect(privsep_send_locked(machine.wire[1], &l));
	expect(__real_privsep_receive(machine.wire[0], &locked) == MSG_LOCKED);
	answer = &granted;
}

/* Each descriptor that the session has opened, which it leaves to its end. */
static void
close_files(void)
{
	close_range((unsigned)machine.wire[1] + 1, ~0U, 0);
}

/* The session's files are open still. */
static void
expect_no_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path("mbox"), O_RDWR);

	expect(fd != -1 && fcntl(fd, F_OFD_SETLK, &lock) == 0);
	close(fd);
}

static void
play(const uint8_t *said, size_t n, size_t piece)
{
	write_file("mbox", mbox, mbox_len);
	write_file("index", "", 0);
	write_file("journal", "", 0);
	machine_begin(said, n, piece);
	own.monitor = machine.wire[0];
	prepare_answers();
	is_locked = 0;
	next_answer = answers;
	left_answers = answers_len;
	if (setjmp(machine.end) == 0)
		session_run(&own);
	expect(answers != NULL || !is_locked);
	expect_no_lock();
	close_files();
	machine_end();
}

static void
look_at_mailbox(void)
{
	static char now[MODEL_ROOM], want[MODEL_ROOM];
	size_t want_len = mbox_len;
	int fd = open(path("mbox"), O_RDONLY);
	ssize_t len = read(fd, now, sizeof now);

	close(fd);
	if (oracle.is_lost)
		return;
	memcpy(want, mbox, mbox_len);
	if (oracle.has_quit)
		want_len = oracle_left(want);
	expect(len == (ssize_t)want_len);
	expect(memcmp(now, want, want_len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *mark;
	size_t said;

	if (n < 2 || n > MODEL_ROOM / 2)
		return 0;
	mark = memmem(data, n, MARK, sizeof MARK - 1);
	if (mark == NULL)
		return 0;
	mbox = mark + sizeof MARK - 1;
	mbox_len = n - (size_t)(mbox - data);
	/* As many messages as the model has room for. */
	for (size_t i = 0, froms = 0; i + 5 < mbox_len; i++)
		if (memcmp(mbox + i, "From ", 5) == 0 &&
		    ++froms == MODEL_MESSAGES)
			return 0;
	model_set((const char *)mbox, mbox_len);
	said = (size_t)(mark - data);
	answers_len = machine_cut(data + 1, &said, &answers);
	machine_compare(play, data + 1, said, 1 + data[0] % 9);
	if (answers != NULL)
		return 0;
	oracle_walk(data + 1, mark + 1, machine.heard, machine.heard_len);
	look_at_mailbox();
	return 0;
}
