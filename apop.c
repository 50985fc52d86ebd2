/*
 * apop.c - challenges and digests
 */
#include "apop.h"

#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void
hex(char *out, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

void
apop_timestamp(char out[APOP_TIMESTAMP],
    const unsigned char random[APOP_RANDOM], const char *host)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	char left[2 * APOP_RANDOM + 1];
	char right[64];

	hex(left, random, APOP_RANDOM);
	snprintf(right, sizeof right, "%s", *host == '\0' ? "localhost" : host);
	for (char *c = right; *c != '\0'; c++)
		if (strchr(fit, *c) == NULL)
			*c = '-';
	snprintf(out, APOP_TIMESTAMP, "<%s@%s>", left, right);
}

void
apop_digest(char out[APOP_DIGEST], const char *timestamp, const char *secret)
{
	unsigned char sum[MD5_DIGEST_SIZE];
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, strlen(timestamp), (const uint8_t *)timestamp);
	md5_update(&md5, strlen(secret), (const uint8_t *)secret);
	md5_digest(&md5, sizeof sum, sum);
	hex(out, sum, sizeof sum);
	explicit_bzero(&md5, sizeof md5);
}

void
apop_cram_digest(
    char out[APOP_DIGEST], const char *challenge, const char *secret)
{
	unsigned char sum[MD5_DIGEST_SIZE];
	struct hmac_md5_ctx hmac;

	hmac_md5_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
	hmac_md5_update(&hmac, strlen(challenge), (const uint8_t *)challenge);
	hmac_md5_digest(&hmac, sizeof sum, sum);
	hex(out, sum, sizeof sum);
	explicit_bzero(&hmac, sizeof hmac);
}

int
apop_equal(const char *a, const char *b)
{
	size_t len = strlen(a);

	return len == strlen(b) && memeql_sec(a, b, len);
}
