/* The memory store: who expires when, and what a sweep gives back. */
#include "memory.h"

static void a_record_expires_to_the_millisecond(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	for (uint64_t key = 1; key <= 5; key++) {
		assert_int_equal(memory_store(&fake, key, 0, 0, "x"), MCPSESS_OK);
	}
	fake.now_ms = START + IDLE - 1;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_OK);
	fake.now_ms = START + IDLE;
	const struct mcp_session_store_ops *ops = fake.store->ops;
	struct mcp_session_store_request request = fake_request(&fake, 1, 0);
	assert_int_equal(fake_run(&fake, ops->get, &request, NULL), MCPSESS_E_EXPIRED);
	request.key = fake_digest(2);
	assert_int_equal(fake_run(&fake, ops->touch, &request, NULL), MCPSESS_E_EXPIRED);
	request.key = fake_digest(3);
	assert_int_equal(fake_run(&fake, ops->exists, &request, NULL), MCPSESS_E_EXPIRED);
	assert_int_equal(memory_store(&fake, 4, 0, 1, "x"), MCPSESS_E_EXPIRED);
	assert_int_equal(memory_create(&fake, 5, 0), MCPSESS_E_EXPIRED);
	/* To delete what has expired is fine, and changes nothing about how it ended. */
	assert_int_equal(memory_delete(&fake, 1, 0), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_EXPIRED);
	memory_end(&fake);
}

static void an_expired_record_is_forgotten_by_when_it_expired(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 2, 0), MCPSESS_OK);
	/* Met late, the tombstone does not stay longer. */
	fake.now_ms = START + IDLE + TOMBSTONE - 1;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_EXPIRED);
	fake.now_ms++;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_stats(&fake).expired, 2);
	memory_end(&fake);
}

static void a_touch_moves_the_expiry_but_never_back_nor_past_the_deadline(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	fake.now_ms = START + 900;
	assert_int_equal(memory_get(&fake, 1, 0, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.expires_ms, START + IDLE);
	fake_clear(&answer);
	assert_int_equal(memory_get(&fake, 1, 0, MCP_SESSION_STORE_TOUCH, &answer), MCPSESS_OK);
	assert_int_equal(answer.expires_ms, START + 900 + IDLE);
	assert_int_equal(answer.seen_ms, START + 900);
	fake_clear(&answer);

	struct mcp_session_store_request request = fake_request(&fake, 1, 0);
	request.idle_ms = 10;
	assert_int_equal(fake_run(&fake, fake.store->ops->touch, &request, &answer), MCPSESS_OK);
	assert_int_equal(answer.expires_ms, START + 900 + IDLE);

	for (fake.now_ms = START + 1800; fake.now_ms < START + ABSOLUTE; fake.now_ms += 900) {
		assert_int_equal(memory_touch(&fake, 1), MCPSESS_OK);
	}
	fake.now_ms = START + ABSOLUTE - 1;
	assert_int_equal(memory_get(&fake, 1, 0, MCP_SESSION_STORE_TOUCH, &answer), MCPSESS_OK);
	assert_int_equal(answer.expires_ms, START + ABSOLUTE);
	fake_clear(&answer);
	assert_int_equal(memory_store(&fake, 1, 0, 1, "x"), MCPSESS_OK);
	fake.now_ms++;
	assert_int_equal(memory_touch(&fake, 1), MCPSESS_E_EXPIRED);
	memory_end(&fake);
}

static void without_limits_a_record_lives_on(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_configure(&fake);
	fake.settings.idle_ms = MCP_SESSION_STORE_NONE;
	fake.settings.absolute_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	fake.now_ms = UINT64_MAX / 2;
	assert_int_equal(memory_get(&fake, 1, 0, MCP_SESSION_STORE_TOUCH, &answer), MCPSESS_OK);
	assert_int_equal(answer.expires_ms, 0);
	assert_int_equal(answer.deadline_ms, 0);
	fake_clear(&answer);
	assert_int_equal(memory_delete(&fake, 1, 0), MCPSESS_OK);
	fake.now_ms += TOMBSTONE;
	assert_int_equal(memory_stats(&fake).bytes, 0);
	memory_end(&fake);
}

static void throttled_touches_never_let_a_record_expire_early(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_configure(&fake);
	fake.settings.touch_every_ms = 100;
	fake.settings.absolute_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	uint64_t expires_ms = START + IDLE + 100;
	for (uint64_t i = 0; i < 40; i++) {
		fake.now_ms += 33;
		uint64_t least = fake.now_ms + IDLE;
		assert_int_equal(
			memory_get(&fake, 1, 0, MCP_SESSION_STORE_TOUCH, &answer), MCPSESS_OK);
		assert_in_range(answer.expires_ms, least, least + 100);
		/* It stands still, or moves by a whole throttle period. */
		if (answer.expires_ms != expires_ms) {
			assert_true(answer.expires_ms - expires_ms >= 100);
		}
		expires_ms = answer.expires_ms;
		fake_clear(&answer);
	}
	memory_end(&fake);
}

static void a_busy_record_outlives_ten_idle_periods(void **state)
{
	(void)state;
	struct fake fake;
	memory_configure(&fake);
	fake.settings.absolute_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 2, 0), MCPSESS_OK);
	for (int i = 0; i < 12; i++) {
		fake.now_ms += IDLE - 1;
		assert_int_equal(memory_touch(&fake, 1), MCPSESS_OK);
		memory_stats(&fake);
	}
	assert_int_equal(memory_stats(&fake).sessions, 1);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_E_NOTFOUND);
	/* And not an eleventh: nobody asked for it, and yet it is gone on time. */
	fake.now_ms += IDLE;
	assert_int_equal(memory_stats(&fake).sessions, 0);
	memory_end(&fake);
}

static void records_with_different_idles_expire_in_their_order(void **state)
{
	(void)state;
	struct fake fake;
	enum { COUNT = 500 };
	memory_begin(&fake);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct mcp_session_store_request request = fake_request(&fake, i + 1, 0);
		request.idle_ms = 1 + i * 7 % COUNT;
		assert_int_equal(
			fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_OK);
	}
	for (uint64_t t = 0; t <= COUNT; t += 25) {
		fake.now_ms = START + t;
		assert_int_equal(memory_stats(&fake).sessions, COUNT - t);
		assert_int_equal(memory_stats(&fake).expired, t);
		for (uint64_t i = 0; i < COUNT; i++) {
			int live = 1 + i * 7 % COUNT > t;
			assert_int_equal(
				memory_status(&fake, i + 1), live ? MCPSESS_OK : MCPSESS_E_EXPIRED);
		}
	}
	memory_end(&fake);
}

static void those_that_stay_expire_on_time_when_others_are_deleted(void **state)
{
	(void)state;
	struct fake fake;
	enum { COUNT = 6000 };
	memory_configure(&fake);
	fake.settings.tombstone_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct mcp_session_store_request request = fake_request(&fake, i + 1, 0);
		request.idle_ms = 1 + i * 7 % COUNT;
		assert_int_equal(
			fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_OK);
	}
	uint64_t left = 0;
	for (uint64_t i = 0; i < COUNT; i++) {
		if (i % 5 == 0) {
			left++;
		} else {
			assert_int_equal(memory_delete(&fake, i + 1, 0), MCPSESS_OK);
		}
	}
	for (uint64_t t = 0; t <= COUNT; t += 10) {
		uint64_t live = 0;
		fake.now_ms = START + t;
		for (uint64_t i = 0; i < COUNT; i += 5) {
			live += 1 + i * 7 % COUNT > t;
		}
		assert_int_equal(memory_stats(&fake).sessions, live);
	}
	assert_int_equal(memory_stats(&fake).expired, left);
	memory_end(&fake);
}

static void a_sweep_frees_as_many_as_it_may(void **state)
{
	(void)state;
	struct fake fake;
	enum { COUNT = 300 };
	memory_begin(&fake);
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_create(&fake, i, 0), MCPSESS_OK);
	}
	const struct mcp_session_store_ops *ops = fake.store->ops;
	assert_int_equal(ops->sweep(fake.store, 1000), 0);
	fake.now_ms = START + IDLE;
	assert_int_equal(ops->sweep(fake.store, 100), 100);
	assert_int_equal(ops->sweep(fake.store, 1), 1);
	assert_int_equal(ops->sweep(fake.store, 1000), COUNT - 101);
	assert_int_equal(ops->sweep(fake.store, 1000), 0);
	fake.now_ms += TOMBSTONE;
	assert_int_equal(ops->sweep(fake.store, 1000), COUNT);
	assert_int_equal(memory_stats(&fake).bytes, 0);
	memory_end(&fake);
}

static void traffic_alone_frees_what_has_expired(void **state)
{
	(void)state;
	struct fake fake;
	enum { COUNT = 5000 };
	memory_configure(&fake);
	memory_start(&fake, NULL);
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_create(&fake, i, 0), MCPSESS_OK);
	}
	int64_t full = fake.held;
	fake.now_ms = START + IDLE + TOMBSTONE;
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_status(&fake, COUNT + i), MCPSESS_E_NOTFOUND);
	}
	assert_true(fake.held < full / 10);
	memory_end(&fake);
}

static void memory_comes_back_to_where_it_began(void **state)
{
	(void)state;
	struct fake fake;
	enum { COUNT = 20000 };
	memory_begin(&fake);
	int64_t empty = fake.held;
	for (int round = 0; round < 2; round++) {
		for (uint64_t i = 1; i <= COUNT; i++) {
			assert_int_equal(memory_create(&fake, i, 1 + i % 1000), MCPSESS_OK);
		}
		assert_true(fake.held > empty + COUNT * 100);
		for (uint64_t i = 1; round == 0 && i <= COUNT; i++) {
			assert_int_equal(memory_delete(&fake, i, 1 + i % 1000), MCPSESS_OK);
		}
		fake.now_ms += IDLE + TOMBSTONE;
		while (fake.store->ops->sweep(fake.store, 1000) > 0) {
		}
		assert_int_equal(memory_stats(&fake).bytes, 0);
		assert_int_equal(memory_stats(&fake).tombstones, 0);
		assert_int_equal(fake.held, empty);
	}
	assert_int_equal(memory_stats(&fake).expired, COUNT);
	memory_end(&fake);
}

static void tombstones_are_bounded_and_the_oldest_go_first(void **state)
{
	(void)state;
	struct fake fake;
	enum { COUNT = 100000 };
	memory_begin(&fake);
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_create(&fake, i, 0), MCPSESS_OK);
		assert_int_equal(memory_delete(&fake, i, 0), MCPSESS_OK);
	}
	assert_int_equal(memory_stats(&fake).tombstones, 65536);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_status(&fake, COUNT), MCPSESS_E_REVOKED);
	memory_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_expires_to_the_millisecond),
		cmocka_unit_test(an_expired_record_is_forgotten_by_when_it_expired),
		cmocka_unit_test(a_touch_moves_the_expiry_but_never_back_nor_past_the_deadline),
		cmocka_unit_test(without_limits_a_record_lives_on),
		cmocka_unit_test(throttled_touches_never_let_a_record_expire_early),
		cmocka_unit_test(a_busy_record_outlives_ten_idle_periods),
		cmocka_unit_test(records_with_different_idles_expire_in_their_order),
		cmocka_unit_test(those_that_stay_expire_on_time_when_others_are_deleted),
		cmocka_unit_test(a_sweep_frees_as_many_as_it_may),
		cmocka_unit_test(traffic_alone_frees_what_has_expired),
		cmocka_unit_test(memory_comes_back_to_where_it_began),
		cmocka_unit_test(tombstones_are_bounded_and_the_oldest_go_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
