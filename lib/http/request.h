/* What is checked of a request before the layer sees it: validate first, create last. */
#ifndef MCPSESS_HTTP_REQUEST_H
#define MCPSESS_HTTP_REQUEST_H

#include <mcpsess/http.h>
#include <mcpsess/stats.h>

enum mcpsess_http_verb {
	MCPSESS_HTTP_POST,
	MCPSESS_HTTP_GET,
	MCPSESS_HTTP_DELETE,
	MCPSESS_HTTP_OPTIONS,
	MCPSESS_HTTP_HEAD,
	MCPSESS_HTTP_OTHER,
};

enum mcpsess_http_field_name {
	MCPSESS_HTTP_HOST,
	MCPSESS_HTTP_ORIGIN,
	MCPSESS_HTTP_SESSION,
	MCPSESS_HTTP_VERSION,
	MCPSESS_HTTP_TYPE,
	MCPSESS_HTTP_ACCEPT,
	MCPSESS_HTTP_FIELD_COUNT,
};

/* A header as it came: value.data is NULL only when it did not. */
struct mcpsess_http_field {
	int count;
	struct mcpsess_bytes value;
};

struct mcpsess_http_seen {
	enum mcpsess_http_verb verb;
	int unknown; /* who asks */
	int draining;
	size_t body_len;
	struct mcpsess_http_field fields[MCPSESS_HTTP_FIELD_COUNT];
};

/* A refusal that no session has a part in. */
struct mcpsess_http_refusal {
	int status;
	enum mcpsess_refused cause;
	const char *why;
	const char *body;
};

extern const struct mcpsess_http_refusal mcpsess_http_not_offered; /* 405 */
extern const struct mcpsess_http_refusal mcpsess_http_no_memory;   /* 503 */
extern const struct mcpsess_http_refusal mcpsess_http_unknown;     /* 401 */

void mcpsess_http_see(const struct mcpsess_http_request *request, struct mcpsess_http_seen *seen);
/* NULL when the layer may see it, or when it is a preflight; *sse says how to answer. */
const struct mcpsess_http_refusal *mcpsess_http_judge(
	const struct mcpsess_http *http, const struct mcpsess_http_seen *seen, int *sse);
/* Whether there is an Origin, and it is an accepted one. */
int mcpsess_http_is_page(const struct mcpsess_http *http, const struct mcpsess_http_seen *seen);

/* The body of an error that answers no request in particular. */
#define MCPSESS_HTTP_ERROR(code, text) \
	"{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" #code ",\"message\":\"" text "\"}}"

#endif
