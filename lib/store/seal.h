/*
 * Sealing of payloads: XChaCha20-Poly1305. A sealed payload is
 *
 *	form, the key's id in 16 bytes with zeros behind it, nonce of 24, ciphertext, its tag of 16
 *
 * and bound to form, key id, the record's key and, in form 1, its owner: one that was changed, or
 * belongs to another record, does not open. In form 2 it is bound to no owner: an update under
 * MCP_SESSION_STORE_ANY_OWNER does not know whose the record is. What does not open is CORRUPT,
 * and never taken as it is.
 */
#ifndef MCPSESS_STORE_SEAL_H
#define MCPSESS_STORE_SEAL_H

#include "store/keyring.h"

struct mcpsess_core;

/* The form that a sealed payload begins with: what it is bound to. */
enum { MCPSESS_SEAL_FOR_OWNER = 1, MCPSESS_SEAL_FOR_ANY = 2 };

/* The id of the key that a payload says it is sealed with; empty: it does not look sealed. */
struct mcpsess_bytes mcpsess_seal_key_id(struct mcpsess_bytes payload);

/* By how many bytes a payload is longer when sealed. */
enum { MCPSESS_SEAL_COST = 1 + MCPSESS_KEY_ID_MAX + 24 + 16 };

/* Whose payload it is. To seal for any owner, there is none. */
struct mcpsess_seal_of {
	const struct mcpsess_digest *record;
	const struct mcpsess_digest *owner;
};

/* OK, or UNSUPPORTED: this build cannot seal. */
int mcpsess_seal_is_there(struct mcpsess_error *err);

/* Seal with the ring's first key; out has room for the payload and that. UNAVAILABLE: no nonce. */
int mcpsess_seal_make(const struct mcpsess_keyring *ring, struct mcpsess_seal_of of,
	struct mcpsess_bytes payload, unsigned char *out);

/* The length of what is sealed; CORRUPT: nothing that a key of the ring has sealed. */
int mcpsess_seal_look(const struct mcpsess_keyring *ring, struct mcpsess_bytes sealed, size_t *len,
	struct mcpsess_error *err);
/* Open it; out has room for that length. CORRUPT: changed, or not of this record. */
int mcpsess_seal_open(const struct mcpsess_keyring *ring, struct mcpsess_seal_of of,
	struct mcpsess_bytes sealed, unsigned char *out, struct mcpsess_error *err);

/* Of mcpsess_seal_end(): launch the call once more. */
enum { MCPSESS_SEAL_AGAIN = 2 };

/*
 * What every call of a sealing store goes through. begin: put a sealed payload into the request of
 * a store, once it is checked. end: put back the caller's; open the answer's. Returns the status,
 * by now perhaps CORRUPT or NOMEM. drop: only put back, for a call that is given up.
 *
 * A rotation without a revision is a get, then a rotation at the revision that came, with the
 * payload sealed for the new key; and again when others wrote between the two.
 */
int mcpsess_seal_begin(struct mcpsess_core *core, struct mcp_session_store_call *call);
int mcpsess_seal_end(struct mcpsess_core *core, struct mcp_session_store_call *call, int status);
void mcpsess_seal_drop(struct mcpsess_core *core, struct mcp_session_store_call *call);

#endif
