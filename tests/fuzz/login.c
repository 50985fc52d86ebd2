/*
 * login.c - the AUTHORIZATION state, before a monitor that refuses everybody, or
 * one that says whatever the input has for it
 *
 * However the client's bytes are split, it hears the same; and nobody is let in.
 */
#include "machine.h"

#include "../../privsep.h"
#include "../../session.h"

/* What lives as long as the process is to live as long as one input. */
#define static
#include "../../login.c"
#undef static

static struct login_config own;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const struct jail_means means;

	(void)argc;
	(void)argv;
	machine_open();
	own = (struct login_config){
	    .client_in = machine.in,
	    .client_out = machine.out,
	    .tls = {-1, -1, -1, 0},
	    .means = &means,
	    .tries = 50,
	    .timeout_s = 3600,
	    .cleartext = 1,
	    .timestamp = "<1.2@example.org>",
	    .methods = ~0U,
	    .capa = session_capa,
	};
	return 0;
}

static const uint8_t *answers; /* of the monitor's; NULL: it refuses */
static size_t answers_len;

static void
send_answers(void)
{
	const uint8_t *at = answers, *bytes;
	size_t left = answers_len, n;

	for (int i = 0; i < 50 && answers == NULL; i++)
		expect(privsep_send_verdict(machine.wire[1], REFUSED));
	for (int i = 0; i < 50 && answers != NULL; i++) {
		bytes = machine_datagram(&at, &left, &n);
		if (bytes == NULL)
			break;
		expect(send(machine.wire[1], bytes, n, 0) == (ssize_t)n);
	}
	if (answers != NULL)
		shutdown(machine.wire[1], SHUT_WR);
}

static void
play(const uint8_t *said, size_t n, size_t piece)
{
	machine_begin(said, n, piece);
	own.monitor = machine.wire[0];
	send_answers();
	if (setjmp(machine.end) == 0)
		login_run(&own);
	machine_end();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < 2 || n > 20000)
		return 0;
	own.proxy = data[0] & 1;
	n--;
	answers_len = machine_cut(data + 1, &n, &answers);
	machine_compare(play, data + 1, n, 1 + data[0] / 2 % 9);
	return 0;
}
