/* The settings of a store: options in code, the URI's parameters over them, defaults below. */
#ifndef MCPSESS_STORE_SETTINGS_H
#define MCPSESS_STORE_SETTINGS_H

#include "store/uri.h"

/* No duration is longer: sums of a clock and a few of them stay far from overflow. */
#define MCPSESS_DURATION_MAX (36500 * UINT64_C(86400000))

/*
 * Resolve every setting and leave in uri only the backend's own parameters. options may be NULL.
 * INVALID: a value that does not fit, or a parameter that is unknown or given twice.
 */
int mcpsess_settings_resolve(const struct mcp_session_store_options *options,
	const struct mcpsess_backend *backend, struct mcpsess_uri *uri,
	struct mcp_session_store_options *out, struct mcpsess_error *err);

#endif
