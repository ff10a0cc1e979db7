/*
 * mcpsess/pool.h - for hosts with threads: the blocking verbs, from any thread.
 *
 * A pool is a store that any thread may use. Behind it are as few handles as the store needs:
 * one for `memory:`, up to 4 for a remote store, shared so that callers who meet wait for one
 * round trip together instead of queueing for a connection each. It makes no threads, and connects
 * nothing before its first verb. Who finds every handle busy for the store's timeout is told
 * UNAVAILABLE.
 *
 * Thread: any, except close.
 */
#ifndef MCPSESS_POOL_H
#define MCPSESS_POOL_H

#include <mcpsess/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mcp_session_store_pool;

/**
 * As mcp_session_store_open(), for many threads; a bad URI is refused at once. handles: at most how
 * many, 0 for what suits the store, never more than 64.
 */
MCPSESS_API int mcp_session_store_pool_open(const char *uri,
	const struct mcp_session_store_options *options, unsigned handles,
	struct mcp_session_store_pool **out, struct mcpsess_error *err);

/** Close it; no other call may be under way. NULL is fine. */
MCPSESS_API void mcp_session_store_pool_close(struct mcp_session_store_pool *pool);

/**
 * As the functions of mcpsess/store.h of the same names; answers live until the pool closes. What
 * it can: always MCP_SESSION_STORE_CAN_THREADS, never MCP_SESSION_STORE_CAN_PEND.
 */
MCPSESS_API const char *mcp_session_store_pool_scheme(const struct mcp_session_store_pool *pool);
MCPSESS_API uint32_t mcp_session_store_pool_can(const struct mcp_session_store_pool *pool);
MCPSESS_API void mcp_session_store_pool_settings(
	const struct mcp_session_store_pool *pool, struct mcp_session_store_options *out);
MCPSESS_API int mcp_session_store_pool_store(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_get(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_touch(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_delete(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_exists(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_list(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_rotate(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_end_owner(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_once(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_ping(struct mcp_session_store_pool *pool,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);
MCPSESS_API int mcp_session_store_pool_stats(
	struct mcp_session_store_pool *pool, struct mcp_session_store_counts *out);
MCPSESS_API int mcp_session_store_pool_sweep(struct mcp_session_store_pool *pool, size_t budget);

#ifdef __cplusplus
}
#endif

#endif
