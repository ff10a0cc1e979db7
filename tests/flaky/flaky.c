#include "flaky.h"

#include <stdlib.h>

#include "wrap.h"

static const char *const knob_names[FLAKY_KNOB_COUNT] = { "pend", "delay", "reorder", "fail",
	"lose", "seed" };

struct flaky {
	struct wrap wrap;
	unsigned knobs[FLAKY_KNOB_COUNT];
	uint64_t random;
	uint64_t last_due_ms; /* without reordering nothing ends before it */
	struct mcp_session_store_call *pending;
};

/* What the store keeps in a pending call. */
enum { NEXT, VERB, STATUS, DUE };
enum { NOT_DONE = 2 }; /* no status: the inner store has not been asked */

static void *number(uint64_t value)
{
	return (void *)(uintptr_t)value;
}

static uint64_t value_of(const struct mcp_session_store_call *call, int place)
{
	return (uint64_t)(uintptr_t)call->backend[place];
}

static uint64_t dice(struct flaky *flaky, uint64_t sides)
{
	flaky->random = flaky->random * 6364136223846793005u + 1442695040888963407u;
	return (flaky->random >> 33) % sides;
}

static int chance(struct flaky *flaky, enum mcpsess_flaky_knob knob)
{
	return flaky->knobs[knob] > 0 && dice(flaky, 100) < flaky->knobs[knob];
}

/* -- failing ---------------------------------------------------------------------------------- */

static int changes_something(enum wrap_verb verb, const struct mcp_session_store_request *request)
{
	return verb == WRAP_STORE || verb == WRAP_TOUCH || verb == WRAP_DELETE ||
	       verb == WRAP_ROTATE || verb == WRAP_END_OWNER || verb == WRAP_ONCE ||
	       (verb == WRAP_GET &&
		       (request->flags & (MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT)) != 0);
}

/* Ask the inner store, unless the verb is to fail. */
static int perform(struct flaky *flaky, enum wrap_verb verb, struct mcp_session_store_call *call)
{
	const struct mcpsess_host *host = flaky->wrap.store.host;
	if (chance(flaky, FLAKY_FAIL)) {
		host->explain(call, 0, "flaky: nothing was done");
		return MCPSESS_E_UNAVAILABLE;
	}
	int status = mcpsess_wrap_ask(&flaky->wrap, verb, call);
	if (chance(flaky, FLAKY_LOSE)) {
		mcp_session_store_answer_clear(&call->answer);
		host->explain(call, 0, "flaky: the answer is lost");
		return changes_something(verb, &call->request) ? MCPSESS_E_UNKNOWN
							       : MCPSESS_E_UNAVAILABLE;
	}
	return status;
}

/* -- pending ------------------------------------------------------------------------------------
 */

static void wake(struct flaky *flaky)
{
	uint64_t soonest_ms = 0;
	for (struct mcp_session_store_call *call = flaky->pending; call != NULL;
		call = call->backend[NEXT]) {
		if (soonest_ms == 0 || value_of(call, DUE) < soonest_ms) {
			soonest_ms = value_of(call, DUE);
		}
	}
	flaky->wrap.store.host->wake_at(flaky->wrap.store.core, soonest_ms);
}

static void take_out(struct flaky *flaky, struct mcp_session_store_call *call)
{
	struct mcp_session_store_call *at = flaky->pending, *before = NULL;
	while (at != call) {
		before = at;
		at = at->backend[NEXT];
	}
	if (before != NULL) {
		before->backend[NEXT] = call->backend[NEXT];
	} else {
		flaky->pending = call->backend[NEXT];
	}
}

/* In the order of coming, or reversed: with random times due that is any order. */
static void put_in(struct flaky *flaky, struct mcp_session_store_call *call)
{
	struct mcp_session_store_call *last = flaky->pending;
	if (last == NULL || flaky->knobs[FLAKY_REORDER]) {
		call->backend[NEXT] = last;
		flaky->pending = call;
		return;
	}
	while (last->backend[NEXT] != NULL) {
		last = last->backend[NEXT];
	}
	last->backend[NEXT] = call;
}

static int pend(struct flaky *flaky, enum wrap_verb verb, struct mcp_session_store_call *call)
{
	const struct mcp_session_store *store = &flaky->wrap.store;
	uint64_t due_ms = store->host->now_ms(store->core) +
			  dice(flaky, (uint64_t)flaky->knobs[FLAKY_DELAY] + 1);
	if (!flaky->knobs[FLAKY_REORDER] && due_ms < flaky->last_due_ms) {
		due_ms = flaky->last_due_ms;
	}
	flaky->last_due_ms = due_ms;
	int status = dice(flaky, 2) ? perform(flaky, verb, call) : NOT_DONE;
	call->backend[NEXT] = NULL;
	call->backend[VERB] = number(verb);
	call->backend[STATUS] = number((uint64_t)(int64_t)status);
	call->backend[DUE] = number(due_ms);
	put_in(flaky, call);
	wake(flaky);
	return MCPSESS_PENDING;
}

static void end(struct flaky *flaky, struct mcp_session_store_call *call)
{
	const struct mcp_session_store *store = &flaky->wrap.store;
	int status = (int)(int64_t)value_of(call, STATUS);
	take_out(flaky, call);
	if (status == NOT_DONE) {
		status = perform(flaky, (enum wrap_verb)value_of(call, VERB), call);
	}
	store->host->finish(store->core, call, status);
}

static void flaky_tick(struct mcp_session_store *store, uint64_t now_ms)
{
	struct flaky *flaky = (struct flaky *)store;
	struct mcp_session_store_call *next;
	for (struct mcp_session_store_call *call = flaky->pending; call != NULL; call = next) {
		next = call->backend[NEXT];
		if (value_of(call, DUE) <= now_ms) {
			end(flaky, call);
		}
	}
	wake(flaky);
}

static void flaky_cancel(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct flaky *flaky = (struct flaky *)store;
	take_out(flaky, call);
	wake(flaky);
}

static void flaky_ready(struct mcp_session_store *store, int fd, uint32_t events)
{
	(void)store, (void)fd, (void)events;
}

/* -- the store ------------------------------------------------------------------------------------
 */

static int run(
	struct mcp_session_store *store, enum wrap_verb verb, struct mcp_session_store_call *call)
{
	struct flaky *flaky = (struct flaky *)store;
	return chance(flaky, FLAKY_PEND) ? pend(flaky, verb, call) : perform(flaky, verb, call);
}

#define VERB(name, verb) \
	static int flaky_##name( \
		struct mcp_session_store *store, struct mcp_session_store_call *call) \
	{ \
		return run(store, verb, call); \
	}

VERB(store, WRAP_STORE)
VERB(get, WRAP_GET)
VERB(touch, WRAP_TOUCH)
VERB(delete, WRAP_DELETE)
VERB(exists, WRAP_EXISTS)
VERB(list, WRAP_LIST)
VERB(rotate, WRAP_ROTATE)
VERB(end_owner, WRAP_END_OWNER)
VERB(once, WRAP_ONCE)
VERB(ping, WRAP_PING)

static void flaky_close(struct mcp_session_store *store)
{
	struct flaky *flaky = (struct flaky *)store;
	mcpsess_wrap_close(&flaky->wrap);
	store->host->realloc(store->core, flaky, 0);
}

static void read_knobs(struct flaky *flaky, const struct mcpsess_backend_config *config)
{
	for (int i = 0; i < FLAKY_KNOB_COUNT; i++) {
		flaky->knobs[i] = (unsigned)strtoul(
			mcpsess_wrap_parameter(config, knob_names[i], "0"), NULL, 10);
	}
	flaky->random = flaky->knobs[FLAKY_SEED] + 1u;
}

static int flaky_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	struct mcp_session_store_ops ops = {
		.store = flaky_store,
		.get = flaky_get,
		.touch = flaky_touch,
		.delete = flaky_delete,
		.exists = flaky_exists,
		.list = flaky_list,
		.rotate = flaky_rotate,
		.end_owner = flaky_end_owner,
		.once = flaky_once,
		.ping = flaky_ping,
		.close = flaky_close,
		.ready = flaky_ready,
		.tick = flaky_tick,
		.cancel = flaky_cancel,
	};
	struct flaky *flaky = host->realloc(core, NULL, sizeof(*flaky));
	if (flaky == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(flaky, 0, sizeof(*flaky));
	read_knobs(flaky, config);
	ops.can = flaky->knobs[FLAKY_PEND] > 0 ? MCP_SESSION_STORE_CAN_PEND : 0;
	int status = mcpsess_wrap_open(&flaky->wrap, host, core, config, NULL, &ops, err);
	if (status < 0) {
		host->realloc(core, flaky, 0);
		return status;
	}
	*out = &flaky->wrap.store;
	return MCPSESS_OK;
}

static const struct mcpsess_backend backend = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(backend),
	.name = "flaky",
	.schemes = "flaky",
	.parameters = "store clock pend delay reorder fail lose seed",
	.open = flaky_open,
	.touches_are_free = 1,
};

int mcpsess_flaky_add(struct mcpsess_error *err)
{
	return mcpsess_backend_add(&backend, err);
}

void mcpsess_flaky_set(
	struct mcp_session_store *store, enum mcpsess_flaky_knob knob, unsigned value)
{
	((struct flaky *)store)->knobs[knob] = value;
}
