/*
 * set_session_data and get_session_data. Values stay the JSON texts that came: a number keeps its
 * digits, and nothing is parsed that only has to be carried.
 */
#include <stdlib.h>

#include "tools.h"

/* given is what tool_string() has returned. */
static enum mcpsess_verdict bad_key(struct mcpsess_message *message, int given)
{
	return tool_failed(message,
		given == -2 ? "key must not have half a surrogate pair" : "key must be a string");
}

enum mcpsess_verdict tool_set_session_data(struct mcpsess_message *message)
{
	struct mcpsess_bytes value = mcpsess_message_argument(message, "value");
	json_t *key = NULL;
	int given = tool_string(message, "key", &key);
	if (given != 1) {
		return bad_key(message, given);
	}
	if (value.len == 0) {
		json_decref(key);
		return tool_failed(message, "value is missing");
	}
	struct mcpsess_bytes name = mcpsess_mem(json_string_value(key), json_string_length(key));
	int status = mcpsess_session_set(mcpsess_message_session(message), name, value);
	enum mcpsess_verdict verdict;
	if (status == MCPSESS_E_INVALID) {
		verdict = tool_failed(
			message, "key must be 1 to 256 bytes without control characters");
	} else if (status < 0) {
		verdict = tool_failed(message, status == MCPSESS_E_TOOBIG
						       ? "The session cannot hold so much data"
						       : mcpsess_strerror(status));
	} else {
		struct text result = { 0 };
		text_print(&result, "{\"content\":[{\"type\":\"text\",\"text\":\"Stored ");
		text_escaped(&result, name);
		text_print(&result, "\"}]}");
		verdict = tool_finish(message, &result);
	}
	json_decref(key);
	return verdict;
}

static void put_pair(struct text *object, struct mcpsess_bytes key, struct mcpsess_bytes value)
{
	text_print(object, object->len > 1 ? ",\"" : "\"");
	text_escaped(object, key);
	text_print(object, "\":");
	text_bytes(object, value);
}

static enum mcpsess_verdict get_all(struct mcpsess_message *message)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	size_t count = mcpsess_session_key_count(session);
	struct mcpsess_bytes value;
	struct text object = { 0 };
	text_print(&object, "{");
	for (size_t i = 0; i < count; i++) {
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		if (mcpsess_session_get(session, key, &value) == MCPSESS_OK) {
			put_pair(&object, key, value);
		}
	}
	text_print(&object, "}");
	return tool_finish_json(message, &object, &object);
}

/* The text block is the value itself; structured content has to be an object, so it says more. */
static enum mcpsess_verdict get_one(struct mcpsess_message *message, struct mcpsess_bytes key)
{
	struct mcpsess_bytes value;
	struct text block = { 0 };
	struct text object = { 0 };
	if (mcpsess_session_get(mcpsess_message_session(message), key, &value) < 0) {
		return tool_failed(message, "No data under this key");
	}
	text_bytes(&block, value);
	text_print(&object, "{\"key\":\"");
	text_escaped(&object, key);
	text_print(&object, "\",\"value\":");
	text_bytes(&object, value);
	text_print(&object, "}");
	return tool_finish_json(message, &block, &object);
}

enum mcpsess_verdict tool_get_session_data(struct mcpsess_message *message)
{
	json_t *key = NULL;
	int given = tool_string(message, "key", &key);
	if (given < 0) {
		return bad_key(message, given);
	}
	if (given == 0) {
		return get_all(message);
	}
	enum mcpsess_verdict verdict =
		get_one(message, mcpsess_mem(json_string_value(key), json_string_length(key)));
	json_decref(key);
	return verdict;
}
