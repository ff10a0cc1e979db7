#include "tool.h"

#include <string.h>

struct mcp_session_store_options tool_settings(const struct tool *tool)
{
	struct mcp_session_store_options settings = { .size = sizeof(settings) };
	settings.module_dir = tool->module_dir;
	return settings;
}

int tool_open(const struct tool *tool, struct mcp_session_store **out)
{
	struct mcp_session_store_options settings = tool_settings(tool);
	struct mcpsess_error err;
	int status = mcp_session_store_open(tool->store, &settings, out, &err);
	if (status < 0) {
		tool_fail(tool, status, &err);
		return status == MCPSESS_E_UNSUPPORTED ? TOOL_UNAVAILABLE : tool_exit(status);
	}
	if (strcmp(mcp_session_store_scheme(*out), "memory") == 0) {
		fputs("mcpsess: memory: is this process's own, no server's\n", stderr);
	}
	return TOOL_OK;
}

int tool_ask(struct mcp_session_store *store, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	if ((mcp_session_store_can(store) & MCP_SESSION_STORE_CAN_PING) != 0) {
		return mcp_session_store_ping(store, &request, NULL, err);
	}
	mcp_session_store_key(mcpsess_str("mcpsess"), mcpsess_str("nobody's"), &request.key);
	int status = mcp_session_store_exists(store, &request, NULL, err);
	return status == MCPSESS_E_NOTFOUND ? MCPSESS_OK : status;
}

void tool_owner(const struct tool *tool, struct mcp_session_store_request *request)
{
	if (tool->owner == NULL) {
		request->flags |= MCP_SESSION_STORE_ANY_OWNER;
		return;
	}
	mcp_session_store_owner(
		mcpsess_str(tool->tenant), mcpsess_str(tool->owner), &request->owner);
}

int tool_walk(struct mcp_session_store *store, struct mcp_session_store_request *request,
	unsigned long limit,
	int (*each)(void *to, const struct mcp_session_store_entry *entry, uint64_t now_ms),
	void *to, struct mcpsess_error *err)
{
	struct mcp_session_store_answer answer = { 0 };
	unsigned long seen = 0;
	int status = MCPSESS_OK, more = 1;
	while (more) {
		if (limit > 0 && limit - seen < request->page) {
			request->page = (uint32_t)(limit - seen);
		}
		status = mcp_session_store_list(store, request, &answer, err);
		if (status < 0) {
			break;
		}
		for (size_t i = 0; i < answer.entry_count && more; i++) {
			more = each(to, &answer.entries[i], answer.now_ms);
		}
		seen += answer.entry_count;
		memcpy(request->cursor, answer.cursor, sizeof(request->cursor));
		more = more && answer.cursor[0] != '\0' && (limit == 0 || seen < limit) &&
		       !tool_stopping();
	}
	mcp_session_store_answer_clear(&answer);
	return status;
}

/* -- one record ------------------------------------------------------------------------------- */

enum {
	REF_LEN = 43,
	SHORT_MIN = 6,                  /* fewer characters of a ref are no name */
	SHORT_MAX = MCPSESS_ID_MIN - 1, /* more may be an id */
};

struct search {
	struct mcpsess_bytes prefix;
	struct mcpsess_digest key;
	unsigned found;
};

static int match(void *to, const struct mcp_session_store_entry *entry, uint64_t now_ms)
{
	struct search *search = to;
	char ref[44];
	(void)now_ms;
	mcp_session_store_ref(&entry->key, ref);
	if (memcmp(ref, search->prefix.data, search->prefix.len) == 0) {
		search->key = entry->key;
		search->found++;
	}
	return search->found < 2;
}

static int find_short(struct mcp_session_store *store, struct mcpsess_bytes prefix,
	struct mcpsess_digest *key, struct mcpsess_error *err)
{
	struct search search = { .prefix = prefix };
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	request.page = MCP_SESSION_STORE_PAGE_MAX;
	int status = tool_walk(store, &request, 0, match, &search, err);
	if (status == MCPSESS_OK && search.found != 1) {
		status = MCPSESS_E_NOTFOUND;
		err->status = status;
		err->sys = 0;
		snprintf(err->text, sizeof(err->text), "%s session's ref begins so",
			search.found == 0 ? "no" : "more than one");
	}
	*key = search.key;
	return status;
}

static int exists(struct mcp_session_store *store, const struct mcpsess_digest *key,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	request.key = *key;
	return mcp_session_store_exists(store, &request, answer, err);
}

/* Take the name over into out, out of sight of who lists processes; "-" reads it instead. */
static struct mcpsess_bytes take_name(struct tool *tool, char out[MCPSESS_ID_MAX + 2])
{
	size_t len;
	out[0] = '\0';
	if (strcmp(tool->operand, "-") == 0) {
		if (fgets(out, MCPSESS_ID_MAX + 2, stdin) != NULL) {
			out[strcspn(out, "\r\n")] = '\0';
		}
		len = strlen(out);
	} else {
		len = strlen(tool->operand);
		size_t kept = len < MCPSESS_ID_MAX + 1 ? len : MCPSESS_ID_MAX + 1;
		memcpy(out, tool->operand, kept);
		out[kept] = '\0';
		explicit_bzero(tool->operand, len);
	}
	return mcpsess_mem(out, len);
}

int tool_find(struct tool *tool, struct mcp_session_store *store, struct mcpsess_digest *key,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err)
{
	char text[MCPSESS_ID_MAX + 2];
	struct mcpsess_digest as_ref;
	struct mcpsess_bytes name = take_name(tool, text);
	int status = MCPSESS_E_NOTFOUND;
	int is_short = name.len >= SHORT_MIN && name.len <= SHORT_MAX;
	if (!tool->is_id && is_short) {
		status = find_short(store, name, key, err);
		return status < 0 ? status : exists(store, key, answer, err);
	}
	/* An id first: what is one must not get to the store as the ref that it looks like. */
	if (!tool->is_ref && name.len >= MCPSESS_ID_MIN && name.len <= MCPSESS_ID_MAX) {
		mcp_session_store_key(mcpsess_str(tool->tenant), name, key);
		status = exists(store, key, answer, err);
	}
	if (!tool->is_id && status == MCPSESS_E_NOTFOUND && name.len == REF_LEN &&
		mcp_session_store_unref(name, &as_ref) == MCPSESS_OK) {
		*key = as_ref;
		status = exists(store, key, answer, err);
	}
	explicit_bzero(text, sizeof(text));
	return status;
}
