/*
 * broken:?bug=NAME - memory: with one broken promise, to see whether the kit notices.
 *
 * Without bug= every promise is kept. clock=own: it does not take the host's clock.
 */
#ifndef MCPSESS_TESTS_BROKEN_H
#define MCPSESS_TESTS_BROKEN_H

#include <mcpsess/error.h>

/* What the kit has to say about a bug: in a line "FAIL ...", the case and the promise. */
struct mcpsess_broken_bug {
	const char *name;
	const char *its_case;
	const char *promise;
};

/* Make the scheme known; once per process. */
int mcpsess_broken_add(struct mcpsess_error *err);

/* The bugs, one by one from 0; NULL after the last. */
const struct mcpsess_broken_bug *mcpsess_broken_bug(unsigned index);

#endif
