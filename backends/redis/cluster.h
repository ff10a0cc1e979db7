/*
 * Which node of a cluster serves our keys. They all carry the prefix as their hash tag, so that
 * every script finds its keys in one slot: one primary at a time carries the store.
 */
#ifndef MCPSESS_REDIS_CLUSTER_H
#define MCPSESS_REDIS_CLUSTER_H

#include <mcpsess/backend.h>

struct redis_conn;
struct redisReply;

/* The slot of a hash tag. */
uint16_t mcpsess_redis_slot_of(const char *tag, size_t len);
/* Ask the node that was just connected to. NOMEM. */
int mcpsess_redis_ask_cluster(struct redis_conn *conn);
/* Its answer, into conn->endpoint; UNAVAILABLE, with the reason in *why. */
int mcpsess_redis_hear_cluster(
	struct redis_conn *conn, const struct redisReply *reply, char *why, size_t capacity);
/* "MOVED slot host:port": where to go next, into conn->hint. 0 when it is not that. */
int mcpsess_redis_hear_moved(struct redis_conn *conn, const char *text);

#endif
