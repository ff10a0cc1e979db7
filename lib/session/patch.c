#include "session/patch.h"

#include <inttypes.h>
#include <stdio.h>

#include "json/json.h"
#include "session/record.h"

static const char *put(char *to, struct mcpsess_bytes bytes)
{
	if (bytes.len > 0) {
		memcpy(to, bytes.data, bytes.len);
	}
	return to;
}

struct mcpsess_change *mcpsess_change_copy(
	const struct mcpsess_env *env, const struct mcpsess_change *change)
{
	size_t key = change->key.len;
	size_t value = change->value.len;
	struct mcpsess_change *copy = NULL;
	if (key < SIZE_MAX / 4 && value < SIZE_MAX / 4) {
		copy = mcpsess_realloc(env, NULL, sizeof(*copy) + key + value);
	}
	if (copy != NULL) {
		*copy = *change;
		copy->next = NULL;
		char *text = (char *)(copy + 1);
		copy->key.data = put(text, change->key);
		copy->value.data = put(text + key, change->value);
	}
	return copy;
}

/* -- applying -------------------------------------------------------------------------------- */

int mcpsess_change_sum(struct mcpsess_bytes value, int64_t delta, int64_t *out)
{
	int64_t standing = 0;
	if (value.data != NULL && (mcpsess_json_check(value, MCPSESS_VALUE_DEPTH_MAX, &value) < 0 ||
					  mcpsess_json_integer(value, &standing) < 0)) {
		return MCPSESS_E_INVALID;
	}
	return __builtin_add_overflow(standing, delta, out) ? MCPSESS_E_INVALID : MCPSESS_OK;
}

static int apply_addition(
	const struct mcpsess_change *change, struct mcpsess_buffer *record, size_t limit)
{
	char text[MCPSESS_INTEGER_TEXT_MAX];
	struct mcpsess_record view;
	struct mcpsess_member member = { .value = { NULL, 0 } };
	int64_t sum;
	mcpsess_record_see(&view, mcpsess_buffer_bytes(record));
	mcpsess_record_find(&view, change->tag, change->key, &member);
	int status = mcpsess_change_sum(member.value, change->delta, &sum);
	if (status < 0) {
		return status;
	}
	snprintf(text, sizeof(text), "%" PRId64, sum);
	return mcpsess_record_put(record, limit, change->tag, change->key, mcpsess_str(text));
}

int mcpsess_change_apply(
	const struct mcpsess_change *change, struct mcpsess_buffer *record, size_t limit)
{
	switch (change->kind) {
	case MCPSESS_CHANGE_SET:
		return mcpsess_record_put(record, limit, change->tag, change->key, change->value);
	case MCPSESS_CHANGE_ADD:
		return apply_addition(change, record, limit);
	case MCPSESS_CHANGE_UNSET:
		mcpsess_record_drop(record, change->tag, change->key);
		break;
	}
	return MCPSESS_OK;
}

int mcpsess_patch_apply(const struct mcpsess_patch *patch, struct mcpsess_bytes record,
	size_t limit, struct mcpsess_buffer *out)
{
	mcpsess_buffer_append(out, record);
	int status = out->failed ? MCPSESS_E_NOMEM : MCPSESS_OK;
	const struct mcpsess_change *change = patch->first;
	for (; status == MCPSESS_OK && change != NULL; change = change->next) {
		status = mcpsess_change_apply(change, out, SIZE_MAX);
	}
	if (status == MCPSESS_OK && out->len > limit && out->len > record.len) {
		return MCPSESS_E_TOOBIG;
	}
	return status;
}

/* -- collecting ------------------------------------------------------------------------------ */

static int same_target(const struct mcpsess_change *change, unsigned tag, struct mcpsess_bytes key)
{
	return change->tag == tag && mcpsess_bytes_equal(change->key, key);
}

/* The link to the last change of the same thing, or to the end. */
static struct mcpsess_change **last_of(
	struct mcpsess_patch *patch, const struct mcpsess_change *change)
{
	struct mcpsess_change **found = NULL;
	struct mcpsess_change **link = &patch->first;
	for (; *link != NULL; link = &(*link)->next) {
		if (same_target(*link, change->tag, change->key)) {
			found = link;
		}
	}
	return found != NULL ? found : link;
}

static void append(struct mcpsess_patch *patch, struct mcpsess_change *change)
{
	struct mcpsess_change **link = &patch->first;
	while (*link != NULL) {
		link = &(*link)->next;
	}
	*link = change;
}

/* The later change stands where the earlier stood: keys keep the order of their first setting. */
static void replace(
	const struct mcpsess_env *env, struct mcpsess_change **link, struct mcpsess_change *change)
{
	struct mcpsess_change *old = *link;
	change->next = old->next;
	*link = change;
	mcpsess_free(env, old);
}

static void take_removal(struct mcpsess_patch *patch, const struct mcpsess_env *env,
	struct mcpsess_change **link, struct mcpsess_change *change)
{
	if (*link != NULL && (*link)->kind != MCPSESS_CHANGE_UNSET) {
		struct mcpsess_change *old = *link;
		*link = old->next;
		mcpsess_free(env, old);
		link = last_of(patch, change);
	}
	if (*link == NULL) {
		*link = change;
	} else {
		mcpsess_free(env, change);
	}
}

void mcpsess_patch_take(
	struct mcpsess_patch *patch, const struct mcpsess_env *env, struct mcpsess_change *change)
{
	struct mcpsess_change **link = last_of(patch, change);
	struct mcpsess_change *last = *link;
	if (change->kind == MCPSESS_CHANGE_UNSET) {
		take_removal(patch, env, link, change);
	} else if (last == NULL || last->kind == MCPSESS_CHANGE_UNSET) {
		append(patch, change);
	} else {
		change->delta += change->kind == MCPSESS_CHANGE_ADD ? last->delta : 0;
		replace(env, link, change);
	}
}

int mcpsess_patch_is_empty(const struct mcpsess_patch *patch)
{
	return patch->first == NULL && !patch->activate;
}

int mcpsess_patch_decides(const struct mcpsess_patch *patch, struct mcpsess_bytes key)
{
	const struct mcpsess_change *change = patch->first;
	for (; change != NULL; change = change->next) {
		if (change->kind != MCPSESS_CHANGE_ADD &&
			same_target(change, MCPSESS_TAG_DATA, key)) {
			return 1;
		}
	}
	return 0;
}

int64_t mcpsess_patch_delta(const struct mcpsess_patch *patch, struct mcpsess_bytes key)
{
	const struct mcpsess_change *change = patch->first;
	for (; change != NULL; change = change->next) {
		if (change->kind == MCPSESS_CHANGE_ADD &&
			same_target(change, MCPSESS_TAG_DATA, key)) {
			return change->delta;
		}
	}
	return 0;
}

int mcpsess_patch_adds(const struct mcpsess_patch *patch)
{
	const struct mcpsess_change *change = patch->first;
	while (change != NULL && change->kind != MCPSESS_CHANGE_ADD) {
		change = change->next;
	}
	return change != NULL;
}

void mcpsess_patch_clear(struct mcpsess_patch *patch, const struct mcpsess_env *env)
{
	while (patch->first != NULL) {
		struct mcpsess_change *next = patch->first->next;
		mcpsess_free(env, patch->first);
		patch->first = next;
	}
	patch->activate = 0;
}
