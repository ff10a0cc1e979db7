#include "postgres.h"

#include <stdio.h>

#include "schema.h"

/* Of libpq, as far as a URI may say them; connect_timeout is common to all stores. */
#define LIBPQ \
	"host hostaddr port user password dbname passfile sslmode sslrootcert sslcert sslkey " \
	"sslpassword sslcrl sslcrldir sslsni sslcompression ssl_min_protocol_version " \
	"ssl_max_protocol_version channel_binding requirepeer gssencmode krbsrvname gsslib " \
	"keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout " \
	"application_name options service"

static int refuse(struct mcpsess_error *err, const char *what, const char *value, const char *why)
{
	err->status = MCPSESS_E_INVALID;
	err->sys = 0;
	snprintf(err->text, sizeof(err->text), "%s=%.50s: %s", what, value, why);
	return MCPSESS_E_INVALID;
}

static int is_one_of(const char *value, const char *const *some)
{
	while (*some != NULL && strcmp(value, *some) != 0) {
		some++;
	}
	return *some != NULL;
}

static int is_name(const char *value)
{
	size_t len = strspn(value, POSTGRES_SCHEMA_LETTERS);
	return len > 0 && len <= POSTGRES_SCHEMA_MAX && value[len] == '\0';
}

/* One of the store's own: 1 taken, 0 it is libpq's, or an error. */
static int take_own(struct postgres *pg, const struct mcpsess_backend_parameter *parameter,
	struct mcpsess_error *err)
{
	static const char *const commits[] = { "on", "off", "local", "remote_write", "remote_apply",
		NULL };
	static const char *const migrates[] = { "create", "check", "drop", NULL };
	static const char *const writables[] = { "read-write", "primary", NULL };
	const char *name = parameter->name, *value = parameter->value;
	if (strcmp(name, "schema") == 0) {
		if (!is_name(value)) {
			return refuse(err, name, value, "at most 40 letters, digits and _");
		}
		strcpy(pg->schema, value);
	} else if (strcmp(name, "migrate") == 0) {
		if (!is_one_of(value, migrates)) {
			return refuse(err, name, value, "create, check or drop is wanted");
		}
		pg->creates = strcmp(value, "create") == 0;
		pg->drops = strcmp(value, "drop") == 0;
	} else if (strcmp(name, "synchronous_commit") == 0) {
		if (!is_one_of(value, commits)) {
			return refuse(err, name, value,
				"on, off, local, remote_write or remote_apply is wanted");
		}
		strcpy(pg->commit, value);
	} else if (strcmp(name, "target_session_attrs") == 0) {
		/* They come to one: connect.c says it for all. */
		if (!is_one_of(value, writables)) {
			return refuse(err, name, value,
				"read-write or primary is wanted, for a store writes");
		}
	} else {
		return 0;
	}
	return 1;
}

static char *copy(struct postgres *pg, const char *text)
{
	char *out = postgres_realloc(pg, NULL, strlen(text) + 1);
	return out != NULL ? strcpy(out, text) : NULL;
}

static int take_parameters(
	struct postgres *pg, const struct mcpsess_backend_config *config, struct mcpsess_error *err)
{
	size_t slots = 2 * config->parameter_count + 3, count = 0;
	pg->parameters = postgres_realloc(pg, NULL, slots * sizeof(*pg->parameters));
	if (pg->parameters == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(pg->parameters, 0, slots * sizeof(*pg->parameters));
	struct mcpsess_backend_parameter path = { "dbname", config->path + 1 };
	for (size_t i = 0; i <= config->parameter_count; i++) {
		int is_path = i == config->parameter_count;
		if (is_path && strlen(config->path) < 2) {
			break;
		}
		const struct mcpsess_backend_parameter *one =
			is_path ? &path : &config->parameters[i];
		int taken = take_own(pg, one, err);
		if (taken < 0) {
			return taken;
		}
		if (taken == 0) {
			pg->parameters[count] = copy(pg, one->name);
			pg->parameters[count + 1] =
				pg->parameters[count] != NULL ? copy(pg, one->value) : NULL;
			if (pg->parameters[count + 1] == NULL) {
				return MCPSESS_E_NOMEM;
			}
			count += 2;
		}
	}
	return MCPSESS_OK;
}

/* A password with a character that should be encoded would be split, and be told as something else.
 */
static int is_sound(const PQconninfoOption *address, const char *authority)
{
	const char *at = strchr(authority, '@');
	if (at != NULL && strchr(at + 1, '@') != NULL) {
		return 0;
	}
	for (; address->keyword != NULL; address++) {
		if (strcmp(address->keyword, "port") == 0 && address->val != NULL &&
			address->val[strspn(address->val, "0123456789,")] != '\0') {
			return 0;
		}
	}
	return 1;
}

/* libpq's own words could quote a part of the password. */
static int take_address(
	struct postgres *pg, const struct mcpsess_backend_config *config, struct mcpsess_error *err)
{
	static const char scheme[] = "postgresql://";
	char *uri = postgres_realloc(pg, NULL, sizeof(scheme) + strlen(config->authority));
	if (uri == NULL) {
		return MCPSESS_E_NOMEM;
	}
	strcat(strcpy(uri, scheme), config->authority);
	pg->address = PQconninfoParse(uri, NULL);
	explicit_bzero(uri, strlen(uri));
	postgres_realloc(pg, uri, 0);
	if (pg->address == NULL || !is_sound(pg->address, config->authority)) {
		err->status = MCPSESS_E_INVALID;
		err->sys = 0;
		snprintf(err->text, sizeof(err->text),
			"what stands between // and the database is not user:password@host:port, "
			"percent-encoded");
		return MCPSESS_E_INVALID;
	}
	return MCPSESS_OK;
}

static int make_texts(struct postgres *pg)
{
	char idle[24], terms[96];
	const struct postgres_words words = { pg->schema, pg->commit, idle, terms };
	long long idle_ms = postgres_number(pg->idle_ms);
	snprintf(idle, sizeof(idle), "%lld", idle_ms < INT64_MAX ? idle_ms : 0);
	snprintf(terms, sizeof(terms), "%d, %lld, %lld, %lld", POSTGRES_LOOK_FLAGS, idle_ms,
		postgres_number(pg->touch_every_ms), postgres_number(pg->tombstone_ms));
	for (int i = 0; i < POSTGRES_STATEMENTS; i++) {
		const char *text = pg->drops && i == STATEMENT_PING
					   ? mcpsess_postgres_nothing
					   : mcpsess_postgres_text((enum postgres_statement)i);
		size_t len = mcpsess_postgres_expand(text, &words, NULL);
		pg->texts[i] = postgres_realloc(pg, NULL, len + 1);
		if (pg->texts[i] == NULL) {
			return MCPSESS_E_NOMEM;
		}
		mcpsess_postgres_expand(text, &words, pg->texts[i]);
		mcpsess_postgres_name(pg->texts[i], pg->names[i]);
	}
	return MCPSESS_OK;
}

/* What is dropped unasked has to be what was made for that. */
static int may_drop(const struct postgres *pg, struct mcpsess_error *err)
{
	static const char prefix[] = "mcpsess_check_";
	return !pg->drops || strncmp(pg->schema, prefix, sizeof(prefix) - 1) == 0
		       ? MCPSESS_OK
		       : refuse(err, "migrate", "drop", "for schemas named mcpsess_check_... only");
}

static int configure(
	struct postgres *pg, const struct mcpsess_backend_config *config, struct mcpsess_error *err)
{
	uint64_t tombstone_ms = config->settings->tombstone_ms;
	strcpy(pg->schema, "mcpsess");
	pg->tombstone_ms = tombstone_ms != MCP_SESSION_STORE_NONE ? tombstone_ms : 0;
	pg->idle_ms = config->settings->idle_ms;
	pg->touch_every_ms = config->settings->touch_every_ms;
	pg->connect_timeout_ms = config->settings->connect_timeout_ms;
	pg->timeout_ms = config->settings->timeout_ms;
	int r = take_parameters(pg, config, err);
	if (r == MCPSESS_OK) {
		r = may_drop(pg, err);
	}
	if (r == MCPSESS_OK) {
		r = take_address(pg, config, err);
	}
	return r == MCPSESS_OK ? make_texts(pg) : r;
}

static void free_queries(struct postgres *pg, struct postgres_queue *queue)
{
	for (struct postgres_query *one = mcpsess_postgres_pop(queue); one != NULL;
		one = mcpsess_postgres_pop(queue)) {
		free_queries(pg, &one->members);
		postgres_realloc(pg, one, 0);
	}
}

void mcpsess_postgres_close(struct mcp_session_store *store)
{
	struct postgres *pg = postgres_of(store);
	if (pg->fd >= 0) {
		store->host->watch(store->core, pg->fd, 0);
	}
	PQfinish(pg->conn);
	free_queries(pg, &pg->waiting);
	free_queries(pg, &pg->sent);
	while (pg->spare != NULL) {
		struct postgres_query *next = pg->spare->next;
		postgres_realloc(pg, pg->spare, 0);
		pg->spare = next;
	}
	for (int i = 0; i < POSTGRES_STATEMENTS; i++) {
		postgres_realloc(pg, pg->texts[i], 0);
	}
	for (char **at = pg->parameters; at != NULL && *at != NULL; at++) {
		if (at[0] != NULL) {
			explicit_bzero(at[0], strlen(at[0]));
		}
		postgres_realloc(pg, at[0], 0);
	}
	postgres_realloc(pg, pg->parameters, 0);
	PQconninfoFree(pg->address);
	postgres_realloc(pg, pg, 0);
}

static int postgres_open(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	struct postgres *pg = host->realloc(core, NULL, sizeof(*pg));
	if (pg == NULL) {
		return MCPSESS_E_NOMEM;
	}
	memset(pg, 0, sizeof(*pg));
	pg->store.ops = &mcpsess_postgres_ops;
	pg->store.host = host;
	pg->store.core = core;
	pg->fd = -1;
	int status = configure(pg, config, err);
	if (status < 0) {
		mcpsess_postgres_close(&pg->store);
		return status;
	}
	*out = &pg->store;
	return MCPSESS_OK;
}

extern MCPSESS_API const struct mcpsess_backend mcpsess_backend_postgres;
const struct mcpsess_backend mcpsess_backend_postgres = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(mcpsess_backend_postgres),
	.name = "postgres",
	.schemes = "postgresql postgres",
	.parameters = "schema migrate synchronous_commit target_session_attrs " LIBPQ,
	.open = postgres_open,
	/* The more callers meet on one connection, the less a read costs the server. */
	.handles = 2,
};
