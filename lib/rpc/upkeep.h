/* The work of mcpsess_rpc_tick(). */
#ifndef MCPSESS_RPC_UPKEEP_H
#define MCPSESS_RPC_UPKEEP_H

#include "rpc/rpc.h"

/* Give up the touches that pend. */
void mcpsess_upkeep_free(struct mcpsess_rpc *rpc);

#endif
