#include "key.h"

#include <stdio.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *put_three(char *to, const unsigned char *at)
{
	uint32_t three = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
	to[0] = digits[three >> 18];
	to[1] = digits[three >> 12 & 63];
	to[2] = digits[three >> 6 & 63];
	to[3] = digits[three & 63];
	return to + 4;
}

void mcpsess_redis_ref(const struct mcpsess_digest *digest, char out[REDIS_REF_LEN])
{
	const unsigned char *bytes = digest->bytes;
	const unsigned char last[3] = { bytes[30], bytes[31], 0 };
	char rest[4];
	for (size_t i = 0; i < 30; i += 3) {
		out = put_three(out, bytes + i);
	}
	put_three(rest, last);
	memcpy(out, rest, 3);
}

int mcpsess_redis_unref(const char *text, struct mcpsess_digest *out)
{
	unsigned char bytes[33] = { 0 };
	if (strnlen(text, REDIS_REF_LEN + 1) != REDIS_REF_LEN) {
		return 0;
	}
	uint32_t three = 0;
	for (size_t i = 0; i <= REDIS_REF_LEN; i++) {
		const char *digit = i < REDIS_REF_LEN ? strchr(digits, text[i]) : digits;
		if (digit == NULL) {
			return 0;
		}
		three = three << 6 | (uint32_t)(digit - digits);
		if (i % 4 == 3) {
			unsigned char *at = bytes + i / 4 * 3;
			at[0] = (unsigned char)(three >> 16);
			at[1] = (unsigned char)(three >> 8);
			at[2] = (unsigned char)three;
		}
	}
	memcpy(out->bytes, bytes, sizeof(out->bytes));
	return bytes[32] == 0;
}

size_t mcpsess_redis_key_of(
	char *out, size_t prefix_len, const struct mcpsess_digest *digest, char letter)
{
	char *at = out + prefix_len;
	*at++ = '{';
	mcpsess_redis_ref(digest, at);
	at += REDIS_REF_LEN;
	*at++ = '}';
	*at++ = ':';
	*at++ = letter;
	return (size_t)(at - out);
}

size_t mcpsess_redis_key_of_owner(
	char *out, size_t prefix_len, const struct mcpsess_digest *owner, char letter)
{
	char *at = out + prefix_len;
	memcpy(at, "{o:", 3);
	mcpsess_redis_ref(owner, at + 3);
	at += 3 + REDIS_REF_LEN;
	*at++ = '}';
	*at++ = letter;
	return (size_t)(at - out);
}

size_t mcpsess_redis_key_of_all(char *out, size_t prefix_len)
{
	memcpy(out + prefix_len, "{all}", 5);
	return prefix_len + 5;
}

size_t mcpsess_redis_key_of_shard(char *out, size_t prefix_len, const struct mcpsess_digest *digest)
{
	size_t len = mcpsess_redis_key_of_all(out, prefix_len);
	unsigned shard = ((unsigned)digest->bytes[0] << 8 | digest->bytes[1]) >> 6;
	return len + (size_t)sprintf(out + len, ":%u", shard);
}
