/* A session opened by its ref: what an operator sees and does without the client's id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mcpsess/session.h>

static struct mcp_session_store *store;
static struct mcpsess_session *clients;
static uint64_t now_ms;

static uint64_t clock_hook(void *user_data)
{
	(void)user_data;
	return now_ms;
}

static struct mcpsess_session_place alices(void)
{
	struct mcpsess_session_place place = { .store = store };
	place.tenant = mcpsess_str("tenant");
	place.principal = mcpsess_str("alice");
	return place;
}

static int setup(void **state)
{
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .now_ms = clock_hook };
	struct mcp_session_store_options options = { .size = sizeof(options), .hooks = &hooks };
	(void)state;
	now_ms = 1000000;
	assert_int_equal(
		mcp_session_store_open("memory:?idle=10s", &options, &store, NULL), MCPSESS_OK);
	struct mcpsess_session_place here = alices();
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &clients, NULL),
		MCPSESS_OK);
	mcpsess_session_set(clients, mcpsess_str("k"), mcpsess_str("[1]"));
	assert_int_equal(mcpsess_session_save(clients, NULL), MCPSESS_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mcpsess_session_destroy(clients);
	mcp_session_store_close(store);
	return 0;
}

static struct mcpsess_session *open_it(void)
{
	struct mcpsess_session_place here = { .store = store };
	struct mcpsess_session *session = NULL;
	char ref[44];
	mcpsess_session_ref(clients, ref);
	assert_int_equal(
		mcpsess_session_open_ref(&here, mcpsess_str(ref), &session, NULL), MCPSESS_OK);
	return session;
}

static void a_ref_opens_the_session_of_any_owner_without_its_id(void **state)
{
	(void)state;
	struct mcpsess_session *session = open_it();
	struct mcpsess_bytes value;
	char ref[44], same[44];
	mcpsess_session_ref(clients, ref);
	mcpsess_session_ref(session, same);
	assert_string_equal(ref, same);
	assert_string_equal(mcpsess_session_short_id(session), mcpsess_session_short_id(clients));
	assert_int_equal(mcpsess_session_id(session).len, 0);
	assert_int_equal(mcpsess_session_get(session, mcpsess_str("k"), &value), MCPSESS_OK);
	assert_true(mcpsess_bytes_equal(value, mcpsess_str("[1]")));
	mcpsess_session_destroy(session);
}

static void looking_does_not_keep_a_session_alive(void **state)
{
	(void)state;
	struct mcpsess_times before, after;
	mcpsess_session_times(clients, &before);
	now_ms += 5000;
	struct mcpsess_session *session = open_it();
	mcpsess_session_times(session, &after);
	assert_int_equal(after.expires_ms, before.expires_ms);
	mcpsess_session_destroy(session);
}

static void what_the_operator_writes_stays_the_owners(void **state)
{
	(void)state;
	struct mcpsess_session_place here = alices();
	struct mcpsess_session *session = open_it(), *again;
	struct mcpsess_bytes value;
	mcpsess_session_set(session, mcpsess_str("note"), mcpsess_str("true"));
	assert_int_equal(mcpsess_session_save(session, NULL), MCPSESS_OK);
	assert_int_equal(
		mcpsess_session_load(&here, mcpsess_session_id(clients), &again, NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_session_get(again, mcpsess_str("note"), &value), MCPSESS_OK);
	mcpsess_session_destroy(again);
	assert_int_equal(mcpsess_session_end(session, NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(clients), &again, NULL),
		MCPSESS_E_REVOKED);
	mcpsess_session_destroy(session);
}

static void what_is_no_ref_or_names_nothing_is_told_apart(void **state)
{
	(void)state;
	struct mcpsess_session_place here = { .store = store };
	struct mcpsess_session *session = NULL;
	struct mcpsess_error err;
	char ref[44];
	assert_int_equal(mcpsess_session_open_ref(&here, mcpsess_str("short"), &session, &err),
		MCPSESS_E_INVALID);
	assert_true(err.text[0] != '\0');
	/* A client's id has a ref's length; it is no way in here. */
	assert_int_equal(
		mcpsess_session_open_ref(&here, mcpsess_session_id(clients), &session, NULL),
		MCPSESS_E_NOTFOUND);
	now_ms += 10000;
	mcpsess_session_ref(clients, ref);
	assert_int_equal(mcpsess_session_open_ref(&here, mcpsess_str(ref), &session, NULL),
		MCPSESS_E_EXPIRED);
	here.store = NULL;
	assert_int_equal(mcpsess_session_open_ref(&here, mcpsess_str(ref), &session, NULL),
		MCPSESS_E_INVALID);
	assert_null(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_ref_opens_the_session_of_any_owner_without_its_id),
		TEST(looking_does_not_keep_a_session_alive),
		TEST(what_the_operator_writes_stays_the_owners),
		TEST(what_is_no_ref_or_names_nothing_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
