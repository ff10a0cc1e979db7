/*
 * Failing fast: once a store could not be reached, its callers are told so at once, until a probe
 * gets through. A dead store costs one caller its deadline, not each of them.
 */
#ifndef MCPSESS_STORE_BREAKER_H
#define MCPSESS_STORE_BREAKER_H

#include "base/env.h"

struct mcpsess_breaker {
	uint64_t open_until_ms; /* 0: closed */
};

/* Whether a verb may go to the backend; when open, one does as a probe each time the wait is over.
 */
int mcpsess_breaker_lets(struct mcpsess_breaker *breaker, uint64_t now_ms, uint64_t probe_every_ms);

/* A verb is over. sys is the errno of its failure; only what could not be reached opens it. */
void mcpsess_breaker_told(struct mcpsess_breaker *breaker, const struct mcpsess_env *env,
	int status, int sys, uint64_t probe_every_ms);

#endif
