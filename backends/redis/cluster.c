#include "cluster.h"

#include <mcpsess/error.h>

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "redis.h"

enum { AGAIN_MS = 50 };

/* CRC-16/XMODEM, as the cluster's specification has it. */
uint16_t mcpsess_redis_slot_of(const char *tag, size_t len)
{
	uint32_t crc = 0;
	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)(unsigned char)tag[i] << 8;
		for (int bit = 0; bit < 8; bit++) {
			crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
		}
	}
	return (uint16_t)(crc % REDIS_CLUSTER_SLOTS);
}

int mcpsess_redis_cluster_init(struct redis *redis)
{
	redis->cluster.slots = mcpsess_redis_realloc(redis, NULL, REDIS_CLUSTER_SLOTS);
	if (redis->cluster.slots == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(redis->cluster.slots, 0, REDIS_CLUSTER_SLOTS);
	return MCPSESS_OK;
}

void mcpsess_redis_cluster_free(struct redis *redis)
{
	struct redis_cluster *cluster = &redis->cluster;
	for (size_t i = 0; i < cluster->count; i++) {
		mcpsess_redis_conn_free(cluster->nodes[i]);
		mcpsess_redis_realloc(redis, cluster->nodes[i], 0);
	}
	mcpsess_redis_realloc(redis, cluster->nodes, 0);
	mcpsess_redis_realloc(redis, cluster->slots, 0);
}

/* -- nodes --------------------------------------------------------------------------------- */

static int is_in_use(const struct redis_cluster *cluster, size_t number)
{
	const struct redis_conn *conn = cluster->nodes[number - 1];
	return conn->state != REDIS_OFF || conn->queue.first != NULL || conn->queue.count > 0 ||
	       memchr(cluster->slots, (int)number, REDIS_CLUSTER_SLOTS) != NULL;
}

/* A place for another node: one that the map does not name any more, or a new one; 0: none. */
static size_t new_place(struct redis *redis)
{
	struct redis_cluster *cluster = &redis->cluster;
	for (size_t number = 1; number <= cluster->count; number++) {
		if (!is_in_use(cluster, number)) {
			mcpsess_redis_conn_free(cluster->nodes[number - 1]);
			return number;
		}
	}
	if (cluster->count == REDIS_NODES_MAX) {
		return 0;
	}
	struct redis_conn **nodes = mcpsess_redis_realloc(
		redis, cluster->nodes, (cluster->count + 1) * sizeof(nodes[0]));
	if (nodes == NULL) {
		return 0;
	}
	cluster->nodes = nodes;
	nodes[cluster->count] = mcpsess_redis_realloc(redis, NULL, sizeof(*nodes[0]));
	return nodes[cluster->count] != NULL ? ++cluster->count : 0;
}

static size_t find_node(struct redis *redis, const struct redis_endpoint *endpoint)
{
	struct redis_cluster *cluster = &redis->cluster;
	for (size_t number = 1; number <= cluster->count; number++) {
		const struct redis_endpoint *there = &cluster->nodes[number - 1]->endpoint;
		if (there->port == endpoint->port && strcmp(there->host, endpoint->host) == 0) {
			return number;
		}
	}
	size_t number = new_place(redis);
	if (number > 0) {
		struct redis_conn *conn = cluster->nodes[number - 1];
		mcpsess_redis_conn_init(conn, redis);
		conn->endpoint = *endpoint;
		conn->is_node = 1;
	}
	return number;
}

/* -- where calls go ------------------------------------------------------------------------ */

static uint16_t slot_of_call(const struct mcp_session_store_call *call, uint32_t script)
{
	char tag[2 + REDIS_REF_LEN] = "o:";
	const struct mcp_session_store_request *request = &call->request;
	if (script == REDIS_STATS) {
		return mcpsess_redis_slot_of("all", 3);
	}
	if (script == REDIS_NOTE || script == REDIS_KEYS) {
		if (!((const struct redis_part *)(const void *)call)->owners) {
			return mcpsess_redis_slot_of("all", 3);
		}
		mcpsess_redis_ref(&request->owner, tag + 2);
		return mcpsess_redis_slot_of(tag, sizeof(tag));
	}
	static const struct mcpsess_digest nobody;
	mcpsess_redis_ref(script == REDIS_PING ? &nobody : &request->key, tag + 2);
	return mcpsess_redis_slot_of(tag + 2, REDIS_REF_LEN);
}

struct redis_conn *mcpsess_redis_home(
	struct redis *redis, const struct mcp_session_store_call *call, uint32_t script)
{
	if (!redis->config.cluster) {
		return &redis->conn;
	}
	size_t number = redis->cluster.slots[slot_of_call(call, script)];
	return number > 0 ? redis->cluster.nodes[number - 1] : &redis->conn;
}

static void wait_at(
	struct redis *redis, struct redis_conn *conn, const struct redis_slot *slot, uint32_t how)
{
	const struct mcp_session_store *store = &redis->store;
	if (mcpsess_redis_queue_reserve(&conn->queue, store) < 0) {
		mcpsess_redis_finish(redis, slot->call, MCPSESS_E_NOMEM, 0, "no memory for a call");
		return;
	}
	mcpsess_redis_wait_first(&conn->queue, conn, slot->call, slot->kind, how);
}

void mcpsess_redis_again(struct redis *redis, const struct redis_slot *slot, int later)
{
	struct redis_conn *conn = &redis->conn;
	if (later) {
		uint64_t now_ms = mcpsess_redis_now(redis);
		if (redis->cluster.ask_ms < now_ms + AGAIN_MS / 2) {
			redis->cluster.ask_ms = now_ms + AGAIN_MS;
		}
	} else {
		conn = mcpsess_redis_home(redis, slot->call, slot->kind);
	}
	wait_at(redis, conn, slot, 0);
}

static void send_home(struct redis *redis, struct redis_queue *from, size_t count, int later)
{
	struct redis_slot slot;
	while (count-- > 0 && mcpsess_redis_wait_take(from, &slot) != NULL) {
		mcpsess_redis_again(redis, &slot, later);
	}
}

void mcpsess_redis_leave_node(struct redis_conn *conn)
{
	send_home(conn->redis, &conn->queue, conn->queue.waiting, 1);
}

/* -- the map ------------------------------------------------------------------------------- */

int mcpsess_redis_ask_cluster(struct redis_conn *conn, char *why, size_t capacity)
{
	static const char *argv[] = { "CLUSTER", "SLOTS" };
	static const size_t lens[] = { 7, 5 };
	int r = mcpsess_redis_say_password(conn, why, capacity);
	return r == MCPSESS_OK ? mcpsess_redis_say(conn, REDIS_GREET_MASTER, 2, argv, lens) : r;
}

/* first, last, primary, replicas...: whether it is sound. */
static int is_range(const redisReply *range)
{
	if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 ||
		range->element[0]->type != REDIS_REPLY_INTEGER ||
		range->element[1]->type != REDIS_REPLY_INTEGER || range->element[0]->integer < 0 ||
		range->element[0]->integer > range->element[1]->integer ||
		range->element[1]->integer >= REDIS_CLUSTER_SLOTS) {
		return 0;
	}
	const redisReply *node = range->element[2];
	return node->type == REDIS_REPLY_ARRAY && node->elements >= 2 &&
	       node->element[0]->type == REDIS_REPLY_STRING &&
	       node->element[0]->len <= REDIS_HOST_MAX &&
	       node->element[1]->type == REDIS_REPLY_INTEGER && node->element[1]->integer > 0 &&
	       node->element[1]->integer <= UINT16_MAX;
}

static void take_range(struct redis_conn *conn, const redisReply *range)
{
	const redisReply *node = range->element[2];
	struct redis_endpoint endpoint = conn->endpoint;
	/* Without an address it means itself. */
	if (node->element[0]->len > 0) {
		strcpy(endpoint.host, node->element[0]->str);
	}
	endpoint.port = (uint16_t)node->element[1]->integer;
	size_t first = (size_t)range->element[0]->integer;
	size_t count = (size_t)(range->element[1]->integer - range->element[0]->integer) + 1;
	memset(conn->redis->cluster.slots + first, (int)find_node(conn->redis, &endpoint), count);
}

int mcpsess_redis_hear_cluster(
	struct redis_conn *conn, const redisReply *reply, char *why, size_t capacity)
{
	struct redis *redis = conn->redis;
	if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(why, capacity, "CLUSTER SLOTS is refused: %.120s", reply->str);
		return MCPSESS_E_UNAVAILABLE;
	}
	size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0, sound = 0;
	for (size_t i = 0; i < count; i++) {
		if (is_range(reply->element[i])) {
			take_range(conn, reply->element[i]);
			sound++;
		}
	}
	if (sound == 0) {
		snprintf(why, capacity, "the cluster has no node that serves a slot");
		return MCPSESS_E_UNAVAILABLE;
	}
	redis->cluster.wanted = 0;
	redis->cluster.ask_ms = mcpsess_redis_now(redis) + AGAIN_MS;
	send_home(redis, &conn->queue, conn->queue.waiting, 0);
	return MCPSESS_OK;
}

int mcpsess_redis_hear_moved(
	struct redis_conn *conn, const struct redis_slot *slot, const char *text)
{
	int asks = strncmp(text, "ASK ", 4) == 0;
	const char *at = asks ? text + 4 : strncmp(text, "MOVED ", 6) == 0 ? text + 6 : NULL;
	char *place;
	unsigned long number = at != NULL ? strtoul(at, &place, 10) : 0;
	const char *colon = at != NULL && *place == ' ' ? strrchr(place, ':') : NULL;
	if (!conn->is_node || colon == NULL || number >= REDIS_CLUSTER_SLOTS) {
		return 0;
	}
	struct redis *redis = conn->redis;
	struct redis_endpoint endpoint = conn->endpoint;
	size_t len = (size_t)(colon - place) - 1;
	unsigned long port = strtoul(colon + 1, NULL, 10);
	if (len > REDIS_HOST_MAX || port == 0 || port > UINT16_MAX) {
		return 0;
	}
	if (len > 0) {
		memcpy(endpoint.host, place + 1, len);
		endpoint.host[len] = '\0';
	}
	endpoint.port = (uint16_t)port;
	size_t node = find_node(redis, &endpoint);
	if (!asks) {
		redis->cluster.slots[number] = (unsigned char)node;
		redis->cluster.wanted = 1;
	}
	if (slot->call != NULL && node > 0) {
		wait_at(redis, redis->cluster.nodes[node - 1], slot, asks ? REDIS_ASKING : 0);
	} else if (slot->call != NULL) {
		mcpsess_redis_again(redis, slot, 1);
	}
	return 1;
}
