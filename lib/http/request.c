#include "http/request.h"

#include "http/accept.h"
#include "http/http.h"
#include "http/origin.h"
#include "http/text.h"

#define REFUSAL(status, cause, text) \
	{ \
		status, cause, text, MCPSESS_HTTP_ERROR(-32600, text) \
	}

static const struct mcpsess_http_refusal
	bad_host = REFUSAL(403, MCPSESS_REFUSED_ORIGIN, "Host is not accepted"),
	bad_origin = REFUSAL(403, MCPSESS_REFUSED_ORIGIN, "Origin is not accepted"),
	repeated = REFUSAL(400, MCPSESS_REFUSED_MALFORMED, "A header came more than once"),
	too_big = REFUSAL(413, MCPSESS_REFUSED_TOOBIG, "The message is too big"),
	bad_type = REFUSAL(415, MCPSESS_REFUSED_MALFORMED, "Content-Type must be application/json"),
	bad_accept = REFUSAL(406, MCPSESS_REFUSED_MALFORMED,
		"Accept must allow application/json or text/event-stream"),
	bad_version = REFUSAL(400, MCPSESS_REFUSED_MALFORMED, "Unsupported MCP-Protocol-Version");

const struct mcpsess_http_refusal mcpsess_http_not_offered =
	REFUSAL(405, MCPSESS_REFUSED_METHOD, "Method not allowed");
const struct mcpsess_http_refusal mcpsess_http_unknown =
	REFUSAL(401, MCPSESS_REFUSED_UNAUTHORIZED, "Unauthorized");
static const struct mcpsess_http_refusal draining = { 503, MCPSESS_REFUSED_DRAINING, "draining",
	MCPSESS_HTTP_ERROR(-32603, "The server is shutting down, try again") };
const struct mcpsess_http_refusal mcpsess_http_no_memory = { 503, MCPSESS_REFUSED_STORE,
	"out of memory", MCPSESS_HTTP_ERROR(-32603, "Out of memory, try again later") };

static enum mcpsess_http_verb verb_of(struct mcpsess_bytes method)
{
	static const char *const names[] = { "POST", "GET", "DELETE", "OPTIONS", "HEAD" };
	int verb = 0;
	while (verb < MCPSESS_HTTP_OTHER &&
		!mcpsess_bytes_equal(method, mcpsess_str(names[verb]))) {
		verb++;
	}
	return (enum mcpsess_http_verb)verb;
}

void mcpsess_http_see(const struct mcpsess_http_request *request, struct mcpsess_http_seen *seen)
{
	static const char *const names[MCPSESS_HTTP_FIELD_COUNT] = { "host", "origin",
		"mcp-session-id", "mcp-protocol-version", "content-type", "accept" };
	memset(seen, 0, sizeof(*seen));
	seen->verb = verb_of(request->method);
	seen->unknown = request->challenge != NULL && seen->verb != MCPSESS_HTTP_OPTIONS;
	seen->draining = request->draining && seen->verb != MCPSESS_HTTP_OPTIONS;
	seen->body_len = request->too_big ? SIZE_MAX : request->body.len;
	for (size_t i = 0; i < MCPSESS_HTTP_FIELD_COUNT && request->header != NULL; i++) {
		struct mcpsess_http_field *field = &seen->fields[i];
		field->count = request->header(request->headers, names[i], &field->value);
		/* An empty session id is an unknown one, and must not pass for a missing one. */
		if (field->count <= 0) {
			*field = (struct mcpsess_http_field){ 0 };
		} else if (field->value.len == 0) {
			field->value = mcpsess_str("");
		} else {
			field->value = mcpsess_http_trim(field->value);
		}
	}
}

int mcpsess_http_is_page(const struct mcpsess_http *http, const struct mcpsess_http_seen *seen)
{
	const struct mcpsess_http_field *origin = &seen->fields[MCPSESS_HTTP_ORIGIN];
	return origin->count == 1 &&
	       mcpsess_http_origin_fits(http->origins, http->hosts, origin->value);
}

static int is_repeated(const struct mcpsess_http_seen *seen)
{
	for (size_t i = 0; i < MCPSESS_HTTP_FIELD_COUNT; i++) {
		if (i != MCPSESS_HTTP_ACCEPT && seen->fields[i].count > 1) {
			return 1;
		}
	}
	return 0;
}

static struct mcpsess_http_accept accept_of(const struct mcpsess_http_seen *seen)
{
	const struct mcpsess_http_field *field = &seen->fields[MCPSESS_HTTP_ACCEPT];
	struct mcpsess_http_accept accept = mcpsess_http_accept(field->value);
	/* Of several lines one is seen, and what it lacks may stand in another. */
	if (field->count > 1 && !accept.json && !accept.sse) {
		accept.json = accept.sse = 1;
	}
	return accept;
}

static const struct mcpsess_http_refusal *judge_post(
	const struct mcpsess_http *http, const struct mcpsess_http_seen *seen, int *sse)
{
	if (seen->body_len > mcpsess_rpc_max_message(http->rpc)) {
		return &too_big;
	}
	if (!mcpsess_http_is_json(seen->fields[MCPSESS_HTTP_TYPE].value)) {
		return &bad_type;
	}
	struct mcpsess_http_accept accept = accept_of(seen);
	if (!accept.json && !accept.sse) {
		return &bad_accept;
	}
	*sse = !accept.json || (http->prefer_sse && accept.sse_named);
	return NULL;
}

const struct mcpsess_http_refusal *mcpsess_http_judge(
	const struct mcpsess_http *http, const struct mcpsess_http_seen *seen, int *sse)
{
	const struct mcpsess_http_field *fields = seen->fields;
	const struct mcpsess_bytes version = fields[MCPSESS_HTTP_VERSION].value;
	if (!mcpsess_http_host_fits(http->hosts, fields[MCPSESS_HTTP_HOST].value)) {
		return &bad_host;
	}
	if (fields[MCPSESS_HTTP_ORIGIN].count > 0 &&
		!mcpsess_http_origin_fits(
			http->origins, http->hosts, fields[MCPSESS_HTTP_ORIGIN].value)) {
		return &bad_origin;
	}
	if (seen->unknown) {
		return &mcpsess_http_unknown;
	}
	if (seen->draining) {
		return &draining;
	}
	if (seen->verb == MCPSESS_HTTP_HEAD || seen->verb == MCPSESS_HTTP_OTHER) {
		return &mcpsess_http_not_offered;
	}
	if (is_repeated(seen)) {
		return &repeated;
	}
	if (seen->verb == MCPSESS_HTTP_OPTIONS) {
		return NULL;
	}
	const struct mcpsess_http_refusal *refusal =
		seen->verb == MCPSESS_HTTP_POST ? judge_post(http, seen, sse) : NULL;
	if (refusal != NULL) {
		return refusal;
	}
	if (version.data != NULL && !mcpsess_rpc_speaks(http->rpc, version)) {
		return &bad_version;
	}
	/* Whatever it accepts: there are no streams yet. */
	if (seen->verb == MCPSESS_HTTP_GET && fields[MCPSESS_HTTP_SESSION].count == 0) {
		return &mcpsess_http_not_offered;
	}
	return NULL;
}
