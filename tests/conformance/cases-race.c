/* Many threads at once, each promise by itself. */
#include "walk.h"

enum { ROUNDS = 250, KEYS = 100, BYTES = 20000, TRIES = 2000 };

/* -- lost updates ------------------------------------------------------------------------- */

/* Read, add one, write; again while another was faster. */
static int add_one(struct mcpsess_kit *kit, struct mcp_session_store_request *ask)
{
	uint64_t value;
	for (int tries = 0; tries < TRIES; tries++) {
		int status = get(kit, ask);
		if (status != MCPSESS_OK || kit->answer.payload.len != sizeof(value)) {
			return mcpsess_kit_fail(kit, "get of a counter: %s and %zu bytes came",
				mcpsess_status_name(status), kit->answer.payload.len);
		}
		memcpy(&value, kit->answer.payload.data, sizeof(value));
		value++;
		ask->payload = mcpsess_mem(&value, sizeof(value));
		status = update(kit, ask, kit->answer.revision);
		if (status != MCPSESS_E_CONFLICT) {
			return mcpsess_kit_want(kit, status, MCPSESS_OK, "an update of a counter");
		}
	}
	return mcpsess_kit_fail(kit,
		"an update with the standing revision succeeds: of %d, each after "
		"a get, none did",
		TRIES);
}

static void add_many(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct mcp_session_store_request ask = *(const struct mcp_session_store_request *)user_data;
	(void)index;
	for (int i = 0; i < ROUNDS && add_one(kit, &ask); i++) {
		continue;
	}
}

static void a_counter_loses_nothing(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	uint64_t value = 0, total = (uint64_t)ROUNDS * kit->run->options.threads;
	ask.payload = mcpsess_mem(&value, sizeof(value));
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	mcpsess_kit_threads(kit, add_many, &ask);
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get of a counter");
	memcpy(&value, kit->answer.payload.data, sizeof(value));
	SAME(kit, value, total, "no update is lost: a counter has all that was added");
	SAME(kit, kit->answer.revision, total + 1, "each update that succeeded is one revision");
}

/* -- one creator --------------------------------------------------------------------------- */

struct creation {
	struct mcp_session_store_request asks[KEYS];
	atomic_uint made[KEYS];
};

static void create_each(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct creation *creation = user_data;
	(void)index;
	for (int i = 0; i < KEYS; i++) {
		struct mcp_session_store_request ask = creation->asks[i];
		int status = create(kit, &ask);
		if (status == MCPSESS_OK) {
			atomic_fetch_add(&creation->made[i], 1);
		} else {
			WANT(kit, status, MCPSESS_E_EXISTS, "create of a key in use is EXISTS");
		}
		WANT(kit, get(kit, &ask), MCPSESS_OK, "what one creates the other reads at once");
	}
}

static void one_of_many_creates(struct mcpsess_kit *kit)
{
	struct creation *creation = mcpsess_kit_alloc(kit, sizeof(*creation));
	for (int i = 0; i < KEYS; i++) {
		creation->asks[i] = mcpsess_kit_fresh(kit);
	}
	mcpsess_kit_threads(kit, create_each, creation);
	for (int i = 0; i < KEYS && !kit->failed; i++) {
		mcpsess_kit_same(kit, creation->made[i], 1,
			"of many creates of one key exactly one succeeds");
	}
}

/* -- a delete among touches ------------------------------------------------------------------- */

struct ending {
	struct mcp_session_store_request ask;
	atomic_int deleted; /* the delete is over */
};

static void touch_until_gone(struct mcpsess_kit *kit, struct ending *ending)
{
	struct mcp_session_store_request ask = ending->ask;
	for (unsigned i = 0, after = 0; after < 20; i++) {
		int was_deleted = atomic_load(&ending->deleted);
		uint64_t seen = kit->answer.revision;
		int status = i % 4 == 0   ? touch(kit, &ask)
			     : i % 4 == 1 ? get_with(kit, &ask, MCP_SESSION_STORE_TOUCH)
			     : i % 4 == 2 ? update(kit, &ask, seen > 0 ? seen : 1)
					  : exists(kit, &ask);
		if (status == MCPSESS_E_CONFLICT && !was_deleted) {
			continue;
		}
		if (was_deleted) {
			GONE(kit, status, MCPSESS_E_REVOKED,
				"what was deleted never comes back, whatever races with the "
				"delete");
			after++;
		} else if (status != MCPSESS_OK) {
			GONE(kit, status, MCPSESS_E_REVOKED, "a verb that races with a delete");
		}
	}
}

static void end_or_touch(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct ending *ending = user_data;
	if (index > 0) {
		touch_until_gone(kit, ending);
		return;
	}
	for (uint64_t i = mcpsess_kit_random(kit) % 30; i > 0; i--) {
		exists(kit, &ending->ask);
	}
	/* First, or a failure here would leave the others waiting. */
	int status = erase(kit, &ending->ask);
	atomic_store(&ending->deleted, 1);
	WANT(kit, status, MCPSESS_OK, "a delete among touches");
}

static void a_delete_among_touches_is_final(struct mcpsess_kit *kit)
{
	for (int i = 0; i < 30 && !kit->failed; i++) {
		struct ending ending = { .ask = mcpsess_kit_fresh(kit) };
		WANT(kit, create(kit, &ending.ask), MCPSESS_OK, "create");
		mcpsess_kit_threads(kit, end_or_touch, &ending);
		GONE(kit, get(kit, &ending.ask), MCPSESS_E_REVOKED,
			"what was deleted never comes back, whatever races with the delete");
	}
}

/* -- payloads --------------------------------------------------------------------------------- */

struct exchange {
	struct mcp_session_store_request ask;
	atomic_int over;
};

static void write_payloads(struct mcpsess_kit *kit, struct exchange *exchange)
{
	struct mcp_session_store_request ask = exchange->ask;
	char *bytes = mcpsess_kit_alloc(kit, BYTES);
	for (uint64_t revision = 1; revision <= ROUNDS; revision++) {
		size_t len = 8 + mcpsess_kit_random(kit) % (BYTES - 8);
		mcpsess_kit_fill(bytes, len, revision + 1);
		ask.payload = mcpsess_mem(bytes, len);
		WANT(kit, update(kit, &ask, revision), MCPSESS_OK, "an update by the only writer");
	}
}

static void read_payloads(struct mcpsess_kit *kit, struct exchange *exchange)
{
	uint64_t last = 0, seed;
	while (!atomic_load(&exchange->over)) {
		WANT(kit, get(kit, &exchange->ask), MCPSESS_OK, "get while another writes");
		THAT(kit, mcpsess_kit_whole(kit->answer.payload, &seed),
			"a read has all bytes of one write: a mixture came");
		SAME(kit, seed, kit->answer.revision, "payload and revision are of one write");
		THAT(kit, seed >= last, "no read is stale: revision %llu came after %llu",
			(unsigned long long)seed, (unsigned long long)last);
		last = seed;
		if (last % 8 == 0) {
			mcpsess_kit_keep(kit);
		}
	}
	for (unsigned i = 0; i < kit->kept_count; i++) {
		THAT(kit,
			mcpsess_kit_whole(kit->kept[i].payload, &seed) &&
				seed == kit->kept[i].revision,
			"a payload does not change under its reader: after later writes it did");
	}
}

static void write_or_read(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct exchange *exchange = user_data;
	if (index == 0) {
		write_payloads(kit, exchange);
		atomic_store(&exchange->over, 1);
	} else {
		read_payloads(kit, exchange);
	}
}

static void a_reader_sees_one_write(struct mcpsess_kit *kit)
{
	struct exchange exchange = { .ask = mcpsess_kit_fresh(kit) };
	uint64_t first = 1;
	exchange.ask.payload = mcpsess_mem(&first, sizeof(first));
	WANT(kit, create(kit, &exchange.ask), MCPSESS_OK, "create");
	mcpsess_kit_threads(kit, write_or_read, &exchange);
	WANT(kit, erase(kit, &exchange.ask), MCPSESS_OK, "delete");
}

/* -- lists ------------------------------------------------------------------------------------ */

struct listing {
	struct mcp_session_store_request asks[KEYS];
	struct mcpsess_digest owner;
	atomic_int over;
};

static void come_and_go(struct mcpsess_kit *kit, struct listing *listing)
{
	while (!atomic_load(&listing->over)) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		ask.owner = listing->owner;
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create while another lists");
		WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete while another lists");
	}
}

static void list_or_change(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct listing *listing = user_data;
	if (index > 0) {
		come_and_go(kit, listing);
		return;
	}
	for (int i = 0; i < 10 && !kit->failed; i++) {
		struct mcpsess_kit_walk walk = { .asks = listing->asks, .count = KEYS };
		mcpsess_kit_walk_begin(
			kit, &walk, &listing->owner, i % 2 ? MCP_SESSION_STORE_ANY_OWNER : 0, 7);
		mcpsess_kit_walk_all(kit, &walk);
		for (unsigned k = 0; k < KEYS && !kit->failed; k++) {
			mcpsess_kit_same(kit, walk.met[k], 1,
				"a record that lives throughout a walk is listed exactly once");
		}
	}
	atomic_store(&listing->over, 1);
}

static void lists_bear_other_threads(struct mcpsess_kit *kit)
{
	struct listing *listing = mcpsess_kit_alloc(kit, sizeof(*listing));
	listing->owner = mcpsess_kit_owner(kit);
	for (int i = 0; i < KEYS; i++) {
		listing->asks[i] = mcpsess_kit_fresh(kit);
		listing->asks[i].owner = listing->owner;
		WANT(kit, create(kit, &listing->asks[i]), MCPSESS_OK, "create");
	}
	mcpsess_kit_threads(kit, list_or_change, listing);
}

enum { RACE = KIT_IN_THREADS | KIT_ALONE };

const struct mcpsess_kit_case mcpsess_kit_race_cases[] = {
	{ .name = "race-counter", .run = a_counter_loses_nothing, .flags = RACE },
	{ .name = "race-create", .run = one_of_many_creates, .flags = RACE },
	{ .name = "race-delete", .run = a_delete_among_touches_is_final, .flags = RACE },
	{ .name = "race-payload", .run = a_reader_sees_one_write, .flags = RACE },
	{ .name = "race-list",
		.run = lists_bear_other_threads,
		.flags = RACE,
		.needs = MCP_SESSION_STORE_CAN_LIST },
	{ 0 },
};
