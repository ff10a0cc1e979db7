/*
 * The functions of the schema are the verbs: one call is one statement and one round trip, and what
 * they do is planned once per connection of the server, even behind a pooler that cannot keep
 * prepared statements. Each statement within one sees what was committed before it began, so a row
 * that had to be waited for is looked at as it is now. Locks are taken in one order: sessions,
 * places, owners; of one kind in the order of their keys.
 *
 * "@" is the schema; other signs are told of in statement.h. States: 0 initializing, 1 active, 2
 * closed, 3 expired; 4 and 5 moved to another key, after 0 and 1, and read under this one until
 * grace_ms. Of all but 0 and 1 expires_ms is when the row may go. Times that never come are the
 * largest bigint.
 */
#ifndef MCPSESS_POSTGRES_FUNCTIONS_H
#define MCPSESS_POSTGRES_FUNCTIONS_H

/* The five verbs, in reads.c and records.c. */
extern const char mcpsess_postgres_sql_read[];
extern const char mcpsess_postgres_sql_read_many[];
extern const char mcpsess_postgres_sql_make[];
extern const char mcpsess_postgres_sql_write[];
extern const char mcpsess_postgres_sql_remove[];

/* The others and the upkeep, in upkeep.c. */
extern const char mcpsess_postgres_sql_spare[];
extern const char mcpsess_postgres_sql_sweep[];
extern const char mcpsess_postgres_sql_rotate[];
extern const char mcpsess_postgres_sql_end_owner[];
extern const char mcpsess_postgres_sql_once[];
extern const char mcpsess_postgres_sql_stats[];

/* What gets are where plans are kept: statements of their own, in reads.c. */
extern const char mcpsess_postgres_look[];
extern const char mcpsess_postgres_look_of_owner[];
extern const char mcpsess_postgres_look_at_many[];
extern const char mcpsess_postgres_look_at_many_of_owners[];

/* What each verb answers, in the order in which result.c reads it. */
#define ANSWER \
	"out o_status bigint, out o_now bigint, out o_revision bigint, out o_created bigint, " \
	"out o_seen bigint, out o_expires bigint, out o_deadline bigint, " \
	"out o_requests bigint, out o_first bigint, out o_last bigint, out o_kind bigint, " \
	"out o_state bigint, out o_owner bytea, out o_payload bytea"

#define HEADER \
	"x.revision, x.created_ms, x.seen_ms, x.expires_ms, x.deadline_ms, x.requests, " \
	"x.first_ms, x.last_ms, x.kind, x.state, x.owner"

#define INTO_HEADER \
	"o_revision, o_created, o_seen, o_expires, o_deadline, o_requests, " \
	"o_first, o_last, o_kind, o_state, o_owner"

#endif
