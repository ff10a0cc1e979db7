/* Verbs that pend: who is told, when, and what may end the wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asked.h"

static int reset(void **state)
{
	pend_reset();
	asked_now_ms = 1000000;
	*state = asked_open("pend:");
	return 0;
}

static int end(void **state)
{
	mcp_session_store_close(*state);
	assert_int_equal(pend.opened, pend.closed);
	return 0;
}

static void a_verb_that_is_over_never_calls_done(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	pend.mode = PEND_AT_ONCE;
	asked_prepare(&asked, store, 1);
	assert_int_equal(mcp_session_store_get_async(store, &asked.call), MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(asked.told, 0);
	asked.told = 1;
	asked_is_answered(&asked, 1);
}

static void done_comes_from_dispatch_once(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	asked_get(&asked, store, 1);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(asked.told, 0);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	asked_is_answered(&asked, 1);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(asked.told, 1);
}

static void answers_may_come_in_any_order(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked[3];
	for (unsigned i = 0; i < 3; i++) {
		asked_get(&asked[i], store, i);
	}
	pend_answer(store, &asked[2].call, MCPSESS_OK);
	pend_answer(store, &asked[0].call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 2);
	assert_int_equal(asked[1].told, 0);
	asked_is_answered(&asked[2], 2);
	asked_is_answered(&asked[0], 0);
	pend_answer(store, &asked[1].call, MCPSESS_E_NOTFOUND);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(asked[1].status, MCPSESS_E_NOTFOUND);
	assert_int_equal(asked[1].call.error.status, MCPSESS_E_NOTFOUND);
	assert_string_equal(asked[1].call.error.text, "no such session");
}

/* The backend watches its socket before the host asks for a descriptor, or after. */
static void a_cancelled_call_is_never_told(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked early, late;
	asked_get(&early, store, 1);
	asked_get(&late, store, 2);
	mcp_session_store_cancel(store, &early.call);
	assert_int_equal(pend.cancelled, 1);
	mcp_session_store_cancel(store, &early.call);
	assert_int_equal(pend.cancelled, 1);
	pend_answer(store, &early.call, MCPSESS_OK);
	pend_answer(store, &late.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(early.told, 0);
	asked_is_answered(&late, 2);
}

static void cancel_other(struct asked *asked)
{
	mcp_session_store_cancel(asked->store, &asked->other->call);
}

static void done_may_cancel_a_call_whose_answer_is_there(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked first, second;
	asked_get(&first, store, 1);
	asked_get(&second, store, 2);
	first.then = cancel_other;
	first.other = &second;
	pend_answer(store, &first.call, MCPSESS_OK);
	pend_answer(store, &second.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	asked_is_answered(&first, 1);
	assert_int_equal(second.told, 0);
	assert_null(second.call.answer.blob);
}

static void start_other(struct asked *asked)
{
	asked_get(asked->other, asked->store, 9);
}

static void what_done_starts_is_sent_together_at_the_end_of_the_dispatch(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked[2], more[2];
	for (unsigned i = 0; i < 2; i++) {
		asked_get(&asked[i], store, i);
		asked[i].then = start_other;
		asked[i].other = &more[i];
		pend_answer(store, &asked[i].call, MCPSESS_OK);
	}
	assert_int_equal(pend.flushes, 2);
	assert_int_equal(mcp_session_store_dispatch(store), 2);
	assert_int_equal(pend.flushes, 3);
	assert_int_equal(pend.largest_batch, 2);
	for (unsigned i = 0; i < 2; i++) {
		asked_is_answered(&asked[i], i);
		pend_answer(store, &more[i].call, MCPSESS_OK);
	}
	assert_int_equal(mcp_session_store_dispatch(store), 2);
	asked_is_answered(&more[0], 9);
	asked_is_answered(&more[1], 9);
}

static void after_the_timeout_a_read_did_not_happen_and_a_write_may_have(void **state)
{
	(void)state;
	static int (*const verbs[])(struct mcp_session_store *, struct mcp_session_store_call *) = {
		mcp_session_store_get_async,
		mcp_session_store_exists_async,
		mcp_session_store_list_async,
		mcp_session_store_store_async,
		mcp_session_store_touch_async,
		mcp_session_store_delete_async,
	};
	struct mcp_session_store *store = asked_open("pend:?timeout=3s");
	struct asked asked[6];
	for (unsigned i = 0; i < 6; i++) {
		asked_prepare(&asked[i], store, i);
		assert_int_equal(verbs[i](store, &asked[i].call), MCPSESS_PENDING);
	}
	asked_now_ms += 2999;
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	asked_now_ms += 1;
	assert_int_equal(mcp_session_store_dispatch(store), 6);
	assert_int_equal(pend.cancelled, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(asked[i].told, 1);
		assert_int_equal(
			asked[i].status, i < 3 ? MCPSESS_E_UNAVAILABLE : MCPSESS_E_UNKNOWN);
		assert_int_equal(asked[i].call.error.status, asked[i].status);
		assert_string_equal(asked[i].call.error.text, "no answer within 3000 ms");
		pend_answer(store, &asked[i].call, MCPSESS_OK);
	}
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	mcp_session_store_close(store);
}

static void a_blocking_verb_leaves_the_answers_of_others_for_dispatch(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked before;
	int fd = mcp_session_store_fd(store);
	struct mcp_session_store_request request = { .key = pend_key(5) };
	struct mcp_session_store_answer answer = { 0 };
	asked_get(&before, store, 4);
	pend_answer(store, &before.call, MCPSESS_OK);
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.revision, pend_revision(&request.key));
	assert_int_equal(before.told, 0);
	/* Long before any deadline. */
	assert_int_equal(fd_is_readable(fd, 200), 1);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	asked_is_answered(&before, 4);
	assert_int_equal(fd_is_readable(fd, 0), 0);
	mcp_session_store_answer_clear(&answer);
}

static void block_in_done(struct asked *asked)
{
	struct mcp_session_store_request request = { .key = pend_key(6) };
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(mcp_session_store_get(asked->store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.revision, pend_revision(&request.key));
	mcp_session_store_answer_clear(&answer);
}

static void done_may_block(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked first, second;
	asked_get(&first, store, 1);
	asked_get(&second, store, 2);
	first.then = block_in_done;
	pend_answer(store, &first.call, MCPSESS_OK);
	pend.mode = PEND_ITSELF;
	/* The second call is answered while done() of the first one blocks. */
	mcp_session_store_dispatch(store);
	mcp_session_store_dispatch(store);
	asked_is_answered(&first, 1);
	asked_is_answered(&second, 2);
}

static void who_blocks_comes_back_even_if_the_clock_stands_still(void **state)
{
	(void)state;
	pend.can &= ~(uint32_t)MCP_SESSION_STORE_CAN_SHARE;
	struct mcp_session_store *store = asked_open("pend:?timeout=20ms");
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcpsess_error err;
	pend.mode = PEND_NEVER;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, &err), MCPSESS_E_UNAVAILABLE);
	assert_string_equal(err.text, "no answer within 20 ms");
	assert_int_equal(mcp_session_store_touch(store, &request, NULL, &err), MCPSESS_E_UNKNOWN);
	mcp_session_store_close(store);
}

static void close_gives_up_what_pends_and_what_was_not_told(void **state)
{
	(void)state;
	struct mcp_session_store *store = asked_open("pend:");
	struct mcp_session_store_request request = { .key = pend_key(3) };
	struct asked pending, over;
	asked_get(&over, store, 1);
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_OK);
	pend.mode = PEND_TOLD;
	asked_get(&pending, store, 2);
	mcp_session_store_close(store);
	assert_int_equal(pend.cancelled, 1);
	assert_int_equal(pending.told + over.told, 0);
	assert_null(over.call.answer.blob);
}

static void a_backend_cannot_finish_what_does_not_pend(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked, idle;
	asked_prepare(&idle, store, 1);
	pend_misfinish(store, &idle.call, MCPSESS_OK);
	asked_get(&asked, store, 2);
	pend_misfinish(store, &asked.call, MCPSESS_E_EXPIRED);
	pend_misfinish(store, &asked.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(asked.status, MCPSESS_E_EXPIRED);
	assert_int_equal(idle.told, 0);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(asked.told, 1);
	mcp_session_store_answer_clear(&asked.call.answer);
}

static void a_result_that_is_none_is_an_unknown_outcome(void **state)
{
	struct mcp_session_store *store = *state;
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcpsess_error err;
	pend.mode = PEND_AT_ONCE;
	static const int results[] = { -1, -5000, -5016, 2, -110 };
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		pend.status = results[i];
		assert_int_equal(
			mcp_session_store_get(store, &request, NULL, &err), MCPSESS_E_UNKNOWN);
		assert_non_null(strstr(err.text, "which is no result"));
	}
}

static void a_call_cannot_be_started_twice(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	asked_get(&asked, store, 1);
	assert_int_equal(mcp_session_store_get_async(store, &asked.call), MCPSESS_E_INVALID);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	asked_is_answered(&asked, 1);
	assert_int_equal(mcp_session_store_get_async(store, &asked.call), MCPSESS_PENDING);
	mcp_session_store_cancel(store, &asked.call);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
		TEST(a_verb_that_is_over_never_calls_done),
		TEST(done_comes_from_dispatch_once),
		TEST(answers_may_come_in_any_order),
		TEST(a_cancelled_call_is_never_told),
		TEST(done_may_cancel_a_call_whose_answer_is_there),
		TEST(what_done_starts_is_sent_together_at_the_end_of_the_dispatch),
		TEST(after_the_timeout_a_read_did_not_happen_and_a_write_may_have),
		TEST(a_blocking_verb_leaves_the_answers_of_others_for_dispatch),
		TEST(done_may_block),
		TEST(who_blocks_comes_back_even_if_the_clock_stands_still),
		TEST(close_gives_up_what_pends_and_what_was_not_told),
		TEST(a_backend_cannot_finish_what_does_not_pend),
		TEST(a_result_that_is_none_is_an_unknown_outcome),
		TEST(a_call_cannot_be_started_twice),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
