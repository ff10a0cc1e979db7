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

#ifdef __cplusplus
}
#endif

#endif
