/*
 * Which era a message belongs to, and in it which dialect: decided here and nowhere else.
 *
 * This release serves one: the legacy era of the initialize handshake. A layer that serves only
 * that one is to its clients what every legacy server is, so a claim in _meta is not looked at:
 * a client that tries the modern era first falls back on the refusal it gets.
 */
#ifndef MCPSESS_RPC_ERA_H
#define MCPSESS_RPC_ERA_H

#include "rpc/rpc.h"

/* How an era serves the items of a message. */
struct mcpsess_era {
	const char *name;
	/* Serve message->item: a verdict, or MCPSESS_STEP_NEXT when it is over. */
	int (*serve)(struct mcpsess_message *message);
	/* The host answers the present item with a result: add to the session what follows. A
	 * status. */
	int (*answered)(struct mcpsess_message *message);
};

/* The era of message->item. Never NULL. */
const struct mcpsess_era *mcpsess_era_of(const struct mcpsess_message *message);

extern const struct mcpsess_era mcpsess_era_legacy;

#endif
