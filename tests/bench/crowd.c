#include "crowd.h"

#include <pthread.h>

enum { SAMPLES = 4096 };

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

struct crowd_figures crowd_measure(const struct crowd_side *side, unsigned count, double ns)
{
	static struct caller callers[CROWD_MAX];
	pthread_barrier_t start;
	double done = 0;
	pthread_barrier_init(&start, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		struct caller *one = &callers[i];
		one->side = side;
		one->context = side->contexts[i];
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
	return (struct crowd_figures){
		.rate = done / ns * 1e9, .p99_us = p99_us(callers, count), .done = done
	};
}
