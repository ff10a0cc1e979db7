/* The life of a record: created, read, replaced, ended. */
#include "kit.h"

static void every_field_comes_back(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	const struct mcp_session_store_answer *a = &kit->answer;
	ask.kind = MCP_SESSION_STORE_HANDLE;
	ask.state = MCP_SESSION_STORE_INITIALIZING;
	ask.payload = mcpsess_str("what a record holds");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "a record is created");
	SAME(kit, a->revision, 1, "a created record has revision 1");
	SAME(kit, a->created_ms, a->now_ms, "a record is created at the store's now");
	uint64_t created_ms = a->created_ms, deadline_ms = a->deadline_ms;
	NEAR(kit, a->expires_ms, created_ms + kit->settings.idle_ms, mcpsess_kit_slack(kit),
		"create answers an idle expiry of now plus idle");
	SAME(kit, deadline_ms, created_ms + kit->settings.absolute_ms,
		"create answers a deadline of now plus absolute");

	WANT(kit, get(kit, &ask), MCPSESS_OK, "get returns what was created");
	SAME(kit, a->revision, 1, "get answers the revision");
	SAME(kit, a->kind, ask.kind, "get answers the kind");
	SAME(kit, a->state, ask.state, "get answers the state");
	SAME(kit, a->created_ms, created_ms, "get answers when the record was created");
	SAME(kit, a->deadline_ms, deadline_ms, "get answers the deadline");
	SAME(kit, a->requests, 0, "nothing is counted unless asked");
	THAT(kit, memcmp(&a->owner, &ask.owner, sizeof(ask.owner)) == 0,
		"get answers the owner: another came");
	THAT(kit, mcpsess_bytes_equal(a->payload, ask.payload),
		"get returns the payload: %zu other bytes came", a->payload.len);
}

static void kinds_and_states_are_kept(struct mcpsess_kit *kit)
{
	for (uint32_t kind = MCP_SESSION_STORE_SESSION; kind <= MCP_SESSION_STORE_TASK; kind++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		ask.kind = kind;
		ask.state = MCP_SESSION_STORE_INITIALIZING;
		WANT(kit, create(kit, &ask), MCPSESS_OK, "a record of any kind is created");
		ask.kind = 0;
		ask.state = MCP_SESSION_STORE_ACTIVE;
		WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "an update sets the state");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get after an update");
		SAME(kit, kit->answer.kind, kind, "an update does not change the kind");
		SAME(kit, kit->answer.state, MCP_SESSION_STORE_ACTIVE, "an update sets the state");
	}
}

static void payloads_of_all_sizes_come_back(struct mcpsess_kit *kit)
{
	static const size_t sizes[] = { 0, 1, 255, 4096, 65536, 1048576 };
	char *bytes = mcpsess_kit_alloc(kit, 1048576);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
		mcpsess_kit_fill(bytes, sizes[i], 7 + i);
		ask.payload = mcpsess_mem(bytes, sizes[i]);
		int status = create(kit, &ask);
		if (status == MCPSESS_E_TOOBIG && sizes[i] > 65536) {
			continue;
		}
		WANT(kit, status, MCPSESS_OK, "a payload of up to 64 KiB is stored");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get of any payload");
		THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
			"a payload comes back byte by byte: %zu bytes went in, %zu came, or others",
			sizes[i], kit->answer.payload.len);
		mcpsess_kit_fill(bytes, sizes[i], 77 + i);
		WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "a payload is replaced");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get of a replaced payload");
		THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
			"an update replaces the payload: another came");
	}
}

static void payloads_of_all_bytes_come_back(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	unsigned char bytes[512];
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (unsigned char)(i < 256 ? i : 511 - i);
	}
	ask.payload = mcpsess_mem(bytes, sizeof(bytes));
	WANT(kit, create(kit, &ask), MCPSESS_OK, "a binary payload is stored");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get of a binary payload");
	THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
		"a payload is bytes, NUL and all: others came");
}

static void payloads_grow_and_shrink(struct mcpsess_kit *kit)
{
	static const size_t sizes[] = { 10, 5000, 0, 300, 1 };
	char bytes[5000];
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		mcpsess_kit_fill(bytes, sizes[i], i);
		ask.payload = mcpsess_mem(bytes, sizes[i]);
		WANT(kit, update(kit, &ask, i + 1), MCPSESS_OK, "an update of another size");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "get after an update of another size");
		THAT(kit, mcpsess_bytes_equal(kit->answer.payload, ask.payload),
			"a payload shrinks and grows: %zu bytes went in, %zu came, or others",
			sizes[i], kit->answer.payload.len);
	}
}

static void create_of_a_live_key_changes_nothing(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("first");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get after create");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
	struct mcp_session_store_request again = ask;
	again.payload = mcpsess_str("second");
	again.kind = MCP_SESSION_STORE_TASK;
	WANT(kit, create(kit, &again), MCPSESS_E_EXISTS, "create of a key in use is EXISTS");
	UNCHANGED(kit, &ask, before, "create of a key in use changes nothing");
}

static void a_deleted_record_is_gone(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("to be deleted");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete ends a record");
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, "get after delete");
	GONE(kit, exists(kit, &ask), MCPSESS_E_REVOKED, "exists after delete");
	GONE(kit, touch(kit, &ask), MCPSESS_E_REVOKED, "touch after delete");
	GONE(kit, update(kit, &ask, 1), MCPSESS_E_REVOKED, "update after delete");
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED,
		"touch and update never bring back what was deleted");
	GONE(kit, get_with(kit, &ask, MCP_SESSION_STORE_TOUCH), MCPSESS_E_REVOKED,
		"get with a touch after delete");
	GONE(kit, exists(kit, &ask), MCPSESS_E_REVOKED,
		"no verb but create brings back what was deleted");
}

static void delete_is_idempotent(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete of what never was is OK");
	WANT(kit, get(kit, &ask), MCPSESS_E_NOTFOUND, "delete of what never was leaves nothing");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create after a delete of what never was");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete ends a record");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete repeated is OK");
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete repeated is OK");
}

static void what_never_was_is_not_found(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, get(kit, &ask), MCPSESS_E_NOTFOUND, "get of what never was");
	WANT(kit, get_with(kit, &ask, MCP_SESSION_STORE_TOUCH), MCPSESS_E_NOTFOUND,
		"get with a touch of what never was");
	WANT(kit, exists(kit, &ask), MCPSESS_E_NOTFOUND, "exists of what never was");
	WANT(kit, touch(kit, &ask), MCPSESS_E_NOTFOUND, "touch of what never was");
	WANT(kit, exists(kit, &ask), MCPSESS_E_NOTFOUND, "touch creates nothing");
}

static void an_update_never_creates(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("never");
	for (uint64_t revision = 1; revision < 4; revision++) {
		WANT(kit, update(kit, &ask, revision), MCPSESS_E_NOTFOUND,
			"an update never creates");
		WANT(kit, get(kit, &ask), MCPSESS_E_NOTFOUND, "an update never creates");
	}
}

static void durations_of_its_own(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.idle_ms = 123456;
	ask.absolute_ms = 234567;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create with durations of its own");
	NEAR(kit, kit->answer.expires_ms, kit->answer.now_ms + 123456, mcpsess_kit_slack(kit),
		"a record has the idle duration that create asked for");
	SAME(kit, kit->answer.deadline_ms, kit->answer.now_ms + 234567,
		"a record has the absolute duration that create asked for");

	ask = mcpsess_kit_fresh(kit);
	ask.idle_ms = MCP_SESSION_STORE_NONE;
	ask.absolute_ms = MCP_SESSION_STORE_NONE;
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create without expiries");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get of a record without expiries");
	SAME(kit, kit->answer.expires_ms, 0, "a record without idle expiry answers 0");
	SAME(kit, kit->answer.deadline_ms, 0, "a record without deadline answers 0");
}

static void answers_hold_while_records_change(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	char bytes[4000];
	for (uint64_t revision = 0; revision < 8; revision++) {
		mcpsess_kit_fill(bytes, sizeof(bytes), revision);
		ask.payload = mcpsess_mem(bytes, sizeof(bytes));
		WANT(kit, update(kit, &ask, revision), MCPSESS_OK, "a record is written");
		WANT(kit, get(kit, &ask), MCPSESS_OK, "a record is read");
		mcpsess_kit_keep(kit);
	}
	WANT(kit, erase(kit, &ask), MCPSESS_OK, "delete");
	memset(bytes, 0, sizeof(bytes));
	for (unsigned i = 0; i < 8; i++) {
		uint64_t seed = 0;
		THAT(kit, mcpsess_kit_whole(kit->kept[i].payload, &seed) && seed == i,
			"a payload does not change under its reader: after later writes it did");
	}
}

static void an_answer_is_optional(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("unseen");
	WANT(kit, mcpsess_kit_ask(kit, KIT_STORE, &ask, NULL, NULL), MCPSESS_OK,
		"answer may be NULL");
	WANT(kit, mcpsess_kit_ask(kit, KIT_GET, &ask, NULL, NULL), MCPSESS_OK,
		"answer may be NULL");
	WANT(kit, mcpsess_kit_ask(kit, KIT_TOUCH, &ask, NULL, NULL), MCPSESS_OK,
		"answer may be NULL");
	WANT(kit, mcpsess_kit_ask(kit, KIT_EXISTS, &ask, NULL, NULL), MCPSESS_OK,
		"answer may be NULL");
	WANT(kit, mcpsess_kit_ask(kit, KIT_DELETE, &ask, NULL, NULL), MCPSESS_OK,
		"answer may be NULL");
	GONE(kit, mcpsess_kit_ask(kit, KIT_GET, &ask, NULL, NULL), MCPSESS_E_REVOKED,
		"err may be NULL");
}

static void many_records_do_not_mix(struct mcpsess_kit *kit)
{
	enum { RECORDS = 100 };
	struct mcp_session_store_request *asks = mcpsess_kit_alloc(kit, RECORDS * sizeof(asks[0]));
	char bytes[64];
	for (uint64_t i = 0; i < RECORDS; i++) {
		asks[i] = mcpsess_kit_fresh(kit);
		mcpsess_kit_fill(bytes, sizeof(bytes), i);
		asks[i].payload = mcpsess_mem(bytes, 8 + i % 56);
		WANT(kit, create(kit, &asks[i]), MCPSESS_OK, "create of many");
	}
	for (uint64_t i = 0; i < RECORDS; i += 2) {
		WANT(kit, erase(kit, &asks[i]), MCPSESS_OK, "delete of every other");
	}
	for (uint64_t i = 0; i < RECORDS; i++) {
		uint64_t seed = RECORDS;
		int status = get(kit, &asks[i]);
		if (i % 2 == 0) {
			GONE(kit, status, MCPSESS_E_REVOKED, "get of a deleted one");
			continue;
		}
		WANT(kit, status, MCPSESS_OK, "delete leaves other records alone");
		THAT(kit, mcpsess_kit_whole(kit->answer.payload, &seed) && seed == i,
			"each key has its own payload: another record's came");
	}
}

static void handles_see_the_same_records(struct mcpsess_kit *kit)
{
	struct mcpsess_kit other;
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	char bytes[32];
	mcpsess_kit_join(&other, kit, 1);
	other.store = NULL;
	other.pool = NULL;
	int status = mcpsess_kit_open(&other, &kit->error);
	WANT(kit, status, MCPSESS_OK, "a second handle opens");
	for (uint64_t revision = 0; status == MCPSESS_OK && revision < 20; revision++) {
		uint64_t seed = UINT64_MAX;
		mcpsess_kit_fill(bytes, sizeof(bytes), revision);
		ask.payload = mcpsess_mem(bytes, sizeof(bytes));
		status = update(revision % 2 ? kit : &other, &ask, revision);
		mcpsess_kit_want(
			kit, status, MCPSESS_OK, "each handle writes over the other's record");
		status = get(revision % 2 ? &other : kit, &ask);
		mcpsess_kit_want(kit, status, MCPSESS_OK, "each handle reads the other's record");
		const struct mcp_session_store_answer *a =
			revision % 2 ? &other.answer : &kit->answer;
		if (!mcpsess_kit_whole(a->payload, &seed) || seed != revision) {
			mcpsess_kit_fail(kit,
				"a write through one handle is read through another at once: "
				"an older one came");
		}
	}
	mcpsess_kit_close(&other);
}

const struct mcpsess_kit_case mcpsess_kit_record_cases[] = {
	{ .name = "every-field-comes-back", .run = every_field_comes_back, .flags = KIT_IN_ALL },
	{ .name = "kinds-and-states", .run = kinds_and_states_are_kept, .flags = KIT_IN_ALL },
	{ .name = "payload-sizes", .run = payloads_of_all_sizes_come_back, .flags = KIT_IN_ALL },
	{ .name = "payload-bytes", .run = payloads_of_all_bytes_come_back, .flags = KIT_IN_ALL },
	{ .name = "payload-grows-and-shrinks",
		.run = payloads_grow_and_shrink,
		.flags = KIT_IN_ALL },
	{ .name = "create-of-live-key",
		.run = create_of_a_live_key_changes_nothing,
		.flags = KIT_IN_ALL },
	{ .name = "deleted-is-gone", .run = a_deleted_record_is_gone, .flags = KIT_IN_ALL },
	{ .name = "delete-is-idempotent", .run = delete_is_idempotent, .flags = KIT_IN_ALL },
	{ .name = "never-was", .run = what_never_was_is_not_found, .flags = KIT_IN_ALL },
	{ .name = "update-never-creates", .run = an_update_never_creates, .flags = KIT_IN_ALL },
	{ .name = "own-durations", .run = durations_of_its_own, .flags = KIT_IN_ALL },
	{ .name = "answers-hold", .run = answers_hold_while_records_change, .flags = KIT_IN_ALL },
	{ .name = "answer-is-optional",
		.run = an_answer_is_optional,
		.flags = KIT_IN_BLOCKING | KIT_IN_THREADS },
	{ .name = "records-do-not-mix", .run = many_records_do_not_mix, .flags = KIT_IN_ALL },
	{ .name = "handles-share",
		.run = handles_see_the_same_records,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = MCP_SESSION_STORE_CAN_SHARE },
	{ 0 },
};
