/*
 * session.h - the process that serves the mailbox
 *
 * It waits for the monitor's grant, opens the maildrop as the mail user,
 * locks itself in, and runs the TRANSACTION and UPDATE states.
 */
#ifndef SESSION_H
#define SESSION_H

#include "client.h"

struct jail_means;
struct reply;

struct session_config {
	int client_in; /* descriptors */
	int client_out;
	struct ucspi tls; /* instead of these after STLS */
	int monitor;
	int idle_s;
	int takeover_s;    /* silent for that long, it makes way for a newer
			      session of the user; 0: never */
	int login_delay_s; /* for CAPA; 0: none */
	const char *trace; /* a path; NULL: none */
	int use_fcntl;
	int use_dotlock;
	const struct jail_means *means;
	const char *jail_root; /* an empty directory */
	const char *name;      /* of the program and its version, for CAPA */
};

/* Runs the session; does not return. */
_Noreturn void session_run(const struct session_config *config);

/*
 * CAPA's lines for what the TRANSACTION state can do, which RFC 2449 s. 5
 * wants in both states.
 */
void session_capa(struct reply *out, int login_delay_s);

#endif
