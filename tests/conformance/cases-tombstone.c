/* Tombstones: for a while "ended" differs from "never was". */
#include "kit.h"

static const char *const revoked = "a deleted record is REVOKED while its tombstone is held";
static const char *const expired = "an expired record is EXPIRED while its tombstone is held";

/* Every verb says so; until_ms: while the tombstone must be held. */
static int all_say(struct mcpsess_kit *kit, struct mcp_session_store_request *ask, int wanted,
	uint64_t until_ms, const char *promise)
{
	return mcpsess_kit_held(kit, get(kit, ask), wanted, until_ms, promise) &&
	       mcpsess_kit_held(kit, get_with(kit, ask, MCP_SESSION_STORE_TOUCH), wanted, until_ms,
		       promise) &&
	       mcpsess_kit_held(kit, touch(kit, ask), wanted, until_ms, promise) &&
	       mcpsess_kit_held(kit, exists(kit, ask), wanted, until_ms, promise) &&
	       mcpsess_kit_held(kit, update(kit, ask, 1), wanted, until_ms, promise);
}

static void go_past_tombstone(struct mcpsess_kit *kit)
{
	mcpsess_kit_go(kit, mcpsess_kit_now(kit) + 2 * kit->settings.tombstone_ms);
}

static void ends_are_told_apart(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request deleted = mcpsess_kit_fresh(kit);
	struct mcp_session_store_request ended = mcpsess_kit_fresh(kit);
	struct mcp_session_store_request never = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ended), MCPSESS_OK, "create");
	WANT(kit, create(kit, &deleted), MCPSESS_OK, "create");
	uint64_t active_ms = kit->answer.now_ms;
	uint64_t until_ms = active_ms + kit->settings.tombstone_ms;
	WANT(kit, erase(kit, &deleted), MCPSESS_OK, "delete");
	KIT_OR_RETURN(all_say(kit, &deleted, MCPSESS_E_REVOKED, until_ms, revoked));
	mcpsess_kit_go(kit, active_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit));
	KIT_OR_RETURN(all_say(kit, &ended, MCPSESS_E_EXPIRED, until_ms, expired));
	KIT_OR_RETURN(all_say(kit, &deleted, MCPSESS_E_REVOKED, until_ms,
		"a deleted record stays REVOKED when it would have expired"));
	KIT_OR_RETURN(all_say(kit, &never, MCPSESS_E_NOTFOUND, UINT64_MAX,
		"only what never was, or is forgotten, is NOTFOUND"));
}

static void a_tombstone_lasts_and_ends(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t until_ms = mcpsess_kit_now(kit) + kit->settings.tombstone_ms;
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	mcpsess_kit_go(kit, until_ms - kit->margin_ms);
	KIT_OR_RETURN(mcpsess_kit_held(kit, exists(kit, &ask), MCPSESS_E_REVOKED, until_ms,
		"a tombstone is held for its duration"));
	go_past_tombstone(kit);
	KIT_OR_RETURN(all_say(kit, &ask, MCPSESS_E_NOTFOUND, UINT64_MAX, "a tombstone ends"));
}

static void the_tombstone_of_an_expired_one_ends(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t end_ms = kit->answer.now_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit);
	mcpsess_kit_go(kit, end_ms);
	KIT_OR_RETURN(mcpsess_kit_held(kit, get(kit, &ask), MCPSESS_E_EXPIRED,
		end_ms - mcpsess_kit_slack(kit) + kit->settings.tombstone_ms, expired));
	go_past_tombstone(kit);
	KIT_OR_RETURN(all_say(kit, &ask, MCPSESS_E_NOTFOUND, UINT64_MAX, "a tombstone ends"));
}

static void an_ended_key_is_free_again(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	go_past_tombstone(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create of a key whose tombstone has ended");
	SAME(kit, kit->answer.revision, 1, "a created record has revision 1");
}

static void deleting_a_tombstone_is_ok(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete repeated is OK");
	KIT_OR_RETURN(
		mcpsess_kit_held(kit, create(kit, &ask), MCPSESS_E_REVOKED, UINT64_MAX, revoked));
	KIT_OR_RETURN(all_say(kit, &ask, MCPSESS_E_REVOKED, UINT64_MAX, revoked));
}

static void a_stranger_learns_nothing(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), theirs = ask;
	theirs.owner = mcpsess_kit_owner(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	int status = get(kit, &theirs);
	THAT(kit,
		status == MCPSESS_E_NOTOWNER || status == MCPSESS_E_REVOKED ||
			status == MCPSESS_E_NOTFOUND,
		"another's tombstone is NOTOWNER, REVOKED or NOTFOUND: %s came",
		mcpsess_status_name(status));
	status = create(kit, &theirs);
	THAT(kit, status == MCPSESS_E_NOTOWNER || status == MCPSESS_E_EXISTS,
		"create on another's tombstone is NOTOWNER or EXISTS: %s came",
		mcpsess_status_name(status));
}

/* -- tombstone=none --------------------------------------------------------------------------- */

/* To everybody. */
static int is_forgotten(
	struct mcpsess_kit *kit, struct mcp_session_store_request *ask, const char *promise)
{
	struct mcp_session_store_request theirs = *ask;
	theirs.owner = mcpsess_kit_owner(kit);
	return all_say(kit, ask, MCPSESS_E_NOTFOUND, UINT64_MAX, promise) &&
	       all_say(kit, &theirs, MCPSESS_E_NOTFOUND, UINT64_MAX, promise) &&
	       mcpsess_kit_want(kit, erase(kit, &theirs), MCPSESS_OK,
		       "without tombstones a delete of another's that has ended is OK");
}

static int is_free(struct mcpsess_kit *kit, struct mcp_session_store_request *ask)
{
	return mcpsess_kit_want(kit, create(kit, ask), MCPSESS_OK,
		       "without tombstones the key of what has ended is free") &&
	       mcpsess_kit_same(kit, kit->answer.revision, 1, "a created record has revision 1") &&
	       mcpsess_kit_want(kit, get(kit, ask), MCPSESS_OK, "get of what was created");
}

static void what_was_deleted_is_forgotten(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	KIT_OR_RETURN(
		is_forgotten(kit, &ask, "without tombstones a deleted record is NOTFOUND at once"));
}

static void what_has_expired_is_forgotten(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	mcpsess_kit_go(kit, kit->answer.now_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit));
	KIT_OR_RETURN(is_forgotten(
		kit, &ask, "without tombstones an expired record is NOTFOUND at once"));
}

static void what_ended_with_its_owner_is_forgotten(struct mcpsess_kit *kit)
{
	static const char *const forgotten =
		"without tombstones a record of an ended owner is NOTFOUND at once";
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), taken = ask, turn;
	struct mcp_session_store_request other = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	taken.key = mcpsess_kit_fresh(kit).key;
	WANT(kit, create(kit, &taken), MCPSESS_OK, "create");
	WANT(kit, create(kit, &other), MCPSESS_OK, "create");
	WANT(kit, mcpsess_kit_do(kit, KIT_END_OWNER, &ask), MCPSESS_OK, "end_owner");
	if (kit->run->can & MCP_SESSION_STORE_CAN_ROTATE) {
		turn = ask;
		turn.new_key = mcpsess_kit_fresh(kit).key;
		WANT(kit, mcpsess_kit_do(kit, KIT_ROTATE, &turn), MCPSESS_E_NOTFOUND, forgotten);
		turn = other;
		turn.new_key = taken.key;
		WANT(kit, mcpsess_kit_do(kit, KIT_ROTATE, &turn), MCPSESS_OK,
			"without tombstones the key of what has ended is free");
		other.key = taken.key;
		WANT(kit, get(kit, &other), MCPSESS_OK, "get of what has moved there");
	}
	KIT_OR_RETURN(is_forgotten(kit, &ask, forgotten) && is_free(kit, &ask));
}

enum { GRACE_MS = 30000 };

/* By its own end, a delete, or with its owner. */
static void an_old_key_is_forgotten(struct mcpsess_kit *kit)
{
	static const char *const forgotten =
		"without tombstones an old key is NOTFOUND when it reads no more";
	for (unsigned i = 0; i < 3; i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), turn = ask;
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		turn.new_key = mcpsess_kit_fresh(kit).key;
		turn.grace_ms = i > 0 ? GRACE_MS : 0;
		WANT(kit, mcpsess_kit_do(kit, KIT_ROTATE, &turn), MCPSESS_OK, "rotate");
		if (i > 0) {
			WANT(kit, get(kit, &ask), MCPSESS_OK, "the old key reads during the grace");
			WANT(kit, touch(kit, &ask), MCPSESS_E_REVOKED,
				"a touch under an old key that reads");
			WANT(kit, update(kit, &ask, 1), MCPSESS_E_REVOKED,
				"an update under an old key that reads");
		}
		if (i == 1) {
			WANT(kit, erase(kit, &ask), MCPSESS_OK, "a delete of the old key");
		} else if (i == 2 && kit->run->can & MCP_SESSION_STORE_CAN_END_OWNER) {
			WANT(kit, mcpsess_kit_do(kit, KIT_END_OWNER, &ask), MCPSESS_OK,
				"end_owner");
		} else if (i == 2) {
			return;
		}
		KIT_OR_RETURN(all_say(kit, &ask, MCPSESS_E_NOTFOUND, UINT64_MAX, forgotten));
	}
}

const struct mcpsess_kit_case mcpsess_kit_tombstone_cases[] = {
	{ .name = "tombstone-tells-apart",
		.run = ends_are_told_apart,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "tombstone-lasts",
		.run = a_tombstone_lasts_and_ends,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "tombstone-of-expired-ends",
		.run = the_tombstone_of_an_expired_one_ends,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "tombstone-frees-key",
		.run = an_ended_key_is_free_again,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "tombstone-deleted",
		.run = deleting_a_tombstone_is_ok,
		.flags = KIT_IN_ALL,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "tombstone-of-another",
		.run = a_stranger_learns_nothing,
		.flags = KIT_IN_ALL,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "no-tombstone-of-deleted",
		.run = what_was_deleted_is_forgotten,
		.flags = KIT_IN_ALL | KIT_NO_TOMBSTONES,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "no-tombstone-of-expired",
		.run = what_has_expired_is_forgotten,
		.flags = KIT_IN_ALL | KIT_TIMED | KIT_NO_TOMBSTONES,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .name = "no-tombstone-of-ended-owner",
		.run = what_ended_with_its_owner_is_forgotten,
		.flags = KIT_IN_ALL | KIT_NO_TOMBSTONES,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE | MCP_SESSION_STORE_CAN_END_OWNER },
	{ .name = "no-tombstone-of-rotated",
		.run = an_old_key_is_forgotten,
		.flags = KIT_IN_ALL | KIT_NO_TOMBSTONES,
		.needs = MCP_SESSION_STORE_CAN_TOMBSTONE | MCP_SESSION_STORE_CAN_ROTATE },
	{ 0 },
};
