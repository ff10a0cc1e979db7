/*
 * Who has which records: a node per owner with a ring of the live ones, oldest first. A node
 * stays while any record points to it, tombstones included. Nobody has no node.
 */
#ifndef MCPSESS_MEMORY_OWNER_H
#define MCPSESS_MEMORY_OWNER_H

#include "memory.h"

struct memory_owner {
	struct memory_node node; /* its key is the owner's digest, and never changes */
	struct memory_record *first;
	uint32_t sessions; /* in the ring */
	uint32_t records;  /* that point here */
};

enum { MEMORY_OWNER_COST = sizeof(struct memory_owner) + 3 * sizeof(void *) };

/* Count a new record in, at the end of its owner's ring. LIMIT: the owner has max; NOMEM. */
int mcpsess_memory_owner_join(struct memory *memory, const struct mcpsess_digest *digest,
	uint64_t max, struct memory_record *record);
/* Out of the ring: the record ended. */
void mcpsess_memory_owner_leave(struct memory *memory, struct memory_record *record);
/* The record is about to be freed, and has left. */
void mcpsess_memory_owner_release(struct memory *memory, struct memory_record *record);
/* The owner's sessions from a serial on: key, and the serial as revision. Returns how many. */
size_t mcpsess_memory_owner_list(struct memory *memory, const struct mcpsess_digest *digest,
	uint64_t serial, struct mcp_session_store_entry *entries, size_t max);

#endif
