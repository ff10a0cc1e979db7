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
	size_t len = request->payload.len + MCPSESS_SEAL_COST;
	unsigned char *sealed = mcpsess_realloc(&core->env, NULL, len);
	if (sealed == NULL) {
		return mcpsess_fail(
			&call->error, MCPSESS_E_NOMEM, 0, "no memory to seal the payload");
	}
	int any = request->revision > 0 && (request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0;
	struct mcpsess_seal_of of = { &request->key, any ? NULL : &request->owner };
	int r = mcpsess_seal_make(core->keys, of, request->payload, sealed);
	if (r < 0) {
		mcpsess_free(&core->env, sealed);
		return mcpsess_fail(&call->error, r, 0, "there is no randomness");
	}
	call->plain = request->payload;
	call->sealed = sealed;
	request->payload = mcpsess_mem(sealed, len);
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

/* A list says how long payloads are for those who read them. Nobody else has it yet. */
static void correct_lengths(struct mcp_session_store_answer *answer)
{
	struct mcp_session_store_entry *entries =
		(struct mcp_session_store_entry *)(uintptr_t)answer->entries;
	for (size_t i = 0; i < answer->entry_count; i++) {
		uint64_t len = entries[i].payload_len;
		entries[i].payload_len = len > MCPSESS_SEAL_COST ? len - MCPSESS_SEAL_COST : 0;
	}
}

int mcpsess_seal_end(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	if (core->keys == NULL) {
		return status;
	}
	mcpsess_seal_drop(core, call);
	if (call->verb == MCPSESS_VERB_LIST && status == MCPSESS_OK) {
		correct_lengths(&call->answer);
	}
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
