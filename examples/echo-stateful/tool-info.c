/* get_session_info for programs, sessionInfo for people. Both tell of the caller's session only. */
#include <inttypes.h>

#include "tools.h"

static uint64_t seconds_between(uint64_t from_ms, uint64_t to_ms)
{
	return to_ms > from_ms ? (to_ms - from_ms) / 1000 : 0;
}

/* The calls before this one, which has been counted already. */
static uint64_t calls_before(const struct mcpsess_session *session)
{
	uint64_t requests = mcpsess_session_requests(session);
	return requests > 0 ? requests - 1 : 0;
}

static void put_keys(struct text *text, const struct mcpsess_session *session, const char *quote)
{
	size_t count = mcpsess_session_key_count(session);
	for (size_t i = 0; i < count; i++) {
		text_print(text, "%s%s", i > 0 ? ", " : "", quote);
		text_escaped(text, mcpsess_session_key(session, i));
		text_print(text, "%s", quote);
	}
}

enum mcpsess_verdict tool_get_session_info(struct mcpsess_message *message)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	uint64_t calls = calls_before(session);
	struct mcpsess_session_times times;
	struct text object = { 0 };
	mcpsess_session_times(session, &times);
	text_print(&object, "{\"session_id\":\"%s\",\"request_count\":%" PRIu64 ",\"created_at\":",
		mcpsess_session_short_id(session), calls);
	text_time(&object, times.created_ms);
	text_print(&object, ",\"first_request\":");
	text_time(&object, calls > 0 ? times.first_request_ms : 0);
	text_print(&object, ",\"last_request\":");
	text_time(&object, calls > 0 ? times.last_request_ms : 0);
	text_print(&object, ",\"age_seconds\":%" PRIu64 ",\"expires_in_seconds\":",
		seconds_between(times.created_ms, times.now_ms));
	if (times.expires_ms == 0) {
		text_print(&object, "null");
	} else {
		text_print(&object, "%" PRIu64, seconds_between(times.now_ms, times.expires_ms));
	}
	text_print(&object, ",\"data_keys\":[");
	put_keys(&object, session, "\"");
	text_print(&object, "]}");
	return tool_finish_json(message, &object, &object);
}

static void put_member(struct text *text, const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	if (json_is_string(value)) {
		text_escaped(
			text, mcpsess_bytes(json_string_value(value), json_string_length(value)));
	} else {
		text_print(text, "unknown");
	}
}

void tool_put_client(struct text *text, const struct mcpsess_session *session)
{
	struct mcpsess_bytes info = mcpsess_session_client_info(session);
	json_t *object = json_loadb(info.data, info.len, JSON_ALLOW_NUL, NULL);
	put_member(text, object, "name");
	json_decref(object);
}

enum mcpsess_verdict tool_session_info(struct mcpsess_message *message)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	struct mcpsess_bytes version = mcpsess_session_version(session);
	struct mcpsess_session_times times;
	struct text result = { 0 };
	mcpsess_session_times(session, &times);
	text_print(&result, "{\"content\":[{\"type\":\"text\",\"text\":\"Session: %s...\\nClient: ",
		mcpsess_session_short_id(session));
	tool_put_client(&result, session);
	text_print(&result, "\\nProtocol: %.*s\\nAge: %" PRIu64 " s\\nCalls before: %" PRIu64 "\\n",
		(int)version.len, (const char *)version.data,
		seconds_between(times.created_ms, times.now_ms), calls_before(session));
	if (times.expires_ms != 0) {
		text_print(&result, "Expires in: %" PRIu64 " s\\n",
			seconds_between(times.now_ms, times.expires_ms));
	}
	text_print(&result, "Data keys: ");
	put_keys(&result, session, "");
	text_print(&result, "\"}]}");
	return tool_finish(message, &result);
}
