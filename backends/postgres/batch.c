#include "postgres.h"

/* Reads that failed together are tried alone; those that count are alone always. */
static int can_join(const struct postgres_query *query)
{
	return query->statement == STATEMENT_READ && query->call != NULL && query->tries == 0 &&
	       (query->call->request.flags & MCP_SESSION_STORE_COUNT) == 0;
}

/* Whether they ask the same, but of which record and for whom. */
static int can_meet(const struct postgres_query *a, const struct postgres_query *b)
{
	if (!can_join(a) || !can_join(b)) {
		return 0;
	}
	const struct mcp_session_store_request *one = &a->call->request, *other = &b->call->request;
	return (a->flags | one->flags) == (b->flags | other->flags) &&
	       one->idle_ms == other->idle_ms && one->touch_every_ms == other->touch_every_ms;
}

static int others_wait(const struct postgres *pg, const struct postgres_query *query)
{
	const struct postgres_query *one = pg->waiting.first;
	while (one != NULL && !can_meet(query, one)) {
		one = one->next;
	}
	return one != NULL;
}

static struct postgres_query *merge(struct postgres_query *a, struct postgres_query *b)
{
	struct postgres_queue out = { 0 };
	while (a != NULL && b != NULL) {
		int ordered = memcmp(&a->call->request.key, &b->call->request.key,
				      sizeof(a->call->request.key)) <= 0;
		struct postgres_query **least = ordered ? &a : &b;
		struct postgres_query *one = *least;
		*least = one->next;
		mcpsess_postgres_push(&out, one);
	}
	*(out.last != NULL ? &out.last->next : &out.first) = a != NULL ? a : b;
	return out.first;
}

/* Statements that take the rows they lock in one order cannot lock each other out. */
static struct postgres_query *sort(struct postgres_query *first, int count)
{
	struct postgres_query *end = first;
	if (count < 2) {
		return first;
	}
	for (int i = 1; i < count / 2; i++) {
		end = end->next;
	}
	struct postgres_query *second = end->next;
	end->next = NULL;
	return merge(sort(first, count / 2), sort(second, count - count / 2));
}

static void add_member(struct postgres_query *many, struct postgres_query *query)
{
	mcpsess_postgres_push(&many->members, query);
	many->count++;
}

struct postgres_query *mcpsess_postgres_gather(struct postgres *pg, struct postgres_query *query)
{
	struct postgres_query *many = NULL;
	if (others_wait(pg, query)) {
		many = mcpsess_postgres_query(pg, STATEMENT_READ_MANY);
	}
	if (many == NULL) {
		return query;
	}
	struct postgres_queue rest = { 0 };
	add_member(many, query);
	for (struct postgres_query *one = mcpsess_postgres_pop(&pg->waiting); one != NULL;
		one = mcpsess_postgres_pop(&pg->waiting)) {
		if (many->count < POSTGRES_BATCH_MAX && can_meet(query, one)) {
			add_member(many, one);
		} else {
			mcpsess_postgres_push(&rest, one);
		}
	}
	pg->waiting = rest;
	many->members.first = sort(many->members.first, many->count);
	return many;
}

void mcpsess_postgres_dissolve(
	struct postgres *pg, struct postgres_query *query, struct postgres_queue *queue)
{
	for (struct postgres_query *one = mcpsess_postgres_pop(&query->members); one != NULL;
		one = mcpsess_postgres_pop(&query->members)) {
		if (one->call == NULL) {
			mcpsess_postgres_free_query(pg, one);
			continue;
		}
		one->status = MCPSESS_PENDING;
		one->tries++;
		mcpsess_postgres_push(queue, one);
	}
	mcpsess_postgres_free_query(pg, query);
}
