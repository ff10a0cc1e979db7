#include <errno.h>

#include "base/blob.h"
#include "store/core.h"
#include "store/seal.h"
#include "store/settings.h"

enum { PAGE_NORMAL = 100, GRACE_MAX = 30000 };

/* Beyond it no store here keeps a record: Redis and Postgres stop at 512 MiB and 1 GiB. */
static const size_t payload_max = (size_t)64 << 20;

static const struct mcpsess_digest no_key;

static int refuse(struct mcp_session_store_call *call, int status, const char *text)
{
	return mcpsess_fail(&call->error, status, 0, "%s", text);
}

static int check_flags(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	const uint32_t for_get = MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT;
	struct mcp_session_store_request *request = &call->request;
	if ((request->flags & ~(for_get | MCP_SESSION_STORE_ANY_OWNER)) != 0) {
		return refuse(call, MCPSESS_E_INVALID, "request.flags has an unknown flag");
	}
	if (verb == MCPSESS_VERB_STORE && request->revision == 0) {
		request->flags &= ~(uint32_t)MCP_SESSION_STORE_TOUCH;
	} else if (verb != MCPSESS_VERB_GET) {
		request->flags &= ~for_get;
	}
	if ((request->flags & MCP_SESSION_STORE_COUNT) != 0 &&
		!mcpsess_core_can(core, MCP_SESSION_STORE_CAN_COUNT)) {
		return refuse(call, MCPSESS_E_UNSUPPORTED,
			"this store cannot count requests (MCP_SESSION_STORE_CAN_COUNT)");
	}
	return MCPSESS_OK;
}

static int duration_fits(uint64_t ms)
{
	return ms <= MCPSESS_DURATION_MAX || ms == MCP_SESSION_STORE_NONE;
}

static int check_payload(struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	if (request->payload.len > payload_max) {
		return refuse(call, MCPSESS_E_TOOBIG, "request.payload is above 64 MiB");
	}
	if (request->payload.data == NULL && request->payload.len > 0) {
		return refuse(call, MCPSESS_E_INVALID, "request.payload has a length and no data");
	}
	return MCPSESS_OK;
}

static int check_store(struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	if (request->kind > MCP_SESSION_STORE_TASK) {
		return refuse(call, MCPSESS_E_INVALID, "request.kind is unknown");
	}
	if (request->state > MCP_SESSION_STORE_ACTIVE) {
		return refuse(call, MCPSESS_E_INVALID,
			"request.state is neither initializing nor active");
	}
	return check_payload(call);
}

/* The optional verbs say what they need; the text names both, for whoever chose the store. */
static int check_can(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	static const struct {
		uint32_t can;
		const char *text;
	} needs[MCPSESS_VERB_COUNT] = {
		[MCPSESS_VERB_LIST] = { MCP_SESSION_STORE_CAN_LIST,
			"this store cannot list (MCP_SESSION_STORE_CAN_LIST)" },
		[MCPSESS_VERB_ROTATE] = { MCP_SESSION_STORE_CAN_ROTATE,
			"this store cannot rotate ids (MCP_SESSION_STORE_CAN_ROTATE)" },
		[MCPSESS_VERB_END_OWNER] = { MCP_SESSION_STORE_CAN_END_OWNER,
			"this store cannot end an owner (MCP_SESSION_STORE_CAN_END_OWNER)" },
		[MCPSESS_VERB_ONCE] = { MCP_SESSION_STORE_CAN_ONCE,
			"this store keeps no one-time tokens (MCP_SESSION_STORE_CAN_ONCE)" },
		[MCPSESS_VERB_PING] = { MCP_SESSION_STORE_CAN_PING,
			"this store cannot be pinged (MCP_SESSION_STORE_CAN_PING)" },
	};
	return needs[verb].can == 0 || mcpsess_core_can(core, needs[verb].can)
		       ? MCPSESS_OK
		       : refuse(call, MCPSESS_E_UNSUPPORTED, needs[verb].text);
}

static int check_list(struct mcp_session_store_call *call)
{
	struct mcp_session_store_request *request = &call->request;
	if (memchr(request->cursor, '\0', sizeof(request->cursor)) == NULL) {
		return refuse(call, MCPSESS_E_INVALID, "request.cursor has no end");
	}
	if (request->page == 0) {
		request->page = PAGE_NORMAL;
	} else if (request->page > MCP_SESSION_STORE_PAGE_MAX) {
		request->page = MCP_SESSION_STORE_PAGE_MAX;
	}
	return MCPSESS_OK;
}

static int is_none(const struct mcpsess_digest *digest)
{
	return memcmp(digest, &no_key, sizeof(no_key)) == 0;
}

static int check_rotate(struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	if (is_none(&request->new_key) ||
		memcmp(&request->new_key, &request->key, sizeof(no_key)) == 0) {
		return refuse(call, MCPSESS_E_INVALID, "request.new_key is not another key");
	}
	if (request->grace_ms > GRACE_MAX) {
		return refuse(call, MCPSESS_E_INVALID, "request.grace_ms is above 30 seconds");
	}
	return request->revision > 0 ? check_payload(call) : MCPSESS_OK;
}

static int check_own(enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	switch (verb) {
	case MCPSESS_VERB_PING:
		return MCPSESS_OK;
	case MCPSESS_VERB_LIST:
		return check_list(call);
	case MCPSESS_VERB_END_OWNER:
		return is_none(&request->owner)
			       ? refuse(call, MCPSESS_E_INVALID, "request.owner is nobody")
			       : MCPSESS_OK;
	default:
		break;
	}
	if (is_none(&request->key)) {
		return refuse(call, MCPSESS_E_INVALID, "request.key is not set");
	}
	if (verb == MCPSESS_VERB_ROTATE) {
		return check_rotate(call);
	}
	return verb == MCPSESS_VERB_STORE ? check_store(call) : MCPSESS_OK;
}

static int check(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	int r = check_flags(core, verb, call);
	if (r == MCPSESS_OK) {
		r = check_can(core, verb, call);
	}
	if (r < 0) {
		return r;
	}
	if (!duration_fits(request->idle_ms) || !duration_fits(request->absolute_ms)) {
		return refuse(call, MCPSESS_E_INVALID,
			"request.idle_ms or absolute_ms is longer than 36500 days");
	}
	return check_own(verb, call);
}

/* A token is compared with that of the same record's last write only: 64 random bits suffice. */
static void make_operation(struct mcpsess_core *core, unsigned char out[16])
{
	static const unsigned char none[16];
	if (memcmp(out, none, sizeof(none)) == 0) {
		uint64_t count =
			atomic_fetch_add_explicit(&core->operations, 1, memory_order_relaxed) + 1;
		memcpy(out, core->nonce, 8);
		memcpy(out + 8, &count, 8);
	}
}

/* A throttle made for the store's idle would swallow a much shorter one. */
static uint64_t touch_every(const struct mcp_session_store_options *settings, uint64_t idle_ms)
{
	return idle_ms < settings->idle_ms && settings->touch_every_ms > idle_ms / 10
		       ? idle_ms / 10
		       : settings->touch_every_ms;
}

static void fill(struct mcpsess_core *core, enum mcpsess_verb verb,
	struct mcp_session_store_request *request)
{
	const struct mcp_session_store_options *settings = &core->settings;
	request->tombstone_ms = settings->tombstone_ms;
	request->max_sessions = settings->max_sessions;
	request->max_sessions_per_owner = settings->max_sessions_per_owner;
	if (request->absolute_ms == 0) {
		request->absolute_ms = settings->absolute_ms;
	}
	if (request->idle_ms == 0) {
		request->idle_ms = settings->idle_ms;
	}
	request->touch_every_ms = touch_every(settings, request->idle_ms);
	if (verb == MCPSESS_VERB_STORE || verb == MCPSESS_VERB_ROTATE ||
		verb == MCPSESS_VERB_ONCE) {
		make_operation(core, request->operation);
	}
}

int mcpsess_verb_prepare(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	call->error.status = MCPSESS_OK;
	call->error.sys = 0;
	call->error.text[0] = '\0';
	call->sealed = NULL;
	call->reads_first = 0;
	call->verb = verb;
	int r = check(core, verb, call);
	if (r < 0) {
		return r;
	}
	fill(core, verb, &call->request);
	if (mcpsess_core_can(core, MCP_SESSION_STORE_CAN_PEND)) {
		call->give_up_ms = mcpsess_now_ms(&core->env) + core->settings.timeout_ms;
	}
	return mcpsess_seal_begin(core, call);
}

static int is_down(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	if (core->breaker.open_until_ms == 0) {
		return 0;
	}
	uint64_t now_ms = mcpsess_now_ms(&core->env);
	if (mcpsess_breaker_lets(&core->breaker, now_ms, core->settings.probe_every_ms)) {
		return 0;
	}
	mcpsess_fail(&call->error, 0, 0, "the store is down, the next try is in %llu ms",
		(unsigned long long)(core->breaker.open_until_ms - now_ms));
	return 1;
}

int mcpsess_verb_launch(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	if (is_down(core, call)) {
		return mcpsess_verb_settle(call, MCPSESS_E_UNAVAILABLE);
	}
	int r = core->verbs[call->verb](core->store, call);
	if (r == MCPSESS_PENDING && mcpsess_core_can(core, MCP_SESSION_STORE_CAN_PEND)) {
		mcpsess_loop_add(core, call);
		return r;
	}
	r = mcpsess_verb_settle(call, r);
	mcpsess_verb_tell_breaker(core, call);
	return r;
}

void mcpsess_verb_tell_breaker(struct mcpsess_core *core, const struct mcp_session_store_call *call)
{
	/* Of a store of many nodes a ping meets one: that it refuses says nothing of the others. */
	int of_one = call->verb == MCPSESS_VERB_PING && call->error.sys == EACCES;
	if (mcpsess_core_can(core, MCP_SESSION_STORE_CAN_SHARE) && !of_one) {
		mcpsess_breaker_told(&core->breaker, &core->env, call->status, call->error.sys,
			core->settings.probe_every_ms);
	}
}

int mcpsess_verb_settle(struct mcp_session_store_call *call, int status)
{
	struct mcpsess_error *error = &call->error;
	if (status == MCPSESS_OK) {
		return call->status = status;
	}
	if (status > MCPSESS_E_INVALID || status < MCPSESS_E_UNSUPPORTED) {
		mcpsess_fail(error, 0, 0, "the backend answered %d, which is no result", status);
		status = MCPSESS_E_UNKNOWN;
	}
	if (error->text[0] == '\0') {
		strcpy(error->text, mcpsess_strerror(status));
	}
	return call->status = error->status = status;
}

int mcpsess_verb_go_on(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	while ((status = mcpsess_seal_end(core, call, status)) == MCPSESS_SEAL_AGAIN) {
		status = mcpsess_verb_launch(core, call);
		if (status == MCPSESS_PENDING) {
			break;
		}
	}
	return status;
}

static int prepare_and_launch(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	int r = mcpsess_verb_prepare(core, verb, call);
	return r == MCPSESS_OK ? mcpsess_verb_launch(core, call) : r;
}

int mcpsess_verb_run(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call)
{
	if (mcpsess_loop_holds(&core->loop, call)) {
		return MCPSESS_E_INVALID;
	}
	int r = prepare_and_launch(core, verb, call);
	do {
		if (r == MCPSESS_PENDING) {
			mcpsess_loop_flush(core);
			r = mcpsess_loop_wait(core, call);
			mcpsess_loop_arm(core);
		}
		r = mcpsess_verb_go_on(core, call, r);
	} while (r == MCPSESS_PENDING);
	return r;
}

static int fits_get_into(
	const struct mcpsess_core *core, const struct mcp_session_store_request *request)
{
	const uint32_t flags = MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_ANY_OWNER;
	return core->ops.get_into != NULL && (request->flags & ~flags) == 0 &&
	       request->idle_ms <= MCPSESS_DURATION_MAX &&
	       request->absolute_ms <= MCPSESS_DURATION_MAX && !is_none(&request->key);
}

int mcpsess_verb_get_into(struct mcpsess_core *core,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer)
{
	if (answer == NULL || !fits_get_into(core, request)) {
		return MCPSESS_E_UNSUPPORTED;
	}
	if (answer->blob != NULL || answer->cursor[0] != '\0') {
		mcp_session_store_answer_clear(answer);
	}
	uint64_t idle_ms = request->idle_ms > 0 ? request->idle_ms : core->settings.idle_ms;
	return core->ops.get_into(
		core->store, request, idle_ms, touch_every(&core->settings, idle_ms), answer);
}

void mcpsess_verb_begin(
	struct mcp_session_store_call *call, const struct mcp_session_store_request *request)
{
	/* Not zeroed as a whole: a third of it is the error's text, and this is the hot path. */
	call->request = *request;
	call->done = NULL;
	call->user_data = NULL;
	call->next = call->prev = NULL;
	memset(&call->answer, 0, sizeof(call->answer));
}

void mcpsess_verb_hand_out(struct mcp_session_store_call *call,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err)
{
	if (answer != NULL) {
		mcpsess_blob_unref(answer->blob);
		*answer = call->answer;
	} else {
		mcp_session_store_answer_clear(&call->answer);
	}
	if (err != NULL && call->error.status < 0) {
		*err = call->error;
	}
}

static int block(struct mcp_session_store *store, enum mcpsess_verb verb,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err)
{
	struct mcp_session_store_call call;
	if (verb == MCPSESS_VERB_GET &&
		mcpsess_verb_get_into(mcpsess_core_of(store), request, answer) == MCPSESS_OK) {
		return MCPSESS_OK;
	}
	mcpsess_verb_begin(&call, request);
	int r = mcpsess_verb_run(mcpsess_core_of(store), verb, &call);
	mcpsess_verb_hand_out(&call, answer, err);
	return r;
}

int mcpsess_verb_start(struct mcp_session_store *store, enum mcpsess_verb verb,
	struct mcp_session_store_call *call)
{
	struct mcpsess_core *core = mcpsess_core_of(store);
	if (mcpsess_loop_holds(&core->loop, call)) {
		return MCPSESS_E_INVALID;
	}
	mcp_session_store_answer_clear(&call->answer);
	int r = prepare_and_launch(core, verb, call);
	if (r != MCPSESS_PENDING) {
		r = mcpsess_verb_go_on(core, call, r);
	}
	if (mcpsess_core_can(core, MCP_SESSION_STORE_CAN_PEND)) {
		/* What done() starts goes out together, at the end of the dispatch. */
		if (r == MCPSESS_PENDING && !core->loop.dispatching) {
			mcpsess_loop_flush(core);
		}
		mcpsess_loop_arm(core);
	}
	return r;
}

#define VERB(name, constant) \
	int mcp_session_store_##name(struct mcp_session_store *store, \
		const struct mcp_session_store_request *request, \
		struct mcp_session_store_answer *answer, struct mcpsess_error *err) \
	{ \
		return block(store, constant, request, answer, err); \
	} \
\
	int mcp_session_store_##name##_async( \
		struct mcp_session_store *store, struct mcp_session_store_call *call) \
	{ \
		return mcpsess_verb_start(store, constant, call); \
	}

VERB(store, MCPSESS_VERB_STORE)
VERB(get, MCPSESS_VERB_GET)
VERB(touch, MCPSESS_VERB_TOUCH)
VERB(delete, MCPSESS_VERB_DELETE)
VERB(exists, MCPSESS_VERB_EXISTS)
VERB(list, MCPSESS_VERB_LIST)
VERB(rotate, MCPSESS_VERB_ROTATE)
VERB(end_owner, MCPSESS_VERB_END_OWNER)
VERB(once, MCPSESS_VERB_ONCE)
VERB(ping, MCPSESS_VERB_PING)
#undef VERB
