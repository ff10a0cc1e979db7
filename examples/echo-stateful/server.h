/* What the parts share: made by main, then run by one of the two transports. */
#ifndef ECHO_SERVER_H
#define ECHO_SERVER_H

#include <stdatomic.h>

#include <mcpsess/http.h>

#include "auth.h"
#include "delay.h"
#include "options.h"

struct server {
	struct options options;
	struct auth *auth;
	struct delays *delays;
	struct mcp_session_store_pool *pool;
	struct mcpsess_rpc *rpc;
	struct mcpsess_http *http;
	int signal_fd;         /* readable when the server is asked to end */
	int idle_fd;           /* readable when the last call under way has ended */
	atomic_uint under_way; /* calls that are being answered */
	atomic_int draining;   /* 1: no new calls */
};

/* Wait: 1 as soon as the server is asked to end, 0 after so many milliseconds. */
int server_asked_to_end(struct server *server, uint64_t wait_ms);

/* The transports. Each runs until it is asked to end, and returns the exit status. */
int serve_http(struct server *server);
int serve_stdio(struct server *server);

#endif
