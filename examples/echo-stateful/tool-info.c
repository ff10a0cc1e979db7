/*
 * get_session_info for programs, sessionInfo for people. Both tell of the caller's session only,
 * and are rare enough to build their answers with a JSON library.
 */
#include <inttypes.h>
#include <time.h>

#include <mcpsess/jansson.h>

#include "tools.h"

static json_int_t seconds_between(uint64_t from_ms, uint64_t to_ms)
{
	return to_ms > from_ms ? (json_int_t)((to_ms - from_ms) / 1000) : 0;
}

/* The calls before this one, which has been counted already. */
static uint64_t calls_before(const struct mcpsess_session *session)
{
	uint64_t requests = mcpsess_session_requests(session);
	return requests > 0 ? requests - 1 : 0;
}

/* "2025-11-25T12:00:00.000Z", or null for 0. */
static json_t *time_json(uint64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm parts;
	char when[32];
	if (ms == 0 || gmtime_r(&seconds, &parts) == NULL) {
		return json_null();
	}
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
	return json_sprintf("%s.%03uZ", when, (unsigned)(ms % 1000));
}

static json_t *keys_json(const struct mcpsess_session *session)
{
	json_t *keys = json_array();
	size_t count = mcpsess_session_key_count(session);
	for (size_t i = 0; i < count; i++) {
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		json_array_append_new(keys, json_stringn(key.data, key.len));
	}
	return keys;
}

static json_t *info_json(const struct mcpsess_session *session)
{
	struct mcpsess_times times;
	uint64_t calls = calls_before(session);
	mcpsess_session_times(session, &times);
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:I, s:o, s:o}", "session_id",
		mcpsess_session_short_id(session), "request_count", (json_int_t)calls, "created_at",
		time_json(times.created_ms), "first_request",
		time_json(calls > 0 ? times.first_request_ms : 0), "last_request",
		time_json(calls > 0 ? times.last_request_ms : 0), "age_seconds",
		seconds_between(times.created_ms, times.now_ms), "expires_in_seconds",
		times.expires_ms == 0
			? json_null()
			: json_integer(seconds_between(times.now_ms, times.expires_ms)),
		"data_keys", keys_json(session));
}

enum mcpsess_verdict tool_get_session_info(struct mcpsess_message *message)
{
	json_t *info = info_json(mcpsess_message_session(message));
	char *text = mcpsess_jansson_dump(info);
	json_t *result = json_pack("{s:[{s:s, s:s}], s:O}", "content", "type", "text", "text", text,
		"structuredContent", info);
	mcpsess_jansson_free(text);
	json_decref(info);
	return mcpsess_message_result_json_new(message, result);
}

void tool_put_client(struct text *text, const struct mcpsess_session *session)
{
	json_t *info = mcpsess_jansson_load(mcpsess_session_client_info(session));
	const json_t *name = json_object_get(info, "name");
	const char *said = json_is_string(name) ? json_string_value(name) : "unknown";
	size_t len = json_is_string(name) ? json_string_length(name) : strlen(said);
	text_escaped(text, mcpsess_mem(said, len));
	json_decref(info);
}

enum mcpsess_verdict tool_session_info(struct mcpsess_message *message)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	struct mcpsess_bytes version = mcpsess_session_version(session);
	size_t count = mcpsess_session_key_count(session);
	struct mcpsess_times times;
	struct text result = { 0 };
	mcpsess_session_times(session, &times);
	text_print(&result, "{\"content\":[{\"type\":\"text\",\"text\":\"Session: %s...\\nClient: ",
		mcpsess_session_short_id(session));
	tool_put_client(&result, session);
	text_print(&result, "\\nProtocol: %.*s\\nAge: %" PRIu64 " s\\nCalls before: %" PRIu64,
		(int)version.len, (const char *)version.data,
		(uint64_t)seconds_between(times.created_ms, times.now_ms), calls_before(session));
	if (times.expires_ms != 0) {
		text_print(&result, "\\nExpires in: %" PRIu64 " s",
			(uint64_t)seconds_between(times.now_ms, times.expires_ms));
	}
	text_print(&result, "\\nData keys:");
	for (size_t i = 0; i < count; i++) {
		text_print(&result, "%s", i > 0 ? ", " : " ");
		text_escaped(&result, mcpsess_session_key(session, i));
	}
	text_print(&result, "\"}]}");
	return tool_finish(message, &result);
}
