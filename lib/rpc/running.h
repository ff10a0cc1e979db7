/*
 * The calls that the host is working on, by session and JSON-RPC id: what a cancellation looks
 * for, and whose sessions must not expire meanwhile. Ids of different sessions never meet.
 */
#ifndef MCPSESS_RPC_RUNNING_H
#define MCPSESS_RPC_RUNNING_H

#include <pthread.h>
#include <stdatomic.h>

#include <mcpsess/types.h>

enum { MCPSESS_RUNNING_SHARDS = 16 };

struct mcpsess_running_call {
	struct mcpsess_running_call *next, *prev; /* the shard's: neighbours write them */
	int listed;                               /* the owner's, who asks without the lock */
	struct mcpsess_digest key;
	struct mcpsess_digest owner;
	struct mcpsess_bytes id; /* JSON text; lives as long as the call */
	uint64_t touched_ms;     /* by the layer's clock */
	atomic_int cancelled;
	atomic_int ended; /* its session; stays when the call is over */
};

struct mcpsess_running {
	struct {
		pthread_mutex_t mutex;
		struct mcpsess_running_call head; /* of a ring */
	} shards[MCPSESS_RUNNING_SHARDS];
	atomic_uint_fast64_t count;
};

int mcpsess_running_init(struct mcpsess_running *running);
void mcpsess_running_free(struct mcpsess_running *running);

void mcpsess_running_add(struct mcpsess_running *running, struct mcpsess_running_call *call);
/* Not in the table is fine. */
void mcpsess_running_remove(struct mcpsess_running *running, struct mcpsess_running_call *call);

/* Mark the session's calls of that id cancelled and tell of each, the shard's lock held. */
void mcpsess_running_cancel(struct mcpsess_running *running, const struct mcpsess_digest *key,
	struct mcpsess_bytes id, void (*tell)(void *user_data, struct mcpsess_running_call *call),
	void *user_data);

/* The session has ended: mark its calls. */
void mcpsess_running_end(struct mcpsess_running *running, const struct mcpsess_digest *key);

/*
 * A call last touched before before_ms whose touched_ms this sets to now_ms: its key and owner. 0
 * when there is none left.
 */
int mcpsess_running_due(struct mcpsess_running *running, uint64_t before_ms, uint64_t now_ms,
	struct mcpsess_digest *key, struct mcpsess_digest *owner);

#endif
