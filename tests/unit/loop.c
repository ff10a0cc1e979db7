/* Verbs that pend: who is told, when, and what may end the wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <poll.h>

#include "pend.h"

static uint64_t now_ms;

static uint64_t hand_driven(void *user_data)
{
	(void)user_data;
	return now_ms;
}

static struct mcpsess_hooks clock_hooks = { .size = sizeof(clock_hooks), .now_ms = hand_driven };

/* A call, and what its done() saw. */
struct asked {
	struct mcp_session_store_call call;
	struct mcp_session_store *store;
	int told;
	int status;
	void (*then)(struct asked *asked);
	struct asked *other;
};

static void done(struct mcp_session_store_call *call, int status)
{
	struct asked *asked = (struct asked *)(void *)call;
	asked->told++;
	asked->status = status;
	assert_ptr_equal(call->user_data, asked);
	if (asked->then != NULL) {
		asked->then(asked);
	}
}

static void prepare(struct asked *asked, struct mcp_session_store *store, unsigned key)
{
	memset(asked, 0, sizeof(*asked));
	asked->store = store;
	asked->call.done = done;
	asked->call.user_data = asked;
	asked->call.request.key = pend_key(key);
}

static void start_get(struct asked *asked, struct mcp_session_store *store, unsigned key)
{
	prepare(asked, store, key);
	assert_int_equal(mcp_session_store_get_async(store, &asked->call), MCPSESS_PENDING);
}

static void assert_answered(struct asked *asked, unsigned key)
{
	struct mcpsess_digest wanted = pend_key(key);
	assert_int_equal(asked->told, 1);
	assert_int_equal(asked->status, MCPSESS_OK);
	assert_int_equal(asked->call.answer.revision, pend_revision(&wanted));
	assert_int_equal(asked->call.answer.payload.len, sizeof(wanted));
	assert_memory_equal(asked->call.answer.payload.data, &wanted, sizeof(wanted));
	mcp_session_store_answer_clear(&asked->call.answer);
}

static struct mcp_session_store *open_store(const char *uri)
{
	struct mcp_session_store_options options = { .size = sizeof(options),
		.hooks = &clock_hooks };
	struct mcp_session_store *store = NULL;
	assert_int_equal(mcp_session_store_open(uri, &options, &store, NULL), MCPSESS_OK);
	return store;
}

static int readable(int fd, int wait_ms)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	return poll(&one, 1, wait_ms);
}

static int open_descriptors(void)
{
	int count = 0;
	DIR *dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while (readdir(dir) != NULL) {
		count++;
	}
	closedir(dir);
	return count;
}

static int reset(void **state)
{
	pend_reset();
	now_ms = 1000000;
	*state = open_store("pend:");
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
	prepare(&asked, store, 1);
	assert_int_equal(mcp_session_store_get_async(store, &asked.call), MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(asked.told, 0);
	asked.told = 1;
	assert_answered(&asked, 1);
}

static void done_comes_from_dispatch_once(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	start_get(&asked, store, 1);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(asked.told, 0);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_answered(&asked, 1);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(asked.told, 1);
}

static void answers_may_come_in_any_order(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked[3];
	for (unsigned i = 0; i < 3; i++) {
		start_get(&asked[i], store, i);
	}
	pend_answer(store, &asked[2].call, MCPSESS_OK);
	pend_answer(store, &asked[0].call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 2);
	assert_int_equal(asked[1].told, 0);
	assert_answered(&asked[2], 2);
	assert_answered(&asked[0], 0);
	pend_answer(store, &asked[1].call, MCPSESS_E_NOTFOUND);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(asked[1].status, MCPSESS_E_NOTFOUND);
	assert_int_equal(asked[1].call.error.status, MCPSESS_E_NOTFOUND);
	assert_string_equal(asked[1].call.error.text, "no such session");
}

static void the_descriptor_is_readable_when_dispatch_has_work(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	int fd = mcp_session_store_fd(store);
	assert_true(fd >= 0);
	assert_int_equal(readable(fd, 0), 0);
	start_get(&asked, store, 1);
	assert_int_equal(readable(fd, 0), 0);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(readable(fd, 0), 1);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(readable(fd, 0), 0);
	assert_int_equal(mcp_session_store_fd(store), fd);
	assert_answered(&asked, 1);
}

/* The backend watches its socket before the host asks for a descriptor, or after. */
static void the_descriptor_may_be_asked_for_at_any_time(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	start_get(&asked, store, 1);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(readable(mcp_session_store_fd(store), 0), 1);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_answered(&asked, 1);
}

static void a_store_that_was_not_asked_costs_no_descriptor(void **state)
{
	(void)state;
	int before = open_descriptors();
	struct mcp_session_store *store = open_store("pend:");
	struct mcp_session_store_request request = { .key = pend_key(1) };
	pend.mode = PEND_AT_ONCE;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(open_descriptors(), before);
	assert_true(mcp_session_store_fd(store) >= 0);
	mcp_session_store_close(store);
	assert_int_equal(open_descriptors(), before);
}

static void a_cancelled_call_is_never_told(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked early, late;
	start_get(&early, store, 1);
	start_get(&late, store, 2);
	mcp_session_store_cancel(store, &early.call);
	assert_int_equal(pend.cancelled, 1);
	mcp_session_store_cancel(store, &early.call);
	assert_int_equal(pend.cancelled, 1);
	pend_answer(store, &early.call, MCPSESS_OK);
	pend_answer(store, &late.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(early.told, 0);
	assert_answered(&late, 2);
}

static void cancel_other(struct asked *asked)
{
	mcp_session_store_cancel(asked->store, &asked->other->call);
}

static void done_may_cancel_a_call_whose_answer_is_there(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked first, second;
	start_get(&first, store, 1);
	start_get(&second, store, 2);
	first.then = cancel_other;
	first.other = &second;
	pend_answer(store, &first.call, MCPSESS_OK);
	pend_answer(store, &second.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_answered(&first, 1);
	assert_int_equal(second.told, 0);
	assert_null(second.call.answer.blob);
}

static void start_other(struct asked *asked)
{
	start_get(asked->other, asked->store, 9);
}

static void what_done_starts_is_sent_together_at_the_end_of_the_dispatch(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked[2], more[2];
	for (unsigned i = 0; i < 2; i++) {
		start_get(&asked[i], store, i);
		asked[i].then = start_other;
		asked[i].other = &more[i];
		pend_answer(store, &asked[i].call, MCPSESS_OK);
	}
	assert_int_equal(pend.flushes, 2);
	assert_int_equal(mcp_session_store_dispatch(store), 2);
	assert_int_equal(pend.flushes, 3);
	assert_int_equal(pend.largest_batch, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_answered(&asked[i], i);
		pend_answer(store, &more[i].call, MCPSESS_OK);
	}
	assert_int_equal(mcp_session_store_dispatch(store), 2);
	assert_answered(&more[0], 9);
	assert_answered(&more[1], 9);
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
	struct mcp_session_store *store = open_store("pend:?timeout=3s");
	struct asked asked[6];
	for (unsigned i = 0; i < 6; i++) {
		prepare(&asked[i], store, i);
		assert_int_equal(verbs[i](store, &asked[i].call), MCPSESS_PENDING);
	}
	now_ms += 2999;
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	now_ms += 1;
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

static void a_deadline_wakes_the_host(void **state)
{
	(void)state;
	struct mcp_session_store *store = NULL;
	struct asked asked;
	assert_int_equal(mcp_session_store_open("pend:?timeout=20ms", NULL, &store, NULL), 0);
	int fd = mcp_session_store_fd(store);
	start_get(&asked, store, 1);
	while (asked.told == 0) {
		assert_int_equal(readable(fd, 10000), 1);
		mcp_session_store_dispatch(store);
	}
	assert_int_equal(asked.status, MCPSESS_E_UNAVAILABLE);
	mcp_session_store_close(store);
}

static void a_backend_is_ticked_when_it_asked_to_be(void **state)
{
	struct mcp_session_store *store = *state;
	pend_wake_at(store, now_ms + 10);
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 0);
	now_ms += 10;
	mcp_session_store_dispatch(store);
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 1);
	pend_wake_at(store, now_ms + 10);
	pend_wake_at(store, 0);
	now_ms += 10;
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 1);
}

static void a_tick_wakes_the_host(void **state)
{
	struct mcp_session_store *store = *state;
	pend_wake_at(store, now_ms + 5);
	int fd = mcp_session_store_fd(store);
	assert_int_equal(readable(fd, 10000), 1);
	now_ms += 5;
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 1);
	assert_int_equal(readable(fd, 0), 0);
}

static void a_blocking_verb_leaves_the_answers_of_others_for_dispatch(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked before;
	int fd = mcp_session_store_fd(store);
	struct mcp_session_store_request request = { .key = pend_key(5) };
	struct mcp_session_store_answer answer = { 0 };
	start_get(&before, store, 4);
	pend_answer(store, &before.call, MCPSESS_OK);
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.revision, pend_revision(&request.key));
	assert_int_equal(before.told, 0);
	assert_int_equal(readable(fd, 1000), 1);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_answered(&before, 4);
	assert_int_equal(readable(fd, 0), 0);
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
	start_get(&first, store, 1);
	start_get(&second, store, 2);
	first.then = block_in_done;
	pend_answer(store, &first.call, MCPSESS_OK);
	pend.mode = PEND_ITSELF;
	/* The second call is answered while done() of the first one blocks. */
	mcp_session_store_dispatch(store);
	mcp_session_store_dispatch(store);
	assert_answered(&first, 1);
	assert_answered(&second, 2);
}

static void who_blocks_comes_back_even_if_the_clock_stands_still(void **state)
{
	(void)state;
	pend.can &= ~(uint32_t)MCP_SESSION_STORE_CAN_SHARE;
	struct mcp_session_store *store = open_store("pend:?timeout=20ms");
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_error err;
	pend.mode = PEND_NEVER;
	assert_int_equal(
		mcp_session_store_get(store, &request, &answer, &err), MCPSESS_E_UNAVAILABLE);
	assert_string_equal(err.text, "no answer within 20 ms");
	assert_int_equal(
		mcp_session_store_touch(store, &request, &answer, &err), MCPSESS_E_UNKNOWN);
	mcp_session_store_close(store);
}

static void close_gives_up_what_pends_and_what_was_not_told(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("pend:");
	struct mcp_session_store_request request = { .key = pend_key(3) };
	struct asked pending, over;
	start_get(&over, store, 1);
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_OK);
	pend.mode = PEND_TOLD;
	start_get(&pending, store, 2);
	mcp_session_store_close(store);
	assert_int_equal(pend.cancelled, 1);
	assert_int_equal(pending.told + over.told, 0);
	assert_null(over.call.answer.blob);
}

static void a_backend_cannot_finish_what_does_not_pend(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked, idle;
	prepare(&idle, store, 1);
	pend_misfinish(store, &idle.call, MCPSESS_OK);
	start_get(&asked, store, 2);
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
	start_get(&asked, store, 1);
	assert_int_equal(mcp_session_store_get_async(store, &asked.call), MCPSESS_E_INVALID);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_answered(&asked, 1);
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
		TEST(the_descriptor_is_readable_when_dispatch_has_work),
		TEST(the_descriptor_may_be_asked_for_at_any_time),
		TEST(a_store_that_was_not_asked_costs_no_descriptor),
		TEST(a_cancelled_call_is_never_told),
		TEST(done_may_cancel_a_call_whose_answer_is_there),
		TEST(what_done_starts_is_sent_together_at_the_end_of_the_dispatch),
		TEST(after_the_timeout_a_read_did_not_happen_and_a_write_may_have),
		TEST(a_deadline_wakes_the_host),
		TEST(a_backend_is_ticked_when_it_asked_to_be),
		TEST(a_tick_wakes_the_host),
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
