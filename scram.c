/*
 * scram.c - the arithmetic of SCRAM
 *
 * Runs as root, and in pop3d-secret. Every intermediate key is wiped.
 */
#include "scram.h"

#include "log.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVENTED 16 /* bytes of a salt, as others make them, too */

size_t
scram_len(enum scram_hash hash)
{
	return hash == SCRAM_SHA_1 ? SHA1_DIGEST_SIZE : SHA256_DIGEST_SIZE;
}

/* H() of RFC 5802 s. 2.2, of one digest. */
static void
digest(enum scram_hash hash, const uint8_t *in, uint8_t *out)
{
	struct sha256_ctx sha256;
	struct sha1_ctx sha1;

	if (hash == SCRAM_SHA_1) {
		sha1_init(&sha1);
		sha1_update(&sha1, SHA1_DIGEST_SIZE, in);
		sha1_digest(&sha1, SHA1_DIGEST_SIZE, out);
	} else {
		sha256_init(&sha256);
		sha256_update(&sha256, SHA256_DIGEST_SIZE, in);
		sha256_digest(&sha256, SHA256_DIGEST_SIZE, out);
	}
	explicit_bzero(&sha256, sizeof sha256);
	explicit_bzero(&sha1, sizeof sha1);
}

/* HMAC(), with a digest for its key. */
static void
hmac(enum scram_hash hash, const uint8_t *key, const char *text, size_t len,
    uint8_t *out)
{
	struct hmac_sha256_ctx sha256;
	struct hmac_sha1_ctx sha1;

	if (hash == SCRAM_SHA_1) {
		hmac_sha1_set_key(&sha1, SHA1_DIGEST_SIZE, key);
		hmac_sha1_update(&sha1, len, (const uint8_t *)text);
		hmac_sha1_digest(&sha1, SHA1_DIGEST_SIZE, out);
	} else {
		hmac_sha256_set_key(&sha256, SHA256_DIGEST_SIZE, key);
		hmac_sha256_update(&sha256, len, (const uint8_t *)text);
		hmac_sha256_digest(&sha256, SHA256_DIGEST_SIZE, out);
	}
	explicit_bzero(&sha256, sizeof sha256);
	explicit_bzero(&sha1, sizeof sha1);
}

/* Base64 up to the comma or the end of *text, which is moved past it. Returns
 * how many bytes there were; 0 if they are none, or too many. */
static size_t
read_bytes(const char **text, uint8_t *out, size_t room)
{
	uint8_t all[BASE64_DECODE_LENGTH(SCRAM_TEXT)];
	size_t digits = strcspn(*text, ","), len = sizeof all;
	struct base64_decode_ctx ctx;
	const char *from = *text;

	*text += digits + (from[digits] == ',');
	base64_decode_init(&ctx);
	if (digits > SCRAM_TEXT ||
	    !base64_decode_update(&ctx, &len, all, digits, from) ||
	    !base64_decode_final(&ctx) || len > room)
		return 0;
	memcpy(out, all, len);
	explicit_bzero(all, sizeof all);
	return len;
}

int
scram_read(enum scram_hash hash, const char *text, struct scram_keys *keys)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long iterations = strtoul(text, NULL, 10);

	*keys = (struct scram_keys){.salt = {.len = 0}};
	if (digits == 0 || text[digits] != ',' || iterations == 0 ||
	    iterations > SCRAM_MOST)
		return 0;
	text += digits + 1;
	keys->salt.iterations = (uint32_t)iterations;
	keys->salt.len =
	    read_bytes(&text, keys->salt.bytes, sizeof keys->salt.bytes);
	return keys->salt.len > 0 &&
	    read_bytes(&text, keys->stored, SCRAM_DIGEST) == scram_len(hash) &&
	    read_bytes(&text, keys->server, SCRAM_DIGEST) == scram_len(hash) &&
	    *text == '\0' && text[-1] != ',';
}

/* Adds "," and the bytes to a text that has room. */
static void
add_bytes(char out[SCRAM_TEXT], const uint8_t *bytes, size_t len)
{
	size_t at = strlen(out);

	must(at + 1 + BASE64_ENCODE_RAW_LENGTH(len) < SCRAM_TEXT);
	out[at++] = ',';
	base64_encode_raw(out + at, len, bytes);
	out[at + BASE64_ENCODE_RAW_LENGTH(len)] = '\0';
}

void
scram_write(
    enum scram_hash hash, const struct scram_keys *keys, char out[SCRAM_TEXT])
{
	snprintf(out, SCRAM_TEXT, "%u", (unsigned)keys->salt.iterations);
	add_bytes(out, keys->salt.bytes, keys->salt.len);
	add_bytes(out, keys->stored, scram_len(hash));
	add_bytes(out, keys->server, scram_len(hash));
}

void
scram_derive(
    enum scram_hash hash, const char *password, struct scram_keys *keys)
{
	const struct scram_salt *s = &keys->salt;
	const uint8_t *p = (const uint8_t *)password;
	size_t len = strlen(password);
	uint8_t salted[SCRAM_DIGEST], client[SCRAM_DIGEST];

	if (hash == SCRAM_SHA_1)
		pbkdf2_hmac_sha1(len, p, s->iterations, s->len, s->bytes,
		    SHA1_DIGEST_SIZE, salted);
	else
		pbkdf2_hmac_sha256(len, p, s->iterations, s->len, s->bytes,
		    SHA256_DIGEST_SIZE, salted);
	hmac(hash, salted, "Client Key", 10, client);
	digest(hash, client, keys->stored);
	hmac(hash, salted, "Server Key", 10, keys->server);
	explicit_bzero(salted, sizeof salted);
	explicit_bzero(client, sizeof client);
}

int
scram_equal(enum scram_hash hash, const struct scram_keys *a,
    const struct scram_keys *b)
{
	return memeql_sec(a->stored, b->stored, scram_len(hash));
}

int
scram_verify(enum scram_hash hash, const struct scram_keys *keys,
    const char *message, size_t message_len, const unsigned char *proof,
    unsigned char signature[SCRAM_DIGEST])
{
	uint8_t client[SCRAM_DIGEST], stored[SCRAM_DIGEST];
	int agrees;

	hmac(hash, keys->stored, message, message_len, client);
	for (size_t i = 0; i < scram_len(hash); i++)
		client[i] ^= proof[i];
	digest(hash, client, stored);
	agrees = memeql_sec(stored, keys->stored, scram_len(hash));
	if (agrees)
		hmac(hash, keys->server, message, message_len, signature);
	explicit_bzero(client, sizeof client);
	return agrees;
}

void
scram_invent(const unsigned char key[SCRAM_DIGEST], const char *user,
    struct scram_salt *salt)
{
	uint8_t mac[SCRAM_DIGEST];

	hmac(SCRAM_SHA_256, key, user, strlen(user), mac);
	memcpy(salt->bytes, mac, INVENTED);
	salt->len = INVENTED;
	salt->iterations = SCRAM_ITERATIONS;
}
