/*
 * proof.h - the client's side of SCRAM-SHA-256, as RFC 5802 s. 3 has it
 */
#ifndef PROOF_H
#define PROOF_H

#include "../../scram.h"

#include <nettle/hmac.h>
#include <nettle/pbkdf2.h>
#include <stdint.h>
#include <string.h>

static inline void
make_proof(const struct scram_salt *salt, const char *password,
    const char *message, unsigned char proof[SCRAM_DIGEST])
{
	struct hmac_sha256_ctx h;
	struct sha256_ctx sha;
	uint8_t sum[SCRAM_DIGEST];

	pbkdf2_hmac_sha256(strlen(password), (const uint8_t *)password,
	    salt->iterations, salt->len, salt->bytes, sizeof sum, sum);
	hmac_sha256_set_key(&h, sizeof sum, sum);
	hmac_sha256_update(&h, 10, (const uint8_t *)"Client Key");
	hmac_sha256_digest(&h, SCRAM_DIGEST, proof);
	sha256_init(&sha);
	sha256_update(&sha, SCRAM_DIGEST, proof);
	sha256_digest(&sha, sizeof sum, sum);
	hmac_sha256_set_key(&h, sizeof sum, sum);
	hmac_sha256_update(&h, strlen(message), (const uint8_t *)message);
	hmac_sha256_digest(&h, sizeof sum, sum);
	for (size_t i = 0; i < sizeof sum; i++)
		proof[i] ^= sum[i];
}

#endif
