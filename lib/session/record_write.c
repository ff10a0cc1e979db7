#include "session/record.h"

#include <mcpsess/error.h>

#include "session/varint.h"

int mcpsess_record_begin(struct mcpsess_buffer *buffer, struct mcpsess_bytes version)
{
	static const char head[] = { 'M', 'S', MCPSESS_RECORD_FORMAT };
	mcpsess_buffer_append(buffer, mcpsess_mem(head, sizeof(head)));
	int status = buffer->failed ? MCPSESS_E_NOMEM : MCPSESS_OK;
	if (status == MCPSESS_OK) {
		status = mcpsess_record_put(
			buffer, SIZE_MAX, MCPSESS_TAG_VERSION, mcpsess_mem(NULL, 0), version);
	}
	return status;
}

/* Where a member stands, or an empty place behind all that come before it. */
static void place(const struct mcpsess_buffer *buffer, unsigned tag, struct mcpsess_bytes key,
	size_t *at, size_t *end)
{
	struct mcpsess_bytes bytes = mcpsess_buffer_bytes(buffer);
	struct mcpsess_member member;
	size_t next = *at = *end = MCPSESS_RECORD_FIRST;
	while (mcpsess_record_next(bytes, &next, &member) > 0 && member.tag <= tag) {
		if (member.tag == tag && mcpsess_bytes_equal(member.key, key)) {
			*at = member.at;
			*end = member.end;
			return;
		}
		*at = *end = next;
	}
}

/* Replace a piece of the buffer by room for another. OK or NOMEM. */
static int splice(struct mcpsess_buffer *buffer, size_t at, size_t end, size_t size)
{
	size_t old = end - at;
	if (size > old && mcpsess_buffer_reserve(buffer, size - old) == NULL) {
		buffer->failed = 0;
		return MCPSESS_E_NOMEM;
	}
	memmove(buffer->data + at + size, buffer->data + end, buffer->len - end);
	buffer->len += size - old;
	return MCPSESS_OK;
}

static unsigned char *copy(unsigned char *to, struct mcpsess_bytes bytes)
{
	if (bytes.len > 0) {
		memcpy(to, bytes.data, bytes.len);
	}
	return to + bytes.len;
}

int mcpsess_record_put(struct mcpsess_buffer *buffer, size_t limit, unsigned tag,
	struct mcpsess_bytes key, struct mcpsess_bytes value)
{
	size_t at, end;
	size_t key_head = tag == MCPSESS_TAG_DATA ? mcpsess_varint_size(key.len) : 0;
	size_t inner = key_head + key.len + value.len;
	size_t size = 1 + mcpsess_varint_size(inner) + inner;
	place(buffer, tag, key, &at, &end);
	size_t len = buffer->len - (end - at) + size;
	/* What is too big already, by another node's limit, may still shrink. */
	if (len > limit && len > buffer->len) {
		return MCPSESS_E_TOOBIG;
	}
	if (splice(buffer, at, end, size) < 0) {
		return MCPSESS_E_NOMEM;
	}
	unsigned char *to = (unsigned char *)buffer->data + at;
	*to++ = (unsigned char)tag;
	to = mcpsess_varint_write(to, inner);
	if (key_head > 0) {
		to = mcpsess_varint_write(to, key.len);
	}
	copy(copy(to, key), value);
	return MCPSESS_OK;
}

void mcpsess_record_drop(struct mcpsess_buffer *buffer, unsigned tag, struct mcpsess_bytes key)
{
	size_t at, end;
	place(buffer, tag, key, &at, &end);
	splice(buffer, at, end, 0);
}
