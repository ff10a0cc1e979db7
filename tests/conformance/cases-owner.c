/* Owners: a record is its owner's, and nobody is somebody too. */
#include "kit.h"

/* Every verb but create, asked by one who may not; the record must not even be moved. */
static void refuse_all(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask,
	const struct mcpsess_digest *stranger)
{
	struct mcp_session_store_request theirs = *ask;
	theirs.owner = *stranger;
	theirs.payload = mcpsess_str("must not be written");
	WANT(kit, get(kit, ask), MCPSESS_OK, "the owner reads");
	struct mcp_session_store_answer *before = mcpsess_kit_keep(kit);
	WANT(kit, get(kit, &theirs), MCPSESS_E_NOTOWNER, "get of another's record is NOTOWNER");
	THAT(kit, kit->answer.payload.len == 0,
		"get of another's record shows nothing: its payload came");
	WANT(kit, get_with(kit, &theirs, MCP_SESSION_STORE_TOUCH), MCPSESS_E_NOTOWNER,
		"get with a touch of another's record is NOTOWNER");
	WANT(kit, touch(kit, &theirs), MCPSESS_E_NOTOWNER, "touch of another's record is NOTOWNER");
	WANT(kit, exists(kit, &theirs), MCPSESS_E_NOTOWNER,
		"exists of another's record is NOTOWNER");
	WANT(kit, update(kit, &theirs, before->revision), MCPSESS_E_NOTOWNER,
		"update of another's record is NOTOWNER");
	THAT(kit, kit->answer.payload.len == 0,
		"update of another's record shows nothing: its payload came");
	WANT(kit, update(kit, &theirs, before->revision + 7), MCPSESS_E_NOTOWNER,
		"update of another's record is NOTOWNER, whatever the revision");
	WANT(kit, erase(kit, &theirs), MCPSESS_E_NOTOWNER,
		"delete of another's record is NOTOWNER");
	int status = create(kit, &theirs);
	THAT(kit, status == MCPSESS_E_EXISTS || status == MCPSESS_E_NOTOWNER,
		"create of another's key is NOTOWNER or EXISTS: %s came",
		mcpsess_status_name(status));
	UNCHANGED(kit, ask, before, "what another asks for changes nothing");
}

static void a_stranger_is_refused(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	struct mcpsess_digest stranger = mcpsess_kit_owner(kit);
	ask.payload = mcpsess_str("mine");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	refuse_all(kit, &ask, &stranger);
}

static void nobody_is_refused(struct mcpsess_kit *kit)
{
	static const struct mcpsess_digest nobody;
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	ask.payload = mcpsess_str("somebody's");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	refuse_all(kit, &ask, &nobody);
}

static void somebody_is_refused_by_nobody_s_record(struct mcpsess_kit *kit)
{
	static const struct mcpsess_digest nobody;
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	struct mcpsess_digest somebody = ask.owner;
	ask.owner = nobody;
	ask.payload = mcpsess_str("nobody's");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "nobody creates");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "nobody reads nobody's record");
	refuse_all(kit, &ask, &somebody);
	if (!kit->failed) {
		WANT(kit, erase(kit, &ask), MCPSESS_OK, "nobody deletes nobody's record");
	}
}

/* Every single bit of the digest counts. */
static void nearly_the_owner_is_refused(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	for (size_t i = 0; i < sizeof(ask.owner.bytes); i++) {
		struct mcp_session_store_request nearly = ask;
		nearly.owner.bytes[i] ^= (unsigned char)(1u << i % 8);
		WANT(kit, get(kit, &nearly), MCPSESS_E_NOTOWNER, "owners are compared whole");
	}
}

static void administration_reaches_all(struct mcpsess_kit *kit)
{
	struct mcp_session_store_request ask = mcpsess_kit_fresh(kit);
	struct mcp_session_store_request admin = ask;
	admin.owner = mcpsess_kit_owner(kit);
	admin.flags = MCP_SESSION_STORE_ANY_OWNER;
	admin.payload = mcpsess_str("by administration");
	WANT(kit, create(kit, &ask), MCPSESS_OK, "create");
	WANT(kit, get(kit, &admin), MCPSESS_OK, "ANY_OWNER reads another's record");
	WANT(kit, touch(kit, &admin), MCPSESS_OK, "ANY_OWNER touches another's record");
	WANT(kit, exists(kit, &admin), MCPSESS_OK, "ANY_OWNER finds another's record");
	WANT(kit, update(kit, &admin, 1), MCPSESS_OK, "ANY_OWNER updates another's record");
	WANT(kit, get(kit, &ask), MCPSESS_OK, "an update by another leaves the record its owner's");
	THAT(kit, memcmp(&kit->answer.owner, &ask.owner, sizeof(ask.owner)) == 0,
		"an update never changes the owner: it did");
	THAT(kit, mcpsess_bytes_equal(kit->answer.payload, admin.payload),
		"ANY_OWNER updates another's record: the old payload came");
	WANT(kit, erase(kit, &admin), MCPSESS_OK, "ANY_OWNER deletes another's record");
	GONE(kit, get(kit, &ask), MCPSESS_E_REVOKED, "get after a delete by administration");
}

const struct mcpsess_kit_case mcpsess_kit_owner_cases[] = {
	{ .name = "owner-stranger", .run = a_stranger_is_refused, .flags = KIT_IN_ALL },
	{ .name = "owner-nobody", .run = nobody_is_refused, .flags = KIT_IN_ALL },
	{ .name = "owner-of-nobodys",
		.run = somebody_is_refused_by_nobody_s_record,
		.flags = KIT_IN_ALL },
	{ .name = "owner-compared-whole", .run = nearly_the_owner_is_refused, .flags = KIT_IN_ALL },
	{ .name = "owner-any", .run = administration_reaches_all, .flags = KIT_IN_ALL },
	{ 0 },
};
