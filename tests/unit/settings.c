/* Settings: defaults, options, parameters over them, and refusals that name what is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "pend.h"

#define NONE MCP_SESSION_STORE_NONE
#define DAY  UINT64_C(86400000)

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", text, part);
	}
}

static struct mcp_session_store_options settings_of(
	const char *uri, const struct mcp_session_store_options *options)
{
	struct mcp_session_store_options settings;
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err = { 0 };
	if (mcp_session_store_open(uri, options, &store, &err) != MCPSESS_OK) {
		fail_msg("%s: %s", uri, err.text);
	}
	mcp_session_store_settings(store, &settings);
	mcp_session_store_close(store);
	return settings;
}

static void assert_refused(
	const char *uri, const struct mcp_session_store_options *options, const char *says)
{
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err = { 0 };
	assert_int_equal(mcp_session_store_open(uri, options, &store, &err), MCPSESS_E_INVALID);
	assert_null(store);
	assert_int_equal(err.status, MCPSESS_E_INVALID);
	assert_says(err.text, says);
}

/* Whether a word of its own stands before end. */
static int ends_with(const char *end, const char *word)
{
	size_t len = strlen(word);
	return memcmp(end - len, word, len) == 0 && end[-1 - (ptrdiff_t)len] == ' ';
}

static void every_setting_has_its_documented_default(void **state)
{
	(void)state;
	struct mcp_session_store_options settings = settings_of("pend:", NULL);
	assert_int_equal(settings.size, sizeof(settings));
	assert_int_equal(settings.idle_ms, 300000);
	assert_int_equal(settings.absolute_ms, DAY);
	assert_int_equal(settings.tombstone_ms, 60000);
	assert_int_equal(settings.touch_every_ms, 30000);
	assert_int_equal(settings.max_sessions, 100000);
	assert_int_equal(settings.max_sessions_per_owner, NONE);
	assert_int_equal(settings.connect_timeout_ms, 2000);
	assert_int_equal(settings.timeout_ms, 1000);
	assert_int_equal(settings.probe_every_ms, 1000);
	assert_null(settings.hooks);
	assert_null(settings.module_dir);
}

static void touches_are_throttled_by_a_tenth_of_idle_up_to_half_a_minute(void **state)
{
	(void)state;
	static const struct {
		const char *uri;
		uint64_t touch_every_ms;
	} cases[] = {
		{ "pend:?idle=10s", 1000 },
		{ "pend:?idle=1h", 30000 },
		{ "pend:?idle=none", 30000 },
		{ "pend:?idle=1h&touch_every=5m", 300000 },
		{ "pend:?touch_every=0", 0 },
		{ "pend:?touch_every=0s", 0 },
		{ "pend:?touch_every=none", 0 },
		{ "pend:?idle=5ms", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			settings_of(cases[i].uri, NULL).touch_every_ms, cases[i].touch_every_ms);
	}
}

static void durations_take_every_unit_and_their_edges(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = {
		{ "1ms", 1 },
		{ "999ms", 999 },
		{ "1s", 1000 },
		{ "2m", 120000 },
		{ "3h", 10800000 },
		{ "1d", DAY },
		{ "007s", 7000 },
		{ "36500d", 36500 * DAY },
		{ "3153600000s", 36500 * DAY },
		{ "none", NONE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char uri[64];
		snprintf(uri, sizeof(uri), "pend:?idle=%s", cases[i].text);
		assert_int_equal(settings_of(uri, NULL).idle_ms, cases[i].ms);
	}
}

static void a_value_that_is_none_is_refused_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *says;
	} cases[] = {
		{ "pend:?idle=", "idle=: not a duration" },
		{ "pend:?idle=5", "idle=5: not a duration" },
		{ "pend:?idle=0", "idle=0: not a duration" },
		{ "pend:?idle=0s", "idle=0s" },
		{ "pend:?idle=5x", "idle=5x" },
		{ "pend:?idle=5S", "idle=5S" },
		{ "pend:?idle=-5s", "idle=-5s" },
		{ "pend:?idle=%205s", "idle=?5s" },
		{ "pend:?idle=1.5s", "idle=1.5s" },
		{ "pend:?idle=36501d", "up to 36500d" },
		{ "pend:?idle=999999999999999d", "up to 36500d" },
		{ "pend:?idle=9999999999999999999999999s", "up to 36500d" },
		{ "pend:?absolute=soon", "absolute=soon" },
		{ "pend:?tombstone=1", "tombstone=1: not a duration" },
		{ "pend:?timeout=none", "timeout=none: not a duration" },
		{ "pend:?timeout=0", "timeout=0" },
		{ "pend:?connect_timeout=x", "connect_timeout=x" },
		{ "pend:?probe_every=", "probe_every=" },
		{ "pend:?max_sessions=0", "max_sessions=0: not a number from 1 up, or none" },
		{ "pend:?max_sessions=1s", "max_sessions=1s" },
		{ "pend:?max_sessions_per_owner=-1", "max_sessions_per_owner=-1" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_refused(cases[i].uri, NULL, cases[i].says);
	}
}

static void the_uri_overrides_the_options(void **state)
{
	(void)state;
	struct mcp_session_store_options options = { .size = sizeof(options),
		.idle_ms = 7000,
		.absolute_ms = NONE,
		.max_sessions = 5,
		.timeout_ms = 20,
		.touch_every_ms = NONE };
	struct mcp_session_store_options settings =
		settings_of("pend:?idle=8s&max_sessions_per_owner=3&tombstone=0", &options);
	assert_int_equal(settings.idle_ms, 8000);
	assert_int_equal(settings.absolute_ms, NONE);
	assert_int_equal(settings.max_sessions, 5);
	assert_int_equal(settings.max_sessions_per_owner, 3);
	assert_int_equal(settings.timeout_ms, 20);
	assert_int_equal(settings.tombstone_ms, NONE);
	assert_int_equal(settings.touch_every_ms, 0);
}

static void options_of_an_older_program_are_read_as_far_as_they_go(void **state)
{
	(void)state;
	struct mcp_session_store_options options = { .idle_ms = 7000, .absolute_ms = 9000 };
	options.size = offsetof(struct mcp_session_store_options, absolute_ms);
	struct mcp_session_store_options settings = settings_of("pend:", &options);
	assert_int_equal(settings.idle_ms, 7000);
	assert_int_equal(settings.absolute_ms, DAY);
}

static void options_that_cannot_be_are_refused_by_name(void **state)
{
	(void)state;
	struct mcp_session_store_options options = { .idle_ms = 7000 };
	assert_refused("pend:", &options, "options.size");
	options.size = sizeof(options);
	options.idle_ms = 36501 * DAY;
	assert_refused("pend:", &options, "options.idle_ms");
	options.idle_ms = 0;
	options.timeout_ms = NONE;
	assert_refused("pend:", &options, "options.timeout_ms");
	options.timeout_ms = 0;
	struct mcpsess_hooks hooks = { 0 };
	options.hooks = &hooks;
	assert_refused("pend:", &options, "hooks.size");
	assert_refused(NULL, NULL, "no store URI");
}

static void a_parameter_unknown_or_repeated_is_named_with_the_known_ones(void **state)
{
	(void)state;
	static const char known[] = " known are color size idle absolute tombstone touch_every "
				    "max_sessions max_sessions_per_owner connect_timeout timeout "
				    "probe_every ";
	static const struct {
		const char *uri, *says;
	} cases[] = {
		{ "pend:?colour=red", "parameter \"colour\" is unknown, did you mean color?" },
		{ "pend:?Idle=5s", "parameter \"Idle\" is unknown, did you mean idle?" },
		{ "pend:?idle=5s&idl=5s", "parameter \"idl\" is unknown, did you mean idle?" },
		{ "pend:?idel=5s", "parameter \"idel\" is unknown, did you mean idle?" },
		{ "pend:?max_session=5", "did you mean max_sessions?" },
		{ "pend:?xy=5", "parameter \"xy\" is unknown;" },
		{ "pend:?colo=red", "parameter \"colo\" is unknown, did you mean color?" },
		{ "pend:?color%20size=1", "parameter \"color?size\" is unknown;" },
		{ "pend:?idle=5s&color=a&idle=5s", "parameter \"idle\" is given twice;" },
		{ "pend:?color=a&size=1&color=a", "parameter \"color\" is given twice;" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_refused(cases[i].uri, NULL, cases[i].says);
		assert_refused(cases[i].uri, NULL, known);
	}
}

static void the_known_ones_are_whole_words_however_long_the_unknown_one_is(void **state)
{
	(void)state;
	char uri[128] = "memory:?";
	for (size_t len = strlen(uri); len < 60; len++) {
		struct mcp_session_store *store = NULL;
		struct mcpsess_error err = { 0 };
		strcpy(uri + len, "x=");
		assert_int_equal(
			mcp_session_store_open(uri, NULL, &store, &err), MCPSESS_E_INVALID);
		uri[len] = 'x';
		const char *at = strstr(err.text, "; known are max_bytes idle absolute ");
		const char *end = at != NULL ? strstr(at, ", and more: see the README") : NULL;
		end = end != NULL ? end : err.text + strlen(err.text);
		assert_non_null(at);
		assert_true(end - at > 100);
		assert_true(ends_with(end, "touch_every") || ends_with(end, "max_sessions") ||
			    ends_with(end, "max_sessions_per_owner") ||
			    ends_with(end, "connect_timeout") || ends_with(end, "timeout") ||
			    ends_with(end, "probe_every") || ends_with(end, "seal_keys_file"));
	}
}

static void a_store_without_a_mode_is_refused_clearly(void **state)
{
	(void)state;
	struct mcp_session_store *store = NULL;
	struct mcpsess_error err;
	struct mcp_session_store_options options = { .size = sizeof(options),
		.module_dir = "/nonexistent" };
	assert_refused("", NULL, "empty");
	assert_refused("memory", NULL, "write for instance memory:");
	assert_refused("redis", NULL, "has no scheme");
	assert_int_equal(mcp_session_store_open("redis://localhost", &options, &store, &err),
		MCPSESS_E_UNSUPPORTED);
	assert_says(err.text, "\"redis\" is not built in, and there is no module "
			      "/nonexistent/mcpsess-redis.so");
	assert_int_equal(mcp_session_store_open("localhost:6379", &options, &store, &err),
		MCPSESS_E_UNSUPPORTED);
	assert_says(err.text, "\"localhost\"");
	assert_null(store);
}

/* Whoever forgets the question mark would have the defaults. */
static void memory_takes_nothing_but_parameters(void **state)
{
	(void)state;
	static const char *const wrong[] = { "memory:max_sessions=1", "memory:idle=5s",
		"memory:&idle=5s", "memory:x", "memory:x?idle=5s", "memory:/", "memory://host/db",
		"memory://host", "memory://host?idle=5s", "memory:///db", "memory:%20" };
	static const char *const right[] = { "memory:", "memory:?", "memory://",
		"memory:?idle=5s" };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_refused(wrong[i], NULL, "memory: takes nothing but parameters");
		assert_refused(wrong[i], NULL, "memory:?max_sessions=");
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		settings_of(right[i], NULL);
	}
}

static int reset(void **state)
{
	(void)state;
	pend_reset();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_has_its_documented_default),
		cmocka_unit_test(touches_are_throttled_by_a_tenth_of_idle_up_to_half_a_minute),
		cmocka_unit_test(durations_take_every_unit_and_their_edges),
		cmocka_unit_test(a_value_that_is_none_is_refused_by_name),
		cmocka_unit_test(the_uri_overrides_the_options),
		cmocka_unit_test(options_of_an_older_program_are_read_as_far_as_they_go),
		cmocka_unit_test(options_that_cannot_be_are_refused_by_name),
		cmocka_unit_test(a_parameter_unknown_or_repeated_is_named_with_the_known_ones),
		cmocka_unit_test(the_known_ones_are_whole_words_however_long_the_unknown_one_is),
		cmocka_unit_test(a_store_without_a_mode_is_refused_clearly),
		cmocka_unit_test(memory_takes_nothing_but_parameters),
	};
	return cmocka_run_group_tests(tests, reset, NULL);
}
