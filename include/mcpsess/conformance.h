/*
 * mcpsess/conformance.h - for backend authors: does a store keep the promises of mcpsess/store.h?
 *
 * Link with libmcpsess-conformance (pkg-config mcpsess-conformance), or run the installed program
 * mcpsess-conformance, which is this function behind a command line.
 *
 * Thread: any; a run makes threads of its own and ends them before it returns.
 */
#ifndef MCPSESS_CONFORMANCE_H
#define MCPSESS_CONFORMANCE_H

#include <mcpsess/types.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a run leaves out. */
enum mcpsess_conformance_flag {
	/** Leave out what must wait for the clock of a store that does not take the host's. */
	MCPSESS_CONFORMANCE_FAST = 1u << 0,
	/** The store may fail: run the cases that allow UNAVAILABLE and UNKNOWN, and no others. */
	MCPSESS_CONFORMANCE_FAULTS = 1u << 1,
};

/** How to run. Zero it and set size: everything else has a default. */
struct mcpsess_conformance_options {
	size_t size;            /* sizeof(struct mcpsess_conformance_options) */
	const char *module_dir; /* where modules are; NULL: the compiled-in folder */
	const char *only;       /* run the cases whose MODE/NAME contains it; NULL: all */
	unsigned threads;       /* of the cases in mode threads, 2 to 64; 0: 4 */
	unsigned flags;         /* enum mcpsess_conformance_flag */
	uint64_t seed;          /* of the cases that choose at random; 0: 1 */
};

/**
 * Check every promise on the store that a URI names and write the verdict to out, a line each:
 * "ok MODE/NAME", "FAIL MODE/NAME: what was promised, what came", "absent CAPABILITY: the cases
 * that need it"; the last line is "N passed, N failed". Modes are blocking, dispatch (an event
 * loop) and threads (a pool).
 *
 * The store must be empty and the kit's alone (a prefix, a schema): it counts records. The URI
 * must leave durations and caps to the kit, which varies them. Expiry takes no time where the
 * store takes the host's clock, otherwise seconds. options may be NULL.
 *
 * Returns how many cases failed; INVALID when the URI, the choice or the store is unfit, or why the
 * store cannot be opened, and then the last line says more.
 */
MCPSESS_API int mcpsess_conformance_run(
	const char *uri, const struct mcpsess_conformance_options *options, FILE *out);

/** Write the names of all cases, a line each: MODE/NAME, and the capability it needs. */
MCPSESS_API void mcpsess_conformance_list(FILE *out);

#ifdef __cplusplus
}
#endif

#endif
