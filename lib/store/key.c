#include <mcpsess/store.h>

#include "base/base64.h"
#include "base/sha256.h"

/*
 * The tenant's length goes first, so that no two pairs of tenant and name run together. The label
 * is short so that an id of 43 characters without a tenant fits one block of the hash.
 */
static void hash(const char *label, struct mcpsess_bytes tenant, struct mcpsess_bytes name,
	struct mcpsess_digest *out)
{
	unsigned char len[8];
	for (int i = 0; i < 8; i++) {
		len[i] = (unsigned char)((uint64_t)tenant.len >> (56 - 8 * i));
	}
	struct mcpsess_sha256 sha;
	mcpsess_sha256_init(&sha);
	mcpsess_sha256_update(&sha, mcpsess_str(label));
	mcpsess_sha256_update(&sha, mcpsess_mem(len, sizeof(len)));
	mcpsess_sha256_update(&sha, tenant);
	mcpsess_sha256_update(&sha, name);
	mcpsess_sha256_final(&sha, out);
}

void mcp_session_store_key(
	struct mcpsess_bytes tenant, struct mcpsess_bytes id, struct mcpsess_digest *out)
{
	hash("k1", tenant, id, out);
}

void mcp_session_store_owner(
	struct mcpsess_bytes tenant, struct mcpsess_bytes principal, struct mcpsess_digest *out)
{
	if (principal.len == 0) {
		memset(out, 0, sizeof(*out));
		return;
	}
	hash("o1", tenant, principal, out);
}

void mcp_session_store_ref(const struct mcpsess_digest *key, char out[44])
{
	mcpsess_base64_encode(mcpsess_mem(key->bytes, sizeof(key->bytes)), out);
}

int mcp_session_store_unref(struct mcpsess_bytes ref, struct mcpsess_digest *out)
{
	struct mcpsess_digest key;
	int r = mcpsess_base64_decode(ref, key.bytes, sizeof(key.bytes));
	if (r == MCPSESS_OK) {
		*out = key;
	}
	return r;
}
