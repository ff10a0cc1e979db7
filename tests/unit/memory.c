/* The memory store: records, revisions, owners, operation tokens, counting. */
#include "memory.h"

static const char *text_of(const struct mcp_session_store_answer *answer)
{
	static char text[64];
	assert_in_range(answer->payload.len, 1, sizeof(text) - 1);
	memcpy(text, answer->payload.data, answer->payload.len);
	text[answer->payload.len] = '\0';
	return text;
}

static void a_created_record_is_read_back_whole(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 1, 7);
	struct mcp_session_store_answer answer;
	request.kind = MCP_SESSION_STORE_TASK;
	request.state = MCP_SESSION_STORE_INITIALIZING;
	request.payload = mcpsess_str("hello");
	assert_int_equal(fake_run(&fake, fake.store->ops->store, &request, &answer), MCPSESS_OK);
	assert_int_equal(answer.revision, 1);
	assert_int_equal(answer.now_ms, START);
	assert_int_equal(answer.expires_ms, START + IDLE);
	assert_int_equal(answer.deadline_ms, START + ABSOLUTE);
	fake_clear(&answer);

	fake.now_ms = START + 5;
	assert_int_equal(memory_get(&fake, 1, 7, 0, &answer), MCPSESS_OK);
	assert_string_equal(text_of(&answer), "hello");
	assert_int_equal(answer.revision, 1);
	assert_int_equal(answer.now_ms, START + 5);
	assert_int_equal(answer.created_ms, START);
	assert_int_equal(answer.seen_ms, START);
	assert_int_equal(answer.expires_ms, START + IDLE);
	assert_int_equal(answer.deadline_ms, START + ABSOLUTE);
	assert_int_equal(answer.kind, MCP_SESSION_STORE_TASK);
	assert_int_equal(answer.state, MCP_SESSION_STORE_INITIALIZING);
	assert_memory_equal(&answer.owner, &request.owner, sizeof(answer.owner));
	fake_clear(&answer);
	memory_end(&fake);
}

static void a_get_without_a_call_serves_what_is_done_at_once(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 1, 7);
	assert_int_equal(memory_get_into(&fake, &request, &answer), 1);
	assert_int_equal(memory_create(&fake, 1, 7), MCPSESS_OK);
	fake.now_ms = START + IDLE - 1;
	request.flags = MCP_SESSION_STORE_TOUCH;
	assert_int_equal(memory_get_into(&fake, &request, &answer), MCPSESS_OK);
	assert_string_equal(text_of(&answer), "payload");
	assert_int_equal(answer.seen_ms, START + IDLE - 1);
	assert_int_equal(answer.expires_ms, START + IDLE - 1 + IDLE);
	fake_clear(&answer);

	/* Its first time has come; who looks at it puts it back under its new one. */
	fake.now_ms = START + IDLE;
	assert_int_equal(memory_get_into(&fake, &request, &answer), 1);
	assert_int_equal(memory_get(&fake, 1, 7, 0, NULL), MCPSESS_OK);
	assert_int_equal(memory_get_into(&fake, &request, &answer), MCPSESS_OK);
	fake_clear(&answer);
	request.owner = fake_digest(8);
	assert_int_equal(memory_get_into(&fake, &request, &answer), 1);
	assert_int_equal(memory_delete(&fake, 1, 7), MCPSESS_OK);
	request.owner = fake_digest(7);
	assert_int_equal(memory_get_into(&fake, &request, &answer), 1);
	memory_end(&fake);
}

static void an_empty_payload_is_one(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	assert_int_equal(memory_store(&fake, 1, 0, 0, ""), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 0, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.payload.len, 0);
	fake_clear(&answer);
	assert_int_equal(memory_store(&fake, 1, 0, 1, "more"), MCPSESS_OK);
	assert_int_equal(memory_store(&fake, 1, 0, 2, ""), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 0, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.payload.len, 0);
	fake_clear(&answer);
	memory_end(&fake);
}

static void what_was_never_made_is_not_found(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	const struct mcp_session_store_ops *ops = fake.store->ops;
	for (int round = 0; round < 2; round++) {
		struct mcp_session_store_request request = fake_request(&fake, 1, 7);
		assert_int_equal(fake_run(&fake, ops->get, &request, NULL), MCPSESS_E_NOTFOUND);
		assert_int_equal(fake_run(&fake, ops->touch, &request, NULL), MCPSESS_E_NOTFOUND);
		assert_int_equal(fake_run(&fake, ops->exists, &request, NULL), MCPSESS_E_NOTFOUND);
		assert_int_equal(fake_run(&fake, ops->mcpsess_delete_, &request, NULL), MCPSESS_OK);
		assert_int_equal(memory_store(&fake, 1, 7, 1, "x"), MCPSESS_E_NOTFOUND);
		/* The second round asks a store that has other records. */
		assert_int_equal(memory_create(&fake, 2 + (uint64_t)round, 7), MCPSESS_OK);
	}
	assert_int_equal(memory_stats(&fake).sessions, 2);
	memory_end(&fake);
}

static void a_key_in_use_is_not_created_again(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	assert_int_equal(memory_store(&fake, 1, 7, 0, "first"), MCPSESS_OK);
	struct mcp_session_store_counts before = memory_stats(&fake);
	assert_int_equal(memory_store(&fake, 1, 7, 0, "second"), MCPSESS_E_EXISTS);
	assert_int_equal(memory_store(&fake, 1, 8, 0, "second"), MCPSESS_E_EXISTS);
	struct mcp_session_store_counts after = memory_stats(&fake);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(memory_get(&fake, 1, 7, 0, &answer), MCPSESS_OK);
	assert_string_equal(text_of(&answer), "first");
	fake_clear(&answer);
	memory_end(&fake);
}

static void an_update_replaces_what_it_has_read_and_nothing_else(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer, held;
	memory_begin(&fake);
	assert_int_equal(memory_store(&fake, 1, 7, 0, "one"), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 7, 0, &held), MCPSESS_OK);

	fake.now_ms = START + 10;
	struct mcp_session_store_request request = fake_request(&fake, 1, 7);
	request.revision = 1;
	request.payload = mcpsess_str("two");
	assert_int_equal(fake_run(&fake, fake.store->ops->store, &request, &answer), MCPSESS_OK);
	assert_int_equal(answer.revision, 2);
	assert_int_equal(answer.created_ms, START);
	assert_int_equal(answer.seen_ms, START + 10);
	assert_int_equal(answer.expires_ms, START + 10 + IDLE);
	fake_clear(&answer);

	request.payload = mcpsess_str("three");
	assert_int_equal(
		fake_run(&fake, fake.store->ops->store, &request, &answer), MCPSESS_E_CONFLICT);
	assert_int_equal(answer.revision, 2);
	assert_string_equal(text_of(&answer), "two");
	fake_clear(&answer);

	request.revision = 3;
	assert_int_equal(
		fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_E_CONFLICT);
	/* A reader's payload is what it was. */
	assert_string_equal(text_of(&held), "one");
	fake_clear(&held);
	memory_end(&fake);
}

static void a_record_is_never_stored_as_closed(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 1, 0);
	request.state = MCP_SESSION_STORE_CLOSED;
	assert_int_equal(
		fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_E_INVALID);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	for (uint32_t bad = MCP_SESSION_STORE_CLOSED; bad < 6; bad++) {
		request.revision = 1;
		request.state = bad;
		assert_int_equal(
			fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_E_INVALID);
	}
	request.state = MCP_SESSION_STORE_INITIALIZING;
	assert_int_equal(fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_OK);
	memory_end(&fake);
}

static void a_record_answers_its_owner_only(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	const struct mcp_session_store_ops *ops = fake.store->ops;
	assert_int_equal(memory_create(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 2, 0), MCPSESS_OK);
	static const uint64_t wrong[][2] = { { 1, 8 }, { 1, 0 }, { 2, 7 } };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct mcp_session_store_request request =
			fake_request(&fake, wrong[i][0], wrong[i][1]);
		fake_verb *verbs[] = { ops->get, ops->touch, ops->exists, ops->mcpsess_delete_,
			ops->store };
		request.revision = 1;
		for (size_t v = 0; v < sizeof(verbs) / sizeof(verbs[0]); v++) {
			struct mcp_session_store_answer answer;
			assert_int_equal(
				fake_run(&fake, verbs[v], &request, &answer), MCPSESS_E_NOTOWNER);
			assert_null(answer.blob);
			assert_int_equal(answer.revision, 0);
		}
	}
	assert_int_equal(memory_get(&fake, 1, 7, 0, NULL), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 2, 0, 0, NULL), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 8, ANY, NULL), MCPSESS_OK);

	/* A tombstone answers its owner only, too. */
	assert_int_equal(memory_delete(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 8, 0, NULL), MCPSESS_E_NOTOWNER);
	assert_int_equal(memory_delete(&fake, 1, 8), MCPSESS_E_NOTOWNER);
	assert_int_equal(memory_create(&fake, 1, 8), MCPSESS_E_NOTOWNER);
	assert_int_equal(memory_get(&fake, 1, 7, 0, NULL), MCPSESS_E_REVOKED);
	memory_end(&fake);
}

static int store_as(
	struct fake *fake, uint64_t revision, unsigned char token, uint64_t *revision_out)
{
	struct mcp_session_store_request request = fake_request(fake, 1, 7);
	struct mcp_session_store_answer answer;
	request.revision = revision;
	request.payload = mcpsess_mem(&token, 1);
	request.operation[0] = token;
	int status = fake_run(fake, fake->store->ops->store, &request, &answer);
	*revision_out = answer.revision;
	fake_clear(&answer);
	return status;
}

static void a_repeated_write_is_told_that_it_was_the_one(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	uint64_t revision;
	memory_begin(&fake);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_as(&fake, 0, 'a', &revision), MCPSESS_OK);
		assert_int_equal(revision, 1);
	}
	assert_int_equal(store_as(&fake, 0, 'b', &revision), MCPSESS_E_EXISTS);
	fake.now_ms = START + 1;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(store_as(&fake, 1, 'c', &revision), MCPSESS_OK);
		assert_int_equal(revision, 2);
		fake.now_ms++;
	}
	assert_int_equal(memory_get(&fake, 1, 7, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.seen_ms, START + 1);
	fake_clear(&answer);

	/* Whoever has read the record meanwhile, and sends it again, wrote it all the same. */
	assert_int_equal(store_as(&fake, 2, 'c', &revision), MCPSESS_OK);
	assert_int_equal(revision, 2);

	assert_int_equal(store_as(&fake, 0, 'c', &revision), MCPSESS_E_EXISTS);

	/* It is the last write only that is remembered. */
	assert_int_equal(store_as(&fake, 0, 'a', &revision), MCPSESS_E_EXISTS);
	assert_int_equal(store_as(&fake, 2, 'd', &revision), MCPSESS_OK);
	assert_int_equal(store_as(&fake, 1, 'c', &revision), MCPSESS_E_CONFLICT);
	assert_int_equal(revision, 3);
	assert_int_equal(memory_stats(&fake).sessions, 1);

	/* A write without a token repeats nothing. */
	assert_int_equal(memory_store(&fake, 1, 7, 3, "x"), MCPSESS_OK);
	assert_int_equal(memory_store(&fake, 1, 7, 3, "x"), MCPSESS_E_CONFLICT);
	memory_end(&fake);
}

static void requests_are_counted_when_asked(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, 0), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 0, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.requests, 0);
	assert_int_equal(answer.first_request_ms, 0);
	assert_int_equal(answer.last_request_ms, 0);
	fake_clear(&answer);
	for (uint64_t n = 1; n <= 3; n++) {
		fake.now_ms = START + n;
		assert_int_equal(
			memory_get(&fake, 1, 0, MCP_SESSION_STORE_COUNT, &answer), MCPSESS_OK);
		assert_int_equal(answer.requests, n);
		assert_int_equal(answer.first_request_ms, START + 1);
		assert_int_equal(answer.last_request_ms, n == 1 ? 0 : START + n - 1);
		/* Counting alone moves nothing. */
		assert_int_equal(answer.expires_ms, START + IDLE);
		fake_clear(&answer);
	}
	assert_int_equal(memory_store(&fake, 1, 0, 1, "new"), MCPSESS_OK);
	assert_int_equal(memory_get(&fake, 1, 0, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.requests, 3);
	assert_int_equal(answer.last_request_ms, START + 3);
	assert_int_equal(answer.revision, 2);
	fake_clear(&answer);
	memory_end(&fake);
}

static void the_request_that_creates_may_count_itself(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 1, 0);
	request.flags = MCP_SESSION_STORE_COUNT;
	request.operation[0] = 1;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			fake_run(&fake, fake.store->ops->store, &request, &answer), MCPSESS_OK);
		assert_int_equal(answer.requests, 1);
		assert_int_equal(answer.first_request_ms, START);
		assert_int_equal(answer.last_request_ms, 0);
		fake.now_ms++;
	}
	assert_int_equal(memory_get(&fake, 1, 0, MCP_SESSION_STORE_COUNT, &answer), MCPSESS_OK);
	assert_int_equal(answer.requests, 2);
	assert_int_equal(answer.last_request_ms, START);
	fake_clear(&answer);
	memory_end(&fake);
}

static void a_deleted_record_is_revoked_and_then_forgotten(void **state)
{
	(void)state;
	struct fake fake;
	memory_begin(&fake);
	assert_int_equal(memory_create(&fake, 1, 7), MCPSESS_OK);
	fake.now_ms = START + 10;
	assert_int_equal(memory_delete(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 1, 7), MCPSESS_OK);
	struct mcp_session_store_counts stats = memory_stats(&fake);
	assert_int_equal(stats.sessions, 0);
	assert_int_equal(stats.tombstones, 1);
	assert_int_equal(stats.expired, 0);

	fake.now_ms = START + 10 + TOMBSTONE - 1;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_touch(&fake, 1), MCPSESS_E_REVOKED);
	assert_int_equal(memory_store(&fake, 1, 7, 1, "x"), MCPSESS_E_REVOKED);
	assert_int_equal(memory_create(&fake, 1, 7), MCPSESS_E_REVOKED);

	fake.now_ms++;
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_stats(&fake).tombstones, 0);
	assert_int_equal(memory_create(&fake, 1, 8), MCPSESS_OK);
	memory_end(&fake);
}

static void without_tombstones_the_ended_is_not_found(void **state)
{
	(void)state;
	struct fake fake;
	memory_configure(&fake);
	fake.settings.tombstone_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	assert_int_equal(memory_create(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_create(&fake, 2, 7), MCPSESS_OK);
	assert_int_equal(memory_delete(&fake, 1, 7), MCPSESS_OK);
	assert_int_equal(memory_status(&fake, 1), MCPSESS_E_NOTFOUND);
	fake.now_ms = START + IDLE;
	assert_int_equal(memory_status(&fake, 2), MCPSESS_E_NOTFOUND);
	assert_int_equal(memory_stats(&fake).bytes, 0);
	assert_int_equal(memory_stats(&fake).expired, 1);
	memory_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_created_record_is_read_back_whole),
		cmocka_unit_test(a_get_without_a_call_serves_what_is_done_at_once),
		cmocka_unit_test(an_empty_payload_is_one),
		cmocka_unit_test(what_was_never_made_is_not_found),
		cmocka_unit_test(a_key_in_use_is_not_created_again),
		cmocka_unit_test(an_update_replaces_what_it_has_read_and_nothing_else),
		cmocka_unit_test(a_record_is_never_stored_as_closed),
		cmocka_unit_test(a_record_answers_its_owner_only),
		cmocka_unit_test(a_repeated_write_is_told_that_it_was_the_one),
		cmocka_unit_test(requests_are_counted_when_asked),
		cmocka_unit_test(the_request_that_creates_may_count_itself),
		cmocka_unit_test(a_deleted_record_is_revoked_and_then_forgotten),
		cmocka_unit_test(without_tombstones_the_ended_is_not_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
