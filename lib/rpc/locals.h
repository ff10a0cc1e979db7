/*
 * Pointers that hosts keep per session on this node. A message that has asked for one holds it, so
 * that the end of the session elsewhere does not pull it away from under a running handler.
 */
#ifndef MCPSESS_RPC_LOCALS_H
#define MCPSESS_RPC_LOCALS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/env.h"

enum { MCPSESS_LOCALS_BUCKETS = 1024 };

struct mcpsess_local {
	struct mcpsess_local *next;
	struct mcpsess_digest key;
	void *pointer;
	void (*destroy)(void *pointer);
	uint64_t forget_ms; /* by the layer's clock */
	unsigned refs;      /* the table's and those of messages; under the mutex */
};

struct mcpsess_locals {
	const struct mcpsess_env *env;
	pthread_mutex_t mutex;
	struct mcpsess_local **buckets; /* made with the first pointer */
	atomic_size_t count;
};

int mcpsess_locals_init(struct mcpsess_locals *locals, const struct mcpsess_env *env);
void mcpsess_locals_free(struct mcpsess_locals *locals);

/* The session's pointer, now held by the caller; NULL when there is none. Moves forget_ms. */
struct mcpsess_local *mcpsess_locals_hold(
	struct mcpsess_locals *locals, const struct mcpsess_digest *key, uint64_t forget_ms);
/* NULL is fine. */
void mcpsess_locals_let_go(struct mcpsess_locals *locals, struct mcpsess_local *local);

/* Replace the session's pointer; *held is the new one, held by the caller. OK or NOMEM. */
int mcpsess_locals_set(struct mcpsess_locals *locals, const struct mcpsess_digest *key,
	void *pointer, void (*destroy)(void *pointer), uint64_t forget_ms,
	struct mcpsess_local **held);

/* The session has ended here. */
void mcpsess_locals_drop(struct mcpsess_locals *locals, const struct mcpsess_digest *key);

/* Drop those whose time has come. */
void mcpsess_locals_forget(struct mcpsess_locals *locals, uint64_t now_ms);

#endif
