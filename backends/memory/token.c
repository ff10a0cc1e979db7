#include "token.h"

enum { BUCKETS_PER_LOCK = 256 };

void mcpsess_memory_drop_token(
	struct memory *memory, struct memory_shard *shard, struct memory_token *token)
{
	mcpsess_memory_table_remove(&shard->tokens, &memory->store, &token->node);
	memory_withdraw_token(memory);
	memory_realloc(memory, token, 0);
}

static void sweep_bucket(
	struct memory *memory, struct memory_shard *shard, uint32_t bucket, uint64_t now_ms)
{
	/* What shrinks the table may make this chain longer, never shorter. */
	struct memory_node *node = shard->tokens.buckets[bucket];
	while (node != NULL) {
		struct memory_token *token = (struct memory_token *)node;
		node = node->next;
		if (token->until_ms <= now_ms) {
			mcpsess_memory_drop_token(memory, shard, token);
		}
	}
}

void mcpsess_memory_look_at_tokens(
	struct memory *memory, struct memory_shard *shard, uint64_t now_ms, uint32_t buckets)
{
	for (; buckets > 0 && shard->tokens.count > 0; buckets--) {
		uint32_t mask = (1u << shard->tokens.bits) - 1;
		sweep_bucket(memory, shard, shard->token_hand++ & mask, now_ms);
	}
}

void mcpsess_memory_sweep_tokens(struct memory *memory, uint64_t now_ms, uint32_t buckets)
{
	for (unsigned i = 0; i < MEMORY_SHARDS; i++) {
		struct memory_shard *shard = &memory->shards[i];
		uint32_t left = buckets;
		while (left > 0) {
			uint32_t some = left < BUCKETS_PER_LOCK ? left : BUCKETS_PER_LOCK;
			pthread_mutex_lock(&shard->mutex);
			uint32_t all = shard->tokens.count > 0 ? 1u << shard->tokens.bits : 0;
			left = left < all ? left : all;
			some = some < left ? some : left;
			mcpsess_memory_look_at_tokens(memory, shard, now_ms, some);
			pthread_mutex_unlock(&shard->mutex);
			left -= some;
		}
	}
}

void mcpsess_memory_free_tokens(struct memory *memory, struct memory_shard *shard)
{
	mcpsess_memory_look_at_tokens(memory, shard, MCP_SESSION_STORE_NONE, UINT32_MAX);
	mcpsess_memory_table_free(&shard->tokens, &memory->store);
}
