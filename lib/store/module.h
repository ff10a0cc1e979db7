/* Backends in files of their own. */
#ifndef MCPSESS_STORE_MODULE_H
#define MCPSESS_STORE_MODULE_H

#include <mcpsess/backend.h>

/* Load the module of a scheme. It is never unloaded. UNSUPPORTED: there is none, or a wrong one. */
int mcpsess_module_load(const char *scheme, const char *module_dir,
	const struct mcpsess_backend **out, struct mcpsess_error *err);

#endif
