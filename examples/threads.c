/*
 * threads: libmicrohttpd with a pool of threads, and a store that they all use.
 *
 * A pool is made for this: the handlers may block in it, and wait together for a store that is far
 * away. The main thread has nothing to do but upkeep.
 */
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mcpsess/http.h>

#include "common/count.h"
#include "common/host.h"
#include "common/mhd.h"

enum { THREADS = 4 };

struct call {
	struct mcpsess_http_exchange *exchange;
	size_t len;
	char body[HOST_MAX_BODY + 1]; /* one more tells the exchange that it was too much */
};

/* No exchange: 404. */
static enum MHD_Result reply(
	struct MHD_Connection *connection, int status, struct mcpsess_http_exchange *exchange)
{
	struct MHD_Response *response = mhd_response(exchange);
	enum MHD_Result queued = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result serve(struct mcpsess_http *http, struct MHD_Connection *connection,
	const char *method, struct call *call)
{
	struct mcpsess_http_request request;
	memset(&request, 0, sizeof(request));
	request.method = mcpsess_str(method);
	request.header = mhd_header;
	request.headers = connection;
	request.body = mcpsess_mem(call->body, call->len);
	enum mcpsess_verdict verdict = mcpsess_http_begin(http, &request, &call->exchange);
	while (verdict == MCPSESS_DISPATCH) {
		verdict = count_handle(mcpsess_http_message(call->exchange));
	}
	return reply(connection, mcpsess_http_status(call->exchange), call->exchange);
}

/* libmicrohttpd comes once for the headers, then for each piece of the body, then for the end. */
static enum MHD_Result on_request(void *user_data, struct MHD_Connection *connection,
	const char *path, const char *method, const char *version, const char *data, size_t *len,
	void **own)
{
	const struct host *host = user_data;
	struct call *call = *own;
	(void)version;
	if (call == NULL) {
		*own = calloc(1, sizeof(*call));
		return *own != NULL ? MHD_YES : MHD_NO;
	}
	if (*len > 0) {
		size_t room = sizeof(call->body) - call->len;
		size_t taken = *len < room ? *len : room;
		memcpy(call->body + call->len, data, taken);
		call->len += taken;
		*len = 0;
		return MHD_YES;
	}
	return strcmp(path, host->settings.path) == 0 ? serve(host->http, connection, method, call)
						      : reply(connection, MHD_HTTP_NOT_FOUND, NULL);
}

static void on_completed(void *user_data, struct MHD_Connection *connection, void **own,
	enum MHD_RequestTerminationCode how)
{
	struct call *call = *own;
	(void)user_data;
	(void)connection;
	(void)how;
	if (call != NULL) {
		mcpsess_http_end(call->exchange);
		free(call);
	}
}

static struct MHD_Daemon *start(struct host *host)
{
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, host,
		MHD_OPTION_LISTEN_SOCKET, host->listener, MHD_OPTION_THREAD_POOL_SIZE,
		(unsigned)THREADS, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

static void keep_up(struct mcpsess_rpc *rpc, const sigset_t *until)
{
	struct timespec pause;
	do {
		uint64_t pause_ms = mcpsess_rpc_tick(rpc);
		pause.tv_sec = (time_t)(pause_ms / 1000);
		pause.tv_nsec = (long)(pause_ms % 1000) * 1000000;
	} while (sigtimedwait(until, NULL, &pause) < 0);
}

int main(int argc, char **argv)
{
	struct host host;
	sigset_t signals;
	int status = EXIT_FAILURE;
	/* Before there are threads, so that all have them blocked and they come to this one. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);

	if (host_open(&host, "threads", argc, argv, 1) == 0) {
		struct MHD_Daemon *daemon = start(&host);
		if (daemon != NULL) {
			host.listener = -1; /* the daemon's now */
			keep_up(host.rpc, &signals);
			MHD_stop_daemon(daemon);
			status = EXIT_SUCCESS;
		} else {
			perror("threads");
		}
	}
	host_close(&host);
	return status;
}
