/*
 * The stdio transport: one client, one session, one call after the other. Only a cancellation and a
 * ping do not wait for the call before them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mcpsess/stdio.h>

#include "log.h"
#include "server.h"
#include "tools.h"

/* Read ahead of a call no more than this: a client that floods is not kept in memory. */
enum { AHEAD_MAX = 16 << 20 };

struct client {
	struct server *server;
	struct mcpsess_stdio *io;
	int gone; /* nothing more will come */
};

static int write_all(struct mcpsess_bytes bytes)
{
	const char *at = bytes.data;
	while (bytes.len > 0) {
		ssize_t written = write(STDOUT_FILENO, at, bytes.len);
		if (written < 0 && errno != EINTR) {
			log_line(MCPSESS_LOG_ERROR, "standard output: %s", strerror(errno));
			return -1;
		}
		at += written > 0 ? written : 0;
		bytes.len -= written > 0 ? (size_t)written : 0;
	}
	return 0;
}

/* Feed what is there to be read: how much, 0 at the end too; -1. */
static ssize_t feed(struct client *client)
{
	char buffer[65536];
	ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
	if (got < 0) {
		if (errno == EINTR || errno == EAGAIN) {
			return 0;
		}
		log_line(MCPSESS_LOG_ERROR, "standard input: %s", strerror(errno));
		return -1;
	}
	client->gone = got == 0;
	int status = got > 0 ? mcpsess_stdio_feed(client->io, mcpsess_mem(buffer, (size_t)got))
			     : mcpsess_stdio_finish(client->io);
	if (status < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s", mcpsess_strerror(status));
	}
	return status < 0 ? -1 : got;
}

/* Let a call wait, unless its client cancels it meanwhile or the server is asked to end. */
static int delay(struct client *client, uint64_t ms)
{
	const struct mcpsess_message *call = mcpsess_stdio_message(client->io);
	uint64_t now = delays_now_ms(), until = now + ms;
	size_t ahead = 0;
	while (write_all(mcpsess_stdio_aside(client->io)) == 0) {
		if (now >= until || client->server->asked_to_end ||
			mcpsess_message_cancelled(call)) {
			return 0;
		}
		int in = client->gone || ahead > AHEAD_MAX ? -1 : STDIN_FILENO;
		ssize_t got = server_wait(client->server, in, until - now) ? feed(client) : 0;
		if (got < 0) {
			return -1;
		}
		ahead += (size_t)got;
		now = delays_now_ms();
	}
	return -1;
}

/* Answer every whole line that is there. */
static int answer(struct client *client)
{
	int verdict;
	while ((verdict = mcpsess_stdio_next(client->io)) != MCPSESS_STDIO_IDLE) {
		while (verdict == MCPSESS_DISPATCH) {
			struct mcpsess_message *message = mcpsess_stdio_message(client->io);
			uint64_t ms = tools_delay_ms(message);
			if (ms > 0 && delay(client, ms) < 0) {
				return -1;
			}
			verdict = (int)tools_handle(message);
		}
		if (write_all(mcpsess_stdio_output(client->io)) < 0) {
			return -1;
		}
	}
	return 0;
}

static int talk(struct client *client)
{
	struct server *server = client->server;
	while (!client->gone && !server->asked_to_end &&
		server_wait(server, STDIN_FILENO, SERVER_WAIT_EVER)) {
		if (feed(client) < 0 || answer(client) < 0) {
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

int serve_stdio(struct server *server)
{
	struct client client = { server, NULL, 0 };
	struct mcpsess_error err;
	char owner[32];
	/* Whoever starts the server is the client, so the session is theirs. */
	snprintf(owner, sizeof(owner), "uid:%u", (unsigned)getuid());
	if (mcpsess_stdio_create(
		    server->rpc, mcpsess_str(NULL), mcpsess_str(owner), &client.io, &err) < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s", err.text);
		return EXIT_FAILURE;
	}
	int status = talk(&client);
	mcpsess_stdio_destroy(client.io);
	return status;
}
