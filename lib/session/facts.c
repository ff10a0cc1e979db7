/* What a session says about itself and its client. */
#include "session/session.h"

#include <mcpsess/error.h>

#include "json/json.h"

static const struct mcpsess_bytes none = { NULL, 0 };

struct mcpsess_bytes mcpsess_session_id(const struct mcpsess_session *session)
{
	return mcpsess_mem(session->id, session->id_len);
}

const char *mcpsess_session_short_id(const struct mcpsess_session *session)
{
	return session->short_id;
}

void mcpsess_session_ref(const struct mcpsess_session *session, char out[44])
{
	mcp_session_store_ref(&session->key, out);
}

int mcpsess_session_active(const struct mcpsess_session *session)
{
	return session->state == MCP_SESSION_STORE_ACTIVE;
}

struct mcpsess_bytes mcpsess_session_version(const struct mcpsess_session *session)
{
	struct mcpsess_bytes version = none;
	mcpsess_record_version(session->record.bytes, &version);
	return version;
}

void mcpsess_session_times(const struct mcpsess_session *session, struct mcpsess_times *out)
{
	const struct mcp_session_store_answer *standing = &session->standing;
	out->now_ms = standing->now_ms;
	out->created_ms = standing->created_ms;
	out->first_request_ms = standing->first_request_ms;
	out->last_request_ms = standing->last_request_ms;
	out->expires_ms = standing->expires_ms;
	out->deadline_ms = standing->deadline_ms;
}

uint64_t mcpsess_session_requests(const struct mcpsess_session *session)
{
	return session->standing.requests;
}

/* -- members ---------------------------------------------------------------------------------- */

static struct mcpsess_bytes value(const struct mcpsess_session *session, unsigned tag)
{
	struct mcpsess_member found;
	return mcpsess_session_find(session, tag, none, &found) == MCPSESS_OK ? found.value : none;
}

/* Hosts splice these into JSON of their own: what is no object counts as none. */
static struct mcpsess_bytes object(const struct mcpsess_session *session, unsigned tag)
{
	struct mcpsess_bytes json;
	if (mcpsess_json_check(value(session, tag), MCPSESS_VALUE_DEPTH_MAX, &json) < 0 ||
		mcpsess_json_type(json) != MCPSESS_JSON_OBJECT) {
		return mcpsess_str("{}");
	}
	return json;
}

struct mcpsess_bytes mcpsess_session_client_info(const struct mcpsess_session *session)
{
	return object(session, MCPSESS_TAG_CLIENT_INFO);
}

struct mcpsess_bytes mcpsess_session_client_capabilities(const struct mcpsess_session *session)
{
	return object(session, MCPSESS_TAG_CLIENT_CAPABILITIES);
}

int mcpsess_session_client_can(
	const struct mcpsess_session *session, struct mcpsess_bytes capability)
{
	struct mcpsess_bytes all = mcpsess_session_client_capabilities(session);
	enum mcpsess_json_type type = mcpsess_json_type(mcpsess_json_member(all, capability));
	return type != MCPSESS_JSON_NONE && type != MCPSESS_JSON_NULL && type != MCPSESS_JSON_FALSE;
}

struct mcpsess_bytes mcpsess_session_log_level(const struct mcpsess_session *session)
{
	return value(session, MCPSESS_TAG_LOG_LEVEL);
}

struct mcpsess_bytes mcpsess_session_blob(const struct mcpsess_session *session)
{
	return value(session, MCPSESS_TAG_BLOB);
}

static int set_value(struct mcpsess_session *session, unsigned tag, struct mcpsess_bytes bytes)
{
	struct mcpsess_change change = { .tag = tag, .value = bytes };
	change.kind = bytes.len > 0 ? MCPSESS_CHANGE_SET : MCPSESS_CHANGE_UNSET;
	return mcpsess_session_change(session, &change);
}

int mcpsess_session_set_client(struct mcpsess_session *session, struct mcpsess_bytes info,
	struct mcpsess_bytes capabilities)
{
	int status = set_value(session, MCPSESS_TAG_CLIENT_INFO, info);
	if (status == MCPSESS_OK) {
		status = set_value(session, MCPSESS_TAG_CLIENT_CAPABILITIES, capabilities);
	}
	return status;
}

int mcpsess_session_set_log_level(struct mcpsess_session *session, struct mcpsess_bytes level)
{
	return set_value(session, MCPSESS_TAG_LOG_LEVEL, level);
}

int mcpsess_session_set_blob(struct mcpsess_session *session, struct mcpsess_bytes blob)
{
	return set_value(session, MCPSESS_TAG_BLOB, blob);
}

/* -- subscriptions ---------------------------------------------------------------------------- */

size_t mcpsess_session_subscription_count(const struct mcpsess_session *session)
{
	return mcpsess_session_count(session, MCPSESS_TAG_SUBSCRIPTION);
}

struct mcpsess_bytes mcpsess_session_subscription(
	const struct mcpsess_session *session, size_t index)
{
	struct mcpsess_member found;
	int status = mcpsess_session_at(session, MCPSESS_TAG_SUBSCRIPTION, index, &found);
	return status == MCPSESS_OK ? found.key : none;
}

int mcpsess_session_subscribed(const struct mcpsess_session *session, struct mcpsess_bytes uri)
{
	struct mcpsess_member found;
	return mcpsess_session_find(session, MCPSESS_TAG_SUBSCRIPTION, uri, &found) == MCPSESS_OK;
}

static int set_subscribed(
	struct mcpsess_session *session, enum mcpsess_change_kind kind, struct mcpsess_bytes uri)
{
	struct mcpsess_change change = { .kind = kind, .key = uri };
	change.tag = MCPSESS_TAG_SUBSCRIPTION;
	return mcpsess_session_change(session, &change);
}

int mcpsess_session_subscribe(struct mcpsess_session *session, struct mcpsess_bytes uri)
{
	return set_subscribed(session, MCPSESS_CHANGE_SET, uri);
}

int mcpsess_session_unsubscribe(struct mcpsess_session *session, struct mcpsess_bytes uri)
{
	return set_subscribed(session, MCPSESS_CHANGE_UNSET, uri);
}
