/* What a backend says of itself, whoever brought it. */
#ifndef MCPSESS_STORE_DESCRIPTOR_H
#define MCPSESS_STORE_DESCRIPTOR_H

#include <mcpsess/backend.h>

/* Whether it is fit for use; abi first. from names where it is from, for err. */
int mcpsess_descriptor_check(
	const struct mcpsess_backend *backend, const char *from, struct mcpsess_error *err);

/* Whether one that is fit serves the scheme. */
int mcpsess_descriptor_serves(const struct mcpsess_backend *backend, struct mcpsess_bytes scheme);

/* The next scheme in its list, and *list moved behind it; empty at the end. */
struct mcpsess_bytes mcpsess_descriptor_scheme(const char **list);

#endif
