/* The HTTP transport: a pool of threads of libmicrohttpd, each with an epoll of its own. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "call.h"
#include "listen.h"
#include "log.h"

enum { GRACE_MS = 10000, IDLE_CONNECTION_S = 120, THREADS_MAX = 32 };

/* Of one connection, and wiped after each request. A head of 8 KiB fits. */
static const size_t connection_memory = 10240;

/* Every connection is a file, and the usual limit is there for programs that use select(). */
static unsigned connection_limit(void)
{
	struct rlimit files = { 1024, 1024 };
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return files.rlim_cur > 128 ? (unsigned)files.rlim_cur - 64 : 64;
}

/* One for each processor; where a store is waited for more, so that others go on meanwhile. */
static unsigned thread_count(const struct server *server)
{
	uint32_t can = mcp_session_store_pool_can(server->pool);
	cpu_set_t processors;
	unsigned count = 1;
	if (sched_getaffinity(0, sizeof(processors), &processors) == 0) {
		count = (unsigned)CPU_COUNT(&processors);
	}
	if ((can & MCP_SESSION_STORE_CAN_SHARE) != 0) {
		count = count < 2 ? 4 : 2 * count;
	}
	return count < THREADS_MAX ? count : THREADS_MAX;
}

static struct MHD_Daemon *start(struct server *server, int listener)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		call_on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
		MHD_OPTION_THREAD_POOL_SIZE, thread_count(server), MHD_OPTION_CONNECTION_LIMIT,
		connection_limit(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_CONNECTION_S,
		MHD_OPTION_NOTIFY_COMPLETED, call_on_completed, server, MHD_OPTION_END);
	if (daemon == NULL) {
		log_line(MCPSESS_LOG_ERROR, "cannot start the HTTP server: %s", strerror(errno));
	}
	return daemon;
}

/* A Host that is accepted: the first of the list. */
static void print_host(const char *list)
{
	const char *first = list + strspn(list, ", \t");
	size_t len = strcspn(first, ", \t");
	int any = first[0] == '*';
	if (len > 1 || !any) {
		printf(" -H 'Host: %s%.*s'", any ? "mcp" : "", (int)len - any, first + any);
	}
}

/* What lets the line in where it would not be for its own sake. */
static void print_headers(const struct options *options, const char *name, int listener)
{
	if (options->allow_host != NULL) {
		print_host(options->allow_host);
	} else if (!listen_is_local(listener) && strncmp(name, "localhost:", 10) != 0) {
		print_host("localhost");
	}
	if (options->auth_token != NULL) {
		printf(" -H \"Authorization: Bearer $TOKEN\"");
	}
	if (options->principal_header != NULL) {
		printf(" -H '%s: somebody'", options->principal_header);
	}
}

/* On standard output: where it is, and what to try. */
static void announce(const struct server *server, int listener)
{
	const struct options *options = &server->options;
	char name[64];
	listen_name(listener, name);
	printf("http://%s%s\ncurl -i http://%s%s -H 'Content-Type: application/json'", name,
		options->path, name, options->path);
	print_headers(options, name, listener);
	printf(" -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
	       "\"protocolVersion\":\"2025-06-18\",\"capabilities\":{},"
	       "\"clientInfo\":{\"name\":\"curl\",\"version\":\"1\"}}}'\n");
	fflush(stdout);
	log_line(MCPSESS_LOG_INFO, "listening on %s, sessions in %s", name,
		mcp_session_store_pool_scheme(server->pool));
	if (options->allow_host == NULL && !listen_is_local(listener)) {
		log_line(MCPSESS_LOG_WARN,
			"others can connect, but requests with a Host other than "
			"localhost are refused; see --allow-host");
	}
}

/* Let the calls under way end: not longer than the grace period, nor than a second signal. */
static void drain(struct server *server)
{
	atomic_store(&server->leaving, 1);
	if (server->options.drain_delay > 0) {
		log_line(MCPSESS_LOG_INFO, "leaving in %lu s", server->options.drain_delay);
		server_wait(server, -1, server->options.drain_delay * 1000);
	}
	atomic_store(&server->draining, 1);
	log_line(MCPSESS_LOG_INFO, "draining, %u calls under way", atomic_load(&server->under_way));
	if (atomic_load(&server->under_way) > 0 &&
		!server_wait(server, server->idle_fd, GRACE_MS)) {
		log_line(MCPSESS_LOG_WARN, "delays are cut short");
	}
	delays_hurry(server->delays);
	if (atomic_load(&server->under_way) > 0) {
		server_wait(server, server->idle_fd, GRACE_MS);
	}
}

int serve_http(struct server *server)
{
	int listener = listen_on(server->options.host, server->options.port);
	if (listener < 0) {
		return EXIT_FAILURE;
	}
	struct MHD_Daemon *daemon = start(server, listener);
	if (daemon == NULL) {
		close(listener);
		return EXIT_FAILURE;
	}
	announce(server, listener);
	while (!server->asked_to_end) {
		server_wait(server, -1, SERVER_WAIT_EVER);
	}
	drain(server);
	MHD_stop_daemon(daemon);
	log_line(MCPSESS_LOG_INFO, "stopped");
	return EXIT_SUCCESS;
}
