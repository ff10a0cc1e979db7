/* An exchange from inside: from a request's headers to the lines of its answer. */
#ifndef MCPSESS_HTTP_HTTP_H
#define MCPSESS_HTTP_HTTP_H

#include <mcpsess/http.h>

#include "base/buffer.h"
#include "http/request.h"

/* Content-Type, Cache-Control, Mcp-Session-Id, Retry-After, Allow or the like, and six of CORS. */
enum { MCPSESS_HTTP_HEADER_MAX = 12 };

struct mcpsess_http {
	struct mcpsess_rpc *rpc;
	const struct mcpsess_env *env;
	char *hosts;
	char *origins; /* NULL: by hosts */
	int cors;
	int prefer_sse;
	char retry_after[12];
};

struct mcpsess_http_exchange {
	struct mcpsess_http *http;
	struct mcpsess_message *message; /* NULL: refused before the layer saw it */
	void (*ready)(void *user_data, struct mcpsess_http_exchange *exchange,
		enum mcpsess_verdict verdict);
	void *user_data;

	enum mcpsess_http_verb verb;
	int sse; /* a result goes out as an event */
	const struct mcpsess_http_refusal *refusal;
	const char *challenge; /* of a refusal with 401 */

	int settled; /* what follows is the answer */
	int status;
	struct mcpsess_http_pair headers[MCPSESS_HTTP_HEADER_MAX];
	size_t header_count;
	struct mcpsess_bytes body;
	struct mcpsess_buffer text; /* the whole answer; an event's bytes have no other place */

	size_t origin_len;
	char origin[]; /* to be named in the answer */
};

/* Count a refusal and log it. */
void mcpsess_http_note(const struct mcpsess_http *http, const struct mcpsess_http_refusal *refusal);
/* Work the answer out, once; the message is over. */
void mcpsess_http_settle(struct mcpsess_http_exchange *exchange);
/* A header whose value lives as long as the exchange. One with a line break would be left out. */
void mcpsess_http_add(
	struct mcpsess_http_exchange *exchange, const char *name, struct mcpsess_bytes value);
void mcpsess_http_add_text(
	struct mcpsess_http_exchange *exchange, const char *name, const char *value);
/* Put the answer as text into text; an event's bytes become body there. 0 without memory. */
int mcpsess_http_render(struct mcpsess_http_exchange *exchange);
/* What a page of another origin needs to send a request and to read its answer. */
void mcpsess_http_add_cors(struct mcpsess_http_exchange *exchange);

#endif
