#include <mcpsess/pool.h>

#include <pthread.h>

#include "store/core.h"
#include "store/seal.h"
#include "store/waiter.h"

enum { HANDLES_NORMAL = 4, HANDLES_MAX = 64, BELLS = 4 };

/* A handle that has not taken its queue for so long gets no answer; others take it. */
enum { STALLED_MS = 50 };

/*
 * A connection, and those who queue for it. Each thread has a handle that it queues at when none is
 * idle, for so all who were served together come back together, and are one batch again.
 */
struct mcpsess_handle {
	struct mcp_session_store *store; /* NULL: not opened yet */
	struct mcpsess_waiters flight;   /* whose calls are under way here; the holder's alone */
	struct mcpsess_waiters queue;    /* what follows is under the pool's lock */
	uint64_t since_ms;               /* when its holder last took the queue */
	unsigned listeners;              /* how many have been given the bell */
	unsigned bell;                   /* of those who queue now */
	struct mcpsess_bell bells[BELLS];
	struct mcpsess_handle *next_idle;
};

struct mcp_session_store_pool {
	struct mcpsess_plan plan;
	struct mcpsess_core *core; /* of the first handle, for what all have in common */
	char *uri;
	unsigned handle_count;
	pthread_mutex_t lock;
	struct mcpsess_handle *idle; /* the last used first, those not opened last */
	struct mcpsess_handle handles[];
};

/* -- queues -------------------------------------------------------------------------------- */

/* A number of this thread's own, from 0 on. */
static unsigned thread_number(void)
{
	static atomic_uint numbers;
	static _Thread_local unsigned number;
	if (number == 0) {
		number = 1 + atomic_fetch_add(&numbers, 1);
	}
	return number - 1;
}

static void join_queue(struct mcp_session_store_pool *pool, struct mcpsess_waiter *self)
{
	struct mcpsess_handle *handle = &pool->handles[thread_number() % pool->handle_count];
	self->bell = &handle->bells[handle->bell % BELLS];
	self->tone = UINT32_C(1) << handle->listeners++ % MCPSESS_BELL_TONES;
	self->queue = &handle->queue;
	mcpsess_waiters_push(self->queue, self);
}

/* Leave the queue, unless somebody has taken the waiter out of it to serve it. */
static int leave_queue(struct mcp_session_store_pool *pool, struct mcpsess_waiter *self)
{
	pthread_mutex_lock(&pool->lock);
	int queued = self->queue != NULL;
	if (queued) {
		mcpsess_waiters_take_out(self->queue, self);
	}
	pthread_mutex_unlock(&pool->lock);
	return queued;
}

/* Who is next at a handle, or at any other if nobody queues there. */
static struct mcpsess_waiter *pop_queue(
	struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
{
	struct mcpsess_waiter *next = mcpsess_waiters_pop(&handle->queue);
	for (unsigned i = 0; i < pool->handle_count && next == NULL; i++) {
		next = mcpsess_waiters_pop(&pool->handles[i].queue);
	}
	if (next != NULL) {
		next->queue = NULL;
	}
	return next;
}

/* Move a queue to the batch, as far as the first who wants a handle for itself. */
static void empty_queue(struct mcpsess_handle *handle, struct mcpsess_waiters *batch)
{
	struct mcpsess_waiters *queue = &handle->queue;
	while (queue->first != NULL && queue->first->call != NULL) {
		queue->first->queue = NULL;
		mcpsess_waiters_push(batch, mcpsess_waiters_pop(queue));
	}
	handle->bell++;
	handle->listeners = 0;
}

/* What is to be sent on a handle: its queue, and those of handles that get no answer. */
static struct mcpsess_waiters take_queue(
	struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
{
	struct mcpsess_waiters batch = { 0 };
	uint64_t now_ms = mcpsess_now_ms(&pool->core->env);
	pthread_mutex_lock(&pool->lock);
	handle->since_ms = now_ms;
	for (unsigned i = 0; i < pool->handle_count; i++) {
		struct mcpsess_handle *one = &pool->handles[i];
		if (one->queue.first != NULL &&
			(one == handle || one->since_ms + STALLED_MS < now_ms)) {
			empty_queue(one, &batch);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return batch;
}

/* TOLD_NOTHING: every handle stayed busy for the store's timeout, and nothing was sent. */
static enum mcpsess_told wait_in_queue(
	struct mcp_session_store_pool *pool, struct mcpsess_waiter *self)
{
	struct timespec until = mcpsess_bell_after(pool->core->settings.timeout_ms);
	enum mcpsess_told told = mcpsess_waiter_hear(self, &until);
	if (told == MCPSESS_TOLD_NOTHING && !leave_queue(pool, self)) {
		told = mcpsess_waiter_hear(self, NULL);
	}
	return told;
}

/* -- handles ------------------------------------------------------------------------------- */

static int open_handle(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle,
	struct mcpsess_error *err)
{
	int r = mcpsess_plan_open(&pool->plan, &handle->store, err);
	if (r < 0) {
		/* Behind all that are open, so that nobody who could have one fails too. */
		pthread_mutex_lock(&pool->lock);
		struct mcpsess_handle **end = &pool->idle;
		while (*end != NULL) {
			end = &(*end)->next_idle;
		}
		handle->next_idle = NULL;
		*end = handle;
		pthread_mutex_unlock(&pool->lock);
	}
	return r;
}

/*
 * Find the waiter a handle. OK: self->handle is its own until it is passed on. PENDING: somebody
 * else has had the call done. Or an error.
 */
static int find_handle(
	struct mcp_session_store_pool *pool, struct mcpsess_waiter *self, struct mcpsess_error *err)
{
	pthread_mutex_lock(&pool->lock);
	struct mcpsess_handle *idle = pool->idle;
	if (idle != NULL) {
		pool->idle = idle->next_idle;
	} else {
		join_queue(pool, self);
	}
	pthread_mutex_unlock(&pool->lock);
	if (idle != NULL) {
		self->handle = idle;
		return idle->store != NULL ? MCPSESS_OK : open_handle(pool, idle, err);
	}
	enum mcpsess_told told = wait_in_queue(pool, self);
	if (told == MCPSESS_TOLD_NOTHING) {
		return mcpsess_fail(err, MCPSESS_E_UNAVAILABLE, 0,
			"every handle of the pool was busy for %llu ms",
			(unsigned long long)pool->core->settings.timeout_ms);
	}
	return told == MCPSESS_TOLD_LEAD ? MCPSESS_OK : MCPSESS_PENDING;
}

/* Give the handle to who needs it: first to those whose calls are under way on it. */
static void pass_on(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
{
	struct mcpsess_waiter *next = handle->flight.first;
	if (next == NULL) {
		pthread_mutex_lock(&pool->lock);
		next = pop_queue(pool, handle);
		if (next == NULL) {
			handle->next_idle = pool->idle;
			pool->idle = handle;
		}
		pthread_mutex_unlock(&pool->lock);
	}
	if (next != NULL) {
		next->handle = handle;
		mcpsess_waiter_tell(next, MCPSESS_TOLD_LEAD);
	}
}

/* -- batches ------------------------------------------------------------------------------- */

static void launch(struct mcpsess_handle *handle, struct mcpsess_waiter *waiter)
{
	waiter->launched = 1;
	mcpsess_waiters_push(&handle->flight, waiter);
	mcpsess_verb_launch(mcpsess_core_of(handle->store), waiter->call);
}

/* Send what is queued, in one go, with what was launched before. A backend that blocks gets none.
 */
static void launch_queue(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
{
	struct mcpsess_waiters batch = { 0 };
	if (mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_PEND)) {
		batch = take_queue(pool, handle);
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
	pass_on(pool, handle);
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
		r = find_handle(pool, &self, &call->error);
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
		r = open_handle(pool, &pool->handles[0], err);
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
	int r = find_handle(pool, &self, NULL);
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
		pass_on(pool, handle);
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
		pass_on(pool, handle);
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
