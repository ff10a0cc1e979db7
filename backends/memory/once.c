#include "admit.h"
#include "token.h"

enum { BUCKETS_PER_VERB = 4 };

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
		memory_withdraw_token(memory);
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
		mcpsess_memory_drop_token(memory, shard, old);
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
	mcpsess_memory_look_at_tokens(memory, shard, now_ms, BUCKETS_PER_VERB);
	int status = redeem(memory, shard, &call->request, now_ms, &token);
	pthread_mutex_unlock(&shard->mutex);
	if (token != NULL) {
		memory_withdraw_token(memory);
		memory_realloc(memory, token, 0);
	}
	call->answer.now_ms = now_ms;
	return status == MCPSESS_E_LIMIT ? made : status;
}
