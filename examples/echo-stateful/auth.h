/* Who is asking: nobody in particular, the holder of a token, or whom a proxy names. */
#ifndef ECHO_AUTH_H
#define ECHO_AUTH_H

#include <microhttpd.h>

#include <mcpsess/error.h>

#include "options.h"

struct auth;

/* 0; -1 after a line in the log. */
int auth_open(const struct options *options, struct auth **out);

/* NULL is fine. */
void auth_close(struct auth *auth);

/* 1 and who it is, which lives as long as both arguments; 0: answer 401 with AUTH_CHALLENGE. */
int auth_check(const struct auth *auth, struct MHD_Connection *connection,
	struct mcpsess_bytes *principal);

/* 1 when the request carries this bearer token. */
int auth_bearer_is(struct MHD_Connection *connection, const char *token);

#define AUTH_CHALLENGE "Bearer"

#endif
