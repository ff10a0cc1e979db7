/* Room for records: what the caps leave is taken before anything is written. */
#ifndef MCPSESS_MEMORY_ADMIT_H
#define MCPSESS_MEMORY_ADMIT_H

#include "memory.h"

/*
 * Count a new record in: as a session, its bytes, and with its owner. LIMIT, explained, when
 * nothing is left although everything that had expired is freed; NOMEM. Then nothing is taken.
 */
int mcpsess_memory_admit(struct memory *memory, struct mcp_session_store_call *call,
	struct memory_record *record, uint64_t now_ms);
/* Count it out: it was not put into the table. It has not been given its payload. */
void mcpsess_memory_withdraw(
	struct memory *memory, struct memory_record *record, uint64_t payload_len);

/* The same for a one-time token; memory_withdraw_token() counts it out. */
int mcpsess_memory_admit_token(
	struct memory *memory, struct mcp_session_store_call *call, uint64_t now_ms);

/* Take bytes, or LIMIT. Under any lock. */
int mcpsess_memory_take_bytes(struct memory *memory, uint64_t bytes);
/* Free what has expired, and tombstones too when that is not enough. Under no lock. */
void mcpsess_memory_make_room(struct memory *memory, uint64_t bytes, uint64_t now_ms);
/* Say that max_bytes is what was in the way; LIMIT. */
int mcpsess_memory_full(struct memory *memory, struct mcp_session_store_call *call);

#endif
