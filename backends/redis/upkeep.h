/* Counting what is there, and uncounting what has expired: both wait. */
#ifndef MCPSESS_REDIS_UPKEEP_H
#define MCPSESS_REDIS_UPKEEP_H

#include <mcpsess/backend.h>

int mcpsess_redis_stats(struct mcp_session_store *self, struct mcp_session_store_counts *out);
int mcpsess_redis_sweep(struct mcp_session_store *self, size_t budget);

#endif
