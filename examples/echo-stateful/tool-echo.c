/*
 * echo and replayLastEcho. The last message is kept in the session's blob, as the JSON string that
 * came, so that it shares neither names nor lists with the client's own data.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools.h"

enum { DELAY_MAX_S = 60 };

/* In place of a message that was too long to be kept. */
static const char too_long[] = "null";

static int is_string(struct mcpsess_bytes json)
{
	return json.len > 0 && *(const char *)json.data == '"';
}

/* The text between the quotes. */
static struct mcpsess_bytes inside(struct mcpsess_bytes string)
{
	return mcpsess_mem((const char *)string.data + 1, string.len - 2);
}

double tool_echo_delay(struct mcpsess_message *message)
{
	struct mcpsess_bytes json = mcpsess_message_argument(message, "delay");
	char number[32];
	char *end;
	if (json.len == 0) {
		return 0;
	}
	if (json.len >= sizeof(number)) {
		return -1;
	}
	memcpy(number, json.data, json.len);
	number[json.len] = '\0';
	double seconds = strtod(number, &end);
	return *end == '\0' && seconds >= 0 && seconds <= DELAY_MAX_S ? seconds : -1;
}

/* The same message again is no change, and costs no write. */
static int remember(struct mcpsess_session *session, struct mcpsess_bytes message)
{
	if (mcpsess_bytes_equal(mcpsess_session_blob(session), message)) {
		return MCPSESS_OK;
	}
	int status = mcpsess_session_set_blob(session, message);
	return status != MCPSESS_E_TOOBIG
		       ? status
		       : mcpsess_session_set_blob(session, mcpsess_str(too_long));
}

static enum mcpsess_verdict echo_plain(struct mcpsess_message *message, struct mcpsess_bytes string)
{
	struct text result = { 0 };
	text_bytes(&result, mcpsess_str("{\"content\":[{\"type\":\"text\",\"text\":"));
	text_bytes(&result, string);
	text_bytes(&result, mcpsess_str("}]}"));
	return tool_finish(message, &result);
}

static enum mcpsess_verdict echo_json(struct mcpsess_message *message, struct mcpsess_bytes string)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	struct text object = { 0 };
	text_print(&object, "{\"message\":");
	text_bytes(&object, string);
	text_print(&object, ",\"session_id\":\"%s\",\"request_count\":%" PRIu64 "}",
		mcpsess_session_short_id(session), mcpsess_session_requests(session));
	return tool_finish_json(message, &object, &object);
}

/* Whether an escape, whose length is len, is a line's end. */
static int ends_a_line(const char *escape, size_t len)
{
	return len == 2 ? escape[1] == 'n' : len == 6 && strncasecmp(escape, "\\u000a", len) == 0;
}

/* A quotation: each line after a '>'. */
static enum mcpsess_verdict echo_markdown(
	struct mcpsess_message *message, struct mcpsess_bytes string)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	struct mcpsess_bytes rest = inside(string);
	struct text result = { 0 };
	text_print(&result, "{\"content\":[{\"type\":\"text\",\"text\":\"> ");
	for (const char *at = rest.data; rest.len > 0; at = rest.data) {
		size_t len = at[0] != '\\' ? 1 : at[1] == 'u' ? 6 : 2;
		text_bytes(&result, mcpsess_mem(at, len));
		if (ends_a_line(at, len)) {
			text_print(&result, "> ");
		}
		rest = mcpsess_mem(at + len, rest.len - len);
	}
	text_print(&result, "\\n\\n*Session %s, call %" PRIu64 "*\"}]}",
		mcpsess_session_short_id(session), mcpsess_session_requests(session));
	return tool_finish(message, &result);
}

static enum mcpsess_verdict (*format_of(struct mcpsess_message *message))(
	struct mcpsess_message *, struct mcpsess_bytes)
{
	json_t *format = NULL;
	int given = tool_string(message, "format", &format);
	const char *name = given == 1 ? json_string_value(format) : "plain";
	enum mcpsess_verdict (*found)(struct mcpsess_message *, struct mcpsess_bytes) = NULL;
	if (given >= 0) {
		found = strcmp(name, "plain") == 0      ? echo_plain
			: strcmp(name, "json") == 0     ? echo_json
			: strcmp(name, "markdown") == 0 ? echo_markdown
							: NULL;
	}
	json_decref(format);
	return found;
}

enum mcpsess_verdict tool_echo(struct mcpsess_message *message)
{
	struct mcpsess_bytes string = mcpsess_message_argument(message, "message");
	enum mcpsess_verdict (*answer)(struct mcpsess_message *, struct mcpsess_bytes) =
		format_of(message);
	if (!is_string(string)) {
		return tool_failed(message, "message must be a string");
	}
	if (answer == NULL) {
		return tool_failed(message, "format must be plain, json or markdown");
	}
	if (tool_echo_delay(message) < 0) {
		return tool_failed(message, "delay must be 0 to 60 seconds");
	}
	if (mcpsess_message_cancelled(message)) {
		return tool_failed(message, "Cancelled");
	}
	int status = remember(mcpsess_message_session(message), string);
	return status < 0 ? tool_failed(message, mcpsess_strerror(status))
			  : answer(message, string);
}

enum mcpsess_verdict tool_replay_last_echo(struct mcpsess_message *message)
{
	const struct mcpsess_session *session = mcpsess_message_session(message);
	struct mcpsess_bytes string = mcpsess_session_blob(session);
	struct text result = { 0 };
	if (string.len == 0) {
		return mcpsess_message_text(message,
			mcpsess_str(
				"No previous echo message found in this session. Use the echo tool "
				"first!"),
			0);
	}
	if (!is_string(string)) {
		return tool_failed(message, "The last echo message was too long to be kept");
	}
	text_print(&result,
		"{\"content\":[{\"type\":\"text\",\"text\":\"[REPLAY - Session %s... from ",
		mcpsess_session_short_id(session));
	tool_put_client(&result, session);
	text_print(&result, "] ");
	text_bytes(&result, inside(string));
	text_print(&result, "\"}]}");
	return tool_finish(message, &result);
}
