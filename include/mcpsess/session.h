/*
 * mcpsess/session.h - for hosts: one session as a message sees it.
 *
 * A session is loaded when a message begins. Reading it reads that state; changing it collects a
 * patch, and the change is written when the message is finished, or by mcpsess_session_save(). If
 * another node wrote meanwhile, the patch is applied again to what stands now: nodes that set
 * different keys both win, and counters add up.
 *
 * What is returned as bytes or text belongs to the session and is good until the next call on it
 * that changes, saves or ends it.
 *
 * Thread: owner.
 */
#ifndef MCPSESS_SESSION_H
#define MCPSESS_SESSION_H

#include <mcpsess/log.h>
#include <mcpsess/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcpsess_session;

/** How long ids are. */
enum {
	MCPSESS_ID_MIN = 22, /* characters of a session id */
	MCPSESS_ID_MAX = 128,
	MCPSESS_ID_SHORT_MAX = 9, /* bytes of a shortened id, its NUL included */
};

/* -- who and when ------------------------------------------------------------------------ */

/** The whole id: a credential. For the client it belongs to, never for a log. */
MCPSESS_API struct mcpsess_bytes mcpsess_session_id(const struct mcpsess_session *session);

/** The first 8 characters of the record's ref: for logs and people; opens nothing. Static in it. */
MCPSESS_API const char *mcpsess_session_short_id(const struct mcpsess_session *session);

/** The record's ref, as lists show it. */
MCPSESS_API void mcpsess_session_ref(const struct mcpsess_session *session, char out[44]);

/** 1 once notifications/initialized has come, else 0. */
MCPSESS_API int mcpsess_session_active(const struct mcpsess_session *session);

/** The negotiated protocol version: "2025-11-25". */
MCPSESS_API struct mcpsess_bytes mcpsess_session_version(const struct mcpsess_session *session);

/** Milliseconds since 1970 by the store's clock; 0 stands for never. */
struct mcpsess_times {
	uint64_t now_ms; /* when the session was loaded, or this call of a batch counted */
	uint64_t created_ms;
	uint64_t first_request_ms; /* of the counted requests; 0: none */
	uint64_t last_request_ms;  /* of those before this one; 0: none */
	uint64_t expires_ms;       /* if nothing more comes */
	uint64_t deadline_ms;      /* whatever comes */
};

/** All of them at once. */
MCPSESS_API void mcpsess_session_times(
	const struct mcpsess_session *session, struct mcpsess_times *out);

/**
 * Requests counted so far, the present one included where it counts: a tools/call does, each of a
 * batch when its turn comes. What was refused before it reached the session is not counted.
 */
MCPSESS_API uint64_t mcpsess_session_requests(const struct mcpsess_session *session);

/* -- what the client said ------------------------------------------------------------------ */

/** JSON text of clientInfo and of capabilities from initialize; "{}" when there was none. */
MCPSESS_API struct mcpsess_bytes mcpsess_session_client_info(const struct mcpsess_session *session);
MCPSESS_API struct mcpsess_bytes mcpsess_session_client_capabilities(
	const struct mcpsess_session *session);

/** 1 when the client declared the capability: "sampling", "elicitation", "roots". */
MCPSESS_API int mcpsess_session_client_can(
	const struct mcpsess_session *session, struct mcpsess_bytes capability);

/** The level of logging/setLevel, as the protocol spells it; empty before it came. */
MCPSESS_API struct mcpsess_bytes mcpsess_session_log_level(const struct mcpsess_session *session);

/** Subscribed resource URIs: how many, and the one at index (empty beyond the last). */
MCPSESS_API size_t mcpsess_session_subscription_count(const struct mcpsess_session *session);
MCPSESS_API struct mcpsess_bytes mcpsess_session_subscription(
	const struct mcpsess_session *session, size_t index);
MCPSESS_API int mcpsess_session_subscribed(
	const struct mcpsess_session *session, struct mcpsess_bytes uri);

/* -- session data: keys to JSON values ------------------------------------------------------ */

/**
 * The JSON text under a key. OK; or, and *out is left alone, NOTFOUND; CORRUPT: what is stored
 * makes no sense, and the session shows no data; UNSUPPORTED: only a newer release can read it.
 */
MCPSESS_API int mcpsess_session_get(
	const struct mcpsess_session *session, struct mcpsess_bytes key, struct mcpsess_bytes *out);

/**
 * Set a key (1 to 256 bytes of UTF-8 without controls) to a JSON text, nested at most 64 deep.
 * INVALID: either is not; TOOBIG: the data would pass its limit; NOMEM; or as get. The text is
 * copied, without white space around it.
 */
MCPSESS_API int mcpsess_session_set(
	struct mcpsess_session *session, struct mcpsess_bytes key, struct mcpsess_bytes json);

/** Remove a key; OK also when it is not there. */
MCPSESS_API int mcpsess_session_unset(struct mcpsess_session *session, struct mcpsess_bytes key);

/**
 * Add to the integer under a key, 0 when there is none, and give the sum as it stands here; out
 * may be NULL. After the change is written the key holds the sum over all nodes. INVALID: the
 * value there is not an integer, or the sum leaves 64 bits; or as set.
 */
MCPSESS_API int mcpsess_session_add(
	struct mcpsess_session *session, struct mcpsess_bytes key, int64_t delta, int64_t *out);

/** Keys in the order in which they were first set: how many, and the one at index. */
MCPSESS_API size_t mcpsess_session_key_count(const struct mcpsess_session *session);
MCPSESS_API struct mcpsess_bytes mcpsess_session_key(
	const struct mcpsess_session *session, size_t index);

/** Bytes of the host's own that travel with the session; the last writer wins. */
MCPSESS_API struct mcpsess_bytes mcpsess_session_blob(const struct mcpsess_session *session);
MCPSESS_API int mcpsess_session_set_blob(
	struct mcpsess_session *session, struct mcpsess_bytes blob);

/* -- what stays on this node ---------------------------------------------------------------- */

/**
 * A pointer of the host's for this session on this node; NULL before it was set.
 *
 * destroy is called once, from any thread that uses the layer: when the pointer is replaced,
 * the session ends here, it was not seen on this node for its idle time, or the layer is
 * destroyed. What other nodes need belongs into the data or the blob. The pointer may be shared
 * by messages of the session that run at the same time. INVALID: the session has no layer.
 */
MCPSESS_API void *mcpsess_session_local(const struct mcpsess_session *session);
MCPSESS_API int mcpsess_session_set_local(
	struct mcpsess_session *session, void *pointer, void (*destroy)(void *pointer));

/* -- writing -------------------------------------------------------------------------------- */

/** 1 while there are changes that were not written. */
MCPSESS_API int mcpsess_session_changed(const struct mcpsess_session *session);

/**
 * Write the changes now instead of when the message is finished. Blocks.
 *
 * OK: written, and the session shows the merged state. NOTFOUND, EXPIRED, REVOKED: the session
 * has ended, and changes are lost. After anything else they are kept, to be tried again:
 * UNAVAILABLE; NOMEM; CONFLICT: others were faster 32 times; TOOBIG, INVALID: together with what
 * others wrote the data passes its limit, or a counter is none any more. UNKNOWN: they may have
 * been written. Trying again is safe, except that when others have written since it answers
 * UNKNOWN once more if there is an addition among them, which after that might count twice.
 */
MCPSESS_API int mcpsess_session_save(struct mcpsess_session *session, struct mcpsess_error *err);

/* -- without a message: jobs, administration, other protocols -------------------------------- */

/** Where a session is kept and whose it is. One of store and pool; the rest may be empty. */
struct mcpsess_session_place {
	struct mcp_session_store *store;
	struct mcp_session_store_pool *pool;
	struct mcpsess_bytes tenant;
	struct mcpsess_bytes principal;
	const struct mcpsess_hooks *hooks;
	size_t max_data; /* bytes of a record; 0 is 65536 */
};

/**
 * Begin a session under a new id; nothing is stored before mcpsess_session_save(). Blocks in
 * nothing. On OK *out is the caller's, for mcpsess_session_destroy(). UNAVAILABLE: no randomness.
 */
MCPSESS_API int mcpsess_session_create(const struct mcpsess_session_place *place,
	struct mcpsess_bytes version, struct mcpsess_session **out, struct mcpsess_error *err);

/** Load a live session and move its idle expiry. Blocks. NOTFOUND, EXPIRED, REVOKED, NOTOWNER. */
MCPSESS_API int mcpsess_session_load(const struct mcpsess_session_place *place,
	struct mcpsess_bytes id, struct mcpsess_session **out, struct mcpsess_error *err);

/**
 * For administration: load the live session that a ref names (mcp_session_store_ref()), whosever it
 * is, and leave its idle expiry alone. Its id, which nobody can know, is empty; the place's tenant
 * and principal do not matter. INVALID: not a ref; or as load.
 */
MCPSESS_API int mcpsess_session_open_ref(const struct mcpsess_session_place *place,
	struct mcpsess_bytes ref, struct mcpsess_session **out, struct mcpsess_error *err);

/**
 * End it in the store, for everybody; changes that were not saved are dropped. Blocks. OK, also for
 * one that was never stored; NOTFOUND, EXPIRED, REVOKED: it had ended before; UNAVAILABLE; UNKNOWN:
 * it may have ended.
 *
 * Of a message's session the layer's other calls know at once: no reply carries its id, and of a
 * batch nothing more is begun. Those that run go on and are not cancelled; what they have changed
 * is answered with the end. Of any other session a layer knows when it asks the store again.
 */
MCPSESS_API int mcpsess_session_end(struct mcpsess_session *session, struct mcpsess_error *err);

/** Free it; changes that were not saved are dropped. NULL is fine. Not for a message's session. */
MCPSESS_API void mcpsess_session_destroy(struct mcpsess_session *session);

#ifdef __cplusplus
}
#endif

#endif
