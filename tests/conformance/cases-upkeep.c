/* Upkeep: counting what is there, and freeing what has ended. */
#include "kit.h"

enum { RECORDS = 200, BYTES = 1000 };

static int stats(struct mcpsess_kit *kit, struct mcp_session_store_counts *out)
{
	memset(out, 0, sizeof(*out));
	return kit->mode == KIT_THREADS ? mcp_session_store_pool_stats(kit->pool, out)
					: mcp_session_store_stats(kit->store, out);
}

static int sweep(struct mcpsess_kit *kit, size_t budget)
{
	return kit->mode == KIT_THREADS ? mcp_session_store_pool_sweep(kit->pool, budget)
					: mcp_session_store_sweep(kit->store, budget);
}

/* Of what others left in a shared store some may have ended meanwhile. */
static int back_at(struct mcpsess_kit *kit, uint64_t after, uint64_t before, const char *promise)
{
	if ((kit->run->can & MCP_SESSION_STORE_CAN_SHARE) && after < before) {
		return 1;
	}
	return mcpsess_kit_same(kit, after, before, promise);
}

static struct mcp_session_store_request *make_records(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request *asks = mcpsess_kit_alloc(kit, RECORDS * sizeof(asks[0]));
	char bytes[BYTES];
	for (unsigned i = 0; i < RECORDS && !kit->failed; i++) {
		asks[i] = mcpsess_kit_fresh(kit);
		mcpsess_kit_fill(bytes, sizeof(bytes), i);
		asks[i].payload = mcpsess_mem(bytes, sizeof(bytes));
		mcpsess_kit_want(kit, create(kit, &asks[i]), MCPSESS_OK, "create");
	}
	return asks;
}

static void delete_gives_all_back(struct mcpsess_kit *kit)
{
	struct mcp_session_store_counts before, full, after;
	WANT(kit, stats(kit, &before), MCPSESS_OK, "stats");
	struct mcp_session_store_request *asks = make_records(kit);
	WANT(kit, stats(kit, &full), MCPSESS_OK, "stats");
	SAME(kit, full.sessions, before.sessions + RECORDS, "stats count the live records");
	THAT(kit, full.bytes >= before.bytes + RECORDS * BYTES,
		"stats count the bytes of payloads: %llu came for %d records of %d bytes",
		(unsigned long long)(full.bytes - before.bytes), RECORDS, BYTES);
	for (unsigned i = 0; i < RECORDS; i++) {
		WANT(kit, erase(kit, &asks[i]), MCPSESS_OK, "delete");
	}
	WANT(kit, stats(kit, &after), MCPSESS_OK, "stats");
	SAME(kit, after.sessions, before.sessions, "a deleted record is no longer counted");
	THAT(kit, after.bytes < before.bytes + RECORDS * BYTES / 2,
		"delete frees the payload: %llu bytes are held by tombstones",
		(unsigned long long)(after.bytes - before.bytes));
	mcpsess_kit_go(kit, mcpsess_kit_now(kit) + 2 * kit->settings.tombstone_ms);
	WANT(kit, stats(kit, &after), MCPSESS_OK, "stats");
	KIT_OR_RETURN(back_at(kit, after.tombstones, before.tombstones, "tombstones end"));
	SAME(kit, after.sessions, before.sessions + (uint64_t)kit->has_watch,
		"deleted records stay away");
	if (!kit->has_watch) {
		KIT_OR_RETURN(back_at(kit, after.bytes, before.bytes,
			"when records and tombstones have ended the bytes are what they were"));
	}
}

static void expiry_gives_all_back(struct mcpsess_kit *kit)
{
	struct mcp_session_store_counts before, after;
	mcpsess_kit_now(kit);
	WANT(kit, stats(kit, &before), MCPSESS_OK, "stats");
	make_records(kit);
	mcpsess_kit_go(kit, mcpsess_kit_now(kit) + kit->settings.idle_ms + mcpsess_kit_slack(kit) +
				    kit->margin_ms);
	WANT(kit, stats(kit, &after), MCPSESS_OK, "stats");
	SAME(kit, after.sessions, before.sessions, "an expired record is no longer counted");
	SAME(kit, after.expired, before.expired + RECORDS, "stats count what ended by expiry");
	mcpsess_kit_go(kit, mcpsess_kit_now(kit) + 2 * kit->settings.tombstone_ms);
	WANT(kit, stats(kit, &after), MCPSESS_OK, "stats");
	KIT_OR_RETURN(back_at(kit, after.tombstones, before.tombstones, "tombstones end"));
	KIT_OR_RETURN(back_at(kit, after.bytes, before.bytes,
		"when records and tombstones have ended the bytes are what they were"));
}

static void a_sweep_is_bounded(struct mcpsess_kit *kit)
{
	int before;
	do {
		before = sweep(kit, 0);
		THAT(kit, before >= 0, "a sweep of what others left: it failed");
	} while (before > 0);
	struct mcp_session_store_request *asks = make_records(kit);
	struct mcp_session_store_request alive = mcpsess_kit_fresh(kit);
	uint64_t created_ms = mcpsess_kit_now(kit);
	alive.idle_ms = 1000 * kit->settings.idle_ms;
	WANT(kit, create(kit, &alive), MCPSESS_OK, "create");
	THAT(kit, sweep(kit, 10) >= 0, "a sweep with nothing to do: it failed");
	mcpsess_kit_go(kit, created_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit) + 1);
	unsigned total = 0;
	for (int turns = 0; turns < 20 * RECORDS; turns++) {
		int freed = sweep(kit, 10);
		THAT(kit, freed >= 0 && freed <= 10,
			"a sweep frees at most its budget of 10: %d came", freed);
		total += (unsigned)freed;
		if (freed == 0) {
			break;
		}
	}
	THAT(kit, total <= RECORDS, "a sweep frees what has expired: of %d it freed %u", RECORDS,
		total);
	for (unsigned i = 0; i < RECORDS; i++) {
		GONE(kit, exists(kit, &asks[i]), MCPSESS_E_EXPIRED, "exists after a sweep");
	}
	WANT(kit, exists(kit, &alive), MCPSESS_OK, "a sweep leaves live records alone");
}

static void what_is_missing_says_so(struct mcpsess_kit *kit)
{
	struct mcp_session_store_counts out;
	if (!(kit->run->can & MCP_SESSION_STORE_CAN_STATS)) {
		WANT(kit, stats(kit, &out), MCPSESS_E_UNSUPPORTED,
			"stats without CAN_STATS are UNSUPPORTED");
	}
	if (!(kit->run->can & MCP_SESSION_STORE_CAN_SWEEP)) {
		WANT(kit, sweep(kit, 0), MCPSESS_E_UNSUPPORTED,
			"sweep without CAN_SWEEP is UNSUPPORTED");
	}
	if (!(kit->run->can & MCP_SESSION_STORE_CAN_COUNT)) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		WANT(kit, get_with(kit, &ask, MCP_SESSION_STORE_COUNT), MCPSESS_E_UNSUPPORTED,
			"get with COUNT without CAN_COUNT is UNSUPPORTED");
	}
}

const struct mcpsess_kit_case mcpsess_kit_upkeep_cases[] = {
	{ .name = "stats-after-delete",
		.run = delete_gives_all_back,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_STATS },
	{ .name = "stats-after-expiry",
		.run = expiry_gives_all_back,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_STATS },
	{ .name = "sweep-is-bounded",
		.run = a_sweep_is_bounded,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = MCP_SESSION_STORE_CAN_SWEEP },
	{ .name = "missing-says-so", .run = what_is_missing_says_so, .flags = KIT_IN_ALL },
	{ 0 },
};
