/*
 * monitor.h - the process that keeps the privileges
 *
 * It reads no byte that came from the network or from mail, other than as
 * fields of messages that its table allows.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include "auth.h"

struct monitor_config {
	struct auth_config auth;
	const char *state; /* directory */
	const char *jail;  /* the level reached, for the log */
	int login_timeout_s;
	int idle_s; /* that a client may be silent, or a session stand still */
	unsigned tries;    /* refused logins before the connection ends */
	int login_delay_s; /* between two logins of one user; 0: none */
	int want_dotlock;  /* or else the mailbox is locked by fcntl alone */
	int tls;           /* for the log: the connection is encrypted */
	int proxy;         /* a PROXY header tells for whom, and of TLS */
	int pam_session;   /* who is let in by PAM has one */
	int control;       /* descriptor that begins TLS; 0: none */
	const char *client_cert; /* what it is to tell of then; or NULL */
};

/*
 * Serves both children until the session is over and both are gone; then the
 * lock file is gone too. Returns an exit status.
 */
int monitor_run(const struct monitor_config *config, struct child login,
    struct child session);

/*
 * Serves one session for an account that needs no login: it has been judged
 * elsewhere, or there is no client, and the session only ends an interrupted
 * update, as every one does first. False if a signal told us to stop.
 */
int monitor_serve(const struct monitor_config *config,
    const struct account *account, struct child session, int has_client);

#endif
