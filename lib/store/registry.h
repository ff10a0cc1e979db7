/* Backends by URI scheme: given by the host, built in, or loaded as a module. */
#ifndef MCPSESS_STORE_REGISTRY_H
#define MCPSESS_STORE_REGISTRY_H

#include <mcpsess/backend.h>

/* The backend of a sound scheme. module_dir NULL: the compiled-in folder. UNSUPPORTED: none. */
int mcpsess_backend_find(const char *scheme, const char *module_dir,
	const struct mcpsess_backend **out, struct mcpsess_error *err);

/* Load the module of a scheme. It is never unloaded. UNSUPPORTED: there is none, or a wrong one. */
int mcpsess_module_load(const char *scheme, const char *module_dir,
	const struct mcpsess_backend **out, struct mcpsess_error *err);

/* Whether a descriptor is fit for use; abi first. from names where it is from, for err. */
int mcpsess_backend_check(
	const struct mcpsess_backend *backend, const char *from, struct mcpsess_error *err);

/* Whether a fit descriptor serves the scheme. */
int mcpsess_backend_serves(const struct mcpsess_backend *backend, struct mcpsess_bytes scheme);

#endif
