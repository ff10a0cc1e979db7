#include "crowd.h"

#include <pthread.h>

enum { SAMPLES = 4096 };

static const double turn_ns = 4e8, settle_ns = 1e8;

struct caller {
	pthread_t thread;
	const struct crowd_side *side;
	void *context;
	uint64_t random, done;
	double ns;
	double samples[SAMPLES];
	pthread_barrier_t *start;
};

static uint64_t next_random(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return *random >> 33;
}

static void *be_caller(void *arg)
{
	struct caller *self = arg;
	pthread_barrier_wait(self->start);
	double now = bench_now_ns(), end = now + self->ns;
	while (now < end) {
		double then = now;
		self->side->once(self->context, next_random(&self->random));
		now = bench_now_ns();
		self->samples[self->done++ % SAMPLES] = now - then;
	}
	return NULL;
}

static double p99_us(const struct caller *callers, unsigned count)
{
	static double all[CROWD_MAX * SAMPLES];
	size_t samples = 0;
	for (unsigned i = 0; i < count; i++) {
		for (uint64_t j = 0; j < callers[i].done && j < SAMPLES; j++) {
			all[samples++] = callers[i].samples[j];
		}
	}
	qsort(all, samples, sizeof(*all), bench_order);
	return all[(size_t)((double)samples * 0.99)] / 1000;
}

static struct crowd_figures run(const struct crowd_side *side, void *contexts[], unsigned count,
	double ns, double (*server_ns)(void))
{
	static struct caller callers[CROWD_MAX];
	pthread_barrier_t start;
	double done = 0, before = server_ns();
	pthread_barrier_init(&start, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		struct caller *one = &callers[i];
		one->side = side;
		one->context = contexts[i];
		one->random = i * 7919u + 1;
		one->done = 0;
		one->ns = ns;
		one->start = &start;
		pthread_create(&one->thread, NULL, be_caller, one);
	}
	for (unsigned i = 0; i < count; i++) {
		pthread_join(callers[i].thread, NULL);
		done += (double)callers[i].done;
	}
	pthread_barrier_destroy(&start);
	return (struct crowd_figures){ .rate = done / ns * 1e9,
		.p99_us = p99_us(callers, count),
		.server_us = (server_ns() - before) / done / 1000 };
}

/* Connections are made, and what a server prepares for them, before anything counts. */
static struct crowd_figures take_turn(
	const struct crowd_side *side, unsigned callers, double (*server_ns)(void))
{
	static void *contexts[CROWD_MAX];
	side->open(contexts, callers);
	run(side, contexts, callers, settle_ns, server_ns);
	struct crowd_figures figures = run(side, contexts, callers, turn_ns, server_ns);
	side->close(contexts, callers);
	return figures;
}

void crowd_measure(const struct crowd_side *sides, int count, unsigned callers,
	double (*server_ns)(void), struct crowd_figures *out)
{
	double rates[CROWD_SIDES][CROWD_TURNS], tails[CROWD_SIDES][CROWD_TURNS];
	double costs[CROWD_SIDES][CROWD_TURNS];
	for (int turn = 0; turn < CROWD_TURNS; turn++) {
		for (int i = 0; i < count; i++) {
			struct crowd_figures one = take_turn(&sides[i], callers, server_ns);
			rates[i][turn] = one.rate;
			tails[i][turn] = one.p99_us;
			costs[i][turn] = one.server_us;
		}
	}
	for (int i = 0; i < count; i++) {
		out[i] = (struct crowd_figures){ .rate = bench_median(rates[i], CROWD_TURNS),
			.p99_us = bench_median(tails[i], CROWD_TURNS),
			.server_us = bench_median(costs[i], CROWD_TURNS) };
	}
}
