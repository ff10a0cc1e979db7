#include "postgres.h"

/* Whether it asks for nothing but what the store's settings say. */
static int is_look(const struct postgres *pg, const struct postgres_query *one)
{
	const struct mcp_session_store_request *request = &one->call->request;
	return (one->flags | request->flags) == POSTGRES_LOOK_FLAGS &&
	       request->idle_ms == pg->idle_ms && request->touch_every_ms == pg->touch_every_ms;
}

/* Of many, what one asks all ask, but whether there is an owner. */
static int of_owner(const struct postgres_query *query)
{
	static const struct mcpsess_digest nobody;
	const struct postgres_query *one = query->members.first;
	for (one = one != NULL ? one : query; one != NULL; one = one->next) {
		if (memcmp(&one->call->request.owner, &nobody, sizeof(nobody)) != 0) {
			return 1;
		}
	}
	return 0;
}

/*
 * What goes to the server: by the name of a plan that it keeps, where it keeps any for us, or as
 * text. Names tell texts apart, so that whoever else uses one means the same by it.
 */
static enum postgres_statement as_sent(
	const struct postgres *pg, const struct postgres_query *query)
{
	int many = query->statement == STATEMENT_READ_MANY;
	if (!pg->keeps_plans || (query->statement != STATEMENT_READ && !many) ||
		!is_look(pg, many ? query->members.first : query)) {
		return query->statement;
	}
	if (of_owner(query)) {
		return many ? STATEMENT_LOOK_AT_MANY_OF_OWNERS : STATEMENT_LOOK_OF_OWNER;
	}
	return many ? STATEMENT_LOOK_AT_MANY : STATEMENT_LOOK;
}

/* Of what the function read is told, a look needs only of which record, and whose. */
static int count_parameters(enum postgres_statement statement, const struct postgres_parameters *p)
{
	switch (statement) {
	case STATEMENT_LOOK:
	case STATEMENT_LOOK_AT_MANY:
		return 1;
	case STATEMENT_LOOK_OF_OWNER:
	case STATEMENT_LOOK_AT_MANY_OF_OWNERS:
		return 2;
	default:
		return p->count;
	}
}

static int send_planned(struct postgres *pg, struct postgres_query *query,
	enum postgres_statement statement, const struct postgres_parameters *p)
{
	const char *name = pg->names[statement];
	int count = count_parameters(statement, p);
	uint32_t bit = 1u << statement;
	query->planning = (pg->planned & bit) == 0 ? bit : 0;
	pg->planned |= bit;
	if (query->planning != 0 &&
		PQsendPrepare(pg->conn, name, pg->texts[statement], count, p->types) != 1) {
		return 0;
	}
	return PQsendQueryPrepared(pg->conn, name, count, p->values, p->lengths, p->formats, 1);
}

int mcpsess_postgres_send(struct postgres *pg, struct postgres_query *query)
{
	struct postgres_parameters p;
	void *block = NULL;
	if (query->statement == STATEMENT_READ_MANY) {
		block = mcpsess_postgres_fill_many(pg, query, &p);
		if (block == NULL) {
			return MCPSESS_E_NOMEM;
		}
	} else {
		mcpsess_postgres_fill(pg, query, &p);
	}
	enum postgres_statement statement = as_sent(pg, query);
	query->looks = statement == STATEMENT_LOOK || statement == STATEMENT_LOOK_OF_OWNER;
	int sent = pg->keeps_plans ? send_planned(pg, query, statement, &p)
				   : PQsendQueryParams(pg->conn, pg->texts[statement], p.count,
					     p.types, p.values, p.lengths, p.formats, 1);
	postgres_realloc(pg, block, 0);
	return sent == 1 && PQpipelineSync(pg->conn) == 1 ? MCPSESS_OK : MCPSESS_E_UNAVAILABLE;
}
