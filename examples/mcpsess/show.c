/* mcpsess show: a session as the library reads it. */
#include <inttypes.h>

#include "out.h"
#include "tool.h"

/* -- text ------------------------------------------------------------------------------------- */

static void print_bytes(const char *name, struct mcpsess_bytes text)
{
	printf("%-16s", name);
	if (text.len == 0) {
		putchar('-');
	}
	out_clean(stdout, text);
	putchar('\n');
}

static void print_time(const char *name, uint64_t ms, uint64_t now_ms)
{
	char time[24], span[24];
	printf("%-16s%s", name, out_time(ms, time));
	if (ms > now_ms) {
		printf(" (in %s)", out_span(ms - now_ms, span));
	} else if (ms > 0) {
		printf(" (%s ago)", out_span(now_ms - ms, span));
	}
	putchar('\n');
}

static void print_data(const struct tool *tool, const struct mcpsess_session *session)
{
	for (size_t i = 0; i < mcpsess_session_key_count(session); i++) {
		struct mcpsess_bytes key = mcpsess_session_key(session, i), value = { NULL, 0 };
		mcpsess_session_get(session, key, &value);
		printf("%-16s", i == 0 ? "data" : "");
		out_clean(stdout, key);
		if (tool->values) {
			fputs(" = ", stdout);
			out_clean(stdout, value);
			putchar('\n');
		} else {
			printf(" (%zu bytes)\n", value.len);
		}
	}
}

static void print_session(const struct tool *tool, const struct mcpsess_session *session,
	const struct mcp_session_store_answer *record)
{
	static const struct mcpsess_digest nobody;
	struct mcpsess_times times;
	char ref[44];
	mcpsess_session_times(session, &times);
	mcpsess_session_ref(session, ref);
	print_bytes("ref", mcpsess_str(ref));
	print_bytes("state", mcpsess_str(out_state(record->state)));
	mcp_session_store_ref(&record->owner, ref);
	print_bytes("owner",
		mcpsess_str(memcmp(&record->owner, &nobody, sizeof(nobody)) != 0 ? ref : ""));
	printf("%-16s%" PRIu64 "\n", "revision", record->revision);
	printf("%-16s%" PRIu64 "\n", "requests", mcpsess_session_requests(session));
	print_time("created", times.created_ms, times.now_ms);
	print_time("seen", record->seen_ms, times.now_ms);
	print_time("expires", times.expires_ms, times.now_ms);
	print_time("deadline", times.deadline_ms, times.now_ms);
	print_bytes("version", mcpsess_session_version(session));
	print_bytes("client", mcpsess_session_client_info(session));
	print_bytes("capabilities", mcpsess_session_client_capabilities(session));
	print_bytes("log level", mcpsess_session_log_level(session));
	for (size_t i = 0; i < mcpsess_session_subscription_count(session); i++) {
		print_bytes(
			i == 0 ? "subscriptions" : "", mcpsess_session_subscription(session, i));
	}
	print_data(tool, session);
	printf("%-16s%zu bytes\n", "host's blob", mcpsess_session_blob(session).len);
}

/* -- JSON ------------------------------------------------------------------------------------- */

static void write_data(
	struct json *json, const struct tool *tool, const struct mcpsess_session *session)
{
	json_begin(json, "data", '[');
	for (size_t i = 0; i < mcpsess_session_key_count(session); i++) {
		struct mcpsess_bytes key = mcpsess_session_key(session, i), value = { NULL, 0 };
		mcpsess_session_get(session, key, &value);
		json_begin(json, NULL, '{');
		json_text(json, "key", key);
		json_number(json, "bytes", value.len);
		if (tool->values) {
			json_raw(json, "value", value);
		}
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void write_record(struct json *json, const struct mcpsess_session *session,
	const struct mcp_session_store_answer *record)
{
	static const struct mcpsess_digest nobody;
	struct mcpsess_times times;
	char ref[44];
	mcpsess_session_times(session, &times);
	mcpsess_session_ref(session, ref);
	json_text(json, "ref", mcpsess_str(ref));
	json_text(json, "state", mcpsess_str(out_state(record->state)));
	if (memcmp(&record->owner, &nobody, sizeof(nobody)) != 0) {
		mcp_session_store_ref(&record->owner, ref);
		json_text(json, "owner", mcpsess_str(ref));
	} else {
		json_null(json, "owner");
	}
	json_number(json, "revision", record->revision);
	json_number(json, "requests", mcpsess_session_requests(session));
	json_time(json, "now_ms", times.now_ms);
	json_time(json, "created_ms", times.created_ms);
	json_time(json, "seen_ms", record->seen_ms);
	json_time(json, "first_request_ms", times.first_request_ms);
	json_time(json, "last_request_ms", times.last_request_ms);
	json_time(json, "expires_ms", times.expires_ms);
	json_time(json, "deadline_ms", times.deadline_ms);
}

static void write_session(const struct tool *tool, const struct mcpsess_session *session,
	const struct mcp_session_store_answer *record)
{
	struct json json = { .file = stdout };
	json_begin(&json, NULL, '{');
	write_record(&json, session, record);
	json_text(&json, "protocol_version", mcpsess_session_version(session));
	json_raw(&json, "client_info", mcpsess_session_client_info(session));
	json_raw(&json, "client_capabilities", mcpsess_session_client_capabilities(session));
	if (mcpsess_session_log_level(session).len > 0) {
		json_text(&json, "log_level", mcpsess_session_log_level(session));
	} else {
		json_null(&json, "log_level");
	}
	json_begin(&json, "subscriptions", '[');
	for (size_t i = 0; i < mcpsess_session_subscription_count(session); i++) {
		json_text(&json, NULL, mcpsess_session_subscription(session, i));
	}
	json_end(&json, ']');
	write_data(&json, tool, session);
	json_number(&json, "blob_bytes", mcpsess_session_blob(session).len);
	json_end(&json, '}');
	puts("");
}

/* --------------------------------------------------------------------------------------------- */

static int show(struct tool *tool, struct mcp_session_store *store, struct mcpsess_error *err)
{
	struct mcp_session_store_answer record = { 0 };
	struct mcpsess_session_place place = { .store = store };
	struct mcpsess_session *session;
	struct mcpsess_digest key;
	char ref[44];
	int status = tool_find(tool, store, &key, &record, err);
	if (status == MCPSESS_OK) {
		mcp_session_store_ref(&key, ref);
		status = mcpsess_session_open_ref(&place, mcpsess_str(ref), &session, err);
	}
	if (status < 0) {
		return status;
	}
	if (tool->json) {
		write_session(tool, session, &record);
	} else {
		print_session(tool, session, &record);
	}
	mcpsess_session_destroy(session);
	return status;
}

int command_show(struct tool *tool)
{
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	if (tool->operand == NULL) {
		fputs("mcpsess: show: which session? a ref, an id, or - to read it\n", stderr);
		return TOOL_USAGE;
	}
	int status = tool_open(tool, &store);
	if (status != TOOL_OK) {
		return status;
	}
	status = show(tool, store, &err);
	status = status < 0 ? tool_fail(tool, status, &err) : TOOL_OK;
	mcp_session_store_close(store);
	return status;
}
