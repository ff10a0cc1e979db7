/*
 * Calls of our own: what a verb is made of where it is more than one command, and what nobody
 * asked for as a verb. They go through queues and connections as any call does.
 */
#ifndef MCPSESS_REDIS_PART_H
#define MCPSESS_REDIS_PART_H

#include <mcpsess/backend.h>

struct redis;
struct redisReply;

struct redis_part {
	struct mcp_session_store_call call; /* must be first */
	/* It is over; it may free the part. reply is there when the status came in one. */
	void (*over)(struct redis_part *part, int status);
	const struct redisReply *reply;
	void *context;
};

/* What tells parts from calls: their done(), which nobody calls. */
void mcpsess_redis_part_done(struct mcp_session_store_call *call, int status);

static inline struct redis_part *mcpsess_redis_part_of(struct mcp_session_store_call *call)
{
	return call->done == mcpsess_redis_part_done ? (struct redis_part *)(void *)call : NULL;
}

/* End a call or a part. text may be NULL; so may reply. */
void mcpsess_redis_finish(struct redis *redis, struct mcp_session_store_call *call, int status,
	int sys, const char *text, const struct redisReply *reply);

/* A number of a reply; 0 where there is none. */
uint64_t mcpsess_redis_number(const struct redisReply *reply, size_t index);

#endif
