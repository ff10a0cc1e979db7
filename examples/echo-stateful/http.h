/* Small pieces over libmicrohttpd that more than one part needs. */
#ifndef ECHO_HTTP_H
#define ECHO_HTTP_H

#include <microhttpd.h>

#include <mcpsess/http.h>

#include "text.h"

/* Answer with a text, which is freed, and one header of choice (NULL: none). */
enum MHD_Result http_reply(struct MHD_Connection *connection, int status, const char *type,
	struct text *text, const char *header, const char *value);

#endif
