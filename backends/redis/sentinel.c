#include "sentinel.h"

#include <mcpsess/error.h>

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "redis.h"

const struct redis_endpoint *mcpsess_redis_seed(struct redis_seeds *seeds)
{
	if (seeds->tried == seeds->count) {
		return NULL;
	}
	seeds->tried++;
	const struct redis_endpoint *seed = &seeds->list[seeds->next];
	seeds->next = (seeds->next + 1) % seeds->count;
	return seed;
}

int mcpsess_redis_ask_sentinel(struct redis_conn *conn)
{
	const struct redis_config *config = &conn->redis->config;
	const char *master = config->master;
	const char *argv[] = { "SENTINEL", "get-master-addr-by-name", master };
	const size_t lens[] = { 8, 23, strlen(master) };
	int r = MCPSESS_OK;
	if (config->sentinel_password != NULL) {
		r = mcpsess_redis_say_auth(conn, config->sentinel_user, config->sentinel_password,
			strlen(config->sentinel_password));
	}
	return r == MCPSESS_OK ? mcpsess_redis_say(conn, REDIS_GREET_MASTER, 3, argv, lens) : r;
}

int mcpsess_redis_hear_sentinel(
	struct redis_conn *conn, const redisReply *reply, char *why, size_t capacity)
{
	if (reply->type == REDIS_REPLY_ERROR) {
		snprintf(why, capacity, "the sentinel refuses: %.120s", reply->str);
		return MCPSESS_E_UNAVAILABLE;
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
		reply->element[0]->type != REDIS_REPLY_STRING ||
		reply->element[1]->type != REDIS_REPLY_STRING ||
		reply->element[0]->len > REDIS_HOST_MAX) {
		snprintf(why, capacity, "the sentinel knows no primary \"%.64s\"",
			conn->redis->config.master);
		return MCPSESS_E_UNAVAILABLE;
	}
	unsigned long port = strtoul(reply->element[1]->str, NULL, 10);
	if (port == 0 || port > UINT16_MAX) {
		snprintf(why, capacity, "the sentinel tells of a port that is none");
		return MCPSESS_E_UNAVAILABLE;
	}
	strcpy(conn->endpoint.host, reply->element[0]->str);
	conn->endpoint.port = (uint16_t)port;
	conn->endpoint.tls = conn->redis->config.endpoint.tls;
	return MCPSESS_OK;
}
