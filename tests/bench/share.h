/*
 * Few connections for many callers, as bare as can be: how far a pool could get at best. A caller
 * takes a connection that nobody uses; when all are busy it queues at its own, and whoever holds
 * that next sends for all who queue there.
 */
#ifndef MCPSESS_TESTS_BENCH_SHARE_H
#define MCPSESS_TESTS_BENCH_SHARE_H

#include <pthread.h>
#include <stdatomic.h>

struct share_call {
	struct share_call *next;
	atomic_int state;
	unsigned what; /* is asked for */
};

struct share_way {
	pthread_mutex_t mutex;
	struct share_call *first, **end;
	atomic_int busy;
	void *connection;
};

struct share {
	/* Have all of a list done. */
	void (*serve)(void *connection, struct share_call *first);
	unsigned count;
	struct share_way ways[4];
};

void share_begin(struct share *share, void *connections[], unsigned count);
/* Ask, and be back when it is done. own: which way is the caller's. */
void share_ask(struct share *share, unsigned own, unsigned what);

#endif
