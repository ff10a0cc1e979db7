/* The start of the hosts with a loop or threads, so that each shows just those; see by-hand.c. */
#ifndef EXAMPLES_HOST_H
#define EXAMPLES_HOST_H

#include <mcpsess/http.h>

#include "settings.h"

enum { HOST_MAX_BODY = 65536 };

struct host {
	struct settings settings;
	struct mcp_session_store *store;     /* for one thread, or ... */
	struct mcp_session_store_pool *pool; /* ... for many */
	struct mcpsess_rpc *rpc;
	struct mcpsess_http *http;
	int listener;
};

/*
 * Read the settings, open the store and listen. 0; -1 and a line on standard error: close it all
 * the same.
 */
int host_open(struct host *host, const char *name, int argc, char **argv, int threaded);
void host_close(struct host *host);

#endif
