#include "tools.h"

#include <stdio.h>
#include <stdlib.h>

#include <mcpsess/jansson.h>

static const char no_arguments[] = "{\"type\":\"object\",\"properties\":{}}";

static const struct {
	const char *name;
	const char *description;
	const char *schema;
	enum mcpsess_verdict (*call)(struct mcpsess_message *message);
} tools[] = {
	{ "echo", "Echo a message back, and remember it for replayLastEcho.",
		"{\"type\":\"object\",\"properties\":{"
		"\"message\":{\"type\":\"string\",\"description\":\"What to echo\"},"
		"\"delay\":{\"type\":\"number\",\"minimum\":0,\"maximum\":60,"
		"\"description\":\"Seconds to wait before the answer\"},"
		"\"format\":{\"type\":\"string\",\"enum\":[\"plain\",\"json\",\"markdown\"],"
		"\"default\":\"plain\"}},\"required\":[\"message\"]}",
		tool_echo },
	{ "set_session_data", "Keep a value under a key for as long as the session lives.",
		"{\"type\":\"object\",\"properties\":{"
		"\"key\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":256},"
		"\"value\":{\"description\":\"Any JSON value\"}},\"required\":[\"key\",\"value\"]}",
		tool_set_session_data },
	{ "get_session_data", "The value under a key; without a key, all of them.",
		"{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\"}}}",
		tool_get_session_data },
	{ "get_session_info", "This session: calls so far, times, data keys.", no_arguments,
		tool_get_session_info },
	{ "replayLastEcho", "The last message that echo was given in this session.", no_arguments,
		tool_replay_last_echo },
	{ "sessionInfo", "This session in words.", no_arguments, tool_session_info },
};

enum { TOOLS = sizeof(tools) / sizeof(tools[0]) };

static int is(struct mcpsess_bytes bytes, const char *text)
{
	return mcpsess_bytes_equal(bytes, mcpsess_str(text));
}

/* -- answers ---------------------------------------------------------------------------------- */

enum mcpsess_verdict tool_failed(struct mcpsess_message *message, const char *why)
{
	return mcpsess_message_text(message, mcpsess_str(why), 1);
}

enum mcpsess_verdict tool_finish(struct mcpsess_message *message, struct text *result)
{
	enum mcpsess_verdict verdict;
	if (result->failed) {
		verdict = mcpsess_message_error(message, MCPSESS_RPC_INTERNAL_ERROR,
			mcpsess_strerror(MCPSESS_E_NOMEM), mcpsess_str(NULL));
	} else {
		verdict = mcpsess_message_result(message, mcpsess_mem(result->data, result->len));
	}
	free(result->data);
	return verdict;
}

enum mcpsess_verdict tool_finish_json(
	struct mcpsess_message *message, struct text *block, struct text *object)
{
	struct text result = { 0 };
	result.failed = block->failed || object->failed;
	text_print(&result, "{\"content\":[{\"type\":\"text\",\"text\":\"");
	text_escaped(&result, mcpsess_mem(block->data, block->len));
	text_print(&result, "\"}],\"structuredContent\":");
	text_bytes(&result, mcpsess_mem(object->data, object->len));
	text_print(&result, "}");
	if (object != block) {
		free(object->data);
	}
	free(block->data);
	return tool_finish(message, &result);
}

int tool_string(struct mcpsess_message *message, const char *name, json_t **out)
{
	struct mcpsess_bytes text = mcpsess_message_argument(message, name);
	if (text.len == 0) {
		return 0;
	}
	json_t *value = mcpsess_jansson_load(text);
	if (!json_is_string(value)) {
		json_decref(value);
		return ((const char *)text.data)[0] == '"' ? -2 : -1;
	}
	*out = value;
	return 1;
}

/* -- dispatching ------------------------------------------------------------------------------ */

static enum mcpsess_verdict unknown_tool(struct mcpsess_message *message, struct mcpsess_bytes name)
{
	char why[160];
	const char *text = name.len > 0 ? name.data : "";
	/* Not more of it than fits, and not half a character of UTF-8. */
	size_t len = name.len < 128 ? name.len : 128;
	while (len < name.len && len > 0 && (text[len] & 0xc0) == 0x80) {
		len--;
	}
	snprintf(why, sizeof(why), "Unknown tool: %.*s", (int)len, text);
	return mcpsess_message_error(message, MCPSESS_RPC_INVALID_PARAMS, why, mcpsess_str(NULL));
}

static enum mcpsess_verdict call(struct mcpsess_message *message)
{
	struct mcpsess_bytes name = mcpsess_message_name(message);
	for (size_t i = 0; i < TOOLS; i++) {
		if (is(name, tools[i].name)) {
			return tools[i].call(message);
		}
	}
	return unknown_tool(message, name);
}

static enum mcpsess_verdict list(struct mcpsess_message *message)
{
	struct text result = { 0 };
	text_print(&result, "{\"tools\":[");
	for (size_t i = 0; i < TOOLS; i++) {
		text_print(&result, "%s{\"name\":\"%s\",\"description\":\"%s\",\"inputSchema\":",
			i > 0 ? "," : "", tools[i].name, tools[i].description);
		text_bytes(&result, mcpsess_str(tools[i].schema));
		text_print(&result, "}");
	}
	text_print(&result, "]}");
	return tool_finish(message, &result);
}

enum mcpsess_verdict tools_handle(struct mcpsess_message *message)
{
	struct mcpsess_bytes method = mcpsess_message_method(message);
	if (mcpsess_message_kind(message) != MCPSESS_REQUEST) {
		return mcpsess_message_result(message, mcpsess_str(NULL));
	}
	if (is(method, "tools/call")) {
		return call(message);
	}
	if (is(method, "tools/list")) {
		return list(message);
	}
	return mcpsess_message_error(
		message, MCPSESS_RPC_METHOD_NOT_FOUND, "Method not found", mcpsess_str(NULL));
}

uint64_t tools_delay_ms(struct mcpsess_message *message)
{
	double seconds = 0;
	if (is(mcpsess_message_name(message), "echo") &&
		mcpsess_message_kind(message) == MCPSESS_REQUEST &&
		is(mcpsess_message_method(message), "tools/call")) {
		seconds = tool_echo_delay(message);
	}
	return seconds > 0 ? (uint64_t)(seconds * 1000) : 0;
}
