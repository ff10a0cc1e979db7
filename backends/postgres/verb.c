#include "postgres.h"

#include <poll.h>

/* The types of parameters: bytea and bigint, both in binary. */
enum { TYPE_BYTES = 17, TYPE_NUMBER = 20 };

static const struct mcpsess_digest nobody;

/* -- parameters ----------------------------------------------------------------------------- */

static void add_bytes(struct postgres_parameters *out, const void *data, size_t len)
{
	int i = out->count++;
	out->values[i] = data;
	out->lengths[i] = (int)len;
	out->formats[i] = 1;
	out->types[i] = TYPE_BYTES;
}

static void add_null(struct postgres_parameters *out)
{
	add_bytes(out, NULL, 0);
}

/* What is above all numbers of the database stands for "none" there as well. */
static void add_number(struct postgres_parameters *out, uint64_t number)
{
	int i = out->count++;
	uint64_t value = number < INT64_MAX ? number : INT64_MAX;
	for (int byte = 0; byte < 8; byte++) {
		out->numbers[i][byte] = (unsigned char)(value >> (56 - 8 * byte));
	}
	out->values[i] = (const char *)out->numbers[i];
	out->lengths[i] = 8;
	out->formats[i] = 1;
	out->types[i] = TYPE_NUMBER;
}

/* Nobody is no bytes at all. */
static void add_owner(struct postgres_parameters *out, const struct mcpsess_digest *owner)
{
	int is_nobody = memcmp(owner, &nobody, sizeof(nobody)) == 0;
	add_bytes(out, owner->bytes, is_nobody ? 0 : sizeof(owner->bytes));
}

static void add_who(
	struct postgres_parameters *out, const struct mcp_session_store_request *request)
{
	add_bytes(out, request->key.bytes, sizeof(request->key.bytes));
	add_owner(out, &request->owner);
}

static void add_payload(
	struct postgres_parameters *out, const struct mcp_session_store_request *request)
{
	const void *data = request->payload.data != NULL ? request->payload.data : "";
	add_bytes(out, data, request->payload.len);
}

static void add_what(
	struct postgres_parameters *out, const struct mcp_session_store_request *request)
{
	add_bytes(out, request->operation, sizeof(request->operation));
	add_payload(out, request);
}

static void fill_read(const struct mcp_session_store_call *call, uint64_t more_flags,
	struct postgres_parameters *out)
{
	const struct mcp_session_store_request *request = &call->request;
	add_who(out, request);
	add_number(out, request->flags | more_flags);
	add_number(out, request->idle_ms);
	add_number(out, request->touch_every_ms);
}

static void fill_make(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_who(out, request);
	add_what(out, request);
	add_number(out, request->kind);
	add_number(out, request->state);
	add_number(out, request->idle_ms);
	add_number(out, request->absolute_ms);
	add_number(out, request->touch_every_ms);
}

static void fill_write(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_who(out, request);
	add_what(out, request);
	add_number(out, request->flags);
	add_number(out, request->revision);
	add_number(out, request->state);
	add_number(out, request->idle_ms);
	add_number(out, request->touch_every_ms);
}

static void fill_rotate(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_who(out, request);
	add_bytes(out, request->operation, sizeof(request->operation));
	add_bytes(out, request->new_key.bytes, sizeof(request->new_key.bytes));
	add_number(out, request->flags);
	add_number(out, request->grace_ms);
	add_number(out, request->revision);
	if (request->revision > 0) {
		add_payload(out, request);
	} else {
		add_null(out);
	}
}

static void fill_redeem(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_bytes(out, request->key.bytes, sizeof(request->key.bytes));
	add_bytes(out, request->operation, sizeof(request->operation));
	add_number(out, request->idle_ms);
}

static void fill_list(const struct postgres_query *query, struct postgres_parameters *out)
{
	const struct mcp_session_store_request *request = &query->call->request;
	int begins = request->cursor[0] == '\0';
	if (!begins) {
		mcpsess_postgres_get_cursor(request->cursor, out->cursor);
	}
	add_bytes(out, out->cursor, begins ? 0 : sizeof(request->key.bytes));
	add_number(out, request->page);
	if (query->statement == STATEMENT_LIST_OWNER) {
		add_owner(out, &request->owner);
	}
}

static void fill_sweep(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out)
{
	const unsigned char *bytes = query->digest.bytes;
	add_number(out, query->budget);
	add_number(out, pg->tombstone_ms);
	for (int about = ABOUT_OWNER; about <= ABOUT_KEY; about++) {
		if ((int)query->about == about) {
			add_bytes(out, bytes, sizeof(query->digest.bytes));
		} else {
			add_null(out);
		}
	}
}

void mcpsess_postgres_fill(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out)
{
	const struct mcp_session_store_call *call = query->call;
	out->count = 0;
	switch (query->statement) {
	case STATEMENT_READ:
		fill_read(call, query->flags, out);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_MAKE:
		fill_make(&call->request, out);
		add_number(out, pg->tombstone_ms);
		add_number(out, call->request.max_sessions);
		add_number(out, call->request.max_sessions_per_owner);
		break;
	case STATEMENT_WRITE:
		fill_write(&call->request, out);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_REMOVE:
		add_who(out, &call->request);
		add_number(out, call->request.flags);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_ROTATE:
		fill_rotate(&call->request, out);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_END_OWNER:
		add_owner(out, &call->request.owner);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_REDEEM:
		fill_redeem(&call->request, out);
		break;
	case STATEMENT_LIST_ALL:
	case STATEMENT_LIST_OWNER:
		fill_list(query, out);
		break;
	case STATEMENT_SWEEP:
		fill_sweep(pg, query, out);
		break;
	default:
		break;
	}
}

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
