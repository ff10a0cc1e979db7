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

/* Count one out that was counted in and is in no table. */
static inline void memory_withdraw_token(struct memory *memory)
{
	atomic_fetch_sub(&memory->bytes, MEMORY_TOKEN_COST);
	atomic_fetch_sub(&memory->tokens, 1);
}

/* Out of the table, counted out, freed. Under the lock. */
void mcpsess_memory_drop_token(
	struct memory *memory, struct memory_shard *shard, struct memory_token *token);
/* Free what is over in the next few buckets. Under the lock. */
void mcpsess_memory_look_at_tokens(
	struct memory *memory, struct memory_shard *shard, uint64_t now_ms, uint32_t buckets);
/* Free what is over in some buckets of each shard. Under no lock. */
void mcpsess_memory_sweep_tokens(struct memory *memory, uint64_t now_ms, uint32_t buckets);
/* The store closes. */
void mcpsess_memory_free_tokens(struct memory *memory, struct memory_shard *shard);

#endif
