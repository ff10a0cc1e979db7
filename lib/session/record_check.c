/* Whether a record is sound: every member where it belongs, and nothing twice. */
#include "json/text.h"
#include "session/record.h"

#include <mcpsess/error.h>

/* So few keys are compared each with each. */
enum { FEW = 32 };

int mcpsess_key_is_sound(struct mcpsess_bytes key)
{
	if (key.len == 0 || key.len > MCPSESS_KEY_MAX) {
		return 0;
	}
	const unsigned char *at = key.data;
	const unsigned char *end = at + key.len;
	while (at < end) {
		size_t len = *at < 0x80 ? 1 : mcpsess_json_utf8(at, end);
		int control =
			*at < 0x20 || *at == 0x7f || (*at == 0xc2 && len == 2 && at[1] < 0xa0);
		if (len == 0 || control) {
			return 0;
		}
		at += len;
	}
	return 1;
}

/* -- nothing twice --------------------------------------------------------------------------- */

static int came_before(struct mcpsess_bytes bytes, const struct mcpsess_member *member)
{
	struct mcpsess_member other;
	size_t at = MCPSESS_RECORD_FIRST;
	while (mcpsess_record_next(bytes, &at, &other) > 0 && other.at < member->at) {
		if (other.tag == member->tag && mcpsess_bytes_equal(other.key, member->key)) {
			return 1;
		}
	}
	return 0;
}

static int each_with_each(struct mcpsess_bytes bytes, unsigned tag)
{
	struct mcpsess_member member;
	size_t at = MCPSESS_RECORD_FIRST;
	while (mcpsess_record_next(bytes, &at, &member) > 0 && member.tag <= tag) {
		if (member.tag == tag && came_before(bytes, &member)) {
			return MCPSESS_E_CORRUPT;
		}
	}
	return MCPSESS_OK;
}

static size_t slot_of(struct mcpsess_bytes key, uint64_t seed)
{
	const unsigned char *data = key.data;
	uint64_t hash = seed;
	for (size_t i = 0; i < key.len; i++) {
		hash = (hash ^ data[i]) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 29;
	}
	return (size_t)hash;
}

/* Places of members, by their keys; 0 is free. 1 when the key was there. */
static int enter(struct mcpsess_bytes bytes, size_t *slots, size_t mask, uint64_t seed,
	const struct mcpsess_member *member)
{
	struct mcpsess_member other;
	size_t slot = slot_of(member->key, seed) & mask;
	while (slots[slot] != 0) {
		size_t at = slots[slot];
		mcpsess_record_next(bytes, &at, &other);
		if (mcpsess_bytes_equal(other.key, member->key)) {
			return 1;
		}
		slot = (slot + 1) & mask;
	}
	slots[slot] = member->at;
	return 0;
}

static int by_table(
	struct mcpsess_bytes bytes, unsigned tag, size_t *slots, size_t mask, uint64_t seed)
{
	struct mcpsess_member member;
	size_t at = MCPSESS_RECORD_FIRST;
	while (mcpsess_record_next(bytes, &at, &member) > 0 && member.tag <= tag) {
		if (member.tag == tag && enter(bytes, slots, mask, seed, &member)) {
			return MCPSESS_E_CORRUPT;
		}
	}
	return MCPSESS_OK;
}

static int nothing_twice(
	struct mcpsess_bytes bytes, unsigned tag, size_t count, const struct mcpsess_env *env)
{
	size_t size = FEW * 2;
	while (size / 2 < count) {
		size *= 2;
	}
	size_t *slots = count > FEW ? mcpsess_alloc(env, size * sizeof(*slots)) : NULL;
	if (slots == NULL) {
		return each_with_each(bytes, tag);
	}
	/* Clients choose keys: unseeded, they could choose such as all meet in one slot. */
	uint64_t seed = 0;
	mcpsess_random(env, &seed, sizeof(seed));
	int status = by_table(bytes, tag, slots, size - 1, seed);
	mcpsess_free(env, slots);
	return status;
}

/* -- the whole ------------------------------------------------------------------------------- */

static int comes_again(unsigned tag)
{
	return tag == MCPSESS_TAG_SUBSCRIPTION || tag == MCPSESS_TAG_DATA ||
	       tag >= MCPSESS_TAG_KNOWN_END;
}

static int in_place(const struct mcpsess_member *member, unsigned before)
{
	if (member->tag < before || (member->tag == before && !comes_again(member->tag))) {
		return MCPSESS_E_CORRUPT;
	}
	if (mcpsess_tag_is_beyond(member->tag)) {
		return MCPSESS_E_UNSUPPORTED;
	}
	if (member->tag == MCPSESS_TAG_DATA && !mcpsess_key_is_sound(member->key)) {
		return MCPSESS_E_CORRUPT;
	}
	return MCPSESS_OK;
}

/* Every member is where it belongs; counts them. */
static int walk(struct mcpsess_record *record)
{
	struct mcpsess_member member;
	size_t at = MCPSESS_RECORD_FIRST;
	unsigned before = 0;
	int more;
	while ((more = mcpsess_record_next(record->bytes, &at, &member)) > 0) {
		int status = in_place(&member, before);
		if (status < 0) {
			return status;
		}
		before = member.tag;
		if (member.tag < MCPSESS_TAG_KNOWN_END) {
			record->counts[member.tag]++;
		}
	}
	return more;
}

int mcpsess_record_trust(struct mcpsess_record *record, struct mcpsess_bytes bytes)
{
	struct mcpsess_bytes version;
	mcpsess_record_see(record, bytes);
	int status = mcpsess_record_version(bytes, &version);
	if (status == MCPSESS_OK) {
		status = walk(record);
	}
	if (status < 0) {
		memset(record->counts, 0, sizeof(record->counts));
	}
	return record->status = status;
}

int mcpsess_record_check(struct mcpsess_record *record, const struct mcpsess_env *env)
{
	static const unsigned keyed[] = { MCPSESS_TAG_SUBSCRIPTION, MCPSESS_TAG_DATA };
	if (record->status != MCPSESS_PENDING) {
		return record->status;
	}
	int status = mcpsess_record_trust(record, record->bytes);
	for (size_t i = 0; status == MCPSESS_OK && i < 2; i++) {
		status = nothing_twice(record->bytes, keyed[i], record->counts[keyed[i]], env);
	}
	if (status < 0) {
		memset(record->counts, 0, sizeof(record->counts));
	}
	return record->status = status;
}
