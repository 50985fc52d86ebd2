/*
 * proxy.c - the PROXY protocol's header, versions 1 and 2
 *
 * Trusts nothing: that the bytes are a proxy's is the administrator's claim.
 * Memory is bounded by the parser itself; of a header of 64 KiB no more than
 * an address is ever kept.
 */
#include "proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Version 2: s. 2.2. The lengths are octets. */
#define FIXED_LEN     16
#define INET_LEN      12  /* two addresses and two ports */
#define INET6_LEN     36  /* likewise */
#define UNIX_LEN      216 /* two paths */
#define TLV_LEN       3   /* of its type and length */
#define SSL_LEN       5   /* the flags and whether a certificate is good */
#define TYPE_SSL      0x20
#define SSL_IS_CLIENT 0x01 /* in the flags: the client came over TLS */

enum command { COMMAND_LOCAL, COMMAND_PROXY };
enum family { FAMILY_UNSPEC, FAMILY_INET, FAMILY_INET6, FAMILY_UNIX };
enum transport { TRANSPORT_UNSPEC, TRANSPORT_STREAM, TRANSPORT_DGRAM };

static const char text_magic[] = "PROXY ";
static const char fixed_magic[] = "\r\n\r\n\0\r\nQUIT\n";

void
proxy_init(struct proxy *p)
{
	*p = (struct proxy){.kind = PROXY_UNKNOWN,
	    .status = PROXY_MORE,
	    .part = PROXY_FIXED,
	    .want = FIXED_LEN};
}

static enum proxy_status
bad(struct proxy *p, const char *wrong)
{
	p->wrong = wrong;
	return PROXY_BAD;
}

static void
set_client(struct proxy *p, int af, const void *address)
{
	const struct in6_addr *in6 = address;

	if (af == AF_INET6 && IN6_IS_ADDR_V4MAPPED(in6)) {
		af = AF_INET;
		address = &in6->s6_addr[12];
	}
	inet_ntop(af, address, p->address, sizeof p->address);
	p->kind = PROXY_CLIENT;
}

/* A port has no use here, but a line that has none is not a proxy's. */
static int
is_port(const char *word)
{
	size_t len = strlen(word);

	if (len == 0 || len > 5 || word[strspn(word, "0123456789")] != '\0')
		return 0;
	if (word[0] == '0')
		return len == 1;
	return len < 5 || strcmp(word, "65535") <= 0;
}

/* The line behind "PROXY ", without its line end. */
static enum proxy_status
read_words(struct proxy *p, char *rest)
{
	struct in6_addr from = {0}, to; /* large enough for IPv4 as well */
	char *word[5];
	int af;

	for (size_t i = 0; i < 5; i++)
		word[i] = strsep(&rest, " ");
	if (word[4] == NULL || rest != NULL)
		return bad(p, "the line has not five words after PROXY");
	if (strcmp(word[0], "TCP4") == 0)
		af = AF_INET;
	else if (strcmp(word[0], "TCP6") == 0)
		af = AF_INET6;
	else
		return bad(p, "neither TCP4, TCP6 nor UNKNOWN");
	if (inet_pton(af, word[1], &from) != 1 ||
	    inet_pton(af, word[2], &to) != 1)
		return bad(p, "not an address of its family");
	if (!is_port(word[3]) || !is_port(word[4]))
		return bad(p, "not a port");
	set_client(p, af, &from);
	return PROXY_DONE;
}

static enum proxy_status
read_text(struct proxy *p)
{
	static const char unknown[] = "UNKNOWN";
	char *line = p->piece + strlen(text_magic);
	char *end = p->piece + p->len - 2;
	size_t len = strlen(unknown);

	if (memcmp(end, "\r\n", 2) != 0)
		return bad(p, "the line has no CRLF where it must");
	*end = '\0';
	/* What follows must be ignored: s. 2.1. */
	if (strncmp(line, unknown, len) == 0 &&
	    (line + len == end || line[len] == ' '))
		return PROXY_DONE;
	if (line + strlen(line) != end)
		return bad(p, "the line holds a NUL");
	return read_words(p, line);
}

/* Waits for the header's next "want" octets behind "skip" unread ones. */
static enum proxy_status
await(struct proxy *p, enum proxy_part part, size_t skip, size_t want)
{
	if (skip + want > p->left)
		return bad(p, "a part is longer than the whole");
	p->left -= skip + want;
	p->part = part;
	p->skip = skip;
	p->want = want;
	p->len = 0;
	return skip + want == 0 ? PROXY_DONE : PROXY_MORE;
}

static enum proxy_status
await_tlv(struct proxy *p, size_t skip)
{
	return skip == p->left ? await(p, PROXY_END, skip, 0)
			       : await(p, PROXY_TLV, skip, TLV_LEN);
}

static size_t
octet(const struct proxy *p, size_t at)
{
	return (unsigned char)p->piece[at];
}

static enum proxy_status
read_fixed(struct proxy *p)
{
	size_t command = octet(p, 12) & 15;
	size_t family = octet(p, 13) >> 4, transport = octet(p, 13) & 15;

	p->left = octet(p, 14) << 8 | octet(p, 15);
	if (octet(p, 12) >> 4 != 2)
		return bad(p, "not version 2");
	if (command == COMMAND_LOCAL) {
		p->kind = PROXY_LOCAL;
		return await(p, PROXY_END, p->left, 0);
	}
	if (command != COMMAND_PROXY)
		return bad(p, "neither LOCAL nor PROXY");
	if (family > FAMILY_UNIX || transport > TRANSPORT_DGRAM)
		return bad(p, "unknown family or transport");
	if (family == FAMILY_UNSPEC || transport != TRANSPORT_STREAM)
		return await(p, PROXY_END, p->left, 0);
	if (family == FAMILY_UNIX)
		return await_tlv(p, UNIX_LEN);
	return family == FAMILY_INET ? await(p, PROXY_INET, 0, INET_LEN)
				     : await(p, PROXY_INET6, 0, INET6_LEN);
}

static enum proxy_status
read_addresses(struct proxy *p, int af)
{
	struct in6_addr from = {0}; /* large enough for IPv4 as well */

	memcpy(&from, p->piece, af == AF_INET ? 4 : sizeof from);
	set_client(p, af, &from);
	return await_tlv(p, 0);
}

static enum proxy_status
read_tlv(struct proxy *p)
{
	size_t len = octet(p, 1) << 8 | octet(p, 2);

	if (p->part == PROXY_SSL) {
		p->tls |= (octet(p, TLV_LEN) & SSL_IS_CLIENT) != 0;
		return await_tlv(p, len - 1);
	}
	if (octet(p, 0) != TYPE_SSL)
		return await_tlv(p, len);
	if (len < SSL_LEN || len > p->left)
		return bad(p, "the TLV that tells of TLS has a wrong length");
	p->part = PROXY_SSL; /* its flags, behind what is collected */
	p->want++;
	p->left--;
	return PROXY_MORE;
}

static enum proxy_status
read_part(struct proxy *p)
{
	switch (p->part) {
	case PROXY_FIXED:
		return read_fixed(p);
	case PROXY_TEXT:
		return read_text(p);
	case PROXY_INET:
		return read_addresses(p, AF_INET);
	case PROXY_INET6:
		return read_addresses(p, AF_INET6);
	case PROXY_TLV:
	case PROXY_SSL:
		return read_tlv(p);
	case PROXY_END:
		break;
	}
	return PROXY_DONE;
}

/* Is what came first the beginning of a header, as far as it goes? */
static int
is_header(struct proxy *p)
{
	const char *magic = fixed_magic;
	size_t len = sizeof fixed_magic - 1;

	if (p->piece[0] == text_magic[0]) {
		magic = text_magic;
		len = sizeof text_magic - 1;
		p->part = PROXY_TEXT;
		p->want = PROXY_LINE;
	}
	return memcmp(p->piece, magic, p->len < len ? p->len : len) == 0;
}

static enum proxy_status
take(struct proxy *p, char c)
{
	if (p->skip > 0)
		p->skip--;
	else
		p->piece[p->len++] = c;
	if ((p->part == PROXY_FIXED || p->part == PROXY_TEXT) && !is_header(p))
		return bad(p, "no PROXY header at all");
	if (p->part == PROXY_TEXT && c == '\n')
		return read_part(p);
	if (p->skip > 0 || p->len < p->want)
		return PROXY_MORE;
	return read_part(p);
}

enum proxy_status
proxy_feed(struct proxy *p, const char *bytes, size_t n, size_t *used)
{
	for (*used = 0; *used < n && p->status == PROXY_MORE; ++*used)
		p->status = take(p, bytes[*used]);
	return p->status;
}
