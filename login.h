/*
 * login.h - the process that faces the network before anyone has logged in
 *
 * It owns nothing: an empty root, a uid of its own, the client's connection
 * and a channel to the monitor. It parses and formats; the monitor judges.
 */
#ifndef LOGIN_H
#define LOGIN_H

#include "client.h"

struct jail_means;
struct reply;

struct login_config {
	int client_in; /* descriptors */
	int client_out;
	int monitor;
	int timeout_s;  /* for the whole of the login */
	unsigned tries; /* refusals before the connection ends */
	int cleartext;  /* passwords may be sent on this connection; behind a
			  proxy: also if the header does not say who */
	int cleartext_from_all; /* ... whatever the header says */
	int proxy;              /* a PROXY header comes first */
	struct ucspi tls; /* where the client is after STLS; the monitor has
			     the real control socket */
	const char *timestamp; /* for the greeting; NULL: no APOP */
	unsigned methods;      /* that the stores allow: 1 << enum method */
	const struct jail_means *means;
	const char *jail_root; /* an empty directory */
	unsigned jail_uid;
	unsigned jail_gid;
	const char *trace; /* a path; NULL: none */
	int login_delay_s; /* for CAPA; 0: none */
	/* CAPA's lines for the TRANSACTION state */
	void (*capa)(struct reply *out, int login_delay_s);
};

/*
 * Greets the client, who has not been listened to: whoever is there first can do
 * that, and he need not wait for three processes. False if he is gone.
 */
int login_greet(const struct login_config *config);

/* Runs the AUTHORIZATION state, with a client who was greeted; behind a proxy,
 * after its header, it greets him itself. Does not return. */
_Noreturn void login_run(const struct login_config *config);

#endif
