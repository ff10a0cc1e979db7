/* Making a layer: every option checked and every default filled in, once. */
#include "rpc/rpc.h"

#include "rpc/policy.h"
#include "rpc/upkeep.h"
#include "rpc/versions.h"

enum {
	MESSAGE_DEFAULT = 4 << 20,
	DEPTH_DEFAULT = 64,
	DEPTH_MAX = 512,
	BATCH_DEFAULT = 100,
	DATA_DEFAULT = 65536,
};

static void fill_size(size_t *value, size_t standard)
{
	if (*value == 0) {
		*value = standard;
	}
}

static void fill_defaults(struct mcpsess_rpc_options *options)
{
	fill_size(&options->max_message, MESSAGE_DEFAULT);
	fill_size(&options->max_depth, DEPTH_DEFAULT);
	fill_size(&options->max_batch, BATCH_DEFAULT);
	fill_size(&options->max_data, DATA_DEFAULT);
	if (options->newest_version == NULL) {
		options->newest_version = mcpsess_version_newest();
	}
	if (options->capabilities == NULL) {
		options->capabilities = "{\"tools\":{}}";
	}
}

static int check_options(const struct mcpsess_rpc_options *options, struct mcpsess_error *err)
{
	if ((options->store == NULL) == (options->pool == NULL)) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "one of store and pool is needed");
	}
	if (options->server_name == NULL || options->server_version == NULL) {
		return mcpsess_fail(
			err, MCPSESS_E_INVALID, 0, "server_name and server_version are needed");
	}
	if (options->max_depth > DEPTH_MAX) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "max_depth %zu is above %d",
			options->max_depth, DEPTH_MAX);
	}
	if (options->rule_count > 0 && options->rules == NULL) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "rule_count without rules");
	}
	if (!mcpsess_version_known(
		    mcpsess_str(options->newest_version), mcpsess_version_newest())) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"newest_version \"%.32s\" is none of this release",
			options->newest_version);
	}
	return MCPSESS_OK;
}

static int check_store(const struct mcpsess_rpc *rpc, struct mcpsess_error *err)
{
	uint32_t can = mcpsess_access_can(&rpc->access);
	if (!rpc->options.no_counting && (can & MCP_SESSION_STORE_CAN_COUNT) == 0) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"counting of requests needs a store that can count (CAN_COUNT); set "
			"no_counting");
	}
	return MCPSESS_OK;
}

static int read_capabilities(struct mcpsess_rpc *rpc, struct mcpsess_error *err)
{
	static const struct mcpsess_json_want wants[] = { { -1, "logging" }, { -1, "resources" },
		{ 1, "subscribe" } };
	struct mcpsess_bytes found[3];
	struct mcpsess_bytes text = mcpsess_str(rpc->options.capabilities);
	int status = mcpsess_json_scan(text, DEPTH_DEFAULT, wants, 3, found);
	if (status != MCPSESS_OK || mcpsess_json_check(text, DEPTH_DEFAULT, &text) != MCPSESS_OK ||
		mcpsess_json_type(text) != MCPSESS_JSON_OBJECT) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "capabilities is not a JSON object");
	}
	rpc->has_logging = mcpsess_json_type(found[0]) == MCPSESS_JSON_OBJECT;
	rpc->has_subscriptions = mcpsess_json_type(found[2]) == MCPSESS_JSON_TRUE;
	return MCPSESS_OK;
}

static int make_initialize_tail(struct mcpsess_rpc *rpc)
{
	const struct mcpsess_rpc_options *options = &rpc->options;
	struct mcpsess_buffer text;
	mcpsess_buffer_init(&text, &rpc->env);
	mcpsess_buffer_text(&text, ",\"capabilities\":");
	mcpsess_buffer_text(&text, options->capabilities);
	mcpsess_buffer_text(&text, ",\"serverInfo\":{\"name\":");
	mcpsess_json_quote(&text, mcpsess_str(options->server_name));
	mcpsess_buffer_text(&text, ",\"version\":");
	mcpsess_json_quote(&text, mcpsess_str(options->server_version));
	mcpsess_buffer_char(&text, '}');
	if (options->instructions != NULL) {
		mcpsess_buffer_text(&text, ",\"instructions\":");
		mcpsess_json_quote(&text, mcpsess_str(options->instructions));
	}
	mcpsess_buffer_append(&text, mcpsess_mem("}", 2));
	rpc->initialize_tail = text.data;
	return text.failed ? MCPSESS_E_NOMEM : MCPSESS_OK;
}

/* Strings of the caller's are not kept: what messages need of them is copied. */
static int copy_options(struct mcpsess_rpc *rpc, struct mcpsess_error *err)
{
	struct mcpsess_rpc_options *options = &rpc->options;
	rpc->rules = mcpsess_policy_copy(&rpc->env, options->rules, options->rule_count);
	rpc->newest_version = mcpsess_strdup(&rpc->env, mcpsess_str(options->newest_version));
	if (rpc->rules == NULL || rpc->newest_version == NULL ||
		make_initialize_tail(rpc) != MCPSESS_OK) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "out of memory");
	}
	options->rules = rpc->rules;
	options->newest_version = rpc->newest_version;
	options->server_name = options->server_version = NULL;
	options->capabilities = options->instructions = NULL;
	options->hooks = NULL;
	return MCPSESS_OK;
}

static int prepare(struct mcpsess_rpc *rpc, struct mcpsess_error *err)
{
	struct mcp_session_store_options settings;
	rpc->access.store = rpc->options.store;
	rpc->access.pool = rpc->options.pool;
	rpc->access.env = &rpc->env;
	rpc->access.observe = mcpsess_rpc_observe;
	rpc->access.user_data = rpc;
	mcpsess_access_settings(&rpc->access, &settings);
	rpc->idle_ms = settings.idle_ms;
	int status = check_store(rpc, err);
	if (status == MCPSESS_OK) {
		status = read_capabilities(rpc, err);
	}
	return status == MCPSESS_OK ? copy_options(rpc, err) : status;
}

int mcpsess_rpc_create(const struct mcpsess_rpc_options *options, struct mcpsess_rpc **out,
	struct mcpsess_error *err)
{
	struct mcpsess_env env;
	mcpsess_env_init(&env, options->hooks);
	struct mcpsess_rpc *rpc = mcpsess_alloc(&env, sizeof(*rpc));
	if (rpc == NULL) {
		return mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "out of memory");
	}
	rpc->env = env;
	size_t known = sizeof(rpc->options);
	memcpy(&rpc->options, options, options->size < known ? options->size : known);
	fill_defaults(&rpc->options);
	int status = check_options(&rpc->options, err);
	if (status == MCPSESS_OK && (mcpsess_running_init(&rpc->running) != MCPSESS_OK)) {
		status = mcpsess_fail(err, MCPSESS_E_NOMEM, 0, "no mutex");
	}
	if (status != MCPSESS_OK) {
		mcpsess_free(&env, rpc);
		return status;
	}
	status = mcpsess_locals_init(&rpc->locals, &rpc->env);
	if (status != MCPSESS_OK) {
		mcpsess_running_free(&rpc->running);
		mcpsess_free(&env, rpc);
		return mcpsess_fail(err, status, 0, "no mutex");
	}
	rpc->options.size = sizeof(rpc->options);
	status = prepare(rpc, err);
	if (status != MCPSESS_OK) {
		mcpsess_rpc_destroy(rpc);
		return status;
	}
	*out = rpc;
	return MCPSESS_OK;
}

void mcpsess_rpc_destroy(struct mcpsess_rpc *rpc)
{
	if (rpc == NULL) {
		return;
	}
	struct mcpsess_env env = rpc->env;
	mcpsess_upkeep_free(rpc);
	mcpsess_locals_free(&rpc->locals);
	mcpsess_running_free(&rpc->running);
	mcpsess_free(&env, rpc->rules);
	mcpsess_free(&env, rpc->newest_version);
	mcpsess_free(&env, rpc->initialize_tail);
	mcpsess_free(&env, rpc);
}

int mcpsess_rpc_speaks(const struct mcpsess_rpc *rpc, struct mcpsess_bytes version)
{
	return mcpsess_version_known(version, rpc->options.newest_version);
}

size_t mcpsess_rpc_max_message(const struct mcpsess_rpc *rpc)
{
	return rpc->options.max_message;
}

const struct mcpsess_env *mcpsess_rpc_env(const struct mcpsess_rpc *rpc)
{
	return &rpc->env;
}
