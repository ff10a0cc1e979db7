#include "store/registry.h"

#include <pthread.h>

#include "base/env.h"
#include "builtin.h"
#include "store/uri.h"

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

/* The next scheme in a list, and *list moved behind it; empty at the end. */
static struct mcpsess_bytes next_scheme(const char **list)
{
	const char *at = *list + strspn(*list, " ");
	size_t len = strcspn(at, " ");
	*list = at + len;
	return mcpsess_mem(at, len);
}

int mcpsess_backend_serves(const struct mcpsess_backend *backend, struct mcpsess_bytes scheme)
{
	const char *list = backend->schemes;
	struct mcpsess_bytes one = next_scheme(&list);
	while (one.len > 0 && !mcpsess_bytes_equal(one, scheme)) {
		one = next_scheme(&list);
	}
	return one.len > 0;
}

static int schemes_are_sound(const char *list)
{
	struct mcpsess_bytes one = next_scheme(&list);
	int sound = one.len > 0;
	for (; one.len > 0; one = next_scheme(&list)) {
		sound &= mcpsess_scheme_is_sound(one);
	}
	return sound;
}

int mcpsess_backend_check(
	const struct mcpsess_backend *backend, const char *from, struct mcpsess_error *err)
{
	if (backend->abi != MCPSESS_BACKEND_ABI) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "%s has backend abi %u, not %u",
			from, backend->abi, (unsigned)MCPSESS_BACKEND_ABI);
	}
	size_t least = offsetof(struct mcpsess_backend, touches_are_free);
	if (backend->size < least) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"%s has a descriptor of %u bytes, not %zu or more", from, backend->size,
			least);
	}
	const char *missing = backend->name == NULL         ? "name"
			      : backend->schemes == NULL    ? "schemes"
			      : backend->parameters == NULL ? "parameters"
			      : backend->open == NULL       ? "open"
							    : NULL;
	if (missing != NULL) {
		return mcpsess_fail(
			err, MCPSESS_E_INVALID, 0, "%s has a descriptor without %s", from, missing);
	}
	if (!schemes_are_sound(backend->schemes)) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"%s has schemes that are none: \"%.100s\"", from, backend->schemes);
	}
	return MCPSESS_OK;
}

static const struct mcpsess_backend *serving(
	const struct mcpsess_backend *const *backends, size_t count, struct mcpsess_bytes scheme)
{
	for (size_t i = 0; i < count; i++) {
		if (mcpsess_backend_serves(backends[i], scheme)) {
			return backends[i];
		}
	}
	return NULL;
}

/* With the lock held. */
static int add(const struct mcpsess_backend *backend, struct mcpsess_error *err)
{
	const char *list = backend->schemes;
	for (struct mcpsess_bytes one = next_scheme(&list); one.len > 0; one = next_scheme(&list)) {
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
	int r = mcpsess_backend_check(backend, "the backend to add", err);
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
