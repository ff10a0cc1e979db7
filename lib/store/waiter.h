/*
 * A caller of a pool, on its own stack. Without an idle handle it sleeps until its call is over, or
 * until it is given a handle: with its call still to be sent, or under way already.
 */
#ifndef MCPSESS_STORE_WAITER_H
#define MCPSESS_STORE_WAITER_H

#include <mcpsess/store.h>

#include "store/bell.h"

enum mcpsess_told {
	MCPSESS_TOLD_NOTHING,
	MCPSESS_TOLD_WATCH, /* it sleeps until its time is up from now on */
	MCPSESS_TOLD_OVER,
	MCPSESS_TOLD_LEAD
};

struct mcpsess_waiter {
	struct mcp_session_store_call *call; /* NULL: it wants the handle for itself */
	struct mcpsess_waiter *next;
	struct mcpsess_handle *handle;
	struct mcpsess_waiters *queue; /* NULL: in none; under the pool's lock */
	struct mcpsess_bell *bell;
	uint32_t tone;
	int launched;       /* its call is with the backend */
	atomic_int watches; /* it sleeps until its time is up at most */
	atomic_int told;    /* enum mcpsess_told */
};

struct mcpsess_waiters {
	struct mcpsess_waiter *first, *last;
};

void mcpsess_waiters_push(struct mcpsess_waiters *waiters, struct mcpsess_waiter *waiter);
struct mcpsess_waiter *mcpsess_waiters_pop(struct mcpsess_waiters *waiters);
void mcpsess_waiters_take_out(struct mcpsess_waiters *waiters, const struct mcpsess_waiter *waiter);

/* Tell one, in whatever list, and wake it. Once told, a waiter may be gone, but not its bell. */
void mcpsess_waiter_tell(struct mcpsess_waiter *waiter, enum mcpsess_told told);
/* Tell all of them, who are in no list any more after this. */
void mcpsess_waiters_tell(struct mcpsess_waiters *waiters, enum mcpsess_told told);
/* Sleep until told something, or until then; NULL: however long it takes. */
enum mcpsess_told mcpsess_waiter_hear(struct mcpsess_waiter *self, const struct timespec *until);

#endif
