#include "functions.h"

/* Whether the record has not been ended with its owner: nobody's cannot be. */
#define CURRENT \
	"x.generation = case when x.owner = '' then 0 else coalesce(" \
	"(select w.generation from @.owner w where w.owner = x.owner), 0) end"

#define PAYLOAD(key, flags) \
	"case when " flags " & 8 <> 0 then " \
	"(select d.data from @.state d where d.key = " key ") end"
#define PAYLOAD_OF_READ      PAYLOAD("i_key", "i_flags")
#define PAYLOAD_OF_LOOK(key) PAYLOAD(key, "$3") ", "

/* A live record of whom it is asked for, that is not due for a touch. */
#define PLAIN(owner) \
	"x.state < 2 and x.owner = " owner " and x.expires_ms > c.now " \
	"and (x.expires_ms = x.deadline_ms or x.expires_ms - c.now > ($3 & 1) * $4) and " CURRENT

/* What is plain is answered from one look; everything else is left to the function read. */
#define HEADER_OF_LOOK \
	"0::bigint, c.now, x.revision, x.created_ms, x.seen_ms, x.expires_ms, x.deadline_ms, " \
	"x.requests, x.first_ms, x.last_ms, x.kind::bigint, x.state::bigint, x.owner, "
#define INSTEAD(key, owner) "record_send(@.read(" key ", " owner ", $3, $4, $5, $6))"
#define LOOK(key, owner) \
	"select " HEADER_OF_LOOK PAYLOAD_OF_LOOK(key) "case when " PLAIN( \
		owner) " then null else " INSTEAD(key, owner) " end "

#define NOW "(select @.clock() as now offset 0) c"

const char mcpsess_postgres_look[] =
	LOOK("$1", "$2") "from " NOW " left join @.session x on x.key = $1";

/* In the order in which they come, which is that of the keys: no two of these block each other. */
#define LOOK_AT_MANY \
	LOOK("u.k", "($2)[u.i]") \
	", u.i from " NOW " cross join unnest($1) with ordinality u(k, i) " \
	"left join @.session x on x.key = u.k"

const char mcpsess_postgres_look_at_many[] = LOOK_AT_MANY;

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

/*
 * Many of them for those who cannot keep a plan themselves; this one must not depend on how full
 * the tables were when it was made.
 */
const char mcpsess_postgres_sql_read_many[] =
	"create function @.read_many(bytea[], bytea[], bigint, bigint, bigint, bigint,\n"
	"  " ANSWER ", out o_instead bytea, out o_index bigint)\n"
	"returns setof record language plpgsql set plan_cache_mode = force_generic_plan\n"
	"set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $f$\n"
	"begin\n"
	"  return query " LOOK_AT_MANY ";\n"
	"end $f$;\n";
