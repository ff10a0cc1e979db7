/* Many callers at once, each a thread that does one thing again and again. */
#ifndef MCPSESS_TESTS_BENCH_CROWD_H
#define MCPSESS_TESTS_BENCH_CROWD_H

#include "bench.h"

enum { CROWD_MAX = 128 };

/* What each does once, with a context and a random number of its own. */
struct crowd_side {
	void (*once)(void *context, uint64_t random);
	void **contexts;
};

struct crowd_figures {
	double rate; /* operations per second */
	double p99_us;
	double done;
};

/* So many of them, for that long. */
struct crowd_figures crowd_measure(const struct crowd_side *side, unsigned callers, double ns);

#endif
