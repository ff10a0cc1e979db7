/* Backends by URI scheme: given by the host, built in, or loaded as a module. */
#ifndef MCPSESS_STORE_REGISTRY_H
#define MCPSESS_STORE_REGISTRY_H

#include <mcpsess/backend.h>

/* The backend of a sound scheme. module_dir NULL: the compiled-in folder. UNSUPPORTED: none. */
int mcpsess_backend_find(const char *scheme, const char *module_dir,
	const struct mcpsess_backend **out, struct mcpsess_error *err);

#endif
