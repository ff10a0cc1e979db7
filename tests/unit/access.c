/* The way to a store or a pool, and the watch over how long each verb takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pend.h"
#include "store/access.h"

static uint64_t stopwatch_us;

static uint64_t elapsed_us(void *user_data)
{
	(void)user_data;
	return stopwatch_us;
}

struct seen {
	unsigned count;
	enum mcpsess_verb verb;
	int status;
	uint64_t elapsed_us;
};

static void observe(void *user_data, enum mcpsess_verb verb, int status, uint64_t elapsed)
{
	struct seen *seen = user_data;
	seen->count++;
	seen->verb = verb;
	seen->status = status;
	seen->elapsed_us = elapsed;
}

static struct mcpsess_env env;
static struct seen seen;
static struct mcpsess_access access_to;

static int reset(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .elapsed_us = elapsed_us };
	pend_reset();
	mcpsess_env_init(&env, &hooks);
	memset(&seen, 0, sizeof(seen));
	access_to = (struct mcpsess_access){ .observe = observe, .user_data = &seen, .env = &env };
	return 0;
}

static int open_store(void **state)
{
	reset(state);
	return mcp_session_store_open("pend:?idle=7s", NULL, &access_to.store, NULL);
}

static int open_pool(void **state)
{
	reset(state);
	return mcp_session_store_pool_open("pend:?idle=7s", NULL, 0, &access_to.pool, NULL);
}

static int end(void **state)
{
	(void)state;
	mcp_session_store_close(access_to.store);
	mcp_session_store_pool_close(access_to.pool);
	return 0;
}

static int told;

static void done(struct mcp_session_store_call *call, int status)
{
	told = status;
	assert_ptr_equal(call->done, done);
	assert_ptr_equal(call->user_data, &told);
}

static struct mcp_session_store_call new_call(void)
{
	told = 1;
	return (struct mcp_session_store_call){
		.request.key = pend_key(1), .done = done, .user_data = &told
	};
}

static void assert_seen(unsigned count, enum mcpsess_verb verb, int status, uint64_t elapsed)
{
	assert_int_equal(seen.count, count);
	assert_int_equal(seen.verb, verb);
	assert_int_equal(seen.status, status);
	assert_int_equal(seen.elapsed_us, elapsed);
}

static void a_pending_verb_takes_until_it_is_over(void **state)
{
	(void)state;
	struct mcp_session_store_call call = new_call();
	stopwatch_us = 100;
	assert_int_equal(
		mcpsess_access_start(&access_to, MCPSESS_VERB_TOUCH, &call), MCPSESS_PENDING);
	assert_int_equal(seen.count, 0);
	stopwatch_us = 350;
	pend_answer(access_to.store, &call, MCPSESS_E_NOTFOUND);
	assert_int_equal(mcp_session_store_dispatch(access_to.store), 1);
	assert_int_equal(told, MCPSESS_E_NOTFOUND);
	assert_seen(1, MCPSESS_VERB_TOUCH, MCPSESS_E_NOTFOUND, 250);
}

static void a_verb_that_is_over_at_once_is_seen_at_once(void **state)
{
	(void)state;
	struct mcp_session_store_call call = new_call();
	pend.mode = PEND_AT_ONCE;
	assert_int_equal(mcpsess_access_start(&access_to, MCPSESS_VERB_GET, &call), MCPSESS_OK);
	assert_seen(1, MCPSESS_VERB_GET, MCPSESS_OK, 0);
	memset(&call.request.key, 0, sizeof(call.request.key));
	assert_int_equal(
		mcpsess_access_start(&access_to, MCPSESS_VERB_STORE, &call), MCPSESS_E_INVALID);
	assert_seen(2, MCPSESS_VERB_STORE, MCPSESS_E_INVALID, 0);
	assert_int_equal(told, 1);
}

static void a_blocking_verb_waits_and_is_seen(void **state)
{
	(void)state;
	struct mcp_session_store_call call = new_call();
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcpsess_access_run(&access_to, MCPSESS_VERB_GET, &call), MCPSESS_OK);
	assert_seen(1, MCPSESS_VERB_GET, MCPSESS_OK, 0);
	assert_int_equal(told, 1);
	mcp_session_store_answer_clear(&call.answer);
}

static void a_pool_never_pends(void **state)
{
	(void)state;
	struct mcp_session_store_call call = new_call();
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcpsess_access_start(&access_to, MCPSESS_VERB_GET, &call), MCPSESS_OK);
	assert_int_equal(call.answer.revision, pend_revision(&call.request.key));
	assert_seen(1, MCPSESS_VERB_GET, MCPSESS_OK, 0);
	mcpsess_access_cancel(&access_to, &call);
	assert_int_equal(told, 1);
	mcp_session_store_answer_clear(&call.answer);
}

static void a_cancelled_call_is_neither_seen_nor_changed(void **state)
{
	(void)state;
	struct mcp_session_store_call call = new_call();
	assert_int_equal(
		mcpsess_access_start(&access_to, MCPSESS_VERB_GET, &call), MCPSESS_PENDING);
	mcpsess_access_cancel(&access_to, &call);
	assert_ptr_equal(call.done, done);
	assert_int_equal(mcp_session_store_dispatch(access_to.store), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(told, 1);
	/* And it can be used anew. */
	assert_int_equal(
		mcpsess_access_start(&access_to, MCPSESS_VERB_GET, &call), MCPSESS_PENDING);
	pend_answer(access_to.store, &call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(access_to.store), 1);
	assert_int_equal(told, MCPSESS_OK);
	mcp_session_store_answer_clear(&call.answer);
}

static void the_rest_is_the_store_s_or_the_pool_s(void **state)
{
	(void)state;
	struct mcp_session_store_options settings;
	struct mcp_session_store_counts stats;
	assert_true(mcpsess_access_can(&access_to) & MCP_SESSION_STORE_CAN_LIST);
	mcpsess_access_settings(&access_to, &settings);
	assert_int_equal(settings.idle_ms, 7000);
	assert_int_equal(mcpsess_access_stats(&access_to, &stats), MCPSESS_OK);
	assert_int_equal(stats.sessions, 7);
	assert_int_equal(mcpsess_access_sweep(&access_to, 5), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define STORE(name) cmocka_unit_test_setup_teardown(name, open_store, end)
#define POOL(name)  cmocka_unit_test_setup_teardown(name, open_pool, end)
		STORE(a_pending_verb_takes_until_it_is_over),
		STORE(a_verb_that_is_over_at_once_is_seen_at_once),
		STORE(a_blocking_verb_waits_and_is_seen),
		STORE(a_cancelled_call_is_neither_seen_nor_changed),
		STORE(the_rest_is_the_store_s_or_the_pool_s),
		POOL(a_pool_never_pends),
		POOL(the_rest_is_the_store_s_or_the_pool_s),
#undef POOL
#undef STORE
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
