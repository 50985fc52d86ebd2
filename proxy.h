/*
 * proxy.h - the PROXY protocol's header, versions 1 and 2
 *
 * Pure: no system calls, no allocation, no globals. The caller reads from
 * the network and feeds what it got; how the bytes were split does not
 * change the result. The clauses are those of HAProxy's proxy-protocol.txt.
 */
#ifndef PROXY_H
#define PROXY_H

#include <stddef.h>

#define PROXY_LINE    107 /* octets of version 1 with its CRLF: s. 2.1 */
#define PROXY_ADDRESS 46  /* room: an IPv6 address as text, and a NUL */

enum proxy_status {
	PROXY_MORE, /* no whole header yet: feed again */
	PROXY_DONE, /* kind, address and tls are set */
	PROXY_BAD   /* no such header: "wrong" says why; close the connection */
};

enum proxy_kind {
	PROXY_LOCAL,   /* the proxy speaks for itself: a health check */
	PROXY_UNKNOWN, /* for a client whose address the proxy cannot say */
	PROXY_CLIENT   /* for the client of that address */
};

enum proxy_part {
	PROXY_FIXED, /* version 2: signature, command, family, length */
	PROXY_TEXT,  /* version 1: the line */
	PROXY_INET,
	PROXY_INET6,
	PROXY_TLV, /* the type and length of a TLV */
	PROXY_SSL, /* and the flags of one that tells of TLS */
	PROXY_END  /* what is left, unread */
};

/* The first four fields are the result, the others the parser's own. */
struct proxy {
	enum proxy_kind kind;
	char address[PROXY_ADDRESS]; /* the client's, as inet_ntop() writes it;
					"" unless PROXY_CLIENT */
	int tls;                     /* the proxy's client uses TLS: s. 2.2.6 */
	const char *wrong;           /* after PROXY_BAD: what, for the log */

	enum proxy_status status;
	enum proxy_part part;       /* is being collected, in "piece" */
	char piece[PROXY_LINE + 1]; /* not more than the part that matters */
	size_t len;                 /* bytes in "piece" */
	size_t want;                /* bytes that make the part whole */
	size_t skip;                /* bytes before it, of no interest */
	size_t left;                /* version 2: octets behind the part */
};

/* A parser that has seen nothing yet. */
void proxy_init(struct proxy *p);

/*
 * Takes bytes as far as the header goes, never one behind it: *used says how
 * many of the n were taken. That is all of them after PROXY_MORE, and none
 * once the header has been PROXY_DONE or PROXY_BAD. An input that ends after
 * PROXY_MORE is a bad header as well. Cannot fail otherwise.
 *
 * An IPv4 address in IPv6 form comes out as IPv4. For LOCAL, and where
 * family or transport are not given or not TCP (UNIX sockets apart), all that
 * follows is skipped unread and says nothing of TLS.
 */
enum proxy_status proxy_feed(
    struct proxy *p, const char *bytes, size_t n, size_t *used);

#endif
