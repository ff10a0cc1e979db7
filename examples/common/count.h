/* What the small hosts serve: a tool that counts the calls of its session. */
#ifndef EXAMPLES_COUNT_H
#define EXAMPLES_COUNT_H

#include <mcpsess/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Answer a dispatched message: tools/list, and tools/call of "count". */
enum mcpsess_verdict count_handle(struct mcpsess_message *message);

#ifdef __cplusplus
}
#endif

#endif
