/* Where the password of a remote store comes from: asked at each connect, so that it may rotate. */
#ifndef MCPSESS_STORE_PASSWORD_H
#define MCPSESS_STORE_PASSWORD_H

#include <mcpsess/store.h>

#include "store/uri.h"

struct mcpsess_password {
	size_t (*ask)(void *user_data, char *out, size_t capacity);
	void *user_data;
	char env[128];   /* password_env=; "" is none */
	char file[1024]; /* password_file= */
};

/* Whether a URI parameter is one of these, which every remote store knows. */
int mcpsess_password_parameter(const char *name);

/* Take the parameters out of the URI. INVALID: too long, or two of them. */
int mcpsess_password_take(struct mcpsess_password *password,
	const struct mcp_session_store_options *options, struct mcpsess_uri *uri,
	struct mcpsess_error *err);

/*
 * Its length in *len, 0 for none. A file's last newline is not part of it. UNAVAILABLE: the source
 * that is named gives none, or one that does not fit; err says which source, never what is in it.
 */
int mcpsess_password_read(const struct mcpsess_password *password, char *out, size_t capacity,
	size_t *len, struct mcpsess_error *err);

#endif
