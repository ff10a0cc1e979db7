/* A session: who it is, what its client said, what it costs. */
#include <stdlib.h>

#include "session-one.h"

/* -- who and when ------------------------------------------------------------------------------ */

static void a_new_session_is_stored_when_it_is_saved(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_int_equal(mcpsess_session_id(session).len, 43);
	assert_text(mcpsess_session_version(session), "2025-11-25");
	assert_true(mcpsess_session_changed(session));
	assert_int_equal(fake_count(), 0);
	save(session);
	assert_int_equal(fake_count(), 1);
	assert_false(mcpsess_session_changed(session));
	save(session);
	assert_int_equal(fake_calls[FAKE_STORE], 1);

	session = reload(session);
	assert_text(mcpsess_session_version(session), "2025-11-25");
	assert_true(mcpsess_session_active(session));
	assert_int_equal(mcpsess_session_key_count(session), 0);
	mcpsess_session_destroy(session);
}

static void a_shortened_id_is_of_the_ref_and_opens_nothing(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	struct mcpsess_digest key, expected;
	struct mcpsess_bytes id = mcpsess_session_id(session);
	char ref[44];
	mcpsess_session_ref(session, ref);
	assert_int_equal(strlen(mcpsess_session_short_id(session)), 8);
	assert_memory_equal(mcpsess_session_short_id(session), ref, 8);
	assert_memory_not_equal(mcpsess_session_short_id(session), id.data, 8);
	assert_int_equal(mcp_session_store_unref(mcpsess_str(ref), &key), MCPSESS_OK);
	mcp_session_store_key(mcpsess_str("tenant"), id, &expected);
	assert_memory_equal(&key, &expected, sizeof(key));
	mcpsess_session_destroy(session);
}

static void times_are_the_store_s(void **state)
{
	(void)state;
	struct mcpsess_times times;
	struct mcpsess_session *session = create();
	fake_now_ms = 5000;
	save(session);
	mcpsess_session_times(session, &times);
	assert_int_equal(times.created_ms, 5000);
	assert_int_equal(times.now_ms, 5000);
	fake_now_ms = 7000;
	session = reload(session);
	mcpsess_session_times(session, &times);
	assert_int_equal(times.now_ms, 7000);
	assert_int_equal(times.created_ms, 5000);
	assert_int_equal(times.expires_ms, 7000 + 300000);
	assert_int_equal(times.first_request_ms, 0);
	/* Saving later moves the expiry, and not the time of loading. */
	fake_now_ms = 9000;
	set(session, "k", "1");
	save(session);
	mcpsess_session_times(session, &times);
	assert_int_equal(times.now_ms, 7000);
	assert_int_equal(times.expires_ms, 9000 + 300000);
	mcpsess_session_destroy(session);
}

static void before_it_is_stored_a_session_knows_about_when(void **state)
{
	(void)state;
	struct mcpsess_times times;
	struct mcpsess_session *session = create();
	mcpsess_session_times(session, &times);
	assert_true(times.now_ms > 0 && times.created_ms == times.now_ms);
	assert_int_equal(times.expires_ms, times.now_ms + 300000);
	assert_int_equal(times.deadline_ms, times.now_ms + 24 * 3600000u);
	mcpsess_session_destroy(session);
}

static void another_s_session_is_not_opened(void **state)
{
	(void)state;
	struct mcpsess_session *session = create(), *other = NULL;
	struct mcpsess_session_place here = place();
	struct mcpsess_error err;
	save(session);
	here.principal = mcpsess_str("mallory");
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &other, &err),
		MCPSESS_E_NOTOWNER);
	assert_int_equal(err.status, MCPSESS_E_NOTOWNER);
	here.principal = mcpsess_str("alice");
	here.tenant = mcpsess_str("elsewhere");
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &other, &err),
		MCPSESS_E_NOTFOUND);
	assert_null(other);
	mcpsess_session_destroy(session);
}

static void what_cannot_be_an_id_is_not_looked_up(void **state)
{
	(void)state;
	char longest[MCPSESS_ID_MAX + 1];
	struct mcpsess_session *session = NULL;
	memset(longest, 'x', sizeof(longest));
	const struct mcpsess_bytes bad[] = { { "", 0 }, { "short", 5 }, { longest, 21 },
		{ longest, MCPSESS_ID_MAX + 1 }, { "with a blank in the middle", 26 },
		{ "control\ncharacter in the id", 27 },
		{ "\xc3\xbc is not visible ASCII, no", 29 } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(bad[i], &session), MCPSESS_E_NOTFOUND);
	}
	assert_int_equal(fake_calls[FAKE_GET], 0);
	assert_int_equal(load(mcpsess_mem(longest, 22), &session), MCPSESS_E_NOTFOUND);
	assert_int_equal(load(mcpsess_mem(longest, MCPSESS_ID_MAX), &session), MCPSESS_E_NOTFOUND);
	assert_int_equal(fake_calls[FAKE_GET], 2);
}

static void a_handle_s_id_opens_no_session(void **state)
{
	(void)state;
	struct mcpsess_session *session = create(), *other = NULL;
	save(session);
	fake_set_kind(MCP_SESSION_STORE_HANDLE);
	assert_int_equal(load(mcpsess_session_id(session), &other), MCPSESS_E_NOTFOUND);
	mcpsess_session_destroy(session);
}

static void a_place_is_one_store_or_one_pool(void **state)
{
	(void)state;
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL;
	struct mcpsess_error err;
	here.pool = (struct mcp_session_store_pool *)store;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, &err),
		MCPSESS_E_INVALID);
	here.pool = NULL;
	here.store = NULL;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, &err),
		MCPSESS_E_INVALID);
	assert_true(strstr(err.text, "store") != NULL);
}

static int no_random(void *user_data, void *out, size_t len)
{
	(void)user_data, (void)out, (void)len;
	return -1;
}

static void without_randomness_there_is_no_session(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .random = no_random };
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL;
	struct mcpsess_error err;
	here.hooks = &hooks;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, &err),
		MCPSESS_E_UNAVAILABLE);
	assert_true(strstr(err.text, "random") != NULL);
}

/* -- what the client said ---------------------------------------------------------------------- */

static void what_the_client_said_is_kept(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_text(mcpsess_session_client_info(session), "{}");
	assert_text(mcpsess_session_client_capabilities(session), "{}");
	assert_int_equal(mcpsess_session_log_level(session).len, 0);
	assert_false(mcpsess_session_client_can(session, mcpsess_str("sampling")));

	mcpsess_session_set_client(session, mcpsess_str("{\"name\":\"probe\"}"),
		mcpsess_str("{\"sampling\":{},\"roots\":null,\"elicitation\":{\"form\":{}}}"));
	mcpsess_session_set_log_level(session, mcpsess_str("warning"));
	session = reload(session);
	assert_text(mcpsess_session_client_info(session), "{\"name\":\"probe\"}");
	assert_true(mcpsess_session_client_can(session, mcpsess_str("sampling")));
	assert_true(mcpsess_session_client_can(session, mcpsess_str("elicitation")));
	assert_false(mcpsess_session_client_can(session, mcpsess_str("roots")));
	assert_false(mcpsess_session_client_can(session, mcpsess_str("form")));
	assert_text(mcpsess_session_log_level(session), "warning");
	mcpsess_session_destroy(session);
}

static void subscriptions_come_and_go(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_int_equal(mcpsess_session_subscribe(session, mcpsess_str("file:///a")), MCPSESS_OK);
	assert_int_equal(mcpsess_session_subscribe(session, mcpsess_str("file:///b")), MCPSESS_OK);
	assert_int_equal(mcpsess_session_subscribe(session, mcpsess_str("file:///a")), MCPSESS_OK);
	session = reload(session);
	assert_int_equal(mcpsess_session_subscription_count(session), 2);
	assert_text(mcpsess_session_subscription(session, 0), "file:///a");
	assert_text(mcpsess_session_subscription(session, 1), "file:///b");
	assert_int_equal(mcpsess_session_subscription(session, 2).len, 0);
	assert_true(mcpsess_session_subscribed(session, mcpsess_str("file:///b")));
	mcpsess_session_unsubscribe(session, mcpsess_str("file:///a"));
	session = reload(session);
	assert_false(mcpsess_session_subscribed(session, mcpsess_str("file:///a")));
	assert_int_equal(mcpsess_session_subscription_count(session), 1);
	mcpsess_session_destroy(session);
}

/* -- what stays on this node --------------------------------------------------------------------
 */

static void *local;
static int destroyed;

static void *local_get(void *user_data, const struct mcpsess_digest *key)
{
	(void)user_data, (void)key;
	return local;
}

static int local_set(void *user_data, const struct mcpsess_digest *key, void *pointer,
	void (*destroy)(void *pointer))
{
	(void)user_data, (void)key, (void)destroy;
	destroyed += local != NULL;
	local = pointer;
	return MCPSESS_OK;
}

static void local_ended(void *user_data, const struct mcpsess_digest *key)
{
	local_set(user_data, key, NULL, NULL);
}

static void a_local_pointer_is_the_layer_s_and_ends_with_the_session(void **state)
{
	(void)state;
	static const struct mcpsess_session_locals locals = { local_get, local_set, local_ended,
		NULL };
	int thing;
	struct mcpsess_session *session = create();
	assert_null(mcpsess_session_local(session));
	assert_int_equal(mcpsess_session_set_local(session, &thing, NULL), MCPSESS_E_INVALID);
	session->locals = &locals;
	assert_int_equal(mcpsess_session_set_local(session, &thing, NULL), MCPSESS_OK);
	assert_ptr_equal(mcpsess_session_local(session), &thing);
	save(session);
	assert_int_equal(destroyed, 0);
	assert_int_equal(mcpsess_session_end(session, NULL), MCPSESS_OK);
	assert_int_equal(destroyed, 1);
	assert_null(mcpsess_session_local(session));
	mcpsess_session_destroy(session);
}

/* -- the price of a message that touches no data -------------------------------------------------
 */

static int allocations;

static void *count_realloc(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	allocations += size > 0;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

static void reading_a_session_allocates_nothing(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = count_realloc };
	struct mcpsess_env env;
	struct mcpsess_access access = { .store = store, .env = &env };
	struct mcpsess_session *made = create(), session;
	set(made, "k", "1");
	mcpsess_session_set_client(made, mcpsess_str("{}"), mcpsess_str("{\"roots\":{}}"));
	save(made);
	mcpsess_env_init(&env, &hooks);
	mcpsess_session_init(&session, &env, &access, 65536);
	assert_int_equal(mcpsess_session_fetch(&session, mcpsess_str("tenant"),
				 mcpsess_str("alice"), mcpsess_session_id(made),
				 MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT),
		MCPSESS_OK);
	assert_int_equal(mcpsess_session_requests(&session), 1);
	assert_text(mcpsess_session_version(&session), "2025-11-25");
	assert_true(mcpsess_session_client_can(&session, mcpsess_str("roots")));
	assert_value(&session, "k", "1");
	assert_int_equal(mcpsess_session_commit(&session), MCPSESS_OK);
	mcpsess_session_release(&session);
	assert_int_equal(allocations, 0);
	mcpsess_session_destroy(made);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_session_is_stored_when_it_is_saved),
		TEST(a_shortened_id_is_of_the_ref_and_opens_nothing),
		TEST(times_are_the_store_s),
		TEST(before_it_is_stored_a_session_knows_about_when),
		TEST(another_s_session_is_not_opened),
		TEST(what_cannot_be_an_id_is_not_looked_up),
		TEST(a_handle_s_id_opens_no_session),
		TEST(a_place_is_one_store_or_one_pool),
		TEST(without_randomness_there_is_no_session),
		TEST(what_the_client_said_is_kept),
		TEST(subscriptions_come_and_go),
		TEST(a_local_pointer_is_the_layer_s_and_ends_with_the_session),
		TEST(reading_a_session_allocates_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
