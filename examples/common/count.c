#include "count.h"

#include <inttypes.h>
#include <stdio.h>

static const char tools[] =
	"{\"tools\":[{\"name\":\"count\",\"description\":\"Count the calls of this session.\","
	"\"inputSchema\":{\"type\":\"object\",\"properties\":{}}}]}";

static enum mcpsess_verdict count(struct mcpsess_message *message)
{
	struct mcpsess_session *session = mcpsess_message_session(message);
	int64_t sum;
	int status = mcpsess_session_add(session, mcpsess_str("count"), 1, &sum);
	if (status < 0) {
		return mcpsess_message_text(message, mcpsess_str(mcpsess_strerror(status)), 1);
	}
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, sum);
	return mcpsess_message_text(message, mcpsess_str(text), 0);
}

enum mcpsess_verdict count_handle(struct mcpsess_message *message)
{
	const struct mcpsess_bytes nothing = { NULL, 0 };
	struct mcpsess_bytes method = mcpsess_message_method(message);
	if (mcpsess_message_kind(message) != MCPSESS_REQUEST) {
		return mcpsess_message_result(message, nothing);
	}
	if (mcpsess_bytes_equal(method, mcpsess_str("tools/list"))) {
		return mcpsess_message_result(message, mcpsess_str(tools));
	}
	if (!mcpsess_bytes_equal(method, mcpsess_str("tools/call"))) {
		return mcpsess_message_error(
			message, MCPSESS_RPC_METHOD_NOT_FOUND, "Method not found", nothing);
	}
	if (!mcpsess_bytes_equal(mcpsess_message_name(message), mcpsess_str("count"))) {
		return mcpsess_message_error(
			message, MCPSESS_RPC_INVALID_PARAMS, "Unknown tool", nothing);
	}
	return count(message);
}
