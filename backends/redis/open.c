#include <mcpsess/error.h>

#include "config.h"
#include "redis.h"
#include "upkeep.h"

struct redis_conn *mcpsess_redis_each(struct redis *redis, size_t index)
{
	if (index == 0) {
		return &redis->conn;
	}
	return index <= redis->cluster.count ? redis->cluster.nodes[index - 1] : NULL;
}

uint64_t mcpsess_redis_next(struct redis *redis)
{
	struct redis_conn *conn;
	uint64_t next_ms = 0;
	for (size_t i = 0; (conn = mcpsess_redis_each(redis, i)) != NULL; i++) {
		uint64_t its_ms = mcpsess_redis_conn_next(conn);
		next_ms = next_ms == 0 || (its_ms != 0 && its_ms < next_ms) ? its_ms : next_ms;
	}
	return next_ms;
}

void mcpsess_redis_schedule(struct redis *redis)
{
	redis->store.host->wake_at(redis->store.core, mcpsess_redis_next(redis));
}

void mcpsess_redis_flush(struct redis *redis)
{
	struct redis_conn *conn;
	for (size_t i = 0; (conn = mcpsess_redis_each(redis, i)) != NULL; i++) {
		mcpsess_redis_conn_flush(conn);
	}
}

/* -- verbs --------------------------------------------------------------------------------- */

static int store(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	enum redis_script script = call->request.revision == 0 ? REDIS_CREATE : REDIS_UPDATE;
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), script);
}

static int get(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_GET);
}

static int touch(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_TOUCH);
}

static int delete_it(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_DELETE);
}

static int exists(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_EXISTS);
}

static int list(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	const char *cursor = call->request.cursor;
	struct mcpsess_digest last;
	if (cursor[0] != '\0' && (cursor[0] != mcpsess_redis_cursor_letter(&call->request) ||
					 !mcpsess_redis_unref(cursor + 1, &last))) {
		self->host->explain(call, 0, "the cursor is not one of this list");
		return MCPSESS_E_INVALID;
	}
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_LIST);
}

static int rotate(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_ROTATE);
}

static int end_owner(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_END_OWNER);
}

static int once(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_ONCE);
}

static int ping(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	return mcpsess_redis_verb(call, mcpsess_redis_of(self), REDIS_PING);
}

/* -- events -------------------------------------------------------------------------------- */

static void flush(struct mcp_session_store *self)
{
	struct redis *redis = mcpsess_redis_of(self);
	mcpsess_redis_flush(redis);
	mcpsess_redis_schedule(redis);
}

static struct redis_conn *conn_of(struct redis *redis, int fd)
{
	struct redis_conn *conn;
	for (size_t i = 0; (conn = mcpsess_redis_each(redis, i)) != NULL; i++) {
		if (fd == conn->socket.fd) {
			break;
		}
	}
	return conn;
}

static void ready(struct mcp_session_store *self, int fd, uint32_t events)
{
	struct redis_conn *conn = conn_of(mcpsess_redis_of(self), fd);
	if (conn != NULL) {
		mcpsess_redis_conn_ready(conn, events);
	}
	flush(self);
}

static int wait(struct mcp_session_store *self, int fd, int wait_ms)
{
	struct redis_conn *conn = conn_of(mcpsess_redis_of(self), fd);
	if (conn == NULL || !mcpsess_redis_conn_wait(conn, wait_ms)) {
		return 0;
	}
	flush(self);
	return 1;
}

static void tick(struct mcp_session_store *self, uint64_t now_ms)
{
	struct redis *redis = mcpsess_redis_of(self);
	struct redis_conn *conn;
	for (size_t i = 0; (conn = mcpsess_redis_each(redis, i)) != NULL; i++) {
		mcpsess_redis_conn_tick(conn, now_ms);
	}
	flush(self);
}

static void cancel(struct mcp_session_store *self, struct mcp_session_store_call *call)
{
	if (!mcpsess_redis_job_cancel(call)) {
		mcpsess_redis_forget(&mcpsess_redis_conn_of(call)->queue, call);
	}
	mcpsess_redis_schedule(mcpsess_redis_of(self));
}

static void close_it(struct mcp_session_store *self)
{
	struct redis *redis = mcpsess_redis_of(self);
	mcpsess_redis_settle(redis);
	mcpsess_redis_drop_parts(redis);
	mcpsess_redis_notes_free(redis);
	mcpsess_redis_cluster_free(redis);
	mcpsess_redis_conn_free(&redis->conn);
	mcpsess_redis_unconfigure(redis);
	mcpsess_redis_realloc(redis, redis, 0);
}

static const struct mcp_session_store_ops ops = {
	.size = sizeof(ops),
	.can = MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_SHARE |
	       MCP_SESSION_STORE_CAN_TOMBSTONE | MCP_SESSION_STORE_CAN_LIMIT |
	       MCP_SESSION_STORE_CAN_OPERATION | MCP_SESSION_STORE_CAN_COUNT |
	       MCP_SESSION_STORE_CAN_LIST | MCP_SESSION_STORE_CAN_SWEEP |
	       MCP_SESSION_STORE_CAN_STATS | MCP_SESSION_STORE_CAN_ROTATE |
	       MCP_SESSION_STORE_CAN_END_OWNER | MCP_SESSION_STORE_CAN_ONCE |
	       MCP_SESSION_STORE_CAN_PING,
	.store = store,
	.get = get,
	.touch = touch,
	.mcpsess_delete_ = delete_it,
	.exists = exists,
	.close = close_it,
	.list = list,
	.sweep = mcpsess_redis_sweep,
	.stats = mcpsess_redis_stats,
	.ready = ready,
	.tick = tick,
	.cancel = cancel,
	.flush = flush,
	.rotate = rotate,
	.end_owner = end_owner,
	.once = once,
	.ping = ping,
	.wait = wait,
};

static int open_it(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	struct redis *redis = host->realloc(core, NULL, sizeof(*redis));
	if (redis == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(redis, 0, sizeof(*redis));
	redis->store.ops = &ops;
	redis->store.host = host;
	redis->store.core = core;
	mcpsess_redis_conn_init(&redis->conn, redis);
	int r = mcpsess_redis_configure(redis, config, err);
	if (r < 0) {
		close_it(&redis->store);
		return r;
	}
	redis->conn.endpoint = redis->config.endpoint;
	*out = &redis->store;
	return MCPSESS_OK;
}

extern MCPSESS_API const struct mcpsess_backend mcpsess_backend_redis;
const struct mcpsess_backend mcpsess_backend_redis = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(mcpsess_backend_redis),
	.name = "redis",
	.schemes = "redis rediss redis+unix redis+sentinel redis+cluster",
	.parameters = "prefix db eviction wait sentinel_user sentinel_password tls tls_ca "
		      "tls_cert tls_key",
	.open = open_it,
	/* Reads that meet on one connection are one command; the server has one thread to serve. */
	.handles = 3,
};
