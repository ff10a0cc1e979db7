/*
 * A store or a pool, whichever the host gave: the one way in which the rooms above reach records.
 */
#ifndef MCPSESS_STORE_ACCESS_H
#define MCPSESS_STORE_ACCESS_H

#include <mcpsess/pool.h>

#include "base/env.h"

enum mcpsess_verb {
	MCPSESS_VERB_STORE,
	MCPSESS_VERB_GET,
	MCPSESS_VERB_TOUCH,
	MCPSESS_VERB_DELETE,
	MCPSESS_VERB_EXISTS,
	MCPSESS_VERB_LIST,
	MCPSESS_VERB_ROTATE,
	MCPSESS_VERB_END_OWNER,
	MCPSESS_VERB_ONCE,
	MCPSESS_VERB_PING,
	MCPSESS_VERB_COUNT
};

struct mcpsess_access {
	struct mcp_session_store *store;
	struct mcp_session_store_pool *pool;
	/* Told of every verb that is over, with its time in microseconds; NULL: nobody is. */
	void (*observe)(void *user_data, enum mcpsess_verb verb, int status, uint64_t elapsed_us);
	void *user_data;
	const struct mcpsess_env *env;
};

/* Start a verb: as the _async functions of mcpsess/store.h. A pool never pends. */
int mcpsess_access_start(const struct mcpsess_access *access, enum mcpsess_verb verb,
	struct mcp_session_store_call *call);

/* The same, and wait: never MCPSESS_PENDING, and done() is not called. */
int mcpsess_access_run(const struct mcpsess_access *access, enum mcpsess_verb verb,
	struct mcp_session_store_call *call);

/* Give up a call that pends. */
void mcpsess_access_cancel(
	const struct mcpsess_access *access, struct mcp_session_store_call *call);

uint32_t mcpsess_access_can(const struct mcpsess_access *access);
void mcpsess_access_settings(
	const struct mcpsess_access *access, struct mcp_session_store_options *out);
int mcpsess_access_stats(const struct mcpsess_access *access, struct mcp_session_store_counts *out);
int mcpsess_access_sweep(const struct mcpsess_access *access, size_t budget);

#endif
