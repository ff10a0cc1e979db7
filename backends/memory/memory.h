/*
 * Records in this process. Nothing pends, any thread may come: a record's shard has a lock, and
 * so has its owner's shard. A lock of an owner's shard may be taken while one of a record's shard
 * is held, never the other way round; two of records' shards only to move one, in the order
 * of the shards; two of owners' shards never.
 *
 * Payloads are blobs with a count of references, made before the lock and let go after it, so
 * that under it nothing is copied but a record's header.
 *
 * What hangs on a record, its payload today, has one way out: let_go() in shard.c, through which
 * every record goes that ends, whatever ended it, and every copy that is forgotten. It gives back
 * what memory_held() counts of max_bytes. An event log will hang there too, change under the lock
 * of the record's shard as all else does, and move to a new key in rotate.c, where the payload
 * does.
 */
#ifndef MCPSESS_MEMORY_H
#define MCPSESS_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>

#include "expiry.h"
#include "table.h"

enum {
	MEMORY_LINE = 64,
	/* At most this many tombstones and copies in a shard, 65536 in all; then the oldest goes.
	 */
	MEMORY_TOMBSTONES = 1024,
	/* How many records may end in one hold of a lock. */
	MEMORY_ENDS = 16,
	/* What is to be freed after it: a payload of each, and of a copy that each pushes out. */
	MEMORY_TRASH = 2 * MEMORY_ENDS,
};

/*
 * Beyond what the contract knows: a tombstone of what was not closed but ran out; and, with the
 * state that it had, what a record that moved to another key has left behind to be read. Such a
 * copy is kept and counted as a tombstone, and becomes one.
 */
enum { MEMORY_EXPIRED = MCP_SESSION_STORE_CLOSED + 1, MEMORY_COPY = 4 };

/* Ordered so that a look-up reads the first 64 bytes, an answer the 64 after them, and no more. */
struct memory_record {
	struct memory_node node;
	void *blob;          /* the payload; NULL: empty */
	uint64_t expires_ms; /* NONE: never; of a tombstone or copy: when it goes */
	uint32_t kind;
	uint32_t slot : 29;         /* in the heap */
	uint32_t state : 3;         /* enum mcp_session_store_state, or one of the above */
	struct memory_owner *owner; /* NULL: nobody */
	uint64_t seen_ms;
	uint64_t deadline_ms; /* NONE: never */
	uint64_t created_ms;
	uint64_t revision;
	uint64_t requests;
	uint64_t first_request_ms;
	uint64_t last_request_ms;
	/* Live: in the owner's ring, under the owner's lock. Ended: in the shard's queue. */
	struct memory_record *prev, *next;
	uint64_t serial; /* of the owner's shard: in which order sessions came */
	union {
		unsigned char operation[16];
		uint64_t was_expires_ms; /* of a copy: when the record would have expired */
	};
};

/* What a record counts beyond its payload: with its places in the heap and the table, which may
 * be half empty, the blob's header, and what malloc adds to the two. */
enum {
	MEMORY_RECORD_COST =
		sizeof(struct memory_record) + sizeof(struct memory_due) + 2 * sizeof(void *) + 48
};

struct memory_shard {
	_Alignas(MEMORY_LINE) pthread_mutex_t mutex;
	struct memory_table records; /* live ones and tombstones, and all of them in the heap */
	struct memory_heap heap;
	struct memory_record *oldest, *newest; /* tombstones, in the order of their end */
	uint32_t tombstones;
	uint32_t token_hand; /* the bucket whose tokens are looked at next */
	struct memory_table tokens;
};

struct memory_owners {
	_Alignas(MEMORY_LINE) pthread_mutex_t mutex;
	struct memory_table owners;
	uint64_t serial;
};

struct memory {
	struct mcp_session_store store;
	void *block; /* what was allocated: this struct begins at its first whole line */
	uint64_t max_bytes;
	uint64_t tombstone_ms;
	/* Written by those who create and delete; apart from what every get reads. */
	_Alignas(MEMORY_LINE) atomic_uint_least64_t sessions;
	atomic_uint_least64_t bytes;
	atomic_uint_least64_t tombstones;
	atomic_uint_least64_t expired;
	atomic_uint_least64_t tokens;
	atomic_uint sweep_at; /* the shard where the next sweep begins */
	struct memory_shard shards[MEMORY_SHARDS];
	struct memory_owners owners[MEMORY_SHARDS];
};

static inline uint64_t memory_later(uint64_t at_ms, uint64_t duration_ms)
{
	return duration_ms < MCP_SESSION_STORE_NONE - at_ms ? at_ms + duration_ms
							    : MCP_SESSION_STORE_NONE;
}

static inline uint64_t memory_zero_if_none(uint64_t value)
{
	return value != MCP_SESSION_STORE_NONE ? value : 0;
}

static inline int memory_is_live(const struct memory_record *record)
{
	return record->state <= MCP_SESSION_STORE_ACTIVE;
}

static inline int memory_is_copy(const struct memory_record *record)
{
	return record->state >= MEMORY_COPY;
}

static inline struct memory_shard *memory_shard(
	struct memory *memory, const struct mcpsess_digest *key)
{
	return &memory->shards[memory_shard_of(key)];
}

static inline void *memory_realloc(struct memory *memory, void *ptr, size_t size)
{
	return memory->store.host->realloc(memory->store.core, ptr, size);
}

static inline uint64_t memory_payload_len(const struct memory *memory, const void *blob)
{
	return blob != NULL ? memory->store.host->blob_bytes(blob).len : 0;
}

/* What hangs on a record counts. */
static inline uint64_t memory_held(const struct memory *memory, const struct memory_record *record)
{
	return memory_payload_len(memory, record->blob);
}

/* *out: the blob of the request's payload; NULL when that is empty. OK or NOMEM. */
int mcpsess_memory_make_blob(
	struct memory *memory, const struct mcp_session_store_request *request, void **out);

/* The verbs, each in the file that is named after it, or in verbs.c. */
int mcpsess_memory_store(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_get(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_get_into(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, uint64_t idle_ms, uint64_t touch_every_ms,
	struct mcp_session_store_answer *answer);
int mcpsess_memory_touch(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_delete(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_exists(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_list(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_rotate(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_end_owner(struct mcp_session_store *store, struct mcp_session_store_call *call);
int mcpsess_memory_once(struct mcp_session_store *store, struct mcp_session_store_call *call);

#endif
