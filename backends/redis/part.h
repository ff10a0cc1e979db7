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
	/* What was answered, if anything was; then that it is over, which may free the part. */
	void (*hear)(struct redis_part *part, const struct redisReply *reply);
	void (*over)(struct redis_part *part, int status);
	/* Of notes and keys: for the owner's index, or everybody's. */
	int owners;
	const char *what; /* of notes: see lua/note.lua */
	uint64_t bytes, more[3];
	size_t more_count;
	unsigned tries;
	/* Of what moves to another slot. */
	struct mcpsess_bytes record;
	int undoes;
};

/* What tells parts from calls: their done(), which nobody calls. */
void mcpsess_redis_part_done(struct mcp_session_store_call *call, int status);

static inline struct redis_part *mcpsess_redis_part_of(struct mcp_session_store_call *call)
{
	return call->done == mcpsess_redis_part_done ? (struct redis_part *)(void *)call : NULL;
}

/* Queue a call or a part where it belongs: PENDING, or why it cannot be. */
int mcpsess_redis_send(struct redis *redis, struct mcp_session_store_call *call, uint32_t script);
/* End all parts that nobody waits for: the store is closed. */
void mcpsess_redis_drop_parts(struct redis *redis);

void mcpsess_redis_explain(
	struct redis *redis, struct mcp_session_store_call *call, int sys, const char *text);
/* End a call or a part. text may be NULL. */
void mcpsess_redis_finish(struct redis *redis, struct mcp_session_store_call *call, int status,
	int sys, const char *text);

/* A number of a reply; 0 where there is none. */
uint64_t mcpsess_redis_number(const struct redisReply *reply, size_t index);

#endif
