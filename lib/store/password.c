#include "store/password.h"

#include <errno.h>
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

static int refuse(struct mcpsess_error *err, const char *name, const char *value, const char *why)
{
	char quoted[48];
	return mcpsess_fail(err, MCPSESS_E_UNAVAILABLE, 0, "%s=%s: %s", name,
		mcpsess_uri_quote(value, quoted), why);
}

/* What is wrong, or NULL. */
static const char *read_all(int fd, char *out, size_t capacity, size_t *len)
{
	char more;
	ssize_t n;
	do {
		n = *len < capacity ? read(fd, out + *len, capacity - *len) : read(fd, &more, 1);
		if (n > 0 && *len == capacity) {
			return strerror(EFBIG);
		}
		*len += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? strerror(errno) : NULL;
}

static int read_file(
	const char *path, char *out, size_t capacity, size_t *len, struct mcpsess_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why = fd >= 0 ? read_all(fd, out, capacity, len) : strerror(errno);
	if (fd >= 0) {
		close(fd);
	}
	if (why == NULL && *len > 0 && out[*len - 1] == '\n') {
		--*len;
	}
	if (why == NULL && *len == 0) {
		why = "there is nothing in it";
	}
	return why == NULL ? MCPSESS_OK : refuse(err, names[1], path, why);
}

/* The one variable that the library reads: because an operator's URI names it. */
static int read_env(
	const char *name, char *out, size_t capacity, size_t *len, struct mcpsess_error *err)
{
	const char *value = secure_getenv(name);
	size_t its_len = value != NULL ? strlen(value) : 0;
	if (its_len == 0 || its_len > capacity) {
		return refuse(err, names[0], name,
			value == NULL  ? "no such variable"
			: its_len == 0 ? "there is nothing in it"
				       : "it is too long");
	}
	memcpy(out, value, its_len);
	*len = its_len;
	return MCPSESS_OK;
}

int mcpsess_password_read(const struct mcpsess_password *password, char *out, size_t capacity,
	size_t *len, struct mcpsess_error *err)
{
	*len = 0;
	if (password->ask != NULL) {
		size_t told = password->ask(password->user_data, out, capacity);
		if (told > capacity) {
			return mcpsess_fail(err, MCPSESS_E_UNAVAILABLE, 0,
				"the password that the host gives is too long");
		}
		*len = told;
		return MCPSESS_OK;
	}
	if (password->file[0] != '\0') {
		return read_file(password->file, out, capacity, len, err);
	}
	return password->env[0] != '\0' ? read_env(password->env, out, capacity, len, err)
					: MCPSESS_OK;
}
