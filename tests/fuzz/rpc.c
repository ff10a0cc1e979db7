/* Any bytes as messages to a layer: first without a session, then on one that lives. */
#include <stdio.h>

#include <mcpsess/rpc.h>

#include "fuzz.h"
#include "json/json.h"

enum { DEPTH = 64 };

/* Whatever came, what goes back is JSON, or nothing. */
static void check_reply(struct mcpsess_message *message)
{
	struct mcpsess_bytes reply = mcpsess_message_reply(message), value;
	if (reply.len > 0) {
		fuzz_require(mcpsess_json_check(reply, 2 * DEPTH, &value) == MCPSESS_OK);
	}
	fuzz_require(mcpsess_message_status(message) <= MCPSESS_OK);
}

static enum mcpsess_verdict host(struct mcpsess_message *message)
{
	struct mcpsess_session *session = mcpsess_message_session(message);
	struct mcpsess_bytes value = mcpsess_message_argument(message, "value");
	if (session != NULL && value.len > 0) {
		mcpsess_session_set(session, mcpsess_message_name(message), value);
	}
	if (mcpsess_message_name(message).len % 2 == 1) {
		return mcpsess_message_text(message, mcpsess_message_name(message), 1);
	}
	return mcpsess_message_result(message, mcpsess_message_params(message));
}

static void send(struct mcpsess_rpc *rpc, struct mcpsess_bytes body, char *id, size_t *id_len)
{
	struct mcpsess_message *message;
	struct mcpsess_input input = { .body = body };
	if (*id_len > 0) {
		input.session_id = mcpsess_mem(id, *id_len);
	}
	enum mcpsess_verdict verdict = mcpsess_rpc_begin(rpc, &input, &message);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = host(message);
	}
	fuzz_require(verdict == MCPSESS_REPLY);
	check_reply(message);
	struct mcpsess_bytes minted = mcpsess_message_session_id(message);
	if (minted.len > 0) {
		memcpy(id, minted.data, minted.len);
		*id_len = minted.len;
	}
	mcpsess_message_end(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char initialize[] =
		"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
		"{\"protocolVersion\":\"2025-03-26\"}}";
	struct mcp_session_store *store;
	struct mcpsess_rpc *rpc;
	char id[MCPSESS_ID_MAX];
	size_t id_len = 0;
	fuzz_require(mcp_session_store_open("memory:", NULL, &store, NULL) == MCPSESS_OK);
	struct mcpsess_rpc_options options = { .size = sizeof(options),
		.store = store,
		.server_name = "fuzz",
		.server_version = "1",
		.capabilities = "{\"logging\":{},\"resources\":{\"subscribe\":true}}",
		.policy = MCPSESS_SESSION_OPTIONAL };
	fuzz_require(mcpsess_rpc_create(&options, &rpc, NULL) == MCPSESS_OK);
	send(rpc, mcpsess_mem(data, size), id, &id_len);
	id_len = 0;
	send(rpc, mcpsess_str(initialize), id, &id_len);
	fuzz_require(id_len > 0);
	/* Lines are messages of one session, so that what one leaves meets the next. */
	for (size_t at = 0; at < size;) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
		send(rpc, mcpsess_mem(data + at, len), id, &id_len);
		at += len + 1;
	}
	mcpsess_rpc_destroy(rpc);
	mcp_session_store_close(store);
	return 0;
}
