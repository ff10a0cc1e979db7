#include "owner.h"

static struct memory_owners *lock(struct memory *memory, const struct mcpsess_digest *digest)
{
	struct memory_owners *shard = &memory->owners[memory_shard_of(digest)];
	pthread_mutex_lock(&shard->mutex);
	return shard;
}

static struct memory_owner *find(struct memory_owners *shard, const struct mcpsess_digest *digest)
{
	return memory_table_find(&shard->owners, digest);
}

static struct memory_owner *add(
	struct memory *memory, struct memory_owners *shard, const struct mcpsess_digest *digest)
{
	struct memory_owner *owner = NULL;
	if (mcpsess_memory_table_reserve(&shard->owners, &memory->store) == MCPSESS_OK) {
		owner = memory_realloc(memory, NULL, sizeof(*owner));
	}
	if (owner != NULL) {
		memset(owner, 0, sizeof(*owner));
		owner->node.key = *digest;
		mcpsess_memory_table_insert(&shard->owners, &owner->node);
	}
	return owner;
}

static void append(struct memory_owner *owner, struct memory_record *record)
{
	struct memory_record *first = owner->first != NULL ? owner->first : record;
	record->next = first;
	record->prev = owner->first != NULL ? first->prev : record;
	record->prev->next = record;
	first->prev = record;
	owner->first = first;
	owner->sessions++;
	owner->records++;
	record->owner = owner;
}

int mcpsess_memory_owner_join(struct memory *memory, const struct mcpsess_digest *digest,
	uint64_t max, struct memory_record *record)
{
	int status = MCPSESS_OK;
	struct memory_owners *shard = lock(memory, digest);
	struct memory_owner *owner = find(shard, digest);
	if (owner == NULL) {
		owner = add(memory, shard, digest);
	}
	if (owner == NULL) {
		status = MCPSESS_E_NOMEM;
	} else if (owner->sessions >= max) {
		status = MCPSESS_E_LIMIT;
	} else {
		record->serial = ++shard->serial;
		append(owner, record);
	}
	pthread_mutex_unlock(&shard->mutex);
	return status;
}

int mcpsess_memory_owner_leave(struct memory *memory, struct memory_record *record)
{
	struct memory_owner *owner = record->owner;
	struct memory_owners *shard = lock(memory, &owner->node.key);
	record->prev->next = record->next;
	record->next->prev = record->prev;
	if (owner->first == record) {
		owner->first = record->next != record ? record->next : NULL;
	}
	int counted = !memory_owner_has_ended(record);
	owner->sessions -= counted;
	pthread_mutex_unlock(&shard->mutex);
	return counted;
}

void mcpsess_memory_owner_replace(
	struct memory *memory, struct memory_record *record, struct memory_record *with)
{
	struct memory_owner *owner = record->owner;
	struct memory_owners *shard = lock(memory, &owner->node.key);
	int alone = record->next == record;
	with->next = alone ? with : record->next;
	with->prev = alone ? with : record->prev;
	with->prev->next = with->next->prev = with;
	if (owner->first == record) {
		owner->first = with;
	}
	owner->records++;
	pthread_mutex_unlock(&shard->mutex);
}

void mcpsess_memory_owner_release(struct memory *memory, struct memory_record *record)
{
	struct memory_owner *owner = record->owner;
	struct memory_owners *shard = lock(memory, &owner->node.key);
	if (--owner->records == 0) {
		mcpsess_memory_table_remove(&shard->owners, &memory->store, &owner->node);
		memory_realloc(memory, owner, 0);
	}
	pthread_mutex_unlock(&shard->mutex);
}

size_t mcpsess_memory_owner_list(struct memory *memory, const struct mcpsess_digest *digest,
	uint64_t first, uint64_t last, struct mcp_session_store_entry *entries, size_t max)
{
	size_t count = 0;
	struct memory_owners *shard = lock(memory, digest);
	struct memory_owner *owner = find(shard, digest);
	struct memory_record *record = owner != NULL ? owner->first : NULL;
	for (; record != NULL && count < max; record = record->next) {
		if (record->serial > last) {
			break;
		}
		if (record->serial >= first) {
			entries[count].key = record->node.key;
			entries[count++].revision = record->serial;
		}
		if (record->next == owner->first) {
			break;
		}
	}
	pthread_mutex_unlock(&shard->mutex);
	return count;
}

uint64_t mcpsess_memory_owner_end(
	struct memory *memory, const struct mcpsess_digest *digest, uint64_t now_ms)
{
	uint64_t last = 0;
	struct memory_owners *shard = lock(memory, digest);
	struct memory_owner *owner = find(shard, digest);
	if (owner != NULL) {
		last = shard->serial;
		atomic_store(&owner->ended_ms, now_ms);
		atomic_store(&owner->ended, last);
		atomic_fetch_add(&memory->tombstones, owner->sessions);
		atomic_fetch_sub(&memory->sessions, owner->sessions);
		owner->sessions = 0;
	}
	pthread_mutex_unlock(&shard->mutex);
	return last;
}
