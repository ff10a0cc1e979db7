#include "admit.h"

#include "owner.h"
#include "shard.h"
#include "token.h"

static int take(atomic_uint_least64_t *counter, uint64_t amount, uint64_t max)
{
	uint_least64_t value = atomic_load(counter);
	do {
		if (amount > max || value > max - amount) {
			return MCPSESS_E_LIMIT;
		}
	} while (!atomic_compare_exchange_weak(counter, &value, value + amount));
	return MCPSESS_OK;
}

static int refuse(struct memory *memory, struct mcp_session_store_call *call, const char *text)
{
	memory->store.host->explain(call, 0, text);
	return MCPSESS_E_LIMIT;
}

int mcpsess_memory_full(struct memory *memory, struct mcp_session_store_call *call)
{
	return refuse(memory, call, "max_bytes is reached");
}

int mcpsess_memory_take_bytes(struct memory *memory, uint64_t bytes)
{
	return take(&memory->bytes, bytes, memory->max_bytes);
}

void mcpsess_memory_make_room(struct memory *memory, uint64_t bytes, uint64_t now_ms)
{
	mcpsess_memory_sweep_all(memory, now_ms, SIZE_MAX);
	mcpsess_memory_sweep_tokens(memory, now_ms, UINT32_MAX);
	if (bytes <= memory->max_bytes && atomic_load(&memory->bytes) > memory->max_bytes - bytes) {
		mcpsess_memory_forget_all(memory);
	}
}

static uint64_t cap(uint64_t max)
{
	return max > 0 ? max : MCP_SESSION_STORE_NONE;
}

static int has_owner(const struct mcp_session_store_request *request)
{
	static const struct mcpsess_digest nobody;
	return memcmp(&request->owner, &nobody, sizeof(nobody)) != 0;
}

static int admit_session(
	struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms)
{
	uint64_t max = cap(call->request.max_sessions);
	if (take(&memory->sessions, 1, max) < 0) {
		mcpsess_memory_sweep_all(memory, now_ms, SIZE_MAX);
		if (take(&memory->sessions, 1, max) < 0) {
			return refuse(memory, call, "max_sessions is reached");
		}
	}
	return MCPSESS_OK;
}

static int admit_bytes(
	struct memory *memory, struct mcp_session_store_call *call, uint64_t bytes, uint64_t now_ms)
{
	if (mcpsess_memory_take_bytes(memory, bytes) < 0) {
		mcpsess_memory_make_room(memory, bytes, now_ms);
		if (mcpsess_memory_take_bytes(memory, bytes) < 0) {
			return mcpsess_memory_full(memory, call);
		}
	}
	return MCPSESS_OK;
}

static int admit_owner(struct memory *memory, struct mcp_session_store_call *call,
	struct memory_record *record, uint64_t now_ms)
{
	const struct mcpsess_digest *owner = &call->request.owner;
	uint64_t max = cap(call->request.max_sessions_per_owner);
	int status = mcpsess_memory_owner_join(memory, owner, max, record);
	if (status == MCPSESS_E_LIMIT) {
		mcpsess_memory_sweep_all(memory, now_ms, SIZE_MAX);
		status = mcpsess_memory_owner_join(memory, owner, max, record);
		if (status == MCPSESS_E_LIMIT) {
			refuse(memory, call, "max_sessions_per_owner is reached");
		}
	}
	return status;
}

int mcpsess_memory_admit(struct memory *memory, struct mcp_session_store_call *call,
	struct memory_record *record, uint64_t now_ms)
{
	int owned = has_owner(&call->request);
	uint64_t bytes = memory_cost(owned, call->request.payload.len);
	int status = admit_session(memory, call, now_ms);
	if (status < 0) {
		return status;
	}
	status = admit_bytes(memory, call, bytes, now_ms);
	if (status == MCPSESS_OK && owned) {
		status = admit_owner(memory, call, record, now_ms);
		if (status < 0) {
			atomic_fetch_sub(&memory->bytes, bytes);
		}
	}
	if (status < 0) {
		atomic_fetch_sub(&memory->sessions, 1);
	}
	return status;
}

void mcpsess_memory_withdraw(
	struct memory *memory, struct memory_record *record, uint64_t payload_len)
{
	int owned = record->owner != NULL;
	int counted = !owned || mcpsess_memory_owner_leave(memory, record);
	if (owned) {
		mcpsess_memory_owner_release(memory, record);
	}
	atomic_fetch_sub(&memory->bytes, memory_cost(owned, payload_len));
	atomic_fetch_sub(counted ? &memory->sessions : &memory->tombstones, 1);
}

int mcpsess_memory_admit_token(
	struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms)
{
	uint64_t max = cap(call->request.max_sessions);
	if (take(&memory->tokens, 1, max) < 0) {
		mcpsess_memory_sweep_tokens(memory, now_ms, UINT32_MAX);
		if (take(&memory->tokens, 1, max) < 0) {
			return refuse(memory, call, "there are as many tokens as max_sessions");
		}
	}
	int status = admit_bytes(memory, call, MEMORY_TOKEN_COST, now_ms);
	if (status < 0) {
		atomic_fetch_sub(&memory->tokens, 1);
	}
	return status;
}
