/*
 * One-time tokens that were redeemed: a table in the shard of the token's key, under its lock.
 * Few live long, so there is no heap of them: each redemption looks at a few more buckets for
 * what is over, and who lacks room looks at all. As many as sessions are kept, at most.
 */
#ifndef MCPSESS_MEMORY_TOKEN_H
#define MCPSESS_MEMORY_TOKEN_H

#include "memory.h"

struct memory_token {
	struct memory_node node;
	uint64_t until_ms; /* NONE: for ever */
	unsigned char operation[16];
};

/* With its place in the table, and what malloc adds. */
enum { MEMORY_TOKEN_COST = sizeof(struct memory_token) + 3 * sizeof(void *) };

/* Free what is over in some buckets of each shard. Under no lock. */
void mcpsess_memory_sweep_tokens(struct memory *memory, uint64_t now_ms, uint32_t buckets);
/* The store closes. */
void mcpsess_memory_free_tokens(struct memory *memory, struct memory_shard *shard);

#endif
