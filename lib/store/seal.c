#include "store/seal.h"

#include <sodium.h>

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	HEAD = 1 + MCPSESS_KEY_ID_MAX,
};
_Static_assert(MCPSESS_KEY_LEN == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key length");
_Static_assert((int)MCPSESS_SEAL_COST == HEAD + NONCE + TAG, "cost");

/* A sealed payload in its parts. */
struct parts {
	unsigned char form;
	const struct mcpsess_key *key;
	const unsigned char *nonce;
	const unsigned char *text; /* with its tag */
	size_t text_len;
};

int mcpsess_seal_is_there(struct mcpsess_error *err)
{
	return sodium_init() >= 0 ? MCPSESS_OK
				  : mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
					    "libsodium does not start: no randomness");
}

/* What a payload is bound to; the label keeps it apart from whatever else the keys may seal. */
struct binding {
	char label[16];
	unsigned char form;
	char id[MCPSESS_KEY_ID_MAX];
	struct mcpsess_digest record, owner;
};
_Static_assert(sizeof(struct binding) == 16 + HEAD + 64, "no padding");

static void bind(unsigned char form, const struct mcpsess_key *key, struct mcpsess_seal_of of,
	struct binding *out)
{
	*out = (struct binding){ .label = "mcpsess payload", .form = form, .record = *of.record };
	memcpy(out->id, key->id, sizeof(out->id));
	if (form == MCPSESS_SEAL_FOR_OWNER) {
		out->owner = *of.owner;
	}
}

int mcpsess_seal_make(const struct mcpsess_keyring *ring, struct mcpsess_seal_of of,
	struct mcpsess_bytes payload, unsigned char *out)
{
	const struct mcpsess_key *key = &ring->keys[0];
	struct binding binding;
	bind(of.owner != NULL ? MCPSESS_SEAL_FOR_OWNER : MCPSESS_SEAL_FOR_ANY, key, of, &binding);
	out[0] = binding.form;
	memcpy(out + 1, key->id, MCPSESS_KEY_ID_MAX);
	out += HEAD;
	int r = mcpsess_random(&ring->env, out, NONCE);
	if (r == MCPSESS_OK) {
		crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, payload.data,
			payload.len, (const unsigned char *)&binding, sizeof(binding), NULL, out,
			key->bytes);
	}
	return r;
}

static int split(const struct mcpsess_keyring *ring, struct mcpsess_bytes sealed, struct parts *out,
	struct mcpsess_error *err)
{
	const unsigned char *at = sealed.data;
	struct mcpsess_bytes id = mcpsess_seal_key_id(sealed);
	if (id.len == 0) {
		return mcpsess_fail(err, MCPSESS_E_CORRUPT, 0, "the payload is not sealed");
	}
	out->form = at[0];
	out->key = mcpsess_keyring_find(ring, id);
	if (out->key == NULL) {
		return mcpsess_fail(err, MCPSESS_E_CORRUPT, 0,
			"the payload is sealed with key \"%.*s\", which is not among the keys",
			(int)id.len, (const char *)id.data);
	}
	out->nonce = at + HEAD;
	out->text = out->nonce + NONCE;
	out->text_len = sealed.len - HEAD - NONCE;
	return MCPSESS_OK;
}

int mcpsess_seal_look(const struct mcpsess_keyring *ring, struct mcpsess_bytes sealed, size_t *len,
	struct mcpsess_error *err)
{
	struct parts parts = { 0 };
	int r = split(ring, sealed, &parts, err);
	if (r == MCPSESS_OK) {
		*len = parts.text_len - TAG;
	}
	return r;
}

int mcpsess_seal_open(const struct mcpsess_keyring *ring, struct mcpsess_seal_of of,
	struct mcpsess_bytes sealed, unsigned char *out, struct mcpsess_error *err)
{
	struct parts parts = { 0 };
	struct binding binding;
	int r = split(ring, sealed, &parts, err);
	if (r < 0) {
		return r;
	}
	bind(parts.form, parts.key, of, &binding);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, parts.text, parts.text_len,
		    (const unsigned char *)&binding, sizeof(binding), parts.nonce,
		    parts.key->bytes) != 0) {
		return mcpsess_fail(err, MCPSESS_E_CORRUPT, 0,
			"the payload sealed with key \"%s\" was changed, or is of another record",
			parts.key->id);
	}
	return MCPSESS_OK;
}
