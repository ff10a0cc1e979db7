/*
 * The keys that seal payloads: a file of lines "KEYID BASE64URL", 32 bytes each, # for comments.
 * The first key seals, all of them open. Read once, shared by the handles of a pool, wiped.
 */
#ifndef MCPSESS_STORE_KEYRING_H
#define MCPSESS_STORE_KEYRING_H

#include <stdatomic.h>

#include <mcpsess/store.h>

#include "base/env.h"
#include "store/uri.h"

enum { MCPSESS_KEY_ID_MAX = 16, MCPSESS_KEY_LEN = 32, MCPSESS_KEYS_MAX = 64 };

struct mcpsess_key {
	char id[MCPSESS_KEY_ID_MAX + 1]; /* zeros behind it */
	unsigned char bytes[MCPSESS_KEY_LEN];
};

struct mcpsess_keyring {
	struct mcpsess_env env;
	atomic_uint refs;
	unsigned count;
	struct mcpsess_key keys[MCPSESS_KEYS_MAX];
};

/* Whether a URI parameter is seal_keys_file, which every store knows. */
int mcpsess_keyring_parameter(const char *name);

/*
 * Take the parameter out of the URI and read the file that it, or else the option, names. *out is
 * NULL when neither is given. INVALID: no such file, or not of this form; err quotes no key.
 */
int mcpsess_keyring_take(const struct mcpsess_env *env,
	const struct mcp_session_store_options *options, struct mcpsess_uri *uri,
	struct mcpsess_keyring **out, struct mcpsess_error *err);

/* The keys of a file's text. */
int mcpsess_keyring_parse(const struct mcpsess_env *env, struct mcpsess_bytes text,
	struct mcpsess_keyring **out, struct mcpsess_error *err);

/* NULL is fine. The last one wipes the keys. */
struct mcpsess_keyring *mcpsess_keyring_ref(struct mcpsess_keyring *ring);
void mcpsess_keyring_unref(struct mcpsess_keyring *ring);

/* The key of that id, or NULL. */
const struct mcpsess_key *mcpsess_keyring_find(
	const struct mcpsess_keyring *ring, struct mcpsess_bytes id);

/* Whether it can be the id of a key: 1 to 16 of A-Z a-z 0-9 . _ - */
int mcpsess_key_id_is_sound(struct mcpsess_bytes id);

#endif
