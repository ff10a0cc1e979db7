/* mcpsess migrate: the schema of a store that has one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "out.h"
#include "tool.h"
#include "uri.h"

/* The backend judges the URI before the printer sees a part of it; that does not connect. */
static int judge(const struct tool *tool)
{
	struct mcp_session_store *store;
	int status = tool_open(tool, &store);
	if (status == TOOL_OK) {
		mcp_session_store_close(store);
	}
	return status;
}

/* The printer comes with the backend, which alone knows the steps: beside this program, or in PATH.
 */
static int print_steps(const struct tool *tool)
{
	static const char printer[] = "mcpsess-postgres-schema";
	char *schema = uri_value(tool->store, "schema");
	char beside[4096];
	ssize_t len = readlink("/proc/self/exe", beside, sizeof(beside) - sizeof(printer) - 1);
	char *slash = len > 0 ? memrchr(beside, '/', (size_t)len) : NULL;
	fflush(stdout);
	if (slash != NULL) {
		strcpy(slash + 1, printer);
		execl(beside, printer, schema, (char *)NULL);
	}
	execlp(printer, printer, schema, (char *)NULL);
	fprintf(stderr, "mcpsess: %s, of the Postgres backend: %s\n", printer, strerror(errno));
	free(schema);
	return TOOL_UNAVAILABLE;
}

static int migrate(struct tool *tool)
{
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	int status = tool_open(tool, &store);
	if (status != TOOL_OK) {
		return status;
	}
	status = tool_ask(store, &err);
	mcp_session_store_close(store);
	if (status < 0) {
		return tool_fail(tool, status, &err);
	}
	puts(tool->json ? "{\"migrated\":true}" : "The schema is up to date.");
	return TOOL_OK;
}

int command_migrate(struct tool *tool)
{
	if (!uri_is(tool->store, "postgresql") && !uri_is(tool->store, "postgres")) {
		puts(tool->json ? "{\"migrated\":false}" : "This store has no schema.");
		return TOOL_OK;
	}
	if (tool->print) {
		int status = judge(tool);
		return status == TOOL_OK ? print_steps(tool) : status;
	}
	char *uri = uri_creating(tool->store);
	if (uri == NULL) {
		perror("mcpsess");
		return TOOL_FAILED;
	}
	tool->store = uri;
	int status = migrate(tool);
	free(uri);
	return status;
}
