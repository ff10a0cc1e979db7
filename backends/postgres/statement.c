#include "statement.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "functions.h"

#define ENTRY \
	"y.key, y.owner, (y.state < 2 and y.expires_ms > c.now and y.generation = " \
	"coalesce(w.generation, 0))::integer::bigint, c.now, y.revision, y.created_ms, " \
	"y.seen_ms, y.expires_ms, y.deadline_ms, y.requests, y.length::bigint, " \
	"y.kind::bigint, y.state::bigint "

static const char *const texts[POSTGRES_STATEMENTS] = {
	[STATEMENT_READ] = "select f.*, null::bytea from @.read($1, $2, $3, $4, $5, $6) f",
	[STATEMENT_READ_MANY] = "select f.* from @.read_many($1, $2, $3, $4, $5, $6) f",
	[STATEMENT_READ_PLANNED] = mcpsess_postgres_look,
	[STATEMENT_READ_MANY_PLANNED] = mcpsess_postgres_look_at_many,
	[STATEMENT_MAKE] = "select f.* from #@.make($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
			   "$11, $12) f",
	[STATEMENT_WRITE] = "select f.* from #@.write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) f",
	[STATEMENT_REMOVE] = "select f.* from #@.remove($1, $2, $3, $4) f",
	[STATEMENT_ROTATE] = "select f.* from #@.rotate($1, $2, $3, $4, $5, $6, $7, $8, $9) f",
	[STATEMENT_END_OWNER] = "select f.* from #@.end_owner($1, $2) f",
	[STATEMENT_REDEEM] = "select f.* from #@.redeem($1, $2, $3) f",
	[STATEMENT_PING] = "select f.* from @.ping() f",
	/* One row with no key when there is nothing: the clock's. */
	[STATEMENT_LIST_ALL] =
		"select " ENTRY "from (select @.clock() as now offset 0) c left join "
		"(select x.* from @.session x where x.key > $1 order by x.key limit $2) y on true "
		"left join @.owner w on w.owner = y.owner order by y.key",
	[STATEMENT_LIST_OWNER] =
		"select " ENTRY "from (select @.clock() as now offset 0) c left join "
		"(select x.* from @.session x where x.key > $1 and x.owner = $3 order by x.key "
		"limit $2) y on true "
		"left join @.owner w on w.owner = y.owner order by y.key",
	[STATEMENT_SWEEP] = "select @.sweep($1, $2, $3, $4)",
	[STATEMENT_STATS] = "select f.* from @.stats() f",
};

#define NULLS "null::bigint, null::bigint, null::bigint, null::bigint, null::bigint, "

const char mcpsess_postgres_nothing[] =
	"select 0::bigint, floor(date_part('epoch', clock_timestamp()) * 1000)::bigint, " NULLS
		NULLS "null::bytea, null::bytea";

const char *mcpsess_postgres_text(enum postgres_statement statement)
{
	return texts[statement];
}

void mcpsess_postgres_name(const char *text, char out[POSTGRES_NAME])
{
	uint64_t hash = 0xcbf29ce484222325;
	for (; *text != '\0'; text++) {
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	}
	snprintf(out, POSTGRES_NAME, "mcpsess_%016llx", (unsigned long long)hash);
}

/* Append some bytes. */
static size_t put(char *out, size_t at, const char *some, size_t len)
{
	if (out != NULL) {
		memcpy(out + at, some, len);
	}
	return at + len;
}

size_t mcpsess_postgres_expand(const char *text, const char *schema, const char *commit, char *out)
{
	static const char before[] = "set_config('synchronous_commit', '", after[] = "', true) c, ";
	size_t at = 0;
	for (; *text != '\0'; text++) {
		if (*text == '@') {
			at = put(out, at, "\"", 1);
			at = put(out, at, schema, strlen(schema));
			at = put(out, at, "\"", 1);
		} else if (*text == '#' && commit[0] != '\0') {
			at = put(out, at, before, sizeof(before) - 1);
			at = put(out, at, commit, strlen(commit));
			at = put(out, at, after, sizeof(after) - 1);
		} else if (*text != '#') {
			at = put(out, at, text, 1);
		}
	}
	put(out, at, "", 1);
	return at;
}
