#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "count.h"
#include "http1.h"

static int open_all(struct host *host, const char *name, const struct count_place *place,
	int threaded, struct mcpsess_error *err)
{
	struct mcpsess_rpc_options options = { .size = sizeof(options) };
	struct mcpsess_http_options http_options = { .size = sizeof(http_options) };
	int status =
		threaded ? mcp_session_store_pool_open(
				   place->uri, &place->options, 0, &host->pool, err)
			 : mcp_session_store_open(place->uri, &place->options, &host->store, err);
	if (status == MCPSESS_OK) {
		options.store = host->store;
		options.pool = host->pool;
		options.server_name = name;
		options.server_version = "1.0";
		options.max_message = HOST_MAX_BODY;
		status = mcpsess_rpc_create(&options, &host->rpc, err);
	}
	if (status == MCPSESS_OK) {
		http_options.rpc = host->rpc;
		status = mcpsess_http_create(&http_options, &host->http, err);
	}
	return status;
}

int host_open(struct host *host, const char *name, int argc, char **argv, int threaded)
{
	(void)argc;
	struct count_place place;
	struct mcpsess_error err;
	memset(host, 0, sizeof(*host));
	host->listener = -1;
	count_store(argv, &place);
	if (open_all(host, name, &place, threaded, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.text);
		return -1;
	}
	host->listener = http1_listen(count_setting(argv, "--port", "PORT", "3000"));
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
