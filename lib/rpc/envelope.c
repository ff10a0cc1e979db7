#include "rpc/envelope.h"

enum want { JSONRPC, ID, METHOD, PARAMS, RESULT, ERROR, NAME, ARGUMENTS, META, CLAIM, WANTS };

static const struct mcpsess_json_want wants[WANTS] = {
	[JSONRPC] = { -1, "jsonrpc" },
	[ID] = { -1, "id" },
	[METHOD] = { -1, "method" },
	[PARAMS] = { -1, "params" },
	[RESULT] = { -1, "result" },
	[ERROR] = { -1, "error" },
	[NAME] = { PARAMS, "name" },
	[ARGUMENTS] = { PARAMS, "arguments" },
	[META] = { PARAMS, "_meta" },
	[CLAIM] = { META, "io.modelcontextprotocol/protocolVersion" },
};

void mcpsess_envelope_init(struct mcpsess_envelope *envelope, const struct mcpsess_env *env)
{
	memset(envelope, 0, sizeof(*envelope));
	mcpsess_buffer_init(&envelope->method_text, env);
	mcpsess_buffer_init(&envelope->name_text, env);
}

void mcpsess_envelope_free(struct mcpsess_envelope *envelope)
{
	mcpsess_buffer_free(&envelope->method_text);
	mcpsess_buffer_free(&envelope->name_text);
}

static void envelope_reset(struct mcpsess_envelope *envelope)
{
	struct mcpsess_buffer method_text = envelope->method_text;
	struct mcpsess_buffer name_text = envelope->name_text;
	memset(envelope, 0, sizeof(*envelope));
	envelope->method_text = method_text;
	envelope->name_text = name_text;
	mcpsess_buffer_reset(&envelope->method_text);
	mcpsess_buffer_reset(&envelope->name_text);
}

static int scan_failed(int status, int *code, const char **why)
{
	if (status == MCPSESS_E_TOOBIG) {
		*code = MCPSESS_RPC_INVALID_REQUEST;
		*why = "Invalid Request: nested too deep";
	} else if (status == MCPSESS_E_EXISTS) {
		*code = MCPSESS_RPC_INVALID_REQUEST;
		*why = "Invalid Request: a member came twice";
		return MCPSESS_E_INVALID;
	} else {
		*code = MCPSESS_RPC_PARSE_ERROR;
		*why = "Parse error";
	}
	return status;
}

/* Numbers of any size and form are echoed as they came; only their kind is checked. */
static int id_is_sound(struct mcpsess_bytes id)
{
	enum mcpsess_json_type type = mcpsess_json_type(id);
	return type == MCPSESS_JSON_STRING || type == MCPSESS_JSON_NUMBER;
}

static const char *read_call(struct mcpsess_envelope *envelope, const struct mcpsess_bytes *found)
{
	if (mcpsess_json_type(found[METHOD]) != MCPSESS_JSON_STRING) {
		return "Invalid Request: method is not a string";
	}
	if (found[RESULT].data != NULL || found[ERROR].data != NULL) {
		return "Invalid Request: both a call and a response";
	}
	if (found[PARAMS].data != NULL && mcpsess_json_type(found[PARAMS]) != MCPSESS_JSON_OBJECT) {
		return "Invalid Request: params is not an object";
	}
	envelope->kind = found[ID].data != NULL ? MCPSESS_REQUEST : MCPSESS_NOTIFICATION;
	envelope->method = mcpsess_json_string(found[METHOD], &envelope->method_text);
	envelope->name = mcpsess_json_string(found[NAME], &envelope->name_text);
	envelope->params = found[PARAMS].data != NULL ? found[PARAMS] : mcpsess_str("{}");
	envelope->arguments.within = found[ARGUMENTS];
	envelope->claim = found[CLAIM];
	return NULL;
}

static const char *read_response(
	struct mcpsess_envelope *envelope, const struct mcpsess_bytes *found)
{
	if ((found[RESULT].data != NULL) == (found[ERROR].data != NULL)) {
		return "Invalid Request: neither a call nor a response";
	}
	if (found[ID].data == NULL) {
		return "Invalid Request: a response without id";
	}
	envelope->params = found[RESULT].data != NULL ? found[RESULT] : found[ERROR];
	return NULL;
}

/* Of a text that was scanned. */
static int is_object(struct mcpsess_bytes text)
{
	const char *at = text.data;
	while (strchr(" \t\r\n", *at) != NULL) {
		at++;
	}
	return *at == '{';
}

static const char *read_found(struct mcpsess_envelope *envelope, struct mcpsess_bytes text,
	const struct mcpsess_bytes *found)
{
	if (found[JSONRPC].data == NULL && !is_object(text)) {
		return "Invalid Request: not an object";
	}
	if (found[ID].data != NULL && !id_is_sound(found[ID])) {
		return "Invalid Request: id is neither a string nor a number";
	}
	envelope->id = found[ID];
	/* Known before it is found wrong: what refuses a response does not have its id. */
	if (found[METHOD].data == NULL &&
		(found[RESULT].data != NULL || found[ERROR].data != NULL)) {
		envelope->kind = MCPSESS_RESPONSE;
	}
	if (!mcpsess_json_is(found[JSONRPC], mcpsess_str("2.0"))) {
		return "Invalid Request: jsonrpc is not \"2.0\"";
	}
	if (found[METHOD].data != NULL) {
		return read_call(envelope, found);
	}
	return read_response(envelope, found);
}

int mcpsess_envelope_read(struct mcpsess_envelope *envelope, struct mcpsess_bytes text,
	size_t max_depth, int *code, const char **why)
{
	struct mcpsess_bytes found[WANTS];
	envelope_reset(envelope);
	int status = mcpsess_json_scan(text, max_depth, wants, WANTS, found);
	if (status != MCPSESS_OK) {
		return scan_failed(status, code, why);
	}
	*why = read_found(envelope, text, found);
	if (*why != NULL) {
		*code = MCPSESS_RPC_INVALID_REQUEST;
		return MCPSESS_E_INVALID;
	}
	if (envelope->method_text.failed || envelope->name_text.failed) {
		*code = MCPSESS_RPC_INTERNAL_ERROR;
		*why = "Internal error: out of memory";
		return MCPSESS_E_NOMEM;
	}
	return MCPSESS_OK;
}

struct mcpsess_bytes mcpsess_envelope_argument(
	struct mcpsess_envelope *envelope, struct mcpsess_bytes name)
{
	for (size_t i = 0; i < envelope->known_count; i++) {
		if (mcpsess_json_is(envelope->known[i].name, name)) {
			return envelope->known[i].value;
		}
	}
	struct mcpsess_json_walk walk = envelope->arguments;
	while (mcpsess_json_next(&walk)) {
		if (envelope->known_count < MCPSESS_ARGUMENTS_KNOWN) {
			envelope->known[envelope->known_count++] =
				(struct mcpsess_argument){ walk.name, walk.value };
			envelope->arguments = walk;
		}
		if (mcpsess_json_is(walk.name, name)) {
			return walk.value;
		}
	}
	return mcpsess_mem(NULL, 0);
}
