/*
 * round-robin-lb: an HTTP balancer that knows no sessions.
 *
 *   round-robin-lb --listen PORT [--health PATH] --backend HOST:PORT...
 *
 * Each request goes to the next backend: what a service without affinity does, at its worst. A
 * backend that refuses connections is passed over; with --health so is one whose PATH does not
 * answer 200. A connection carries one request, whose backend closes it, so bodies and answers of
 * every kind pass as they come, event streams too.
 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/http1.h"

enum { BACKENDS = 16, HEALTH_MS = 100 };

static const char usage[] = "round-robin-lb --listen PORT [--health PATH] --backend HOST:PORT...\n";

static struct backend {
	const char *host, *port;
	atomic_int is_away;
} backends[BACKENDS];
static unsigned backend_count;
static atomic_uint turn;
static const char *health;

/* Read up to the blank line, and what came behind it: the length of the head; 0: none came. */
static size_t read_head(int fd, char *in, size_t *len)
{
	const char *end = NULL;
	for (*len = 0; end == NULL; end = memmem(in, *len, "\r\n\r\n", 4)) {
		if (*len == HTTP1_MAX_HEAD || http1_receive(fd, in, HTTP1_MAX_HEAD, len) <= 0) {
			return 0;
		}
	}
	return (size_t)(end + 4 - in);
}

/* The head with a Connection header of ours instead of its own: its length. */
static size_t close_after(const char *head, size_t head_len, char *out)
{
	static const char ours[] = "Connection: close\r\n\r\n";
	const char *end = head + head_len - 2;
	size_t len = 0;
	for (const char *line = head, *next; line < end; line = next) {
		next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
		if (strncasecmp(line, "connection:", 11) != 0) {
			memcpy(out + len, line, (size_t)(next - line));
			len += (size_t)(next - line);
		}
	}
	memcpy(out + len, ours, sizeof(ours) - 1);
	return len + sizeof(ours) - 1;
}

static int connect_next(void)
{
	int fd = -1;
	for (unsigned i = 0; i < 2 * backend_count && fd < 0; i++) {
		struct backend *backend = &backends[atomic_fetch_add(&turn, 1) % backend_count];
		/* When all are away, one of them may still answer. */
		if (i >= backend_count || !atomic_load(&backend->is_away)) {
			fd = http1_connect(backend->host, backend->port);
		}
	}
	return fd;
}

/* Pass on what comes, both ways, until one end is gone: 0 when the client had no answer. */
static int relay(int client, int backend)
{
	char buffer[HTTP1_MAX_HEAD];
	int is_told = 0;
	for (;;) {
		struct pollfd ends[] = { { client, POLLIN, 0 }, { backend, POLLIN, 0 } };
		size_t len = 0;
		poll(ends, 2, -1);
		int is_answer = ends[1].revents != 0;
		if (http1_receive(ends[is_answer].fd, buffer, sizeof(buffer), &len) <= 0 ||
			http1_send_all(ends[!is_answer].fd, mcpsess_mem(buffer, len)) < 0) {
			return is_told || !is_answer;
		}
		is_told |= is_answer;
	}
}

static void serve_request(int client, const char *in, size_t head, size_t len)
{
	char out[HTTP1_MAX_HEAD + 32];
	int backend = connect_next();
	if (backend < 0) {
		http1_refuse(client, 503);
		return;
	}
	if (http1_send_all(backend, mcpsess_mem(out, close_after(in, head, out))) < 0 ||
		http1_send_all(backend, mcpsess_mem(in + head, len - head)) < 0 ||
		!relay(client, backend)) {
		http1_refuse(client, 502);
	}
	close(backend);
}

static void *serve(void *argument)
{
	char in[HTTP1_MAX_HEAD];
	int fd = (int)(intptr_t)argument;
	size_t len, head = read_head(fd, in, &len);
	if (head > 0) {
		serve_request(fd, in, head, len);
	} else if (len > 0) {
		http1_refuse(fd, len == HTTP1_MAX_HEAD ? 431 : 400);
	}
	close(fd);
	return NULL;
}

static int is_well(const struct backend *backend)
{
	const struct timeval patience = { .tv_sec = 2 };
	char text[512];
	size_t len = 0;
	int fd = http1_connect(backend->host, backend->port);
	if (fd < 0) {
		return 0;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", health);
	http1_send_all(fd, mcpsess_str(text));
	http1_receive(fd, text, sizeof(text), &len);
	close(fd);
	return len > 12 && memcmp(text + 8, " 200", 4) == 0;
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
	char *colon = strrchr(name, ':');
	if (colon == NULL || backend_count == BACKENDS) {
		return -1;
	}
	*colon = '\0';
	backends[backend_count].host = name;
	backends[backend_count++].port = colon + 1;
	return 0;
}

int main(int argc, char **argv)
{
	int port = -1;
	int wrong = argc % 2 == 0;
	for (int i = 1; i + 1 < argc && !wrong; i += 2) {
		if (strcmp(argv[i], "--listen") == 0) {
			port = http1_port(argv[i + 1]);
		} else if (strcmp(argv[i], "--health") == 0) {
			health = argv[i + 1];
		} else {
			wrong = strcmp(argv[i], "--backend") != 0 || add_backend(argv[i + 1]) != 0;
		}
	}
	if (wrong || port < 0 || backend_count == 0) {
		fputs(usage, stderr);
		return 2;
	}
	int listener = http1_listen("127.0.0.1", (unsigned long)port, "/mcp");
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
