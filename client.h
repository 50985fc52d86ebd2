/*
 * client.h - who is on the other end of descriptors 0 and 1
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <netinet/in.h>
#include <stddef.h>

struct client {
	char address[INET6_ADDRSTRLEN]; /* numeric; empty if not known */
	int is_local;                   /* no network lies between */
};

/* What a superserver that speaks UCSPI-TLS has to offer: descriptors, which
 * may be the same. */
struct ucspi {
	int control; /* a letter begins TLS; -1, as all three: no such thing */
	int in;      /* the client, from then on */
	int out;
	int required; /* no login without it */
};

/*
 * Asks SSLCTLFD, SSLREADFD, SSLWRITEFD, and UCSPITLS for the policy ("!": TLS
 * is required; "-": it is not offered); to be called before descriptors are
 * closed and the environment is cleared.
 */
void client_find_ucspi(struct ucspi *u);

/*
 * Asks the socket and the variables that superservers set; to be called
 * before the environment is cleared.
 */
void client_find(struct client *c);

void client_close_ucspi(const struct ucspi *u);

/* Has the superserver begin TLS, and tell of it, if that is wanted. False if it
 * is gone. */
int client_begin_tls(int control, int wants_told);

/*
 * What it has told of the variable, which is "NAME=text"; false if nothing, or
 * nothing that has come to its end. To be called once, when the client has
 * spoken through TLS: what is told has come before that. Does not wait.
 */
int client_told(int control, const char *name, char *out, size_t room);

/* Is that descriptor the client's connection as well? */
int client_has(int fd);

#endif
