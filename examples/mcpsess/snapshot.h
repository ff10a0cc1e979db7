/* The sessions of a store as they were at one look, and what changed between two. */
#ifndef EXAMPLES_MCPSESS_SNAPSHOT_H
#define EXAMPLES_MCPSESS_SNAPSHOT_H

#include <mcpsess/store.h>

/* A look reads at most so many, so that watching costs the store the same however much it holds. */
enum { SNAPSHOT_MAX = 20000 };

struct snapshot {
	struct mcp_session_store_entry *entries; /* by key */
	size_t count, capacity;
	int is_partial; /* there are more */
	uint64_t now_ms;
	uint64_t states[3];
	uint64_t bytes;
};

struct changes {
	uint64_t created, ended, requests, writes;
};

/* Look again; what it held is let go. A status. */
int snapshot_take(
	struct snapshot *snapshot, struct mcp_session_store *store, struct mcpsess_error *err);
void snapshot_clear(struct snapshot *snapshot);

/*
 * What happened between two looks; a session that came and went in between is not seen. Of looks
 * that are partial only what both could have read is compared, and ended is none.
 */
void snapshot_compare(
	const struct snapshot *before, const struct snapshot *after, struct changes *out);

/* The live sessions used last, the last of them first: how many, at most max. */
size_t snapshot_latest(
	const struct snapshot *snapshot, const struct mcp_session_store_entry **out, size_t max);

#endif
