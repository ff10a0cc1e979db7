#include "functions.h"

/* The owner's generation; where there is no owner it is 0. */
#define GENERATION "coalesce((select w.generation from @.owner w where w.owner = x.owner), 0)"

/* Whether the record has not been ended with its owner: nobody's cannot be. */
#define CURRENT "x.generation = case when x.owner = '' then 0 else " GENERATION " end"

#define PAYLOAD(key)          "(select d.data from @.state d where d.key = " key ")"
#define PAYLOAD_IF_ASKED(key) "case when i_flags & 8 <> 0 then " PAYLOAD(key) " end"
#define PAYLOAD_OF_READ       PAYLOAD_IF_ASKED("i_key")

/*
 * What is plain, a live record that is mine and not due for a touch, is answered from one look;
 * everything else is left to the function read. idle is 0 where no touch is ever due.
 */
#define PLAIN(mine, idle, now) \
	"x.state < 2 and " mine " and (x.expires_ms - " now " > " idle " or " \
	"(x.expires_ms = x.deadline_ms and x.expires_ms > " now "))"
#define LOOK(payload, plain, read, now) \
	"select " now ", x.revision, x.created_ms, x.seen_ms, x.expires_ms, x.deadline_ms, " \
	"x.requests, x.first_ms, x.last_ms, x.kind, x.state, " payload ", " \
	"case when " plain " then null else record_send(@.read(" read ")) end "

#define NOBODYS         "x.owner = ''"
#define OF_OWNER(owner) "x.owner = " owner " and x.generation = " GENERATION

/*
 * Of one record. Each time that the clock is made a number costs a thirtieth of the statement: it
 * is done once, and what is answered is a timestamp.
 */
#define PLAIN_ONE(mine) \
	"x.state < 2 and " mine " and x.expires_ms - " \
	"case when x.expires_ms = x.deadline_ms then 0 else ^ end > @.clock()"
#define LOOK_AT_ONE(mine, read) \
	LOOK(PAYLOAD("$1"), PLAIN_ONE(mine), read, "clock_timestamp()") \
	"from @.session x where x.key = $1"

/*
 * In the order in which they come, which is that of the keys: no two of these block each other. The
 * clock is read once, a twelfth of what a row costs.
 */
#define NOW_OF_MANY "c.now"
#define FROM_MANY(keys) \
	", u.i from (select @.clock() as now offset 0) c, " \
	"unnest(" keys ") with ordinality u(k, i) left join @.session x on x.key = u.k"

/* As the store's settings have it, so that there is little to be told each time. */
const char mcpsess_postgres_look[] = LOOK_AT_ONE(NOBODYS, "$1, '', ~");
const char mcpsess_postgres_look_of_owner[] = LOOK_AT_ONE(OF_OWNER("$2"), "$1, $2, ~");
const char mcpsess_postgres_look_at_many[] = LOOK(PAYLOAD("u.k"), PLAIN(NOBODYS, "^", NOW_OF_MANY),
	"u.k, '', ~", NOW_OF_MANY) FROM_MANY("$1");
const char mcpsess_postgres_look_at_many_of_owners[] =
	LOOK(PAYLOAD("u.k"), PLAIN(OF_OWNER("($2)[u.i]"), "^", NOW_OF_MANY), "u.k, ($2)[u.i], ~",
		NOW_OF_MANY) FROM_MANY("$1");

/* get, touch, exists. Flags: 1 touch, 2 count, 4 any owner, 8 with the payload, 16 not what moved.
 */
const char mcpsess_postgres_sql_read[] =
	"create function @.read(i_key bytea, i_owner bytea, i_flags bigint, i_idle bigint,\n"
	"  i_throttle bigint, i_tomb bigint, " ANSWER ")\n"
	"language plpgsql as $f$\n"
	"declare\n"
	"  current boolean; due boolean; till bigint; grace bigint;\n"
	"  counts boolean := i_flags & 2 <> 0;\n"
	"begin\n"
	"  loop\n"
	"    select " HEADER ", " CURRENT ", x.grace_ms, " PAYLOAD_OF_READ "\n"
	"      into " INTO_HEADER ", current, grace, o_payload\n"
	"      from @.session x where x.key = i_key;\n"
	"    o_status := case when found then 0 else -5003 end;\n"
	"    o_now := @.clock();\n"
	"    exit when o_status <> 0;\n"
	"    o_status := @.standing(o_state, o_expires, i_tomb, o_now,\n"
	"      i_flags & 4 <> 0 or o_owner = i_owner, current,\n"
	"      case when i_flags & 16 = 0 then grace else 0 end);\n"
	"    if o_status = 0 and o_state > 3 then\n"
	"      o_state := o_state - 4;\n"
	"      o_expires := grace;\n"
	"      exit;\n"
	"    end if;\n"
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

/* Of many, each with its owner and as asked for. */
#define PLAIN_OF_MANY \
	PLAIN("x.owner = i_owners[u.i] and " CURRENT, \
		"case when i_flags & 1 = 0 or i_idle = 9223372036854775807 then 0 else i_idle " \
		"end", \
		NOW_OF_MANY)
#define LOOK_OF_MANY \
	LOOK(PAYLOAD_IF_ASKED("u.k"), PLAIN_OF_MANY, \
		"u.k, i_owners[u.i], i_flags, i_idle, i_throttle, i_tomb", NOW_OF_MANY) \
	FROM_MANY("i_keys")

/*
 * Many of them, also for those who cannot keep a plan themselves; this one must not depend on how
 * full the tables were when it was made.
 */
const char mcpsess_postgres_sql_read_many[] =
	"create function @.read_many(i_keys bytea[], i_owners bytea[], i_flags bigint,\n"
	"  i_idle bigint, i_throttle bigint, i_tomb bigint, out o_now bigint,\n"
	"  out o_revision bigint, out o_created bigint, out o_seen bigint, out o_expires bigint,\n"
	"  out o_deadline bigint, out o_requests bigint, out o_first bigint, out o_last bigint,\n"
	"  out o_kind smallint, out o_state smallint, out o_payload bytea, out o_instead bytea,\n"
	"  out o_index bigint)\n"
	"returns setof record language plpgsql set plan_cache_mode = force_generic_plan\n"
	"set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $f$\n"
	"begin\n"
	"  return query " LOOK_OF_MANY ";\n"
	"end $f$;\n";
