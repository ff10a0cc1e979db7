/* Revisions: compare and swap. */
#include "kit.h"

static void each_write_adds_one(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	for (uint64_t revision = 1; revision <= 20; revision++) {
		WANT(kit, update(kit, &ask, revision), MCPSESS_OK,
			"an update with the standing revision succeeds");
		SAME(kit, kit->answer.revision, revision + 1,
			"a write raises the revision by exactly 1");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get after an update");
		SAME(kit, kit->answer.revision, revision + 1, "get answers the revision written");
	}
}

static void reading_and_touching_leave_it(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get_with(kit, &ask, MCP_SESSION_STORE_TOUCH), MCPSESS_OK, "get with a touch");
	SAME(kit, kit->answer.revision, 1, "get does not move the revision");
	WANT(kit, touch(kit, &ask), MCPSESS_OK, "touch of a live record");
	SAME(kit, kit->answer.revision, 1, "touch does not move the revision");
	WANT(kit, exists(kit, &ask), MCPSESS_OK, "exists of a live record");
	SAME(kit, kit->answer.revision, 1, "exists does not move the revision");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "an update after touches");
}

/* An update with a revision that does not stand. */
static void refuse(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask,
	const struct mcp_session_store_answer *before, uint64_t revision)
{
	struct mcp_session_store_request stale = *ask;
	stale.payload = mcpsess_str("must not be written");
	stale.state = MCP_SESSION_STORE_INITIALIZING;
	WANT(kit, update(kit, &stale, revision), MCPSESS_E_CONFLICT,
		"an update with a revision that does not stand is CONFLICT");
	SAME(kit, kit->answer.revision, before->revision,
		"CONFLICT answers the revision that stands");
	THAT(kit,
		kit->answer.payload.len == 0 ||
			mcpsess_bytes_equal(kit->answer.payload, before->payload),
		"CONFLICT answers the payload that stands or none: another came");
	UNCHANGED(kit, ask, before, "an update that meets a CONFLICT changes nothing");
}

static void other_revisions_conflict(struct mcpsess_kit *kit)
{
	static const uint64_t wrong[] = { 1, 2, 4, 5, 1000000, UINT64_MAX - 1 };
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("stands");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	WANT(kit, update(kit, &ask, 2), MCPSESS_OK, "update");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]) && !kit->failed; i++) {
		refuse(kit, &ask, before, wrong[i]);
	}
	WANT(kit, update(kit, &ask, 3), MCPSESS_OK,
		"an update with the standing revision succeeds");
}

static void the_loser_reads_and_wins(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request one = mcpsess_kit_fresh(kit), two = one;
	one.payload = mcpsess_str("one");
	two.payload = mcpsess_str("two");
	WANT(kit, create(kit, &one), MCPSESS_OK, "create");
	WANT(kit, update(kit, &one, 1), MCPSESS_OK, "the first writer wins");
	WANT(kit, update(kit, &two, 1), MCPSESS_E_CONFLICT, "the second writer is told");
	uint64_t stands = kit->answer.revision;
	WANT(kit, update(kit, &two, stands), MCPSESS_OK,
		"an update with the revision that CONFLICT answered succeeds");
	WANT(kit, get(kit, &two), MCPSESS_OK, "get");
	SAME(kit, kit->answer.revision, 3, "only writes that succeeded count");
	THAT(kit, mcpsess_bytes_equal(kit->answer.payload, two.payload),
		"an update that succeeded is read at once: another payload came");
}

static void an_update_after_delete_never_creates(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	for (uint64_t revision = 1; revision <= 3; revision++) {
		GONE(kit, update(kit, &ask, revision), MCPSESS_E_REVOKED,
			"an update of a deleted record never creates");
		GONE(kit, exists(kit, &ask), MCPSESS_E_REVOKED,
			"an update of a deleted record never creates");
	}
}

const struct mcpsess_kit_case mcpsess_kit_revision_cases[] = {
	{ .name = "revision-adds-one", .run = each_write_adds_one, .flags = KIT_IN_ALL },
	{ .name = "revision-of-reads", .run = reading_and_touching_leave_it, .flags = KIT_IN_ALL },
	{ .name = "revision-conflict", .run = other_revisions_conflict, .flags = KIT_IN_ALL },
	{ .name = "revision-retry", .run = the_loser_reads_and_wins, .flags = KIT_IN_ALL },
	{ .name = "revision-after-delete",
		.run = an_update_after_delete_never_creates,
		.flags = KIT_IN_ALL },
	{ 0 },
};
