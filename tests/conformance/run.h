/* What the run of the kit does before its cases: learn what the store can and whose clock it has.
 */
#ifndef MCPSESS_TESTS_RUN_H
#define MCPSESS_TESTS_RUN_H

#include "kit.h"

/* Fills in run->can and run->clock. INVALID: the store is not fit for the kit, err says why. */
int mcpsess_kit_probe(
	struct mcpsess_kit_run *run, char *scheme, size_t capacity, struct mcpsess_error *err);

#endif
