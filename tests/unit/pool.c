/* A pool: many threads, few handles, and every answer to the one who asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mcpsess/pool.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "callers.h"

enum { THREADS_MAX = 32, TOKENS = 64 };

static int reset(void **state)
{
	(void)state;
	pend_reset();
	pend.mode = PEND_ITSELF;
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(pend.opened, pend.closed);
	return 0;
}

static void every_thread_gets_its_own_answers_through_few_handles(void **state)
{
	(void)state;
	static const unsigned threads[] = { 1, 2, 8, 32 }, counts[] = { 0, 1, 4 };
	for (size_t n = 0; n < sizeof(counts) / sizeof(counts[0]); n++) {
		unsigned most = counts[n] > 0 ? counts[n] : PEND_HANDLES;
		for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
			struct caller callers[THREADS_MAX];
			unsigned opened = pend.opened, sent = pend.sent;
			struct mcp_session_store_pool *pool = callers_pool("pend:", counts[n]);
			callers_start(callers, threads[i], pool, 200);
			assert_int_equal(callers_join(callers, threads[i]), 0);
			assert_true(pend.opened - opened <= most);
			assert_int_equal(pend.sent - sent, 200 * threads[i]);
			mcp_session_store_pool_close(pool);
		}
	}
}

static void a_lone_caller_uses_one_handle_and_waits_for_nobody(void **state)
{
	(void)state;
	struct caller caller;
	struct mcp_session_store_pool *pool = callers_pool("pend:", 4);
	callers_start(&caller, 1, pool, 50);
	assert_int_equal(callers_join(&caller, 1), 0);
	assert_int_equal(pend.opened, 1);
	assert_int_equal(pend.flushes, 50);
	assert_int_equal(pend.largest_batch, 1);
	mcp_session_store_pool_close(pool);
}

/* A pool of one handle that is busy until the gate opens. */
static struct mcp_session_store_pool *open_busy_pool(const char *uri, struct caller *holder)
{
	struct mcp_session_store_pool *pool = callers_pool(uri, 1);
	pend.gate_shut = 1;
	caller_start(holder, pool, 7, 1);
	while (pend.sent < 1) {
		sched_yield();
	}
	return pool;
}

static void who_queues_is_sent_together(void **state)
{
	(void)state;
	struct caller holder, others[16];
	struct mcp_session_store_pool *pool = open_busy_pool("pend:?timeout=1m", &holder);
	callers_start(others, 16, pool, 1);
	for (int i = 0; i < 16; i++) {
		caller_queues(&others[i]);
	}
	pend.gate_shut = 0;
	assert_int_equal(callers_join(&holder, 1), 0);
	assert_int_equal(callers_join(others, 16), 0);
	assert_int_equal(pend.flushes, 2);
	assert_int_equal(pend.largest_batch, 16);
	mcp_session_store_pool_close(pool);
}

/* Whoever leads the batch: the one whose call is never answered, or another. */
static void nobody_waits_for_another_s_slow_call(void **state)
{
	(void)state;
	for (unsigned leader = 0; leader < 8; leader += 7) {
		struct caller holder, others[8];
		pend_reset();
		pend.mode = PEND_ITSELF;
		struct mcp_session_store_pool *pool = open_busy_pool("pend:?timeout=1s", &holder);
		for (unsigned i = 0; i < 8; i++) {
			caller_start(&others[i], pool, i == leader ? PEND_SILENT : i, 1);
			caller_queues(&others[i]);
		}
		pend.gate_shut = 0;
		for (unsigned i = 0; i < 8; i++) {
			while (i != leader && !others[i].is_back) {
				sched_yield();
			}
		}
		assert_int_equal(others[leader].is_back, 0);
		assert_int_equal(callers_join(&holder, 1), 0);
		assert_int_equal(callers_join(others, 8), 1);
		assert_int_equal(others[leader].last, MCPSESS_E_UNAVAILABLE);
		mcp_session_store_pool_close(pool);
	}
}

static uint64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * A pool of two handles: at one a call is never answered, the other is busy until the gate opens,
 * and of eight others half queue at each.
 */
static struct mcp_session_store_pool *open_half_silent_pool(
	struct caller *silent, struct caller *holder, struct caller others[8])
{
	struct mcp_session_store_pool *pool = callers_pool("pend:?timeout=1s", 2);
	caller_start(silent, pool, PEND_SILENT, 1);
	while (pend.sent < 1) {
		sched_yield();
	}
	pend.gate_shut = 1;
	caller_start(holder, pool, 7, 1);
	while (pend.sent < 2) {
		sched_yield();
	}
	callers_start(others, 8, pool, 1);
	for (int i = 0; i < 8; i++) {
		caller_queues(&others[i]);
	}
	return pool;
}

/* Who holds a handle sends for those as well who queue at one that gets no answer. */
static void nobody_waits_for_another_s_connection(void **state)
{
	(void)state;
	struct caller silent, holder, others[8];
	struct mcp_session_store_pool *pool = open_half_silent_pool(&silent, &holder, others);
	/* What is waited for is that time passes, and nothing else happens. */
	for (uint64_t begun = now_ms(); now_ms() < begun + 100;) {
		sched_yield();
	}
	pend.gate_shut = 0;
	assert_int_equal(callers_join(&holder, 1), 0);
	assert_int_equal(callers_join(others, 8), 0);
	assert_int_equal(pend.largest_batch, 8);
	assert_int_equal(callers_join(&silent, 1), 1);
	mcp_session_store_pool_close(pool);
}

/* And a handle that nobody queues at any more has those of another together, not one by one. */
static void who_queues_elsewhere_is_sent_together(void **state)
{
	(void)state;
	struct caller silent, holder, others[8];
	struct mcp_session_store_pool *pool = open_half_silent_pool(&silent, &holder, others);
	pend.gate_shut = 0;
	assert_int_equal(callers_join(&holder, 1), 0);
	assert_int_equal(callers_join(others, 8), 0);
	assert_true(pend.flushes <= 4);
	assert_int_equal(callers_join(&silent, 1), 1);
	mcp_session_store_pool_close(pool);
}

/* As long as nobody answers, a caller is back after its timeout, wherever it waits. */
static void no_caller_waits_longer_than_the_timeout(void **state)
{
	(void)state;
	struct caller callers[8];
	struct mcp_session_store_pool *pool = callers_pool("pend:?timeout=50ms&probe_every=1ms", 2);
	pend.mode = PEND_NEVER;
	callers_start(callers, 8, pool, 1);
	assert_int_equal(callers_join(callers, 8), 8);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(callers[i].last, MCPSESS_E_UNAVAILABLE);
	}
	/* It is back: once its handles have found that out, all are served. */
	pend.mode = PEND_ITSELF;
	int failed = 8;
	for (int tries = 0; tries < 1000 && failed > 0; tries++) {
		callers_start(callers, 8, pool, 10);
		failed = callers_join(callers, 8);
	}
	assert_int_equal(failed, 0);
	mcp_session_store_pool_close(pool);
}

/* One after the other is the first of those who queue, as each before it gives up. */
static void who_queues_at_a_stuck_handle_is_back_in_time(void **state)
{
	(void)state;
	struct caller holder, callers[4];
	struct mcp_session_store_pool *pool = open_busy_pool("pend:?timeout=50ms", &holder);
	for (unsigned i = 0; i < 4; i++) {
		caller_start(&callers[i], pool, i == 1 ? CALLER_STATS : i, 1);
		caller_queues(&callers[i]);
	}
	assert_int_equal(callers_join(callers, 4), 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(callers[i].last, MCPSESS_E_UNAVAILABLE);
	}
	pend.gate_shut = 0;
	callers_join(&holder, 1);
	mcp_session_store_pool_close(pool);
}

/* stats wants the handle for itself: who came before it is served, then it, then the others. */
static void upkeep_takes_its_turn(void **state)
{
	(void)state;
	struct caller holder, callers[6];
	struct mcp_session_store_pool *pool = open_busy_pool("pend:?timeout=1m", &holder);
	for (unsigned i = 0; i < 6; i++) {
		caller_start(&callers[i], pool, i == 3 ? CALLER_STATS : i, 1);
		caller_queues(&callers[i]);
	}
	pend.gate_shut = 0;
	assert_int_equal(callers_join(&holder, 1), 0);
	assert_int_equal(callers_join(callers, 6), 0);
	assert_int_equal(pend.largest_batch, 3);
	assert_int_equal(pend.flushes, 3);
	mcp_session_store_pool_close(pool);
}

struct mixed {
	pthread_t thread;
	struct mcp_session_store_pool *pool;
	unsigned wrong;
};

/* Verbs refused before they are sent, unsupported ones, and upkeep, between good ones. */
static void *mix(void *arg)
{
	struct mixed *self = arg;
	struct mcp_session_store_request nothing = { .kind = 0 };
	for (unsigned i = 0; i < 100; i++) {
		struct mcp_session_store_counts stats = { 0 };
		self->wrong += mcp_session_store_pool_get(self->pool, &nothing, NULL, NULL) !=
			       MCPSESS_E_INVALID;
		caller_asks(self->pool, i, &self->wrong);
		self->wrong += mcp_session_store_pool_stats(self->pool, &stats) != MCPSESS_OK ||
			       stats.sessions != 7;
		self->wrong += mcp_session_store_pool_sweep(self->pool, 3) != 3;
	}
	return NULL;
}

static void one_caller_s_error_fails_no_other(void **state)
{
	(void)state;
	struct mixed callers[16];
	struct mcp_session_store_pool *pool = callers_pool("pend:", 2);
	for (int i = 0; i < 16; i++) {
		callers[i] = (struct mixed){ .pool = pool };
		assert_int_equal(pthread_create(&callers[i].thread, NULL, mix, &callers[i]), 0);
	}
	for (int i = 0; i < 16; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].wrong, 0);
	}
	mcp_session_store_pool_close(pool);
}

static void a_store_that_blocks_is_used_by_one_thread_at_a_time(void **state)
{
	(void)state;
	struct caller callers[8];
	pend.mode = PEND_AT_ONCE;
	pend.can = 0;
	struct mcp_session_store_pool *pool = callers_pool("pend:", 4);
	callers_start(callers, 8, pool, 500);
	assert_int_equal(callers_join(callers, 8), 0);
	assert_int_equal(pend.opened, 1);
	mcp_session_store_pool_close(pool);
}

static void a_store_for_threads_is_called_straight_through(void **state)
{
	(void)state;
	struct caller callers[8];
	pend.mode = PEND_AT_ONCE;
	pend.can = MCP_SESSION_STORE_CAN_THREADS | MCP_SESSION_STORE_CAN_SHARE;
	struct mcp_session_store_pool *pool = callers_pool("pend:", 4);
	callers_start(callers, 8, pool, 500);
	assert_int_equal(callers_join(callers, 8), 0);
	assert_int_equal(pend.opened, 1);
	mcp_session_store_pool_close(pool);
}

static void a_bad_uri_is_refused_at_once(void **state)
{
	(void)state;
	struct mcp_session_store_pool *pool = NULL;
	struct mcpsess_error err;
	static const struct {
		const char *uri;
		int status;
	} cases[] = { { "", MCPSESS_E_INVALID }, { NULL, MCPSESS_E_INVALID },
		{ "pend:?colour=1", MCPSESS_E_INVALID }, { "pend", MCPSESS_E_INVALID },
		{ "nothing:", MCPSESS_E_UNSUPPORTED } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(mcp_session_store_pool_open(cases[i].uri, NULL, 0, &pool, &err),
			cases[i].status);
		assert_int_equal(err.status, cases[i].status);
		assert_null(pool);
	}
	mcp_session_store_pool_close(NULL);
}

static void a_handle_that_does_not_open_fails_its_caller_alone(void **state)
{
	(void)state;
	struct caller callers[8];
	pend.open_fails = 1;
	struct mcp_session_store_pool *pool = callers_pool("pend:", 4);
	callers_start(callers, 8, pool, 50);
	callers_join(callers, 8);
	unsigned wrong = 0;
	assert_int_equal(caller_asks(pool, 1, &wrong), MCPSESS_OK);
	assert_int_equal(wrong, 0);
	assert_int_equal(pend.opened, 1);
	mcp_session_store_pool_close(pool);
}

static void a_pool_knows_what_its_store_is(void **state)
{
	(void)state;
	struct mcp_session_store_options settings;
	struct mcp_session_store_pool *pool = callers_pool("pend+more:?idle=7s", 0);
	assert_string_equal(mcp_session_store_pool_scheme(pool), "pend+more");
	assert_int_equal(mcp_session_store_pool_can(pool),
		(pend.can & ~(uint32_t)MCP_SESSION_STORE_CAN_PEND) | MCP_SESSION_STORE_CAN_THREADS);
	mcp_session_store_pool_settings(pool, &settings);
	assert_int_equal(settings.idle_ms, 7000);
	mcp_session_store_pool_close(pool);
}

/* The tokens of every write that all threads make, as the backend saw them. */
static unsigned char tokens[THREADS_MAX * TOKENS][16];
static atomic_uint token_count;

static int note_token(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	(void)store;
	memcpy(tokens[token_count++], call->request.operation, 16);
	return MCPSESS_OK;
}

static void *write_many(void *arg)
{
	struct mcp_session_store_request request = { .key = pend_key(1) };
	for (int i = 0; i < TOKENS; i++) {
		mcp_session_store_pool_store(arg, &request, NULL, NULL);
	}
	return NULL;
}

static int compare_tokens(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void no_two_writes_share_a_token(void **state)
{
	(void)state;
	pthread_t threads[THREADS_MAX];
	pend.on_store = note_token;
	struct mcp_session_store_pool *pool = callers_pool("pend:", 4);
	for (int i = 0; i < THREADS_MAX; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, pool), 0);
	}
	for (int i = 0; i < THREADS_MAX; i++) {
		pthread_join(threads[i], NULL);
	}
	assert_int_equal(token_count, THREADS_MAX * TOKENS);
	qsort(tokens, token_count, sizeof(tokens[0]), compare_tokens);
	for (unsigned i = 1; i < token_count; i++) {
		assert_memory_not_equal(tokens[i - 1], tokens[i], 16);
	}
	mcp_session_store_pool_close(pool);
}

struct purse {
	int left;
	int held;
};

static void *spend(void *user_data, void *ptr, size_t size)
{
	struct purse *purse = user_data;
	if (size == 0) {
		purse->held -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (purse->left-- <= 0) {
		return NULL;
	}
	purse->held += ptr == NULL;
	return realloc(ptr, size);
}

static void without_memory_a_pool_says_so_and_leaks_nothing(void **state)
{
	(void)state;
	int r = MCPSESS_E_NOMEM;
	int tries = 0;
	for (; r != MCPSESS_OK; tries++) {
		struct purse purse = { .left = tries };
		struct mcpsess_hooks hooks = {
			.size = sizeof(hooks), .user_data = &purse, .realloc = spend
		};
		struct mcp_session_store_options options = { .size = sizeof(options),
			.hooks = &hooks };
		struct mcp_session_store_request request = { .key = pend_key(1) };
		struct mcp_session_store_pool *pool = NULL;
		r = mcp_session_store_pool_open("pend:", &options, 2, &pool, NULL);
		if (r == MCPSESS_OK) {
			r = mcp_session_store_pool_get(pool, &request, NULL, NULL);
		}
		mcp_session_store_pool_close(pool);
		assert_true(r == MCPSESS_OK || r == MCPSESS_E_NOMEM);
		assert_int_equal(purse.held, 0);
		assert_true(tries < 100);
	}
	assert_true(tries > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
		TEST(every_thread_gets_its_own_answers_through_few_handles),
		TEST(a_lone_caller_uses_one_handle_and_waits_for_nobody),
		TEST(who_queues_is_sent_together),
		TEST(nobody_waits_for_another_s_slow_call),
		TEST(nobody_waits_for_another_s_connection),
		TEST(who_queues_elsewhere_is_sent_together),
		TEST(no_caller_waits_longer_than_the_timeout),
		TEST(who_queues_at_a_stuck_handle_is_back_in_time),
		TEST(upkeep_takes_its_turn),
		TEST(one_caller_s_error_fails_no_other),
		TEST(a_store_that_blocks_is_used_by_one_thread_at_a_time),
		TEST(a_store_for_threads_is_called_straight_through),
		TEST(a_bad_uri_is_refused_at_once),
		TEST(a_handle_that_does_not_open_fails_its_caller_alone),
		TEST(a_pool_knows_what_its_store_is),
		TEST(no_two_writes_share_a_token),
		TEST(without_memory_a_pool_says_so_and_leaks_nothing),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
