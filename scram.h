/*
 * scram.h - the arithmetic of SCRAM: RFC 5802, RFC 7677
 *
 * Pure. What is kept for a user are two keys: with them a proof can be
 * verified, but none be made. The hashing is nettle's.
 */
#ifndef SCRAM_H
#define SCRAM_H

#include <stddef.h>
#include <stdint.h>

#define SCRAM_DIGEST     32 /* bytes of the longer digest */
#define SCRAM_SALT       48 /* bytes of a salt, at most */
#define SCRAM_ITERATIONS 4096
#define SCRAM_MOST       10000000 /* iterations, some seconds */
#define SCRAM_TEXT       256      /* room for keys as text */

enum scram_hash { SCRAM_SHA_1, SCRAM_SHA_256 };

struct scram_salt {
	unsigned char bytes[SCRAM_SALT];
	size_t len;
	uint32_t iterations;
};

struct scram_keys {
	struct scram_salt salt;
	unsigned char stored[SCRAM_DIGEST]; /* H(HMAC(salted, "Client Key")) */
	unsigned char server[SCRAM_DIGEST]; /* HMAC(salted, "Server Key") */
};

/* Bytes of a digest, which is the length of keys, proofs and signatures. */
size_t scram_len(enum scram_hash hash);

/*
 * Keys as doveadm pw prints them: "iterations,salt,stored,server", the last
 * three in base64. scram_read() returns 0 if the text is no such thing.
 */
int scram_read(enum scram_hash hash, const char *text, struct scram_keys *keys);
void scram_write(
    enum scram_hash hash, const struct scram_keys *keys, char out[SCRAM_TEXT]);

/* The keys of a password, by the salt that is already in *keys. */
void scram_derive(
    enum scram_hash hash, const char *password, struct scram_keys *keys);

/* Do two sets of keys agree? Takes as long whatever their bytes are. */
int scram_equal(enum scram_hash hash, const struct scram_keys *a,
    const struct scram_keys *b);

/*
 * Does the proof show that its sender knows the password? The message is what
 * it signs, RFC 5802's AuthMessage. If so, the server's signature is made.
 */
int scram_verify(enum scram_hash hash, const struct scram_keys *keys,
    const char *message, size_t message_len, const unsigned char *proof,
    unsigned char signature[SCRAM_DIGEST]);

/*
 * A salt for who has none: always the same for that name and key, and not to
 * be told from a real one.
 */
void scram_invent(const unsigned char key[SCRAM_DIGEST], const char *user,
    struct scram_salt *salt);

#endif
