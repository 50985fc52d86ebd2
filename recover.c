/*
 * recover.c - pop3d --recover: finish every interrupted update
 *
 * Runs as root, by hand or at boot. Whose a maildrop is, its journal's owner
 * says: the files in the state directory were made there by nobody but us.
 */
#include "recover.h"

#include "privsep.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct recovery {
	const struct monitor_config *monitor;
	struct session_config session;
	int left; /* a journal is still to be applied */
};

static void
run_session(void *arg, int monitor)
{
	struct recovery *r = arg;

	r->session.monitor = monitor;
	/* The log is not for it. Both descriptors are open. */
	must(dup2(r->session.client_in, STDERR_FILENO) == STDERR_FILENO);
	session_run(&r->session);
}

/* What has become of it: the journal tells. */
static void
report(struct recovery *r, const char *mailbox)
{
	const char *what = "could not be finished, see the log";
	struct stat st;
	int exists = state_journal(r->monitor->state, mailbox, &st);

	if (!exists && errno == ENOENT)
		what = "was of another file: journal put aside";
	else if (exists && st.st_size == 0)
		what = "finished";
	else
		r->left = 1;
	printf("%s: interrupted update %s\n", mailbox, what);
}

static int
recover_one(void *arg, const char *mailbox, const struct stat *journal)
{
	struct recovery *r = arg;
	struct account account;
	struct child session;
	int go_on = 1;

	/* It was made of a file's name. */
	must(strlen(mailbox) < sizeof account.mailbox);
	if (account_of_ids(&r->monitor->auth.rules, journal->st_uid,
		journal->st_gid, &account) == FINE) {
		memcpy(account.mailbox, mailbox, strlen(mailbox) + 1);
		if (!privsep_start(&session, run_session, r))
			log_fatal(EX_OSERR, "cannot start a session");
		go_on = monitor_serve(r->monitor, &account, session, 0);
	}
	report(r, mailbox);
	return go_on;
}

int
recover_all(
    const struct monitor_config *monitor, const struct session_config *session)
{
	struct recovery r = {.monitor = monitor, .session = *session};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1)
		log_fatal(EX_OSERR, "cannot open /dev/null");
	setvbuf(stdout, NULL, _IOLBF, 0); /* nothing is left for a child */
	r.session.client_in = null;
	r.session.client_out = null;
	if (!state_each_journal(monitor->state, recover_one, &r)) {
		log_errno("cannot read state directory", monitor->state);
		return EX_TEMPFAIL;
	}
	return r.left ? EX_TEMPFAIL : EX_OK;
}
