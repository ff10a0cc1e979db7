/*
 * A bell for threads that sleep: one ring wakes many of them, by one system call, and each may be
 * woken alone. Wake-ups are the dearest thing where threads share connections.
 */
#ifndef MCPSESS_STORE_BELL_H
#define MCPSESS_STORE_BELL_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

enum { MCPSESS_BELL_TONES = 32 };

struct mcpsess_bell {
	atomic_uint rings; /* a futex */
};

/*
 * Wake all who sleep by one of the tones, bits of which each has one. What they are to find must
 * have been said before. Who sleeps by the same tone as another wakes for nothing at times.
 */
void mcpsess_bell_ring(struct mcpsess_bell *bell, uint32_t tones);

/* To be asked for before looking whether there is anything to sleep for. */
static inline unsigned mcpsess_bell_rings(struct mcpsess_bell *bell)
{
	return atomic_load(&bell->rings);
}

/*
 * Sleep unless it has rung since. until is a time of CLOCK_MONOTONIC, NULL: never. 0: look again;
 * -1: it is past that time.
 */
int mcpsess_bell_sleep(
	struct mcpsess_bell *bell, unsigned rings, uint32_t tone, const struct timespec *until);

/* So many milliseconds from now, for until. */
struct timespec mcpsess_bell_after(uint64_t ms);

#endif
