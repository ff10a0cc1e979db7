/* The session layer, message by message: what is malformed, ids, data, subscriptions. */
#include "rpc-kit.h"

static const struct mcpsess_rpc_options plain;

struct malformed {
	const char *text;
	int code;
};

/* JSON-RPC 2.0, section 5.1, and what the revisions of MCP narrow. */
static const struct malformed malformed[] = {
	{ "", -32700 },
	{ " ", -32700 },
	{ "{", -32700 },
	{ "nonsense", -32700 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x", -32700 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xff\"}", -32700 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":01,\"method\":\"ping\"}", -32700 },
	{ "1", -32600 },
	{ "\"ping\"", -32600 },
	{ "null", -32600 },
	{ "{}", -32600 },
	{ "{\"id\":1,\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":null}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{}}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"result\":{}}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"result\":{}}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"m\\u0065thod\":\"x\"}", -32600 },
	{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
	  "{\"name\":\"a\",\"name\":\"b\"}}",
		-32600 },
	{ "[]", -32600 },
	{ "[1,2]x", -32700 },
	{ "[", -32700 },
};

static void malformed_messages_get_the_right_code(void **state)
{
	(void)state;
	struct kit kit;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_LAZY });
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		struct answer answer;
		char want[32];
		kit_send(&kit, malformed[i].text, "", "", &answer);
		snprintf(want, sizeof(want), "{\"code\":%d,", malformed[i].code);
		/* One answer, not one for each reason. */
		int once = strstr(answer.reply + 1, "{\"jsonrpc\"") == NULL;
		/* An id that cannot be read is left out: null is none in any revision. */
		int null = strstr(answer.reply, "null") != NULL;
		if (answer.status != MCPSESS_E_INVALID || !once || null ||
			strstr(answer.reply, want) == NULL) {
			fail_msg("%s: %d %s", malformed[i].text, answer.status, answer.reply);
		}
		assert_int_equal(kit_count(&kit), 0);
	}
	kit_close(&kit);
}

#define CALL_WITH(params) \
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{" params "}}"

static void what_is_wrong_is_told_as_it_is(void **state)
{
	struct talk *talk = *state;
	static const struct {
		const char *text, *told;
	} cases[] = {
		{ "null", "Invalid Request: not an object" },
		{ " 1", "Invalid Request: not an object" },
		{ "\"x\"", "Invalid Request: not an object" },
		{ "{}", "Invalid Request: jsonrpc is not \\\"2.0\\\"" },
		{ CALL_WITH(""), "Invalid params: name is missing" },
		{ CALL_WITH("\"name\":5"), "Invalid params: name is missing or not a string" },
		{ CALL_WITH("\"name\":\"\""), "Unknown tool" },
		{ CALL_WITH("\"name\":\"get\",\"arguments\":[]"),
			"Invalid params: arguments is not an object" },
		{ CALL_WITH("\"name\":\"get\",\"arguments\":\"x\""),
			"Invalid params: arguments is not an object" },
		{ CALL_WITH("\"name\":\"get\",\"arguments\":null"), "\"result\":null" },
		{ CALL_WITH("\"name\":\"get\""), "\"result\":null" },
		{ "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}",
			"Invalid params: name is missing" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		talk_send(talk, cases[i].text);
		if (strstr(talk->answer.reply, cases[i].told) == NULL) {
			fail_msg("%s: %s", cases[i].text, talk->answer.reply);
		}
		int params = strstr(cases[i].told, "params") != NULL;
		assert_int_equal(strstr(talk->answer.reply, "-32602") != NULL,
			params || strstr(cases[i].told, "tool") != NULL);
	}
}

static void nesting_and_length_are_limited_at_their_edge(void **state)
{
	(void)state;
	static const char head[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":";
	struct kit kit;
	struct answer answer;
	char text[256];
	kit_open(&kit, "memory:",
		(struct mcpsess_rpc_options){
			.policy = MCPSESS_SESSION_OPTIONAL, .max_depth = 4, .max_message = 100 });
	snprintf(text, sizeof(text), "%s[[]]}}", head);
	kit_send(&kit, text, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	snprintf(text, sizeof(text), "%s[[[]]]}}", head);
	kit_send(&kit, text, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_INVALID);
	assert_non_null(strstr(answer.reply, "-32600"));

	snprintf(text, sizeof(text), "%s0}}%*s", head, (int)(100 - strlen(head) - 3), "");
	assert_int_equal(strlen(text), 100);
	kit_send(&kit, text, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	strcat(text, " ");
	kit_send(&kit, text, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_TOOBIG);
	assert_int_equal(mcpsess_rpc_max_message(kit.rpc), 100);
	kit_close(&kit);
}

/*
 * Incident: ids that are strings, big numbers, floats come back byte for byte. The last are no ids
 * by the protocol (Base, Requests), and refusing them would help nobody.
 */
static void ids_are_echoed_as_they_came(void **state)
{
	struct talk *talk = *state;
	static const char *const ids[] = { "1", "-1", "0", "123456789012345678901234567890", "1.50",
		"1e3", "\"a\"", "\"\"", "\"\\u0041\\n\"", "\"\xc3\xa4\"" };
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		char text[160], want[160];
		snprintf(text, sizeof(text),
			"{ \"method\" : \"ping\", \"id\" : %s , \"jsonrpc\":\"2.0\"}\n", ids[i]);
		snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}",
			ids[i]);
		talk_send(talk, text);
		assert_string_equal(talk->answer.reply, want);
	}
}

#define CALLED(rest) "{\"jsonrpc\":\"2.0\"," rest "}"

/*
 * The id of a response is the server's: a client that met it in an error would take that for the
 * answer to a request of its own (Transports, Sending Messages: "that has no id").
 */
static void a_refusal_has_the_id_of_its_request_and_of_nothing_else(void **state)
{
	struct talk *talk = *state;
	static const struct {
		const char *text, *session, *version, *id;
	} cases[] = {
		{ CALLED("\"id\":\"a\",\"method\":\"x\""), "", NULL, "\"a\"" },
		{ CALLED("\"id\":1.50,\"method\":\"x\""), "unknown", NULL, "1.50" },
		{ CALLED("\"id\":7,\"method\":\"x\""), "", "1999-01-01", "7" },
		{ CALLED("\"id\":7,\"method\":7"), "", NULL, "7" },
		{ CALLED("\"id\":7,\"method\":\"x\",\"params\":[]"), "", NULL, "7" },
		{ CALLED("\"id\":7,\"method\":\"x\",\"result\":{}"), "", NULL, "7" },
		{ CALLED("\"id\":7"), "", NULL, "7" },
		{ "{\"jsonrpc\":\"1.0\",\"id\":7,\"method\":\"x\"}", "", NULL, "7" },
		{ CALLED("\"id\":{},\"method\":\"x\""), "", NULL, NULL },
		{ CALLED("\"id\":null,\"method\":\"x\""), "", NULL, NULL },
		{ CALLED("\"method\":\"x\""), "", NULL, NULL },
		{ CALLED("\"id\":7,\"result\":{}"), "", NULL, NULL },
		{ CALLED("\"id\":7,\"error\":{}"), "unknown", NULL, NULL },
		{ CALLED("\"id\":7,\"result\":{}"), "", "1999-01-01", NULL },
		{ CALLED("\"id\":7,\"result\":{},\"error\":{}"), "", NULL, NULL },
		{ "{\"jsonrpc\":\"1.0\",\"id\":7,\"result\":{}}", "", NULL, NULL },
		{ "[" CALLED("\"id\":7,\"method\":\"x\"") "]", "", NULL, NULL },
		{ "[" CALLED("\"id\":7,\"method\":\"x\"") "]", "unknown", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcpsess_input input = { .body = mcpsess_str(cases[i].text),
			.version = mcpsess_str(cases[i].version) };
		char want[64];
		if (cases[i].session[0] != '\0') {
			input.session_id = mcpsess_str(cases[i].session);
		}
		kit_exchange(&talk->kit, &input, &talk->answer);
		snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",%s%s%s\"error\":{",
			cases[i].id != NULL ? "\"id\":" : "",
			cases[i].id != NULL ? cases[i].id : "", cases[i].id != NULL ? "," : "");
		if (talk->answer.status == MCPSESS_OK ||
			strncmp(talk->answer.reply, want, strlen(want)) != 0) {
			fail_msg("%zu: %d %s", i, talk->answer.status, talk->answer.reply);
		}
	}
}

static void text_that_looks_like_a_method_is_only_text(void **state)
{
	struct talk *talk = *state;
	talk_send(talk,
		"{\"params\":{\"arguments\":{\"value\":\"\\\"method\\\":\\\"initialize\\\"\","
		"\"method\":\"initialize\"},\"name\":\"set\"},"
		"\"method\":\"tools/call\",\"jsonrpc\":\"2.0\",\"id\":5}");
	assert_string_equal(talk->answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":true}");
	talk_send(talk, CALL("6", "get"));
	assert_non_null(
		strstr(talk->answer.reply, "\"result\":\"\\\"method\\\":\\\"initialize\\\"\""));
}

static void a_text_answer_is_escaped(void **state)
{
	struct talk *talk = *state;
	talk_send(talk, CALL("1", "say"));
	assert_string_equal(talk->answer.reply,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\","
		"\"text\":\"\\\"hi\\\"\\n\"}],\"isError\":false}}");
}

/* -- session data
 * ---------------------------------------------------------------------------------- */

static void data_stays_between_messages_and_apart_between_sessions(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	char one[MCPSESS_ID_MAX + 1], two[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", plain);
	kit_session(&kit, "2025-06-18", "", one);
	kit_session(&kit, "2025-06-18", "", two);
	kit_send(&kit, CALL("1", "set"), one, "", &answer);
	kit_send(&kit, CALL("1", "get"), two, "", &answer);
	assert_string_equal(answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}");
	kit_send(&kit, CALL("1", "get"), one, "", &answer);
	assert_string_equal(answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[1,2]}");
	kit_close(&kit);
}

static void an_error_takes_the_changes_back(void **state)
{
	struct talk *talk = *state;
	talk_send(talk, CALL("1", "set-then-fail"));
	assert_non_null(strstr(talk->answer.reply, "\"message\":\"no\""));
	talk_send(talk, CALL("1", "get"));
	assert_string_equal(talk->answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}");
}

static void calls_are_counted(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_message *message;
	for (int i = 0; i < 3; i++) {
		talk_send(talk, CALL("1", "get"));
		talk_send(talk, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
	}
	struct mcpsess_input input = { .body = mcpsess_str(CALL("1", "get")),
		.session_id = mcpsess_str(talk->id) };
	assert_int_equal(mcpsess_rpc_begin(talk->kit.rpc, &input, &message), MCPSESS_DISPATCH);
	assert_int_equal(mcpsess_session_requests(mcpsess_message_session(message)), 4);
	mcpsess_message_end(message);
}

static void the_log_level_is_the_session_s(void **state)
{
	(void)state;
	static const char set[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/setLevel\","
				  "\"params\":{\"level\":\"warning\"}}";
	struct kit kit;
	struct answer answer;
	struct mcpsess_message *message;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:",
		(struct mcpsess_rpc_options){ .capabilities = "{\"logging\":{},\"tools\":{}}" });
	kit_session(&kit, "2025-06-18", "", id);
	kit_send(&kit,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"logging/"
		"setLevel\",\"params\":{\"level\":\"x\"}}",
		id, "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	assert_non_null(strstr(answer.reply, "-32602"));
	kit_send(&kit, set, id, "", &answer);
	assert_string_equal(answer.reply, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}");
	struct mcpsess_input input = { .body = mcpsess_str(CALL("1", "get")),
		.session_id = mcpsess_str(id) };
	assert_int_equal(mcpsess_rpc_begin(kit.rpc, &input, &message), MCPSESS_DISPATCH);
	assert_true(mcpsess_bytes_equal(mcpsess_session_log_level(mcpsess_message_session(message)),
		mcpsess_str("warning")));
	mcpsess_message_end(message);
	kit_close(&kit);

	/* Without the capability the method is the host's, which does not know it. */
	kit_open(&kit, "memory:", plain);
	kit_session(&kit, "2025-06-18", "", id);
	kit_send(&kit, set, id, "", &answer);
	assert_non_null(strstr(answer.reply, "-32601"));
	kit_close(&kit);
}

static enum mcpsess_verdict begin(
	struct kit *kit, const char *text, const char *session, struct mcpsess_message **out)
{
	struct mcpsess_input input = { .body = mcpsess_str(text),
		.session_id = mcpsess_str(session) };
	return mcpsess_rpc_begin(kit->rpc, &input, out);
}

static void a_granted_subscription_is_the_session_s(void **state)
{
	(void)state;
	static const char sub[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/subscribe\","
		"\"params\":{\"uri\":\"test:\\/\\/a\"}}";
	static const char unsub[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/unsubscribe\","
		"\"params\":{\"uri\":\"test://a\"}}";
	struct kit kit;
	struct mcpsess_message *message;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:",
		(struct mcpsess_rpc_options){
			.capabilities = "{\"resources\":{\"subscribe\":true}}" });
	kit_session(&kit, "2025-06-18", "", id);
	assert_int_equal(begin(&kit, sub, id, &message), MCPSESS_DISPATCH);
	mcpsess_message_error(message, -32002, "no such resource", mcpsess_mem(NULL, 0));
	mcpsess_message_end(message);
	assert_int_equal(begin(&kit, sub, id, &message), MCPSESS_DISPATCH);
	assert_int_equal(mcpsess_session_subscription_count(mcpsess_message_session(message)), 0);
	mcpsess_message_result(message, mcpsess_str("{}"));
	mcpsess_message_end(message);
	assert_int_equal(begin(&kit, unsub, id, &message), MCPSESS_DISPATCH);
	assert_true(mcpsess_session_subscribed(
		mcpsess_message_session(message), mcpsess_str("test://a")));
	mcpsess_message_result(message, mcpsess_str("{}"));
	mcpsess_message_end(message);
	assert_int_equal(begin(&kit, sub, id, &message), MCPSESS_DISPATCH);
	assert_false(mcpsess_session_subscribed(
		mcpsess_message_session(message), mcpsess_str("test://a")));
	mcpsess_message_end(message);
	kit_close(&kit);
}

static void changes_after_the_end_are_not_answered_with_success(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_message *message;
	assert_int_equal(begin(&talk->kit, CALL("1", "set"), talk->id, &message), MCPSESS_DISPATCH);
	struct mcpsess_session *session = mcpsess_message_session(message);
	struct mcpsess_input end = { .intent = MCPSESS_INTENT_END,
		.session_id = mcpsess_str(talk->id) };
	kit_exchange(&talk->kit, &end, &talk->answer);
	mcpsess_session_set(session, mcpsess_str("a"), mcpsess_str("1"));
	assert_int_equal(mcpsess_session_save(session, NULL), MCPSESS_E_REVOKED);
	assert_int_equal(kit_host(message), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(message), MCPSESS_E_REVOKED);
	mcpsess_message_end(message);
	assert_int_equal(kit_count(&talk->kit), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_messages_get_the_right_code),
		TALK_TEST(what_is_wrong_is_told_as_it_is),
		cmocka_unit_test(nesting_and_length_are_limited_at_their_edge),
		TALK_TEST(ids_are_echoed_as_they_came),
		TALK_TEST(a_refusal_has_the_id_of_its_request_and_of_nothing_else),
		TALK_TEST(text_that_looks_like_a_method_is_only_text),
		TALK_TEST(a_text_answer_is_escaped),
		cmocka_unit_test(data_stays_between_messages_and_apart_between_sessions),
		TALK_TEST(an_error_takes_the_changes_back),
		TALK_TEST(calls_are_counted),
		cmocka_unit_test(the_log_level_is_the_session_s),
		cmocka_unit_test(a_granted_subscription_is_the_session_s),
		TALK_TEST(changes_after_the_end_are_not_answered_with_success),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
