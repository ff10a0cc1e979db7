/* The life of a message: checked, its session loaded, its items served one by one. */
#include "rpc/message.h"

#include "rpc/era.h"
#include "rpc/policy.h"
#include "rpc/reply.h"
#include "rpc/versions.h"

enum { WORD_MAX = 65 };

static int next_item(struct mcpsess_message *message);

enum mcpsess_verdict mcpsess_message_run(struct mcpsess_message *message, int next)
{
	while (next == MCPSESS_STEP_NEXT) {
		next = next_item(message);
	}
	if (next == MCPSESS_REPLY && message->reply.failed) {
		mcpsess_buffer_free(&message->reply);
		message->status = MCPSESS_E_NOMEM;
	}
	return (enum mcpsess_verdict)next;
}

/* The store has answered, from its dispatch. */
static void store_answered(struct mcpsess_session *session, int status)
{
	struct mcpsess_message *message = session->user_data;
	enum mcpsess_verdict verdict = mcpsess_message_run(message, message->step(message, status));
	if (verdict != MCPSESS_WAIT) {
		message->ready(message->ready_data, message, verdict);
	}
}

int mcpsess_message_await(struct mcpsess_message *message, int status, mcpsess_message_step *step)
{
	if (status == MCPSESS_PENDING) {
		message->step = step;
		return MCPSESS_WAIT;
	}
	return step(message, status);
}

/* -- a session for it ------------------------------------------------------------------------ */

/* Of a batch none before its turn comes: whether it will be served is not known yet. */
static int counts(const struct mcpsess_message *message)
{
	return !message->rpc->options.no_counting && message->item.kind == MCPSESS_REQUEST &&
	       mcpsess_bytes_equal(message->item.method, mcpsess_str("tools/call"));
}

static uint32_t fetch_flags(const struct mcpsess_message *message)
{
	uint32_t flags = message->intent == MCPSESS_INTENT_END ? 0 : MCP_SESSION_STORE_TOUCH;
	return flags | (counts(message) ? MCP_SESSION_STORE_COUNT : 0);
}

static int session_removed(struct mcpsess_message *message, int status)
{
	if (status != MCPSESS_OK) {
		return mcpsess_refuse(message, status);
	}
	struct mcpsess_rpc *rpc = message->rpc;
	atomic_fetch_add_explicit(&rpc->counters.deleted, 1, memory_order_relaxed);
	mcpsess_log(&rpc->env, MCPSESS_LOG_INFO, "session %s ended by its client",
		message->session.short_id);
	message->has_session = 0;
	return MCPSESS_REPLY;
}

static int session_loaded(struct mcpsess_message *message, int status)
{
	if (status != MCPSESS_OK) {
		return mcpsess_refuse(message, status);
	}
	message->has_session = 1;
	if (message->intent == MCPSESS_INTENT_END) {
		return mcpsess_message_await(
			message, mcpsess_session_remove(&message->session), session_removed);
	}
	if (message->intent == MCPSESS_INTENT_LISTEN) {
		return MCPSESS_REPLY;
	}
	return MCPSESS_STEP_NEXT;
}

static int load_session(struct mcpsess_message *message, struct mcpsess_bytes id)
{
	int status = mcpsess_session_fetch(
		&message->session, message->tenant, message->principal, id, fetch_flags(message));
	return mcpsess_message_await(message, status, session_loaded);
}

static int refuse_missing(struct mcpsess_message *message)
{
	message->lacks_session = 1;
	message->is_batch = 0;
	return mcpsess_refuse_with(message, MCPSESS_E_INVALID, MCPSESS_REFUSED_MISSING,
		MCPSESS_RPC_INVALID_REQUEST, "Invalid Request: no session, initialize first");
}

static int begin_lazy(struct mcpsess_message *message)
{
	struct mcpsess_bytes version = message->version_header.data != NULL
					       ? message->version_header
					       : mcpsess_str(MCPSESS_VERSION_ASSUMED);
	int status = mcpsess_session_begin(&message->session, message->tenant, message->principal,
		version, MCP_SESSION_STORE_ACTIVE);
	if (status != MCPSESS_OK) {
		return mcpsess_refuse(message, status);
	}
	mcpsess_session_count_first(&message->session, counts(message));
	message->has_session = 1;
	return MCPSESS_STEP_NEXT;
}

/* As without_session() decides of a single message. */
static enum mcpsess_policy item_policy(struct mcpsess_message *message, struct mcpsess_bytes text)
{
	struct mcpsess_envelope *item = &message->item;
	struct mcpsess_bytes params = mcpsess_json_member(text, mcpsess_str("params"));
	struct mcpsess_bytes name = mcpsess_json_member(params, mcpsess_str("name"));
	struct mcpsess_bytes method = mcpsess_json_member(text, mcpsess_str("method"));
	struct mcpsess_bytes id = mcpsess_json_member(text, mcpsess_str("id"));
	if (method.len == 0 && (mcpsess_json_member(text, mcpsess_str("result")).len > 0 ||
				       mcpsess_json_member(text, mcpsess_str("error")).len > 0)) {
		return MCPSESS_SESSION_REQUIRED;
	}
	mcpsess_buffer_reset(&item->method_text);
	mcpsess_buffer_reset(&item->name_text);
	enum mcpsess_policy policy = mcpsess_policy_for(&message->rpc->options,
		mcpsess_json_string(method, &item->method_text),
		mcpsess_json_string(name, &item->name_text));
	return policy == MCPSESS_SESSION_LAZY && id.len == 0 ? MCPSESS_SESSION_OPTIONAL : policy;
}

/* A batch meets the strictest policy of its messages; it is read ahead for that. */
static enum mcpsess_policy batch_policy(struct mcpsess_message *message)
{
	struct mcpsess_json_walk walk = message->batch;
	enum mcpsess_policy policy = MCPSESS_SESSION_OPTIONAL;
	while (policy != MCPSESS_SESSION_REQUIRED && mcpsess_json_next(&walk)) {
		enum mcpsess_policy one = item_policy(message, walk.value);
		policy = one != MCPSESS_SESSION_OPTIONAL ? one : policy;
	}
	return policy;
}

static int without_session(struct mcpsess_message *message)
{
	struct mcpsess_envelope *item = &message->item;
	enum mcpsess_policy policy;
	if (message->is_batch) {
		policy = batch_policy(message);
	} else if (item->kind == MCPSESS_RESPONSE) {
		policy = MCPSESS_SESSION_REQUIRED;
	} else {
		policy = mcpsess_policy_for(&message->rpc->options, item->method, item->name);
	}
	if (policy == MCPSESS_SESSION_REQUIRED) {
		return refuse_missing(message);
	}
	if (policy == MCPSESS_SESSION_LAZY &&
		(message->is_batch || item->kind == MCPSESS_REQUEST)) {
		return begin_lazy(message);
	}
	return MCPSESS_STEP_NEXT;
}

/* -- its items --------------------------------------------------------------------------------- */

static int refuse_item(struct mcpsess_message *message, int status, int code, const char *why)
{
	enum mcpsess_refused cause =
		status == MCPSESS_E_TOOBIG ? MCPSESS_REFUSED_TOOBIG : MCPSESS_REFUSED_MALFORMED;
	if (!message->is_batch) {
		/* Nested too deep is a malformed message to its sender, not one too long. */
		status = status == MCPSESS_E_TOOBIG ? MCPSESS_E_INVALID : status;
		return mcpsess_refuse_with(message, status, cause, code, why);
	}
	mcpsess_refuse_with(message, MCPSESS_OK, cause, code, why);
	return MCPSESS_STEP_NEXT;
}

static int read_item(struct mcpsess_message *message, struct mcpsess_bytes text)
{
	int code;
	const char *why;
	int status = mcpsess_envelope_read(
		&message->item, text, message->rpc->options.max_depth, &code, &why);
	return status == MCPSESS_OK ? MCPSESS_STEP_SERVE : refuse_item(message, status, code, why);
}

static int batch_is_spoken(const struct mcpsess_message *message)
{
	struct mcpsess_bytes version = mcpsess_str(MCPSESS_VERSION_ASSUMED);
	if (message->has_session) {
		version = mcpsess_session_version(&message->session);
	} else if (message->version_header.data != NULL) {
		version = message->version_header;
	}
	return mcpsess_bytes_equal(version, mcpsess_str(MCPSESS_VERSION_BATCHES));
}

static int batch_is_over(struct mcpsess_message *message)
{
	if (message->items_replied > 0) {
		mcpsess_buffer_char(&message->reply, ']');
	}
	return MCPSESS_REPLY;
}

static int refuse_batch(struct mcpsess_message *message, int code, const char *why)
{
	message->is_batch = 0;
	return mcpsess_refuse_with(
		message, MCPSESS_E_INVALID, MCPSESS_REFUSED_MALFORMED, code, why);
}

/* A client's word in a line for people: what it is cannot be mistaken for a line of ours. */
static const char *printable(struct mcpsess_bytes text, char out[WORD_MAX])
{
	const unsigned char *at = text.data;
	size_t len = text.len < WORD_MAX - 1 ? text.len : WORD_MAX - 1;
	for (size_t i = 0; i < len; i++) {
		out[i] = (char)(at[i] > 0x20 && at[i] < 0x7f ? at[i] : '?');
	}
	out[len] = '\0';
	return out;
}

static int serve(struct mcpsess_message *message)
{
	static const char *const kinds[] = { "request", "notification", "response" };
	const struct mcpsess_envelope *item = &message->item;
	char method[WORD_MAX], name[WORD_MAX];
	if (mcpsess_log_wanted(&message->rpc->env, MCPSESS_LOG_DEBUG)) {
		mcpsess_log(&message->rpc->env, MCPSESS_LOG_DEBUG, "session %s: %s %s %s",
			message->has_session ? message->session.short_id : "-", kinds[item->kind],
			printable(item->method, method), printable(item->name, name));
	}
	return mcpsess_era_of(message)->serve(message);
}

static int item_counted(struct mcpsess_message *message, int status)
{
	return status == MCPSESS_OK ? serve(message) : mcpsess_message_fail(message, status);
}

/* Of a batch one by one: the get that fetched its session could have counted one only. */
static int count_item(struct mcpsess_message *message)
{
	struct mcpsess_session *session = &message->session;
	if (message->has_session && !session->exists) {
		mcpsess_session_count_first(session, counts(message));
	} else if (message->has_session && counts(message)) {
		return mcpsess_message_await(
			message, mcpsess_session_count_next(session), item_counted);
	}
	return serve(message);
}

/* An item of a batch may find out that the session has ended; the host need not do the rest. */
static int serve_next(struct mcpsess_message *message)
{
	int ended = message->session.ended;
	if (ended == 0 && atomic_load(&message->call.ended)) {
		ended = MCPSESS_E_REVOKED;
	}
	return ended == 0 ? count_item(message) : mcpsess_message_fail(message, ended);
}

static int next_item(struct mcpsess_message *message)
{
	message->dispatched = 0;
	if (!message->is_batch) {
		/* A single message is read before its session is asked for; the second time it is
		 * over. */
		if (message->items_served++ > 0) {
			return MCPSESS_REPLY;
		}
		return serve(message);
	}
	if (message->items_served == 0 && !batch_is_spoken(message)) {
		return refuse_batch(message, MCPSESS_RPC_INVALID_REQUEST,
			"Invalid Request: batches are of 2025-03-26 only");
	}
	if (!mcpsess_json_next(&message->batch)) {
		return batch_is_over(message);
	}
	message->items_served++;
	int step = read_item(message, message->batch.value);
	return step == MCPSESS_STEP_SERVE ? serve_next(message) : step;
}

/* -- beginning ----------------------------------------------------------------------------------
 */

/* One more than the limit, however many more there are. */
static size_t batch_len(const struct mcpsess_message *message)
{
	struct mcpsess_json_walk walk = message->batch;
	size_t len = 0;
	while (len <= message->rpc->options.max_batch && mcpsess_json_next(&walk)) {
		len++;
	}
	return len;
}

/* What is wrong with it as a whole is found before the first of its messages is served. */
static int read_batch(struct mcpsess_message *message)
{
	const struct mcpsess_rpc_options *options = &message->rpc->options;
	struct mcpsess_bytes array;
	int status = mcpsess_json_check(message->body, options->max_depth + 1, &array);
	if (status == MCPSESS_E_TOOBIG) {
		return refuse_batch(
			message, MCPSESS_RPC_INVALID_REQUEST, "Invalid Request: nested too deep");
	}
	if (status != MCPSESS_OK) {
		return refuse_batch(message, MCPSESS_RPC_PARSE_ERROR, "Parse error");
	}
	message->batch = (struct mcpsess_json_walk){ .within = array };
	size_t len = batch_len(message);
	if (len == 0 || len > options->max_batch) {
		return refuse_batch(message, MCPSESS_RPC_INVALID_REQUEST,
			len == 0 ? "Invalid Request: an empty batch"
				 : "Invalid Request: too many messages in the batch");
	}
	message->is_batch = 1;
	return MCPSESS_STEP_SERVE;
}

static int starts_an_array(struct mcpsess_bytes body)
{
	const char *text = body.data;
	size_t at = 0;
	while (at < body.len && strchr(" \t\r\n", text[at]) != NULL && text[at] != '\0') {
		at++;
	}
	return at < body.len && text[at] == '[';
}

static int read_body(struct mcpsess_message *message)
{
	if (message->body.len > message->rpc->options.max_message) {
		return mcpsess_refuse_with(message, MCPSESS_E_TOOBIG, MCPSESS_REFUSED_TOOBIG,
			MCPSESS_RPC_INVALID_REQUEST, "Invalid Request: message too long");
	}
	if (starts_an_array(message->body)) {
		return read_batch(message);
	}
	return read_item(message, message->body);
}

static int is_initialize(const struct mcpsess_message *message)
{
	return !message->is_batch && message->item.kind == MCPSESS_REQUEST &&
	       mcpsess_bytes_equal(message->item.method, mcpsess_str("initialize"));
}

static int begin(struct mcpsess_message *message, const struct mcpsess_input *input)
{
	if (message->intent == MCPSESS_INTENT_MESSAGE) {
		int step = read_body(message);
		if (step != MCPSESS_STEP_SERVE) {
			return step;
		}
	}
	if (input->version.data != NULL && !mcpsess_rpc_speaks(message->rpc, input->version)) {
		message->is_batch = 0;
		return mcpsess_refuse_with(message, MCPSESS_E_INVALID, MCPSESS_REFUSED_MALFORMED,
			MCPSESS_RPC_INVALID_REQUEST,
			"Invalid Request: unsupported protocol version");
	}
	if (input->session_id.data != NULL) {
		return load_session(message, input->session_id);
	}
	if (message->intent != MCPSESS_INTENT_MESSAGE) {
		return refuse_missing(message);
	}
	return is_initialize(message) ? MCPSESS_STEP_NEXT : without_session(message);
}

static struct mcpsess_message *message_new(
	struct mcpsess_rpc *rpc, const struct mcpsess_input *input)
{
	struct mcpsess_message *message = mcpsess_alloc(&rpc->env, sizeof(*message));
	if (message == NULL) {
		return NULL;
	}
	message->rpc = rpc;
	message->intent = input->intent;
	message->tenant = input->tenant;
	message->principal = input->principal;
	message->body = input->body;
	message->version_header = input->version;
	message->ready = input->ready;
	message->ready_data = input->user_data;
	mcpsess_envelope_init(&message->item, &rpc->env);
	mcpsess_buffer_init(&message->reply, &rpc->env);
	mcpsess_session_init(&message->session, &rpc->env, &rpc->access, rpc->options.max_data);
	message->session.done = store_answered;
	message->session.user_data = message;
	message->session.blocking = input->ready == NULL;
	mcpsess_message_init_locals(message);
	return message;
}

enum mcpsess_verdict mcpsess_rpc_begin(
	struct mcpsess_rpc *rpc, const struct mcpsess_input *input, struct mcpsess_message **out)
{
	struct mcpsess_message *message = message_new(rpc, input);
	*out = message;
	if (message == NULL) {
		mcpsess_rpc_count_refused(rpc, MCPSESS_REFUSED_STORE);
		return MCPSESS_REPLY;
	}
	return mcpsess_message_run(message, begin(message, input));
}

void mcpsess_message_end(struct mcpsess_message *message)
{
	if (message == NULL) {
		return;
	}
	struct mcpsess_rpc *rpc = message->rpc;
	mcpsess_running_remove(&rpc->running, &message->call);
	mcpsess_session_release(&message->session);
	mcpsess_locals_let_go(&rpc->locals, message->local);
	mcpsess_envelope_free(&message->item);
	mcpsess_buffer_free(&message->reply);
	mcpsess_free(&rpc->env, message);
}
