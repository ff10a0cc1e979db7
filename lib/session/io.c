/*
 * Fetch, count, commit and remove. Each is a few steps, a step is one verb, and a verb returns or
 * pends: run() takes steps until one pends or the operation is over, and answered() goes on from
 * there.
 */
#include "session/session.h"

#include <time.h>

#include <mcpsess/error.h>

#include "store/seal.h"

enum {
	ATTEMPTS_MAX = 32,
	ATTEMPTS_AT_ONCE = 4, /* between pauses: the second meets warm caches */
	PAUSE_STEP_NS = 30000,
	AGAIN = 2, /* of a step: the operation goes on with session->step */
};

static int fail(struct mcpsess_session *session, int status, const char *text)
{
	return mcpsess_fail(&session->call.error, status, 0, "%s", text);
}

static int has_ended(int status)
{
	return status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_EXPIRED ||
	       status == MCPSESS_E_REVOKED;
}

static int end(struct mcpsess_session *session, int why)
{
	const struct mcpsess_session_locals *locals = session->locals;
	mcpsess_session_revert(session);
	session->exists = 0;
	session->ended = why;
	if (locals != NULL) {
		locals->ended(locals->user_data, &session->key);
	}
	return why;
}

/* -- what a step's answer means --------------------------------------------------------------- */

static int fetched(struct mcpsess_session *session, int status)
{
	struct mcp_session_store_answer *answer = &session->call.answer;
	struct mcpsess_bytes version;
	if (status < 0) {
		return status;
	}
	/* Handles and tasks have ids too, and no id opens what it was not made for. */
	if (answer->kind != MCP_SESSION_STORE_SESSION) {
		return fail(session, MCPSESS_E_NOTFOUND, "the record is not a session's");
	}
	status = mcpsess_record_version(answer->payload, &version);
	if (status < 0) {
		return fail(session, status,
			mcpsess_seal_key_id(answer->payload).len > 0
				? "the payload is sealed; seal_keys_file= is not given"
				: "the record cannot be read");
	}
	session->standing = *answer;
	memset(answer, 0, sizeof(*answer));
	mcpsess_record_see(&session->record, session->standing.payload);
	if ((session->call.request.flags & MCP_SESSION_STORE_ANY_OWNER) != 0) {
		session->owner = session->standing.owner;
	}
	session->state = session->standing.state;
	session->exists = 1;
	return MCPSESS_OK;
}

/* Of the record only what counting changed is taken: what the session shows is not read again. */
static int counted(struct mcpsess_session *session, int status)
{
	struct mcp_session_store_answer *standing = &session->standing;
	struct mcp_session_store_answer *answer = &session->call.answer;
	if (status < 0) {
		return has_ended(status) ? end(session, status) : status;
	}
	standing->now_ms = answer->now_ms;
	standing->requests = answer->requests;
	standing->first_request_ms = answer->first_request_ms;
	standing->last_request_ms = answer->last_request_ms;
	standing->expires_ms = answer->expires_ms;
	mcp_session_store_answer_clear(answer);
	return MCPSESS_OK;
}

/* The next write is another one: the store makes a token for it, which a repetition keeps. */
static void next_operation(struct mcpsess_session *session)
{
	struct mcp_session_store_request *request = &session->call.request;
	memset(request->operation, 0, sizeof(request->operation));
	session->repeated = 0;
	session->asked = 1;
}

static struct mcpsess_bytes payload(const struct mcpsess_session *session)
{
	return session->patch.first != NULL ? mcpsess_buffer_bytes(&session->work)
					    : mcpsess_session_standing(session);
}

/* The payload others wrote is what stands from here on. */
static void stand_on(struct mcpsess_session *session, struct mcp_session_store_answer *theirs)
{
	struct mcp_session_store_answer *standing = &session->standing;
	void *blob = standing->blob;
	standing->blob = theirs->blob;
	standing->payload = theirs->payload;
	standing->revision = theirs->revision;
	if (theirs->state > standing->state) {
		standing->state = theirs->state;
	}
	session->state = session->patch.activate ? MCP_SESSION_STORE_ACTIVE : standing->state;
	mcpsess_buffer_reset(&session->written);
	theirs->blob = blob;
	mcp_session_store_answer_clear(theirs);
}

/* The answer holds what stands by now: apply the patch to that. */
static int merge(struct mcpsess_session *session)
{
	struct mcp_session_store_answer *answer = &session->call.answer;
	struct mcpsess_record theirs;
	struct mcpsess_buffer merged;
	mcpsess_buffer_init(&merged, session->env);
	/* The sooner the write follows the reading, the sooner one of many writers gets through. */
	int status = mcpsess_record_trust(&theirs, answer->payload);
	if (status == MCPSESS_OK) {
		status = mcpsess_patch_apply(
			&session->patch, answer->payload, session->max_data, &merged);
	}
	if (status < 0) {
		mcpsess_buffer_free(&merged);
		return fail(session, status, "the changes do not fit what others wrote");
	}
	stand_on(session, answer);
	mcpsess_buffer_free(&session->work);
	session->work = merged;
	mcpsess_record_see(&session->record, payload(session));
	session->step = MCPSESS_SESSION_WRITE;
	next_operation(session);
	return AGAIN;
}

/* A loop's thread must not sleep, and its next attempt is a round trip away. */
static int pauses(const struct mcpsess_session *session)
{
	return session->attempts % ATTEMPTS_AT_ONCE == 0 &&
	       (session->blocking || session->access->pool != NULL);
}

/* Those who meet again and again part by chance. */
static void pause_a_little(const struct mcpsess_session *session)
{
	uint32_t most = (uint32_t)session->attempts * PAUSE_STEP_NS;
	uint32_t chance = most / 2;
	mcpsess_random(session->env, &chance, sizeof(chance));
	struct timespec pause = { .tv_nsec = (long)(chance % most) };
	nanosleep(&pause, NULL);
}

static int overtaken(struct mcpsess_session *session)
{
	if (session->unsure && mcpsess_patch_adds(&session->patch)) {
		session->unsure = 0;
		return fail(session, MCPSESS_E_UNKNOWN,
			"others wrote after a write of unknown outcome");
	}
	session->asked = 0;
	if (session->attempts >= ATTEMPTS_MAX) {
		return fail(session, MCPSESS_E_CONFLICT, "others were faster each time");
	}
	/* After a pause what the store told would be stale. */
	if (session->call.answer.payload.len > 0 && !pauses(session)) {
		return merge(session);
	}
	session->step = MCPSESS_SESSION_READ_AGAIN;
	return AGAIN;
}

static int written(struct mcpsess_session *session)
{
	struct mcp_session_store_answer *standing = &session->standing;
	const struct mcp_session_store_answer *answer = &session->call.answer;
	standing->revision = answer->revision;
	standing->expires_ms = answer->expires_ms;
	standing->deadline_ms = answer->deadline_ms;
	standing->state = session->state;
	if (!session->exists) {
		standing->now_ms = answer->now_ms;
		standing->created_ms = answer->created_ms;
		standing->first_request_ms = answer->first_request_ms;
		session->exists = 1;
	}
	if (session->patch.first != NULL) {
		struct mcpsess_buffer spare = session->written;
		session->written = session->work;
		session->work = spare;
	}
	mcpsess_patch_clear(&session->patch, session->env);
	session->asked = 0;
	session->unsure = 0;
	return MCPSESS_OK;
}

static int can_repeat(const struct mcpsess_session *session)
{
	return (mcpsess_access_can(session->access) & MCP_SESSION_STORE_CAN_OPERATION) != 0;
}

/* What refuses the repetition says nothing of the first of the two. */
static int still_unknown(struct mcpsess_session *session)
{
	const struct mcpsess_error why = session->call.error;
	return mcpsess_fail(&session->call.error, MCPSESS_E_UNKNOWN, why.sys,
		"the change may have been made, and asking again failed: %s", why.text);
}

/* A dead store answers the repetition at once. */
static int unanswered(struct mcpsess_session *session, int status)
{
	if (status == MCPSESS_E_UNKNOWN) {
		session->unsure = 1;
		if (can_repeat(session) && !session->repeated) {
			session->repeated = 1;
			return AGAIN;
		}
	}
	return status == MCPSESS_E_UNAVAILABLE && session->unsure ? still_unknown(session) : status;
}

static int wrote(struct mcpsess_session *session, int status)
{
	switch (status) {
	case MCPSESS_OK:
		return written(session);
	case MCPSESS_E_CONFLICT:
		return overtaken(session);
	case MCPSESS_E_UNKNOWN:
	case MCPSESS_E_UNAVAILABLE:
		return unanswered(session, status);
	default:
		return has_ended(status) ? end(session, status) : status;
	}
}

static int read_again(struct mcpsess_session *session, int status)
{
	if (status == MCPSESS_OK) {
		return merge(session);
	}
	return has_ended(status) ? end(session, status) : status;
}

static int removed(struct mcpsess_session *session, int status)
{
	if (status == MCPSESS_E_UNKNOWN && !session->repeated) {
		session->repeated = 1;
		return AGAIN;
	}
	if (status == MCPSESS_E_UNAVAILABLE && session->repeated) {
		return still_unknown(session);
	}
	if (status == MCPSESS_OK) {
		end(session, MCPSESS_E_REVOKED);
		return MCPSESS_OK;
	}
	return has_ended(status) ? end(session, status) : status;
}

static int answered(struct mcpsess_session *session, int status)
{
	switch (session->step) {
	case MCPSESS_SESSION_FETCH:
		return fetched(session, status);
	case MCPSESS_SESSION_COUNT:
		return counted(session, status);
	case MCPSESS_SESSION_WRITE:
		return wrote(session, status);
	case MCPSESS_SESSION_READ_AGAIN:
		return read_again(session, status);
	case MCPSESS_SESSION_REMOVE:
		break;
	}
	return removed(session, status);
}

/* -- taking steps ------------------------------------------------------------------------------ */

static enum mcpsess_verb prepare(struct mcpsess_session *session)
{
	struct mcp_session_store_request *request = &session->call.request;
	switch (session->step) {
	case MCPSESS_SESSION_WRITE:
		request->revision = session->exists ? session->standing.revision : 0;
		request->state = session->state;
		request->payload = payload(session);
		session->attempts++;
		return MCPSESS_VERB_STORE;
	case MCPSESS_SESSION_REMOVE:
		return MCPSESS_VERB_DELETE;
	case MCPSESS_SESSION_READ_AGAIN:
		if (pauses(session)) {
			pause_a_little(session);
		}
		break;
	case MCPSESS_SESSION_FETCH:
	case MCPSESS_SESSION_COUNT:
		break;
	}
	return MCPSESS_VERB_GET;
}

static void call_over(struct mcp_session_store_call *call, int status);

static int run(struct mcpsess_session *session)
{
	struct mcp_session_store_call *call = &session->call;
	int status;
	call->done = call_over;
	call->user_data = session;
	call->request.key = session->key;
	call->request.owner = session->owner;
	do {
		enum mcpsess_verb verb = prepare(session);
		status = session->blocking ? mcpsess_access_run(session->access, verb, call)
					   : mcpsess_access_start(session->access, verb, call);
		if (status == MCPSESS_PENDING) {
			session->pending = 1;
			return status;
		}
		status = answered(session, status);
	} while (status == AGAIN);
	return status;
}

static void call_over(struct mcp_session_store_call *call, int status)
{
	struct mcpsess_session *session = call->user_data;
	session->pending = 0;
	status = answered(session, status);
	if (status == AGAIN) {
		status = run(session);
	}
	if (status != MCPSESS_PENDING) {
		session->done(session, status);
	}
}

/* -- the operations ---------------------------------------------------------------------------- */

static int id_is_possible(struct mcpsess_bytes id)
{
	const unsigned char *at = id.data;
	if (id.len < MCPSESS_ID_MIN || id.len > MCPSESS_ID_MAX) {
		return 0;
	}
	for (size_t i = 0; i < id.len; i++) {
		if (at[i] < 0x21 || at[i] > 0x7e) {
			return 0;
		}
	}
	return 1;
}

int mcpsess_session_fetch(struct mcpsess_session *session, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_bytes id, uint32_t flags)
{
	if (!id_is_possible(id)) {
		return fail(session, MCPSESS_E_NOTFOUND, "not an id of a session");
	}
	mcpsess_session_name(session, tenant, principal, id);
	session->call.request.flags = flags;
	session->step = MCPSESS_SESSION_FETCH;
	return run(session);
}

int mcpsess_session_fetch_key(
	struct mcpsess_session *session, const struct mcpsess_digest *key, uint32_t flags)
{
	mcpsess_session_name_key(session, key);
	session->call.request.flags = flags | MCP_SESSION_STORE_ANY_OWNER;
	session->step = MCPSESS_SESSION_FETCH;
	return run(session);
}

int mcpsess_session_count_next(struct mcpsess_session *session)
{
	session->call.request.flags = MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT;
	session->step = MCPSESS_SESSION_COUNT;
	return run(session);
}

int mcpsess_session_commit(struct mcpsess_session *session)
{
	if (!mcpsess_session_changed(session)) {
		return MCPSESS_OK;
	}
	if (session->ended != 0) {
		mcpsess_session_revert(session);
		return fail(session, session->ended, "the session has ended");
	}
	if (!session->asked) {
		next_operation(session);
	}
	session->attempts = 0;
	session->repeated = 0;
	session->call.request.flags =
		!session->exists && session->counts_first ? MCP_SESSION_STORE_COUNT : 0;
	session->step = MCPSESS_SESSION_WRITE;
	return run(session);
}

int mcpsess_session_remove(struct mcpsess_session *session)
{
	if (!session->exists) {
		end(session, session->ended != 0 ? session->ended : MCPSESS_E_REVOKED);
		return MCPSESS_OK;
	}
	session->repeated = 0;
	session->call.request.flags = 0;
	session->step = MCPSESS_SESSION_REMOVE;
	return run(session);
}
