/*
 * mcpsess/backend.h - for backend authors: how to be a store. Nobody else includes it.
 *
 * A backend is one constant descriptor, linked in, loaded as a module by its URI scheme, or given
 * to mcpsess_backend_add(). It fills a table of verbs; five are required, and a store that
 * just blocks is those five plain functions. It imports nothing from the core: what it needs comes
 * through the host table.
 *
 * Thread: a store's verbs are never called from two threads at once, so a backend needs no lock,
 * unless it declares MCP_SESSION_STORE_CAN_THREADS.
 */
#ifndef MCPSESS_BACKEND_H
#define MCPSESS_BACKEND_H

#include <mcpsess/store.h>

#ifdef __cplusplus
#define mcpsess_delete_ delete_ /* delete is a C++ keyword */
extern "C" {
#else
#define mcpsess_delete_ delete
#endif

/** Of struct mcpsess_backend. A module of another number is refused. */
enum { MCPSESS_BACKEND_ABI = 1 };

/** For watch(): what to wait for, and in ready() what happened. */
enum mcpsess_event {
	MCPSESS_EVENT_READ = 1u << 0,
	MCPSESS_EVENT_WRITE = 1u << 1,
	MCPSESS_EVENT_ERROR = 1u << 2, /* never asked for; may come */
};

/**
 * What a store can do. A verb reads call->request and returns MCPSESS_OK with call->answer
 * filled, or an error; or MCPSESS_PENDING, and later calls host->finish(). The core has resolved
 * every duration and limit in the request: 0 is no more, MCP_SESSION_STORE_NONE is none, and
 * store has its operation token. The core checks arguments, and lets COUNT through with CAN_COUNT
 * only; the verb does the rest of the contract (mcpsess/store.h), the comparison of owners
 * included. One that runs out of memory is NOMEM and has changed nothing.
 *
 * touch_every is 0 where every touch counts. It may be shorter than the settings say, for a request
 * with a short idle of its own; where idle is none it matters to such requests only. A call that
 * pends longer than the store's timeout is cancelled.
 *
 * Members are added at the end; size says which are there. A table may be shorter than this one,
 * down to the required members, or longer: what the library does not know it does not ask for.
 * Where `can` lacks a bit its members may be NULL. CAN_PEND and CAN_THREADS exclude each other.
 *
 * The event log that a record will have comes there too: append, read, close and drop, with bit 14
 * of `can`. What one of them is asked beyond a request will be in a struct that begins with a call,
 * so that a call never grows. A log ends with its record, in the same step.
 */
struct mcp_session_store_ops {
	uint32_t size; /* sizeof(struct mcp_session_store_ops) */
	uint32_t can;  /* enum mcp_session_store_capability */

	int (*store)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*get)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*touch)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*mcpsess_delete_)(
		struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*exists)(struct mcp_session_store *store, struct mcp_session_store_call *call);

	/** Free the store. Required. Pending calls have been cancelled. */
	void (*close)(struct mcp_session_store *store);

	/** CAN_LIST, CAN_SWEEP, CAN_STATS: see the functions of mcpsess/store.h. */
	int (*list)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*sweep)(struct mcp_session_store *store, size_t budget);
	int (*stats)(struct mcp_session_store *store, struct mcp_session_store_counts *out);

	/** CAN_PEND: a watched descriptor is ready; the time of wake_at() has come. */
	void (*ready)(struct mcp_session_store *store, int fd, uint32_t events);
	void (*tick)(struct mcp_session_store *store, uint64_t now_ms);
	/** CAN_PEND: forget the call; it must not be finished after this. */
	void (*cancel)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	/**
	 * Optional, with CAN_PEND: a batch of verbs is complete, send it. Called after each _async
	 * verb, but once for all that is started within one dispatch; before a blocking verb waits;
	 * and by a pool for all that has queued. Without it each verb sends its own.
	 */
	void (*flush)(struct mcp_session_store *store);

	/**
	 * CAN_ROTATE, CAN_END_OWNER, CAN_ONCE, CAN_PING: see mcpsess/store.h. A rotation has a
	 * revision and a payload wherever payloads are sealed.
	 */
	int (*rotate)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*end_owner)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*once)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	int (*ping)(struct mcp_session_store *store, struct mcp_session_store_call *call);

	/**
	 * Optional, with CAN_PEND: somebody blocks for the only call that pends, and fd, which is
	 * read from, is all that is watched. Wait in the reading itself, at most wait_ms, and see
	 * to what comes as ready() would: a system call less. Nothing need have come. 0: not now,
	 * and the core waits as ever.
	 */
	int (*wait)(struct mcp_session_store *store, int fd, int wait_ms);

	/**
	 * Optional, with CAN_THREADS: get for a caller who waits, where copying a request and an
	 * answer would take longer than the look-up. The request is the caller's own, checked and
	 * without COUNT; of its durations take these two. OK: all of the answer is written but
	 * entries, entry_count and cursor, which are empty already. Anything else: nothing has
	 * happened, the answer is as it was, and get is asked.
	 */
	int (*get_into)(struct mcp_session_store *store,
		const struct mcp_session_store_request *request, uint64_t idle_ms,
		uint64_t touch_every_ms, struct mcp_session_store_answer *answer);
};

/**
 * What the core does for a backend; core is the one given to open() and kept in the store.
 * Members are added at the end; size says which are there.
 */
struct mcpsess_host {
	uint32_t size;

	/** As realloc(3); size 0 frees and returns NULL. From the store's allocator. */
	void *(*realloc)(void *core, void *ptr, size_t size);
	/** The store's clock, where the store has none of its own. */
	uint64_t (*now_ms)(void *core);
	int (*random)(void *core, void *out, size_t len);

	/**
	 * Immutable bytes with a count of references: payloads that readers hold while a writer
	 * replaces them. new copies data (NULL: leaves them for the caller to fill before anyone
	 * else sees them, aligned for struct mcp_session_store_entry); NULL without memory.
	 * Any thread.
	 */
	void *(*blob_new)(void *core, const void *data, size_t len);
	struct mcpsess_bytes (*blob_bytes)(const void *blob);
	void *(*blob_ref)(void *blob);
	void (*blob_unref)(void *blob);

	/** Watch fd for events (0 ends it; before fd is closed). 0 or an error. */
	int (*watch)(void *core, int fd, uint32_t events);
	/** Call tick() at now_ms of the store's clock or soon after; 0 for never. One at a time. */
	void (*wake_at)(void *core, uint64_t now_ms);
	/**
	 * A pending call is over; done() comes from the dispatch, not from here. Never from inside
	 * the verb that would return its status; other calls may be finished there.
	 */
	void (*finish)(void *core, struct mcp_session_store_call *call, int status);

	/**
	 * One line for people about the call's failure, before it is over; copied. No secrets. sys
	 * is the errno where the store could not be reached, else 0: it makes a store that can
	 * share fail fast until a probe gets through.
	 */
	void (*explain)(struct mcp_session_store_call *call, int sys, const char *text);
	void (*log)(void *core, enum mcpsess_log_level level, const char *text);

	/**
	 * The password for a connection about to be made, from where the host or the URI's
	 * password_env= or password_file= says; *len 0: none but the URI's own. Wipe it after use.
	 * UNAVAILABLE, explained: what is named there gives none. Then do not connect, and tell
	 * callers why.
	 */
	int (*password)(
		void *core, char *out, size_t capacity, size_t *len, struct mcpsess_error *err);
};

/** A name and its value from the URI, percent-decoded. */
struct mcpsess_backend_parameter {
	const char *name;
	const char *value;
};

/** What a backend is opened with. Good during open(); the store copies what it keeps. */
struct mcpsess_backend_config {
	uint32_t size;
	const char *uri; /* as given */
	const char *scheme;
	const char *authority; /* user:password@host:port, still percent-encoded; "" */
	const char *path;      /* percent-decoded; "" */
	const struct mcpsess_backend_parameter *parameters; /* its own, not the common ones */
	size_t parameter_count;
	const struct mcp_session_store_options *settings; /* resolved; hooks NULL */
};

/** Every backend embeds this first and sets ops; the rest is the core's. */
struct mcp_session_store {
	const struct mcp_session_store_ops *ops;
	const struct mcpsess_host *host;
	void *core;
};

/** A backend. A module exports one, named mcpsess_backend_NAME, and nothing else. */
struct mcpsess_backend {
	uint32_t abi;           /* MCPSESS_BACKEND_ABI; the first word for ever */
	uint32_t size;          /* sizeof(struct mcpsess_backend) */
	const char *name;       /* "redis": the module is mcpsess-redis.so */
	const char *schemes;    /* "redis rediss" */
	const char *parameters; /* "prefix eviction": its own URI parameters; "" */

	/**
	 * Make a store; connect nothing. *out is the store with ops set; the core fills in host
	 * and core, which are passed here as well because open may need them.
	 */
	int (*open)(const struct mcpsess_host *host, void *core,
		const struct mcpsess_backend_config *config, struct mcp_session_store **out,
		struct mcpsess_error *err);

	/** Where the settings leave touch_every to the default: 1 means 0 ms, 0 the common one. */
	uint32_t touches_are_free;
	/** How many handles a pool opens that is told no number; 0, or more than 4: 4. */
	uint32_t handles;
};

/**
 * Make a backend of the host's own known by its schemes, before any built-in or module. The
 * descriptor must stay for the life of the process. INVALID: an unfit descriptor, which err
 * explains; EXISTS: a scheme is taken; LIMIT: more than 16. Thread: any.
 */
MCPSESS_API int mcpsess_backend_add(
	const struct mcpsess_backend *backend, struct mcpsess_error *err);

#ifdef __cplusplus
}
#endif

#endif
