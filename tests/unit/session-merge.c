/* Many writers of one session: what each of them wrote is kept. */
#include <pthread.h>

#include "session-two.h"

static const struct mcpsess_bytes nobody = { NULL, 0 };

/* -- two nodes -----------------------------------------------------------------------------------
 */

static void keys_set_by_two_nodes_are_both_kept(void **state)
{
	(void)state;
	for (int tells = 0; tells <= 1; tells++) {
		reopen(tells, 1);
		set(mine, "a", "1");
		set(theirs, "b", "2");
		assert_int_equal(save(theirs), MCPSESS_OK);
		assert_int_equal(save(mine), MCPSESS_OK);
		assert_data(mine, "b=2 a=1");
		assert_stored("b=2 a=1");
		assert_int_equal(fake_calls[FAKE_STORE], 3);
		assert_int_equal(fake_calls[FAKE_GET], tells ? 1 : 2);
		/* What stands is known now: the next change meets no conflict. */
		set(mine, "b", "3");
		assert_int_equal(save(mine), MCPSESS_OK);
		assert_int_equal(fake_calls[FAKE_STORE], 4);
	}
}

static void counters_of_two_nodes_add_up(void **state)
{
	(void)state;
	int64_t sum;
	add(mine, "n", 5);
	add(mine, "n", -1);
	add(theirs, "n", 100);
	save(theirs);
	assert_int_equal(mcpsess_session_add(mine, mcpsess_str("n"), 1, &sum), MCPSESS_OK);
	assert_int_equal(sum, 5);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_data(mine, "n=105");
	assert_stored("n=105");
	/* Set by one, it is what he set and what came after. */
	set(theirs, "n", "7");
	add(theirs, "n", 1);
	add(mine, "n", 1000);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_int_equal(save(theirs), MCPSESS_OK);
	assert_stored("n=8");
}

static void the_last_writer_of_one_key_wins(void **state)
{
	(void)state;
	set(mine, "k", "\"mine\"");
	set(theirs, "k", "\"theirs\"");
	mcpsess_session_set_blob(mine, mcpsess_str("mine"));
	mcpsess_session_set_blob(theirs, mcpsess_str("theirs"));
	save(theirs);
	save(mine);
	assert_stored("k=\"mine\"");
	assert_memory_equal(mcpsess_session_blob(mine).data, "mine", 4);
}

static void removals_and_subscriptions_merge(void **state)
{
	(void)state;
	set(mine, "gone", "1");
	set(mine, "kept", "2");
	mcpsess_session_subscribe(mine, mcpsess_str("file:///a"));
	save(mine);
	mcpsess_session_destroy(theirs);
	theirs = load();
	mcpsess_session_unset(theirs, mcpsess_str("gone"));
	mcpsess_session_unsubscribe(theirs, mcpsess_str("file:///a"));
	mcpsess_session_subscribe(theirs, mcpsess_str("file:///b"));
	set(mine, "gone", "3");
	mcpsess_session_subscribe(mine, mcpsess_str("file:///c"));
	mcpsess_session_set_log_level(mine, mcpsess_str("debug"));
	save(mine);
	save(theirs);
	assert_stored("kept=2");
	assert_int_equal(mcpsess_session_subscription_count(theirs), 2);
	assert_false(mcpsess_session_subscribed(theirs, mcpsess_str("file:///a")));
	assert_true(mcpsess_session_subscribed(theirs, mcpsess_str("file:///c")));
	assert_int_equal(mcpsess_session_log_level(theirs).len, 5);
}

static void a_session_that_became_active_stays_so(void **state)
{
	(void)state;
	struct mcpsess_env env;
	struct mcpsess_access access = { .store = store, .env = &env };
	struct mcpsess_session one, two;
	mcpsess_env_init(&env, NULL);
	mcpsess_session_init(&one, &env, &access, 400);
	mcpsess_session_init(&two, &env, &access, 400);
	mcpsess_session_begin(
		&one, nobody, nobody, mcpsess_str("2025-11-25"), MCP_SESSION_STORE_INITIALIZING);
	assert_int_equal(mcpsess_session_commit(&one), MCPSESS_OK);
	assert_int_equal(mcpsess_session_fetch(&two, nobody, nobody, mcpsess_session_id(&one), 0),
		MCPSESS_OK);
	assert_false(mcpsess_session_active(&two));
	mcpsess_session_activate(&one);
	set(&two, "k", "1");
	assert_true(mcpsess_session_changed(&one));
	assert_int_equal(mcpsess_session_commit(&one), MCPSESS_OK);
	assert_int_equal(mcpsess_session_commit(&two), MCPSESS_OK);
	assert_true(mcpsess_session_active(&two));
	mcpsess_session_release(&one);
	mcpsess_session_init(&one, &env, &access, 400);
	mcpsess_session_fetch(&one, nobody, nobody, mcpsess_session_id(&two), 0);
	assert_true(mcpsess_session_active(&one));
	mcpsess_session_release(&two);
	mcpsess_session_release(&one);
}

static void what_a_newer_release_wrote_is_merged_with(void **state)
{
	(void)state;
	static const char newer[] = "MS\1\1\12"
				    "2025-11-25"
				    "\24\3\1b2"
				    "\310\3new";
	set(mine, "a", "1");
	fake_set_payload(newer, sizeof(newer) - 1);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_data(mine, "b=2 a=1");
	struct mcpsess_bytes stored = fake_payload();
	assert_memory_equal((const char *)stored.data + stored.len - 5, "\310\3new", 5);
}

static void what_was_reverted_is_not_written(void **state)
{
	(void)state;
	set(mine, "a", "1");
	save(mine);
	set(mine, "a", "2");
	set(mine, "b", "2");
	mcpsess_session_activate(mine);
	mcpsess_session_revert(mine);
	assert_data(mine, "a=1");
	assert_false(mcpsess_session_changed(mine));
	set(mine, "c", "3");
	save(mine);
	assert_stored("a=1 c=3");
}

/* -- others are faster ----------------------------------------------------------------------------
 */

static void after_32_attempts_the_changes_are_kept(void **state)
{
	(void)state;
	struct mcpsess_error err;
	add(mine, "mine", 1);
	fake_meanwhile = they_write;
	assert_int_equal(mcpsess_session_save(mine, &err), MCPSESS_E_CONFLICT);
	assert_int_equal(err.status, MCPSESS_E_CONFLICT);
	fake_meanwhile = NULL;
	assert_true(mcpsess_session_changed(mine));
	/* The first attempt of theirs came before a conflict of mine, every time. */
	assert_stored("theirs=32");
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("theirs=32 mine=1");
}

static void what_does_not_fit_together_is_refused_and_kept(void **state)
{
	(void)state;
	char text[300];
	struct mcpsess_error err;
	memset(text, '1', sizeof(text));
	mcpsess_session_set(mine, mcpsess_str("mine"), mcpsess_mem(text, 200));
	set(mine, "small", "1");
	mcpsess_session_set(theirs, mcpsess_str("theirs"), mcpsess_mem(text, 200));
	save(theirs);
	assert_int_equal(mcpsess_session_save(mine, &err), MCPSESS_E_TOOBIG);
	assert_true(strstr(err.text, "others") != NULL);
	assert_true(mcpsess_session_changed(mine));
	assert_int_equal(mcpsess_session_key_count(mine), 2);
	assert_int_equal(mcpsess_session_unset(mine, mcpsess_str("mine")), MCPSESS_OK);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_int_equal(mcpsess_session_key_count(mine), 2);
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_session_get(mine, mcpsess_str("theirs"), &value), MCPSESS_OK);
}

static void a_counter_that_others_broke_is_said(void **state)
{
	(void)state;
	add(mine, "n", 1);
	set(theirs, "n", "\"text\"");
	save(theirs);
	assert_int_equal(save(mine), MCPSESS_E_INVALID);
	assert_data(mine, "n=1");
	set(theirs, "n", "9223372036854775807");
	save(theirs);
	assert_int_equal(save(mine), MCPSESS_E_INVALID);
	set(theirs, "n", "9223372036854775806");
	save(theirs);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("n=9223372036854775807");
}

static void what_others_damaged_is_not_merged_with(void **state)
{
	(void)state;
	set(mine, "a", "1");
	fake_set_payload("MS\1\1\1x\24", 7);
	assert_int_equal(save(mine), MCPSESS_E_CORRUPT);
	assert_data(mine, "a=1");
	fake_set_payload("MS\2", 3);
	assert_int_equal(save(mine), MCPSESS_E_UNSUPPORTED);
}

/* -- a merge is as if the changes came after
 * --------------------------------------------------------- */

static unsigned dice(unsigned sides)
{
	static uint32_t state = 20260728;
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % sides;
}

/* A change that both a session and a model of it make: values never come twice. */
static void change_both(struct mcpsess_session *session, struct mcpsess_session *model, int value)
{
	char key[2] = { (char)('a' + dice(4)), '\0' };
	char text[16];
	struct mcpsess_bytes seen;
	unsigned what = dice(5);
	int there = mcpsess_session_get(session, mcpsess_str(key), &seen) == MCPSESS_OK;
	snprintf(text, sizeof(text), "%d", value);
	if (what < 2) {
		set(session, key, text);
		set(model, key, text);
	} else if (what < 4) {
		add(session, key, value);
		add(model, key, value);
	} else if (there) {
		mcpsess_session_unset(session, mcpsess_str(key));
		mcpsess_session_unset(model, mcpsess_str(key));
	}
}

static void a_merge_is_as_if_the_changes_came_after(void **state)
{
	(void)state;
	int value = 1, merges = 0;
	for (int round = 0; round < 2000; round++) {
		for (unsigned i = dice(6); i > 0; i--) {
			change_both(theirs, theirs, value++);
		}
		assert_int_equal(save(theirs), MCPSESS_OK);
		struct mcpsess_session *model = load();
		for (unsigned i = 1 + dice(9); i > 0; i--) {
			change_both(mine, model, value++);
		}
		if (mcpsess_session_changed(mine)) {
			struct mcpsess_bytes expected = model->record.bytes;
			assert_int_equal(save(mine), MCPSESS_OK);
			assert_int_equal(mine->record.bytes.len, expected.len);
			assert_memory_equal(mine->record.bytes.data, expected.data, expected.len);
			merges++;
		}
		mcpsess_session_destroy(model);
		mcpsess_session_destroy(theirs);
		theirs = load();
	}
	assert_true(merges > 1500);
}

/* -- threads
 * ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ADDITIONS = 2500 };

struct worker {
	struct mcpsess_session_place place;
	struct mcpsess_bytes id;
	int number;
	int conflicts, failed;
};

static void *work(void *user_data)
{
	struct worker *self = user_data;
	char key[16];
	for (int i = 0; i < ADDITIONS; i++) {
		struct mcpsess_session *session = NULL;
		if (mcpsess_session_load(&self->place, self->id, &session, NULL) < 0) {
			self->failed++;
			continue;
		}
		mcpsess_session_add(session, mcpsess_str("n"), 1, NULL);
		if (i % 50 == 0) {
			snprintf(key, sizeof(key), "t%d-%d", self->number, i);
			mcpsess_session_set(session, mcpsess_str(key), mcpsess_str("true"));
		}
		/* Whoever loses 32 times still has the changes. */
		int status = mcpsess_session_save(session, NULL);
		for (; status == MCPSESS_E_CONFLICT; self->conflicts++) {
			status = mcpsess_session_save(session, NULL);
		}
		self->failed += status != MCPSESS_OK;
		mcpsess_session_destroy(session);
	}
	return NULL;
}

static void ten_thousand_additions_by_four_threads_are_all_counted(void **state)
{
	(void)state;
	struct mcp_session_store_pool *pool = NULL;
	struct mcpsess_session *session = NULL;
	struct worker workers[THREADS] = { 0 };
	pthread_t threads[THREADS];
	assert_int_equal(mcp_session_store_pool_open("memory:", NULL, 0, &pool, NULL), MCPSESS_OK);
	struct mcpsess_session_place here = { .pool = pool };
	mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, NULL);
	assert_int_equal(mcpsess_session_save(session, NULL), MCPSESS_OK);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .place = here, .number = i };
		workers[i].id = mcpsess_session_id(session);
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(workers[i].failed, 0);
		assert_int_equal(workers[i].conflicts, 0);
	}
	struct mcpsess_session *result = NULL;
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &result, NULL),
		MCPSESS_OK);
	assert_int_equal(mcpsess_session_get(result, mcpsess_str("n"), &value), MCPSESS_OK);
	assert_int_equal(value.len, 5);
	assert_memory_equal(value.data, "10000", 5);
	assert_int_equal(mcpsess_session_key_count(result), 1 + THREADS * (ADDITIONS / 50));
	mcpsess_session_destroy(result);
	mcpsess_session_destroy(session);
	mcp_session_store_pool_close(pool);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_set_by_two_nodes_are_both_kept),
		TEST(counters_of_two_nodes_add_up),
		TEST(the_last_writer_of_one_key_wins),
		TEST(removals_and_subscriptions_merge),
		TEST(a_session_that_became_active_stays_so),
		TEST(what_a_newer_release_wrote_is_merged_with),
		TEST(what_was_reverted_is_not_written),
		TEST(after_32_attempts_the_changes_are_kept),
		TEST(what_does_not_fit_together_is_refused_and_kept),
		TEST(a_counter_that_others_broke_is_said),
		TEST(what_others_damaged_is_not_merged_with),
		TEST(a_merge_is_as_if_the_changes_came_after),
		cmocka_unit_test(ten_thousand_additions_by_four_threads_are_all_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
