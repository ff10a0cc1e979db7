/*
 * By hand: Streamable HTTP with nothing but sockets and mcpsess/http.h.
 *
 * One connection at a time, one request per connection. What is to be seen here is the whole of an
 * integration: serve() and the three handles in main().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <mcpsess/http.h>

#include "common/count.h"
#include "common/http1.h"
#include "common/settings.h"

enum { MAX_BODY = 65536 };

/* The answer, with one more header after its status line: the connection is closed after it. */
static void send_answer(int fd, struct mcpsess_bytes text)
{
	const char *line_end = text.len > 0 ? memmem(text.data, text.len, "\r\n", 2) : NULL;
	if (line_end == NULL) {
		http1_refuse(fd, 503);
		return;
	}
	size_t line = (size_t)(line_end + 2 - (const char *)text.data);
	http1_send_all(fd, mcpsess_mem(text.data, line));
	http1_send_all(fd, mcpsess_str("Connection: close\r\n"));
	http1_send_all(fd, mcpsess_mem(line_end + 2, text.len - line));
}

static void serve(int fd, struct mcpsess_http *http, const struct mcpsess_http_request *request)
{
	struct mcpsess_http_exchange *exchange;
	enum mcpsess_verdict verdict = mcpsess_http_begin(http, request, &exchange);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = count_handle(mcpsess_http_message(exchange));
	}
	send_answer(fd, mcpsess_http_text(exchange));
	mcpsess_http_end(exchange);
}

/* Read one request and answer it. */
static void converse(int fd, struct mcpsess_http *http, const char *path)
{
	static char buffer[HTTP1_MAX_HEAD + MAX_BODY];
	struct http1_request in;
	size_t len = 0;
	int status = 0;
	while (status == 0) {
		if (http1_receive(fd, buffer, sizeof(buffer), &len) <= 0) {
			return;
		}
		status = http1_parse(mcpsess_mem(buffer, len), path, MAX_BODY, &in);
	}
	if (status == 200) {
		serve(fd, http, &in.http);
	} else {
		http1_refuse(fd, status);
	}
}

static void accept_all(
	int listener, struct mcpsess_rpc *rpc, struct mcpsess_http *http, const char *path)
{
	const struct timeval patience = { .tv_sec = 5 };
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
			setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
			converse(fd, http, path);
			close(fd);
		} else if (errno != EINTR && errno != ECONNABORTED) {
			perror("accept");
			return;
		}
		/* Between two requests is as good as a timer: nothing else happens here. */
		mcpsess_rpc_tick(rpc);
	}
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct mcpsess_rpc_options options = { .size = sizeof(options), .max_message = MAX_BODY };
	struct mcpsess_http_options http_options = { .size = sizeof(http_options) };
	struct mcpsess_http *http = NULL;
	struct mcpsess_error err;

	settings_read(&settings, "by-hand", argc, argv);
	options.server_name = settings.server_name;
	options.server_version = settings.server_version;
	options.newest_version = settings.protocol_version;
	http_options.hosts = settings.allow_host;
	if (mcp_session_store_open(settings.store, &settings.options, &options.store, &err) < 0 ||
		mcpsess_rpc_create(&options, &http_options.rpc, &err) < 0 ||
		mcpsess_http_create(&http_options, &http, &err) < 0) {
		fprintf(stderr, "by-hand: %s\n", err.text);
	} else {
		int listener = http1_listen(settings.host, settings.port, settings.path);
		if (listener >= 0) {
			accept_all(listener, http_options.rpc, http, settings.path);
			close(listener);
		}
	}
	mcpsess_http_destroy(http);
	mcpsess_rpc_destroy(http_options.rpc);
	mcp_session_store_close(options.store);
	return EXIT_FAILURE;
}
