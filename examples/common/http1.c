#include "http1.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Digits only: what strtoul() would also take, signs and blanks, lets two servers disagree. */
static int parse_length(struct mcpsess_bytes text, size_t max, size_t *out)
{
	const char *digits = text.data;
	size_t length = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (!isdigit((unsigned char)digits[i])) {
			return 400;
		}
		length = length * 10 + (size_t)(digits[i] - '0');
		if (length > max) {
			return 413;
		}
	}
	*out = length;
	return text.len > 0 ? 200 : 400;
}

static int parse_line(
	const char *line, const char *end, const char *wanted, struct http1_request *out)
{
	const char *method_end = memchr(line, ' ', (size_t)(end - line));
	if (method_end == NULL) {
		return 400;
	}
	const char *path = method_end + 1;
	const char *path_end = memchr(path, ' ', (size_t)(end - path));
	if (path_end == NULL || end - path_end != 9 || memcmp(path_end, " HTTP/1.", 8) != 0) {
		return 400;
	}
	out->http.method = mcpsess_mem(line, (size_t)(method_end - line));
	struct mcpsess_bytes found = mcpsess_mem(path, (size_t)(path_end - path));
	return mcpsess_bytes_equal(found, mcpsess_str(wanted)) ? 200 : 404;
}

static int parse_body(const char *body, size_t there, size_t max, struct http1_request *out)
{
	struct mcpsess_bytes value;
	size_t length = 0;
	if (mcpsess_http_header_block(&out->headers, "transfer-encoding", &value) > 0) {
		return 411;
	}
	int count = mcpsess_http_header_block(&out->headers, "content-length", &value);
	int status = count == 0 ? 200 : count > 1 ? 400 : parse_length(value, max, &length);
	if (status != 200) {
		return status;
	}
	out->http.body = mcpsess_mem(body, length);
	return there >= length ? 200 : 0;
}

int http1_parse(
	struct mcpsess_bytes in, const char *path, size_t max_body, struct http1_request *out)
{
	const char *text = in.data;
	size_t head_most = in.len < HTTP1_MAX_HEAD ? in.len : HTTP1_MAX_HEAD;
	const char *head_end = in.len > 0 ? memmem(text, head_most, "\r\n\r\n", 4) : NULL;
	if (head_end == NULL) {
		return in.len < HTTP1_MAX_HEAD ? 0 : 431;
	}
	const char *line_end = memmem(text, in.len, "\r\n", 2);
	memset(out, 0, sizeof(*out));
	int status = parse_line(text, line_end, path, out);
	if (status != 200) {
		return status;
	}
	const char *headers = line_end + 2;
	const char *body = head_end + 4;
	out->headers = mcpsess_mem(headers, (size_t)(body - 2 - headers));
	out->http.header = mcpsess_http_header_block;
	out->http.headers = &out->headers;
	status = parse_body(body, (size_t)(text + in.len - body), max_body, out);
	out->length = (size_t)(body - text) + out->http.body.len;
	return status;
}

int http1_header(
	struct mcpsess_http_exchange *exchange, size_t index, char name[64], char value[1024])
{
	struct mcpsess_http_pair pair;
	if (!mcpsess_http_header(exchange, index, &pair)) {
		return 0;
	}
	snprintf(name, 64, "%.*s", (int)pair.name.len, (const char *)pair.name.data);
	snprintf(value, 1024, "%.*s", (int)pair.value.len, (const char *)pair.value.data);
	return 1;
}

const char *http1_refusal(int status)
{
	switch (status) {
#define REFUSAL(line) "HTTP/1.1 " line "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	case 404:
		return REFUSAL("404 Not Found");
	case 411:
		return REFUSAL("411 Length Required");
	case 413:
		return REFUSAL("413 Content Too Large");
	case 431:
		return REFUSAL("431 Request Header Fields Too Large");
	case 502:
		return REFUSAL("502 Bad Gateway");
	case 503:
		return REFUSAL("503 Service Unavailable");
	default:
		return REFUSAL("400 Bad Request");
#undef REFUSAL
	}
}

int http1_send(int fd, struct mcpsess_bytes *rest)
{
	ssize_t sent = send(fd, rest->data, rest->len, MSG_NOSIGNAL);
	if (sent < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	}
	rest->data = (const char *)rest->data + sent;
	rest->len -= (size_t)sent;
	return 1;
}

int http1_send_all(int fd, struct mcpsess_bytes bytes)
{
	while (bytes.len > 0) {
		if (http1_send(fd, &bytes) <= 0) {
			return -1;
		}
	}
	return 0;
}

void http1_refuse(int fd, int status)
{
	http1_send_all(fd, mcpsess_str(http1_refusal(status)));
}

int http1_receive(int fd, char *buffer, size_t capacity, size_t *len)
{
	ssize_t got = recv(fd, buffer + *len, capacity - *len, 0);
	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	}
	*len += (size_t)got;
	return got > 0 ? 1 : -1;
}

int http1_connect(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int fd = -1;
	if (getaddrinfo(host, port, &hints, &found) != 0) {
		return -1;
	}
	for (struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	if (fd >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	}
	return fd;
}

int http1_port(const char *text)
{
	size_t port;
	return parse_length(mcpsess_str(text), 65535, &port) == 200 ? (int)port : -1;
}

static int listen_at(const struct addrinfo *at)
{
	const int on = 1;
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
		(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
			bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)) {
		int why = errno;
		close(fd);
		errno = why;
		fd = -1;
	}
	return fd;
}

static void print_url(int fd, const char *host, const char *path)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	char port[8] = "";
	getsockname(fd, (struct sockaddr *)&address, &size);
	getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, sizeof(port), NI_NUMERICSERV);
	printf(strchr(host, ':') != NULL ? "http://[%s]:%s%s\n" : "http://%s:%s%s\n", host, port,
		path);
	fflush(stdout);
}

int http1_listen(const char *host, unsigned long port, const char *path)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	char service[8];
	int fd = -1;
	snprintf(service, sizeof(service), "%lu", port);
	int status = getaddrinfo(host, service, &hints, &found);
	if (status == 0) {
		for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
			fd = listen_at(at);
		}
		freeaddrinfo(found);
	}
	if (fd < 0) {
		fprintf(stderr, "%s, port %lu: %s\n", host, port,
			status != 0 ? gai_strerror(status) : strerror(errno));
		return -1;
	}
	print_url(fd, host, path);
	return fd;
}
