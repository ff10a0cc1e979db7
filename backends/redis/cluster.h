/*
 * Which node of a cluster serves which slot, and how calls get there. A record is alone in its
 * slot, so that every verb on it names one key; indexes are elsewhere, and are told.
 */
#ifndef MCPSESS_REDIS_CLUSTER_H
#define MCPSESS_REDIS_CLUSTER_H

#include <mcpsess/backend.h>

#include "socket.h"

struct redis;
struct redis_conn;
struct redis_slot;
struct redisReply;

enum { REDIS_CLUSTER_SLOTS = 16384, REDIS_NODES_MAX = 254 };

struct redis_cluster {
	unsigned char *slots; /* the node of each, from 1; 0: not known */
	struct redis_conn **nodes;
	size_t count;
	uint64_t ask_ms; /* the map is not asked for before */
	int wanted;      /* somebody has met a map that is old */
	int closing;
};

/* The slot of a hash tag. */
uint16_t mcpsess_redis_slot_of(const char *tag, size_t len);

/* NOMEM. Undone by free in any case. */
int mcpsess_redis_cluster_init(struct redis *redis);
void mcpsess_redis_cluster_free(struct redis *redis);

/* Where a call belongs: its node, or the connection that asks for the map. NULL: no memory. */
struct redis_conn *mcpsess_redis_home(
	struct redis *redis, const struct mcp_session_store_call *call, uint32_t script);
/* Send it again from where it is at home now; later: once the map has been asked for. */
void mcpsess_redis_again(struct redis *redis, const struct redis_slot *slot, int later);
/* All that waits for a node that cannot be reached. */
void mcpsess_redis_leave_node(struct redis_conn *conn);

/* Ask the node that was just connected to. NOMEM. */
int mcpsess_redis_ask_cluster(struct redis_conn *conn, char *why, size_t capacity);
/* Its answer; UNAVAILABLE, with the reason in *why. */
int mcpsess_redis_hear_cluster(
	struct redis_conn *conn, const struct redisReply *reply, char *why, size_t capacity);
/* "MOVED slot host:port", "ASK slot host:port": send the call there. 0 when it is neither. */
int mcpsess_redis_hear_moved(
	struct redis_conn *conn, const struct redis_slot *slot, const char *text);

#endif
