#include "session/record.h"

#include <mcpsess/error.h>

#include "session/varint.h"

static const unsigned char magic[] = { 'M', 'S' };

/* A data member's bytes are its key's length, the key and the value. */
static int split(struct mcpsess_bytes inner, struct mcpsess_member *out)
{
	if (out->tag == MCPSESS_TAG_SUBSCRIPTION) {
		out->key = inner;
		return 1;
	}
	if (out->tag != MCPSESS_TAG_DATA) {
		out->value = inner;
		return 1;
	}
	const unsigned char *data = inner.data;
	size_t len;
	size_t used = mcpsess_varint_read(inner, &len);
	if (used == 0 || len > inner.len - used) {
		return MCPSESS_E_CORRUPT;
	}
	out->key = mcpsess_mem(data + used, len);
	out->value = mcpsess_mem(data + used + len, inner.len - used - len);
	return 1;
}

int mcpsess_record_next(struct mcpsess_bytes bytes, size_t *at, struct mcpsess_member *out)
{
	const unsigned char *data = bytes.data;
	if (*at >= bytes.len) {
		return 0;
	}
	size_t head = *at + 1;
	size_t len;
	size_t used = mcpsess_varint_read(mcpsess_mem(data + head, bytes.len - head), &len);
	head += used;
	if (used == 0 || len > bytes.len - head) {
		return MCPSESS_E_CORRUPT;
	}
	memset(out, 0, sizeof(*out));
	out->tag = data[*at];
	out->at = *at;
	out->end = head + len;
	*at = out->end;
	return split(mcpsess_mem(data + head, len), out);
}

void mcpsess_record_see(struct mcpsess_record *record, struct mcpsess_bytes bytes)
{
	memset(record, 0, sizeof(*record));
	record->bytes = bytes;
	record->status = MCPSESS_PENDING;
}

int mcpsess_record_version(struct mcpsess_bytes bytes, struct mcpsess_bytes *version)
{
	const unsigned char *data = bytes.data;
	if (bytes.len < MCPSESS_RECORD_FIRST || memcmp(data, magic, sizeof(magic)) != 0 ||
		data[sizeof(magic)] == 0) {
		return MCPSESS_E_CORRUPT;
	}
	if (data[sizeof(magic)] > MCPSESS_RECORD_FORMAT) {
		return MCPSESS_E_UNSUPPORTED;
	}
	struct mcpsess_member member;
	size_t at = MCPSESS_RECORD_FIRST;
	if (mcpsess_record_next(bytes, &at, &member) <= 0 || member.tag != MCPSESS_TAG_VERSION ||
		member.value.len == 0) {
		return MCPSESS_E_CORRUPT;
	}
	/* What must not be ignored stands right behind: the order of tags sees to it. */
	if (at < bytes.len && mcpsess_tag_is_beyond(data[at])) {
		return MCPSESS_E_UNSUPPORTED;
	}
	*version = member.value;
	return MCPSESS_OK;
}

static int found(struct mcpsess_record *record, size_t index, const struct mcpsess_member *member)
{
	record->mark_tag = member->tag;
	record->mark_index = index;
	record->mark_at = member->at;
	return MCPSESS_OK;
}

/* Whoever lists keys asks for the value of each: the member looked at last is tried first. */
static int marked(struct mcpsess_record *record, unsigned tag, struct mcpsess_bytes key,
	struct mcpsess_member *out)
{
	size_t at = record->mark_at;
	return record->mark_tag == tag && mcpsess_record_next(record->bytes, &at, out) > 0 &&
	       mcpsess_bytes_equal(out->key, key);
}

int mcpsess_record_find(struct mcpsess_record *record, unsigned tag, struct mcpsess_bytes key,
	struct mcpsess_member *out)
{
	struct mcpsess_member member;
	if (marked(record, tag, key, &member)) {
		*out = member;
		return MCPSESS_OK;
	}
	size_t index = 0;
	size_t at = MCPSESS_RECORD_FIRST;
	while (mcpsess_record_next(record->bytes, &at, &member) > 0 && member.tag <= tag) {
		if (member.tag == tag && mcpsess_bytes_equal(member.key, key)) {
			*out = member;
			return found(record, index, &member);
		}
		index += member.tag == tag;
	}
	return MCPSESS_E_NOTFOUND;
}

int mcpsess_record_at(
	struct mcpsess_record *record, unsigned tag, size_t index, struct mcpsess_member *out)
{
	struct mcpsess_member member;
	size_t at = MCPSESS_RECORD_FIRST;
	size_t passed = 0;
	if (record->mark_tag == tag && record->mark_index <= index) {
		at = record->mark_at;
		passed = record->mark_index;
	}
	while (mcpsess_record_next(record->bytes, &at, &member) > 0 && member.tag <= tag) {
		if (member.tag == tag && passed++ == index) {
			*out = member;
			return found(record, index, &member);
		}
	}
	return MCPSESS_E_NOTFOUND;
}
