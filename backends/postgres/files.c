#include "postgres.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* "" where nothing says it: neither the URI nor libpq's environment. */
static const char *value_of(const PQconninfoOption *options, const char *name)
{
	while (options->keyword != NULL && strcmp(options->keyword, name) != 0) {
		options++;
	}
	return options->keyword != NULL && options->val != NULL ? options->val : "";
}

/* Not so over a socket in a folder, nor where the mode lets libpq go on without. */
static int needs_tls(const PQconninfoOption *options)
{
	const char *mode = value_of(options, "sslmode"), *host = value_of(options, "host");
	int is_remote = value_of(options, "hostaddr")[0] != '\0' ||
			(host[0] != '\0' && strpbrk(host, "/@") == NULL);
	return is_remote && (strcmp(mode, "require") == 0 || strncmp(mode, "verify-", 7) == 0);
}

static int is_there(const char *path)
{
	struct stat stat_of;
	return stat(path, &stat_of) == 0;
}

/* Why the file cannot be read; 0: it can, or libpq makes do without. */
static int amiss(const char *path, int must_be_there)
{
	if (path[0] == '\0' || eaccess(path, R_OK) == 0) {
		return 0;
	}
	int why = errno;
	return must_be_there || is_there(path) ? why : 0;
}

/* The one that must be read and cannot be; NULL: none. */
static const char *wrong_one(const PQconninfoOption *options, int *why)
{
	const char *root = value_of(options, "sslrootcert");
	const char *cert = value_of(options, "sslcert"), *key = value_of(options, "sslkey");
	int verifies = strncmp(value_of(options, "sslmode"), "verify-", 7) == 0;
	int is_file = PQlibVersion() < 160000 || strcmp(root, "system") != 0;
	if (is_file && (*why = amiss(root, verifies)) != 0) {
		return "sslrootcert";
	}
	if ((*why = amiss(cert, 0)) != 0) {
		return "sslcert";
	}
	/* What has a colon names a key within an engine. */
	int has_key = cert[0] != '\0' && is_there(cert) && strchr(key, ':') == NULL;
	return has_key && (*why = amiss(key, 1)) != 0 ? "sslkey" : NULL;
}

int mcpsess_postgres_no_file(PGconn *conn, char *out, size_t capacity)
{
	PQconninfoOption *options = PQconninfo(conn);
	int why = 0;
	const char *name = options != NULL && needs_tls(options) ? wrong_one(options, &why) : NULL;
	if (name != NULL) {
		snprintf(out, capacity, "%s=%.120s cannot be read: %s", name,
			value_of(options, name), strerror(why));
	}
	PQconninfoFree(options);
	return name != NULL;
}
