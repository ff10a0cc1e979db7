#include "base/buffer.h"

#include <inttypes.h>
#include <stdio.h>

enum { BUFFER_FIRST = 256 };

void mcpsess_buffer_init(struct mcpsess_buffer *buffer, const struct mcpsess_env *env)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->env = env;
}

void mcpsess_buffer_free(struct mcpsess_buffer *buffer)
{
	mcpsess_free(buffer->env, buffer->data);
	mcpsess_buffer_init(buffer, buffer->env);
}

void mcpsess_buffer_reset(struct mcpsess_buffer *buffer)
{
	buffer->len = 0;
	buffer->failed = 0;
}

char *mcpsess_buffer_reserve(struct mcpsess_buffer *buffer, size_t more)
{
	if (buffer->failed || more > SIZE_MAX / 4 - buffer->len) {
		buffer->failed = 1;
		return NULL;
	}
	size_t need = buffer->len + more;
	if (need > buffer->capacity) {
		size_t capacity = buffer->capacity > 0 ? buffer->capacity : BUFFER_FIRST;
		while (capacity < need) {
			capacity *= 2;
		}
		char *data = mcpsess_realloc(buffer->env, buffer->data, capacity);
		if (data == NULL) {
			buffer->failed = 1;
			return NULL;
		}
		buffer->data = data;
		buffer->capacity = capacity;
	}
	return buffer->data + buffer->len;
}

void mcpsess_buffer_append(struct mcpsess_buffer *buffer, struct mcpsess_bytes bytes)
{
	char *to = bytes.len > 0 ? mcpsess_buffer_reserve(buffer, bytes.len) : NULL;
	if (to != NULL) {
		memcpy(to, bytes.data, bytes.len);
		buffer->len += bytes.len;
	}
}

void mcpsess_buffer_text(struct mcpsess_buffer *buffer, const char *text)
{
	mcpsess_buffer_append(buffer, mcpsess_str(text));
}

void mcpsess_buffer_char(struct mcpsess_buffer *buffer, char c)
{
	mcpsess_buffer_append(buffer, mcpsess_mem(&c, 1));
}

void mcpsess_buffer_int(struct mcpsess_buffer *buffer, int64_t value)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRId64, value);
	mcpsess_buffer_append(buffer, mcpsess_mem(text, (size_t)len));
}

struct mcpsess_bytes mcpsess_buffer_bytes(const struct mcpsess_buffer *buffer)
{
	return mcpsess_mem(buffer->data, buffer->len);
}
