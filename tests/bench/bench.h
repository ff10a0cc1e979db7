/*
 * What the benchmarks share: clocks, medians, one kind of line.
 *
 * The machine is never quiet, so no figure means anything alone: ours and the reference run in
 * turns, many times, and what counts is the ratio of the two medians.
 */
#ifndef MCPSESS_TESTS_BENCH_H
#define MCPSESS_TESTS_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BENCH_TURNS = 15, BENCH_TURN_NS = 20000000 };

/* run does the operation that many times. */
struct bench_side {
	void (*run)(void *context, uint64_t times);
	void *context;
};

static inline double bench_clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline double bench_now_ns(void)
{
	return bench_clock_ns(CLOCK_MONOTONIC);
}

/* Of all threads of this process. */
static inline double bench_cpu_ns(void)
{
	return bench_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Keep the compiler from dropping what led to this. */
static inline void bench_keep(const void *result)
{
	__asm__ volatile("" : : "r"(result) : "memory");
}

static inline int bench_order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts them. */
static inline double bench_median(double *samples, size_t count)
{
	qsort(samples, count, sizeof(*samples), bench_order);
	return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
}

static inline void bench_title(const char *unit)
{
	printf("%-44s %12s %12s %8s  %s\n", unit, "ours", "reference", "ratio", "goal");
}

static inline void bench_line(const char *name, double value, double reference, const char *goal)
{
	printf("%-44s %12.1f %12.1f %8.3f  %s\n", name, value, reference, value / reference, goal);
	fflush(stdout);
}

/* CPU time per operation over that many. */
static inline double bench_cost(struct bench_side side, uint64_t times)
{
	double start = bench_cpu_ns();
	side.run(side.context, times);
	return (bench_cpu_ns() - start) / (double)times;
}

/* How often it must run to fill a turn; this also warms it up. */
static inline uint64_t bench_times(struct bench_side side)
{
	uint64_t times = 1;
	while (bench_cost(side, times) * (double)times < BENCH_TURN_NS) {
		times *= 2;
	}
	return times;
}

/* CPU nanoseconds per operation of both sides, in turns: prints the line, returns the ratio. */
static inline double bench_compare(
	const char *name, struct bench_side ours, struct bench_side reference, const char *goal)
{
	double values[BENCH_TURNS], references[BENCH_TURNS];
	uint64_t times = bench_times(ours), reference_times = bench_times(reference);
	for (int i = 0; i < BENCH_TURNS; i++) {
		values[i] = bench_cost(ours, times);
		references[i] = bench_cost(reference, reference_times);
	}
	double value = bench_median(values, BENCH_TURNS);
	double against = bench_median(references, BENCH_TURNS);
	bench_line(name, value, against, goal);
	return value / against;
}

#endif
