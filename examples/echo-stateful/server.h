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
	int signal_fd;         /* readable when a signal asks the server to end */
	int asked_to_end;      /* one has */
	int idle_fd;           /* readable when the last call under way has ended */
	atomic_uint under_way; /* calls that are being answered */
	atomic_int leaving;    /* 1: balancers should send new calls elsewhere */
	atomic_int draining;   /* 1: no new calls */
};

/* Milliseconds that are never over. */
#define SERVER_WAIT_EVER UINT64_MAX

/*
 * Wait until fd is readable (-1: no fd), a signal asks the server to end, or so many milliseconds
 * are over, with the layer's upkeep meanwhile. 1 when fd is readable.
 */
int server_wait(struct server *server, int fd, uint64_t ms);

/* The transports. Each runs until it is asked to end, and returns the exit status. */
int serve_http(struct server *server);
int serve_stdio(struct server *server);

#endif
