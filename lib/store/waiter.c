#include "store/waiter.h"

void mcpsess_waiters_push(struct mcpsess_waiters *waiters, struct mcpsess_waiter *waiter)
{
	waiter->next = NULL;
	*(waiters->last != NULL ? &waiters->last->next : &waiters->first) = waiter;
	waiters->last = waiter;
}

struct mcpsess_waiter *mcpsess_waiters_pop(struct mcpsess_waiters *waiters)
{
	struct mcpsess_waiter *waiter = waiters->first;
	if (waiter != NULL) {
		waiters->first = waiter->next;
		waiters->last = waiters->first != NULL ? waiters->last : NULL;
	}
	return waiter;
}

void mcpsess_waiters_take_out(struct mcpsess_waiters *waiters, const struct mcpsess_waiter *waiter)
{
	struct mcpsess_waiters rest = { 0 };
	struct mcpsess_waiter *one;
	while ((one = mcpsess_waiters_pop(waiters)) != NULL) {
		if (one != waiter) {
			mcpsess_waiters_push(&rest, one);
		}
	}
	*waiters = rest;
}

void mcpsess_waiter_tell(struct mcpsess_waiter *waiter, enum mcpsess_told told)
{
	struct mcpsess_bell *bell = waiter->bell;
	uint32_t tone = waiter->tone;
	atomic_store(&waiter->told, told);
	mcpsess_bell_ring(bell, tone);
}

/* Who hears by one bell is woken by one ring. */
void mcpsess_waiters_tell(struct mcpsess_waiters *waiters, enum mcpsess_told told)
{
	struct mcpsess_bell *bell = NULL;
	struct mcpsess_waiter *one;
	uint32_t tones = 0;
	while ((one = mcpsess_waiters_pop(waiters)) != NULL) {
		if (one->bell != bell && bell != NULL) {
			mcpsess_bell_ring(bell, tones);
			tones = 0;
		}
		bell = one->bell;
		tones |= one->tone;
		atomic_store(&one->told, told);
	}
	if (bell != NULL) {
		mcpsess_bell_ring(bell, tones);
	}
}

enum mcpsess_told mcpsess_waiter_hear(struct mcpsess_waiter *self, const struct timespec *until)
{
	int late = 0;
	for (;;) {
		unsigned rings = mcpsess_bell_rings(self->bell);
		int told = atomic_exchange(&self->told, MCPSESS_TOLD_NOTHING);
		if (told != MCPSESS_TOLD_NOTHING || late) {
			return (enum mcpsess_told)told;
		}
		late = mcpsess_bell_sleep(self->bell, rings, self->tone, until) < 0;
	}
}
