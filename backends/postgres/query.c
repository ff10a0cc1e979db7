#include "postgres.h"

struct postgres_query *mcpsess_postgres_pop(struct postgres_queue *queue)
{
	struct postgres_query *query = queue->first;
	if (query != NULL) {
		queue->first = query->next;
		queue->last = queue->first != NULL ? queue->last : NULL;
	}
	return query;
}

void mcpsess_postgres_push(struct postgres_queue *queue, struct postgres_query *query)
{
	query->next = NULL;
	*(queue->last != NULL ? &queue->last->next : &queue->first) = query;
	queue->last = query;
}

struct postgres_query *mcpsess_postgres_query(
	struct postgres *pg, enum postgres_statement statement)
{
	struct postgres_query *query = pg->spare;
	if (query != NULL) {
		pg->spare = query->next;
	} else {
		query = postgres_realloc(pg, NULL, sizeof(*query));
	}
	if (query != NULL) {
		memset(query, 0, sizeof(*query));
		query->statement = statement;
		query->status = MCPSESS_PENDING;
	}
	return query;
}

void mcpsess_postgres_free_query(struct postgres *pg, struct postgres_query *query)
{
	query->next = pg->spare;
	pg->spare = query;
}

int mcpsess_postgres_writes(const struct postgres_query *query)
{
	if (query->statement == STATEMENT_READ) {
		uint64_t flags =
			query->flags | (query->call != NULL ? query->call->request.flags : 0);
		return (flags & MCP_SESSION_STORE_COUNT) != 0 ||
		       (query->flags & MCP_SESSION_STORE_TOUCH) != 0;
	}
	return query->statement >= STATEMENT_MAKE && query->statement <= STATEMENT_REDEEM;
}
