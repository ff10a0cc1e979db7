/* As much HTTP/1.1 as a host without an HTTP library needs: a request out of bytes, a socket. */
#ifndef EXAMPLES_HTTP1_H
#define EXAMPLES_HTTP1_H

#include <mcpsess/http.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { HTTP1_MAX_HEAD = 16384 }; /* with its blank line */

struct http1_request {
	struct mcpsess_http_request http; /* its headers are the block below */
	struct mcpsess_bytes headers;
	size_t length; /* of it all */
};

/*
 * The request for a path at the beginning of in, which *out points into. 200: it is whole; 0: read
 * on; else the status to refuse it with.
 */
int http1_parse(
	struct mcpsess_bytes in, const char *path, size_t max_body, struct http1_request *out);

/* As mcpsess_http_header(), for libraries that want C strings. */
int http1_header(
	struct mcpsess_http_exchange *exchange, size_t index, char name[64], char value[1024]);

/* A whole answer that says no, for when there is no exchange to ask. Static. */
const char *http1_refusal(int status);

/*
 * Send some of the bytes and move them on; receive some behind what is there. 1; 0: not now; -1:
 * the connection is over.
 */
int http1_send(int fd, struct mcpsess_bytes *rest);
int http1_receive(int fd, char *buffer, size_t capacity, size_t *len);

/* Send it all on a socket that blocks. 0 or -1. */
int http1_send_all(int fd, struct mcpsess_bytes bytes);
void http1_refuse(int fd, int status);

/* A socket that blocks, connected; -1: nobody listens there. */
int http1_connect(const char *host, const char *port);

/* The number of a port, 0 for any that is free; -1: it is none. */
int http1_port(const char *text);

/* Listen and say where on standard output, with the path; -1 and a line on standard error. */
int http1_listen(const char *host, unsigned long port, const char *path);

#ifdef __cplusplus
}
#endif

#endif
