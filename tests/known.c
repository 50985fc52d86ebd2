/*
 * known.c - for the memory sanitizer: what libraries that it does not watch have
 * written is known
 *
 * Just what each says that it writes, and no more.
 */
#include <crypt.h>
#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/md5.h>
#include <nettle/pbkdf2.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/umac.h>
#include <sanitizer/msan_interface.h>
#include <string.h>
#include <sys/stat.h>
#include <uninorm.h>
#include <unistr.h>

#define DIGEST(name)                                                           \
	void __real_##name(void *c, size_t n, uint8_t *out);                   \
	void __wrap_##name(void *c, size_t n, uint8_t *out);                   \
	void __wrap_##name(void *c, size_t n, uint8_t *out)                    \
	{                                                                      \
		__real_##name(c, n, out);                                      \
		__msan_unpoison(out, n);                                       \
	}

DIGEST(nettle_md5_digest)
DIGEST(nettle_sha1_digest)
DIGEST(nettle_sha256_digest)
DIGEST(nettle_umac64_digest)
DIGEST(nettle_hmac_md5_digest)
DIGEST(nettle_hmac_sha1_digest)
DIGEST(nettle_hmac_sha256_digest)

#define KEYS(name)                                                             \
	void __real_##name(size_t key_len, const uint8_t *key,                 \
	    unsigned rounds, size_t salt_len, const uint8_t *salt, size_t n,   \
	    uint8_t *out);                                                     \
	void __wrap_##name(size_t key_len, const uint8_t *key,                 \
	    unsigned rounds, size_t salt_len, const uint8_t *salt, size_t n,   \
	    uint8_t *out);                                                     \
	void __wrap_##name(size_t key_len, const uint8_t *key,                 \
	    unsigned rounds, size_t salt_len, const uint8_t *salt, size_t n,   \
	    uint8_t *out)                                                      \
	{                                                                      \
		__real_##name(key_len, key, rounds, salt_len, salt, n, out);   \
		__msan_unpoison(out, n);                                       \
	}

KEYS(nettle_pbkdf2_hmac_sha1)
KEYS(nettle_pbkdf2_hmac_sha256)

void __real_nettle_base64_encode_raw(char *to, size_t n, const uint8_t *from);
void __wrap_nettle_base64_encode_raw(char *to, size_t n, const uint8_t *from);
int __real_nettle_base64_decode_update(struct base64_decode_ctx *c, size_t *len,
    uint8_t *to, size_t n, const char *from);
int __wrap_nettle_base64_decode_update(struct base64_decode_ctx *c, size_t *len,
    uint8_t *to, size_t n, const char *from);
int __real_nettle_base64_decode_single(
    struct base64_decode_ctx *c, uint8_t *to, char from);
int __wrap_nettle_base64_decode_single(
    struct base64_decode_ctx *c, uint8_t *to, char from);
char *__real_crypt_r(
    const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(
    const char *phrase, const char *setting, struct crypt_data *data);
int __real_u8_mbtouc_aux(ucs4_t *to, const uint8_t *from, size_t n);
int __wrap_u8_mbtouc_aux(ucs4_t *to, const uint8_t *from, size_t n);
int __real_u8_uctomb_aux(uint8_t *to, ucs4_t from, ptrdiff_t n);
int __wrap_u8_uctomb_aux(uint8_t *to, ucs4_t from, ptrdiff_t n);
int __real_uc_decomposition(ucs4_t from, int *tag, ucs4_t *to);
int __wrap_uc_decomposition(ucs4_t from, int *tag, ucs4_t *to);
int __real_bytes_stat(int fd, struct stat *st);
int __wrap_bytes_stat(int fd, struct stat *st);

void
__wrap_nettle_base64_encode_raw(char *to, size_t n, const uint8_t *from)
{
	__real_nettle_base64_encode_raw(to, n, from);
	__msan_unpoison(to, BASE64_ENCODE_RAW_LENGTH(n));
}

int
__wrap_nettle_base64_decode_update(struct base64_decode_ctx *c, size_t *len,
    uint8_t *to, size_t n, const char *from)
{
	int good = __real_nettle_base64_decode_update(c, len, to, n, from);

	if (good) {
		__msan_unpoison(len, sizeof *len);
		__msan_unpoison(to, *len);
	}
	return good;
}

int
__wrap_nettle_base64_decode_single(
    struct base64_decode_ctx *c, uint8_t *to, char from)
{
	int n = __real_nettle_base64_decode_single(c, to, from);

	if (n > 0)
		__msan_unpoison(to, (size_t)n);
	return n;
}

char *
__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	char *hash = __real_crypt_r(phrase, setting, data);

	if (hash != NULL)
		__msan_unpoison_string(hash);
	return hash;
}

int
__wrap_u8_mbtouc_aux(ucs4_t *to, const uint8_t *from, size_t n)
{
	int used = __real_u8_mbtouc_aux(to, from, n);

	__msan_unpoison(to, sizeof *to);
	return used;
}

int
__wrap_u8_uctomb_aux(uint8_t *to, ucs4_t from, ptrdiff_t n)
{
	int len = __real_u8_uctomb_aux(to, from, n);

	if (len > 0)
		__msan_unpoison(to, (size_t)len);
	return len;
}

int
__wrap_uc_decomposition(ucs4_t from, int *tag, ucs4_t *to)
{
	int n = __real_uc_decomposition(from, tag, to);

	if (n > 0) {
		__msan_unpoison(tag, sizeof *tag);
		__msan_unpoison(to, (size_t)n * sizeof *to);
	}
	return n;
}

/* It is the system call, which the sanitizer does not see. */
int
__wrap_bytes_stat(int fd, struct stat *st)
{
	int status = __real_bytes_stat(fd, st);

	if (status == 0)
		__msan_unpoison(st, sizeof *st);
	return status;
}
