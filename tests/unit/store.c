/* Verbs as a backend and a caller see them: what is checked, filled in, explained, handed out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "pend.h"

#define NONE MCP_SESSION_STORE_NONE

typedef int verb_function(struct mcp_session_store *store,
	const struct mcp_session_store_request *request, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

static verb_function *const verbs[] = { mcp_session_store_store, mcp_session_store_get,
	mcp_session_store_touch, mcp_session_store_delete, mcp_session_store_exists,
	mcp_session_store_list };

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", text, part);
	}
}

static struct mcp_session_store *open_store(const char *uri)
{
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	if (mcp_session_store_open(uri, NULL, &store, &err) != MCPSESS_OK) {
		fail_msg("%s: %s", uri, err.text);
	}
	return store;
}

static int reset(void **state)
{
	pend_reset();
	pend.mode = PEND_AT_ONCE;
	pend.can |= MCP_SESSION_STORE_CAN_COUNT;
	*state = open_store("pend:");
	return 0;
}

static int end(void **state)
{
	mcp_session_store_close(*state);
	assert_int_equal(pend.opened, pend.closed);
	return 0;
}

static void a_wrong_request_never_reaches_the_backend(void **state)
{
	struct mcp_session_store *store = *state;
	const struct mcpsess_digest key = pend_key(1);
	const struct {
		verb_function *verb;
		struct mcp_session_store_request request;
		int status;
		const char *says;
	} cases[] = {
		{ mcp_session_store_get, { .kind = 0 }, MCPSESS_E_INVALID, "request.key" },
		{ mcp_session_store_delete, { .kind = 0 }, MCPSESS_E_INVALID, "request.key" },
		{ mcp_session_store_get, { .key = key, .flags = 8 }, MCPSESS_E_INVALID,
			"request.flags" },
		{ mcp_session_store_get, { .key = key, .idle_ms = NONE - 1 }, MCPSESS_E_INVALID,
			"idle_ms" },
		{ mcp_session_store_store, { .key = key, .absolute_ms = 1ull << 60 },
			MCPSESS_E_INVALID, "absolute_ms" },
		{ mcp_session_store_store, { .key = key, .kind = 4 }, MCPSESS_E_INVALID,
			"request.kind" },
		{ mcp_session_store_store, { .key = key, .state = MCP_SESSION_STORE_CLOSED },
			MCPSESS_E_INVALID, "request.state" },
		{ mcp_session_store_store, { .key = key, .payload = { NULL, 1 } },
			MCPSESS_E_INVALID, "request.payload" },
		{ mcp_session_store_store, { .key = key, .payload = { &key, (64u << 20) + 1 } },
			MCPSESS_E_TOOBIG, "64 MiB" },
	};
	pend.mode = PEND_NEVER;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcpsess_error err = { 0 };
		assert_int_equal(
			cases[i].verb(store, &cases[i].request, NULL, &err), cases[i].status);
		assert_int_equal(err.status, cases[i].status);
		assert_says(err.text, cases[i].says);
	}
	struct mcp_session_store_request request = { .page = 1 };
	memset(request.cursor, 'x', sizeof(request.cursor));
	assert_int_equal(mcp_session_store_list(store, &request, NULL, NULL), MCPSESS_E_INVALID);
	assert_int_equal(pend.sent, 0);
}

static void what_a_store_cannot_do_is_unsupported_and_named(void **state)
{
	(void)state;
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcp_session_store_counts stats;
	struct mcpsess_error err;
	pend.can = 0;
	struct mcp_session_store *store = open_store("pend:");
	assert_int_equal(mcp_session_store_can(store), 0);
	assert_int_equal(
		mcp_session_store_list(store, &request, NULL, &err), MCPSESS_E_UNSUPPORTED);
	assert_says(err.text, "CAN_LIST");
	request.flags = MCP_SESSION_STORE_COUNT;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, &err), MCPSESS_E_UNSUPPORTED);
	assert_says(err.text, "CAN_COUNT");
	assert_int_equal(mcp_session_store_stats(store, &stats), MCPSESS_E_UNSUPPORTED);
	assert_int_equal(mcp_session_store_sweep(store, 1), MCPSESS_E_UNSUPPORTED);
	assert_int_equal(mcp_session_store_dispatch(store), 0);
	mcp_session_store_close(store);
}

static void upkeep_reaches_the_backend(void **state)
{
	struct mcp_session_store *store = *state;
	struct mcp_session_store_counts stats;
	assert_int_equal(mcp_session_store_stats(store, &stats), MCPSESS_OK);
	assert_int_equal(stats.sessions, 7);
	assert_int_equal(mcp_session_store_sweep(store, 12), 12);
	assert_int_equal(mcp_session_store_sweep(store, 0), 1000);
	assert_string_equal(mcp_session_store_scheme(store), "pend");
}

/* What the backend was asked: the call it got last. */
static struct mcp_session_store_request ask(struct mcp_session_store *store,
	int (*verb)(struct mcp_session_store *, struct mcp_session_store_call *),
	const struct mcp_session_store_request *request)
{
	struct mcp_session_store_call call = { .request = *request };
	pend.mode = PEND_TOLD;
	assert_int_equal(verb(store, &call), MCPSESS_PENDING);
	struct mcp_session_store_request asked = pend_call(store, 0)->request;
	mcp_session_store_cancel(store, &call);
	return asked;
}

static void the_backend_is_given_every_setting_resolved(void **state)
{
	(void)state;
	struct mcp_session_store *store =
		open_store("pend:?idle=100s&absolute=none&touch_every=20s&tombstone=7s&"
			   "max_sessions=9&max_sessions_per_owner=none");
	struct mcp_session_store_request request = { .key = pend_key(1), .max_sessions = 1 };
	struct mcp_session_store_request asked =
		ask(store, mcp_session_store_store_async, &request);
	assert_int_equal(asked.idle_ms, 100000);
	assert_int_equal(asked.absolute_ms, NONE);
	assert_int_equal(asked.touch_every_ms, 20000);
	assert_int_equal(asked.tombstone_ms, 7000);
	assert_int_equal(asked.max_sessions, 9);
	assert_int_equal(asked.max_sessions_per_owner, NONE);

	request.idle_ms = 50000;
	request.absolute_ms = 60000;
	asked = ask(store, mcp_session_store_touch_async, &request);
	assert_int_equal(asked.idle_ms, 50000);
	assert_int_equal(asked.absolute_ms, 60000);
	/* A throttle longer than the caller's own idle would let a busy session expire. */
	assert_int_equal(asked.touch_every_ms, 5000);
	mcp_session_store_close(store);
}

static void pages_have_a_default_and_a_maximum(void **state)
{
	struct mcp_session_store *store = *state;
	static const uint32_t pages[][2] = { { 0, 100 }, { 1, 1 }, { 1000, 1000 }, { 1001, 1000 } };
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		struct mcp_session_store_request request = { .page = pages[i][0] };
		assert_int_equal(
			ask(store, mcp_session_store_list_async, &request).page, pages[i][1]);
	}
}

static void only_get_touches_and_counts_by_flag(void **state)
{
	struct mcp_session_store *store = *state;
	const uint32_t all =
		MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT | MCP_SESSION_STORE_ANY_OWNER;
	struct mcp_session_store_request request = { .key = pend_key(1), .flags = all };
	assert_int_equal(ask(store, mcp_session_store_get_async, &request).flags, all);
	assert_int_equal(ask(store, mcp_session_store_exists_async, &request).flags,
		MCP_SESSION_STORE_ANY_OWNER);
	assert_int_equal(ask(store, mcp_session_store_touch_async, &request).flags,
		MCP_SESSION_STORE_ANY_OWNER);
}

static void every_write_has_a_token_of_its_own_unless_given(void **state)
{
	struct mcp_session_store *store = *state;
	static const unsigned char none[16];
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcp_session_store_request a = ask(store, mcp_session_store_store_async, &request);
	struct mcp_session_store_request b = ask(store, mcp_session_store_store_async, &request);
	struct mcp_session_store *other = open_store("pend:");
	struct mcp_session_store_request c = ask(other, mcp_session_store_store_async, &request);
	assert_memory_not_equal(a.operation, none, 16);
	assert_memory_not_equal(a.operation, b.operation, 16);
	assert_memory_not_equal(a.operation, c.operation, 16);
	memset(request.operation, 7, 16);
	a = ask(store, mcp_session_store_store_async, &request);
	assert_memory_equal(a.operation, request.operation, 16);
	mcp_session_store_close(other);
}

static void a_failure_is_explained_in_one_line_of_UTF_8(void **state)
{
	struct mcp_session_store *store = *state;
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcpsess_error err = { 0 };
	pend.status = MCPSESS_E_NOTOWNER;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, &err), MCPSESS_E_NOTOWNER);
	assert_string_equal(err.text, mcpsess_strerror(MCPSESS_E_NOTOWNER));
	pend.status = MCPSESS_E_UNAVAILABLE;
	assert_int_equal(mcp_session_store_get(store, &request, NULL, &err), MCPSESS_E_UNAVAILABLE);
	assert_int_equal(err.status, MCPSESS_E_UNAVAILABLE);
	assert_int_equal(err.sys, 111);
	assert_string_equal(err.text, PEND_WHY);
}

static void an_error_is_left_alone_by_success(void **state)
{
	struct mcp_session_store *store = *state;
	struct mcp_session_store_request request = { .key = pend_key(1) };
	struct mcpsess_error err = { .status = 1, .text = "before" };
	assert_int_equal(mcp_session_store_get(store, &request, NULL, &err), MCPSESS_OK);
	assert_int_equal(err.status, 1);
	assert_string_equal(err.text, "before");
}

/* Under a leak checker: each verb lets go of what the answer held before. */
static void an_answer_can_be_used_again_and_again(void **state)
{
	struct mcp_session_store *store = *state;
	struct mcp_session_store_answer answer = { 0 };
	for (unsigned i = 0; i < 6; i++) {
		struct mcp_session_store_request request = { .key = pend_key(i) };
		/* A payload of the answer's own goes into the request of the next verb. */
		request.payload = answer.payload;
		assert_int_equal(verbs[i](store, &request, &answer, NULL), MCPSESS_OK);
		assert_int_equal(answer.revision, i + 1);
		assert_memory_equal(answer.payload.data, &request.key, sizeof(request.key));
	}
	mcp_session_store_answer_clear(&answer);
	assert_null(answer.blob);
	assert_int_equal(answer.revision, 0);
}

static void an_incomplete_backend_is_refused_by_the_missing_member(void **state)
{
	(void)state;
	static const char *const members[] = { "store", "get", "touch", "delete", "exists", "list",
		"sweep", "stats", "ready", "tick", "cancel" };
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		pend.lacks = members[i];
		assert_int_equal(
			mcp_session_store_open("pend:", NULL, &store, &err), MCPSESS_E_UNSUPPORTED);
		assert_says(err.text, "backend pend lacks");
		assert_says(err.text, members[i]);
	}
	pend.lacks = NULL;
	pend.can |= MCP_SESSION_STORE_CAN_THREADS;
	assert_int_equal(
		mcp_session_store_open("pend:", NULL, &store, &err), MCPSESS_E_UNSUPPORTED);
	assert_says(err.text, "cannot both pend and serve any thread");
	assert_null(store);
}

static void a_backend_of_an_older_release_has_fewer_members(void **state)
{
	(void)state;
	struct mcp_session_store_request request = { .key = pend_key(1) };
	pend.can = 0;
	pend.table_size = offsetof(struct mcp_session_store_ops, list);
	struct mcp_session_store *store = open_store("pend:");
	assert_int_equal(mcp_session_store_get(store, &request, NULL, NULL), MCPSESS_OK);
	mcp_session_store_close(store);
}

static void a_backend_that_cannot_open_says_something(void **state)
{
	(void)state;
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	pend.open_fails = 1;
	assert_int_equal(
		mcp_session_store_open("pend:", NULL, &store, &err), MCPSESS_E_UNAVAILABLE);
	assert_int_equal(err.status, MCPSESS_E_UNAVAILABLE);
	assert_string_equal(err.text, "store cannot be reached");
	assert_null(store);
}

static int no_random(void *user_data, void *out, size_t len)
{
	(void)user_data, (void)out, (void)len;
	return -1;
}

static void without_randomness_no_store_opens(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .random = no_random };
	struct mcp_session_store_options options = { .size = sizeof(options), .hooks = &hooks };
	struct mcp_session_store *store = NULL;
	assert_int_equal(
		mcp_session_store_open("pend:", &options, &store, NULL), MCPSESS_E_UNAVAILABLE);
	assert_null(store);
}

/* A host's own backends: known by every scheme of theirs, and refused when unfit. */
static void a_backend_is_added_once_and_only_if_fit(void **state)
{
	(void)state;
	struct mcpsess_error err;
	static struct mcpsess_backend other;
	assert_int_equal(mcpsess_backend_add(&pend_backend, &err), MCPSESS_E_EXISTS);
	assert_says(err.text, "scheme \"pend\" is taken");
	assert_int_equal(mcpsess_backend_add(NULL, &err), MCPSESS_E_INVALID);

	other = pend_backend;
	other.abi = 2;
	assert_int_equal(mcpsess_backend_add(&other, &err), MCPSESS_E_INVALID);
	assert_says(err.text, "abi 2, not 1");
	other = pend_backend;
	other.size = 8;
	assert_int_equal(mcpsess_backend_add(&other, &err), MCPSESS_E_INVALID);
	assert_says(err.text, "8 bytes");
	other = pend_backend;
	other.open = NULL;
	assert_int_equal(mcpsess_backend_add(&other, &err), MCPSESS_E_INVALID);
	assert_says(err.text, "without open");
	static const char *const schemes[] = { "", " ", "Bad", "a/b", "../x", "abcdefghijklmnopq" };
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		other = pend_backend;
		other.schemes = schemes[i];
		assert_int_equal(mcpsess_backend_add(&other, &err), MCPSESS_E_INVALID);
		assert_says(err.text, "schemes");
	}
	mcp_session_store_close(open_store("pend+more:"));
}

static void sixteen_backends_can_be_added(void **state)
{
	(void)state;
	static struct mcpsess_backend others[16];
	static char schemes[16][8];
	struct mcpsess_error err;
	for (int i = 0; i < 16; i++) {
		others[i] = pend_backend;
		strcpy(schemes[i], "other");
		schemes[i][5] = (char)('a' + i);
		others[i].schemes = schemes[i];
		assert_int_equal(mcpsess_backend_add(&others[i], &err),
			i < 15 ? MCPSESS_OK : MCPSESS_E_LIMIT);
	}
	assert_says(err.text, "16");
	mcp_session_store_close(open_store("othera:"));
}

/* Memory that ends after some allocations, and a count of what is still held. */
struct purse {
	int left;
	int held;
};

static void *spend(void *user_data, void *ptr, size_t size)
{
	struct purse *purse = user_data;
	if (size == 0) {
		purse->held -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (purse->left-- <= 0) {
		return NULL;
	}
	purse->held += ptr == NULL;
	return realloc(ptr, size);
}

static int use_all_of_it(const struct mcp_session_store_options *options)
{
	struct mcp_session_store *store = NULL;
	struct mcp_session_store_answer answer = { 0 };
	struct mcp_session_store_request request = { .key = pend_key(1) };
	int r = mcp_session_store_open("pend:", options, &store, NULL);
	for (size_t i = 0; r == MCPSESS_OK && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		r = verbs[i](store, &request, &answer, NULL);
	}
	if (r == MCPSESS_OK && mcp_session_store_fd(store) < 0) {
		r = MCPSESS_E_NOMEM;
	}
	mcp_session_store_answer_clear(&answer);
	mcp_session_store_close(store);
	return r;
}

static void without_memory_every_step_says_so_and_leaks_nothing(void **state)
{
	(void)state;
	pend.mode = PEND_ITSELF;
	int r = MCPSESS_E_NOMEM;
	int tries = 0;
	for (; r != MCPSESS_OK; tries++) {
		struct purse purse = { .left = tries };
		struct mcpsess_hooks hooks = {
			.size = sizeof(hooks), .user_data = &purse, .realloc = spend
		};
		struct mcp_session_store_options options = { .size = sizeof(options),
			.hooks = &hooks };
		r = use_all_of_it(&options);
		assert_true(r == MCPSESS_OK || r == MCPSESS_E_NOMEM);
		assert_int_equal(purse.held, 0);
		assert_true(tries < 100);
	}
	assert_true(tries > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
		TEST(a_wrong_request_never_reaches_the_backend),
		TEST(what_a_store_cannot_do_is_unsupported_and_named),
		TEST(upkeep_reaches_the_backend),
		TEST(the_backend_is_given_every_setting_resolved),
		TEST(pages_have_a_default_and_a_maximum),
		TEST(only_get_touches_and_counts_by_flag),
		TEST(every_write_has_a_token_of_its_own_unless_given),
		TEST(a_failure_is_explained_in_one_line_of_UTF_8),
		TEST(an_error_is_left_alone_by_success),
		TEST(an_answer_can_be_used_again_and_again),
		TEST(an_incomplete_backend_is_refused_by_the_missing_member),
		TEST(a_backend_of_an_older_release_has_fewer_members),
		TEST(a_backend_that_cannot_open_says_something),
		TEST(without_randomness_no_store_opens),
		TEST(a_backend_is_added_once_and_only_if_fit),
		TEST(sixteen_backends_can_be_added),
		TEST(without_memory_every_step_says_so_and_leaks_nothing),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
