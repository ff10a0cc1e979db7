#include "store/handles.h"

/* A handle that has not taken its queue for so long gets no answer; others take it. */
enum { STALLED_MS = 50 };

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

/* A timer for each who sleeps would cost a tenth of its call: only the first in a queue has one. */
static void join_queue(struct mcp_session_store_pool *pool, struct mcpsess_waiter *self)
{
	struct mcpsess_handle *handle = &pool->handles[thread_number() % pool->handle_count];
	self->bell = &handle->bells[handle->bell % MCPSESS_HANDLE_BELLS];
	self->tone = UINT32_C(1) << handle->listeners++ % MCPSESS_BELL_TONES;
	self->queue = &handle->queue;
	self->watches =
		self->queue->first == NULL || self->call == NULL || !mcpsess_handles_batch(pool);
	mcpsess_waiters_push(self->queue, self);
}

/* Who is first of a queue now, and may stay it, gets the timer. */
static void appoint(const struct mcpsess_waiters *queue)
{
	if (queue->first != NULL && !queue->first->watches) {
		queue->first->watches = 1;
		mcpsess_waiter_tell(queue->first, MCPSESS_TOLD_WATCH);
	}
}

/* Leave the queue, unless somebody has taken the waiter out of it to serve it. */
static int leave_queue(struct mcp_session_store_pool *pool, struct mcpsess_waiter *self)
{
	pthread_mutex_lock(&pool->lock);
	int queued = self->queue != NULL;
	if (queued) {
		mcpsess_waiters_take_out(self->queue, self);
		appoint(self->queue);
	}
	pthread_mutex_unlock(&pool->lock);
	return queued;
}

/* Those who queue from now on at a handle are another batch. */
static void begin_batch(struct mcpsess_handle *handle)
{
	handle->bell++;
	handle->listeners = 0;
}

/* Have those who queue at another handle queue at this one, where nobody does. */
static void take_over(struct mcpsess_handle *handle, struct mcpsess_handle *from)
{
	handle->queue = from->queue;
	memset(&from->queue, 0, sizeof(from->queue));
	for (struct mcpsess_waiter *one = handle->queue.first; one != NULL; one = one->next) {
		one->queue = &handle->queue;
	}
	begin_batch(from);
}

/* Who is next at a handle, or at any other if nobody queues there. */
static struct mcpsess_waiter *pop_queue(
	struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
{
	for (unsigned i = 0; i < pool->handle_count && handle->queue.first == NULL; i++) {
		take_over(handle, &pool->handles[i]);
	}
	struct mcpsess_waiter *next = mcpsess_waiters_pop(&handle->queue);
	if (next != NULL) {
		next->queue = NULL;
		if (next->call == NULL) {
			appoint(&handle->queue);
		}
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
	begin_batch(handle);
}

struct mcpsess_waiters mcpsess_handles_take_queue(
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
	enum mcpsess_told told;
	do {
		told = mcpsess_waiter_hear(self, self->watches ? &until : NULL);
	} while (told == MCPSESS_TOLD_WATCH);
	if (told == MCPSESS_TOLD_NOTHING && !leave_queue(pool, self)) {
		told = mcpsess_waiter_hear(self, NULL);
	}
	return told;
}

/* -- handles ------------------------------------------------------------------------------- */

int mcpsess_handles_open(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle,
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

int mcpsess_handles_find(
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
		return idle->store != NULL ? MCPSESS_OK : mcpsess_handles_open(pool, idle, err);
	}
	enum mcpsess_told told = wait_in_queue(pool, self);
	if (told == MCPSESS_TOLD_NOTHING) {
		return mcpsess_fail(err, MCPSESS_E_UNAVAILABLE, 0,
			"every handle of the pool was busy for %llu ms",
			(unsigned long long)pool->core->settings.timeout_ms);
	}
	return told == MCPSESS_TOLD_LEAD ? MCPSESS_OK : MCPSESS_PENDING;
}

void mcpsess_handles_pass_on(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle)
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
