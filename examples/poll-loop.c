/*
 * poll-loop: many connections and a store on one thread with poll(2).
 *
 * Nothing here blocks. When the store has to ask a server, mcpsess_http_begin() says WAIT, and
 * advance() comes from mcp_session_store_dispatch() once the store's descriptor was readable.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mcpsess/http.h>

#include "common/count.h"
#include "common/host.h"
#include "common/http1.h"

enum { CONNECTIONS = 64, LISTENER = CONNECTIONS, STORE, POLLED };

struct connection {
	struct mcpsess_http_exchange *exchange; /* while one is under way */
	struct mcpsess_bytes out;               /* what is to be sent of its answer */
	struct http1_request request;
	size_t len;
	char in[HTTP1_MAX_HEAD + HOST_MAX_BODY];
};

static struct connection connections[CONNECTIONS];
static struct pollfd polled[POLLED]; /* one for each connection, then the two others */

/* Handle and finish; also what dispatch calls when the store has answered. */
static void advance(
	void *user_data, struct mcpsess_http_exchange *exchange, enum mcpsess_verdict verdict)
{
	struct connection *connection = user_data;
	while (verdict == MCPSESS_DISPATCH) {
		verdict = count_handle(mcpsess_http_message(exchange));
	}
	if (verdict == MCPSESS_REPLY) {
		connection->out = mcpsess_http_text(exchange);
		if (connection->out.len == 0) {
			connection->out = mcpsess_str(http1_refusal(503));
		}
	}
}

/* Begin the request at the front of the buffer, if it is whole. */
static void begin(struct connection *connection, struct host *host)
{
	struct http1_request *in = &connection->request;
	int status = http1_parse(mcpsess_mem(connection->in, connection->len), host->settings.path,
		HOST_MAX_BODY, in);
	if (status == 200) {
		in->http.ready = advance;
		in->http.user_data = connection;
		enum mcpsess_verdict verdict =
			mcpsess_http_begin(host->http, &in->http, &connection->exchange);
		advance(connection, connection->exchange, verdict);
	} else if (status != 0) {
		connection->out = mcpsess_str(http1_refusal(status));
	}
}

/* The answer is out: make room for the next request. -1: the connection is over. */
static int finish(struct connection *connection)
{
	if (connection->exchange == NULL) {
		return -1; /* refused: where the next request would begin is anyone's guess */
	}
	mcpsess_http_end(connection->exchange);
	connection->exchange = NULL;
	connection->len -= connection->request.length;
	memmove(connection->in, connection->in + connection->request.length, connection->len);
	return 0;
}

static void serve(size_t i, struct host *host)
{
	struct connection *connection = &connections[i];
	int status = 0;
	if (connection->out.len == 0) {
		status = http1_receive(
			polled[i].fd, connection->in, sizeof(connection->in), &connection->len);
	} else {
		status = http1_send(polled[i].fd, &connection->out);
		status = connection->out.len == 0 ? finish(connection) : status;
	}
	if (status < 0) {
		mcpsess_http_end(connection->exchange);
		memset(connection, 0, offsetof(struct connection, in));
		close(polled[i].fd);
		polled[i].fd = -1;
	} else if (connection->exchange == NULL && connection->out.len == 0) {
		begin(connection, host);
	}
}

/* Set what to wait for, and return a free place. No request is read before the last is answered. */
static size_t prepare(void)
{
	size_t place = CONNECTIONS;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		const struct connection *connection = &connections[i];
		place = polled[i].fd < 0 ? i : place;
		short idle = connection->exchange == NULL ? POLLIN : 0;
		polled[i].events = connection->out.len > 0 ? POLLOUT : idle;
	}
	polled[LISTENER].events = place < CONNECTIONS ? POLLIN : 0;
	polled[STORE].events = POLLIN;
	return place;
}

static void run(struct host *host)
{
	memset(polled, -1, sizeof(polled));
	polled[LISTENER].fd = host->listener;
	polled[STORE].fd = mcp_session_store_fd(host->store);
	for (;;) {
		size_t place = prepare();
		if (poll(polled, POLLED, (int)mcpsess_rpc_tick(host->rpc)) < 0 && errno != EINTR) {
			perror("poll");
			return;
		}
		mcp_session_store_dispatch(host->store);
		for (size_t i = 0; i < CONNECTIONS; i++) {
			if (polled[i].fd >= 0 && polled[i].revents != 0) {
				serve(i, host);
			}
		}
		if (polled[LISTENER].revents != 0) {
			polled[place].fd =
				accept4(host->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		}
	}
}

int main(int argc, char **argv)
{
	struct host host;
	if (host_open(&host, "poll-loop", argc, argv, 0) == 0) {
		run(&host);
	}
	host_close(&host);
	return EXIT_FAILURE;
}
