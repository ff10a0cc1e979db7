/*
 * mcpsess/rpc.h - for hosts: the JSON-RPC session layer, for any transport.
 *
 * One call per incoming message: bytes in, one verdict out. The layer answers what is about
 * sessions (initialize, ping, cancellation, log level, every malformed or refused message); what
 * is left reaches the host as DISPATCH, with its session loaded and checked:
 *
 *     enum mcpsess_verdict v = mcpsess_rpc_begin(rpc, &input, &message);
 *     while (v == MCPSESS_DISPATCH) {
 *             ... mcpsess_message_method(message), _params, _session ...
 *             v = mcpsess_message_result(message, result_json);
 *     }
 *     if (v == MCPSESS_REPLY) send mcpsess_message_reply(message);
 *     mcpsess_message_end(message);
 *
 * Revisions: 2024-11-05, 2025-03-26, 2025-06-18 and 2025-11-25 of the Model Context Protocol.
 *
 * Thread: a layer over a pool: any. A layer over a store: the store's owner. A message: owner,
 * except mcpsess_message_cancelled().
 */
#ifndef MCPSESS_RPC_H
#define MCPSESS_RPC_H

#include <mcpsess/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcpsess_rpc;
struct mcpsess_message;

/** What to do next about a message. */
enum mcpsess_verdict {
	/** Send the reply, which may be empty, and end the message. */
	MCPSESS_REPLY = 0,
	/** Handle one request, notification or response, then finish it. */
	MCPSESS_DISPATCH = 1,
	/** The store is working: wait for input.ready, which comes from the store's dispatch. */
	MCPSESS_WAIT = 2,
};

/** What a message without a session id meets. */
enum mcpsess_policy {
	MCPSESS_SESSION_REQUIRED = 0, /* it is refused; only initialize makes a session */
	MCPSESS_SESSION_OPTIONAL = 1, /* it is dispatched without a session */
	/**
	 * A new session is begun for it, and stored when the host answers with a result; an error
	 * stores nothing. The reply carries the id.
	 */
	MCPSESS_SESSION_LAZY = 2,
};

/** The first rule whose patterns fit decides; none: the layer's policy. '*' stands for any text. */
struct mcpsess_policy_rule {
	const char *method; /* "tools/call", "resources/" and a star */
	const char *tool;   /* of tools/call: a name's pattern; NULL: any */
	enum mcpsess_policy policy;
};

/** How a layer works. Zero it and set size; one of store and pool is needed. 0: the default. */
struct mcpsess_rpc_options {
	size_t size;                         /* sizeof(struct mcpsess_rpc_options) */
	struct mcp_session_store *store;     /* borrowed: outlives the layer */
	struct mcp_session_store_pool *pool; /* likewise */

	/** serverInfo of initialize; required. */
	const char *server_name;
	const char *server_version;
	/** JSON object: the server's capabilities; NULL is {"tools":{}}. */
	const char *capabilities;
	const char *instructions; /* plain text; NULL: none */

	/** Newest revision offered; NULL: the newest known. INVALID when it is none of the four. */
	const char *newest_version;

	enum mcpsess_policy policy;
	const struct mcpsess_policy_rule *rules; /* copied */
	size_t rule_count;

	size_t max_message; /* bytes of a message or batch; 4 MiB */
	size_t max_depth;   /* nesting of a message; 64, at most 512 */
	size_t max_batch;   /* messages of a batch; 100; of a longer one none is served */
	size_t max_data;    /* bytes of a session's record; 65536 */
	/** 1: do not count tools/call in the record. Each call of a batch is counted by a get. */
	uint32_t no_counting;

	/**
	 * A running call was cancelled by its client. From the thread whose message said so, with a
	 * lock held: set a flag, wake a handler, and return; call nothing of the layer but
	 * mcpsess_message_user().
	 */
	void (*cancelled)(void *user_data, struct mcpsess_message *message);
	void *user_data;

	const struct mcpsess_hooks *hooks; /* log, allocator, ids, randomness */
};

/**
 * Make a layer. INVALID: err says which option, or which capability the store lacks for it. On OK
 * *out is the caller's, for mcpsess_rpc_destroy().
 */
MCPSESS_API int mcpsess_rpc_create(const struct mcpsess_rpc_options *options,
	struct mcpsess_rpc **out, struct mcpsess_error *err);

/** Free it, and the local pointers of its sessions; no message may be left. NULL is fine. */
MCPSESS_API void mcpsess_rpc_destroy(struct mcpsess_rpc *rpc);

/** 1 when the layer speaks this revision. */
MCPSESS_API int mcpsess_rpc_speaks(const struct mcpsess_rpc *rpc, struct mcpsess_bytes version);

/** The limit of a message in bytes, so that a transport can stop reading. */
MCPSESS_API size_t mcpsess_rpc_max_message(const struct mcpsess_rpc *rpc);

/* -- one message ---------------------------------------------------------------------------- */

/** What the transport wants. */
enum mcpsess_intent {
	MCPSESS_INTENT_MESSAGE = 0, /* a message came */
	MCPSESS_INTENT_END = 1,     /* the client ends its session; body is not read */
	MCPSESS_INTENT_LISTEN = 2,  /* the client wants to listen; checks the session only */
};

/** One incoming message. Zero it; everything it points to is read during begin and not kept... */
struct mcpsess_input {
	enum mcpsess_intent intent;
	struct mcpsess_bytes body;       /* ... except body, which stays until the message ends */
	struct mcpsess_bytes session_id; /* as the transport carried it; data NULL: none */
	struct mcpsess_bytes version;    /* of the transport's version header; data NULL: none */
	struct mcpsess_bytes tenant;     /* which of the host's tenants; empty: the only one */
	struct mcpsess_bytes principal;  /* as the host authenticated it; empty: nobody */

	/** After MCPSESS_WAIT: here is the next verdict. Only with a store, from its dispatch. */
	void (*ready)(
		void *user_data, struct mcpsess_message *message, enum mcpsess_verdict verdict);
	void *user_data;
};

/**
 * Begin a message. May block with a pool or a store that blocks. Never fails: without memory for
 * a message *out is NULL and the verdict is MCPSESS_REPLY; answer 503 then.
 */
MCPSESS_API enum mcpsess_verdict mcpsess_rpc_begin(
	struct mcpsess_rpc *rpc, const struct mcpsess_input *input, struct mcpsess_message **out);

/** Free the message; at any time, also while it waits or is dispatched. NULL is fine. */
MCPSESS_API void mcpsess_message_end(struct mcpsess_message *message);

/* -- while it is dispatched ------------------------------------------------------------------ */

/** What came, in the words of JSON-RPC. */
enum mcpsess_kind {
	MCPSESS_REQUEST = 0,
	MCPSESS_NOTIFICATION = 1,
	MCPSESS_RESPONSE = 2, /* the client's answer to a request of the server */
};

/** What it is; only a request gets an answer. */
MCPSESS_API enum mcpsess_kind mcpsess_message_kind(const struct mcpsess_message *message);

/** "tools/call"; empty for a response. Unescaped, no NUL. */
MCPSESS_API struct mcpsess_bytes mcpsess_message_method(const struct mcpsess_message *message);

/**
 * The JSON text of id, as it came; empty for a notification. A number that is no integer, which
 * clients may not send, is taken too and given back as it was written.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_message_id(const struct mcpsess_message *message);

/** The JSON text of params ("{}" when absent), or of a response's result or error. */
MCPSESS_API struct mcpsess_bytes mcpsess_message_params(const struct mcpsess_message *message);

/**
 * params.name, unescaped: the tool of tools/call, the prompt of prompts/get; empty when absent. A
 * tools/call without a name, or with arguments that are no object, does not reach the host.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_message_name(const struct mcpsess_message *message);

/**
 * The JSON text of params.arguments[name]; empty when absent. The text is valid JSON: a string
 * can be spliced into a reply as it is. What it passes is kept in the message for the next.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_message_argument(
	struct mcpsess_message *message, const char *name);

/** The session, for the message's life; NULL where the policy let it come without one. */
MCPSESS_API struct mcpsess_session *mcpsess_message_session(struct mcpsess_message *message);

/** 1 once the client has cancelled the call. Thread: any. */
MCPSESS_API int mcpsess_message_cancelled(const struct mcpsess_message *message);

/** A pointer of the host's, for the message's life. */
MCPSESS_API void mcpsess_message_set_user(struct mcpsess_message *message, void *pointer);
MCPSESS_API void *mcpsess_message_user(const struct mcpsess_message *message);

/* -- finishing it: one of these, once per DISPATCH ------------------------------------------- */

/**
 * Answer with a result: a JSON text, copied, not checked. For a notification or response give
 * empty bytes. The session's changes are written before the reply is ready; if that fails the
 * client gets that failure instead. May block as begin does.
 */
MCPSESS_API enum mcpsess_verdict mcpsess_message_result(
	struct mcpsess_message *message, struct mcpsess_bytes json);

/** Answer with one text block: {"content":[{"type":"text","text":...}]}. Escapes the text. */
MCPSESS_API enum mcpsess_verdict mcpsess_message_text(
	struct mcpsess_message *message, struct mcpsess_bytes text, int is_error);

/** Answer with a JSON-RPC error; text is escaped, data JSON text or empty. Changes are dropped. */
MCPSESS_API enum mcpsess_verdict mcpsess_message_error(
	struct mcpsess_message *message, int code, const char *text, struct mcpsess_bytes data);

/** Of JSON-RPC 2.0, section 5.1. */
enum {
	MCPSESS_RPC_PARSE_ERROR = -32700,
	MCPSESS_RPC_INVALID_REQUEST = -32600,
	MCPSESS_RPC_METHOD_NOT_FOUND = -32601,
	MCPSESS_RPC_INVALID_PARAMS = -32602,
	MCPSESS_RPC_INTERNAL_ERROR = -32603,
};

/* -- when the verdict is MCPSESS_REPLY -------------------------------------------------------- */

/**
 * The bytes to send; empty when nothing is to be said. They live until the message ends. An error
 * has no id where none could be read, and where it refuses a response or a whole batch.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_message_reply(const struct mcpsess_message *message);

/**
 * How the message fared, for the transport: OK, or why it was refused (mcpsess/error.h). A
 * JSON-RPC error that the host or the protocol answered to a well-formed request is OK.
 */
MCPSESS_API int mcpsess_message_status(const struct mcpsess_message *message);

/** 1 when the message had no session id where one is needed: "missing" is not "unknown". */
MCPSESS_API int mcpsess_message_lacks_session(const struct mcpsess_message *message);

/**
 * The id to hand to the client with the reply; empty unless it is of a live session. One that ended
 * on another node, or by a session that is no message's, while the host had the message is known to
 * have once the store was asked again.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_message_session_id(const struct mcpsess_message *message);

/* -- upkeep ------------------------------------------------------------------------------------ */

/**
 * Keep the sessions of running calls alive, forget local pointers of sessions that went away, and
 * free what expired. Call it from a timer, or whenever a loop turns; returns in how many
 * milliseconds to come again, at most 10 000. May block as begin does, and once in that time for a
 * sweep of a shared store.
 */
MCPSESS_API uint64_t mcpsess_rpc_tick(struct mcpsess_rpc *rpc);

#ifdef __cplusplus
}
#endif

#endif
