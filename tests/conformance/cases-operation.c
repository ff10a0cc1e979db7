/* Operation tokens: a write repeated after a time-out answers "that was you". */
#include "kit.h"

static struct mcp_session_store_request fresh_with_token(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	memcpy(ask.operation, ask.key.bytes, sizeof(ask.operation));
	return ask;
}

static void an_update_repeated_is_applied_once(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	ask.operation[0] ^= 1;
	ask.payload = mcpsess_str("once");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	for (int i = 0; i < 3; i++) {
		WANT(kit, update(kit, &ask, 1), MCPSESS_OK,
			"an update repeated with its operation token succeeds again");
		SAME(kit, kit->answer.revision, 2,
			"an update repeated with its operation token answers the same revision");
	}
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	SAME(kit, kit->answer.revision, 2,
		"an update repeated with its operation token is applied once");
}

static void a_create_repeated_is_applied_once(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit), other = ask;
	ask.payload = mcpsess_str("once");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, create(kit, &ask), MCPSESS_OK,
		"create repeated with its operation token succeeds again");
	SAME(kit, kit->answer.revision, 1,
		"create repeated with its operation token answers the same revision");
	other.operation[0] ^= 1;
	WANT(kit, create(kit, &other), MCPSESS_E_EXISTS,
		"create with another operation token is EXISTS");
	WANT(kit, update(kit, &other, 1), MCPSESS_OK, "update");
	WANT(kit, create(kit, &ask), MCPSESS_E_EXISTS,
		"create repeated after an update is EXISTS, for it was not the last write");
}

static void administration_is_known_by_its_token(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit), admin = ask;
	admin.owner = mcpsess_kit_owner(kit);
	ask.payload = mcpsess_str("once");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
	THAT(kit, create(kit, &admin) != MCPSESS_OK,
		"an operation token does not stand in for the owner: it did");
	admin.flags = MCP_SESSION_STORE_ANY_OWNER;
	WANT(kit, create(kit, &admin), MCPSESS_OK,
		"create repeated with ANY_OWNER succeeds again, whosever the record is");
	SAME(kit, kit->answer.revision, 1,
		"create repeated with its operation token answers the same revision");
	THAT(kit, memcmp(&kit->answer.owner, &ask.owner, sizeof(ask.owner)) == 0,
		"create repeated with ANY_OWNER answers the record's owner: another came");
	UNCHANGED(kit, &ask, before, "create repeated with ANY_OWNER is applied once");
	admin.operation[0] ^= 1;
	WANT(kit, create(kit, &admin), MCPSESS_E_EXISTS,
		"create with ANY_OWNER and another operation token is EXISTS");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	if (kit->run->can & MCP_SESSION_STORE_CAN_TOMBSTONE) {
		WANT(kit, create(kit, &admin), MCPSESS_E_REVOKED,
			"create with ANY_OWNER on a tombstone is REVOKED, whosever it is");
	}
}

static void a_repetition_takes_no_place(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit), admin = ask;
	struct mcp_session_store_request own = mcpsess_kit_fresh(kit), more = own;
	admin.owner = own.owner;
	admin.flags = MCP_SESSION_STORE_ANY_OWNER;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, create(kit, &admin), MCPSESS_OK,
		"create repeated with ANY_OWNER succeeds again, whosever the record is");
	WANT(kit, create(kit, &own), MCPSESS_OK,
		"create repeated takes no place of who repeats it");
	more.key = mcpsess_kit_fresh(kit).key;
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "create at the owner's cap is LIMIT");
}

static void an_older_token_is_no_longer_known(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit), first = ask;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	first.operation[0] ^= 1;
	first.payload = mcpsess_str("first");
	WANT(kit, update(kit, &first, 1), MCPSESS_OK, "the first update");
	ask.operation[0] ^= 2;
	ask.payload = mcpsess_str("second");
	WANT(kit, update(kit, &ask, 2), MCPSESS_OK, "the second update");
	WANT(kit, update(kit, &first, 1), MCPSESS_E_CONFLICT,
		"an update repeated after a later one is CONFLICT");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	SAME(kit, kit->answer.revision, 3, "an update repeated after a later one is not applied");
	THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
		"an update repeated after a later one is not applied: its payload came");
}

static void another_token_is_another_write(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	for (unsigned i = 0; i < sizeof(ask.operation); i++) {
		ask.operation[i] ^= 0x80;
		WANT(kit, update(kit, &ask, i + 1), MCPSESS_OK, "update");
		ask.operation[i] ^= 0x40;
		WANT(kit, update(kit, &ask, i + 1), MCPSESS_E_CONFLICT,
			"operation tokens are compared whole: nearly the same one passed");
	}
	memset(ask.operation, 0, sizeof(ask.operation));
	WANT(kit, update(kit, &ask, 17), MCPSESS_OK, "update without a token");
	WANT(kit, update(kit, &ask, 17), MCPSESS_E_CONFLICT,
		"no token is never the token of another write");
}

static void a_token_opens_nothing(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = fresh_with_token(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	ask.operation[0] ^= 1;
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	struct mcp_session_store_request theirs = ask;
	theirs.owner = mcpsess_kit_owner(kit);
	WANT(kit, update(kit, &theirs, 1), MCPSESS_E_NOTOWNER,
		"an operation token does not stand in for the owner");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	GONE(kit, update(kit, &ask, 1), MCPSESS_E_REVOKED,
		"an operation token does not bring back what was deleted");
}

static void update_with_it(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct mcp_session_store_request ask = *(const struct mcp_session_store_request *)user_data;
	(void)index;
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK,
		"an update repeated in parallel with its operation token succeeds");
	SAME(kit, kit->answer.revision, 2,
		"an update repeated in parallel with its operation token is applied once");
}

static void repeats_in_parallel_are_applied_once(struct mcpsess_kit *kit)
{
	for (int i = 0; i < 20 && !kit->failed; i++) {
		struct mcp_session_store_request ask = fresh_with_token(kit);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		ask.operation[0] ^= 1;
		mcpsess_kit_threads(kit, update_with_it, &ask);
	}
}

enum { OPERATION = MCP_SESSION_STORE_CAN_OPERATION };

const struct mcpsess_kit_case mcpsess_kit_operation_cases[] = {
	{ .name = "operation-repeated",
		.run = an_update_repeated_is_applied_once,
		.flags = KIT_IN_ALL,
		.needs = OPERATION },
	{ .name = "operation-create-repeated",
		.run = a_create_repeated_is_applied_once,
		.flags = KIT_IN_ALL,
		.needs = OPERATION },
	{ .name = "operation-any-owner",
		.run = administration_is_known_by_its_token,
		.flags = KIT_IN_ALL,
		.needs = OPERATION },
	{ .name = "operation-takes-no-place",
		.run = a_repetition_takes_no_place,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = OPERATION | MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions_per_owner = 1 },
	{ .name = "operation-superseded",
		.run = an_older_token_is_no_longer_known,
		.flags = KIT_IN_ALL,
		.needs = OPERATION },
	{ .name = "operation-compared-whole",
		.run = another_token_is_another_write,
		.flags = KIT_IN_ALL,
		.needs = OPERATION },
	{ .name = "operation-opens-nothing",
		.run = a_token_opens_nothing,
		.flags = KIT_IN_ALL,
		.needs = OPERATION },
	{ .name = "operation-in-parallel",
		.run = repeats_in_parallel_are_applied_once,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = OPERATION },
	{ 0 },
};
