#include "http.h"

#include <stdlib.h>
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
		*lookup->value = mcpsess_bytes(value, trimmed(value, value_len));
		lookup->count++;
	}
	return MHD_YES;
}

int http_header(void *connection, const char *name, struct mcpsess_bytes *value)
{
	struct lookup lookup = { name, strlen(name), value, 0 };
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, match, &lookup);
	return lookup.count;
}

enum MHD_Result http_reply(struct MHD_Connection *connection, int status, const char *type,
	struct text *text, const char *header, const char *value)
{
	struct MHD_Response *response = NULL;
	if (!text->failed) {
		response = MHD_create_response_from_buffer(
			text->len, text->data, MHD_RESPMEM_MUST_FREE);
	}
	if (response == NULL) {
		free(text->data);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (header != NULL) {
		MHD_add_response_header(response, header, value);
	}
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return queued;
}

enum MHD_Result http_refuse(struct MHD_Connection *connection, int status, int code,
	const char *why, const char *header, const char *value)
{
	struct text text = { 0 };
	text_print(&text,
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,\"message\":\"%s\"}}",
		code, why);
	return http_reply(connection, status, "application/json", &text, header, value);
}
