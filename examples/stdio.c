/*
 * stdio: the transport of servers that a client starts as its child.
 *
 * Standard output carries messages and nothing else, so whatever is for people goes to standard
 * error. The session begins with initialize and ends with standard input.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mcpsess/stdio.h>

#include "common/count.h"
#include "common/settings.h"

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
static int answer(struct mcpsess_stdio *io)
{
	int verdict;
	while ((verdict = mcpsess_stdio_next(io)) != MCPSESS_STDIO_IDLE) {
		while (verdict == MCPSESS_DISPATCH) {
			verdict = (int)count_handle(mcpsess_stdio_message(io));
		}
		if (write_all(mcpsess_stdio_output(io)) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Wait for bytes, with upkeep meanwhile, and feed them. 1; 0 at the end; -1. */
static int feed(struct mcpsess_rpc *rpc, struct mcpsess_stdio *io)
{
	char buffer[65536];
	struct pollfd in = { STDIN_FILENO, POLLIN, 0 };
	while (poll(&in, 1, (int)mcpsess_rpc_tick(rpc)) == 0) {
	}
	ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
	if (got < 0) {
		return errno == EINTR || errno == EAGAIN ? 1 : -1;
	}
	int status = got > 0 ? mcpsess_stdio_feed(io, mcpsess_mem(buffer, (size_t)got))
			     : mcpsess_stdio_finish(io);
	return status < 0 ? -1 : got > 0;
}

static int run(struct mcpsess_rpc *rpc, struct mcpsess_stdio *io)
{
	int more = 1;
	while (more > 0) {
		more = feed(rpc, io);
		if (more < 0 || answer(io) < 0) {
			perror("stdio");
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct mcpsess_bytes nobody = { NULL, 0 };
	struct mcpsess_rpc_options options = { .size = sizeof(options) };
	struct mcpsess_rpc *rpc = NULL;
	struct mcpsess_stdio *io = NULL;
	struct settings settings;
	struct mcpsess_error err;
	int status = EXIT_FAILURE;

	settings_read(&settings, "stdio", argc, argv);
	options.server_name = settings.server_name;
	options.server_version = settings.server_version;
	options.newest_version = settings.protocol_version;
	if (mcp_session_store_open(settings.store, &settings.options, &options.store, &err) < 0 ||
		mcpsess_rpc_create(&options, &rpc, &err) < 0 ||
		mcpsess_stdio_create(rpc, nobody, nobody, &io, &err) < 0) {
		fprintf(stderr, "stdio: %s\n", err.text);
	} else {
		status = run(rpc, io);
	}
	mcpsess_stdio_destroy(io);
	mcpsess_rpc_destroy(rpc);
	mcp_session_store_close(options.store);
	return status;
}
