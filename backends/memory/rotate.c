#include "admit.h"
#include "visit.h"

/* A record on its way from one key's shard to another's, both locked. */
struct move {
	struct memory *memory;
	const struct mcp_session_store_request *request;
	struct memory_shard *from, *to;
	struct memory_record *record; /* under the old key; NULL: there is none */
	struct memory_record *there;  /* a live one under the new key, or NULL */
	int done;                     /* it has moved already: the answer got lost */
	uint64_t now_ms;
	struct memory_trash trash;
};

static void lock_both(struct move *move)
{
	struct memory_shard *first = move->from < move->to ? move->from : move->to;
	struct memory_shard *second = first == move->from ? move->to : move->from;
	pthread_mutex_lock(&first->mutex);
	if (second != first) {
		pthread_mutex_lock(&second->mutex);
	}
}

static void leave(struct move *move)
{
	if (move->to != move->from) {
		pthread_mutex_unlock(&move->to->mutex);
	}
	pthread_mutex_unlock(&move->from->mutex);
	memory_trash_empty(move->memory, &move->trash);
}

/* As by now; NULL: there is none. */
static struct memory_record *find(struct move *move, struct memory_shard *shard,
	const struct mcpsess_digest *key, int *status)
{
	struct memory_record *record = memory_table_find(&shard->records, key);
	*status = record != NULL ? mcpsess_memory_settle(
					   move->memory, shard, record, move->now_ms, &move->trash)
				 : MCPSESS_E_NOTFOUND;
	return *status != MCPSESS_E_NOTFOUND ? record : NULL;
}

/* The token with the old key in it: that of no other write, and of no rotation from elsewhere. */
static void mark(const struct mcp_session_store_request *request, unsigned char out[16])
{
	for (unsigned i = 0; i < sizeof(request->operation); i++) {
		out[i] = request->operation[i] ^ request->key.bytes[i];
	}
}

static int is_repeated(const struct move *move)
{
	static const unsigned char none[sizeof(move->request->operation)];
	unsigned char token[sizeof(none)];
	mark(move->request, token);
	return move->there != NULL && memory_is_for(move->there, move->request) &&
	       memcmp(move->there->operation, token, sizeof(none)) == 0 &&
	       memcmp(move->request->operation, none, sizeof(none)) != 0;
}

/* Lock both and look: OK when the record may move, or has. */
static int enter(struct move *move)
{
	int status, taken;
	lock_both(move);
	/* The new key first: what is live there is safe from what settling the old one frees. */
	struct memory_record *there = find(move, move->to, &move->request->new_key, &taken);
	move->there = there != NULL && memory_is_live(there) ? there : NULL;
	move->record = find(move, move->from, &move->request->key, &status);
	if (move->record != NULL && !memory_is_for(move->record, move->request)) {
		return MCPSESS_E_NOTOWNER;
	}
	if (status == MCPSESS_OK && memory_is_live(move->record)) {
		uint64_t revision = move->request->revision;
		if (taken != MCPSESS_E_NOTFOUND) {
			return MCPSESS_E_EXISTS;
		}
		return revision == 0 || revision == move->record->revision ? MCPSESS_OK
									   : MCPSESS_E_CONFLICT;
	}
	move->done = is_repeated(move);
	if (move->done) {
		return MCPSESS_OK;
	}
	return status == MCPSESS_OK ? MCPSESS_E_REVOKED : status;
}

static uint64_t cost_of(const struct move *move)
{
	const struct memory_record *record = move->record;
	const struct mcp_session_store_request *request = move->request;
	uint64_t payload_len = 0;
	if (request->revision > 0) {
		payload_len = request->payload.len;
	} else if (request->grace_ms > 0) {
		payload_len = memory_held(move->memory, record);
	}
	return memory_cost(record->owner != NULL, payload_len);
}

/* Both tables get room before anything changes. */
static int reserve(const struct move *move, uint64_t *bytes)
{
	const struct mcp_session_store *store = &move->memory->store;
	if (mcpsess_memory_table_reserve(&move->to->records, store) < 0 ||
		mcpsess_memory_heap_reserve(&move->to->heap, store) < 0) {
		return MCPSESS_E_NOMEM;
	}
	*bytes = cost_of(move);
	return mcpsess_memory_take_bytes(move->memory, *bytes);
}

/* As the old one under the new key; but for the links of the owner's ring, which has a lock. */
static void copy(struct memory_record *record, const struct memory_record *old,
	const struct mcp_session_store_request *request)
{
	memcpy(record, old, offsetof(struct memory_record, prev));
	record->node.key = request->new_key;
	record->revision++;
	record->prev = record->next = NULL;
	record->serial = old->serial;
	mark(request, record->operation);
}

/*
 * The record under its new key is another struct: the old one has a place in its shard to keep. Its
 * blob is that of the request's payload, if that takes the place of the old one's.
 */
static void go(struct move *move, struct memory_record *record)
{
	const struct mcp_session_store_request *request = move->request;
	struct memory *memory = move->memory;
	struct memory_record *old = move->record;
	void *blob = record->blob;
	copy(record, old, request);
	if (record->owner != NULL) {
		mcpsess_memory_owner_replace(memory, old, record);
	}
	if (request->revision > 0) {
		record->blob = blob;
	} else if (request->grace_ms == 0) {
		old->blob = NULL;
	} else if (old->blob != NULL) {
		memory->store.host->blob_ref(old->blob);
	}
	mcpsess_memory_table_insert(&move->to->records, &record->node);
	mcpsess_memory_heap_push(&move->to->heap, record, record->expires_ms);
	mcpsess_memory_retire(memory, move->from, old,
		memory_later(move->now_ms, request->grace_ms), &move->trash);
	if (request->grace_ms == 0) {
		mcpsess_memory_end(memory, move->from, old, MCP_SESSION_STORE_CLOSED, move->now_ms,
			&move->trash);
	}
	move->there = record;
}

/* One attempt. *record is set to NULL when it is in the table; *bytes: what it took, or lacked. */
static int try_rotate(struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms,
	struct memory_record **record, uint64_t *bytes)
{
	const struct mcp_session_store_request *request = &call->request;
	struct move move = { .memory = memory,
		.request = request,
		.from = memory_shard(memory, &request->key),
		.to = memory_shard(memory, &request->new_key),
		.now_ms = now_ms };
	memory_trash_begin(&move.trash);
	int status = enter(&move);
	if (status == MCPSESS_OK && !move.done) {
		status = reserve(&move, bytes);
		if (status == MCPSESS_OK) {
			go(&move, *record);
			*record = NULL;
		}
	}
	if (status == MCPSESS_E_CONFLICT) {
		call->answer.revision = move.record->revision;
	} else if (status == MCPSESS_OK) {
		memory_answer(&call->answer, move.there, now_ms);
		/* Its owner may have been ended since it was looked at. */
		mcpsess_memory_settle(memory, move.to, move.there, now_ms, &move.trash);
	}
	leave(&move);
	return status;
}

/* For the record under its new key. OK or NOMEM. */
static int prepare(struct memory *memory, const struct mcp_session_store_request *request,
	struct memory_record **out)
{
	struct memory_record *record = memory_realloc(memory, NULL, sizeof(*record));
	if (record == NULL) {
		return MCPSESS_E_NOMEM;
	}
	record->blob = NULL;
	if (request->revision > 0 && mcpsess_memory_make_blob(memory, request, &record->blob) < 0) {
		memory_realloc(memory, record, 0);
		return MCPSESS_E_NOMEM;
	}
	*out = record;
	return MCPSESS_OK;
}

int mcpsess_memory_rotate(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct memory *memory = (struct memory *)store;
	uint64_t now_ms = store->host->now_ms(store->core);
	struct memory_record *record;
	if (prepare(memory, &call->request, &record) < 0) {
		return MCPSESS_E_NOMEM;
	}
	uint64_t bytes = 0;
	int status = try_rotate(memory, call, now_ms, &record, &bytes);
	if (status == MCPSESS_E_LIMIT) {
		mcpsess_memory_make_room(memory, bytes, now_ms);
		status = try_rotate(memory, call, now_ms, &record, &bytes);
		if (status == MCPSESS_E_LIMIT) {
			mcpsess_memory_full(memory, call);
		}
	}
	if (record != NULL) {
		store->host->blob_unref(record->blob);
		memory_realloc(memory, record, 0);
	}
	return status;
}
