/* Caps: reserved before anything is written, freed when a record ends. */
#include "kit.h"

enum { CAP = 10, OWNER_CAP = 5, RACE_CAP = 100, RACE_CREATES = 1000 };

static int fill_up(struct mcpsess_kit *kit, struct mcp_session_store_request *asks, unsigned count,
	const struct mcpsess_digest *owner)
{
	for (unsigned i = 0; i < count; i++) {
		asks[i] = mcpsess_kit_fresh(kit);
		if (owner != NULL) {
			asks[i].owner = *owner;
		}
		if (!mcpsess_kit_want(kit, create(kit, &asks[i]), MCPSESS_OK,
			    "create below the cap succeeds")) {
			return 0;
		}
	}
	return 1;
}

/* What is counted elsewhere than its record may be told of a delete a round trip behind it. */
static int create_behind_delete(struct mcpsess_kit *kit, struct mcp_session_store_request *ask)
{
	int status = MCPSESS_E_LIMIT;
	for (int i = 0; i < 100 && status == MCPSESS_E_LIMIT; i++) {
		status = create(kit, ask);
	}
	return status;
}

static void the_cap_holds_and_frees(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[CAP], more = mcpsess_kit_fresh(kit);
	KIT_OR_RETURN(fill_up(kit, asks, CAP, NULL));
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "create at the cap is LIMIT");
	WANT(kit, exists(kit, &more), MCPSESS_E_NOTFOUND, "create at the cap leaves nothing");
	WANT(kit, update(kit, &asks[0], 1), MCPSESS_OK, "a cap does not touch updates");
	WANT(kit, get(kit, &asks[1]), MCPSESS_OK, "a cap takes nothing from live records");
	WANT(kit, erase(kit, &asks[0]), MCPSESS_OK, "delete");
	WANT(kit, create_behind_delete(kit, &more), MCPSESS_OK, "delete frees a place");
	struct mcp_session_store_request next = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &next), MCPSESS_E_LIMIT, "a freed place is given once");
	WANT(kit, erase(kit, &asks[0]), MCPSESS_OK, "delete repeated");
	WANT(kit, create(kit, &next), MCPSESS_E_LIMIT, "a delete repeated frees nothing");
}

/* The create whose answer was lost may be the very one that took the last place. */
static void a_repeated_create_needs_no_place(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[CAP];
	KIT_OR_RETURN(fill_up(kit, asks, CAP - 1, NULL));
	struct mcp_session_store_request last = mcpsess_kit_fresh(kit);
	memset(last.operation, 7, sizeof(last.operation));
	WANT(kit, create(kit, &last), MCPSESS_OK, "create of the last that the cap allows");
	WANT(kit, create(kit, &last), MCPSESS_OK,
		"create repeated with its operation token succeeds again, at the cap too");
	WANT(kit, erase(kit, &last), MCPSESS_OK, "delete");
	last = mcpsess_kit_fresh(kit);
	WANT(kit, create_behind_delete(kit, &last), MCPSESS_OK,
		"create repeated took one place, not two");
}

static void tombstones_take_no_place(struct mcpsess_kit *kit)
{
	for (int i = 0; i < 5 * CAP; i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "what was deleted takes no place");
		WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	}
}

static void expiry_frees_places(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[CAP];
	mcpsess_kit_now(kit);
	unsigned places = CAP - (unsigned)kit->has_watch;
	KIT_OR_RETURN(fill_up(kit, asks, places, NULL));
	mcpsess_kit_go(kit, kit->answer.now_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit) +
				    kit->margin_ms);
	KIT_OR_RETURN(fill_up(kit, asks, places, NULL));
	struct mcp_session_store_request more = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "expiry frees each place once");
}

static void each_owner_has_a_cap(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[OWNER_CAP], more = mcpsess_kit_fresh(kit);
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	KIT_OR_RETURN(fill_up(kit, asks, OWNER_CAP, &owner));
	more.owner = owner;
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "create at the owner's cap is LIMIT");
	WANT(kit, exists(kit, &more), MCPSESS_E_NOTFOUND,
		"create at the owner's cap leaves nothing");
	more.owner = mcpsess_kit_owner(kit);
	WANT(kit, create(kit, &more), MCPSESS_OK, "one owner's cap leaves others alone");
	WANT(kit, erase(kit, &asks[2]), MCPSESS_OK, "delete");
	struct mcp_session_store_request next = mcpsess_kit_fresh(kit);
	next.owner = owner;
	WANT(kit, create_behind_delete(kit, &next), MCPSESS_OK,
		"delete frees a place of its owner");
	next = mcpsess_kit_fresh(kit);
	next.owner = owner;
	WANT(kit, create(kit, &next), MCPSESS_E_LIMIT, "a freed place is given once");
}

static void expiry_frees_places_of_owners(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[OWNER_CAP];
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	KIT_OR_RETURN(fill_up(kit, asks, OWNER_CAP, &owner));
	mcpsess_kit_go(kit, kit->answer.now_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit) +
				    kit->margin_ms);
	KIT_OR_RETURN(fill_up(kit, asks, OWNER_CAP, &owner));
	struct mcp_session_store_request more = mcpsess_kit_fresh(kit);
	more.owner = owner;
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "expiry frees each place of an owner once");
}

/* The same keys, as soon as they are free. */
static void keys_used_again_need_places(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[CAP], more = mcpsess_kit_fresh(kit);
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	mcpsess_kit_now(kit);
	int is_owners = kit->its_case->max_sessions_per_owner > 0;
	unsigned places = is_owners ? OWNER_CAP : CAP - (unsigned)kit->has_watch;
	KIT_OR_RETURN(fill_up(kit, asks, places, &owner));
	mcpsess_kit_go(kit, kit->answer.now_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit) +
				    kit->margin_ms);
	for (unsigned i = 0; i < places; i++) {
		WANT(kit, create(kit, &asks[i]), MCPSESS_OK, "create of a key that is free again");
	}
	more.owner = owner;
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "a key used again takes a place again");
}

struct race {
	struct mcp_session_store_request asks[RACE_CREATES];
	atomic_uint next;
	atomic_uint made;
};

static void create_many(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct race *race = user_data;
	(void)index;
	unsigned i;
	while ((i = atomic_fetch_add(&race->next, 1)) < RACE_CREATES) {
		int status = create(kit, &race->asks[i]);
		if (status == MCPSESS_OK) {
			atomic_fetch_add(&race->made, 1);
		} else {
			WANT(kit, status, MCPSESS_E_LIMIT, "create at the cap is LIMIT");
		}
	}
}

static void check_exactly(struct mcpsess_kit *kit, struct race *race)
{
	unsigned live = 0;
	SAME(kit, race->made, RACE_CAP,
		"parallel creates at a cap give exactly as many as it allows");
	for (unsigned i = 0; i < RACE_CREATES; i++) {
		live += exists(kit, &race->asks[i]) == MCPSESS_OK;
	}
	SAME(kit, live, RACE_CAP, "as many records live as creates succeeded");
}

static struct race *start_race(struct mcpsess_kit *kit, const struct mcpsess_digest *owner)
{
	struct race *race = mcpsess_kit_alloc(kit, sizeof(*race));
	for (unsigned i = 0; i < RACE_CREATES; i++) {
		race->asks[i] = mcpsess_kit_fresh(kit);
		if (owner != NULL) {
			race->asks[i].owner = *owner;
		}
	}
	return race;
}

static void parallel_creates_meet_the_cap(struct mcpsess_kit *kit)
{
	struct race *race = start_race(kit, NULL);
	mcpsess_kit_threads(kit, create_many, race);
	KIT_OR_RETURN(!kit->failed);
	check_exactly(kit, race);
}

static void parallel_creates_meet_the_owner_s_cap(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	struct race *race = start_race(kit, &owner);
	mcpsess_kit_threads(kit, create_many, race);
	KIT_OR_RETURN(!kit->failed);
	check_exactly(kit, race);
}

/* The same from one event loop, all in flight at once. */
static void creates_in_flight_meet_the_cap(struct mcpsess_kit *kit)
{
	struct race *race = start_race(kit, NULL);
	struct mcpsess_kit_call *calls = mcpsess_kit_alloc(kit, RACE_CREATES * sizeof(calls[0]));
	for (unsigned i = 0; i < RACE_CREATES; i++) {
		calls[i].call.request = race->asks[i];
		mcpsess_kit_start(kit, KIT_STORE, &calls[i]);
	}
	for (unsigned i = 0; i < RACE_CREATES; i++) {
		int status = mcpsess_kit_finish(kit, &calls[i]);
		race->made += status == MCPSESS_OK;
		mcp_session_store_answer_clear(&calls[i].call.answer);
		if (status != MCPSESS_OK) {
			mcpsess_kit_want(
				kit, status, MCPSESS_E_LIMIT, "create at the cap is LIMIT");
		}
	}
	check_exactly(kit, race);
}

const struct mcpsess_kit_case mcpsess_kit_limit_cases[] = {
	{ .name = "cap-holds",
		.run = the_cap_holds_and_frees,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = CAP },
	{ .name = "cap-and-repeats",
		.run = a_repeated_create_needs_no_place,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_LIMIT | MCP_SESSION_STORE_CAN_OPERATION,
		.max_sessions = CAP },
	{ .name = "cap-and-tombstones",
		.run = tombstones_take_no_place,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = CAP },
	{ .name = "cap-freed-by-expiry",
		.run = expiry_frees_places,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = CAP },
	{ .name = "cap-and-keys-again",
		.run = keys_used_again_need_places,
		.flags = KIT_IN_ALL | KIT_TIMED | KIT_NO_TOMBSTONES,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = CAP },
	{ .name = "owner-cap-holds",
		.run = each_owner_has_a_cap,
		.flags = KIT_IN_ALL,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions_per_owner = OWNER_CAP },
	{ .name = "owner-cap-freed-by-expiry",
		.run = expiry_frees_places_of_owners,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions_per_owner = OWNER_CAP },
	{ .name = "owner-cap-and-keys-again",
		.run = keys_used_again_need_places,
		.flags = KIT_IN_ALL | KIT_TIMED | KIT_NO_TOMBSTONES,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions_per_owner = OWNER_CAP },
	{ .name = "cap-in-parallel",
		.run = parallel_creates_meet_the_cap,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = RACE_CAP },
	{ .name = "owner-cap-in-parallel",
		.run = parallel_creates_meet_the_owner_s_cap,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions_per_owner = RACE_CAP },
	{ .name = "cap-in-flight",
		.run = creates_in_flight_meet_the_cap,
		.flags = KIT_IN_DISPATCH | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = RACE_CAP },
	{ 0 },
};
