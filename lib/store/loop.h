/*
 * The calls of one store that pend, and what may end their wait: descriptors, a wake-up that the
 * backend asked for, deadlines. A store whose verbs never pend leaves all of it empty.
 */
#ifndef MCPSESS_STORE_LOOP_H
#define MCPSESS_STORE_LOOP_H

#include <mcpsess/backend.h>

struct mcpsess_core;
struct pollfd;

struct mcpsess_calls {
	struct mcp_session_store_call *first, *last;
};

struct mcpsess_loop {
	struct mcpsess_calls pending; /* the earliest deadline first */
	struct mcpsess_calls over;    /* finished, and nobody told yet */
	struct pollfd *fds;           /* what is watched; free places have fd -1 */
	size_t fd_count;
	size_t fd_capacity;
	uint64_t wake_ms; /* tick() then; 0: never */
	int dispatching;  /* how deep: the flush is for its end */
	int epoll_fd;     /* both -1 until the host asks for a descriptor to watch */
	int timer_fd;
	uint64_t armed_ms; /* when the timer rings; 0: it does not, 1: at once */
};

void mcpsess_loop_init(struct mcpsess_loop *loop);
/* Cancel every call, without done(). */
void mcpsess_loop_forget(struct mcpsess_core *core);
/* Close and free what watching took. */
void mcpsess_loop_free(struct mcpsess_core *core);

/* A call has been started and pends. */
void mcpsess_loop_add(struct mcpsess_core *core, struct mcp_session_store_call *call);
/* Send what has been started. */
void mcpsess_loop_flush(struct mcpsess_core *core);
/*
 * When waiting for the call has to end, by a clock of our own: the host's may stand still, and who
 * waits must still come back.
 */
uint64_t mcpsess_loop_limit(struct mcpsess_core *core, const struct mcp_session_store_call *call);
/* Wait once, until something happens or the limit is reached; then the call is over too. */
void mcpsess_loop_turn(
	struct mcpsess_core *core, struct mcp_session_store_call *call, uint64_t limit_ms);
/* Wait until the call is over and take it out: its status. Other calls stay for dispatch. */
int mcpsess_loop_wait(struct mcpsess_core *core, struct mcp_session_store_call *call);
/* Take the call out if it is over: 1, and its status is in call->status; else 0. */
int mcpsess_loop_take(struct mcpsess_core *core, struct mcp_session_store_call *call);
/* When the loop has to turn by itself; 0: never. */
uint64_t mcpsess_loop_next(const struct mcpsess_loop *loop);
/* Wait for events at what is watched, at most wait_ms, and let the backend see to them. */
void mcpsess_loop_poll(struct mcpsess_core *core, int wait_ms);
/* Make the store's descriptor readable when it has to be: at the end of all that may block. */
void mcpsess_loop_arm(struct mcpsess_core *core);
/* Whether the call is in here. */
int mcpsess_loop_holds(const struct mcpsess_loop *loop, const struct mcp_session_store_call *call);

/* For the host table. */
int mcpsess_loop_watch(struct mcpsess_core *core, int fd, uint32_t events);
void mcpsess_loop_finish(
	struct mcpsess_core *core, struct mcp_session_store_call *call, int status);

#endif
