/*
 * apop.h - challenges and digests
 *
 * Pure: the randomness is the caller's. The hashing is nettle's.
 */
#ifndef APOP_H
#define APOP_H

#include <stddef.h>

#define APOP_RANDOM    16                    /* bytes that a challenge needs */
#define APOP_TIMESTAMP (2 + 32 + 1 + 64 + 1) /* room: "<", hex, "@", host */
#define APOP_DIGEST    33                    /* room: 32 hex digits and a NUL */

/*
 * A timestamp for the greeting, RFC 1939 s. 7 (an RFC 822 msg-id). The host
 * name is cut at 63 bytes; bytes that a msg-id cannot hold become '-'.
 */
void apop_timestamp(char out[APOP_TIMESTAMP],
    const unsigned char random[APOP_RANDOM], const char *host);

/* MD5 over the timestamp, its brackets included, and the secret. */
void apop_digest(
    char out[APOP_DIGEST], const char *timestamp, const char *secret);

/* HMAC-MD5 of the challenge, keyed by the secret: RFC 2195 s. 2. */
void apop_cram_digest(
    char out[APOP_DIGEST], const char *challenge, const char *secret);

/* Do two texts agree? Takes as long whatever their bytes are. */
int apop_equal(const char *a, const char *b);

#endif
