#include "expiry.h"

#include "memory.h"

enum { FIRST_CAPACITY = 8 };

static void put(struct memory_heap *heap, uint32_t slot, struct memory_due due)
{
	heap->items[slot] = due;
	due.record->slot = slot;
}

static uint32_t sift_up(struct memory_heap *heap, uint32_t slot, struct memory_due due)
{
	while (slot > 0 && heap->items[(slot - 1) / 2].at_ms > due.at_ms) {
		put(heap, slot, heap->items[(slot - 1) / 2]);
		slot = (slot - 1) / 2;
	}
	return slot;
}

static uint32_t sift_down(struct memory_heap *heap, uint32_t slot, struct memory_due due)
{
	for (uint32_t child; (child = 2 * slot + 1) < heap->count; slot = child) {
		if (child + 1 < heap->count &&
			heap->items[child + 1].at_ms < heap->items[child].at_ms) {
			child++;
		}
		if (heap->items[child].at_ms >= due.at_ms) {
			break;
		}
		put(heap, slot, heap->items[child]);
	}
	return slot;
}

static void settle(struct memory_heap *heap, uint32_t slot, struct memory_due due)
{
	put(heap, sift_down(heap, sift_up(heap, slot, due), due), due);
	heap->soonest_ms = heap->items[0].at_ms;
}

static int resize(
	struct memory_heap *heap, const struct mcp_session_store *store, uint32_t capacity)
{
	void *items = store->host->realloc(
		store->core, heap->items, (size_t)capacity * sizeof(struct memory_due));
	if (items == NULL) {
		return MCPSESS_E_NOMEM;
	}
	heap->items = items;
	heap->capacity = capacity;
	return MCPSESS_OK;
}

int mcpsess_memory_heap_reserve(struct memory_heap *heap, const struct mcp_session_store *store)
{
	if (heap->count < heap->capacity) {
		return MCPSESS_OK;
	}
	/* By an eighth: unused slots would be the largest part of what a session costs. */
	return resize(heap, store, heap->capacity + heap->capacity / 8 + FIRST_CAPACITY);
}

void mcpsess_memory_heap_push(
	struct memory_heap *heap, struct memory_record *record, uint64_t at_ms)
{
	settle(heap, heap->count++, (struct memory_due){ at_ms, record });
}

void mcpsess_memory_heap_move(
	struct memory_heap *heap, struct memory_record *record, uint64_t at_ms)
{
	settle(heap, record->slot, (struct memory_due){ at_ms, record });
}

void mcpsess_memory_heap_remove(struct memory_heap *heap, const struct mcp_session_store *store,
	struct memory_record *record)
{
	struct memory_due last = heap->items[--heap->count];
	if (last.record != record) {
		settle(heap, record->slot, last);
	} else if (heap->count == 0) {
		heap->soonest_ms = MCP_SESSION_STORE_NONE;
	}
	if (heap->capacity > 2 * FIRST_CAPACITY && heap->count < heap->capacity / 4) {
		(void)resize(heap, store, heap->capacity / 2);
	}
}

void mcpsess_memory_heap_free(struct memory_heap *heap, const struct mcp_session_store *store)
{
	if (heap->items != NULL) {
		store->host->realloc(store->core, heap->items, 0);
	}
	memset(heap, 0, sizeof(*heap));
	heap->soonest_ms = MCP_SESSION_STORE_NONE;
}
