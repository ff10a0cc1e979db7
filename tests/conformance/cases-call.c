/* Calls from an event loop: in flight together, given up, left behind. */
#include "kit.h"

enum { FLIGHT = 64, BYTES = 300 };

struct flight {
	struct mcp_session_store_request asks[FLIGHT];
	struct mcpsess_kit_call calls[FLIGHT];
	char payloads[FLIGHT][BYTES];
};

/* Start creating all, before anything is dispatched. */
static struct flight *take_off(struct mcpsess_kit *kit)
{
	struct flight *flight = mcpsess_kit_alloc(kit, sizeof(*flight));
	for (unsigned i = 0; i < FLIGHT; i++) {
		flight->asks[i] = mcpsess_kit_fresh(kit);
		mcpsess_kit_fill(flight->payloads[i], BYTES, i);
		flight->asks[i].payload = mcpsess_mem(flight->payloads[i], BYTES);
		flight->calls[i].call.request = flight->asks[i];
		mcpsess_kit_start(kit, KIT_STORE, &flight->calls[i]);
	}
	return flight;
}

static void clear_answers(struct flight *flight)
{
	for (unsigned i = 0; i < FLIGHT; i++) {
		mcp_session_store_answer_clear(&flight->calls[i].call.answer);
	}
}

static void many_calls_end_each_once(struct mcpsess_kit *kit)
{
	struct flight *flight = take_off(kit);
	unsigned pended = 0;
	for (unsigned i = 0; i < FLIGHT; i++) {
		pended += flight->calls[i].status == MCPSESS_PENDING;
	}
	for (unsigned i = 0; i < FLIGHT; i++) {
		mcpsess_kit_want(kit, mcpsess_kit_finish(kit, &flight->calls[i]), MCPSESS_OK,
			"each of many calls in flight ends");
		mcpsess_kit_same(kit, flight->calls[i].call.answer.revision, 1,
			"each call in flight has its own answer");
	}
	mcpsess_kit_turn(kit, 0);
	for (unsigned i = 0; i < FLIGHT; i++) {
		pended -= flight->calls[i].over;
		memset(flight->payloads[i], 0, BYTES);
	}
	clear_answers(flight);
	SAME(kit, pended, 0, "done() is called once for each call that pended");
	for (unsigned i = 0; i < FLIGHT; i++) {
		uint64_t seed = FLIGHT;
		WANT(kit, get(kit, &flight->asks[i]), MCPSESS_OK,
			"get of what was stored in flight");
		THAT(kit, mcpsess_kit_whole(kit->answer.payload, &seed) && seed == i,
			"each call in flight stores its own payload: another's came");
	}
}

static void verbs_on_one_key_in_flight(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	struct mcpsess_kit_call *calls = mcpsess_kit_alloc(kit, FLIGHT * sizeof(calls[0]));
	unsigned won = 0;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	for (unsigned i = 0; i < FLIGHT; i++) {
		calls[i].call.request = ask;
		calls[i].call.request.revision = 1;
		mcpsess_kit_start(kit, KIT_STORE, &calls[i]);
	}
	for (unsigned i = 0; i < FLIGHT; i++) {
		int status = mcpsess_kit_finish(kit, &calls[i]);
		won += status == MCPSESS_OK;
		if (status != MCPSESS_OK) {
			mcpsess_kit_want(kit, status, MCPSESS_E_CONFLICT,
				"all but one update of one revision are CONFLICT");
			mcpsess_kit_same(kit, calls[i].call.answer.revision, 2,
				"CONFLICT answers the revision that stands");
		}
		mcp_session_store_answer_clear(&calls[i].call.answer);
	}
	SAME(kit, won, 1, "of many updates of one revision exactly one succeeds");
}

static void a_cancelled_call_is_silent(struct mcpsess_kit *kit)
{
	struct flight *flight = take_off(kit);
	int pended[FLIGHT];
	for (unsigned i = 0; i < FLIGHT; i++) {
		pended[i] = flight->calls[i].status == MCPSESS_PENDING;
		if (i % 2 == 0 && pended[i]) {
			mcp_session_store_cancel(kit->store, &flight->calls[i].call);
			flight->calls[i].status = MCPSESS_E_UNKNOWN;
		}
	}
	for (unsigned i = 1; i < FLIGHT; i += 2) {
		mcpsess_kit_want(kit, mcpsess_kit_finish(kit, &flight->calls[i]), MCPSESS_OK,
			"a cancelled call leaves others alone");
	}
	for (int i = 0; i < 5; i++) {
		mcpsess_kit_turn(kit, 10);
	}
	unsigned told = 0;
	for (unsigned i = 0; i < FLIGHT; i += 2) {
		told += flight->calls[i].over;
	}
	clear_answers(flight);
	SAME(kit, told, 0, "done() never comes for a cancelled call");
	/* What the store did by then stays done, and no more: whole or not at all. */
	for (unsigned i = 0; i < FLIGHT; i++) {
		uint64_t seed = FLIGHT;
		int status = get(kit, &flight->asks[i]);
		if (status == MCPSESS_E_NOTFOUND && i % 2 == 0) {
			continue;
		}
		WANT(kit, status, MCPSESS_OK, "get of what was stored beside cancelled calls");
		THAT(kit, mcpsess_kit_whole(kit->answer.payload, &seed) && seed == i,
			"a cancelled create is whole or not there: something else came");
	}
}

/* done() must not come while or after the store closes; the run would then crash or fail. */
static void close_gives_up_what_pends(struct mcpsess_kit *kit)
{
	struct flight *flight = take_off(kit);
	unsigned told = 0;
	for (unsigned i = 0; i < FLIGHT; i++) {
		if (flight->calls[i].status != MCPSESS_PENDING) {
			mcp_session_store_answer_clear(&flight->calls[i].call.answer);
		}
	}
	struct mcp_session_store *store = kit->store;
	kit->store = NULL;
	mcp_session_store_answer_clear(&kit->answer);
	mcp_session_store_close(store);
	for (unsigned i = 0; i < FLIGHT; i++) {
		told += flight->calls[i].over;
	}
	SAME(kit, told, 0, "close gives up what is pending without done()");
}

static void the_descriptor_stays(struct mcpsess_kit *kit)
{
	int fd = mcp_session_store_fd(kit->store);
	THAT(kit, fd >= 0, "a store has a descriptor: %d came", fd);
	struct flight *flight = take_off(kit);
	for (unsigned i = 0; i < FLIGHT; i++) {
		mcpsess_kit_finish(kit, &flight->calls[i]);
	}
	clear_answers(flight);
	SAME(kit, (uint64_t)mcp_session_store_fd(kit->store), (uint64_t)fd,
		"the descriptor is the same for the store's life");
	SAME(kit, (uint64_t)mcp_session_store_dispatch(kit->store), 0,
		"dispatch with nothing in flight does nothing");
}

struct chain {
	struct mcpsess_kit_call call;
	struct mcp_session_store_request ask;
	unsigned links;
};

static void next_link(struct mcp_session_store_call *call, int status)
{
	struct chain *chain = call->user_data;
	struct mcpsess_kit *kit = chain->call.kit;
	chain->call.status = status;
	while (chain->call.status == MCPSESS_OK && chain->links-- > 0) {
		mcp_session_store_answer_clear(&call->answer);
		call->request = chain->ask;
		chain->call.status = mcp_session_store_get_async(kit->store, call);
	}
}

/* done() is where an event loop starts its next verb, with the same call. */
static void done_may_start_the_next(struct mcpsess_kit *kit)
{
	struct chain *chain = mcpsess_kit_alloc(kit, sizeof(*chain));
	chain->ask = mcpsess_kit_fresh(kit);
	chain->links = 20;
	WANT(kit, create(kit, &chain->ask), MCPSESS_OK, "create");
	chain->call.kit = kit;
	chain->call.call.request = chain->ask;
	chain->call.call.done = next_link;
	chain->call.call.user_data = chain;
	int status = mcp_session_store_get_async(kit->store, &chain->call.call);
	chain->call.status = status;
	if (status != MCPSESS_PENDING) {
		next_link(&chain->call.call, status);
	}
	mcpsess_kit_finish(kit, &chain->call);
	mcp_session_store_answer_clear(&chain->call.call.answer);
	WANT(kit, chain->call.status, MCPSESS_OK, "a verb started by done() ends like any other");
}

enum { DISPATCH = KIT_IN_DISPATCH, PEND = MCP_SESSION_STORE_CAN_PEND };

const struct mcpsess_kit_case mcpsess_kit_call_cases[] = {
	{ .name = "calls-in-flight", .run = many_calls_end_each_once, .flags = DISPATCH },
	{ .name = "calls-on-one-key", .run = verbs_on_one_key_in_flight, .flags = DISPATCH },
	{ .name = "call-from-done", .run = done_may_start_the_next, .flags = DISPATCH },
	{ .name = "descriptor", .run = the_descriptor_stays, .flags = DISPATCH },
	{ .name = "cancel", .run = a_cancelled_call_is_silent, .flags = DISPATCH, .needs = PEND },
	{ .name = "close-while-pending",
		.run = close_gives_up_what_pends,
		.flags = DISPATCH,
		.needs = PEND },
	{ 0 },
};
