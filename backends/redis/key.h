/* The names of keys. All of a record carry its ref as hash tag, all of an owner theirs. */
#ifndef MCPSESS_REDIS_KEY_H
#define MCPSESS_REDIS_KEY_H

#include <mcpsess/backend.h>

enum { REDIS_REF_LEN = 43 };

/* A digest as base64url, without a NUL. */
void mcpsess_redis_ref(const struct mcpsess_digest *digest, char out[REDIS_REF_LEN]);
/* 0 when the text is none. */
int mcpsess_redis_unref(const char *text, struct mcpsess_digest *out);

/* Each writes a key behind the prefix that is at out already, and returns its whole length. */
size_t mcpsess_redis_key_of(
	char *out, size_t prefix_len, const struct mcpsess_digest *digest, char letter);
size_t mcpsess_redis_key_of_owner(
	char *out, size_t prefix_len, const struct mcpsess_digest *owner, char letter);
size_t mcpsess_redis_key_of_all(char *out, size_t prefix_len);
size_t mcpsess_redis_key_of_shard(
	char *out, size_t prefix_len, const struct mcpsess_digest *digest);

static inline int mcpsess_redis_is_nobody(const struct mcpsess_digest *owner)
{
	static const struct mcpsess_digest nobody;
	return memcmp(owner, &nobody, sizeof(nobody)) == 0;
}

#endif
