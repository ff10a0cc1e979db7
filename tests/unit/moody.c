#include "moody.h"

#include <stdlib.h>

struct mood mood;

static int be_moody(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	if (mood.pends) {
		mood.pending = call;
		store->host->wake_at(store->core, 1);
		return MCPSESS_PENDING;
	}
	return mood.status;
}

static int moody_store(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct mcpsess_bytes payload = call->request.payload;
	if (payload.len > sizeof(mood.payload)) {
		return MCPSESS_E_TOOBIG;
	}
	memcpy(mood.payload, payload.data, payload.len);
	mood.len = payload.len;
	call->answer.revision = call->request.revision + 1;
	return be_moody(store, call);
}

static int moody_get(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	call->answer.payload = mcpsess_mem(mood.payload, mood.len);
	call->answer.revision = 1;
	call->answer.state = MCP_SESSION_STORE_ACTIVE;
	return be_moody(store, call);
}

static void moody_tick(struct mcp_session_store *store, uint64_t now_ms)
{
	struct mcp_session_store_call *call = mood.pending;
	(void)now_ms;
	mood.pending = NULL;
	if (call != NULL) {
		store->host->finish(store->core, call, mood.status);
	}
}

static void moody_ready(struct mcp_session_store *store, int fd, uint32_t events)
{
	(void)store;
	(void)fd;
	(void)events;
}

static void moody_cancel(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	(void)store;
	(void)call;
	mood.pending = NULL;
}

static void moody_close(struct mcp_session_store *store)
{
	store->host->realloc(store->core, store, 0);
}

static const struct mcp_session_store_ops moody_ops = {
	.size = sizeof(moody_ops),
	.can = MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_COUNT,
	.store = moody_store,
	.get = moody_get,
	.touch = moody_get,
	.delete = be_moody,
	.exists = be_moody,
	.close = moody_close,
	.ready = moody_ready,
	.tick = moody_tick,
	.cancel = moody_cancel,
};

static int moody_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)config;
	(void)err;
	*out = host->realloc(core, NULL, sizeof(**out));
	if (*out == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(*out, 0, sizeof(**out));
	(*out)->ops = &moody_ops;
	return MCPSESS_OK;
}

static const struct mcpsess_backend moody = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(moody),
	.name = "moody",
	.schemes = "moody",
	.parameters = "",
	.open = moody_open,
};

void moody_reset(void)
{
	memset(&mood, 0, sizeof(mood));
	int status = mcpsess_backend_add(&moody, NULL);
	if (status != MCPSESS_OK && status != MCPSESS_E_EXISTS) {
		abort();
	}
}
