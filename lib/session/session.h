/*
 * The session object as the layers above embed it. Its members are this room's alone.
 */
#ifndef MCPSESS_SESSION_SESSION_H
#define MCPSESS_SESSION_SESSION_H

#include <mcpsess/session.h>

#include "base/buffer.h"
#include "session/patch.h"
#include "session/record.h"
#include "store/access.h"

/* What the layer has of a session on this node, by the record's key. */
struct mcpsess_session_locals {
	void *(*get)(void *user_data, const struct mcpsess_digest *key);
	int (*set)(void *user_data, const struct mcpsess_digest *key, void *pointer,
		void (*destroy)(void *pointer));
	/* It is not in the store any more. */
	void (*ended)(void *user_data, const struct mcpsess_digest *key);
	void *user_data;
};

/* What the operation under way has asked the store for. */
enum mcpsess_session_step {
	MCPSESS_SESSION_FETCH,
	MCPSESS_SESSION_COUNT,
	MCPSESS_SESSION_WRITE,
	MCPSESS_SESSION_READ_AGAIN, /* others wrote, and the store did not say what */
	MCPSESS_SESSION_REMOVE,
};

struct mcpsess_session {
	const struct mcpsess_env *env;
	const struct mcpsess_access *access;
	const struct mcpsess_session_locals *locals; /* NULL: the session has no layer */
	size_t max_data;

	struct mcpsess_digest key;
	struct mcpsess_digest owner;
	char id[MCPSESS_ID_MAX + 1];
	size_t id_len;
	char short_id[MCPSESS_ID_SHORT_MAX];

	struct mcp_session_store_answer standing; /* the record as last read or written */
	uint32_t state;
	int exists; /* it is in the store */
	int ended;  /* why it is not any more, or 0 */

	/* What stands is standing.payload, or written when it was written here. */
	struct mcpsess_buffer written;
	struct mcpsess_buffer work;   /* the same with the patch applied, while there is one */
	struct mcpsess_record record; /* one of the three, as readers see it */
	struct mcpsess_patch patch;   /* changes not written yet, in order */

	/* One operation at a time: fetch, count, commit or remove. */
	struct mcp_session_store_call call;
	enum mcpsess_session_step step;
	int counts_first; /* creating it counts its first request */
	int attempts;     /* writes, of this commit */
	int repeated;     /* this write was sent twice */
	int pending;
	int asked;  /* the token in the call is of the write as it would be made now */
	int unsure; /* a write of this patch may have happened */
	int blocking;
	void (*done)(struct mcpsess_session *session, int status);
	void *user_data;
};

/* Ready for one of begin and fetch. env and access must outlive it. No allocation. */
void mcpsess_session_init(struct mcpsess_session *session, const struct mcpsess_env *env,
	const struct mcpsess_access *access, size_t max_data);

/* Give up what is pending and free what it holds; it may be initialised again. */
void mcpsess_session_release(struct mcpsess_session *session);

/*
 * A new id, nothing stored; the first commit creates the record. OK, UNAVAILABLE (no randomness)
 * or NOMEM. state is enum mcp_session_store_state.
 */
int mcpsess_session_begin(struct mcpsess_session *session, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_bytes version, uint32_t state);

/* Whether the request for which it is created counts. */
void mcpsess_session_count_first(struct mcpsess_session *session, int counts);

/*
 * The four operations. OK or an error: over. MCPSESS_PENDING: session->done() tells, from the
 * store's dispatch. An id that cannot be one of ours is NOTFOUND without asking the store.
 */
int mcpsess_session_fetch(struct mcpsess_session *session, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_bytes id, uint32_t flags);
/* The same by the key, whosever it is; the session has no id, and its owner's name from then on. */
int mcpsess_session_fetch_key(
	struct mcpsess_session *session, const struct mcpsess_digest *key, uint32_t flags);
/* Count one more request of a session that was fetched or created, and move its idle expiry. */
int mcpsess_session_count_next(struct mcpsess_session *session);
/*
 * Write the patch, merging on CONFLICT; OK at once when there is none and the record exists. As
 * mcpsess_session_save(). Meanwhile the session must not be changed.
 */
int mcpsess_session_commit(struct mcpsess_session *session);
int mcpsess_session_remove(struct mcpsess_session *session);

/* Changes that only the protocol makes. OK, NOMEM, TOOBIG, CORRUPT. info and capabilities are JSON
 * text. */
int mcpsess_session_set_client(struct mcpsess_session *session, struct mcpsess_bytes info,
	struct mcpsess_bytes capabilities);
int mcpsess_session_set_log_level(struct mcpsess_session *session, struct mcpsess_bytes level);
int mcpsess_session_subscribe(struct mcpsess_session *session, struct mcpsess_bytes uri);
int mcpsess_session_unsubscribe(struct mcpsess_session *session, struct mcpsess_bytes uri);
int mcpsess_session_activate(struct mcpsess_session *session);
/* Forget the changes that are not written. */
void mcpsess_session_revert(struct mcpsess_session *session);

/* -- between the files of this room ---------------------------------------------------------- */

/* A member as readers see it. OK, NOTFOUND, CORRUPT, UNSUPPORTED. */
int mcpsess_session_find(const struct mcpsess_session *session, unsigned tag,
	struct mcpsess_bytes key, struct mcpsess_member *out);
int mcpsess_session_at(const struct mcpsess_session *session, unsigned tag, size_t index,
	struct mcpsess_member *out);
/* How many of a tag; 0 also of a corrupt record. */
size_t mcpsess_session_count(const struct mcpsess_session *session, unsigned tag);

/* Make a change and keep it in the patch. OK, NOMEM, TOOBIG, INVALID, CORRUPT, UNSUPPORTED. */
int mcpsess_session_change(struct mcpsess_session *session, const struct mcpsess_change *wanted);

/* The record without the patch. */
struct mcpsess_bytes mcpsess_session_standing(const struct mcpsess_session *session);

/* Who it is: id, key and owner. */
void mcpsess_session_name(struct mcpsess_session *session, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_bytes id);
/* Who it is as far as its key tells. */
void mcpsess_session_name_key(struct mcpsess_session *session, const struct mcpsess_digest *key);

#endif
