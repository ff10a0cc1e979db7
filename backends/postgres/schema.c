#include "schema.h"

#include <stdio.h>
#include <string.h>

/*
 * The functions below are the verbs: one call is one statement and one round trip, and what they
 * do is planned once per connection of the server, even behind a pooler that cannot keep prepared
 * statements. Each statement within one sees what was committed before it began, so a row that
 * had to be waited for is looked at as it is now. Locks are taken in one order: sessions, places,
 * owners; of one kind in the order of their keys.
 *
 * "@" is the schema. States: 0 initializing, 1 active, 2 closed, 3 expired. Of a tombstone
 * expires_ms is its end. Times that never come are the largest bigint.
 */

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
			     "  hour integer not null,\n"
			     "  length integer not null,\n"
			     "  place smallint not null,\n"
			     "  kind smallint not null,\n"
			     "  state smallint not null\n"
			     ") with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);\n"
			     "create index session_hour on @.session (hour);\n"
			     "create index session_owner on @.session (owner, key);\n"
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
	"$f$;\n"
	"create function @.standing(state bigint, expires bigint, tomb bigint, now bigint,\n"
	"  mine boolean, current boolean) returns bigint language sql immutable as $f$\n"
	"  select case\n"
	"    when now >= case when state < 2 then @.later(expires, tomb) else expires end\n"
	"      then -5003\n"
	"    when not mine then -5006\n"
	"    when state = 3 then -5004\n"
	"    when state = 2 or not current then -5005\n"
	"    when now >= expires then -5004\n"
	"    else 0 end::bigint\n"
	"$f$;\n";

/* get, touch, exists. Flags: 1 touch, 2 count, 4 any owner, 8 with the payload. */
static const char read[] =
	"create function @.read(i_key bytea, i_owner bytea, i_flags bigint, i_idle bigint,\n"
	"  i_throttle bigint, i_tomb bigint, " ANSWER ")\n"
	"language plpgsql as $f$\n"
	"declare\n"
	"  current boolean; due boolean; till bigint; counts boolean := i_flags & 2 <> 0;\n"
	"begin\n"
	"  loop\n"
	"    select " HEADER ", coalesce(w.generation, 0) = x.generation, d.data\n"
	"      into " INTO_HEADER ", current, o_payload\n"
	"      from @.session x left join @.owner w on w.owner = x.owner\n"
	"      left join @.state d on d.key = x.key and i_flags & 8 <> 0 where x.key = i_key;\n"
	"    o_status := case when found then 0 else -5003 end;\n"
	"    o_now := @.clock();\n"
	"    exit when o_status <> 0;\n"
	"    o_status := @.standing(o_state, o_expires, i_tomb, o_now,\n"
	"      i_flags & 4 <> 0 or o_owner = i_owner, current);\n"
	"    exit when o_status <> 0 or i_flags & 3 = 0;\n"
	"    till := least(@.later(@.later(o_now, i_idle), i_throttle), o_deadline);\n"
	"    due := i_flags & 1 <> 0 and @.later(o_now, i_idle) >= o_expires\n"
	"      and till > o_expires;\n"
	"    exit when not due and not counts;\n"
	"    if not counts then\n"
	"      perform set_config('synchronous_commit', 'off', true);\n"
	"    end if;\n"
	"    till := case when due then till else 0 end;\n"
	"    update @.session x set\n"
	"        seen_ms = case when i_flags & 1 <> 0 then greatest(x.seen_ms, o_now)\n"
	"          else x.seen_ms end,\n"
	"        expires_ms = greatest(x.expires_ms, till),\n"
	"        hour = @.hour(greatest(x.expires_ms, till)),\n"
	"        requests = x.requests + counts::integer,\n"
	"        first_ms = case when counts and x.requests = 0 then o_now\n"
	"          else x.first_ms end,\n"
	"        before_ms = case when counts then x.last_ms else x.before_ms end,\n"
	"        last_ms = case when counts then o_now else x.last_ms end\n"
	"      where x.key = i_key and x.owner = o_owner and x.state < 2\n"
	"        and x.expires_ms > @.clock()\n"
	"      returning x.seen_ms, x.expires_ms, x.requests, x.first_ms,\n"
	"        case when counts then x.before_ms else x.last_ms end\n"
	"      into o_seen, o_expires, o_requests, o_first, o_last;\n"
	"    exit when found;\n"
	"  end loop;\n"
	"end $f$;\n";

/*
 * store that creates. Beside the results: 1 a record in the way has to be swept first, 2 and 3
 * the cap of all and of the owner is met. Each place takes its share of the cap of all, so that
 * creates need not queue for one row, and all together never more.
 */
static const char make[] =
	"create function @.make(i_key bytea, i_owner bytea, i_operation bytea, i_data bytea,\n"
	"  i_kind bigint, i_state bigint, i_idle bigint, i_absolute bigint, i_throttle bigint,\n"
	"  i_tomb bigint, i_cap bigint, i_owner_cap bigint, " ANSWER ")\n"
	"language plpgsql as $f$\n"
	"declare\n"
	"  current boolean; op bytea; place_ smallint; generation_ bigint := 0;\n"
	"begin\n"
	"  select " HEADER ", coalesce(w.generation, 0) = x.generation, x.operation\n"
	"    into " INTO_HEADER ", current, op\n"
	"    from @.session x left join @.owner w on w.owner = x.owner where x.key = i_key;\n"
	"  o_now := @.clock();\n"
	"  if found then\n"
	"    o_status := @.standing(o_state, o_expires, i_tomb, o_now, o_owner = i_owner,\n"
	"      current);\n"
	"    o_status := case when o_status = 0 and (o_revision <> 1 or op <> i_operation)\n"
	"      then -5007 when o_status = -5006 then -5007\n"
	"      when o_status = -5003 then 1 else o_status end;\n"
	"    return;\n"
	"  end if;\n"
	"  select p.slot into place_ from @.place p\n"
	"    where p.sessions < i_cap / 16 + (p.slot < i_cap % 16)::integer\n"
	"    order by p.slot <> get_byte(i_key, 0) % 16, p.slot limit 1 for update;\n"
	"  if not found then\n"
	"    o_status := 2;\n"
	"    return;\n"
	"  end if;\n"
	"  if octet_length(i_owner) > 0 then\n"
	"    insert into @.owner as w (owner, sessions) values (i_owner, 1)\n"
	"      on conflict (owner) do update set sessions = w.sessions + 1\n"
	"      where w.sessions < i_owner_cap returning w.generation into generation_;\n"
	"    if not found then\n"
	"      o_status := 3;\n"
	"      return;\n"
	"    end if;\n"
	"  end if;\n"
	"  update @.place p set sessions = p.sessions + 1 where p.slot = place_;\n"
	"  o_now := @.clock();\n"
	"  insert into @.session as x (key, owner, operation, revision, generation, created_ms,\n"
	"      seen_ms, expires_ms, deadline_ms, hour, length, place, kind, state)\n"
	"    select i_key, i_owner, i_operation, 1, generation_, o_now, o_now, t.e,\n"
	"      @.later(o_now, i_absolute), @.hour(t.e), octet_length(i_data), place_, i_kind,\n"
	"      i_state\n"
	"    from (select least(@.later(@.later(o_now, i_idle), i_throttle),\n"
	"      @.later(o_now, i_absolute)) as e) t\n"
	"    on conflict do nothing returning " HEADER " into " INTO_HEADER ";\n"
	"  if not found then\n"
	"    raise exception 'two creates of one record met' using errcode = '40001';\n"
	"  end if;\n"
	"  insert into @.state (key, data) values (i_key, i_data);\n"
	"  o_status := 0;\n"
	"end $f$;\n";

static const char write[] =
	"create function @.write(i_key bytea, i_owner bytea, i_operation bytea, i_data bytea,\n"
	"  i_flags bigint, i_revision bigint, i_state bigint, i_idle bigint, i_throttle bigint,\n"
	"  i_tomb bigint, " ANSWER ")\n"
	"language plpgsql as $f$\n"
	"declare\n"
	"  current boolean; op bytea; till bigint;\n"
	"begin\n"
	"  loop\n"
	"    o_now := @.clock();\n"
	"    till := @.later(@.later(o_now, i_idle), i_throttle);\n"
	"    update @.session x set revision = x.revision + 1, operation = i_operation,\n"
	"        state = i_state, length = octet_length(i_data),\n"
	"        seen_ms = greatest(x.seen_ms, o_now),\n"
	"        expires_ms = greatest(x.expires_ms, least(till, x.deadline_ms)),\n"
	"        hour = @.hour(greatest(x.expires_ms, least(till, x.deadline_ms)))\n"
	"      where x.key = i_key and x.revision = i_revision and x.state < 2\n"
	"        and x.expires_ms > @.clock()\n"
	"        and (i_flags & 4 <> 0 or x.owner = i_owner)\n"
	"        and x.generation = coalesce(\n"
	"          (select w.generation from @.owner w where w.owner = x.owner), 0)\n"
	"      returning " HEADER " into " INTO_HEADER ";\n"
	"    o_status := 0;\n"
	"    if found then\n"
	"      update @.state d set data = i_data where d.key = i_key;\n"
	"      return;\n"
	"    end if;\n"
	"    select " HEADER ", coalesce(w.generation, 0) = x.generation, x.operation\n"
	"      into " INTO_HEADER ", current, op\n"
	"      from @.session x left join @.owner w on w.owner = x.owner where x.key = i_key;\n"
	"    o_status := case when found then 0 else -5003 end;\n"
	"    o_now := @.clock();\n"
	"    exit when o_status <> 0;\n"
	"    o_status := @.standing(o_state, o_expires, i_tomb, o_now,\n"
	"      i_flags & 4 <> 0 or o_owner = i_owner, current);\n"
	"    exit when o_status <> 0 or (o_revision - 1 = i_revision and op = i_operation);\n"
	"    o_status := -5008;\n"
	"    exit when o_revision <> i_revision;\n"
	"  end loop;\n"
	"end $f$;\n";

/* Give back the places of sessions whose rows are locked. */
static const char spare[] =
	"create function @.spare(keys bytea[], expired_ boolean) returns void\n"
	"language plpgsql as $f$\n"
	"begin\n"
	"  perform 1 from @.place p where p.slot in\n"
	"    (select x.place from @.session x where x.key = any (keys))\n"
	"    order by p.slot for update;\n"
	"  update @.place p set sessions = p.sessions - c.n,\n"
	"      expired = p.expired + case when expired_ then c.n else 0 end\n"
	"    from (select x.place, count(*) as n from @.session x\n"
	"      where x.key = any (keys) group by x.place) c where p.slot = c.place;\n"
	"  perform 1 from @.owner w where w.owner in\n"
	"    (select x.owner from @.session x where x.key = any (keys))\n"
	"    order by w.owner for update;\n"
	"  update @.owner w set sessions = w.sessions - c.n, stale = w.stale - c.old\n"
	"    from (select x.owner, count(*) filter (where x.generation = v.generation) as n,\n"
	"        count(*) filter (where x.generation <> v.generation) as old\n"
	"      from @.session x join @.owner v on v.owner = x.owner\n"
	"      where x.key = any (keys) group by x.owner) c where w.owner = c.owner;\n"
	"  delete from @.owner w where w.sessions = 0 and w.stale = 0 and w.owner in\n"
	"    (select x.owner from @.session x where x.key = any (keys));\n"
	"end $f$;\n";

static const char removal[] =
	"create function @.remove(i_key bytea, i_owner bytea, i_flags bigint, i_tomb "
	"bigint, " ANSWER ")\n"
	"language plpgsql as $f$\n"
	"declare\n"
	"  current boolean;\n"
	"begin\n"
	"  select " HEADER ", coalesce(w.generation, 0) = x.generation\n"
	"    into " INTO_HEADER ", current\n"
	"    from @.session x left join @.owner w on w.owner = x.owner where x.key = i_key\n"
	"    for update of x;\n"
	"  o_status := 0;\n"
	"  if not found then\n"
	"    o_now := @.clock();\n"
	"    return;\n"
	"  end if;\n"
	"  o_now := @.clock();\n"
	"  o_status := @.standing(o_state, o_expires, i_tomb, o_now,\n"
	"    i_flags & 4 <> 0 or o_owner = i_owner, current);\n"
	"  if o_status = 0 then\n"
	"    perform @.spare(array[i_key], false);\n"
	"    delete from @.state d where d.key = i_key;\n"
	"    if i_tomb > 0 then\n"
	"      update @.session x set state = 2, expires_ms = @.later(o_now, i_tomb),\n"
	"        hour = @.hour(@.later(o_now, i_tomb)), length = 0 where x.key = i_key;\n"
	"    else\n"
	"      delete from @.session x where x.key = i_key;\n"
	"    end if;\n"
	"    o_state := 2;\n"
	"  elsif o_status <> -5006 then\n"
	"    o_status := 0;\n"
	"  end if;\n"
	"end $f$;\n";

/* End what has expired, at most budget: all, or of one owner, or one key. Tombstones besides. */
static const char sweep[] =
	"create function @.sweep(i_budget bigint, i_tomb bigint, i_owner bytea, i_key bytea)\n"
	"returns bigint language plpgsql as $f$\n"
	"declare\n"
	"  now bigint := @.clock(); keys bytea[];\n"
	"begin\n"
	"  if i_key is not null then\n"
	"    keys := array(select x.key from @.session x where x.key = i_key and x.state < 2\n"
	"      and x.expires_ms <= now for update skip locked);\n"
	"  elsif i_owner is not null then\n"
	"    keys := array(select x.key from @.session x where x.owner = i_owner\n"
	"      and x.state < 2 and x.expires_ms <= now limit i_budget for update skip locked);\n"
	"  else\n"
	"    keys := array(select x.key from @.session x where x.hour <= @.hour(now)\n"
	"      and x.state < 2 and x.expires_ms <= now limit i_budget for update skip locked);\n"
	"  end if;\n"
	"  if cardinality(keys) > 0 then\n"
	"    perform @.spare(keys, true);\n"
	"    delete from @.state d where d.key = any (keys);\n"
	"    update @.session x set state = 3, expires_ms = @.later(x.expires_ms, i_tomb),\n"
	"      hour = @.hour(@.later(x.expires_ms, i_tomb)), length = 0\n"
	"      where x.key = any (keys);\n"
	"  end if;\n"
	"  if i_key is not null then\n"
	"    delete from @.session x where x.key = i_key and x.state > 1\n"
	"      and x.expires_ms <= now;\n"
	"  elsif i_owner is null then\n"
	"    delete from @.session x where x.key = any (array(select y.key from @.session y\n"
	"      where y.hour <= @.hour(now) and y.state > 1 and y.expires_ms <= now\n"
	"      limit i_budget for update skip locked));\n"
	"  end if;\n"
	"  return cardinality(keys);\n"
	"end $f$;\n";

static const char *const step_1[] = { tables, helpers, read, make, write, spare, removal, sweep,
	NULL };

static const char *const *const steps[] = { step_1, NULL };

/* One at a time of those who migrate comes through; the lock goes with the transaction. */
const char mcpsess_postgres_ground[] =
	"begin;\n"
	"select pg_advisory_xact_lock(hashtextextended('mcpsess @', 0));\n"
	"do $do$ begin\n"
	"  if to_regnamespace('@') is null then\n"
	"    create schema @;\n"
	"  end if;\n"
	"end $do$;\n"
	"create table if not exists @.meta (version integer not null);\n"
	"insert into @.meta select 0 where not exists (select from @.meta);\n"
	"select version from @.meta;\n";

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

size_t mcpsess_postgres_steps(int version, char *out)
{
	char end[64];
	size_t at = 0;
	for (int i = version; steps[i] != NULL; i++) {
		for (const char *const *piece = steps[i]; *piece != NULL; piece++) {
			at = put(*piece, out, at);
		}
	}
	snprintf(end, sizeof(end), "update @.meta set version = %d;\ncommit;\n",
		mcpsess_postgres_version());
	return put(end, out, at);
}
