/* Owners that are ended: all their records at once, and nothing else. */
#include "kit.h"

enum { MANY = 20, CAP = 4, ROUNDS = 20 };

static const char *const revoked = "a record of an ended owner is REVOKED";

static int end_owner(struct mcpsess_kit *kit, const struct mcpsess_digest *owner)
{
	struct mcp_session_store_request ask = { .owner = *owner };
	return mcpsess_kit_do(kit, KIT_END_OWNER, &ask);
}

static struct mcp_session_store_request fresh_of(
	struct mcpsess_kit *kit, const struct mcpsess_digest *owner)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.owner = *owner;
	return ask;
}

static void all_end_and_no_others(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[MANY], other = mcpsess_kit_fresh(kit);
	struct mcp_session_store_request nobodys = mcpsess_kit_fresh(kit);
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	memset(&nobodys.owner, 0, sizeof(nobodys.owner));
	WANT(kit, create(kit, &other), MCPSESS_OK, "create");
	WANT(kit, create(kit, &nobodys), MCPSESS_OK, "create");
	for (int i = 0; i < MANY; i++) {
		asks[i] = fresh_of(kit, &owner);
		asks[i].kind = (uint32_t)i % 4;
		WANT(kit, create(kit, &asks[i]), MCPSESS_OK, "create");
	}
	WANT(kit, end_owner(kit, &owner), MCPSESS_OK, "end_owner");
	for (int i = 0; i < MANY; i++) {
		GONE(kit, get(kit, &asks[i]), MCPSESS_E_REVOKED, revoked);
		GONE(kit, get_with(kit, &asks[i], MCP_SESSION_STORE_TOUCH), MCPSESS_E_REVOKED,
			revoked);
		GONE(kit, touch(kit, &asks[i]), MCPSESS_E_REVOKED, revoked);
		GONE(kit, exists(kit, &asks[i]), MCPSESS_E_REVOKED, revoked);
		GONE(kit, update(kit, &asks[i], 1), MCPSESS_E_REVOKED, revoked);
		WANT(kit, erase(kit, &asks[i]), MCPSESS_OK, "delete of what has ended is OK");
	}
	WANT(kit, get(kit, &other), MCPSESS_OK, "end_owner leaves other owners' records alone");
	WANT(kit, get(kit, &nobodys), MCPSESS_OK, "end_owner leaves nobody's records alone");
}

static void an_ended_owner_begins_anew(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	WANT(kit, end_owner(kit, &owner), MCPSESS_OK, "end_owner of who has no records is OK");
	for (int i = 0; i < 3; i++) {
		struct mcp_session_store_request ask = fresh_of(kit, &owner);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "an ended owner may create");
		WANT(kit, get(kit, &ask), MCPSESS_OK,
			"what is created after end_owner is not ended by it");
		WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
		WANT(kit, end_owner(kit, &owner), MCPSESS_OK, "end_owner");
		GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, revoked);
	}
	memset(&owner, 0, sizeof(owner));
	WANT(kit, end_owner(kit, &owner), MCPSESS_E_INVALID, "end_owner of nobody is INVALID");
}

static void their_places_are_free(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CAP; i++) {
			struct mcp_session_store_request ask = fresh_of(kit, &owner);
			WANT(kit, create(kit, &ask), MCPSESS_OK,
				"what has ended with its owner takes no place");
		}
		struct mcp_session_store_request more = fresh_of(kit, &owner);
		WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "create at the cap is LIMIT");
		WANT(kit, end_owner(kit, &owner), MCPSESS_OK, "end_owner");
	}
}

static void what_has_ended_is_not_listed(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	struct mcp_session_store_request ask;
	for (int i = 0; i < 3; i++) {
		ask = fresh_of(kit, &owner);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	}
	WANT(kit, end_owner(kit, &owner), MCPSESS_OK, "end_owner");
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &ask), MCPSESS_OK, "list");
	SAME(kit, kit->answer.entry_count, 0, "records of an ended owner are not listed");
	ask = fresh_of(kit, &owner);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &ask), MCPSESS_OK, "list");
	SAME(kit, kit->answer.entry_count, 1, "what is created after end_owner is listed");
}

static void an_old_key_that_reads_ends_too(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), to = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	struct mcp_session_store_request turn = ask;
	turn.new_key = to.key;
	turn.grace_ms = 30000;
	WANT(kit, mcpsess_kit_do(kit, KIT_ROTATE, &turn), MCPSESS_OK, "rotate");
	if (kit->run->can & MCP_SESSION_STORE_CAN_LIST) {
		/* Which may clear away what it does not show. */
		WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &ask), MCPSESS_OK, "list");
	}
	WANT(kit, end_owner(kit, &ask.owner), MCPSESS_OK, "end_owner");
	to.owner = ask.owner;
	GONE(kit, get(kit, &to), MCPSESS_E_REVOKED, revoked);
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED,
		"the old key of a rotated record is REVOKED with its owner");
}

/* Many end the same owner at once, each just after it has created a record. */
static void create_and_end(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	const struct mcpsess_digest *owner = user_data;
	(void)index;
	for (int i = 0; i < ROUNDS; i++) {
		struct mcp_session_store_request ask = fresh_of(kit, owner);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create while owners are ended");
		WANT(kit, end_owner(kit, owner), MCPSESS_OK, "end_owner");
		GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED,
			"what was created before end_owner is REVOKED after it");
	}
}

static void nothing_slips_through(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	mcpsess_kit_threads(kit, create_and_end, &owner);
}

enum { END_OWNER = MCP_SESSION_STORE_CAN_END_OWNER };

const struct mcpsess_kit_case mcpsess_kit_ended_cases[] = {
	{ .name = "end-owner-ends-all",
		.run = all_end_and_no_others,
		.flags = KIT_IN_ALL,
		.needs = END_OWNER },
	{ .name = "end-owner-begins-anew",
		.run = an_ended_owner_begins_anew,
		.flags = KIT_IN_ALL,
		.needs = END_OWNER },
	{ .name = "end-owner-frees-places",
		.run = their_places_are_free,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = END_OWNER | MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = CAP,
		.max_sessions_per_owner = CAP },
	{ .name = "end-owner-unlists",
		.run = what_has_ended_is_not_listed,
		.flags = KIT_IN_ALL,
		.needs = END_OWNER | MCP_SESSION_STORE_CAN_LIST },
	{ .name = "end-owner-ends-grace",
		.run = an_old_key_that_reads_ends_too,
		.flags = KIT_IN_ALL,
		.needs = END_OWNER | MCP_SESSION_STORE_CAN_ROTATE },
	{ .name = "end-owner-in-parallel",
		.run = nothing_slips_through,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = END_OWNER },
	{ 0 },
};
