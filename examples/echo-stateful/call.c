/*
 * One HTTP request for the MCP endpoint: it becomes a struct call, fills its body, becomes an
 * exchange, is answered. A call that waits is suspended, so its thread serves others meanwhile.
 */
#include "call.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "../common/mhd.h"
#include "admin.h"
#include "http.h"
#include "tools.h"

enum { TENANT_MAX = 256 };

struct call {
	struct server *server;
	struct MHD_Connection *connection;
	struct mcpsess_bytes principal;
	char tenant[TENANT_MAX];
	int authorized;
	int too_big;
	int begun;
	int waited;
	char *body;
	size_t len, capacity;
	struct mcpsess_http_exchange *exchange;
	enum mcpsess_verdict verdict;
	struct delay delay;
};

/* -- answering -------------------------------------------------------------------------------- */

static enum MHD_Result send_answer(struct call *call)
{
	struct MHD_Response *response = mhd_response(call->exchange);
	if (response == NULL) {
		return MHD_NO;
	}
	/* What is left of a body that is not read must not pass for the next request. */
	if (atomic_load(&call->server->leaving) || call->too_big) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	}
	unsigned status = (unsigned)mcpsess_http_status(call->exchange);
	enum MHD_Result queued = MHD_queue_response(call->connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static void resume(void *user_data)
{
	struct call *call = user_data;
	MHD_resume_connection(call->connection);
}

/* Handle what is dispatched, up to a wait or the answer. */
static enum MHD_Result advance(struct call *call)
{
	while (call->verdict == MCPSESS_DISPATCH) {
		struct mcpsess_message *message = mcpsess_http_message(call->exchange);
		uint64_t ms = call->waited ? 0 : tools_delay_ms(message);
		if (ms > 0) {
			call->waited = 1;
			call->delay = (struct delay){ message, resume, call, 0, NULL };
			MHD_suspend_connection(call->connection);
			delays_add(call->server->delays, &call->delay, ms);
			return MHD_YES;
		}
		call->waited = 0;
		call->verdict = tools_handle(message);
	}
	return send_answer(call);
}

static enum MHD_Result begin(struct call *call, const char *method)
{
	struct mcpsess_http_request request;
	memset(&request, 0, sizeof(request));
	request.method = mcpsess_str(method);
	request.header = mhd_header;
	request.headers = call->connection;
	request.draining = (uint32_t)atomic_load(&call->server->draining);
	request.too_big = (uint32_t)call->too_big;
	request.body = mcpsess_mem(call->body, call->authorized && !call->too_big ? call->len : 0);
	request.tenant = mcpsess_str(call->tenant);
	request.principal = call->principal;
	request.challenge = call->authorized ? NULL : AUTH_CHALLENGE;
	call->verdict = mcpsess_http_begin(call->server->http, &request, &call->exchange);
	return advance(call);
}

static enum MHD_Result answer(struct call *call, const char *method)
{
	/* Counted first: either it sees that the server drains, or the server sees it. */
	call->begun = 1;
	atomic_fetch_add(&call->server->under_way, 1);
	return begin(call, method);
}

/* -- receiving -------------------------------------------------------------------------------- */

/* The Host header without its port, in lower case. */
static void set_tenant(struct call *call)
{
	const char *host = MHD_lookup_connection_value(
		call->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
	size_t len = 0;
	if (host != NULL) {
		len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	}
	for (size_t i = 0; i < len && i + 1 < sizeof(call->tenant) && host[i] != '\0'; i++) {
		call->tenant[i] = (char)tolower((unsigned char)host[i]);
	}
}

/* The headers are there. A body that says that it is too big is not even read. */
static enum MHD_Result open_call(struct server *server, struct MHD_Connection *connection,
	const char *method, struct call **out)
{
	struct call *call = calloc(1, sizeof(*call));
	if (call == NULL) {
		return MHD_NO;
	}
	*out = call;
	call->server = server;
	call->connection = connection;
	call->authorized = auth_check(server->auth, connection, &call->principal);
	if (server->options.tenant_by_host) {
		set_tenant(call);
	}
	const char *length = MHD_lookup_connection_value(
		connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	call->too_big =
		length != NULL && strtoull(length, NULL, 10) > mcpsess_rpc_max_message(server->rpc);
	return call->too_big ? answer(call, method) : MHD_YES;
}

/* Keep some of the body. Beyond the limit it is let go, and beyond twice the limit so is the
 * client. */
static enum MHD_Result receive(struct call *call, const char *data, size_t len)
{
	size_t limit = mcpsess_rpc_max_message(call->server->rpc);
	call->too_big |= call->len + len > limit;
	if (call->too_big || !call->authorized) {
		call->len += len;
		return call->len <= 2 * limit ? MHD_YES : MHD_NO;
	}
	if (call->len + len > call->capacity) {
		size_t capacity = call->len * 2 + len;
		char *body = realloc(call->body, capacity);
		if (body == NULL) {
			return MHD_NO;
		}
		call->body = body;
		call->capacity = capacity;
	}
	memcpy(call->body + call->len, data, len);
	call->len += len;
	return MHD_YES;
}

enum MHD_Result call_on_request(void *user_data, struct MHD_Connection *connection,
	const char *path, const char *method, const char *version, const char *data, size_t *len,
	void **own)
{
	struct server *server = user_data;
	struct call *call = *own;
	(void)version;
	if (strcmp(path, server->options.path) != 0) {
		return admin_answer(server, connection, method, path);
	}
	if (call == NULL) {
		enum MHD_Result result = open_call(server, connection, method, &call);
		*own = call;
		return result;
	}
	if (*len > 0) {
		enum MHD_Result result = receive(call, data, *len);
		*len = 0;
		return result;
	}
	return call->begun ? advance(call) : answer(call, method);
}

void call_on_completed(void *user_data, struct MHD_Connection *connection, void **own,
	enum MHD_RequestTerminationCode how)
{
	struct server *server = user_data;
	struct call *call = *own;
	(void)connection;
	(void)how;
	if (call == NULL) {
		return;
	}
	mcpsess_http_end(call->exchange);
	if (call->begun && atomic_fetch_sub(&server->under_way, 1) == 1 &&
		atomic_load(&server->draining)) {
		eventfd_write(server->idle_fd, 1);
	}
	free(call->body);
	free(call);
}
