#include "postgres.h"

#include <poll.h>

/* -- the verbs: flush() sends them ---------------------------------------------------------- */

static int enqueue(struct mcp_session_store *store, struct mcp_session_store_call *call,
	enum postgres_statement statement, uint64_t flags)
{
	struct postgres *pg = postgres_of(store);
	struct postgres_query *query = mcpsess_postgres_query(pg, statement);
	if (query == NULL) {
		return MCPSESS_E_NOMEM;
	}
	query->call = call;
	query->flags = flags;
	mcpsess_postgres_push(&pg->waiting, query);
	return MCPSESS_PENDING;
}

static int postgres_store(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	int creates = call->request.revision == 0;
	return enqueue(store, call, creates ? STATEMENT_MAKE : STATEMENT_WRITE, 0);
}

static int postgres_get(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_READ, POSTGRES_PAYLOAD);
}

static int postgres_touch(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_READ, MCP_SESSION_STORE_TOUCH | POSTGRES_NOT_MOVED);
}

static int postgres_exists(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_READ, 0);
}

static int postgres_delete(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_REMOVE, 0);
}

static int postgres_list(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	unsigned char key[sizeof(call->request.key.bytes)];
	const char *cursor = call->request.cursor;
	if (cursor[0] != '\0' && !mcpsess_postgres_get_cursor(cursor, key)) {
		store->host->explain(call, 0, "the cursor is not one of a list");
		return MCPSESS_E_INVALID;
	}
	int all = (call->request.flags & MCP_SESSION_STORE_ANY_OWNER) != 0;
	return enqueue(store, call, all ? STATEMENT_LIST_ALL : STATEMENT_LIST_OWNER, 0);
}

static int postgres_rotate(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_ROTATE, 0);
}

static int postgres_end_owner(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_END_OWNER, 0);
}

static int postgres_once(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_REDEEM, 0);
}

static int postgres_ping(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	return enqueue(store, call, STATEMENT_PING, 0);
}

/* -- upkeep: waited for --------------------------------------------------------------------- */

static void wait_once(struct postgres *pg, uint64_t until_ms)
{
	uint64_t now = pg->store.host->now_ms(pg->store.core);
	uint64_t left = until_ms > now ? until_ms - now : 0;
	short events = (short)((pg->events & MCPSESS_EVENT_READ ? POLLIN : 0) |
			       (pg->events & MCPSESS_EVENT_WRITE ? POLLOUT : 0));
	struct pollfd one = { .fd = pg->fd, .events = events };
	if (poll(&one, 1, (int)(left < 100 ? left : 100)) > 0) {
		mcpsess_postgres_ready(&pg->store, pg->fd, 0);
	}
	mcpsess_postgres_tick(&pg->store, pg->store.host->now_ms(pg->store.core));
}

static int run(struct postgres *pg, enum postgres_statement statement, uint64_t budget,
	struct postgres_own *own)
{
	struct postgres_query *query = mcpsess_postgres_query(pg, statement);
	if (query == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(own, 0, sizeof(*own));
	own->status = MCPSESS_PENDING;
	query->own = own;
	query->budget = budget;
	mcpsess_postgres_push(&pg->waiting, query);
	mcpsess_postgres_flush(&pg->store);
	uint64_t until_ms = pg->store.host->now_ms(pg->store.core) + pg->timeout_ms;
	while (own->status == MCPSESS_PENDING) {
		wait_once(pg, until_ms);
		if (own->status == MCPSESS_PENDING &&
			pg->store.host->now_ms(pg->store.core) >= until_ms) {
			mcpsess_postgres_forget(pg, own);
			return MCPSESS_E_UNAVAILABLE;
		}
	}
	return own->status;
}

static int postgres_sweep(struct mcp_session_store *store, size_t budget)
{
	struct postgres_own own;
	int status = run(
		postgres_of(store), STATEMENT_SWEEP, budget < INT32_MAX ? budget : INT32_MAX, &own);
	return status == MCPSESS_OK ? (int)own.numbers[0] : status;
}

static int postgres_stats(struct mcp_session_store *store, struct mcp_session_store_counts *out)
{
	enum { BATCH = 1000 };
	struct postgres_own own;
	int freed = BATCH;
	while (freed == BATCH) {
		freed = postgres_sweep(store, BATCH);
	}
	int status = freed >= 0 ? run(postgres_of(store), STATEMENT_STATS, 0, &own) : freed;
	if (status == MCPSESS_OK) {
		out->sessions = own.numbers[0];
		out->tombstones = own.numbers[1];
		out->bytes = own.numbers[2];
		out->expired = own.numbers[3];
	}
	return status;
}

const struct mcp_session_store_ops mcpsess_postgres_ops = {
	.size = sizeof(mcpsess_postgres_ops),
	.can = MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_SHARE |
	       MCP_SESSION_STORE_CAN_TOMBSTONE | MCP_SESSION_STORE_CAN_LIMIT |
	       MCP_SESSION_STORE_CAN_OPERATION | MCP_SESSION_STORE_CAN_COUNT |
	       MCP_SESSION_STORE_CAN_LIST | MCP_SESSION_STORE_CAN_SWEEP |
	       MCP_SESSION_STORE_CAN_STATS | MCP_SESSION_STORE_CAN_ROTATE |
	       MCP_SESSION_STORE_CAN_END_OWNER | MCP_SESSION_STORE_CAN_ONCE |
	       MCP_SESSION_STORE_CAN_PING,
	.store = postgres_store,
	.get = postgres_get,
	.touch = postgres_touch,
	.mcpsess_delete_ = postgres_delete,
	.exists = postgres_exists,
	.close = mcpsess_postgres_close,
	.list = postgres_list,
	.sweep = postgres_sweep,
	.stats = postgres_stats,
	.rotate = postgres_rotate,
	.end_owner = postgres_end_owner,
	.once = postgres_once,
	.ping = postgres_ping,
	.ready = mcpsess_postgres_ready,
	.tick = mcpsess_postgres_tick,
	.cancel = mcpsess_postgres_cancel,
	.flush = mcpsess_postgres_flush,
};
