#include <time.h>

#include "bugs.h"

static const struct bug no_bug;

static const struct bug *bug_at(unsigned index)
{
	const struct bug *const tables[] = { mcpsess_bugs_of_records, mcpsess_bugs_of_access,
		mcpsess_bugs_of_verbs };
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct bug *bug = tables[t]; bug->says.name != NULL; bug++) {
			if (index-- == 0) {
				return bug;
			}
		}
	}
	return NULL;
}

const struct mcpsess_broken_bug *mcpsess_broken_bug(unsigned index)
{
	const struct bug *bug = bug_at(index);
	return bug != NULL ? &bug->says : NULL;
}

static const struct bug *bug_named(const char *name)
{
	const struct bug *bug;
	for (unsigned i = 0; (bug = bug_at(i)) != NULL; i++) {
		if (strcmp(bug->says.name, name) == 0) {
			return bug;
		}
	}
	return *name == '\0' ? &no_bug : NULL;
}

static int run(
	struct mcp_session_store *store, enum wrap_verb verb, struct mcp_session_store_call *call)
{
	struct broken *broken = (struct broken *)store;
	const struct bug *bug = broken->bug;
	struct mcp_session_store_request asked = call->request;
	int status = MCPSESS_OK;
	if (bug->before != NULL) {
		bug->before(broken, verb, &call->request);
	}
	if (!bug->leaves_updates || !is_update(verb, &call->request)) {
		status = mcpsess_wrap_ask(&broken->wrap, verb, call);
	}
	call->request = asked;
	return bug->after != NULL ? bug->after(broken, verb, call, status) : status;
}

#define VERB(name, verb) \
	static int broken_##name( \
		struct mcp_session_store *store, struct mcp_session_store_call *call) \
	{ \
		return run(store, verb, call); \
	}

VERB(store, WRAP_STORE)
VERB(get, WRAP_GET)
VERB(touch, WRAP_TOUCH)
VERB(delete, WRAP_DELETE)
VERB(exists, WRAP_EXISTS)
VERB(list, WRAP_LIST)
VERB(rotate, WRAP_ROTATE)
VERB(end_owner, WRAP_END_OWNER)
VERB(once, WRAP_ONCE)
VERB(ping, WRAP_PING)

static void broken_close(struct mcp_session_store *store)
{
	struct broken *broken = (struct broken *)store;
	forget(broken);
	mcpsess_wrap_close(&broken->wrap);
	store->host->realloc(store->core, broken, 0);
}

static int open_inner(struct broken *broken, const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcpsess_error *err)
{
	static const struct mcp_session_store_ops ops = {
		.store = broken_store,
		.get = broken_get,
		.touch = broken_touch,
		.delete = broken_delete,
		.exists = broken_exists,
		.list = broken_list,
		.rotate = broken_rotate,
		.end_owner = broken_end_owner,
		.once = broken_once,
		.ping = broken_ping,
		.close = broken_close,
	};
	struct mcp_session_store_options settings = *config->settings;
	if (broken->bug->settings != NULL) {
		broken->bug->settings(&settings);
	}
	int status = mcpsess_wrap_open(&broken->wrap, host, core, config, &settings, &ops, err);
	broken->wrap.ops.can |= broken->bug->can_more;
	broken->wrap.ops.can &= ~broken->bug->can_less;
	return status;
}

static int broken_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	const struct bug *bug = bug_named(mcpsess_wrap_parameter(config, "bug", ""));
	struct broken *broken = bug != NULL ? host->realloc(core, NULL, sizeof(*broken)) : NULL;
	if (broken == NULL) {
		return bug != NULL ? MCPSESS_E_NOMEM : MCPSESS_E_INVALID;
	}
	memset(broken, 0, sizeof(*broken));
	broken->bug = bug;
	int status = open_inner(broken, host, core, config, err);
	if (status < 0) {
		host->realloc(core, broken, 0);
		return status;
	}
	*out = &broken->wrap.store;
	return MCPSESS_OK;
}

static const struct mcpsess_backend backend = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(backend),
	.name = "broken",
	.schemes = "broken",
	.parameters = "store bug clock",
	.open = broken_open,
	.touches_are_free = 1,
};

int mcpsess_broken_add(struct mcpsess_error *err)
{
	return mcpsess_backend_add(&backend, err);
}
