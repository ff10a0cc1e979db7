/* Bugs of records: their coming and going, their expiries, their revisions. */
#include <sched.h>

#include "bugs.h"

/* -- records that come to be, or come back ------------------------------------------------------
 */

static int upsert(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	return is_update(verb, &call->request) && is_gone(status)
		       ? ask_instead(broken, WRAP_STORE, call, 0)
		       : status;
}

static void no_tombstones(struct mcp_session_store_options *settings)
{
	settings->tombstone_ms = MCP_SESSION_STORE_NONE;
}

static void tombstones_anyway(struct mcp_session_store_options *settings)
{
	if (settings->tombstone_ms == MCP_SESSION_STORE_NONE) {
		settings->tombstone_ms = 1000;
	}
}

static int resurrecting_touch(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb == WRAP_DELETE && status == MCPSESS_OK) {
		broken->key = call->request.key;
	}
	return verb == WRAP_TOUCH && is_gone(status) && remembers(broken, call)
		       ? ask_instead(broken, WRAP_STORE, call, 0)
		       : status;
}

static int create_overwrites(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (is_create(verb, &call->request) && status == MCPSESS_E_EXISTS) {
		int got = ask_instead(broken, WRAP_GET, call, 0);
		return got == MCPSESS_OK
			       ? ask_instead(broken, WRAP_STORE, call, call->answer.revision)
			       : got;
	}
	return status;
}

static int delete_not_idempotent(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (verb == WRAP_DELETE && status == MCPSESS_OK && remembers(broken, call)) {
		return MCPSESS_E_NOTFOUND;
	}
	if (verb == WRAP_DELETE || is_create(verb, &call->request)) {
		broken->key = call->request.key;
		broken->key.bytes[0] ^= verb == WRAP_DELETE ? 0 : 1;
	}
	return status;
}

/* -- expiry ----------------------------------------------------------------------------------- */

static void early_expiry(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken, (void)verb;
	if (request->idle_ms != MCP_SESSION_STORE_NONE) {
		request->idle_ms -= request->idle_ms / 10;
	}
}

static void late_expiry(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken, (void)verb;
	if (request->idle_ms != MCP_SESSION_STORE_NONE) {
		request->idle_ms += request->idle_ms / 10;
	}
}

/* What the answer says is right, what the store does is not. */
static int says_idle(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken;
	if (status == MCPSESS_OK && verb != WRAP_LIST && call->answer.expires_ms != 0) {
		call->answer.expires_ms = call->answer.seen_ms + call->request.idle_ms;
	}
	return status;
}

static int expired_once(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (status == MCPSESS_OK && verb == WRAP_GET) {
		remember(broken, call);
	}
	if (status == MCPSESS_E_EXPIRED && verb == WRAP_GET && remembers(broken, call)) {
		status = answer_remembered(broken, call);
		forget(broken);
	}
	return status;
}

static void get_without_touch(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken, (void)verb;
	request->flags &= ~(uint32_t)MCP_SESSION_STORE_TOUCH;
}

static void get_that_touches(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	request->flags |= verb == WRAP_GET ? MCP_SESSION_STORE_TOUCH : 0;
}

static int exists_that_touches(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	return verb == WRAP_EXISTS && status == MCPSESS_OK
		       ? ask_instead(broken, WRAP_TOUCH, call, 0)
		       : status;
}

static void update_without_touch(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	if (is_update(verb, request)) {
		request->idle_ms = 1;
	}
}

static void no_deadline(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_request *request)
{
	(void)broken;
	if (is_create(verb, request) && request->absolute_ms != MCP_SESSION_STORE_NONE) {
		request->absolute_ms *= 2;
	}
}

/* -- tombstones ---------------------------------------------------------------------------------
 */

static int ends_confused(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken, (void)verb, (void)call;
	return status == MCPSESS_E_REVOKED ? MCPSESS_E_EXPIRED : status;
}

static void tombstones_last(struct mcp_session_store_options *settings)
{
	settings->tombstone_ms *= 10;
}

/* -- revisions ------------------------------------------------------------------------------------
 */

static int lost_revision(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	return is_update(verb, &call->request) && status == MCPSESS_E_CONFLICT
		       ? ask_instead(broken, WRAP_STORE, call, call->answer.revision)
		       : status;
}

/* Compares and then swaps, as two steps. */
static int swap_without_guard(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (!is_update(verb, &call->request)) {
		return status;
	}
	struct mcp_session_store_request asked = call->request;
	call->request.flags = 0;
	status = mcpsess_wrap_ask(&broken->wrap, WRAP_GET, call);
	call->request = asked;
	uint64_t stands = call->answer.revision;
	if (status != MCPSESS_OK || stands != asked.revision) {
		return status == MCPSESS_OK ? MCPSESS_E_CONFLICT : status;
	}
	for (int i = 0; i < 3; i++) {
		sched_yield();
	}
	do {
		status = ask_instead(broken, WRAP_STORE, call, stands);
		stands = call->answer.revision;
	} while (status == MCPSESS_E_CONFLICT);
	return status;
}

static int revision_stands_still(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken;
	if (is_update(verb, &call->request) && status == MCPSESS_OK) {
		call->answer.revision--;
	}
	return status;
}

static int conflict_without_revision(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	(void)broken, (void)verb;
	if (status == MCPSESS_E_CONFLICT) {
		mcp_session_store_answer_clear(&call->answer);
	}
	return status;
}

static int stale_read(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (status == MCPSESS_OK && verb == WRAP_GET) {
		if (remembers(broken, call)) {
			return answer_remembered(broken, call);
		}
		remember(broken, call);
	}
	return status;
}

/* Every third write is only said to have been done. */
static int write_vanishes(
	struct broken *broken, enum wrap_verb verb, struct mcp_session_store_call *call, int status)
{
	if (!is_update(verb, &call->request)) {
		return status;
	}
	if (++broken->verbs % 3 != 0) {
		return mcpsess_wrap_ask(&broken->wrap, verb, call);
	}
	uint64_t revision = call->request.revision;
	status = ask_instead(broken, WRAP_EXISTS, call, 0);
	call->answer.revision = revision + 1;
	return status;
}

const struct bug mcpsess_bugs_of_records[] = {
	{ .says = { "upsert", "update-never-creates", "an update never creates" },
		.after = upsert },
	{ .says = { "resurrecting-touch", "deleted-is-gone", "touch after delete" },
		.settings = no_tombstones,
		.after = resurrecting_touch,
		.can_less = MCP_SESSION_STORE_CAN_TOMBSTONE },
	{ .says = { "create-overwrites", "create-of-live-key", "create of a key in use is EXISTS" },
		.after = create_overwrites },
	{ .says = { "delete-not-idempotent", "delete-is-idempotent", "delete repeated is OK" },
		.after = delete_not_idempotent },
	{ .says = { "early-expiry", "idle-not-early", "lives until it was idle" },
		.before = early_expiry,
		.after = says_idle },
	{ .says = { "late-expiry", "idle-not-late", "never serves an expired record" },
		.before = late_expiry,
		.after = says_idle },
	{ .says = { "expired-once", "idle-not-late", "no verb brings back what has expired" },
		.after = expired_once },
	{ .says = { "get-without-touch", "get-that-touches-extends", "get with TOUCH moves" },
		.before = get_without_touch },
	{ .says = { "get-that-touches", "get-does-not-extend", "get without TOUCH does not move" },
		.before = get_that_touches },
	{ .says = { "exists-that-touches", "exists-does-not-extend", "exists does not move" },
		.after = exists_that_touches },
	{ .says = { "update-without-touch", "update-extends", "an update moves the idle expiry" },
		.before = update_without_touch },
	{ .says = { "no-deadline", "deadline-despite-touching",
		  "the deadline is now plus absolute" },
		.before = no_deadline },
	{ .says = { "ends-confused", "tombstone-tells-apart", "a deleted record is REVOKED" },
		.after = ends_confused },
	{ .says = { "no-tombstones", "tombstone-tells-apart", "a deleted record is REVOKED" },
		.settings = no_tombstones },
	{ .says = { "tombstones-anyway", "no-tombstone-of-deleted", "is NOTFOUND at once" },
		.settings = tombstones_anyway },
	{ .says = { "tombstones-last", "tombstone-lasts", "a tombstone ends" },
		.settings = tombstones_last },
	{ .says = { "lost-revision", "revision-conflict", "does not stand is CONFLICT" },
		.after = lost_revision },
	{ .says = { "swap-without-guard", "threads/race-counter", "no update is lost" },
		.after = swap_without_guard,
		.leaves_updates = 1,
		.can_more = MCP_SESSION_STORE_CAN_THREADS },
	{ .says = { "revision-stands-still", "revision-adds-one",
		  "raises the revision by exactly 1" },
		.after = revision_stands_still },
	{ .says = { "conflict-without-revision", "revision-conflict",
		  "CONFLICT answers the revision that stands" },
		.after = conflict_without_revision },
	{ .says = { "stale-read", "revision-adds-one", "get answers the revision written" },
		.after = stale_read },
	{ .says = { "stale-history", "history", "no read is stale" }, .after = stale_read },
	{ .says = { "write-vanishes", "revision-adds-one", "get answers the revision written" },
		.after = write_vanishes,
		.leaves_updates = 1 },
	{ .says = { NULL, NULL, NULL } },
};
