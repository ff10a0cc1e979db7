/* Bugs of access: owners, caps, tokens, counts, lists, payloads. */
#include "bugs.h"

/* -- owners -------------------------------------------------------------------------------------
 */

static void get_for_all(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->flags |= verb == WRAP_GET ? MCP_SESSION_STORE_ANY_OWNER : 0;
}

static void delete_for_all(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->flags |= verb == WRAP_DELETE ? MCP_SESSION_STORE_ANY_OWNER : 0;
}

static void nobody_is_all(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	static const struct mcpsess_digest nobody;
	(void)broken, (void)verb;
	if (memcmp(&request->owner, &nobody, sizeof(nobody)) == 0) {
		request->flags |= MCP_SESSION_STORE_ANY_OWNER;
	}
}

static void list_for_all(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->flags |= verb == WRAP_LIST ? MCP_SESSION_STORE_ANY_OWNER : 0;
}

/* -- caps ----------------------------------------------------------------------------------------
 */

static void one_too_many(struct mcp_session_store_options *settings)
{
	settings->max_sessions++;
}

static void no_owner_cap(struct mcp_session_store_options *settings)
{
	settings->max_sessions_per_owner = MCP_SESSION_STORE_NONE;
}

/* -- operation tokens ---------------------------------------------------------------------------
 */

static void tokens_ignored(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	if (verb == WRAP_STORE) {
		broken->wrap.store.host->random(
			broken->wrap.store.core, request->operation, sizeof(request->operation));
	}
}

static void create_for_owners_only(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->flags &= is_create(verb, request) ? ~(uint32_t)MCP_SESSION_STORE_ANY_OWNER : ~0u;
}

static int token_applied_twice(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	struct mcp_session_store_request *request = &call->request;
	if (!is_update(verb, request) || status != MCPSESS_OK) {
		return status;
	}
	if (memcmp(broken->operation, request->operation, sizeof(broken->operation)) == 0) {
		struct mcp_session_store_request asked = *request;
		tokens_ignored(broken, verb, request);
		status = ask_instead(broken, verb, call, call->answer.revision);
		*request = asked;
	}
	memcpy(broken->operation, request->operation, sizeof(broken->operation));
	return status;
}

/* -- counting ------------------------------------------------------------------------------------
 */

/* Every fourth counted request is not. */
static void count_lost(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	if (verb == WRAP_GET && (request->flags & MCP_SESSION_STORE_COUNT) != 0 &&
		++broken->verbs % 4 == 0) {
		request->flags &= ~(uint32_t)MCP_SESSION_STORE_COUNT;
	}
}

/* -- lists ---------------------------------------------------------------------------------------
 */

/* A page with another number of entries; the last is repeated when it is one more. */
static int change_page(struct broken *broken, struct mcp_session_store_call *call, size_t count)
{
	const struct mcpsess_host *host = broken->wrap.store.host;
	struct mcp_session_store_answer *a = &call->answer;
	size_t size = count * sizeof(a->entries[0]), old = a->entry_count;
	void *blob = host->blob_new(broken->wrap.store.core, NULL, size);
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	struct mcp_session_store_entry *entries = (void *)(uintptr_t)host->blob_bytes(blob).data;
	memcpy(entries, a->entries, (count < old ? count : old) * sizeof(entries[0]));
	if (count > old) {
		entries[old] = entries[old - 1];
	}
	host->blob_unref(a->blob);
	a->blob = blob;
	a->entries = entries;
	a->entry_count = count;
	return MCPSESS_OK;
}

static int list_twice(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	size_t count = call->answer.entry_count;
	return verb == WRAP_LIST && status == MCPSESS_OK && count > 0 && count < call->request.page
		       ? change_page(broken, call, count + 1)
		       : status;
}

static int list_forgets(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	size_t count = call->answer.entry_count;
	return verb == WRAP_LIST && status == MCPSESS_OK && count > 5
		       ? change_page(broken, call, count - 1)
		       : status;
}

static int list_from_the_start(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb == WRAP_LIST && status == MCPSESS_E_INVALID) {
		memset(call->request.cursor, 0, sizeof(call->request.cursor));
		return mcpsess_wrap_ask(&broken->wrap, verb, call);
	}
	return status;
}

/* -- payloads ------------------------------------------------------------------------------------
 */

/* The reader is shown a buffer that the next read overwrites. */
static int payload_aliased(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	struct mcpsess_bytes *payload = &call->answer.payload;
	if (verb == WRAP_GET && status == MCPSESS_OK && payload->len > 0 &&
		payload->len <= sizeof(broken->alias)) {
		memcpy(broken->alias, payload->data, payload->len);
		payload->data = broken->alias;
	}
	return status;
}

static int payload_is_text(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken;
	if (verb == WRAP_GET && status == MCPSESS_OK && call->answer.payload.len > 0) {
		call->answer.payload.len =
			strnlen(call->answer.payload.data, call->answer.payload.len);
	}
	return status;
}

/* A reference is never given back; the program still knows it, or a leak checker would object. */
static int payload_leaks(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	static void *leaked[100];
	static unsigned count;
	if (verb == WRAP_GET && call->answer.blob != NULL &&
		count < sizeof(leaked) / sizeof(leaked[0])) {
		leaked[count++] = broken->wrap.store.host->blob_ref(call->answer.blob);
	}
	return status;
}

/* -- memory -------------------------------------------------------------------------------------
 */

/*
 * Finds that there is no memory for the answer when the write is done. Several allocations: what
 * the store underneath needs differs from key to key, and one could fall between two attempts.
 */
static int no_memory_too_late(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	const struct mcp_session_store *store = &broken->wrap.store;
	(void)call;
	for (int i = 0; i < 8; i++) {
		void *copy = store->host->realloc(store->core, NULL, 100);
		if (copy == NULL) {
			return verb == WRAP_STORE ? MCPSESS_E_NOMEM : status;
		}
		store->host->realloc(store->core, copy, 0);
	}
	return status;
}

static int no_memory_renamed(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken, (void)verb, (void)call;
	return status == MCPSESS_E_NOMEM ? MCPSESS_E_NOTFOUND : status;
}

const struct bug mcpsess_bugs_of_access[] = {
	{ .says = { "get-for-all", "owner-stranger", "get of another's record is NOTOWNER" },
		.before = get_for_all },
	{ .says = { "delete-for-all", "owner-stranger", "delete of another's record is NOTOWNER" },
		.before = delete_for_all },
	{ .says = { "nobody-is-all", "owner-nobody", "get of another's record is NOTOWNER" },
		.before = nobody_is_all },
	{ .says = { "list-for-all", "list-own", "the owner's records only" },
		.before = list_for_all },
	{ .says = { "one-too-many", "cap-holds", "create at the cap is LIMIT" },
		.settings = one_too_many },
	{ .says = { "one-too-many-in-parallel", "cap-in-parallel", "exactly as many as it allows" },
		.settings = one_too_many },
	{ .says = { "no-owner-cap", "owner-cap-holds", "create at the owner's cap is LIMIT" },
		.settings = no_owner_cap },
	{ .says = { "tokens-ignored", "operation-repeated", "succeeds again" },
		.before = tokens_ignored },
	{ .says = { "create-for-owners-only", "operation-any-owner", "whosever the record is" },
		.before = create_for_owners_only },
	{ .says = { "token-applied-twice", "operation-repeated", "answers the same revision" },
		.after = token_applied_twice },
	{ .says = { "count-lost", "count-when-asked", "get with COUNT counts this request" },
		.before = count_lost },
	{ .says = { "list-twice", "list-own", "each record exactly once" }, .after = list_twice },
	{ .says = { "list-forgets", "list-own", "each record exactly once" },
		.after = list_forgets },
	{ .says = { "list-any-cursor", "list-bad-cursor", "a cursor that no list answered" },
		.after = list_from_the_start },
	{ .says = { "payload-aliased", "answers-hold", "does not change under its reader" },
		.after = payload_aliased },
	{ .says = { "payload-is-text", "payload-bytes", "a payload is bytes, NUL and all" },
		.after = payload_is_text },
	{ .says = { "payload-leaks", "every-field-comes-back", "close frees everything" },
		.after = payload_leaks },
	{ .says = { "no-memory-too-late", "no-memory-create", "creates nothing" },
		.after = no_memory_too_late },
	{ .says = { "no-memory-renamed", "no-memory-update", "is NOMEM, no other error" },
		.after = no_memory_renamed },
	{ .says = { NULL, NULL, NULL } },
};
