/*
 * proxy.c - a PROXY header: however it is split, it says the same, which is what
 * a plain reading of the whole says, and not a byte behind it is taken
 */
#include "../../proxy.h"

#include "fuzz.h"

#include <arpa/inet.h>

/* What the header is. One that is not there as a whole may be MORE or BAD. */
struct model {
	enum proxy_status status;
	enum proxy_kind kind;
	char address[PROXY_ADDRESS];
	int tls;
	size_t len;
};

#define MOST 107 /* octets of version 1 */

static const unsigned char signature[] = "\r\n\r\n\0\r\nQUIT\n";

static void
model_address(struct model *m, int af, const void *raw)
{
	static const unsigned char mapped[] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};
	const char *at = raw;

	if (af == AF_INET6 && memcmp(at, mapped, sizeof mapped) == 0) {
		af = AF_INET;
		at += sizeof mapped;
	}
	m->kind = PROXY_CLIENT;
	expect(inet_ntop(af, at, m->address, sizeof m->address) != NULL);
}

static int
is_port(const char *word)
{
	char again[16];
	unsigned long port = strtoul(word, NULL, 10);

	snprintf(again, sizeof again, "%lu", port);
	return port < 65536 && strcmp(again, word) == 0;
}

/* What stands between "PROXY " and the line's end. */
static enum proxy_status
model_words(struct model *m, const char *text, size_t len)
{
	char line[MOST + 1], *rest = line, *words[6] = {NULL};
	unsigned char raw[sizeof(struct in6_addr)];
	int count = 0, af;

	m->kind = PROXY_UNKNOWN;
	if (len >= 7 && memcmp(text, "UNKNOWN", 7) == 0 &&
	    (len == 7 || text[7] == ' '))
		return PROXY_DONE;
	memcpy(line, text, len);
	line[len] = '\0';
	while (rest != NULL && count < 6)
		words[count++] = strsep(&rest, " ");
	if (memchr(text, '\0', len) != NULL || count != 5 || rest != NULL)
		return PROXY_BAD;
	af = strcmp(words[0], "TCP4") == 0 ? AF_INET : AF_INET6;
	if ((af == AF_INET6 && strcmp(words[0], "TCP6") != 0) ||
	    inet_pton(af, words[2], raw) != 1 ||
	    inet_pton(af, words[1], raw) != 1 || !is_port(words[3]) ||
	    !is_port(words[4]))
		return PROXY_BAD;
	model_address(m, af, raw);
	return PROXY_DONE;
}

static enum proxy_status
model_text(struct model *m, const char *bytes, size_t n)
{
	size_t most = n < MOST ? n : MOST;
	const char *lf = memchr(bytes, '\n', most);

	if (memcmp(bytes, "PROXY ", n < 6 ? n : 6) != 0)
		return PROXY_BAD;
	if (lf == NULL)
		return n < MOST ? PROXY_MORE : PROXY_BAD;
	m->len = (size_t)(lf - bytes) + 1;
	if (m->len < 8 || lf[-1] != '\r')
		return PROXY_BAD;
	return model_words(m, bytes + 6, m->len - 8);
}

static enum proxy_status
model_tlvs(struct model *m, const unsigned char *at, size_t n)
{
	while (n > 0) {
		size_t len = n < 3 ? n : 3 + (size_t)(at[1] << 8 | at[2]);

		if (n < 3 || len > n || (at[0] == 0x20 && len < 8))
			return PROXY_BAD;
		m->tls |= at[0] == 0x20 && (at[3] & 1);
		at += len;
		n -= len;
	}
	return PROXY_DONE;
}

static enum proxy_status
model_binary(struct model *m, const unsigned char *bytes, size_t n)
{
	static const size_t room[] = {0, 12, 36, 216};
	static const int families[] = {0, AF_INET, AF_INET6, 0};
	size_t len, family;

	if (memcmp(bytes, signature, n < 12 ? n : 12) != 0)
		return PROXY_BAD;
	if (n < 16)
		return PROXY_MORE;
	len = (size_t)(bytes[14] << 8 | bytes[15]);
	family = bytes[13] >> 4;
	m->len = 16 + len;
	if (bytes[12] == 0x20) {
		m->kind = PROXY_LOCAL;
		return n < m->len ? PROXY_MORE : PROXY_DONE;
	}
	if (bytes[12] != 0x21 || family > 3 || (bytes[13] & 15) > 2)
		return PROXY_BAD;
	if (n < m->len)
		return PROXY_MORE;
	if (family == 0 || (bytes[13] & 15) != 1)
		return PROXY_DONE;
	if (len < room[family])
		return PROXY_BAD;
	if (families[family] != 0)
		model_address(m, families[family], bytes + 16);
	return model_tlvs(m, bytes + 16 + room[family], len - room[family]);
}

static struct model
model_of(const uint8_t *bytes, size_t n)
{
	struct model m = {.kind = PROXY_UNKNOWN};

	m.status = bytes[0] == 'P' ? model_text(&m, (const char *)bytes, n)
				   : model_binary(&m, bytes, n);
	return m;
}

/* How many bytes were taken. */
static size_t
feed(struct proxy *p, const char *bytes, size_t n, size_t piece)
{
	size_t all = 0, used;

	proxy_init(p);
	while (all < n && p->status == PROXY_MORE) {
		size_t some = piece < n - all ? piece : n - all;

		proxy_feed(p, bytes + all, some, &used);
		expect(used <= some);
		expect(used == some || p->status != PROXY_MORE);
		all += used;
	}
	return all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct proxy whole, parts;
	struct model m;
	size_t used;

	if (n < 2)
		return 0;
	used = feed(&whole, (const char *)data + 1, n - 1, n - 1);
	expect(feed(&parts, (const char *)data + 1, n - 1, 1 + data[0] % 20) ==
	    used);
	expect(whole.status == parts.status);
	m = model_of(data + 1, n - 1);
	expect(whole.status == m.status ||
	    (whole.status == PROXY_BAD && m.status == PROXY_MORE));
	if (whole.status != PROXY_DONE)
		return 0;
	expect(used == m.len);
	expect(whole.kind == m.kind && whole.kind == parts.kind);
	expect(whole.tls == m.tls && whole.tls == parts.tls);
	expect(strcmp(whole.address, m.address) == 0);
	expect(strcmp(whole.address, parts.address) == 0);
	return 0;
}
