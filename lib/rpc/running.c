#include "rpc/running.h"

#include <mcpsess/error.h>

int mcpsess_running_init(struct mcpsess_running *running)
{
	for (int i = 0; i < MCPSESS_RUNNING_SHARDS; i++) {
		struct mcpsess_running_call *head = &running->shards[i].head;
		head->next = head->prev = head;
		if (pthread_mutex_init(&running->shards[i].mutex, NULL) != 0) {
			while (i-- > 0) {
				pthread_mutex_destroy(&running->shards[i].mutex);
			}
			return MCPSESS_E_NOMEM;
		}
	}
	atomic_init(&running->count, 0);
	return MCPSESS_OK;
}

void mcpsess_running_free(struct mcpsess_running *running)
{
	for (int i = 0; i < MCPSESS_RUNNING_SHARDS; i++) {
		pthread_mutex_destroy(&running->shards[i].mutex);
	}
}

static unsigned shard_of(const struct mcpsess_digest *key)
{
	return key->bytes[0] % MCPSESS_RUNNING_SHARDS;
}

void mcpsess_running_add(struct mcpsess_running *running, struct mcpsess_running_call *call)
{
	unsigned shard = shard_of(&call->key);
	struct mcpsess_running_call *head = &running->shards[shard].head;
	pthread_mutex_lock(&running->shards[shard].mutex);
	call->next = head->next;
	call->prev = head;
	head->next->prev = call;
	head->next = call;
	call->listed = 1;
	pthread_mutex_unlock(&running->shards[shard].mutex);
	atomic_fetch_add_explicit(&running->count, 1, memory_order_relaxed);
}

void mcpsess_running_remove(struct mcpsess_running *running, struct mcpsess_running_call *call)
{
	if (!call->listed) {
		return;
	}
	unsigned shard = shard_of(&call->key);
	pthread_mutex_lock(&running->shards[shard].mutex);
	call->next->prev = call->prev;
	call->prev->next = call->next;
	call->listed = 0;
	pthread_mutex_unlock(&running->shards[shard].mutex);
	atomic_fetch_sub_explicit(&running->count, 1, memory_order_relaxed);
}

void mcpsess_running_cancel(struct mcpsess_running *running, const struct mcpsess_digest *key,
	struct mcpsess_bytes id, void (*tell)(void *user_data, struct mcpsess_running_call *call),
	void *user_data)
{
	unsigned shard = shard_of(key);
	struct mcpsess_running_call *head = &running->shards[shard].head;
	pthread_mutex_lock(&running->shards[shard].mutex);
	for (struct mcpsess_running_call *call = head->next; call != head; call = call->next) {
		if (memcmp(&call->key, key, sizeof(*key)) == 0 &&
			mcpsess_bytes_equal(call->id, id) &&
			!atomic_exchange(&call->cancelled, 1)) {
			tell(user_data, call);
		}
	}
	pthread_mutex_unlock(&running->shards[shard].mutex);
}

void mcpsess_running_end(struct mcpsess_running *running, const struct mcpsess_digest *key)
{
	unsigned shard = shard_of(key);
	struct mcpsess_running_call *head = &running->shards[shard].head;
	pthread_mutex_lock(&running->shards[shard].mutex);
	for (struct mcpsess_running_call *call = head->next; call != head; call = call->next) {
		if (memcmp(&call->key, key, sizeof(*key)) == 0) {
			atomic_store(&call->ended, 1);
		}
	}
	pthread_mutex_unlock(&running->shards[shard].mutex);
}

int mcpsess_running_due(struct mcpsess_running *running, uint64_t before_ms, uint64_t now_ms,
	struct mcpsess_digest *key, struct mcpsess_digest *owner)
{
	for (int i = 0; i < MCPSESS_RUNNING_SHARDS; i++) {
		int found = 0;
		struct mcpsess_running_call *head = &running->shards[i].head;
		pthread_mutex_lock(&running->shards[i].mutex);
		for (struct mcpsess_running_call *call = head->next; call != head && !found;
			call = call->next) {
			if (call->touched_ms < before_ms) {
				call->touched_ms = now_ms;
				*key = call->key;
				*owner = call->owner;
				found = 1;
			}
		}
		pthread_mutex_unlock(&running->shards[i].mutex);
		if (found) {
			return 1;
		}
	}
	return 0;
}
