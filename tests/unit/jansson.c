/* mcpsess/jansson.h: what goes in as json_t comes out as it was, and no reference is lost. */
#include "session-one.h"

#include <stdlib.h>

#include <mcpsess/jansson.h>

/* -- references: jansson's own allocations, counted -------------------------------------------- */

static int held, left = -1;

static void *count_malloc(size_t size)
{
	if (left == 0) {
		return NULL;
	}
	left -= left > 0;
	held++;
	return malloc(size);
}

static void count_free(void *ptr)
{
	held -= ptr != NULL;
	free(ptr);
}

static void values_come_back_as_they_were(void **state)
{
	(void)state;
	static const char *const texts[] = { "null", "true", "-12", "1.5", "\"a\\u0000b\\\"\"",
		"[]", "{\"a\":[{\"b\":\"\xc3\xbc\"}]}" };
	struct mcpsess_session *session = create();
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_t *value = mcpsess_jansson_load(mcpsess_str(texts[i]));
		assert_int_equal(mcpsess_session_set_json(session, "k", value), MCPSESS_OK);
		json_t *back = mcpsess_session_get_json(session, "k");
		assert_true(json_equal(value, back));
		json_decref(back);
		json_decref(value);
	}
	assert_null(mcpsess_session_get_json(session, "absent"));
	set(session, "k", "12345678901234567890");
	assert_null(mcpsess_session_get_json(session, "k"));
	assert_int_equal(set(session, "k", "\"\\ud800\""), MCPSESS_OK);
	assert_null(mcpsess_session_get_json(session, "k"));
	assert_value(session, "k", "\"\\ud800\"");
	mcpsess_session_destroy(session);
}

static void borrowed_stays_and_stolen_is_gone(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	json_t *value = json_pack("{s:i}", "n", 1);
	assert_int_equal(mcpsess_session_set_json(session, "k", value), MCPSESS_OK);
	assert_int_equal(mcpsess_session_set_json(session, "", value), MCPSESS_E_INVALID);
	json_incref(value);
	assert_int_equal(mcpsess_session_set_json_new(session, "k", value), MCPSESS_OK);
	json_incref(value);
	assert_int_equal(mcpsess_session_set_json_new(session, "", value), MCPSESS_E_INVALID);
	json_decref(value);
	assert_int_equal(mcpsess_session_set_json(session, "k", NULL), MCPSESS_E_INVALID);
	assert_int_equal(mcpsess_session_set_json_new(session, "k", NULL), MCPSESS_E_INVALID);
	assert_int_equal(held, 0);
	assert_value(session, "k", "{\"n\":1}");
	mcpsess_session_destroy(session);
}

static void all_data_is_an_object_in_order(void **state)
{
	(void)state;
	char longest[257];
	memset(longest, 'k', 256);
	longest[256] = '\0';
	struct mcpsess_session *session = create();
	set(session, "zebra", "1");
	set(session, "apple", "[true]");
	set(session, longest, "null");
	json_t *all = mcpsess_session_data_json(session);
	char *text = mcpsess_jansson_dump(all);
	assert_memory_equal(text, "{\"zebra\":1,\"apple\":[true],\"kkk", 30);
	assert_int_equal(json_object_size(all), 3);
	mcpsess_jansson_free(text);
	json_decref(all);
	assert_int_equal(held, 0);
	mcpsess_session_destroy(session);
}

static void without_memory_there_is_null_and_nothing_is_lost(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	json_t *all = NULL;
	int refusals = 0;
	set(session, "a", "{\"b\":[1,2]}");
	set(session, "c", "\"d\"");
	for (int budget = 0; all == NULL; budget++) {
		left = budget;
		all = mcpsess_session_data_json(session);
		left = -1;
		refusals += all == NULL;
		assert_true(all != NULL || held == 0);
	}
	assert_true(refusals > 3);
	left = 0;
	assert_int_equal(mcpsess_session_set_json(session, "e", all), MCPSESS_E_NOMEM);
	left = -1;
	json_decref(all);
	assert_int_equal(held, 0);
	mcpsess_session_destroy(session);
}

/* -- messages ------------------------------------------------------------------------------------
 */

/* Answers a request with its own params, or as if there were no memory for that. */
static void assert_echo(const char *request, int poor, const char *expected)
{
	struct mcpsess_rpc_options options = { .size = sizeof(options), .store = store };
	struct mcpsess_input input = { .body = mcpsess_str(request) };
	struct mcpsess_rpc *rpc = NULL;
	struct mcpsess_message *message;
	options.server_name = "test";
	options.server_version = "1";
	options.policy = MCPSESS_SESSION_OPTIONAL;
	assert_int_equal(mcpsess_rpc_create(&options, &rpc, NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_rpc_begin(rpc, &input, &message), MCPSESS_DISPATCH);
	json_t *params = mcpsess_message_params_json(message);
	left = poor ? 0 : -1;
	assert_int_equal(mcpsess_message_result_json_new(message, params), MCPSESS_REPLY);
	left = -1;
	struct mcpsess_bytes reply = mcpsess_message_reply(message);
	assert_non_null(memmem(reply.data, reply.len, expected, strlen(expected)));
	mcpsess_message_end(message);
	mcpsess_rpc_destroy(rpc);
	assert_int_equal(held, 0);
}

static void a_message_is_read_and_answered(void **state)
{
	(void)state;
	static const char request[] = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\","
				      "\"params\":{\"cursor\":\"x\"}}";
	assert_echo(request, 0, "\"result\":{\"cursor\":\"x\"}");
	assert_echo("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\"}", 0, "\"result\":{}");
	assert_echo(request, 1, "-32603");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values_come_back_as_they_were),
		TEST(borrowed_stays_and_stolen_is_gone),
		TEST(all_data_is_an_object_in_order),
		TEST(without_memory_there_is_null_and_nothing_is_lost),
		TEST(a_message_is_read_and_answered),
	};
	json_set_alloc_funcs(count_malloc, count_free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
