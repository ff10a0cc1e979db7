#include "fake-store.h"

#include <stdlib.h>

#include <mcpsess/backend.h>

enum { RECORDS_MAX = 8, ORDERS_MAX = 64, WAITING_MAX = 4, FAKE_IDLE_MS = 300000 };

struct record {
	struct mcpsess_digest key, owner;
	unsigned char operation[16];
	uint64_t revision, requests, created_ms, first_ms, last_ms;
	uint32_t kind, state;
	int live, revoked;
	char payload[1 << 18];
	size_t len;
};

struct order {
	enum fake_verb verb;
	int status, done, used;
};

static struct record records[RECORDS_MAX];
static struct order orders[ORDERS_MAX];
static int order_count;

void (*fake_meanwhile)(void);
int fake_tells_payload, fake_keeps_tokens, fake_calls[3];
uint64_t fake_now_ms;

/* A call that pends, and its answer. */
static struct {
	struct mcp_session_store_call *call;
	int status;
} waiting[WAITING_MAX];

static struct record *only(void)
{
	for (int i = 0; i < RECORDS_MAX; i++) {
		if (records[i].live) {
			return &records[i];
		}
	}
	abort();
}

int fake_count(void)
{
	int count = 0;
	for (int i = 0; i < RECORDS_MAX; i++) {
		count += records[i].live;
	}
	return count;
}

struct mcpsess_bytes fake_payload(void)
{
	return mcpsess_mem(only()->payload, only()->len);
}

void fake_set_payload(const void *data, size_t len)
{
	memcpy(only()->payload, data, len);
	only()->len = len;
	only()->revision++;
}

void fake_set_kind(uint32_t kind)
{
	only()->kind = kind;
}

static struct record *find(const struct mcpsess_digest *key)
{
	for (int i = 0; i < RECORDS_MAX; i++) {
		if ((records[i].live || records[i].revoked) &&
			memcmp(&records[i].key, key, sizeof(*key)) == 0) {
			return &records[i];
		}
	}
	return NULL;
}

static void answer(struct mcp_session_store_call *call, const struct record *record)
{
	struct mcp_session_store_answer *answer = &call->answer;
	answer->revision = record->revision;
	answer->now_ms = fake_now_ms;
	answer->created_ms = record->created_ms;
	answer->expires_ms = fake_now_ms + FAKE_IDLE_MS;
	answer->requests = record->requests;
	answer->first_request_ms = record->first_ms;
	answer->last_request_ms = record->last_ms;
	answer->kind = record->kind;
	answer->state = record->state;
}

static int answer_payload(struct mcp_session_store *store, struct mcp_session_store_call *call,
	const struct record *record)
{
	void *blob = store->host->blob_new(store->core, record->payload, record->len);
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	call->answer.blob = blob;
	call->answer.payload = store->host->blob_bytes(blob);
	return MCPSESS_OK;
}

static int lookup(struct mcp_session_store_call *call, struct record **out)
{
	struct record *record = find(&call->request.key);
	if (record == NULL) {
		return MCPSESS_E_NOTFOUND;
	}
	if (memcmp(&record->owner, &call->request.owner, sizeof(record->owner)) != 0) {
		return MCPSESS_E_NOTOWNER;
	}
	*out = record;
	return record->live ? MCPSESS_OK : MCPSESS_E_REVOKED;
}

static void put(struct mcp_session_store_call *call, struct record *record)
{
	const struct mcp_session_store_request *request = &call->request;
	memcpy(record->payload, request->payload.data, request->payload.len);
	record->len = request->payload.len;
	memcpy(record->operation, request->operation, sizeof(record->operation));
	record->state = request->state;
	record->revision++;
	answer(call, record);
}

static int create(struct mcp_session_store_call *call)
{
	struct record *record = find(&call->request.key);
	if (record != NULL) {
		int same = memcmp(record->operation, call->request.operation, 16) == 0;
		answer(call, record);
		return same && fake_keeps_tokens ? MCPSESS_OK : MCPSESS_E_EXISTS;
	}
	for (record = records; record->live || record->revoked; record++) {
	}
	record->live = 1;
	record->key = call->request.key;
	record->owner = call->request.owner;
	record->created_ms = fake_now_ms;
	record->kind = call->request.kind;
	put(call, record);
	return MCPSESS_OK;
}

static int store_verb(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	if (call->request.revision == 0) {
		return create(call);
	}
	int status = lookup(call, &record);
	if (status < 0) {
		return status;
	}
	if (fake_keeps_tokens && memcmp(record->operation, call->request.operation, 16) == 0) {
		answer(call, record);
		return MCPSESS_OK;
	}
	if (record->revision != call->request.revision) {
		answer(call, record);
		status = fake_tells_payload ? answer_payload(store, call, record) : MCPSESS_OK;
		return status < 0 ? status : MCPSESS_E_CONFLICT;
	}
	put(call, record);
	return MCPSESS_OK;
}

static int get_verb(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	int status = lookup(call, &record);
	if (status < 0) {
		return status;
	}
	answer(call, record);
	if ((call->request.flags & MCP_SESSION_STORE_COUNT) != 0) {
		record->last_ms = fake_now_ms;
		record->first_ms = record->first_ms > 0 ? record->first_ms : fake_now_ms;
		call->answer.requests = ++record->requests;
		call->answer.first_request_ms = record->first_ms;
	}
	return answer_payload(store, call, record);
}

static int delete_verb(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct record *record;
	(void)store;
	int status = lookup(call, &record);
	if (status == MCPSESS_OK) {
		record->live = 0;
		record->revoked = 1;
	}
	return status == MCPSESS_E_NOTOWNER ? status : MCPSESS_OK;
}

/* -- orders ------------------------------------------------------------------------------------ */

static int follow(
	struct mcp_session_store *store, struct mcp_session_store_call *call, enum fake_verb verb)
{
	static int (*const verbs[])(struct mcp_session_store *,
		struct mcp_session_store_call *) = { store_verb, get_verb, delete_verb };
	fake_calls[verb]++;
	if (verb == FAKE_STORE && fake_meanwhile != NULL) {
		fake_meanwhile();
	}
	for (int i = 0; i < order_count; i++) {
		struct order *order = &orders[i];
		if (order->used || order->verb != verb) {
			continue;
		}
		order->used = 1;
		int status = order->done || order->status == MCPSESS_OK ? verbs[verb](store, call)
									: MCPSESS_OK;
		return order->status == MCPSESS_OK ? status : order->status;
	}
	return verbs[verb](store, call);
}

void fake_order(enum fake_verb verb, int status, int done)
{
	orders[order_count++] = (struct order){ .verb = verb, .status = status, .done = done };
}

static int later(struct mcp_session_store *store, struct mcp_session_store_call *call, int status)
{
	for (int i = 0; i < WAITING_MAX; i++) {
		if (waiting[i].call == NULL) {
			waiting[i].call = call;
			waiting[i].status = status;
			store->host->wake_at(store->core, store->host->now_ms(store->core));
			return MCPSESS_PENDING;
		}
	}
	abort();
}

static void ready(struct mcp_session_store *store, int fd, uint32_t events)
{
	(void)store, (void)fd, (void)events;
}

static void tick(struct mcp_session_store *store, uint64_t now_ms)
{
	(void)now_ms;
	for (int i = 0; i < WAITING_MAX; i++) {
		struct mcp_session_store_call *call = waiting[i].call;
		if (call != NULL) {
			waiting[i].call = NULL;
			store->host->finish(store->core, call, waiting[i].status);
		}
	}
}

static void cancel(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	(void)store;
	for (int i = 0; i < WAITING_MAX; i++) {
		if (waiting[i].call == call) {
			waiting[i].call = NULL;
		}
	}
}

#define VERB(name, verb) \
	static int name(struct mcp_session_store *store, struct mcp_session_store_call *call) \
	{ \
		return follow(store, call, verb); \
	} \
\
	static int name##_later( \
		struct mcp_session_store *store, struct mcp_session_store_call *call) \
	{ \
		return later(store, call, follow(store, call, verb)); \
	}

VERB(store, FAKE_STORE)
VERB(get, FAKE_GET)
VERB(end, FAKE_DELETE)

/* -- as a backend ------------------------------------------------------------------------------ */

struct fake {
	struct mcp_session_store store;
	struct mcp_session_store_ops ops;
};

static void close_fake(struct mcp_session_store *store)
{
	free(store);
}

static int open_fake(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	(void)host, (void)core, (void)err;
	int pends = strcmp(config->scheme, "fakepend") == 0;
	struct fake *self = calloc(1, sizeof(*self));
	struct mcp_session_store_ops *ops = &self->ops;
	ops->size = sizeof(*ops);
	ops->can = MCP_SESSION_STORE_CAN_COUNT | MCP_SESSION_STORE_CAN_TOMBSTONE;
	ops->can |= fake_keeps_tokens ? MCP_SESSION_STORE_CAN_OPERATION : 0;
	ops->can |= pends ? MCP_SESSION_STORE_CAN_PEND : 0;
	ops->store = pends ? store_later : store;
	ops->get = ops->touch = ops->exists = pends ? get_later : get;
	ops->mcpsess_delete_ = pends ? end_later : end;
	ops->close = close_fake;
	ops->ready = ready;
	ops->tick = tick;
	ops->cancel = cancel;
	self->store.ops = ops;
	*out = &self->store;
	return MCPSESS_OK;
}

static const struct mcpsess_backend backend = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(backend),
	.name = "fake",
	.schemes = "fake fakepend",
	.parameters = "",
	.open = open_fake,
};

struct mcp_session_store *fake_open(const char *uri, const struct mcpsess_hooks *hooks)
{
	struct mcp_session_store_options options = { .size = sizeof(options), .hooks = hooks };
	struct mcp_session_store *store = NULL;
	mcpsess_backend_add(&backend, NULL);
	memset(records, 0, sizeof(records));
	memset(waiting, 0, sizeof(waiting));
	memset(fake_calls, 0, sizeof(fake_calls));
	order_count = 0;
	fake_meanwhile = NULL;
	fake_now_ms = 1000000;
	if (mcp_session_store_open(uri, &options, &store, NULL) < 0) {
		abort();
	}
	return store;
}
