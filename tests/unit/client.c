/*
 * Tests of client.c: whose address it is, and what a superserver that speaks
 * UCSPI-TLS has told. What needs other descriptors 0 and 1, or another
 * environment, has a process of its own, and logs what it has found.
 */
#include "../../client.h"

#include "apart.h"
#include "failing.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

FAILING(ssize_t, send, (int fd, const void *bytes, size_t n, int flags),
    (fd, bytes, n, flags), -1)

/* What the other end of descriptor 0 is called; no family: there is none. */
static struct sockaddr_storage peer;

int
getpeername(int fd, struct sockaddr *out, socklen_t *len)
{
	(void)fd;
	if (peer.ss_family == AF_UNSPEC)
		return -1;
	memcpy(out, &peer, *len < sizeof peer ? *len : sizeof peer);
	return 0;
}

static void
set_peer(const char *address)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&peer;
	struct sockaddr_in *in = (struct sockaddr_in *)&peer;

	memset(&peer, 0, sizeof peer);
	if (strcmp(address, "unix") == 0)
		peer.ss_family = AF_UNIX;
	else if (inet_pton(AF_INET, address, &in->sin_addr) == 1)
		in->sin_family = AF_INET;
	else if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1)
		in6->sin6_family = AF_INET6;
}

/* "NAME=value ..." is the whole environment. */
static void
set_environment(const char *variables)
{
	static char copy[600], *all[20];
	char *rest = copy;
	size_t count = 0;

	snprintf(copy, sizeof copy, "%s", variables);
	while (
	    count < COUNT(all) - 1 && (all[count] = strsep(&rest, " ")) != NULL)
		count += *all[count] != '\0';
	all[count] = NULL;
	environ = all;
}

static const struct {
	const char *peer;
	const char *environment;
	const char *address;
	int is_local;
} clients[] = {
  /* a real peer, whatever the environment says */
    {"192.0.2.7",        "",							 "192.0.2.7",       0},
    {"192.0.2.7",        "TCPREMOTEIP=127.0.0.1",                                    "192.0.2.7",       0},
    {"126.255.255.255",  "",							 "126.255.255.255", 0},
    {"2001:db8::7",      "",							 "2001:db8::7",     0},
    {"2001:db8::7",      "TCPREMOTEIP=::1",					  "2001:db8::7",     0},
    {"::ffff:192.0.2.7", "",							 "192.0.2.7",       0},
    {"::",	       "",							 "::",              0},
    {"::2",	      "",							 "::2",             0},
 /* loopback */
    {"127.0.0.1",        "",							 "127.0.0.1",       1},
    {"127.3.2.1",        "",							 "127.3.2.1",       1},
    {"::1",	      "",							 "::1",             1},
    {"::ffff:127.0.0.1", "",							 "127.0.0.1",       1},
    {"::ffff:128.0.0.1", "",							 "128.0.0.1",       0},
 /* no address at all: by hand, or from a local program */
    {"",		 "",							 "",                1},
    {"unix",	     "",							 "",                1},
 /* a wrapper, which says for whom it speaks */
    {"127.0.0.1",        "TCPREMOTEIP=192.0.2.7",                                    "192.0.2.7",       0},
    {"::1",	      "TCPREMOTEIP=2001:db8::7",                                  "2001:db8::7",     0},
    {"::ffff:127.0.0.1", "TCPREMOTEIP=192.0.2.7",                                    "192.0.2.7",       0},
    {"unix",	     "REMOTE_HOST=192.0.2.7",                                    "192.0.2.7",       0},
    {"",		 "REMOTE_ADDR=192.0.2.7",				    "192.0.2.7",       0},
    {"",		 "SOCAT_PEERADDR=192.0.2.7",                                 "192.0.2.7",       0},
    {"",		 "SOCAT_PEERADDR=[2001:db8::7]",                             "2001:db8::7",     0},
    {"",		 "SOCAT_PEERADDR=[2001:0db8:0000:0000:0000:0000:0000:0007]",
     "2001:db8::7",										     0},
    {"",		 "NCAT_REMOTE_ADDR=192.0.2.7",                               "192.0.2.7",       0},
    {"",		 "TCPREMOTEIP=127.0.0.1",				    "127.0.0.1",       1},
    {"",		 "TCPREMOTEIP=::1",					  "::1",             1},
    {"",		 "TCPREMOTEIP=::ffff:127.0.0.1",                             "127.0.0.1",       1},
    {"",		 "TCPREMOTEIP=::FFFF:192.0.2.7",                             "192.0.2.7",       0},
    {"",		 "TCPREMOTEIP=::ffff:c000:207",                              "192.0.2.7",       0},
    {"",		 "TCPREMOTEIP=192.0.2.7 REMOTE_ADDR=192.0.2.8",              "192.0.2.7",       0},
 /* what is no address is passed over */
    {"",		 "REMOTE_HOST=client.example.org REMOTE_ADDR=192.0.2.8",     "192.0.2.8",
     0												   },
    {"",		 "TCPREMOTEIP= REMOTE_ADDR=192.0.2.8",                       "192.0.2.8",       0},
    {"",		 "TCPREMOTEIP=[ REMOTE_ADDR=192.0.2.8",                      "192.0.2.8",       0},
    {"",		 "TCPREMOTEIP=] REMOTE_ADDR=192.0.2.8",                      "192.0.2.8",       0},
    {"",		 "TCPREMOTEIP=::ffff:x REMOTE_ADDR=192.0.2.8",               "192.0.2.8",       0},
    {"",
     "TCPREMOTEIP=2001:0db8:0000:0000:0000:0000:0000:0007:0000:0000:0000:"
	"0000"
	" REMOTE_ADDR=192.0.2.8",						    "192.0.2.8",       0},
    {"",		 "TCPREMOTEIP=192.0.2",				      "",                1},
    {"127.0.0.1",        "TCPREMOTEIP=x",					    "127.0.0.1",       1},
};

static void
find(void *i)
{
	size_t at = *(const size_t *)i;
	struct client c = {.is_local = -1};

	set_peer(clients[at].peer);
	set_environment(clients[at].environment);
	client_find(&c);
	log_line(LOG_INFO, "%s %d", c.address, c.is_local);
}

static void
the_address_is_the_clients(void **state)
{
	char want[100], title[100];

	(void)state;
	for (size_t i = 0; i < COUNT(clients); i++) {
		assert_int_equal(run_apart(find, &i), 0);
		snprintf(title, sizeof title, "\"%s\" with %.60s",
		    clients[i].peer, clients[i].environment);
		snprintf(want, sizeof want, "%s %d\n", clients[i].address,
		    clients[i].is_local);
		check_text(logged, want, title);
	}
}

static const struct {
	const char *environment; /* descriptors 40, 41, 42 are open */
	int control, in, out, required;
} offers[] = {
    {"SSLCTLFD=40 SSLREADFD=41 SSLWRITEFD=42",            40, 41, 42, 0},
    {"SSLCTLFD=40 SSLREADFD=40 SSLWRITEFD=40",            40, 40, 40, 0},
    {"SSLCTLFD=40 SSLREADFD=41 SSLWRITEFD=42 UCSPITLS=!", 40, 41, 42, 1},
    {"SSLCTLFD=40 SSLREADFD=41 SSLWRITEFD=42 UCSPITLS=",  40, 41, 42, 0},
    {"SSLCTLFD=40 SSLREADFD=41 SSLWRITEFD=42 UCSPITLS=-", -1, -1, -1, 0},
    {"",						  -1, -1, -1, 0},
    {"UCSPITLS=!",					-1, -1, -1, 1},
    {"SSLREADFD=41 SSLWRITEFD=42",                        -1, -1, -1, 0},
    {"SSLCTLFD=40 SSLWRITEFD=42",                         -1, -1, -1, 0},
    {"SSLCTLFD=40 SSLREADFD=41",                          -1, -1, -1, 0},
    {"SSLCTLFD=43 SSLREADFD=41 SSLWRITEFD=42",            -1, -1, -1, 0},
    {"SSLCTLFD= SSLREADFD=41 SSLWRITEFD=42",              -1, -1, -1, 0},
    {"SSLCTLFD=-1 SSLREADFD=41 SSLWRITEFD=42",            -1, -1, -1, 0},
    {"SSLCTLFD=x SSLREADFD=41 SSLWRITEFD=42",             -1, -1, -1, 0},
    {"SSLCTLFD=40x SSLREADFD=41 SSLWRITEFD=42",           -1, -1, -1, 0},
    {"SSLCTLFD=2 SSLREADFD=41 SSLWRITEFD=42",             -1, -1, -1, 0},
    {"SSLCTLFD=4294967336 SSLREADFD=41 SSLWRITEFD=42",    -1, -1, -1, 0},
    {"SSLCTLFD=40 SSLREADFD=0 SSLWRITEFD=42",             -1, -1, -1, 0},
    {"SSLCTLFD=40 SSLREADFD=41 SSLWRITEFD=1",             -1, -1, -1, 0},
};

static int
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static void
find_offer(void *i)
{
	struct ucspi u;

	for (int fd = 40; fd < 46; fd++)
		close(fd);
	for (int fd = 40; fd < 43; fd++)
		dup2(apart_log, fd);
	set_environment(offers[*(const size_t *)i].environment);
	client_find_ucspi(&u);
	log_line(LOG_INFO, "%d %d %d %d", u.control, u.in, u.out, u.required);
	client_close_ucspi(&u);
	log_line(LOG_INFO, "%d %d %d", is_open(40), is_open(41), is_open(42));
}

static void
what_is_offered_has_to_be_whole(void **state)
{
	char want[100];

	(void)state;
	for (size_t i = 0; i < COUNT(offers); i++) {
		int is_none = offers[i].control == -1;

		assert_int_equal(run_apart(find_offer, &i), 0);
		/* All of it is closed, and nothing else. */
		snprintf(want, sizeof want, "%d %d %d %d\n%d %d %d\n",
		    offers[i].control, offers[i].in, offers[i].out,
		    offers[i].required, is_none, is_none || offers[i].in == 40,
		    is_none || offers[i].out == 40);
		check_text(logged, want, offers[i].environment);
	}
}

/* Two of the three may be one as well. */
static void
close_two(void *arg)
{
	static const struct ucspi some[] = {
	    {40, 41, 41, 0},
            {40, 40, 42, 0},
            {40, 41, 40, 0}
        };

	(void)arg;
	for (size_t i = 0; i < COUNT(some); i++) {
		for (int fd = 40; fd < 43; fd++)
			dup2(apart_log, fd);
		client_close_ucspi(&some[i]);
		log_line(LOG_INFO, "%d %d %d", is_open(40), is_open(41),
		    is_open(42));
	}
}

static void
each_is_closed(void **state)
{
	(void)state;
	assert_int_equal(run_apart(close_two, NULL), 0);
	check_text(logged, "0 0 1\n0 1 0\n0 0 1\n", "what is left open");
}

static void
a_letter_begins_tls(void **state)
{
	char letters[8] = "";
	int ends[2];

	(void)state;
	note_log();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(client_begin_tls(ends[0], 0));
	fail_call("send", 1, EINTR);
	assert_true(client_begin_tls(ends[0], 1));
	fail_call(NULL, 0, 0);
	assert_int_equal(read(ends[1], letters, sizeof letters), 2);
	check_text(letters, "yY", "the letters");
	assert_int_equal(logged_lines, 0);
	close(ends[1]);
	assert_false(client_begin_tls(ends[0], 0));
	check_text(logged, "UCSPI-TLS: the superserver is gone", "log");
	close(ends[0]);
}

static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	const char *text; /* NULL: nothing */
} tellings[] = {
#define TOLD(what, bytes, text)                                                \
	{                                                                      \
		what, bytes, sizeof(bytes) - 1, text                           \
	}
    TOLD("one variable", "DN=joe\0\0", "joe"),
    TOLD("among others", "A=1\0DN=joe\0B=2\0\0", "joe"),
    TOLD("the first of two", "DN=joe\0DN=ann\0\0", "joe"),
    TOLD("seven bytes fit", "DN=1234567\0\0", "1234567"),
    TOLD("eight do not", "DN=12345678\0\0", NULL),
    TOLD("... but another may", "DN=12345678\0DN=x\0\0", "x"),
    TOLD("a name that begins so", "DNS=joe\0\0", NULL),
    TOLD("a name that ends so", "XDN=joe\0\0", NULL),
    TOLD("no value", "DN=\0\0", NULL),
    TOLD("no '='", "DN\0\0", NULL),
    TOLD("a value with '='", "DN=a=b\0\0", "a=b"),
    TOLD("no end", "DN=joe\0", NULL),
    TOLD("no end at all", "DN=joe", NULL),
    TOLD("an end, and not at the end", "A=1\0\0DN=joe", NULL),
    TOLD("behind the end", "A=1\0\0DN=joe\0\0", NULL),
    TOLD("nothing", "\0\0", NULL),
    TOLD("a NUL", "\0", NULL),
    TOLD("silence", "", NULL),
};

static void
a_certificate_is_told_whole(void **state)
{
	char out[8];
	int ends[2];

	(void)state;
	for (size_t i = 0; i < COUNT(tellings); i++) {
		const char *text = tellings[i].text;

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		assert_int_equal(
		    write(ends[1], tellings[i].bytes, tellings[i].n),
		    (ssize_t)tellings[i].n);
		check(client_told(ends[0], "DN", out, sizeof out) ==
			(text != NULL),
		    "%s", tellings[i].what);
		if (text != NULL)
			check_text(out, text, tellings[i].what);
		close(ends[0]);
		close(ends[1]);
	}
}

/* More than we have room for is cut, and has no end then. */
static void
what_is_told_has_its_limit(void **state)
{
	char bytes[20000], out[8];
	int ends[2];

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "DN=joe", 7);
	for (size_t i = 0; i < 2; i++) {
		size_t n = i == 0 ? 16384 : 16385;

		bytes[n - 2] = bytes[n - 1] = '\0';
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		assert_int_equal(write(ends[1], bytes, n), (ssize_t)n);
		check(client_told(ends[0], "DN", out, sizeof out) == (i == 0),
		    "%zu bytes", n);
		close(ends[0]);
		close(ends[1]);
		bytes[n - 2] = bytes[n - 1] = 'x';
	}
}

/* Descriptors 0 and 1 are a socket, or two pipes. */
static void
look_at_log(void *arg)
{
	int in[2], out[2], null = open("/dev/null", O_RDWR);
	struct client c;

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, in) == -1 || pipe(out) == -1)
		return;
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	log_line(LOG_INFO, "%d %d %d %d %d", client_has(in[0]),
	    client_has(out[1]), client_has(in[1]), client_has(null),
	    client_has(999));
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	log_line(LOG_INFO, "%d", client_has(in[0]));
	dup2(null, STDIN_FILENO);
	log_line(LOG_INFO, "%d", client_has(null)); /* as everybody's */
	client_find(&c);                            /* without a socket, too */
}

static void
the_log_may_be_the_client(void **state)
{
	(void)state;
	assert_int_equal(run_apart(look_at_log, NULL), 0);
	check_text(logged, "1 1 0 0 0\n0\n0\n", "which ones are");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_address_is_the_clients),
	    cmocka_unit_test(what_is_offered_has_to_be_whole),
	    cmocka_unit_test(each_is_closed),
	    cmocka_unit_test(a_letter_begins_tls),
	    cmocka_unit_test(a_certificate_is_told_whole),
	    cmocka_unit_test(what_is_told_has_its_limit),
	    cmocka_unit_test(the_log_may_be_the_client),
	};

	return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
