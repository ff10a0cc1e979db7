#include "kit.h"

#include <pthread.h>

struct actor {
	struct mcpsess_kit kit;
	pthread_t thread;
	pthread_barrier_t *start;
	unsigned index;
	void (*fn)(struct mcpsess_kit *kit, unsigned index, void *user_data);
	void *user_data;
};

static void *act(void *arg)
{
	struct actor *actor = arg;
	/* Threads that begin one by one hardly ever meet. */
	pthread_barrier_wait(actor->start);
	actor->fn(&actor->kit, actor->index, actor->user_data);
	mcpsess_kit_leave(&actor->kit);
	return NULL;
}

void mcpsess_kit_threads(struct mcpsess_kit *kit,
	void (*fn)(struct mcpsess_kit *kit, unsigned index, void *user_data), void *user_data)
{
	unsigned count = kit->run->options.threads;
	struct actor *actors = calloc(count, sizeof(*actors));
	pthread_barrier_t start;
	if (actors == NULL || pthread_barrier_init(&start, NULL, count) != 0) {
		abort();
	}
	for (unsigned i = 0; i < count; i++) {
		struct actor *actor = &actors[i];
		mcpsess_kit_join(&actor->kit, kit, i);
		actor->start = &start;
		actor->index = i;
		actor->fn = fn;
		actor->user_data = user_data;
		if (pthread_create(&actor->thread, NULL, act, actor) != 0) {
			abort();
		}
	}
	for (unsigned i = 0; i < count; i++) {
		pthread_join(actors[i].thread, NULL);
		if (actors[i].kit.failed) {
			mcpsess_kit_fail(kit, "%s", actors[i].kit.failure);
		}
	}
	pthread_barrier_destroy(&start);
	free(actors);
}
