#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "tool.h"

static int by_key(const void *a, const void *b)
{
	const struct mcp_session_store_entry *one = a, *two = b;
	return memcmp(&one->key, &two->key, sizeof(one->key));
}

static int keep(void *to, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	struct snapshot *snapshot = to;
	if (snapshot->count == snapshot->capacity) {
		size_t capacity = snapshot->capacity > 0 ? 2 * snapshot->capacity : 256;
		void *grown = realloc(snapshot->entries, capacity * sizeof(*snapshot->entries));
		if (grown == NULL) {
			snapshot->is_partial = 1;
			return 0;
		}
		snapshot->entries = grown;
		snapshot->capacity = capacity;
	}
	snapshot->entries[snapshot->count++] = *entry;
	snapshot->states[entry->state < 2 ? entry->state : 2]++;
	snapshot->bytes += entry->payload_len;
	snapshot->now_ms = now_ms;
	return 1;
}

int snapshot_take(
	struct snapshot *snapshot, struct mcp_session_store *store, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	request.page = MCP_SESSION_STORE_PAGE_MAX;
	snapshot->count = 0;
	snapshot->is_partial = 0;
	snapshot->bytes = 0;
	memset(snapshot->states, 0, sizeof(snapshot->states));
	int status = tool_walk(store, &request, SNAPSHOT_MAX, keep, snapshot, err);
	if (request.cursor[0] != '\0') {
		snapshot->is_partial = 1;
	}
	if (status == MCPSESS_OK && snapshot->count > 0) {
		qsort(snapshot->entries, snapshot->count, sizeof(*snapshot->entries), by_key);
	}
	return status;
}

void snapshot_clear(struct snapshot *snapshot)
{
	free(snapshot->entries);
	memset(snapshot, 0, sizeof(*snapshot));
}

static uint64_t rise(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

void snapshot_compare(
	const struct snapshot *before, const struct snapshot *after, struct changes *out)
{
	int is_partial = before->is_partial || after->is_partial;
	size_t i = 0, j = 0;
	memset(out, 0, sizeof(*out));
	while (i < before->count || j < after->count) {
		int order = i == before->count  ? 1
			    : j == after->count ? -1
						: by_key(&before->entries[i], &after->entries[j]);
		if (order < 0) {
			out->ended += !is_partial;
			i++;
		} else if (order > 0) {
			int is_new = !is_partial || after->entries[j].created_ms > before->now_ms;
			out->created += (uint64_t)is_new;
			out->requests += is_new ? after->entries[j].requests : 0;
			out->writes += is_new ? after->entries[j].revision : 0;
			j++;
		} else {
			out->requests +=
				rise(before->entries[i].requests, after->entries[j].requests);
			out->writes +=
				rise(before->entries[i].revision, after->entries[j].revision);
			i++;
			j++;
		}
	}
}

size_t snapshot_latest(
	const struct snapshot *snapshot, const struct mcp_session_store_entry **out, size_t max)
{
	size_t count = 0;
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct mcp_session_store_entry *entry = &snapshot->entries[i];
		size_t at = count;
		while (at > 0 && out[at - 1]->seen_ms < entry->seen_ms) {
			at--;
		}
		if (at < max) {
			count += count < max;
			memmove(out + at + 1, out + at, (count - at - 1) * sizeof(*out));
			out[at] = entry;
		}
	}
	return count;
}
