/* The session layer and batches: what they may hold, how they are answered, what they count. */
#include "rpc-kit.h"

static const struct mcpsess_rpc_options plain;

static enum mcpsess_verdict begin(
	struct kit *kit, const char *text, const char *session, struct mcpsess_message **out)
{
	struct mcpsess_input input = { .body = mcpsess_str(text),
		.session_id = mcpsess_str(session) };
	return mcpsess_rpc_begin(kit->rpc, &input, out);
}

static void a_batch_is_answered_in_one_array(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", plain);
	kit_session(&kit, "2025-03-26", "", id);
	kit_send(&kit,
		" [" CALL("1", "set") ",{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}," CALL(
			"2",
			"get") ",{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"},7," CALL("4",
			"nonsense") "]",
		id, "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	assert_string_equal(answer.reply,
		"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":true},"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":[1,2]},"
		"{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}},"
		"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,"
		"\"message\":\"Invalid Request: not an object\"}},"
		"{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":-32602,"
		"\"message\":\"Unknown tool\"}}]");
	kit_send(&kit, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}]", id, "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	assert_string_equal(answer.reply, "");
	kit_close(&kit);
}

/* Send a batch and note how many requests each of its calls finds counted, itself included. */
static void count_calls(struct kit *kit, const char *text, struct answer *answer, uint64_t *counts)
{
	struct mcpsess_message *message;
	struct mcpsess_times times;
	struct mcpsess_input input = { .body = mcpsess_str(text) };
	if (answer->session[0] != '\0') {
		input.session_id = mcpsess_str(answer->session);
	}
	enum mcpsess_verdict verdict = mcpsess_rpc_begin(kit->rpc, &input, &message);
	for (; verdict == MCPSESS_DISPATCH; verdict = kit_host(message)) {
		mcpsess_session_times(mcpsess_message_session(message), &times);
		*counts = mcpsess_session_requests(mcpsess_message_session(message));
		assert_int_equal(times.first_request_ms > 0, *counts > 0);
		assert_int_equal(times.last_request_ms > 0, *counts > 1);
		counts++;
	}
	assert_int_equal(mcpsess_message_status(message), MCPSESS_OK);
	struct mcpsess_bytes id = mcpsess_message_session_id(message);
	snprintf(answer->session, sizeof(answer->session), "%.*s", (int)id.len,
		(const char *)id.data);
	mcpsess_message_end(message);
}

static void the_calls_of_a_batch_are_counted_one_by_one(void **state)
{
	(void)state;
	static const char batch[] = "[" CALL(
		"1", "set") ",{\"jsonrpc\":\"2.0\",\"id\":2,"
			    "\"method\":\"x\"}," CALL("3", "nonsense") "," CALL("4", "get") "]";
	static const char lazy[] =
		"[" CALL("1", "nonsense") "," CALL("2", "set") "," CALL("3", "get") "]";
	struct kit kit;
	struct answer answer = { 0 };
	uint64_t counts[4];
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_LAZY });
	kit_session(&kit, "2025-03-26", "", answer.session);
	count_calls(&kit, batch, &answer, counts);
	assert_memory_equal(counts, ((uint64_t[]){ 1, 1, 2, 3 }), sizeof(counts));
	count_calls(&kit, CALL("5", "get"), &answer, counts);
	assert_int_equal(counts[0], 4);

	/* Of a session that is begun for it, the call that stores it is the first. */
	answer.session[0] = '\0';
	count_calls(&kit, lazy, &answer, counts);
	assert_memory_equal(counts, ((uint64_t[]){ 1, 1, 2 }), 3 * sizeof(counts[0]));
	count_calls(&kit, CALL("5", "get"), &answer, counts);
	assert_int_equal(counts[0], 3);

	/* What was refused was not served. */
	kit_session(&kit, "2025-06-18", "", answer.session);
	struct answer refused;
	kit_send(&kit, batch, answer.session, "", &refused);
	assert_int_equal(refused.status, MCPSESS_E_INVALID);
	count_calls(&kit, CALL("5", "get"), &answer, counts);
	assert_int_equal(counts[0], 1);
	kit_close(&kit);
}

static void a_batch_without_a_session_meets_what_its_messages_would(void **state)
{
	(void)state;
	static const char notification[] = "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}]";
	static const char response[] = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]";
	struct kit kit;
	struct answer answer;
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_LAZY });
	kit_send(&kit, notification, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	assert_int_equal(kit_count(&kit), 0);
	kit_send(&kit, response, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_INVALID);
	assert_true(answer.lacks_session);
	assert_int_equal(kit_count(&kit), 0);
	kit_close(&kit);
}

static void batches_belong_to_one_revision(void **state)
{
	(void)state;
	static const char *const others[] = { "2024-11-05", "2025-06-18", "2025-11-25" };
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", plain);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		kit_session(&kit, others[i], "", id);
		kit_send(&kit, "[" CALL("1", "set") "]", id, "", &answer);
		assert_int_equal(answer.status, MCPSESS_E_INVALID);
		kit_send(&kit, CALL("1", "get"), id, "", &answer);
		assert_non_null(strstr(answer.reply, "\"result\":null"));
	}
	kit_close(&kit);
}

static void a_batch_is_limited_and_holds_no_initialize(void **state)
{
	(void)state;
	static const char ping[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
	static const char sets[] =
		"[" CALL("1", "set") "," CALL("2", "set") "," CALL("3", "set") "]";
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1], text[512];
	kit_open(&kit, "memory:",
		(struct mcpsess_rpc_options){ .policy = MCPSESS_SESSION_LAZY, .max_batch = 2 });
	kit_send(&kit, sets, "", "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_INVALID);
	assert_int_equal(kit_count(&kit), 0);
	kit_session(&kit, "2025-03-26", "", id);
	snprintf(text, sizeof(text), "[%s,%s]", ping, ping);
	kit_send(&kit, text, id, "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	kit_send(&kit, sets, id, "", &answer);
	assert_int_equal(answer.status, MCPSESS_E_INVALID);
	assert_non_null(strstr(answer.reply, "too many"));
	assert_null(strstr(answer.reply, "\"id\":2"));
	kit_send(&kit, CALL("4", "get"), id, "", &answer);
	assert_non_null(strstr(answer.reply, "\"result\":null"));
	kit_send(&kit, "[" INITIALIZE("2025-03-26") "]", id, "", &answer);
	assert_non_null(strstr(answer.reply, "-32600"));
	assert_int_equal(kit_count(&kit), 1);
	kit_close(&kit);
}

static void the_messages_of_a_batch_may_nest_as_deep_as_others(void **state)
{
	(void)state;
	static const char *const params[] = { "{\"a\":[[]]}", "{\"a\":[[[]]]}" };
	struct kit kit;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1], text[512];
	kit_open(&kit, "memory:", (struct mcpsess_rpc_options){ .max_depth = 4 });
	kit_session(&kit, "2025-03-26", "", id);
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
			"[" CALL("1", "set") ",{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\","
					     "\"params\":%s}]",
			params[i]);
		kit_send(&kit, text, id, "", &answer);
		assert_int_equal(answer.status, i == 0 ? MCPSESS_OK : MCPSESS_E_INVALID);
	}
	assert_non_null(strstr(answer.reply, "\"code\":-32600"));
	assert_non_null(strstr(answer.reply, "nested too deep"));
	kit_close(&kit);
}

typedef void way_to_end(struct kit *kit, const char *id);

static void end_session(struct kit *kit, const char *id)
{
	struct answer answer;
	struct mcpsess_input end = { .intent = MCPSESS_INTENT_END, .session_id = mcpsess_str(id) };
	kit_exchange(kit, &end, &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
}

static void wait_till_it_expires(struct kit *kit, const char *id)
{
	(void)id;
	kit->now_ms += 1000;
}

#define GONE(id) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id \
	",\"error\":{\"code\":-32600,\"message\":\"Session not found\"}}"

/* The host is asked for nothing more once it is known. */
static void a_batch_whose_session_has_ended_says_so_to_the_end(void **state)
{
	(void)state;
	static way_to_end *const ends[] = { end_session, wait_till_it_expires };
	static const char batch[] = "[" CALL("1", "set") "," CALL("2", "set") "," CALL(
		"3", "get") ",{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}," CALL("4",
		"get") "]";
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct kit kit;
		struct mcpsess_message *message;
		char id[MCPSESS_ID_MAX + 1];
		kit_open(&kit, "memory:?absolute=1s", plain);
		kit_session(&kit, "2025-03-26", "", id);
		assert_int_equal(begin(&kit, batch, id, &message), MCPSESS_DISPATCH);
		ends[i](&kit, id);
		assert_int_equal(kit_host(message), MCPSESS_REPLY);
		assert_true(mcpsess_bytes_equal(mcpsess_message_reply(message),
			mcpsess_str("[" GONE("1") "," GONE("2") "," GONE("3") "," GONE("4") "]")));
		assert_int_equal(mcpsess_message_session_id(message).len, 0);
		mcpsess_message_end(message);
		kit_close(&kit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_is_answered_in_one_array),
		cmocka_unit_test(the_calls_of_a_batch_are_counted_one_by_one),
		cmocka_unit_test(a_batch_without_a_session_meets_what_its_messages_would),
		cmocka_unit_test(batches_belong_to_one_revision),
		cmocka_unit_test(a_batch_is_limited_and_holds_no_initialize),
		cmocka_unit_test(the_messages_of_a_batch_may_nest_as_deep_as_others),
		cmocka_unit_test(a_batch_whose_session_has_ended_says_so_to_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
