#include "rpc/reply.h"

/* Room for all of a reply but its id and its result or error. */
enum { REPLY_FRAME = 64 };

static void reply_open(struct mcpsess_message *message, struct mcpsess_bytes id)
{
	struct mcpsess_buffer *reply = &message->reply;
	message->item_at = reply->len;
	if (message->is_batch) {
		mcpsess_buffer_char(reply, message->items_replied > 0 ? ',' : '[');
	}
	mcpsess_buffer_text(reply, "{\"jsonrpc\":\"2.0\"");
	/* JSON-RPC would have null for one that could not be read, which clients of MCP refuse. */
	if (id.len > 0) {
		mcpsess_buffer_text(reply, ",\"id\":");
		mcpsess_buffer_append(reply, id);
	}
	message->items_replied++;
}

void mcpsess_reply_result(struct mcpsess_message *message, struct mcpsess_bytes json)
{
	struct mcpsess_bytes id = message->item.id;
	if (message->item.kind != MCPSESS_REQUEST) {
		return;
	}
	if (json.len < SIZE_MAX / 2) {
		mcpsess_buffer_reserve(&message->reply, json.len + id.len + REPLY_FRAME);
	}
	reply_open(message, id);
	mcpsess_buffer_text(&message->reply, ",\"result\":");
	mcpsess_buffer_append(&message->reply, json);
	mcpsess_buffer_char(&message->reply, '}');
}

void mcpsess_reply_error(struct mcpsess_message *message, int code, struct mcpsess_bytes text,
	struct mcpsess_bytes data)
{
	struct mcpsess_buffer *reply = &message->reply;
	/* A response's id is the server's, and may be that of a request the client waits for. */
	int is_response = message->item.kind == MCPSESS_RESPONSE;
	reply_open(message, is_response ? mcpsess_mem(NULL, 0) : message->item.id);
	mcpsess_buffer_text(reply, ",\"error\":{\"code\":");
	mcpsess_buffer_int(reply, code);
	mcpsess_buffer_text(reply, ",\"message\":");
	mcpsess_json_quote(reply, text);
	if (data.len > 0) {
		mcpsess_buffer_text(reply, ",\"data\":");
		mcpsess_buffer_append(reply, data);
	}
	mcpsess_buffer_text(reply, "}}");
}

void mcpsess_reply_retract(struct mcpsess_message *message)
{
	if (message->item.kind == MCPSESS_REQUEST) {
		message->reply.len = message->item_at;
		message->items_replied--;
	}
}

struct failure {
	int status;
	enum mcpsess_refused cause;
	const char *text;
};

/* What a client is told says nothing of what is behind the server. */
static const struct failure failures[] = {
	{ MCPSESS_E_NOTFOUND, MCPSESS_REFUSED_UNKNOWN, "Session not found" },
	{ MCPSESS_E_EXPIRED, MCPSESS_REFUSED_EXPIRED, "Session not found" },
	{ MCPSESS_E_REVOKED, MCPSESS_REFUSED_REVOKED, "Session not found" },
	{ MCPSESS_E_NOTOWNER, MCPSESS_REFUSED_NOTOWNER, "Session not found" },
	{ MCPSESS_E_LIMIT, MCPSESS_REFUSED_LIMIT, "Too many sessions, try again later" },
	{ MCPSESS_E_CONFLICT, MCPSESS_REFUSED_STORE, "The session is busy, try again later" },
	{ MCPSESS_E_UNAVAILABLE, MCPSESS_REFUSED_STORE,
		"Sessions are unavailable, try again later" },
	{ MCPSESS_E_UNKNOWN, MCPSESS_REFUSED_STORE, "The outcome is unknown" },
	{ MCPSESS_E_NOMEM, MCPSESS_REFUSED_STORE, "Out of memory, try again later" },
	{ MCPSESS_E_TOOBIG, MCPSESS_REFUSED_TOOBIG, "The session is full" },
	{ MCPSESS_E_INVALID, MCPSESS_REFUSED_STORE, "Internal error" },
};

static const struct failure *failure_of(int status)
{
	static const struct failure other = { 0, MCPSESS_REFUSED_STORE, "Internal error" };
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if (failures[i].status == status) {
			return &failures[i];
		}
	}
	return &other;
}

static int is_absent(int status)
{
	return status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_EXPIRED ||
	       status == MCPSESS_E_REVOKED || status == MCPSESS_E_NOTOWNER;
}

/* What the store had to say to it, where that is more than what the status means. */
static void log_failure(
	const struct mcpsess_message *message, int status, const struct failure *failure)
{
	const char *meaning = mcpsess_strerror(status), *why = message->session.call.error.text;
	int says_more = why[0] != '\0' && strcmp(why, meaning) != 0;
	mcpsess_log(&message->rpc->env,
		failure->cause == MCPSESS_REFUSED_STORE ? MCPSESS_LOG_WARN : MCPSESS_LOG_INFO,
		"message refused: %s: session %s%s%s", meaning, message->session.short_id,
		says_more ? ": " : "", says_more ? why : "");
}

static void fail_item(struct mcpsess_message *message, int status, const struct failure *failure)
{
	int code = is_absent(status) || status == MCPSESS_E_TOOBIG ? MCPSESS_RPC_INVALID_REQUEST
								   : MCPSESS_RPC_INTERNAL_ERROR;
	mcpsess_rpc_count_refused(message->rpc, failure->cause);
	log_failure(message, status, failure);
	/* For somebody else it goes on. */
	if (is_absent(status) && status != MCPSESS_E_NOTOWNER) {
		mcpsess_locals_drop(&message->rpc->locals, &message->session.key);
		mcpsess_running_end(&message->rpc->running, &message->session.key);
	}
	mcpsess_reply_error(message, code, mcpsess_str(failure->text), mcpsess_mem(NULL, 0));
}

void mcpsess_reply_failure(struct mcpsess_message *message, int status)
{
	fail_item(message, status, failure_of(status));
}

int mcpsess_refuse(struct mcpsess_message *message, int status)
{
	message->status = status;
	message->is_batch = 0;
	fail_item(message, status, failure_of(status));
	return MCPSESS_REPLY;
}

int mcpsess_refuse_with(struct mcpsess_message *message, int status, enum mcpsess_refused cause,
	int code, const char *text)
{
	message->status = status;
	mcpsess_rpc_count_refused(message->rpc, cause);
	mcpsess_log(&message->rpc->env, MCPSESS_LOG_INFO, "message refused: %s", text);
	mcpsess_reply_error(message, code, mcpsess_str(text), mcpsess_mem(NULL, 0));
	return MCPSESS_REPLY;
}
