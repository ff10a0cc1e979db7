#include "store/access.h"

#include "store/core.h"

static void observe(const struct mcpsess_access *access, enum mcpsess_verb verb, int status,
	uint64_t started_us)
{
	access->observe(
		access->user_data, verb, status, mcpsess_elapsed_us(access->env) - started_us);
}

/* Stands in for a pending call's done() until the call is over. */
static void observed(struct mcp_session_store_call *call, int status)
{
	const struct mcpsess_access *access = call->observer;
	call->done = call->observed;
	observe(access, (enum mcpsess_verb)call->verb, status, call->started_us);
	if (call->done != NULL) {
		call->done(call, status);
	}
}

static int run(const struct mcpsess_access *access, enum mcpsess_verb verb,
	struct mcp_session_store_call *call)
{
	mcp_session_store_answer_clear(&call->answer);
	return access->pool != NULL ? mcpsess_pool_run(access->pool, verb, call)
				    : mcpsess_verb_run(mcpsess_core_of(access->store), verb, call);
}

int mcpsess_access_run(const struct mcpsess_access *access, enum mcpsess_verb verb,
	struct mcp_session_store_call *call)
{
	if (access->observe == NULL) {
		return run(access, verb, call);
	}
	uint64_t started_us = mcpsess_elapsed_us(access->env);
	int r = run(access, verb, call);
	observe(access, verb, r, started_us);
	return r;
}

int mcpsess_access_start(const struct mcpsess_access *access, enum mcpsess_verb verb,
	struct mcp_session_store_call *call)
{
	if (access->pool != NULL) {
		return mcpsess_access_run(access, verb, call);
	}
	if (access->observe == NULL) {
		return mcpsess_verb_start(access->store, verb, call);
	}
	call->started_us = mcpsess_elapsed_us(access->env);
	int r = mcpsess_verb_start(access->store, verb, call);
	if (r == MCPSESS_PENDING) {
		call->observer = access;
		call->observed = call->done;
		call->done = observed;
	} else {
		observe(access, verb, r, call->started_us);
	}
	return r;
}

void mcpsess_access_cancel(const struct mcpsess_access *access, struct mcp_session_store_call *call)
{
	if (access->store == NULL) {
		return;
	}
	mcp_session_store_cancel(access->store, call);
	if (call->done == observed) {
		call->done = call->observed;
	}
}

uint32_t mcpsess_access_can(const struct mcpsess_access *access)
{
	return access->pool != NULL ? mcp_session_store_pool_can(access->pool)
				    : mcp_session_store_can(access->store);
}

void mcpsess_access_settings(
	const struct mcpsess_access *access, struct mcp_session_store_options *out)
{
	if (access->pool != NULL) {
		mcp_session_store_pool_settings(access->pool, out);
	} else {
		mcp_session_store_settings(access->store, out);
	}
}

int mcpsess_access_stats(const struct mcpsess_access *access, struct mcp_session_store_counts *out)
{
	return access->pool != NULL ? mcp_session_store_pool_stats(access->pool, out)
				    : mcp_session_store_stats(access->store, out);
}

int mcpsess_access_sweep(const struct mcpsess_access *access, size_t budget)
{
	return access->pool != NULL ? mcp_session_store_pool_sweep(access->pool, budget)
				    : mcp_session_store_sweep(access->store, budget);
}
