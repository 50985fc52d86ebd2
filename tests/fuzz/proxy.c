/*
 * proxy.c - a PROXY header: however it is split, it says the same, and not a
 * byte behind it is taken
 */
#include "../../proxy.h"

#include "fuzz.h"

#include <arpa/inet.h>

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
	unsigned char raw[sizeof(struct in6_addr)];
	struct proxy whole, parts;
	size_t used;

	if (n < 2)
		return 0;
	used = feed(&whole, (const char *)data + 1, n - 1, n - 1);
	expect(feed(&parts, (const char *)data + 1, n - 1, 1 + data[0] % 20) ==
	    used);
	expect(whole.status == parts.status);
	if (whole.status != PROXY_DONE)
		return 0;
	expect(whole.kind == parts.kind && whole.tls == parts.tls);
	expect(strcmp(whole.address, parts.address) == 0);
	expect((whole.kind == PROXY_CLIENT) == (whole.address[0] != '\0'));
	if (whole.kind == PROXY_CLIENT)
		expect(inet_pton(AF_INET, whole.address, raw) == 1 ||
		    inet_pton(AF_INET6, whole.address, raw) == 1);
	return 0;
}
