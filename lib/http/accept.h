/* Media types: what a request says its body is, and what its sender can read. */
#ifndef MCPSESS_HTTP_ACCEPT_H
#define MCPSESS_HTTP_ACCEPT_H

#include <mcpsess/types.h>

/* Whether a Content-Type is application/json, with any parameters. */
int mcpsess_http_is_json(struct mcpsess_bytes content_type);

struct mcpsess_http_accept {
	int json;      /* application/json is acceptable */
	int sse;       /* text/event-stream is */
	int sse_named; /* ... and not only by a wildcard for everything */
};

/* Read an Accept header; an empty one accepts everything, as a missing one does. */
struct mcpsess_http_accept mcpsess_http_accept(struct mcpsess_bytes header);

#endif
