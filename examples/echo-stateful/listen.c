#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/loopback.h"
#include "log.h"

static int listen_at(const struct addrinfo *at)
{
	const int on = 1;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return -1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

int listen_on(const char *host, unsigned long port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	char service[8];
	snprintf(service, sizeof(service), "%lu", port);
	int status = getaddrinfo(host, service, &hints, &found);
	if (status != 0) {
		log_line(MCPSESS_LOG_ERROR, "%s: %s", host, gai_strerror(status));
		return -1;
	}
	int fd = -1;
	for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
		fd = listen_at(at);
	}
	if (fd < 0) {
		log_line(MCPSESS_LOG_ERROR, "%s, port %lu: %s", host, port, strerror(errno));
	}
	freeaddrinfo(found);
	return fd;
}

static int is_any(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	return address->ss_family == AF_INET ? in->sin_addr.s_addr == htonl(INADDR_ANY)
					     : IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

void listen_name(int fd, char out[64])
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "localhost";
	char port[8] = "";
	getsockname(fd, (struct sockaddr *)&address, &size);
	if (is_any(&address)) {
		getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof(port),
			NI_NUMERICSERV);
	} else {
		getnameinfo((struct sockaddr *)&address, size, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	}
	snprintf(out, 64, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

int listen_is_local(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	getsockname(fd, (struct sockaddr *)&address, &size);
	return loopback_is((const struct sockaddr *)&address);
}
