#include "base/blob.h"
#include "store/core.h"
#include "store/seal.h"

static int is_store(const struct mcp_session_store_call *call)
{
	return call->verb == MCPSESS_VERB_STORE;
}

int mcpsess_seal_begin(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	struct mcp_session_store_request *request = &call->request;
	if (core->keys == NULL || !is_store(call)) {
		return MCPSESS_OK;
	}
	size_t len = request->payload.len + mcpsess_seal_cost(core->keys);
	unsigned char *sealed = mcpsess_realloc(&core->env, NULL, len);
	if (sealed == NULL) {
		return mcpsess_fail(
			&call->error, MCPSESS_E_NOMEM, 0, "no memory to seal the payload");
	}
	int r = mcpsess_seal_make(core->keys,
		(struct mcpsess_seal_of){ &request->key, &request->owner }, request->payload,
		sealed);
	if (r < 0) {
		mcpsess_free(&core->env, sealed);
		return mcpsess_fail(&call->error, r, 0, "there is no randomness");
	}
	/* Sealed for this owner, so no other may have it: it would not open. */
	request->flags &= ~(uint32_t)MCP_SESSION_STORE_ANY_OWNER;
	call->plain = request->payload;
	call->sealed = sealed;
	request->payload = mcpsess_bytes(sealed, len);
	return MCPSESS_OK;
}

void mcpsess_seal_drop(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	if (call->sealed != NULL) {
		mcpsess_free(&core->env, call->sealed);
		call->request.payload = call->plain;
		call->sealed = NULL;
	}
}

/* Put an opened payload in the place of the sealed one. */
static int open_answer(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	struct mcp_session_store_answer *answer = &call->answer;
	size_t len;
	int r = mcpsess_seal_look(core->keys, answer->payload, &len, &call->error);
	if (r < 0) {
		return r;
	}
	void *blob = mcpsess_blob_new(&core->env, NULL, len);
	if (blob == NULL) {
		return mcpsess_fail(
			&call->error, MCPSESS_E_NOMEM, 0, "no memory to open the payload");
	}
	struct mcpsess_bytes opened = mcpsess_blob_bytes(blob);
	r = mcpsess_seal_open(core->keys,
		(struct mcpsess_seal_of){ &call->request.key, &answer->owner }, answer->payload,
		(unsigned char *)(uintptr_t)opened.data, &call->error);
	if (r < 0) {
		mcpsess_blob_unref(blob);
		return r;
	}
	mcpsess_blob_unref(answer->blob);
	answer->blob = blob;
	answer->payload = opened;
	return MCPSESS_OK;
}

int mcpsess_seal_end(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	if (core->keys == NULL) {
		return status;
	}
	mcpsess_seal_drop(core, call);
	int got = call->verb == MCPSESS_VERB_GET && status == MCPSESS_OK;
	/* A conflict's payload is there only where the store has it at hand. */
	int met = is_store(call) && status == MCPSESS_E_CONFLICT && call->answer.payload.len > 0;
	int r = got || met ? open_answer(core, call) : MCPSESS_OK;
	if (r < 0) {
		mcp_session_store_answer_clear(&call->answer);
		return call->status = r;
	}
	return status;
}
