/* Pages of other origins: the Fetch standard's CORS protocol. */
#include "site.h"

static const struct mcpsess_rpc_options usual;

#define APP "Origin: https://app.example.com\r\n"

static struct mcpsess_http_options with_cors(const char *origins)
{
	struct mcpsess_http_options options = { .cors = 1, .origins = origins };
	return options;
}

static void a_preflight_is_told_what_a_page_may_send(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", with_cors("https://app.example.com"), usual);
	site_ask(
		&site, "OPTIONS", LOCAL APP "Access-Control-Request-Method: POST\r\n", "", &answer);
	assert_int_equal(answer.status, 204);
	assert_string_equal(
		header_of(&answer, "Access-Control-Allow-Origin"), "https://app.example.com");
	assert_string_equal(
		header_of(&answer, "Access-Control-Allow-Methods"), "POST, GET, DELETE");
	assert_string_equal(header_of(&answer, "Access-Control-Allow-Headers"),
		"Content-Type, Accept, Authorization, Mcp-Session-Id, MCP-Protocol-Version, "
		"Last-Event-ID");
	assert_non_null(header_of(&answer, "Access-Control-Max-Age"));
	assert_string_equal(header_of(&answer, "Vary"), "Origin");
	assert_string_equal(header_of(&answer, "Allow"), "POST, DELETE, OPTIONS");
	assert_null(header_of(&answer, "Access-Control-Allow-Credentials"));
	site_close(&site);
}

static void a_page_can_read_every_answer_and_the_session_id(void **state)
{
	(void)state;
	static const struct {
		const char *method, *head;
		int status;
	} cases[] = {
		{ "POST", JSON APP, 200 },
		{ "POST",
			LOCAL APP "Content-Type: application/json\r\nAccept: text/event-stream\r\n",
			200 },
		{ "POST", LOCAL APP, 415 },
		{ "GET", LOCAL APP, 405 },
		{ "DELETE", LOCAL APP "Mcp-Session-Id: x\r\n", 404 },
	};
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", with_cors("https://app.example.com"), usual);
	for (size_t i = 0; i < COUNT(cases); i++) {
		site_ask(&site, cases[i].method, cases[i].head, INITIALIZE, &answer);
		assert_int_equal(answer.status, cases[i].status);
		assert_string_equal(header_of(&answer, "Access-Control-Allow-Origin"),
			"https://app.example.com");
		assert_string_equal(header_of(&answer, "Access-Control-Expose-Headers"),
			"Mcp-Session-Id, WWW-Authenticate");
		assert_null(header_of(&answer, "Access-Control-Allow-Methods"));
	}
	site_close(&site);
}

static void a_page_can_read_that_it_must_say_who_it_is(void **state)
{
	(void)state;
	static const struct {
		const char *method, *head;
		int status;
	} cases[] = {
		{ "POST", JSON APP, 401 },
		{ "POST", LOCAL APP, 401 },
		{ "GET", LOCAL APP "Mcp-Session-Id: x\r\n", 401 },
		{ "DELETE", LOCAL APP "Mcp-Session-Id: x\r\n", 401 },
		{ "PUT", LOCAL APP, 401 },
		{ "OPTIONS", LOCAL APP "Access-Control-Request-Method: POST\r\n", 204 },
		{ "POST", JSON "Origin: https://evil.example.com\r\n", 403 },
		{ "POST", "Host: evil.example.com\r\n" APP, 403 },
	};
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", with_cors("https://app.example.com"), usual);
	site.challenge = "Bearer realm=\"mcp\"";
	for (size_t i = 0; i < COUNT(cases); i++) {
		site_ask(&site, cases[i].method, cases[i].head, INITIALIZE, &answer);
		assert_int_equal(answer.status, cases[i].status);
		assert_null(header_of(&answer, "Mcp-Session-Id"));
		const char *challenge = header_of(&answer, "WWW-Authenticate");
		if (cases[i].status == 401) {
			assert_string_equal(challenge, site.challenge);
			assert_string_equal(header_of(&answer, "Access-Control-Allow-Origin"),
				"https://app.example.com");
		} else {
			assert_null(challenge);
		}
	}
	assert_int_equal(site_count(&site), 0);
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_UNAUTHORIZED), 5);
	site_close(&site);
}

static void what_is_no_accepted_page_gets_no_permission(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", with_cors("https://app.example.com"), usual);
	site_ask(&site, "OPTIONS", LOCAL "Origin: https://evil.example.com\r\n", "", &answer);
	assert_int_equal(answer.status, 403);
	assert_null(header_of(&answer, "Access-Control-Allow-Origin"));
	site_ask(&site, "OPTIONS", LOCAL APP APP, "", &answer);
	assert_int_equal(answer.status, 400);
	assert_null(header_of(&answer, "Access-Control-Allow-Origin"));
	site_ask(&site, "POST", JSON, INITIALIZE, &answer);
	assert_int_equal(answer.status, 200);
	assert_null(header_of(&answer, "Access-Control-Allow-Origin"));
	assert_string_equal(header_of(&answer, "Vary"), "Origin");
	site_close(&site);
	struct mcpsess_http_options off = { .origins = "*" };
	site_open(&site, "memory:", off, usual);
	site_ask(&site, "OPTIONS", LOCAL APP, "", &answer);
	assert_int_equal(answer.status, 204);
	assert_null(header_of(&answer, "Access-Control-Allow-Origin"));
	assert_null(header_of(&answer, "Vary"));
	site_close(&site);
}

/* A header block cannot carry these, other header functions can. */
static void an_origin_cannot_smuggle_a_header_in(void **state)
{
	(void)state;
	static const char *const origins[] = { "https://a\r\nSet-Cookie: x", "https://a\nb", "a\rb",
		"https://a b", "https://\x7f" };
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", with_cors("*"), usual);
	for (size_t i = 0; i < COUNT(origins); i++) {
		struct mcpsess_http_pair list[] = {
			{ mcpsess_str("host"), mcpsess_str("localhost") },
			{ mcpsess_str("origin"), mcpsess_str(origins[i]) },
		};
		struct mcpsess_http_pairs pairs = { list, COUNT(list) };
		struct mcpsess_http_request request = { .method = mcpsess_str("OPTIONS"),
			.header = mcpsess_http_header_pairs,
			.headers = &pairs };
		struct mcpsess_http_exchange *exchange;
		assert_int_equal(mcpsess_http_begin(site.http, &request, &exchange), MCPSESS_REPLY);
		site_read(exchange, &answer);
		assert_int_equal(answer.status, 204);
		assert_null(header_of(&answer, "Access-Control-Allow-Origin"));
	}
	site_close(&site);
}

static void a_page_can_read_that_the_server_ends(void **state)
{
	(void)state;
	static const struct {
		const char *method, *head, *challenge;
		int status;
	} cases[] = {
		{ "POST", JSON APP, NULL, 503 },
		{ "DELETE", LOCAL APP, NULL, 503 },
		{ "POST", JSON APP, "Bearer", 401 },
		{ "OPTIONS", LOCAL APP, NULL, 204 },
		{ "POST", "Host: evil.example.com\r\n" APP, NULL, 403 },
	};
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", with_cors("https://app.example.com"), usual);
	site.draining = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		site.challenge = cases[i].challenge;
		site_ask(&site, cases[i].method, cases[i].head, INITIALIZE, &answer);
		assert_int_equal(answer.status, cases[i].status);
		assert_non_null(header_of(&answer, "Access-Control-Allow-Origin"));
		assert_int_equal(header_of(&answer, "Retry-After") != NULL, cases[i].status == 503);
	}
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_DRAINING), 2);
	assert_int_equal(site_count(&site), 0);
	site_close(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_preflight_is_told_what_a_page_may_send),
		cmocka_unit_test(a_page_can_read_every_answer_and_the_session_id),
		cmocka_unit_test(a_page_can_read_that_it_must_say_who_it_is),
		cmocka_unit_test(what_is_no_accepted_page_gets_no_permission),
		cmocka_unit_test(an_origin_cannot_smuggle_a_header_in),
		cmocka_unit_test(a_page_can_read_that_the_server_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
