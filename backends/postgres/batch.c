#include "postgres.h"

#include <arpa/inet.h>

/* Types of arrays, and of what is in them. */
enum { OF_BYTES = 17, BYTES_ARRAY = 1001, OF_NUMBERS = 20, NUMBERS_ARRAY = 1016 };

enum { MOST = 256, ARRAYS = 5, HEAD = 20, WORD = 4, NUMBER = 8, DIGEST = 32 };

/* Reads that failed together are tried alone; those that count are alone always. */
static int can_join(const struct postgres_query *query)
{
	return query->statement == STATEMENT_READ && query->call != NULL && query->tries == 0 &&
	       (query->call->request.flags & MCP_SESSION_STORE_COUNT) == 0;
}

static int others_wait(const struct postgres *pg)
{
	const struct postgres_query *one = pg->waiting.first;
	while (one != NULL && !can_join(one)) {
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
	if (can_join(query) && others_wait(pg)) {
		many = mcpsess_postgres_query(pg, STATEMENT_READ_MANY);
	}
	if (many == NULL) {
		return query;
	}
	struct postgres_queue rest = { 0 };
	add_member(many, query);
	for (struct postgres_query *one = mcpsess_postgres_pop(&pg->waiting); one != NULL;
		one = mcpsess_postgres_pop(&pg->waiting)) {
		if (many->count < MOST && can_join(one)) {
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

static unsigned char *put_number(unsigned char *at, uint64_t number)
{
	uint64_t value = number < INT64_MAX ? number : INT64_MAX;
	at = put_word(at, NUMBER);
	at = put_word(at, (uint32_t)(value >> 32));
	return put_word(at, (uint32_t)value);
}

/* One array: of the keys, owners, flags, idle durations or throttles of the members. */
static unsigned char *put_array(unsigned char *at, const struct postgres_query *query, int which)
{
	static const struct mcpsess_digest nobody;
	at = put_word(at, 1);
	at = put_word(at, 0);
	at = put_word(at, which < 2 ? OF_BYTES : OF_NUMBERS);
	at = put_word(at, (uint32_t)query->count);
	at = put_word(at, 1);
	for (const struct postgres_query *one = query->members.first; one != NULL;
		one = one->next) {
		const struct mcp_session_store_request *request = &one->call->request;
		int owned = memcmp(&request->owner, &nobody, sizeof(nobody)) != 0;
		switch (which) {
		case 0:
			at = put_bytes(at, request->key.bytes, DIGEST);
			break;
		case 1:
			at = put_bytes(at, request->owner.bytes, owned ? DIGEST : 0);
			break;
		case 2:
			at = put_number(at, one->flags | request->flags);
			break;
		default:
			at = put_number(
				at, which == 3 ? request->idle_ms : request->touch_every_ms);
		}
	}
	return at;
}

void *mcpsess_postgres_fill_many(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out)
{
	size_t count = (size_t)query->count;
	size_t size = ARRAYS * HEAD + count * (2 * (WORD + DIGEST) + 3 * (WORD + NUMBER));
	unsigned char *block = postgres_realloc(pg, NULL, size + WORD + NUMBER);
	if (block == NULL) {
		return NULL;
	}
	unsigned char *at = block;
	for (int i = 0; i < ARRAYS; i++) {
		unsigned char *end = put_array(at, query, i);
		out->values[i] = (const char *)at;
		out->lengths[i] = (int)(end - at);
		out->types[i] = i < 2 ? BYTES_ARRAY : NUMBERS_ARRAY;
		out->formats[i] = 1;
		at = end;
	}
	put_number(at, pg->tombstone_ms);
	out->values[ARRAYS] = (const char *)at + WORD;
	out->lengths[ARRAYS] = NUMBER;
	out->types[ARRAYS] = OF_NUMBERS;
	out->formats[ARRAYS] = 1;
	out->count = ARRAYS + 1;
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
		uint64_t index = mcpsess_postgres_number(result, row, COLUMN_INDEX) - 1;
		struct postgres_query *one = index < (uint64_t)count ? members[index] : NULL;
		if (one != NULL && one->status == MCPSESS_PENDING) {
			one->status = one->call != NULL
					      ? mcpsess_postgres_take_answer(pg, one, result, row)
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
