#include "owner.h"
#include "shard.h"

enum { ENDED_AT_ONCE = 32 };

static void settle(
	struct memory *memory, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	struct memory_shard *shard = memory_shard(memory, &entry->key);
	struct memory_trash trash;
	memory_trash_begin(&trash);
	pthread_mutex_lock(&shard->mutex);
	struct memory_record *record = memory_table_find(&shard->records, &entry->key);
	if (record != NULL) {
		mcpsess_memory_settle(memory, shard, record, now_ms, &trash);
	}
	pthread_mutex_unlock(&shard->mutex);
	memory_trash_empty(memory, &trash);
}

int mcpsess_memory_end_owner(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct memory *memory = (struct memory *)store;
	const struct mcpsess_digest *owner = &call->request.owner;
	struct mcp_session_store_entry entries[ENDED_AT_ONCE];
	uint64_t now_ms = store->host->now_ms(store->core);
	uint64_t last = mcpsess_memory_owner_end(memory, owner, now_ms);

	/* All of them have ended by now; what they hold need not wait until they are looked at. */
	uint64_t first = 0;
	size_t found;
	do {
		found = mcpsess_memory_owner_list(
			memory, owner, first, last, entries, ENDED_AT_ONCE);
		for (size_t i = 0; i < found; i++) {
			settle(memory, &entries[i], now_ms);
			first = entries[i].revision + 1;
		}
	} while (found == ENDED_AT_ONCE);
	call->answer.now_ms = now_ms;
	return MCPSESS_OK;
}
