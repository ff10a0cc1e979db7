#include "admit.h"
#include "visit.h"

static uint64_t or_none(uint64_t value)
{
	return value > 0 ? value : MCP_SESSION_STORE_NONE;
}

/* A copy can only be read. */
static int enter_to_write(struct visit *visit, struct memory *memory,
	const struct mcp_session_store_request *request, uint64_t now_ms)
{
	int status = mcpsess_memory_enter(visit, memory, request, now_ms);
	return status == MCPSESS_OK && memory_is_copy(visit->record) ? MCPSESS_E_REVOKED : status;
}

static void touch(
	struct memory_record *record, uint64_t idle_ms, uint64_t touch_every_ms, uint64_t now_ms)
{
	if (record->seen_ms < now_ms) {
		record->seen_ms = now_ms;
	}
	uint64_t expires_ms = memory_later(now_ms, or_none(idle_ms));
	if (expires_ms < record->expires_ms) {
		return;
	}
	/* Ahead by one throttle period: touches inside it then change nothing. */
	expires_ms = memory_later(expires_ms, memory_zero_if_none(touch_every_ms));
	record->expires_ms = expires_ms < record->deadline_ms ? expires_ms : record->deadline_ms;
}

static void count(struct memory_record *record, uint64_t now_ms)
{
	if (record->requests++ == 0) {
		record->first_request_ms = now_ms;
	}
	record->last_request_ms = now_ms;
}

static void answer_payload(struct mcp_session_store_answer *answer, const struct mcpsess_host *host,
	const struct memory_record *record)
{
	answer->blob = record->blob;
	if (record->blob != NULL) {
		host->blob_ref(record->blob);
		answer->payload = host->blob_bytes(record->blob);
	} else {
		answer->payload = (struct mcpsess_bytes){ NULL, 0 };
	}
}

int mcpsess_memory_get(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	uint64_t now_ms = store->host->now_ms(store->core);
	struct visit visit;
	int status = mcpsess_memory_enter(&visit, (struct memory *)store, request, now_ms);
	if (status == MCPSESS_OK) {
		uint64_t last_ms = visit.record->last_request_ms;
		int writes = memory_is_live(visit.record);
		if ((request->flags & MCP_SESSION_STORE_TOUCH) != 0 && writes) {
			touch(visit.record, request->idle_ms, request->touch_every_ms, now_ms);
		}
		if ((request->flags & MCP_SESSION_STORE_COUNT) != 0 && writes) {
			count(visit.record, now_ms);
		}
		memory_answer(&call->answer, visit.record, now_ms);
		answer_payload(&call->answer, store->host, visit.record);
		call->answer.last_request_ms = last_ms;
	}
	mcpsess_memory_leave(&visit);
	return status;
}

/* Only what is done at once: nothing is due in the shard, and the record is there to be had. */
int mcpsess_memory_get_into(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, uint64_t idle_ms, uint64_t touch_every_ms,
	struct mcp_session_store_answer *answer)
{
	struct memory_shard *shard = memory_shard((struct memory *)store, &request->key);
	uint64_t now_ms = store->host->now_ms(store->core);
	int status = MCPSESS_E_NOTFOUND;
	pthread_mutex_lock(&shard->mutex);
	struct memory_record *record = memory_table_find(&shard->records, &request->key);
	if (record != NULL && now_ms < shard->heap.soonest_ms && memory_has(record, now_ms) &&
		memory_is_for(record, request)) {
		if ((request->flags & MCP_SESSION_STORE_TOUCH) != 0) {
			touch(record, idle_ms, touch_every_ms, now_ms);
		}
		memory_answer(answer, record, now_ms);
		answer_payload(answer, store->host, record);
		status = MCPSESS_OK;
	}
	pthread_mutex_unlock(&shard->mutex);
	return status;
}

int mcpsess_memory_touch(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	uint64_t now_ms = store->host->now_ms(store->core);
	struct visit visit;
	int status = enter_to_write(&visit, (struct memory *)store, &call->request, now_ms);
	if (status == MCPSESS_OK) {
		touch(visit.record, call->request.idle_ms, call->request.touch_every_ms, now_ms);
		memory_answer(&call->answer, visit.record, now_ms);
	}
	mcpsess_memory_leave(&visit);
	return status;
}

int mcpsess_memory_exists(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	uint64_t now_ms = store->host->now_ms(store->core);
	struct visit visit;
	int status = mcpsess_memory_enter(&visit, (struct memory *)store, &call->request, now_ms);
	if (status == MCPSESS_OK) {
		memory_answer(&call->answer, visit.record, now_ms);
	}
	mcpsess_memory_leave(&visit);
	return status;
}

int mcpsess_memory_delete(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	uint64_t now_ms = store->host->now_ms(store->core);
	struct visit visit;
	int status = mcpsess_memory_enter(&visit, (struct memory *)store, &call->request, now_ms);
	if (status == MCPSESS_OK) {
		memory_answer(&call->answer, visit.record, now_ms);
		call->answer.state = MCP_SESSION_STORE_CLOSED;
		mcpsess_memory_end(visit.memory, visit.shard, visit.record,
			MCP_SESSION_STORE_CLOSED, now_ms, &visit.trash);
	}
	mcpsess_memory_leave(&visit);
	call->answer.now_ms = now_ms;
	return status == MCPSESS_E_NOTOWNER ? status : MCPSESS_OK;
}

/* Whether this write is the record's last one once more: its answer got lost. */
static int is_repeated(
	const struct memory_record *record, const struct mcp_session_store_request *request)
{
	static const unsigned char none[sizeof(request->operation)];
	return (request->revision > 0 || record->revision == 1) &&
	       memcmp(record->operation, request->operation, sizeof(none)) == 0 &&
	       memcmp(request->operation, none, sizeof(none)) != 0;
}

int mcpsess_memory_make_blob(
	struct memory *memory, const struct mcp_session_store_request *request, void **out)
{
	struct mcpsess_bytes payload = request->payload;
	if (payload.len > 0) {
		*out = memory->store.host->blob_new(memory->store.core, payload.data, payload.len);
		return *out != NULL ? MCPSESS_OK : MCPSESS_E_NOMEM;
	}
	*out = NULL;
	return MCPSESS_OK;
}

/* A record as asked for, counted in and with its payload, in no table yet. */
static int make_record(struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms,
	struct memory_record **out)
{
	const struct mcp_session_store_request *request = &call->request;
	struct memory_record *record = memory_realloc(memory, NULL, sizeof(*record));
	if (record == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(record, 0, sizeof(*record));
	record->node.key = request->key;
	record->revision = 1;
	record->kind = request->kind;
	record->state = request->state;
	record->created_ms = now_ms;
	record->deadline_ms = memory_later(now_ms, or_none(request->absolute_ms));
	memcpy(record->operation, request->operation, sizeof(record->operation));
	touch(record, request->idle_ms, request->touch_every_ms, now_ms);
	if ((request->flags & MCP_SESSION_STORE_COUNT) != 0) {
		count(record, now_ms);
	}

	int status = mcpsess_memory_admit(memory, call, record, now_ms);
	if (status == MCPSESS_OK) {
		status = mcpsess_memory_make_blob(memory, request, &record->blob);
		if (status < 0) {
			mcpsess_memory_withdraw(memory, record, request->payload.len);
		}
	}
	if (status < 0) {
		memory_realloc(memory, record, 0);
		return status;
	}
	*out = record;
	return MCPSESS_OK;
}

static void unmake_record(struct memory *memory, struct memory_record *record)
{
	if (record != NULL) {
		mcpsess_memory_withdraw(memory, record, memory_payload_len(memory, record->blob));
		memory->store.host->blob_unref(record->blob);
		memory_realloc(memory, record, 0);
	}
}

static int insert(struct visit *visit, struct memory_record *record)
{
	const struct mcp_session_store *store = &visit->memory->store;
	if (mcpsess_memory_table_reserve(&visit->shard->records, store) < 0 ||
		mcpsess_memory_heap_reserve(&visit->shard->heap, store) < 0) {
		return MCPSESS_E_NOMEM;
	}
	mcpsess_memory_table_insert(&visit->shard->records, &record->node);
	mcpsess_memory_heap_push(&visit->shard->heap, record, record->expires_ms);
	visit->record = record;
	return MCPSESS_OK;
}

static int create(struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms)
{
	struct memory_record *record = NULL;
	int made = make_record(memory, call, now_ms, &record);

	/* Looked for even when there is no room: it may be this very call that took the last. */
	struct visit visit;
	int status = enter_to_write(&visit, memory, &call->request, now_ms);
	if (status == MCPSESS_E_NOTFOUND) {
		status = made == MCPSESS_OK ? insert(&visit, record) : made;
		if (status == MCPSESS_OK) {
			record = NULL;
		}
	} else if (memory_is_live(visit.record)) {
		int mine = status == MCPSESS_OK && is_repeated(visit.record, &call->request);
		status = mine ? MCPSESS_OK : MCPSESS_E_EXISTS;
	}
	if (status == MCPSESS_OK) {
		memory_answer(&call->answer, visit.record, now_ms);
		/* Its owner may have been ended since it was counted in. */
		mcpsess_memory_settle(memory, visit.shard, visit.record, now_ms, &visit.trash);
		if ((call->request.flags & MCP_SESSION_STORE_COUNT) != 0 &&
			visit.record->requests == 1) {
			call->answer.last_request_ms = 0; /* it is this one */
		}
	}
	mcpsess_memory_leave(&visit);
	unmake_record(memory, record);
	return status;
}

/* Replace payload and state; blob is the record's now. */
static int replace(struct visit *visit, const struct mcp_session_store_request *request, void *blob)
{
	struct memory *memory = visit->memory;
	struct memory_record *record = visit->record;
	uint64_t before = memory_payload_len(memory, record->blob);
	if (request->payload.len > before) {
		int status = mcpsess_memory_take_bytes(memory, request->payload.len - before);
		if (status < 0) {
			return status;
		}
	} else {
		atomic_fetch_sub(&memory->bytes, before - request->payload.len);
	}
	memory_trash_blob(&visit->trash, record->blob);
	record->blob = blob;
	record->revision++;
	record->state = request->state;
	memcpy(record->operation, request->operation, sizeof(record->operation));
	touch(record, request->idle_ms, request->touch_every_ms, visit->now_ms);
	return MCPSESS_OK;
}

/* One attempt. *blob is set to NULL when the record took it. */
static int try_update(
	struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms, void **blob)
{
	const struct mcp_session_store_request *request = &call->request;
	struct visit visit;
	int status = enter_to_write(&visit, memory, request, now_ms);
	if (status == MCPSESS_OK && !is_repeated(visit.record, request)) {
		if (visit.record->revision != request->revision) {
			status = MCPSESS_E_CONFLICT;
			answer_payload(&call->answer, memory->store.host, visit.record);
		} else {
			status = replace(&visit, request, *blob);
			*blob = status == MCPSESS_OK ? NULL : *blob;
		}
	}
	if (status == MCPSESS_OK || status == MCPSESS_E_CONFLICT) {
		memory_answer(&call->answer, visit.record, now_ms);
	}
	mcpsess_memory_leave(&visit);
	return status;
}

static int update(struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms)
{
	uint64_t len = call->request.payload.len;
	void *blob = NULL;
	int status = len <= memory->max_bytes
			     ? mcpsess_memory_make_blob(memory, &call->request, &blob)
			     : mcpsess_memory_full(memory, call);
	if (status < 0) {
		return status;
	}
	status = try_update(memory, call, now_ms, &blob);
	if (status == MCPSESS_E_LIMIT) {
		mcpsess_memory_make_room(memory, len, now_ms);
		status = try_update(memory, call, now_ms, &blob);
		if (status == MCPSESS_E_LIMIT) {
			mcpsess_memory_full(memory, call);
		}
	}
	memory->store.host->blob_unref(blob);
	return status;
}

int mcpsess_memory_store(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct memory *memory = (struct memory *)store;
	if (call->request.state > MCP_SESSION_STORE_ACTIVE) {
		return MCPSESS_E_INVALID;
	}
	uint64_t now_ms = store->host->now_ms(store->core);
	return call->request.revision == 0 ? create(memory, call, now_ms)
					   : update(memory, call, now_ms);
}
