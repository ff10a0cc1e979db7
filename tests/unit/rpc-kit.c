#include "rpc-kit.h"

static uint64_t clock_now(void *user_data)
{
	return ((struct kit *)user_data)->now_ms;
}

void kit_open(struct kit *kit, const char *uri, struct mcpsess_rpc_options options)
{
	struct mcpsess_error err = { 0 };
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = kit, .now_ms = clock_now
	};
	struct mcp_session_store_options settings = { .size = sizeof(settings), .hooks = &hooks };
	memset(kit, 0, sizeof(*kit));
	kit->now_ms = 1700000000000;
	if (mcp_session_store_pool_open(uri, &settings, 0, &kit->pool, &err) != MCPSESS_OK) {
		fail_msg("%s", err.text);
	}
	options.size = sizeof(options);
	options.pool = kit->pool;
	options.server_name = "kit";
	options.server_version = "1";
	options.hooks = options.hooks != NULL ? options.hooks : &hooks;
	if (mcpsess_rpc_create(&options, &kit->rpc, &err) != MCPSESS_OK) {
		fail_msg("%s", err.text);
	}
}

void kit_close(struct kit *kit)
{
	mcpsess_rpc_destroy(kit->rpc);
	mcp_session_store_pool_close(kit->pool);
}

static void copy(char *to, size_t capacity, struct mcpsess_bytes from)
{
	size_t len = from.len < capacity - 1 ? from.len : capacity - 1;
	if (len > 0) {
		memcpy(to, from.data, len);
	}
	to[len] = '\0';
}

static enum mcpsess_verdict set_data(struct mcpsess_message *message, const char *result)
{
	struct mcpsess_session *session = mcpsess_message_session(message);
	assert_non_null(session);
	int status = mcpsess_session_set(
		session, mcpsess_str("k"), mcpsess_message_argument(message, "value"));
	assert_int_equal(status, MCPSESS_OK);
	return result != NULL ? mcpsess_message_result(message, mcpsess_str(result))
			      : mcpsess_message_error(message, -32602, "no", mcpsess_mem(NULL, 0));
}

static enum mcpsess_verdict get_data(struct mcpsess_message *message)
{
	struct mcpsess_bytes value = mcpsess_str("null");
	struct mcpsess_session *session = mcpsess_message_session(message);
	if (session != NULL) {
		mcpsess_session_get(session, mcpsess_str("k"), &value);
	}
	return mcpsess_message_result(message, value);
}

static enum mcpsess_verdict count(struct mcpsess_message *message)
{
	int64_t sum;
	char text[32];
	int status =
		mcpsess_session_add(mcpsess_message_session(message), mcpsess_str("n"), 1, &sum);
	assert_int_equal(status, MCPSESS_OK);
	snprintf(text, sizeof(text), "%lld", (long long)sum);
	return mcpsess_message_result(message, mcpsess_str(text));
}

enum mcpsess_verdict kit_host(struct mcpsess_message *message)
{
	struct mcpsess_bytes name = mcpsess_message_name(message);
	if (mcpsess_message_kind(message) != MCPSESS_REQUEST) {
		return mcpsess_message_result(message, mcpsess_mem(NULL, 0));
	}
	if (!mcpsess_bytes_equal(mcpsess_message_method(message), mcpsess_str("tools/call"))) {
		return mcpsess_message_error(message, MCPSESS_RPC_METHOD_NOT_FOUND,
			"Method not found", mcpsess_str("{}"));
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("set"))) {
		return set_data(message, "true");
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("set-then-fail"))) {
		return set_data(message, NULL);
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("get"))) {
		return get_data(message);
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("count"))) {
		return count(message);
	}
	if (mcpsess_bytes_equal(name, mcpsess_str("say"))) {
		return mcpsess_message_text(message, mcpsess_str("\"hi\"\n"), 0);
	}
	return mcpsess_message_error(
		message, MCPSESS_RPC_INVALID_PARAMS, "Unknown tool", mcpsess_mem(NULL, 0));
}

void kit_exchange(struct kit *kit, const struct mcpsess_input *input, struct answer *out)
{
	struct mcpsess_message *message;
	enum mcpsess_verdict verdict = mcpsess_rpc_begin(kit->rpc, input, &message);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = kit_host(message);
	}
	assert_int_equal(verdict, MCPSESS_REPLY);
	memset(out, 0, sizeof(*out));
	out->status = mcpsess_message_status(message);
	out->lacks_session = mcpsess_message_lacks_session(message);
	copy(out->reply, sizeof(out->reply), mcpsess_message_reply(message));
	copy(out->session, sizeof(out->session), mcpsess_message_session_id(message));
	mcpsess_message_end(message);
}

void kit_send(struct kit *kit, const char *text, const char *session, const char *principal,
	struct answer *out)
{
	struct mcpsess_input input = { .body = mcpsess_str(text),
		.session_id = session[0] != '\0' ? mcpsess_str(session) : mcpsess_mem(NULL, 0),
		.principal = mcpsess_str(principal) };
	kit_exchange(kit, &input, out);
}

void kit_session(struct kit *kit, const char *version, const char *principal, char *id)
{
	char text[512];
	struct answer answer;
	snprintf(text, sizeof(text),
		"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
		"{\"protocolVersion\":\"%s\"}}",
		version);
	kit_send(kit, text, "", principal, &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	strcpy(id, answer.session);
	kit_send(kit, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", id,
		principal, &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
}

uint64_t kit_count(struct kit *kit)
{
	struct mcp_session_store_counts stats;
	assert_int_equal(mcp_session_store_pool_stats(kit->pool, &stats), MCPSESS_OK);
	return stats.sessions;
}

int talk_begin(void **state)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	if (talk == NULL) {
		return -1;
	}
	kit_open(&talk->kit, "memory:", (struct mcpsess_rpc_options){ 0 });
	kit_session(&talk->kit, "2025-06-18", "", talk->id);
	*state = talk;
	return 0;
}

int talk_end(void **state)
{
	struct talk *talk = *state;
	kit_close(&talk->kit);
	free(talk);
	return 0;
}

void talk_send(struct talk *talk, const char *text)
{
	kit_send(&talk->kit, text, talk->id, "", &talk->answer);
}
