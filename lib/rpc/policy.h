/* What a message without a session id meets: the first rule that fits. */
#ifndef MCPSESS_RPC_POLICY_H
#define MCPSESS_RPC_POLICY_H

#include "rpc/envelope.h"

/* Copy of the rules with their strings, in one piece; NULL without memory. */
struct mcpsess_policy_rule *mcpsess_policy_copy(
	const struct mcpsess_env *env, const struct mcpsess_policy_rule *rules, size_t count);

enum mcpsess_policy mcpsess_policy_for(const struct mcpsess_rpc_options *options,
	struct mcpsess_bytes method, struct mcpsess_bytes name);

#endif
