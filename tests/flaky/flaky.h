/*
 * flaky: - a store around another that is slow, out of order and fails, as a remote one would be.
 * For tests only.
 *
 *   flaky:?store=memory%3A&pend=100&delay=20&reorder=1&fail=5&lose=5&seed=7
 *
 * store    URI of the store inside; "memory:". Durations and caps of the outer URI are its too.
 * clock    own: the store inside does not take the host's clock, as a database does not
 * pend     percent of the verbs that pend
 * delay    at most so many milliseconds, by the store's clock, until a pending verb is over
 * reorder  1: pending verbs end in any order
 * fail     percent of the verbs that are UNAVAILABLE, with nothing done
 * lose     percent of the verbs whose answer is lost: a write is done, and UNKNOWN
 * seed     of all that
 *
 * Everything not given is 0. A verb that pends is done when it begins or when it ends, by chance.
 */
#ifndef MCPSESS_TESTS_FLAKY_H
#define MCPSESS_TESTS_FLAKY_H

#include <mcpsess/store.h>

enum mcpsess_flaky_knob {
	FLAKY_PEND,
	FLAKY_DELAY,
	FLAKY_REORDER,
	FLAKY_FAIL,
	FLAKY_LOSE,
	FLAKY_SEED,
	FLAKY_KNOB_COUNT
};

/* Make the scheme known; once per process. */
int mcpsess_flaky_add(struct mcpsess_error *err);

/* Turn a knob while the store, one opened as flaky:, is in use. PEND only if it was not 0 at first.
 */
void mcpsess_flaky_set(
	struct mcp_session_store *store, enum mcpsess_flaky_knob knob, unsigned value);

#endif
