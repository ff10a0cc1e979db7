/*
 * What happens to records inside one shard, under its lock: how they end and are forgotten.
 * And, without a lock: sweeps over all of them.
 */
#ifndef MCPSESS_MEMORY_SHARD_H
#define MCPSESS_MEMORY_SHARD_H

#include "owner.h"

/* What is to be freed when the lock is given back. */
struct memory_trash {
	struct memory_record *records;
	unsigned blob_count;
	void *blobs[MEMORY_TRASH];
};

static inline void memory_trash_begin(struct memory_trash *trash)
{
	trash->records = NULL;
	trash->blob_count = 0;
}

static inline void memory_trash_blob(struct memory_trash *trash, void *blob)
{
	if (blob != NULL) {
		trash->blobs[trash->blob_count++] = blob;
	}
}

/* After the lock. */
void mcpsess_memory_trash_free(struct memory *memory, struct memory_trash *trash);

static inline void memory_trash_empty(struct memory *memory, struct memory_trash *trash)
{
	if (trash->records != NULL || trash->blob_count > 0) {
		mcpsess_memory_trash_free(memory, trash);
	}
}

/* Let a live record or a copy end: a tombstone of that state from since_ms on, or forgotten at
 * once. */
void mcpsess_memory_end(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, unsigned state, uint64_t since_ms,
	struct memory_trash *trash);

/* Let a live record stay to be read until then. Another has its place among the owner's. */
void mcpsess_memory_retire(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, uint64_t until_ms, struct memory_trash *trash);

/* What a record is by now: OK, EXPIRED or REVOKED; NOTFOUND: it is forgotten and in the trash. */
int mcpsess_memory_settle(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, uint64_t now_ms, struct memory_trash *trash);

/* Whether a record is live and has not ended, which nearly all are. */
static inline int memory_has(const struct memory_record *record, uint64_t now_ms)
{
	return memory_is_live(record) && now_ms < record->expires_ms &&
	       !memory_owner_has_ended(record);
}

/* Likewise, and at once for what has not ended. */
static inline int memory_settle(struct memory *memory, struct memory_shard *shard,
	struct memory_record *record, uint64_t now_ms, struct memory_trash *trash)
{
	if (memory_has(record, now_ms)) {
		return MCPSESS_OK;
	}
	return mcpsess_memory_settle(memory, shard, record, now_ms, trash);
}

/* Look at the records whose time has come, at most steps of them. Returns how many it freed. */
unsigned mcpsess_memory_advance(struct memory *memory, struct memory_shard *shard, uint64_t now_ms,
	unsigned steps, struct memory_trash *trash);

/* Over all shards: free at most budget expired records. Returns how many. */
size_t mcpsess_memory_sweep_all(struct memory *memory, uint64_t now_ms, size_t budget);

/* Forget all tombstones before their time: the bytes are needed for the living. */
void mcpsess_memory_forget_all(struct memory *memory);

#endif
