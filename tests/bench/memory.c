/*
 * A get with a touch in memory, through the public functions, against what nothing beats: a bare
 * table of 64 locks whose payloads are handed out by reference. And against what a C program has
 * otherwise: a GHashTable behind one lock, payloads copied out.
 *
 * One by one, a get begins when the payload of the one before has been read, as in a server that
 * does something with it. Back to back it does not wait: the bare loop is so short that the
 * processor fetches for several look-ups at once, while a verb fills its window.
 *
 *	memory [SESSIONS...]	1000 to 1000000 unless told; 10000000 takes 20 GiB
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include <mcpsess/pool.h>

#include "bench.h"
#ifdef BENCH_GLIB
#include <glib.h>
#endif

enum { PAYLOAD = 512, WALK = 1 << 18, ID = 22, THREADS_MAX = 2, SHARDS = 64 };

static const uint64_t hour_ms = 3600 * 1000;
static const unsigned char payload[PAYLOAD] = { 1 };

/* Who is asked for, in which order, one walk per thread. */
struct step {
	struct mcpsess_digest key;
	char id[ID + 1];
};

static struct step *walks[THREADS_MAX];
static int one_by_one;

static void check(int sound)
{
	if (!sound) {
		fputs("a benchmark did not find what it had put there\n", stderr);
		abort();
	}
}

/* The place of the next step: known only when this payload has come, or at once. */
static inline uint64_t after(uint64_t i, const unsigned char *data)
{
	if (one_by_one) {
		/* Keeps this a branch, which is guessed right; a selection would always wait. */
		__asm__ volatile("" : : : "memory");
		return i + data[0];
	}
	return i + 1;
}

static void *allocate(size_t size)
{
	void *ptr = calloc(1, size);
	check(ptr != NULL);
	return ptr;
}

static uint64_t next_random(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return *random >> 16;
}

static void make_step(uint64_t n, struct step *step)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t random = n * 0x9e3779b97f4a7c15u;
	for (int i = 0; i < ID; i++) {
		step->id[i] = digits[next_random(&random) >> 20 & 63];
	}
	step->id[ID] = '\0';
	mcp_session_store_key(mcpsess_str(NULL), mcpsess_mem(step->id, ID), &step->key);
}

static void make_walks(uint64_t sessions)
{
	uint64_t random = 1;
	for (int t = 0; t < THREADS_MAX; t++) {
		for (int i = 0; i < WALK; i++) {
			make_step(next_random(&random) % sessions, &walks[t][i]);
		}
	}
}

/* Bytes that malloc has given out, its own included. */
static uint64_t held(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

/* -- ours: a store, or a pool ---------------------------------------------------------------- */

static struct mcp_session_store *store;
static struct mcp_session_store_pool *pool;

static void open_ours(int pooled)
{
	static const char uri[] = "memory:?max_sessions=none&max_bytes=none&idle=1h";
	check((pooled ? mcp_session_store_pool_open(uri, NULL, 0, &pool, NULL)
		      : mcp_session_store_open(uri, NULL, &store, NULL)) == MCPSESS_OK);
}

/* owners: 0 is nobody, else so many in turns. */
static void fill_ours(uint64_t sessions, uint64_t owners)
{
	struct mcp_session_store_request request = { .state = MCP_SESSION_STORE_ACTIVE,
		.payload = { payload, PAYLOAD } };
	for (uint64_t i = 0; i < sessions; i++) {
		struct step step;
		make_step(i, &step);
		request.key = step.key;
		if (owners > 0) {
			uint64_t owner = i % owners;
			mcp_session_store_owner(mcpsess_str(NULL),
				mcpsess_mem(&owner, sizeof(owner)), &request.owner);
		}
		int status = store != NULL
				     ? mcp_session_store_store(store, &request, NULL, NULL)
				     : mcp_session_store_pool_store(pool, &request, NULL, NULL);
		check(status == MCPSESS_OK);
	}
}

static void close_ours(void)
{
	mcp_session_store_close(store);
	mcp_session_store_pool_close(pool);
	store = NULL;
	pool = NULL;
}

static uint64_t use(uint64_t i, struct mcp_session_store_answer *answer)
{
	const unsigned char *data = answer->payload.data;
	check(answer->payload.len == PAYLOAD && data[0] == 1);
	i = after(i, data);
	mcp_session_store_answer_clear(answer);
	return i;
}

static void get_from_store(const struct step *walk, uint64_t times)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_TOUCH |
							      MCP_SESSION_STORE_ANY_OWNER };
	struct mcp_session_store_answer answer = { 0 };
	for (uint64_t i = 0; i < times;) {
		request.key = walk[i % WALK].key;
		mcp_session_store_get(store, &request, &answer, NULL);
		i = use(i, &answer);
	}
}

static void get_from_pool(const struct step *walk, uint64_t times)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_TOUCH |
							      MCP_SESSION_STORE_ANY_OWNER };
	struct mcp_session_store_answer answer = { 0 };
	for (uint64_t i = 0; i < times;) {
		request.key = walk[i % WALK].key;
		mcp_session_store_pool_get(pool, &request, &answer, NULL);
		i = use(i, &answer);
	}
}

static void make_keys(const struct step *walk, uint64_t times)
{
	struct mcpsess_digest key;
	for (uint64_t i = 0; i < times; i++) {
		struct mcpsess_bytes id = { walk[i % WALK].id, ID };
		mcp_session_store_key(mcpsess_str(NULL), id, &key);
		bench_keep(&key);
	}
}

/* -- the bare table -------------------------------------------------------------------------- */

struct bare_blob {
	atomic_uint refs;
	unsigned char data[PAYLOAD];
};

struct bare_node {
	struct bare_node *next;
	struct mcpsess_digest key;
	uint64_t expires_ms;
	struct bare_blob *blob;
};

struct bare_shard {
	_Alignas(128) pthread_mutex_t mutex;
	struct bare_node **buckets;
	uint64_t mask;
};

static struct bare_shard bare[SHARDS];

static uint64_t first_bits(const struct mcpsess_digest *key)
{
	uint64_t bits;
	memcpy(&bits, key->bytes, sizeof(bits));
	return bits;
}

static struct bare_node **bare_bucket(const struct mcpsess_digest *key)
{
	uint64_t bits = first_bits(key);
	return &bare[bits >> 58].buckets[bits & bare[bits >> 58].mask];
}

static void fill_bare(uint64_t sessions)
{
	uint64_t buckets = 64;
	while (buckets * SHARDS < sessions) {
		buckets *= 2;
	}
	for (int i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&bare[i].mutex, NULL);
		bare[i].buckets = allocate(buckets * sizeof(struct bare_node *));
		bare[i].mask = buckets - 1;
	}
	for (uint64_t i = 0; i < sessions; i++) {
		struct bare_node *node = allocate(sizeof(*node));
		struct step step;
		make_step(i, &step);
		node->key = step.key;
		node->blob = allocate(sizeof(*node->blob));
		node->expires_ms = UINT64_MAX;
		atomic_init(&node->blob->refs, 1);
		memcpy(node->blob->data, payload, PAYLOAD);
		node->next = *bare_bucket(&node->key);
		*bare_bucket(&node->key) = node;
	}
}

static void free_bare(void)
{
	for (int i = 0; i < SHARDS; i++) {
		for (uint64_t bucket = 0; bucket <= bare[i].mask; bucket++) {
			struct bare_node *next, *node = bare[i].buckets[bucket];
			for (; node != NULL; node = next) {
				next = node->next;
				free(node->blob);
				free(node);
			}
		}
		free(bare[i].buckets);
		pthread_mutex_destroy(&bare[i].mutex);
	}
}

static void get_from_bare(const struct step *walk, uint64_t times)
{
	uint64_t now_ms = (uint64_t)(bench_now_ns() / 1e6);
	for (uint64_t i = 0; i < times;) {
		const struct mcpsess_digest *key = &walk[i % WALK].key;
		struct bare_shard *shard = &bare[first_bits(key) >> 58];
		pthread_mutex_lock(&shard->mutex);
		struct bare_node *node = *bare_bucket(key);
		while (memcmp(&node->key, key, sizeof(*key)) != 0) {
			node = node->next;
		}
		check(node->expires_ms > now_ms);
		node->expires_ms = now_ms + hour_ms;
		struct bare_blob *blob = node->blob;
		atomic_fetch_add_explicit(&blob->refs, 1, memory_order_relaxed);
		pthread_mutex_unlock(&shard->mutex);
		check(blob->data[0] == 1);
		i = after(i, blob->data);
		if (atomic_fetch_sub_explicit(&blob->refs, 1, memory_order_acq_rel) == 1) {
			free(blob);
		}
	}
}

/* -- the GHashTable -------------------------------------------------------------------------- */

#ifdef BENCH_GLIB
struct glib_record {
	uint64_t expires_ms;
	unsigned char data[PAYLOAD];
};

static GHashTable *glib;
static GMutex glib_mutex;

static void fill_glib(uint64_t sessions)
{
	glib = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (uint64_t i = 0; i < sessions; i++) {
		struct glib_record *record = g_malloc(sizeof(*record));
		struct step step;
		make_step(i, &step);
		record->expires_ms = UINT64_MAX;
		memcpy(record->data, payload, PAYLOAD);
		g_hash_table_insert(glib, g_strdup(step.id), record);
	}
}

static void get_from_glib(const struct step *walk, uint64_t times)
{
	uint64_t now_ms = (uint64_t)(bench_now_ns() / 1e6);
	unsigned char copy[PAYLOAD];
	for (uint64_t i = 0; i < times;) {
		g_mutex_lock(&glib_mutex);
		struct glib_record *record = g_hash_table_lookup(glib, walk[i % WALK].id);
		check(record != NULL && record->expires_ms > now_ms);
		record->expires_ms = now_ms + hour_ms;
		memcpy(copy, record->data, PAYLOAD);
		g_mutex_unlock(&glib_mutex);
		bench_keep(copy);
		i = after(i, copy);
	}
}

/* As a host must: the client sent an id. */
static void get_by_id(const struct step *walk, uint64_t times)
{
	struct mcp_session_store_request request = { .flags = MCP_SESSION_STORE_TOUCH |
							      MCP_SESSION_STORE_ANY_OWNER };
	struct mcp_session_store_answer answer = { 0 };
	for (uint64_t i = 0; i < times;) {
		struct mcpsess_bytes id = { walk[i % WALK].id, ID };
		mcp_session_store_key(mcpsess_str(NULL), id, &request.key);
		mcp_session_store_pool_get(pool, &request, &answer, NULL);
		i = use(i, &answer);
	}
}
#endif

/* -- in turns -------------------------------------------------------------------------------- */

struct job {
	void (*get)(const struct step *walk, uint64_t times);
	int threads;
};

struct worker {
	const struct job *job;
	const struct step *walk;
	uint64_t times;
};

static void *run_worker(void *data)
{
	const struct worker *worker = data;
	worker->job->get(worker->walk, worker->times);
	return NULL;
}

static void run_job(void *context, uint64_t times)
{
	const struct job *job = context;
	struct worker workers[THREADS_MAX];
	pthread_t threads[THREADS_MAX];
	for (int t = 0; t < job->threads; t++) {
		workers[t] = (struct worker){ job, walks[t], times / (uint64_t)job->threads };
		if (t > 0) {
			check(pthread_create(&threads[t], NULL, run_worker, &workers[t]) == 0);
		}
	}
	run_worker(&workers[0]);
	for (int t = 1; t < job->threads; t++) {
		pthread_join(threads[t], NULL);
	}
}

static void compare(const char *what, uint64_t sessions, int threads,
	void (*ours)(const struct step *walk, uint64_t times),
	void (*reference)(const struct step *walk, uint64_t times), const char *goal)
{
	char name[80];
	struct job jobs[] = { { ours, threads }, { reference, threads } };
	int power = 0;
	for (uint64_t n = sessions; n >= 10; n /= 10) {
		power++;
	}
	snprintf(name, sizeof(name), "%s, 10^%d, %d thr", what, power, threads);
	bench_compare(name, (struct bench_side){ run_job, &jobs[0] },
		(struct bench_side){ run_job, &jobs[1] }, goal);
}

static void open_and_weigh(const char *what, uint64_t sessions, uint64_t owners)
{
	char name[80];
	uint64_t before = held();
	open_ours(1);
	fill_ours(sessions, owners);
	snprintf(name, sizeof(name), "bytes beyond payload, %s, %llu", what,
		(unsigned long long)sessions);
	bench_line(name, (double)(held() - before) / (double)sessions - PAYLOAD, 250, "<= 1");
}

static void compare_with_bare(uint64_t sessions)
{
	for (one_by_one = 1; one_by_one >= 0; one_by_one--) {
		const char *what = one_by_one ? "one by one" : "back to back";
		compare(what, sessions, 1, get_from_pool, get_from_bare, "<= 1.25");
		compare(what, sessions, 2, get_from_pool, get_from_bare, "<= 1.25");
	}
}

static void compare_with_glib(uint64_t sessions)
{
#ifdef BENCH_GLIB
	fill_glib(sessions);
	for (one_by_one = 1; one_by_one >= 0; one_by_one--) {
		const char *what =
			one_by_one ? "GHashTable, one by one" : "GHashTable, back to back";
		int stated = sessions == 100000;
		compare(what, sessions, 1, get_from_pool, get_from_glib, stated ? "<= 0.45" : "");
		compare(what, sessions, 2, get_from_pool, get_from_glib, stated ? "<= 0.20" : "");
		/* How far below nothing can come that looks a session up. */
		compare("  the bare table, of it", sessions, 1, get_from_bare, get_from_glib, "");
		compare("  the bare table, of it", sessions, 2, get_from_bare, get_from_glib, "");
	}
	one_by_one = 1;
	compare("GHashTable, and the key of an id", sessions, 1, get_by_id, get_from_glib, "");
	g_hash_table_destroy(glib);
#else
	(void)sessions;
#endif
}

static void compare_all(uint64_t sessions)
{
	make_walks(sessions);
	fill_bare(sessions);
	open_ours(0);
	fill_ours(sessions, 0);
	one_by_one = 1;
	compare("a store, one by one", sessions, 1, get_from_store, get_from_bare, "<= 1.25");
	close_ours();

	open_and_weigh("an owner each", sessions, sessions);
	close_ours();
	open_and_weigh("owners of 10", sessions, sessions / 10);
	compare("owners of 10, one by one", sessions, 1, get_from_pool, get_from_bare, "");
	close_ours();
	open_and_weigh("nobody's", sessions, 0);
	compare_with_bare(sessions);
	compare_with_glib(sessions);
	free_bare();
	close_ours();
}

int main(int argc, char **argv)
{
	static const uint64_t usual[] = { 1000, 10000, 100000, 1000000 };
	for (int t = 0; t < THREADS_MAX; t++) {
		walks[t] = allocate(WALK * sizeof(struct step));
	}
	bench_title("get and touch of 512 bytes, CPU ns");
	for (int i = 1; i < argc; i++) {
		compare_all(strtoull(argv[i], NULL, 10));
	}
	for (size_t i = 0; argc == 1 && i < sizeof(usual) / sizeof(usual[0]); i++) {
		compare_all(usual[i]);
	}
	make_walks(1000);
	open_ours(1);
	fill_ours(1000, 0);
	compare("the key of an id, against a get", 1000, 1, make_keys, get_from_pool, "");
	close_ours();
	for (int t = 0; t < THREADS_MAX; t++) {
		free(walks[t]);
	}
	return 0;
}
