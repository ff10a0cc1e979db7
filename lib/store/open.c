#include "store/core.h"
#include "store/registry.h"
#include "store/settings.h"

int mcpsess_plan_make(struct mcpsess_plan *plan, const char *uri,
	const struct mcp_session_store_options *options, struct mcpsess_error *err)
{
	const struct mcpsess_hooks *hooks = options != NULL ? options->hooks : NULL;
	const char *module_dir = options != NULL ? options->module_dir : NULL;
	plan->keys = NULL;
	if (uri == NULL) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "there is no store URI");
	}
	if (hooks != NULL && hooks->size == 0) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "hooks.size is not set");
	}
	mcpsess_env_init(&plan->env, hooks);
	plan->text = uri;
	int r = mcpsess_uri_parse(uri, &plan->uri, err);
	if (r == MCPSESS_OK) {
		r = mcpsess_backend_find(plan->uri.scheme, module_dir, &plan->backend, err);
	}
	if (r == MCPSESS_OK) {
		r = mcpsess_settings_resolve(
			options, plan->backend, &plan->uri, &plan->settings, err);
	}
	if (r == MCPSESS_OK) {
		r = mcpsess_password_take(&plan->password, options, &plan->uri, err);
	}
	if (r == MCPSESS_OK) {
		r = mcpsess_keyring_take(&plan->env, options, &plan->uri, &plan->keys, err);
	}
	return r;
}

void mcpsess_plan_release(struct mcpsess_plan *plan)
{
	mcpsess_keyring_unref(plan->keys);
	plan->keys = NULL;
}

/* The members that a store's capabilities call for; NULL when all are there. */
static const char *missing_member(const struct mcp_session_store_ops *ops)
{
	const struct {
		const char *name;
		uint32_t can; /* 0: always */
		int there;
	} members[] = {
		{ "store", 0, ops->store != NULL },
		{ "get", 0, ops->get != NULL },
		{ "touch", 0, ops->touch != NULL },
		{ "delete", 0, ops->mcpsess_delete_ != NULL },
		{ "exists", 0, ops->exists != NULL },
		{ "close", 0, ops->close != NULL },
		{ "list", MCP_SESSION_STORE_CAN_LIST, ops->list != NULL },
		{ "sweep", MCP_SESSION_STORE_CAN_SWEEP, ops->sweep != NULL },
		{ "stats", MCP_SESSION_STORE_CAN_STATS, ops->stats != NULL },
		{ "rotate", MCP_SESSION_STORE_CAN_ROTATE, ops->rotate != NULL },
		{ "end_owner", MCP_SESSION_STORE_CAN_END_OWNER, ops->end_owner != NULL },
		{ "once", MCP_SESSION_STORE_CAN_ONCE, ops->once != NULL },
		{ "ping", MCP_SESSION_STORE_CAN_PING, ops->ping != NULL },
		{ "ready", MCP_SESSION_STORE_CAN_PEND, ops->ready != NULL },
		{ "tick", MCP_SESSION_STORE_CAN_PEND, ops->tick != NULL },
		{ "cancel", MCP_SESSION_STORE_CAN_PEND, ops->cancel != NULL },
	};
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		int wanted = members[i].can == 0 || (ops->can & members[i].can) != 0;
		if (wanted && !members[i].there) {
			return members[i].name;
		}
	}
	return NULL;
}

/* Take the backend's verbs over. A backend of an older release has fewer members. */
static int take_ops(struct mcpsess_core *core, const struct mcp_session_store_ops *ops,
	const char *name, struct mcpsess_error *err)
{
	const uint32_t both = MCP_SESSION_STORE_CAN_PEND | MCP_SESSION_STORE_CAN_THREADS;
	if (ops == NULL || ops->size < offsetof(struct mcp_session_store_ops, list)) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
			"backend %s has a table of %u bytes, not %zu or more", name,
			ops != NULL ? ops->size : 0, offsetof(struct mcp_session_store_ops, list));
	}
	memcpy(&core->ops, ops, ops->size < sizeof(core->ops) ? ops->size : sizeof(core->ops));
	const char *missing = missing_member(&core->ops);
	if (missing != NULL) {
		return mcpsess_fail(
			err, MCPSESS_E_UNSUPPORTED, 0, "backend %s lacks %s", name, missing);
	}
	if ((core->ops.can & both) == both) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
			"backend %s cannot both pend and serve any thread", name);
	}
	/* What is sealed is opened in a call. */
	if (core->keys != NULL || !mcpsess_core_can(core, MCP_SESSION_STORE_CAN_THREADS)) {
		core->ops.get_into = NULL;
	}
	core->verbs[MCPSESS_VERB_STORE] = core->ops.store;
	core->verbs[MCPSESS_VERB_GET] = core->ops.get;
	core->verbs[MCPSESS_VERB_TOUCH] = core->ops.touch;
	core->verbs[MCPSESS_VERB_DELETE] = core->ops.mcpsess_delete_;
	core->verbs[MCPSESS_VERB_EXISTS] = core->ops.exists;
	core->verbs[MCPSESS_VERB_LIST] = core->ops.list;
	core->verbs[MCPSESS_VERB_ROTATE] = core->ops.rotate;
	core->verbs[MCPSESS_VERB_END_OWNER] = core->ops.end_owner;
	core->verbs[MCPSESS_VERB_ONCE] = core->ops.once;
	core->verbs[MCPSESS_VERB_PING] = core->ops.ping;
	return MCPSESS_OK;
}

/* Have the backend make its store. A failure that it does not explain gets a text all the same. */
static int open_backend(
	struct mcpsess_core *core, const struct mcpsess_plan *plan, struct mcpsess_error *err)
{
	const struct mcpsess_backend_config config = {
		.size = sizeof(config),
		.uri = plan->text,
		.scheme = plan->uri.scheme,
		.authority = plan->uri.authority,
		.path = plan->uri.path,
		.parameters = plan->uri.parameters,
		.parameter_count = plan->uri.parameter_count,
		.settings = &plan->settings,
	};
	struct mcpsess_error why = { 0 };
	struct mcp_session_store *store = NULL;
	int r = plan->backend->open(&mcpsess_host_table, core, &config, &store, &why);
	if (r == MCPSESS_OK && store != NULL) {
		core->store = store;
		store->host = &mcpsess_host_table;
		store->core = core;
		return MCPSESS_OK;
	}
	r = r < 0 ? r : MCPSESS_E_UNSUPPORTED;
	return mcpsess_fail(
		err, r, why.sys, "%s", why.text[0] != '\0' ? why.text : mcpsess_strerror(r));
}

static int fill_core(
	struct mcpsess_core *core, const struct mcpsess_plan *plan, struct mcpsess_error *err)
{
	core->env = plan->env;
	core->settings = plan->settings;
	core->password = plan->password;
	core->keys = mcpsess_keyring_ref(plan->keys);
	memcpy(core->scheme, plan->uri.scheme, sizeof(core->scheme));
	atomic_init(&core->operations, 0);
	mcpsess_loop_init(&core->loop);
	if (mcpsess_random(&core->env, core->nonce, sizeof(core->nonce)) < 0) {
		return mcpsess_fail(err, MCPSESS_E_UNAVAILABLE, 0, "there is no randomness");
	}
	int r = open_backend(core, plan, err);
	return r == MCPSESS_OK ? take_ops(core, core->store->ops, plan->backend->name, err) : r;
}

static void free_core(struct mcpsess_core *core)
{
	mcpsess_loop_forget(core);
	if (core->store != NULL && core->ops.close != NULL) {
		core->ops.close(core->store);
	}
	mcpsess_loop_free(core);
	mcpsess_keyring_unref(core->keys);
	struct mcpsess_env env = core->env;
	mcpsess_free(&env, core);
}

int mcpsess_plan_open(
	const struct mcpsess_plan *plan, struct mcp_session_store **out, struct mcpsess_error *err)
{
	struct mcpsess_core *core = mcpsess_alloc(&plan->env, sizeof(*core));
	if (core == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "no memory for a store");
	}
	int r = fill_core(core, plan, err);
	if (r < 0) {
		free_core(core);
		return r;
	}
	*out = core->store;
	return MCPSESS_OK;
}

int mcp_session_store_open(const char *uri, const struct mcp_session_store_options *options,
	struct mcp_session_store **out, struct mcpsess_error *err)
{
	struct mcpsess_plan plan;
	int r = mcpsess_plan_make(&plan, uri, options, err);
	if (r == MCPSESS_OK) {
		r = mcpsess_plan_open(&plan, out, err);
	}
	mcpsess_plan_release(&plan);
	return r;
}

void mcp_session_store_close(struct mcp_session_store *store)
{
	if (store != NULL) {
		free_core(mcpsess_core_of(store));
	}
}

const char *mcp_session_store_scheme(const struct mcp_session_store *store)
{
	return mcpsess_core_of(store)->scheme;
}

uint32_t mcp_session_store_can(const struct mcp_session_store *store)
{
	return mcpsess_core_of(store)->ops.can;
}

void mcp_session_store_settings(
	const struct mcp_session_store *store, struct mcp_session_store_options *out)
{
	*out = mcpsess_core_of(store)->settings;
}

int mcp_session_store_stats(struct mcp_session_store *store, struct mcp_session_store_counts *out)
{
	struct mcpsess_core *core = mcpsess_core_of(store);
	struct mcp_session_store_counts stats = { 0 };
	if (!mcpsess_core_can(core, MCP_SESSION_STORE_CAN_STATS)) {
		return MCPSESS_E_UNSUPPORTED;
	}
	int r = core->ops.stats(store, &stats);
	mcpsess_loop_arm(core);
	if (r == MCPSESS_OK) {
		*out = stats;
	}
	return r;
}

int mcp_session_store_sweep(struct mcp_session_store *store, size_t budget)
{
	struct mcpsess_core *core = mcpsess_core_of(store);
	if (!mcpsess_core_can(core, MCP_SESSION_STORE_CAN_SWEEP)) {
		return MCPSESS_E_UNSUPPORTED;
	}
	int freed = core->ops.sweep(store, budget > 0 ? budget : 1000);
	mcpsess_loop_arm(core);
	return freed;
}
