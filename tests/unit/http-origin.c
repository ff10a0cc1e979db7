/* Host and Origin against the lists of a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/origin.h"

#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

static const char local[] = "localhost,127.0.0.1,[::1]";

static void a_host_fits_a_name_whatever_its_port(void **state)
{
	(void)state;
	static const struct {
		const char *hosts, *header;
		int fits;
	} cases[] = {
		{ local, "localhost", 1 },
		{ local, "LocalHost:3000", 1 },
		{ local, "localhost:", 1 },
		{ local, "127.0.0.1:65535", 1 },
		{ local, "[::1]", 1 },
		{ local, "[::1]:3000", 1 },
		{ local, "", 0 },
		{ local, ":3000", 0 },
		{ local, "::1", 0 },
		{ local, "[::1", 0 },
		{ local, "[::1]x", 0 },
		{ local, "[::1]:x", 0 },
		{ local, "[]", 0 },
		{ local, "[::2]", 0 },
		{ local, "localhost:80:80", 0 },
		{ local, "localhost:http", 0 },
		{ local, "localhost,127.0.0.1", 0 },
		{ local, "localhost ", 0 },
		{ local, "localhost@evil.example.com", 0 },
		{ local, "localhost/evil", 0 },
		{ local, "localhost.evil.example.com", 0 },
		{ local, "evil.localhost", 0 },
		{ local, "127.0.0.1.evil.example.com", 0 },
		{ local, "evil.example.com", 0 },
		{ local, "*", 0 },
		{ "mcp.example.com", "mcp.example.com:8443", 1 },
		{ "mcp.example.com", "xmcp.example.com", 0 },
		{ " a , *.Example.com ", "b.example.com", 1 },
		{ "*.example.com", "a.b.example.com:1", 1 },
		{ "*.example.com", "example.com", 0 },
		{ "*.example.com", ".example.com", 0 },
		{ "*.example.com", "badexample.com", 0 },
		{ "*.example.com", "evil.com/.example.com", 0 },
		{ "*.example.com", "evil.com#.example.com", 0 },
		{ "*.example.com", "a.example.com.evil.com", 0 },
		{ "*", "anything.at.all:1", 1 },
		{ "*", "", 1 },
		{ "*", "not a host", 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(mcpsess_http_check_hosts(cases[i].hosts, NULL), MCPSESS_OK);
		int fits = mcpsess_http_host_fits(cases[i].hosts, mcpsess_str(cases[i].header));
		if (fits != cases[i].fits) {
			fail_msg("%s, %s: %d", cases[i].hosts, cases[i].header, fits);
		}
	}
}

static void an_origin_fits_an_accepted_one_or_an_accepted_host(void **state)
{
	(void)state;
	static const char app[] = "https://app.example.com, https://*.example.org:8443";
	static const struct {
		const char *origins, *header;
		int fits;
	} cases[] = {
		{ NULL, "http://localhost", 1 },
		{ NULL, "http://localhost:5173", 1 },
		{ NULL, "HTTPS://LOCALHOST", 1 },
		{ NULL, "http://[::1]:3000", 1 },
		{ NULL, "http://evil.example.com", 0 },
		{ NULL, "http://localhost.evil.example.com", 0 },
		{ NULL, "http://localhost/", 0 },
		{ NULL, "http://localhost http://evil.example.com", 0 },
		{ NULL, "http://user@localhost", 0 },
		{ NULL, "localhost", 0 },
		{ NULL, "://localhost", 0 },
		{ NULL, "http:localhost", 0 },
		{ NULL, "http:/", 0 },
		{ NULL, "http://", 0 },
		{ NULL, "null", 0 },
		{ NULL, "", 0 },
		{ app, "https://app.example.com", 1 },
		{ app, "https://APP.example.com", 1 },
		{ app, "http://app.example.com", 0 },
		{ app, "https://app.example.com:8443", 0 },
		{ app, "https://evil.app.example.com", 0 },
		{ app, "https://a.example.org:8443", 1 },
		{ app, "https://a.b.example.org:8443", 1 },
		{ app, "https://a.example.org", 0 },
		{ app, "https://example.org:8443", 0 },
		{ app, "http://localhost", 0 },
		{ app, "null", 0 },
		{ "", "http://localhost", 0 },
		{ "*", "http://evil.example.com", 1 },
		{ "*", "null", 1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *origins = cases[i].origins;
		if (origins != NULL) {
			assert_int_equal(mcpsess_http_check_origins(origins, NULL), MCPSESS_OK);
		}
		int fits = mcpsess_http_origin_fits(origins, local, mcpsess_str(cases[i].header));
		if (fits != cases[i].fits) {
			fail_msg("%s, %s: %d", origins ? origins : "-", cases[i].header, fits);
		}
	}
	/* Any Host is no reason to let in what has none. */
	assert_int_equal(mcpsess_http_origin_fits(NULL, "*", mcpsess_str("null")), 0);
	assert_int_equal(mcpsess_http_origin_fits(NULL, "*", mcpsess_str("http://a.b")), 1);
}

static void a_list_that_cannot_work_is_refused_and_named(void **state)
{
	(void)state;
	static const char *const hosts[] = { "", " , ", "a:80", "http://a", "a,*x", "a.*.b", "*.",
		"::1", "[::1", "[::1]:80", "a b", "a/b" };
	static const char *const origins[] = { "a.example.com", "null", "https://", "https://a/",
		"https://a:x", "https://*", "://a", "https://a,b" };
	struct mcpsess_error err;
	for (size_t i = 0; i < COUNT(hosts); i++) {
		memset(&err, 0, sizeof(err));
		if (mcpsess_http_check_hosts(hosts[i], &err) != MCPSESS_E_INVALID) {
			fail_msg("hosts: %s", hosts[i]);
		}
		assert_int_equal(err.status, MCPSESS_E_INVALID);
		assert_non_null(strstr(err.text, "hosts"));
	}
	for (size_t i = 0; i < COUNT(origins); i++) {
		memset(&err, 0, sizeof(err));
		if (mcpsess_http_check_origins(origins[i], &err) != MCPSESS_E_INVALID) {
			fail_msg("origins: %s", origins[i]);
		}
		assert_non_null(strstr(err.text, "origins"));
	}
	assert_int_equal(
		mcpsess_http_check_hosts("good.example.com, bad host", &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "\"bad host\""));
}

static void an_origin_that_cannot_be_repeated_is_not_clean(void **state)
{
	(void)state;
	char big[600];
	memset(big, 'a', sizeof(big));
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_str("https://a.example.com:1")), 1);
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_str("null")), 1);
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_str("")), 0);
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_str("https://a\r\nX: y")), 0);
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_mem("a\0b", 3)), 0);
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_str("https://\xc3\xa4")), 0);
	assert_int_equal(mcpsess_http_origin_is_clean(mcpsess_mem(big, sizeof(big))), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_fits_a_name_whatever_its_port),
		cmocka_unit_test(an_origin_fits_an_accepted_one_or_an_accepted_host),
		cmocka_unit_test(a_list_that_cannot_work_is_refused_and_named),
		cmocka_unit_test(an_origin_that_cannot_be_repeated_is_not_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
