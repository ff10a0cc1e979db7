/* What the core keeps for every store, behind store->core, and how a verb runs. */
#ifndef MCPSESS_STORE_CORE_H
#define MCPSESS_STORE_CORE_H

#include <stdatomic.h>

#include "base/env.h"
#include "store/access.h"
#include "store/breaker.h"
#include "store/keyring.h"
#include "store/loop.h"
#include "store/password.h"
#include "store/uri.h"

struct mcpsess_core {
	struct mcpsess_env env;
	struct mcp_session_store *store;
	struct mcp_session_store_ops ops; /* the backend's; zero where it has no such member */
	int (*verbs[MCPSESS_VERB_COUNT])(
		struct mcp_session_store *store, struct mcp_session_store_call *call);
	struct mcp_session_store_options settings;
	char scheme[MCPSESS_SCHEME_MAX + 1];
	unsigned char nonce[8]; /* of the operation tokens, with the count of them */
	atomic_uint_least64_t operations;
	struct mcpsess_loop loop;
	struct mcpsess_breaker breaker;
	struct mcpsess_password password;
	struct mcpsess_keyring *keys; /* what seals payloads; NULL: nothing does */
};

extern const struct mcpsess_host mcpsess_host_table;

static inline struct mcpsess_core *mcpsess_core_of(const struct mcp_session_store *store)
{
	return store->core;
}

static inline int mcpsess_core_can(const struct mcpsess_core *core, uint32_t bit)
{
	return (core->ops.can & bit) != 0;
}

/* Everything that opening a handle takes, found and checked; a pool opens several from one. */
struct mcpsess_plan {
	struct mcpsess_env env;
	const struct mcpsess_backend *backend;
	const char *text; /* the URI as given */
	struct mcpsess_uri uri;
	struct mcp_session_store_options settings;
	struct mcpsess_password password;
	struct mcpsess_keyring *keys;
};

/* As mcp_session_store_open(), in two steps. uri must outlive the plan. */
int mcpsess_plan_make(struct mcpsess_plan *plan, const char *uri,
	const struct mcp_session_store_options *options, struct mcpsess_error *err);
int mcpsess_plan_open(
	const struct mcpsess_plan *plan, struct mcp_session_store **out, struct mcpsess_error *err);
/* Also of one that could not be made. */
void mcpsess_plan_release(struct mcpsess_plan *plan);

/* A verb in steps; its answer is clear. Check the request, fill in what is left out; any thread. */
int mcpsess_verb_prepare(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call);
/* Give it to the backend: a result, or MCPSESS_PENDING. What pends is not flushed yet. */
int mcpsess_verb_launch(struct mcpsess_core *core, struct mcp_session_store_call *call);
/* What is left of a call that the backend has done with: MCPSESS_PENDING, or how it ended. */
int mcpsess_verb_go_on(struct mcpsess_core *core, struct mcp_session_store_call *call, int status);
/* Prepare, launch and wait. done() is not called. */
int mcpsess_verb_run(
	struct mcpsess_core *core, enum mcpsess_verb verb, struct mcp_session_store_call *call);

/* However a call ends: note the status, and why, if nobody said. Returns the status. */
int mcpsess_verb_settle(struct mcp_session_store_call *call, int status);
/* What a settled call says about whether the store can be reached. */
void mcpsess_verb_tell_breaker(
	struct mcpsess_core *core, const struct mcp_session_store_call *call);
/* As the public _async forms. */
int mcpsess_verb_start(struct mcp_session_store *store, enum mcpsess_verb verb,
	struct mcp_session_store_call *call);

/* A blocking get without a call. All but OK: do it with one, which also says what is wrong. */
int mcpsess_verb_get_into(struct mcpsess_core *core,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer);

/* For blocking verbs: make a call of a request. */
void mcpsess_verb_begin(
	struct mcp_session_store_call *call, const struct mcp_session_store_request *request);
/* What a blocking verb hands out: the answer and, on failure, the error; each may be NULL. */
void mcpsess_verb_hand_out(struct mcp_session_store_call *call,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err);

/* A verb through a pool, as mcpsess_verb_run(). */
int mcpsess_pool_run(struct mcp_session_store_pool *pool, enum mcpsess_verb verb,
	struct mcp_session_store_call *call);

#endif
