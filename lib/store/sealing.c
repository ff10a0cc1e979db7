#include "base/blob.h"
#include "store/core.h"
#include "store/seal.h"

struct mcpsess_bytes mcpsess_seal_key_id(struct mcpsess_bytes payload)
{
	static const char zeros[MCPSESS_KEY_ID_MAX];
	const char *at = payload.data;
	if (payload.len < MCPSESS_SEAL_COST ||
		(at[0] != MCPSESS_SEAL_FOR_OWNER && at[0] != MCPSESS_SEAL_FOR_ANY)) {
		return mcpsess_mem(NULL, 0);
	}
	struct mcpsess_bytes id = mcpsess_mem(at + 1, strnlen(at + 1, MCPSESS_KEY_ID_MAX));
	int sound = mcpsess_key_id_is_sound(id) &&
		    memcmp(at + 1 + id.len, zeros, MCPSESS_KEY_ID_MAX - id.len) == 0;
	return sound ? id : mcpsess_mem(NULL, 0);
}

static int is_rotation(const struct mcp_session_store_call *call)
{
	return call->verb == MCPSESS_VERB_ROTATE;
}

static int is_store(const struct mcp_session_store_call *call)
{
	return call->verb == MCPSESS_VERB_STORE;
}

/* Put a sealed payload in the place of the request's, which is the caller's again at the end. */
static int seal(struct mcpsess_core *core, struct mcp_session_store_call *call,
	struct mcpsess_seal_of of, struct mcpsess_bytes payload)
{
	size_t len = payload.len + MCPSESS_SEAL_COST;
	unsigned char *sealed = mcpsess_realloc(&core->env, NULL, len);
	if (sealed == NULL) {
		return mcpsess_fail(
			&call->error, MCPSESS_E_NOMEM, 0, "no memory to seal the payload");
	}
	int r = mcpsess_seal_make(core->keys, of, payload, sealed);
	if (r < 0) {
		mcpsess_free(&core->env, sealed);
		return mcpsess_fail(&call->error, r, 0, "there is no randomness");
	}
	call->plain = call->request.payload;
	call->sealed = sealed;
	call->request.payload = mcpsess_mem(sealed, len);
	return MCPSESS_OK;
}

int mcpsess_seal_begin(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	const struct mcp_session_store_request *request = &call->request;
	if (core->keys == NULL || (!is_store(call) && !is_rotation(call))) {
		return MCPSESS_OK;
	}
	if (is_rotation(call) && request->revision == 0) {
		call->reads_first = 1;
		call->verb = MCPSESS_VERB_GET;
		return MCPSESS_OK;
	}
	int any = request->revision > 0 && (request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0;
	struct mcpsess_seal_of of = { is_rotation(call) ? &request->new_key : &request->key,
		any ? NULL : &request->owner };
	return seal(core, call, of, request->payload);
}

void mcpsess_seal_drop(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	if (call->sealed != NULL) {
		mcpsess_free(&core->env, call->sealed);
		call->request.payload = call->plain;
		call->sealed = NULL;
	}
	if (call->reads_first) {
		call->request.revision = 0;
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

/* -- a rotation that reads first -------------------------------------------------------------- */

static int again(struct mcp_session_store_call *call, enum mcpsess_verb verb)
{
	call->verb = verb;
	call->error.status = MCPSESS_OK;
	call->error.sys = 0;
	call->error.text[0] = '\0';
	mcp_session_store_answer_clear(&call->answer);
	return MCPSESS_SEAL_AGAIN;
}

/* What was read moves, if it still stands. */
static int rotate_what_came(struct mcpsess_core *core, struct mcp_session_store_call *call)
{
	struct mcp_session_store_answer *answer = &call->answer;
	struct mcpsess_seal_of of = { &call->request.new_key, &answer->owner };
	int r = open_answer(core, call);
	if (r == MCPSESS_OK) {
		r = seal(core, call, of, answer->payload);
	}
	if (r < 0) {
		return r;
	}
	call->request.revision = answer->revision;
	return again(call, MCPSESS_VERB_ROTATE);
}

/* It may have moved already, under the same token; no revision is this one, so nothing else can. */
static int ask_whether_it_moved(struct mcp_session_store_call *call)
{
	call->request.revision = MCP_SESSION_STORE_NONE;
	return again(call, MCPSESS_VERB_ROTATE);
}

static int next_step(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	if (is_rotation(call)) {
		mcpsess_seal_drop(core, call);
		return status == MCPSESS_E_CONFLICT ? again(call, MCPSESS_VERB_GET) : status;
	}
	switch (status) {
	case MCPSESS_OK:
		return rotate_what_came(core, call);
	case MCPSESS_E_NOTFOUND:
	case MCPSESS_E_EXPIRED:
	case MCPSESS_E_REVOKED:
		return ask_whether_it_moved(call);
	default:
		return status;
	}
}

static int end_rotation(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	status = next_step(core, call, status);
	if (status != MCPSESS_SEAL_AGAIN) {
		call->verb = MCPSESS_VERB_ROTATE;
		call->reads_first = 0;
		if (status < 0) {
			mcp_session_store_answer_clear(&call->answer);
		}
		call->status = status;
	}
	return status;
}

int mcpsess_seal_end(struct mcpsess_core *core, struct mcp_session_store_call *call, int status)
{
	if (core->keys == NULL) {
		return status;
	}
	if (call->reads_first) {
		return end_rotation(core, call, status);
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
