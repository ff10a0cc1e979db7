#include "upkeep.h"

#include <mcpsess/error.h>

#include <limits.h>
#include <poll.h>

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

static void over(struct redis_part *part, int status)
{
	struct own *own = (struct own *)(void *)part;
	for (size_t i = 0; i < NUMBERS; i++) {
		own->numbers[i] = mcpsess_redis_number(part->reply, i);
	}
	own->status = status;
}

/* Wait for what is watched, and see to it. */
static void turn(struct redis *redis, uint64_t until_ms)
{
	uint64_t now_ms = mcpsess_redis_now(redis), next_ms = mcpsess_redis_conn_next(&redis->conn);
	uint64_t then_ms = next_ms != 0 && next_ms < until_ms ? next_ms : until_ms;
	uint64_t wait_ms = then_ms > now_ms ? then_ms - now_ms : 0;
	struct redis_conn *conn = &redis->conn;
	struct pollfd fd = { conn->socket.fd,
		(short)((conn->watched & MCPSESS_EVENT_READ ? POLLIN : 0) |
			(conn->watched & MCPSESS_EVENT_WRITE ? POLLOUT : 0)),
		0 };
	if (poll(&fd, 1, wait_ms < INT_MAX ? (int)wait_ms : INT_MAX) > 0) {
		uint32_t events = (fd.revents & POLLIN ? MCPSESS_EVENT_READ : 0u) |
				  (fd.revents & POLLOUT ? MCPSESS_EVENT_WRITE : 0u) |
				  (fd.revents & ~(POLLIN | POLLOUT) ? MCPSESS_EVENT_ERROR : 0u);
		mcpsess_redis_conn_ready(conn, events);
	}
	mcpsess_redis_conn_tick(conn, mcpsess_redis_now(redis));
}

/* Uncount at most so many that have expired, 0 for all, and count. */
static int run(struct redis *redis, size_t budget, struct own *own)
{
	struct mcp_session_store_call *call = &own->part.call;
	uint64_t until_ms = mcpsess_redis_now(redis) + redis->config.timeout_ms;
	memset(own, 0, sizeof(*own));
	own->status = MCPSESS_PENDING;
	own->part.over = over;
	call->done = mcpsess_redis_part_done;
	call->give_up_ms = until_ms;
	call->request.tombstone_ms = redis->config.tombstone_ms;
	call->request.max_sessions = budget;
	int r = mcpsess_redis_verb(call, redis, REDIS_STATS);
	if (r < 0) {
		return r;
	}
	mcpsess_redis_conn_flush(&redis->conn);
	while (own->status == MCPSESS_PENDING && mcpsess_redis_now(redis) < until_ms) {
		turn(redis, until_ms);
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

/* Nothing is connected for it: the server frees what has expired without being told. */
int mcpsess_redis_sweep(struct mcp_session_store *self, size_t budget)
{
	struct redis *redis = mcpsess_redis_of(self);
	struct own own;
	if (redis->conn.state != REDIS_READY) {
		return 0;
	}
	int r = run(redis, budget < INT_MAX ? budget : INT_MAX, &own);
	return r == MCPSESS_OK ? (int)own.numbers[FREED] : r;
}
