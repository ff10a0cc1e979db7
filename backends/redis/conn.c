#include "conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "cluster.h"
#include "redis.h"
#include "send.h"
#include "tls.h"

enum {
	/* Idle for longer, it may have been closed from the other end: looked at before it is used.
	 */
	STALE_MS = 1000,
	BACKOFF_FIRST_MS = 20,
};

static const struct mcp_session_store *store_of(const struct redis_conn *conn)
{
	return &conn->redis->store;
}

void mcpsess_redis_conn_init(struct redis_conn *conn, struct redis *redis)
{
	memset(conn, 0, sizeof(*conn));
	conn->redis = redis;
	mcpsess_redis_socket_init(&conn->socket);
}

static void watch(struct redis_conn *conn, uint32_t events)
{
	if (conn->watched != events && conn->socket.fd >= 0) {
		store_of(conn)->host->watch(store_of(conn)->core, conn->socket.fd, events);
		conn->watched = events;
	}
}

static void shut(struct redis_conn *conn)
{
	watch(conn, 0);
	mcpsess_redis_socket_close(&conn->socket);
	mcpsess_redis_buffer_free(&conn->out, store_of(conn));
	mcpsess_redis_buffer_free(&conn->in, store_of(conn));
	if (conn->reader != NULL) {
		redisReaderFree(conn->reader);
		conn->reader = NULL;
	}
	conn->guard = (struct redis_guard){ 0 };
	conn->written = 0;
	conn->leave = 0;
	conn->state = REDIS_OFF;
}

void mcpsess_redis_conn_free(struct redis_conn *conn)
{
	shut(conn);
	mcpsess_redis_queue_free(&conn->queue, store_of(conn));
}

/* -- losing -------------------------------------------------------------------------------- */

static void finish(struct redis_conn *conn, const struct redis_slot *slot, int status, int sys,
	const char *why)
{
	/* A node that is away is not the store; a cluster is away when none tells its map. */
	int one = conn->is_node || (conn->redis->config.cluster && conn->failures == 0);
	/* Who pings asks whether it is set up rightly. */
	int tells = !one || (slot->kind == REDIS_PING && sys == EACCES);
	mcpsess_redis_finish(conn->redis, slot->call, status, tells ? sys : 0, why);
}

/* A share of the time by chance, so that many do not come back all at once. */
static uint64_t jitter(const struct redis_conn *conn, uint64_t most_ms)
{
	const struct mcp_session_store *store = store_of(conn);
	uint32_t chance = 0;
	store->host->random(store->core, &chance, sizeof(chance));
	return most_ms * chance / UINT32_MAX;
}

/* Who it is, what went wrong there, and the system's reason, unless who refuses us has said why. */
static void describe(
	const struct redis_conn *conn, int sys, const char *why, char *out, size_t capacity)
{
	char place[REDIS_PLACE_MAX];
	int said = sys == EACCES && conn->state != REDIS_CONNECTING;
	int says_more = sys != 0 && sys != ENOMEM && sys != EPROTO && sys != ETIMEDOUT && !said;
	mcpsess_redis_socket_place(&conn->endpoint, place, sizeof(place));
	snprintf(out, capacity, "%s: %s%s%s", place, why, says_more ? ": " : "",
		says_more ? strerror(sys) : "");
}

static void note_failure(struct redis_conn *conn, const char *line)
{
	uint64_t most_ms = (uint64_t)BACKOFF_FIRST_MS
			   << (conn->failures < 16 ? conn->failures : 16);
	uint64_t cap_ms = conn->redis->config.probe_every_ms;
	strcpy(conn->why, line);
	conn->failures++;
	conn->retry_ms =
		mcpsess_redis_now(conn->redis) + jitter(conn, most_ms < cap_ms ? most_ms : cap_ms);
}

static int try_seed(struct redis_conn *conn);

int mcpsess_redis_lost_status(const struct redis_slot *slot)
{
	int writes =
		slot->kind == REDIS_WAIT || mcpsess_redis_writes((enum redis_script)slot->kind);
	return writes ? MCPSESS_E_UNKNOWN : MCPSESS_E_UNAVAILABLE;
}

/* What was sent has an unknown outcome; what was not goes back, in the order it had. */
static void give_back(struct redis_conn *conn, uint64_t written, int sys, const char *why)
{
	struct redis_slot slot;
	while (mcpsess_redis_slot_unpush(&conn->queue, &slot)) {
		if (slot.call == NULL) {
			continue;
		}
		int again = conn->is_node && mcpsess_redis_lost_status(&slot) != MCPSESS_E_UNKNOWN;
		if ((slot.end > written || again) && slot.kind != REDIS_WAIT) {
			mcpsess_redis_wait_first(
				&conn->queue, conn, slot.call, slot.kind, slot.how);
		} else {
			finish(conn, &slot, mcpsess_redis_lost_status(&slot), sys, why);
		}
	}
}

static void fail_waiting(struct redis_conn *conn, int sys)
{
	struct redis_slot slot;
	while (mcpsess_redis_wait_take(&conn->queue, &slot) != NULL) {
		finish(conn, &slot, MCPSESS_E_UNAVAILABLE, sys, conn->why);
	}
}

void mcpsess_redis_conn_lose(struct redis_conn *conn, int sys, const char *why)
{
	enum redis_conn_state was = conn->state;
	uint64_t written = conn->written;
	char line[sizeof(conn->why)];
	describe(conn, sys, why, line, sizeof(line));
	shut(conn);
	give_back(conn, written, sys, line);
	/* Another sentinel may know better than one whose primary is none any more. */
	if (was != REDIS_READY && was != REDIS_OFF && !conn->is_node && try_seed(conn)) {
		return;
	}
	if (was != REDIS_READY) {
		note_failure(conn, line);
		/* What answers and refuses will not serve before the deadline either. */
		int refuses = sys == EACCES && was != REDIS_CONNECTING;
		conn->redis->cluster.wanted |= conn->is_node && refuses;
		if (conn->is_node && !refuses) {
			mcpsess_redis_leave_node(conn);
		} else {
			fail_waiting(conn, sys);
		}
	}
}

/* -- sending ------------------------------------------------------------------------------- */

static void write_out(struct redis_conn *conn)
{
	while (mcpsess_redis_buffer_len(&conn->out) > 0) {
		size_t moved;
		int sys;
		enum redis_io io =
			mcpsess_redis_socket_write(&conn->socket, conn->out.data + conn->out.start,
				mcpsess_redis_buffer_len(&conn->out), &moved, &sys);
		conn->written += moved;
		mcpsess_redis_buffer_take(&conn->out, store_of(conn), moved);
		if (io == REDIS_IO_READ || io == REDIS_IO_WRITE) {
			watch(conn, MCPSESS_EVENT_READ |
					    (io == REDIS_IO_WRITE ? MCPSESS_EVENT_WRITE : 0u));
			return;
		}
		if (io != REDIS_IO_OK) {
			mcpsess_redis_conn_lose(conn, sys, "the connection broke");
			return;
		}
	}
	watch(conn, MCPSESS_EVENT_READ);
}

static void send_waiting(struct redis_conn *conn)
{
	if (mcpsess_redis_append_waiting(conn) < 0) {
		mcpsess_redis_conn_lose(conn, ENOMEM, "no memory for a command");
	} else {
		write_out(conn);
	}
}

/* -- connecting ---------------------------------------------------------------------------- */

static void greet(struct redis_conn *conn)
{
	conn->reader = redisReaderCreate();
	conn->state = REDIS_GREETING;
	char why[sizeof(conn->why)] = "no memory for a connection";
	int r = MCPSESS_E_NOMEM;
	if (conn->reader != NULL) {
		r = !conn->asking ? mcpsess_redis_greet(conn, why, sizeof(why))
		    : conn->redis->config.cluster
			    ? mcpsess_redis_ask_cluster(conn, why, sizeof(why))
			    : mcpsess_redis_ask_sentinel(conn);
	}
	if (r < 0) {
		mcpsess_redis_conn_lose(conn, r == MCPSESS_E_NOMEM ? ENOMEM : EACCES, why);
		return;
	}
	write_out(conn);
}

static void take_handshake(struct redis_conn *conn, enum redis_io io, int sys, const char *why)
{
	if (io == REDIS_IO_OK) {
		greet(conn);
	} else if (io == REDIS_IO_FAILED) {
		mcpsess_redis_conn_lose(conn, sys, why);
	} else {
		watch(conn, io == REDIS_IO_READ ? MCPSESS_EVENT_READ : MCPSESS_EVENT_WRITE);
	}
}

static void secure(struct redis_conn *conn)
{
	char why[sizeof(conn->why)] = "";
	enum redis_io io;
	int sys = 0;
	if (conn->state == REDIS_SECURING) {
		io = mcpsess_redis_tls_handshake(&conn->socket, &sys, why, sizeof(why));
	} else {
		conn->state = REDIS_SECURING;
		io = mcpsess_redis_tls_begin(&conn->socket, &conn->redis->config.tls,
			conn->endpoint.host, &sys, why, sizeof(why));
	}
	take_handshake(conn, io, sys, why);
}

static void take_io(struct redis_conn *conn, enum redis_io io, int sys, const char *why)
{
	if (io == REDIS_IO_OK && conn->endpoint.tls) {
		secure(conn);
	} else if (io == REDIS_IO_OK) {
		greet(conn);
	} else if (io == REDIS_IO_FAILED) {
		mcpsess_redis_conn_lose(conn, sys, why);
	} else {
		conn->watched = 0;
		watch(conn, MCPSESS_EVENT_WRITE);
	}
}

static void begin(struct redis_conn *conn, uint64_t timeout_ms)
{
	int sys;
	const char *why;
	conn->state = REDIS_CONNECTING;
	conn->due_ms = mcpsess_redis_now(conn->redis) + timeout_ms;
	enum redis_io io = mcpsess_redis_socket_begin(&conn->socket, &conn->endpoint, &sys, &why);
	take_io(conn, io, sys, why);
}

/* Ask the next sentinel, each in its share of the time; 0 when none is left. */
static int try_seed(struct redis_conn *conn)
{
	struct redis_config *config = &conn->redis->config;
	const struct redis_endpoint *seed = mcpsess_redis_seed(&config->seeds);
	conn->asking = seed != NULL;
	if (seed != NULL) {
		conn->endpoint = *seed;
		begin(conn, config->connect_timeout_ms / config->seeds.count + 1);
	}
	return seed != NULL;
}

static void connect_it(struct redis_conn *conn)
{
	struct redis_config *config = &conn->redis->config;
	config->seeds.tried = conn->is_node ? config->seeds.tried : 0;
	if (conn->is_node || !try_seed(conn)) {
		begin(conn, config->connect_timeout_ms);
	}
}

void mcpsess_redis_conn_move(struct redis_conn *conn)
{
	shut(conn);
	conn->asking = 0;
	conn->failures = 0;
	if (!conn->redis->config.cluster) {
		begin(conn, conn->redis->config.connect_timeout_ms);
	}
}

static void go_on_connecting(struct redis_conn *conn)
{
	int sys;
	const char *why = NULL;
	enum redis_io io = mcpsess_redis_socket_finish(&conn->socket, &sys);
	if (io == REDIS_IO_FAILED && conn->socket.next != NULL) {
		watch(conn, 0);
		io = mcpsess_redis_socket_next(&conn->socket, &sys, &why);
	}
	take_io(conn, io, sys, REDIS_NO_SERVER);
}

/* -- from outside -------------------------------------------------------------------------- */

int mcpsess_redis_conn_admit(struct redis_conn *conn, struct mcp_session_store_call *call)
{
	if (conn->state == REDIS_OFF && conn->failures > 0 &&
		mcpsess_redis_now(conn->redis) < conn->retry_ms) {
		mcpsess_redis_explain(conn->redis, call, 0, conn->why);
		return MCPSESS_E_UNAVAILABLE;
	}
	return mcpsess_redis_queue_reserve(&conn->queue, store_of(conn));
}

/* The core does not watch over its deadline. */
static int is_ours(const struct redis_slot *slot)
{
	return slot->call == NULL || mcpsess_redis_part_of(slot->call) != NULL;
}

static int is_overdue(const struct redis_conn *conn, uint64_t now_ms)
{
	const struct redis_slot *slot = mcpsess_redis_slot_first(&conn->queue);
	return slot != NULL && is_ours(slot) && conn->state == REDIS_READY &&
	       slot->due_ms <= now_ms;
}

/* What has become of a connection since it was last used. */
static void look_at(struct redis_conn *conn)
{
	uint64_t now_ms = conn->queue.first->give_up_ms;
	if (conn->queue.count == 0 && now_ms > conn->used_ms + STALE_MS &&
		mcpsess_redis_socket_is_stale(&conn->socket)) {
		mcpsess_redis_receive(conn, 0);
	} else if (conn->queue.count > 0 && is_overdue(conn, mcpsess_redis_now(conn->redis))) {
		mcpsess_redis_conn_lose(conn, ETIMEDOUT, "an answer is overdue");
	}
}

void mcpsess_redis_conn_flush(struct redis_conn *conn)
{
	const struct redis_cluster *cluster = &conn->redis->cluster;
	int maps = conn->redis->config.cluster && !conn->is_node;
	if (conn->queue.first == NULL && !(maps && cluster->wanted)) {
		return;
	}
	if (maps) {
		if (conn->state == REDIS_OFF && mcpsess_redis_now(conn->redis) >= cluster->ask_ms) {
			connect_it(conn);
		}
		return;
	}
	if (conn->state == REDIS_READY) {
		look_at(conn);
	}
	if (conn->state == REDIS_READY && conn->leave) {
		/* What it was asked before is still to be answered, then it goes. */
		return;
	}
	if (conn->state == REDIS_OFF && conn->queue.first != NULL) {
		connect_it(conn);
	} else if (conn->state == REDIS_READY) {
		send_waiting(conn);
		/* It broke before anything was sent. */
		if (conn->state == REDIS_OFF && conn->queue.first != NULL) {
			connect_it(conn);
		}
	}
}

void mcpsess_redis_conn_ready(struct redis_conn *conn, uint32_t events)
{
	if (conn->state == REDIS_CONNECTING) {
		go_on_connecting(conn);
	} else if (conn->state == REDIS_SECURING) {
		secure(conn);
	} else {
		if ((events & (MCPSESS_EVENT_READ | MCPSESS_EVENT_ERROR)) != 0) {
			mcpsess_redis_receive(conn, 0);
		}
		if ((events & MCPSESS_EVENT_WRITE) != 0 && conn->state >= REDIS_GREETING) {
			write_out(conn);
		}
	}
	mcpsess_redis_conn_flush(conn);
}

int mcpsess_redis_conn_wait(struct redis_conn *conn, int wait_ms)
{
	if (conn->state < REDIS_GREETING || !mcpsess_redis_socket_waits(&conn->socket, wait_ms)) {
		return 0;
	}
	mcpsess_redis_receive(conn, 1);
	mcpsess_redis_conn_flush(conn);
	return 1;
}

/* A little before the core would give up, for here it is known that nothing was sent. */
static uint64_t unsent_due(const struct redis_conn *conn)
{
	uint64_t ahead = conn->redis->config.timeout_ms / 16;
	const struct mcp_session_store_call *first = conn->queue.first;
	return first != NULL ? first->give_up_ms - (ahead < 20 ? ahead : 20) : 0;
}

static const char *stage(const struct redis_conn *conn)
{
	return conn->state == REDIS_SECURING ? " in the TLS handshake" : "";
}

static void fail_overdue(struct redis_conn *conn)
{
	struct redis_slot slot;
	char why[64], line[sizeof(conn->why)];
	snprintf(why, sizeof(why), "no connection in time%s, nothing was sent", stage(conn));
	describe(conn, 0, why, line, sizeof(line));
	mcpsess_redis_wait_take(&conn->queue, &slot);
	finish(conn, &slot, MCPSESS_E_UNAVAILABLE, ETIMEDOUT, line);
}

void mcpsess_redis_conn_tick(struct redis_conn *conn, uint64_t now_ms)
{
	char why[64];
	if (is_overdue(conn, now_ms)) {
		mcpsess_redis_conn_lose(conn, ETIMEDOUT, "an answer is overdue");
	} else if (conn->state != REDIS_OFF && conn->state != REDIS_READY &&
		   conn->due_ms <= now_ms) {
		snprintf(why, sizeof(why), "the server does not answer%s", stage(conn));
		mcpsess_redis_conn_lose(conn, ETIMEDOUT, why);
	}
	while (conn->queue.first != NULL && unsent_due(conn) <= now_ms) {
		fail_overdue(conn);
	}
	mcpsess_redis_conn_flush(conn);
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

uint64_t mcpsess_redis_conn_next(const struct redis_conn *conn)
{
	const struct redis_slot *slot = mcpsess_redis_slot_first(&conn->queue);
	uint64_t next = unsent_due(conn);
	if (conn->state != REDIS_OFF && conn->state != REDIS_READY) {
		next = sooner(next, conn->due_ms);
	} else if (slot != NULL && is_ours(slot)) {
		next = sooner(next, slot->due_ms);
	} else if (next != 0 && !conn->is_node && conn->redis->cluster.ask_ms != 0) {
		next = sooner(next, conn->redis->cluster.ask_ms);
	}
	return next;
}
