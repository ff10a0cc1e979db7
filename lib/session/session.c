#include "session/session.h"

#include <mcpsess/error.h>

#include "base/base64.h"

enum { SHORT_ID_BYTES = 6 }; /* of the key: eight characters */

void mcpsess_session_init(struct mcpsess_session *session, const struct mcpsess_env *env,
	const struct mcpsess_access *access, size_t max_data)
{
	memset(session, 0, sizeof(*session));
	session->env = env;
	session->access = access;
	session->max_data = max_data;
	mcpsess_buffer_init(&session->written, env);
	mcpsess_buffer_init(&session->work, env);
	mcpsess_record_see(&session->record, mcpsess_mem(NULL, 0));
}

void mcpsess_session_release(struct mcpsess_session *session)
{
	if (session->pending) {
		mcpsess_access_cancel(session->access, &session->call);
		session->pending = 0;
	}
	mcp_session_store_answer_clear(&session->call.answer);
	mcp_session_store_answer_clear(&session->standing);
	mcpsess_patch_clear(&session->patch, session->env);
	mcpsess_buffer_free(&session->work);
	mcpsess_buffer_free(&session->written);
	mcpsess_record_see(&session->record, mcpsess_mem(NULL, 0));
	session->exists = 0;
}

void mcpsess_session_name_key(struct mcpsess_session *session, const struct mcpsess_digest *key)
{
	session->key = *key;
	mcpsess_base64_encode(mcpsess_mem(session->key.bytes, SHORT_ID_BYTES), session->short_id);
}

void mcpsess_session_name(struct mcpsess_session *session, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_bytes id)
{
	struct mcpsess_digest key;
	memmove(session->id, id.data, id.len);
	session->id[id.len] = '\0';
	session->id_len = id.len;
	mcp_session_store_key(tenant, id, &key);
	mcp_session_store_owner(tenant, principal, &session->owner);
	mcpsess_session_name_key(session, &key);
}

static uint64_t later(uint64_t now_ms, uint64_t span_ms)
{
	return span_ms < MCP_SESSION_STORE_NONE - now_ms ? now_ms + span_ms : 0;
}

/* What the store will say, by this node's clock, until it has said it. */
static void guess_times(struct mcpsess_session *session)
{
	struct mcp_session_store_options settings;
	struct mcp_session_store_answer *standing = &session->standing;
	mcpsess_access_settings(session->access, &settings);
	standing->now_ms = mcpsess_now_ms(session->env);
	standing->created_ms = standing->now_ms;
	standing->expires_ms = later(standing->now_ms, settings.idle_ms);
	standing->deadline_ms = later(standing->now_ms, settings.absolute_ms);
}

int mcpsess_session_begin(struct mcpsess_session *session, struct mcpsess_bytes tenant,
	struct mcpsess_bytes principal, struct mcpsess_bytes version, uint32_t state)
{
	char id[MCPSESS_ID_MAX + 1];
	size_t len = mcpsess_make_id(session->env, id, sizeof(id));
	if (len == 0) {
		return mcpsess_fail(&session->call.error, MCPSESS_E_UNAVAILABLE, 0,
			"no randomness for a session id");
	}
	int status = mcpsess_record_begin(&session->written, version);
	if (status < 0) {
		mcpsess_buffer_reset(&session->written);
		return status;
	}
	mcpsess_session_name(session, tenant, principal, mcpsess_mem(id, len));
	mcpsess_record_trust(&session->record, mcpsess_session_standing(session));
	guess_times(session);
	session->standing.state = state;
	session->state = state;
	return MCPSESS_OK;
}

void mcpsess_session_count_first(struct mcpsess_session *session, int counts)
{
	struct mcp_session_store_answer *standing = &session->standing;
	session->counts_first = counts;
	standing->requests = counts ? 1 : 0;
	standing->first_request_ms = counts ? standing->now_ms : 0;
}

struct mcpsess_bytes mcpsess_session_standing(const struct mcpsess_session *session)
{
	return session->written.len > 0 ? mcpsess_buffer_bytes(&session->written)
					: session->standing.payload;
}

/* -- reading --------------------------------------------------------------------------------- */

/* What is found out about the record is kept for the next reader; nothing that he sees changes. */
static struct mcpsess_record *view(const struct mcpsess_session *session)
{
	struct mcpsess_session *self = (struct mcpsess_session *)(uintptr_t)session;
	mcpsess_record_check(&self->record, self->env);
	return &self->record;
}

int mcpsess_session_find(const struct mcpsess_session *session, unsigned tag,
	struct mcpsess_bytes key, struct mcpsess_member *out)
{
	struct mcpsess_record *record = view(session);
	return record->status < 0 ? record->status : mcpsess_record_find(record, tag, key, out);
}

int mcpsess_session_at(const struct mcpsess_session *session, unsigned tag, size_t index,
	struct mcpsess_member *out)
{
	struct mcpsess_record *record = view(session);
	return record->status < 0 ? record->status : mcpsess_record_at(record, tag, index, out);
}

size_t mcpsess_session_count(const struct mcpsess_session *session, unsigned tag)
{
	return view(session)->counts[tag];
}

/* -- changing -------------------------------------------------------------------------------- */

static int changes_nothing(struct mcpsess_record *record, const struct mcpsess_change *change)
{
	struct mcpsess_member member;
	int status = mcpsess_record_find(record, change->tag, change->key, &member);
	switch (change->kind) {
	case MCPSESS_CHANGE_SET:
		return status == MCPSESS_OK && mcpsess_bytes_equal(member.value, change->value);
	case MCPSESS_CHANGE_UNSET:
		return status == MCPSESS_E_NOTFOUND;
	case MCPSESS_CHANGE_ADD:
		break;
	}
	return 0;
}

static int apply(struct mcpsess_session *session, const struct mcpsess_change *change)
{
	struct mcpsess_buffer *work = &session->work;
	if (session->patch.first == NULL) {
		mcpsess_buffer_reset(work);
		mcpsess_buffer_append(work, mcpsess_session_standing(session));
		if (work->failed) {
			return MCPSESS_E_NOMEM;
		}
	}
	return mcpsess_change_apply(change, work, session->max_data);
}

int mcpsess_session_change(struct mcpsess_session *session, const struct mcpsess_change *wanted)
{
	struct mcpsess_record *record = view(session);
	if (record->status < 0 || changes_nothing(record, wanted)) {
		return record->status;
	}
	struct mcpsess_change *change = mcpsess_change_copy(session->env, wanted);
	int status = change != NULL ? apply(session, change) : MCPSESS_E_NOMEM;
	if (status < 0) {
		mcpsess_free(session->env, change);
		return status;
	}
	mcpsess_patch_take(&session->patch, session->env, change);
	mcpsess_record_trust(record, mcpsess_buffer_bytes(&session->work));
	session->asked = 0;
	return MCPSESS_OK;
}

int mcpsess_session_activate(struct mcpsess_session *session)
{
	if (session->state != MCP_SESSION_STORE_ACTIVE) {
		session->state = MCP_SESSION_STORE_ACTIVE;
		session->patch.activate = 1;
		session->asked = 0;
	}
	return MCPSESS_OK;
}

void mcpsess_session_revert(struct mcpsess_session *session)
{
	mcpsess_patch_clear(&session->patch, session->env);
	mcpsess_record_see(&session->record, mcpsess_session_standing(session));
	session->state = session->standing.state;
	session->asked = 0;
	session->unsure = 0;
}

int mcpsess_session_changed(const struct mcpsess_session *session)
{
	return !mcpsess_patch_is_empty(&session->patch) ||
	       (!session->exists && session->ended == 0);
}

/* -- what stays on this node ----------------------------------------------------------------- */

void *mcpsess_session_local(const struct mcpsess_session *session)
{
	const struct mcpsess_session_locals *locals = session->locals;
	return locals != NULL ? locals->get(locals->user_data, &session->key) : NULL;
}

int mcpsess_session_set_local(
	struct mcpsess_session *session, void *pointer, void (*destroy)(void *pointer))
{
	const struct mcpsess_session_locals *locals = session->locals;
	if (locals == NULL) {
		return MCPSESS_E_INVALID;
	}
	return locals->set(locals->user_data, &session->key, pointer, destroy);
}
