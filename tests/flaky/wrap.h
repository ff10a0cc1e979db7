/* A store around another store: what flaky and broken ones have in common. For tests only. */
#ifndef MCPSESS_TESTS_WRAP_H
#define MCPSESS_TESTS_WRAP_H

#include <mcpsess/backend.h>

enum wrap_verb {
	WRAP_STORE,
	WRAP_GET,
	WRAP_TOUCH,
	WRAP_DELETE,
	WRAP_EXISTS,
	WRAP_LIST,
	WRAP_ROTATE,
	WRAP_END_OWNER,
	WRAP_ONCE,
	WRAP_PING
};

struct wrap {
	struct mcp_session_store store;
	struct mcp_session_store_ops ops; /* this store's own: what it can do is the inner one's */
	struct mcp_session_store *inner;
};

/* The value of a parameter, or fallback. */
const char *mcpsess_wrap_parameter(
	const struct mcpsess_backend_config *config, const char *name, const char *fallback);

/*
 * Open the store of the URI in the parameter store=, "memory:" without one, as the inner one: with
 * the outer one's settings, memory and clock, so that both agree on every time; with clock=own it
 * has a clock of its own, as a database has. settings: NULL, or others than those of config.
 * ops: the verbs of the outer one; sweeps and stats are the inner one's.
 */
int mcpsess_wrap_open(struct wrap *wrap, const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config,
	const struct mcp_session_store_options *settings, const struct mcp_session_store_ops *ops,
	struct mcpsess_error *err);
void mcpsess_wrap_close(struct wrap *wrap);

/* Ask the inner store; the answer is the call's. */
int mcpsess_wrap_ask(struct wrap *wrap, enum wrap_verb verb, struct mcp_session_store_call *call);

#endif
