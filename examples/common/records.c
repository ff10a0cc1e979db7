#include "records.h"

#include <stdlib.h>

struct record *records_find(
	struct records *records, const struct mcpsess_digest *key, uint64_t now_ms)
{
	struct record *found = NULL;
	for (struct record *at = records->at; at < records->at + RECORDS_MAX; at++) {
		if (at->ends_ms > 0 && at->ends_ms <= now_ms) {
			records_remove(at);
		}
		if (at->ends_ms > 0 && memcmp(&at->key, key, sizeof(*key)) == 0) {
			at->about.now_ms = now_ms;
			found = at;
		}
	}
	return found;
}

static uint64_t later(uint64_t now_ms, uint64_t ms)
{
	return ms == MCP_SESSION_STORE_NONE ? UINT64_MAX : now_ms + ms;
}

void records_touch(struct record *record, uint64_t idle_ms)
{
	struct mcp_session_store_answer *about = &record->about;
	uint64_t deadline_ms = about->deadline_ms > 0 ? about->deadline_ms : UINT64_MAX;
	uint64_t ends_ms = later(about->now_ms, idle_ms);
	ends_ms = ends_ms < deadline_ms ? ends_ms : deadline_ms;
	record->ends_ms = ends_ms > record->ends_ms ? ends_ms : record->ends_ms;
	about->expires_ms = record->ends_ms < UINT64_MAX ? record->ends_ms : 0;
	about->seen_ms = about->now_ms;
}

static struct record *free_place(struct records *records)
{
	for (struct record *at = records->at; at < records->at + RECORDS_MAX; at++) {
		if (at->ends_ms == 0) {
			return at;
		}
	}
	return NULL;
}

static void begin(
	struct record *record, const struct mcp_session_store_request *ask, uint64_t now_ms)
{
	uint64_t deadline_ms = later(now_ms, ask->absolute_ms);
	record->key = ask->key;
	record->about.owner = ask->owner;
	record->about.kind = ask->kind;
	record->about.created_ms = now_ms;
	record->about.deadline_ms = deadline_ms < UINT64_MAX ? deadline_ms : 0;
}

int records_write(struct records *records, const struct mcp_session_store_request *ask,
	uint64_t now_ms, struct record **record)
{
	struct record *at = *record != NULL ? *record : free_place(records);
	if (at == NULL) {
		return MCPSESS_E_LIMIT;
	}
	char *copy = malloc(ask->payload.len + 1);
	if (copy == NULL) {
		return MCPSESS_E_NOMEM;
	}
	if (ask->payload.len > 0) {
		memcpy(copy, ask->payload.data, ask->payload.len);
	}
	if (*record == NULL) {
		begin(at, ask, now_ms);
	}
	free((void *)at->payload.data);
	at->payload = mcpsess_mem(copy, ask->payload.len);
	at->about.state = ask->state;
	at->about.revision++;
	at->about.now_ms = now_ms;
	records_touch(at, ask->idle_ms);
	*record = at;
	return MCPSESS_OK;
}

void records_remove(struct record *record)
{
	free((void *)record->payload.data);
	memset(record, 0, sizeof(*record));
}

void records_clear(struct records *records)
{
	for (struct record *at = records->at; at < records->at + RECORDS_MAX; at++) {
		records_remove(at);
	}
}
