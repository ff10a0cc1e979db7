#include "store/loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "store/core.h"

enum { FDS_FIRST = 4, AT_ONCE = 1 };

/* -- the backend's descriptors ------------------------------------------------------------- */

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

/*
 * The backend may know a shorter way than poll(), where there is one thing to wait for. A reader
 * of a local socket also wakes when the other end has read, which delays others' calls.
 */
static int waited(struct mcpsess_core *core, int wait_ms)
{
	const struct mcpsess_loop *loop = &core->loop;
	int alone = loop->pending.first == loop->pending.last && loop->fd_count == 1 &&
		    loop->fds[0].events == POLLIN;
	return alone && core->ops.wait != NULL && wait_ms > 0 &&
	       core->ops.wait(core->store, loop->fds[0].fd, wait_ms);
}

void mcpsess_loop_poll(struct mcpsess_core *core, int wait_ms)
{
	struct mcpsess_loop *loop = &core->loop;
	if (waited(core, wait_ms)) {
		return;
	}
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
}

/* -- the descriptor for hosts --------------------------------------------------------------- */

/* What rings too early is left: a wake-up for nothing costs less than a system call per verb. */
void mcpsess_loop_arm(struct mcpsess_core *core)
{
	struct mcpsess_loop *loop = &core->loop;
	uint64_t next = loop->over.first != NULL ? AT_ONCE : mcpsess_loop_next(loop);
	if (loop->timer_fd < 0 || next == 0 || (loop->armed_ms != 0 && loop->armed_ms <= next)) {
		return;
	}
	uint64_t now = mcpsess_now_ms(&core->env);
	uint64_t wait = next > now ? next - now : 0;
	long nanoseconds = wait > 0 ? (long)(wait % 1000) * 1000000 : 1;
	struct itimerspec when = { .it_value = { (time_t)(wait / 1000), nanoseconds } };
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
