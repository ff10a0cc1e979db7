#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "http1.h"

static int open_all(struct host *host, int threaded, struct mcpsess_error *err)
{
	const struct settings *settings = &host->settings;
	struct mcpsess_rpc_options options = { .size = sizeof(options) };
	struct mcpsess_http_options http_options = { .size = sizeof(http_options) };
	int status = threaded ? mcp_session_store_pool_open(
					settings->store, &settings->options, 0, &host->pool, err)
			      : mcp_session_store_open(
					settings->store, &settings->options, &host->store, err);
	if (status == MCPSESS_OK) {
		options.store = host->store;
		options.pool = host->pool;
		options.server_name = settings->server_name;
		options.server_version = settings->server_version;
		options.newest_version = settings->protocol_version;
		options.max_message = HOST_MAX_BODY;
		status = mcpsess_rpc_create(&options, &host->rpc, err);
	}
	if (status == MCPSESS_OK) {
		http_options.rpc = host->rpc;
		http_options.hosts = settings->allow_host;
		status = mcpsess_http_create(&http_options, &host->http, err);
	}
	return status;
}

int host_open(struct host *host, const char *name, int argc, char **argv, int threaded)
{
	const struct settings *settings = &host->settings;
	struct mcpsess_error err;
	memset(host, 0, sizeof(*host));
	host->listener = -1;
	settings_read(&host->settings, name, argc, argv);
	if (open_all(host, threaded, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.text);
		return -1;
	}
	host->listener = http1_listen(settings->host, settings->port, settings->path);
	/* A client may be gone before it is accepted, and nobody waits in accept() for the next. */
	return host->listener < 0 ? -1 : fcntl(host->listener, F_SETFL, O_NONBLOCK);
}

void host_close(struct host *host)
{
	if (host->listener >= 0) {
		close(host->listener);
	}
	mcpsess_http_destroy(host->http);
	mcpsess_rpc_destroy(host->rpc);
	mcp_session_store_pool_close(host->pool);
	mcp_session_store_close(host->store);
}
