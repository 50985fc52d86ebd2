/*
 * sasl.c - the wire side of AUTH: RFC 5034, and the mechanisms
 *
 * Trusts line.c for one thing: a line is a C string. What it decodes lies in
 * the caller's struct and nowhere else, and is wiped if the exchange fails.
 * Names are prepared here; passwords are the caller's to prepare.
 */
#include "sasl.h"

#include "log.h"
#include "prep.h"

#include <nettle/base64.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* nettle skips white space, and takes "A===" for nothing: not so here. */
const char *
sasl_decode(const char *text, char *out, size_t room, size_t *len)
{
	size_t digits = strspn(text, base64);
	size_t padding = strspn(text + digits, "=");
	struct base64_decode_ctx ctx;
	int n = 0;

	*len = 0;
	if (text[digits + padding] != '\0' || padding > 2 ||
	    (digits + padding) % 4 != 0)
		return "the response is not base64";
	if (digits / 4 * 3 + digits % 4 * 3 / 4 > room)
		return "the response is too long";
	base64_decode_init(&ctx);
	for (; *text != '\0' && n >= 0; text++) {
		n = base64_decode_single(&ctx, (uint8_t *)out + *len, *text);
		if (n > 0)
			*len += (size_t)n;
	}
	explicit_bzero(&ctx, sizeof ctx);
	return n >= 0 ? NULL : "the response is not base64";
}

/* Both texts that a mechanism takes have the same bound. */
static const char *
take(char out[SASL_TEXT + 1], size_t *out_len, const char *text, size_t len)
{
	if (len == 0)
		return "user name and password are both needed";
	if (len > SASL_TEXT)
		return "user name or password is too long";
	if (memchr(text, '\0', len) != NULL)
		return "the response holds a NUL where none may be";
	memcpy(out, text, len);
	out[len] = '\0';
	*out_len = len;
	return NULL;
}

/* As those who have a name are known by it. */
static const char *
take_name(struct sasl *s, const char *text, size_t len)
{
	char name[SASL_TEXT + 1];
	const char *wrong = take(name, &s->user_len, text, len);

	if (wrong == NULL)
		wrong = prep_query(PREP_SASL, name, s->user, sizeof s->user);
	s->user_len = strlen(s->user);
	return wrong;
}

/* Sends bytes of ours, encoded. */
static enum sasl_status
challenge_with(struct sasl *s, const char *bytes, size_t len)
{
	must(BASE64_ENCODE_RAW_LENGTH(len) < sizeof s->out);
	base64_encode_raw(s->out, len, (const uint8_t *)bytes);
	s->out[BASE64_ENCODE_RAW_LENGTH(len)] = '\0';
	s->text = s->out;
	return SASL_CHALLENGE;
}

static enum sasl_status
challenge(struct sasl *s, const char *text)
{
	s->text = text;
	return SASL_CHALLENGE;
}

enum sasl_status
sasl_fail(struct sasl *s, const char *text)
{
	sasl_wipe(s);
	s->text = text;
	return SASL_BAD;
}

/* RFC 2195 s. 2: the name, a space, the digest. */
static enum sasl_status
step_cram_md5(struct sasl *s)
{
	const char *end = s->message + s->message_len;
	const char *space = memrchr(s->message, ' ', s->message_len);
	const char *wrong;

	if (space == NULL)
		return sasl_fail(s, "the response is not one of CRAM-MD5");
	wrong = take_name(s, s->message, (size_t)(space - s->message));
	if (wrong == NULL)
		wrong = take(s->password, &s->password_len, space + 1,
		    (size_t)(end - space - 1));
	return wrong == NULL ? SASL_DONE : sasl_fail(s, wrong);
}

/* RFC 4616 s. 2: whom to act as, NUL, user, NUL, password. */
static enum sasl_status
step_plain(struct sasl *s)
{
	const char *as = s->message, *end = as + s->message_len;
	const char *user = memchr(as, '\0', s->message_len);
	const char *password = NULL, *wrong = NULL;
	char other[SASL_TEXT + 1] = "";
	size_t as_len, user_len;

	if (user != NULL)
		password = memchr(user + 1, '\0', (size_t)(end - user - 1));
	if (password == NULL)
		return sasl_fail(s, "the response is not one of PLAIN");
	as_len = (size_t)(user++ - as);
	user_len = (size_t)(password++ - user);
	if (as_len > 0)
		wrong = take_name(s, as, as_len);
	memcpy(other, s->user, sizeof other);
	if (wrong == NULL)
		wrong = take_name(s, user, user_len);
	if (wrong == NULL)
		wrong = take(s->password, &s->password_len, password,
		    (size_t)(end - password));
	if (wrong == NULL && as_len > 0 && strcmp(other, s->user) != 0)
		wrong = "nobody may act for another user here";
	return wrong == NULL ? SASL_DONE : sasl_fail(s, wrong);
}

/* draft-murchison-sasl-login: the name is asked for, then the password. */
static enum sasl_status
step_login(struct sasl *s)
{
	int is_name = s->user_len == 0;
	const char *wrong = is_name
	    ? take_name(s, s->message, s->message_len)
	    : take(s->password, &s->password_len, s->message, s->message_len);

	if (wrong != NULL)
		return sasl_fail(s, wrong);
	return is_name ? challenge(s, "UGFzc3dvcmQ6") : SASL_DONE;
}

/* RFC 4422, appendix A: whom to act as, or nobody else than one is. */
static enum sasl_status
step_external(struct sasl *s)
{
	const char *wrong = s->message_len == 0
	    ? NULL
	    : take_name(s, s->message, s->message_len);

	return wrong == NULL ? SASL_DONE : sasl_fail(s, wrong);
}

/* --- SCRAM: RFC 5802, RFC 7677 --- */

/* Tells the client an "e="; its answer, whatever it is, ends the exchange with
 * that text. */
static enum sasl_status
tell_error(struct sasl *s, const char *error, const char *text)
{
	char message[64];
	int n = snprintf(message, sizeof message, "e=%s", error);

	sasl_wipe(s);
	s->failed = text;
	return challenge_with(s, message, (size_t)n);
}

static enum sasl_status
malformed(struct sasl *s)
{
	return tell_error(s, "other-error", "the response is not one of SCRAM");
}

/* Adds to what is signed; there is room for all that comes. */
static void
sign(struct sasl *s, const char *text, size_t len)
{
	must(len <= sizeof s->signed_text - s->signed_len);
	memcpy(s->signed_text + s->signed_len, text, len);
	s->signed_len += len;
}

/* The attribute at *at, which is moved past it and its comma; NULL if it has
 * not that name. */
static const char *
take_attribute(const char **at, const char *end, char name, size_t *len)
{
	const char *value = *at + 2, *comma;

	if (end - *at < 2 || (*at)[0] != name || (*at)[1] != '=')
		return NULL;
	comma = memchr(value, ',', (size_t)(end - value));
	if (comma == NULL)
		comma = end;
	*len = (size_t)(comma - value);
	*at = comma == end ? end : comma + 1;
	return value;
}

/* RFC 5802 s. 5.1: "=2C" is a comma, "=3D" is '='. False if it is not well
 * formed, or too long, or cannot be prepared. The text holds no NUL. */
static int
read_name(const char *text, size_t len, char out[SASL_TEXT + 1])
{
	char name[SASL_TEXT + 1];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '=') {
			if (len - i < 3)
				return 0;
			if (memcmp(text + i, "=2C", 3) == 0)
				c = ',';
			else if (memcmp(text + i, "=3D", 3) != 0)
				return 0;
			i += 2;
		}
		if (n == SASL_TEXT)
			return 0;
		name[n++] = c;
	}
	name[n] = '\0';
	return prep_strictly(name, out, SASL_TEXT + 1) == NULL;
}

/*
 * The GS2 header, up to and with its second comma: whether the client binds
 * the channel, and for whom it wants to act, if "as" is not empty. Who thinks
 * that we could bind ("y") is right to go on: we never offer it.
 */
static const char *
read_header(struct sasl *s, const char *end, const char **as, size_t *as_len)
{
	const char *at = s->message;

	if (end - at < 3 || (*at != 'n' && *at != 'y') || at[1] != ',')
		return NULL;
	at += 2;
	*as_len = 0;
	*as = "";
	if (*at == ',')
		return at + 1;
	*as = take_attribute(&at, end, 'a', as_len);
	return *as == NULL || at == end ? NULL : at;
}

/* May that user act for the one of the header? */
static int
is_himself(const struct sasl *s, const char *as, size_t as_len)
{
	char name[SASL_TEXT + 1];

	return as_len == 0 ||
	    (read_name(as, as_len, name) && strcmp(name, s->user) == 0);
}

/* Is it one: RFC 5802 s. 7, "printable"? */
static int
is_nonce(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < '!' || text[i] > '~')
			return 0;
	return len > 0 && len <= SASL_NONCE;
}

/* client-first-message */
static enum sasl_status
take_first(struct sasl *s)
{
	const char *end = s->message + s->message_len, *as, *bare, *at, *name;
	const char *nonce;
	size_t as_len, name_len, nonce_len;

	if (s->message_len > 1 && memcmp(s->message, "p=", 2) == 0)
		return tell_error(s, "server-does-not-support-channel-binding",
		    "there is no channel binding here");
	at = bare = read_header(s, end, &as, &as_len);
	if (at == NULL)
		return malformed(s);
	if (end - at > 1 && memcmp(at, "m=", 2) == 0)
		return tell_error(s, "extensions-not-supported",
		    "there are no extensions of SCRAM here");
	name = take_attribute(&at, end, 'n', &name_len);
	if (name == NULL)
		return malformed(s);
	if (!read_name(name, name_len, s->user))
		return tell_error(s, "invalid-username-encoding",
		    "the user name is not well formed");
	s->user_len = strlen(s->user);
	if (!is_himself(s, as, as_len))
		return tell_error(
		    s, "other-error", "nobody may act for another user here");
	nonce = take_attribute(&at, end, 'r', &nonce_len);
	if (nonce == NULL || !is_nonce(nonce, nonce_len))
		return malformed(s);
	memcpy(s->nonce, nonce, nonce_len);
	s->header_len = (size_t)(bare - s->message);
	memcpy(s->header, s->message, s->header_len);
	sign(s, bare, (size_t)(end - bare));
	sign(s, ",", 1);
	return SASL_SALT;
}

enum sasl_status
sasl_tell_salt(struct sasl *s, const unsigned char *salt, size_t salt_len,
    unsigned iterations, const char *nonce)
{
	char encoded[BASE64_ENCODE_RAW_LENGTH(64) + 1] = "", message[SASL_OUT];
	size_t len = strlen(s->nonce);
	int n;

	must(BASE64_ENCODE_RAW_LENGTH(salt_len) < sizeof encoded);
	base64_encode_raw(encoded, salt_len, salt);
	must(strlen(nonce) < sizeof s->nonce - len);
	memcpy(s->nonce + len, nonce, strlen(nonce) + 1);
	n = snprintf(message, sizeof message, "r=%s,s=%s,i=%u", s->nonce,
	    encoded, iterations);
	sign(s, message, (size_t)n);
	sign(s, ",", 1);
	return challenge_with(s, message, (size_t)n);
}

/* The "c=" of the last message: is it the header of the first? */
static int
is_header(const struct sasl *s, const char *text, size_t len)
{
	char encoded[BASE64_ENCODE_RAW_LENGTH(SASL_MESSAGE) + 1];

	base64_encode_raw(encoded, s->header_len, (const uint8_t *)s->header);
	return len == BASE64_ENCODE_RAW_LENGTH(s->header_len) &&
	    memcmp(text, encoded, len) == 0;
}

/* client-final-message: what is signed, and behind it the proof */
static enum sasl_status
take_final(struct sasl *s)
{
	const char *end = s->message + s->message_len, *at = s->message;
	const char *binding, *nonce, *proof = NULL;
	size_t binding_len, nonce_len, proof_len = 0;
	char text[64];

	binding = take_attribute(&at, end, 'c', &binding_len);
	if (binding == NULL)
		return malformed(s);
	if (!is_header(s, binding, binding_len))
		return tell_error(s, "channel-bindings-dont-match",
		    "there is no channel binding here");
	nonce = take_attribute(&at, end, 'r', &nonce_len);
	if (nonce == NULL || nonce_len != strlen(s->nonce) ||
	    memcmp(nonce, s->nonce, nonce_len) != 0)
		return malformed(s);
	while (at < end && proof == NULL) {
		const char *start = at;

		proof = take_attribute(&at, end, 'p', &proof_len);
		if (proof == NULL)
			take_attribute(&at, end, *at, &proof_len);
		if (proof == NULL && at == start)
			return malformed(s);
	}
	if (proof == NULL || at != end || proof_len >= sizeof text)
		return malformed(s);
	memcpy(text, proof, proof_len);
	text[proof_len] = '\0';
	if (sasl_decode(
		text, (char *)s->proof, sizeof s->proof, &s->proof_len) != NULL)
		return tell_error(
		    s, "invalid-encoding", "the response is not base64");
	sign(s, s->message, (size_t)(proof - 3 - s->message));
	return SASL_PROOF;
}

enum sasl_status
sasl_tell_signature(struct sasl *s, const unsigned char *signature, size_t len)
{
	char message[2 + BASE64_ENCODE_RAW_LENGTH(SASL_DIGEST)] = "v=";

	must(len <= SASL_DIGEST);
	base64_encode_raw(message + 2, len, signature);
	return challenge_with(s, message, 2 + BASE64_ENCODE_RAW_LENGTH(len));
}

static enum sasl_status
step_scram(struct sasl *s)
{
	if (memchr(s->message, '\0', s->message_len) != NULL)
		return malformed(s);
	switch (s->round++) {
	case 0:
		return take_first(s);
	case 1:
		return take_final(s);
	default: /* it has seen our signature, and has nothing more to say */
		return s->message_len == 0
		    ? SASL_DONE
		    : sasl_fail(s, "the response is not one of SCRAM");
	}
}

static const struct sasl_mechanism mechanisms[] = {
    {"SCRAM-SHA-256", SASL_SCRAM_SHA_256, 0, "",             step_scram   },
    {"SCRAM-SHA-1",   SASL_SCRAM_SHA_1,   0, "",             step_scram   },
    {"CRAM-MD5",      SASL_CRAM_MD5,      0, NULL,           step_cram_md5},
    {"PLAIN",         SASL_PLAIN,         1, "",             step_plain   },
    {"LOGIN",         SASL_LOGIN,         1, "VXNlcm5hbWU6", step_login   },
    {"EXTERNAL",      SASL_EXTERNAL,      0, "",             step_external},
};

const struct sasl_mechanism *
sasl_mechanism(size_t i)
{
	return i < COUNT(mechanisms) ? &mechanisms[i] : NULL;
}

const struct sasl_mechanism *
sasl_find(const char *name)
{
	for (size_t i = 0; i < COUNT(mechanisms); i++)
		if (strcasecmp(name, mechanisms[i].name) == 0)
			return &mechanisms[i];
	return NULL;
}

static enum sasl_status
take_response(struct sasl *s, const char *line)
{
	enum sasl_status status;
	const char *wrong;

	if (s->failed != NULL)
		return sasl_fail(s, s->failed);
	wrong =
	    sasl_decode(line, s->message, sizeof s->message, &s->message_len);
	if (wrong != NULL)
		return sasl_fail(s, wrong);
	status = s->mechanism->step(s);
	explicit_bzero(s->message, sizeof s->message);
	s->message_len = 0;
	return status;
}

enum sasl_status
sasl_start(struct sasl *s, const struct sasl_mechanism *mechanism,
    const char *initial, const char *timestamp)
{
	sasl_wipe(s);
	s->mechanism = mechanism;
	if (initial != NULL && mechanism->opening == NULL)
		return sasl_fail(s, "that mechanism has no initial response");
	if (initial == NULL && mechanism->opening == NULL)
		return challenge_with(s, timestamp, strlen(timestamp));
	if (initial == NULL)
		return challenge(s, mechanism->opening);
	return take_response(s, strcmp(initial, "=") == 0 ? "" : initial);
}

enum sasl_status
sasl_step(struct sasl *s, const char *line)
{
	if (strcmp(line, "*") != 0 || s->failed != NULL)
		return take_response(s, line);
	sasl_fail(s, "the exchange is cancelled");
	return SASL_CANCELLED;
}

void
sasl_wipe(struct sasl *s)
{
	explicit_bzero(s, sizeof *s);
}
