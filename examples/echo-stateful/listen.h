/* A listening socket. */
#ifndef ECHO_LISTEN_H
#define ECHO_LISTEN_H

/* On a host's name or address and a port, 0 for any that is free. -1 after a line in the log. */
int listen_on(const char *host, unsigned long port);

/* "127.0.0.1:3000": where a client of this machine finds it. */
void listen_name(int fd, char out[64]);

/* 1 when only this machine can reach it. */
int listen_is_local(int fd);

#endif
