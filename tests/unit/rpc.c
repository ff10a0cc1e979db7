/* The session layer: initialize, sessions, malformed messages, policies, owners. */
#include "rpc-kit.h"

static const struct mcpsess_rpc_options plain;

static void initialize_negotiates_the_version(void **state)
{
	(void)state;
	static const struct {
		const char *asked, *got;
	} cases[] = { { "2024-11-05", "2024-11-05" }, { "2025-03-26", "2025-03-26" },
		{ "2025-06-18", "2025-06-18" }, { "2025-11-25", "2025-11-25" },
		{ "1.0", "2025-11-25" }, { "2026-07-28", "2025-11-25" }, { "", "2025-11-25" } };
	struct kit kit;
	kit_open(&kit, "memory:", plain);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[256], want[64];
		struct answer answer;
		snprintf(text, sizeof(text),
			"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
			"{\"protocolVersion\":\"%s\"}}",
			cases[i].asked);
		snprintf(want, sizeof(want), "\"protocolVersion\":\"%s\"", cases[i].got);
		kit_send(&kit, text, "", "", &answer);
		assert_int_equal(answer.status, MCPSESS_OK);
		assert_non_null(strstr(answer.reply, want));
		assert_int_equal(strlen(answer.session), 43);
	}
	kit_close(&kit);
}

static void a_layer_never_offers_more_than_its_newest_version(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .newest_version = "2025-03-26" });
	kit_send(&kit, INITIALIZE("2025-11-25"), "", "", &answer);
	assert_non_null(strstr(answer.reply, "\"protocolVersion\":\"2025-03-26\""));
	assert_false(mcpsess_rpc_speaks(kit.rpc, mcpsess_str("2025-06-18")));
	assert_true(mcpsess_rpc_speaks(kit.rpc, mcpsess_str("2024-11-05")));
	kit_close(&kit);
}

static void initialize_tells_who_the_server_is(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:",
		(struct mcpsess_rpc_options){ .capabilities = "{\"tools\":{},\"logging\":{}}",
			.instructions = "Say \"hi\"." });
	kit_send(&kit, INITIALIZE("2025-06-18"), "", "", &answer);
	assert_string_equal(answer.reply,
		"{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"protocolVersion\":\"2025-06-18\","
		"\"capabilities\":{\"tools\":{},\"logging\":{}},"
		"\"serverInfo\":{\"name\":\"kit\",\"version\":\"1\"},"
		"\"instructions\":\"Say \\\"hi\\\".\"}}");
	kit_close(&kit);
}

static void a_refused_initialize_leaves_no_session(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
		"\"protocolVersion\":1}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
		"{\"protocolVersion\":\"2025-06-18\",\"clientInfo\":7}}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
		"{\"protocolVersion\":\"2025-06-18\",\"capabilities\":[]}}",
		"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
		"{\"protocolVersion\":\"2025-03-26\"}}]",
	};
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:", plain);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kit_send(&kit, bad[i], "", "", &answer);
		assert_int_equal(answer.status, MCPSESS_E_INVALID);
		assert_string_equal(answer.session, "");
		assert_int_equal(kit_count(&kit), 0);
	}
	kit_close(&kit);
}

static void a_client_may_say_null_about_itself(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:", plain);
	kit_send(&kit,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
		"{\"protocolVersion\":\"2025-06-18\",\"clientInfo\":null,\"capabilities\":null}}",
		"", "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	kit_send(&kit, CALL("1", "get"), answer.session, "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	kit_close(&kit);
}

static void a_second_initialize_on_a_session_is_refused(void **state)
{
	struct talk *talk = *state;
	talk_send(talk, INITIALIZE("2025-06-18"));
	assert_int_equal(talk->answer.status, MCPSESS_E_INVALID);
	assert_int_equal(kit_count(&talk->kit), 1);
}

static void initialized_may_come_before_twice_or_never(void **state)
{
	(void)state;
	static const char note[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", plain);
	kit_send(&kit, note, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_INVALID);
	assert_true(answer.lacks_session);
	kit_send(&kit, INITIALIZE("2025-06-18"), "", "", &answer);
	strcpy(id, answer.session);
	kit_send(&kit, CALL("1", "get"), id, "", &answer);
	assert_string_equal(answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}");
	for (int i = 0; i < 2; i++) {
		kit_send(&kit, note, id, "", &answer);
		assert_int_equal(answer.status, MCPSESS_OK);
		assert_string_equal(answer.reply, "");
	}
	kit_close(&kit);
}

static void a_ping_is_answered_by_the_layer(void **state)
{
	struct talk *talk = *state;
	talk_send(talk, "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"method\":\"ping\"}");
	assert_string_equal(talk->answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":\"p\",\"result\":{}}");
}

static void missing_and_unknown_ids_differ(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:", plain);
	kit_send(&kit, CALL("1", "get"), "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_INVALID);
	assert_true(answer.lacks_session);
	kit_send(&kit, CALL("1", "get"), "never-minted-never-minted-never", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_NOTFOUND);
	assert_false(answer.lacks_session);
	assert_string_equal(answer.reply,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,"
		"\"message\":\"Session not found\"}}");
	kit_close(&kit);
}

/* Incident: a made-up session id is never admitted, whatever method it comes with. */
static void a_made_up_id_is_never_admitted(void **state)
{
	(void)state;
	static const char *const ids[] = { "x", "never-minted-never-minted-never", "\x01\x02", " ",
		("0123456789012345678901234567890123456789012345678901234567890123456789"
		 "0123456789012345678901234567890123456789012345678901234567890123456789") };
	static const char *const messages[] = { INITIALIZE("2025-06-18"), CALL("1", "get"),
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}" };
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_LAZY });
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		for (size_t m = 0; m < sizeof(messages) / sizeof(messages[0]); m++) {
			kit_send(&kit, messages[m], ids[i], "", &answer);
			assert_int_equal(answer.status, MCPSESS_E_NOTFOUND);
			assert_string_equal(answer.session, "");
		}
	}
	assert_int_equal(kit_count(&kit), 0);
	kit_close(&kit);
}

static void end_session(struct kit *kit, const char *id, const char *principal, struct answer *out)
{
	struct mcpsess_input input = { .intent = MCPSESS_INTENT_END,
		.session_id = mcpsess_str(id),
		.principal = mcpsess_str(principal) };
	kit_exchange(kit, &input, out);
}

/* Incident: unknown, expired, ended and somebody else's answer with the same bytes. */
static void absent_sessions_all_look_alike(void **state)
{
	(void)state;
	struct kit kit;
	struct answer unknown, answer;
	char live[MCPSESS_ID_MAX + 1], ended[MCPSESS_ID_MAX + 1], expired[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:?idle=60s&tombstone=1h", plain);
	kit_send(&kit, CALL("1", "get"), "never-minted-never-minted-never", "bob", &unknown);
	kit_session(&kit, "2025-06-18", "alice", expired);
	kit.now_ms += 60000;
	kit_session(&kit, "2025-06-18", "alice", ended);
	end_session(&kit, ended, "alice", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	kit_session(&kit, "2025-06-18", "alice", live);

	kit_send(&kit, CALL("1", "get"), expired, "alice", &answer);
	assert_int_equal(answer.status, MCPSESS_E_EXPIRED);
	assert_string_equal(answer.reply, unknown.reply);
	kit_send(&kit, CALL("1", "get"), ended, "alice", &answer);
	assert_int_equal(answer.status, MCPSESS_E_REVOKED);
	assert_string_equal(answer.reply, unknown.reply);
	kit_send(&kit, CALL("1", "get"), live, "bob", &answer);
	assert_int_equal(answer.status, MCPSESS_E_NOTOWNER);
	assert_string_equal(answer.reply, unknown.reply);
	kit_send(&kit, CALL("1", "get"), live, "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_NOTOWNER);
	end_session(&kit, live, "bob", &answer);
	assert_int_equal(answer.status, MCPSESS_E_NOTOWNER);
	end_session(&kit, ended, "alice", &answer);
	assert_int_equal(answer.status, MCPSESS_E_REVOKED);
	kit_send(&kit, CALL("1", "get"), live, "alice", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	kit_close(&kit);
}

static void tenants_do_not_share_ids(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	struct mcpsess_input input = { .body = mcpsess_str(INITIALIZE("2025-06-18")),
		.tenant = mcpsess_str("one") };
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", plain);
	kit_exchange(&kit, &input, &answer);
	strcpy(id, answer.session);
	input.body = mcpsess_str(CALL("1", "get"));
	input.session_id = mcpsess_str(id);
	kit_exchange(&kit, &input, &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	input.tenant = mcpsess_str("two");
	kit_exchange(&kit, &input, &answer);
	assert_int_equal(answer.status, MCPSESS_E_NOTFOUND);
	kit_close(&kit);
}

static void the_cap_is_told_and_holds(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:?max_sessions=3", plain);
	for (int i = 0; i < 5; i++) {
		kit_send(&kit, INITIALIZE("2025-06-18"), "", "", &answer);
		assert_int_equal(answer.status, i < 3 ? MCPSESS_OK : MCPSESS_E_LIMIT);
	}
	assert_string_equal(answer.session, "");
	assert_int_equal(kit_count(&kit), 3);
	kit_close(&kit);
}

/* Incident: a session busy with posts outlives ten idle periods; silence ends it. */
static void a_busy_session_outlives_its_idle_time(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:?idle=10s", plain);
	kit_session(&kit, "2025-06-18", "", id);
	for (int i = 0; i < 20; i++) {
		kit.now_ms += 9000;
		kit_send(&kit, CALL("1", "get"), id, "", &answer);
		assert_int_equal(answer.status, MCPSESS_OK);
	}
	kit.now_ms += 10000;
	kit_send(&kit, CALL("1", "get"), id, "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_EXPIRED);
	kit_close(&kit);
}

/* -- policies ------------------------------------------------------------------------------------
 */

static void optional_sessions_are_optional(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	kit_open(&kit,
		"memory:", (struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_OPTIONAL });
	kit_send(&kit, CALL("1", "get"), "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	assert_string_equal(answer.session, "");
	assert_int_equal(kit_count(&kit), 0);
	kit_close(&kit);
}

static void a_lazy_session_is_stored_with_the_first_result(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_LAZY });
	kit_send(&kit, CALL("1", "nonsense"), "", "", &answer);
	assert_non_null(strstr(answer.reply, "Unknown tool"));
	assert_string_equal(answer.session, "");
	assert_int_equal(kit_count(&kit), 0);
	kit_send(&kit, CALL("1", "set"), "", "alice", &answer);
	assert_int_equal(kit_count(&kit), 1);
	strcpy(id, answer.session);
	kit_send(&kit, CALL("2", "get"), id, "alice", &answer);
	assert_string_equal(answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":[1,2]}");
	kit_send(&kit, CALL("2", "get"), id, "bob", &answer);
	assert_int_equal(answer.status, MCPSESS_E_NOTOWNER);

	/* The call that began it was its first. */
	struct mcpsess_message *message;
	struct mcpsess_input input = { .body = mcpsess_str(CALL("3", "get")),
		.session_id = mcpsess_str(id),
		.principal = mcpsess_str("alice") };
	assert_int_equal(mcpsess_rpc_begin(kit.rpc, &input, &message), MCPSESS_DISPATCH);
	assert_int_equal(mcpsess_session_requests(mcpsess_message_session(message)), 3);
	mcpsess_message_end(message);
	kit_close(&kit);
}

static void rules_choose_by_method_and_tool(void **state)
{
	(void)state;
	const struct mcpsess_policy_rule rules[] = {
		{ "tools/call", "public_*", MCPSESS_SESSION_OPTIONAL },
		{ "tools/call", "*set", MCPSESS_SESSION_LAZY },
		{ "resources/*", NULL, MCPSESS_SESSION_OPTIONAL },
	};
	static const struct {
		const char *text;
		int lacks;
		int begins;
	} cases[] = {
		{ CALL("1", "public_echo"), 0, 0 },
		{ CALL("1", "set"), 0, 1 },
		{ CALL("1", "settle"), 1, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/list\"}", 0, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}", 1, 0 },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools\\/call\","
		  "\"params\":{\"name\":\"\\u0070ublic_x\"}}",
			0, 0 },
	};
	struct kit kit;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .rules = rules, .rule_count = 3 });
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct answer answer;
		kit_send(&kit, cases[i].text, "", "", &answer);
		assert_int_equal(answer.lacks_session, cases[i].lacks);
		assert_int_equal(answer.session[0] != '\0', cases[i].begins);
	}
	kit_close(&kit);
}

static void bad_options_are_explained(void **state)
{
	(void)state;
	struct mcp_session_store_pool *pool;
	struct mcpsess_rpc *rpc = NULL;
	assert_int_equal(mcp_session_store_pool_open("memory:", NULL, 0, &pool, NULL), MCPSESS_OK);
	const struct mcpsess_rpc_options good = {
		.size = sizeof(good), .pool = pool, .server_name = "n", .server_version = "1"
	};
	struct mcpsess_rpc_options bad[6];
	static const char *const words[] = { "store and pool", "server_name", "max_depth",
		"newest_version", "capabilities", "rule_count" };
	for (int i = 0; i < 6; i++) {
		bad[i] = good;
	}
	bad[0].pool = NULL;
	bad[1].server_name = NULL;
	bad[2].max_depth = 513;
	bad[3].newest_version = "2026-07-28";
	bad[4].capabilities = "{\"tools\":";
	bad[5].rule_count = 1;
	for (int i = 0; i < 6; i++) {
		struct mcpsess_error err = { 0 };
		assert_int_equal(mcpsess_rpc_create(&bad[i], &rpc, &err), MCPSESS_E_INVALID);
		assert_non_null(strstr(err.text, words[i]));
		assert_null(rpc);
	}
	mcp_session_store_pool_close(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initialize_negotiates_the_version),
		cmocka_unit_test(a_layer_never_offers_more_than_its_newest_version),
		cmocka_unit_test(initialize_tells_who_the_server_is),
		cmocka_unit_test(a_refused_initialize_leaves_no_session),
		cmocka_unit_test(a_client_may_say_null_about_itself),
		TALK_TEST(a_second_initialize_on_a_session_is_refused),
		cmocka_unit_test(initialized_may_come_before_twice_or_never),
		TALK_TEST(a_ping_is_answered_by_the_layer),
		cmocka_unit_test(missing_and_unknown_ids_differ),
		cmocka_unit_test(a_made_up_id_is_never_admitted),
		cmocka_unit_test(absent_sessions_all_look_alike),
		cmocka_unit_test(tenants_do_not_share_ids),
		cmocka_unit_test(the_cap_is_told_and_holds),
		cmocka_unit_test(a_busy_session_outlives_its_idle_time),
		cmocka_unit_test(optional_sessions_are_optional),
		cmocka_unit_test(a_lazy_session_is_stored_with_the_first_result),
		cmocka_unit_test(rules_choose_by_method_and_tool),
		cmocka_unit_test(bad_options_are_explained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
