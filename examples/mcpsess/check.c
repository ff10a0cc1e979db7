/* mcpsess check: the conformance kit against a live server, in a namespace of its own. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mcpsess/conformance.h>

#include "out.h"
#include "tool.h"
#include "uri.h"

/* The kit's lines on their way to whoever reads them. */
struct lines {
	const struct tool *tool;
	struct json json;
	char line[1024];
	size_t len;
	unsigned long passed, failed;
};

static void take_line(struct lines *lines)
{
	struct mcpsess_bytes line = mcpsess_mem(lines->line, lines->len);
	int passed = strncmp(lines->line, "ok ", 3) == 0;
	int failed = strncmp(lines->line, "FAIL ", 5) == 0;
	lines->passed += (unsigned long)passed;
	lines->failed += (unsigned long)failed;
	if (!lines->tool->json) {
		tool_progress(NULL);
		puts(lines->line);
	} else if (!passed && (failed || strncmp(lines->line, "absent ", 7) == 0)) {
		json_text(&lines->json, NULL, line);
	}
	if (passed && !isatty(STDOUT_FILENO)) {
		tool_progress("%lu passed, %lu failed: %s", lines->passed, lines->failed,
			lines->line + 3);
	}
	fflush(stdout);
}

static ssize_t take(void *cookie, const char *data, size_t len)
{
	struct lines *lines = cookie;
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n') {
			lines->line[lines->len] = '\0';
			take_line(lines);
			lines->len = 0;
		} else if (lines->len + 1 < sizeof(lines->line)) {
			lines->line[lines->len++] = data[i];
		}
	}
	return (ssize_t)len;
}

/* The kit tells of broken promises; why there is nothing to keep any is for us to say. */
static int ask(const struct tool *tool, const char *uri)
{
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	struct tool asking = *tool;
	asking.store = uri;
	int status = tool_open(&asking, &store);
	if (status != TOOL_OK) {
		return status;
	}
	int answered = tool_ask(store, &err);
	mcp_session_store_close(store);
	return answered < 0 ? tool_fail(tool, answered, &err) : TOOL_OK;
}

static int run(struct tool *tool, const char *uri)
{
	int status = ask(tool, uri);
	if (status != TOOL_OK) {
		return status;
	}
	struct lines lines = { .tool = tool, .json = { .file = stdout } };
	struct mcpsess_conformance_options options = { .size = sizeof(options) };
	cookie_io_functions_t functions = { .write = take };
	FILE *out = fopencookie(&lines, "w", functions);
	if (out == NULL) {
		perror("mcpsess");
		return TOOL_FAILED;
	}
	setvbuf(out, NULL, _IOLBF, BUFSIZ);
	options.module_dir = tool->module_dir;
	options.only = tool->only;
	options.threads = (unsigned)tool->threads;
	options.flags = tool->fast ? MCPSESS_CONFORMANCE_FAST : 0;
	if (tool->json) {
		json_begin(&lines.json, NULL, '{');
		json_begin(&lines.json, "lines", '[');
	}
	int failed = mcpsess_conformance_run(uri, &options, out);
	fclose(out);
	tool_progress(NULL);
	if (tool->json) {
		json_end(&lines.json, ']');
		json_number(&lines.json, "passed", lines.passed);
		json_number(&lines.json, "failed", lines.failed);
		json_text(&lines.json, "status",
			mcpsess_str(mcpsess_status_name(failed < 0 ? failed : MCPSESS_OK)));
		json_end(&lines.json, '}');
		puts("");
	}
	if (failed == 0 && lines.passed == 0) {
		fputs("mcpsess: check: no case has such a name\n", stderr);
		return TOOL_USAGE;
	}
	return failed > 0 ? TOOL_FAILED : tool_exit(failed);
}

/* In a process of its own, so that whatever ends it does not end us. */
static int run_apart(struct tool *tool, const char *uri)
{
	int status = 0, told = 0;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		status = run(tool, uri);
		fflush(stdout);
		_exit(status);
	}
	tool_catch();
	while (child > 0 && waitpid(child, &status, 0) < 0) {
		if (tool_stopping() && !told++) {
			kill(child, SIGTERM);
		}
	}
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : TOOL_FAILED;
}

/* The first verb does it. */
static int drop(struct tool *tool, const char *uri, const char *name)
{
	struct mcp_session_store *store;
	struct mcpsess_error err = { 0 };
	char *dropping = uri_dropping(uri);
	tool->store = dropping;
	int status = dropping != NULL ? tool_open(tool, &store) : TOOL_FAILED;
	if (status == TOOL_OK) {
		status = tool_ask(store, &err) < 0 ? TOOL_FAILED : TOOL_OK;
		mcp_session_store_close(store);
	}
	if (status != TOOL_OK) {
		fprintf(stderr, "mcpsess: %s\nmcpsess: to be rid of it: drop schema %s cascade\n",
			err.text, name);
	}
	free(dropping);
	return status;
}

int command_check(struct tool *tool)
{
	const char *name;
	char *uri = uri_private(tool->store, &name);
	if (uri == NULL) {
		perror("mcpsess");
		return TOOL_FAILED;
	}
	if (name == NULL) {
		fputs("mcpsess: the store must be empty, and nobody else may use it\n", stderr);
	} else if (name[0] != '\0') {
		fprintf(stderr, "mcpsess: what it writes is below %s\n", name);
	}
	int status;
	if (uri_is(uri, "postgresql") || uri_is(uri, "postgres")) {
		status = run_apart(tool, uri);
		int dropped = drop(tool, uri, name);
		status = status == TOOL_OK ? dropped : status;
	} else {
		status = run(tool, uri);
	}
	free(uri);
	return status;
}
