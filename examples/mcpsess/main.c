/*
 * mcpsess: what an operator asks of a session store, whichever it is.
 *
 * Every command goes through the library, so it keeps the contract of mcpsess/store.h as any server
 * does: no command scans or blocks the database, and none shows an id.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "out.h"
#include "tool.h"

const struct command commands[] = {
	{ "list", "[URI]", "toalc", "live sessions, a page or all", command_list, 1 },
	{ "show", "REF|ID", "tvir", "what a session holds", command_show, 0 },
	{ "delete", "[REF|ID]", "toir", "end a session, or all of an owner", command_delete, 0 },
	{ "exists", "REF|ID", "tir", "is it live? the exit status tells", command_exists, 0 },
	{ "stats", "[URI]", "", "how many, how large; what the store can do", command_stats, 1 },
	{ "migrate", "[URI]", "p", "create or update the schema", command_migrate, 1 },
	{ "check", "[URI]", "yfT", "does the store keep every promise?", command_check, 1 },
	{ "monitor", "[URI]", "wn", "watch sessions, rates and errors", command_monitor, 1 },
	{ "bench", "[URI]", "sT", "how fast is it from here?", command_bench, 1 },
	{ 0 },
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

int tool_stopping(void)
{
	return stopped;
}

void tool_catch(void)
{
	struct sigaction action = { .sa_handler = stop };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

uint64_t tool_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void tool_progress(const char *format, ...)
{
	va_list args;
	if (!isatty(STDERR_FILENO)) {
		return;
	}
	fputs("\r\033[K", stderr);
	if (format != NULL) {
		va_start(args, format);
		vfprintf(stderr, format, args);
		va_end(args);
	}
	fflush(stderr);
}

int tool_exit(int status)
{
	switch (status) {
	case MCPSESS_E_UNAVAILABLE:
	case MCPSESS_E_UNKNOWN:
		return TOOL_UNAVAILABLE;
	case MCPSESS_E_INVALID:
		return TOOL_USAGE;
	default:
		return status < 0 ? TOOL_FAILED : TOOL_OK;
	}
}

int tool_fail(const struct tool *tool, int status, const struct mcpsess_error *err)
{
	const char *text =
		err != NULL && err->status == status ? err->text : mcpsess_strerror(status);
	tool_progress(NULL);
	fprintf(stderr, "mcpsess: %s\n", text);
	if (tool->json) {
		struct json json = { .file = stdout };
		json_begin(&json, NULL, '{');
		json_text(&json, "error", mcpsess_str(mcpsess_status_name(status)));
		json_text(&json, "text", mcpsess_str(text));
		json_end(&json, '}');
		puts("");
	}
	return tool_exit(status);
}

int main(int argc, char **argv)
{
	struct tool tool;
	int status = TOOL_OK;
	const struct command *command = options_parse(&tool, argc, argv, &status);
	if (command == NULL) {
		return status;
	}
	status = command->run(&tool);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "mcpsess: standard output: %s\n", strerror(errno));
		return status != TOOL_OK ? status : TOOL_FAILED;
	}
	return status;
}
