#include "tls.h"

int mcpsess_redis_tls_is_there(void)
{
	return 0;
}

enum redis_io mcpsess_redis_tls_begin(struct redis_socket *socket,
	const struct redis_tls_config *config, const char *host, int *sys, char *why,
	size_t capacity)
{
	(void)socket, (void)config, (void)host, (void)sys, (void)why, (void)capacity;
	return REDIS_IO_FAILED;
}

enum redis_io mcpsess_redis_tls_handshake(
	struct redis_socket *socket, int *sys, char *why, size_t capacity)
{
	(void)socket, (void)sys, (void)why, (void)capacity;
	return REDIS_IO_FAILED;
}

enum redis_io mcpsess_redis_tls_read(
	struct redis_socket *socket, void *data, size_t len, size_t *moved, int *sys)
{
	(void)socket, (void)data, (void)len;
	*moved = 0;
	*sys = 0;
	return REDIS_IO_FAILED;
}

enum redis_io mcpsess_redis_tls_write(
	struct redis_socket *socket, const void *data, size_t len, size_t *moved, int *sys)
{
	(void)socket, (void)data, (void)len;
	*moved = 0;
	*sys = 0;
	return REDIS_IO_FAILED;
}

int mcpsess_redis_tls_pends(const struct redis_socket *socket)
{
	(void)socket;
	return 0;
}

void mcpsess_redis_tls_end(struct redis_socket *socket)
{
	(void)socket;
}
