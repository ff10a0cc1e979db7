/* Session data: keys to JSON values, in the order in which they were first set. */
#include "session/session.h"

#include <inttypes.h>
#include <stdio.h>

#include <mcpsess/error.h>

#include "json/json.h"

int mcpsess_session_get(
	const struct mcpsess_session *session, struct mcpsess_bytes key, struct mcpsess_bytes *out)
{
	struct mcpsess_member member;
	int status = mcpsess_session_find(session, MCPSESS_TAG_DATA, key, &member);
	if (status < 0) {
		return status;
	}
	if (mcpsess_json_check(member.value, MCPSESS_VALUE_DEPTH_MAX, out) < 0) {
		return MCPSESS_E_CORRUPT;
	}
	return MCPSESS_OK;
}

int mcpsess_session_set(
	struct mcpsess_session *session, struct mcpsess_bytes key, struct mcpsess_bytes json)
{
	struct mcpsess_change change = { .kind = MCPSESS_CHANGE_SET, .key = key };
	change.tag = MCPSESS_TAG_DATA;
	if (!mcpsess_key_is_sound(key) ||
		mcpsess_json_check(json, MCPSESS_VALUE_DEPTH_MAX, &change.value) < 0) {
		return MCPSESS_E_INVALID;
	}
	return mcpsess_session_change(session, &change);
}

int mcpsess_session_unset(struct mcpsess_session *session, struct mcpsess_bytes key)
{
	struct mcpsess_change change = { .kind = MCPSESS_CHANGE_UNSET, .key = key };
	change.tag = MCPSESS_TAG_DATA;
	return mcpsess_session_change(session, &change);
}

int mcpsess_session_add(
	struct mcpsess_session *session, struct mcpsess_bytes key, int64_t delta, int64_t *out)
{
	char text[MCPSESS_INTEGER_TEXT_MAX];
	int64_t sum, all;
	struct mcpsess_change change = { .kind = MCPSESS_CHANGE_ADD, .key = key, .delta = delta };
	change.tag = MCPSESS_TAG_DATA;
	if (!mcpsess_key_is_sound(key)) {
		return MCPSESS_E_INVALID;
	}
	struct mcpsess_member member = { .value = { NULL, 0 } };
	int status = mcpsess_session_find(session, MCPSESS_TAG_DATA, key, &member);
	if (status == MCPSESS_OK || status == MCPSESS_E_NOTFOUND) {
		status = mcpsess_change_sum(member.value, delta, &sum);
	}
	if (status < 0) {
		return status;
	}
	if (mcpsess_patch_decides(&session->patch, key)) {
		change.kind = MCPSESS_CHANGE_SET;
		change.value =
			mcpsess_mem(text, (size_t)snprintf(text, sizeof(text), "%" PRId64, sum));
	} else if (__builtin_add_overflow(mcpsess_patch_delta(&session->patch, key), delta, &all)) {
		return MCPSESS_E_INVALID;
	}
	status = mcpsess_session_change(session, &change);
	if (status == MCPSESS_OK && out != NULL) {
		*out = sum;
	}
	return status;
}

size_t mcpsess_session_key_count(const struct mcpsess_session *session)
{
	return mcpsess_session_count(session, MCPSESS_TAG_DATA);
}

struct mcpsess_bytes mcpsess_session_key(const struct mcpsess_session *session, size_t index)
{
	struct mcpsess_member member;
	int status = mcpsess_session_at(session, MCPSESS_TAG_DATA, index, &member);
	return status == MCPSESS_OK ? member.key : mcpsess_mem(NULL, 0);
}
