#include "store/breaker.h"

int mcpsess_breaker_lets(struct mcpsess_breaker *breaker, uint64_t now_ms, uint64_t probe_every_ms)
{
	if (breaker->open_until_ms == 0) {
		return 1;
	}
	if (now_ms < breaker->open_until_ms) {
		return 0;
	}
	/* This one is the probe; those behind it wait for what it finds. */
	breaker->open_until_ms = now_ms + probe_every_ms;
	return 1;
}

/* Between half and one and a half, so that many pods do not come back as one. */
static uint64_t jitter(const struct mcpsess_env *env, uint64_t ms)
{
	uint32_t random = 0;
	if (mcpsess_random(env, &random, sizeof(random)) != MCPSESS_OK) {
		return ms;
	}
	return ms / 2 + random % (ms + 1);
}

void mcpsess_breaker_told(struct mcpsess_breaker *breaker, const struct mcpsess_env *env,
	int status, int sys, uint64_t probe_every_ms)
{
	int unreached =
		sys != 0 && (status == MCPSESS_E_UNAVAILABLE || status == MCPSESS_E_UNKNOWN);
	if (unreached) {
		breaker->open_until_ms = mcpsess_now_ms(env) + jitter(env, probe_every_ms);
	} else if (breaker->open_until_ms != 0) {
		breaker->open_until_ms = 0;
	}
}
