/* Fetch standard, "CORS protocol": https://fetch.spec.whatwg.org/#http-cors-protocol */
#include "http/http.h"

static void add(struct mcpsess_http_exchange *exchange, const char *name, const char *value)
{
	mcpsess_http_add(exchange, name, mcpsess_str(value));
}

void mcpsess_http_add_cors(struct mcpsess_http_exchange *exchange)
{
	if (!exchange->http->cors) {
		return;
	}
	add(exchange, "Vary", "Origin");
	if (exchange->origin_len == 0) {
		return;
	}
	mcpsess_http_add(exchange, "Access-Control-Allow-Origin",
		mcpsess_mem(exchange->origin, exchange->origin_len));
	if (exchange->verb == MCPSESS_HTTP_OPTIONS) {
		add(exchange, "Access-Control-Allow-Methods", "POST, GET, DELETE");
		add(exchange, "Access-Control-Allow-Headers",
			"Content-Type, Accept, Authorization, Mcp-Session-Id, "
			"MCP-Protocol-Version, Last-Event-ID");
		add(exchange, "Access-Control-Max-Age", "7200");
	} else {
		add(exchange, "Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate");
	}
}
