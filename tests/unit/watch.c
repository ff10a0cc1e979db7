/* The descriptor that a host watches, deadlines and ticks: when there is something to do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "asked.h"

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

static void the_descriptor_is_readable_when_dispatch_has_work(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	int fd = mcp_session_store_fd(store);
	assert_true(fd >= 0);
	assert_int_equal(fd_is_readable(fd, 0), 0);
	asked_get(&asked, store, 1);
	assert_int_equal(fd_is_readable(fd, 0), 0);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(fd_is_readable(fd, 0), 1);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(fd_is_readable(fd, 0), 0);
	assert_int_equal(mcp_session_store_fd(store), fd);
	asked_is_answered(&asked, 1);
}

static void the_descriptor_may_be_asked_for_at_any_time(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	asked_get(&asked, store, 1);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(fd_is_readable(mcp_session_store_fd(store), 0), 1);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	asked_is_answered(&asked, 1);
}

static void a_backend_may_stop_watching_and_watch_for_something_else(void **state)
{
	struct mcp_session_store *store = *state;
	struct asked asked;
	int fd = mcp_session_store_fd(store);
	asked_get(&asked, store, 1);
	pend_answer(store, &asked.call, MCPSESS_OK);
	pend_watch(store, 0);
	assert_int_equal(fd_is_readable(fd, 0), 0);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	pend_watch(store, MCPSESS_EVENT_WRITE);
	assert_int_equal(fd_is_readable(fd, 0), 1);
	pend.events = 0;
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.events, MCPSESS_EVENT_WRITE);
	pend_watch(store, MCPSESS_EVENT_READ | MCPSESS_EVENT_WRITE);
	pend_watch(store, MCPSESS_EVENT_READ);
	pend_answer(store, &asked.call, MCPSESS_OK);
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.events, MCPSESS_EVENT_READ);
	asked_is_answered(&asked, 1);
	assert_int_equal(fd_is_readable(fd, 0), 0);
}

static void a_store_that_was_not_asked_costs_no_descriptor(void **state)
{
	(void)state;
	int before = open_descriptors();
	struct mcp_session_store *store = asked_open("pend:");
	struct mcp_session_store_request request = { .key = pend_key(1) };
	pend.mode = PEND_AT_ONCE;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(open_descriptors(), before);
	assert_true(mcp_session_store_fd(store) >= 0);
	mcp_session_store_close(store);
	assert_int_equal(open_descriptors(), before);
}

static void a_deadline_wakes_the_host(void **state)
{
	(void)state;
	struct mcp_session_store *store = NULL;
	struct asked asked;
	assert_int_equal(mcp_session_store_open("pend:?timeout=20ms", NULL, &store, NULL), 0);
	int fd = mcp_session_store_fd(store);
	asked_get(&asked, store, 1);
	while (asked.told == 0) {
		assert_int_equal(fd_is_readable(fd, 10000), 1);
		mcp_session_store_dispatch(store);
	}
	assert_int_equal(asked.status, MCPSESS_E_UNAVAILABLE);
	mcp_session_store_close(store);
}

static void a_backend_is_ticked_when_it_asked_to_be(void **state)
{
	struct mcp_session_store *store = *state;
	pend_wake_at(store, asked_now_ms + 10);
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 0);
	asked_now_ms += 10;
	mcp_session_store_dispatch(store);
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 1);
	pend_wake_at(store, asked_now_ms + 10);
	pend_wake_at(store, 0);
	asked_now_ms += 10;
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 1);
}

static void a_tick_wakes_the_host(void **state)
{
	struct mcp_session_store *store = *state;
	pend_wake_at(store, asked_now_ms + 5);
	int fd = mcp_session_store_fd(store);
	assert_int_equal(fd_is_readable(fd, 10000), 1);
	asked_now_ms += 5;
	mcp_session_store_dispatch(store);
	assert_int_equal(pend.ticks, 1);
	assert_int_equal(fd_is_readable(fd, 0), 0);
}

static void what_is_over_while_others_blocked_wakes_the_host(void **state)
{
	struct mcp_session_store *store = *state;
	struct mcp_session_store_counts counts;
	int fd = mcp_session_store_fd(store);
	for (int sweeps = 0; sweeps < 2; sweeps++) {
		struct asked asked;
		asked_get(&asked, store, 1);
		pend_answer(store, &asked.call, MCPSESS_OK);
		if (sweeps) {
			assert_int_equal(mcp_session_store_sweep(store, 1), 1);
		} else {
			assert_int_equal(mcp_session_store_stats(store, &counts), MCPSESS_OK);
		}
		assert_int_equal(asked.told, 0);
		assert_int_equal(fd_is_readable(fd, 10), 1);
		assert_int_equal(mcp_session_store_dispatch(store), 1);
		asked_is_answered(&asked, 1);
	}
}

/* How often the backend was asked to wait in a get that blocks. */
static unsigned asked_to_wait(struct mcp_session_store *store)
{
	struct mcp_session_store_request request = { .key = pend_key(1) };
	unsigned before = pend.asked_to_wait;
	pend.mode = PEND_ITSELF;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_OK);
	return pend.asked_to_wait - before;
}

static void a_backend_may_wait_for_its_only_descriptor_itself(void **state)
{
	struct mcp_session_store *store = *state;
	for (pend.waits = 0; pend.waits < 2; pend.waits++) {
		pend.events = 0;
		assert_int_equal(asked_to_wait(store), 1);
		assert_int_equal(pend.events, MCPSESS_EVENT_READ);
	}
}

static void a_backend_waits_for_nothing_else_itself(void **state)
{
	struct mcp_session_store *store = *state;
	static struct asked asked;
	assert_int_equal(asked_to_wait(store), 1);
	asked_get(&asked, store, PEND_SILENT);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	assert_int_equal(pend.asked_to_wait, 1);
	assert_int_equal(asked_to_wait(store), 0);
	pend_answer(store, &asked.call, MCPSESS_OK);
	assert_int_equal(mcp_session_store_dispatch(store), 1);
	assert_int_equal(pend.asked_to_wait, 1);
	pend_watch(store, MCPSESS_EVENT_READ | MCPSESS_EVENT_WRITE);
	assert_int_equal(asked_to_wait(store), 0);
	pend_watch(store, MCPSESS_EVENT_READ);
	mcp_session_store_fd(store);
	assert_int_equal(asked_to_wait(store), 0);
	asked_is_answered(&asked, PEND_SILENT);
}

static void who_waits_itself_comes_back_in_time(void **state)
{
	(void)state;
	struct mcp_session_store *store = asked_open("pend:?timeout=20ms");
	struct mcp_session_store_request request = { .key = pend_key(1) };
	pend.mode = PEND_NEVER;
	pend.waits = 1;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_E_UNAVAILABLE);
	assert_true(pend.asked_to_wait > 0);
	mcp_session_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
		TEST(the_descriptor_is_readable_when_dispatch_has_work),
		TEST(the_descriptor_may_be_asked_for_at_any_time),
		TEST(a_backend_may_stop_watching_and_watch_for_something_else),
		TEST(a_store_that_was_not_asked_costs_no_descriptor),
		TEST(a_deadline_wakes_the_host),
		TEST(a_backend_is_ticked_when_it_asked_to_be),
		TEST(a_tick_wakes_the_host),
		TEST(what_is_over_while_others_blocked_wakes_the_host),
		TEST(a_backend_may_wait_for_its_only_descriptor_itself),
		TEST(a_backend_waits_for_nothing_else_itself),
		TEST(who_waits_itself_comes_back_in_time),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
