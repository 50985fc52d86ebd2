/*
 * sasl.c - the wire side of AUTH: RFC 5034, with CRAM-MD5, PLAIN and LOGIN
 *
 * Trusts line.c for one thing: a line is a C string. What it decodes lies in
 * the caller's struct and nowhere else, and is wiped if the exchange fails.
 * Names and passwords are octets here: they are not prepared (RFC 4013).
 */
#include "sasl.h"

#include "log.h"

#include <nettle/base64.h>
#include <stdint.h>
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
	wrong = take(
	    s->user, &s->user_len, s->message, (size_t)(space - s->message));
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
	const char *password = NULL, *wrong;
	size_t as_len, user_len;

	if (user != NULL)
		password = memchr(user + 1, '\0', (size_t)(end - user - 1));
	if (password == NULL)
		return sasl_fail(s, "the response is not one of PLAIN");
	as_len = (size_t)(user++ - as);
	user_len = (size_t)(password++ - user);
	wrong = take(s->user, &s->user_len, user, user_len);
	if (wrong == NULL)
		wrong = take(s->password, &s->password_len, password,
		    (size_t)(end - password));
	if (wrong == NULL && as_len > 0 &&
	    (as_len != user_len || memcmp(as, user, as_len) != 0))
		wrong = "nobody may act for another user here";
	return wrong == NULL ? SASL_DONE : sasl_fail(s, wrong);
}

/* draft-murchison-sasl-login: the name is asked for, then the password. */
static enum sasl_status
step_login(struct sasl *s)
{
	int is_name = s->user_len == 0;
	const char *wrong = is_name
	    ? take(s->user, &s->user_len, s->message, s->message_len)
	    : take(s->password, &s->password_len, s->message, s->message_len);

	if (wrong != NULL)
		return sasl_fail(s, wrong);
	return is_name ? challenge(s, "UGFzc3dvcmQ6") : SASL_DONE;
}

static const struct sasl_mechanism mechanisms[] = {
    {"CRAM-MD5", SASL_CRAM_MD5, 0, NULL,           step_cram_md5},
    {"PLAIN",    SASL_PLAIN,    1, "",             step_plain   },
    {"LOGIN",    SASL_LOGIN,    1, "VXNlcm5hbWU6", step_login   },
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
	const char *wrong =
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
	if (strcmp(line, "*") != 0)
		return take_response(s, line);
	sasl_fail(s, "the exchange is cancelled");
	return SASL_CANCELLED;
}

void
sasl_wipe(struct sasl *s)
{
	explicit_bzero(s, sizeof *s);
}
