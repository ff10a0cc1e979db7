/* The two expiries, by the store's clock: not early, and late by no more than a touch's throttle.
 */
#include "kit.h"

static uint64_t idle(const struct mcpsess_kit *kit)
{
	return kit->settings.idle_ms;
}

/* When a record that was last active at a time must have ended. */
static uint64_t idle_end(const struct mcpsess_kit *kit, uint64_t active_ms)
{
	return active_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit);
}

/* The verbs that ask for a live record; delete is not one. */
static int ask_by(struct mcpsess_kit *kit, struct mcp_session_store_request *ask, unsigned way)
{
	switch (way) {
	case 0:
		return get(kit, ask);
	case 1:
		return get_with(kit, ask, MCP_SESSION_STORE_TOUCH);
	case 2:
		return touch(kit, ask);
	case 3:
		return exists(kit, ask);
	default:
		return update(kit, ask, 1);
	}
}

enum { WAYS = 5 };
static const char *const expired_promises[WAYS] = {
	"get never serves an expired record, not even once",
	"get with a touch never serves an expired record, not even once",
	"touch never brings back an expired record",
	"exists is not OK for an expired record, not even once",
	"update never brings back an expired record",
};

static void idle_is_not_early(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[WAYS];
	uint64_t first_ms = 0;
	for (unsigned way = 0; way < WAYS; way++) {
		asks[way] = mcpsess_kit_fresh(kit);
		WANT(kit, create(kit, &asks[way]), MCPSESS_OK, "create");
		first_ms = first_ms == 0 ? kit->answer.now_ms : first_ms;
	}
	uint64_t until_ms = first_ms + idle(kit);
	mcpsess_kit_go(kit, until_ms - kit->margin_ms);
	for (unsigned way = 0; way < WAYS; way++) {
		SERVED(kit, ask_by(kit, &asks[way], way), until_ms,
			"a record lives until it was idle for the idle duration");
	}
}

/* Each record is first asked for after its end: that must not be one time too many. */
static void idle_is_not_late(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[WAYS];
	for (unsigned way = 0; way < WAYS; way++) {
		asks[way] = mcpsess_kit_fresh(kit);
		asks[way].payload = mcpsess_str("expires");
		WANT(kit, create(kit, &asks[way]), MCPSESS_OK, "create");
		WANT(kit, get(kit, &asks[way]), MCPSESS_OK, "get of a live record");
	}
	mcpsess_kit_go(kit, idle_end(kit, kit->answer.now_ms));
	for (unsigned way = 0; way < WAYS; way++) {
		GONE(kit, ask_by(kit, &asks[way], way), MCPSESS_E_EXPIRED, expired_promises[way]);
		THAT(kit, kit->answer.payload.len == 0,
			"an expired record shows nothing: its payload came");
	}
	for (unsigned way = 0; way < WAYS * WAYS; way++) {
		GONE(kit, ask_by(kit, &asks[way / WAYS], way % WAYS), MCPSESS_E_EXPIRED,
			"no verb brings back what has expired");
	}
	for (unsigned way = 0; way < WAYS; way++) {
		WANT(kit, erase(kit, &asks[way]), MCPSESS_OK, "delete of an expired record is OK");
	}
}

/* Active at half its idle time, by what must count as activity. */
static void check_extends(struct mcpsess_kit *kit, unsigned way, const char *promise)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t active_ms = kit->answer.now_ms;
	for (int i = 0; i < 3; i++) {
		mcpsess_kit_go(kit, active_ms + idle(kit) / 2);
		SERVED(kit, ask_by(kit, &ask, way), active_ms + idle(kit), promise);
		if (way == WAYS - 1) {
			/* The next update is of the next revision: only the first is checked. */
			i = 3;
		}
		active_ms = kit->answer.now_ms;
		NEAR(kit, kit->answer.expires_ms, active_ms + idle(kit), mcpsess_kit_slack(kit),
			promise);
	}
	mcpsess_kit_go(kit, active_ms + idle(kit) - kit->margin_ms);
	SERVED(kit, exists(kit, &ask), active_ms + idle(kit), promise);
	mcpsess_kit_go(kit, idle_end(kit, active_ms));
	GONE(kit, exists(kit, &ask), MCPSESS_E_EXPIRED,
		"a record ends when it was idle for the idle duration");
}

static void a_get_that_touches_extends(struct mcpsess_kit *kit)
{
	check_extends(kit, 1, "get with TOUCH moves the idle expiry to now plus idle");
}

static void a_touch_extends(struct mcpsess_kit *kit)
{
	check_extends(kit, 2, "touch moves the idle expiry to now plus idle");
}

static void an_update_extends(struct mcpsess_kit *kit)
{
	check_extends(kit, 4, "an update moves the idle expiry to now plus idle");
}

static void check_leaves(struct mcpsess_kit *kit, unsigned way, const char *promise)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t created_ms = kit->answer.now_ms, expires_ms = kit->answer.expires_ms;
	for (uint64_t quarter = 1; quarter < 4; quarter++) {
		mcpsess_kit_go(kit, created_ms + idle(kit) * quarter / 4);
		SERVED(kit, ask_by(kit, &ask, way), created_ms + idle(kit),
			"a record lives until it was idle for the idle duration");
		SAME(kit, kit->answer.expires_ms, expires_ms, promise);
	}
	mcpsess_kit_go(kit, idle_end(kit, created_ms));
	GONE(kit, ask_by(kit, &ask, way), MCPSESS_E_EXPIRED, promise);
}

static void a_plain_get_does_not_extend(struct mcpsess_kit *kit)
{
	check_leaves(kit, 0, "get without TOUCH does not move the idle expiry");
}

static void exists_does_not_extend(struct mcpsess_kit *kit)
{
	check_leaves(kit, 3, "exists does not move the idle expiry");
}

static void a_touch_never_shortens(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), shorter = ask;
	shorter.idle_ms = idle(kit) / 8;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t created_ms = kit->answer.now_ms, expires_ms = kit->answer.expires_ms;
	SERVED(kit, touch(kit, &shorter), created_ms + idle(kit), "touch of a live record");
	SAME(kit, kit->answer.expires_ms, expires_ms,
		"touch never moves the idle expiry backwards");
	SERVED(kit, get_with(kit, &shorter, MCP_SESSION_STORE_TOUCH), created_ms + idle(kit),
		"get with a touch of a live record");
	SAME(kit, kit->answer.expires_ms, expires_ms,
		"get with TOUCH never moves the idle expiry backwards");
	mcpsess_kit_go(kit, created_ms + idle(kit) - kit->margin_ms);
	SERVED(kit, exists(kit, &ask), created_ms + idle(kit),
		"touch never moves the idle expiry backwards");
}

static void a_touch_takes_a_duration(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), longer = ask;
	longer.idle_ms = 3 * idle(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t created_ms = kit->answer.now_ms;
	mcpsess_kit_go(kit, created_ms + idle(kit) / 2);
	SERVED(kit, touch(kit, &longer), created_ms + idle(kit), "touch of a live record");
	uint64_t until_ms = kit->answer.now_ms + longer.idle_ms;
	NEAR(kit, kit->answer.expires_ms, until_ms, mcpsess_kit_slack(kit),
		"touch moves the idle expiry by the duration it was asked");
	mcpsess_kit_go(kit, until_ms - kit->margin_ms);
	SERVED(kit, exists(kit, &ask), until_ms,
		"touch moves the idle expiry by the duration it was asked");
}

static void a_record_expires_by_its_own_idle(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.idle_ms = idle(kit) / 4;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	mcpsess_kit_go(kit, kit->answer.now_ms + ask.idle_ms + mcpsess_kit_slack(kit));
	GONE(kit, get(kit, &ask), MCPSESS_E_EXPIRED,
		"a record ends by the idle duration that create asked for");
}

static void touching_does_not_pass_the_deadline(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), longer = ask;
	ask.absolute_ms = 2 * idle(kit);
	longer.idle_ms = 100 * idle(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t created_ms = kit->answer.now_ms, deadline_ms = kit->answer.deadline_ms;
	SAME(kit, deadline_ms, created_ms + 2 * idle(kit), "the deadline is now plus absolute");
	for (uint64_t half = 1; half < 4; half++) {
		mcpsess_kit_go(kit, created_ms + idle(kit) * half / 2);
		SERVED(kit, get_with(kit, half < 3 ? &ask : &longer, MCP_SESSION_STORE_TOUCH),
			created_ms + idle(kit) * (half + 1) / 2, "a busy record lives");
		SAME(kit, kit->answer.deadline_ms, deadline_ms, "the deadline never moves");
		THAT(kit, kit->answer.expires_ms <= deadline_ms,
			"touch never moves the idle expiry past the deadline: it did, by %llu ms",
			(unsigned long long)(kit->answer.expires_ms - deadline_ms));
	}
	SERVED(kit, update(kit, &ask, 1), deadline_ms, "an update before the deadline");
	SAME(kit, kit->answer.deadline_ms, deadline_ms, "an update does not move the deadline");
	mcpsess_kit_go(kit, deadline_ms - kit->margin_ms);
	SERVED(kit, touch(kit, &longer), deadline_ms, "a busy record lives until its deadline");
	mcpsess_kit_go(kit, deadline_ms);
	for (unsigned way = 0; way < WAYS; way++) {
		GONE(kit, ask_by(kit, &ask, way), MCPSESS_E_EXPIRED,
			"a record is never served past its deadline");
	}
}

static void a_deadline_alone_suffices(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.idle_ms = MCP_SESSION_STORE_NONE;
	ask.absolute_ms = 2 * idle(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create without idle expiry");
	uint64_t deadline_ms = kit->answer.deadline_ms;
	mcpsess_kit_go(kit, deadline_ms - kit->margin_ms);
	SERVED(kit, get(kit, &ask), deadline_ms,
		"a record without idle expiry lives until its deadline");
	mcpsess_kit_go(kit, deadline_ms);
	GONE(kit, get(kit, &ask), MCPSESS_E_EXPIRED, "a record is never served past its deadline");
}

static void a_busy_record_outlives_many_idles(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	uint64_t rounds = kit->run->clock == KIT_CLOCK_REAL ? 5 : 40;
	ask.absolute_ms = MCP_SESSION_STORE_NONE;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create without a deadline");
	uint64_t active_ms = kit->answer.now_ms;
	for (uint64_t i = 0; i < rounds; i++) {
		mcpsess_kit_go(kit, active_ms + idle(kit) / 2);
		SERVED(kit, i % 2 ? touch(kit, &ask) : get_with(kit, &ask, MCP_SESSION_STORE_TOUCH),
			active_ms + idle(kit), "a busy record without a deadline lives on");
		active_ms = kit->answer.now_ms;
	}
}

const struct mcpsess_kit_case mcpsess_kit_expiry_cases[] = {
	{ .name = "idle-not-early", .run = idle_is_not_early, .flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "idle-not-late", .run = idle_is_not_late, .flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "idle-own",
		.run = a_record_expires_by_its_own_idle,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "get-that-touches-extends",
		.run = a_get_that_touches_extends,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "touch-extends", .run = a_touch_extends, .flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "update-extends", .run = an_update_extends, .flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "get-does-not-extend",
		.run = a_plain_get_does_not_extend,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "exists-does-not-extend",
		.run = exists_does_not_extend,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "touch-never-shortens",
		.run = a_touch_never_shortens,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "touch-takes-a-duration",
		.run = a_touch_takes_a_duration,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "deadline-despite-touching",
		.run = touching_does_not_pass_the_deadline,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "deadline-without-idle",
		.run = a_deadline_alone_suffices,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ .name = "busy-outlives-idle",
		.run = a_busy_record_outlives_many_idles,
		.flags = KIT_IN_ALL | KIT_TIMED },
	{ 0 },
};
