#include <mcpsess/error.h>

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

#include "redis.h"

enum { PASSWORD_MAX = 1024, ARGS_MAX = 4 };

int mcpsess_redis_say(
	struct redis_conn *conn, uint32_t step, int argc, const char **argv, const size_t *lens)
{
	struct redis_slot slot = { .kind = step, .due_ms = UINT64_MAX };
	int r = mcpsess_redis_conn_append(conn, argc, argv, lens, &slot.end);
	if (r == MCPSESS_OK) {
		mcpsess_redis_slot_push(&conn->queue, &slot);
	}
	return r;
}

static int say(struct redis_conn *conn, uint32_t step, const char *a, const char *b)
{
	const char *argv[] = { a, b };
	const size_t lens[] = { strlen(a), b != NULL ? strlen(b) : 0 };
	return mcpsess_redis_say(conn, step, b != NULL ? 2 : 1, argv, lens);
}

/* The bytes are gone for good, whatever the compiler thinks of it. */
static void wipe(char *text, size_t len)
{
	for (volatile char *at = text; len > 0; len--) {
		*at++ = 0;
	}
}

int mcpsess_redis_say_auth(
	struct redis_conn *conn, const char *user, const char *password, size_t len)
{
	const char *argv[] = { "AUTH", user != NULL ? user : password, password };
	const size_t lens[] = { 4, user != NULL ? strlen(user) : len, len };
	return mcpsess_redis_say(conn, REDIS_GREET_AUTH, user != NULL ? 3 : 2, argv, lens);
}

int mcpsess_redis_say_password(struct redis_conn *conn, char *why, size_t capacity)
{
	const struct mcp_session_store *store = &conn->redis->store;
	const struct redis_config *config = &conn->redis->config;
	char asked[PASSWORD_MAX];
	size_t len = 0;
	struct mcpsess_error err;
	int r = MCPSESS_OK;
	if (store->host->size > offsetof(struct mcpsess_host, password) &&
		store->host->password != NULL) {
		r = store->host->password(store->core, asked, sizeof(asked), &len, &err);
	}
	const char *password = len > 0 ? asked : config->password;
	if (r < 0) {
		snprintf(why, capacity, "%s", err.text);
	} else if (password != NULL) {
		r = mcpsess_redis_say_auth(
			conn, config->user, password, len > 0 ? len : strlen(password));
	}
	wipe(asked, sizeof(asked));
	return r;
}

static int say_text(struct redis_conn *conn, enum redis_text text)
{
	const struct mcp_session_store *store = &conn->redis->store;
	struct mcpsess_bytes parts[REDIS_PARTS_MAX];
	struct redis_buffer script = { 0 };
	size_t count = mcpsess_redis_text_parts(text, conn->redis->config.brief, parts);
	int r = MCPSESS_OK;
	for (size_t i = 0; i < count && r == MCPSESS_OK; i++) {
		r = mcpsess_redis_buffer_add(&script, store, parts[i].data, parts[i].len);
	}
	if (r == MCPSESS_OK) {
		const char *argv[] = { "SCRIPT", "LOAD", script.data };
		const size_t lens[] = { 6, 4, script.end };
		r = mcpsess_redis_say(conn, REDIS_GREET_TEXT + (uint32_t)text, 3, argv, lens);
	}
	mcpsess_redis_buffer_free(&script, store);
	return r;
}

/* All in one go: who does not let us in refuses the rest as well. */
int mcpsess_redis_greet(struct redis_conn *conn, char *why, size_t capacity)
{
	char database[16];
	int r = mcpsess_redis_say_password(conn, why, capacity);
	if (r == MCPSESS_OK && conn->redis->config.database > 0) {
		snprintf(database, sizeof(database), "%u", (unsigned)conn->redis->config.database);
		r = say(conn, REDIS_GREET_SELECT, "SELECT", database);
	}
	if (r == MCPSESS_OK) {
		r = say(conn, REDIS_GREET_ROLE, "ROLE", NULL);
	}
	if (r == MCPSESS_OK) {
		r = say(conn, REDIS_GREET_INFO, "INFO", NULL);
	}
	for (int text = 0; text < REDIS_TEXTS && r == MCPSESS_OK; text++) {
		r = say_text(conn, (enum redis_text)text);
	}
	return r;
}

/* -- what comes back ------------------------------------------------------------------------- */

static int is_text(const redisReply *reply, const char *text)
{
	return reply->type == REDIS_REPLY_STRING && strcmp(reply->str, text) == 0;
}

static int check_role(const redisReply *reply, int may_pass, char *why, size_t capacity)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
		snprintf(why, capacity, "the server does not tell its role");
		return MCPSESS_E_UNAVAILABLE;
	}
	if (!is_text(reply->element[0], "master")) {
		snprintf(why, capacity, "the server is a replica: sessions need a primary");
		return may_pass ? MCPSESS_E_UNAVAILABLE : MCPSESS_E_INVALID;
	}
	return MCPSESS_OK;
}

/* The value of a field of INFO, up to the end of its line. */
static size_t field(const redisReply *info, const char *name, const char **out)
{
	const char *at = strstr(info->str, name);
	if (at == NULL) {
		return 0;
	}
	*out = at + strlen(name);
	return strcspn(*out, "\r\n");
}

static int check_memory(
	struct redis_conn *conn, const redisReply *reply, char *why, size_t capacity)
{
	const struct mcp_session_store *store = &conn->redis->store;
	const char *policy = "";
	size_t len = field(reply, "maxmemory_policy:", &policy);
	if (len == 0 || (len == 10 && memcmp(policy, "noeviction", 10) == 0)) {
		return MCPSESS_OK;
	}
	snprintf(why, capacity,
		"maxmemory-policy %.*s may evict sessions: set noeviction, or eviction=warn in "
		"the store URI",
		(int)(len < 32 ? len : 32), policy);
	if (conn->redis->config.eviction == REDIS_EVICTION_WARN) {
		store->host->log(store->core, MCPSESS_LOG_WARN, why);
		return MCPSESS_OK;
	}
	return MCPSESS_E_INVALID;
}

static int check_info(struct redis_conn *conn, const redisReply *reply, char *why, size_t capacity)
{
	const char *enabled = "";
	if (reply->type != REDIS_REPLY_STRING) {
		return MCPSESS_OK;
	}
	if (!conn->redis->config.cluster && field(reply, "cluster_enabled:", &enabled) == 1 &&
		enabled[0] == '1') {
		snprintf(why, capacity, "the server is part of a cluster: use redis+cluster:");
		return MCPSESS_E_INVALID;
	}
	return check_memory(conn, reply, why, capacity);
}

static int take_sha(
	struct redis_conn *conn, uint32_t text, const redisReply *reply, char *why, size_t capacity)
{
	if (reply->type != REDIS_REPLY_STRING || reply->len != REDIS_SHA_LEN) {
		snprintf(why, capacity, "the server answers SCRIPT LOAD with no digest");
		return MCPSESS_E_UNAVAILABLE;
	}
	memcpy(conn->sha[text], reply->str, REDIS_SHA_LEN + 1);
	return MCPSESS_OK;
}

/* What is loading, failing over or full says so by other words. */
static int is_final(const char *error)
{
	static const char *const finals[] = { "WRONGPASS", "NOAUTH", "NOPERM", "DENIED", "ERR " };
	for (size_t i = 0; i < sizeof(finals) / sizeof(finals[0]); i++) {
		if (strncmp(error, finals[i], strlen(finals[i])) == 0) {
			return strncmp(error, "ERR max number of clients", 25) != 0;
		}
	}
	return 0;
}

int mcpsess_redis_greeted(
	struct redis_conn *conn, uint32_t step, const redisReply *reply, char *why, size_t capacity)
{
	static const char *const steps[] = { "AUTH", "SELECT", "ROLE", "INFO", "SCRIPT LOAD" };
	if (reply->type == REDIS_REPLY_ERROR) {
		uint32_t index = step - REDIS_GREET_AUTH;
		snprintf(why, capacity, "%s is refused: %.120s", steps[index < 4 ? index : 4],
			reply->str);
		return is_final(reply->str) ? MCPSESS_E_INVALID : MCPSESS_E_UNAVAILABLE;
	}
	switch (step) {
	case REDIS_GREET_AUTH:
	case REDIS_GREET_SELECT:
		return MCPSESS_OK;
	case REDIS_GREET_ROLE:
		/* Sentinels and maps of a cluster may be behind. */
		return check_role(
			reply, conn->is_node || conn->redis->config.seeds.count > 0, why, capacity);
	case REDIS_GREET_INFO:
		return check_info(conn, reply, why, capacity);
	default:
		return take_sha(conn, step - REDIS_GREET_TEXT, reply, why, capacity);
	}
}
