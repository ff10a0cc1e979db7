/* What is of this node alone, as one message's session sees it: its pointer, and other calls. */
#include "rpc/message.h"

/* A session seen just before it expires elsewhere is forgotten here a little later, never before.
 */
static uint64_t forget_at(const struct mcpsess_rpc *rpc)
{
	uint64_t now = mcpsess_now_ms(&rpc->env);
	return rpc->idle_ms < UINT64_MAX - now ? now + rpc->idle_ms : UINT64_MAX - 1;
}

static void *local_get(void *user_data, const struct mcpsess_digest *key)
{
	struct mcpsess_message *message = user_data;
	struct mcpsess_rpc *rpc = message->rpc;
	if (message->local == NULL) {
		message->local = mcpsess_locals_hold(&rpc->locals, key, forget_at(rpc));
	}
	return message->local != NULL ? message->local->pointer : NULL;
}

static int local_set(void *user_data, const struct mcpsess_digest *key, void *pointer,
	void (*destroy)(void *pointer))
{
	struct mcpsess_message *message = user_data;
	struct mcpsess_rpc *rpc = message->rpc;
	struct mcpsess_local *held;
	int status = mcpsess_locals_set(&rpc->locals, key, pointer, destroy, forget_at(rpc), &held);
	if (status == MCPSESS_OK) {
		mcpsess_locals_let_go(&rpc->locals, message->local);
		message->local = held;
	}
	return status;
}

static void local_ended(void *user_data, const struct mcpsess_digest *key)
{
	struct mcpsess_message *message = user_data;
	struct mcpsess_rpc *rpc = message->rpc;
	mcpsess_locals_drop(&rpc->locals, key);
	mcpsess_locals_let_go(&rpc->locals, message->local);
	message->local = NULL;
	mcpsess_running_end(&rpc->running, key);
}

void mcpsess_message_init_locals(struct mcpsess_message *message)
{
	message->session_locals.get = local_get;
	message->session_locals.set = local_set;
	message->session_locals.ended = local_ended;
	message->session_locals.user_data = message;
	message->session.locals = &message->session_locals;
}
