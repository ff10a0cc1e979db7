#include "upkeep.h"

#include <mcpsess/error.h>

#include <limits.h>
#include <poll.h>
#include <time.h>

#include "part.h"
#include "redis.h"

/* What stats.lua answers, behind the status and the time. */
enum { FREED = 2, SESSIONS, TOMBSTONES, BYTES, EXPIRED, NUMBERS };

/* One that is waited for. */
struct own {
	struct redis_part part;
	int status;
	uint64_t numbers[NUMBERS];
};

static void hear(struct redis_part *part, const struct redisReply *reply)
{
	struct own *own = (struct own *)(void *)part;
	for (size_t i = 0; i < NUMBERS; i++) {
		own->numbers[i] = mcpsess_redis_number(reply, i);
	}
}

static void over(struct redis_part *part, int status)
{
	((struct own *)(void *)part)->status = status;
}

/* The host's clock may stand still, and who waits must still come back. */
static uint64_t real_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static short wanted(const struct redis_conn *conn)
{
	return (short)((conn->watched & MCPSESS_EVENT_READ ? POLLIN : 0) |
		       (conn->watched & MCPSESS_EVENT_WRITE ? POLLOUT : 0));
}

static uint32_t happened(short events)
{
	return (events & POLLIN ? MCPSESS_EVENT_READ : 0u) |
	       (events & POLLOUT ? MCPSESS_EVENT_WRITE : 0u) |
	       (events & ~(POLLIN | POLLOUT) ? MCPSESS_EVENT_ERROR : 0u);
}

/* Wait for what is watched, and see to it. */
static void turn(struct redis *redis, uint64_t most_ms)
{
	struct pollfd fds[1 + REDIS_NODES_MAX];
	struct redis_conn *conn;
	nfds_t count = 0;
	uint64_t now_ms = mcpsess_redis_now(redis), next_ms = mcpsess_redis_next(redis);
	uint64_t wait_ms = next_ms == 0 ? most_ms : next_ms > now_ms ? next_ms - now_ms : 0;
	for (; (conn = mcpsess_redis_each(redis, count)) != NULL; count++) {
		fds[count] = (struct pollfd){ conn->socket.fd, wanted(conn), 0 };
	}
	int some = poll(fds, count, (int)(wait_ms < most_ms ? wait_ms : most_ms));
	for (nfds_t i = 0; i < count; i++) {
		conn = mcpsess_redis_each(redis, i);
		if (some > 0 && fds[i].revents != 0 && conn->socket.fd == fds[i].fd) {
			mcpsess_redis_conn_ready(conn, happened(fds[i].revents));
		}
		mcpsess_redis_conn_tick(conn, mcpsess_redis_now(redis));
	}
	mcpsess_redis_flush(redis);
}

void mcpsess_redis_settle(struct redis *redis)
{
	uint64_t until_ms = real_ms() + redis->config.timeout_ms;
	while (redis->notes_under_way > 0 && real_ms() < until_ms) {
		turn(redis, until_ms - real_ms());
	}
}

/* Uncount at most so many that have expired, 0 for all, and count. */
static int run(struct redis *redis, size_t budget, struct own *own)
{
	struct mcp_session_store_call *call = &own->part.call;
	uint64_t until_ms = real_ms() + redis->config.timeout_ms;
	memset(own, 0, sizeof(*own));
	own->status = MCPSESS_PENDING;
	own->part.hear = hear;
	own->part.over = over;
	call->done = mcpsess_redis_part_done;
	call->give_up_ms = mcpsess_redis_now(redis) + redis->config.timeout_ms;
	call->request.tombstone_ms = redis->config.tombstone_ms;
	call->request.max_sessions = budget;
	int r = mcpsess_redis_verb(call, redis, REDIS_STATS);
	if (r < 0) {
		return r;
	}
	mcpsess_redis_flush(redis);
	while (own->status == MCPSESS_PENDING && real_ms() < until_ms) {
		turn(redis, until_ms - real_ms());
	}
	if (own->status == MCPSESS_PENDING) {
		mcpsess_redis_forget(&mcpsess_redis_conn_of(call)->queue, call);
		own->status = MCPSESS_E_UNAVAILABLE;
	}
	mcpsess_redis_schedule(redis);
	return own->status;
}

int mcpsess_redis_stats(struct mcp_session_store *self, struct mcp_session_store_counts *out)
{
	struct own own;
	int r = run(mcpsess_redis_of(self), 0, &own);
	if (r == MCPSESS_OK) {
		out->sessions = own.numbers[SESSIONS];
		out->tombstones = own.numbers[TOMBSTONES];
		out->bytes = own.numbers[BYTES];
		out->expired = own.numbers[EXPIRED];
	}
	return r;
}

static int is_connected(struct redis *redis)
{
	struct redis_conn *conn;
	for (size_t i = 0; (conn = mcpsess_redis_each(redis, i)) != NULL; i++) {
		if (conn->state == REDIS_READY) {
			return 1;
		}
	}
	return 0;
}

/* Nothing is connected for it: the server frees what has expired without being told. */
int mcpsess_redis_sweep(struct mcp_session_store *self, size_t budget)
{
	struct redis *redis = mcpsess_redis_of(self);
	struct own own;
	if (!is_connected(redis)) {
		return 0;
	}
	int r = run(redis, budget < INT_MAX ? budget : INT_MAX, &own);
	return r == MCPSESS_OK ? (int)own.numbers[FREED] : r;
}
