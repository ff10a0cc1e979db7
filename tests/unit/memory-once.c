/* The memory store: tokens that are redeemed once. */
#include "memory.h"

static int redeem(struct fake *fake, uint64_t key, unsigned char operation)
{
	struct mcp_session_store_request request = fake_request(fake, key, 0);
	request.operation[5] = operation;
	return fake_run(fake, fake->store->ops->once, &request, NULL);
}

static void a_token_is_redeemed_once(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(redeem(&fake, 1, 1), MCPSESS_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(redeem(&fake, 1, 2), MCPSESS_E_EXISTS);
		assert_int_equal(redeem(&fake, 1, 0), MCPSESS_E_EXISTS);
		assert_int_equal(redeem(&fake, 1, 1), MCPSESS_OK);
		fake.now_ms += IDLE / 3;
	}
	assert_int_equal(redeem(&fake, 2, 2), MCPSESS_OK);
	fake.now_ms = START + IDLE - 1;
	assert_int_equal(redeem(&fake, 1, 3), MCPSESS_E_EXISTS);
	fake.now_ms = START + IDLE;
	assert_int_equal(redeem(&fake, 1, 3), MCPSESS_OK);
	assert_int_equal(redeem(&fake, 1, 1), MCPSESS_E_EXISTS);
	memory_end(&fake);
}

static void tokens_and_records_do_not_meet(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(redeem(&fake, 1, 1), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 1, 0), MCPSESS_OK);
	assert_int_equal(redeem(&fake, 1, 2), MCPSESS_E_EXISTS);
	assert_int_equal(memory_stats(&fake).sessions, 0);
	memory_end(&fake);
}

static void there_are_no_more_tokens_than_sessions(void **state)
{
	(void)state;
	enum { CAP = 300 };
	struct fake fake;
	memory_configure(&fake);
	fake.settings.max_sessions = CAP;
	memory_start(&fake, NULL);
	for (int round = 0; round < 2; round++) {
		for (uint64_t key = 1; key <= CAP; key++) {
			assert_int_equal(redeem(&fake, key, 1), MCPSESS_OK);
		}
		assert_int_equal(redeem(&fake, CAP + 1, 1), MCPSESS_E_LIMIT);
		assert_int_equal(redeem(&fake, 1, 2), MCPSESS_E_EXISTS);
		assert_int_equal(redeem(&fake, 1, 1), MCPSESS_OK);
		assert_int_equal(memory_create(&fake, 1 + (uint64_t)round, 0), MCPSESS_OK);
		fake.now_ms += IDLE;
	}
	memory_end(&fake);
}

static void their_bytes_count(void **state)
{
	(void)state;
	struct fake fake;
	memory_configure(&fake);
	memory_start(&fake, "10000");
	uint64_t count = 0;
	while (redeem(&fake, count + 1, 1) == MCPSESS_OK) {
		count++;
		assert_in_range(memory_stats(&fake).bytes, 64 * count, 10000);
	}
	assert_in_range(count, 10, 10000 / 64);
	assert_int_equal(redeem(&fake, count + 1, 1), MCPSESS_E_LIMIT);
	fake.now_ms += IDLE;
	assert_int_equal(redeem(&fake, count + 1, 1), MCPSESS_OK);
	memory_end(&fake);
}

static void what_is_over_is_freed_as_others_come(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	int64_t held = 0;
	for (uint64_t round = 0; round < 20; round++) {
		for (uint64_t key = 1; key <= 2000; key++) {
			assert_int_equal(redeem(&fake, round * 2000 + key, 1), MCPSESS_OK);
		}
		fake.now_ms += IDLE;
		held = round == 2 ? (int64_t)fake.held : held;
	}
	assert_in_range(fake.held, 1, 2 * held);
	fake.store->ops->sweep(fake.store, 100000);
	assert_int_equal(memory_stats(&fake).bytes, 0);
	memory_end(&fake);
}

static void without_memory_nothing_is_redeemed(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	int status = MCPSESS_E_NOMEM, failed = 0;
	for (; status == MCPSESS_E_NOMEM; failed++) {
		fake.allocations = 0;
		fake.fail_from = failed + 1;
		status = redeem(&fake, 1, 1);
		fake.fail_from = 0;
		assert_int_equal(memory_stats(&fake).bytes > 0, status == MCPSESS_OK);
	}
	assert_int_equal(status, MCPSESS_OK);
	assert_in_range(failed, 2, 10);
	assert_int_equal(redeem(&fake, 1, 2), MCPSESS_E_EXISTS);
	memory_end(&fake);
}

static void a_store_in_this_process_answers(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 0, 0);
	assert_int_equal(fake_run(&fake, fake.store->ops->ping, &request, &answer), MCPSESS_OK);
	assert_int_equal(answer.now_ms, START);
	memory_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_redeemed_once),
		cmocka_unit_test(tokens_and_records_do_not_meet),
		cmocka_unit_test(there_are_no_more_tokens_than_sessions),
		cmocka_unit_test(their_bytes_count),
		cmocka_unit_test(what_is_over_is_freed_as_others_come),
		cmocka_unit_test(without_memory_nothing_is_redeemed),
		cmocka_unit_test(a_store_in_this_process_answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
