#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tls.h"

void mcpsess_redis_socket_init(struct redis_socket *self)
{
	*self = (struct redis_socket){ .fd = -1 };
}

void mcpsess_redis_socket_place(const struct redis_endpoint *endpoint, char *out, size_t capacity)
{
	const char *host = endpoint->host;
	int is_address = strchr(host, ':') != NULL && host[0] != '/';
	if (host[0] == '/') {
		snprintf(out, capacity, "%s", host);
	} else {
		snprintf(out, capacity, "%s%.*s%s:%u", is_address ? "[" : "", (int)capacity - 10,
			host, is_address ? "]" : "", (unsigned)endpoint->port);
	}
}

/* Connected: whoever must not wait says so with each call from now on. */
static void let_wait(struct redis_socket *self)
{
	const struct timeval patience = { .tv_usec = REDIS_PATIENCE_MS * 1000 };
	self->waits =
		setsockopt(self->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
		fcntl(self->fd, F_SETFL, 0) == 0;
}

static enum redis_io begin(struct redis_socket *self, int family, const struct sockaddr *address,
	socklen_t len, int *sys)
{
	self->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (self->fd < 0) {
		*sys = errno;
		return REDIS_IO_FAILED;
	}
	if (family != AF_UNIX) {
		int one = 1;
		setsockopt(self->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(self->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	}
	if (connect(self->fd, address, len) == 0) {
		let_wait(self);
		return REDIS_IO_OK;
	}
	*sys = errno;
	if (*sys == EINPROGRESS) {
		return REDIS_IO_WRITE;
	}
	close(self->fd);
	self->fd = -1;
	return REDIS_IO_FAILED;
}

static enum redis_io begin_path(
	struct redis_socket *self, const char *path, int *sys, const char **why)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	*why = "the socket cannot be connected to";
	if (strlen(path) >= sizeof(address.sun_path)) {
		*sys = ENAMETOOLONG;
		return REDIS_IO_FAILED;
	}
	strcpy(address.sun_path, path);
	enum redis_io io = begin(self, AF_UNIX, (const struct sockaddr *)(const void *)&address,
		sizeof(address), sys);
	/* A full backlog: nothing would ever become writable. */
	return io == REDIS_IO_WRITE ? REDIS_IO_FAILED : io;
}

static int resolve(
	struct redis_socket *self, const struct redis_endpoint *endpoint, const char **why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	char port[8];
	snprintf(port, sizeof(port), "%u", (unsigned)endpoint->port);
	int r = getaddrinfo(endpoint->host, port, &hints, &self->addresses);
	if (r == EAI_NONAME) {
		hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
		r = getaddrinfo(endpoint->host, port, &hints, &self->addresses);
	}
	if (r != 0) {
		self->addresses = NULL;
		*why = gai_strerror(r);
		return 0;
	}
	self->next = self->addresses;
	return 1;
}

enum redis_io mcpsess_redis_socket_next(struct redis_socket *self, int *sys, const char **why)
{
	if (self->fd >= 0) {
		close(self->fd);
		self->fd = -1;
	}
	enum redis_io io = REDIS_IO_FAILED;
	*why = REDIS_NO_SERVER;
	while (io == REDIS_IO_FAILED && self->next != NULL) {
		const struct addrinfo *one = self->next;
		self->next = one->ai_next;
		io = begin(self, one->ai_family, one->ai_addr, one->ai_addrlen, sys);
	}
	return io;
}

enum redis_io mcpsess_redis_socket_begin(struct redis_socket *self,
	const struct redis_endpoint *endpoint, int *sys, const char **why)
{
	*sys = 0;
	if (endpoint->host[0] == '/') {
		return begin_path(self, endpoint->host, sys, why);
	}
	if (!resolve(self, endpoint, why)) {
		return REDIS_IO_FAILED;
	}
	return mcpsess_redis_socket_next(self, sys, why);
}

enum redis_io mcpsess_redis_socket_finish(struct redis_socket *self, int *sys)
{
	socklen_t len = sizeof(*sys);
	if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, sys, &len) < 0) {
		*sys = errno;
	}
	if (*sys != 0) {
		return REDIS_IO_FAILED;
	}
	let_wait(self);
	return REDIS_IO_OK;
}

enum redis_io mcpsess_redis_socket_read(
	struct redis_socket *self, void *data, size_t len, int waits, size_t *moved, int *sys)
{
	ssize_t n;
	if (self->tls != NULL) {
		return mcpsess_redis_tls_read(self, data, len, moved, sys);
	}
	do {
		n = recv(self->fd, data, len, waits ? 0 : MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR && !waits);
	*moved = n > 0 ? (size_t)n : 0;
	*sys = n < 0 ? errno : 0;
	if (n < 0) {
		return *sys == EAGAIN || *sys == EINTR ? REDIS_IO_READ : REDIS_IO_FAILED;
	}
	return n > 0 ? REDIS_IO_OK : REDIS_IO_CLOSED;
}

enum redis_io mcpsess_redis_socket_write(
	struct redis_socket *self, const void *data, size_t len, size_t *moved, int *sys)
{
	ssize_t n;
	if (self->tls != NULL) {
		return mcpsess_redis_tls_write(self, data, len, moved, sys);
	}
	do {
		n = send(self->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	*moved = n > 0 ? (size_t)n : 0;
	*sys = n < 0 ? errno : 0;
	if (n < 0) {
		return *sys == EAGAIN ? REDIS_IO_WRITE : REDIS_IO_FAILED;
	}
	return REDIS_IO_OK;
}

int mcpsess_redis_socket_pends(const struct redis_socket *self)
{
	return self->tls != NULL && mcpsess_redis_tls_pends(self);
}

int mcpsess_redis_socket_is_stale(const struct redis_socket *self)
{
	char byte;
	return recv(self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

void mcpsess_redis_socket_close(struct redis_socket *self)
{
	mcpsess_redis_tls_end(self);
	if (self->fd >= 0) {
		close(self->fd);
	}
	if (self->addresses != NULL) {
		freeaddrinfo(self->addresses);
	}
	mcpsess_redis_socket_init(self);
}
