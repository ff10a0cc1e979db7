/*
 * round-robin-lb: an HTTP proxy that knows no sessions.
 *
 *   round-robin-lb --listen PORT [--health PATH] --backend HOST:PORT...
 *
 * Each request goes to the next backend, those of one connection too: what a service without
 * affinity does, at its worst. A backend that refuses connections is passed over; with --health so
 * is one whose PATH does not answer 200. Answers are passed on as they come, event streams too.
 */
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mcpsess/http.h>

#include "common/http1.h"

enum { BACKENDS = 16, HEAD_MAX = 32768, HEALTH_MS = 100 };

static struct backend {
	struct addrinfo *address;
	atomic_int is_away;
} backends[BACKENDS];
static unsigned backend_count;
static atomic_uint turn;
static const char *health;

/* A connection, and what came that nobody used yet. */
struct peer {
	int fd;
	size_t len;
	char buffer[HEAD_MAX];
};

static int send_all(int fd, const void *data, size_t len)
{
	struct mcpsess_bytes rest = mcpsess_bytes(data, len);
	while (rest.len > 0) {
		if (http1_send(fd, &rest) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Read up to the blank line and return the length so far; 0: it does not come. */
static size_t read_head(struct peer *peer)
{
	for (;;) {
		char *end = peer->len > 0 ? memmem(peer->buffer, peer->len, "\r\n\r\n", 4) : NULL;
		if (end != NULL) {
			return (size_t)(end + 4 - peer->buffer);
		}
		if (peer->len == HEAD_MAX ||
			http1_receive(peer->fd, peer->buffer, HEAD_MAX, &peer->len) < 0) {
			return 0;
		}
	}
}

static struct mcpsess_bytes header(const struct peer *peer, size_t head, const char *name)
{
	const char *line_end = memmem(peer->buffer, head, "\r\n", 2);
	size_t line = (size_t)(line_end + 2 - peer->buffer);
	struct mcpsess_bytes block = mcpsess_bytes(line_end + 2, head - line - 2);
	struct mcpsess_bytes value = { NULL, 0 };
	mcpsess_http_header_block(&block, name, &value);
	return value;
}

static size_t length(struct mcpsess_bytes text)
{
	char digits[24] = "";
	memcpy(digits, text.data != NULL ? text.data : "", text.len < 20 ? text.len : 20);
	return strtoul(digits, NULL, 10);
}

/* Send a head with a Connection header of ours instead of its own, and forget it. */
static int send_head(struct peer *from, size_t head, int to, const char *connection)
{
	char out[HEAD_MAX + 64];
	size_t len = 0;
	for (const char *line = from->buffer, *next; line < from->buffer + head; line = next) {
		next = (char *)memchr(line, '\n', (size_t)(from->buffer + head - line)) + 1;
		if (line[0] == '\r') {
			len += (size_t)sprintf(out + len, "Connection: %s\r\n", connection);
		}
		if (strncasecmp(line, "connection:", 11) != 0 &&
			strncasecmp(line, "expect:", 7) != 0) {
			memcpy(out + len, line, (size_t)(next - line));
			len += (size_t)(next - line);
		}
	}
	from->len -= head;
	memmove(from->buffer, from->buffer + head, from->len);
	return send_all(to, out, len);
}

/* Pass on what is there and what comes, at most so much; -1 when a peer is gone before. */
static int pass_on(struct peer *from, int to, size_t rest)
{
	while (rest > 0) {
		struct pollfd ends[] = { { from->fd, POLLIN, 0 }, { to, POLLRDHUP, 0 } };
		size_t len = from->len < rest ? from->len : rest;
		if (len > 0 && send_all(to, from->buffer, len) < 0) {
			return -1;
		}
		rest -= len;
		from->len -= len;
		memmove(from->buffer, from->buffer + len, from->len);
		if (rest > 0 &&
			(poll(ends, 2, -1) < 0 || ends[1].revents != 0 ||
				http1_receive(from->fd, from->buffer, HEAD_MAX, &from->len) < 0)) {
			return -1;
		}
	}
	return 0;
}

static int connect_to(const struct backend *backend)
{
	const struct addrinfo *at = backend->address;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return fd;
}

static int connect_next(void)
{
	int fd = -1;
	for (unsigned i = 0; i < 2 * backend_count && fd < 0; i++) {
		struct backend *backend = &backends[atomic_fetch_add(&turn, 1) % backend_count];
		/* When all are away, one of them may still answer. */
		if (i >= backend_count || !atomic_load(&backend->is_away)) {
			fd = connect_to(backend);
		}
	}
	return fd;
}

/* The backend closes after its answer. 1: the client's connection can go on. */
static int pass_answer(struct peer *backend, int client, int has_body)
{
	size_t head = read_head(backend);
	if (head == 0) {
		send_all(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 47);
		return 1;
	}
	struct mcpsess_bytes size = header(backend, head, "content-length");
	int is_sized = size.data != NULL || memcmp(backend->buffer + 8, " 204", 4) == 0;
	size_t body = !has_body ? 0 : is_sized ? length(size) : SIZE_MAX;
	int goes_on =
		!has_body || is_sized; /* else the end of the answer is that of the connection */
	if (send_head(backend, head, client, goes_on ? "keep-alive" : "close") < 0) {
		return 0;
	}
	return pass_on(backend, client, body) == 0 && goes_on;
}

static int pass_request(struct peer *client, struct peer *backend, size_t head)
{
	size_t body = length(header(client, head, "content-length"));
	int has_body = memcmp(client->buffer, "HEAD ", 5) != 0;
	int goes_on = strncasecmp(header(client, head, "connection").data != NULL
					  ? header(client, head, "connection").data
					  : "",
			      "close", 5) != 0;
	if (header(client, head, "expect").data != NULL) {
		send_all(client->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
	backend->len = 0;
	backend->fd = connect_next();
	if (backend->fd < 0) {
		send_all(client->fd, "HTTP/1.1 503 Service Unavailable\r\n\r\n", 36);
		return 0;
	}
	goes_on = send_head(client, head, backend->fd, "close") == 0 &&
		  pass_on(client, backend->fd, body) == 0 &&
		  pass_answer(backend, client->fd, has_body) && goes_on;
	close(backend->fd);
	return goes_on;
}

static void *serve(void *argument)
{
	struct peer *ends = calloc(2, sizeof(*ends));
	int fd = (int)(intptr_t)argument;
	size_t head = 0;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (ends != NULL) {
		ends[0].fd = fd;
		do {
			head = read_head(&ends[0]);
		} while (head > 0 && pass_request(&ends[0], &ends[1], head));
	}
	free(ends);
	close(fd);
	return NULL;
}

static int is_well(const struct backend *backend)
{
	char text[512];
	size_t len = 0;
	int fd = connect_to(backend);
	if (fd < 0) {
		return 0;
	}
	int written = snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", health);
	int is_said = send_all(fd, text, (size_t)written) == 0 &&
		      http1_receive(fd, text, sizeof(text), &len) > 0;
	close(fd);
	return is_said && len > 12 && memcmp(text + 8, " 200", 4) == 0;
}

static void *watch(void *unused)
{
	for (;;) {
		for (unsigned i = 0; i < backend_count; i++) {
			atomic_store(&backends[i].is_away, !is_well(&backends[i]));
		}
		poll(NULL, 0, HEALTH_MS);
	}
	return unused;
}

static int start(void *(*routine)(void *), void *argument)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, routine, argument) == 0 ? pthread_detach(thread) : -1;
}

static int add_backend(char *name)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	char *colon = strrchr(name, ':');
	if (colon == NULL || backend_count == BACKENDS) {
		return -1;
	}
	*colon = '\0';
	return getaddrinfo(name, colon + 1, &hints, &backends[backend_count++].address);
}

int main(int argc, char **argv)
{
	const char *port = NULL;
	int wrong = argc % 2 == 0;
	for (int i = 1; i + 1 < argc && !wrong; i += 2) {
		if (strcmp(argv[i], "--listen") == 0) {
			port = argv[i + 1];
		} else if (strcmp(argv[i], "--health") == 0) {
			health = argv[i + 1];
		} else {
			wrong = strcmp(argv[i], "--backend") != 0 || add_backend(argv[i + 1]) != 0;
		}
	}
	if (wrong || port == NULL || backend_count == 0) {
		fputs("round-robin-lb --listen PORT [--health PATH] --backend HOST:PORT...\n",
			stderr);
		return 2;
	}
	int listener = http1_listen(port);
	if (listener < 0 || (health != NULL && start(watch, NULL) < 0)) {
		return EXIT_FAILURE;
	}
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0 && start(serve, (void *)(intptr_t)fd) != 0) {
			close(fd);
		}
	}
}
