#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

#include "owner.h"
#include "shard.h"
#include "token.h"

static const uint64_t default_max_bytes = (uint64_t)1 << 30;

/* A number of bytes, with K, M or G for KiB, MiB or GiB; "none" is none. */
static int parse_bytes(const char *text, uint64_t *out)
{
	static const char units[3] = { 'K', 'M', 'G' };
	uint64_t value = 0;
	const char *at = text;
	if (strcmp(text, "none") == 0) {
		*out = MCP_SESSION_STORE_NONE;
		return MCPSESS_OK;
	}
	for (; *at >= '0' && *at <= '9'; at++) {
		uint64_t digit = (uint64_t)(*at - '0');
		if (value > (MCP_SESSION_STORE_NONE - digit) / 10) {
			return MCPSESS_E_INVALID;
		}
		value = value * 10 + digit;
	}
	const char *unit = memchr(units, *at & ~0x20, sizeof(units));
	int shift = unit != NULL ? 10 * (int)(unit - units + 1) : 0;
	if (at == text || at[unit != NULL] != '\0' || value == 0 ||
		value > MCP_SESSION_STORE_NONE >> shift) {
		return MCPSESS_E_INVALID;
	}
	*out = value << shift;
	return MCPSESS_OK;
}

__attribute__((format(printf, 2, 3))) static int refuse(
	struct mcpsess_error *err, const char *format, ...)
{
	if (err != NULL) {
		va_list args;
		err->status = MCPSESS_E_INVALID;
		err->sys = 0;
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
	}
	return MCPSESS_E_INVALID;
}

static int configure(struct memory *memory, const struct mcpsess_backend_config *config,
	struct mcpsess_error *err)
{
	uint64_t tombstone_ms = config->settings->tombstone_ms;
	if (config->authority[0] != '\0' || config->path[0] != '\0') {
		return refuse(err, "memory: takes nothing but parameters; write for instance "
				   "memory:?max_sessions=1000");
	}
	memory->tombstone_ms = tombstone_ms != MCP_SESSION_STORE_NONE ? tombstone_ms : 0;
	memory->max_bytes = default_max_bytes;
	for (size_t i = 0; i < config->parameter_count; i++) {
		const char *value = config->parameters[i].value;
		if (strcmp(config->parameters[i].name, "max_bytes") != 0 ||
			parse_bytes(value, &memory->max_bytes) == MCPSESS_OK) {
			continue;
		}
		return refuse(err,
			"max_bytes=%.40s: a number of bytes such as 1000000, 64K, 256M, 1G or none "
			"is wanted",
			value);
	}
	return MCPSESS_OK;
}

static void free_records(struct memory *memory, struct memory_shard *shard)
{
	for (uint32_t i = 0; i < shard->heap.count; i++) {
		struct memory_record *record = shard->heap.items[i].record;
		memory->store.host->blob_unref(record->blob);
		if (record->owner != NULL) {
			mcpsess_memory_owner_release(memory, record);
		}
		memory_realloc(memory, record, 0);
	}
	mcpsess_memory_free_tokens(memory, shard);
	mcpsess_memory_heap_free(&shard->heap, &memory->store);
	mcpsess_memory_table_free(&shard->records, &memory->store);
	pthread_mutex_destroy(&shard->mutex);
}

static void memory_close(struct mcp_session_store *store)
{
	struct memory *memory = (struct memory *)store;
	for (int i = 0; i < MEMORY_SHARDS; i++) {
		free_records(memory, &memory->shards[i]);
	}
	for (int i = 0; i < MEMORY_SHARDS; i++) {
		mcpsess_memory_table_free(&memory->owners[i].owners, store);
		pthread_mutex_destroy(&memory->owners[i].mutex);
	}
	memory_realloc(memory, memory->block, 0);
}

static int memory_sweep(struct mcp_session_store *store, size_t budget)
{
	uint64_t now_ms = store->host->now_ms(store->core);
	size_t most = budget > 0 && budget < INT32_MAX ? budget : INT32_MAX;
	mcpsess_memory_sweep_tokens(
		(struct memory *)store, now_ms, (uint32_t)most / MEMORY_SHARDS + 1);
	return (int)mcpsess_memory_sweep_all((struct memory *)store, now_ms, most);
}

static int memory_stats(struct mcp_session_store *store, struct mcp_session_store_counts *out)
{
	struct memory *memory = (struct memory *)store;
	uint64_t now_ms = store->host->now_ms(store->core);
	mcpsess_memory_sweep_tokens(memory, now_ms, UINT32_MAX);
	mcpsess_memory_sweep_all(memory, now_ms, SIZE_MAX);
	out->sessions = atomic_load(&memory->sessions);
	out->tombstones = atomic_load(&memory->tombstones);
	out->bytes = atomic_load(&memory->bytes);
	out->expired = atomic_load(&memory->expired);
	return MCPSESS_OK;
}

static int memory_ping(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	call->answer.now_ms = store->host->now_ms(store->core);
	return MCPSESS_OK;
}

static const struct mcp_session_store_ops ops = {
	.size = sizeof(ops),
	.can = MCP_SESSION_STORE_CAN_THREADS | MCP_SESSION_STORE_CAN_TOMBSTONE |
	       MCP_SESSION_STORE_CAN_LIMIT | MCP_SESSION_STORE_CAN_OPERATION |
	       MCP_SESSION_STORE_CAN_COUNT | MCP_SESSION_STORE_CAN_LIST |
	       MCP_SESSION_STORE_CAN_SWEEP | MCP_SESSION_STORE_CAN_STATS |
	       MCP_SESSION_STORE_CAN_ROTATE | MCP_SESSION_STORE_CAN_END_OWNER |
	       MCP_SESSION_STORE_CAN_ONCE | MCP_SESSION_STORE_CAN_PING,
	.store = mcpsess_memory_store,
	.get = mcpsess_memory_get,
	.touch = mcpsess_memory_touch,
	.mcpsess_delete_ = mcpsess_memory_delete,
	.exists = mcpsess_memory_exists,
	.close = memory_close,
	.list = mcpsess_memory_list,
	.sweep = memory_sweep,
	.stats = memory_stats,
	.rotate = mcpsess_memory_rotate,
	.end_owner = mcpsess_memory_end_owner,
	.once = mcpsess_memory_once,
	.ping = memory_ping,
	.get_into = mcpsess_memory_get_into,
};

static struct memory *allocate(const struct mcpsess_host *host, void *core)
{
	unsigned char *block = host->realloc(core, NULL, sizeof(struct memory) + MEMORY_LINE - 1);
	if (block == NULL) {
		return NULL;
	}
	size_t skip = (MEMORY_LINE - (uintptr_t)block % MEMORY_LINE) % MEMORY_LINE;
	struct memory *memory = (struct memory *)(void *)(block + skip);
	memset(memory, 0, sizeof(*memory));
	memory->block = block;
	memory->store.ops = &ops;
	memory->store.host = host;
	memory->store.core = core;
	for (int i = 0; i < MEMORY_SHARDS; i++) {
		pthread_mutex_init(&memory->shards[i].mutex, NULL);
		pthread_mutex_init(&memory->owners[i].mutex, NULL);
		memory->shards[i].heap.soonest_ms = MCP_SESSION_STORE_NONE;
	}
	return memory;
}

static int memory_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	struct memory *memory = allocate(host, core);
	if (memory == NULL) {
		return MCPSESS_E_NOMEM;
	}
	int status = configure(memory, config, err);
	if (status < 0) {
		memory_close(&memory->store);
		return status;
	}
	*out = &memory->store;
	return MCPSESS_OK;
}

extern const struct mcpsess_backend mcpsess_backend_memory;
const struct mcpsess_backend mcpsess_backend_memory = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(mcpsess_backend_memory),
	.name = "memory",
	.schemes = "memory",
	.parameters = "max_bytes",
	.open = memory_open,
	.touches_are_free = 1,
};
