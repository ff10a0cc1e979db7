/*
 * echo-stateful: an MCP server that echoes, and keeps data for each of its clients.
 *
 * Here is how the library is set up: a store behind a pool, a session layer over it, and over that
 * an HTTP layer. Then a transport runs, and in the end everything goes in the opposite order.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "../common/loopback.h"
#include "../common/schema.h"
#include "log.h"
#include "server.h"

/* 1 when something came: *readable says whether it was fd, else it was a signal. */
static int wait_once(struct server *server, int fd, uint64_t ms, int *readable)
{
	struct pollfd waits[] = { { server->signal_fd, POLLIN, 0 }, { fd, POLLIN, 0 } };
	struct signalfd_siginfo signal;
	if (poll(waits, 2, (int)ms) <= 0) {
		return 0;
	}
	if (waits[0].revents != 0 && read(server->signal_fd, &signal, sizeof(signal)) > 0) {
		server->asked_to_end = 1;
	}
	*readable = waits[1].revents != 0;
	return 1;
}

int server_wait(struct server *server, int fd, uint64_t ms)
{
	uint64_t now = delays_now_ms();
	uint64_t until = ms < SERVER_WAIT_EVER - now ? now + ms : SERVER_WAIT_EVER;
	int readable = 0, came = 0;
	do {
		uint64_t tick = mcpsess_rpc_tick(server->rpc);
		now = delays_now_ms();
		uint64_t left = until > now ? until - now : 0;
		came = wait_once(server, fd, left < tick ? left : tick, &readable);
	} while (!came && now < until);
	return readable;
}

/* Signals become a readable file, before there are threads that they could come to. */
static int catch_signals(struct server *server)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	server->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	server->idle_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->signal_fd < 0 || server->idle_fd < 0) {
		log_line(MCPSESS_LOG_ERROR, "signals: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static int open_pool(
	struct server *server, const struct mcpsess_hooks *hooks, struct mcpsess_error *err)
{
	struct mcp_session_store_options settings = { .size = sizeof(settings) };
	char created[1024];
	settings.idle_ms = (uint64_t)server->options.session_timeout * 1000;
	settings.module_dir = server->options.module_dir;
	settings.hooks = hooks;
	return mcp_session_store_pool_open(
		schema_created(server->options.store, created, sizeof(created)), &settings, 0,
		&server->pool, err);
}

/* What the store will not allow tomorrow either is better said now; that it is down may pass. */
static int ask_store(struct server *server, struct mcpsess_error *err)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_ANY_OWNER };
	int status = mcp_session_store_pool_ping(server->pool, &request, NULL, err);
	if (status == MCPSESS_E_UNAVAILABLE && err->sys != EACCES) {
		log_line(MCPSESS_LOG_WARN, "started without the store: %s", err->text);
	}
	return status == MCPSESS_E_UNAVAILABLE && err->sys == EACCES ? status : MCPSESS_OK;
}

static int create_rpc(
	struct server *server, const struct mcpsess_hooks *hooks, struct mcpsess_error *err)
{
	struct mcpsess_rpc_options settings = { .size = sizeof(settings) };
	settings.pool = server->pool;
	settings.server_name = server->options.server_name;
	settings.server_version = server->options.server_version;
	settings.newest_version = server->options.protocol_version;
	settings.policy = server->options.lazy ? MCPSESS_SESSION_LAZY : MCPSESS_SESSION_REQUIRED;
	settings.cancelled = delays_cancelled;
	settings.user_data = server->delays;
	settings.hooks = hooks;
	return mcpsess_rpc_create(&settings, &server->rpc, err);
}

static int create_http(struct server *server, struct mcpsess_error *err)
{
	struct mcpsess_http_options settings = { .size = sizeof(settings) };
	const struct options *options = &server->options;
	char hosts[320];
	settings.rpc = server->rpc;
	settings.hosts = options->allow_host != NULL
				 ? options->allow_host
				 : loopback_hosts(options->host, hosts, sizeof(hosts));
	settings.origins = options->allow_origin;
	settings.cors = (uint32_t)options->cors;
	return mcpsess_http_create(&settings, &server->http, err);
}

static int set_up(struct server *server)
{
	struct mcpsess_hooks hooks = { .size = sizeof(hooks) };
	struct mcpsess_error err;
	hooks.log = log_hook;
	hooks.log_level = server->options.log_level;
	if (catch_signals(server) < 0 || auth_open(&server->options, &server->auth) < 0) {
		return -1;
	}
	server->delays = delays_start();
	if (server->delays == NULL) {
		log_line(MCPSESS_LOG_ERROR, "cannot start a thread");
		return -1;
	}
	if (open_pool(server, &hooks, &err) < 0 || ask_store(server, &err) < 0 ||
		create_rpc(server, &hooks, &err) < 0 || create_http(server, &err) < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s", err.text);
		return -1;
	}
	return 0;
}

static void tear_down(struct server *server)
{
	mcpsess_http_destroy(server->http);
	mcpsess_rpc_destroy(server->rpc);
	mcp_session_store_pool_close(server->pool);
	delays_stop(server->delays);
	auth_close(server->auth);
	close(server->signal_fd);
	close(server->idle_fd);
}

int main(int argc, char **argv)
{
	struct server server = { .signal_fd = -1, .idle_fd = -1 };
	int status = options_parse(&server.options, argc, argv);
	if (status != OPTIONS_RUN) {
		return status == OPTIONS_DONE ? EXIT_SUCCESS : status;
	}
	if (log_open(server.options.log_file, server.options.log_level) < 0) {
		perror(server.options.log_file);
		return EXIT_FAILURE;
	}
	status = EXIT_FAILURE;
	if (set_up(&server) < 0) {
		if (server.options.log_file != NULL) {
			fprintf(stderr, "echo-stateful: see %s\n", server.options.log_file);
		}
	} else {
		status = strcmp(server.options.transport, "stdio") == 0 ? serve_stdio(&server)
									: serve_http(&server);
	}
	tear_down(&server);
	return status;
}
