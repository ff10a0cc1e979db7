/* What my-backend keeps records in: an array, looked through from end to end. */
#ifndef EXAMPLES_RECORDS_H
#define EXAMPLES_RECORDS_H

#include <mcpsess/store.h>

enum { RECORDS_MAX = 1024 };

struct record {
	struct mcpsess_digest key;
	uint64_t ends_ms;                      /* 0: a free place; UINT64_MAX: never */
	struct mcp_session_store_answer about; /* as it is answered, but for the payload */
	struct mcpsess_bytes payload;
};

struct records {
	struct record at[RECORDS_MAX];
};

/* The record of a key, as of now, or NULL. Those that have expired are removed. */
struct record *records_find(
	struct records *records, const struct mcpsess_digest *key, uint64_t now_ms);
/*
 * Write what is asked for into *record, or into a new one where that is NULL. LIMIT: there is no
 * place for one; NOMEM. Then nothing happened.
 */
int records_write(struct records *records, const struct mcp_session_store_request *ask,
	uint64_t now_ms, struct record **record);
/* Move the expiry to its now plus idle, never backwards and never past the deadline. */
void records_touch(struct record *record, uint64_t idle_ms);
void records_remove(struct record *record);
void records_clear(struct records *records);

#endif
