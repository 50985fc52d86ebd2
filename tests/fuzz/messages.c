/*
 * messages.c - what one process may say to another
 *
 * A datagram of any bytes is a message or it is not; if it is, it says just
 * what is sent when the same is said by us.
 */
#include "../../privsep.h"

#include "fuzz.h"

#include <sys/socket.h>

static int here, there;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int ends[2];

	(void)argc;
	(void)argv;
	expect(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
	here = ends[0];
	there = ends[1];
	return 0;
}

/* Says again what is in the message; 0: it is none. */
static int
say(enum message_type type, struct wire *w)
{
	union {
		struct origin origin;
		struct credentials credentials;
		struct begin begin;
		struct salt salt;
		struct proof proof;
		struct signature signature;
		struct grant grant;
		struct locked locked;
		struct summary summary;
	} u;
	enum verdict verdict;
	const char *text;
	unsigned methods;
	int level;

	switch (type) {
	case MSG_ORIGIN:
		return privsep_read_origin(w, &u.origin) &&
		    privsep_send_origin(here, &u.origin);
	case MSG_METHODS:
		return privsep_read_methods(w, &methods) &&
		    privsep_send_methods(here, methods);
	case MSG_CREDENTIALS:
		return privsep_read_credentials(w, &u.credentials) &&
		    privsep_send_credentials(here, &u.credentials);
	case MSG_BEGIN:
		return privsep_read_begin(w, &u.begin) &&
		    privsep_send_begin(here, &u.begin);
	case MSG_SALT:
		return privsep_read_salt(w, &u.salt) &&
		    privsep_send_salt(here, &u.salt);
	case MSG_PROOF:
		return privsep_read_proof(w, &u.proof) &&
		    privsep_send_proof(here, &u.proof);
	case MSG_SIGNATURE:
		return privsep_read_signature(w, &u.signature) &&
		    privsep_send_signature(here, &u.signature);
	case MSG_VERDICT:
		return privsep_read_verdict(w, &verdict) &&
		    privsep_send_verdict(here, verdict);
	case MSG_GRANT:
		return privsep_read_grant(w, &u.grant) &&
		    privsep_send_grant(here, &u.grant);
	case MSG_LOCKED:
		return privsep_read_locked(w, &u.locked) &&
		    privsep_send_locked(here, &u.locked);
	case MSG_LOG:
		return privsep_read_log(w, &level, &text) &&
		    privsep_send_log(here, level, text);
	case MSG_SUMMARY:
		return privsep_read_summary(w, &u.summary) &&
		    privsep_send_summary(here, &u.summary);
	default:
		return privsep_read_bare(w) && privsep_send(here, type);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t again[PRIVSEP_WIRE + 1];
	static struct wire w;
	enum message_type type;

	if (n == 0 || n > PRIVSEP_WIRE + 1)
		return 0;
	expect(send(there, data, n, 0) == (ssize_t)n);
	type = privsep_receive(here, &w);
	if (type == MSG_NONE || type == MSG_BAD || !say(type, &w))
		return 0;
	expect(recv(there, again, sizeof again, 0) == (ssize_t)n);
	expect(memcmp(data, again, n) == 0);
	return 0;
}
