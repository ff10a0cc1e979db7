/* mcpsess delete and exists. */
#include <string.h>

#include "out.h"
#include "tool.h"

static int end_owner(
	const struct tool *tool, struct mcp_session_store *store, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = { 0 };
	if ((mcp_session_store_can(store) & MCP_SESSION_STORE_CAN_END_OWNER) == 0) {
		err->status = MCPSESS_E_UNSUPPORTED;
		snprintf(err->text, sizeof(err->text),
			"%s: cannot end all of an owner at once; delete what list --owner shows",
			mcp_session_store_scheme(store));
		return err->status;
	}
	tool_owner(tool, &request);
	return mcp_session_store_end_owner(store, &request, NULL, err);
}

static int end_one(struct tool *tool, struct mcp_session_store *store, struct mcpsess_error *err)
{
	struct mcp_session_store_answer answer = { 0 };
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	int status = tool_find(tool, store, &request.key, &answer, err);
	return status < 0 ? status : mcp_session_store_delete(store, &request, NULL, err);
}

static void tell(const struct tool *tool, const char *what)
{
	struct json json = { .file = stdout };
	if (tool->json) {
		json_begin(&json, NULL, '{');
		json_true(&json, what, 1);
		json_end(&json, '}');
		puts("");
	}
}

int command_delete(struct tool *tool)
{
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	if ((tool->operand == NULL) == (tool->owner == NULL)) {
		fputs("mcpsess: delete: one of a ref, an id or --owner\n", stderr);
		return TOOL_USAGE;
	}
	int status = tool_open(tool, &store);
	if (status != TOOL_OK) {
		return status;
	}
	status = tool->owner != NULL ? end_owner(tool, store, &err) : end_one(tool, store, &err);
	if (status < 0) {
		status = tool_fail(tool, status, &err);
	} else {
		tell(tool, "deleted");
	}
	mcp_session_store_close(store);
	return status;
}

static int is_absent(int status)
{
	return status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_EXPIRED ||
	       status == MCPSESS_E_REVOKED;
}

int command_exists(struct tool *tool)
{
	struct mcp_session_store *store;
	struct mcp_session_store_answer answer = { 0 };
	struct mcpsess_digest key;
	struct mcpsess_error err = { 0 };
	if (tool->operand == NULL) {
		fputs("mcpsess: exists: which session? a ref, an id, or - to read it\n", stderr);
		return TOOL_USAGE;
	}
	int status = tool_open(tool, &store);
	if (status != TOOL_OK) {
		return status;
	}
	status = tool_find(tool, store, &key, &answer, &err);
	if (status < 0 && !is_absent(status)) {
		status = tool_fail(tool, status, &err);
	} else if (tool->json) {
		struct json json = { .file = stdout };
		json_begin(&json, NULL, '{');
		json_true(&json, "exists", status == MCPSESS_OK);
		json_text(&json, "status", mcpsess_str(mcpsess_status_name(status)));
		json_end(&json, '}');
		puts("");
		status = tool_exit(status);
	} else {
		puts(status == MCPSESS_OK ? "live" : mcpsess_strerror(status));
		status = tool_exit(status);
	}
	mcp_session_store_close(store);
	return status;
}
