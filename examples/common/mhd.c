#include "mhd.h"

#include <string.h>
#include <strings.h>

struct lookup {
	const char *name;
	size_t len;
	struct mcpsess_bytes *value;
	int count;
};

/* What libmicrohttpd leaves at the end: blanks, and a bare CR, which counts as one (RFC 9112, 2.2).
 */
static size_t trimmed(const char *value, size_t len)
{
	while (len > 0 &&
		(value[len - 1] == ' ' || value[len - 1] == '\t' || value[len - 1] == '\r')) {
		len--;
	}
	return len;
}

static enum MHD_Result match(void *user_data, enum MHD_ValueKind kind, const char *name, size_t len,
	const char *value, size_t value_len)
{
	struct lookup *lookup = user_data;
	(void)kind;
	if (len == lookup->len && strcasecmp(name, lookup->name) == 0) {
		*lookup->value = mcpsess_mem(value, trimmed(value, value_len));
		lookup->count++;
	}
	return MHD_YES;
}

int mhd_header(void *connection, const char *name, struct mcpsess_bytes *value)
{
	struct lookup lookup = { name, strlen(name), value, 0 };
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, match, &lookup);
	return lookup.count;
}

static const char *terminated(char *out, size_t capacity, struct mcpsess_bytes text)
{
	size_t len = text.len < capacity ? text.len : capacity - 1;
	memcpy(out, text.data, len);
	out[len] = '\0';
	return out;
}

struct MHD_Response *mhd_response(struct mcpsess_http_exchange *exchange)
{
	struct mcpsess_bytes body = mcpsess_http_body(exchange);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body.len, (void *)(uintptr_t)body.data, MHD_RESPMEM_PERSISTENT);
	struct mcpsess_http_pair pair;
	for (size_t i = 0; response != NULL && mcpsess_http_header(exchange, i, &pair); i++) {
		char name[64];
		char value[1024];
		MHD_add_response_header(response, terminated(name, sizeof(name), pair.name),
			terminated(value, sizeof(value), pair.value));
	}
	return response;
}
