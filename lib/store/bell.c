#include "store/bell.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static long futex(struct mcpsess_bell *bell, int operation, unsigned value,
	const struct timespec *until, uint32_t tones)
{
	return syscall(
		SYS_futex, &bell->rings, operation | FUTEX_PRIVATE_FLAG, value, until, NULL, tones);
}

void mcpsess_bell_ring(struct mcpsess_bell *bell, uint32_t tones)
{
	atomic_fetch_add(&bell->rings, 1);
	futex(bell, FUTEX_WAKE_BITSET, INT_MAX, NULL, tones);
}

int mcpsess_bell_sleep(
	struct mcpsess_bell *bell, unsigned rings, uint32_t tone, const struct timespec *until)
{
	long r = futex(bell, FUTEX_WAIT_BITSET, rings, until, tone);
	return r < 0 && errno == ETIMEDOUT ? -1 : 0;
}

struct timespec mcpsess_bell_after(uint64_t ms)
{
	struct timespec then;
	clock_gettime(CLOCK_MONOTONIC, &then);
	then.tv_sec += (time_t)(ms / 1000);
	then.tv_nsec += (long)(ms % 1000) * 1000000;
	then.tv_sec += then.tv_nsec / 1000000000;
	then.tv_nsec %= 1000000000;
	return then;
}
