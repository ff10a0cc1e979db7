#include "http.h"

#include <stdlib.h>

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
