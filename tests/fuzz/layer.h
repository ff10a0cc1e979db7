/* A session layer for targets: memory, a clock that stands still, ids that can be foretold. */
#ifndef MCPSESS_TESTS_FUZZ_LAYER_H
#define MCPSESS_TESTS_FUZZ_LAYER_H

#include <stdio.h>

#include <mcpsess/rpc.h>

#include "fuzz.h"

struct layer {
	struct mcp_session_store *store;
	struct mcpsess_rpc *rpc;
	unsigned ids;
};

static inline uint64_t layer_now(void *user_data)
{
	(void)user_data;
	return 1700000000000;
}

/* The first is fuzz-session-00000000001, so that an input can name it. */
static inline size_t layer_id(void *user_data, char *out, size_t capacity)
{
	struct layer *layer = user_data;
	char id[32];
	int len = snprintf(id, sizeof(id), "fuzz-session-%011u", ++layer->ids);
	fuzz_require((size_t)len <= capacity);
	memcpy(out, id, (size_t)len);
	return (size_t)len;
}

static inline void layer_open(struct layer *layer, enum mcpsess_policy policy)
{
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = layer, .now_ms = layer_now, .make_id = layer_id
	};
	struct mcp_session_store_options settings = { .size = sizeof(settings), .hooks = &hooks };
	memset(layer, 0, sizeof(*layer));
	fuzz_require(mcp_session_store_open("memory:?max_sessions=8", &settings, &layer->store,
			     NULL) == MCPSESS_OK);
	struct mcpsess_rpc_options options = { .size = sizeof(options),
		.store = layer->store,
		.server_name = "fuzz",
		.server_version = "1",
		.max_message = 1024,
		.policy = policy,
		.hooks = &hooks };
	fuzz_require(mcpsess_rpc_create(&options, &layer->rpc, NULL) == MCPSESS_OK);
}

static inline void layer_close(struct layer *layer)
{
	mcpsess_rpc_destroy(layer->rpc);
	mcp_session_store_close(layer->store);
}

static inline uint64_t layer_sessions(struct layer *layer)
{
	struct mcp_session_store_counts stats;
	fuzz_require(mcp_session_store_stats(layer->store, &stats) == MCPSESS_OK);
	return stats.sessions;
}

/* The host: gives back what it was given. */
static inline enum mcpsess_verdict layer_host(struct mcpsess_message *message)
{
	fuzz_require(message != NULL);
	return mcpsess_message_result(message, mcpsess_message_params(message));
}

#endif
