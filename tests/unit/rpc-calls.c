/* The session layer while calls run: cancellation, long calls, node-local pointers, counters. */
#include "rpc-kit.h"

static const struct mcpsess_rpc_options plain;

static enum mcpsess_verdict begin(
	struct kit *kit, const char *text, const char *session, struct mcpsess_message **out)
{
	struct mcpsess_input input = { .body = mcpsess_str(text),
		.session_id = mcpsess_str(session) };
	return mcpsess_rpc_begin(kit->rpc, &input, out);
}

/* -- cancellation
 * --------------------------------------------------------------------------------------- */

static void mark(void *user_data, struct mcpsess_message *message)
{
	assert_true(mcpsess_message_cancelled(message));
	*(void **)user_data = mcpsess_message_user(message);
}

static void cancel(struct kit *kit, const char *session, const char *request)
{
	char text[160];
	struct answer answer;
	snprintf(text, sizeof(text),
		"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":%s}",
		request);
	kit_send(kit, text, session, "", &answer);
	assert_int_equal(answer.status, MCPSESS_OK);
	assert_string_equal(answer.reply, "");
}

/* So many that some are found in the same place as any one session. */
enum { OTHERS = 100 };

static void begin_others(struct kit *kit, struct mcpsess_message *out[OTHERS])
{
	char id[MCPSESS_ID_MAX + 1];
	for (int i = 0; i < OTHERS; i++) {
		kit_session(kit, "2025-06-18", "", id);
		assert_int_equal(begin(kit, CALL("7", "get"), id, &out[i]), MCPSESS_DISPATCH);
	}
}

/* None was touched by what happened to a session that is not theirs. */
static void finish_others(struct mcpsess_message *others[OTHERS])
{
	for (int i = 0; i < OTHERS; i++) {
		assert_false(mcpsess_message_cancelled(others[i]));
		assert_int_equal(kit_host(others[i]), MCPSESS_REPLY);
		assert_true(mcpsess_message_reply(others[i]).len > 0);
		assert_true(mcpsess_message_session_id(others[i]).len > 0);
		mcpsess_message_end(others[i]);
	}
}

/* Incident: two sessions use the same JSON-RPC ids, interleaved. */
static void a_cancellation_reaches_its_own_session_only(void **state)
{
	(void)state;
	struct kit kit;
	struct mcpsess_message *mine, *others[OTHERS];
	void *told = NULL;
	char one[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:",
		(struct mcpsess_rpc_options){ .cancelled = mark, .user_data = (void *)&told });
	kit_session(&kit, "2025-06-18", "", one);
	assert_int_equal(begin(&kit, CALL("7", "set"), one, &mine), MCPSESS_DISPATCH);
	begin_others(&kit, others);
	mcpsess_message_set_user(mine, &kit);
	cancel(&kit, one, "{\"requestId\":8}");
	cancel(&kit, one, "{}");
	cancel(&kit, one, "{\"requestId\":\"7\"}");
	assert_null(told);
	cancel(&kit, one, "{\"requestId\":7}");
	assert_ptr_equal(told, &kit);
	assert_true(mcpsess_message_cancelled(mine));
	assert_int_equal(kit_host(mine), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_reply(mine).len, 0);
	assert_int_equal(mcpsess_message_status(mine), MCPSESS_OK);
	mcpsess_message_end(mine);
	finish_others(others);
	cancel(&kit, one, "{\"requestId\":7}");
	kit_close(&kit);
}

/* Incident: a call longer than the idle period is not cut. */
static void a_running_call_keeps_its_session_alive(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	struct mcpsess_message *message;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:?idle=8s", plain);
	kit_session(&kit, "2025-06-18", "", id);
	assert_int_equal(begin(&kit, CALL("1", "set"), id, &message), MCPSESS_DISPATCH);
	for (int i = 0; i < 20; i++) {
		uint64_t next_ms = mcpsess_rpc_tick(kit.rpc);
		assert_in_range(next_ms, 1, 4000);
		kit.now_ms += next_ms;
	}
	assert_int_equal(kit_host(message), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(message), MCPSESS_OK);
	mcpsess_message_end(message);
	kit_send(&kit, CALL("2", "get"), id, "", &answer);
	assert_non_null(strstr(answer.reply, "[1,2]"));
	kit.now_ms += 8000;
	mcpsess_rpc_tick(kit.rpc);
	assert_int_equal(kit_count(&kit), 0);
	kit_close(&kit);
}

/* Each answer carries its own session's id, whatever came in between. */
static void answers_carry_their_own_session(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	struct mcpsess_message *slow;
	char one[MCPSESS_ID_MAX + 1], two[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:", plain);
	kit_session(&kit, "2025-06-18", "", one);
	kit_session(&kit, "2025-06-18", "", two);
	assert_int_equal(begin(&kit, CALL("1", "get"), one, &slow), MCPSESS_DISPATCH);
	kit_send(&kit, CALL("1", "get"), two, "", &answer);
	assert_string_equal(answer.session, two);
	kit_host(slow);
	assert_true(mcpsess_bytes_equal(mcpsess_message_session_id(slow), mcpsess_str(one)));
	mcpsess_message_end(slow);
	kit_close(&kit);
}

static void end_session(struct talk *talk, const char *id)
{
	struct mcpsess_input end = { .intent = MCPSESS_INTENT_END, .session_id = mcpsess_str(id) };
	kit_exchange(&talk->kit, &end, &talk->answer);
	assert_int_equal(talk->answer.status, MCPSESS_OK);
}

static void work_for_an_ended_session_is_lost_aloud(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_message *message;
	assert_int_equal(begin(&talk->kit, CALL("1", "set"), talk->id, &message), MCPSESS_DISPATCH);
	end_session(talk, talk->id);
	assert_int_equal(kit_host(message), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(message), MCPSESS_E_REVOKED);
	assert_int_equal(mcpsess_message_session_id(message).len, 0);
	mcpsess_message_end(message);
	assert_int_equal(kit_count(&talk->kit), 0);
}

/* What such a batch has left is not begun, and the store need not be asked for that. */
static void an_ended_session_is_not_handed_out_again(void **state)
{
	struct talk *talk = *state;
	static const char reply[] =
		"[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null},{\"jsonrpc\":\"2.0\",\"id\":2,"
		"\"error\":{\"code\":-32600,\"message\":\"Session not found\"}}]";
	struct mcpsess_message *call, *batch;
	char other[MCPSESS_ID_MAX + 1];
	kit_session(&talk->kit, "2025-03-26", "", other);
	assert_int_equal(begin(&talk->kit, CALL("1", "get"), talk->id, &call), MCPSESS_DISPATCH);
	assert_int_equal(
		begin(&talk->kit,
			"[" CALL("1", "get") ",{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}]",
			other, &batch),
		MCPSESS_DISPATCH);
	end_session(talk, talk->id);
	end_session(talk, other);
	assert_int_equal(kit_host(call), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(call), MCPSESS_OK);
	assert_int_equal(mcpsess_message_session_id(call).len, 0);
	assert_int_equal(kit_host(batch), MCPSESS_REPLY);
	assert_true(mcpsess_bytes_equal(mcpsess_message_reply(batch), mcpsess_str(reply)));
	assert_int_equal(mcpsess_message_session_id(batch).len, 0);
	mcpsess_message_end(call);
	mcpsess_message_end(batch);
}

static void a_call_may_end_its_own_session(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_stats stats;
	struct mcpsess_message *message;
	assert_int_equal(begin(&talk->kit, CALL("1", "set"), talk->id, &message), MCPSESS_DISPATCH);
	assert_int_equal(mcpsess_session_end(mcpsess_message_session(message), NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_message_result(message, mcpsess_str("{}")), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(message), MCPSESS_OK);
	assert_int_equal(mcpsess_message_session_id(message).len, 0);
	mcpsess_message_end(message);
	assert_int_equal(kit_count(&talk->kit), 0);
	mcpsess_rpc_stats(talk->kit.rpc, &stats);
	assert_int_equal(stats.sessions_created, 1);
}

static void an_end_that_one_call_asks_for_is_known_to_the_others(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_message *reads, *writes, *ends, *others[OTHERS];
	begin_others(&talk->kit, others);
	begin(&talk->kit, CALL("1", "get"), talk->id, &reads);
	begin(&talk->kit, CALL("2", "set"), talk->id, &writes);
	begin(&talk->kit, CALL("3", "get"), talk->id, &ends);
	assert_int_equal(mcpsess_session_end(mcpsess_message_session(ends), NULL), MCPSESS_OK);
	assert_int_equal(kit_host(reads), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(reads), MCPSESS_OK);
	assert_int_equal(mcpsess_message_session_id(reads).len, 0);
	assert_false(mcpsess_message_cancelled(reads));
	assert_int_equal(kit_host(writes), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(writes), MCPSESS_E_REVOKED);
	mcpsess_message_end(reads);
	mcpsess_message_end(writes);
	finish_others(others);
	mcpsess_message_end(ends);
}

/* Found out by a save or by counting, an end is as good as one that was asked for here. */
static void an_end_that_one_call_finds_is_known_to_the_others(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_message *reads, *writes;
	struct mcpsess_session_place place = { .pool = talk->kit.pool };
	struct mcpsess_session *job;
	begin(&talk->kit, CALL("1", "get"), talk->id, &reads);
	begin(&talk->kit, CALL("2", "get"), talk->id, &writes);
	assert_int_equal(
		mcpsess_session_load(&place, mcpsess_str(talk->id), &job, NULL), MCPSESS_OK);
	assert_int_equal(mcpsess_session_end(job, NULL), MCPSESS_OK);
	mcpsess_session_destroy(job);
	assert_int_equal(mcpsess_message_session_id(reads).len, strlen(talk->id));
	struct mcpsess_session *session = mcpsess_message_session(writes);
	mcpsess_session_set(session, mcpsess_str("k"), mcpsess_str("1"));
	assert_int_equal(mcpsess_session_save(session, NULL), MCPSESS_E_REVOKED);
	assert_int_equal(mcpsess_message_session_id(reads).len, 0);
	mcpsess_message_end(reads);
	mcpsess_message_end(writes);
}

/* -- node-local pointers
 * ---------------------------------------------------------------------------------- */

static int destroyed;

static void count_destroyed(void *pointer)
{
	destroyed += *(int *)pointer;
}

static void set_local(struct kit *kit, const char *id, int *pointer)
{
	struct mcpsess_message *message;
	assert_int_equal(begin(kit, CALL("1", "get"), id, &message), MCPSESS_DISPATCH);
	struct mcpsess_session *session = mcpsess_message_session(message);
	assert_int_equal(mcpsess_session_set_local(session, pointer, count_destroyed), MCPSESS_OK);
	assert_ptr_equal(mcpsess_session_local(session), pointer);
	mcpsess_message_end(message);
}

static void local_pointers_are_destroyed_once_when_their_session_goes(void **state)
{
	(void)state;
	struct kit kit;
	struct answer answer;
	struct mcpsess_message *message;
	int units[4] = { 1, 10, 100, 1000 };
	char one[MCPSESS_ID_MAX + 1], two[MCPSESS_ID_MAX + 1], three[MCPSESS_ID_MAX + 1];
	destroyed = 0;
	kit_open(&kit, "memory:?idle=10s", plain);
	kit_session(&kit, "2025-06-18", "", one);
	kit_session(&kit, "2025-06-18", "", two);
	kit_session(&kit, "2025-06-18", "", three);
	set_local(&kit, one, &units[0]);
	set_local(&kit, one, &units[1]);
	assert_int_equal(destroyed, 1);
	set_local(&kit, two, &units[2]);
	set_local(&kit, three, &units[3]);

	/* A message that has it holds it while the session ends elsewhere. */
	assert_int_equal(begin(&kit, CALL("1", "get"), one, &message), MCPSESS_DISPATCH);
	assert_ptr_equal(mcpsess_session_local(mcpsess_message_session(message)), &units[1]);
	struct mcpsess_input end = { .intent = MCPSESS_INTENT_END, .session_id = mcpsess_str(one) };
	kit_exchange(&kit, &end, &answer);
	assert_int_equal(destroyed, 1);
	mcpsess_message_end(message);
	assert_int_equal(destroyed, 11);

	kit.now_ms += 9000;
	assert_int_equal(begin(&kit, CALL("1", "get"), two, &message), MCPSESS_DISPATCH);
	assert_ptr_equal(mcpsess_session_local(mcpsess_message_session(message)), &units[2]);
	mcpsess_message_end(message);
	kit.now_ms += 2000;
	mcpsess_rpc_tick(kit.rpc);
	assert_int_equal(destroyed, 1011);
	kit_close(&kit);
	assert_int_equal(destroyed, 1111);
}

/* More sessions than there are places to look a pointer up in. */
static void local_pointers_of_many_sessions_do_not_cross(void **state)
{
	struct talk *talk = *state;
	enum { MANY = 3000 };
	static char ids[MANY][MCPSESS_ID_MAX + 1];
	static int units[MANY];
	struct mcpsess_message *message;
	destroyed = 0;
	for (int i = 0; i < MANY; i++) {
		kit_session(&talk->kit, "2025-06-18", "", ids[i]);
		units[i] = 1;
		set_local(&talk->kit, ids[i], &units[i]);
	}
	for (int i = 0; i < MANY; i++) {
		begin(&talk->kit, CALL("1", "get"), ids[i], &message);
		struct mcpsess_session *session = mcpsess_message_session(message);
		assert_ptr_equal(mcpsess_session_local(session), &units[i]);
		if (i % 2 == 0) {
			assert_int_equal(mcpsess_session_end(session, NULL), MCPSESS_OK);
			assert_null(mcpsess_session_local(session));
		}
		mcpsess_message_end(message);
		assert_int_equal(destroyed, i / 2 + 1);
	}
}

static void a_stranger_ends_nothing(void **state)
{
	struct talk *talk = *state;
	struct mcpsess_message *call;
	static int unit = 1; /* outlives the layer, which is closed after this */
	destroyed = 0;
	set_local(&talk->kit, talk->id, &unit);
	assert_int_equal(begin(&talk->kit, CALL("1", "get"), talk->id, &call), MCPSESS_DISPATCH);
	kit_send(&talk->kit, CALL("1", "get"), talk->id, "bob", &talk->answer);
	assert_int_equal(talk->answer.status, MCPSESS_E_NOTOWNER);
	assert_ptr_equal(mcpsess_session_local(mcpsess_message_session(call)), &unit);
	assert_int_equal(kit_host(call), MCPSESS_REPLY);
	assert_true(mcpsess_bytes_equal(mcpsess_message_session_id(call), mcpsess_str(talk->id)));
	mcpsess_message_end(call);
	assert_int_equal(destroyed, 0);
}

/* -- counters
 * ------------------------------------------------------------------------------------------------
 */

static void counters_tell_what_happened(void **state)
{
	(void)state;
	static char page[32768];
	struct kit kit;
	struct answer answer;
	struct mcpsess_stats stats;
	char id[MCPSESS_ID_MAX + 1];
	kit_open(&kit, "memory:?idle=10s", plain);
	kit_session(&kit, "2025-06-18", "", id);
	struct mcpsess_input end = { .intent = MCPSESS_INTENT_END, .session_id = mcpsess_str(id) };
	kit_exchange(&kit, &end, &answer);
	kit_session(&kit, "2025-06-18", "", id);
	kit.now_ms += 10000;
	kit_session(&kit, "2025-06-18", "", id);
	kit_send(&kit, CALL("1", "get"), "", "", &answer);
	kit_send(&kit, "{", id, "", &answer);
	kit_send(&kit, CALL("1", "get"), id, "bob", &answer);
	mcpsess_rpc_stats(kit.rpc, &stats);
	assert_int_equal(stats.sessions_active, 1);
	assert_int_equal(stats.sessions_created, 3);
	assert_int_equal(stats.sessions_ended[MCPSESS_ENDED_DELETED], 1);
	assert_int_equal(stats.sessions_ended[MCPSESS_ENDED_EXPIRED], 1);
	assert_int_equal(stats.refused[MCPSESS_REFUSED_MISSING], 1);
	assert_int_equal(stats.refused[MCPSESS_REFUSED_MALFORMED], 1);
	assert_int_equal(stats.refused[MCPSESS_REFUSED_NOTOWNER], 1);
	assert_int_equal(stats.operations[MCPSESS_OPERATION_STORE][0], 6);

	size_t len = mcpsess_stats_prometheus(&stats, page, sizeof(page));
	assert_int_equal(len, strlen(page));
	assert_non_null(strstr(page, "\nmcpsess_sessions_active 1\n"));
	assert_non_null(strstr(page, "\nmcpsess_refused_total{cause=\"notowner\"} 1\n"));
	assert_non_null(strstr(page,
		"\nmcpsess_store_operations_total{operation=\"get\",result=\"NOTOWNER\"} 1\n"));
	assert_non_null(
		strstr(page, "mcpsess_store_seconds_bucket{operation=\"get\",le=\"+Inf\"}"));
	assert_true(mcpsess_stats_prometheus(&stats, page, 100) == len);
	kit_close(&kit);
}

/* A store that misbehaves gives every result there is: then of all times the page must fit. */
static void any_counters_fit_into_the_page_that_suffices(void **state)
{
	(void)state;
	static char page[32768];
	struct mcpsess_stats stats;
	memset(&stats, 0xff, sizeof(stats));
	size_t len = mcpsess_stats_prometheus(&stats, page, sizeof(page));
	assert_in_range(len, 1, sizeof(page) - 1);
	assert_int_equal(len, strlen(page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cancellation_reaches_its_own_session_only),
		cmocka_unit_test(a_running_call_keeps_its_session_alive),
		cmocka_unit_test(answers_carry_their_own_session),
		TALK_TEST(work_for_an_ended_session_is_lost_aloud),
		TALK_TEST(an_ended_session_is_not_handed_out_again),
		TALK_TEST(a_call_may_end_its_own_session),
		TALK_TEST(an_end_that_one_call_asks_for_is_known_to_the_others),
		TALK_TEST(an_end_that_one_call_finds_is_known_to_the_others),
		cmocka_unit_test(local_pointers_are_destroyed_once_when_their_session_goes),
		TALK_TEST(local_pointers_of_many_sessions_do_not_cross),
		TALK_TEST(a_stranger_ends_nothing),
		cmocka_unit_test(counters_tell_what_happened),
		cmocka_unit_test(any_counters_fit_into_the_page_that_suffices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
