#include "postgres.h"

#include <errno.h>
#include <stdio.h>

enum { TRIES = 6 };

/* -- values --------------------------------------------------------------------------------- */

static uint64_t number_of(const char *value, int len)
{
	uint64_t number = 0;
	for (int i = 0; i < len; i++) {
		number = number << 8 | (unsigned char)value[i];
	}
	return len <= 8 ? number : 0;
}

/* Of points in time: what never comes is 0. */
static uint64_t moment_of(const char *value, int len)
{
	uint64_t number = number_of(value, len);
	return number != INT64_MAX ? number : 0;
}

static void take_digest(const char *value, int len, struct mcpsess_digest *out)
{
	memset(out, 0, sizeof(*out));
	if (len == (int)sizeof(out->bytes)) {
		memcpy(out->bytes, value, sizeof(out->bytes));
	}
}

static uint64_t number_at(const PGresult *result, int row, int column)
{
	return number_of(PQgetvalue(result, row, column), PQgetlength(result, row, column));
}

static uint64_t moment(const PGresult *result, int row, int column)
{
	return moment_of(PQgetvalue(result, row, column), PQgetlength(result, row, column));
}

static void digest(const PGresult *result, int row, int column, struct mcpsess_digest *out)
{
	take_digest(PQgetvalue(result, row, column), PQgetlength(result, row, column), out);
}

/* -- answers -------------------------------------------------------------------------------- */

/* The columns of an answer; no bytes and NULL are the same. */
struct row {
	const char *values[COLUMNS];
	int lengths[COLUMNS];
};

/* Take a word off what is left of a record. */
static int take_word(const char **at, int *left)
{
	uint32_t word = 0;
	if (*left < 4) {
		*left = -1;
		return 0;
	}
	for (int i = 0; i < 4; i++) {
		word = word << 8 | (unsigned char)(*at)[i];
	}
	*at += 4;
	*left -= 4;
	return (int)word;
}

/* What record_send() writes: the number of values; of each its type, its length, its bytes. */
static int take_record(const char *at, int left, struct row *out)
{
	int count = take_word(&at, &left);
	for (int i = 0; i < COLUMNS && left >= 0; i++) {
		take_word(&at, &left);
		int len = take_word(&at, &left);
		len = len < 0 ? 0 : len;
		if (len > left) {
			return MCPSESS_E_CORRUPT;
		}
		out->values[i] = at;
		out->lengths[i] = len;
		at += len;
		left -= len;
	}
	return count == COLUMNS && left == 0 ? MCPSESS_OK : MCPSESS_E_CORRUPT;
}

static void take_column(const PGresult *result, int row, int column, const char **value, int *len)
{
	*value = PQgetvalue(result, row, column);
	*len = PQgetlength(result, row, column);
}

/* What is plain is a success, and of whom it was asked for. */
static int take_look(
	const PGresult *result, int row, const struct mcpsess_digest *owner, struct row *out)
{
	if (!PQgetisnull(result, row, LOOK_INSTEAD)) {
		return take_record(PQgetvalue(result, row, LOOK_INSTEAD),
			PQgetlength(result, row, LOOK_INSTEAD), out);
	}
	out->lengths[COLUMN_STATUS] = 0;
	out->values[COLUMN_OWNER] = (const char *)owner->bytes;
	out->lengths[COLUMN_OWNER] = sizeof(owner->bytes);
	for (int i = COLUMN_NOW; i <= COLUMN_STATE; i++) {
		take_column(result, row, i - COLUMN_NOW, &out->values[i], &out->lengths[i]);
	}
	take_column(result, row, LOOK_PAYLOAD, &out->values[COLUMN_PAYLOAD],
		&out->lengths[COLUMN_PAYLOAD]);
	return MCPSESS_OK;
}

static void take_row(const PGresult *result, int row, struct row *out)
{
	for (int i = 0; i < COLUMNS; i++) {
		take_column(result, row, i, &out->values[i], &out->lengths[i]);
	}
}

#define NUMBER(row, column) number_of((row)->values[column], (row)->lengths[column])
#define MOMENT(row, column) moment_of((row)->values[column], (row)->lengths[column])

static void take_header(const struct row *row, struct mcp_session_store_answer *answer)
{
	answer->revision = NUMBER(row, COLUMN_REVISION);
	answer->created_ms = NUMBER(row, COLUMN_CREATED);
	answer->seen_ms = NUMBER(row, COLUMN_SEEN);
	answer->expires_ms = MOMENT(row, COLUMN_EXPIRES);
	answer->deadline_ms = MOMENT(row, COLUMN_DEADLINE);
	answer->requests = NUMBER(row, COLUMN_REQUESTS);
	answer->first_request_ms = NUMBER(row, COLUMN_FIRST);
	answer->last_request_ms = NUMBER(row, COLUMN_LAST);
	answer->kind = (uint32_t)NUMBER(row, COLUMN_KIND);
	answer->state = (uint32_t)NUMBER(row, COLUMN_STATE);
	take_digest(row->values[COLUMN_OWNER], row->lengths[COLUMN_OWNER], &answer->owner);
}

static int take_payload(
	struct postgres *pg, const struct row *row, struct mcp_session_store_answer *answer)
{
	const struct mcpsess_host *host = pg->store.host;
	int len = row->lengths[COLUMN_PAYLOAD];
	if (len == 0) {
		return MCPSESS_OK;
	}
	void *blob = host->blob_new(pg->store.core, row->values[COLUMN_PAYLOAD], (size_t)len);
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	/* What came before it in a transaction that then failed. */
	if (answer->blob != NULL) {
		host->blob_unref(answer->blob);
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

static int take_answer(struct postgres *pg, struct postgres_query *query, const struct row *row)
{
	struct mcp_session_store_answer *answer = &query->call->answer;
	int status = (int)(int64_t)NUMBER(row, COLUMN_STATUS);
	answer->now_ms = NUMBER(row, COLUMN_NOW);
	if (status > 0) {
		return take_refusal(pg, query, status);
	}
	if (status == MCPSESS_OK || status == MCPSESS_E_CONFLICT) {
		take_header(row, answer);
	}
	return status == MCPSESS_OK ? take_payload(pg, row, answer) : status;
}

/* A timestamp is in microseconds since 2000. */
static uint64_t ms_of_timestamp(uint64_t us)
{
	return (us + UINT64_C(946684800000000)) / 1000;
}

static int answer_look(
	struct postgres *pg, struct postgres_query *query, const PGresult *result, int index)
{
	struct mcp_session_store_answer *answer = &query->call->answer;
	struct row row;
	int r = take_look(result, index, &query->call->request.owner, &row);
	if (r == MCPSESS_OK) {
		r = take_answer(pg, query, &row);
	}
	if (query->looks && PQgetisnull(result, index, LOOK_INSTEAD)) {
		answer->now_ms = ms_of_timestamp(answer->now_ms);
	}
	return r;
}

/* What each of the members is told. A result without a row for one leaves it pending. */
static int take_many(
	struct postgres *pg, const struct postgres_query *query, const PGresult *result)
{
	struct postgres_query *members[POSTGRES_BATCH_MAX];
	int count = 0;
	for (struct postgres_query *one = query->members.first; one != NULL; one = one->next) {
		members[count++] = one;
	}
	for (int row = 0; row < PQntuples(result); row++) {
		uint64_t index = number_at(result, row, LOOK_INDEX) - 1;
		struct postgres_query *one = index < (uint64_t)count ? members[index] : NULL;
		if (one != NULL && one->status == MCPSESS_PENDING) {
			one->status =
				one->call != NULL ? answer_look(pg, one, result, row) : MCPSESS_OK;
		}
	}
	return MCPSESS_OK;
}

static void take_entry(const PGresult *result, int row, struct mcp_session_store_entry *entry)
{
	memset(entry, 0, sizeof(*entry));
	digest(result, row, ENTRY_KEY, &entry->key);
	digest(result, row, ENTRY_OWNER, &entry->owner);
	entry->revision = number_at(result, row, ENTRY_REVISION);
	entry->created_ms = number_at(result, row, ENTRY_CREATED);
	entry->seen_ms = number_at(result, row, ENTRY_SEEN);
	entry->expires_ms = moment(result, row, ENTRY_EXPIRES);
	entry->deadline_ms = moment(result, row, ENTRY_DEADLINE);
	entry->requests = number_at(result, row, ENTRY_REQUESTS);
	entry->payload_len = number_at(result, row, ENTRY_LENGTH);
	entry->kind = (uint32_t)number_at(result, row, ENTRY_KIND);
	entry->state = (uint32_t)number_at(result, row, ENTRY_STATE);
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
		if (number_at(result, row, ENTRY_LIVE) != 0) {
			take_entry(result, row, &entries[count++]);
		}
	}
	answer->now_ms = number_at(result, 0, ENTRY_NOW);
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
		query->own->numbers[i] = number_at(result, 0, i);
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
		[STATEMENT_READ_MANY] = LOOK_COLUMNS_OF_MANY,
	};
	int columns = query->looks                   ? LOOK_COLUMNS
		      : others[query->statement] > 0 ? others[query->statement]
						     : COLUMNS;
	if (query->looks && PQntuples(result) == 0) {
		return MCPSESS_E_NOTFOUND;
	}
	if (PQntuples(result) < 1 || PQnfields(result) != columns) {
		return MCPSESS_E_CORRUPT;
	}
	if (query->statement == STATEMENT_SWEEP || query->statement == STATEMENT_STATS) {
		return take_own(query, result);
	}
	if (query->statement == STATEMENT_READ_MANY) {
		return take_many(pg, query, result);
	}
	if (query->call == NULL) {
		return MCPSESS_OK;
	}
	if (query->statement == STATEMENT_LIST_ALL || query->statement == STATEMENT_LIST_OWNER) {
		return take_list(pg, query, result);
	}
	if (query->looks) {
		return answer_look(pg, query, result, 0);
	}
	struct row row;
	take_row(result, 0, &row);
	return take_answer(pg, query, &row);
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

/* A statement that failed has done nothing, unless a pooler says so that has lost the server. */
static int failed_status(const struct postgres_query *query, const char *state)
{
	if (strncmp(state, "08", 2) == 0 && mcpsess_postgres_writes(query)) {
		return MCPSESS_E_UNKNOWN;
	}
	return strncmp(state, "54", 2) == 0 ? MCPSESS_E_TOOBIG : MCPSESS_E_UNAVAILABLE;
}

static void take_failure(struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	static const char *const again[] = { "40001", "40P01", "26000", "42P05", "0A000" };
	static const char *const unplanned[] = { "26000", "42P05", "0A000" };
	static const char *const gone[] = { "57P", "53300", "08", "25006" };
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char line[200], whole[240];
	state = state != NULL ? state : "";
	query->status = failed_status(query, state);
	pg->planned &= ~query->planning;
	pg->keeps_plans &= !IS_OF(state, unplanned);
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
	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
		query->status = take_rows(pg, query, result);
		break;
	case PGRES_COMMAND_OK:
		query->planning = 0;
		break;
	case PGRES_PIPELINE_ABORTED:
		break;
	default:
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
