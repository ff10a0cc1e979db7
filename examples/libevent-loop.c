/*
 * libevent-loop: libevent's HTTP server and a store in one event loop.
 *
 * The store's descriptor is an event like any other. When mcpsess_http_begin() says WAIT the
 * request is left unanswered, and advance() comes once the store has answered.
 */
#include <event2/event.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <mcpsess/http.h>

#include "common/count.h"
#include "common/host.h"
#include "common/http1.h"

struct call {
	struct evhttp_request *request;
	struct mcpsess_http_exchange *exchange;
};

static struct event *upkeep;

static int header(void *headers, const char *name, struct mcpsess_bytes *value)
{
	const struct evkeyvalq *all = headers;
	const struct evkeyval *one;
	int count = 0;
	for (one = all->tqh_first; one != NULL; one = one->next.tqe_next) {
		if (strcasecmp(one->key, name) == 0) {
			*value = mcpsess_str(one->value);
			count++;
		}
	}
	return count;
}

/* In the order of the bits of enum evhttp_cmd_type. */
static const char *const methods[] = { "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE",
	"CONNECT", "PATCH" };

enum { METHODS = sizeof(methods) / sizeof(methods[0]) };

/* Also when the client went away while the store was working. */
static void drop(struct evhttp_connection *connection, void *user_data)
{
	struct call *call = user_data;
	(void)connection;
	mcpsess_http_end(call->exchange);
	free(call);
}

static void reply(struct call *call)
{
	struct evhttp_request *request = call->request;
	struct mcpsess_bytes body = mcpsess_http_body(call->exchange);
	char name[64];
	char value[1024];
	for (size_t i = 0; http1_header(call->exchange, i, name, value); i++) {
		evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
	}
	evbuffer_add(evhttp_request_get_output_buffer(request), body.data, body.len);
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
	evhttp_send_reply(request, mcpsess_http_status(call->exchange), NULL, NULL);
	drop(NULL, call);
}

/* Handle and finish; also what dispatch calls when the store has answered. */
static void advance(
	void *user_data, struct mcpsess_http_exchange *exchange, enum mcpsess_verdict verdict)
{
	struct call *call = user_data;
	while (verdict == MCPSESS_DISPATCH) {
		verdict = count_handle(mcpsess_http_message(exchange));
	}
	if (verdict == MCPSESS_REPLY) {
		reply(call);
	} else {
		evhttp_connection_set_closecb(
			evhttp_request_get_connection(call->request), drop, call);
	}
}

static void on_request(struct evhttp_request *in, void *http)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(in);
	struct mcpsess_http_request request;
	struct call *call = calloc(1, sizeof(*call));
	if (call == NULL) {
		evhttp_send_error(in, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	call->request = in;
	memset(&request, 0, sizeof(request));
	request.method = mcpsess_str(methods[ffs((int)evhttp_request_get_command(in)) - 1]);
	request.header = header;
	request.headers = evhttp_request_get_input_headers(in);
	request.body = mcpsess_mem(evbuffer_pullup(body, -1), evbuffer_get_length(body));
	request.ready = advance;
	request.user_data = call;
	enum mcpsess_verdict verdict = mcpsess_http_begin(http, &request, &call->exchange);
	advance(call, call->exchange, verdict);
}

/* The store has answers, or it is time. */
static void on_upkeep(evutil_socket_t fd, short what, void *user_data)
{
	struct host *host = user_data;
	(void)fd;
	(void)what;
	mcp_session_store_dispatch(host->store);
	uint64_t pause_ms = mcpsess_rpc_tick(host->rpc);
	struct timeval pause = { (time_t)(pause_ms / 1000), (long)(pause_ms % 1000) * 1000 };
	event_add(upkeep, &pause);
}

static int run(struct host *host)
{
	struct event_base *base = event_base_new();
	struct evhttp *server = base != NULL ? evhttp_new(base) : NULL;
	if (server == NULL || evhttp_accept_socket(server, host->listener) < 0) {
		return -1;
	}
	evhttp_set_max_headers_size(server, HTTP1_MAX_HEAD);
	evhttp_set_max_body_size(server, HOST_MAX_BODY);
	evhttp_set_allowed_methods(server, (1u << METHODS) - 1);
	evhttp_set_cb(server, host->settings.path, on_request, host->http);

	upkeep = event_new(base, mcp_session_store_fd(host->store), EV_READ, on_upkeep, host);
	if (upkeep == NULL) {
		return -1;
	}
	on_upkeep(-1, 0, host);
	return event_base_dispatch(base);
}

int main(int argc, char **argv)
{
	struct host host;
	if (host_open(&host, "libevent-loop", argc, argv, 0) == 0 && run(&host) < 0) {
		fprintf(stderr, "libevent-loop: cannot make events\n");
	}
	host_close(&host);
	return EXIT_FAILURE;
}
