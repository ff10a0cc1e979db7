/* No memory: every allocation of every verb fails once, and then nothing has happened. */
#include "kit.h"

enum { ALLOCATIONS_MAX = 200 };

static const char *const promise = "a verb that fails for want of memory is NOMEM, no other error";

/*
 * A verb whose nth allocation fails; whether it came to an nth. NOMEM is allowed then, and so is
 * success: what failed may have been a comfort.
 */
static int starve(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb,
	const struct mcp_session_store_request *ask, int nth, int *status)
{
	atomic_store(&kit->run->fail_in, nth);
	*status = mcpsess_kit_do(kit, verb, ask);
	int starved = atomic_exchange(&kit->run->fail_in, 0) == 0;
	if (!starved || *status != MCPSESS_E_NOMEM) {
		mcpsess_kit_want(kit, *status, MCPSESS_OK, promise);
	}
	return starved;
}

static struct mcp_session_store_request one_record(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("a record's");
	mcpsess_kit_want(kit, create(kit, &ask), MCPSESS_OK, "create");
	return ask;
}

static void create_without_memory(struct mcpsess_kit *kit)
{
	int status, starved = 1;
	for (int nth = 1; starved && nth < ALLOCATIONS_MAX && !kit->failed; nth++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		ask.payload = mcpsess_str("new");
		starved = starve(kit, KIT_STORE, &ask, nth, &status);
		WANT(kit, get(kit, &ask), status == MCPSESS_OK ? MCPSESS_OK : MCPSESS_E_NOTFOUND,
			"create without memory creates nothing");
		if (status != MCPSESS_OK) {
			WANT(kit, create(kit, &ask), MCPSESS_OK,
				"create when there is memory again");
		}
	}
}

static void update_without_memory(struct mcpsess_kit *kit)
{
	int status, starved = 1;
	for (int nth = 1; starved && nth < ALLOCATIONS_MAX && !kit->failed; nth++) {
		struct mcp_session_store_request ask = one_record(kit), next = ask;
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
		struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
		next.payload = mcpsess_str("a longer one than before");
		next.revision = 1;
		starved = starve(kit, KIT_STORE, &next, nth, &status);
		if (status != MCPSESS_OK) {
			UNCHANGED(kit, &ask, before, "an update without memory changes nothing");
		}
		WANT(kit, update(kit, &next, status == MCPSESS_OK ? 2 : 1), MCPSESS_OK,
			"an update when there is memory again");
	}
}

static void readers_without_memory(struct mcpsess_kit *kit)
{
	static const enum mcpsess_kit_verb verbs[] = { KIT_GET, KIT_TOUCH, KIT_EXISTS, KIT_LIST };
	struct mcp_session_store_request ask = one_record(kit);
	int lists = (kit->run->can & MCP_SESSION_STORE_CAN_LIST) != 0, status;
	for (int i = 0; i < (lists ? 4 : 3); i++) {
		int starved = 1;
		for (int nth = 1; starved && nth < ALLOCATIONS_MAX && !kit->failed; nth++) {
			starved = starve(kit, verbs[i], &ask, nth, &status);
		}
	}
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get when there is memory again");
	SAME(kit, kit->answer.revision, 1, "a read without memory changes nothing");
	THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
		"a read without memory changes nothing: another payload came");
}

static void delete_without_memory(struct mcpsess_kit *kit)
{
	int status, starved = 1;
	for (int nth = 1; starved && nth < ALLOCATIONS_MAX && !kit->failed; nth++) {
		struct mcp_session_store_request ask = one_record(kit);
		starved = starve(kit, KIT_DELETE, &ask, nth, &status);
		if (status != MCPSESS_OK) {
			WANT(kit, get(kit, &ask), MCPSESS_OK,
				"a delete without memory deletes nothing");
			WANT(kit, erase(kit, &ask), MCPSESS_OK,
				"delete when there is memory again");
		}
		GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, "get after delete");
	}
}

enum { HERE = KIT_IN_BLOCKING | KIT_IN_DISPATCH };

const struct mcpsess_kit_case mcpsess_kit_memory_cases[] = {
	{ .name = "no-memory-create", .run = create_without_memory, .flags = HERE },
	{ .name = "no-memory-update", .run = update_without_memory, .flags = HERE },
	{ .name = "no-memory-read", .run = readers_without_memory, .flags = HERE },
	{ .name = "no-memory-delete", .run = delete_without_memory, .flags = HERE },
	{ 0 },
};
