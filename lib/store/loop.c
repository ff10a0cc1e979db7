#include "store/loop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "store/core.h"

enum { FDS_FIRST = 4, AT_ONCE = 1 };

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

void mcpsess_loop_free(struct mcpsess_core *core)
{
	struct mcpsess_loop *loop = &core->loop;
	mcpsess_free(&core->env, loop->fds);
	if (loop->epoll_fd >= 0) {
		close(loop->epoll_fd);
		close(loop->timer_fd);
	}
	mcpsess_loop_init(loop);
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

/* -- descriptors --------------------------------------------------------------------------- */

static struct pollfd *place_of(struct mcpsess_loop *loop, int fd)
{
	for (size_t i = 0; i < loop->fd_count; i++) {
		if (loop->fds[i].fd == fd) {
			return &loop->fds[i];
		}
	}
	return NULL;
}

static struct pollfd *new_place(struct mcpsess_core *core)
{
	struct mcpsess_loop *loop = &core->loop;
	struct pollfd *place = place_of(loop, -1);
	if (place != NULL) {
		return place;
	}
	if (loop->fd_count == loop->fd_capacity) {
		size_t capacity = loop->fd_capacity > 0 ? 2 * loop->fd_capacity : FDS_FIRST;
		struct pollfd *fds =
			mcpsess_realloc(&core->env, loop->fds, capacity * sizeof(*fds));
		if (fds == NULL) {
			return NULL;
		}
		loop->fds = fds;
		loop->fd_capacity = capacity;
	}
	place = &loop->fds[loop->fd_count++];
	place->fd = -1;
	return place;
}

/* The numbers of poll and epoll are the same for what is asked here. */
static int tell_epoll(struct mcpsess_loop *loop, int operation, int fd, short events)
{
	struct epoll_event event = { .events = (uint32_t)events, .data.fd = fd };
	if (loop->epoll_fd < 0 || epoll_ctl(loop->epoll_fd, operation, fd, &event) == 0) {
		return MCPSESS_OK;
	}
	return errno == ENOMEM || errno == ENOSPC ? MCPSESS_E_NOMEM : MCPSESS_E_INVALID;
}

static int watch(struct mcpsess_core *core, int fd, short events)
{
	struct pollfd *place = place_of(&core->loop, fd);
	if (place != NULL) {
		int r = tell_epoll(&core->loop, EPOLL_CTL_MOD, fd, events);
		if (r == MCPSESS_OK) {
			place->events = events;
		}
		return r;
	}
	place = new_place(core);
	if (place == NULL) {
		return MCPSESS_E_NOMEM;
	}
	int r = tell_epoll(&core->loop, EPOLL_CTL_ADD, fd, events);
	if (r == MCPSESS_OK) {
		*place = (struct pollfd){ .fd = fd, .events = events };
	}
	return r;
}

int mcpsess_loop_watch(struct mcpsess_core *core, int fd, uint32_t events)
{
	short wanted = (short)((events & MCPSESS_EVENT_READ ? POLLIN : 0) |
			       (events & MCPSESS_EVENT_WRITE ? POLLOUT : 0));
	if (fd < 0) {
		return MCPSESS_E_INVALID;
	}
	if (wanted != 0) {
		return watch(core, fd, wanted);
	}
	struct pollfd *place = place_of(&core->loop, fd);
	if (place != NULL) {
		*place = (struct pollfd){ .fd = -1 };
		tell_epoll(&core->loop, EPOLL_CTL_DEL, fd, 0);
	}
	return MCPSESS_OK;
}

static void ready(struct mcpsess_core *core, int fd, short happened)
{
	struct mcpsess_loop *loop = &core->loop;
	uint64_t rings;
	if (fd == loop->timer_fd) {
		if (read(fd, &rings, sizeof(rings)) > 0) {
			loop->armed_ms = 0;
		}
		return;
	}
	uint32_t events = (happened & POLLIN ? MCPSESS_EVENT_READ : 0u) |
			  (happened & POLLOUT ? MCPSESS_EVENT_WRITE : 0u) |
			  (happened & ~(POLLIN | POLLOUT) ? MCPSESS_EVENT_ERROR : 0u);
	core->ops.ready(core->store, fd, events);
}

/* -- turning ------------------------------------------------------------------------------- */

/* Wait for events, at most wait_ms, and do all that has become possible. */
static void turn(struct mcpsess_core *core, int wait_ms)
{
	struct mcpsess_loop *loop = &core->loop;
	int some = loop->fd_count > 0 || wait_ms > 0 ? poll(loop->fds, loop->fd_count, wait_ms) : 0;
	/* By place: what ready() does may move the table and change what is in it. */
	for (size_t i = 0; some > 0 && i < loop->fd_count; i++) {
		short happened = loop->fds[i].revents;
		if (loop->fds[i].fd >= 0 && happened != 0) {
			some--;
			loop->fds[i].revents = 0;
			ready(core, loop->fds[i].fd, happened);
		}
	}
	uint64_t now = mcpsess_now_ms(&core->env);
	if (loop->wake_ms != 0 && loop->wake_ms <= now) {
		loop->wake_ms = 0;
		core->ops.tick(core->store, now);
	}
	give_up_until(core, now);
}

/* When the loop has to turn again by itself; 0: never. */
static uint64_t next_ms(const struct mcpsess_loop *loop)
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

int mcpsess_loop_wait(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	/* The host's clock may stand still; who waits must still come back. */
	uint64_t end = real_ms() + until(call->give_up_ms, mcpsess_now_ms(&core->env));
	while (call->status == MCPSESS_PENDING) {
		uint64_t left = until(end, real_ms());
		uint64_t next = until(next_ms(&core->loop), mcpsess_now_ms(&core->env));
		uint64_t wait = next < left ? next : left;
		turn(core, wait < INT_MAX ? (int)wait : INT_MAX);
		if (left == 0 && call->status == MCPSESS_PENDING) {
			give_up(core, call);
		}
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
	for (; due > 0 && over->first != NULL; due--, told++) {
		struct mcp_session_store_call *call = over->first;
		take_out(over, call);
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

/* -- the descriptor for hosts --------------------------------------------------------------- */

/* Later than needed is never armed; earlier is left, for it costs a wake-up and not a system call.
 */
void mcpsess_loop_arm(struct mcpsess_core *core)
{
	struct mcpsess_loop *loop = &core->loop;
	uint64_t next = loop->over.first != NULL ? AT_ONCE : next_ms(loop);
	if (loop->timer_fd < 0 || next == 0 || (loop->armed_ms != 0 && loop->armed_ms <= next)) {
		return;
	}
	uint64_t wait = until(next, mcpsess_now_ms(&core->env));
	struct itimerspec when = { .it_value = { .tv_sec = (time_t)(wait / 1000),
					   .tv_nsec =
						   wait > 0 ? (long)(wait % 1000) * 1000000 : 1 } };
	if (timerfd_settime(loop->timer_fd, 0, &when, NULL) == 0) {
		loop->armed_ms = next;
	}
}

static int make_descriptors(struct mcpsess_core *core)
{
	struct mcpsess_loop *loop = &core->loop;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int timer = epoll >= 0 ? timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) : -1;
	loop->epoll_fd = epoll;
	loop->timer_fd = timer;
	int r = timer >= 0 ? watch(core, timer, POLLIN) : MCPSESS_E_NOMEM;
	for (size_t i = 0; r == MCPSESS_OK && i < loop->fd_count; i++) {
		struct pollfd *place = &loop->fds[i];
		if (place->fd >= 0 && place->fd != timer) {
			r = tell_epoll(loop, EPOLL_CTL_ADD, place->fd, place->events);
		}
	}
	return r;
}

int mcp_session_store_fd(struct mcp_session_store *store)
{
	struct mcpsess_core *core = mcpsess_core_of(store);
	struct mcpsess_loop *loop = &core->loop;
	if (loop->epoll_fd >= 0) {
		return loop->epoll_fd;
	}
	if (make_descriptors(core) < 0) {
		int epoll = loop->epoll_fd, timer = loop->timer_fd;
		loop->epoll_fd = loop->timer_fd = -1;
		mcpsess_loop_watch(core, timer, 0);
		if (epoll >= 0) {
			close(epoll);
		}
		if (timer >= 0) {
			close(timer);
		}
		return -1;
	}
	mcpsess_loop_arm(core);
	return loop->epoll_fd;
}
