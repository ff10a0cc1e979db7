#include "owner.h"
#include "shard.h"

/*
 * Everybody's records are walked by key: a cursor is the lowest key not looked at yet. An owner's
 * are walked in the order in which they came: a cursor is a serial. Neither ever changes, so what
 * is added or taken away meanwhile puts no record into two pages, or none.
 */

enum {
	DEFAULT_PAGE = 100,
	STEPS_PER_PAGE = 16384, /* buckets and records looked at */
	RECORDS_PER_LOCK = 64,
	DIGITS = 44, /* six bits each, in a cursor */
};

struct walk {
	struct memory *memory;
	const struct mcp_session_store_request *request;
	struct mcpsess_digest from; /* of an owner's walk: the serial, as its first 64 bits */
	struct mcp_session_store_entry *entries;
	size_t count;
	size_t max;
	size_t steps;
	uint64_t now_ms;
};

/* A letter that tells the walks apart, and the position in digits from '0' on. */
static void put_cursor(char letter, const struct mcpsess_digest *from, char *cursor)
{
	unsigned char bytes[DIGITS / 4 * 3] = { 0 };
	memcpy(bytes, from->bytes, sizeof(from->bytes));
	*cursor++ = letter;
	for (const unsigned char *at = bytes; at < bytes + sizeof(bytes); at += 3) {
		uint32_t three = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
		for (int shift = 18; shift >= 0; shift -= 6) {
			*cursor++ = (char)('0' + (three >> shift & 63));
		}
	}
	*cursor = '\0';
}

static int get_cursor(char letter, const char *cursor, struct mcpsess_digest *from)
{
	unsigned char bytes[DIGITS / 4 * 3];
	if (cursor[0] == '\0') {
		memset(from, 0, sizeof(*from));
		return MCPSESS_OK;
	}
	if (cursor[0] != letter || strnlen(cursor, DIGITS + 2) != DIGITS + 1) {
		return MCPSESS_E_INVALID;
	}
	uint32_t three = 0;
	for (int i = 0; i < DIGITS; i++) {
		int digit = cursor[1 + i] - '0';
		if (digit < 0 || digit > 63) {
			return MCPSESS_E_INVALID;
		}
		three = three << 6 | (uint32_t)digit;
		if (i % 4 == 3) {
			unsigned char *at = bytes + i / 4 * 3;
			at[0] = (unsigned char)(three >> 16);
			at[1] = (unsigned char)(three >> 8);
			at[2] = (unsigned char)three;
		}
	}
	memcpy(from->bytes, bytes, sizeof(from->bytes));
	return MCPSESS_OK;
}

static int is_live(const struct walk *walk, const struct memory_record *record)
{
	return memory_is_live(record) && walk->now_ms < record->expires_ms &&
	       !memory_owner_has_ended(record);
}

static void take(struct walk *walk, const struct memory_record *record)
{
	walk->entries[walk->count++] = (struct mcp_session_store_entry){
		.key = record->node.key,
		.owner = record->owner != NULL ? record->owner->node.key
					       : (struct mcpsess_digest){ { 0 } },
		.revision = record->revision,
		.created_ms = record->created_ms,
		.seen_ms = record->seen_ms,
		.expires_ms = memory_zero_if_none(record->expires_ms),
		.deadline_ms = memory_zero_if_none(record->deadline_ms),
		.requests = record->requests,
		.payload_len = memory_payload_len(walk->memory, record->blob),
		.kind = record->kind,
		.state = record->state,
	};
}

/* To the next key; 0 behind the last one. */
static int advance(struct mcpsess_digest *key)
{
	for (int i = sizeof(key->bytes) - 1; i >= 0; i--) {
		if (++key->bytes[i] != 0) {
			return 1;
		}
	}
	return 0;
}

/* One hold of a shard's lock. 0 when the walk is over. */
static int walk_some(struct walk *walk)
{
	unsigned index = memory_shard_of(&walk->from);
	struct memory_shard *shard = &walk->memory->shards[index];
	int everybody = (walk->request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0;
	int more = 1;
	pthread_mutex_lock(&shard->mutex);
	for (int i = 0; i < RECORDS_PER_LOCK && more; i++) {
		if (walk->count == walk->max || walk->steps == 0) {
			break;
		}
		struct memory_record *record = (struct memory_record *)mcpsess_memory_table_seek(
			&shard->records, &walk->from, &walk->steps);
		if (record == NULL && walk->steps > 0) {
			more = index + 1 < MEMORY_SHARDS;
			memory_key_begin(
				&walk->from, (uint64_t)(index + 1) << (64 - MEMORY_SHARD_BITS));
			break;
		}
		if (record == NULL) {
			break;
		}
		walk->steps--;
		if (is_live(walk, record) && (everybody || record->owner == NULL)) {
			take(walk, record);
		}
		walk->from = record->node.key;
		more = advance(&walk->from);
	}
	pthread_mutex_unlock(&shard->mutex);
	return more;
}

static void walk_by_key(struct walk *walk, char *cursor)
{
	int more = 1;
	while (more && walk->count < walk->max && walk->steps > 0) {
		more = walk_some(walk);
	}
	if (more) {
		put_cursor('k', &walk->from, cursor);
	}
}

static void walk_by_owner(struct walk *walk, char *cursor)
{
	size_t found = mcpsess_memory_owner_list(walk->memory, &walk->request->owner,
		memory_key_head(&walk->from), MCP_SESSION_STORE_NONE, walk->entries, walk->max);
	if (found == walk->max) {
		memory_key_begin(&walk->from, walk->entries[found - 1].revision + 1);
		put_cursor('s', &walk->from, cursor);
	}
	/* The owner's lock is given back before a record's is taken: some may be gone by now. */
	for (size_t i = 0; i < found; i++) {
		struct mcp_session_store_entry *entry = &walk->entries[i];
		struct memory_shard *shard = memory_shard(walk->memory, &entry->key);
		pthread_mutex_lock(&shard->mutex);
		struct memory_record *record = memory_table_find(&shard->records, &entry->key);
		if (record != NULL && record->serial == entry->revision && is_live(walk, record)) {
			take(walk, record);
		}
		pthread_mutex_unlock(&shard->mutex);
	}
}

int mcpsess_memory_list(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	static const struct mcpsess_digest nobody;
	const struct mcp_session_store_request *request = &call->request;
	const struct mcpsess_host *host = store->host;
	int by_key = (request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0 ||
		     memcmp(&request->owner, &nobody, sizeof(nobody)) == 0;
	struct walk walk = { .memory = (struct memory *)store,
		.request = request,
		.max = request->page > 0 ? request->page : DEFAULT_PAGE,
		.steps = STEPS_PER_PAGE,
		.now_ms = host->now_ms(store->core) };
	if (get_cursor(by_key ? 'k' : 's', request->cursor, &walk.from) < 0) {
		host->explain(call, 0, "the cursor is not one of this list");
		return MCPSESS_E_INVALID;
	}
	if (walk.max > MCP_SESSION_STORE_PAGE_MAX) {
		walk.max = MCP_SESSION_STORE_PAGE_MAX;
	}
	void *blob = host->blob_new(store->core, NULL, walk.max * sizeof(*walk.entries));
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	walk.entries = (struct mcp_session_store_entry *)(uintptr_t)host->blob_bytes(blob).data;
	struct mcp_session_store_answer *answer = &call->answer;
	answer->cursor[0] = '\0';
	(by_key ? walk_by_key : walk_by_owner)(&walk, answer->cursor);
	answer->now_ms = walk.now_ms;
	answer->entries = walk.entries;
	answer->entry_count = walk.count;
	answer->blob = blob;
	return MCPSESS_OK;
}
