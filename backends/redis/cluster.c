#include "cluster.h"

#include <mcpsess/error.h>

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "redis.h"

enum { SLOTS = 16384 };

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
	return (uint16_t)(crc % SLOTS);
}

int mcpsess_redis_ask_cluster(struct redis_conn *conn)
{
	static const char *argv[] = { "CLUSTER", "SLOTS" };
	static const size_t lens[] = { 7, 5 };
	int r = mcpsess_redis_say_password(conn);
	return r == MCPSESS_OK ? mcpsess_redis_say(conn, REDIS_GREET_MASTER, 2, argv, lens) : r;
}

/* first, last, primary, replicas...: whether it is the range of our slot, and sound. */
static int is_ours(const redisReply *range, uint16_t slot)
{
	if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 ||
		range->element[0]->type != REDIS_REPLY_INTEGER ||
		range->element[1]->type != REDIS_REPLY_INTEGER ||
		range->element[0]->integer > slot || range->element[1]->integer < slot) {
		return 0;
	}
	const redisReply *node = range->element[2];
	return node->type == REDIS_REPLY_ARRAY && node->elements >= 2 &&
	       node->element[0]->type == REDIS_REPLY_STRING &&
	       node->element[0]->len <= REDIS_HOST_MAX &&
	       node->element[1]->type == REDIS_REPLY_INTEGER && node->element[1]->integer > 0 &&
	       node->element[1]->integer <= UINT16_MAX;
}

int mcpsess_redis_hear_cluster(
	struct redis_conn *conn, const redisReply *reply, char *why, size_t capacity)
{
	if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(why, capacity, "CLUSTER SLOTS is refused: %.120s", reply->str);
		return MCPSESS_E_UNAVAILABLE;
	}
	size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
	for (size_t i = 0; i < count; i++) {
		if (is_ours(reply->element[i], conn->redis->config.slot)) {
			const redisReply *node = reply->element[i]->element[2];
			/* Without an address it means itself. */
			if (node->element[0]->len > 0) {
				strcpy(conn->endpoint.host, node->element[0]->str);
			}
			conn->endpoint.port = (uint16_t)node->element[1]->integer;
			return MCPSESS_OK;
		}
	}
	snprintf(why, capacity, "no node of the cluster serves slot %u",
		(unsigned)conn->redis->config.slot);
	return MCPSESS_E_UNAVAILABLE;
}

int mcpsess_redis_hear_moved(struct redis_conn *conn, const char *text)
{
	const char *place = strncmp(text, "MOVED ", 6) == 0 ? strchr(text + 6, ' ') : NULL;
	const char *colon = place != NULL ? strrchr(place, ':') : NULL;
	if (colon == NULL) {
		return 0;
	}
	size_t len = (size_t)(colon - place) - 1;
	unsigned long port = strtoul(colon + 1, NULL, 10);
	if (len > REDIS_HOST_MAX || port == 0 || port > UINT16_MAX) {
		return 0;
	}
	conn->hint = conn->endpoint;
	if (len > 0) {
		memcpy(conn->hint.host, place + 1, len);
		conn->hint.host[len] = '\0';
	}
	conn->hint.port = (uint16_t)port;
	return 1;
}
