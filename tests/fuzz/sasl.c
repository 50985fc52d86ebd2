/*
 * sasl.c - exchanges of SASL
 *
 * The first line says the mechanism, the next the initial response, the others
 * are answers. What comes out is whole C strings, of a length that is told.
 * Text that is base64 is just what its octets are written as.
 */
#include "../../sasl.h"

#include "fuzz.h"

#include <nettle/base64.h>

static void
look_at_base64(const char *text)
{
	static char octets[16384], again[24000];
	size_t len;

	if (strlen(text) > 16000 ||
	    sasl_decode(text, octets, sizeof octets, &len) != NULL)
		return;
	base64_encode_raw(again, len, (const uint8_t *)octets);
	expect(strlen(text) == BASE64_ENCODE_RAW_LENGTH(len));
	expect(memcmp(text, again, strlen(text)) == 0);
}

static void
look_at_end(const struct sasl *s)
{
	expect(memchr(s->user, '\0', sizeof s->user) == s->user + s->user_len);
	expect(memchr(s->password, '\0', sizeof s->password) ==
	    s->password + s->password_len);
	expect(s->user_len > 0 || s->mechanism->id == SASL_EXTERNAL);
}

static enum sasl_status
go_on(struct sasl *s, enum sasl_status status, const char *line)
{
	static const unsigned char bytes[SASL_DIGEST] = {1};

	switch (status) {
	case SASL_SALT:
		return sasl_tell_salt(s, bytes, 16, 4096, "0123456789abcdef");
	case SASL_PROOF:
		expect(s->signed_len <= sizeof s->signed_text);
		return sasl_tell_signature(s, bytes, s->proof_len);
	default:
		expect(strlen(s->text) < 12000);
		return sasl_step(s, line);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct sasl s;
	char *text = strndup((const char *)data, n), *at = text;
	const char *name = strsep(&at, "\n"), *line = strsep(&at, "\n");
	const struct sasl_mechanism *m = sasl_find(name);
	enum sasl_status status;

	if (m != NULL) {
		status = sasl_start(&s, m,
		    line == NULL || *line == '\0' ? NULL : line,
		    "<1.2@example.org>");
		while (status != SASL_BAD && status != SASL_CANCELLED &&
		    status != SASL_DONE) {
			line =
			    status == SASL_CHALLENGE ? strsep(&at, "\n") : "";
			if (line == NULL)
				break;
			look_at_base64(line);
			status = go_on(&s, status, line);
		}
		if (status == SASL_DONE)
			look_at_end(&s);
		sasl_wipe(&s);
	}
	free(text);
	return 0;
}
