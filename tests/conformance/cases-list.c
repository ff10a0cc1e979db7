/* Lists: everything live, once, page by page, and nothing of another's. */
#include "walk.h"

enum { RECORDS = 60, ANY = MCP_SESSION_STORE_ANY_OWNER };

static struct mcp_session_store_request *make_records(
	struct mcpsess_kit *kit, const struct mcpsess_digest *owner, unsigned count)
{
	struct mcp_session_store_request *asks = mcpsess_kit_alloc(kit, count * sizeof(asks[0]));
	for (unsigned i = 0; i < count && !kit->failed; i++) {
		asks[i] = mcpsess_kit_fresh(kit);
		if (owner != NULL) {
			asks[i].owner = *owner;
		}
		asks[i].payload = mcpsess_str("listed");
		mcpsess_kit_want(kit, create(kit, &asks[i]), MCPSESS_OK, "create");
	}
	return asks;
}

/* How often a walk met the records from..to. */
static int met_each(struct mcpsess_kit *kit, const struct mcpsess_kit_walk *walk, unsigned from,
	unsigned to, unsigned times, const char *promise)
{
	for (unsigned i = from; i < to; i++) {
		if (!mcpsess_kit_same(kit, walk->met[i], times, promise)) {
			return 0;
		}
	}
	return 1;
}

static void an_owner_lists_its_own(struct mcpsess_kit *kit)
{
	static const uint32_t pages[] = { 0, 1, 7, 59, 60, 61, MCP_SESSION_STORE_PAGE_MAX };
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	struct mcpsess_kit_walk walk = { .asks = make_records(kit, &owner, RECORDS),
		.count = RECORDS };
	make_records(kit, NULL, 10);
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]) && !kit->failed; i++) {
		mcpsess_kit_walk_begin(kit, &walk, &owner, 0, pages[i]);
		KIT_OR_RETURN(mcpsess_kit_walk_all(kit, &walk));
		KIT_OR_RETURN(
			met_each(kit, &walk, 0, RECORDS, 1, "a list has each record exactly once"));
		SAME(kit, walk.others, 0, "an owner's list has the owner's records only");
	}
}

static void administration_lists_all(struct mcpsess_kit *kit)
{
	struct mcpsess_kit_walk walk = { .asks = make_records(kit, NULL, RECORDS),
		.count = RECORDS };
	mcpsess_kit_walk_begin(kit, &walk, NULL, ANY, 9);
	KIT_OR_RETURN(mcpsess_kit_walk_all(kit, &walk));
	KIT_OR_RETURN(
		met_each(kit, &walk, 0, RECORDS, 1, "a list of all has each record exactly once"));
	SAME(kit, walk.others, 0, "a list has nothing that was not created");
}

static void nobody_lists_nobody_s(struct mcpsess_kit *kit)
{
	static const struct mcpsess_digest nobody;
	struct mcpsess_kit_walk walk = { .asks = make_records(kit, &nobody, 3), .count = 3 };
	make_records(kit, NULL, 5);
	mcpsess_kit_walk_begin(kit, &walk, &nobody, 0, 2);
	KIT_OR_RETURN(mcpsess_kit_walk_all(kit, &walk));
	KIT_OR_RETURN(met_each(kit, &walk, 0, 3, 1, "nobody lists nobody's records"));
	SAME(kit, walk.others, 0, "nobody's list has nobody's records only");
}

static void an_entry_tells_of_its_record(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit), list = ask;
	ask.kind = MCP_SESSION_STORE_TASK;
	ask.payload = mcpsess_str("twelve bytes");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, update(kit, &ask, 1), MCPSESS_OK, "update");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "get");
	const struct mcp_session_store_answer *a = mcpsess_kit_keep(kit);
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &list), MCPSESS_OK, "list");
	SAME(kit, kit->answer.entry_count, 1, "an owner's list has the owner's records only");
	const struct mcp_session_store_entry *e = kit->answer.entries;
	THAT(kit, memcmp(&e->key, &ask.key, sizeof(ask.key)) == 0,
		"an entry has its key: another came");
	THAT(kit, memcmp(&e->owner, &ask.owner, sizeof(ask.owner)) == 0,
		"an entry has its owner: another came");
	SAME(kit, e->revision, 2, "an entry has its record's revision");
	SAME(kit, e->kind, MCP_SESSION_STORE_TASK, "an entry has its record's kind");
	SAME(kit, e->state, MCP_SESSION_STORE_ACTIVE, "an entry has its record's state");
	SAME(kit, e->payload_len, 12, "an entry has the length of its record's payload");
	SAME(kit, e->created_ms, a->created_ms, "an entry has when its record was created");
	SAME(kit, e->expires_ms, a->expires_ms, "an entry has its record's idle expiry");
	SAME(kit, e->deadline_ms, a->deadline_ms, "an entry has its record's deadline");
	THAT(kit, e->seen_ms >= e->created_ms, "an entry has its record's last activity");
}

static void what_has_ended_is_not_listed(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	struct mcpsess_kit_walk walk = { .asks = make_records(kit, &owner, 20), .count = 20 };
	uint64_t created_ms = mcpsess_kit_now(kit);
	for (unsigned i = 0; i < 10; i++) {
		WANT(kit, erase(kit, &walk.asks[i]), MCPSESS_OK, "delete");
	}
	mcpsess_kit_walk_begin(kit, &walk, &owner, 0, 3);
	KIT_OR_RETURN(mcpsess_kit_walk_all(kit, &walk));
	KIT_OR_RETURN(met_each(kit, &walk, 0, 10, 0, "a deleted record is not listed"));
	if (kit->run->clock != KIT_CLOCK_REAL) {
		KIT_OR_RETURN(
			met_each(kit, &walk, 10, 20, 1, "a list has each record exactly once"));
	}
	mcpsess_kit_go(kit, created_ms + kit->settings.idle_ms + mcpsess_kit_slack(kit));
	mcpsess_kit_walk_begin(kit, &walk, &owner, 0, 3);
	KIT_OR_RETURN(mcpsess_kit_walk_all(kit, &walk));
	KIT_OR_RETURN(met_each(kit, &walk, 0, 20, 0, "an expired record is not listed"));
}

/* Between any two pages one record ends, one begins, one is written. */
static void a_walk_bears_changes(struct mcpsess_kit *kit)
{
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	struct mcp_session_store_request *asks = make_records(kit, &owner, 2 * RECORDS);
	struct mcpsess_kit_walk walk = { .asks = asks, .count = 2 * RECORDS };
	mcpsess_kit_walk_begin(kit, &walk, &owner, 0, 4);
	for (unsigned turn = 0; !walk.over && !kit->failed; turn++) {
		KIT_OR_RETURN(mcpsess_kit_walk_on(kit, &walk));
		if (turn < RECORDS / 2) {
			struct mcp_session_store_request made = mcpsess_kit_fresh(kit);
			made.owner = owner;
			WANT(kit, erase(kit, &asks[RECORDS + turn]), MCPSESS_OK, "delete");
			WANT(kit, create(kit, &made), MCPSESS_OK, "create");
			WANT(kit, update(kit, &asks[turn], 1), MCPSESS_OK, "update");
		}
	}
	KIT_OR_RETURN(met_each(kit, &walk, 0, RECORDS, 1,
		"a record that lives throughout a walk is listed exactly once"));
	for (unsigned i = RECORDS; i < 2 * RECORDS; i++) {
		THAT(kit, walk.met[i] <= 1, "no record is listed twice in a walk: one was");
	}
}

static void a_cursor_opens_nothing(struct mcpsess_kit *kit)
{
	struct mcpsess_digest mine = mcpsess_kit_owner(kit), theirs = mcpsess_kit_owner(kit);
	make_records(kit, &theirs, 10);
	struct mcpsess_kit_walk walk = { .asks = make_records(kit, &mine, 10), .count = 10 };
	mcpsess_kit_walk_begin(kit, &walk, &mine, 0, 3);
	KIT_OR_RETURN(mcpsess_kit_walk_on(kit, &walk));
	walk.page.owner = theirs;
	int status = mcpsess_kit_do(kit, KIT_LIST, &walk.page);
	if (status == MCPSESS_E_INVALID) {
		return;
	}
	walk.over = walk.page.cursor[0] == '\0';
	mcpsess_kit_walk_all(kit, &walk);
}

static void a_bad_cursor_is_invalid(struct mcpsess_kit *kit)
{
	static const char *const bad[] = { "no cursor", "!", "../../etc/passwd", "-1", "\xff\xfe",
		"999999999999999999999999999999999999999999999999999999" };
	struct mcp_session_store_request list;
	struct mcpsess_digest owner = mcpsess_kit_owner(kit);
	make_records(kit, &owner, 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&list, 0, sizeof(list));
		list.owner = owner;
		snprintf(list.cursor, sizeof(list.cursor), "%s", bad[i]);
		WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &list), MCPSESS_E_INVALID,
			"a cursor that no list answered is INVALID");
	}
	memset(list.cursor, 'A', sizeof(list.cursor));
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &list), MCPSESS_E_INVALID,
		"a cursor without an end is INVALID");
}

static void an_empty_list_is_ok(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request list = mcpsess_kit_fresh(kit);
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &list), MCPSESS_OK, "a list of nothing is OK");
	SAME(kit, kit->answer.entry_count, 0, "an owner without records has an empty list");
}

static void without_lists_list_says_so(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request list = mcpsess_kit_fresh(kit);
	if (kit->run->can & MCP_SESSION_STORE_CAN_LIST) {
		return;
	}
	WANT(kit, mcpsess_kit_do(kit, KIT_LIST, &list), MCPSESS_E_UNSUPPORTED,
		"list without CAN_LIST is UNSUPPORTED");
}

enum { LIST = MCP_SESSION_STORE_CAN_LIST };

const struct mcpsess_kit_case mcpsess_kit_list_cases[] = {
	{ .name = "list-own", .run = an_owner_lists_its_own, .flags = KIT_IN_ALL, .needs = LIST },
	{ .name = "list-all",
		.run = administration_lists_all,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = LIST },
	{ .name = "list-nobodys",
		.run = nobody_lists_nobody_s,
		.flags = KIT_IN_ALL | KIT_ALONE,
		.needs = LIST },
	{ .name = "list-entry",
		.run = an_entry_tells_of_its_record,
		.flags = KIT_IN_ALL,
		.needs = LIST },
	{ .name = "list-of-ended",
		.run = what_has_ended_is_not_listed,
		.flags = KIT_IN_ALL | KIT_TIMED,
		.needs = LIST },
	{ .name = "list-amid-changes",
		.run = a_walk_bears_changes,
		.flags = KIT_IN_ALL,
		.needs = LIST },
	{ .name = "list-cursor-of-another",
		.run = a_cursor_opens_nothing,
		.flags = KIT_IN_ALL,
		.needs = LIST },
	{ .name = "list-bad-cursor",
		.run = a_bad_cursor_is_invalid,
		.flags = KIT_IN_ALL,
		.needs = LIST },
	{ .name = "list-empty", .run = an_empty_list_is_ok, .flags = KIT_IN_ALL, .needs = LIST },
	{ .name = "list-unsupported", .run = without_lists_list_says_so, .flags = KIT_IN_ALL },
	{ 0 },
};
