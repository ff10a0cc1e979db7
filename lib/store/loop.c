#include "store/loop.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "store/core.h"
#include "store/seal.h"

/* -- lists of calls ------------------------------------------------------------------------ */

/* From the end: deadlines come in order, but for the few that waited in a pool. */
static void insert(struct mcpsess_calls *calls, struct mcp_session_store_call *call)
{
	struct mcp_session_store_call *before = calls->last;
	while (before != NULL && before->give_up_ms > call->give_up_ms) {
		before = before->prev;
	}
	call->prev = before;
	call->next = before != NULL ? before->next : calls->first;
	*(call->next != NULL ? &call->next->prev : &calls->last) = call;
	*(before != NULL ? &before->next : &calls->first) = call;
}

static void append(struct mcpsess_calls *calls, struct mcp_session_store_call *call)
{
	call->next = NULL;
	call->prev = calls->last;
	*(calls->last != NULL ? &calls->last->next : &calls->first) = call;
	calls->last = call;
}

static void take_out(struct mcpsess_calls *calls, struct mcp_session_store_call *call)
{
	*(call->prev != NULL ? &call->prev->next : &calls->first) = call->next;
	*(call->next != NULL ? &call->next->prev : &calls->last) = call->prev;
	call->next = call->prev = NULL;
}

int mcpsess_loop_holds(const struct mcpsess_loop *loop, const struct mcp_session_store_call *call)
{
	return call->prev != NULL || call == loop->pending.first || call == loop->over.first;
}

/* -- calls --------------------------------------------------------------------------------- */

void mcpsess_loop_init(struct mcpsess_loop *loop)
{
	memset(loop, 0, sizeof(*loop));
	loop->epoll_fd = loop->timer_fd = -1;
}

void mcpsess_loop_add(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	call->status = MCPSESS_PENDING;
	insert(&core->loop.pending, call);
}

static int pends(const struct mcpsess_loop *loop, const struct mcp_session_store_call *call)
{
	return mcpsess_loop_holds(loop, call) && call->status == MCPSESS_PENDING;
}

void mcpsess_loop_finish(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	if (pends(&core->loop, call)) {
		take_out(&core->loop.pending, call);
		mcpsess_verb_settle(call, status);
		mcpsess_verb_tell_breaker(core, call);
		append(&core->loop.over, call);
	}
}

/* A write may have been done by now; what only reads can be asked again. */
static void give_up(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	int reads = call->verb == MCPSESS_VERB_GET || call->verb == MCPSESS_VERB_EXISTS ||
		    call->verb == MCPSESS_VERB_LIST || call->verb == MCPSESS_VERB_PING;
	core->ops.cancel(core->store, call);
	mcp_session_store_answer_clear(&call->answer);
	mcpsess_fail(&call->error, 0, ETIMEDOUT, "no answer within %llu ms",
		(unsigned long long)core->settings.timeout_ms);
	mcpsess_loop_finish(core, call, reads ? MCPSESS_E_UNAVAILABLE : MCPSESS_E_UNKNOWN);
}

static void give_up_until(struct mcpsess_core *core, uint64_t now_ms)
{
	struct mcpsess_calls *pending = &core->loop.pending;
	while (pending->first != NULL && pending->first->give_up_ms <= now_ms) {
		give_up(core, pending->first);
	}
}

static void cancel(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	if (call->status == MCPSESS_PENDING) {
		take_out(&core->loop.pending, call);
		core->ops.cancel(core->store, call);
	} else {
		take_out(&core->loop.over, call);
	}
	mcpsess_seal_drop(core, call);
	mcp_session_store_answer_clear(&call->answer);
}

void mcp_session_store_cancel(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct mcpsess_core *core = mcpsess_core_of(store);
	if (mcpsess_loop_holds(&core->loop, call)) {
		cancel(core, call);
	}
}

void mcpsess_loop_forget(struct mcpsess_core *core)
{
	while (core->loop.pending.first != NULL) {
		cancel(core, core->loop.pending.first);
	}
	while (core->loop.over.first != NULL) {
		cancel(core, core->loop.over.first);
	}
}

int mcpsess_loop_take(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	if (call->status == MCPSESS_PENDING) {
		return 0;
	}
	if (mcpsess_loop_holds(&core->loop, call)) {
		take_out(&core->loop.over, call);
	}
	return 1;
}

void mcpsess_loop_flush(struct mcpsess_core *core)
{
	if (core->ops.flush != NULL) {
		core->ops.flush(core->store);
	}
}

/* -- turning ------------------------------------------------------------------------------- */

/* Wait for events, at most wait_ms, and do all that has become possible. */
static void turn(struct mcpsess_core *core, int wait_ms)
{
	struct mcpsess_loop *loop = &core->loop;
	mcpsess_loop_poll(core, wait_ms);
	uint64_t now = mcpsess_now_ms(&core->env);
	if (loop->wake_ms != 0 && loop->wake_ms <= now) {
		loop->wake_ms = 0;
		core->ops.tick(core->store, now);
	}
	give_up_until(core, now);
}

uint64_t mcpsess_loop_next(const struct mcpsess_loop *loop)
{
	uint64_t deadline = loop->pending.first != NULL ? loop->pending.first->give_up_ms : 0;
	if (deadline == 0 || loop->wake_ms == 0) {
		return deadline + loop->wake_ms;
	}
	return deadline < loop->wake_ms ? deadline : loop->wake_ms;
}

static uint64_t until(uint64_t then, uint64_t now)
{
	return then > now ? then - now : 0;
}

static uint64_t real_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

uint64_t mcpsess_loop_limit(struct mcpsess_core *core, const struct mcp_session_store_call *call)
{
	return real_ms() + until(call->give_up_ms, mcpsess_now_ms(&core->env));
}

void mcpsess_loop_turn(
	struct mcpsess_core *core, struct mcp_session_store_call *call, uint64_t limit_ms)
{
	uint64_t left = until(limit_ms, real_ms());
	uint64_t next = until(mcpsess_loop_next(&core->loop), mcpsess_now_ms(&core->env));
	uint64_t wait = next < left ? next : left;
	turn(core, wait < INT_MAX ? (int)wait : INT_MAX);
	if (left == 0 && call->status == MCPSESS_PENDING) {
		give_up(core, call);
	}
}

int mcpsess_loop_wait(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	uint64_t limit_ms = mcpsess_loop_limit(core, call);
	while (call->status == MCPSESS_PENDING) {
		mcpsess_loop_turn(core, call, limit_ms);
	}
	mcpsess_loop_take(core, call);
	return call->status;
}

static int deliver(struct mcpsess_core *core)
{
	struct mcpsess_calls *over = &core->loop.over;
	int due = 0, told = 0;
	for (struct mcp_session_store_call *call = over->first; call != NULL; call = call->next) {
		due++;
	}
	for (; due > 0 && over->first != NULL; due--) {
		struct mcp_session_store_call *call = over->first;
		take_out(over, call);
		if (mcpsess_verb_go_on(core, call, call->status) == MCPSESS_PENDING) {
			continue;
		}
		told++;
		if (call->done != NULL) {
			call->done(call, call->status);
		}
	}
	return told;
}

int mcp_session_store_dispatch(struct mcp_session_store *store)
{
	struct mcpsess_core *core = mcpsess_core_of(store);
	if (!mcpsess_core_can(core, MCP_SESSION_STORE_CAN_PEND)) {
		return 0;
	}
	core->loop.dispatching++;
	turn(core, 0);
	int told = deliver(core);
	core->loop.dispatching--;
	mcpsess_loop_flush(core);
	mcpsess_loop_arm(core);
	return told;
}
