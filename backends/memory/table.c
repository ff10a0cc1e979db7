#include "table.h"

/*
 * Few records are all in a cache, where to guess wrong which of a chain it is costs a tenth of a
 * get: so a small table has room, 512 bytes of it.
 */
enum { FIRST_BITS = 6, LAST_BITS = 28 };

static int is_below(const struct mcpsess_digest *a, const struct mcpsess_digest *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) < 0;
}

static int resize(struct memory_table *table, const struct mcp_session_store *store, uint32_t bits)
{
	size_t size = sizeof(struct memory_node *) << bits;
	struct memory_node **buckets = store->host->realloc(store->core, table->buckets, size);
	if (buckets == NULL) {
		return MCPSESS_E_NOMEM;
	}
	table->buckets = buckets;
	return MCPSESS_OK;
}

/* A range is sorted, so its upper half is the rest of the chain from some node on. */
static void cut(struct memory_table *table, size_t index, struct memory_node *node)
{
	struct memory_node **link = &table->buckets[2 * index];
	*link = node;
	while (*link != NULL && memory_bucket_of(table, &(*link)->key) == 2 * index) {
		link = &(*link)->next;
	}
	table->buckets[2 * index + 1] = *link;
	*link = NULL;
}

static void grow(struct memory_table *table, const struct mcp_session_store *store)
{
	/* Without memory the chains get longer, that is all. */
	if (resize(table, store, table->bits + 1) < 0) {
		return;
	}
	table->bits++;
	for (size_t i = (size_t)1 << (table->bits - 1); i-- > 0;) {
		/* Bucket 0 is read before both its halves are written: cut() takes the node. */
		cut(table, i, table->buckets[i]);
	}
}

static void shrink(struct memory_table *table, const struct mcp_session_store *store)
{
	table->bits--;
	for (size_t i = 0; i < (size_t)1 << table->bits; i++) {
		struct memory_node *upper = table->buckets[2 * i + 1];
		table->buckets[i] = table->buckets[2 * i];
		struct memory_node **link = &table->buckets[i];
		while (*link != NULL) {
			link = &(*link)->next;
		}
		*link = upper;
	}
	(void)resize(table, store, table->bits);
}

int mcpsess_memory_table_reserve(struct memory_table *table, const struct mcp_session_store *store)
{
	if (table->buckets == NULL) {
		int status = resize(table, store, FIRST_BITS);
		if (status < 0) {
			return status;
		}
		table->bits = FIRST_BITS;
		memset(table->buckets, 0, sizeof(struct memory_node *) << FIRST_BITS);
	} else if (table->count >> table->bits != 0 && table->bits < LAST_BITS) {
		grow(table, store);
	}
	return MCPSESS_OK;
}

void mcpsess_memory_table_insert(struct memory_table *table, struct memory_node *node)
{
	struct memory_node **link = &table->buckets[memory_bucket_of(table, &node->key)];
	while (*link != NULL && is_below(&(*link)->key, &node->key)) {
		link = &(*link)->next;
	}
	node->next = *link;
	*link = node;
	table->count++;
}

void mcpsess_memory_table_remove(
	struct memory_table *table, const struct mcp_session_store *store, struct memory_node *node)
{
	struct memory_node **link = &table->buckets[memory_bucket_of(table, &node->key)];
	while (*link != node) {
		link = &(*link)->next;
	}
	*link = node->next;
	table->count--;
	if (table->bits > FIRST_BITS && table->count < (1u << table->bits) / 4) {
		shrink(table, store);
	}
}

void mcpsess_memory_table_free(struct memory_table *table, const struct mcp_session_store *store)
{
	if (table->buckets != NULL) {
		store->host->realloc(store->core, table->buckets, 0);
	}
	memset(table, 0, sizeof(*table));
}

static uint64_t head_of(const struct memory_table *table, unsigned shard, size_t bucket)
{
	return (uint64_t)shard << (64 - MEMORY_SHARD_BITS) |
	       (uint64_t)bucket << (64 - MEMORY_SHARD_BITS - table->bits);
}

struct memory_node *mcpsess_memory_table_seek(
	const struct memory_table *table, struct mcpsess_digest *from, size_t *steps)
{
	if (table->buckets == NULL) {
		return NULL;
	}
	size_t first = memory_bucket_of(table, from);
	for (size_t i = first;; i++) {
		struct memory_node *node = table->buckets[i];
		while (i == first && node != NULL && is_below(&node->key, from)) {
			node = node->next;
		}
		if (node != NULL || i + 1 == (size_t)1 << table->bits) {
			return node;
		}
		if (--*steps == 0) {
			memory_key_begin(from, head_of(table, memory_shard_of(from), i + 1));
			return NULL;
		}
	}
}
