#include "postgres.h"

#include <errno.h>
#include <stdio.h>

#include "schema.h"

static char *expand(struct postgres *pg, const char *text)
{
	const struct postgres_words words = { .schema = pg->schema, .commit = "" };
	char *out = postgres_realloc(pg, NULL, mcpsess_postgres_expand(text, &words, NULL) + 1);
	if (out != NULL) {
		mcpsess_postgres_expand(text, &words, out);
	}
	return out;
}

static void ask(struct postgres *pg, enum postgres_phase phase, const char *text)
{
	char *sql = expand(pg, text);
	int sent = sql != NULL && PQsendQuery(pg->conn, sql) == 1;
	postgres_realloc(pg, sql, 0);
	pg->phase = phase;
	int left = sent ? PQflush(pg->conn) : -1;
	if (left < 0) {
		mcpsess_postgres_drop(pg, ECONNRESET, PQerrorMessage(pg->conn));
		return;
	}
	mcpsess_postgres_watch(
		pg, MCPSESS_EVENT_READ | (left > 0 ? (uint32_t)MCPSESS_EVENT_WRITE : 0u));
}

/*
 * Schemas of the first version do not say what they need.
 *
 * Only behind a pooler is the server process another than the one that greeted us. Where it is the
 * same it will be ours as long as the connection lives: it can keep plans, which are made once, and
 * must be good however full the tables are then. Every statement locks what it writes and looks
 * again: a stricter isolation, where that is the default, would make those that meet fail.
 */
void mcpsess_postgres_check(struct postgres *pg)
{
	char text[560];
	snprintf(text, sizeof(text),
		"select m.version, coalesce((to_jsonb(m)->>'needs')::integer, 1), "
		"case when pg_backend_pid() = %d then "
		"set_config('default_transaction_isolation', 'read committed', false) || "
		"set_config('plan_cache_mode', 'force_generic_plan', false) || "
		"set_config('enable_seqscan', 'off', false) || "
		"set_config('enable_hashjoin', 'off', false) || "
		"set_config('enable_mergejoin', 'off', false) || "
		"set_config('jit', 'off', false) end from @.meta m",
		PQbackendPID(pg->conn));
	pg->version = -1;
	pg->needs = 0;
	pg->keeps_plans = 0;
	pg->planned = 0;
	if (pg->drops) {
		ask(pg, PHASE_DROPPING, "drop schema if exists @ cascade");
		return;
	}
	ask(pg, PHASE_CHECKING, text);
}

static void migrate(struct postgres *pg)
{
	char *text = postgres_realloc(pg, NULL, mcpsess_postgres_schema(NULL) + 1);
	if (text == NULL) {
		mcpsess_postgres_drop(pg, ENOMEM, "no memory for the schema");
		return;
	}
	mcpsess_postgres_schema(text);
	ask(pg, PHASE_MIGRATING, text);
	postgres_realloc(pg, text, 0);
}

static void refuse(struct postgres *pg)
{
	char text[200];
	int wanted = mcpsess_postgres_version();
	if (pg->version > wanted) {
		snprintf(text, sizeof(text),
			"schema %s has version %d, made by a newer library, and needs one that "
			"knows %d; this one knows %d",
			pg->schema, pg->version, pg->needs, wanted);
	} else {
		snprintf(text, sizeof(text),
			"schema %s %s version %d; have it made by migrate=create in the URI, or by "
			"what mcpsess-postgres-schema prints",
			pg->schema, pg->version > 0 ? "is older than" : "is missing; it needs",
			wanted);
	}
	mcpsess_postgres_drop(pg, EACCES, text);
}

static void begin(struct postgres *pg)
{
	if (PQenterPipelineMode(pg->conn) != 1) {
		mcpsess_postgres_drop(pg, ECONNRESET, PQerrorMessage(pg->conn));
		return;
	}
	pg->phase = PHASE_READY;
	pg->store.host->wake_at(pg->store.core, 0);
}

/* It is the one this library makes, or a later one that serves it as well. */
static int suits(const struct postgres *pg)
{
	int wanted = mcpsess_postgres_version();
	return pg->version >= wanted && pg->needs <= wanted;
}

/* A text of statements is over: what is next. */
static void go_on(struct postgres *pg)
{
	if (pg->phase == PHASE_MIGRATING) {
		mcpsess_postgres_check(pg);
	} else if (pg->phase == PHASE_DROPPING || suits(pg)) {
		begin(pg);
	} else if (pg->creates && pg->version < mcpsess_postgres_version()) {
		migrate(pg);
	} else {
		refuse(pg);
	}
}

/* 0: the connection is given up. */
static int take(struct postgres *pg, const PGresult *result)
{
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		if (PQntuples(result) == 1 && strcmp(PQfname(result, 0), "version") == 0) {
			pg->version = atoi(PQgetvalue(result, 0, 0));
			pg->needs = atoi(PQgetvalue(result, 0, 1));
			pg->keeps_plans = PQnfields(result) > 2 && !PQgetisnull(result, 0, 2);
		}
		return 1;
	}
	if (PQresultStatus(result) == PGRES_COMMAND_OK) {
		return 1;
	}
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	if (pg->phase == PHASE_CHECKING && state != NULL &&
		(strcmp(state, "3F000") == 0 || strcmp(state, "42P01") == 0)) {
		pg->version = 0;
		return 1;
	}
	mcpsess_postgres_drop(pg, mcpsess_postgres_refusal(state), PQresultErrorMessage(result));
	return 0;
}

void mcpsess_postgres_checked(struct postgres *pg)
{
	while (pg->phase >= PHASE_CHECKING && pg->phase < PHASE_READY && !PQisBusy(pg->conn)) {
		PGresult *result = PQgetResult(pg->conn);
		int goes_on = result == NULL || take(pg, result);
		PQclear(result);
		if (result == NULL) {
			go_on(pg);
		}
		if (!goes_on) {
			return;
		}
	}
}
