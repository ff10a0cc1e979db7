/* Headers of an answer. */
#include "http/http.h"

void mcpsess_http_add(
	struct mcpsess_http_exchange *exchange, const char *name, struct mcpsess_bytes value)
{
	const unsigned char *at = value.data;
	for (size_t i = 0; i < value.len; i++) {
		if (at[i] < 0x20 || at[i] == 0x7f) {
			return;
		}
	}
	if (value.len > 0 && exchange->header_count < MCPSESS_HTTP_HEADER_MAX) {
		struct mcpsess_http_pair *pair = &exchange->headers[exchange->header_count++];
		pair->name = mcpsess_str(name);
		pair->value = value;
	}
}

void mcpsess_http_add_text(
	struct mcpsess_http_exchange *exchange, const char *name, const char *value)
{
	mcpsess_http_add(exchange, name, mcpsess_str(value));
}
