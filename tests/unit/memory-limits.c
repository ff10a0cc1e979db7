/* The memory store: caps, bytes, and what happens when there is no memory. */
#include "memory.h"

enum { OWNER = 7 };

static void caps(struct fake *fake, uint64_t sessions, uint64_t per_owner, const char *max_bytes)
{
	memory_configure(fake);
	fake->settings.max_sessions = sessions;
	fake->settings.max_sessions_per_owner = per_owner;
	memory_start(fake, max_bytes);
}

static void no_more_sessions_than_the_cap(void **state)
{
	(void)state;
	struct fake fake;
	caps(&fake, 3, MCP_SESSION_STORE_NONE, NULL);
	for (uint64_t key = 1; key <= 3; key++) {
		assert_int_equal(memory_create(&fake, key, 7), MCPSESS_OK);
	}
	struct mcp_session_store_counts full = memory_stats(&fake);
	assert_int_equal(memory_create(&fake, 4, 7), MCPSESS_E_LIMIT);
	assert_int_equal(fake.explained, 1);
	struct mcp_session_store_counts after = memory_stats(&fake);
	assert_memory_equal(&full, &after, sizeof(full));
	/* In use comes before no room: another id would not help, waiting would not either. */
	assert_int_equal(memory_create(&fake, 3, 7), MCPSESS_E_EXISTS);
	assert_int_equal(memory_store(&fake, 3, 7, 1, "updates need no room"), MCPSESS_OK);

	assert_int_equal(memory_delete(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 4, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 5, 7), MCPSESS_E_LIMIT);
	memory_end(&fake);
}

static void the_last_create_may_be_repeated_at_the_cap(void **state)
{
	(void)state;
	struct fake fake;
	caps(&fake, 1, 1, NULL);
	struct mcp_session_store_request request = fake_request(&fake, 1, 7);
	request.operation[3] = 1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_OK);
	}
	assert_int_equal(memory_stats(&fake).sessions, 1);
	memory_end(&fake);
}

static void fill_again_when_expired(uint64_t sessions, uint64_t per_owner, uint64_t count)
{
	struct fake fake;
	caps(&fake, sessions, per_owner, NULL);
	for (uint64_t round = 0; round < 3; round++) {
		for (uint64_t i = 1; i <= count; i++) {
			assert_int_equal(memory_create(&fake, round * count + i, 7), MCPSESS_OK);
		}
		assert_int_equal(memory_create(&fake, 10000, 7), MCPSESS_E_LIMIT);
		fake.now_ms += IDLE;
	}
	memory_end(&fake);
}

static void expired_sessions_make_room_before_limit_is_said(void **state)
{
	(void)state;
	fill_again_when_expired(200, MCP_SESSION_STORE_NONE, 200);
	fill_again_when_expired(MCP_SESSION_STORE_NONE, 200, 200);
}

static void expired_bytes_make_room_before_limit_is_said(void **state)
{
	(void)state;
	struct fake fake;
	caps(&fake, MCP_SESSION_STORE_NONE, MCP_SESSION_STORE_NONE, "100K");
	uint64_t fit = 0;
	while (memory_create(&fake, fit + 1, 0) == MCPSESS_OK) {
		fit++;
	}
	assert_in_range(fit, 100 * 1024 / 300, 100 * 1024 / 200);
	assert_in_range(memory_stats(&fake).bytes, 100 * 1024 - 300, 100 * 1024);
	fake.now_ms += IDLE;
	/* Their tombstones do not keep the living out. */
	for (uint64_t i = 1; i <= fit; i++) {
		assert_int_equal(memory_create(&fake, 10000 + i, 0), MCPSESS_OK);
	}
	assert_int_equal(memory_create(&fake, 20000, 0), MCPSESS_E_LIMIT);
	memory_end(&fake);
}

static void an_owner_has_a_cap_and_nobody_has_none(void **state)
{
	(void)state;
	struct fake fake;
	caps(&fake, MCP_SESSION_STORE_NONE, 2, NULL);
	assert_int_equal(memory_create(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 2, 7), MCPSESS_OK);
	struct mcp_session_store_counts full = memory_stats(&fake);
	assert_int_equal(memory_create(&fake, 3, 7), MCPSESS_E_LIMIT);
	struct mcp_session_store_counts after = memory_stats(&fake);
	assert_memory_equal(&full, &after, sizeof(full));
	assert_int_equal(memory_create(&fake, 3, 8), MCPSESS_OK);
	for (uint64_t key = 100; key < 110; key++) {
		assert_int_equal(memory_create(&fake, key, 0), MCPSESS_OK);
	}
	assert_int_equal(memory_delete(&fake, 2, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 4, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 5, 7), MCPSESS_E_LIMIT);
	memory_end(&fake);
}

static void an_update_that_would_pass_max_bytes_changes_nothing(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	static char big[2048];
	memset(big, 'b', sizeof(big) - 1);
	caps(&fake, MCP_SESSION_STORE_NONE, MCP_SESSION_STORE_NONE, "2000");
	assert_int_equal(memory_store(&fake, 1, 0, 0, big + 1048), MCPSESS_OK);
	struct mcp_session_store_counts full = memory_stats(&fake);
	assert_int_equal(memory_store(&fake, 1, 0, 1, big), MCPSESS_E_LIMIT);
	assert_int_equal(memory_store(&fake, 1, 0, 1, big + 248), MCPSESS_E_LIMIT);
	assert_int_equal(memory_store(&fake, 2, 0, 0, big + 1048), MCPSESS_E_LIMIT);
	struct mcp_session_store_counts after = memory_stats(&fake);
	assert_memory_equal(&full, &after, sizeof(full));
	assert_int_equal(memory_get(&fake, 1, 0, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.revision, 1);
	assert_int_equal(answer.payload.len, 999);
	fake_clear(&answer);

	/* What fits in place of the old one is fine, and so is what a tombstone gives way to. */
	assert_int_equal(memory_store(&fake, 1, 0, 1, big + 1048), MCPSESS_OK);
	assert_int_equal(memory_store(&fake, 1, 0, 2, "small"), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 3, 0), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 3, 0), MCPSESS_OK);
	assert_int_equal(memory_store(&fake, 1, 0, 3, big + 348), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 3), MCPSESS_E_NOTFOUND);
	memory_end(&fake);
}

static void max_bytes_takes_units_and_refuses_what_is_no_number(void **state)
{
	(void)state;
	static const char *const good[] = { "1", "65536", "64k", "64K", "256M", "3g", "none",
		"18446744073709551615", "17179869183G" };
	static const char *const bad[] = { "", "0", "00", "0K", "K", "-1", "1T", "1KB", "1 K", " 1",
		"1 ", "0x10", "1.5G", "18446744073709551616", "17179869184G", "nonesuch" };
	struct fake fake;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memory_configure(&fake);
		memory_start(&fake, good[i]);
		memory_end(&fake);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mcpsess_error err = { .status = 0 };
		memory_configure(&fake);
		assert_int_equal(
			fake_open(&fake, &mcpsess_backend_memory, "max_bytes", bad[i], &err),
			MCPSESS_E_INVALID);
		assert_null(fake.store);
		assert_int_equal(err.status, MCPSESS_E_INVALID);
		assert_non_null(strstr(err.text, "max_bytes="));
		assert_int_equal(fake.held, 0);
	}
}

/* Every way in which what key 1 holds ends: a record, or what a rotation has left of one. */

static char big[1000001];

static void is_deleted(struct fake *fake)
{
	assert_int_equal(memory_delete(fake, 1, OWNER), MCPSESS_OK);
}

static void is_found_expired(struct fake *fake)
{
	fake->now_ms += IDLE;
	assert_int_equal(memory_status(fake, 1), MCPSESS_E_EXPIRED);
}

static void is_swept(struct fake *fake)
{
	fake->now_ms += IDLE;
	assert_int_equal(fake->store->ops->sweep(fake->store, 1000), 1);
}

static void ends_with_its_owner(struct fake *fake)
{
	struct mcp_session_store_request request = fake_request(fake, 0, OWNER);
	assert_int_equal(fake_run(fake, fake->store->ops->end_owner, &request, NULL), MCPSESS_OK);
}

/* To key 2, with a small payload of its own. */
static void rotate(struct fake *fake, uint64_t grace_ms)
{
	struct mcp_session_store_request request = fake_request(fake, 1, OWNER);
	request.new_key = fake_digest(2);
	request.revision = 1;
	request.payload = mcpsess_str("small");
	request.grace_ms = grace_ms;
	assert_int_equal(fake_run(fake, fake->store->ops->rotate, &request, NULL), MCPSESS_OK);
}

static void moves_away(struct fake *fake)
{
	rotate(fake, 0);
}

static void is_a_copy_that_runs_out(struct fake *fake)
{
	rotate(fake, IDLE / 2);
	fake->now_ms += IDLE / 2;
	assert_int_equal(memory_status(fake, 1), MCPSESS_E_REVOKED);
}

static void is_a_copy_that_tombstones_push_out(struct fake *fake)
{
	rotate(fake, IDLE / 2);
	for (uint64_t key = 3; memory_status(fake, 1) == MCPSESS_OK; key++) {
		/* Those beside it, of which fewer are enough. */
		if (fake_digest(key).bytes[0] == fake_digest(1).bytes[0]) {
			assert_int_equal(memory_create(fake, key, 0), MCPSESS_OK);
			assert_int_equal(memory_delete(fake, key, 0), MCPSESS_OK);
		}
	}
	assert_int_equal(memory_status(fake, 1), MCPSESS_E_NOTFOUND);
}

static void is_a_copy_that_makes_room(struct fake *fake)
{
	rotate(fake, IDLE / 2);
	assert_int_equal(memory_store(fake, 3, 0, 0, big), MCPSESS_OK);
	assert_int_equal(memory_status(fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_store(fake, 3, 0, 1, ""), MCPSESS_OK);
}

static void however_a_record_ends_all_that_it_held_goes(void **state)
{
	(void)state;
	static void (*const ends[])(struct fake *) = { is_deleted, is_found_expired, is_swept,
		ends_with_its_owner, moves_away, is_a_copy_that_runs_out,
		is_a_copy_that_tombstones_push_out, is_a_copy_that_makes_room };
	memset(big, 'b', sizeof(big) - 1);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct fake fake;
		caps(&fake, MCP_SESSION_STORE_NONE, MCP_SESSION_STORE_NONE, "1500000");
		assert_int_equal(memory_store(&fake, 1, OWNER, 0, big), MCPSESS_OK);
		int64_t held = fake.held;
		ends[i](&fake);
		/* At once, not when somebody counts; and counted out once, not twice. */
		assert_true(held - fake.held > (int64_t)sizeof(big) / 2);
		assert_in_range(memory_stats(&fake).bytes, 1, sizeof(big) / 2);
		fake.now_ms += ABSOLUTE + TOMBSTONE;
		assert_int_equal(memory_stats(&fake).bytes, 0);
		memory_end(&fake);
	}
}

/* Bytes that are really held beyond the payloads, per session. */
static int64_t overhead(uint64_t count, uint64_t owners)
{
	enum { PAYLOAD = 512 };
	struct fake fake;
	static char payload[PAYLOAD + 1];
	memset(payload, 'p', PAYLOAD);
	memory_begin(&fake);
	int64_t empty = fake.held;
	for (uint64_t i = 1; i <= count; i++) {
		uint64_t owner = owners > 0 ? 1 + i % owners : 0;
		assert_int_equal(memory_store(&fake, i, owner, 0, payload), MCPSESS_OK);
	}
	/* No more is held than is said, and not much less. */
	int64_t said = (int64_t)memory_stats(&fake).bytes;
	assert_in_range((fake.held - empty) * 100 / said, 85, 100);
	int64_t each = (fake.held - empty) / (int64_t)count - PAYLOAD;
	memory_end(&fake);
	return each;
}

static void a_session_costs_at_most_250_bytes_beyond_its_payload(void **state)
{
	(void)state;
	/* Right after the tables have doubled they are emptiest. */
	static const uint64_t counts[] = { 20000, 32768, 34000, 60000, 65536, 70000 };
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		assert_in_range(overhead(counts[i], 0), 1, 250);
		assert_in_range(overhead(counts[i], counts[i] / 10), 1, 250);
	}
}

/* One life of two sessions, whose every allocation may fail; what it leaves must be sound. */
static void live(struct fake *fake, int *failures)
{
	const struct mcp_session_store_ops *ops = fake->store->ops;
	struct mcp_session_store_request request = fake_request(fake, 0, 7);
	for (uint64_t key = 1; key <= 40; key++) {
		struct mcp_session_store_counts before, after;
		ops->stats(fake->store, &before);
		int status = memory_create(fake, key, key % 3);
		ops->stats(fake->store, &after);
		assert_true(status == MCPSESS_OK || status == MCPSESS_E_NOMEM);
		assert_int_equal(after.sessions - before.sessions, status == MCPSESS_OK);
		assert_int_equal(after.bytes > before.bytes, status == MCPSESS_OK);
		*failures += status < 0;
		assert_int_equal(memory_status(fake, key),
			status == MCPSESS_OK ? MCPSESS_OK : MCPSESS_E_NOTFOUND);
		if (status == MCPSESS_OK) {
			int updated = memory_store(fake, key, key % 3, 1, "a longer payload");
			struct mcp_session_store_answer answer;
			assert_true(updated == MCPSESS_OK || updated == MCPSESS_E_NOMEM);
			*failures += updated < 0;
			assert_int_equal(memory_get(fake, key, 0, ANY, &answer), MCPSESS_OK);
			assert_int_equal(answer.revision, updated == MCPSESS_OK ? 2 : 1);
			assert_int_equal(answer.payload.len, updated == MCPSESS_OK ? 16 : 7);
			fake_clear(&answer);
		}
	}
	struct mcp_session_store_answer answer;
	request.flags = ANY;
	int listed = fake_run(fake, ops->list, &request, &answer);
	assert_true(listed == MCPSESS_OK || listed == MCPSESS_E_NOMEM);
	*failures += listed < 0;
	fake_clear(&answer);
	/* To delete takes no memory. */
	for (uint64_t key = 1; key <= 40; key++) {
		assert_int_equal(memory_delete(fake, key, key % 3), MCPSESS_OK);
	}
	assert_int_equal(memory_stats(fake).sessions, 0);
}

static void every_allocation_may_fail(void **state)
{
	(void)state;
	struct fake fake;
	int failures = 1;
	memory_configure(&fake);
	fake.fail_from = 1;
	assert_int_equal(
		fake_open(&fake, &mcpsess_backend_memory, NULL, NULL, NULL), MCPSESS_E_NOMEM);
	assert_int_equal(fake.held, 0);
	for (int nth = 2; failures > 0; nth++) {
		failures = 0;
		memory_begin(&fake);
		fake.fail_from = nth;
		live(&fake, &failures);
		fake.now_ms += TOMBSTONE;
		assert_int_equal(memory_stats(&fake).bytes, 0);
		fake.fail_from = 0;
		live(&fake, &failures);
		memory_end(&fake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_sessions_than_the_cap),
		cmocka_unit_test(the_last_create_may_be_repeated_at_the_cap),
		cmocka_unit_test(expired_sessions_make_room_before_limit_is_said),
		cmocka_unit_test(expired_bytes_make_room_before_limit_is_said),
		cmocka_unit_test(an_owner_has_a_cap_and_nobody_has_none),
		cmocka_unit_test(an_update_that_would_pass_max_bytes_changes_nothing),
		cmocka_unit_test(max_bytes_takes_units_and_refuses_what_is_no_number),
		cmocka_unit_test(however_a_record_ends_all_that_it_held_goes),
		cmocka_unit_test(a_session_costs_at_most_250_bytes_beyond_its_payload),
		cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
