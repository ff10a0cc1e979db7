#include "postgres.h"

/*
 * What goes to the server: by the name of a plan that it keeps, where it keeps any for us, or as
 * text. Names tell texts apart, so that whoever else uses one means the same by it.
 */
static enum postgres_statement as_sent(
	const struct postgres *pg, const struct postgres_query *query)
{
	const uint64_t special = MCP_SESSION_STORE_COUNT | MCP_SESSION_STORE_ANY_OWNER;
	if (!pg->keeps_plans) {
		return query->statement;
	}
	if (query->statement == STATEMENT_READ && (query->call->request.flags & special) == 0) {
		return STATEMENT_READ_PLANNED;
	}
	return query->statement == STATEMENT_READ_MANY ? STATEMENT_READ_MANY_PLANNED
						       : query->statement;
}

static int send_planned(struct postgres *pg, struct postgres_query *query,
	enum postgres_statement statement, const struct postgres_parameters *p)
{
	const char *name = pg->names[statement];
	uint32_t bit = 1u << statement;
	query->planning = (pg->planned & bit) == 0 ? bit : 0;
	pg->planned |= bit;
	if (query->planning != 0 &&
		PQsendPrepare(pg->conn, name, pg->texts[statement], p->count, p->types) != 1) {
		return 0;
	}
	return PQsendQueryPrepared(pg->conn, name, p->count, p->values, p->lengths, p->formats, 1);
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
	int sent = pg->keeps_plans ? send_planned(pg, query, statement, &p)
				   : PQsendQueryParams(pg->conn, pg->texts[statement], p.count,
					     p.types, p.values, p.lengths, p.formats, 1);
	postgres_realloc(pg, block, 0);
	return sent == 1 && PQpipelineSync(pg->conn) == 1 ? MCPSESS_OK : MCPSESS_E_UNAVAILABLE;
}
