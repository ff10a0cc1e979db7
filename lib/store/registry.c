#include "store/registry.h"

#include <pthread.h>

#include "base/env.h"
#include "builtin.h"
#include "store/descriptor.h"
#include "store/module.h"

enum { ADDED_MAX = 16 };

#define DECLARE(name) extern const struct mcpsess_backend mcpsess_backend_##name;
MCPSESS_BUILTIN(DECLARE)
#undef DECLARE

static const struct mcpsess_backend *const builtin[] = {
#define POINT(name) &mcpsess_backend_##name,
	MCPSESS_BUILTIN(POINT)
#undef POINT
};

/* What hosts have added: with the modules that are loaded, all that is global here. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct mcpsess_backend *added[ADDED_MAX];
static size_t added_count;

static const struct mcpsess_backend *serving(
	const struct mcpsess_backend *const *backends, size_t count, struct mcpsess_bytes scheme)
{
	for (size_t i = 0; i < count; i++) {
		if (mcpsess_descriptor_serves(backends[i], scheme)) {
			return backends[i];
		}
	}
	return NULL;
}

/* With the lock held. */
static int add(const struct mcpsess_backend *backend, struct mcpsess_error *err)
{
	const char *list = backend->schemes;
	for (struct mcpsess_bytes one = mcpsess_descriptor_scheme(&list); one.len > 0;
		one = mcpsess_descriptor_scheme(&list)) {
		if (serving(added, added_count, one) != NULL) {
			return mcpsess_fail(err, MCPSESS_E_EXISTS, 0, "scheme \"%.*s\" is taken",
				(int)one.len, (const char *)one.data);
		}
	}
	if (added_count == ADDED_MAX) {
		return mcpsess_fail(
			err, MCPSESS_E_LIMIT, 0, "%d backends have been added already", ADDED_MAX);
	}
	added[added_count++] = backend;
	return MCPSESS_OK;
}

int mcpsess_backend_add(const struct mcpsess_backend *backend, struct mcpsess_error *err)
{
	if (backend == NULL) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "there is no descriptor");
	}
	int r = mcpsess_descriptor_check(backend, "the backend to add", err);
	if (r == MCPSESS_OK) {
		pthread_mutex_lock(&lock);
		r = add(backend, err);
		pthread_mutex_unlock(&lock);
	}
	return r;
}

int mcpsess_backend_find(const char *scheme, const char *module_dir,
	const struct mcpsess_backend **out, struct mcpsess_error *err)
{
	pthread_mutex_lock(&lock);
	const struct mcpsess_backend *found = serving(added, added_count, mcpsess_str(scheme));
	pthread_mutex_unlock(&lock);
	if (found == NULL) {
		found = serving(builtin, sizeof(builtin) / sizeof(builtin[0]), mcpsess_str(scheme));
	}
	if (found == NULL) {
		return mcpsess_module_load(scheme, module_dir, out, err);
	}
	*out = found;
	return MCPSESS_OK;
}
