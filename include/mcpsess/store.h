/*
 * mcpsess/store.h - for hosts: one session store, wherever its records are.
 *
 * A store keeps versioned records between messages and between processes: sessions, and later
 * state handles and tasks. What every store promises is one contract; `memory:` keeps records
 * in this process, other schemes in a database that many processes share.
 *
 * Every verb is one atomic step. Its blocking form answers in place. Its _async form never
 * waits: it returns the result when it is over already, or MCPSESS_PENDING, and then the call's
 * done() comes from mcp_session_store_dispatch() and from nowhere else. `memory:` never pends.
 *
 * Times are milliseconds since 1970 by the store's clock, durations are milliseconds.
 *
 * Thread: owner. One thread at a time uses a store; mcpsess/pool.h serves many threads. Nothing
 * blocks but the functions that say so.
 */
#ifndef MCPSESS_STORE_H
#define MCPSESS_STORE_H

#include <mcpsess/error.h>
#include <mcpsess/hooks.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcp_session_store;

/** For durations and limits: none at all. 0 always means "the default". */
#define MCP_SESSION_STORE_NONE UINT64_MAX

/** What a record is. The store does not care; lists can tell them apart. */
enum mcp_session_store_kind {
	MCP_SESSION_STORE_SESSION = 0,      /* a session of the initialize handshake */
	MCP_SESSION_STORE_DATA_SESSION = 1, /* a data-layer session of the 2026 drafts */
	MCP_SESSION_STORE_HANDLE = 2,       /* a state handle */
	MCP_SESSION_STORE_TASK = 3,
};

/** How far a record is in its life. */
enum mcp_session_store_state {
	MCP_SESSION_STORE_INITIALIZING = 0,
	MCP_SESSION_STORE_ACTIVE = 1,
	MCP_SESSION_STORE_CLOSED = 2, /* a tombstone; only lists of tombstones would show it */
};

/** Bits of request.flags. */
enum mcp_session_store_flag {
	/** get: move the idle expiry in the same step. Other verbs take no notice, as of COUNT. */
	MCP_SESSION_STORE_TOUCH = 1u << 0,
	/**
	 * get, and store that creates: count this request in the same step. UNSUPPORTED without
	 * MCP_SESSION_STORE_CAN_COUNT.
	 */
	MCP_SESSION_STORE_COUNT = 1u << 1,
	/** Any verb: do not compare owners. For administration, never for a client's request. */
	MCP_SESSION_STORE_ANY_OWNER = 1u << 2,
};

/** What a store can do beyond the five verbs. */
enum mcp_session_store_capability {
	MCP_SESSION_STORE_CAN_PEND = 1u << 0,       /* verbs may return MCPSESS_PENDING */
	MCP_SESSION_STORE_CAN_THREADS = 1u << 1,    /* any thread may call it at any time */
	MCP_SESSION_STORE_CAN_SHARE = 1u << 2,      /* handles of one URI see the same records */
	MCP_SESSION_STORE_CAN_TOMBSTONE = 1u << 3,  /* EXPIRED and REVOKED for a while */
	MCP_SESSION_STORE_CAN_LIMIT = 1u << 4,      /* caps, global and per owner */
	MCP_SESSION_STORE_CAN_OPERATION = 1u << 5,  /* operation tokens: "that was you" */
	MCP_SESSION_STORE_CAN_COUNT = 1u << 6,      /* request counting */
	MCP_SESSION_STORE_CAN_LIST = 1u << 7,       /* lists, by owner or all */
	MCP_SESSION_STORE_CAN_SWEEP = 1u << 8,      /* frees what expired when told */
	MCP_SESSION_STORE_CAN_STATS = 1u << 9,      /* counts its records and bytes */
	MCP_SESSION_STORE_CAN_ROTATE = 1u << 10,    /* moves a record to another key */
	MCP_SESSION_STORE_CAN_END_OWNER = 1u << 11, /* ends all of an owner's records at once */
	MCP_SESSION_STORE_CAN_ONCE = 1u << 12,      /* redeems a token at most once */
	MCP_SESSION_STORE_CAN_PING = 1u << 13,      /* asks whether what is behind it lives */
	/* 14 and 15 are kept for the event log of a record and the bus between nodes. */
};

/** Of lists: bytes of a cursor, entries of a page. */
enum { MCP_SESSION_STORE_CURSOR_MAX = 64, MCP_SESSION_STORE_PAGE_MAX = 1000 };

/** What a verb is asked. Zero it, fill in what the verb's comment names. */
struct mcp_session_store_request {
	struct mcpsess_digest key;   /* mcp_session_store_key() of the id */
	struct mcpsess_digest owner; /* mcp_session_store_owner() of the principal; zero: nobody */
	uint64_t revision; /* store: 0 creates, else which to replace; rotate: 0, or which moves */
	unsigned char operation[16];  /* store: the operation token; zero: one is made */
	uint64_t idle_ms;             /* 0: the store's idle */
	uint64_t absolute_ms;         /* store that creates; 0: the store's absolute */
	uint32_t flags;               /* enum mcp_session_store_flag */
	uint32_t kind;                /* store that creates: enum mcp_session_store_kind */
	uint32_t state;               /* store: enum mcp_session_store_state */
	uint32_t page;                /* list: most entries wanted; 0 is 100 */
	struct mcpsess_bytes payload; /* store, rotate: opaque; good until the verb is over */
	char cursor[MCP_SESSION_STORE_CURSOR_MAX]; /* list: "" begins */
	struct mcpsess_digest new_key;             /* rotate: where the record goes */
	uint64_t grace_ms; /* rotate: how long the old key still reads; at most 30 s */
	/* Filled in by the store itself before its backend sees the request: */
	uint64_t touch_every_ms;
	uint64_t tombstone_ms;
	uint64_t max_sessions;
	uint64_t max_sessions_per_owner;
};

/** One record in a list. */
struct mcp_session_store_entry {
	struct mcpsess_digest key; /* its ref, see mcp_session_store_ref(); never a credential */
	struct mcpsess_digest owner;
	uint64_t revision;
	uint64_t created_ms;
	uint64_t seen_ms;
	uint64_t expires_ms;  /* 0: never */
	uint64_t deadline_ms; /* 0: never */
	uint64_t requests;
	uint64_t payload_len;
	uint32_t kind;
	uint32_t state;
};

/**
 * What a verb answers. Fill with zeros before its first use; give it to
 * mcp_session_store_answer_clear() when done with it, and before the store is closed.
 */
struct mcp_session_store_answer {
	uint64_t revision; /* after the verb; on CONFLICT the revision that stands */
	uint64_t now_ms;   /* the store's clock at the verb */
	uint64_t created_ms;
	uint64_t seen_ms;          /* last activity */
	uint64_t expires_ms;       /* idle expiry; 0: never */
	uint64_t deadline_ms;      /* absolute expiry; 0: never */
	uint64_t requests;         /* counted so far, this one included when the flag said so */
	uint64_t first_request_ms; /* of the counted ones; 0: none */
	uint64_t last_request_ms;  /* of the counted ones before this one; 0: none */
	struct mcpsess_digest owner;
	uint32_t kind;
	uint32_t state;
	/**
	 * get: the record's payload; store that meets a CONFLICT: the payload that stands, where
	 * the store has it at hand. It does not change under its reader: a later write makes
	 * another.
	 */
	struct mcpsess_bytes payload;
	const struct mcp_session_store_entry *entries; /* list */
	size_t entry_count;
	char cursor[MCP_SESSION_STORE_CURSOR_MAX]; /* list: for the next page; "" at the end */
	void *blob;                                /* what payload and entries are part of */
};

/** One _async verb under way. Zero it, fill in the first part, leave it where it is until over. */
struct mcp_session_store_call {
	struct mcp_session_store_request request;
	void (*done)(struct mcp_session_store_call *call, int status);
	void *user_data;

	struct mcp_session_store_answer answer; /* yours once the call is over */
	struct mcpsess_error error;             /* written when the call fails */

	/* The store's while the call is pending. */
	struct mcp_session_store_call *next, *prev;
	uint64_t give_up_ms;
	uint64_t started_us;
	const void *observer;
	void (*observed)(struct mcp_session_store_call *call, int status);
	uint32_t verb;
	int reads_first; /* for a rotation: verb is what is done for it */
	int status;
	struct mcpsess_bytes plain; /* the request's own payload, while a sealed one is there */
	void *sealed;
	void *backend[4]; /* the backend's own */
};

/** Settings in code; a URI parameter of the same name overrides each. 0: the default. */
struct mcp_session_store_options {
	size_t size;             /* sizeof(struct mcp_session_store_options) */
	uint64_t idle_ms;        /* idle=; 5 minutes */
	uint64_t absolute_ms;    /* absolute=; 24 hours */
	uint64_t tombstone_ms;   /* tombstone=; 1 minute; none: nothing ended is remembered */
	uint64_t touch_every_ms; /* touch_every=; a tenth of idle, at most 30 s; memory: 0 */
	uint64_t max_sessions;   /* max_sessions=; 100 000 */
	uint64_t max_sessions_per_owner; /* max_sessions_per_owner=; none */
	uint64_t connect_timeout_ms;     /* connect_timeout=; 2 s; never none */
	uint64_t timeout_ms;             /* timeout=, of one operation; 1 s; never none */
	uint64_t probe_every_ms;         /* probe_every=; 1 s; never none */
	/**
	 * Write a password for a new connection and return its length, 0 for none; asked each time,
	 * so passwords may rotate. NULL: password_env=, password_file= or the URI's own.
	 */
	size_t (*password)(void *user_data, char *out, size_t capacity);
	void *password_data;
	/**
	 * seal_keys_file=; NULL: payloads are stored as they are. A file of lines KEYID and 32
	 * bytes in base64url, padded or not, # for comments, read when the store opens. The first
	 * key seals, all open: to change keys add the new one at the end everywhere, then put it
	 * first, and take the old one out when all it sealed has ended. A payload is sealed with
	 * XChaCha20-Poly1305 for its record and owner; one that does not open is CORRUPT, unsealed
	 * ones too. UNSUPPORTED in a build without libsodium.
	 */
	const char *seal_keys_file;
	const char *module_dir; /* where modules are; NULL: the compiled-in folder */
	const struct mcpsess_hooks *hooks;
};

/**
 * Open the store that a URI names: scheme:[//authority][/path][?name=value&...].
 *
 * Durations in parameters take a unit (ms s m h d) and "none". Nothing is connected before the
 * first verb. INVALID: no scheme, a bad value, or a parameter that is unknown or repeated, which
 * err names together with the known ones. UNSUPPORTED: no module for the scheme, or a wrong one.
 * On failure *out is left alone.
 */
MCPSESS_API int mcp_session_store_open(const char *uri,
	const struct mcp_session_store_options *options, struct mcp_session_store **out,
	struct mcpsess_error *err);

/** Give up what is pending, without done(), and free everything. NULL is fine. */
MCPSESS_API void mcp_session_store_close(struct mcp_session_store *store);

/** The scheme in use: "memory". It belongs to the store. */
MCPSESS_API const char *mcp_session_store_scheme(const struct mcp_session_store *store);

/** What it can do: bits of enum mcp_session_store_capability. */
MCPSESS_API uint32_t mcp_session_store_can(const struct mcp_session_store *store);

/** The settings in force, defaults and URI resolved; hooks and names of files are NULL. */
MCPSESS_API void mcp_session_store_settings(
	const struct mcp_session_store *store, struct mcp_session_store_options *out);

/* -- names ------------------------------------------------------------------------------- */

/**
 * The key of an id within a tenant: SHA-256 over a fixed label, the tenant's length, the tenant
 * and the id. A store never sees an id, so a stolen dump opens nothing.
 */
MCPSESS_API void mcp_session_store_key(
	struct mcpsess_bytes tenant, struct mcpsess_bytes id, struct mcpsess_digest *out);

/** The owner digest of a principal within a tenant, likewise; an empty principal is nobody. */
MCPSESS_API void mcp_session_store_owner(
	struct mcpsess_bytes tenant, struct mcpsess_bytes principal, struct mcpsess_digest *out);

/** A key as 43 characters of base64url and a NUL. */
MCPSESS_API void mcp_session_store_ref(const struct mcpsess_digest *key, char out[44]);

/** The key of a ref; INVALID when it is none. */
MCPSESS_API int mcp_session_store_unref(struct mcpsess_bytes ref, struct mcpsess_digest *out);

/* -- the verbs, blocking ------------------------------------------------------------------
 *
 * Each may block, at most for the store's timeout. answer and err may be NULL; what the answer held
 * is let go when the verb is over. Calls under way meanwhile stay so; their answers are for the
 * next dispatch. A payload above 64 MiB is TOOBIG. Besides the results named, each may return
 * UNAVAILABLE and NOMEM (nothing happened), UNKNOWN (it may have happened), INVALID and CORRUPT.
 * Whenever a record of another owner is asked for the result is NOTOWNER, and nothing happened.
 *
 * A record that has ended leaves a tombstone (CAN_TOMBSTONE): while that is held it is EXPIRED or
 * REVOKED, then NOTFOUND. With tombstone=none nothing is remembered: it is NOTFOUND to everybody at
 * once, however it ended, with its owner too, and its key is free. The old key of a rotation ends
 * with its grace, or what ends that.
 */

/**
 * Create a record (revision 0) or replace one's payload and state.
 *
 * Create: OK with revision 1; EXISTS when the key is in use, whosever the record is; EXPIRED or
 * REVOKED while a tombstone has the key (EXISTS or NOTOWNER: another's, where owners are compared);
 * LIMIT when a cap is reached, counted before anything is written. Update: OK with the next
 * revision and a moved idle expiry, or CONFLICT; it never creates: NOTFOUND, EXPIRED or REVOKED.
 * Either, repeated with its operation token before another write, answers OK and its revision again
 * (CAN_OPERATION), with MCP_SESSION_STORE_ANY_OWNER to whoever repeats it. A token is of one write:
 * brought with another revision it may be taken for that write or for a new one.
 */
MCPSESS_API int mcp_session_store_store(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/** Read a live record: OK, NOTFOUND, EXPIRED or REVOKED. The flags add a touch and a count. */
MCPSESS_API int mcp_session_store_get(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/**
 * Move the idle expiry to now plus idle, never backwards and never past the deadline; as get,
 * without the payload. It never brings back what has ended.
 */
MCPSESS_API int mcp_session_store_touch(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/** End a record. OK also when there is none: the wish is fulfilled. */
MCPSESS_API int mcp_session_store_delete(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/** OK for a live record; as get, without payload, touch or count. */
MCPSESS_API int mcp_session_store_exists(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/**
 * A page of live records: the owner's, or everybody's with MCP_SESSION_STORE_ANY_OWNER.
 *
 * Bounded work: a page may hold fewer entries than asked for while the cursor goes on. A record
 * that lives throughout the walk is listed exactly once. UNSUPPORTED without CAN_LIST.
 */
MCPSESS_API int mcp_session_store_list(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/* -- optional verbs, blocking; UNSUPPORTED without their bit -------------------------------- */

/**
 * Move a live record to request->new_key, whole, as its next revision (CAN_ROTATE). With a
 * request->revision it moves only at that, else CONFLICT, and with request->payload instead of its
 * own. A store that seals payloads for their keys reads it first when there is no revision.
 *
 * OK: the new key serves it. For grace_ms the old key still reads it as it was (get, exists), so
 * that requests under way are served; touches and writes under the old key are REVOKED at once, and
 * all of it is after the grace. EXISTS: the new key is in use or has a tombstone, and nothing
 * happened. The record keeps its expiries and its place in the caps; a delete of the old key ends
 * the grace and nothing else. Repeated with its operation token before another write it answers OK
 * and its revision again, even when the old key is forgotten (CAN_OPERATION); after one it meets
 * what there is of the old key: REVOKED, then NOTFOUND. What else wrote to the new key is no
 * repetition of it, whatever its token.
 */
MCPSESS_API int mcp_session_store_rotate(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/**
 * End all records of request->owner that exist now, in one step whatever their number
 * (CAN_END_OWNER): each is REVOKED from then on. Nobody's records cannot be ended so: INVALID.
 */
MCPSESS_API int mcp_session_store_end_owner(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/**
 * Redeem the token whose digest is request->key (CAN_ONCE): OK for the first, EXISTS for every
 * later one during request->idle_ms. Keys of tokens and of records do not meet. A repetition with
 * the same operation token answers as the first. LIMIT: `memory:` keeps at most max_sessions.
 */
MCPSESS_API int mcp_session_store_once(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/**
 * OK when what is behind the store answers and could write, else UNAVAILABLE (CAN_PING). A host
 * that asks once at its start tells by err->sys what it cannot mend by waiting: EACCES.
 */
MCPSESS_API int mcp_session_store_ping(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/** Let go of payload and entries, and zero it. */
MCPSESS_API void mcp_session_store_answer_clear(struct mcp_session_store_answer *answer);

/* -- the verbs, for event loops ------------------------------------------------------------
 *
 * MCPSESS_OK or an error: it is over, and done() is not called. MCPSESS_PENDING: done() is
 * called once, from dispatch. The call, and what its request points to, stay in place until
 * then. A store that cannot pend blocks here instead. What the call's answer held is let go first.
 *
 * done() may start calls, which are sent together when the dispatch ends, cancel others, and
 * block; it may not close the store. A call without an answer for the store's timeout is over:
 * UNKNOWN for store, touch and delete, UNAVAILABLE for the others, which may simply be repeated.
 */

MCPSESS_API int mcp_session_store_store_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_get_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_touch_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_delete_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_exists_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_list_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);

/** The optional verbs likewise: their comments are with the blocking forms. */
MCPSESS_API int mcp_session_store_rotate_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_end_owner_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_once_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);
MCPSESS_API int mcp_session_store_ping_async(
	struct mcp_session_store *store, struct mcp_session_store_call *call);

/** Give a pending call up: done() will not come; what the backend did by then stays done. */
MCPSESS_API void mcp_session_store_cancel(
	struct mcp_session_store *store, struct mcp_session_store_call *call);

/** Readable when dispatch has work, timers included; one for the store's life. -1: no memory. */
MCPSESS_API int mcp_session_store_fd(struct mcp_session_store *store);

/** Do what is ready, without waiting, calling done() of what is over. Returns how many. */
MCPSESS_API int mcp_session_store_dispatch(struct mcp_session_store *store);

/* -- upkeep -------------------------------------------------------------------------------- */

/** Records by the store's count. For a remote store: as it last knew. */
struct mcp_session_store_counts {
	uint64_t sessions; /* live, initializing ones included */
	uint64_t tombstones;
	uint64_t bytes;   /* held for records, tombstones and index */
	uint64_t expired; /* ended by expiry since the store was opened */
};

/** Count the records, freeing first what has expired. May block. UNSUPPORTED without CAN_STATS. */
MCPSESS_API int mcp_session_store_stats(
	struct mcp_session_store *store, struct mcp_session_store_counts *out);

/**
 * Free at most budget expired records (0: 1000); returns how many, or UNSUPPORTED. Expiry never
 * depends on it; memory that sessions held comes back sooner.
 */
MCPSESS_API int mcp_session_store_sweep(struct mcp_session_store *store, size_t budget);

#ifdef __cplusplus
}
#endif

#endif
