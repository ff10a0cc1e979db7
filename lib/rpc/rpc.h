/*
 * The layer and its messages from inside. What crosses files here; each part has a header of its
 * own.
 */
#ifndef MCPSESS_RPC_RPC_H
#define MCPSESS_RPC_RPC_H

#include <pthread.h>
#include <stdatomic.h>

#include <mcpsess/rpc.h>
#include <mcpsess/stats.h>

#include "rpc/envelope.h"
#include "rpc/locals.h"
#include "rpc/running.h"
#include "session/session.h"

/* The counters of mcpsess/stats.h while threads change them. */
struct mcpsess_counters {
	atomic_uint_fast64_t created;
	atomic_uint_fast64_t deleted;
	atomic_uint_fast64_t refused[MCPSESS_REFUSED_COUNT];
	atomic_uint_fast64_t operations[MCPSESS_OPERATION_COUNT][MCPSESS_RESULT_COUNT];
	atomic_uint_fast64_t latency[MCPSESS_OPERATION_COUNT][MCPSESS_BUCKET_COUNT];
	atomic_uint_fast64_t latency_us[MCPSESS_OPERATION_COUNT];
	atomic_uint_fast64_t conflicts;
};

struct mcpsess_rpc {
	struct mcpsess_env env;
	struct mcpsess_access access;
	struct mcpsess_rpc_options options; /* with every default filled in */
	struct mcpsess_policy_rule *rules;  /* what options points to */
	char *newest_version;
	char *initialize_tail; /* of an initialize result, what follows protocolVersion */
	int has_logging;       /* the capabilities have "logging" */
	int has_subscriptions; /* and resources.subscribe */
	uint64_t idle_ms;
	struct mcpsess_running running;
	struct mcpsess_locals locals;
	struct mcpsess_counters counters;
	struct mcpsess_upkeep *upkeep; /* touches that pend */
	atomic_uint_fast64_t sweep_ms; /* when a shared store is swept next; 0: not yet known */
};

/* What a step of a message returns instead of a verdict. */
enum {
	MCPSESS_STEP_NEXT = -1,  /* the present item is over, the next may begin */
	MCPSESS_STEP_SERVE = -2, /* it is sound: go on with it */
};

typedef int mcpsess_message_step(struct mcpsess_message *message, int status);

struct mcpsess_message {
	struct mcpsess_rpc *rpc;
	enum mcpsess_intent intent;
	struct mcpsess_bytes tenant, principal; /* good during begin only */
	void (*ready)(
		void *user_data, struct mcpsess_message *message, enum mcpsess_verdict verdict);
	void *ready_data;
	mcpsess_message_step *step; /* what goes on when the store has answered */

	struct mcpsess_session session;
	int has_session; /* session is loaded or begun */
	int creates;     /* the answer under way stores it for the first time */
	struct mcpsess_session_locals session_locals;
	struct mcpsess_local *local; /* held while this message lives */

	struct mcpsess_bytes version_header;
	struct mcpsess_bytes body;
	int is_batch;
	struct mcpsess_json_walk batch;

	struct mcpsess_envelope item;
	int dispatched; /* the host has it */
	struct mcpsess_running_call call;

	struct mcpsess_buffer reply;
	size_t item_at; /* where the present item's reply begins */
	size_t items_served;
	int items_replied;
	int status;
	int lacks_session;
	void *user;
};

/* 1 while the host has the message to handle. */
int mcpsess_message_dispatched(const struct mcpsess_message *message);
const struct mcpsess_env *mcpsess_rpc_env(const struct mcpsess_rpc *rpc);
void mcpsess_rpc_count_refused(struct mcpsess_rpc *rpc, enum mcpsess_refused cause);
/* The observer of struct mcpsess_access; user_data is the layer. */
void mcpsess_rpc_observe(void *user_data, enum mcpsess_verb verb, int status, uint64_t elapsed_us);

#endif
