/* What a host sees of a dispatched item, and how it answers. */
#include "rpc/message.h"

#include "rpc/era.h"
#include "rpc/reply.h"

enum mcpsess_kind mcpsess_message_kind(const struct mcpsess_message *message)
{
	return message->item.kind;
}

struct mcpsess_bytes mcpsess_message_method(const struct mcpsess_message *message)
{
	return message->item.method;
}

struct mcpsess_bytes mcpsess_message_id(const struct mcpsess_message *message)
{
	return message->item.id;
}

struct mcpsess_bytes mcpsess_message_params(const struct mcpsess_message *message)
{
	return message->item.params;
}

struct mcpsess_bytes mcpsess_message_name(const struct mcpsess_message *message)
{
	return message->item.name;
}

struct mcpsess_bytes mcpsess_message_argument(struct mcpsess_message *message, const char *name)
{
	return mcpsess_envelope_argument(&message->item, mcpsess_str(name));
}

struct mcpsess_session *mcpsess_message_session(struct mcpsess_message *message)
{
	return message->has_session ? &message->session : NULL;
}

int mcpsess_message_cancelled(const struct mcpsess_message *message)
{
	return atomic_load(&message->call.cancelled);
}

void mcpsess_message_set_user(struct mcpsess_message *message, void *pointer)
{
	message->user = pointer;
}

void *mcpsess_message_user(const struct mcpsess_message *message)
{
	return message->user;
}

struct mcpsess_bytes mcpsess_message_reply(const struct mcpsess_message *message)
{
	return mcpsess_buffer_bytes(&message->reply);
}

int mcpsess_message_status(const struct mcpsess_message *message)
{
	return message->status;
}

int mcpsess_message_lacks_session(const struct mcpsess_message *message)
{
	return message->lacks_session;
}

struct mcpsess_bytes mcpsess_message_session_id(const struct mcpsess_message *message)
{
	if (!message->has_session || !message->session.exists || message->status != MCPSESS_OK ||
		atomic_load(&message->call.ended)) {
		return mcpsess_mem(NULL, 0);
	}
	return mcpsess_session_id(&message->session);
}

int mcpsess_message_dispatched(const struct mcpsess_message *message)
{
	return message->dispatched;
}

int mcpsess_message_dispatch(struct mcpsess_message *message)
{
	message->dispatched = 1;
	atomic_store(&message->call.cancelled, 0);
	if (message->has_session && message->item.kind == MCPSESS_REQUEST) {
		message->call.key = message->session.key;
		message->call.owner = message->session.owner;
		message->call.id = message->item.id;
		message->call.touched_ms = mcpsess_now_ms(&message->rpc->env);
		mcpsess_running_add(&message->rpc->running, &message->call);
	}
	return MCPSESS_DISPATCH;
}

/* -- the answer ---------------------------------------------------------------------------------
 */

static void session_created(struct mcpsess_message *message)
{
	struct mcpsess_rpc *rpc = message->rpc;
	atomic_fetch_add_explicit(&rpc->counters.created, 1, memory_order_relaxed);
	mcpsess_log(&rpc->env, MCPSESS_LOG_INFO, "session %s begun", message->session.short_id);
}

int mcpsess_message_fail(struct mcpsess_message *message, int status)
{
	if (message->has_session) {
		mcpsess_session_revert(&message->session);
	}
	if (!message->is_batch) {
		return mcpsess_refuse(message, status);
	}
	if (message->item.kind == MCPSESS_REQUEST) {
		mcpsess_reply_failure(message, status);
	}
	return MCPSESS_STEP_NEXT;
}

static int changes_written(struct mcpsess_message *message, int status)
{
	if (status != MCPSESS_OK) {
		mcpsess_reply_retract(message);
		return mcpsess_message_fail(message, status);
	}
	if (message->creates) {
		message->creates = 0;
		session_created(message);
	}
	return MCPSESS_STEP_NEXT;
}

int mcpsess_message_answer(struct mcpsess_message *message, struct mcpsess_bytes json)
{
	struct mcpsess_session *session = &message->session;
	mcpsess_reply_result(message, json);
	if (!message->has_session || !mcpsess_session_changed(session)) {
		return MCPSESS_STEP_NEXT;
	}
	message->creates = !session->exists;
	return mcpsess_message_await(message, mcpsess_session_commit(session), changes_written);
}

/* Whether the host may answer now; it may once. */
static int take_back(struct mcpsess_message *message)
{
	int dispatched = message->dispatched;
	message->dispatched = 0;
	mcpsess_running_remove(&message->rpc->running, &message->call);
	return dispatched;
}

enum mcpsess_verdict mcpsess_message_result(
	struct mcpsess_message *message, struct mcpsess_bytes json)
{
	if (!take_back(message)) {
		return MCPSESS_REPLY;
	}
	int status = mcpsess_era_of(message)->answered(message);
	if (status != MCPSESS_OK) {
		return mcpsess_message_run(message, mcpsess_message_fail(message, status));
	}
	if (mcpsess_message_cancelled(message)) {
		/* The client has stopped waiting and wants no answer; what was done stays done. */
		message->item.kind = MCPSESS_NOTIFICATION;
	}
	return mcpsess_message_run(message, mcpsess_message_answer(message, json));
}

enum mcpsess_verdict mcpsess_message_error(
	struct mcpsess_message *message, int code, const char *text, struct mcpsess_bytes data)
{
	if (!take_back(message)) {
		return MCPSESS_REPLY;
	}
	if (message->has_session) {
		mcpsess_session_revert(&message->session);
	}
	if (message->item.kind == MCPSESS_REQUEST && !mcpsess_message_cancelled(message)) {
		mcpsess_reply_error(message, code, mcpsess_str(text), data);
	}
	return mcpsess_message_run(message, MCPSESS_STEP_NEXT);
}

enum mcpsess_verdict mcpsess_message_text(
	struct mcpsess_message *message, struct mcpsess_bytes text, int is_error)
{
	struct mcpsess_buffer json;
	mcpsess_buffer_init(&json, &message->rpc->env);
	mcpsess_buffer_text(&json, "{\"content\":[{\"type\":\"text\",\"text\":");
	mcpsess_json_quote(&json, text);
	mcpsess_buffer_text(&json, is_error ? "}],\"isError\":true}" : "}],\"isError\":false}");
	enum mcpsess_verdict verdict =
		json.failed ? mcpsess_message_error(message, MCPSESS_RPC_INTERNAL_ERROR,
				      "Out of memory", mcpsess_mem(NULL, 0))
			    : mcpsess_message_result(message, mcpsess_buffer_bytes(&json));
	mcpsess_buffer_free(&json);
	return verdict;
}
