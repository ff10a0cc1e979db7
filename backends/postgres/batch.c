#include "postgres.h"

#include <arpa/inet.h>

/* The type of an array, and of what is in it. */
enum { OF_BYTES = 17, BYTES_ARRAY = 1001 };

enum { MOST = 256, HEAD = 20, WORD = 4, DIGEST = 32 };

static const struct mcpsess_digest nobody;

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
		int ordered = memcmp(&a->call->request.key, &b->call->request.key, DIGEST) <= 0;
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
		if (many->count < MOST && can_meet(query, one)) {
			add_member(many, one);
		} else {
			mcpsess_postgres_push(&rest, one);
		}
	}
	pg->waiting = rest;
	many->members.first = sort(many->members.first, many->count);
	return many;
}

static unsigned char *put_word(unsigned char *at, uint32_t word)
{
	uint32_t big = htonl(word);
	memcpy(at, &big, WORD);
	return at + WORD;
}

static unsigned char *put_bytes(unsigned char *at, const void *bytes, size_t len)
{
	at = put_word(at, (uint32_t)len);
	memcpy(at, bytes, len);
	return at + len;
}

/* The keys of the members, or their owners. */
static unsigned char *put_array(unsigned char *at, const struct postgres_query *query, int owners)
{
	const uint32_t head[] = { 1, 0, OF_BYTES, (uint32_t)query->count, 1 };
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		at = put_word(at, head[i]);
	}
	for (const struct postgres_query *one = query->members.first; one != NULL;
		one = one->next) {
		const struct mcp_session_store_request *request = &one->call->request;
		const struct mcpsess_digest *digest = owners ? &request->owner : &request->key;
		int is_none = owners && memcmp(digest, &nobody, sizeof(nobody)) == 0;
		at = put_bytes(at, digest->bytes, is_none ? 0 : DIGEST);
	}
	return at;
}

void *mcpsess_postgres_fill_many(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out)
{
	size_t size = 2 * (HEAD + (size_t)query->count * (WORD + DIGEST));
	unsigned char *block = postgres_realloc(pg, NULL, size), *at = block;
	if (block == NULL) {
		return NULL;
	}
	mcpsess_postgres_fill(pg, query->members.first, out);
	for (int i = 0; i < 2; i++) {
		unsigned char *end = put_array(at, query, i);
		out->values[i] = (const char *)at;
		out->lengths[i] = (int)(end - at);
		out->types[i] = BYTES_ARRAY;
		at = end;
	}
	return block;
}

int mcpsess_postgres_take_many(
	struct postgres *pg, struct postgres_query *query, const PGresult *result)
{
	struct postgres_query *members[MOST];
	int count = 0;
	for (struct postgres_query *one = query->members.first; one != NULL; one = one->next) {
		members[count++] = one;
	}
	for (int row = 0; row < PQntuples(result); row++) {
		uint64_t index = mcpsess_postgres_number(result, row, LOOK_INDEX) - 1;
		struct postgres_query *one = index < (uint64_t)count ? members[index] : NULL;
		if (one != NULL && one->status == MCPSESS_PENDING) {
			one->status = one->call != NULL
					      ? mcpsess_postgres_take_look(pg, one, result, row)
					      : MCPSESS_OK;
		}
	}
	return MCPSESS_OK;
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
