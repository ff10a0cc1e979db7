/* A store that cannot be reached: its callers are told at once, until a probe gets through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pend.h"
#include "store/password.h"

static uint64_t now_ms;

static uint64_t clock_now(void *user_data)
{
	(void)user_data;
	return now_ms;
}

static struct mcp_session_store *open_store(const char *uri, uint32_t cannot)
{
	const struct mcpsess_hooks hooks = { .size = sizeof(hooks), .now_ms = clock_now };
	const struct mcp_session_store_options options = { .size = sizeof(options),
		.hooks = &hooks };
	struct mcp_session_store *store;
	pend_reset();
	pend.can &= ~cannot;
	pend.mode = PEND_AT_ONCE;
	now_ms = 1700000000000;
	assert_int_equal(mcp_session_store_open(uri, &options, &store, NULL), MCPSESS_OK);
	return store;
}

static int get(struct mcp_session_store *store, struct mcpsess_error *err)
{
	const struct mcp_session_store_request request = { .key = pend_key(1) };
	return mcp_session_store_get(store, &request, NULL, err);
}

static void a_store_that_is_down_is_not_asked_until_a_probe_is_due(void **state)
{
	(void)state;
	struct mcpsess_error err = { 0 };
	struct mcp_session_store *store = open_store("pend:?probe_every=1s", 0);
	pend.status = MCPSESS_E_UNAVAILABLE;
	assert_int_equal(get(store, &err), MCPSESS_E_UNAVAILABLE);
	assert_string_equal(err.text, PEND_WHY);
	for (int i = 0; i < 3; i++) {
		now_ms += 100;
		assert_int_equal(get(store, &err), MCPSESS_E_UNAVAILABLE);
		assert_non_null(strstr(err.text, "the store is down"));
	}
	/* At the latest half a probe's period late: now it is asked again, and is still down. */
	now_ms += 1500;
	assert_int_equal(get(store, &err), MCPSESS_E_UNAVAILABLE);
	assert_string_equal(err.text, PEND_WHY);
	pend.status = MCPSESS_OK;
	assert_int_equal(get(store, &err), MCPSESS_E_UNAVAILABLE);
	now_ms += 1500;
	assert_int_equal(get(store, &err), MCPSESS_OK);
	assert_int_equal(get(store, &err), MCPSESS_OK);
	mcp_session_store_close(store);
}

static void answers_that_came_do_not_trip_it(void **state)
{
	(void)state;
	static const int statuses[] = { MCPSESS_E_NOTFOUND, MCPSESS_E_LIMIT, MCPSESS_E_CONFLICT,
		MCPSESS_E_CORRUPT };
	struct mcp_session_store *store = open_store("pend:", 0);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		pend.status = statuses[i];
		assert_int_equal(get(store, NULL), statuses[i]);
	}
	pend.status = MCPSESS_OK;
	assert_int_equal(get(store, NULL), MCPSESS_OK);
	mcp_session_store_close(store);
}

static void a_store_of_this_process_has_none(void **state)
{
	(void)state;
	struct mcp_session_store *store = open_store("pend:", MCP_SESSION_STORE_CAN_SHARE);
	pend.status = MCPSESS_E_UNAVAILABLE;
	assert_int_equal(get(store, NULL), MCPSESS_E_UNAVAILABLE);
	pend.status = MCPSESS_OK;
	assert_int_equal(get(store, NULL), MCPSESS_OK);
	mcp_session_store_close(store);
}

/* The length, or why there is none. */
static int read_password(
	const char *name, const char *value, char *out, size_t capacity, struct mcpsess_error *told)
{
	struct mcpsess_password password;
	struct mcpsess_error err = { 0 };
	size_t len;
	struct mcpsess_uri uri;
	char text[256];
	snprintf(text, sizeof(text), "pend:?%s=%s&size=1", name, value);
	assert_int_equal(mcpsess_uri_parse(text, &uri, &err), MCPSESS_OK);
	assert_int_equal(mcpsess_password_take(&password, NULL, &uri, &err), MCPSESS_OK);
	assert_int_equal(uri.parameter_count, 1);
	assert_string_equal(uri.parameters[0].name, "size");
	int r = mcpsess_password_read(&password, out, capacity, &len, told);
	return r < 0 ? r : (int)len;
}

static void passwords_come_from_where_the_uri_says_each_time(void **state)
{
	(void)state;
	char path[] = "/tmp/mcpsess-password-XXXXXX", out[64];
	struct mcpsess_error err;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "first\n", 6), 6);
	assert_int_equal(read_password("password_file", path, out, sizeof(out), &err), 5);
	assert_memory_equal(out, "first", 5);
	assert_int_equal(pwrite(fd, "other", 5, 0), 5);
	assert_int_equal(read_password("password_file", path, out, sizeof(out), &err), 5);
	assert_memory_equal(out, "other", 5);
	assert_int_equal(pwrite(fd, "fit", 3, 0), 3);
	assert_int_equal(ftruncate(fd, 3), 0);
	assert_int_equal(read_password("password_file", path, out, 3, &err), 3);
	close(fd);
	unlink(path);

	setenv("MCPSESS_TEST_PASSWORD", "s3cret", 1);
	assert_int_equal(
		read_password("password_env", "MCPSESS_TEST_PASSWORD", out, sizeof(out), &err), 6);
	assert_memory_equal(out, "s3cret", 6);
	unsetenv("MCPSESS_TEST_PASSWORD");
}

static void expect_none(const char *name, const char *value, const char *text)
{
	char out[4], told[200];
	struct mcpsess_error err;
	assert_int_equal(read_password(name, value, out, sizeof(out), &err), MCPSESS_E_UNAVAILABLE);
	snprintf(told, sizeof(told), "%s=%s: %s", name, value, text);
	assert_string_equal(err.text, told);
}

static void a_source_that_gives_no_password_is_told(void **state)
{
	(void)state;
	char path[] = "/tmp/mcpsess-password-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	expect_none("password_file", path, "there is nothing in it");
	assert_int_equal(write(fd, "\n", 1), 1);
	expect_none("password_file", path, "there is nothing in it");
	assert_int_equal(write(fd, "s3cret", 6), 6);
	expect_none("password_file", path, "File too large");
	close(fd);
	unlink(path);
	expect_none("password_file", path, "No such file or directory");
	expect_none("password_file", "/", "Is a directory");

	expect_none("password_env", "MCPSESS_TEST_PASSWORD", "no such variable");
	setenv("MCPSESS_TEST_PASSWORD", "", 1);
	expect_none("password_env", "MCPSESS_TEST_PASSWORD", "there is nothing in it");
	setenv("MCPSESS_TEST_PASSWORD", "s3cret", 1);
	expect_none("password_env", "MCPSESS_TEST_PASSWORD", "it is too long");
	unsetenv("MCPSESS_TEST_PASSWORD");
}

static size_t ask(void *user_data, char *out, size_t capacity)
{
	size_t len = strlen(user_data);
	assert_true(len <= capacity);
	memcpy(out, user_data, len);
	return len;
}

static void a_callback_comes_first_and_two_sources_are_refused(void **state)
{
	(void)state;
	struct mcpsess_password password;
	struct mcpsess_error err = { 0 };
	struct mcpsess_uri uri;
	char out[64], secret[] = "asked";
	size_t len;
	const struct mcp_session_store_options options = {
		.size = sizeof(options), .password = ask, .password_data = secret
	};
	assert_int_equal(mcpsess_uri_parse("pend:?password_env=NONE", &uri, &err), MCPSESS_OK);
	assert_int_equal(mcpsess_password_take(&password, &options, &uri, &err), MCPSESS_OK);
	assert_int_equal(
		mcpsess_password_read(&password, out, sizeof(out), &len, &err), MCPSESS_OK);
	assert_int_equal(len, 5);
	assert_memory_equal(out, "asked", 5);
	assert_int_equal(
		mcpsess_uri_parse("pend:?password_env=A&password_file=B", &uri, &err), MCPSESS_OK);
	assert_int_equal(mcpsess_password_take(&password, NULL, &uri, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "both given"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_store_that_is_down_is_not_asked_until_a_probe_is_due),
		cmocka_unit_test(answers_that_came_do_not_trip_it),
		cmocka_unit_test(a_store_of_this_process_has_none),
		cmocka_unit_test(passwords_come_from_where_the_uri_says_each_time),
		cmocka_unit_test(a_source_that_gives_no_password_is_told),
		cmocka_unit_test(a_callback_comes_first_and_two_sources_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
