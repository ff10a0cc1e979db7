/* One verb inside the shard of a record, under its lock. */
#ifndef MCPSESS_MEMORY_VISIT_H
#define MCPSESS_MEMORY_VISIT_H

#include "owner.h"
#include "shard.h"

/* How many other records a verb looks at whose time has come. */
enum { MEMORY_STEPS_PER_VERB = 4 };

struct visit {
	struct memory *memory;
	struct memory_shard *shard;
	struct memory_record *record; /* NULL: there is none */
	uint64_t now_ms;
	struct memory_trash trash;
};

/* Take the lock and find the record: OK when it can be read and is the caller's. */
int mcpsess_memory_enter(struct visit *visit, struct memory *memory,
	const struct mcp_session_store_request *request, uint64_t now_ms);
void mcpsess_memory_leave(struct visit *visit);

/* Whether the request may have the record. */
static inline int memory_is_for(
	const struct memory_record *record, const struct mcp_session_store_request *request)
{
	static const struct mcpsess_digest nobody;
	return (request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0 ||
	       memory_key_is(
		       record->owner != NULL ? &record->owner->node.key : &nobody, &request->owner);
}

/* All that an answer says of a record but its payload. */
static inline void memory_answer(struct mcp_session_store_answer *answer,
	const struct memory_record *record, uint64_t now_ms)
{
	answer->revision = record->revision;
	answer->now_ms = now_ms;
	answer->created_ms = record->created_ms;
	answer->seen_ms = record->seen_ms;
	answer->expires_ms = memory_zero_if_none(
		memory_is_copy(record) ? record->was_expires_ms : record->expires_ms);
	answer->deadline_ms = memory_zero_if_none(record->deadline_ms);
	answer->requests = record->requests;
	answer->first_request_ms = record->first_request_ms;
	answer->last_request_ms = record->last_request_ms;
	if (record->owner != NULL) {
		answer->owner = record->owner->node.key;
	} else {
		memset(&answer->owner, 0, sizeof(answer->owner));
	}
	answer->kind = record->kind;
	answer->state = record->state & ~(unsigned)MEMORY_COPY;
}

#endif
