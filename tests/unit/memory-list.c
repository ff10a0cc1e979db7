/* The memory store: lists, page by page, while records come and go. */
#include "memory.h"

enum { SEEN_MAX = 70000 };

struct seen {
	unsigned char times[SEEN_MAX]; /* by key number */
	size_t count;
	size_t pages;
	int in_order;
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mcpsess_digest));
}

struct named {
	struct mcpsess_digest digest;
	uint64_t n;
};

/* The number behind a key, by looking it up among all of them. */
static uint64_t number_of(const struct mcpsess_digest *key)
{
	static struct named *names;
	if (names == NULL) {
		static struct named all[SEEN_MAX];
		for (uint64_t n = 0; n < SEEN_MAX; n++) {
			all[n].digest = fake_digest(n);
			all[n].n = n;
		}
		qsort(all, SEEN_MAX, sizeof(all[0]), compare);
		names = all;
	}
	const struct named *found = bsearch(key, names, SEEN_MAX, sizeof(names[0]), compare);
	assert_non_null(found);
	return found->n;
}

/* Read one page into seen; the cursor moves on. Returns how many entries it had. */
static size_t read_page(struct fake *fake, struct mcp_session_store_request *request,
	struct seen *seen, struct mcpsess_digest *last)
{
	struct mcp_session_store_answer answer;
	assert_int_equal(fake_run(fake, fake->store->ops->list, request, &answer), MCPSESS_OK);
	assert_true(answer.entry_count <= (request->page > 0 ? request->page : 100));
	for (size_t i = 0; i < answer.entry_count; i++) {
		seen->times[number_of(&answer.entries[i].key)]++;
		if (compare(last, &answer.entries[i].key) >= 0) {
			seen->in_order = 0;
		}
		*last = answer.entries[i].key;
	}
	size_t count = answer.entry_count;
	memcpy(request->cursor, answer.cursor, sizeof(request->cursor));
	fake_clear(&answer);
	seen->count += count;
	seen->pages++;
	return count;
}

static void walk(
	struct fake *fake, uint64_t owner, uint32_t flags, uint32_t page, struct seen *seen)
{
	struct mcp_session_store_request request = fake_request(fake, 0, owner);
	struct mcpsess_digest last = { { 0 } };
	request.flags = flags;
	request.page = page;
	memset(seen, 0, sizeof(*seen));
	seen->in_order = 1;
	do {
		read_page(fake, &request, seen, &last);
	} while (request.cursor[0] != '\0');
}

static void a_list_of_nothing_is_one_empty_page(void **state)
{
	(void)state;
	struct fake fake;
	struct seen seen;
	memory_begin(&fake);
	walk(&fake, 0, ANY, 0, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.pages, 1);
	walk(&fake, 7, 0, 0, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.pages, 1);
	memory_end(&fake);
}

static void everybody_is_listed_once_in_the_order_of_keys(void **state)
{
	(void)state;
	static const uint32_t pages[] = { 0, 1, 7, 100, 1000 };
	struct fake fake;
	struct seen seen;
	enum { COUNT = 2500 };
	memory_begin(&fake);
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_create(&fake, i, i % 5), MCPSESS_OK);
	}
	for (size_t p = 0; p < sizeof(pages) / sizeof(pages[0]); p++) {
		walk(&fake, 9, ANY, pages[p], &seen);
		assert_int_equal(seen.count, COUNT);
		assert_true(seen.in_order);
		for (uint64_t i = 1; i <= COUNT; i++) {
			assert_int_equal(seen.times[i], 1);
		}
	}
	memory_end(&fake);
}

static void an_entry_says_what_the_record_is(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	struct mcp_session_store_request request = fake_request(&fake, 1, 7);
	request.kind = MCP_SESSION_STORE_HANDLE;
	request.payload = mcpsess_str("four");
	assert_int_equal(fake_run(&fake, fake.store->ops->store, &request, NULL), MCPSESS_OK);
	fake.now_ms += 3;
	assert_int_equal(
		memory_get(&fake, 1, 7, MCP_SESSION_STORE_COUNT | MCP_SESSION_STORE_TOUCH, NULL),
		MCPSESS_OK);
	for (uint32_t flags = 0; flags <= ANY; flags += ANY) {
		request = fake_request(&fake, 0, 7);
		request.flags = flags;
		assert_int_equal(
			fake_run(&fake, fake.store->ops->list, &request, &answer), MCPSESS_OK);
		assert_int_equal(answer.entry_count, 1);
		assert_int_equal(answer.now_ms, START + 3);
		const struct mcp_session_store_entry *entry = answer.entries;
		struct mcpsess_digest key = fake_digest(1), owner = fake_digest(7);
		assert_memory_equal(&entry->key, &key, sizeof(key));
		assert_memory_equal(&entry->owner, &owner, sizeof(owner));
		assert_int_equal(entry->revision, 1);
		assert_int_equal(entry->created_ms, START);
		assert_int_equal(entry->seen_ms, START + 3);
		assert_int_equal(entry->expires_ms, START + 3 + IDLE);
		assert_int_equal(entry->deadline_ms, START + ABSOLUTE);
		assert_int_equal(entry->requests, 1);
		assert_int_equal(entry->payload_len, 4);
		assert_int_equal(entry->kind, MCP_SESSION_STORE_HANDLE);
		assert_int_equal(entry->state, MCP_SESSION_STORE_ACTIVE);
		fake_clear(&answer);
	}
	memory_end(&fake);
}

static void an_owner_sees_his_own_and_nobody_nobody_s(void **state)
{
	(void)state;
	struct fake fake;
	struct seen seen;
	enum { COUNT = 600 };
	memory_begin(&fake);
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_create(&fake, i, i % 3), MCPSESS_OK);
	}
	for (uint64_t owner = 0; owner < 3; owner++) {
		for (uint32_t page = 1; page <= 301; page += 50) {
			walk(&fake, owner, 0, page, &seen);
			assert_int_equal(seen.count, COUNT / 3);
			for (uint64_t i = 1; i <= COUNT; i++) {
				assert_int_equal(seen.times[i], i % 3 == owner);
			}
		}
	}
	memory_end(&fake);
}

static void what_has_ended_is_not_listed(void **state)
{
	(void)state;
	struct fake fake;
	struct seen seen;
	memory_begin(&fake);
	for (uint64_t i = 1; i <= 30; i++) {
		assert_int_equal(memory_create(&fake, i, 7), MCPSESS_OK);
	}
	for (uint64_t i = 1; i <= 30; i += 3) {
		assert_int_equal(memory_delete(&fake, i, 7), MCPSESS_OK);
	}
	fake.now_ms += IDLE - 1;
	for (uint64_t i = 2; i <= 30; i += 3) {
		assert_int_equal(memory_touch(&fake, i), MCPSESS_OK);
	}
	fake.now_ms++;
	for (uint32_t flags = 0; flags <= ANY; flags += ANY) {
		walk(&fake, 7, flags, 0, &seen);
		assert_int_equal(seen.count, 10);
		for (uint64_t i = 1; i <= 30; i++) {
			assert_int_equal(seen.times[i], i % 3 == 2);
		}
	}
	memory_end(&fake);
}

/* Walk while the table grows to ten times its size, or shrinks back. */
static void walk_while(uint32_t flags, int growing)
{
	struct fake fake;
	static struct seen seen;
	enum { STAYING = 500, PASSING = 20000 };
	memory_configure(&fake);
	fake.settings.tombstone_ms = MCP_SESSION_STORE_NONE;
	memory_start(&fake, NULL);
	for (uint64_t i = 1; i <= STAYING; i++) {
		assert_int_equal(memory_create(&fake, i, 7), MCPSESS_OK);
	}
	for (uint64_t i = 1; !growing && i <= PASSING; i++) {
		assert_int_equal(memory_create(&fake, STAYING + i, 7), MCPSESS_OK);
	}
	struct mcp_session_store_request request = fake_request(&fake, 0, 7);
	struct mcpsess_digest last = { { 0 } };
	request.flags = flags;
	request.page = 10;
	memset(&seen, 0, sizeof(seen));
	uint64_t passed = 0;
	do {
		read_page(&fake, &request, &seen, &last);
		for (int i = 0; i < 400 && passed < PASSING; i++) {
			passed++;
			assert_int_equal(growing ? memory_create(&fake, STAYING + passed, 7)
						 : memory_delete(&fake, STAYING + passed, 7),
				MCPSESS_OK);
		}
	} while (request.cursor[0] != '\0');
	assert_true(passed == PASSING);
	for (uint64_t i = 1; i <= STAYING; i++) {
		assert_int_equal(seen.times[i], 1);
	}
	for (uint64_t i = 1; i <= PASSING; i++) {
		assert_in_range(seen.times[STAYING + i], 0, 1);
	}
	memory_end(&fake);
}

static void who_stays_is_listed_once_while_others_come(void **state)
{
	(void)state;
	walk_while(ANY, 1);
	walk_while(0, 1);
}

static void who_stays_is_listed_once_while_others_go(void **state)
{
	(void)state;
	walk_while(ANY, 0);
	walk_while(0, 0);
}

static void a_page_looks_at_so_many_records_only(void **state)
{
	(void)state;
	struct fake fake;
	static struct seen seen;
	enum { COUNT = 60000 };
	memory_begin(&fake);
	for (uint64_t i = 1; i <= COUNT; i++) {
		assert_int_equal(memory_create(&fake, i, 7), MCPSESS_OK);
	}
	assert_int_equal(memory_create(&fake, COUNT + 1, 0), MCPSESS_OK);
	/* Nobody's one record is among sixty thousand: found, after pages that are empty. */
	walk(&fake, 0, 0, 1000, &seen);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.times[COUNT + 1], 1);
	assert_in_range(seen.pages, 5, 20);
	memory_end(&fake);
}

static void a_strange_cursor_is_refused(void **state)
{
	(void)state;
	struct fake fake;
	struct mcp_session_store_answer answer;
	memory_begin(&fake);
	for (uint64_t i = 1; i <= 3; i++) {
		assert_int_equal(memory_create(&fake, i, 7), MCPSESS_OK);
	}
	struct mcp_session_store_request request = fake_request(&fake, 0, 7);
	request.page = 1;
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, &answer), MCPSESS_OK);
	memcpy(request.cursor, answer.cursor, sizeof(answer.cursor));
	fake_clear(&answer);
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, NULL), MCPSESS_OK);
	request.flags = ANY;
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, NULL), MCPSESS_E_INVALID);
	request.flags = 0;
	size_t len = strlen(request.cursor);
	request.cursor[len - 1] = '!';
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, NULL), MCPSESS_E_INVALID);
	request.cursor[len - 1] = '\0';
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, NULL), MCPSESS_E_INVALID);
	memset(request.cursor, 's', sizeof(request.cursor));
	assert_int_equal(fake_run(&fake, fake.store->ops->list, &request, NULL), MCPSESS_E_INVALID);
	memory_end(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_nothing_is_one_empty_page),
		cmocka_unit_test(everybody_is_listed_once_in_the_order_of_keys),
		cmocka_unit_test(an_entry_says_what_the_record_is),
		cmocka_unit_test(an_owner_sees_his_own_and_nobody_nobody_s),
		cmocka_unit_test(what_has_ended_is_not_listed),
		cmocka_unit_test(who_stays_is_listed_once_while_others_come),
		cmocka_unit_test(who_stays_is_listed_once_while_others_go),
		cmocka_unit_test(a_page_looks_at_so_many_records_only),
		cmocka_unit_test(a_strange_cursor_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
