/* The era of the initialize handshake: the methods that are about the session itself. */
#include "rpc/era.h"

#include "rpc/message.h"
#include "rpc/reply.h"

static const char empty_result[] = "{}";

static int answer_empty(struct mcpsess_message *message)
{
	return mcpsess_message_answer(message, mcpsess_str(empty_result));
}

static int bad_params(struct mcpsess_message *message, const char *text)
{
	mcpsess_reply_error(
		message, MCPSESS_RPC_INVALID_PARAMS, mcpsess_str(text), mcpsess_mem(NULL, 0));
	return MCPSESS_STEP_NEXT;
}

static int refuse(struct mcpsess_message *message, int code, const char *text)
{
	if (message->is_batch) {
		mcpsess_refuse_with(message, MCPSESS_OK, MCPSESS_REFUSED_MALFORMED, code, text);
		return MCPSESS_STEP_NEXT;
	}
	return mcpsess_refuse_with(
		message, MCPSESS_E_INVALID, MCPSESS_REFUSED_MALFORMED, code, text);
}

/* -- initialize: Lifecycle, all four revisions ---------------------------------------------------
 */

/* What is absent or null counts as an empty object; clients send both. */
static int object_of(struct mcpsess_bytes params, const char *name, struct mcpsess_bytes *out)
{
	struct mcpsess_bytes value = mcpsess_json_member(params, mcpsess_str(name));
	enum mcpsess_json_type type = mcpsess_json_type(value);
	*out = type == MCPSESS_JSON_OBJECT ? value : mcpsess_str("{}");
	return type == MCPSESS_JSON_OBJECT || type == MCPSESS_JSON_NULL ||
	       type == MCPSESS_JSON_NONE;
}

static struct mcpsess_bytes negotiate(
	const struct mcpsess_message *message, struct mcpsess_bytes wanted)
{
	struct mcpsess_rpc *rpc = message->rpc;
	return mcpsess_rpc_speaks(rpc, wanted) ? wanted : mcpsess_str(rpc->newest_version);
}

static int begin_session(struct mcpsess_message *message, struct mcpsess_bytes version,
	struct mcpsess_bytes info, struct mcpsess_bytes capabilities)
{
	int status = mcpsess_session_begin(&message->session, message->tenant, message->principal,
		version, MCP_SESSION_STORE_INITIALIZING);
	if (status == MCPSESS_OK) {
		status = mcpsess_session_set_client(&message->session, info, capabilities);
	}
	if (status != MCPSESS_OK) {
		return mcpsess_message_fail(message, status);
	}
	message->has_session = 1;
	struct mcpsess_buffer result;
	mcpsess_buffer_init(&result, &message->rpc->env);
	mcpsess_buffer_text(&result, "{\"protocolVersion\":\"");
	mcpsess_buffer_append(&result, version);
	mcpsess_buffer_char(&result, '"');
	mcpsess_buffer_text(&result, message->rpc->initialize_tail);
	int next = result.failed ? mcpsess_message_fail(message, MCPSESS_E_NOMEM)
				 : mcpsess_message_answer(message, mcpsess_buffer_bytes(&result));
	mcpsess_buffer_free(&result);
	return next;
}

static int serve_initialize(struct mcpsess_message *message)
{
	struct mcpsess_bytes params = message->item.params, info, capabilities;
	struct mcpsess_bytes wanted = mcpsess_json_member(params, mcpsess_str("protocolVersion"));
	if (message->is_batch) {
		return refuse(message, MCPSESS_RPC_INVALID_REQUEST,
			"Invalid Request: initialize inside a batch");
	}
	if (message->has_session) {
		return refuse(message, MCPSESS_RPC_INVALID_REQUEST,
			"Invalid Request: the session is initialized already");
	}
	if (mcpsess_json_type(wanted) != MCPSESS_JSON_STRING) {
		return refuse(message, MCPSESS_RPC_INVALID_PARAMS,
			"Invalid params: protocolVersion is not a string");
	}
	if (!object_of(params, "clientInfo", &info) ||
		!object_of(params, "capabilities", &capabilities)) {
		return refuse(message, MCPSESS_RPC_INVALID_PARAMS,
			"Invalid params: clientInfo and capabilities are objects");
	}
	struct mcpsess_bytes version = mcpsess_json_string(wanted, &message->item.name_text);
	return begin_session(message, negotiate(message, version), info, capabilities);
}

/* -- the others -----------------------------------------------------------------------------------
 */

static int serve_ping(struct mcpsess_message *message)
{
	mcpsess_reply_result(message, mcpsess_str(empty_result));
	return MCPSESS_STEP_NEXT;
}

/* Before, twice or never: a client that talks is a client that is there. */
static int serve_initialized(struct mcpsess_message *message)
{
	int status = MCPSESS_OK;
	if (message->has_session && !mcpsess_session_active(&message->session)) {
		status = mcpsess_session_activate(&message->session);
	}
	return status == MCPSESS_OK ? answer_empty(message) : mcpsess_message_fail(message, status);
}

static void tell_host(void *user_data, struct mcpsess_running_call *call)
{
	struct mcpsess_rpc *rpc = user_data;
	if (rpc->options.cancelled != NULL) {
		char *at = (char *)call - offsetof(struct mcpsess_message, call);
		rpc->options.cancelled(
			rpc->options.user_data, (struct mcpsess_message *)(void *)at);
	}
}

/* Unknown, finished or malformed: ignored quietly (Cancellation, all revisions). */
static int serve_cancelled(struct mcpsess_message *message)
{
	struct mcpsess_rpc *rpc = message->rpc;
	struct mcpsess_bytes id =
		mcpsess_json_member(message->item.params, mcpsess_str("requestId"));
	if (message->has_session && id.len > 0) {
		mcpsess_running_cancel(&rpc->running, &message->session.key, id, tell_host, rpc);
	}
	return MCPSESS_STEP_NEXT;
}

/* RFC 5424 severities, as the Logging page lists them. */
static int is_log_level(struct mcpsess_bytes level)
{
	static const char *const levels[] = { "debug", "info", "notice", "warning", "error",
		"critical", "alert", "emergency" };
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (mcpsess_bytes_equal(level, mcpsess_str(levels[i]))) {
			return 1;
		}
	}
	return 0;
}

static int serve_set_level(struct mcpsess_message *message)
{
	struct mcpsess_bytes value =
		mcpsess_json_member(message->item.params, mcpsess_str("level"));
	struct mcpsess_bytes level = mcpsess_json_string(value, &message->item.name_text);
	if (!is_log_level(level)) {
		return bad_params(message, "Invalid params: unknown log level");
	}
	if (message->has_session) {
		int status = mcpsess_session_set_log_level(&message->session, level);
		if (status != MCPSESS_OK) {
			return mcpsess_message_fail(message, status);
		}
	}
	return answer_empty(message);
}

/* What every host would have to check (Tools, Calling Tools); what a tool takes is its own. */
static int serve_call(struct mcpsess_message *message)
{
	const struct mcpsess_envelope *item = &message->item;
	enum mcpsess_json_type type = mcpsess_json_type(item->arguments.within);
	if (item->name.data == NULL) {
		return bad_params(message, "Invalid params: name is missing or not a string");
	}
	if (type != MCPSESS_JSON_OBJECT && type != MCPSESS_JSON_NULL && type != MCPSESS_JSON_NONE) {
		return bad_params(message, "Invalid params: arguments is not an object");
	}
	return mcpsess_message_dispatch(message);
}

struct own_method {
	const char *name;
	enum mcpsess_kind kind;
	int (*serve)(struct mcpsess_message *message);
};

static const struct own_method own_methods[] = {
	{ "tools/call", MCPSESS_REQUEST, serve_call },
	{ "ping", MCPSESS_REQUEST, serve_ping },
	{ "initialize", MCPSESS_REQUEST, serve_initialize },
	{ "notifications/initialized", MCPSESS_NOTIFICATION, serve_initialized },
	{ "notifications/cancelled", MCPSESS_NOTIFICATION, serve_cancelled },
	{ "logging/setLevel", MCPSESS_REQUEST, serve_set_level },
};

static int is_served(const struct mcpsess_message *message, const struct own_method *method)
{
	return method->serve != serve_set_level || message->rpc->has_logging;
}

static int legacy_serve(struct mcpsess_message *message)
{
	for (size_t i = 0; i < sizeof(own_methods) / sizeof(own_methods[0]); i++) {
		const struct own_method *own = &own_methods[i];
		if (message->item.kind == own->kind && is_served(message, own) &&
			mcpsess_bytes_equal(message->item.method, mcpsess_str(own->name))) {
			return own->serve(message);
		}
	}
	return mcpsess_message_dispatch(message);
}

/* A subscription the host has granted is the session's state: resources/subscribe, Resources. */
static int legacy_answered(struct mcpsess_message *message)
{
	struct mcpsess_envelope *item = &message->item;
	if (!message->has_session || !message->rpc->has_subscriptions ||
		item->kind != MCPSESS_REQUEST) {
		return MCPSESS_OK;
	}
	struct mcpsess_bytes value = mcpsess_json_member(item->params, mcpsess_str("uri"));
	struct mcpsess_bytes uri = mcpsess_json_string(value, &item->name_text);
	if (mcpsess_bytes_equal(item->method, mcpsess_str("resources/subscribe"))) {
		return mcpsess_session_subscribe(&message->session, uri);
	}
	if (mcpsess_bytes_equal(item->method, mcpsess_str("resources/unsubscribe"))) {
		return mcpsess_session_unsubscribe(&message->session, uri);
	}
	return MCPSESS_OK;
}

const struct mcpsess_era mcpsess_era_legacy = {
	.name = "legacy",
	.serve = legacy_serve,
	.answered = legacy_answered,
};
