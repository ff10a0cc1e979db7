#include "store/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

#include "base/env.h"
#include "store/descriptor.h"

enum { PATH_LEN = 1024, NAME_LEN = 24, SHOWN_LEN = 120 };

/* The name of a scheme's module: what stands before its first '+', but for these. */
static int module_name(const char *scheme, char out[NAME_LEN])
{
	static const char *const others[][2] = { { "rediss", "redis" },
		{ "postgresql", "postgres" } };
	size_t len = strcspn(scheme, "+");
	/* Never a path of a URI's choosing: letters and digits only. */
	if (len >= NAME_LEN || strspn(scheme, "abcdefghijklmnopqrstuvwxyz0123456789") < len) {
		return MCPSESS_E_UNSUPPORTED;
	}
	memcpy(out, scheme, len);
	out[len] = '\0';
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(out, others[i][0]) == 0) {
			strcpy(out, others[i][1]);
		}
	}
	return MCPSESS_OK;
}

/* The reason in dlerror(), which begins with the path. */
static const char *reason(const char *path)
{
	const char *text = dlerror();
	size_t len = strlen(path);
	if (text == NULL) {
		return "unknown reason";
	}
	return strncmp(text, path, len) == 0 && text[len] == ':' ? text + len + 2 : text;
}

static int check(const struct mcpsess_backend *backend, const char *name, const char *scheme,
	const char *path, struct mcpsess_error *err)
{
	if (mcpsess_descriptor_check(backend, path, err) < 0) {
		if (err != NULL) {
			err->status = MCPSESS_E_UNSUPPORTED;
		}
		return MCPSESS_E_UNSUPPORTED;
	}
	if (strcmp(backend->name, name) != 0) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
			"%s names itself \"%.32s\", not \"%s\"", path, backend->name, name);
	}
	if (!mcpsess_descriptor_serves(backend, mcpsess_str(scheme))) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
			"%s serves the schemes \"%.100s\", not \"%s\"", path, backend->schemes,
			scheme);
	}
	return MCPSESS_OK;
}

/* The end of a path, where the name is: an error's text has room for one of these. */
static const char *shown(const char *path)
{
	size_t len = strlen(path);
	return len > SHOWN_LEN ? path + len - SHOWN_LEN : path;
}

static int load(const char *path, const char *name, const struct mcpsess_backend **out,
	struct mcpsess_error *err)
{
	char symbol[NAME_LEN + 16];
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module == NULL) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0, "module %s does not load: %s",
			shown(path), reason(path));
	}
	snprintf(symbol, sizeof(symbol), "mcpsess_backend_%s", name);
	*out = dlsym(module, symbol);
	return *out != NULL ? MCPSESS_OK
			    : mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0, "module %s has no %s",
				      shown(path), symbol);
}

int mcpsess_module_load(const char *scheme, const char *module_dir,
	const struct mcpsess_backend **out, struct mcpsess_error *err)
{
	char name[NAME_LEN], path[PATH_LEN];
	const char *dir = module_dir != NULL ? module_dir : MCPSESS_MODULE_DIR;
	if (module_name(scheme, name) < 0) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
			"scheme \"%s\" is not built in, and no module can have its name", scheme);
	}
	if (dir[0] == '\0' ||
		snprintf(path, sizeof(path), "%s/mcpsess-%s.so", dir, name) >= (int)sizeof(path)) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0, "module_dir is empty or too long");
	}
	if (access(path, F_OK) < 0) {
		return mcpsess_fail(err, MCPSESS_E_UNSUPPORTED, 0,
			"scheme \"%s\" is not built in, and there is no module %s", scheme,
			shown(path));
	}
	const struct mcpsess_backend *backend;
	int r = load(path, name, &backend, err);
	if (r == MCPSESS_OK) {
		r = check(backend, name, scheme, shown(path), err);
	}
	if (r == MCPSESS_OK) {
		*out = backend;
	}
	return r;
}
