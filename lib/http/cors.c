/* Fetch standard, "CORS protocol": https://fetch.spec.whatwg.org/#http-cors-protocol */
#include "http/http.h"

void mcpsess_http_add_cors(struct mcpsess_http_exchange *exchange)
{
	if (!exchange->http->cors) {
		return;
	}
	mcpsess_http_add_text(exchange, "Vary", "Origin");
	if (exchange->origin_len == 0) {
		return;
	}
	mcpsess_http_add(exchange, "Access-Control-Allow-Origin",
		mcpsess_mem(exchange->origin, exchange->origin_len));
	if (exchange->verb == MCPSESS_HTTP_OPTIONS) {
		mcpsess_http_add_text(
			exchange, "Access-Control-Allow-Methods", "POST, GET, DELETE");
		mcpsess_http_add_text(exchange, "Access-Control-Allow-Headers",
			"Content-Type, Accept, Authorization, Mcp-Session-Id, "
			"MCP-Protocol-Version, Last-Event-ID");
		mcpsess_http_add_text(exchange, "Access-Control-Max-Age", "7200");
	} else {
		mcpsess_http_add_text(exchange, "Access-Control-Expose-Headers",
			"Mcp-Session-Id, WWW-Authenticate");
	}
}
