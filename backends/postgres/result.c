#include "postgres.h"

#include <errno.h>
#include <stdio.h>

enum { TRIES = 6 };

/* -- values --------------------------------------------------------------------------------- */

static uint64_t number(const PGresult *result, int row, int column)
{
	const unsigned char *bytes = (const unsigned char *)PQgetvalue(result, row, column);
	uint64_t value = 0;
	if (PQgetlength(result, row, column) != 8) {
		return 0;
	}
	for (int i = 0; i < 8; i++) {
		value = value << 8 | bytes[i];
	}
	return value;
}

/* Of points in time: what never comes is 0. */
static uint64_t moment(const PGresult *result, int row, int column)
{
	uint64_t value = number(result, row, column);
	return value != INT64_MAX ? value : 0;
}

static void digest(const PGresult *result, int row, int column, struct mcpsess_digest *out)
{
	memset(out, 0, sizeof(*out));
	if (PQgetlength(result, row, column) == (int)sizeof(out->bytes)) {
		memcpy(out->bytes, PQgetvalue(result, row, column), sizeof(out->bytes));
	}
}

/* -- answers -------------------------------------------------------------------------------- */

static void take_header(const PGresult *result, struct mcp_session_store_answer *answer)
{
	answer->revision = number(result, 0, COLUMN_REVISION);
	answer->created_ms = number(result, 0, COLUMN_CREATED);
	answer->seen_ms = number(result, 0, COLUMN_SEEN);
	answer->expires_ms = moment(result, 0, COLUMN_EXPIRES);
	answer->deadline_ms = moment(result, 0, COLUMN_DEADLINE);
	answer->requests = number(result, 0, COLUMN_REQUESTS);
	answer->first_request_ms = number(result, 0, COLUMN_FIRST);
	answer->last_request_ms = number(result, 0, COLUMN_LAST);
	answer->kind = (uint32_t)number(result, 0, COLUMN_KIND);
	answer->state = (uint32_t)number(result, 0, COLUMN_STATE);
	digest(result, 0, COLUMN_OWNER, &answer->owner);
}

static int take_payload(
	struct postgres *pg, const PGresult *result, struct mcp_session_store_answer *answer)
{
	int len = PQgetlength(result, 0, COLUMN_PAYLOAD);
	if (len == 0) {
		return MCPSESS_OK;
	}
	const struct mcpsess_host *host = pg->store.host;
	void *blob =
		host->blob_new(pg->store.core, PQgetvalue(result, 0, COLUMN_PAYLOAD), (size_t)len);
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	answer->blob = blob;
	answer->payload = host->blob_bytes(blob);
	return MCPSESS_OK;
}

/* What could not be done: sweep and try again, or the cap holds. */
static int take_refusal(struct postgres *pg, struct postgres_query *query, int why)
{
	if (query->tries < (why == POSTGRES_IN_THE_WAY ? TRIES : 1)) {
		query->again = why;
		return MCPSESS_PENDING;
	}
	if (why == POSTGRES_IN_THE_WAY) {
		return MCPSESS_E_UNAVAILABLE;
	}
	pg->store.host->explain(query->call, 0,
		why == POSTGRES_FULL ? "max_sessions is reached"
				     : "max_sessions_per_owner is reached");
	return MCPSESS_E_LIMIT;
}

static int take_answer(struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	struct mcp_session_store_answer *answer = &query->call->answer;
	int status = (int)(int64_t)number(result, 0, COLUMN_STATUS);
	answer->now_ms = number(result, 0, COLUMN_NOW);
	if (status > 0) {
		return take_refusal(pg, query, status);
	}
	if (status == MCPSESS_OK || status == MCPSESS_E_CONFLICT) {
		take_header(result, answer);
	}
	return status == MCPSESS_OK ? take_payload(pg, result, answer) : status;
}

static void take_entry(const PGresult *result, int row, struct mcp_session_store_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	digest(result, row, ENTRY_KEY, &entry->key);
	digest(result, row, ENTRY_OWNER, &entry->owner);
	entry->revision = number(result, row, ENTRY_REVISION);
	entry->created_ms = number(result, row, ENTRY_CREATED);
	entry->seen_ms = number(result, row, ENTRY_SEEN);
	entry->expires_ms = moment(result, row, ENTRY_EXPIRES);
	entry->deadline_ms = moment(result, row, ENTRY_DEADLINE);
	entry->requests = number(result, row, ENTRY_REQUESTS);
	entry->payload_len = number(result, row, ENTRY_LENGTH);
	entry->kind = (uint32_t)number(result, row, ENTRY_KIND);
	entry->state = (uint32_t)number(result, row, ENTRY_STATE);
}

/* Rows that have ended are part of a page's work, not of its entries. */
static int take_list(struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	struct mcp_session_store_answer *answer = &query->call->answer;
	const struct mcpsess_host *host = pg->store.host;
	int rows = PQgetisnull(result, 0, ENTRY_KEY) ? 0 : PQntuples(result);
	void *blob = host->blob_new(pg->store.core, NULL,
		(size_t)(rows > 0 ? rows : 1) * sizeof(struct mcp_session_store_entry));
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	struct mcp_session_store_entry *entries =
		(struct mcp_session_store_entry *)(uintptr_t)host->blob_bytes(blob).data;
	size_t count = 0;
	for (int row = 0; row < rows; row++) {
		if (number(result, row, ENTRY_LIVE) != 0) {
			take_entry(result, row, &entries[count++]);
		}
	}
	answer->now_ms = number(result, 0, ENTRY_NOW);
	answer->cursor[0] = '\0';
	if (rows > 0 && rows == (int)query->call->request.page) {
		struct mcpsess_digest last;
		digest(result, rows - 1, ENTRY_KEY, &last);
		mcpsess_postgres_put_cursor(last.bytes, answer->cursor);
	}
	answer->entries = entries;
	answer->entry_count = count;
	answer->blob = blob;
	return MCPSESS_OK;
}

static int take_own(const struct postgres_query *query, const PGresult *result)
{
	for (int i = 0; query->own != NULL && i < PQnfields(result) && i < 4; i++) {
		query->own->numbers[i] = number(result, 0, i);
	}
	return MCPSESS_OK;
}

static int take_rows(struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	static const int others[POSTGRES_STATEMENTS] = {
		[STATEMENT_LIST_ALL] = ENTRY_COLUMNS,
		[STATEMENT_LIST_OWNER] = ENTRY_COLUMNS,
		[STATEMENT_SWEEP] = 1,
		[STATEMENT_STATS] = 4,
	};
	int columns = others[query->statement] > 0 ? others[query->statement] : COLUMNS;
	if (PQntuples(result) < 1 || PQnfields(result) != columns) {
		return MCPSESS_E_CORRUPT;
	}
	if (query->statement == STATEMENT_SWEEP || query->statement == STATEMENT_STATS) {
		return take_own(query, result);
	}
	if (query->call == NULL) {
		return MCPSESS_OK;
	}
	if (query->statement == STATEMENT_LIST_ALL || query->statement == STATEMENT_LIST_OWNER) {
		return take_list(pg, query, result);
	}
	return take_answer(pg, query, result);
}

/* -- failures ------------------------------------------------------------------------------- */

void mcpsess_postgres_line(const char *text, char *out, size_t capacity)
{
	size_t len = strcspn(text, "\n");
	len = len < capacity - 1 ? len : capacity - 1;
	memcpy(out, text, len);
	out[len] = '\0';
}

/* Whether a SQLSTATE begins with one of some. */
static int is_of(const char *state, const char *const *some, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(state, some[i], strlen(some[i])) == 0) {
			return 1;
		}
	}
	return 0;
}

#define IS_OF(state, some) is_of(state, some, sizeof(some) / sizeof(some[0]))

/* A statement that failed has done nothing, whatever it was. */
static void take_failure(struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	static const char *const again[] = { "40001", "40P01" };
	static const char *const gone[] = { "57P", "53300", "08", "25006" };
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char line[200], whole[240];
	state = state != NULL ? state : "";
	query->status = strncmp(state, "54", 2) == 0 ? MCPSESS_E_TOOBIG : MCPSESS_E_UNAVAILABLE;
	if (IS_OF(state, again) && query->call != NULL && query->tries < TRIES) {
		query->again = -1;
		return;
	}
	int closes = IS_OF(state, gone);
	pg->closing |= closes;
	if (query->call != NULL) {
		mcpsess_postgres_line(text != NULL ? text : "no reason given", line, sizeof(line));
		snprintf(whole, sizeof(whole), "the server says %s: %s", state, line);
		pg->store.host->explain(query->call, closes ? ECONNRESET : 0, whole);
	}
}

void mcpsess_postgres_take(
	struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	if (PQresultStatus(result) == PGRES_TUPLES_OK) {
		query->status = take_rows(pg, query, result);
	} else {
		take_failure(pg, query, result);
	}
}

void mcpsess_postgres_take_last(
	struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	/* libpq's own words have no SQLSTATE: the connection broke, and nobody knows. */
	if (query->status == MCPSESS_PENDING &&
		PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL) {
		take_failure(pg, query, result);
	}
}
