/* What operators ask: is it well, how much does it do, whose sessions are there. */
#ifndef ECHO_ADMIN_H
#define ECHO_ADMIN_H

#include "http.h"
#include "server.h"

/* Answer /health, /metrics and /debug/sessions; any other path gets 404. */
enum MHD_Result admin_answer(struct server *server, struct MHD_Connection *connection,
	const char *method, const char *path);

#endif
