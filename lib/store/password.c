#include "store/password.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/env.h"

static const char *const names[] = { "password_env", "password_file" };

int mcpsess_password_parameter(const char *name)
{
	return strcmp(name, names[0]) == 0 || strcmp(name, names[1]) == 0;
}

static int keep(char *out, size_t capacity, const char *value, struct mcpsess_error *err)
{
	size_t len = strlen(value);
	if (len == 0 || len >= capacity) {
		return mcpsess_fail(err, MCPSESS_E_INVALID, 0,
			"%s and %s take 1 to 127 and 1 to 1023 bytes", names[0], names[1]);
	}
	memcpy(out, value, len + 1);
	return MCPSESS_OK;
}

int mcpsess_password_take(struct mcpsess_password *password,
	const struct mcp_session_store_options *options, struct mcpsess_uri *uri,
	struct mcpsess_error *err)
{
	size_t kept = 0;
	int r = MCPSESS_OK;
	memset(password, 0, sizeof(*password));
	if (options != NULL &&
		options->size >= offsetof(struct mcp_session_store_options, seal_keys_file)) {
		password->ask = options->password;
		password->user_data = options->password_data;
	}
	for (size_t i = 0; r == MCPSESS_OK && i < uri->parameter_count; i++) {
		const char *name = uri->parameters[i].name, *value = uri->parameters[i].value;
		if (strcmp(name, names[0]) == 0) {
			r = keep(password->env, sizeof(password->env), value, err);
		} else if (strcmp(name, names[1]) == 0) {
			r = keep(password->file, sizeof(password->file), value, err);
		} else {
			uri->parameters[kept++] = uri->parameters[i];
		}
	}
	uri->parameter_count = r == MCPSESS_OK ? kept : uri->parameter_count;
	if (r == MCPSESS_OK && password->env[0] != '\0' && password->file[0] != '\0') {
		r = mcpsess_fail(
			err, MCPSESS_E_INVALID, 0, "%s and %s are both given", names[0], names[1]);
	}
	return r;
}

static size_t read_file(const char *path, char *out, size_t capacity)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return 0;
	}
	size_t len = 0;
	for (ssize_t n = 1; n > 0 && len<capacity; len += n> 0 ? (size_t)n : 0) {
		n = read(fd, out + len, capacity - len);
	}
	close(fd);
	return len > 0 && out[len - 1] == '\n' ? len - 1 : len;
}

size_t mcpsess_password_read(const struct mcpsess_password *password, char *out, size_t capacity)
{
	if (password->ask != NULL) {
		size_t len = password->ask(password->user_data, out, capacity);
		return len <= capacity ? len : 0;
	}
	if (password->file[0] != '\0') {
		return read_file(password->file, out, capacity);
	}
	/* The one variable that the library reads: because an operator's URI names it. */
	const char *value = password->env[0] != '\0' ? secure_getenv(password->env) : NULL;
	size_t len = value != NULL ? strlen(value) : 0;
	if (len > capacity) {
		return 0;
	}
	memcpy(out, value != NULL ? value : "", len);
	return len;
}
