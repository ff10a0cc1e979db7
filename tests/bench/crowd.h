/*
 * Many callers at once, each a thread that does one thing again and again. Sides take turns, and
 * open what they use for each anew, as the programs did that the goals come from: which processors
 * the processes of a server are left on from earlier turns decides more than what is measured.
 */
#ifndef MCPSESS_TESTS_BENCH_CROWD_H
#define MCPSESS_TESTS_BENCH_CROWD_H

#include "bench.h"

enum { CROWD_MAX = 128, CROWD_SIDES = 4, CROWD_TURNS = 5 };

struct crowd_side {
	/* Fill in what each caller does it with. */
	void (*open)(void *contexts[], unsigned callers);
	void (*close)(void *contexts[], unsigned callers);
	/* What each does, with its context and a random number of its own. */
	void (*once)(void *context, uint64_t random);
};

/* All do it with the same. */
static inline void crowd_share(void *contexts[], unsigned callers, void *context)
{
	for (unsigned i = 0; i < callers; i++) {
		contexts[i] = context;
	}
}

/* In the middle of all turns. */
struct crowd_figures {
	double rate; /* operations per second */
	double p99_us;
	double server_us; /* what the server's processors did for one operation */
};

/* server_ns tells what the server's processors have done so far. */
void crowd_measure(const struct crowd_side *sides, int count, unsigned callers,
	double (*server_ns)(void), struct crowd_figures *out);

#endif
