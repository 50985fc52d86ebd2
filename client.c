/*
 * client.c - who is on the other end of descriptors 0 and 1
 *
 * Runs as root, before the fork. Reads nothing that the client sends.
 */
#include "client.h"

#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int
client_has(int fd)
{
	struct stat a, b;

	if (fstat(fd, &a) == -1 || S_ISCHR(a.st_mode))
		return 0;
	for (int end = STDIN_FILENO; end <= STDOUT_FILENO; end++)
		if (fstat(end, &b) == 0 && a.st_dev == b.st_dev &&
		    a.st_ino == b.st_ino)
			return 1;
	return 0;
}

/* The descriptor that the variable names; -1 if it names none. */
static int
told_descriptor(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long fd;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	fd = strtol(text, &end, 10);
	if (*end != '\0' || fd <= STDERR_FILENO || fd > INT_MAX)
		return -1;
	return fcntl((int)fd, F_GETFD) == -1 ? -1 : (int)fd;
}

void
client_find_ucspi(struct ucspi *u)
{
	const char *policy = getenv("UCSPITLS");

	if (policy == NULL)
		policy = "";
	u->control = told_descriptor("SSLCTLFD");
	u->in = told_descriptor("SSLREADFD");
	u->out = told_descriptor("SSLWRITEFD");
	if (u->control == -1 || u->in == -1 || u->out == -1 ||
	    strcmp(policy, "-") == 0)
		u->control = u->in = u->out = -1;
	u->required = strcmp(policy, "!") == 0;
}

void
client_close_ucspi(const struct ucspi *u)
{
	if (u->control == -1)
		return;
	close(u->control);
	if (u->in != u->control)
		close(u->in);
	if (u->out != u->in && u->out != u->control)
		close(u->out);
}

int
client_begin_tls(int control, int wants_told)
{
	ssize_t n;

	do
		n = send(control, wants_told ? "Y" : "y", 1, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n != 1)
		log_line(LOG_ERR, "UCSPI-TLS: the superserver is gone");
	return n == 1;
}

/* All that was told: variables, each with a NUL behind it, and another NUL. It
 * is the superserver's word, and holds names out of a client's certificate. */
int
client_told(int control, const char *name, char *out, size_t room)
{
	char all[16384];
	size_t len = 0, name_len = strlen(name);
	ssize_t n;

	do {
		n = recv(control, all + len, sizeof all - len, MSG_DONTWAIT);
		len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && len < sizeof all);
	if (len < 2 || all[len - 1] != '\0' || all[len - 2] != '\0')
		return 0;
	for (const char *at = all; *at != '\0'; at += strlen(at) + 1)
		if (strncmp(at, name, name_len) == 0 && at[name_len] == '=' &&
		    at[name_len + 1] != '\0' &&
		    strlen(at + name_len + 1) < room) {
			memcpy(out, at + name_len + 1,
			    strlen(at + name_len + 1) + 1);
			return 1;
		}
	return 0;
}

/* In IPv4's form if it is one of IPv4's, in IPv6's. */
static void
write_address(int af, const void *address, char out[INET6_ADDRSTRLEN])
{
	const struct in6_addr *in6 = address;

	if (af == AF_INET6 && IN6_IS_ADDR_V4MAPPED(in6)) {
		af = AF_INET;
		address = in6->s6_addr + 12;
	}
	inet_ntop(af, address, out, INET6_ADDRSTRLEN);
}

/* The numeric address of a socket's other end; empty if it has none. */
static void
peer_address(char out[INET6_ADDRSTRLEN])
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} peer = {.any = {0}};
	socklen_t len = sizeof peer;

	if (getpeername(STDIN_FILENO, &peer.any, &len) == -1)
		return;
	if (peer.any.sa_family == AF_INET)
		write_address(AF_INET, &peer.in.sin_addr, out);
	if (peer.any.sa_family == AF_INET6)
		write_address(AF_INET6, &peer.in6.sin6_addr, out);
}

/* The first of the superservers' variables that holds an address. */
static void
told_address(char out[INET6_ADDRSTRLEN])
{
	static const char *const names[] = {"TCPREMOTEIP", "REMOTE_HOST",
	    "REMOTE_ADDR", "SOCAT_PEERADDR", "NCAT_REMOTE_ADDR"};

	for (size_t i = 0; i < COUNT(names) && out[0] == '\0'; i++) {
		const char *text = getenv(names[i]);
		char bare[INET6_ADDRSTRLEN + 2];
		struct in6_addr raw; /* large enough for IPv4 as well */

		if (text == NULL || strlen(text) >= sizeof bare)
			continue;
		/* socat writes IPv6 addresses in brackets */
		snprintf(bare, sizeof bare, "%s", text + (*text == '['));
		bare[strcspn(bare, "]")] = '\0';
		if (inet_pton(AF_INET, bare, &raw) == 1)
			write_address(AF_INET, &raw, out);
		else if (inet_pton(AF_INET6, bare, &raw) == 1)
			write_address(AF_INET6, &raw, out);
	}
}

static int
is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/*
 * A real peer is believed before the environment, which may be anybody's; a
 * loopback peer is a wrapper, which tells by the environment whom it serves.
 */
void
client_find(struct client *c)
{
	char peer[INET6_ADDRSTRLEN] = "", told[INET6_ADDRSTRLEN] = "";
	int one = 1;

	peer_address(peer);
	if (peer[0] == '\0' || is_loopback(peer))
		told_address(told);
	memcpy(c->address, told[0] == '\0' ? peer : told, sizeof c->address);
	c->is_local = c->address[0] == '\0' || is_loopback(c->address);
	/* Fails where there is no socket, which is no harm. */
	setsockopt(STDIN_FILENO, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
}
