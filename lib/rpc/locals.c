#include "rpc/locals.h"

int mcpsess_locals_init(struct mcpsess_locals *locals, const struct mcpsess_env *env)
{
	locals->env = env;
	locals->buckets = NULL;
	atomic_init(&locals->count, 0);
	return pthread_mutex_init(&locals->mutex, NULL) == 0 ? MCPSESS_OK : MCPSESS_E_NOMEM;
}

static struct mcpsess_local **find(struct mcpsess_locals *locals, const struct mcpsess_digest *key)
{
	size_t bucket = (size_t)key->bytes[0] | (size_t)(key->bytes[1] & 3) << 8;
	struct mcpsess_local **at = &locals->buckets[bucket];
	while (*at != NULL && memcmp(&(*at)->key, key, sizeof(*key)) != 0) {
		at = &(*at)->next;
	}
	return at;
}

/* The mutex is held. Returns what is to be destroyed once it is not: NULL while others hold it. */
static struct mcpsess_local *unref(struct mcpsess_local *local)
{
	return --local->refs == 0 ? local : NULL;
}

/* The mutex is held. */
static struct mcpsess_local *take_out(struct mcpsess_locals *locals, struct mcpsess_local **at)
{
	struct mcpsess_local *local = *at;
	if (local == NULL) {
		return NULL;
	}
	*at = local->next;
	atomic_fetch_sub(&locals->count, 1);
	return unref(local);
}

/* A destructor is the host's code: it runs without the mutex. */
static void destroy(struct mcpsess_locals *locals, struct mcpsess_local *local)
{
	if (local != NULL) {
		if (local->destroy != NULL) {
			local->destroy(local->pointer);
		}
		mcpsess_free(locals->env, local);
	}
}

struct mcpsess_local *mcpsess_locals_hold(
	struct mcpsess_locals *locals, const struct mcpsess_digest *key, uint64_t forget_ms)
{
	if (atomic_load_explicit(&locals->count, memory_order_relaxed) == 0) {
		return NULL;
	}
	pthread_mutex_lock(&locals->mutex);
	struct mcpsess_local *local = *find(locals, key);
	if (local != NULL) {
		local->refs++;
		local->forget_ms = forget_ms;
	}
	pthread_mutex_unlock(&locals->mutex);
	return local;
}

void mcpsess_locals_let_go(struct mcpsess_locals *locals, struct mcpsess_local *local)
{
	if (local != NULL) {
		pthread_mutex_lock(&locals->mutex);
		struct mcpsess_local *last = unref(local);
		pthread_mutex_unlock(&locals->mutex);
		destroy(locals, last);
	}
}

/* The mutex is held. */
static int make_buckets(struct mcpsess_locals *locals)
{
	if (locals->buckets == NULL) {
		locals->buckets = mcpsess_alloc(
			locals->env, MCPSESS_LOCALS_BUCKETS * sizeof(*locals->buckets));
	}
	return locals->buckets != NULL;
}

int mcpsess_locals_set(struct mcpsess_locals *locals, const struct mcpsess_digest *key,
	void *pointer, void (*destroy_fn)(void *pointer), uint64_t forget_ms,
	struct mcpsess_local **held)
{
	struct mcpsess_local *local = mcpsess_alloc(locals->env, sizeof(*local));
	if (local == NULL) {
		return MCPSESS_E_NOMEM;
	}
	local->key = *key;
	local->pointer = pointer;
	local->destroy = destroy_fn;
	local->forget_ms = forget_ms;
	local->refs = 2;
	pthread_mutex_lock(&locals->mutex);
	if (!make_buckets(locals)) {
		pthread_mutex_unlock(&locals->mutex);
		mcpsess_free(locals->env, local);
		return MCPSESS_E_NOMEM;
	}
	struct mcpsess_local **at = find(locals, key);
	struct mcpsess_local *old = take_out(locals, at);
	local->next = *at;
	*at = local;
	atomic_fetch_add(&locals->count, 1);
	pthread_mutex_unlock(&locals->mutex);
	destroy(locals, old);
	*held = local;
	return MCPSESS_OK;
}

void mcpsess_locals_drop(struct mcpsess_locals *locals, const struct mcpsess_digest *key)
{
	if (atomic_load_explicit(&locals->count, memory_order_relaxed) == 0) {
		return;
	}
	pthread_mutex_lock(&locals->mutex);
	struct mcpsess_local *old = take_out(locals, find(locals, key));
	pthread_mutex_unlock(&locals->mutex);
	destroy(locals, old);
}

/* The mutex is held. One at a time, because destructors run without it. */
static struct mcpsess_local *next_overdue(
	struct mcpsess_locals *locals, size_t *bucket, uint64_t now_ms)
{
	for (; *bucket < MCPSESS_LOCALS_BUCKETS; ++*bucket) {
		struct mcpsess_local **at = &locals->buckets[*bucket];
		while (*at != NULL) {
			if ((*at)->forget_ms <= now_ms && (*at)->refs == 1) {
				return take_out(locals, at);
			}
			at = &(*at)->next;
		}
	}
	return NULL;
}

void mcpsess_locals_forget(struct mcpsess_locals *locals, uint64_t now_ms)
{
	size_t bucket = 0;
	while (atomic_load(&locals->count) > 0) {
		pthread_mutex_lock(&locals->mutex);
		struct mcpsess_local *old = next_overdue(locals, &bucket, now_ms);
		pthread_mutex_unlock(&locals->mutex);
		if (old == NULL) {
			return;
		}
		destroy(locals, old);
	}
}

void mcpsess_locals_free(struct mcpsess_locals *locals)
{
	mcpsess_locals_forget(locals, UINT64_MAX);
	mcpsess_free(locals->env, locals->buckets);
	pthread_mutex_destroy(&locals->mutex);
}
