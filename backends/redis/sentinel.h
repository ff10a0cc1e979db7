/* Where the primary is, as sentinels tell: they are asked anew for every connection. */
#ifndef MCPSESS_REDIS_SENTINEL_H
#define MCPSESS_REDIS_SENTINEL_H

#include "socket.h"

struct redis_conn;
struct redisReply;

/* Several places to begin with: the sentinels, or some nodes of a cluster. */
struct redis_seeds {
	struct redis_endpoint *list;
	size_t count;
	size_t next;  /* which to ask first the next time */
	size_t tried; /* in this attempt */
};

/* The next one that was not tried in this attempt; NULL: all were. */
const struct redis_endpoint *mcpsess_redis_seed(struct redis_seeds *seeds);
/* Ask the sentinel that was just connected to. NOMEM. */
int mcpsess_redis_ask_sentinel(struct redis_conn *conn);
/* Its answer, into conn->endpoint; UNAVAILABLE, with the reason in *why. */
int mcpsess_redis_hear_sentinel(
	struct redis_conn *conn, const struct redisReply *reply, char *why, size_t capacity);

#endif
