#include <mcpsess/pool.h>

#include "store/handles.h"
#include "store/seal.h"

enum { HANDLES_NORMAL = 4, HANDLES_MAX = 64 };

/* -- batches ------------------------------------------------------------------------------- */

static void launch(struct mcpsess_handle *handle, struct mcpsess_waiter *waiter)
{
	waiter->launched = 1;
	mcpsess_waiters_push(&handle->flight, waiter);
	mcpsess_verb_launch(mcpsess_core_of(handle->store), waiter->call);
}

/* Send what is queued, unless the backend blocks, in one go with what was launched before. */
static void launch_queue(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
{
	struct mcpsess_waiters batch = { 0 };
	if (mcpsess_handles_batch(pool)) {
		batch = mcpsess_handles_take_queue(pool, handle);
	}
	for (struct mcpsess_waiter *one = mcpsess_waiters_pop(&batch); one != NULL;
		one = mcpsess_waiters_pop(&batch)) {
		launch(handle, one);
	}
	mcpsess_loop_flush(mcpsess_core_of(handle->store));
}

/* Take those of the flight whose calls are over out of it; ourselves as well. */
static struct mcpsess_waiters landed(struct mcpsess_handle *handle, struct mcpsess_waiter *self)
{
	struct mcpsess_core *core = mcpsess_core_of(handle->store);
	struct mcpsess_waiters over = { 0 }, flight = { 0 };
	for (struct mcpsess_waiter *one = mcpsess_waiters_pop(&handle->flight); one != NULL;
		one = mcpsess_waiters_pop(&handle->flight)) {
		if (!mcpsess_loop_take(core, one->call)) {
			mcpsess_waiters_push(&flight, one);
		} else if (one != self) {
			mcpsess_waiters_push(&over, one);
		}
	}
	handle->flight = flight;
	return over;
}

/* Hold the handle until our own call is over, doing the others' work meanwhile. */
static void lead(struct mcp_session_store_pool *pool, struct mcpsess_waiter *self)
{
	struct mcpsess_handle *handle = self->handle;
	struct mcpsess_core *core = mcpsess_core_of(handle->store);
	if (!self->launched) {
		launch(handle, self);
	}
	launch_queue(pool, handle);
	struct mcpsess_waiters over = landed(handle, self);
	uint64_t limit_ms = mcpsess_loop_limit(core, self->call);
	while (self->call->status == MCPSESS_PENDING) {
		mcpsess_waiters_tell(&over, MCPSESS_TOLD_OVER);
		mcpsess_loop_turn(core, self->call, limit_ms);
		over = landed(handle, self);
	}
	/* First, for then many of them are back when the next holder takes the queue. */
	mcpsess_waiters_tell(&over, MCPSESS_TOLD_OVER);
	mcpsess_handles_pass_on(pool, handle);
}

int mcpsess_pool_run(struct mcp_session_store_pool *pool, enum mcpsess_verb verb,
	struct mcp_session_store_call *call)
{
	if (mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_THREADS)) {
		return mcpsess_verb_run(pool->core, verb, call);
	}
	int r = mcpsess_verb_prepare(pool->core, verb, call);
	if (r < 0) {
		return r;
	}
	do {
		struct mcpsess_waiter self = { .call = call };
		r = mcpsess_handles_find(pool, &self, &call->error);
		if (r == MCPSESS_OK) {
			lead(pool, &self);
		}
		r = mcpsess_seal_end(pool->core, call, r < 0 ? r : call->status);
	} while (r == MCPSESS_SEAL_AGAIN);
	return r;
}

/* -- opening and the rest -------------------------------------------------------------------- */

/* How many handles there are unless the host says: few are the better where much can be batched. */
static unsigned handles_of(const struct mcpsess_backend *backend)
{
	int says = backend->size > offsetof(struct mcpsess_backend, handles) &&
		   backend->handles > 0 && backend->handles < HANDLES_NORMAL;
	return says ? backend->handles : HANDLES_NORMAL;
}

/* The first handle is opened at once, which connects nothing and tells what the store can do. */
static int open_pool(struct mcp_session_store_pool *pool, const char *uri,
	const struct mcp_session_store_options *options, unsigned handles,
	struct mcpsess_error *err)
{
	int r = mcpsess_plan_make(&pool->plan, uri, options, err);
	if (r == MCPSESS_OK) {
		r = mcpsess_handles_open(pool, &pool->handles[0], err);
	}
	if (r < 0) {
		return r;
	}
	pool->core = mcpsess_core_of(pool->handles[0].store);
	if (mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_THREADS) ||
		!mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_SHARE)) {
		pool->handle_count = 1;
	} else if (handles == 0) {
		pool->handle_count = handles_of(pool->plan.backend);
	}
	for (unsigned i = pool->handle_count; i-- > 0;) {
		pool->handles[i].next_idle = pool->idle;
		pool->idle = &pool->handles[i];
	}
	return MCPSESS_OK;
}

static void free_pool(struct mcp_session_store_pool *pool)
{
	for (unsigned i = 0; i < pool->handle_count; i++) {
		mcp_session_store_close(pool->handles[i].store);
	}
	mcpsess_plan_release(&pool->plan);
	struct mcpsess_env env = pool->plan.env;
	pthread_mutex_destroy(&pool->lock);
	mcpsess_free(&env, pool->uri);
	mcpsess_free(&env, pool);
}

int mcp_session_store_pool_open(const char *uri, const struct mcp_session_store_options *options,
	unsigned handles, struct mcp_session_store_pool **out, struct mcpsess_error *err)
{
	struct mcpsess_env env;
	unsigned places = handles == 0            ? HANDLES_NORMAL
			  : handles < HANDLES_MAX ? handles
						  : HANDLES_MAX;
	mcpsess_env_init(&env, options != NULL ? options->hooks : NULL);
	struct mcp_session_store_pool *pool =
		mcpsess_alloc(&env, sizeof(*pool) + places * sizeof(pool->handles[0]));
	char *copy = mcpsess_strdup(&env, mcpsess_str(uri));
	if (pool == NULL || copy == NULL) {
		mcpsess_free(&env, copy);
		mcpsess_free(&env, pool);
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "no memory for a pool");
	}
	pool->uri = copy;
	pool->handle_count = places;
	pthread_mutex_init(&pool->lock, NULL);
	int r = open_pool(pool, uri != NULL ? copy : NULL, options, handles, err);
	if (r < 0) {
		pool->plan.env = env;
		free_pool(pool);
		return r;
	}
	*out = pool;
	return MCPSESS_OK;
}

void mcp_session_store_pool_close(struct mcp_session_store_pool *pool)
{
	if (pool != NULL) {
		free_pool(pool);
	}
}

const char *mcp_session_store_pool_scheme(const struct mcp_session_store_pool *pool)
{
	return pool->core->scheme;
}

uint32_t mcp_session_store_pool_can(const struct mcp_session_store_pool *pool)
{
	return (pool->core->ops.can & ~(uint32_t)MCP_SESSION_STORE_CAN_PEND) |
	       MCP_SESSION_STORE_CAN_THREADS;
}

void mcp_session_store_pool_settings(
	const struct mcp_session_store_pool *pool, struct mcp_session_store_options *out)
{
	*out = pool->core->settings;
}

/* A handle for ourselves alone, to be passed on. */
static int borrow(struct mcp_session_store_pool *pool, struct mcpsess_handle **out)
{
	struct mcpsess_waiter self = { 0 };
	int r = mcpsess_handles_find(pool, &self, NULL);
	*out = self.handle;
	return r;
}

int mcp_session_store_pool_stats(
	struct mcp_session_store_pool *pool, struct mcp_session_store_counts *out)
{
	if (mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_THREADS)) {
		return mcp_session_store_stats(pool->core->store, out);
	}
	struct mcpsess_handle *handle;
	int r = borrow(pool, &handle);
	if (r == MCPSESS_OK) {
		r = mcp_session_store_stats(handle->store, out);
		mcpsess_handles_pass_on(pool, handle);
	}
	return r;
}

int mcp_session_store_pool_sweep(struct mcp_session_store_pool *pool, size_t budget)
{
	if (mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_THREADS)) {
		return mcp_session_store_sweep(pool->core->store, budget);
	}
	struct mcpsess_handle *handle;
	int r = borrow(pool, &handle);
	if (r == MCPSESS_OK) {
		r = mcp_session_store_sweep(handle->store, budget);
		mcpsess_handles_pass_on(pool, handle);
	}
	return r;
}

static int block(struct mcp_session_store_pool *pool, enum mcpsess_verb verb,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err)
{
	struct mcp_session_store_call call;
	if (verb == MCPSESS_VERB_GET &&
		mcpsess_verb_get_into(pool->core, request, answer) == MCPSESS_OK) {
		return MCPSESS_OK;
	}
	mcpsess_verb_begin(&call, request);
	int r = mcpsess_pool_run(pool, verb, &call);
	mcpsess_verb_hand_out(&call, answer, err);
	return r;
}

#define VERB(name, constant) \
	int mcp_session_store_pool_##name(struct mcp_session_store_pool *pool, \
		const struct mcp_session_store_request *request, \
		struct mcp_session_store_answer *answer, struct mcpsess_error *err) \
	{ \
		return block(pool, constant, request, answer, err); \
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
