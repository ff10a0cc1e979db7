/* The stdio transport: one client, one session, one call after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcpsess/stdio.h>

#include "log.h"
#include "server.h"
#include "tools.h"

static int write_all(struct mcpsess_bytes bytes)
{
	const char *at = bytes.data;
	while (bytes.len > 0) {
		ssize_t written = write(STDOUT_FILENO, at, bytes.len);
		if (written < 0 && errno != EINTR) {
			return -1;
		}
		at += written > 0 ? written : 0;
		bytes.len -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Answer every whole line that is there. */
static int answer(struct server *server, struct mcpsess_stdio *io)
{
	int verdict;
	while ((verdict = mcpsess_stdio_next(io)) != MCPSESS_STDIO_IDLE) {
		while (verdict == MCPSESS_DISPATCH) {
			struct mcpsess_message *message = mcpsess_stdio_message(io);
			uint64_t ms = tools_delay_ms(message);
			if (ms > 0) {
				server_wait(server, -1, ms);
			}
			verdict = (int)tools_handle(message);
		}
		if (write_all(mcpsess_stdio_output(io)) < 0) {
			log_line(MCPSESS_LOG_ERROR, "standard output: %s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

/* Wait for bytes and feed them. 1; 0 at the end; -1. */
static int feed(struct server *server, struct mcpsess_stdio *io)
{
	char buffer[65536];
	if (server->asked_to_end || !server_wait(server, STDIN_FILENO, SERVER_WAIT_EVER)) {
		return 0;
	}
	ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
	if (got < 0 && errno != EINTR && errno != EAGAIN) {
		log_line(MCPSESS_LOG_ERROR, "standard input: %s", strerror(errno));
		return -1;
	}
	int status = MCPSESS_OK;
	if (got >= 0) {
		status = got > 0 ? mcpsess_stdio_feed(io, mcpsess_mem(buffer, (size_t)got))
				 : mcpsess_stdio_finish(io);
	}
	if (status < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s", mcpsess_strerror(status));
	}
	return status < 0 ? -1 : got != 0;
}

int serve_stdio(struct server *server)
{
	struct mcpsess_stdio *io;
	struct mcpsess_error err;
	char owner[32];
	/* Whoever starts the server is the client, so the session is theirs. */
	snprintf(owner, sizeof(owner), "uid:%u", (unsigned)getuid());
	if (mcpsess_stdio_create(server->rpc, mcpsess_str(NULL), mcpsess_str(owner), &io, &err) <
		0) {
		log_line(MCPSESS_LOG_ERROR, "%s", err.text);
		return EXIT_FAILURE;
	}
	int more = 1;
	while (more > 0) {
		more = feed(server, io);
		if (more >= 0 && answer(server, io) < 0) {
			more = -1;
		}
	}
	mcpsess_stdio_destroy(io);
	return more < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
