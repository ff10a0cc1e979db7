/* What only this machine can reach, and by which names its clients may ask for it. */
#ifndef EXAMPLES_LOOPBACK_H
#define EXAMPLES_LOOPBACK_H

struct sockaddr;

/* 1 for an address in 127.0.0.0/8, and for ::1. */
int loopback_is(const struct sockaddr *address);

/*
 * For struct mcpsess_http_options, of a host to listen on: the accepted hosts when it is in
 * 127.0.0.0/8, itself and its address among them, in out; else NULL for the library's default.
 */
const char *loopback_hosts(const char *host, char *out, unsigned capacity);

#endif
