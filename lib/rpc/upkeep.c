#include "rpc/upkeep.h"

enum { TICK_MAX = 10000, SWEEP_BUDGET = 1000 };

/* One touch under way for a running call's session. */
struct mcpsess_upkeep {
	struct mcpsess_upkeep *next, **at;
	struct mcpsess_rpc *rpc;
	struct mcp_session_store_call call;
};

static void upkeep_over(struct mcpsess_upkeep *upkeep)
{
	*upkeep->at = upkeep->next;
	if (upkeep->next != NULL) {
		upkeep->next->at = upkeep->at;
	}
	mcp_session_store_answer_clear(&upkeep->call.answer);
	mcpsess_free(&upkeep->rpc->env, upkeep);
}

/* A session that ended meanwhile is found out by its call; there is nobody to tell here. */
static void touch_done(struct mcp_session_store_call *call, int status)
{
	(void)status;
	upkeep_over(call->user_data);
}

static void keep_alive(struct mcpsess_rpc *rpc, const struct mcpsess_digest *key,
	const struct mcpsess_digest *owner)
{
	struct mcpsess_upkeep *upkeep = mcpsess_alloc(&rpc->env, sizeof(*upkeep));
	if (upkeep == NULL) {
		return;
	}
	upkeep->rpc = rpc;
	upkeep->call.request.key = *key;
	upkeep->call.request.owner = *owner;
	upkeep->call.done = touch_done;
	upkeep->call.user_data = upkeep;
	if (rpc->access.pool != NULL) {
		mcpsess_access_run(&rpc->access, MCPSESS_VERB_TOUCH, &upkeep->call);
		mcp_session_store_answer_clear(&upkeep->call.answer);
		mcpsess_free(&rpc->env, upkeep);
		return;
	}
	upkeep->next = rpc->upkeep;
	upkeep->at = &rpc->upkeep;
	if (upkeep->next != NULL) {
		upkeep->next->at = &upkeep->next;
	}
	rpc->upkeep = upkeep;
	if (mcpsess_access_start(&rpc->access, MCPSESS_VERB_TOUCH, &upkeep->call) !=
		MCPSESS_PENDING) {
		upkeep_over(upkeep);
	}
}

void mcpsess_upkeep_free(struct mcpsess_rpc *rpc)
{
	while (rpc->upkeep != NULL) {
		mcpsess_access_cancel(&rpc->access, &rpc->upkeep->call);
		upkeep_over(rpc->upkeep);
	}
}

/* A round trip where the store is shared, and a loop calls this whenever anything has happened. */
static void sweep(struct mcpsess_rpc *rpc, uint64_t now, uint64_t every)
{
	uint_fast64_t due = atomic_load(&rpc->sweep_ms);
	if ((mcpsess_access_can(&rpc->access) & MCP_SESSION_STORE_CAN_SHARE) == 0) {
		mcpsess_access_sweep(&rpc->access, SWEEP_BUDGET);
	} else if (now >= due &&
		   atomic_compare_exchange_strong(&rpc->sweep_ms, &due, now + every) && due != 0) {
		mcpsess_access_sweep(&rpc->access, SWEEP_BUDGET);
	}
}

uint64_t mcpsess_rpc_tick(struct mcpsess_rpc *rpc)
{
	uint64_t now = mcpsess_now_ms(&rpc->env);
	/* Touched four times an idle period, a running call's session survives three lost touches.
	 */
	uint64_t every = rpc->idle_ms / 4 > 0 ? rpc->idle_ms / 4 : 1;
	struct mcpsess_digest key, owner;
	if (rpc->idle_ms != MCP_SESSION_STORE_NONE && now > every) {
		while (mcpsess_running_due(&rpc->running, now - every + 1, now, &key, &owner)) {
			keep_alive(rpc, &key, &owner);
		}
	}
	mcpsess_locals_forget(&rpc->locals, now);
	every = every < TICK_MAX ? every : TICK_MAX;
	sweep(rpc, now, every);
	return every;
}
