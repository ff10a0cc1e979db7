/* The memory store: owners whose records all end at once. */
#include "memory.h"

enum { OWNER = 7, MANY = 100 };

static int end_owner(struct fake *fake, uint64_t owner)
{
	struct mcp_session_store_request request = fake_request(fake, 0, owner);
	return fake_run(fake, fake->store->ops->end_owner, &request, NULL);
}

static void all_of_an_owners_records_end(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	const struct mcp_session_store_ops *ops = fake.store->ops;
	for (uint64_t key = 1; key <= MANY; key++) {
		assert_int_equal(memory_create(&fake, key, OWNER), MCPSESS_OK);
	}
	assert_int_equal(memory_create(&fake, 1000, 8), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 1001, 0), MCPSESS_OK);
	assert_int_equal(end_owner(&fake, OWNER), MCPSESS_OK);
	for (uint64_t key = 1; key <= MANY; key++) {
		struct mcp_session_store_request request = fake_request(&fake, key, OWNER);
		assert_int_equal(fake_run(&fake, ops->get, &request, NULL), MCPSESS_E_REVOKED);
		assert_int_equal(fake_run(&fake, ops->touch, &request, NULL), MCPSESS_E_REVOKED);
		assert_int_equal(fake_run(&fake, ops->exists, &request, NULL), MCPSESS_E_REVOKED);
		assert_int_equal(memory_store(&fake, key, OWNER, 1, "x"), MCPSESS_E_REVOKED);
	}
	assert_int_equal(memory_status(&fake, 1000), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1001), MCPSESS_OK);
	assert_int_equal(memory_stats(&fake).sessions, 2);
	assert_int_equal(memory_stats(&fake).tombstones, MANY);
	fake.now_ms += TOMBSTONE;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_stats(&fake).tombstones, 0);
	assert_int_equal(memory_stats(&fake).expired, 0);
	memory_end(&fake);
}

static void an_ended_owner_begins_anew(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_configure(&fake);
	fake.settings.max_sessions = fake.settings.max_sessions_per_owner = 2;
	memory_start(&fake, NULL);
	for (uint64_t key = 1; key <= 9; key += 2) {
		assert_int_equal(memory_create(&fake, key, OWNER), MCPSESS_OK);
		assert_int_equal(memory_create(&fake, key + 1, OWNER), MCPSESS_OK);
		assert_int_equal(memory_create(&fake, 100, OWNER), MCPSESS_E_LIMIT);
		assert_int_equal(end_owner(&fake, OWNER), MCPSESS_OK);
	}
	assert_int_equal(memory_create(&fake, 100, OWNER), MCPSESS_OK);
	struct mcp_session_store_request request = fake_request(&fake, 0, OWNER);
	for (int everybody = 0; everybody < 2; everybody++) {
		request.flags = everybody ? ANY : 0;
		assert_int_equal(
			fake_run(&fake, fake.store->ops->list, &request, &answer), MCPSESS_OK);
		assert_int_equal(answer.entry_count, 1);
		fake_clear(&answer);
	}
	memory_end(&fake);
}

static void who_has_nothing_can_be_ended(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(end_owner(&fake, OWNER), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_OK);
	assert_int_equal(end_owner(&fake, 8), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_OK);
	memory_end(&fake);
}

static void what_had_run_out_before_stays_expired(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	fake.now_ms += IDLE;
	assert_int_equal(memory_create(&fake, 2, OWNER), MCPSESS_OK);
	assert_int_equal(end_owner(&fake, OWNER), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_EXPIRED);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_E_REVOKED);
	assert_int_equal(memory_stats(&fake).sessions, 0);
	assert_int_equal(memory_stats(&fake).expired, 1);
	memory_end(&fake);
}

static void a_copy_that_still_reads_ends_too(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	struct mcp_session_store_request request = fake_request(&fake, 1, OWNER);
	request.new_key = fake_digest(2);
	request.grace_ms = TOMBSTONE;
	assert_int_equal(fake_run(&fake, fake.store->ops->rotate, &request, NULL), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_OK);
	assert_int_equal(end_owner(&fake, OWNER), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_E_REVOKED);
	assert_int_equal(memory_stats(&fake).sessions, 0);
	assert_int_equal(memory_stats(&fake).tombstones, 2);
	memory_end(&fake);
}

static void the_payloads_of_the_ended_are_freed(void **state)
{
	(void)state;
	struct fake fake;
	memory_configure(&fake);
	fake.settings.tombstone_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	int64_t empty = fake.held;
	for (uint64_t key = 1; key <= MANY; key++) {
		assert_int_equal(memory_create(&fake, key, OWNER), MCPSESS_OK);
	}
	assert_int_equal(end_owner(&fake, OWNER), MCPSESS_OK);
	struct mcp_session_store_counts stats = memory_stats(&fake);
	assert_int_equal(stats.sessions + stats.tombstones + stats.bytes, 0);
	assert_int_equal(fake.held, empty);
	memory_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_an_owners_records_end),
		cmocka_unit_test(an_ended_owner_begins_anew),
		cmocka_unit_test(who_has_nothing_can_be_ended),
		cmocka_unit_test(what_had_run_out_before_stays_expired),
		cmocka_unit_test(a_copy_that_still_reads_ends_too),
		cmocka_unit_test(the_payloads_of_the_ended_are_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
