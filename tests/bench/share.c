#include "share.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum state { NEW, ASLEEP, DONE, LEADS };

static void sleep_until_told(struct share_call *call)
{
	int state = NEW;
	if (!atomic_compare_exchange_strong(&call->state, &state, ASLEEP)) {
		return;
	}
	while (atomic_load(&call->state) == ASLEEP) {
		syscall(SYS_futex, &call->state, FUTEX_WAIT_PRIVATE, ASLEEP, NULL, NULL, 0);
	}
}

static void tell(struct share_call *call, enum state state)
{
	if (atomic_exchange(&call->state, state) == ASLEEP) {
		syscall(SYS_futex, &call->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
}

void share_begin(struct share *share, void *connections[], unsigned count)
{
	share->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct share_way *way = &share->ways[i];
		memset(way, 0, sizeof(*way));
		pthread_mutex_init(&way->mutex, NULL);
		way->end = &way->first;
		way->connection = connections[i];
	}
}

static struct share_way *choose(struct share *share, unsigned own)
{
	for (unsigned i = 0; i < share->count; i++) {
		struct share_way *way = &share->ways[(own + i) % share->count];
		if (!atomic_load_explicit(&way->busy, memory_order_relaxed)) {
			return way;
		}
	}
	return &share->ways[own % share->count];
}

/* Queue, and whether it leads: its call is among those that it has done. */
static int queue(struct share_way *way, struct share_call *call)
{
	pthread_mutex_lock(&way->mutex);
	*way->end = call;
	way->end = &call->next;
	int leads = !way->busy;
	way->busy = 1;
	pthread_mutex_unlock(&way->mutex);
	if (!leads) {
		sleep_until_told(call);
		leads = atomic_load(&call->state) == LEADS;
	}
	return leads;
}

static void lead(struct share *share, struct share_way *way, struct share_call *self)
{
	pthread_mutex_lock(&way->mutex);
	struct share_call *next, *first = way->first;
	way->first = NULL;
	way->end = &way->first;
	pthread_mutex_unlock(&way->mutex);
	share->serve(way->connection, first);
	for (struct share_call *one = first; one != NULL; one = next) {
		next = one->next;
		if (one != self) {
			tell(one, DONE);
		}
	}
	pthread_mutex_lock(&way->mutex);
	next = way->first;
	way->busy = next != NULL;
	pthread_mutex_unlock(&way->mutex);
	if (next != NULL) {
		tell(next, LEADS);
	}
}

void share_ask(struct share *share, unsigned own, unsigned what)
{
	struct share_call call = { .what = what };
	struct share_way *way = choose(share, own);
	if (queue(way, &call)) {
		lead(share, way, &call);
	}
}
