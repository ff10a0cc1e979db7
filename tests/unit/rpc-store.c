/* The session layer over a store that fails, or that answers later. */
#include "rpc-kit.h"

#include <poll.h>

#include "pend.h"

struct layer {
	struct mcp_session_store *store;
	struct mcpsess_rpc *rpc;
	int readies;
	enum mcpsess_verdict verdict;
};

static void layer_open_with(struct layer *layer, const struct mcpsess_hooks *hooks)
{
	struct mcpsess_rpc_options options = {
		.size = sizeof(options), .server_name = "n", .server_version = "1"
	};
	memset(layer, 0, sizeof(*layer));
	pend_reset();
	pend.can |= MCP_SESSION_STORE_CAN_COUNT;
	assert_int_equal(mcp_session_store_open("pend:", NULL, &layer->store, NULL), MCPSESS_OK);
	options.store = layer->store;
	options.hooks = hooks;
	assert_int_equal(mcpsess_rpc_create(&options, &layer->rpc, NULL), MCPSESS_OK);
}

static void layer_open(struct layer *layer)
{
	layer_open_with(layer, NULL);
}

static void layer_close(struct layer *layer)
{
	mcpsess_rpc_destroy(layer->rpc);
	mcp_session_store_close(layer->store);
}

static const char an_id[] = "an-id-that-could-be-one-of-ours";

static void ready(void *user_data, struct mcpsess_message *message, enum mcpsess_verdict verdict)
{
	(void)message;
	struct layer *layer = user_data;
	layer->readies++;
	layer->verdict = verdict;
}

static enum mcpsess_verdict begin(
	struct layer *layer, const char *text, const char *session, struct mcpsess_message **out)
{
	struct mcpsess_input input = { .body = mcpsess_str(text),
		.session_id = session != NULL ? mcpsess_str(session) : mcpsess_mem(NULL, 0),
		.ready = ready,
		.user_data = layer };
	return mcpsess_rpc_begin(layer->rpc, &input, out);
}

/* Incident: an outage is never an unknown session, never a parse error, and tells no internals. */
static void a_failing_store_is_told_as_what_it_is(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *code;
	} cases[] = {
		{ MCPSESS_E_UNAVAILABLE, "-32603" },
		{ MCPSESS_E_UNKNOWN, "-32603" },
		{ MCPSESS_E_NOMEM, "-32603" },
		{ MCPSESS_E_CORRUPT, "-32603" },
		{ MCPSESS_E_LIMIT, "-32603" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct layer layer;
		struct mcpsess_message *message;
		layer_open(&layer);
		pend.mode = PEND_AT_ONCE;
		pend.status = cases[i].status;
		const char *const texts[] = { CALL("1", "get"), INITIALIZE("2025-06-18") };
		for (int t = 0; t < 2; t++) {
			assert_int_equal(begin(&layer, texts[t], t == 0 ? an_id : NULL, &message),
				MCPSESS_REPLY);
			assert_int_equal(mcpsess_message_status(message), cases[i].status);
			struct mcpsess_bytes reply = mcpsess_message_reply(message);
			assert_non_null(memmem(reply.data, reply.len, cases[i].code, 6));
			assert_null(memmem(reply.data, reply.len, "pend", 4));
			assert_int_equal(mcpsess_message_session_id(message).len, 0);
			mcpsess_message_end(message);
		}
		layer_close(&layer);
	}
}

static void wait_for_ready(struct layer *layer)
{
	struct pollfd fd = { .fd = mcp_session_store_fd(layer->store), .events = POLLIN };
	while (layer->readies == 0) {
		assert_int_equal(poll(&fd, 1, 10000), 1);
		mcp_session_store_dispatch(layer->store);
	}
}

static void a_pending_store_makes_the_message_wait(void **state)
{
	(void)state;
	struct layer layer;
	struct mcpsess_message *message;
	layer_open(&layer);
	assert_int_equal(begin(&layer, CALL("1", "get"), an_id, &message), MCPSESS_WAIT);
	assert_int_equal(layer.readies, 0);
	pend_answer(layer.store, pend_call(layer.store, 0), MCPSESS_E_UNAVAILABLE);
	wait_for_ready(&layer);
	assert_int_equal(layer.readies, 1);
	assert_int_equal(layer.verdict, MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(message), MCPSESS_E_UNAVAILABLE);
	mcpsess_message_end(message);
	layer_close(&layer);
}

static void a_message_may_end_while_it_waits(void **state)
{
	(void)state;
	struct layer layer;
	struct mcpsess_message *message;
	layer_open(&layer);
	assert_int_equal(begin(&layer, CALL("1", "get"), an_id, &message), MCPSESS_WAIT);
	mcpsess_message_end(message);
	assert_int_equal(pend.cancelled, 1);
	mcp_session_store_dispatch(layer.store);
	assert_int_equal(layer.readies, 0);
	layer_close(&layer);
}

static void without_a_ready_callback_the_layer_blocks_instead(void **state)
{
	(void)state;
	struct layer layer;
	struct mcpsess_message *message;
	struct mcpsess_input input = { .body = mcpsess_str(CALL("1", "get")),
		.session_id = mcpsess_str(an_id) };
	layer_open(&layer);
	pend.mode = PEND_ITSELF;
	pend.status = MCPSESS_E_NOTFOUND;
	assert_int_equal(mcpsess_rpc_begin(layer.rpc, &input, &message), MCPSESS_REPLY);
	assert_int_equal(mcpsess_message_status(message), MCPSESS_E_NOTFOUND);
	mcpsess_message_end(message);
	layer_close(&layer);
}

static uint64_t still_ms;

static uint64_t still_now(void *user_data)
{
	(void)user_data;
	return still_ms;
}

/* A sweep is a round trip, and the loop stands still meanwhile. */
static void a_loop_that_turns_often_sweeps_a_shared_store_seldom(void **state)
{
	(void)state;
	const struct mcpsess_hooks hooks = { .size = sizeof(hooks), .now_ms = still_now };
	struct layer layer;
	still_ms = 1000000;
	layer_open_with(&layer, &hooks);
	uint64_t every = mcpsess_rpc_tick(layer.rpc);
	for (int i = 0; i < 100; i++) {
		mcpsess_rpc_tick(layer.rpc);
	}
	assert_int_equal(pend.sweeps, 0);
	for (unsigned i = 1; i <= 3; i++) {
		still_ms += every;
		mcpsess_rpc_tick(layer.rpc);
		mcpsess_rpc_tick(layer.rpc);
		assert_int_equal(pend.sweeps, i);
	}
	layer_close(&layer);
}

static void a_store_that_cannot_count_is_refused_until_told_not_to(void **state)
{
	(void)state;
	struct mcp_session_store *store;
	struct mcpsess_rpc *rpc;
	struct mcpsess_error err = { 0 };
	pend_reset();
	pend.can &= ~(uint32_t)MCP_SESSION_STORE_CAN_COUNT;
	assert_int_equal(mcp_session_store_open("pend:", NULL, &store, NULL), MCPSESS_OK);
	struct mcpsess_rpc_options options = {
		.size = sizeof(options), .store = store, .server_name = "n", .server_version = "1"
	};
	assert_int_equal(mcpsess_rpc_create(&options, &rpc, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "CAN_COUNT"));
	assert_non_null(strstr(err.text, "no_counting"));
	options.no_counting = 1;
	assert_int_equal(mcpsess_rpc_create(&options, &rpc, &err), MCPSESS_OK);
	mcpsess_rpc_destroy(rpc);
	mcp_session_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failing_store_is_told_as_what_it_is),
		cmocka_unit_test(a_pending_store_makes_the_message_wait),
		cmocka_unit_test(a_message_may_end_while_it_waits),
		cmocka_unit_test(without_a_ready_callback_the_layer_blocks_instead),
		cmocka_unit_test(a_loop_that_turns_often_sweeps_a_shared_store_seldom),
		cmocka_unit_test(a_store_that_cannot_count_is_refused_until_told_not_to),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
