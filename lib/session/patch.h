/*
 * Changes that were not written yet, in order, kept so that they can be applied to whatever record
 * stands by then. A key is changed at most twice in a patch: removed, then set or added to.
 */
#ifndef MCPSESS_SESSION_PATCH_H
#define MCPSESS_SESSION_PATCH_H

#include "base/buffer.h"

enum {
	MCPSESS_VALUE_DEPTH_MAX = 64, /* nesting of a JSON value in a session */
	MCPSESS_INTEGER_TEXT_MAX = 24,
};

enum mcpsess_change_kind {
	MCPSESS_CHANGE_SET,
	MCPSESS_CHANGE_UNSET,
	MCPSESS_CHANGE_ADD, /* to the integer under a key */
};

struct mcpsess_change {
	struct mcpsess_change *next;
	enum mcpsess_change_kind kind;
	unsigned tag;
	struct mcpsess_bytes key, value;
	int64_t delta;
};

struct mcpsess_patch {
	struct mcpsess_change *first;
	int activate; /* the session has become active */
};

/* A copy with its own key and value, in one piece. NULL without memory. */
struct mcpsess_change *mcpsess_change_copy(
	const struct mcpsess_env *env, const struct mcpsess_change *change);

/*
 * Apply one change to an encoded record. OK; NOMEM, TOOBIG, and for an addition INVALID: then the
 * record is as it was.
 */
int mcpsess_change_apply(
	const struct mcpsess_change *change, struct mcpsess_buffer *record, size_t limit);

/* The integer that value is, 0 when its data is NULL, plus delta. OK, or INVALID. */
int mcpsess_change_sum(struct mcpsess_bytes value, int64_t delta, int64_t *out);

/*
 * Take a change over as the last. An addition only where the patch does not decide what the key
 * holds, and where its delta and that of the patch do not leave 64 bits together.
 */
void mcpsess_patch_take(
	struct mcpsess_patch *patch, const struct mcpsess_env *env, struct mcpsess_change *change);

int mcpsess_patch_is_empty(const struct mcpsess_patch *patch);

/* 1 when the patch says what a key of the data holds, whatever stands: it removes or sets it. */
int mcpsess_patch_decides(const struct mcpsess_patch *patch, struct mcpsess_bytes key);

/* What the patch adds to a key of the data. */
int64_t mcpsess_patch_delta(const struct mcpsess_patch *patch, struct mcpsess_bytes key);

/* 1 when applying it twice is not the same as once. */
int mcpsess_patch_adds(const struct mcpsess_patch *patch);

/* Append to an empty buffer the record with all changes applied. As mcpsess_change_apply(). */
int mcpsess_patch_apply(const struct mcpsess_patch *patch, struct mcpsess_bytes record,
	size_t limit, struct mcpsess_buffer *out);

void mcpsess_patch_clear(struct mcpsess_patch *patch, const struct mcpsess_env *env);

#endif
