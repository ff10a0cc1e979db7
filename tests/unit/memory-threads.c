/* The memory store under many threads: caps, races, compare-and-swap. */
#include "memory.h"

#include <pthread.h>

enum { THREADS = 8 };

struct crew {
	struct fake fake;
	pthread_barrier_t start;
	uint64_t rounds;
	atomic_uint done; /* what each counts */
	atomic_uint wrong;
};

struct worker {
	struct crew *crew;
	uint64_t number;
	void (*work)(struct crew *crew, uint64_t number);
};

static void *run(void *data)
{
	struct worker *worker = data;
	pthread_barrier_wait(&worker->crew->start);
	worker->work(worker->crew, worker->number);
	return NULL;
}

static void together(struct crew *crew, void (*work)(struct crew *crew, uint64_t number))
{
	pthread_t threads[THREADS];
	struct worker workers[THREADS];
	assert_int_equal(pthread_barrier_init(&crew->start, NULL, THREADS), 0);
	memory_crowded = 1;
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ crew, (uint64_t)i, work };
		assert_int_equal(pthread_create(&threads[i], NULL, run, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	}
	memory_crowded = 0;
	pthread_barrier_destroy(&crew->start);
	assert_int_equal(crew->wrong, 0);
}

static void expect(struct crew *crew, int sound)
{
	crew->wrong += !sound;
}

static void create_many(struct crew *crew, uint64_t number)
{
	for (uint64_t i = 0; i < crew->rounds; i++) {
		int status = memory_create(&crew->fake, 1 + number * crew->rounds + i, 7);
		crew->done += status == MCPSESS_OK;
		expect(crew, status == MCPSESS_OK || status == MCPSESS_E_LIMIT);
	}
}

static void a_thousand_creates_at_once_give_exactly_the_cap(void **state)
{
	(void)state;
	enum { CAP = 137 };
	for (int by_owner = 0; by_owner < 2; by_owner++) {
		struct crew crew = { .rounds = 1000 / THREADS };
		memory_configure(&crew.fake);
		if (by_owner) {
			crew.fake.settings.max_sessions_per_owner = CAP;
		} else {
			crew.fake.settings.max_sessions = CAP;
		}
		memory_start(&crew.fake, NULL);
		together(&crew, create_many);
		assert_int_equal(crew.done, CAP);
		assert_int_equal(memory_stats(&crew.fake).sessions, CAP);
		memory_end(&crew.fake);
	}
}

static void create_same(struct crew *crew, uint64_t number)
{
	(void)number;
	for (uint64_t i = 0; i < crew->rounds; i++) {
		int status = memory_create(&crew->fake, 1 + i, 7);
		crew->done += status == MCPSESS_OK;
		expect(crew, status == MCPSESS_OK || status == MCPSESS_E_EXISTS);
	}
}

static void of_all_who_create_one_key_one_succeeds(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 1000 };
	memory_begin(&crew.fake);
	together(&crew, create_same);
	assert_int_equal(crew.done, crew.rounds);
	assert_int_equal(memory_stats(&crew.fake).sessions, crew.rounds);
	memory_end(&crew.fake);
}

static void touch_or_delete(struct crew *crew, uint64_t number)
{
	for (uint64_t key = 1; key <= crew->rounds; key++) {
		if (number == 0) {
			expect(crew, memory_delete(&crew->fake, key, 7) == MCPSESS_OK);
			expect(crew, memory_status(&crew->fake, key) == MCPSESS_E_REVOKED);
			continue;
		}
		int ended = 0;
		while (!ended) {
			int status = memory_touch(&crew->fake, key);
			ended = status == MCPSESS_E_REVOKED;
			expect(crew, ended || status == MCPSESS_OK);
		}
		expect(crew, memory_store(&crew->fake, key, 7, 1, "x") == MCPSESS_E_REVOKED);
		expect(crew, memory_touch(&crew->fake, key) == MCPSESS_E_REVOKED);
	}
}

static void a_touch_never_brings_back_what_is_deleted(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 200 };
	memory_begin(&crew.fake);
	for (uint64_t key = 1; key <= crew.rounds; key++) {
		assert_int_equal(memory_create(&crew.fake, key, 7), MCPSESS_OK);
	}
	together(&crew, touch_or_delete);
	assert_int_equal(memory_stats(&crew.fake).sessions, 0);
	memory_end(&crew.fake);
}

/* Add one to the number that is the payload, however often others come in between. */
static void add_one(struct crew *crew)
{
	struct mcp_session_store_answer answer;
	struct mcp_session_store_request request = fake_request(&crew->fake, 1, 7);
	int status = memory_get(&crew->fake, 1, 7, 0, &answer);
	while (status == MCPSESS_OK || status == MCPSESS_E_CONFLICT) {
		uint64_t number;
		memcpy(&number, answer.payload.data, sizeof(number));
		number++;
		request.revision = answer.revision;
		request.payload = mcpsess_mem(&number, sizeof(number));
		fake_clear(&answer);
		status = fake_run(&crew->fake, crew->fake.store->ops->store, &request, &answer);
		if (status == MCPSESS_OK) {
			return;
		}
	}
	expect(crew, 0);
}

static void add(struct crew *crew, uint64_t number)
{
	(void)number;
	for (uint64_t i = 0; i < crew->rounds; i++) {
		add_one(crew);
	}
}

static void compare_and_swap_loses_no_update(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 10000 / THREADS };
	uint64_t number = 0;
	struct mcp_session_store_answer answer;
	memory_begin(&crew.fake);
	struct mcp_session_store_request request = fake_request(&crew.fake, 1, 7);
	request.payload = mcpsess_mem(&number, sizeof(number));
	assert_int_equal(
		fake_run(&crew.fake, crew.fake.store->ops->store, &request, NULL), MCPSESS_OK);
	together(&crew, add);
	assert_int_equal(memory_get(&crew.fake, 1, 7, 0, &answer), MCPSESS_OK);
	memcpy(&number, answer.payload.data, sizeof(number));
	assert_int_equal(number, 10000);
	assert_int_equal(answer.revision, 10001);
	fake_clear(&answer);
	memory_end(&crew.fake);
}

static void count(struct crew *crew, uint64_t number)
{
	(void)number;
	uint64_t last = 0;
	for (uint64_t i = 0; i < crew->rounds; i++) {
		struct mcp_session_store_answer answer;
		expect(crew, memory_get(&crew->fake, 1, 7, MCP_SESSION_STORE_COUNT, &answer) ==
				     MCPSESS_OK);
		expect(crew, answer.requests > last);
		last = answer.requests;
		fake_clear(&answer);
	}
}

static void no_request_is_counted_twice_or_not_at_all(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 1000 };
	struct mcp_session_store_answer answer;
	memory_begin(&crew.fake);
	assert_int_equal(memory_create(&crew.fake, 1, 7), MCPSESS_OK);
	together(&crew, count);
	assert_int_equal(memory_get(&crew.fake, 1, 7, 0, &answer), MCPSESS_OK);
	assert_int_equal(answer.requests, THREADS * crew.rounds);
	fake_clear(&answer);
	memory_end(&crew.fake);
}

static void redeem(struct crew *crew, uint64_t number)
{
	for (uint64_t key = 1; key <= crew->rounds; key++) {
		struct mcp_session_store_request request = fake_request(&crew->fake, key, 0);
		request.operation[0] = (unsigned char)(1 + number);
		int status = fake_run(&crew->fake, crew->fake.store->ops->once, &request, NULL);
		crew->done += status == MCPSESS_OK;
		expect(crew, status == MCPSESS_OK || status == MCPSESS_E_EXISTS);
	}
}

static void of_all_who_redeem_one_token_one_succeeds(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 1000 };
	memory_begin(&crew.fake);
	together(&crew, redeem);
	assert_int_equal(crew.done, crew.rounds);
	memory_end(&crew.fake);
}

static int end_owner(struct crew *crew, uint64_t owner)
{
	struct mcp_session_store_request request = fake_request(&crew->fake, 0, owner);
	return fake_run(&crew->fake, crew->fake.store->ops->end_owner, &request, NULL);
}

/* One ends the owner, now and then; the others create, and tell it how far they are. */
static void create_or_end(struct crew *crew, uint64_t number)
{
	static atomic_ullong created[THREADS];
	created[number] = 0;
	for (uint64_t i = 1; number > 0 && i <= crew->rounds; i++) {
		uint64_t key = number * crew->rounds + i;
		expect(crew, memory_create(&crew->fake, key, 7) == MCPSESS_OK);
		created[number] = i;
		int status = memory_touch(&crew->fake, key);
		expect(crew, status == MCPSESS_OK || status == MCPSESS_E_REVOKED);
	}
	for (int i = 0; number == 0 && i < 100; i++) {
		uint64_t before[THREADS];
		for (int other = 1; other < THREADS; other++) {
			before[other] = created[other];
		}
		expect(crew, end_owner(crew, 7) == MCPSESS_OK);
		for (uint64_t other = 1; other < THREADS; other++) {
			uint64_t key = other * crew->rounds + before[other];
			int status = memory_status(&crew->fake, key);
			expect(crew, before[other] == 0 || status == MCPSESS_E_REVOKED);
		}
	}
}

static void what_was_created_before_an_owner_ends_is_ended(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 500 };
	memory_begin(&crew.fake);
	together(&crew, create_or_end);
	assert_int_equal(end_owner(&crew, 7), MCPSESS_OK);
	assert_int_equal(memory_stats(&crew.fake).sessions, 0);
	assert_int_equal(memory_stats(&crew.fake).tombstones, (THREADS - 1) * crew.rounds);
	memory_end(&crew.fake);
}

/* Each has a key of its own to move to; whoever is late learns it. */
static void rotate_same(struct crew *crew, uint64_t number)
{
	for (uint64_t key = 1; key <= crew->rounds; key++) {
		struct mcp_session_store_request request = fake_request(&crew->fake, key, 7);
		request.new_key = fake_digest(key + (1 + number) * 10000);
		request.operation[0] = (unsigned char)(1 + number);
		request.grace_ms = key % 2;
		int status = fake_run(&crew->fake, crew->fake.store->ops->rotate, &request, NULL);
		crew->done += status == MCPSESS_OK;
		expect(crew, status == MCPSESS_OK || status == MCPSESS_E_REVOKED);
	}
}

static void of_all_who_rotate_one_record_one_succeeds(void **state)
{
	(void)state;
	struct crew crew = { .rounds = 500 };
	memory_begin(&crew.fake);
	for (uint64_t key = 1; key <= crew.rounds; key++) {
		assert_int_equal(memory_create(&crew.fake, key, 7), MCPSESS_OK);
	}
	together(&crew, rotate_same);
	assert_int_equal(crew.done, crew.rounds);
	assert_int_equal(memory_stats(&crew.fake).sessions, crew.rounds);
	memory_end(&crew.fake);
}

static void list_some(struct crew *crew, struct mcp_session_store_request *request)
{
	struct mcp_session_store_answer answer;
	int status = fake_run(&crew->fake, crew->fake.store->ops->list, request, &answer);
	expect(crew, status == MCPSESS_OK);
	memcpy(request->cursor, answer.cursor, sizeof(request->cursor));
	fake_clear(&answer);
}

static void rotate_one(struct crew *crew, uint64_t key, uint64_t to)
{
	struct mcp_session_store_request request = fake_request(&crew->fake, key, key % 4);
	request.new_key = fake_digest(key != to ? to : to + 1);
	request.grace_ms = to % 30;
	fake_run(&crew->fake, crew->fake.store->ops->rotate, &request, NULL);
}

static void redeem_one(struct crew *crew, uint64_t key)
{
	struct mcp_session_store_request request = fake_request(&crew->fake, key, 0);
	fake_run(&crew->fake, crew->fake.store->ops->once, &request, NULL);
}

/* Everything at once on a few hundred keys, while time runs. */
static void do_anything(struct crew *crew, uint64_t number)
{
	struct fake *fake = &crew->fake;
	struct mcp_session_store_request all = fake_request(fake, 0, 0);
	struct mcp_session_store_request own = fake_request(fake, 0, 1 + number % 3);
	struct mcp_session_store_counts stats;
	uint64_t random = number;
	all.flags = ANY;
	own.page = 5;
	for (uint64_t i = 0; i < crew->rounds; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint64_t key = 1 + (random >> 33) % 300;
		switch ((random >> 20) % 10) {
		case 0:
		case 1:
			memory_create(fake, key, key % 4);
			break;
		case 2:
			memory_delete(fake, key, key % 4);
			break;
		case 3:
			memory_store(fake, key, key % 4, 1, "another payload");
			break;
		case 4:
			memory_touch(fake, key);
			break;
		case 5:
			memory_status(fake, key);
			break;
		case 6:
			list_some(crew, i % 2 > 0 ? &all : &own);
			break;
		case 7:
			rotate_one(crew, key, 1 + (random >> 50) % 300);
			break;
		case 8:
			redeem_one(crew, key);
			if (random >> 60 == 0) {
				end_owner(crew, 1 + number % 3);
			}
			break;
		default:
			fake->now_ms += 10;
			expect(crew, fake->store->ops->sweep(fake->store, 10) >= 0);
			expect(crew, fake->store->ops->stats(fake->store, &stats) == MCPSESS_OK);
			expect(crew, stats.sessions <= 300);
		}
	}
}

static void whatever_many_do_at_once_adds_up(void **state)
{
	(void)state;
	static const uint64_t tombstones[] = { 50, MCP_SESSION_STORE_NONE };
	for (int i = 0; i < 2; i++) {
		struct crew crew = { .rounds = 3000 };
		memory_configure(&crew.fake);
		crew.fake.settings.tombstone_ms = tombstones[i];
		crew.fake.settings.max_sessions = 200;
		crew.fake.settings.max_sessions_per_owner = 60;
		memory_start(&crew.fake, "40000");
		int64_t empty = crew.fake.held;
		together(&crew, do_anything);
		crew.fake.now_ms += ABSOLUTE + 50;
		assert_int_equal(memory_stats(&crew.fake).sessions, 0);
		assert_int_equal(memory_stats(&crew.fake).tombstones, 0);
		assert_int_equal(memory_stats(&crew.fake).bytes, 0);
		assert_int_equal(crew.fake.held, empty);
		memory_end(&crew.fake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thousand_creates_at_once_give_exactly_the_cap),
		cmocka_unit_test(of_all_who_create_one_key_one_succeeds),
		cmocka_unit_test(a_touch_never_brings_back_what_is_deleted),
		cmocka_unit_test(compare_and_swap_loses_no_update),
		cmocka_unit_test(no_request_is_counted_twice_or_not_at_all),
		cmocka_unit_test(of_all_who_redeem_one_token_one_succeeds),
		cmocka_unit_test(what_was_created_before_an_owner_ends_is_ended),
		cmocka_unit_test(of_all_who_rotate_one_record_one_succeeds),
		cmocka_unit_test(whatever_many_do_at_once_adds_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
