#include <mcpsess/error.h>

#include <errno.h>
#include <stdio.h>

#include <hiredis/hiredis.h>

#include "cluster.h"
#include "redis.h"

enum { READ_LEN = 16384 };

/* 0 when the connection is gone. */
static int take_reply(struct redis_conn *conn, const redisReply *reply)
{
	struct redis_slot slot;
	char why[sizeof(conn->why)] = "the server sent what nobody asked for";
	if (!mcpsess_redis_slot_pop(&conn->queue, &slot)) {
		mcpsess_redis_conn_lose(conn, EPROTO, why);
		return 0;
	}
	if (slot.kind == REDIS_GREET_MASTER) {
		int r = conn->redis->config.cluster
				? mcpsess_redis_hear_cluster(conn, reply, why, sizeof(why))
				: mcpsess_redis_hear_sentinel(conn, reply, why, sizeof(why));
		if (r < 0) {
			mcpsess_redis_conn_lose(conn, 0, why);
		} else {
			mcpsess_redis_conn_move(conn);
		}
		return 0;
	}
	if (slot.kind == REDIS_ASK) {
		return 1;
	}
	if (slot.kind >= REDIS_GREET_AUTH && slot.kind != REDIS_WAIT) {
		int r = mcpsess_redis_greeted(conn, slot.kind, reply, why, sizeof(why));
		if (r < 0) {
			mcpsess_redis_conn_lose(conn, r == MCPSESS_E_INVALID ? EACCES : 0, why);
			return 0;
		}
		if (slot.kind == REDIS_GREET_END - 1) {
			conn->state = REDIS_READY;
			conn->failures = 0;
		}
		return 1;
	}
	enum redis_after after = slot.more > 0 ? mcpsess_redis_reply_many(conn, &slot, reply)
					       : mcpsess_redis_reply(conn, &slot, reply);
	if (after == REDIS_AFTER_RESEND) {
		/* It has no such script, or no such keys any more. */
		mcpsess_redis_wait_first(&conn->queue, conn, slot.call, slot.kind,
			conn->leave ? 0 : slot.how | REDIS_WHOLE);
	} else if (after == REDIS_AFTER_LOSE) {
		mcpsess_redis_conn_lose(conn, EPROTO, "the server's answer makes no sense");
		return 0;
	}
	return 1;
}

/* Most answers are one string, which is taken from where it lies. */
static int read_string(struct redis_conn *conn, char *at, size_t len)
{
	char *end = at + len - 2;
	char *str = (char *)memchr(at, '\n', len) + 1;
	redisReply reply = { .type = REDIS_REPLY_STRING, .str = str, .len = (int)(end - str) };
	*end = '\0';
	conn->guard = (struct redis_guard){ 0 };
	int r = take_reply(conn, &reply);
	if (r) {
		mcpsess_redis_buffer_take(&conn->in, &conn->redis->store, len);
	}
	return r;
}

static int read_reply(struct redis_conn *conn, size_t len)
{
	char *at = conn->in.data + conn->in.start;
	if (at[0] == '$' && at[1] != '-') {
		return read_string(conn, at, len);
	}
	void *reply = NULL;
	int r = redisReaderFeed(conn->reader, at, len);
	if (r == REDIS_OK) {
		r = redisReaderGetReply(conn->reader, &reply);
	}
	mcpsess_redis_buffer_take(&conn->in, &conn->redis->store, len);
	conn->guard = (struct redis_guard){ 0 };
	if (r != REDIS_OK || reply == NULL) {
		mcpsess_redis_conn_lose(conn, ENOMEM, "an answer cannot be read");
		return 0;
	}
	r = take_reply(conn, reply);
	freeReplyObject(reply);
	return r;
}

/* All replies that are whole. 0 when the connection is gone. */
static int take_replies(struct redis_conn *conn)
{
	for (;;) {
		size_t there = mcpsess_redis_buffer_len(&conn->in);
		if (there == 0) {
			return 1;
		}
		long long len =
			mcpsess_redis_guard(&conn->guard, conn->in.data + conn->in.start, there);
		if (len < 0) {
			mcpsess_redis_conn_lose(
				conn, EPROTO, "the server sent what is no answer of Redis");
			return 0;
		}
		if (len == 0) {
			return 1;
		}
		if (!read_reply(conn, (size_t)len)) {
			return 0;
		}
	}
}

void mcpsess_redis_receive(struct redis_conn *conn, int waits)
{
	for (;;) {
		size_t moved;
		int sys;
		if (mcpsess_redis_buffer_reserve(&conn->in, &conn->redis->store, READ_LEN) < 0) {
			mcpsess_redis_conn_lose(conn, ENOMEM, "no memory for an answer");
			return;
		}
		size_t room = conn->in.capacity - conn->in.end;
		enum redis_io io = mcpsess_redis_socket_read(
			&conn->socket, conn->in.data + conn->in.end, room, waits, &moved, &sys);
		waits = 0;
		conn->in.end += moved;
		if (io == REDIS_IO_CLOSED || io == REDIS_IO_FAILED) {
			mcpsess_redis_conn_lose(conn, sys,
				sys != 0 ? "the connection broke" : "the server hung up");
			return;
		}
		if (!take_replies(conn) ||
			(moved < room && !mcpsess_redis_socket_pends(&conn->socket))) {
			break;
		}
	}
	if (conn->leave && conn->queue.count == 0) {
		mcpsess_redis_conn_lose(conn, 0, "the server is of no use any more");
	}
}
