/* Sealed payloads: what a store sees of them, and that nothing else opens. */
#include "seal-kit.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include <mcpsess/pool.h>

static void a_store_sees_no_payload(void **state)
{
	(void)state;
	static const char secret[] = "the user's secret";
	struct mcp_session_store *store = open_store("flaky:", "# ours\n\n" KEY_ONE KEY_TWO);
	struct mcp_session_store_answer raw = { 0 }, again = { 0 };
	for (uint64_t revision = 0; revision < 2; revision++) {
		assert_int_equal(put(store, 1, revision, mcpsess_str(secret)), MCPSESS_OK);
		want(store, 1, secret);
		assert_int_equal(get(inside(store), 1, &raw, NULL), MCPSESS_OK);
		assert_true(raw.payload.len > strlen(secret) + 40);
		assert_null(memmem(raw.payload.data, raw.payload.len, secret, 6));
		assert_memory_equal(raw.payload.data, "\1one\0", 5);
		if (revision == 0) {
			again = raw;
			memset(&raw, 0, sizeof(raw));
		}
	}
	/* The same payload is never sealed to the same bytes. */
	assert_false(mcpsess_bytes_equal(raw.payload, again.payload));
	mcp_session_store_answer_clear(&raw);
	mcp_session_store_answer_clear(&again);
	mcp_session_store_close(store);
}

static void an_empty_payload_is_sealed_too(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_answer raw = { 0 };
	assert_int_equal(put(store, 1, 0, mcpsess_str("")), MCPSESS_OK);
	want(store, 1, "");
	assert_int_equal(get(inside(store), 1, &raw, NULL), MCPSESS_OK);
	assert_true(raw.payload.len > 40);
	mcp_session_store_answer_clear(&raw);
	mcp_session_store_close(store);
}

static void a_conflict_shows_the_payload_opened(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_request request = request_of(1);
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(put(store, 1, 0, mcpsess_str("first")), MCPSESS_OK);
	assert_int_equal(put(store, 1, 1, mcpsess_str("second")), MCPSESS_OK);
	request.revision = 1;
	request.payload = mcpsess_str("third");
	assert_int_equal(
		mcp_session_store_store(store, &request, &answer, NULL), MCPSESS_E_CONFLICT);
	assert_int_equal(answer.revision, 2);
	assert_true(mcpsess_bytes_equal(answer.payload, mcpsess_str("second")));
	mcp_session_store_answer_clear(&answer);
	mcp_session_store_close(store);
}

struct asked {
	struct mcp_session_store_call call;
	int over, status;
};

static void over(struct mcp_session_store_call *call, int status)
{
	struct asked *asked = call->user_data;
	asked->over++;
	asked->status = status;
}

static void wait_for(struct mcp_session_store *store, struct asked *asked)
{
	struct pollfd ready = { .fd = mcp_session_store_fd(store), .events = POLLIN };
	while (!asked->over) {
		poll(&ready, 1, 100);
		mcp_session_store_dispatch(store);
	}
}

static struct asked ask(unsigned char number, struct mcpsess_bytes payload)
{
	struct asked asked = { .call = { .request = request_of(number), .done = over } };
	asked.call.request.payload = payload;
	return asked;
}

static void what_pends_is_sealed_and_opened(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:?pend=100", KEY_ONE);
	struct mcpsess_bytes payload = mcpsess_str("pending");
	struct asked put_it = ask(1, payload), get_it = ask(1, payload), given_up = ask(2, payload);
	put_it.call.user_data = &put_it;
	get_it.call.user_data = &get_it;
	assert_int_equal(mcp_session_store_store_async(store, &put_it.call), MCPSESS_PENDING);
	wait_for(store, &put_it);
	assert_int_equal(put_it.status, MCPSESS_OK);
	/* The request is the caller's again. */
	assert_ptr_equal(put_it.call.request.payload.data, payload.data);
	assert_int_equal(put_it.call.request.payload.len, payload.len);

	assert_int_equal(mcp_session_store_get_async(store, &get_it.call), MCPSESS_PENDING);
	wait_for(store, &get_it);
	assert_int_equal(get_it.status, MCPSESS_OK);
	assert_true(mcpsess_bytes_equal(get_it.call.answer.payload, payload));
	mcp_session_store_answer_clear(&get_it.call.answer);

	assert_int_equal(mcp_session_store_store_async(store, &given_up.call), MCPSESS_PENDING);
	mcp_session_store_cancel(store, &given_up.call);
	assert_ptr_equal(given_up.call.request.payload.data, payload.data);
	given_up = ask(3, payload);
	assert_int_equal(mcp_session_store_store_async(store, &given_up.call), MCPSESS_PENDING);
	mcp_session_store_close(store);
	assert_ptr_equal(given_up.call.request.payload.data, payload.data);
}

static void what_pends_and_is_corrupt_says_so(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:?pend=100", KEY_ONE);
	struct asked get_it = ask(1, mcpsess_str(""));
	get_it.call.user_data = &get_it;
	assert_int_equal(put(inside(store), 1, 0, mcpsess_str("plain")), MCPSESS_OK);
	assert_int_equal(mcp_session_store_get_async(store, &get_it.call), MCPSESS_PENDING);
	wait_for(store, &get_it);
	assert_int_equal(get_it.status, MCPSESS_E_CORRUPT);
	assert_int_equal(get_it.call.error.status, MCPSESS_E_CORRUPT);
	mcp_session_store_close(store);
}

static void *use_pool(void *arg)
{
	struct mcp_session_store_pool *pool = arg;
	static atomic_uint next;
	unsigned char number = (unsigned char)(1 + atomic_fetch_add(&next, 1));
	struct mcp_session_store_request request = request_of(number);
	struct mcp_session_store_answer answer = { 0 };
	uint64_t payload[4] = { number }, wrong = 0;
	for (request.revision = 0; request.revision < 50; request.revision++) {
		payload[3] = request.revision;
		request.payload = mcpsess_mem(payload, sizeof(payload));
		wrong += mcp_session_store_pool_store(pool, &request, &answer, NULL) != MCPSESS_OK;
		wrong += mcp_session_store_pool_get(pool, &request, &answer, NULL) != MCPSESS_OK;
		wrong += !mcpsess_bytes_equal(answer.payload, request.payload);
	}
	mcp_session_store_answer_clear(&answer);
	return (void *)(uintptr_t)wrong;
}

static void a_pool_seals_and_opens(void **state)
{
	(void)state;
	static const char *const schemes[] = { "memory:", "flaky:?pend=100" };
	for (int i = 0; i < 2; i++) {
		char uri[200];
		pthread_t threads[4];
		struct mcp_session_store_pool *pool;
		snprintf(uri, sizeof(uri), "%s%cseal_keys_file=%s", schemes[i], i == 0 ? '?' : '&',
			file);
		write_keys(KEY_ONE);
		assert_int_equal(
			mcp_session_store_pool_open(uri, NULL, 0, &pool, NULL), MCPSESS_OK);
		for (int t = 0; t < 4; t++) {
			assert_int_equal(pthread_create(&threads[t], NULL, use_pool, pool), 0);
		}
		for (int t = 0; t < 4; t++) {
			void *wrong;
			pthread_join(threads[t], &wrong);
			assert_null(wrong);
		}
		mcp_session_store_pool_close(pool);
	}
}

/* -- what does not open -------------------------------------------------------------------------
 */

static void any_byte_changed_or_cut_is_corrupt(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE KEY_TWO);
	struct mcp_session_store_answer raw = { 0 };
	uint64_t revision = 1;
	unsigned char bytes[200];
	assert_int_equal(put(store, 1, 0, mcpsess_str("a payload")), MCPSESS_OK);
	assert_int_equal(get(inside(store), 1, &raw, NULL), MCPSESS_OK);
	size_t len = raw.payload.len;
	assert_in_range(len, 1, sizeof(bytes) - 1);
	for (size_t i = 0; i < 8 * len; i++) {
		memcpy(bytes, raw.payload.data, len);
		bytes[i / 8] ^= (unsigned char)(1 << i % 8);
		assert_int_equal(
			put(inside(store), 1, revision++, mcpsess_mem(bytes, len)), MCPSESS_OK);
		want_corrupt(store, 1, "");
	}
	memcpy(bytes, raw.payload.data, len);
	for (size_t i = 0; i < len + 2; i++) {
		int status = put(inside(store), 1, revision++, mcpsess_mem(bytes, i));
		assert_int_equal(status, MCPSESS_OK);
		if (i == len) {
			want(store, 1, "a payload");
		} else {
			want_corrupt(store, 1, "");
		}
	}
	mcp_session_store_answer_clear(&raw);
	mcp_session_store_close(store);
}

static void what_was_not_sealed_is_corrupt(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	assert_int_equal(put(inside(store), 1, 0, mcpsess_str("{\"plain\":true}")), MCPSESS_OK);
	assert_int_equal(put(inside(store), 2, 0, mcpsess_str("")), MCPSESS_OK);
	want_corrupt(store, 1, "not sealed");
	want_corrupt(store, 2, "not sealed");
	struct mcp_session_store_answer answer = { 0 };
	struct mcp_session_store_request request = request_of(1);
	request.revision = 7;
	assert_int_equal(
		mcp_session_store_store(store, &request, &answer, NULL), MCPSESS_E_CORRUPT);
	assert_null(answer.blob);
	mcp_session_store_close(store);
}

static void payloads_do_not_change_places(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_answer one = { 0 }, two = { 0 };
	assert_int_equal(put(store, 1, 0, mcpsess_str("one's")), MCPSESS_OK);
	assert_int_equal(put(store, 2, 0, mcpsess_str("two's")), MCPSESS_OK);
	assert_int_equal(get(inside(store), 1, &one, NULL), MCPSESS_OK);
	assert_int_equal(get(inside(store), 2, &two, NULL), MCPSESS_OK);
	assert_int_equal(put(inside(store), 1, 1, two.payload), MCPSESS_OK);
	assert_int_equal(put(inside(store), 2, 1, one.payload), MCPSESS_OK);
	want_corrupt(store, 1, "another record");
	want_corrupt(store, 2, "another record");

	/* Nor does a record change its owner. */
	struct mcp_session_store_request theirs = request_of(3);
	struct mcpsess_digest key = theirs.key;
	assert_int_equal(put(store, 3, 0, mcpsess_str("ours")), MCPSESS_OK);
	assert_int_equal(get(inside(store), 3, &one, NULL), MCPSESS_OK);
	struct mcp_session_store *other = open_store("flaky:", KEY_ONE);
	theirs.owner.bytes[0] = 10;
	theirs.key = key;
	theirs.payload = one.payload;
	assert_int_equal(mcp_session_store_store(inside(other), &theirs, NULL, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_get(other, &theirs, &two, NULL), MCPSESS_E_CORRUPT);
	mcp_session_store_answer_clear(&one);
	mcp_session_store_answer_clear(&two);
	mcp_session_store_close(other);
	mcp_session_store_close(store);
}

static void who_may_write_for_any_owner_can_be_read(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_request request = request_of(1);
	struct mcp_session_store_answer raw = { 0 };
	assert_int_equal(put(store, 1, 0, mcpsess_str("ours")), MCPSESS_OK);
	request.revision = 1;
	request.flags = MCP_SESSION_STORE_ANY_OWNER;
	request.owner.bytes[0]++;
	request.payload = mcpsess_str("administered");
	assert_int_equal(mcp_session_store_store(store, &request, NULL, NULL), MCPSESS_OK);
	want(store, 1, "administered");
	/* What is bound to no owner is still bound to its record. */
	assert_int_equal(get(inside(store), 1, &raw, NULL), MCPSESS_OK);
	assert_int_equal(put(inside(store), 2, 0, raw.payload), MCPSESS_OK);
	want_corrupt(store, 2, "another record");
	mcp_session_store_answer_clear(&raw);
	assert_int_equal(put(store, 1, 2, mcpsess_str("ours again")), MCPSESS_OK);
	want(store, 1, "ours again");
	mcp_session_store_close(store);
}

static void a_list_tells_the_length_of_what_was_stored(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("memory:", KEY_ONE);
	struct mcp_session_store_request request = request_of(1);
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(put(store, 1, 0, mcpsess_str("twelve bytes")), MCPSESS_OK);
	assert_int_equal(mcp_session_store_list(store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.entry_count, 1);
	assert_int_equal(answer.entries[0].payload_len, 12);
	mcp_session_store_answer_clear(&answer);
	mcp_session_store_close(store);
}

static struct mcp_session_store_request rotation(unsigned char from, unsigned char to)
{
	struct mcp_session_store_request request = request_of(from);
	request.new_key.bytes[0] = to;
	return request;
}

static void a_rotation_seals_for_the_new_key(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_request request = rotation(1, 2);
	struct mcp_session_store_answer answer = { 0 };
	request.grace_ms = 1000;
	assert_int_equal(put(store, 1, 0, mcpsess_str("moves")), MCPSESS_OK);
	assert_int_equal(mcp_session_store_rotate(store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.revision, 2);
	mcp_session_store_answer_clear(&answer);
	want(store, 2, "moves");
	want(store, 1, "moves");
	/* What is stored opens under its new key, and nowhere else. */
	assert_int_equal(get(inside(store), 2, &answer, NULL), MCPSESS_OK);
	assert_int_equal(put(inside(store), 3, 0, answer.payload), MCPSESS_OK);
	mcp_session_store_answer_clear(&answer);
	want_corrupt(store, 3, "another record");
	mcp_session_store_close(store);
}

static void a_rotation_takes_what_was_read(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_request request = rotation(1, 2);
	assert_int_equal(put(store, 1, 0, mcpsess_str("read")), MCPSESS_OK);
	request.revision = 2;
	request.payload = mcpsess_str("changed");
	assert_int_equal(mcp_session_store_rotate(store, &request, NULL, NULL), MCPSESS_E_CONFLICT);
	request.revision = 1;
	assert_int_equal(mcp_session_store_rotate(store, &request, NULL, NULL), MCPSESS_OK);
	want(store, 2, "changed");
	mcp_session_store_close(store);
}

static void a_payload_that_does_not_open_does_not_move(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:", KEY_ONE);
	struct mcp_session_store_request request = rotation(1, 2);
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(put(inside(store), 1, 0, mcpsess_str("plain")), MCPSESS_OK);
	assert_int_equal(mcp_session_store_rotate(store, &request, NULL, NULL), MCPSESS_E_CORRUPT);
	assert_int_equal(get(inside(store), 1, &answer, NULL), MCPSESS_OK);
	mcp_session_store_answer_clear(&answer);
	assert_int_equal(get(inside(store), 2, NULL, NULL), MCPSESS_E_NOTFOUND);
	mcp_session_store_close(store);
}

/* A write of the same bytes, from elsewhere. */
static void write_again(struct mcp_session_store *store, unsigned char number, uint64_t revision)
{
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(get(inside(store), number, &answer, NULL), MCPSESS_OK);
	assert_int_equal(put(inside(store), number, revision, answer.payload), MCPSESS_OK);
	mcp_session_store_answer_clear(&answer);
}

static void rotate_while_others_write(const char *scheme)
{
	struct mcp_session_store *store = open_store(scheme, KEY_ONE);
	struct asked turn = { .call = { .request = rotation(1, 2), .done = over } };
	assert_int_equal(put(store, 1, 0, mcpsess_str("moves")), MCPSESS_OK);
	for (int again = 0; again < 2; again++) {
		turn.call.user_data = &turn;
		turn.over = 0;
		assert_int_equal(
			mcp_session_store_rotate_async(store, &turn.call), MCPSESS_PENDING);
		if (!again) {
			write_again(store, 1, 1);
		}
		wait_for(store, &turn);
		assert_int_equal(turn.over, 1);
		assert_int_equal(turn.status, MCPSESS_OK);
		assert_int_equal(turn.call.answer.revision, 3);
		/* The caller's again, but for the token: asked once more, it was done. */
		assert_int_equal(turn.call.request.revision, 0);
		assert_null(turn.call.request.payload.data);
		mcp_session_store_answer_clear(&turn.call.answer);
	}
	want(store, 2, "moves");
	mcp_session_store_close(store);
}

static void a_rotation_that_pends_is_told_once_whoever_writes(void **state)
{
	(void)state;
	/* With some of them it was read before the write, with others after it. */
	for (int seed = 1; seed <= 12; seed++) {
		char scheme[64];
		snprintf(scheme, sizeof(scheme), "flaky:?pend=100&seed=%d", seed);
		rotate_while_others_write(scheme);
	}
}

static void a_rotation_that_is_given_up_leaves_the_request(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("flaky:?pend=100", KEY_ONE);
	struct asked turn = { .call = { .request = rotation(1, 2), .done = over } };
	assert_int_equal(put(store, 1, 0, mcpsess_str("stays")), MCPSESS_OK);
	assert_int_equal(mcp_session_store_rotate_async(store, &turn.call), MCPSESS_PENDING);
	while (turn.call.request.revision == 0) {
		mcp_session_store_dispatch(store);
	}
	mcp_session_store_cancel(store, &turn.call);
	assert_int_equal(turn.call.request.revision, 0);
	assert_null(turn.call.request.payload.data);
	mcp_session_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_sees_no_payload),
		cmocka_unit_test(an_empty_payload_is_sealed_too),
		cmocka_unit_test(a_conflict_shows_the_payload_opened),
		cmocka_unit_test(what_pends_is_sealed_and_opened),
		cmocka_unit_test(what_pends_and_is_corrupt_says_so),
		cmocka_unit_test(a_pool_seals_and_opens),
		cmocka_unit_test(any_byte_changed_or_cut_is_corrupt),
		cmocka_unit_test(what_was_not_sealed_is_corrupt),
		cmocka_unit_test(payloads_do_not_change_places),
		cmocka_unit_test(who_may_write_for_any_owner_can_be_read),
		cmocka_unit_test(a_list_tells_the_length_of_what_was_stored),
		cmocka_unit_test(a_rotation_seals_for_the_new_key),
		cmocka_unit_test(a_rotation_takes_what_was_read),
		cmocka_unit_test(a_payload_that_does_not_open_does_not_move),
		cmocka_unit_test(a_rotation_that_pends_is_told_once_whoever_writes),
		cmocka_unit_test(a_rotation_that_is_given_up_leaves_the_request),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
