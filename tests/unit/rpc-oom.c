/* The session layer without memory: every allocation of a whole session's life fails once. */
#include "rpc-kit.h"

static int countdown = -1;

static void *failing_realloc(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	if (countdown >= 0 && countdown-- == 0) {
		return NULL;
	}
	return realloc(ptr, size);
}

/* 1 when the message fared well. Whatever happens, a verdict comes and nothing leaks. */
static int send(struct mcpsess_rpc *rpc, const char *text, char *id)
{
	struct mcpsess_message *message;
	struct mcpsess_input input = { .body = mcpsess_str(text),
		.session_id = id[0] != '\0' ? mcpsess_str(id) : mcpsess_mem(NULL, 0) };
	enum mcpsess_verdict verdict = mcpsess_rpc_begin(rpc, &input, &message);
	while (verdict == MCPSESS_DISPATCH) {
		int status = mcpsess_session_set(mcpsess_message_session(message),
			mcpsess_message_name(message), mcpsess_str("[1,2,3]"));
		verdict = status == MCPSESS_OK ? mcpsess_message_text(message, mcpsess_str("ok"), 0)
					       : mcpsess_message_error(message, -32603, "no memory",
							 mcpsess_mem(NULL, 0));
	}
	assert_int_equal(verdict, MCPSESS_REPLY);
	if (message == NULL) {
		return 0;
	}
	struct mcpsess_bytes reply = mcpsess_message_reply(message);
	int fine = mcpsess_message_status(message) == MCPSESS_OK &&
		   (reply.len == 0 || memmem(reply.data, reply.len, "\"error\"", 7) == NULL);
	assert_in_range(-mcpsess_message_status(message), 0, 5015);
	struct mcpsess_bytes minted = mcpsess_message_session_id(message);
	if (minted.len > 0) {
		memcpy(id, minted.data, minted.len);
		id[minted.len] = '\0';
	}
	mcpsess_message_end(message);
	return fine;
}

/* 1 when nothing failed. */
static int live(void)
{
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = failing_realloc };
	struct mcp_session_store_options settings = { .size = sizeof(settings), .hooks = &hooks };
	struct mcp_session_store *store;
	struct mcpsess_rpc *rpc;
	char id[MCPSESS_ID_MAX + 1] = "";
	const struct mcpsess_policy_rule rule = { "tools/list", NULL, MCPSESS_SESSION_OPTIONAL };
	if (mcp_session_store_open("memory:", &settings, &store, NULL) != MCPSESS_OK) {
		return 0;
	}
	struct mcpsess_rpc_options options = { .size = sizeof(options),
		.store = store,
		.server_name = "oom",
		.server_version = "1",
		.rules = &rule,
		.rule_count = 1,
		.capabilities = "{\"logging\":{}}",
		.hooks = &hooks };
	int fine = mcpsess_rpc_create(&options, &rpc, NULL) == MCPSESS_OK;
	if (fine) {
		fine = send(rpc, INITIALIZE("2025-03-26"), id) &&
		       send(rpc, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
			       id) &&
		       send(rpc, CALL("1", "a"), id) &&
		       send(rpc, "[" CALL("1", "\\u0061") "," CALL("2", "b") "]", id) &&
		       send(rpc,
			       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging\\/setLevel\","
			       "\"params\":{\"level\":\"w\\u0061rning\"}}",
			       id);
		mcpsess_rpc_tick(rpc);
		mcpsess_rpc_destroy(rpc);
	}
	mcp_session_store_close(store);
	return fine;
}

static void every_allocation_fails_once(void **state)
{
	(void)state;
	int n = 0;
	for (;; n++) {
		countdown = n;
		int fine = live();
		int failed = countdown < 0;
		countdown = -1;
		if (!failed) {
			assert_true(fine);
			break;
		}
	}
	/* Fewer would mean that the hook is not what the library allocates with. */
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_fails_once) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
