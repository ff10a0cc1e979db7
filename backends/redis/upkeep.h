/* Counting what is there, and uncounting what has expired: both wait. */
#ifndef MCPSESS_REDIS_UPKEEP_H
#define MCPSESS_REDIS_UPKEEP_H

#include <mcpsess/backend.h>

struct redis;

int mcpsess_redis_stats(struct mcp_session_store *self, struct mcp_session_store_counts *out);
/* Wait until the notes under way are delivered, at most as long as an operation may take. */
void mcpsess_redis_settle(struct redis *redis);
int mcpsess_redis_sweep(struct mcp_session_store *self, size_t budget);

#endif
