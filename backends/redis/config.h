/* What a store URI says. */
#ifndef MCPSESS_REDIS_CONFIG_H
#define MCPSESS_REDIS_CONFIG_H

#include <mcpsess/backend.h>

struct redis;

/* Fill redis->config; INVALID, explained, or NOMEM. Undone by unconfigure in any case. */
int mcpsess_redis_configure(
	struct redis *redis, const struct mcpsess_backend_config *from, struct mcpsess_error *err);
/* Credentials are wiped. */
void mcpsess_redis_unconfigure(struct redis *redis);

#endif
