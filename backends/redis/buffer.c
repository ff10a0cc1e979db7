#include "buffer.h"

#include <mcpsess/error.h>

enum { CAPACITY_FIRST = 4096, CAPACITY_KEPT = 256 * 1024 };

int mcpsess_redis_buffer_reserve(
	struct redis_buffer *buffer, const struct mcp_session_store *store, size_t len)
{
	if (buffer->capacity - buffer->end >= len) {
		return MCPSESS_OK;
	}
	size_t kept = mcpsess_redis_buffer_len(buffer);
	if (buffer->start > 0) {
		memmove(buffer->data, buffer->data + buffer->start, kept);
		buffer->start = 0;
		buffer->end = kept;
	}
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : CAPACITY_FIRST;
	while (capacity - kept < len) {
		capacity *= 2;
	}
	if (capacity > buffer->capacity) {
		char *data = store->host->realloc(store->core, buffer->data, capacity);
		if (data == NULL) {
			return MCPSESS_E_NOMEM;
		}
		buffer->data = data;
		buffer->capacity = capacity;
	}
	return MCPSESS_OK;
}

int mcpsess_redis_buffer_add(struct redis_buffer *buffer, const struct mcp_session_store *store,
	const void *data, size_t len)
{
	if (mcpsess_redis_buffer_reserve(buffer, store, len) < 0) {
		return MCPSESS_E_NOMEM;
	}
	memcpy(buffer->data + buffer->end, data, len);
	buffer->end += len;
	return MCPSESS_OK;
}

void mcpsess_redis_buffer_take(
	struct redis_buffer *buffer, const struct mcp_session_store *store, size_t len)
{
	buffer->start += len;
	if (buffer->start == buffer->end) {
		buffer->start = buffer->end = 0;
		if (buffer->capacity > CAPACITY_KEPT) {
			mcpsess_redis_buffer_free(buffer, store);
		}
	}
}

void mcpsess_redis_buffer_free(struct redis_buffer *buffer, const struct mcp_session_store *store)
{
	store->host->realloc(store->core, buffer->data, 0);
	*buffer = (struct redis_buffer){ 0 };
}
