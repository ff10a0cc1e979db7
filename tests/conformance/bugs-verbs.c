/* Bugs of the optional verbs: rotation, owners' ends, one-time tokens. */
#include "bugs.h"

static void any_operation(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	if (verb == WRAP_ROTATE || verb == WRAP_ONCE) {
		broken->wrap.store.host->random(
			broken->wrap.store.core, request->operation, sizeof(request->operation));
	}
}

/* -- rotation -----------------------------------------------------------------------------------
 */

static void no_grace(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken, (void)verb;
	request->grace_ms = 0;
}

static void long_grace(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken, (void)verb;
	request->grace_ms = request->grace_ms > 0 ? 30000 : 0;
}

static void rotate_for_all(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->flags |= verb == WRAP_ROTATE ? MCP_SESSION_STORE_ANY_OWNER : 0;
}

static void rotate_at_any_revision(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->revision = verb == WRAP_ROTATE ? 0 : request->revision;
}

static void rotate_without_the_payload(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->payload.len = verb == WRAP_ROTATE ? 0 : request->payload.len;
}

static void no_tombstones(struct mcp_session_store_options *settings)
{
	settings->tombstone_ms = MCP_SESSION_STORE_NONE;
}

/* A copy instead of a move. */
static int rotate_leaves_old(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb == WRAP_ROTATE && status == MCPSESS_OK) {
		struct mcp_session_store_answer moved = call->answer;
		ask_instead(broken, WRAP_STORE, call, 0);
		mcp_session_store_answer_clear(&call->answer);
		call->answer = moved;
	}
	return status;
}

static int rotate_overwrites(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb == WRAP_ROTATE && status == MCPSESS_E_EXISTS) {
		struct mcp_session_store_request asked = call->request;
		call->request.key = asked.new_key;
		call->request.flags = MCP_SESSION_STORE_ANY_OWNER;
		mcpsess_wrap_ask(&broken->wrap, WRAP_DELETE, call);
		call->request = asked;
		return mcpsess_wrap_ask(&broken->wrap, verb, call);
	}
	return status;
}

/* The last rotation's token is known, whatever was written since. */
static int rotate_remembers(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	size_t len = sizeof(broken->operation);
	if (verb == WRAP_ROTATE && status == MCPSESS_OK) {
		memcpy(broken->operation, call->request.operation, len);
		remember(broken, call);
	} else if (verb == WRAP_ROTATE && status == MCPSESS_E_REVOKED && remembers(broken, call) &&
		   memcmp(broken->operation, call->request.operation, len) == 0) {
		return answer_remembered(broken, call);
	}
	return status;
}

/* Whatever wrote last with the same token, it is taken for this rotation. */
static int rotate_takes_any(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	size_t len = sizeof(broken->operation);
	if (verb == WRAP_STORE && status == MCPSESS_OK) {
		memcpy(broken->operation, call->request.operation, len);
		remember(broken, call);
	} else if (verb == WRAP_ROTATE && status == MCPSESS_E_NOTFOUND &&
		   memcmp(broken->operation, call->request.operation, len) == 0) {
		return answer_remembered(broken, call);
	}
	return status;
}

/* It is known by the old key's tombstone alone. */
static int rotate_forgets(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb != WRAP_ROTATE || status != MCPSESS_OK) {
		return status;
	}
	struct mcp_session_store_answer moved = call->answer;
	int old = mcpsess_wrap_ask(&broken->wrap, WRAP_EXISTS, call);
	call->answer = moved;
	return old == MCPSESS_E_NOTFOUND ? old : status;
}

/* -- owners -------------------------------------------------------------------------------------
 */

static void end_nobody(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->owner.bytes[0] ^= verb == WRAP_END_OWNER;
}

/* Ends them one by one, and forgets the first. */
static int end_all_but_one(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb != WRAP_END_OWNER || status != MCPSESS_OK) {
		return status;
	}
	struct mcp_session_store_request asked = call->request;
	call->request.page = MCP_SESSION_STORE_PAGE_MAX;
	status = mcpsess_wrap_ask(&broken->wrap, WRAP_LIST, call);
	struct mcp_session_store_answer page = call->answer;
	memset(&call->answer, 0, sizeof(call->answer));
	for (size_t i = 1; i < page.entry_count; i++) {
		call->request.key = page.entries[i].key;
		mcpsess_wrap_ask(&broken->wrap, WRAP_DELETE, call);
	}
	mcp_session_store_answer_clear(&page);
	call->request = asked;
	return status;
}

static int ended_for_ever(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb == WRAP_END_OWNER) {
		broken->key = call->request.owner;
	}
	if (is_create(verb, &call->request) && status == MCPSESS_OK &&
		memcmp(&broken->key, &call->request.owner, sizeof(broken->key)) == 0) {
		struct mcp_session_store_answer made = call->answer;
		ask_instead(broken, WRAP_DELETE, call, 0);
		mcp_session_store_answer_clear(&call->answer);
		call->answer = made;
	}
	return status;
}

/* -- one-time tokens ----------------------------------------------------------------------------
 */

static int once_is_twice(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken, (void)call;
	return verb == WRAP_ONCE && status == MCPSESS_E_EXISTS ? MCPSESS_OK : status;
}

static void once_forgets(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->idle_ms /= verb == WRAP_ONCE ? 2 : 1;
}

static int once_in_records(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	return verb == WRAP_ONCE && status == MCPSESS_OK ? ask_instead(broken, WRAP_STORE, call, 0)
							 : status;
}

const struct bug mcpsess_bugs_of_verbs[] = {
	{ .says = { "rotate-without-grace", "rotate-old-reads", "reads during the grace" },
		.before = no_grace },
	{ .says = { "grace-lasts", "rotate-grace-ends", "get of the old key after the grace" },
		.before = long_grace },
	{ .says = { "rotate-for-all", "rotate-own-and-live", "rotate of another's is NOTOWNER" },
		.before = rotate_for_all },
	{ .says = { "rotate-any-revision", "rotate-at-revision", "has passed is CONFLICT" },
		.before = rotate_at_any_revision },
	{ .says = { "rotate-no-payload", "rotate-at-revision", "brings the payload along" },
		.before = rotate_without_the_payload },
	{ .says = { "rotate-leaves-old", "rotate-without-grace", "rotated without a grace" },
		.settings = no_tombstones,
		.after = rotate_leaves_old,
		.can_less = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .says = { "rotate-overwrites", "rotate-to-key-in-use", "a key in use is EXISTS" },
		.settings = no_tombstones,
		.after = rotate_overwrites,
		.can_less = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .says = { "rotate-repeats", "rotate-repeated", "succeeds again" },
		.before = any_operation },
	{ .says = { "rotate-remembers", "rotate-superseded", "repeated after another write" },
		.after = rotate_remembers },
	{ .says = { "rotate-takes-any", "rotate-token-of-another",
		  "whatever wrote to the new key" },
		.after = rotate_takes_any },
	{ .says = { "rotate-forgets", "rotate-remembered", "when its old key is forgotten" },
		.after = rotate_forgets },
	{ .says = { "end-nobody", "end-owner-ends-all", "of an ended owner is REVOKED" },
		.before = end_nobody },
	{ .says = { "end-misses-one", "end-owner-ends-all", "of an ended owner is REVOKED" },
		.before = end_nobody,
		.after = end_all_but_one },
	{ .says = { "ended-for-ever", "end-owner-begins-anew", "is not ended by it" },
		.after = ended_for_ever },
	{ .says = { "once-is-twice", "once-is-once", "that was redeemed is EXISTS" },
		.after = once_is_twice },
	{ .says = { "once-forgets", "once-lasts", "remembered for its duration" },
		.before = once_forgets },
	{ .says = { "once-in-records", "once-apart", "a token is no record" },
		.after = once_in_records },
	{ .says = { "once-repeats", "once-repeated", "succeeds again" }, .before = any_operation },
	{ .says = { NULL, NULL, NULL } },
};
