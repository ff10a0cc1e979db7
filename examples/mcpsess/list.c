/* mcpsess list. */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "out.h"
#include "tool.h"

struct listing {
	const struct tool *tool;
	struct json json;
	unsigned long count;
	int is_watched; /* rows go elsewhere than to the terminal that shows how far it is */
};

static const char *owner(const struct mcp_session_store_entry *entry, char out[44])
{
	static const struct mcpsess_digest nobody;
	if (memcmp(&entry->owner, &nobody, sizeof(nobody)) == 0) {
		return "-";
	}
	mcp_session_store_ref(&entry->owner, out);
	return out;
}

static uint64_t since(uint64_t then_ms, uint64_t now_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

static void print_row(const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	char ref[44], whose[44], age[24], idle[24], size[24];
	mcp_session_store_ref(&entry->key, ref);
	printf("%-43s  %-12s  %-8.8s  %5s  %9s  %8" PRIu64 "  %7s\n", ref, out_state(entry->state),
		owner(entry, whose), out_span(since(entry->created_ms, now_ms), age),
		out_left(entry->expires_ms, now_ms, idle), entry->requests,
		out_size(entry->payload_len, size));
}

static void write_row(
	struct json *json, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	char ref[44], whose[44];
	mcp_session_store_ref(&entry->key, ref);
	json_begin(json, NULL, '{');
	json_text(json, "ref", mcpsess_str(ref));
	json_text(json, "kind", mcpsess_str(out_kind(entry->kind)));
	json_text(json, "state", mcpsess_str(out_state(entry->state)));
	if (strcmp(owner(entry, whose), "-") == 0) {
		json_null(json, "owner");
	} else {
		json_text(json, "owner", mcpsess_str(whose));
	}
	json_number(json, "revision", entry->revision);
	json_number(json, "requests", entry->requests);
	json_number(json, "bytes", entry->payload_len);
	json_number(json, "age_seconds", since(entry->created_ms, now_ms) / 1000);
	json_time(json, "created_ms", entry->created_ms);
	json_time(json, "seen_ms", entry->seen_ms);
	json_time(json, "expires_ms", entry->expires_ms);
	json_time(json, "deadline_ms", entry->deadline_ms);
	json_end(json, '}');
}

static int show_row(void *to, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	struct listing *listing = to;
	if (listing->tool->json) {
		write_row(&listing->json, entry, now_ms);
	} else {
		print_row(entry, now_ms);
	}
	listing->count++;
	if (listing->is_watched && listing->count % 500 == 0) {
		tool_progress("%lu sessions", listing->count);
	}
	return !ferror(stdout);
}

static int finish(
	struct listing *listing, int status, const char *cursor, struct mcpsess_error *err)
{
	struct json *json = &listing->json;
	tool_progress(NULL);
	if (listing->tool->json) {
		json_end(json, ']');
		if (cursor[0] != '\0') {
			json_text(json, "next", mcpsess_str(cursor));
		} else {
			json_null(json, "next");
		}
		if (status < 0) {
			json_text(json, "error", mcpsess_str(mcpsess_status_name(status)));
			json_text(json, "text", mcpsess_str(err->text));
		}
		json_end(json, '}');
		puts("");
	} else if (status == MCPSESS_OK && cursor[0] != '\0') {
		fputs("There are more: --all, or --cursor ", stderr);
		out_quoted(stderr, cursor);
		fputs("\n", stderr);
	}
	if (status < 0) {
		fprintf(stderr, "mcpsess: %s\n",
			err->status == status ? err->text : mcpsess_strerror(status));
	}
	return tool_exit(status);
}

int command_list(struct tool *tool)
{
	struct listing listing = { .tool = tool, .json = { .file = stdout } };
	struct mcp_session_store_request request = { 0 };
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	size_t cursor_len = tool->cursor != NULL ? strlen(tool->cursor) : 0;
	if (cursor_len >= sizeof(request.cursor)) {
		fputs("mcpsess: that is no cursor\n", stderr);
		return TOOL_USAGE;
	}
	int status = tool_open(tool, &store);
	if (status != TOOL_OK) {
		return status;
	}
	listing.is_watched = !isatty(STDOUT_FILENO);
	tool_owner(tool, &request);
	request.page = tool->all ? MCP_SESSION_STORE_PAGE_MAX : (uint32_t)tool->limit;
	memcpy(request.cursor, tool->cursor != NULL ? tool->cursor : "", cursor_len);
	if (tool->json) {
		json_begin(&listing.json, NULL, '{');
		json_begin(&listing.json, "sessions", '[');
	} else {
		printf("%-43s  %-12s  %-8s  %5s  %9s  %8s  %7s\n", "REF", "STATE", "OWNER", "AGE",
			"IDLE LEFT", "REQUESTS", "BYTES");
	}
	status = tool_walk(store, &request, tool->all ? 0 : tool->limit, show_row, &listing, &err);
	status = finish(&listing, status, request.cursor, &err);
	mcp_session_store_close(store);
	return status;
}
