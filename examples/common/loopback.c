#include "loopback.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int loopback_is(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const void *)address;
	const struct sockaddr_in6 *in6 = (const void *)address;
	return address->sa_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 == 127
					     : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static const char *list_of(
	const char *host, const struct addrinfo *at, char *out, unsigned capacity)
{
	static const char usual[] = "localhost,127.0.0.1,[::1]";
	char address[INET6_ADDRSTRLEN];
	/* The only one of IPv6 is among the usual. */
	if (!loopback_is(at->ai_addr) || at->ai_family != AF_INET ||
		getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof(address), NULL, 0,
			NI_NUMERICHOST) != 0) {
		return NULL;
	}
	snprintf(out, capacity, "%s,%s,%s", usual, address, host);
	return out;
}

const char *loopback_hosts(const char *host, char *out, unsigned capacity)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	const char *list = NULL;
	if (getaddrinfo(host, NULL, &hints, &found) == 0) {
		for (const struct addrinfo *at = found; at != NULL && list == NULL;
			at = at->ai_next) {
			list = list_of(host, at, out, capacity);
		}
		freeaddrinfo(found);
	}
	return list;
}
