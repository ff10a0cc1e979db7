/* Modules: the right one is used, and each way to be wrong has its own text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include <mcpsess/pool.h>

static struct mcp_session_store_options options = { .size = sizeof(options),
	.module_dir = MODULES };

static void assert_refused(const char *uri, const char *const *says)
{
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err = { 0 };
	assert_int_equal(
		mcp_session_store_open(uri, &options, &store, &err), MCPSESS_E_UNSUPPORTED);
	assert_int_equal(err.status, MCPSESS_E_UNSUPPORTED);
	assert_null(store);
	for (; *says != NULL; says++) {
		if (strstr(err.text, *says) == NULL) {
			fail_msg("\"%s\" does not say \"%s\"", err.text, *says);
		}
	}
}

static struct mcp_session_store *open_good(const char *uri)
{
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	if (mcp_session_store_open(uri, &options, &store, &err) != MCPSESS_OK) {
		fail_msg("%s", err.text);
	}
	return store;
}

static void a_module_serves_all_its_schemes(void **state)
{
	(void)state;
	static const char *const uris[] = { "good:", "good+unix:///run/x", "good://host/0" };
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct mcp_session_store *store = open_good(uris[i]);
		struct mcp_session_store_request request = { .key = { { 1 } } };
		struct mcp_session_store_answer answer = { 0 };
		struct mcpsess_error err;
		assert_int_equal(mcp_session_store_get(store, &request, &answer, &err), MCPSESS_OK);
		assert_int_equal(answer.revision, 42);
		mcp_session_store_close(store);
	}
}

/* The five verbs answer, what this library knows and the module lacks is UNSUPPORTED. */
static void want_five_verbs(const char *uri, uint64_t touch_every_ms)
{
	typedef int verb(struct mcp_session_store *, const struct mcp_session_store_request *,
		struct mcp_session_store_answer *, struct mcpsess_error *);
	static verb *const verbs[] = { mcp_session_store_store, mcp_session_store_get,
		mcp_session_store_touch, mcp_session_store_delete, mcp_session_store_exists };
	struct mcp_session_store *store = open_good(uri);
	struct mcp_session_store_request request = { .key = { { 1 } } };
	struct mcp_session_store_answer answer = { 0 };
	struct mcp_session_store_options settings;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		assert_int_equal(verbs[i](store, &request, &answer, NULL), MCPSESS_OK);
		assert_int_equal(answer.revision, 42);
	}
	assert_int_equal(
		mcp_session_store_ping(store, &request, NULL, NULL), MCPSESS_E_UNSUPPORTED);
	assert_int_equal(mcp_session_store_sweep(store, 1), MCPSESS_E_UNSUPPORTED);
	mcp_session_store_settings(store, &settings);
	assert_int_equal(settings.idle_ms, 300000);
	assert_int_equal(settings.touch_every_ms, touch_every_ms);
	mcp_session_store_close(store);
}

static void a_module_of_an_older_release_has_a_shorter_table(void **state)
{
	(void)state;
	want_five_verbs("good:", 0);
	/* Nor does its descriptor say that touches are free. */
	want_five_verbs("earlier:", 30000);
}

static void a_module_of_a_later_release_has_a_longer_table(void **state)
{
	(void)state;
	struct mcp_session_store_pool *pool = NULL;
	struct mcp_session_store_request request = { .key = { { 1 } } };
	want_five_verbs("later:", 0);
	assert_int_equal(
		mcp_session_store_pool_open("later:", &options, 0, &pool, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_pool_touch(pool, &request, NULL, NULL), MCPSESS_OK);
	mcp_session_store_pool_close(pool);
}

static void other_schemes_of_a_backend_find_its_module(void **state)
{
	(void)state;
	assert_refused("rediss://host", (const char *const[]){ "/mcpsess-redis.so", NULL });
	assert_refused("redis+cluster://h", (const char *const[]){ "/mcpsess-redis.so", NULL });
	assert_refused("postgresql://h", (const char *const[]){ "/mcpsess-postgres.so", NULL });
	assert_refused("postgres://h", (const char *const[]){ "/mcpsess-postgres.so", NULL });
}

static void each_wrong_module_is_refused_with_what_was_found_and_wanted(void **state)
{
	(void)state;
	static const struct {
		const char *uri;
		const char *says[5];
	} cases[] = {
		{ "absent:", { "\"absent\" is not built in", "no module", "/mcpsess-absent.so" } },
		{ "otherabi:", { "/mcpsess-otherabi.so", "abi 7, not 1" } },
		{ "short:", { "/mcpsess-short.so", "8 bytes, not", "or more" } },
		{ "nosymbol:", { "/mcpsess-nosymbol.so", "no mcpsess_backend_nosymbol" } },
		{ "misnamed:",
			{ "/mcpsess-misnamed.so", "names itself \"good\", not \"misnamed\"" } },
		{ "nomember:", { "/mcpsess-nomember.so", "without open" } },
		{ "noscheme:", { "/mcpsess-noscheme.so", "serves the schemes \"something else\"",
				       "not \"noscheme\"" } },
		{ "good+tls:", { "/mcpsess-good.so", "\"good good+unix\"", "not \"good+tls\"" } },
		{ "overstating:", { "backend overstating lacks ping" } },
		{ "tableless:", { "backend tableless has a table of 8 bytes", "or more" } },
		{ "importing:",
			{ "/mcpsess-importing.so", "does not load", "nobody_has_this_symbol" } },
		{ "notelf:", { "/mcpsess-notelf.so", "does not load" } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_refused(cases[i].uri, cases[i].says);
	}
}

static void a_uri_chooses_no_path(void **state)
{
	(void)state;
	assert_refused("a.b:", (const char *const[]){ "no module can have its name", NULL });
	assert_refused("a-b:", (const char *const[]){ "no module can have its name", NULL });
	struct mcp_session_store *store = NULL;
	assert_int_equal(
		mcp_session_store_open("../good:", &options, &store, NULL), MCPSESS_E_INVALID);
	assert_int_equal(
		mcp_session_store_open("/good:", &options, &store, NULL), MCPSESS_E_INVALID);
}

static void a_refusal_is_whole_however_long_the_path(void **state)
{
	(void)state;
	char folder[900] = "/";
	memset(folder + 1, 'x', sizeof(folder) - 2);
	struct mcp_session_store_options far = options;
	far.module_dir = folder;
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	assert_int_equal(
		mcp_session_store_open("good:", &far, &store, &err), MCPSESS_E_UNSUPPORTED);
	assert_non_null(strstr(err.text, "/mcpsess-good.so"));
	char longer[2000] = "/";
	memset(longer + 1, 'x', sizeof(longer) - 2);
	far.module_dir = longer;
	assert_int_equal(mcp_session_store_open("good:", &far, &store, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "module_dir"));
	far.module_dir = "";
	assert_int_equal(mcp_session_store_open("good:", &far, &store, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "module_dir"));
}

static void a_pool_loads_modules_too(void **state)
{
	(void)state;
	struct mcp_session_store_pool *pool = NULL;
	struct mcp_session_store_request request = { .key = { { 1 } } };
	assert_int_equal(
		mcp_session_store_pool_open("good:", &options, 0, &pool, NULL), MCPSESS_OK);
	assert_int_equal(mcp_session_store_pool_exists(pool, &request, NULL, NULL), MCPSESS_OK);
	mcp_session_store_pool_close(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_module_serves_all_its_schemes),
		cmocka_unit_test(a_module_of_an_older_release_has_a_shorter_table),
		cmocka_unit_test(a_module_of_a_later_release_has_a_longer_table),
		cmocka_unit_test(other_schemes_of_a_backend_find_its_module),
		cmocka_unit_test(each_wrong_module_is_refused_with_what_was_found_and_wanted),
		cmocka_unit_test(a_uri_chooses_no_path),
		cmocka_unit_test(a_refusal_is_whole_however_long_the_path),
		cmocka_unit_test(a_pool_loads_modules_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
