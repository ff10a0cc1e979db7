#include "part.h"

#include <mcpsess/error.h>

#include <stdio.h>

#include <hiredis/hiredis.h>

#include "redis.h"

void mcpsess_redis_part_done(struct mcp_session_store_call *call, int status)
{
	(void)call;
	(void)status;
}

void mcpsess_redis_explain(
	struct redis *redis, struct mcp_session_store_call *call, int sys, const char *text)
{
	if (mcpsess_redis_part_of(call) == NULL) {
		redis->store.host->explain(call, sys, text);
	} else {
		snprintf(call->error.text, sizeof(call->error.text), "%s", text);
	}
}

void mcpsess_redis_finish(struct redis *redis, struct mcp_session_store_call *call, int status,
	int sys, const char *text)
{
	const struct mcp_session_store *store = &redis->store;
	struct redis_part *part = mcpsess_redis_part_of(call);
	if (text != NULL) {
		mcpsess_redis_explain(redis, call, sys, text);
	}
	if (part != NULL) {
		part->over(part, status);
	} else {
		store->host->finish(store->core, call, status);
	}
}

int mcpsess_redis_send(struct redis *redis, struct mcp_session_store_call *call, uint32_t script)
{
	struct redis_conn *conn = mcpsess_redis_home(redis, call, script);
	int r = mcpsess_redis_conn_admit(conn, call);
	if (r == MCPSESS_OK) {
		mcpsess_redis_wait_last(&conn->queue, conn, call, script, 0);
		r = MCPSESS_PENDING;
	}
	return r;
}

void mcpsess_redis_drop_parts(struct redis *redis)
{
	struct redis_conn *conn;
	struct redis_slot slot;
	redis->cluster.closing = 1;
	for (size_t i = 0; (conn = mcpsess_redis_each(redis, i)) != NULL; i++) {
		while (mcpsess_redis_wait_take(&conn->queue, &slot) != NULL ||
			mcpsess_redis_slot_pop(&conn->queue, &slot)) {
			if (slot.call != NULL) {
				mcpsess_redis_finish(
					redis, slot.call, MCPSESS_E_UNAVAILABLE, 0, NULL);
			}
		}
	}
}

uint64_t mcpsess_redis_number(const redisReply *reply, size_t index)
{
	int there = reply != NULL && index < reply->elements &&
		    reply->element[index]->type == REDIS_REPLY_INTEGER &&
		    reply->element[index]->integer > 0;
	return there ? (uint64_t)reply->element[index]->integer : 0;
}
