#include "admin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcpsess/stats.h>

enum { METRICS_MAX = 65536, SHORT_REF = 8 };

static const char json[] = "application/json";

static enum MHD_Result plain(struct MHD_Connection *connection, int status, const char *line)
{
	struct text text = { 0 };
	text_print(&text, "%s\n", line);
	return http_reply(connection, status, "text/plain; charset=utf-8", &text, NULL, NULL);
}

/* Of this process only: a store that is away for a while is no reason to be restarted. */
static enum MHD_Result health(struct server *server, struct MHD_Connection *connection)
{
	int draining = atomic_load(&server->leaving);
	struct text text = { 0 };
	text_print(&text, "{\"status\":\"%s\",\"store\":\"%s\",\"calls\":%u}\n",
		draining ? "draining" : "ok", mcp_session_store_pool_scheme(server->pool),
		atomic_load(&server->under_way));
	return http_reply(connection, draining ? 503 : 200, json, &text, NULL, NULL);
}

static enum MHD_Result metrics(struct server *server, struct MHD_Connection *connection)
{
	struct mcpsess_stats stats;
	struct text text = { malloc(METRICS_MAX), 0, METRICS_MAX, 0 };
	if (text.data == NULL) {
		return MHD_NO;
	}
	mcpsess_rpc_stats(server->rpc, &stats);
	text.len = mcpsess_stats_prometheus(&stats, text.data, text.capacity);
	text.failed = text.len >= text.capacity;
	return http_reply(
		connection, 200, "text/plain; version=0.0.4; charset=utf-8", &text, NULL, NULL);
}

/* -- sessions --------------------------------------------------------------------------------- */

static void put_ref(struct text *text, const struct mcpsess_digest *digest)
{
	static const struct mcpsess_digest nobody;
	char ref[44];
	if (memcmp(digest, &nobody, sizeof(nobody)) == 0) {
		text_print(text, "null");
		return;
	}
	mcp_session_store_ref(digest, ref);
	text_print(text, "\"%.*s\"", SHORT_REF, ref);
}

static void put_since(struct text *text, const char *name, uint64_t from_ms, uint64_t to_ms)
{
	text_print(text, ",\"%s\":%" PRIu64, name, to_ms > from_ms ? (to_ms - from_ms) / 1000 : 0);
}

static void put_session(
	struct text *text, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	text_print(text, "%s{\"session\":", text->len > 1 ? ",\n" : "");
	put_ref(text, &entry->key);
	text_print(text, ",\"owner\":");
	put_ref(text, &entry->owner);
	text_print(text, ",\"state\":\"%s\",\"requests\":%" PRIu64 ",\"bytes\":%" PRIu64,
		entry->state == MCP_SESSION_STORE_ACTIVE ? "active" : "initializing",
		entry->requests, entry->payload_len);
	put_since(text, "age_seconds", entry->created_ms, now_ms);
	put_since(text, "idle_seconds", entry->seen_ms, now_ms);
	if (entry->expires_ms != 0) {
		put_since(text, "expires_in_seconds", now_ms, entry->expires_ms);
	}
	text_print(text, "}");
}

/* The cursor goes through a URL, and what is in it is the store's business. */
static void put_next(char *link, size_t capacity, const char *cursor)
{
	size_t len = (size_t)snprintf(link, capacity, "</debug/sessions?cursor=");
	for (; *cursor != '\0'; cursor++) {
		len += (size_t)snprintf(
			link + len, capacity - len, "%%%02X", (unsigned char)*cursor);
	}
	snprintf(link + len, capacity - len, ">; rel=\"next\"");
}

static enum MHD_Result list(struct server *server, struct MHD_Connection *connection)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER,
		.page = MCP_SESSION_STORE_PAGE_MAX };
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_error err;
	struct text text = { 0 };
	char link[4 * MCP_SESSION_STORE_CURSOR_MAX];
	const char *cursor =
		MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "cursor");
	if (cursor != NULL && strlen(cursor) >= sizeof(request.cursor)) {
		return plain(connection, 400, "no such cursor");
	}
	strcpy(request.cursor, cursor != NULL ? cursor : "");
	int status = mcp_session_store_pool_list(server->pool, &request, &answer, &err);
	if (status < 0) {
		return plain(connection, status == MCPSESS_E_INVALID ? 400 : 503, err.text);
	}
	text_print(&text, "[");
	for (size_t i = 0; i < answer.entry_count; i++) {
		if (answer.entries[i].kind == MCP_SESSION_STORE_SESSION) {
			put_session(&text, &answer.entries[i], answer.now_ms);
		}
	}
	text_print(&text, "]\n");
	put_next(link, sizeof(link), answer.cursor);
	const char *header = answer.cursor[0] != '\0' ? MHD_HTTP_HEADER_LINK : NULL;
	mcp_session_store_answer_clear(&answer);
	return http_reply(connection, 200, json, &text, header, link);
}

static enum MHD_Result sessions(struct server *server, struct MHD_Connection *connection)
{
	const char *token = server->options.admin_token;
	if (token == NULL) {
		return plain(connection, 404, "not found");
	}
	if (!auth_bearer_is(connection, token)) {
		struct text text = { 0 };
		text_print(&text, "unauthorized\n");
		return http_reply(connection, 401, "text/plain", &text,
			MHD_HTTP_HEADER_WWW_AUTHENTICATE, AUTH_CHALLENGE);
	}
	return list(server, connection);
}

enum MHD_Result admin_answer(struct server *server, struct MHD_Connection *connection,
	const char *method, const char *path)
{
	static const struct {
		const char *path;
		enum MHD_Result (*answer)(struct server *, struct MHD_Connection *);
	} pages[] = { { "/health", health }, { "/metrics", metrics },
		{ "/debug/sessions", sessions } };
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(path, pages[i].path) != 0) {
			continue;
		}
		if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
			struct text text = { 0 };
			return http_reply(connection, 405, "text/plain", &text,
				MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
		}
		return pages[i].answer(server, connection);
	}
	return plain(connection, 404, "not found");
}
