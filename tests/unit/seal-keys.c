/* The keys that seal: files of them, old and retired ones; and sealing without memory. */
#include "seal-kit.h"

/* -- keys that come and go ----------------------------------------------------------------------
 */

/* Whether what a store with some keys has sealed opens in a store with others. */
static int opens(const char *sealing, const char *opening, const char *says)
{
	struct mcp_session_store *first = open_store("flaky:", sealing);
	struct mcp_session_store *second = open_store("flaky:", opening);
	struct mcp_session_store_answer raw = { 0 }, answer = { 0 };
	struct mcpsess_error err = { 0 };
	assert_int_equal(put(first, 1, 0, mcpsess_str("payload")), MCPSESS_OK);
	assert_int_equal(get(inside(first), 1, &raw, NULL), MCPSESS_OK);
	assert_int_equal(put(inside(second), 1, 0, raw.payload), MCPSESS_OK);
	int status = get(second, 1, &answer, &err);
	if (status == MCPSESS_OK) {
		assert_true(mcpsess_bytes_equal(answer.payload, mcpsess_str("payload")));
	} else {
		assert_int_equal(status, MCPSESS_E_CORRUPT);
		assert_non_null(strstr(err.text, says));
	}
	mcp_session_store_answer_clear(&raw);
	mcp_session_store_answer_clear(&answer);
	mcp_session_store_close(first);
	mcp_session_store_close(second);
	return status == MCPSESS_OK;
}

static void an_old_key_opens_and_a_retired_one_does_not(void **state)
{
	(void)state;
	assert_true(opens(KEY_ONE, KEY_ONE, ""));
	assert_true(opens(KEY_ONE, KEY_TWO KEY_ONE, ""));
	assert_true(opens(KEY_TWO KEY_ONE, KEY_ONE KEY_TWO, ""));
	assert_false(opens(KEY_ONE, KEY_TWO KEY_THREE, "key \"one\", which is not among"));
	/* Another key under the same name. */
	assert_false(opens(KEY_ONE, "one BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n",
		"key \"one\" was changed"));
}

static void a_key_may_be_padded(void **state)
{
	(void)state;
	assert_true(opens("one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\n",
		"one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n", ""));
}

static void a_bad_key_file_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "there is no key" },
		{ "# nothing\n \t\n", "there is no key" },
		{ "one\n", "line 1: after the key id, 32 bytes" },
		{ "\none AAAA\n", "line 2: after the key id, 32 bytes" },
		{ "one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE==\n", "32 bytes" },
		{ "one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "32 bytes" },
		{ "one AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE x\n", "32 bytes" },
		{ "one/1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\n", "the key id is not" },
		{ "abcdefghijklmnopqrstuvwxyz1234567 AAA\n", "the key id is not" },
		{ KEY_ONE KEY_TWO KEY_ONE, "line 3: the key id is there twice" },
	};
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_keys(cases[i].text);
		assert_int_equal(try_open("memory:", &store, &err), MCPSESS_E_INVALID);
		if (strstr(err.text, cases[i].says) == NULL) {
			fail_msg("%s", err.text);
		}
		assert_null(strstr(err.text, "AAA"));
	}
	unlink(file);
	assert_int_equal(try_open("memory:", &store, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "No such file"));
	assert_null(store);
}

static void the_file_may_be_named_in_code(void **state)
{
	(void)state;
	struct mcp_session_store_options options = { .size = sizeof(options),
		.seal_keys_file = file };
	struct mcp_session_store *store;
	write_keys("\t one\tAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE \r\n# end");
	assert_int_equal(mcp_session_store_open("flaky:", &options, &store, NULL), MCPSESS_OK);
	assert_int_equal(put(store, 1, 0, mcpsess_str("x")), MCPSESS_OK);
	want(store, 1, "x");
	struct mcp_session_store_answer raw = { 0 };
	assert_int_equal(get(inside(store), 1, &raw, NULL), MCPSESS_OK);
	assert_true(raw.payload.len > 40);
	mcp_session_store_answer_clear(&raw);
	mcp_session_store_close(store);
}

/* -- memory and randomness ----------------------------------------------------------------------
 */

struct purse {
	int left; /* allocations until there is no memory; -1: never */
	long held;
	int no_random;
};

static void *spend(void *user_data, void *ptr, size_t size)
{
	struct purse *purse = user_data;
	if (size == 0) {
		purse->held -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (purse->left == 0) {
		return NULL;
	}
	purse->left -= purse->left > 0;
	purse->held += ptr == NULL;
	return realloc(ptr, size);
}

static int draw(void *user_data, void *out, size_t len)
{
	struct purse *purse = user_data;
	memset(out, 5, len);
	return purse->no_random ? -1 : 0;
}

static int live(struct purse *purse)
{
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = purse, .realloc = spend, .random = draw
	};
	struct mcp_session_store_options options = {
		.size = sizeof(options), .seal_keys_file = file, .hooks = &hooks
	};
	struct mcp_session_store *store;
	struct mcp_session_store_answer answer = { 0 };
	int status = mcp_session_store_open("memory:", &options, &store, NULL);
	if (status < 0) {
		return status;
	}
	for (uint64_t revision = 0; status == MCPSESS_OK && revision < 2; revision++) {
		status = put(store, 1, revision, mcpsess_str("payload"));
		status = status == MCPSESS_OK ? get(store, 1, &answer, NULL) : status;
	}
	mcp_session_store_answer_clear(&answer);
	mcp_session_store_close(store);
	return status;
}

static void without_memory_nothing_is_lost_but_the_call(void **state)
{
	(void)state;
	int status = MCPSESS_E_NOMEM, tries = 0;
	write_keys(KEY_ONE);
	for (; status == MCPSESS_E_NOMEM; tries++) {
		struct purse purse = { .left = tries };
		status = live(&purse);
		assert_int_equal(purse.held, 0);
	}
	assert_int_equal(status, MCPSESS_OK);
	assert_in_range(tries, 8, 100);
}

static void without_randomness_nothing_is_sealed(void **state)
{
	(void)state;
	struct purse purse = { .left = -1 };
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = &purse, .realloc = spend, .random = draw
	};
	struct mcp_session_store_options options = {
		.size = sizeof(options), .seal_keys_file = file, .hooks = &hooks
	};
	struct mcp_session_store *store;
	write_keys(KEY_ONE);
	assert_int_equal(mcp_session_store_open("memory:", &options, &store, NULL), MCPSESS_OK);
	purse.no_random = 1;
	assert_int_equal(put(store, 1, 0, mcpsess_str("x")), MCPSESS_E_UNAVAILABLE);
	assert_int_equal(get(store, 1, NULL, NULL), MCPSESS_E_NOTFOUND);
	mcp_session_store_close(store);
	assert_int_equal(purse.held, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_key_opens_and_a_retired_one_does_not),
		cmocka_unit_test(a_key_may_be_padded),
		cmocka_unit_test(a_bad_key_file_is_refused),
		cmocka_unit_test(the_file_may_be_named_in_code),
		cmocka_unit_test(without_memory_nothing_is_lost_but_the_call),
		cmocka_unit_test(without_randomness_nothing_is_sealed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
