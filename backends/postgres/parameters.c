#include "postgres.h"

#include <arpa/inet.h>

/* The types of parameters: bytea, bigint and bytea[], all in binary. */
enum { TYPE_BYTES = 17, TYPE_NUMBER = 20, TYPE_MANY_BYTES = 1001 };

/* Of an array in binary: what stands before its elements, and before each. */
enum { HEAD = 20, WORD = 4, DIGEST = 32 };

static const struct mcpsess_digest nobody;

static void add_bytes(struct postgres_parameters *out, const void *data, size_t len)
{
	int i = out->count++;
	out->values[i] = data;
	out->lengths[i] = (int)len;
	out->formats[i] = 1;
	out->types[i] = TYPE_BYTES;
}

static void add_null(struct postgres_parameters *out)
{
	add_bytes(out, NULL, 0);
}

static void add_number(struct postgres_parameters *out, uint64_t number)
{
	int i = out->count++;
	uint64_t value = (uint64_t)postgres_number(number);
	for (int byte = 0; byte < 8; byte++) {
		out->numbers[i][byte] = (unsigned char)(value >> (56 - 8 * byte));
	}
	out->values[i] = (const char *)out->numbers[i];
	out->lengths[i] = 8;
	out->formats[i] = 1;
	out->types[i] = TYPE_NUMBER;
}

/* Nobody is no bytes at all. */
static void add_owner(struct postgres_parameters *out, const struct mcpsess_digest *owner)
{
	int is_nobody = memcmp(owner, &nobody, sizeof(nobody)) == 0;
	add_bytes(out, owner->bytes, is_nobody ? 0 : sizeof(owner->bytes));
}

static void add_who(
	struct postgres_parameters *out, const struct mcp_session_store_request *request)
{
	add_bytes(out, request->key.bytes, sizeof(request->key.bytes));
	add_owner(out, &request->owner);
}

static void add_payload(
	struct postgres_parameters *out, const struct mcp_session_store_request *request)
{
	const void *data = request->payload.data != NULL ? request->payload.data : "";
	add_bytes(out, data, request->payload.len);
}

static void add_what(
	struct postgres_parameters *out, const struct mcp_session_store_request *request)
{
	add_bytes(out, request->operation, sizeof(request->operation));
	add_payload(out, request);
}

static void fill_read(const struct mcp_session_store_call *call, uint64_t more_flags,
	struct postgres_parameters *out)
{
	const struct mcp_session_store_request *request = &call->request;
	add_who(out, request);
	add_number(out, request->flags | more_flags);
	add_number(out, request->idle_ms);
	add_number(out, request->touch_every_ms);
}

static void fill_make(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_who(out, request);
	add_what(out, request);
	add_number(out, request->kind);
	add_number(out, request->state);
	add_number(out, request->idle_ms);
	add_number(out, request->absolute_ms);
	add_number(out, request->touch_every_ms);
}

static void fill_write(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_who(out, request);
	add_what(out, request);
	add_number(out, request->flags);
	add_number(out, request->revision);
	add_number(out, request->state);
	add_number(out, request->idle_ms);
	add_number(out, request->touch_every_ms);
}

/* A rotation's token has the old key in it: it is that of no other write, and of no rotation from
 * elsewhere. */
static void fill_rotate(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	for (size_t i = 0; i < sizeof(out->operation); i++) {
		out->operation[i] = request->operation[i] ^ request->key.bytes[i];
	}
	add_who(out, request);
	add_bytes(out, out->operation, sizeof(out->operation));
	add_bytes(out, request->new_key.bytes, sizeof(request->new_key.bytes));
	add_number(out, request->flags);
	add_number(out, request->grace_ms);
	add_number(out, request->revision);
	if (request->revision > 0) {
		add_payload(out, request);
	} else {
		add_null(out);
	}
}

static void fill_redeem(
	const struct mcp_session_store_request *request, struct postgres_parameters *out)
{
	add_bytes(out, request->key.bytes, sizeof(request->key.bytes));
	add_bytes(out, request->operation, sizeof(request->operation));
	add_number(out, request->idle_ms);
}

static void fill_list(const struct postgres_query *query, struct postgres_parameters *out)
{
	const struct mcp_session_store_request *request = &query->call->request;
	int begins = request->cursor[0] == '\0';
	if (!begins) {
		mcpsess_postgres_get_cursor(request->cursor, out->cursor);
	}
	add_bytes(out, out->cursor, begins ? 0 : sizeof(request->key.bytes));
	add_number(out, request->page);
	if (query->statement == STATEMENT_LIST_OWNER) {
		add_owner(out, &request->owner);
	}
}

static void fill_sweep(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out)
{
	const unsigned char *bytes = query->digest.bytes;
	add_number(out, query->budget);
	add_number(out, pg->tombstone_ms);
	for (int about = ABOUT_OWNER; about <= ABOUT_KEY; about++) {
		if ((int)query->about == about) {
			add_bytes(out, bytes, sizeof(query->digest.bytes));
		} else {
			add_null(out);
		}
	}
}

void mcpsess_postgres_fill(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out)
{
	const struct mcp_session_store_call *call = query->call;
	out->count = 0;
	switch (query->statement) {
	case STATEMENT_READ:
		fill_read(call, query->flags, out);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_MAKE:
		fill_make(&call->request, out);
		add_number(out, pg->tombstone_ms);
		add_number(out, call->request.max_sessions);
		add_number(out, call->request.max_sessions_per_owner);
		add_number(out, call->request.flags);
		break;
	case STATEMENT_WRITE:
		fill_write(&call->request, out);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_REMOVE:
		add_who(out, &call->request);
		add_number(out, call->request.flags);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_ROTATE:
		fill_rotate(&call->request, out);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_END_OWNER:
		add_owner(out, &call->request.owner);
		add_number(out, pg->tombstone_ms);
		break;
	case STATEMENT_REDEEM:
		fill_redeem(&call->request, out);
		break;
	case STATEMENT_LIST_ALL:
	case STATEMENT_LIST_OWNER:
		fill_list(query, out);
		break;
	case STATEMENT_SWEEP:
		fill_sweep(pg, query, out);
		break;
	default:
		break;
	}
}

/* -- of many in one --------------------------------------------------------------------------- */

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
	const uint32_t head[] = { 1, 0, TYPE_BYTES, (uint32_t)query->count, 1 };
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
		out->types[i] = TYPE_MANY_BYTES;
		at = end;
	}
	return block;
}
