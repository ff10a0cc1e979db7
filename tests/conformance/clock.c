#include "kit.h"

#include <poll.h>
#include <time.h>

static uint64_t monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

uint64_t mcpsess_kit_hook_now(void *user_data)
{
	struct mcpsess_kit_run *run = user_data;
	uint64_t set = atomic_load(&run->clock_ms);
	return run->clock == KIT_CLOCK_FROZEN ? set : set + monotonic_ms();
}

/* A verb on a record that never ends: no other way asks a store for its time. */
static uint64_t watched_now(struct mcpsess_kit *kit)
{
	struct mcp_session_store_answer answer;
	struct mcpsess_error err;
	memset(&answer, 0, sizeof(answer));
	enum mcpsess_kit_verb verb = kit->has_watch ? KIT_EXISTS : KIT_STORE;
	if (!kit->has_watch) {
		kit->watch = mcpsess_kit_fresh(kit);
		kit->watch.idle_ms = MCP_SESSION_STORE_NONE;
		kit->watch.absolute_ms = MCP_SESSION_STORE_NONE;
		kit->has_watch = 1;
	}
	int status = mcpsess_kit_ask(kit, verb, &kit->watch, &answer, &err);
	uint64_t now_ms = answer.now_ms;
	mcp_session_store_answer_clear(&answer);
	mcpsess_kit_want(kit, status, MCPSESS_OK, "a record without expiries lives on");
	return status == MCPSESS_OK ? now_ms : UINT64_MAX;
}

uint64_t mcpsess_kit_now(struct mcpsess_kit *kit)
{
	if (kit->run->clock != KIT_CLOCK_REAL) {
		return mcpsess_kit_hook_now(kit->run);
	}
	return watched_now(kit);
}

void mcpsess_kit_go(struct mcpsess_kit *kit, uint64_t at_ms)
{
	uint64_t now_ms = mcpsess_kit_now(kit);
	while (now_ms < at_ms) {
		if (kit->run->clock != KIT_CLOCK_REAL) {
			atomic_fetch_add(&kit->run->clock_ms, at_ms - now_ms);
			return;
		}
		uint64_t left = at_ms - now_ms;
		poll(NULL, 0, left < 20 ? (int)left : 20);
		now_ms = mcpsess_kit_now(kit);
	}
}

uint64_t mcpsess_kit_slack(const struct mcpsess_kit *kit)
{
	return kit->settings.touch_every_ms;
}
