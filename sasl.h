/*
 * sasl.h - the wire side of AUTH: RFC 5034, and the mechanisms
 *
 * Pure: no system calls, no allocation, no globals. Base64 is nettle's. Who
 * the user is, and whether the proof is right, is not decided here: where that
 * is needed, the caller asks, and tells.
 */
#ifndef SASL_H
#define SASL_H

#include <stddef.h>

#define SASL_TEXT    255 /* octets of a name or password: RFC 4616 s. 2 */
#define SASL_MESSAGE 767 /* octets: three of these, parted by two NULs */
#define SASL_OUT     501 /* room: a challenge, and its "+ " before it */
#define SASL_NONCE   128 /* octets of a client's nonce */
#define SASL_DIGEST  32  /* octets of a proof or signature, at most */
#define SASL_SIGNED  2047

enum sasl_status {
	SASL_CHALLENGE, /* send "+ " and text, and step with the answer */
	SASL_SALT,      /* of SCRAM: the user's is wanted: sasl_tell_salt() */
	SASL_PROOF,     /* of SCRAM: is it right? sasl_tell_signature() */
	SASL_DONE,      /* user and password are set; nothing more to send */
	SASL_BAD,       /* send -ERR and text; nothing else is left in *s */
	SASL_CANCELLED  /* the same, and it was the client's wish */
};

enum sasl_id {
	SASL_SCRAM_SHA_256,
	SASL_SCRAM_SHA_1,
	SASL_CRAM_MD5,
	SASL_PLAIN,
	SASL_LOGIN,
	SASL_EXTERNAL
};

struct sasl;

/* A row of the table; a mechanism is one of these and its step. */
struct sasl_mechanism {
	const char *name; /* upper case, as CAPA and AUTH list it */
	enum sasl_id id;
	int cleartext;       /* it sends the password itself */
	const char *opening; /* sent where no initial response came; NULL: the
				timestamp, and there can be no response to it
				yet */
	enum sasl_status (*step)(struct sasl *s); /* takes s->message */
};

/* One exchange. All that is secret in it lies in these arrays. */
struct sasl {
	const struct sasl_mechanism *mechanism;
	const char *text; /* not for SASL_DONE; valid until the next call */

	/* After SASL_DONE; C strings, without a NUL inside, not empty; but of
	 * SCRAM there is no password, and the user from SASL_SALT on; of
	 * EXTERNAL there is none either, and the user may be empty. The user
	 * is prepared (prep.h), the password is as it came. */
	char user[SASL_TEXT + 1];
	size_t user_len;
	char password[SASL_TEXT + 1]; /* CRAM-MD5: the digest */
	size_t password_len;

	/* After SASL_PROOF: RFC 5802's AuthMessage and ClientProof. */
	char signed_text[SASL_SIGNED];
	size_t signed_len;
	unsigned char proof[SASL_DIGEST];
	size_t proof_len;

	int round;                 /* of SCRAM: messages of the client's */
	const char *failed;        /* the text of -ERR, after the next answer */
	char header[SASL_MESSAGE]; /* of its first message, for the "c=" */
	size_t header_len;
	char nonce[SASL_NONCE + 33]; /* the client's, and then ours, too */
	char out[SASL_OUT];          /* a challenge of our own making */
	char message[SASL_MESSAGE];  /* decoded, for the step; then wiped */
	size_t message_len;
};

/* The mechanism of that index, from 0; NULL behind the last one. */
const struct sasl_mechanism *sasl_mechanism(size_t i);

/* The mechanism of that name, in any case; NULL if there is none. */
const struct sasl_mechanism *sasl_find(const char *name);

/*
 * Begins an exchange in *s, whatever *s holds. "initial" is the initial
 * response as it stands in the command, "=" for an empty one (RFC 5034
 * s. 4), or NULL. The timestamp is the challenge of CRAM-MD5 (RFC 2195 s. 2);
 * other mechanisms need none. The mechanism is borrowed for good.
 */
enum sasl_status sasl_start(struct sasl *s,
    const struct sasl_mechanism *mechanism, const char *initial,
    const char *timestamp);

/*
 * The client's answer to a challenge, without its line end; "*" cancels
 * (RFC 5034 s. 4). Only after SASL_CHALLENGE. The line is the caller's to
 * wipe.
 */
enum sasl_status sasl_step(struct sasl *s, const char *line);

/*
 * After SASL_SALT: that is the user's; our part of the nonce has at most 32
 * digits. After SASL_PROOF: it is right, and that is our signature; then the
 * exchange is done as soon as the client has seen it.
 */
enum sasl_status sasl_tell_salt(struct sasl *s, const unsigned char *salt,
    size_t salt_len, unsigned iterations, const char *nonce);
enum sasl_status sasl_tell_signature(
    struct sasl *s, const unsigned char *signature, size_t len);

/* Ends the exchange: SASL_BAD, with that text. */
enum sasl_status sasl_fail(struct sasl *s, const char *text);

/* Forgets the exchange. Safe at any time, also twice. */
void sasl_wipe(struct sasl *s);

/*
 * Base64 as RFC 4648 s. 4 has it: padded, the unused bits 0, no byte that is
 * not of it. *len octets go to "out", which has room for that many. Returns
 * NULL, or what is wrong with the text, for -ERR; "out" may then hold a part.
 */
const char *sasl_decode(const char *text, char *out, size_t room, size_t *len);

#endif
