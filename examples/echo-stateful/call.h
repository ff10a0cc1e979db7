/* What libmicrohttpd calls for each request. */
#ifndef ECHO_CALL_H
#define ECHO_CALL_H

#include "server.h"

/* Once for the headers, for each piece of the body, for its end, and after each wait. */
enum MHD_Result call_on_request(void *server, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *len, void **own);

/* All is sent, or the client is gone. */
void call_on_completed(void *server, struct MHD_Connection *connection, void **own,
	enum MHD_RequestTerminationCode how);

#endif
