#include "postgres.h"

#include <errno.h>

enum { SETTINGS = 96, PASSWORD = 1024 };

struct settings {
	const char *names[SETTINGS];
	const char *values[SETTINGS];
	int count;
};

static void add(struct settings *settings, const char *name, const char *value)
{
	if (settings->count < SETTINGS - 1) {
		settings->names[settings->count] = name;
		settings->values[settings->count++] = value;
	}
}

/* -- several hosts ------------------------------------------------------------------------- */

static unsigned length_of(const char *list)
{
	unsigned count = 1;
	for (; *list != '\0'; list++) {
		count += *list == ',';
	}
	return count;
}

/* A copy that begins with the element of this number, which those before it follow. */
static char *turned(struct postgres *pg, const char *list, unsigned number)
{
	const char *from = list;
	size_t len = strlen(list);
	char *out = postgres_realloc(pg, NULL, len + 1);
	for (number %= length_of(list); number > 0; number--) {
		from = strchr(from, ',') + 1;
	}
	size_t before = (size_t)(from - list), rest = len - before;
	if (out == NULL) {
		return NULL;
	}
	memcpy(out, from, rest);
	if (before > 0) {
		out[rest] = ',';
		memcpy(out + rest + 1, list, before - 1);
	}
	out[len] = '\0';
	return out;
}

static int is_list(const char *name)
{
	return strcmp(name, "host") == 0 || strcmp(name, "hostaddr") == 0 ||
	       strcmp(name, "port") == 0;
}

static void free_lists(struct postgres *pg, const struct settings *settings)
{
	for (int i = 0; i < settings->count; i++) {
		if (is_list(settings->names[i])) {
			postgres_realloc(pg, (void *)(uintptr_t)settings->values[i], 0);
		}
	}
}

/* Lists become copies of their own, with the host in front that is to be tried first. */
static int turn_lists(struct postgres *pg, struct settings *settings)
{
	int whole = 1;
	pg->hosts = 1;
	for (int i = 0; i < settings->count; i++) {
		if (is_list(settings->names[i])) {
			unsigned count = length_of(settings->values[i]);
			pg->hosts = count > pg->hosts ? count : pg->hosts;
			settings->values[i] = turned(pg, settings->values[i], pg->first_host);
			whole &= settings->values[i] != NULL;
		}
	}
	return whole;
}

/* -- connecting ---------------------------------------------------------------------------- */

/* A later setting replaces an earlier one of the same name. */
static void collect(const struct postgres *pg, const char *password, struct settings *out)
{
	memset(out, 0, sizeof(*out));
	add(out, "fallback_application_name", "mcpsess");
	for (const PQconninfoOption *one = pg->address; one->keyword != NULL; one++) {
		if (one->val != NULL) {
			add(out, one->keyword, one->val);
		}
	}
	for (char *const *at = pg->parameters; *at != NULL; at += 2) {
		add(out, at[0], at[1]);
	}
	if (password[0] != '\0') {
		add(out, "password", password);
	}
	add(out, "target_session_attrs", "read-write");
	add(out, "client_encoding", "UTF8");
}

void mcpsess_postgres_watch(struct postgres *pg, uint32_t events)
{
	const struct mcpsess_host *host = pg->store.host;
	int fd = events != 0 ? PQsocket(pg->conn) : -1;
	if (fd == pg->fd && events == pg->events) {
		return;
	}
	if (pg->fd >= 0 && fd != pg->fd) {
		host->watch(pg->store.core, pg->fd, 0);
	}
	pg->fd = fd;
	pg->events = events;
	if (fd >= 0 && host->watch(pg->store.core, fd, events) < 0) {
		mcpsess_postgres_drop(pg, ENOMEM, "the connection cannot be watched");
	}
}

void mcpsess_postgres_drop(struct postgres *pg, int sys, const char *text)
{
	char line[220];
	int was_ready = pg->phase == PHASE_READY;
	mcpsess_postgres_line(text, line, sizeof(line));
	if (pg->fd >= 0) {
		pg->store.host->watch(pg->store.core, pg->fd, 0);
	}
	pg->fd = -1;
	pg->events = 0;
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->phase = PHASE_NONE;
	mcpsess_postgres_lose(pg, sys, line);
	pg->closing = 0;
	if (!was_ready) {
		mcpsess_postgres_fail_waiting(pg, sys, line);
	}
}

/* libpq would print them. */
static void ignore_notice(void *user_data, const PGresult *notice)
{
	(void)user_data;
	(void)notice;
}

int mcpsess_postgres_refusal(const char *state)
{
	int is_final =
		state != NULL && (strncmp(state, "28", 2) == 0 || strncmp(state, "3D000", 5) == 0 ||
					 strncmp(state, "42501", 5) == 0);
	return is_final ? EACCES : ECONNREFUSED;
}

/* OpenSSL's words, and libpq's: there is no code for them. */
static int is_tls_refused(const char *text)
{
	static const char *const words[] = { "certificate verify failed",
		"does not match host name", "server does not support SSL" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(text, words[i]) != NULL) {
			return 1;
		}
	}
	return 0;
}

/* What has answered is "SEVERITY:  SQLSTATE: text", of one host after the other. */
static int refusal_in(const char *text)
{
	int sys = ECONNREFUSED;
	for (const char *at = text; sys == ECONNREFUSED && (at = strstr(at, ":  ")) != NULL;) {
		at += 3;
		sys = strcspn(at, ":") == 5 ? mcpsess_postgres_refusal(at) : sys;
	}
	return sys;
}

/* That a file of ours is amiss libpq tells as it tells that nobody answers. */
static void not_connected(struct postgres *pg)
{
	char file[220];
	const char *text = PQerrorMessage(pg->conn);
	int sys = refusal_in(text);
	if (sys != EACCES && mcpsess_postgres_no_file(pg->conn, file, sizeof(file))) {
		sys = EACCES;
		text = file;
	}
	mcpsess_postgres_drop(pg, is_tls_refused(text) ? EACCES : sys, text);
}

static void start(struct postgres *pg, const char *password)
{
	struct settings settings;
	collect(pg, password, &settings);
	if (turn_lists(pg, &settings)) {
		pg->conn = PQconnectStartParams(settings.names, settings.values, 0);
	}
	free_lists(pg, &settings);
	pg->phase = PHASE_CONNECTING;
	pg->host_until_ms =
		pg->store.host->now_ms(pg->store.core) + pg->connect_timeout_ms / pg->hosts + 1;
}

static void begin(struct postgres *pg)
{
	const struct mcpsess_host *host = pg->store.host;
	char password[PASSWORD + 1];
	struct mcpsess_error err;
	size_t len;
	if (host->password(pg->store.core, password, PASSWORD, &len, &err) < 0) {
		explicit_bzero(password, sizeof(password));
		mcpsess_postgres_drop(pg, EACCES, err.text);
		return;
	}
	password[len] = '\0';
	start(pg, password);
	explicit_bzero(password, sizeof(password));
	if (pg->conn == NULL || PQstatus(pg->conn) == CONNECTION_BAD) {
		mcpsess_postgres_drop(pg, ECONNREFUSED,
			pg->conn != NULL ? PQerrorMessage(pg->conn) : "no memory to connect");
		return;
	}
	PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
	PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
	mcpsess_postgres_arm(pg);
	mcpsess_postgres_watch(pg, MCPSESS_EVENT_WRITE);
}

void mcpsess_postgres_connect(struct postgres *pg)
{
	pg->connect_until_ms = pg->store.host->now_ms(pg->store.core) + pg->connect_timeout_ms;
	begin(pg);
}

void mcpsess_postgres_connect_elsewhere(struct postgres *pg)
{
	mcpsess_postgres_watch(pg, 0);
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg->first_host = (pg->first_host + 1) % pg->hosts;
	begin(pg);
}

void mcpsess_postgres_connect_on(struct postgres *pg)
{
	/* libpq may close this descriptor and go on with another of the same number. */
	mcpsess_postgres_watch(pg, 0);
	switch (PQconnectPoll(pg->conn)) {
	case PGRES_POLLING_READING:
		mcpsess_postgres_watch(pg, MCPSESS_EVENT_READ);
		break;
	case PGRES_POLLING_WRITING:
		mcpsess_postgres_watch(pg, MCPSESS_EVENT_WRITE);
		break;
	case PGRES_POLLING_OK:
		PQsetnonblocking(pg->conn, 1);
		PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
		mcpsess_postgres_check(pg);
		break;
	default:
		not_connected(pg);
	}
}
