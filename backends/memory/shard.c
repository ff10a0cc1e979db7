#include "shard.h"

#include "owner.h"

void mcpsess_memory_trash_free(struct memory *memory, struct memory_trash *trash)
{
	for (unsigned i = 0; i < trash->blob_count; i++) {
		memory->store.host->blob_unref(trash->blobs[i]);
	}
	for (struct memory_record *next, *record = trash->records; record != NULL; record = next) {
		next = record->next;
		memory_realloc(memory, record, 0);
	}
	memory_trash_begin(trash);
}

static void queue_leave(struct memory_shard *shard, struct memory_record *record)
{
	*(record->prev != NULL ? &record->prev->next : &shard->oldest) = record->next;
	*(record->next != NULL ? &record->next->prev : &shard->newest) = record->prev;
	shard->tombstones--;
}

static void queue_join(struct memory_shard *shard, struct memory_record *record)
{
	record->prev = shard->newest;
	record->next = NULL;
	*(shard->newest != NULL ? &shard->newest->next : &shard->oldest) = record;
	shard->newest = record;
	shard->tombstones++;
}

/* All that hangs on it, with its bytes. */
static void let_go(struct memory *memory, struct memory_record *record, struct memory_trash *trash)
{
	atomic_fetch_sub(&memory->bytes, memory_held(memory, record));
	memory_trash_blob(trash, record->blob);
	record->blob = NULL;
}

static void forget(struct memory *memory, struct memory_shard *shard, struct memory_record *record,
	struct memory_trash *trash)
{
	if (memory_is_copy(record)) {
		let_go(memory, record, trash);
	}
	queue_leave(shard, record);
	mcpsess_memory_heap_remove(&shard->heap, &memory->store, record);
	mcpsess_memory_table_remove(&shard->records, &memory->store, &record->node);
	atomic_fetch_sub(&memory->bytes, memory_cost(record->owner != NULL, 0));
	if (record->owner != NULL) {
		mcpsess_memory_owner_release(memory, record);
	}
	atomic_fetch_sub(&memory->tombstones, 1);
	record->next = trash->records;
	trash->records = record;
}

/* Into the queue, until a time. */
static void lay_down(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, uint64_t until_ms, struct memory_trash *trash)
{
	record->expires_ms = until_ms;
	mcpsess_memory_heap_move(&shard->heap, record, until_ms);
	queue_join(shard, record);
	if (shard->tombstones > MEMORY_TOMBSTONES) {
		forget(memory, shard, shard->oldest, trash);
	}
}

void mcpsess_memory_end(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, unsigned state, uint64_t since_ms, struct memory_trash *trash)
{
	if (memory_is_copy(record)) {
		queue_leave(shard, record);
	} else if (record->owner == NULL || mcpsess_memory_owner_leave(memory, record)) {
		atomic_fetch_sub(&memory->sessions, 1);
		atomic_fetch_add(&memory->tombstones, 1);
	}
	let_go(memory, record, trash);
	record->state = state;
	lay_down(memory, shard, record, memory_later(since_ms, memory->tombstone_ms), trash);
	if (memory->tombstone_ms == 0) {
		forget(memory, shard, record, trash);
	}
}

void mcpsess_memory_retire(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, uint64_t until_ms, struct memory_trash *trash)
{
	atomic_fetch_add(&memory->tombstones, 1);
	record->state |= MEMORY_COPY;
	record->was_expires_ms = record->expires_ms;
	lay_down(memory, shard, record,
		until_ms < record->expires_ms ? until_ms : record->expires_ms, trash);
}

/* What a record that can be read turns into now, and since when; its own state: nothing. */
static unsigned next_state(const struct memory_record *record, uint64_t now_ms, uint64_t *since_ms)
{
	int ended = memory_owner_has_ended(record);
	if (ended && atomic_load(&record->owner->ended_ms) < record->expires_ms) {
		*since_ms = atomic_load(&record->owner->ended_ms);
		return MCP_SESSION_STORE_CLOSED;
	}
	*since_ms = record->expires_ms;
	if (now_ms >= record->expires_ms) {
		return memory_is_copy(record) ? MCP_SESSION_STORE_CLOSED : MEMORY_EXPIRED;
	}
	/* The clock was set back since. */
	return ended ? MCP_SESSION_STORE_CLOSED : record->state;
}

int mcpsess_memory_settle(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, uint64_t now_ms, struct memory_trash *trash)
{
	if (memory_is_live(record) || memory_is_copy(record)) {
		uint64_t since_ms;
		unsigned state = next_state(record, now_ms, &since_ms);
		if (state == record->state) {
			return MCPSESS_OK;
		}
		if (state == MEMORY_EXPIRED) {
			atomic_fetch_add(&memory->expired, 1);
		}
		mcpsess_memory_end(memory, shard, record, state, since_ms, trash);
		if (memory->tombstone_ms == 0) {
			return MCPSESS_E_NOTFOUND;
		}
	}
	if (now_ms >= record->expires_ms) {
		forget(memory, shard, record, trash);
		return MCPSESS_E_NOTFOUND;
	}
	return record->state == MEMORY_EXPIRED ? MCPSESS_E_EXPIRED : MCPSESS_E_REVOKED;
}

unsigned mcpsess_memory_advance(struct memory *memory, struct memory_shard *shard, uint64_t now_ms,
	unsigned steps, struct memory_trash *trash)
{
	unsigned freed = 0;
	for (; steps > 0 && shard->heap.soonest_ms <= now_ms; steps--) {
		struct memory_record *record = shard->heap.items[0].record;
		if (now_ms < record->expires_ms) {
			mcpsess_memory_heap_move(&shard->heap, record, record->expires_ms);
			continue;
		}
		mcpsess_memory_settle(memory, shard, record, now_ms, trash);
		freed++;
	}
	return freed;
}

/* An empty shard keeps nothing; only sweeps look, or every lone session would pay for it. */
static void trim(struct memory *memory, struct memory_shard *shard, struct memory_owners *owners)
{
	if (shard->records.count == 0) {
		mcpsess_memory_table_free(&shard->records, &memory->store);
		mcpsess_memory_heap_free(&shard->heap, &memory->store);
	}
	if (shard->tokens.count == 0) {
		mcpsess_memory_table_free(&shard->tokens, &memory->store);
	}
	pthread_mutex_lock(&owners->mutex);
	if (owners->owners.count == 0) {
		mcpsess_memory_table_free(&owners->owners, &memory->store);
	}
	pthread_mutex_unlock(&owners->mutex);
}

static size_t sweep(struct memory *memory, unsigned index, uint64_t now_ms, size_t budget)
{
	struct memory_shard *shard = &memory->shards[index];
	struct memory_trash trash;
	size_t freed = 0;
	/* Putting back those that were touched is work too, hence bounded. */
	size_t rounds = budget / 8 + 2;
	int more = 1;
	memory_trash_begin(&trash);
	while (more && rounds-- > 0 && freed < budget) {
		size_t steps = budget - freed < MEMORY_ENDS ? budget - freed : MEMORY_ENDS;
		pthread_mutex_lock(&shard->mutex);
		freed += mcpsess_memory_advance(memory, shard, now_ms, (unsigned)steps, &trash);
		more = shard->heap.soonest_ms <= now_ms;
		if (!more) {
			trim(memory, shard, &memory->owners[index]);
		}
		pthread_mutex_unlock(&shard->mutex);
		memory_trash_empty(memory, &trash);
	}
	return freed;
}

size_t mcpsess_memory_sweep_all(struct memory *memory, uint64_t now_ms, size_t budget)
{
	/* Not always from the first, or a small budget would never reach the last. */
	unsigned from = atomic_load_explicit(&memory->sweep_at, memory_order_relaxed);
	size_t freed = 0;
	unsigned i = 0;
	for (; i < MEMORY_SHARDS && freed < budget; i++) {
		freed += sweep(memory, (from + i) % MEMORY_SHARDS, now_ms, budget - freed);
	}
	atomic_store_explicit(&memory->sweep_at, (from + i) % MEMORY_SHARDS, memory_order_relaxed);
	return freed;
}

/* One hold of the lock. 0 when none are left. */
static int forget_some(struct memory *memory, struct memory_shard *shard)
{
	struct memory_trash trash;
	memory_trash_begin(&trash);
	pthread_mutex_lock(&shard->mutex);
	for (int i = 0; i < MEMORY_TRASH && shard->oldest != NULL; i++) {
		forget(memory, shard, shard->oldest, &trash);
	}
	int more = shard->oldest != NULL;
	pthread_mutex_unlock(&shard->mutex);
	memory_trash_empty(memory, &trash);
	return more;
}

void mcpsess_memory_forget_all(struct memory *memory)
{
	for (unsigned i = 0; i < MEMORY_SHARDS; i++) {
		/* Not for ever, though others go on deleting. */
		int rounds = MEMORY_TOMBSTONES / MEMORY_TRASH;
		while (rounds-- > 0 && forget_some(memory, &memory->shards[i])) {
		}
	}
}
