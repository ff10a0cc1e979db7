/* Store URIs: their parts, their parameters, and what is said of wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pend.h"
#include "store/uri.h"

static struct mcpsess_uri parsed;

static void assert_says(const char *text, const char *part)
{
	if (strstr(text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", text, part);
	}
}

static void a_uri_falls_into_its_parts(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *scheme, *authority, *path, *parameters;
	} cases[] = {
		{ "memory:", "memory", "", "", "" },
		{ "memory:?", "memory", "", "", "" },
		{ "memory:?a=b", "memory", "", "", "a=b;" },
		{ "redis://user:p%40ss@host:6379/0?prefix=x%26y&b=", "redis",
			"user:p%40ss@host:6379", "/0", "prefix=x&y;b=;" },
		{ "redis+unix:///run/a%20b.sock?db=1", "redis+unix", "", "/run/a b.sock", "db=1;" },
		{ "redis+sentinel://a:1,b:2,[::1]:3/main/0", "redis+sentinel", "a:1,b:2,[::1]:3",
			"/main/0", "" },
		{ "postgresql://?host=/run", "postgresql", "", "", "host=/run;" },
		{ "x:a?b=c=d?e", "x", "", "a", "b=c=d?e;" },
		{ "x.y-z+1://h", "x.y-z+1", "h", "", "" },
		{ "x:?n%61me=%C3%A9", "x", "", "", "name=\xc3\xa9;" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char parameters[64] = "";
		assert_int_equal(mcpsess_uri_parse(cases[i].uri, &parsed, NULL), MCPSESS_OK);
		for (size_t j = 0; j < parsed.parameter_count; j++) {
			strcat(strcat(parameters, parsed.parameters[j].name), "=");
			strcat(strcat(parameters, parsed.parameters[j].value), ";");
		}
		assert_string_equal(parsed.scheme, cases[i].scheme);
		assert_string_equal(parsed.authority, cases[i].authority);
		assert_string_equal(parsed.path, cases[i].path);
		assert_string_equal(parameters, cases[i].parameters);
	}
}

static void a_wrong_uri_is_refused_and_the_culprit_named(void **state)
{
	(void)state;
	static const struct {
		const char *uri, *says;
	} cases[] = {
		{ "", "empty; for sessions in this process write memory:" },
		{ "memory", "\"memory\" has no scheme" },
		{ "//host/path", "has no scheme" },
		{ ":", "no scheme: at most 16" },
		{ "Memory:", "no scheme" },
		{ "1x:", "no scheme" },
		{ "a/b:", "no scheme" },
		{ "abcdefghijklmnopq:", "at most 16" },
		{ "x: y", "character 3 of the store URI must be percent-encoded: %20" },
		{ "x://a#b", "character 6 of the store URI must be percent-encoded: %23" },
		{ "x:a\nb", "%0A" },
		{ "x:\xc3\xa9", "%C3" },
		{ "x:a%", "% at character 4" },
		{ "x:a%4", "% at character 4" },
		{ "x:a%zz", "% at character 4" },
		{ "x://a%00b", "% at character 6" },
		{ "x:?a=%0a", "% at character 6" },
		{ "x:?a", "parameter \"a\" of the store URI is not written name=value" },
		{ "x:?a&b=c", "parameter \"a\"" },
		{ "x:?=b", "parameter \"\"" },
		{ "x:?a=b&", "parameter \"\"" },
		{ "x:?%C3%A9", "parameter \"??\"" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcpsess_error err = { 0 };
		assert_int_equal(mcpsess_uri_parse(cases[i].uri, &parsed, &err), MCPSESS_E_INVALID);
		assert_int_equal(err.status, MCPSESS_E_INVALID);
		assert_says(err.text, cases[i].says);
	}
}

static void a_uri_has_bounds(void **state)
{
	(void)state;
	char uri[MCPSESS_URI_MAX + 2] = "x:?";
	struct mcpsess_error err;
	for (int i = 0; i < MCPSESS_URI_PARAMETERS; i++) {
		strcat(uri, i > 0 ? "&a=b" : "a=b");
	}
	assert_int_equal(mcpsess_uri_parse(uri, &parsed, NULL), MCPSESS_OK);
	assert_int_equal(parsed.parameter_count, MCPSESS_URI_PARAMETERS);
	strcat(uri, "&a=b");
	assert_int_equal(mcpsess_uri_parse(uri, &parsed, &err), MCPSESS_E_INVALID);
	assert_says(err.text, "more than 32 parameters");

	memset(uri, 'y', sizeof(uri));
	memcpy(uri, "x:", 2);
	uri[MCPSESS_URI_MAX] = '\0';
	assert_int_equal(mcpsess_uri_parse(uri, &parsed, NULL), MCPSESS_OK);
	assert_int_equal(strlen(parsed.path), MCPSESS_URI_MAX - 2);
	uri[MCPSESS_URI_MAX] = 'y';
	uri[MCPSESS_URI_MAX + 1] = '\0';
	assert_int_equal(mcpsess_uri_parse(uri, &parsed, &err), MCPSESS_E_INVALID);
	assert_says(err.text, "longer than 4096");
}

static void a_password_is_never_quoted(void **state)
{
	(void)state;
	static const char *const uris[] = { "redis://u:hunter2@host/ ", "redis://u:hun%ter2@h",
		"pend://u:hunter2@h?colour=1", "nothing://u:hunter2@h", "Redis://u:hunter2@h",
		"u:hunter2@host" };
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct mcp_session_store *store = NULL;
		struct mcpsess_error err = { 0 };
		assert_true(mcp_session_store_open(uris[i], NULL, &store, &err) < 0);
		assert_null(store);
		assert_null(strstr(err.text, "ter2"));
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
		cmocka_unit_test(a_uri_falls_into_its_parts),
		cmocka_unit_test(a_wrong_uri_is_refused_and_the_culprit_named),
		cmocka_unit_test(a_uri_has_bounds),
		cmocka_unit_test_setup(a_password_is_never_quoted, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
