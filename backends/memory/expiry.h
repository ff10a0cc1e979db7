/*
 * When to look at which record again: a binary heap. Its keys are lazy: a touch leaves the heap
 * alone, and when a record's old time comes it is put back under its new one. So a get costs no
 * sifting, and a record is moved at most once per idle period.
 */
#ifndef MCPSESS_MEMORY_EXPIRY_H
#define MCPSESS_MEMORY_EXPIRY_H

#include <mcpsess/backend.h>

struct memory_record;

struct memory_due {
	uint64_t at_ms;
	struct memory_record *record;
};

/* Zeroed but for soonest_ms, which is MCP_SESSION_STORE_NONE, it is empty and owns nothing. */
struct memory_heap {
	uint64_t soonest_ms;
	struct memory_due *items;
	uint32_t count;
	uint32_t capacity;
};

/* Make room for one more: 0 or NOMEM. */
int mcpsess_memory_heap_reserve(struct memory_heap *heap, const struct mcp_session_store *store);
/* Room was made. */
void mcpsess_memory_heap_push(
	struct memory_heap *heap, struct memory_record *record, uint64_t at_ms);
void mcpsess_memory_heap_move(
	struct memory_heap *heap, struct memory_record *record, uint64_t at_ms);
/* Take it out, and give back memory when few are left. */
void mcpsess_memory_heap_remove(struct memory_heap *heap, const struct mcp_session_store *store,
	struct memory_record *record);
void mcpsess_memory_heap_free(struct memory_heap *heap, const struct mcp_session_store *store);

#endif
