#include "wrap.h"

static void *host_realloc(void *user_data, void *ptr, size_t size)
{
	struct wrap *wrap = user_data;
	return wrap->store.host->realloc(wrap->store.core, ptr, size);
}

static uint64_t host_now_ms(void *user_data)
{
	struct wrap *wrap = user_data;
	return wrap->store.host->now_ms(wrap->store.core);
}

static int host_random(void *user_data, void *out, size_t len)
{
	struct wrap *wrap = user_data;
	return wrap->store.host->random(wrap->store.core, out, len);
}

static int sweep(struct mcp_session_store *store, size_t budget)
{
	return mcp_session_store_sweep(((struct wrap *)store)->inner, budget);
}

static int stats(struct mcp_session_store *store, struct mcp_session_store_counts *out)
{
	return mcp_session_store_stats(((struct wrap *)store)->inner, out);
}

const char *mcpsess_wrap_parameter(
	const struct mcpsess_backend_config *config, const char *name, const char *fallback)
{
	for (size_t i = 0; i < config->parameter_count; i++) {
		if (strcmp(config->parameters[i].name, name) == 0) {
			return config->parameters[i].value;
		}
	}
	return fallback;
}

static void set_ops(struct wrap *wrap, const struct mcp_session_store_ops *ops)
{
	/* The inner store is asked by one thread at a time unless the outer one says otherwise. */
	uint32_t inner = mcp_session_store_can(wrap->inner);
	wrap->ops = *ops;
	wrap->ops.size = sizeof(wrap->ops);
	wrap->ops.can |=
		inner & ~(uint32_t)(MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_THREADS);
	wrap->ops.sweep = sweep;
	wrap->ops.stats = stats;
	wrap->store.ops = &wrap->ops;
}

int mcpsess_wrap_open(struct wrap *wrap, const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config,
	const struct mcp_session_store_options *settings, const struct mcp_session_store_ops *ops,
	struct mcpsess_error *err)
{
	struct mcp_session_store_options options = settings != NULL ? *settings : *config->settings;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks),
		.user_data = wrap,
		.realloc = host_realloc,
		.now_ms = host_now_ms,
		.random = host_random };
	wrap->store.host = host;
	wrap->store.core = core;
	options.hooks = &hooks;
	if (strcmp(mcpsess_wrap_parameter(config, "clock", ""), "own") == 0) {
		hooks.now_ms = NULL;
	}
	if (options.touch_every_ms == 0) {
		/* Resolved it is "none"; given to a store it would be "the default". */
		options.touch_every_ms = MCP_SESSION_STORE_NONE;
	}
	int status = mcp_session_store_open(
		mcpsess_wrap_parameter(config, "store", "memory:"), &options, &wrap->inner, err);
	if (status == MCPSESS_OK) {
		set_ops(wrap, ops);
	}
	return status;
}

void mcpsess_wrap_close(struct wrap *wrap)
{
	mcp_session_store_close(wrap->inner);
}

int mcpsess_wrap_ask(struct wrap *wrap, enum wrap_verb verb, struct mcp_session_store_call *call)
{
	static int (*const verbs[])(struct mcp_session_store *,
		const struct mcp_session_store_request *, struct mcp_session_store_answer *,
		struct mcpsess_error *) = {
		mcp_session_store_store,
		mcp_session_store_get,
		mcp_session_store_touch,
		mcp_session_store_delete,
		mcp_session_store_exists,
		mcp_session_store_list,
		mcp_session_store_rotate,
		mcp_session_store_end_owner,
		mcp_session_store_once,
		mcp_session_store_ping,
	};
	return verbs[verb](wrap->inner, &call->request, &call->answer, &call->error);
}
