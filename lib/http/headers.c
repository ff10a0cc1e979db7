/* Header functions over the two forms in which hosts mostly have their headers. */
#include <mcpsess/http.h>

#include "http/text.h"

/* Up to the line break, without it; the rest begins after it. */
static struct mcpsess_bytes take_line(struct mcpsess_bytes *rest)
{
	size_t end = mcpsess_http_find(*rest, '\n');
	struct mcpsess_bytes line = mcpsess_mem(rest->data, end);
	*rest = mcpsess_http_from(*rest, end < rest->len ? end + 1 : end);
	if (line.len > 0 && ((const char *)line.data)[line.len - 1] == '\r') {
		line.len--;
	}
	return line;
}

/* No trimming of the name: "Host :" and folded lines must not pass for a header. */
static int has_name(struct mcpsess_bytes line, struct mcpsess_bytes name)
{
	return line.len > name.len && ((const char *)line.data)[name.len] == ':' &&
	       mcpsess_http_same(mcpsess_mem(line.data, name.len), name);
}

int mcpsess_http_header_block(void *user_data, const char *name, struct mcpsess_bytes *value)
{
	struct mcpsess_bytes rest = *(const struct mcpsess_bytes *)user_data;
	struct mcpsess_bytes wanted = mcpsess_str(name);
	int count = 0;
	while (rest.len > 0) {
		struct mcpsess_bytes line = take_line(&rest);
		if (line.len == 0) {
			break; /* a body may follow */
		}
		if (has_name(line, wanted)) {
			*value = mcpsess_http_trim(mcpsess_http_from(line, wanted.len + 1));
			count++;
		}
	}
	return count;
}

int mcpsess_http_header_pairs(void *user_data, const char *name, struct mcpsess_bytes *value)
{
	const struct mcpsess_http_pairs *pairs = user_data;
	int count = 0;
	for (size_t i = 0; i < pairs->count; i++) {
		if (mcpsess_http_same(pairs->pairs[i].name, mcpsess_str(name))) {
			*value = pairs->pairs[i].value;
			count++;
		}
	}
	return count;
}
