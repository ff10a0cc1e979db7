#include <mcpsess/pool.h>

#include <pthread.h>

#include "store/bell.h"
#include "store/core.h"
#include "store/seal.h"

enum { HANDLES_NORMAL = 4, HANDLES_MAX = 64, BELLS = 16 };

enum told { TOLD_NOTHING, TOLD_OVER, TOLD_LEAD };

/*
 * A caller, on its own stack. Without an idle handle it sleeps until its call is over, or until
 * it is given a handle: with its call still to be sent, or under way already.
 */
struct waiter {
	struct mcp_session_store_call *call; /* NULL: it wants the handle for itself */
	struct waiter *next;
	struct handle *handle;
	struct mcpsess_bell *bell;
	uint32_t tone;
	int queued;      /* under the pool's lock */
	int launched;    /* its call is with the backend */
	atomic_int told; /* enum told */
};

struct waiters {
	struct waiter *first, *last;
};

struct handle {
	struct mcp_session_store *store; /* NULL: not opened yet */
	struct waiters flight;           /* whose calls are under way here; the holder's alone */
	struct handle *next_idle;
};

struct mcp_session_store_pool {
	struct mcpsess_plan plan;
	struct mcpsess_core *core; /* of the first handle, for what all have in common */
	char *uri;
	unsigned handle_count;
	pthread_mutex_t lock; /* of idle, queue, bell and listeners */
	struct handle *idle;  /* the last used first, those not opened last */
	struct waiters queue;
	unsigned bell; /* of those who queue now: they are sent, and mostly over, together */
	unsigned listeners;
	struct mcpsess_bell bells[BELLS];
	struct handle handles[];
};

/* -- lists of waiters ---------------------------------------------------------------------- */

static void push(struct waiters *waiters, struct waiter *waiter)
{
	waiter->next = NULL;
	*(waiters->last != NULL ? &waiters->last->next : &waiters->first) = waiter;
	waiters->last = waiter;
}

static struct waiter *pop(struct waiters *waiters)
{
	struct waiter *waiter = waiters->first;
	if (waiter != NULL) {
		waiters->first = waiter->next;
		waiters->last = waiters->first != NULL ? waiters->last : NULL;
	}
	return waiter;
}

static void take_out(struct waiters *waiters, const struct waiter *waiter)
{
	struct waiters rest = { 0 };
	for (struct waiter *one = pop(waiters); one != NULL; one = pop(waiters)) {
		if (one != waiter) {
			push(&rest, one);
		}
	}
	*waiters = rest;
}

/* -- sleeping and waking ------------------------------------------------------------------- */

/* The bell is rung after this. Once told, the waiter may be gone, but not its bell. */
static void tell(struct waiter *waiter, enum told told)
{
	atomic_store(&waiter->told, told);
}

/* Sleep until told something, or until then; NULL: however long it takes. */
static enum told hear(struct waiter *self, const struct timespec *until)
{
	int late = 0;
	for (;;) {
		unsigned rings = mcpsess_bell_rings(self->bell);
		int told = atomic_exchange(&self->told, TOLD_NOTHING);
		if (told != TOLD_NOTHING || late) {
			return (enum told)told;
		}
		late = mcpsess_bell_sleep(self->bell, rings, self->tone, until) < 0;
	}
}

/* Leave the queue, unless somebody has taken the waiter out of it to serve it. */
static int leave_queue(struct mcp_session_store_pool *pool, struct waiter *self)
{
	pthread_mutex_lock(&pool->lock);
	int queued = self->queued;
	if (queued) {
		take_out(&pool->queue, self);
	}
	pthread_mutex_unlock(&pool->lock);
	return queued;
}

/* TOLD_NOTHING: every handle stayed busy for the store's timeout, and nothing was sent. */
static enum told wait_in_queue(struct mcp_session_store_pool *pool, struct waiter *self)
{
	struct timespec until = mcpsess_bell_after(pool->core->settings.timeout_ms);
	enum told told = hear(self, &until);
	if (told == TOLD_NOTHING && !leave_queue(pool, self)) {
		told = hear(self, NULL);
	}
	return told;
}

/* -- handles ------------------------------------------------------------------------------- */

static int open_handle(
	struct mcp_session_store_pool *pool, struct handle *handle, struct mcpsess_error *err)
{
	int r = mcpsess_plan_open(&pool->plan, &handle->store, err);
	if (r < 0) {
		/* Behind all that are open, so that nobody who could have one fails too. */
		pthread_mutex_lock(&pool->lock);
		struct handle **end = &pool->idle;
		while (*end != NULL) {
			end = &(*end)->next_idle;
		}
		handle->next_idle = NULL;
		*end = handle;
		pthread_mutex_unlock(&pool->lock);
	}
	return r;
}

static void join_queue(struct mcp_session_store_pool *pool, struct waiter *self)
{
	self->bell = &pool->bells[pool->bell % BELLS];
	self->tone = UINT32_C(1) << pool->listeners++ % MCPSESS_BELL_TONES;
	self->queued = 1;
	push(&pool->queue, self);
}

/*
 * Find the waiter a handle. OK: self->handle is its own until it is passed on. PENDING: somebody
 * else has had the call done. Or an error.
 */
static int find_handle(
	struct mcp_session_store_pool *pool, struct waiter *self, struct mcpsess_error *err)
{
	pthread_mutex_lock(&pool->lock);
	struct handle *idle = pool->idle;
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
	enum told told = wait_in_queue(pool, self);
	if (told == TOLD_NOTHING) {
		return mcpsess_fail(err, MCPSESS_E_UNAVAILABLE, 0,
			"every handle of the pool was busy for %llu ms",
			(unsigned long long)pool->core->settings.timeout_ms);
	}
	return told == TOLD_LEAD ? MCPSESS_OK : MCPSESS_PENDING;
}

/* Give the handle to who needs it: first to those whose calls are under way on it. */
static void pass_on(struct mcp_session_store_pool *pool, struct handle *handle)
{
	struct waiter *next = handle->flight.first;
	if (next == NULL) {
		pthread_mutex_lock(&pool->lock);
		next = pop(&pool->queue);
		if (next != NULL) {
			next->queued = 0;
		} else {
			handle->next_idle = pool->idle;
			pool->idle = handle;
		}
		pthread_mutex_unlock(&pool->lock);
	}
	if (next != NULL) {
		struct mcpsess_bell *bell = next->bell;
		uint32_t tone = next->tone;
		next->handle = handle;
		tell(next, TOLD_LEAD);
		mcpsess_bell_ring(bell, tone);
	}
}

/* -- batches ------------------------------------------------------------------------------- */

static void launch(struct handle *handle, struct waiter *waiter)
{
	waiter->launched = 1;
	push(&handle->flight, waiter);
	mcpsess_verb_launch(mcpsess_core_of(handle->store), waiter->call);
}

/* The queue as far as the first who wants a handle for itself. */
static struct waiters take_queue(struct mcp_session_store_pool *pool)
{
	struct waiters batch = { 0 };
	pthread_mutex_lock(&pool->lock);
	while (pool->queue.first != NULL && pool->queue.first->call != NULL) {
		pool->queue.first->queued = 0;
		push(&batch, pop(&pool->queue));
	}
	if (batch.first != NULL) {
		pool->bell++;
		pool->listeners = 0;
	}
	pthread_mutex_unlock(&pool->lock);
	return batch;
}

/* Send what is queued, in one go, with what was launched before. A backend that blocks gets none.
 */
static void launch_queue(struct mcp_session_store_pool *pool, struct handle *handle)
{
	struct waiters batch = { 0 };
	if (mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_PEND)) {
		batch = take_queue(pool);
	}
	for (struct waiter *one = pop(&batch); one != NULL; one = pop(&batch)) {
		launch(handle, one);
	}
	mcpsess_loop_flush(mcpsess_core_of(handle->store));
}

/* Take those of the flight whose calls are over out of it; ourselves as well. */
static struct waiters landed(struct handle *handle, struct waiter *self)
{
	struct mcpsess_core *core = mcpsess_core_of(handle->store);
	struct waiters over = { 0 }, flight = { 0 };
	for (struct waiter *one = pop(&handle->flight); one != NULL; one = pop(&handle->flight)) {
		if (!mcpsess_loop_take(core, one->call)) {
			push(&flight, one);
		} else if (one != self) {
			push(&over, one);
		}
	}
	handle->flight = flight;
	return over;
}

static void tell_all(struct waiters *over)
{
	struct mcpsess_bell *bell = NULL;
	uint32_t tones = 0;
	for (struct waiter *one = pop(over); one != NULL; one = pop(over)) {
		if (one->bell != bell && bell != NULL) {
			mcpsess_bell_ring(bell, tones);
			tones = 0;
		}
		bell = one->bell;
		tones |= one->tone;
		tell(one, TOLD_OVER);
	}
	if (bell != NULL) {
		mcpsess_bell_ring(bell, tones);
	}
}

/* Hold the handle until our own call is over, doing the others' work meanwhile. */
static void lead(struct mcp_session_store_pool *pool, struct waiter *self)
{
	struct handle *handle = self->handle;
	struct mcpsess_core *core = mcpsess_core_of(handle->store);
	if (!self->launched) {
		launch(handle, self);
	}
	launch_queue(pool, handle);
	struct waiters over = landed(handle, self);
	uint64_t limit_ms = mcpsess_loop_limit(core, self->call);
	while (self->call->status == MCPSESS_PENDING) {
		tell_all(&over);
		mcpsess_loop_turn(core, self->call, limit_ms);
		over = landed(handle, self);
	}
	/* First, for then many of them are back when the next holder takes the queue. */
	tell_all(&over);
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
		struct waiter self = { .call = call };
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
static int borrow(struct mcp_session_store_pool *pool, struct handle **out)
{
	struct waiter self = { 0 };
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
	struct handle *handle;
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
	struct handle *handle;
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
