/* Rotation: a record moves to another key, and the old one reads for a while. */
#include "kit.h"

enum { CAP = 3, GRACE_MS = 30000, RACES = 20 };

static const char *const moves = "rotate moves a live record";

/* A key that nobody had, with a token so that a repetition is known. */
static struct mcp_session_store_request rotation(
	struct mcpsess_kit *kit, const struct mcp_session_store_request *ask, uint64_t grace_ms)
{
	struct mcp_session_store_request to = mcpsess_kit_fresh(kit), rotation = *ask;
	rotation.new_key = to.key;
	rotation.revision = 0;
	rotation.grace_ms = grace_ms;
	memcpy(rotation.operation, to.key.bytes, sizeof(rotation.operation));
	return rotation;
}

static int rotate(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask)
{
	return mcpsess_kit_do(kit, KIT_ROTATE, ask);
}

static struct mcp_session_store_request at_new_key(const struct mcp_session_store_request *rotation)
{
	struct mcp_session_store_request ask = *rotation;
	ask.key = rotation->new_key;
	memset(&ask.operation, 0, sizeof(ask.operation));
	ask.revision = 0;
	return ask;
}

static void a_record_moves_whole(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	unsigned char payload[1000];
	mcpsess_kit_fill(payload, sizeof(payload), 7);
	ask.kind = MCP_SESSION_STORE_HANDLE;
	ask.payload = mcpsess_mem(payload, sizeof(payload));
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	int counts = (kit->run->can & MCP_SESSION_STORE_CAN_COUNT) != 0;
	WANT(kit, get_with(kit, &ask, counts ? MCP_SESSION_STORE_COUNT : 0), MCPSESS_OK, "get");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);

	struct mcp_session_store_request turn = rotation(kit, &ask, 0), there = at_new_key(&turn);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
	SAME(kit, kit->answer.revision, 3, "a rotated record is the next revision");
	before->revision = 3;
	UNCHANGED(kit, &there, before, "a record moves to its new key whole");
	WANT(kit, update(kit, &there, 3), MCPSESS_OK, "an update under the new key");
	WANT(kit, update(kit, &there, 3), MCPSESS_E_CONFLICT, "an update under the new key");
	WANT(kit, touch(kit, &there), MCPSESS_OK, "a touch under the new key");
	WANT(kit, erase(kit, &there), MCPSESS_OK, "delete");
	GONE(kit, get(kit, &there), MCPSESS_E_REVOKED, "get after a delete under the new key");
}

static void it_moves_at_a_revision_with_another_payload(struct mcpsess_kit *kit)
{
	for (unsigned i = 0; i < 2; i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		ask.payload = mcpsess_str("as it was");
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
		struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
		struct mcp_session_store_request turn = rotation(kit, &ask, i * GRACE_MS);
		struct mcp_session_store_request there = at_new_key(&turn);
		turn.payload = mcpsess_str("another payload, and a longer one");
		turn.revision = 1;
		WANT(kit, rotate(kit, &turn), MCPSESS_E_CONFLICT,
			"rotate at a revision that has passed is CONFLICT");
		SAME(kit, kit->answer.revision, 2,
			"a CONFLICT of rotate says the revision that stands");
		UNCHANGED(kit, &ask, before, "a CONFLICT of rotate changes nothing");
		WANT(kit, exists(kit, &there), MCPSESS_E_NOTFOUND,
			"a CONFLICT of rotate leaves nothing under the new key");
		turn.revision = 2;
		WANT(kit, rotate(kit, &turn), MCPSESS_OK, "rotate at the revision that stands");
		SAME(kit, kit->answer.revision, 3, "a rotated record is the next revision");
		WANT(kit, get(kit, &there), MCPSESS_OK, "get under the new key");
		THAT(kit, mcpsess_bytes_equal(kit->answer.payload, turn.payload),
			"rotate at a revision brings the payload along: another came");
		WANT(kit, rotate(kit, &turn), MCPSESS_OK,
			"a rotation repeated with its operation token succeeds again");
		if (i > 0) {
			WANT(kit, get(kit, &ask), MCPSESS_OK, "the old key reads");
			THAT(kit, mcpsess_bytes_equal(kit->answer.payload, before->payload),
				"the old key reads the record as it was: another payload came");
		}
	}
}

static void without_a_grace_the_old_key_is_gone(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	struct mcp_session_store_request turn = rotation(kit, &ask, 0);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, "get of a key rotated without a grace");
	GONE(kit, exists(kit, &ask), MCPSESS_E_REVOKED, "exists of a key rotated without a grace");
	GONE(kit, touch(kit, &ask), MCPSESS_E_REVOKED, "touch of a key rotated without a grace");
	GONE(kit, update(kit, &ask, 1), MCPSESS_E_REVOKED,
		"an update of a key rotated without a grace");
	struct mcp_session_store_request again = rotation(kit, &ask, 0);
	GONE(kit, rotate(kit, &again), MCPSESS_E_REVOKED, "rotate of what was rotated");
}

static void the_old_key_reads_as_it_was(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	uint32_t flags = MCP_SESSION_STORE_TOUCH;
	flags |= kit->run->can & MCP_SESSION_STORE_CAN_COUNT ? MCP_SESSION_STORE_COUNT : 0;
	ask.payload = mcpsess_str("as it was");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	struct mcp_session_store_request turn = rotation(kit, &ask, GRACE_MS);
	struct mcp_session_store_request there = at_new_key(&turn);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
	there.payload = mcpsess_str("as it is");
	WANT(kit, update(kit, &there, 2), MCPSESS_OK, "an update under the new key");
	for (int i = 0; i < 2; i++) {
		WANT(kit, get_with(kit, &ask, i == 0 ? 0 : flags), MCPSESS_OK,
			"the old key reads during the grace");
		SAME(kit, kit->answer.revision, 1, "the old key reads the record as it was");
		SAME(kit, kit->answer.requests, 0, "the old key counts no requests");
		THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
			"the old key reads the record as it was: another payload came");
	}
	WANT(kit, exists(kit, &ask), MCPSESS_OK, "the old key reads during the grace");
	GONE(kit, touch(kit, &ask), MCPSESS_E_REVOKED, "a touch under the old key");
	GONE(kit, update(kit, &ask, 1), MCPSESS_E_REVOKED, "an update under the old key");
	struct mcp_session_store_request again = rotation(kit, &ask, 0);
	GONE(kit, rotate(kit, &again), MCPSESS_E_REVOKED, "a rotation of the old key");
	struct mcp_session_store_request theirs = ask;
	theirs.owner = mcpsess_kit_owner(kit);
	WANT(kit, get(kit, &theirs), MCPSESS_E_NOTOWNER,
		"get of another's record under its old key is NOTOWNER");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "a delete of the old key");
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, "get of an old key that was deleted");
	WANT(kit, get(kit, &there), MCPSESS_OK, "a delete of the old key leaves the record alone");
}

static void the_grace_ends(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	mcpsess_kit_now(kit);
	ask.idle_ms = 1000 * kit->settings.idle_ms;
	ask.absolute_ms = 1000 * kit->settings.absolute_ms;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t grace_ms = kit->settings.idle_ms * 3 / 8;
	struct mcp_session_store_request turn = rotation(kit, &ask, grace_ms);
	uint64_t before_ms = mcpsess_kit_now(kit);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
	uint64_t until_ms = before_ms + grace_ms, end_ms = kit->answer.now_ms + grace_ms;
	mcpsess_kit_go(kit, until_ms - kit->margin_ms);
	SERVED(kit, get(kit, &ask), until_ms, "the old key reads during the grace");
	mcpsess_kit_go(kit, end_ms);
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, "get of the old key after the grace");
	GONE(kit, exists(kit, &ask), MCPSESS_E_REVOKED, "exists of the old key after the grace");
	struct mcp_session_store_request there = at_new_key(&turn);
	WANT(kit, get(kit, &there), MCPSESS_OK, "the end of the grace leaves the record alone");
}

static void a_key_in_use_is_left_alone(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	struct mcp_session_store_request other = mcpsess_kit_fresh(kit);
	other.payload = mcpsess_str("another's");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, create(kit, &other), MCPSESS_OK, "create");
	WANT(kit, get(kit, &other), MCPSESS_OK, "get");
	struct mcp_session_store_answer *others = mcpsess_kit_keep(kit);
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);

	struct mcp_session_store_request turn = rotation(kit, &ask, GRACE_MS);
	turn.new_key = other.key;
	WANT(kit, rotate(kit, &turn), MCPSESS_E_EXISTS, "rotate to a key in use is EXISTS");
	UNCHANGED(kit, &other, others, "rotate to a key in use leaves that alone");
	UNCHANGED(kit, &ask, before, "rotate to a key in use does nothing");
	if (kit->run->can & MCP_SESSION_STORE_CAN_TOMBSTONE) {
		WANT(kit, erase(kit, &other), MCPSESS_OK, "delete");
		WANT(kit, rotate(kit, &turn), MCPSESS_E_EXISTS,
			"rotate to a key whose tombstone is held is EXISTS");
		UNCHANGED(kit, &ask, before, "rotate to a tombstone does nothing");
	}
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
}

static void only_a_live_record_of_ones_own_moves(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	struct mcp_session_store_request turn = rotation(kit, &ask, 0), there = at_new_key(&turn);
	WANT(kit, rotate(kit, &turn), MCPSESS_E_NOTFOUND, "rotate of what never was is NOTFOUND");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
	turn.owner = mcpsess_kit_owner(kit);
	WANT(kit, rotate(kit, &turn), MCPSESS_E_NOTOWNER, "rotate of another's is NOTOWNER");
	UNCHANGED(kit, &ask, before, "rotate of another's does nothing");
	turn.owner = ask.owner;
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	GONE(kit, rotate(kit, &turn), MCPSESS_E_REVOKED, "rotate of a deleted record");
	WANT(kit, exists(kit, &there), MCPSESS_E_NOTFOUND,
		"a rotation that fails leaves nothing under the new key");
	turn.new_key = turn.key;
	WANT(kit, rotate(kit, &turn), MCPSESS_E_INVALID, "rotate to the same key is INVALID");
}

static void a_rotation_repeated_is_done_once(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	for (unsigned i = 0; i < 2; i++) {
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		struct mcp_session_store_request turn = rotation(kit, &ask, i * GRACE_MS);
		struct mcp_session_store_request there = at_new_key(&turn);
		for (int again = 0; again < 3; again++) {
			WANT(kit, rotate(kit, &turn), MCPSESS_OK,
				"a rotation repeated with its operation token succeeds again");
			SAME(kit, kit->answer.revision, 2,
				"a rotation repeated with its operation token is done once");
		}
		turn.operation[0] ^= 1;
		int status = rotate(kit, &turn);
		THAT(kit, status != MCPSESS_OK,
			"a rotation repeated with another token does not succeed: it did");
		WANT(kit, get(kit, &there), MCPSESS_OK, "get");
		SAME(kit, kit->answer.revision, 2, "a rotation is done once");
		ask = mcpsess_kit_fresh(kit);
	}
}

static void a_later_write_ends_that(struct mcpsess_kit *kit)
{
	for (unsigned i = 0; i < 4; i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		struct mcp_session_store_request turn = rotation(kit, &ask, i % 2 * GRACE_MS);
		struct mcp_session_store_request there = at_new_key(&turn), theirs = turn;
		WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
		WANT(kit, touch(kit, &there), MCPSESS_OK, "a touch under the new key");
		WANT(kit, rotate(kit, &turn), MCPSESS_OK,
			"a rotation repeated after a touch succeeds again");
		theirs.owner = mcpsess_kit_owner(kit);
		THAT(kit, rotate(kit, &theirs) != MCPSESS_OK,
			"an operation token does not stand in for the owner: it did");
		if (i < 2) {
			WANT(kit, update(kit, &there, 2), MCPSESS_OK, "update");
			GONE(kit, rotate(kit, &turn), MCPSESS_E_REVOKED,
				"a rotation repeated after another write");
			WANT(kit, get(kit, &there), MCPSESS_OK, "get");
			SAME(kit, kit->answer.revision, 3,
				"a rotation repeated after another write changes nothing");
		} else {
			WANT(kit, erase(kit, &there), MCPSESS_OK, "delete");
			GONE(kit, rotate(kit, &turn), MCPSESS_E_REVOKED,
				"a rotation repeated after a delete");
		}
	}
}

enum { BY_CREATE, BY_UPDATE, BY_ANOTHER_ROTATION, WAYS };

/* A record where the rotation would go, whose last write had the same token. */
static void put_there(
	struct mcpsess_kit *kit, const struct mcp_session_store_request *turn, unsigned way)
{
	struct mcp_session_store_request there = at_new_key(turn), other = *turn;
	if (way == BY_ANOTHER_ROTATION) {
		other.key = there.key = mcpsess_kit_fresh(kit).key;
	}
	if (way == BY_CREATE) {
		memcpy(there.operation, turn->operation, sizeof(there.operation));
	}
	there.payload = mcpsess_str("what is there");
	WANT(kit, create(kit, &there), MCPSESS_OK, "create");
	memcpy(there.operation, turn->operation, sizeof(there.operation));
	if (way == BY_UPDATE) {
		WANT(kit, update(kit, &there, 1), MCPSESS_OK, "update");
	} else if (way == BY_ANOTHER_ROTATION) {
		WANT(kit, rotate(kit, &other), MCPSESS_OK, moves);
	}
}

static void another_s_token_is_no_repetition(struct mcpsess_kit *kit)
{
	for (unsigned way = BY_CREATE; way < WAYS && !kit->failed; way++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		struct mcp_session_store_request turn = rotation(kit, &ask, GRACE_MS);
		struct mcp_session_store_request there = at_new_key(&turn);
		put_there(kit, &turn, way);
		WANT(kit, get(kit, &there), MCPSESS_OK, "get");
		struct mcp_session_store_answer *others = mcpsess_kit_keep(kit);
		WANT(kit, rotate(kit, &turn), MCPSESS_E_NOTFOUND,
			"rotate of what never was is NOTFOUND, whatever wrote to the new key");
		ask.payload = mcpsess_str("what would move");
		WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
		struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
		WANT(kit, rotate(kit, &turn), MCPSESS_E_EXISTS,
			"rotate to a key in use is EXISTS, whatever wrote to it");
		UNCHANGED(kit, &there, others, "rotate to a key in use leaves that alone");
		UNCHANGED(kit, &ask, before, "rotate to a key in use does nothing");
		WANT(kit, touch(kit, &ask), MCPSESS_OK, "touch");
		WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
		GONE(kit, rotate(kit, &turn), MCPSESS_E_REVOKED, "rotate of a deleted record");
	}
}

static void it_is_known_longer_than_the_old_key(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	mcpsess_kit_now(kit);
	ask.idle_ms = 3 * kit->settings.tombstone_ms;
	ask.absolute_ms = 2 * ask.idle_ms;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	uint64_t until_ms = kit->answer.now_ms + ask.idle_ms;
	struct mcp_session_store_request turn = rotation(kit, &ask, 0), theirs = turn;
	theirs.owner = mcpsess_kit_owner(kit);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
	mcpsess_kit_go(kit, mcpsess_kit_now(kit) + 2 * kit->settings.tombstone_ms);
	WANT(kit, rotate(kit, &theirs), MCPSESS_E_NOTFOUND,
		"rotate of a key that is forgotten is NOTFOUND to a stranger");
	SERVED(kit, rotate(kit, &turn), until_ms,
		"a rotation can be repeated when its old key is forgotten");
	mcpsess_kit_go(kit, until_ms + mcpsess_kit_slack(kit) + kit->margin_ms);
	WANT(kit, rotate(kit, &turn), MCPSESS_E_NOTFOUND,
		"a rotation repeated when its record has expired is NOTFOUND");
}

static void a_moved_record_keeps_its_place(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request asks[CAP], more = mcpsess_kit_fresh(kit);
	for (int i = 0; i < CAP; i++) {
		asks[i] = mcpsess_kit_fresh(kit);
		asks[i].owner = more.owner;
		WANT(kit, create(kit, &asks[i]), MCPSESS_OK, "create below the cap");
	}
	struct mcp_session_store_request turn = rotation(kit, &asks[0], GRACE_MS);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, "rotate at the cap");
	WANT(kit, create(kit, &more), MCPSESS_E_LIMIT, "a rotated record keeps its place");
	struct mcp_session_store_request there = at_new_key(&turn);
	WANT(kit, erase(kit, &there), MCPSESS_OK, "delete");
	WANT(kit, create(kit, &more), MCPSESS_OK, "the place of a rotated record is freed with it");
	struct mcp_session_store_request last = mcpsess_kit_fresh(kit);
	last.owner = more.owner;
	WANT(kit, create(kit, &last), MCPSESS_E_LIMIT, "a rotated record has one place");
}

static void a_moved_record_is_listed_once(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	struct mcp_session_store_request turn = rotation(kit, &ask, GRACE_MS);
	WANT(kit, rotate(kit, &turn), MCPSESS_OK, moves);
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &ask), MCPSESS_OK, "list");
	SAME(kit, kit->answer.entry_count, 1, "a rotated record is listed once");
	THAT(kit, memcmp(&kit->answer.entries[0].key, &turn.new_key, sizeof(turn.new_key)) == 0,
		"a rotated record is listed under its new key: it came under another");
}

struct race {
	struct mcp_session_store_request ask;
	struct mcp_session_store_request turns[KIT_THREADS_MAX];
	atomic_uint moved;
};

static void rotate_it(struct mcpsess_kit *kit, unsigned index, void *user_data)
{
	struct race *race = user_data;
	int status = rotate(kit, &race->turns[index]);
	if (status == MCPSESS_OK) {
		atomic_fetch_add(&race->moved, 1);
	} else {
		GONE(kit, status, MCPSESS_E_REVOKED, "rotate of what another has rotated");
	}
}

static void one_of_many_moves_it(struct mcpsess_kit *kit)
{
	struct race *race = mcpsess_kit_alloc(kit, sizeof(*race));
	unsigned count = kit->run->options.threads;
	for (int i = 0; i < RACES && !kit->failed; i++) {
		unsigned live = 0;
		race->ask = mcpsess_kit_fresh(kit);
		atomic_store(&race->moved, 0);
		WANT(kit, create(kit, &race->ask), MCPSESS_OK, "create");
		for (unsigned t = 0; t < count; t++) {
			race->turns[t] = rotation(kit, &race->ask, i % 2 * GRACE_MS);
		}
		mcpsess_kit_threads(kit, rotate_it, race);
		SAME(kit, atomic_load(&race->moved), 1,
			"of rotations in parallel exactly one succeeds");
		for (unsigned t = 0; t < count; t++) {
			struct mcp_session_store_request there = at_new_key(&race->turns[t]);
			live += exists(kit, &there) == MCPSESS_OK;
		}
		SAME(kit, live, 1, "rotations in parallel leave the record under one new key");
	}
}

enum { ROTATE = MCP_SESSION_STORE_CAN_ROTATE };

const struct mcpsess_kit_case mcpsess_kit_rotate_cases[] = {
	{ .name = "rotate-moves-whole",
		.run = a_record_moves_whole,
		.flags = KIT_IN_ALL,
		.needs = ROTATE },
	{ .name = "rotate-at-revision",
		.run = it_moves_at_a_revision_with_another_payload,
		.flags = KIT_IN_ALL,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_OPERATION },
	{ .name = "rotate-without-grace",
		.run = without_a_grace_the_old_key_is_gone,
		.flags = KIT_IN_ALL,
		.needs = ROTATE },
	{ .name = "rotate-old-reads",
		.run = the_old_key_reads_as_it_was,
		.flags = KIT_IN_ALL,
		.needs = ROTATE },
	{ .name = "rotate-grace-ends",
		.run = the_grace_ends,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = ROTATE },
	{ .name = "rotate-to-key-in-use",
		.run = a_key_in_use_is_left_alone,
		.flags = KIT_IN_ALL,
		.needs = ROTATE },
	{ .name = "rotate-own-and-live",
		.run = only_a_live_record_of_ones_own_moves,
		.flags = KIT_IN_ALL,
		.needs = ROTATE },
	{ .name = "rotate-repeated",
		.run = a_rotation_repeated_is_done_once,
		.flags = KIT_IN_ALL,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_OPERATION },
	{ .name = "rotate-superseded",
		.run = a_later_write_ends_that,
		.flags = KIT_IN_ALL,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_OPERATION },
	{ .name = "rotate-token-of-another",
		.run = another_s_token_is_no_repetition,
		.flags = KIT_IN_ALL,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_OPERATION },
	{ .name = "rotate-remembered",
		.run = it_is_known_longer_than_the_old_key,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_OPERATION },
	{ .name = "rotate-keeps-place",
		.run = a_moved_record_keeps_its_place,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_LIMIT,
		.max_sessions = CAP,
		.max_sessions_per_owner = CAP },
	{ .name = "rotate-listed-once",
		.run = a_moved_record_is_listed_once,
		.flags = KIT_IN_ALL,
		.needs = ROTATE | MCP_SESSION_STORE_CAN_LIST },
	{ .name = "rotate-in-parallel",
		.run = one_of_many_moves_it,
		.flags = KIT_IN_THREADS | KIT_ALONE,
		.needs = ROTATE },
	{ 0 },
};
