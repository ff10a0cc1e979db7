/* The memory store: records that move to another key. */
#include "memory.h"

enum { GRACE = 100, OWNER = 7 };

static struct mcp_session_store_request rotation(
	const struct fake *fake, uint64_t from, uint64_t to, uint64_t grace_ms)
{
	struct mcp_session_store_request request = fake_request(fake, from, OWNER);
	request.new_key = fake_digest(to);
	request.grace_ms = grace_ms;
	request.operation[0] = 1;
	return request;
}

static int rotate(struct fake *fake, uint64_t from, uint64_t to, uint64_t grace_ms)
{
	struct mcp_session_store_request request = rotation(fake, from, to, grace_ms);
	return fake_run(fake, fake->store->ops->rotate, &request, NULL);
}

static int exists(struct fake *fake, uint64_t key)
{
	struct mcp_session_store_request request = fake_request(fake, key, OWNER);
	return fake_run(fake, fake->store->ops->exists, &request, NULL);
}

static int touch(struct fake *fake, uint64_t key)
{
	struct mcp_session_store_request request = fake_request(fake, key, OWNER);
	return fake_run(fake, fake->store->ops->touch, &request, NULL);
}

static void want_payload(struct mcp_session_store_answer *answer, const char *payload)
{
	assert_int_equal(answer->payload.len, strlen(payload));
	assert_memory_equal(answer->payload.data, payload, strlen(payload));
}

static void a_record_moves_whole(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer before, after;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 1, OWNER);
	request.kind = MCP_SESSION_STORE_HANDLE;
	request.state = MCP_SESSION_STORE_INITIALIZING;
	request.payload = mcpsess_str("state");
	assert_int_equal(fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, OWNER, MCP_SESSION_STORE_COUNT, &before), MCPSESS_OK);

	fake.now_ms = START + 10;
	request = rotation(&fake, 1, 2, GRACE);
	assert_int_equal(fake_run(&fake, fake.store->ops->rotate, &request, &after), MCPSESS_OK);
	assert_int_equal(after.revision, 2);
	assert_int_equal(memory_get(&fake, 2, OWNER, 0, &after), MCPSESS_OK);
	want_payload(&after, "state");
	assert_int_equal(after.revision, 2);
	assert_int_equal(after.created_ms, before.created_ms);
	assert_int_equal(after.expires_ms, before.expires_ms);
	assert_int_equal(after.deadline_ms, before.deadline_ms);
	assert_int_equal(after.requests, 1);
	assert_int_equal(after.kind, before.kind);
	assert_int_equal(after.state, before.state);
	assert_memory_equal(&after.owner, &before.owner, sizeof(after.owner));
	fake_clear(&before);
	fake_clear(&after);
	assert_int_equal(memory_stats(&fake).sessions, 1);
	assert_int_equal(memory_store(&fake, 2, OWNER, 2, "more"), MCPSESS_OK);
	memory_end(&fake);
}

static void the_old_key_reads_for_the_grace(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	assert_int_equal(memory_store(&fake, 1, OWNER, 0, "as it was"), MCPSESS_OK);
	assert_int_equal(rotate(&fake, 1, 2, GRACE), MCPSESS_OK);
	assert_int_equal(memory_store(&fake, 2, OWNER, 2, "as it is"), MCPSESS_OK);

	fake.now_ms = START + GRACE - 1;
	assert_int_equal(exists(&fake, 1), MCPSESS_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			memory_get(&fake, 1, OWNER,
				MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT, &answer),
			MCPSESS_OK);
		want_payload(&answer, "as it was");
		assert_int_equal(answer.revision, 1);
		assert_int_equal(answer.requests, 0);
		assert_int_equal(answer.seen_ms, START);
		assert_int_equal(answer.expires_ms, START + IDLE);
		assert_int_equal(answer.state, MCP_SESSION_STORE_ACTIVE);
		fake_clear(&answer);
	}
	assert_int_equal(memory_get(&fake, 1, 8, 0, NULL), MCPSESS_E_NOTOWNER);
	assert_int_equal(touch(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_store(&fake, 1, OWNER, 1, "x"), MCPSESS_E_REVOKED);
	assert_int_equal(memory_store(&fake, 1, OWNER, 0, "x"), MCPSESS_E_REVOKED);
	assert_int_equal(rotate(&fake, 1, 3, GRACE), MCPSESS_E_REVOKED);

	fake.now_ms = START + GRACE;
	assert_int_equal(exists(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_REVOKED);
	fake.now_ms = START + GRACE + TOMBSTONE;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_OK);
	memory_end(&fake);
}

static void without_a_grace_the_old_key_ends_at_once(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	struct mcp_session_store_counts before = memory_stats(&fake);
	assert_int_equal(rotate(&fake, 1, 2, 0), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_OK);
	fake.now_ms += TOMBSTONE;
	struct mcp_session_store_counts after = memory_stats(&fake);
	assert_memory_equal(&before, &after, sizeof(before));
	memory_end(&fake);
}

static void a_copy_does_not_outlive_what_it_was(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	fake.now_ms = START + IDLE - 1;
	assert_int_equal(rotate(&fake, 1, 2, GRACE), MCPSESS_OK);
	assert_int_equal(touch(&fake, 2), MCPSESS_OK);
	fake.now_ms = START + IDLE;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_OK);
	memory_end(&fake);
}

static void a_deleted_copy_ends_alone(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	assert_int_equal(rotate(&fake, 1, 2, GRACE), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 1, OWNER), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_status(&fake, 2), MCPSESS_OK);
	assert_int_equal(memory_stats(&fake).sessions, 1);
	assert_int_equal(memory_stats(&fake).tombstones, 1);
	memory_end(&fake);
}

static void a_key_in_use_is_not_moved_to(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 2, 8), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 3, OWNER), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 3, OWNER), MCPSESS_OK);
	struct mcp_session_store_counts before = memory_stats(&fake);
	assert_int_equal(rotate(&fake, 1, 2, GRACE), MCPSESS_E_EXISTS);
	assert_int_equal(rotate(&fake, 1, 3, GRACE), MCPSESS_E_EXISTS);
	struct mcp_session_store_counts after = memory_stats(&fake);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(memory_store(&fake, 1, OWNER, 1, "x"), MCPSESS_OK);
	memory_end(&fake);
}

static void what_is_not_there_does_not_move(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(rotate(&fake, 1, 2, GRACE), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_create(&fake, 1, 8), MCPSESS_OK);
	assert_int_equal(rotate(&fake, 1, 2, GRACE), MCPSESS_E_NOTOWNER);
	assert_int_equal(memory_create(&fake, 3, OWNER), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 4, OWNER), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 4, OWNER), MCPSESS_OK);
	assert_int_equal(rotate(&fake, 4, 5, GRACE), MCPSESS_E_REVOKED);
	fake.now_ms += IDLE;
	assert_int_equal(rotate(&fake, 3, 5, GRACE), MCPSESS_E_EXPIRED);
	assert_int_equal(memory_status(&fake, 5), MCPSESS_E_NOTFOUND);
	memory_end(&fake);
}

static void a_rotation_repeated_is_done_once(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	struct mcp_session_store_request request = rotation(&fake, 1, 2, GRACE), other = request;
	other.operation[0] = 2;
	/* As it was, as a tombstone, and forgotten. */
	static const uint64_t later[] = { 0, GRACE, TOMBSTONE };
	for (int i = 0; i < 3; i++) {
		fake.now_ms += later[i];
		assert_int_equal(
			fake_run(&fake, fake.store->ops->rotate, &request, &answer), MCPSESS_OK);
		assert_int_equal(answer.revision, 2);
		assert_int_not_equal(
			fake_run(&fake, fake.store->ops->rotate, &other, NULL), MCPSESS_OK);
	}
	assert_int_equal(memory_store(&fake, 2, OWNER, 2, "x"), MCPSESS_OK);
	assert_int_equal(
		fake_run(&fake, fake.store->ops->rotate, &request, NULL), MCPSESS_E_NOTFOUND);
	memory_end(&fake);
}

static void a_moved_record_keeps_its_place(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_configure(&fake);
	fake.settings.max_sessions = fake.settings.max_sessions_per_owner = 3;
	memory_start(&fake, NULL);
	for (uint64_t key = 1; key <= 3; key++) {
		assert_int_equal(memory_create(&fake, key, OWNER), MCPSESS_OK);
	}
	assert_int_equal(rotate(&fake, 2, 20, GRACE), MCPSESS_OK);
	assert_int_equal(rotate(&fake, 1, 10, 0), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 4, OWNER), MCPSESS_E_LIMIT);

	static const uint64_t keys[] = { 10, 20, 3 };
	struct mcp_session_store_request request = fake_request(&fake, 0, OWNER);
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, &answer), MCPSESS_OK);
	assert_int_equal(answer.entry_count, 3);
	for (int i = 0; i < 3; i++) {
		struct mcpsess_digest key = fake_digest(keys[i]);
		assert_memory_equal(&answer.entries[i].key, &key, sizeof(key));
	}
	fake_clear(&answer);
	assert_int_equal(memory_delete(&fake, 10, OWNER), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 4, OWNER), MCPSESS_OK);
	memory_end(&fake);
}

static void copies_are_bounded(void **state)
{
	(void)state;
	struct fake fake;
	memory_configure(&fake);
	memory_start(&fake, "20000");
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	for (uint64_t key = 1; key <= 1000; key++) {
		assert_int_equal(rotate(&fake, key, key + 1, GRACE), MCPSESS_OK);
		assert_in_range(memory_stats(&fake).bytes, 1, 20000);
	}
	assert_int_equal(memory_stats(&fake).sessions, 1);
	fake.now_ms += ABSOLUTE + TOMBSTONE;
	assert_int_equal(memory_stats(&fake).bytes, 0);
	memory_end(&fake);
}

static void without_memory_nothing_moves(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, OWNER), MCPSESS_OK);
	int64_t held = fake.held;
	int status = MCPSESS_E_NOMEM, failed = 0;
	for (; status == MCPSESS_E_NOMEM; failed++) {
		fake.allocations = 0;
		fake.fail_from = failed + 1;
		status = rotate(&fake, 1, 2, GRACE);
		fake.fail_from = 0;
		if (status == MCPSESS_E_NOMEM) {
			assert_int_equal(exists(&fake, 1), MCPSESS_OK);
			assert_int_equal(exists(&fake, 2), MCPSESS_E_NOTFOUND);
			assert_int_equal(touch(&fake, 1), MCPSESS_OK);
		}
	}
	assert_int_equal(status, MCPSESS_OK);
	assert_in_range(failed, 3, 10);
	fake.now_ms += ABSOLUTE + TOMBSTONE;
	assert_int_equal(memory_stats(&fake).bytes, 0);
	assert_in_range(fake.held, 0, held);
	memory_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_moves_whole),
		cmocka_unit_test(the_old_key_reads_for_the_grace),
		cmocka_unit_test(without_a_grace_the_old_key_ends_at_once),
		cmocka_unit_test(a_copy_does_not_outlive_what_it_was),
		cmocka_unit_test(a_deleted_copy_ends_alone),
		cmocka_unit_test(a_key_in_use_is_not_moved_to),
		cmocka_unit_test(what_is_not_there_does_not_move),
		cmocka_unit_test(a_rotation_repeated_is_done_once),
		cmocka_unit_test(a_moved_record_keeps_its_place),
		cmocka_unit_test(copies_are_bounded),
		cmocka_unit_test(without_memory_nothing_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
