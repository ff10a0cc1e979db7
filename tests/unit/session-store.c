/* A session and a store that ends it, fails, pends or has no memory: what is lost, what is said. */
#include <poll.h>
#include <stdlib.h>

#include "session-two.h"

static const struct mcpsess_bytes nobody = { NULL, 0 };

/* -- it has ended
 * ---------------------------------------------------------------------------------- */

static void changes_of_a_session_that_ended_are_lost(void **state)
{
	(void)state;
	static const int ends[] = { MCPSESS_E_NOTFOUND, MCPSESS_E_EXPIRED, MCPSESS_E_REVOKED };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		reopen(1, 1);
		set(mine, "a", "1");
		save(mine);
		set(mine, "a", "2");
		fake_order(FAKE_STORE, ends[i], 0);
		assert_int_equal(save(mine), ends[i]);
		assert_false(mcpsess_session_changed(mine));
		assert_data(mine, "a=1");
		/* Nothing brings it back, and nobody is told that it was written. */
		int calls = fake_calls[FAKE_STORE];
		set(mine, "a", "3");
		assert_true(mcpsess_session_changed(mine));
		assert_int_equal(save(mine), ends[i]);
		assert_false(mcpsess_session_changed(mine));
		assert_data(mine, "a=1");
		assert_int_equal(fake_calls[FAKE_STORE], calls);
		assert_stored("a=1");
	}
}

static void what_was_ended_stays_ended(void **state)
{
	(void)state;
	struct mcpsess_error err;
	assert_int_equal(mcpsess_session_end(mine, NULL), MCPSESS_OK);
	assert_int_equal(fake_count(), 0);
	assert_int_equal(save(mine), MCPSESS_OK);
	set(mine, "a", "1");
	assert_int_equal(mcpsess_session_save(mine, &err), MCPSESS_E_REVOKED);
	assert_true(err.text[0] != '\0');
	set(theirs, "a", "1");
	assert_int_equal(save(theirs), MCPSESS_E_REVOKED);
	assert_int_equal(mcpsess_session_end(mine, NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_session_end(theirs, NULL), MCPSESS_OK);
	assert_int_equal(fake_count(), 0);
}

static void it_may_end_between_a_conflict_and_reading_again(void **state)
{
	(void)state;
	reopen(0, 1);
	set(theirs, "a", "1");
	save(theirs);
	set(mine, "b", "2");
	fake_order(FAKE_GET, MCPSESS_E_EXPIRED, 0);
	assert_int_equal(save(mine), MCPSESS_E_EXPIRED);
	assert_false(mcpsess_session_changed(mine));
}

static void what_was_never_stored_is_ended_without_asking(void **state)
{
	(void)state;
	struct mcpsess_session_place here = { .store = store };
	struct mcpsess_session *session = NULL;
	mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, NULL);
	set(session, "a", "1");
	assert_int_equal(mcpsess_session_end(session, NULL), MCPSESS_OK);
	assert_int_equal(fake_calls[FAKE_DELETE], 0);
	assert_false(mcpsess_session_changed(session));
	assert_int_equal(save(session), MCPSESS_OK);
	assert_int_equal(fake_count(), 1);
	mcpsess_session_destroy(session);
}

/* -- the store is away
 * ------------------------------------------------------------------------------ */

static void changes_outlast_an_outage(void **state)
{
	(void)state;
	struct mcpsess_error err;
	add(mine, "n", 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNAVAILABLE, 0);
	assert_int_equal(mcpsess_session_save(mine, &err), MCPSESS_E_UNAVAILABLE);
	assert_int_equal(err.status, MCPSESS_E_UNAVAILABLE);
	assert_true(mcpsess_session_changed(mine));
	add(mine, "n", 1);
	they_write();
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("theirs=1 n=2");

	reopen(0, 1);
	add(mine, "n", 1);
	they_write();
	fake_order(FAKE_GET, MCPSESS_E_UNAVAILABLE, 0);
	assert_int_equal(save(mine), MCPSESS_E_UNAVAILABLE);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("theirs=1 n=1");
}

static void a_write_of_unknown_outcome_is_repeated_and_counts_once(void **state)
{
	(void)state;
	for (int done = 0; done <= 1; done++) {
		reopen(1, 1);
		add(mine, "n", 1);
		fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, done);
		assert_int_equal(save(mine), MCPSESS_OK);
		assert_int_equal(fake_calls[FAKE_STORE], 2);
		assert_stored("n=1");
		add(mine, "n", 1);
		assert_int_equal(save(mine), MCPSESS_OK);
		assert_stored("n=2");
	}
}

static void a_session_is_created_once_even_if_the_answer_is_lost(void **state)
{
	(void)state;
	struct mcpsess_session_place here = { .store = store };
	struct mcpsess_session *session = NULL;
	mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, NULL);
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 1);
	assert_int_equal(save(session), MCPSESS_OK);
	assert_int_equal(fake_count(), 2);
	mcpsess_session_destroy(session);
}

static void unknown_twice_is_said_and_saving_again_counts_once(void **state)
{
	(void)state;
	for (int done = 0; done <= 1; done++) {
		reopen(1, 1);
		add(mine, "n", 1);
		fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, done);
		fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 0);
		assert_int_equal(save(mine), MCPSESS_E_UNKNOWN);
		assert_true(mcpsess_session_changed(mine));
		assert_int_equal(save(mine), MCPSESS_OK);
		assert_stored("n=1");
	}
}

static void a_store_that_died_after_an_unknown_outcome_leaves_it_unknown(void **state)
{
	(void)state;
	add(mine, "n", 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNAVAILABLE, 0);
	assert_int_equal(save(mine), MCPSESS_E_UNKNOWN);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("n=1");
}

static void an_unknown_outcome_says_what_is_unknown_and_why_it_stays_so(void **state)
{
	(void)state;
	struct mcpsess_error saving, ending;
	add(mine, "n", 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 0);
	fake_order(FAKE_STORE, MCPSESS_E_UNAVAILABLE, 0);
	assert_int_equal(mcpsess_session_save(mine, &saving), MCPSESS_E_UNKNOWN);
	fake_order(FAKE_DELETE, MCPSESS_E_UNKNOWN, 1);
	fake_order(FAKE_DELETE, MCPSESS_E_UNAVAILABLE, 0);
	assert_int_equal(mcpsess_session_end(mine, &ending), MCPSESS_E_UNKNOWN);
	assert_string_equal(saving.text,
		"the change may have been made, and asking again failed: store cannot be reached");
	assert_string_equal(ending.text, saving.text);
	assert_int_equal(ending.status, MCPSESS_E_UNKNOWN);
}

static void an_addition_is_not_repeated_over_others(void **state)
{
	(void)state;
	/* Mine is written, the answer is lost, and they write before I ask again. */
	add(mine, "n", 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 0);
	assert_int_equal(save(mine), MCPSESS_E_UNKNOWN);
	mcpsess_session_destroy(theirs);
	theirs = load();
	they_write();
	assert_int_equal(save(mine), MCPSESS_E_UNKNOWN);
	assert_stored("n=1 theirs=1");

	/* What may be done twice is merged. */
	reopen(1, 1);
	set(mine, "k", "1");
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 1);
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 0);
	assert_int_equal(save(mine), MCPSESS_E_UNKNOWN);
	mcpsess_session_destroy(theirs);
	theirs = load();
	they_write();
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("k=1 theirs=1");
}

static void without_tokens_an_unknown_outcome_is_not_repeated(void **state)
{
	(void)state;
	reopen(1, 0);
	set(mine, "k", "1");
	fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 1);
	assert_int_equal(save(mine), MCPSESS_E_UNKNOWN);
	assert_int_equal(fake_calls[FAKE_STORE], 1);
	assert_int_equal(save(mine), MCPSESS_OK);
	assert_stored("k=1");
}

static void a_removal_of_unknown_outcome_is_repeated(void **state)
{
	(void)state;
	fake_order(FAKE_DELETE, MCPSESS_E_UNKNOWN, 1);
	assert_int_equal(mcpsess_session_end(mine, NULL), MCPSESS_OK);
	assert_int_equal(fake_calls[FAKE_DELETE], 2);
	reopen(1, 1);
	fake_order(FAKE_DELETE, MCPSESS_E_UNAVAILABLE, 0);
	assert_int_equal(mcpsess_session_end(mine, NULL), MCPSESS_E_UNAVAILABLE);
	set(mine, "k", "1");
	assert_int_equal(save(mine), MCPSESS_OK);
}

/* -- loops
 * -------------------------------------------------------------------------------------------- */

static int over;

static void done(struct mcpsess_session *session, int status)
{
	(void)session;
	over = status;
}

static int await(int status)
{
	if (status != MCPSESS_PENDING) {
		return status;
	}
	struct pollfd ready = { .fd = mcp_session_store_fd(store), .events = POLLIN };
	over = MCPSESS_PENDING;
	while (over == MCPSESS_PENDING) {
		assert_true(poll(&ready, 1, 5000) > 0);
		mcp_session_store_dispatch(store);
	}
	return over;
}

static void a_session_lives_its_life_in_a_loop(void **state)
{
	(void)state;
	for (int tells = 0; tells <= 1; tells++) {
		struct mcp_session_store *blocking = store;
		struct mcpsess_env env;
		struct mcpsess_access access = { .env = &env };
		struct mcpsess_session one, two;
		fake_tells_payload = tells;
		access.store = store = fake_open("fakepend:", NULL);
		mcpsess_env_init(&env, NULL);
		mcpsess_session_init(&one, &env, &access, 400);
		mcpsess_session_init(&two, &env, &access, 400);
		one.done = two.done = done;
		mcpsess_session_begin(&one, nobody, nobody, mcpsess_str("2025-11-25"), 1);
		assert_int_equal(mcpsess_session_commit(&one), MCPSESS_PENDING);
		assert_int_equal(await(MCPSESS_PENDING), MCPSESS_OK);
		assert_int_equal(await(mcpsess_session_fetch(
					 &two, nobody, nobody, mcpsess_session_id(&one), 0)),
			MCPSESS_OK);
		add(&one, "n", 1);
		add(&two, "n", 2);
		set(&two, "k", "1");
		assert_int_equal(await(mcpsess_session_commit(&one)), MCPSESS_OK);
		fake_order(FAKE_STORE, MCPSESS_OK, 0);
		fake_order(FAKE_STORE, MCPSESS_E_UNKNOWN, 1);
		assert_int_equal(await(mcpsess_session_commit(&two)), MCPSESS_OK);
		assert_data(&two, "n=3 k=1");
		/* In the midst of it, a host may block. */
		add(&one, "n", 4);
		assert_int_equal(mcpsess_session_save(&one, NULL), MCPSESS_OK);
		assert_data(&one, "n=7 k=1");
		assert_int_equal(await(mcpsess_session_remove(&one)), MCPSESS_OK);
		add(&two, "n", 1);
		assert_int_equal(await(mcpsess_session_commit(&two)), MCPSESS_E_REVOKED);
		mcpsess_session_release(&one);
		mcpsess_session_release(&two);
		mcp_session_store_close(store);
		store = blocking;
	}
}

static void an_operation_may_be_given_up(void **state)
{
	(void)state;
	struct mcp_session_store *blocking = store;
	struct mcpsess_env env;
	struct mcpsess_access access = { .env = &env };
	struct mcpsess_session session;
	access.store = store = fake_open("fakepend:", NULL);
	mcpsess_env_init(&env, NULL);
	mcpsess_session_init(&session, &env, &access, 400);
	session.done = done;
	mcpsess_session_begin(&session, nobody, nobody, mcpsess_str("2025-11-25"), 1);
	set(&session, "k", "1");
	over = MCPSESS_PENDING;
	assert_int_equal(mcpsess_session_commit(&session), MCPSESS_PENDING);
	mcpsess_session_release(&session);
	mcp_session_store_dispatch(store);
	assert_int_equal(over, MCPSESS_PENDING);
	mcp_session_store_close(store);
	store = blocking;
}

/* -- no memory
 * ----------------------------------------------------------------------------------------- */

static int left, held;

static void *meagre(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	if (size == 0) {
		held--;
		free(ptr);
		return NULL;
	}
	if (left == 0) {
		return NULL;
	}
	left -= left > 0;
	held += ptr == NULL;
	return realloc(ptr, size);
}

/* Everything with memory of its own; OK, or NOMEM at the first thing that had none. */
static int live(struct mcpsess_session *session)
{
	static const struct mcpsess_bytes info = { "{\"name\":\"a client of some length\"}", 34 };
	char text[320];
	memset(text, '1', sizeof(text));
	int status = mcpsess_session_set_client(session, info, info);
	if (status == MCPSESS_OK) {
		status = mcpsess_session_add(session, mcpsess_str("n"), 1, NULL);
	}
	if (status == MCPSESS_OK) {
		status = mcpsess_session_set(session, mcpsess_str("k"), mcpsess_mem(text, 150));
	}
	if (status == MCPSESS_OK) {
		status = mcpsess_session_unset(session, mcpsess_str("k"));
	}
	if (status == MCPSESS_OK) {
		status = mcpsess_session_save(session, NULL);
	}
	return status;
}

static void without_memory_nothing_leaks_and_all_goes_on(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = meagre };
	struct mcpsess_session_place here = { .store = store, .hooks = &hooks, .max_data = 400 };
	int refusals = 0;
	for (int budget = 0;; budget++) {
		struct mcpsess_session *session = NULL;
		left = budget;
		int status = mcpsess_session_load(&here, mcpsess_session_id(mine), &session, NULL);
		if (status == MCPSESS_OK) {
			they_write();
			status = live(session);
		}
		int enough = status == MCPSESS_OK;
		if (!enough) {
			assert_int_equal(status, MCPSESS_E_NOMEM);
			refusals++;
		}
		left = -1;
		if (session != NULL) {
			/* What failed can be done now, and nothing of it was done twice. */
			mcpsess_session_revert(session);
			assert_int_equal(live(session), MCPSESS_OK);
			mcpsess_session_end(session, NULL);
			mcpsess_session_destroy(session);
			reopen(budget % 2, 1);
			here.store = store;
		}
		assert_int_equal(held, 0);
		if (enough) {
			break;
		}
	}
	assert_true(refusals >= 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_of_a_session_that_ended_are_lost),
		TEST(what_was_ended_stays_ended),
		TEST(it_may_end_between_a_conflict_and_reading_again),
		TEST(what_was_never_stored_is_ended_without_asking),
		TEST(changes_outlast_an_outage),
		TEST(a_write_of_unknown_outcome_is_repeated_and_counts_once),
		TEST(a_session_is_created_once_even_if_the_answer_is_lost),
		TEST(unknown_twice_is_said_and_saving_again_counts_once),
		TEST(a_store_that_died_after_an_unknown_outcome_leaves_it_unknown),
		TEST(an_unknown_outcome_says_what_is_unknown_and_why_it_stays_so),
		TEST(an_addition_is_not_repeated_over_others),
		TEST(without_tokens_an_unknown_outcome_is_not_repeated),
		TEST(a_removal_of_unknown_outcome_is_repeated),
		TEST(a_session_lives_its_life_in_a_loop),
		TEST(an_operation_may_be_given_up),
		TEST(without_memory_nothing_leaks_and_all_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
