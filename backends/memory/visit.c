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

void mcpsess_memory_answer(struct mcp_session_store_answer *answer,
	const struct memory_record *record, uint64_t now_ms)
{
	answer->revision = record->revision;
	answer->now_ms = now_ms;
	answer->created_ms = record->created_ms;
	answer->seen_ms = record->seen_ms;
	answer->expires_ms = memory_zero_if_none(
		memory_is_copy(record) ? record->was_expires_ms : record->expires_ms);
	answer->deadline_ms = memory_zero_if_none(record->deadline_ms);
	answer->requests = record->requests;
	answer->first_request_ms = record->first_request_ms;
	answer->last_request_ms = record->last_request_ms;
	if (record->owner != NULL) {
		answer->owner = record->owner->node.key;
	} else {
		memset(&answer->owner, 0, sizeof(answer->owner));
	}
	answer->kind = record->kind;
	answer->state = record->state & ~(unsigned)MEMORY_COPY;
}
