/* From how a message fared to a status, headers and a body. */
#include <mcpsess/error.h>

#include "http/http.h"

static const char allow[] = "POST, DELETE, OPTIONS";

struct meaning {
	int status;
	int http;
	int retry; /* worth coming again soon */
};

/* The four of 404 look the same to a client: what it may not have does not exist. */
static const struct meaning meanings[] = {
	{ MCPSESS_E_INVALID, 400, 0 },
	{ MCPSESS_E_NOMEM, 503, 1 },
	{ MCPSESS_E_NOTFOUND, 404, 0 },
	{ MCPSESS_E_EXPIRED, 404, 0 },
	{ MCPSESS_E_REVOKED, 404, 0 },
	{ MCPSESS_E_NOTOWNER, 404, 0 },
	{ MCPSESS_E_CONFLICT, 503, 1 },
	{ MCPSESS_E_LIMIT, 503, 1 },
	{ MCPSESS_E_UNAVAILABLE, 503, 1 },
	{ MCPSESS_E_UNKNOWN, 503, 0 },
	{ MCPSESS_E_TOOBIG, 413, 0 },
	{ MCPSESS_E_UNSUPPORTED, 501, 0 },
};

static const struct meaning *meaning_of(const struct mcpsess_message *message)
{
	static const struct meaning missing = { 0, 400, 0 }, broken = { 0, 500, 0 };
	int status = mcpsess_message_status(message);
	if (mcpsess_message_lacks_session(message)) {
		return &missing;
	}
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].status == status) {
			return &meanings[i];
		}
	}
	return &broken;
}

static void set_status(struct mcpsess_http_exchange *exchange, int status, int retry)
{
	exchange->status = status;
	if (retry) {
		mcpsess_http_add_text(exchange, "Retry-After", exchange->http->retry_after);
	}
	if (status == 405 || status == 204) {
		mcpsess_http_add_text(exchange, "Allow", allow);
	}
}

static void set_json(struct mcpsess_http_exchange *exchange, struct mcpsess_bytes body)
{
	exchange->body = body;
	if (body.len > 0) {
		mcpsess_http_add_text(exchange, "Content-Type", "application/json");
	}
	mcpsess_http_add_text(exchange, "Cache-Control", "no-store");
}

static void set_refusal(
	struct mcpsess_http_exchange *exchange, const struct mcpsess_http_refusal *refusal)
{
	int bare = exchange->verb == MCPSESS_HTTP_HEAD;
	exchange->sse = 0;
	set_status(exchange, refusal->status, refusal->status == 503);
	if (refusal == &mcpsess_http_unknown) {
		mcpsess_http_add_text(exchange, "WWW-Authenticate", exchange->challenge);
	}
	set_json(exchange, mcpsess_str(bare ? NULL : refusal->body));
}

static void set_result(struct mcpsess_http_exchange *exchange)
{
	struct mcpsess_bytes reply = mcpsess_message_reply(exchange->message);
	set_status(exchange, reply.len > 0 || exchange->verb == MCPSESS_HTTP_DELETE ? 200 : 202, 0);
	mcpsess_http_add(exchange, "Mcp-Session-Id", mcpsess_message_session_id(exchange->message));
	if (exchange->sse && reply.len > 0) {
		mcpsess_http_add_text(exchange, "Content-Type", "text/event-stream");
		mcpsess_http_add_text(exchange, "Cache-Control", "no-cache");
		mcpsess_http_add_text(exchange, "X-Accel-Buffering", "no");
		exchange->body = reply;
	} else {
		exchange->sse = 0;
		set_json(exchange, reply);
	}
}

static void set_failure(struct mcpsess_http_exchange *exchange)
{
	const struct meaning *meaning = meaning_of(exchange->message);
	struct mcpsess_bytes reply = mcpsess_message_reply(exchange->message);
	if (reply.len == 0 && meaning->status == MCPSESS_E_NOMEM) {
		set_refusal(exchange, &mcpsess_http_no_memory);
		return;
	}
	exchange->sse = 0;
	set_status(exchange, meaning->http, meaning->retry);
	set_json(exchange, reply);
}

static void set_outcome(struct mcpsess_http_exchange *exchange)
{
	if (mcpsess_message_status(exchange->message) != MCPSESS_OK) {
		set_failure(exchange);
	} else if (exchange->verb == MCPSESS_HTTP_GET) {
		mcpsess_http_note(exchange->http, &mcpsess_http_not_offered);
		set_refusal(exchange, &mcpsess_http_not_offered);
	} else {
		set_result(exchange);
	}
}

void mcpsess_http_settle(struct mcpsess_http_exchange *exchange)
{
	if (exchange->settled) {
		return;
	}
	exchange->settled = 1;
	if (exchange->refusal != NULL) {
		set_refusal(exchange, exchange->refusal);
	} else if (exchange->verb == MCPSESS_HTTP_OPTIONS) {
		set_status(exchange, 204, 0);
	} else {
		set_outcome(exchange);
	}
	mcpsess_http_add_cors(exchange);
	if (exchange->sse && !mcpsess_http_render(exchange)) {
		exchange->header_count = 0;
		set_refusal(exchange, &mcpsess_http_no_memory);
		mcpsess_http_add_cors(exchange);
	}
}

int mcpsess_http_status(struct mcpsess_http_exchange *exchange)
{
	if (exchange == NULL) {
		return 503;
	}
	mcpsess_http_settle(exchange);
	return exchange->status;
}

int mcpsess_http_header(
	struct mcpsess_http_exchange *exchange, size_t index, struct mcpsess_http_pair *out)
{
	if (exchange == NULL) {
		return 0;
	}
	mcpsess_http_settle(exchange);
	if (index >= exchange->header_count) {
		return 0;
	}
	*out = exchange->headers[index];
	return 1;
}

struct mcpsess_bytes mcpsess_http_body(struct mcpsess_http_exchange *exchange)
{
	if (exchange == NULL) {
		return mcpsess_mem(NULL, 0);
	}
	mcpsess_http_settle(exchange);
	return exchange->body;
}

struct mcpsess_bytes mcpsess_http_text(struct mcpsess_http_exchange *exchange)
{
	static const char bare[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
	if (exchange == NULL) {
		return mcpsess_str(bare);
	}
	mcpsess_http_settle(exchange);
	if (exchange->text.len == 0 && !mcpsess_http_render(exchange)) {
		return mcpsess_str(bare);
	}
	return mcpsess_buffer_bytes(&exchange->text);
}
