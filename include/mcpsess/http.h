/*
 * mcpsess/http.h - for hosts: Streamable HTTP without sockets.
 *
 * A request goes in, a status, headers and a body come out; between them the verdicts of
 * mcpsess/rpc.h. The path is the host's business, and so are TLS, authentication and
 * connections.
 *
 *     enum mcpsess_verdict v = mcpsess_http_begin(http, &request, &exchange);
 *     while (v == MCPSESS_DISPATCH) {
 *             v = handle(mcpsess_http_message(exchange));
 *     }
 *     send mcpsess_http_status, _header, _body;
 *     mcpsess_http_end(exchange);
 *
 * Revisions 2025-03-26, 2025-06-18 and 2025-11-25, section "Streamable HTTP" of Transports.
 *
 * Thread: as the layer's; an exchange: owner.
 */
#ifndef MCPSESS_HTTP_H
#define MCPSESS_HTTP_H

#include <mcpsess/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcpsess_http;
struct mcpsess_http_exchange;

/** Zero it and set size and rpc. Lists are comma-separated, copied. */
struct mcpsess_http_options {
	size_t size;             /* sizeof(struct mcpsess_http_options) */
	struct mcpsess_rpc *rpc; /* borrowed: outlives it */

	/**
	 * Accepted Host headers without port: "mcp.example.com", "*.example.com" (any name below
	 * it), or "*" for any. NULL: localhost, 127.0.0.1 and [::1], which stops DNS rebinding of
	 * local servers. A request without Host passes only "*".
	 */
	const char *hosts;
	/**
	 * Accepted Origin headers: "https://app.example.com", with the port where there is one, or
	 * "*" for any; a host may begin with "*." here too, and "" is none. NULL: those whose host
	 * is an accepted Host, whatever the port. "null" passes only "*". A request without Origin
	 * is no browser's and passes.
	 */
	const char *origins;

	/** 1: answer CORS preflights and let pages of accepted origins read replies. */
	uint32_t cors;
	/** 1: answer with SSE wherever the client accepts it; 0: with JSON wherever it does. */
	uint32_t prefer_sse;
	/** Seconds of Retry-After where a refusal is temporary; 0 is 1. */
	uint32_t retry_after_s;
};

/** INVALID: err says which option. On OK *out is the caller's, for mcpsess_http_destroy(). */
MCPSESS_API int mcpsess_http_create(const struct mcpsess_http_options *options,
	struct mcpsess_http **out, struct mcpsess_error *err);

/** Free it; no exchange may be left. NULL is fine. */
MCPSESS_API void mcpsess_http_destroy(struct mcpsess_http *http);

/* -- one exchange ----------------------------------------------------------------------------- */

/**
 * Look a header up: its name in lower case, NUL-terminated. Returns how often it came (0, 1,
 * more); its value, or one of them, in *value, good until begin returns.
 */
typedef int mcpsess_http_header_fn(void *user_data, const char *name, struct mcpsess_bytes *value);

/** One request. Zero it; all but body is read during begin and not kept. */
struct mcpsess_http_request {
	struct mcpsess_bytes method; /* "POST" */
	mcpsess_http_header_fn *header;
	void *headers;               /* user_data of header */
	struct mcpsess_bytes body;   /* whole; stays until the exchange ends */
	struct mcpsess_bytes tenant; /* as struct mcpsess_input */
	struct mcpsess_bytes principal;
	/**
	 * Not NULL: the host could not tell who asks. The answer is 401 with this WWW-Authenticate,
	 * which stays until the exchange ends; a foreign Host or Origin is 403 all the same, and a
	 * preflight, which never says who asks, is answered. The body is not read.
	 */
	const char *challenge;
	/**
	 * 1: the body is above mcpsess_rpc_max_message(), and the host did not keep it. A POST is
	 * answered with 413 where nothing else is wrong; body is not read.
	 */
	uint32_t too_big;
	/**
	 * 1: the host is about to end and begins nothing more. Whom it knows is answered with 503
	 * and Retry-After, from an accepted Host and Origin; a preflight is answered all the same.
	 */
	uint32_t draining;

	/** As input.ready; only with a store that pends. */
	void (*ready)(void *user_data, struct mcpsess_http_exchange *exchange,
		enum mcpsess_verdict verdict);
	void *user_data;
};

/** A header function over "Name: value\r\n..." lines; user_data is a struct mcpsess_bytes *. */
MCPSESS_API int mcpsess_http_header_block(
	void *user_data, const char *name, struct mcpsess_bytes *value);

/** A header: of a request, or of the answer. */
struct mcpsess_http_pair {
	struct mcpsess_bytes name;
	struct mcpsess_bytes value;
};

/** For a header function over an array. */
struct mcpsess_http_pairs {
	const struct mcpsess_http_pair *pairs;
	size_t count;
};

/** A header function over pairs; user_data is a struct mcpsess_http_pairs *. */
MCPSESS_API int mcpsess_http_header_pairs(
	void *user_data, const char *name, struct mcpsess_bytes *value);

/** Begin; as mcpsess_rpc_begin(). *out is never NULL when the verdict is not MCPSESS_REPLY. */
MCPSESS_API enum mcpsess_verdict mcpsess_http_begin(struct mcpsess_http *http,
	const struct mcpsess_http_request *request, struct mcpsess_http_exchange **out);

/** The message to handle and finish while the verdict is MCPSESS_DISPATCH; else NULL. */
MCPSESS_API struct mcpsess_message *mcpsess_http_message(struct mcpsess_http_exchange *exchange);

/** Free it; at any time. NULL is fine. */
MCPSESS_API void mcpsess_http_end(struct mcpsess_http_exchange *exchange);

/* -- the answer, when the verdict is MCPSESS_REPLY ---------------------------------------------
 *
 * For a NULL exchange (no memory) it is 503 without headers and body.
 */

/** 200, 202, 204, 400, 401, ... */
MCPSESS_API int mcpsess_http_status(struct mcpsess_http_exchange *exchange);

/** The header at index, from 0; 0 beyond the last, else 1. Text without NUL or line breaks. */
MCPSESS_API int mcpsess_http_header(
	struct mcpsess_http_exchange *exchange, size_t index, struct mcpsess_http_pair *out);

/** The whole body; empty for 202 and 204. */
MCPSESS_API struct mcpsess_bytes mcpsess_http_body(struct mcpsess_http_exchange *exchange);

/**
 * The answer as text, for hosts that write to a socket: status line, headers, Content-Length and
 * body. Lives until the exchange ends. Without memory it is a bare 503, for a NULL exchange too.
 */
MCPSESS_API struct mcpsess_bytes mcpsess_http_text(struct mcpsess_http_exchange *exchange);

#ifdef __cplusplus
}
#endif

#endif
