/* Bytes that grow. Appending remembers the first failure: a text is built, then checked. */
#ifndef MCPSESS_BASE_BUFFER_H
#define MCPSESS_BASE_BUFFER_H

#include "base/env.h"

struct mcpsess_buffer {
	const struct mcpsess_env *env;
	char *data;
	size_t len;
	size_t capacity;
	int failed; /* an append had no memory; the content is useless */
};

void mcpsess_buffer_init(struct mcpsess_buffer *buffer, const struct mcpsess_env *env);
void mcpsess_buffer_free(struct mcpsess_buffer *buffer);
/* Empty it and keep its memory. */
void mcpsess_buffer_reset(struct mcpsess_buffer *buffer);
/* Room for more bytes in one piece: where they go, or NULL. */
char *mcpsess_buffer_reserve(struct mcpsess_buffer *buffer, size_t more);
void mcpsess_buffer_append(struct mcpsess_buffer *buffer, struct mcpsess_bytes bytes);
void mcpsess_buffer_text(struct mcpsess_buffer *buffer, const char *text);
void mcpsess_buffer_char(struct mcpsess_buffer *buffer, char c);
void mcpsess_buffer_int(struct mcpsess_buffer *buffer, int64_t value);
struct mcpsess_bytes mcpsess_buffer_bytes(const struct mcpsess_buffer *buffer);

#endif
