#include "store/descriptor.h"

#include "base/env.h"
#include "store/uri.h"

struct mcpsess_bytes mcpsess_descriptor_scheme(const char **list)
{
	const char *at = *list + strspn(*list, " ");
	size_t len = strcspn(at, " ");
	*list = at + len;
	return mcpsess_mem(at, len);
}

int mcpsess_descriptor_serves(const struct mcpsess_backend *backend, struct mcpsess_bytes scheme)
{
	const char *list = backend->schemes;
	struct mcpsess_bytes one = mcpsess_descriptor_scheme(&list);
	while (one.len > 0 && !mcpsess_bytes_equal(one, scheme)) {
		one = mcpsess_descriptor_scheme(&list);
	}
	return one.len > 0;
}

static int schemes_are_sound(const char *list)
{
	struct mcpsess_bytes one = mcpsess_descriptor_scheme(&list);
	int sound = one.len > 0;
	for (; one.len > 0; one = mcpsess_descriptor_scheme(&list)) {
		sound &= mcpsess_scheme_is_sound(one);
	}
	return sound;
}

int mcpsess_descriptor_check(
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
