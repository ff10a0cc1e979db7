/* get_into: what a backend that offers it is given, and when get is asked all the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <mcpsess/backend.h>
#include <mcpsess/pool.h>

static struct {
	uint32_t can;
	int refuses; /* get_into does */
	int gets, gets_into;
	uint64_t idle_ms, touch_every_ms;
	int was_empty; /* the answer that get_into was given */
} seen;

static int get(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	(void)store;
	seen.gets++;
	call->answer.revision = 1;
	return call->request.key.bytes[0] == 9 ? MCPSESS_E_NOTFOUND : MCPSESS_OK;
}

static int get_into(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, uint64_t idle_ms, uint64_t touch_every_ms,
	struct mcp_session_store_answer *answer)
{
	(void)store;
	seen.gets_into++;
	seen.idle_ms = idle_ms;
	seen.touch_every_ms = touch_every_ms;
	seen.was_empty = answer->blob == NULL && answer->entries == NULL &&
			 answer->entry_count == 0 && answer->cursor[0] == '\0';
	if (seen.refuses || request->key.bytes[0] == 9) {
		return MCPSESS_E_NOTFOUND;
	}
	answer->revision = 2;
	return MCPSESS_OK;
}

/* One entry, of which there are more. */
static int list(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	void *blob =
		store->host->blob_new(store->core, NULL, sizeof(struct mcp_session_store_entry));
	if (blob == NULL) {
		return MCPSESS_E_NOMEM;
	}
	call->answer.blob = blob;
	call->answer.entries = store->host->blob_bytes(blob).data;
	call->answer.entry_count = 1;
	strcpy(call->answer.cursor, "more");
	return MCPSESS_OK;
}

static void close_store(struct mcp_session_store *store)
{
	free(store);
}

static int open_backend(const struct mcpsess_host *host, void *core,
	const struct mcpsess_backend_config *config, struct mcp_session_store **out,
	struct mcpsess_error *err)
{
	static struct mcp_session_store_ops ops = { .size = sizeof(ops),
		.store = get,
		.get = get,
		.touch = get,
		.mcpsess_delete_ = get,
		.exists = get,
		.list = list,
		.close = close_store,
		.get_into = get_into };
	(void)host, (void)core, (void)config, (void)err;
	ops.can = seen.can;
	*out = calloc(1, sizeof(**out));
	if (*out == NULL) {
		return MCPSESS_E_NOMEM;
	}
	(*out)->ops = &ops;
	return MCPSESS_OK;
}

static const struct mcpsess_backend backend = {
	.abi = MCPSESS_BACKEND_ABI,
	.size = sizeof(backend),
	.name = "into",
	.schemes = "into",
	.parameters = "",
	.open = open_backend,
};

static const struct mcp_session_store_request one = { .key = { { 1 } } };

static struct mcp_session_store *open_store(const char *uri, uint32_t can)
{
	struct mcp_session_store *store = NULL;
	mcpsess_backend_add(&backend, NULL);
	memset(&seen, 0, sizeof(seen));
	seen.can = can;
	assert_int_equal(mcp_session_store_open(uri, NULL, &store, NULL), MCPSESS_OK);
	return store;
}

static const uint32_t usual = MCP_SESSION_STORE_CAN_THREADS | MCP_SESSION_STORE_CAN_LIST;

static void a_blocking_get_writes_into_the_callers_answer(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("into:", usual);
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(mcp_session_store_get(store, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.revision, 2);
	assert_int_equal(seen.gets, 0);
	mcp_session_store_close(store);

	struct mcp_session_store_pool *pool = NULL;
	assert_int_equal(mcp_session_store_pool_open("into:", NULL, 0, &pool, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_pool_get(pool, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(seen.gets_into, 2);
	assert_int_equal(seen.gets, 0);
	mcp_session_store_pool_close(pool);
}

static void its_durations_are_resolved(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("into:?idle=100s&touch_every=20s", usual);
	struct mcp_session_store_answer answer = { 0 };
	struct mcp_session_store_request request = one;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(seen.idle_ms, 100000);
	assert_int_equal(seen.touch_every_ms, 20000);
	request.idle_ms = 50000;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_OK);
	assert_int_equal(seen.idle_ms, 50000);
	assert_int_equal(seen.touch_every_ms, 5000);
	mcp_session_store_close(store);
}

/* Under a leak checker too: the page is let go. */
static void it_is_given_an_answer_that_holds_nothing(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("into:", usual);
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(mcp_session_store_list(store, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.entry_count, 1);
	assert_int_equal(mcp_session_store_get(store, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(seen.gets_into, 1);
	assert_true(seen.was_empty);
	assert_int_equal(answer.entry_count, 0);
	assert_string_equal(answer.cursor, "");
	mcp_session_store_answer_clear(&answer);
	mcp_session_store_close(store);
}

/* The call says why; what get_into answered does not count. */
static void what_it_does_not_serve_get_is_asked(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("into:", usual);
	struct mcp_session_store_answer answer = { .revision = 7 };
	struct mcp_session_store_request request = { .key = { { 9 } } };
	struct mcpsess_error err = { 0 };
	assert_int_equal(mcp_session_store_get(store, &request, &answer, &err), MCPSESS_E_NOTFOUND);
	assert_string_equal(err.text, mcpsess_strerror(MCPSESS_E_NOTFOUND));
	assert_int_equal(seen.gets, 1);
	seen.refuses = 1;
	assert_int_equal(mcp_session_store_get(store, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(answer.revision, 1);
	mcp_session_store_close(store);
}

static void what_is_no_plain_get_never_comes_to_it(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("into:", usual | MCP_SESSION_STORE_CAN_COUNT);
	struct mcp_session_store_answer answer = { 0 };
	struct mcp_session_store_request request = { .flags = 0 };
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_E_INVALID);
	request = one;
	request.flags = 8;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_E_INVALID);
	request.flags = MCP_SESSION_STORE_COUNT;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_OK);
	request = one;
	request.idle_ms = MCP_SESSION_STORE_NONE - 1;
	assert_int_equal(mcp_session_store_get(store, &request, &answer, NULL), MCPSESS_E_INVALID);
	assert_int_equal(mcp_session_store_get(store, &one, NULL, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_exists(store, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(seen.gets_into, 0);
	mcp_session_store_close(store);
}

static void it_is_for_stores_that_any_thread_may_call(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("into:", 0);
	struct mcp_session_store_answer answer = { 0 };
	assert_int_equal(mcp_session_store_get(store, &one, &answer, NULL), MCPSESS_OK);
	assert_int_equal(seen.gets_into, 0);
	assert_int_equal(seen.gets, 1);
	mcp_session_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blocking_get_writes_into_the_callers_answer),
		cmocka_unit_test(its_durations_are_resolved),
		cmocka_unit_test(it_is_given_an_answer_that_holds_nothing),
		cmocka_unit_test(what_it_does_not_serve_get_is_asked),
		cmocka_unit_test(what_is_no_plain_get_never_comes_to_it),
		cmocka_unit_test(it_is_for_stores_that_any_thread_may_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
