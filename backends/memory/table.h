/*
 * A hash table that keeps the order of its keys: a bucket holds one range of keys, sorted, and
 * the buckets follow each other. Growing cuts every range in two, so whoever walks by key never
 * loses his place. Keys are digests, hence spread evenly; their first bits choose the shard, the
 * following ones the bucket.
 */
#ifndef MCPSESS_MEMORY_TABLE_H
#define MCPSESS_MEMORY_TABLE_H

#include <mcpsess/backend.h>

enum { MEMORY_SHARD_BITS = 6, MEMORY_SHARDS = 1 << MEMORY_SHARD_BITS };

/* The first member of what is kept in a table. */
struct memory_node {
	struct memory_node *next;
	struct mcpsess_digest key;
};

/* Zeroed it is empty and owns nothing. */
struct memory_table {
	struct memory_node **buckets;
	uint32_t count;
	uint32_t bits;
};

/* The first 64 bits of a key: keys compare as these do, and then as their bytes. */
static inline uint64_t memory_key_head(const struct mcpsess_digest *key)
{
	uint64_t head;
	memcpy(&head, key->bytes, sizeof(head));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	head = __builtin_bswap64(head);
#endif
	return head;
}

/* The lowest key with these first bits. */
static inline void memory_key_begin(struct mcpsess_digest *key, uint64_t head)
{
	memset(key, 0, sizeof(*key));
	for (int i = 0; i < 8; i++) {
		key->bytes[i] = (unsigned char)(head >> (56 - 8 * i));
	}
}

static inline unsigned memory_shard_of(const struct mcpsess_digest *key)
{
	return key->bytes[0] >> (8 - MEMORY_SHARD_BITS);
}

static inline size_t memory_bucket_of(
	const struct memory_table *table, const struct mcpsess_digest *key)
{
	return (size_t)(memory_key_head(key) << MEMORY_SHARD_BITS >> (64 - table->bits));
}

/* In words: memcmp() wants an order, and is called. */
static inline int memory_key_is(
	const struct mcpsess_digest *key, const struct mcpsess_digest *other)
{
	uint64_t differ = 0;
	for (size_t i = 0; i < sizeof(*key); i += sizeof(uint64_t)) {
		uint64_t a, b;
		memcpy(&a, key->bytes + i, sizeof(a));
		memcpy(&b, other->bytes + i, sizeof(b));
		differ |= a ^ b;
	}
	return differ == 0;
}

/* NULL: there is none. */
static inline void *memory_table_find(
	const struct memory_table *table, const struct mcpsess_digest *key)
{
	if (table->buckets == NULL) {
		return NULL;
	}
	struct memory_node *node = table->buckets[memory_bucket_of(table, key)];
	while (node != NULL && !memory_key_is(&node->key, key)) {
		node = node->next;
	}
	return node;
}

/* Make room for one more: 0 or NOMEM. */
int mcpsess_memory_table_reserve(struct memory_table *table, const struct mcp_session_store *store);
/* The key is not in the table, and room was made. */
void mcpsess_memory_table_insert(struct memory_table *table, struct memory_node *node);
/* Take out a node that is in the table, and give back memory when few are left. */
void mcpsess_memory_table_remove(struct memory_table *table, const struct mcp_session_store *store,
	struct memory_node *node);
/* Free the buckets. The table is empty, or its nodes are forgotten. */
void mcpsess_memory_table_free(struct memory_table *table, const struct mcp_session_store *store);

/*
 * The first node whose key is not below from, or NULL. Every bucket passed costs one of *steps,
 * which must not be 0; when the last is used up, from is moved on to where to continue.
 */
struct memory_node *mcpsess_memory_table_seek(
	const struct memory_table *table, struct mcpsess_digest *from, size_t *steps);

#endif
