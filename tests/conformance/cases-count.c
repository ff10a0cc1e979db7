/* Counting requests in the same step as the get. */
#include "kit.h"

enum { COUNT = MCP_SESSION_STORE_COUNT, ROUNDS = 250 };

static void a_get_counts_when_asked(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	const struct mcp_session_store_answer *a = &kit->answer;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	SAME(kit, a->requests, 0, "nothing is counted unless asked");
	SAME(kit, a->first_request_ms, 0, "without a counted request there is no first");
	for (uint64_t n = 1; n <= 5; n++) {
		WANT(kit, get_with(kit, &ask, n % 2 ? COUNT : COUNT | MCP_SESSION_STORE_TOUCH),
			MCPSESS_OK, "get that counts");
		SAME(kit, a->requests, n, "get with COUNT counts this request");
		SAME(kit, a->revision, 1, "counting does not move the revision");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
		SAME(kit, a->requests, n, "get without COUNT counts nothing");
		WANT(kit, touch(kit, &ask), MCPSESS_OK, "touch");
		WANT(kit, exists(kit, &ask), MCPSESS_OK, "exists");
		SAME(kit, a->requests, n, "touch and exists count nothing");
	}
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "an update after counting");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	SAME(kit, a->requests, 5, "an update leaves the count");
}

static void the_times_of_requests_are_kept(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	const struct mcp_session_store_answer *a = &kit->answer;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t first_ms = 0, last_ms = 0;
	for (int n = 0; n < 3; n++) {
		mcpsess_kit_go(kit, mcpsess_kit_now(kit) + 20);
		WANT(kit, get_with(kit, &ask, COUNT), MCPSESS_OK, "get that counts");
		first_ms = first_ms == 0 ? a->now_ms : first_ms;
		SAME(kit, a->first_request_ms, first_ms, "the first request's time is kept");
		SAME(kit, a->last_request_ms, last_ms,
			"the answer has the time of the counted request before this one");
		last_ms = a->now_ms;
	}
}

static void a_refused_request_is_not_counted(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), theirs = ask;
	theirs.owner = mcpsess_kit_owner(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get_with(kit, &theirs, COUNT), MCPSESS_E_NOTOWNER, "get of another's record");
	WANT(kit, get_with(kit, &ask, COUNT), MCPSESS_OK, "get that counts");
	SAME(kit, kit->answer.requests, 1, "a stranger's request is not counted");
}

struct counted {
	struct mcp_session_store_request ask;
	uint64_t total;
	atomic_uchar seen[ROUNDS * KIT_THREADS_MAX + 1];
};

static void count_many(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct counted *counted = user_data;
	(void)index;
	for (int i = 0; i < ROUNDS; i++) {
		WANT(kit, get_with(kit, &counted->ask, COUNT), MCPSESS_OK, "get that counts");
		uint64_t n = kit->answer.requests;
		THAT(kit, n >= 1 && n <= counted->total,
			"the count is exact: %llu came of %llu requests", (unsigned long long)n,
			(unsigned long long)counted->total);
		SAME(kit, atomic_fetch_add(&counted->seen[n], 1), 0,
			"each counted request gets a number of its own");
	}
}

static void counting_in_parallel_is_exact(struct mcpsess_kit *kit)
{
	struct counted *counted = mcpsess_kit_alloc(kit, sizeof(*counted));
	counted->ask = mcpsess_kit_fresh(kit);
	counted->total = (uint64_t)ROUNDS * kit->run->options.threads;
	WANT(kit, create(kit, &counted->ask), MCPSESS_OK, "create");
	mcpsess_kit_threads(kit, count_many, counted);
	WANT(kit, get(kit, &counted->ask), MCPSESS_OK, "get");
	SAME(kit, kit->answer.requests, counted->total, "the count is exact under threads");
}

const struct mcpsess_kit_case mcpsess_kit_count_cases[] = {
	{ .name = "count-when-asked",
		.run = a_get_counts_when_asked,
		.flags = KIT_IN_ALL,
		.needs = MCP_SESSION_STORE_CAN_COUNT },
	{ .name = "count-times",
		.run = the_times_of_requests_are_kept,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_COUNT },
	{ .name = "count-of-refused",
		.run = a_refused_request_is_not_counted,
		.flags = KIT_IN_ALL,
		.needs = MCP_SESSION_STORE_CAN_COUNT },
	{ .name = "count-in-parallel",
		.run = counting_in_parallel_is_exact,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_COUNT },
	{ 0 },
};
