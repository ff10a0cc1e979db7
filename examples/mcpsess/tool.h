/* What the commands of mcpsess share: what was asked, the store, what is told and how. */
#ifndef EXAMPLES_MCPSESS_TOOL_H
#define EXAMPLES_MCPSESS_TOOL_H

#include <stdio.h>

#include <mcpsess/session.h>

/* What the program exits with. */
enum { TOOL_OK = 0, TOOL_FAILED = 1, TOOL_USAGE = 2, TOOL_UNAVAILABLE = 3 };

/* What was asked: options, and what stands behind the command. */
struct tool {
	const char *store;
	const char *module_dir;
	const char *tenant;
	const char *owner; /* NULL: everybody's */
	const char *cursor;
	const char *only;
	char *operand; /* NULL: none */
	int json, all, values, print, fast, is_id, is_ref;
	unsigned long seconds, threads, limit, interval, count;
};

struct command {
	const char *name;
	const char *operand; /* for people; NULL: takes none */
	const char *options; /* the letters of options.c that it takes, besides the common ones */
	const char *help;
	int (*run)(struct tool *tool);
	int operand_is_store; /* what --store says otherwise */
};

extern const struct command commands[]; /* up to a NULL name */

/* Read the command line; NULL: *status says how it ends. */
const struct command *options_parse(struct tool *tool, int argc, char **argv, int *status);

int command_list(struct tool *tool);
int command_show(struct tool *tool);
int command_delete(struct tool *tool);
int command_exists(struct tool *tool);
int command_stats(struct tool *tool);
int command_migrate(struct tool *tool);
int command_check(struct tool *tool);
int command_monitor(struct tool *tool);
int command_bench(struct tool *tool);

/* -- the store -------------------------------------------------------------------------------- */

/* The settings of every store that is opened here. */
struct mcp_session_store_options tool_settings(const struct tool *tool);

/* Open --store. TOOL_OK, or what to exit with, and it was told why. */
int tool_open(const struct tool *tool, struct mcp_session_store **out);

/* Is it there? One round trip, a connection apart. A status. */
int tool_ask(struct mcp_session_store *store, struct mcpsess_error *err);

/* Whose records: the owner asked for, or everybody's. */
void tool_owner(const struct tool *tool, struct mcp_session_store_request *request);

/*
 * The live record that the operand names by its id, its ref or the beginning of that: key and
 * answer, which is without a payload. A status. An id goes no further than into its hash.
 */
int tool_find(struct tool *tool, struct mcp_session_store *store, struct mcpsess_digest *key,
	struct mcp_session_store_answer *answer, struct mcpsess_error *err);

/*
 * Show each entry of a list to each(), which returns 0 to end it, limit at most, 0 for all, and
 * leave the cursor for more in the request. A status.
 */
int tool_walk(struct mcp_session_store *store, struct mcp_session_store_request *request,
	unsigned long limit,
	int (*each)(void *to, const struct mcp_session_store_entry *entry, uint64_t now_ms),
	void *to, struct mcpsess_error *err);

/* -- telling ---------------------------------------------------------------------------------- */

/* Say why on standard error, as JSON too if asked; what to exit with. */
int tool_fail(const struct tool *tool, int status, const struct mcpsess_error *err);
int tool_exit(int status);

/* A line that is written over by the next, where people watch; NULL wipes it. */
__attribute__((format(printf, 1, 2))) void tool_progress(const char *format, ...);

/* 1 once SIGINT or SIGTERM came; after tool_catch() they do no more than that. */
int tool_stopping(void);
void tool_catch(void);

/* Microseconds of a stopwatch. */
uint64_t tool_us(void);

#endif
