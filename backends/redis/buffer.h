/* Bytes that come or go: filled at the end, taken at the front. */
#ifndef MCPSESS_REDIS_BUFFER_H
#define MCPSESS_REDIS_BUFFER_H

#include <mcpsess/backend.h>

struct redis_buffer {
	char *data;
	size_t start; /* what was taken */
	size_t end;
	size_t capacity;
};

/* Room for len more bytes at data + end; NOMEM. */
int mcpsess_redis_buffer_reserve(
	struct redis_buffer *buffer, const struct mcp_session_store *store, size_t len);
int mcpsess_redis_buffer_add(struct redis_buffer *buffer, const struct mcp_session_store *store,
	const void *data, size_t len);
/* The first len bytes are done with. A buffer that was large and is empty is given back. */
void mcpsess_redis_buffer_take(
	struct redis_buffer *buffer, const struct mcp_session_store *store, size_t len);
void mcpsess_redis_buffer_free(struct redis_buffer *buffer, const struct mcp_session_store *store);

static inline size_t mcpsess_redis_buffer_len(const struct redis_buffer *buffer)
{
	return buffer->end - buffer->start;
}

#endif
