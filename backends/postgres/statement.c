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
	[STATEMENT_READ] = "select f.* from @.read($1, $2, $3, $4, $5, $6) f",
	[STATEMENT_READ_MANY] = "select f.* from @.read_many($1, $2, $3, $4, $5, $6) f",
	[STATEMENT_LOOK] = mcpsess_postgres_look,
	[STATEMENT_LOOK_OF_OWNER] = mcpsess_postgres_look_of_owner,
	[STATEMENT_LOOK_AT_MANY] = mcpsess_postgres_look_at_many,
	[STATEMENT_LOOK_AT_MANY_OF_OWNERS] = mcpsess_postgres_look_at_many_of_owners,
	[STATEMENT_MAKE] = "select f.* from #@.make($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
			   "$11, $12, $13) f",
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

/* Append a text. */
static size_t put(char *out, size_t at, const char *text)
{
	size_t len = strlen(text);
	if (out != NULL) {
		memcpy(out + at, text, len);
	}
	return at + len;
}

/* Append a word in what it needs around it. */
static size_t put_in(char *out, size_t at, const char *before, const char *word, const char *after)
{
	return put(out, put(out, put(out, at, before), word), after);
}

static size_t put_commit(char *out, size_t at, const char *commit)
{
	return commit[0] == '\0' ? at
				 : put_in(out, at, "set_config('synchronous_commit', '", commit,
					   "', true) c, ");
}

size_t mcpsess_postgres_expand(const char *text, const struct postgres_words *words, char *out)
{
	size_t at = 0;
	for (; *text != '\0'; text++) {
		const char one[] = { *text, '\0' };
		switch (*text) {
		case '@':
			at = put_in(out, at, "\"", words->schema, "\"");
			break;
		case '#':
			at = put_commit(out, at, words->commit);
			break;
		case '^':
			at = put(out, at, words->idle);
			break;
		case '~':
			at = put(out, at, words->terms);
			break;
		default:
			at = put(out, at, one);
		}
	}
	if (out != NULL) {
		out[at] = '\0';
	}
	return at;
}
