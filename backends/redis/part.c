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

void mcpsess_redis_finish(struct redis *redis, struct mcp_session_store_call *call, int status,
	int sys, const char *text, const redisReply *reply)
{
	const struct mcp_session_store *store = &redis->store;
	struct redis_part *part = mcpsess_redis_part_of(call);
	if (part == NULL) {
		if (text != NULL) {
			store->host->explain(call, sys, text);
		}
		store->host->finish(store->core, call, status);
		return;
	}
	if (text != NULL) {
		snprintf(call->error.text, sizeof(call->error.text), "%s", text);
		call->error.sys = sys;
	}
	part->reply = reply;
	part->over(part, status);
}

uint64_t mcpsess_redis_number(const redisReply *reply, size_t index)
{
	int there = reply != NULL && index < reply->elements &&
		    reply->element[index]->type == REDIS_REPLY_INTEGER &&
		    reply->element[index]->integer > 0;
	return there ? (uint64_t)reply->element[index]->integer : 0;
}
