/*
 * One socket to a server. It blocks in the resolution of a host's name, and in a reading that is
 * asked to wait.
 */
#ifndef MCPSESS_REDIS_SOCKET_H
#define MCPSESS_REDIS_SOCKET_H

#include <mcpsess/backend.h>

enum {
	REDIS_HOST_MAX = 255,
	/* Never changed, for that would be a system call; long enough to matter to nobody. */
	REDIS_PATIENCE_MS = 100,
};

struct redis_endpoint {
	char host[REDIS_HOST_MAX + 1]; /* or the path of a socket, which begins with a slash */
	uint16_t port;
	int tls;
};

#define REDIS_NO_SERVER "the server cannot be connected to"

/* Which one it is, for people: host:port, or the path; what does not fit is left out. */
enum { REDIS_PLACE_MAX = 120 };
void mcpsess_redis_socket_place(const struct redis_endpoint *endpoint, char *out, size_t capacity);

struct addrinfo;
struct redis_tls;

struct redis_socket {
	int fd; /* -1: none */
	struct addrinfo *addresses;
	struct addrinfo *next; /* to be tried when this one fails */
	struct redis_tls *tls; /* NULL: plain */
	int waits;             /* reading may block, for REDIS_PATIENCE_MS */
};

/* What an operation on a socket came to. */
enum redis_io { REDIS_IO_OK, REDIS_IO_READ, REDIS_IO_WRITE, REDIS_IO_CLOSED, REDIS_IO_FAILED };

void mcpsess_redis_socket_init(struct redis_socket *socket);
/*
 * Begin to connect: OK, WRITE (wait until it is writable, then ask finish), or FAILED with errno
 * in *sys and a text in *why. The name is resolved here, which may block.
 */
enum redis_io mcpsess_redis_socket_begin(struct redis_socket *socket,
	const struct redis_endpoint *endpoint, int *sys, const char **why);
/* The same for the next address, where the one before failed; FAILED when there is none. */
enum redis_io mcpsess_redis_socket_next(struct redis_socket *socket, int *sys, const char **why);
enum redis_io mcpsess_redis_socket_finish(struct redis_socket *socket, int *sys);
/* Bytes moved, or how the rest stands: *moved is 0 unless OK. READ after waiting: in vain. */
enum redis_io mcpsess_redis_socket_read(
	struct redis_socket *socket, void *data, size_t len, int waits, size_t *moved, int *sys);
enum redis_io mcpsess_redis_socket_write(
	struct redis_socket *socket, const void *data, size_t len, size_t *moved, int *sys);
/* Whether a reading may wait, with so much time. */
static inline int mcpsess_redis_socket_waits(const struct redis_socket *socket, int wait_ms)
{
	/* Twice: timeouts of sockets are late by a tick or two. */
	return socket->waits && socket->tls == NULL && wait_ms >= 2 * REDIS_PATIENCE_MS;
}
/* Whether bytes are left to be read that no descriptor tells of. */
int mcpsess_redis_socket_pends(const struct redis_socket *socket);
/* Whether anything, an end included, has come that nobody asked for. */
int mcpsess_redis_socket_is_stale(const struct redis_socket *socket);
void mcpsess_redis_socket_close(struct redis_socket *socket);

#endif
