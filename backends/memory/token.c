#include "token.h"

#include "admit.h"
#include "shard.h"

enum { BUCKETS_PER_VERB = 4, BUCKETS_PER_LOCK = 256 };

static void drop(struct memory *memory, struct memory_shard *shard, struct memory_token *token)
{
	mcpsess_memory_table_remove(&shard->tokens, &memory->store, &token->node);
	mcpsess_memory_withdraw_token(memory);
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
			drop(memory, shard, token);
		}
	}
}

static void sweep(
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
			sweep(memory, shard, now_ms, some);
			pthread_mutex_unlock(&shard->mutex);
			left -= some;
		}
	}
}

void mcpsess_memory_free_tokens(struct memory *memory, struct memory_shard *shard)
{
	sweep(memory, shard, MCP_SESSION_STORE_NONE, UINT32_MAX);
	mcpsess_memory_table_free(&shard->tokens, &memory->store);
}

/* Room for one more, counted: LIMIT, explained, when there is none; NOMEM. */
static int make_token(struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms,
	struct memory_token **out)
{
	const struct mcp_session_store_request *request = &call->request;
	int status = mcpsess_memory_admit_token(memory, call, now_ms);
	if (status < 0) {
		return status;
	}
	struct memory_token *token = memory_realloc(memory, NULL, sizeof(*token));
	if (token == NULL) {
		mcpsess_memory_withdraw_token(memory);
		return MCPSESS_E_NOMEM;
	}
	token->node.key = request->key;
	token->until_ms = memory_later(
		now_ms, request->idle_ms > 0 ? request->idle_ms : MCP_SESSION_STORE_NONE);
	memcpy(token->operation, request->operation, sizeof(token->operation));
	*out = token;
	return MCPSESS_OK;
}

static int is_same(const struct memory_token *token, const unsigned char operation[16])
{
	static const unsigned char none[sizeof(token->operation)];
	return memcmp(token->operation, operation, sizeof(none)) == 0 &&
	       memcmp(operation, none, sizeof(none)) != 0;
}

/* *token is set to NULL when the table took it. */
static int redeem(struct memory *memory, struct memory_shard *shard,
	const struct mcp_session_store_request *request, uint64_t now_ms,
	struct memory_token **token)
{
	struct memory_token *old = memory_table_find(&shard->tokens, &request->key);
	if (old != NULL && now_ms < old->until_ms) {
		return is_same(old, request->operation) ? MCPSESS_OK : MCPSESS_E_EXISTS;
	}
	if (*token == NULL) {
		return MCPSESS_E_LIMIT;
	}
	if (old != NULL) {
		drop(memory, shard, old);
	}
	int status = mcpsess_memory_table_reserve(&shard->tokens, &memory->store);
	if (status == MCPSESS_OK) {
		mcpsess_memory_table_insert(&shard->tokens, &(*token)->node);
		*token = NULL;
	}
	return status;
}

int mcpsess_memory_once(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct memory *memory = (struct memory *)store;
	struct memory_shard *shard = memory_shard(memory, &call->request.key);
	uint64_t now_ms = store->host->now_ms(store->core);
	struct memory_token *token = NULL;
	int made = make_token(memory, call, now_ms, &token);

	/* Looked for even when there is no room: one that was redeemed stays so. */
	pthread_mutex_lock(&shard->mutex);
	sweep(memory, shard, now_ms, BUCKETS_PER_VERB);
	int status = redeem(memory, shard, &call->request, now_ms, &token);
	pthread_mutex_unlock(&shard->mutex);
	if (token != NULL) {
		mcpsess_memory_withdraw_token(memory);
		memory_realloc(memory, token, 0);
	}
	call->answer.now_ms = now_ms;
	return status == MCPSESS_E_LIMIT ? made : status;
}
