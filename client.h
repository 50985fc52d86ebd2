/*
 * client.h - who is on the other end of descriptors 0 and 1
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <netinet/in.h>

struct client {
	char address[INET6_ADDRSTRLEN]; /* numeric; empty if not known */
	int is_local;                   /* no network lies between */
};

/*
 * Asks the socket and the variables that superservers set; to be called
 * before the environment is cleared.
 */
void client_find(struct client *c);

/* Is that descriptor the client's connection as well? */
int client_has(int fd);

#endif
