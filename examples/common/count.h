/* What the small hosts share: a tool that counts calls of its session, and their settings. */
#ifndef EXAMPLES_COUNT_H
#define EXAMPLES_COUNT_H

#include <mcpsess/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Answer a dispatched message: tools/list, and tools/call of "count". */
enum mcpsess_verdict count_handle(struct mcpsess_message *message);

/* The value after the option on the command line, else the environment variable's, else standard.
 */
const char *count_setting(
	char **argv, const char *option, const char *variable, const char *standard);

/* For opening a store or pool. */
struct count_place {
	const char *uri;
	struct mcp_session_store_options options;
	char created[1024];
};

/* What --store and --module-dir say, or MCP_SESSION_STORE and MCP_MODULE_DIR, or else memory:. */
void count_store(char **argv, struct count_place *out);

#ifdef __cplusplus
}
#endif

#endif
