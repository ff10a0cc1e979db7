/*
 * Who has which records: a node per owner with a ring of the live ones, oldest first. A node
 * stays while any record points to it, tombstones included. Nobody has no node.
 *
 * To end an owner is to write down the last serial given out: every record up to it has ended,
 * and is counted as a tombstone at once, though it becomes one when it is next looked at.
 */
#ifndef MCPSESS_MEMORY_OWNER_H
#define MCPSESS_MEMORY_OWNER_H

#include "memory.h"

struct memory_owner {
	struct memory_node node; /* its key is the owner's digest, and never changes */
	/* Beside the key, where every verb looks; ended_ms is written before ended. */
	atomic_uint_least64_t ended; /* the last serial that has; 0: none */
	atomic_uint_least64_t ended_ms;
	struct memory_record *first;
	uint32_t sessions; /* in the ring, and not ended */
	uint32_t records;  /* that point here */
};

enum { MEMORY_OWNER_COST = sizeof(struct memory_owner) + 3 * sizeof(void *) };

/* Count a new record in, at the end of its owner's ring. LIMIT: the owner has max; NOMEM. */
int mcpsess_memory_owner_join(struct memory *memory, const struct mcpsess_digest *digest,
	uint64_t max, struct memory_record *record);
/* Out of the ring: the record ended. Whether it was still counted among the sessions. */
int mcpsess_memory_owner_leave(struct memory *memory, struct memory_record *record);
/* Put another record in a record's place in the ring. */
void mcpsess_memory_owner_replace(
	struct memory *memory, struct memory_record *record, struct memory_record *with);
/* The record is about to be freed, and has left. */
void mcpsess_memory_owner_release(struct memory *memory, struct memory_record *record);
/* End all records there are, in one step: the last serial that has; 0: there is no such owner. */
uint64_t mcpsess_memory_owner_end(
	struct memory *memory, const struct mcpsess_digest *digest, uint64_t now_ms);
/* The owner's sessions by serial, first and last included: key, and the serial as revision.
 * Returns how many. */
size_t mcpsess_memory_owner_list(struct memory *memory, const struct mcpsess_digest *digest,
	uint64_t first, uint64_t last, struct mcp_session_store_entry *entries, size_t max);

/* What a record counts, with or without an owner. */
static inline uint64_t memory_cost(int owned, uint64_t payload_len)
{
	return payload_len + MEMORY_RECORD_COST + (owned ? MEMORY_OWNER_COST : 0);
}

static inline int memory_owner_has_ended(const struct memory_record *record)
{
	return record->owner != NULL &&
	       record->serial <= atomic_load_explicit(&record->owner->ended, memory_order_acquire);
}

#endif
