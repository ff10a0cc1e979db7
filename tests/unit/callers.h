/* Threads that ask a pool over pend: again and again, and see whether the answers are theirs. */
#ifndef TESTS_CALLERS_H
#define TESTS_CALLERS_H

#include <mcpsess/pool.h>
#include <pthread.h>

#include "pend.h"

enum { CALLER_STATS = 1000000000 };

struct caller {
	pthread_t thread;
	struct mcp_session_store_pool *pool;
	unsigned number, rounds; /* CALLER_STATS: it asks for those instead */
	unsigned wrong;          /* answers that were somebody else's, or none at all */
	int last;                /* what the last verb returned */
	atomic_int task;         /* the thread's own number, once it runs */
	atomic_int is_back;
};

/* A pool, or the test fails. */
struct mcp_session_store_pool *callers_pool(const char *uri, unsigned handles);

/* Ask once, from here; *wrong counts. */
int caller_asks(struct mcp_session_store_pool *pool, unsigned number, unsigned *wrong);

/* One that asks for number, and the next ones; or some of them, each for others. */
void caller_start(struct caller *caller, struct mcp_session_store_pool *pool, unsigned number,
	unsigned rounds);
void callers_start(struct caller *callers, unsigned count, struct mcp_session_store_pool *pool,
	unsigned rounds);

/* Until it sleeps, which it does in the pool and nowhere else. */
void caller_queues(struct caller *caller);

/* How many answers were wrong in all. */
unsigned callers_join(struct caller *callers, unsigned count);

#endif
