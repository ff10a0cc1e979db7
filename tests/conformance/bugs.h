/* What a bug of broken: is made of. */
#ifndef MCPSESS_TESTS_BUGS_H
#define MCPSESS_TESTS_BUGS_H

#include "broken.h"
#include "wrap.h"

struct bug;

struct broken {
	struct wrap wrap;
	const struct bug *bug;
	struct mcpsess_digest key;              /* of the record that the bug remembers */
	struct mcp_session_store_answer answer; /* of it */
	unsigned char operation[16];
	unsigned verbs;
	char alias[1 << 16];
};

struct bug {
	struct mcpsess_broken_bug says;
	/* Each may be NULL. Change the settings; the request; the status and the answer. */
	void (*settings)(struct mcp_session_store_options *settings);
	void (*before)(struct broken *broken, enum wrap_verb verb,
		struct mcp_session_store_request *request);
	int (*after)(struct broken *broken, enum wrap_verb verb,
		struct mcp_session_store_call *call, int status);
	int leaves_updates; /* after() does them */
	uint32_t can_more, can_less;
};

/* Each table ends with a bug without a name. */
extern const struct bug mcpsess_bugs_of_records[];
extern const struct bug mcpsess_bugs_of_access[];
extern const struct bug mcpsess_bugs_of_verbs[];

/* -- helpers ---------------------------------------------------------------------------------- */

/* Ask the inner store for something else, and answer that. */
static inline int ask_instead(struct broken *broken, enum wrap_verb verb,
	struct mcp_session_store_call *call, uint64_t revision)
{
	struct mcp_session_store_request asked = call->request;
	call->request.revision = revision;
	int status = mcpsess_wrap_ask(&broken->wrap, verb, call);
	call->request = asked;
	return status;
}

static inline int is_update(enum wrap_verb verb, const struct mcp_session_store_request *request)
{
	return verb == WRAP_STORE && request->revision > 0;
}

static inline int is_create(enum wrap_verb verb, const struct mcp_session_store_request *request)
{
	return verb == WRAP_STORE && request->revision == 0;
}

static inline int is_gone(int status)
{
	return status == MCPSESS_E_NOTFOUND || status == MCPSESS_E_EXPIRED ||
	       status == MCPSESS_E_REVOKED;
}

static inline int remembers(const struct broken *broken, const struct mcp_session_store_call *call)
{
	return memcmp(&broken->key, &call->request.key, sizeof(broken->key)) == 0;
}

static inline void forget(struct broken *broken)
{
	mcp_session_store_answer_clear(&broken->answer);
	memset(&broken->key, 0, sizeof(broken->key));
}

static inline void remember(struct broken *broken, const struct mcp_session_store_call *call)
{
	const struct mcpsess_host *host = broken->wrap.store.host;
	forget(broken);
	broken->key = call->request.key;
	broken->answer = call->answer;
	if (call->answer.blob != NULL) {
		host->blob_ref(call->answer.blob);
	}
}

static inline int answer_remembered(struct broken *broken, struct mcp_session_store_call *call)
{
	uint64_t now_ms = call->answer.now_ms;
	mcp_session_store_answer_clear(&call->answer);
	call->answer = broken->answer;
	call->answer.now_ms = now_ms > 0 ? now_ms : broken->answer.now_ms;
	if (broken->answer.blob != NULL) {
		broken->wrap.store.host->blob_ref(broken->answer.blob);
	}
	return MCPSESS_OK;
}

#endif
