#include "visit.h"

int mcpsess_memory_enter(struct visit *visit, struct memory *memory,
	const struct mcp_session_store_request *request, uint64_t now_ms)
{
	struct memory_shard *shard = memory_shard(memory, &request->key);
	visit->memory = memory;
	visit->shard = shard;
	visit->now_ms = now_ms;
	memory_trash_begin(&visit->trash);

	pthread_mutex_lock(&shard->mutex);
	if (shard->heap.soonest_ms <= now_ms) {
		mcpsess_memory_advance(memory, shard, now_ms, MEMORY_STEPS_PER_VERB, &visit->trash);
	}
	visit->record = memory_table_find(&shard->records, &request->key);
	if (visit->record == NULL) {
		return MCPSESS_E_NOTFOUND;
	}
	/* A far line of memory; it comes while the owner, another, is compared. */
	__builtin_prefetch(visit->record->blob, 1);
	int status = memory_settle(memory, shard, visit->record, now_ms, &visit->trash);
	if (status == MCPSESS_E_NOTFOUND) {
		visit->record = NULL;
	} else if (!memory_is_for(visit->record, request)) {
		status = MCPSESS_E_NOTOWNER;
	}
	return status;
}

void mcpsess_memory_leave(struct visit *visit)
{
	pthread_mutex_unlock(&visit->shard->mutex);
	memory_trash_empty(visit->memory, &visit->trash);
}
