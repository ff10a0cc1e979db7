/* TLS on a socket, by OpenSSL: tls.c, or no-tls.c where that is not there. */
#ifndef MCPSESS_REDIS_TLS_H
#define MCPSESS_REDIS_TLS_H

#include "socket.h"

struct redis_tls_config {
	char *ca;   /* a file of certificates; NULL: those of the system */
	char *cert; /* our own, for servers that want one; NULL: none */
	char *key;
};

/* 0 when this build has no TLS. */
int mcpsess_redis_tls_is_there(void);
/* Put TLS on a connected socket; FAILED, with the reason in sys and why, or as handshake. */
enum redis_io mcpsess_redis_tls_begin(struct redis_socket *socket,
	const struct redis_tls_config *config, const char *host, int *sys, char *why,
	size_t capacity);
/* OK: it stands, and the server is who it should be. READ or WRITE: wait, and ask again. */
enum redis_io mcpsess_redis_tls_handshake(
	struct redis_socket *socket, int *sys, char *why, size_t capacity);
enum redis_io mcpsess_redis_tls_read(
	struct redis_socket *socket, void *data, size_t len, size_t *moved, int *sys);
enum redis_io mcpsess_redis_tls_write(
	struct redis_socket *socket, const void *data, size_t len, size_t *moved, int *sys);
/* Whether decrypted bytes are left that no descriptor tells of. */
int mcpsess_redis_tls_pends(const struct redis_socket *socket);
void mcpsess_redis_tls_end(struct redis_socket *socket);

#endif
