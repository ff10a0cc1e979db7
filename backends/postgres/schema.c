#include "functions.h"
#include "schema.h"

#include <stdio.h>
#include <string.h>

/*
 * The header is apart from the state, for a touch writes it anew; hour is its only index that
 * follows the expiry, and changes too seldom to spoil updates in place.
 */
static const char tables[] = "create table @.session (\n"
			     "  key bytea primary key check (octet_length(key) = 32),\n"
			     "  owner bytea not null,\n"
			     "  operation bytea not null,\n"
			     "  revision bigint not null,\n"
			     "  generation bigint not null,\n"
			     "  created_ms bigint not null,\n"
			     "  seen_ms bigint not null,\n"
			     "  expires_ms bigint not null,\n"
			     "  deadline_ms bigint not null,\n"
			     "  requests bigint not null default 0,\n"
			     "  first_ms bigint not null default 0,\n"
			     "  last_ms bigint not null default 0,\n"
			     "  before_ms bigint not null default 0,\n"
			     "  grace_ms bigint not null default 0,\n"
			     "  hour integer not null,\n"
			     "  length integer not null,\n"
			     "  place smallint not null,\n"
			     "  kind smallint not null,\n"
			     "  state smallint not null\n"
			     ") with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);\n"
			     "create index session_hour on @.session (hour);\n"
			     "create index session_owner on @.session (owner, key);\n"
			     "create index session_moved on @.session (owner) where state > 3;\n"
			     "create table @.state (\n"
			     "  key bytea primary key,\n"
			     "  data bytea not null\n"
			     ") with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);\n"
			     "alter table @.state alter column data set storage external;\n"
			     "create table @.owner (\n"
			     "  owner bytea primary key,\n"
			     "  generation bigint not null default 0,\n"
			     "  sessions bigint not null default 0,\n"
			     "  stale bigint not null default 0\n"
			     ") with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);\n"
			     "create index owner_stale on @.owner (owner) where stale > 0;\n"
			     "create table @.place (\n"
			     "  slot smallint primary key,\n"
			     "  sessions bigint not null default 0,\n"
			     "  expired bigint not null default 0\n"
			     ") with (fillfactor = 10);\n"
			     "create table @.once (\n"
			     "  key bytea primary key check (octet_length(key) = 32),\n"
			     "  operation bytea not null,\n"
			     "  expires_ms bigint not null,\n"
			     "  hour integer not null\n"
			     ");\n"
			     "create index once_hour on @.once (hour);\n"
			     "insert into @.place (slot) select generate_series(0, 15);\n";

static const char helpers[] =
	"create function @.clock() returns bigint language sql volatile as $f$\n"
	"  select floor(date_part('epoch', clock_timestamp()) * 1000)::bigint\n"
	"$f$;\n"
	"create function @.later(a bigint, b bigint) returns bigint language sql immutable as $f$\n"
	"  select case when a > 4000000000000000000 or b > 4000000000000000000\n"
	"    then 9223372036854775807 else a + b end\n"
	"$f$;\n"
	"create function @.hour(a bigint) returns integer language sql immutable as $f$\n"
	"  select least(a / 3600000, 2147483647)::integer\n"
	"$f$;\n";

/* What is said of a record: where no tombstones are held, of what has ended nothing. */
static const char standing[] =
	"create or replace function @.standing(state bigint, expires bigint, tomb bigint,\n"
	"  now bigint, mine boolean, current boolean, grace bigint)\n"
	"returns bigint language sql immutable as $f$\n"
	"  select case\n"
	"    when now >= case when state < 2 then @.later(expires, tomb) else expires end\n"
	"      then -5003\n"
	"    when tomb = 0 and state < 4 and (state > 1 or not current) then -5003\n"
	"    when not mine then -5006\n"
	"    when state = 3 then -5004\n"
	"    when state = 2 or not current or (state > 3 and now >= grace) then -5005\n"
	"    when state > 3 then 0\n"
	"    when now >= expires then -5004\n"
	"    else 0 end::bigint\n"
	"$f$;\n";

static const char *const step_1[] = { tables, helpers, standing, mcpsess_postgres_sql_read,
	mcpsess_postgres_sql_read_many, mcpsess_postgres_sql_make, mcpsess_postgres_sql_write,
	mcpsess_postgres_sql_spare, mcpsess_postgres_sql_remove, mcpsess_postgres_sql_sweep,
	mcpsess_postgres_sql_rotate, mcpsess_postgres_sql_end_owner, mcpsess_postgres_sql_once,
	mcpsess_postgres_sql_stats, NULL };

/*
 * What a later step makes again stands in an earlier one as it is by now. Creates are told whether
 * owners are compared; those of an older library go on as before.
 */
static const char no_make[] = "drop function if exists @.make(bytea, bytea, bytea, bytea, bigint,\n"
			      "  bigint, bigint, bigint, bigint, bigint, bigint, bigint);\n";

static const char *const step_2[] = { no_make, standing, mcpsess_postgres_sql_make,
	mcpsess_postgres_sql_sweep, mcpsess_postgres_sql_rotate, NULL };

static const char *const *const steps[] = { step_1, step_2, NULL };

/* The oldest version that a library may know and be served by the last step all the same. */
enum { NEEDS = 1 };

/*
 * One at a time of those who migrate comes through, and sees what the others did; the lock goes
 * with the transaction.
 */
static const char ground[] =
	"begin isolation level read committed;\n"
	"select pg_advisory_xact_lock(hashtextextended('mcpsess @', 0));\n"
	"do $do$ begin\n"
	"  if to_regnamespace('@') is null then\n"
	"    create schema @;\n"
	"  end if;\n"
	"end $do$;\n"
	"create table if not exists @.meta (version integer not null);\n"
	"alter table @.meta add column if not exists needs integer not null default 1;\n"
	"insert into @.meta select 0 where not exists (select from @.meta);\n";

/* What is there decides: a text may be fed to any schema, after others have been at it too. */
static const char head[] =
	"do $steps$ declare m record; begin\n"
	"select version, needs into strict m from @.meta;\n"
	"if m.version > %d and m.needs > %d then\n"
	"  raise exception 'schema %% has version %%, made by a newer library, and "
	"needs one that knows %%; this one knows %d',\n"
	"    '@', m.version, m.needs;\n"
	"end if;\n";

static const char tail[] = "update @.meta set version = %d, needs = %d where version < %d;\n"
			   "end $steps$;\n"
			   "commit;\n";

int mcpsess_postgres_version(void)
{
	return sizeof(steps) / sizeof(steps[0]) - 1;
}

static size_t put(const char *text, char *out, size_t at)
{
	size_t len = strlen(text);
	if (out != NULL) {
		memcpy(out + at, text, len + 1);
	}
	return at + len;
}

static size_t put_step(int version, char *out, size_t at)
{
	char line[48];
	snprintf(line, sizeof(line), "if m.version < %d then\n", version);
	at = put(line, out, at);
	for (const char *const *piece = steps[version - 1]; *piece != NULL; piece++) {
		at = put(*piece, out, at);
	}
	return put("end if;\n", out, at);
}

size_t mcpsess_postgres_schema(char *out)
{
	char text[480];
	int version = mcpsess_postgres_version();
	size_t at = put(ground, out, 0);
	snprintf(text, sizeof(text), head, version, version, version);
	at = put(text, out, at);
	for (int i = 1; i <= version; i++) {
		at = put_step(i, out, at);
	}
	snprintf(text, sizeof(text), tail, version, NEEDS, version);
	return put(text, out, at);
}
