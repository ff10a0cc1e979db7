/*
 * The handles of a pool: who holds one, who queues for one, and who is next. Everything here is
 * for any thread; a handle belongs to whoever found it until it is passed on.
 */
#ifndef MCPSESS_STORE_HANDLES_H
#define MCPSESS_STORE_HANDLES_H

#include <pthread.h>

#include "store/core.h"
#include "store/waiter.h"

enum { MCPSESS_HANDLE_BELLS = 4 };

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
	struct mcpsess_bell bells[MCPSESS_HANDLE_BELLS];
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

/* Whether many calls can be under way at a handle, and so whoever queues is sent together. */
static inline int mcpsess_handles_batch(const struct mcp_session_store_pool *pool)
{
	return mcpsess_core_can(pool->core, MCP_SESSION_STORE_CAN_PEND);
}

/* Open the store of a handle that has none. It is among the idle again when that fails. */
int mcpsess_handles_open(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle,
	struct mcpsess_error *err);

/*
 * Find the waiter a handle. OK: self->handle is its own until it is passed on. PENDING: somebody
 * else has had the call done. Or an error. It may sleep, for the store's timeout at most unless its
 * call is under way by then.
 */
int mcpsess_handles_find(struct mcp_session_store_pool *pool, struct mcpsess_waiter *self,
	struct mcpsess_error *err);

/* Give the handle to who needs it: first to those whose calls are under way on it. */
void mcpsess_handles_pass_on(struct mcp_session_store_pool *pool, struct mcpsess_handle *handle);

/* What is to be sent on a handle: its queue, and those of handles that get no answer. */
struct mcpsess_waiters mcpsess_handles_take_queue(
	struct mcp_session_store_pool *pool, struct mcpsess_handle *handle);

#endif
