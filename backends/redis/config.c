#include "config.h"

#include <mcpsess/error.h>

#include <stdarg.h>
#include <stdio.h>

#include "redis.h"

enum { PORT = 6379, SENTINEL_PORT = 26379, SEEDS_MAX = 16, DATABASE_MAX = 65535, WAIT_MAX = 64 };

__attribute__((format(printf, 2, 3))) static int refuse(
	struct mcpsess_error *err, const char *format, ...)
{
	va_list args;
	if (err != NULL) {
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		err->status = MCPSESS_E_INVALID;
		err->sys = 0;
	}
	return MCPSESS_E_INVALID;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	return (c | 0x20) - 'a' + 10;
}

static char *copied(const struct redis *redis, const char *text, size_t len)
{
	char *out = mcpsess_redis_realloc(redis, NULL, len + 1);
	if (out != NULL) {
		memcpy(out, text, len);
		out[len] = '\0';
	}
	return out;
}

/* The core has checked that every % is followed by two digits. */
static char *decoded(const struct redis *redis, const char *text, size_t len)
{
	char *out = mcpsess_redis_realloc(redis, NULL, len + 1), *to = out;
	for (size_t i = 0; out != NULL && i < len; i++) {
		if (text[i] == '%' && i + 2 < len) {
			*to++ = (char)(hex(text[i + 1]) << 4 | hex(text[i + 2]));
			i += 2;
		} else {
			*to++ = text[i];
		}
	}
	if (out != NULL) {
		*to = '\0';
	}
	return out;
}

static int take_number(const char *text, size_t len, unsigned long max, unsigned long *out)
{
	unsigned long value = 0;
	if (len == 0 || len > 9) {
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9') {
			return 0;
		}
		value = value * 10 + (unsigned long)(text[i] - '0');
	}
	*out = value;
	return value <= max;
}

/* user:password@ in front; where the rest begins. */
static int take_credentials(struct redis *redis, const char **authority)
{
	struct redis_config *config = &redis->config;
	const char *text = *authority, *at = strrchr(text, '@');
	if (at == NULL) {
		return MCPSESS_OK;
	}
	size_t len = (size_t)(at - text);
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon != NULL ? (size_t)(colon - text) : len;
	if (user_len > 0) {
		config->user = decoded(redis, text, user_len);
	}
	if (colon != NULL) {
		config->password = decoded(redis, colon + 1, len - user_len - 1);
	}
	*authority = at + 1;
	int lost = (user_len > 0 && config->user == NULL) ||
		   (colon != NULL && config->password == NULL);
	return lost ? MCPSESS_E_NOMEM : MCPSESS_OK;
}

/* host, host:port, [address]:port */
static int take_endpoint(struct redis_endpoint *endpoint, const char *text, size_t len,
	uint16_t port, struct mcpsess_error *err)
{
	const char *end = text + len, *host = text, *host_end;
	if (len > 0 && text[0] == '[') {
		host = text + 1;
		host_end = memchr(host, ']', len - 1);
	} else {
		host_end = memchr(text, ':', len);
		host_end = host_end != NULL ? host_end : end;
	}
	size_t host_len = host_end != NULL ? (size_t)(host_end - host) : 0;
	if (host_len > REDIS_HOST_MAX || memchr(host, '%', host_len) != NULL) {
		return refuse(err, "the store URI has a host that is none");
	}
	const char *rest = host_end != NULL ? host_end + (*host_end == ']') : text;
	unsigned long number = port;
	if (rest != end &&
		(*rest != ':' ||
			!take_number(rest + 1, (size_t)(end - rest) - 1, UINT16_MAX, &number) ||
			number == 0)) {
		return refuse(err, "the store URI has a port that is none: host:port is wanted");
	}
	memcpy(endpoint->host, host_len > 0 ? host : "127.0.0.1", host_len > 0 ? host_len : 9);
	endpoint->host[host_len > 0 ? host_len : 9] = '\0';
	endpoint->port = (uint16_t)number;
	return MCPSESS_OK;
}

static int take_database(struct redis_config *config, const char *text, struct mcpsess_error *err)
{
	unsigned long number;
	if (!take_number(text, strlen(text), DATABASE_MAX, &number)) {
		return refuse(err, "the database \"%.20s\" is no number", text);
	}
	config->database = (uint32_t)number;
	return MCPSESS_OK;
}

static int take_wait(struct redis_config *config, const char *text, struct mcpsess_error *err)
{
	unsigned long number;
	if (!take_number(text, strlen(text), WAIT_MAX, &number)) {
		return refuse(err, "wait=%.20s: a number of replicas is wanted", text);
	}
	config->wait = (uint32_t)number;
	return MCPSESS_OK;
}

/* Its name is made by chance, so that no sessions of anybody's are below it. */
static int is_of_a_check(const char *prefix)
{
	static const char begins[] = "mcpsess-check-";
	const char *chance = prefix + sizeof(begins) - 1;
	return strncmp(prefix, begins, sizeof(begins) - 1) == 0 &&
	       strspn(chance, "0123456789abcdef") == 8 && strcmp(chance + 8, ":") == 0;
}

static int take_prefix(struct redis_config *config, const char *text, struct mcpsess_error *err)
{
	size_t len = strlen(text);
	/* Braces would move the hash tag that keeps a record's keys together. */
	if (len > REDIS_PREFIX_MAX || strpbrk(text, "{} ") != NULL) {
		return refuse(err, "prefix= takes at most %d characters, no braces and no spaces",
			REDIS_PREFIX_MAX);
	}
	memcpy(config->prefix, text, len + 1);
	config->prefix_len = len;
	config->brief = is_of_a_check(text);
	return MCPSESS_OK;
}

static int take_tls(struct redis *redis, const struct mcpsess_backend_parameter *parameter,
	struct mcpsess_error *err)
{
	struct redis_config *config = &redis->config;
	const char *value = parameter->value;
	if (strcmp(parameter->name, "tls") == 0) {
		if (strcmp(value, "on") != 0) {
			return refuse(err, "tls=%.20s: on is wanted, or nothing", value);
		}
		config->endpoint.tls = 1;
		return MCPSESS_OK;
	}
	char **place = strcmp(parameter->name, "tls_ca") == 0     ? &config->tls.ca
		       : strcmp(parameter->name, "tls_cert") == 0 ? &config->tls.cert
								  : &config->tls.key;
	*place = copied(redis, value, strlen(value));
	return *place != NULL ? MCPSESS_OK : MCPSESS_E_NOMEM;
}

/* What only makes sense together. */
static int check_tls(struct redis_config *config, struct mcpsess_error *err)
{
	const struct redis_tls_config *tls = &config->tls;
	if (!config->endpoint.tls && (tls->ca != NULL || tls->cert != NULL || tls->key != NULL)) {
		return refuse(err, "tls_ca, tls_cert and tls_key are for rediss: or tls=on");
	}
	for (size_t i = 0; i < config->seeds.count; i++) {
		config->seeds.list[i].tls = config->endpoint.tls;
	}
	if ((tls->cert == NULL) != (tls->key == NULL)) {
		return refuse(err, "tls_cert and tls_key go together");
	}
	if (config->endpoint.tls && !mcpsess_redis_tls_is_there()) {
		return refuse(err, "this build of the Redis backend has no TLS");
	}
	return MCPSESS_OK;
}

/* The sentinels' own user and password, which are not those of the servers. */
static int take_sentinel(struct redis *redis, const struct mcpsess_backend_parameter *parameter,
	struct mcpsess_error *err)
{
	struct redis_config *config = &redis->config;
	int user = strcmp(parameter->name, "sentinel_user") == 0;
	if (config->master == NULL) {
		return refuse(err, "%s= is for redis+sentinel", parameter->name);
	}
	char **place = user ? &config->sentinel_user : &config->sentinel_password;
	*place = copied(redis, parameter->value, strlen(parameter->value));
	return *place != NULL ? MCPSESS_OK : MCPSESS_E_NOMEM;
}

static int take_parameter(struct redis *redis, const struct mcpsess_backend_parameter *parameter,
	struct mcpsess_error *err)
{
	struct redis_config *config = &redis->config;
	const char *value = parameter->value;
	if (strcmp(parameter->name, "prefix") == 0) {
		return take_prefix(config, value, err);
	}
	if (strcmp(parameter->name, "db") == 0) {
		return take_database(config, value, err);
	}
	if (strcmp(parameter->name, "wait") == 0) {
		return take_wait(config, value, err);
	}
	if (strncmp(parameter->name, "tls", 3) == 0) {
		return take_tls(redis, parameter, err);
	}
	if (strncmp(parameter->name, "sentinel", 8) == 0) {
		return take_sentinel(redis, parameter, err);
	}
	if (strcmp(value, "warn") == 0 || strcmp(value, "refuse") == 0) {
		config->eviction = value[0] == 'w' ? REDIS_EVICTION_WARN : REDIS_EVICTION_REFUSE;
		return MCPSESS_OK;
	}
	return refuse(err, "eviction=%.20s: refuse or warn is wanted", value);
}

/* host:port,host:port */
static int take_seeds(struct redis *redis, const char *text, struct mcpsess_error *err)
{
	struct redis_seeds *seeds = &redis->config.seeds;
	seeds->list = mcpsess_redis_realloc(redis, NULL, SEEDS_MAX * sizeof(*seeds->list));
	if (seeds->list == NULL) {
		return MCPSESS_E_NOMEM;
	}
	for (;;) {
		size_t len = strcspn(text, ",");
		if (seeds->count == SEEDS_MAX) {
			return refuse(err, "the store URI names more than %d hosts", SEEDS_MAX);
		}
		struct redis_endpoint *seed = &seeds->list[seeds->count++];
		int r = take_endpoint(
			seed, text, len, redis->config.cluster ? PORT : SENTINEL_PORT, err);
		if (r < 0 || text[len] == '\0') {
			return r;
		}
		text += len + 1;
	}
}

/* //sentinel,sentinel/name/database */
static int take_sentinels(
	struct redis *redis, const char *authority, const char *path, struct mcpsess_error *err)
{
	struct redis_config *config = &redis->config;
	size_t len = path[0] == '/' ? strcspn(path + 1, "/") : 0;
	if (len == 0) {
		return refuse(err, "the store URI names no primary: "
				   "redis+sentinel://host:port,host:port/name/database");
	}
	config->master = copied(redis, path + 1, len);
	if (config->master == NULL) {
		return MCPSESS_E_NOMEM;
	}
	const char *rest = path + 1 + len;
	int r = rest[0] == '/' && rest[1] != '\0' ? take_database(config, rest + 1, err)
						  : MCPSESS_OK;
	return r == MCPSESS_OK ? take_seeds(redis, authority, err) : r;
}

static int take_place(
	struct redis *redis, const struct mcpsess_backend_config *from, struct mcpsess_error *err)
{
	struct redis_config *config = &redis->config;
	const char *authority = from->authority;
	int r = take_credentials(redis, &authority);
	if (r < 0) {
		return r;
	}
	if (strcmp(from->scheme, "redis+unix") == 0) {
		if (authority[0] != '\0' || from->path[0] != '/' ||
			strlen(from->path) > REDIS_HOST_MAX) {
			return refuse(
				err, "the store URI names no socket: redis+unix:///path/to/socket");
		}
		strcpy(config->endpoint.host, from->path);
		return MCPSESS_OK;
	}
	if (strcmp(from->scheme, "redis+cluster") == 0) {
		config->cluster = 1;
		return from->path[0] == '\0' || strcmp(from->path, "/") == 0
			       ? take_seeds(redis, authority, err)
			       : refuse(err, "a cluster has no databases to choose from");
	}
	if (strcmp(from->scheme, "redis+sentinel") == 0) {
		return take_sentinels(redis, authority, from->path, err);
	}
	r = take_endpoint(&config->endpoint, authority, strlen(authority), PORT, err);
	if (r == MCPSESS_OK && from->path[0] == '/' && from->path[1] != '\0') {
		r = take_database(config, from->path + 1, err);
	}
	return r;
}

int mcpsess_redis_configure(
	struct redis *redis, const struct mcpsess_backend_config *from, struct mcpsess_error *err)
{
	struct redis_config *config = &redis->config;
	config->connect_timeout_ms = from->settings->connect_timeout_ms;
	config->timeout_ms = from->settings->timeout_ms;
	config->probe_every_ms = from->settings->probe_every_ms;
	config->tombstone_ms = from->settings->tombstone_ms;
	config->endpoint.tls = strcmp(from->scheme, "rediss") == 0;
	int r = take_prefix(config, "mcp:session:", err);
	if (r == MCPSESS_OK) {
		r = take_place(redis, from, err);
	}
	for (size_t i = 0; i < from->parameter_count && r == MCPSESS_OK; i++) {
		r = take_parameter(redis, &from->parameters[i], err);
	}
	if (r == MCPSESS_OK && config->sentinel_user != NULL && config->sentinel_password == NULL) {
		r = refuse(err, "sentinel_user= wants a sentinel_password=");
	}
	if (r == MCPSESS_OK && config->cluster) {
		r = config->database > 0 ? refuse(err, "a cluster takes no db=")
					 : mcpsess_redis_cluster_init(redis);
	}
	return r == MCPSESS_OK ? check_tls(config, err) : r;
}

static void wipe(const struct redis *redis, char *text)
{
	for (volatile char *at = text; at != NULL && *at != '\0'; at++) {
		*at = '\0';
	}
	mcpsess_redis_realloc(redis, text, 0);
}

void mcpsess_redis_unconfigure(struct redis *redis)
{
	wipe(redis, redis->config.user);
	wipe(redis, redis->config.password);
	wipe(redis, redis->config.sentinel_user);
	wipe(redis, redis->config.sentinel_password);
	mcpsess_redis_realloc(redis, redis->config.master, 0);
	mcpsess_redis_realloc(redis, redis->config.seeds.list, 0);
	mcpsess_redis_realloc(redis, redis->config.tls.ca, 0);
	mcpsess_redis_realloc(redis, redis->config.tls.cert, 0);
	mcpsess_redis_realloc(redis, redis->config.tls.key, 0);
}
