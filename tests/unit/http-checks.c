/* What is checked of a request, in which order, and how the answer is framed. */
#include "site.h"

static const struct mcpsess_http_options plain;
static const struct mcpsess_rpc_options usual;

struct request {
	const char *method, *head, *body;
	int status;
};

static void check(struct mcpsess_http_options options, const struct request *requests, size_t count)
{
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", options, usual);
	for (size_t i = 0; i < count; i++) {
		site_ask(&site, requests[i].method, requests[i].head, requests[i].body, &answer);
		if (answer.status != requests[i].status) {
			fail_msg("%zu: %d instead of %d: %s", i, answer.status, requests[i].status,
				answer.body);
		}
	}
	site_close(&site);
}

#define EVIL  "Host: evil.example.com\r\n"
#define TYPE  "Content-Type: application/json\r\n"
#define TWICE "Mcp-Session-Id: a\r\nMcp-Session-Id: a\r\n"
#define OLD   "MCP-Protocol-Version: 1999-01-01\r\n"
#define HTML  "Accept: text/html\r\n"

/* Each request breaks this rule and every later one. */
static void the_first_broken_rule_is_the_one_told(void **state)
{
	(void)state;
	static const struct request requests[] = {
		{ "PUT", EVIL TWICE HTML OLD, "x", 403 },
		{ "PUT", LOCAL "Origin: http://evil.example.com\r\n" TWICE HTML OLD, "x", 403 },
		{ "PUT", LOCAL TWICE HTML OLD, "x", 405 },
		{ "POST", LOCAL TWICE HTML OLD, "x", 400 },
		{ "POST", LOCAL HTML OLD, "x", 415 },
		{ "POST", LOCAL TYPE HTML OLD, "x", 406 },
		{ "POST", LOCAL TYPE OLD, "x", 400 },
		{ "POST", LOCAL TYPE, "x", 400 },
		{ "POST", LOCAL TYPE, INITIALIZE, 200 },
		{ "GET", LOCAL HTML OLD, "", 400 },
		{ "GET", LOCAL HTML, "", 405 },
		{ "GET", LOCAL HTML "Mcp-Session-Id: a\r\n", "", 404 },
		{ "DELETE", LOCAL HTML OLD, "", 400 },
		{ "DELETE", LOCAL HTML, "", 400 },
		{ "OPTIONS", LOCAL HTML OLD, "", 204 },
		{ "OPTIONS", EVIL, "", 403 },
		{ "HEAD", LOCAL, "", 405 },
		{ "post", LOCAL TYPE, INITIALIZE, 405 },
		{ "", LOCAL TYPE, INITIALIZE, 405 },
		{ "POST", "", INITIALIZE, 403 },
	};
	check(plain, requests, COUNT(requests));
}

static void a_size_is_refused_before_it_is_read(void **state)
{
	(void)state;
	struct mcpsess_rpc_options tiny = { .max_message = 16 };
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, tiny);
	site_ask(&site, "POST", LOCAL HTML, INITIALIZE, &answer);
	assert_int_equal(answer.status, 413);
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_TOOBIG), 1);
	site_close(&site);
}

static void a_body_that_was_not_kept_is_judged_like_any_other(void **state)
{
	(void)state;
	static const struct {
		const char *method, *head, *challenge;
		int status;
	} cases[] = {
		{ "POST", JSON, NULL, 413 },
		{ "POST", LOCAL HTML, NULL, 413 },
		{ "POST", JSON, "Bearer", 401 },
		{ "POST", EVIL TYPE, NULL, 403 },
		{ "POST", JSON "Origin: http://evil.example.com\r\n", NULL, 403 },
		{ "POST", JSON "Origin: http://localhost:3000\r\n", NULL, 413 },
		{ "DELETE", LOCAL, NULL, 400 },
		{ "OPTIONS", LOCAL, NULL, 204 },
	};
	struct mcpsess_http_options cors = { .cors = 1 };
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", cors, usual);
	site.too_big = 1;
	for (size_t i = 0; i < COUNT(cases); i++) {
		site.challenge = cases[i].challenge;
		site_ask(&site, cases[i].method, cases[i].head, "", &answer);
		assert_int_equal(answer.status, cases[i].status);
		int page = strstr(cases[i].head, "http://localhost") != NULL;
		assert_int_equal(header_of(&answer, "Access-Control-Allow-Origin") != NULL, page);
	}
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_TOOBIG), 3);
	site_close(&site);
}

static void what_came_twice_is_refused(void **state)
{
	(void)state;
	static const struct request requests[] = {
		{ "POST", JSON "Mcp-Session-Id: a\r\nmcp-session-id: a\r\n", INITIALIZE, 400 },
		{ "POST",
			JSON
			"MCP-Protocol-Version: 2025-06-18\r\nMCP-Protocol-Version: 2025-06-18\r\n",
			INITIALIZE, 400 },
		{ "POST", JSON TYPE, INITIALIZE, 400 },
		{ "POST", JSON "Origin: http://localhost\r\nOrigin: http://localhost\r\n",
			INITIALIZE, 400 },
		{ "POST", JSON LOCAL, INITIALIZE, 400 },
		{ "GET", LOCAL TWICE, "", 400 },
		{ "DELETE", LOCAL TWICE, "", 400 },
		{ "OPTIONS", LOCAL LOCAL, "", 400 },
		/* Of a list any line may hold what the others lack. */
		{ "POST", LOCAL TYPE "Accept: application/json\r\n" HTML, INITIALIZE, 200 },
	};
	check(plain, requests, COUNT(requests));
}

static void all_revisions_are_spoken_and_no_other(void **state)
{
	(void)state;
#define VERSION(text) JSON "MCP-Protocol-Version: " text "\r\n"
	static const struct request requests[] = {
		{ "POST", VERSION("2024-11-05"), INITIALIZE, 200 },
		{ "POST", VERSION("2025-03-26"), INITIALIZE, 200 },
		{ "POST", VERSION("2025-06-18 "), INITIALIZE, 200 },
		{ "POST", VERSION("2025-11-25"), INITIALIZE, 200 },
		{ "POST", VERSION("2026-07-28"), INITIALIZE, 400 },
		{ "POST", VERSION("2025-11-2"), INITIALIZE, 400 },
		{ "POST", VERSION("2025-11-255"), INITIALIZE, 400 },
		{ "POST", VERSION(""), INITIALIZE, 400 },
	};
	check(plain, requests, COUNT(requests));
}

static void hosts_and_origins_are_those_of_the_options(void **state)
{
	(void)state;
	struct mcpsess_http_options ours = { .hosts = "mcp.example.com,*.example.org",
		.origins = "https://app.example.com" };
	static const struct request requests[] = {
		{ "POST", "Host: mcp.example.com\r\n" TYPE, INITIALIZE, 200 },
		{ "POST", "Host: a.example.org:8443\r\n" TYPE, INITIALIZE, 200 },
		{ "POST", JSON, INITIALIZE, 403 },
		{ "POST", "Host: mcp.example.com\r\nOrigin: https://app.example.com\r\n" TYPE,
			INITIALIZE, 200 },
		{ "POST", "Host: mcp.example.com\r\nOrigin: https://mcp.example.com\r\n" TYPE,
			INITIALIZE, 403 },
		{ "POST", "Host: mcp.example.com\r\nOrigin: null\r\n" TYPE, INITIALIZE, 403 },
		{ "POST", "Host: mcp.example.com\r\nOrigin:\r\n" TYPE, INITIALIZE, 403 },
	};
	struct mcpsess_http_options all = { .hosts = "*", .origins = "*" };
	static const struct request any[] = {
		{ "POST", TYPE, INITIALIZE, 200 },
		{ "POST", EVIL TYPE "Origin: null\r\n", INITIALIZE, 200 },
	};
	check(ours, requests, COUNT(requests));
	check(all, any, COUNT(any));
}

static void options_that_cannot_work_are_refused(void **state)
{
	(void)state;
	struct site site;
	struct mcpsess_error err;
	struct mcpsess_http *http = NULL;
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_http_options options = { .rpc = site.rpc };
	assert_int_equal(mcpsess_http_create(&options, &http, &err), MCPSESS_E_INVALID);
	options.size = sizeof(options);
	options.rpc = NULL;
	assert_int_equal(mcpsess_http_create(&options, &http, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "rpc"));
	options.rpc = site.rpc;
	options.hosts = "https://mcp.example.com";
	assert_int_equal(mcpsess_http_create(&options, &http, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "hosts"));
	options.hosts = NULL;
	options.origins = "app.example.com";
	assert_int_equal(mcpsess_http_create(&options, &http, &err), MCPSESS_E_INVALID);
	assert_non_null(strstr(err.text, "origins"));
	assert_null(http);
	site_close(&site);
}

/* -- how an answer is framed ------------------------------------------------------------------- */

static void accept_and_preference_choose_the_frame(void **state)
{
	(void)state;
	static const struct {
		const char *accept;
		int prefer_sse, sse;
	} cases[] = {
		{ "", 0, 0 },
		{ "", 1, 0 },
		{ "Accept: */*\r\n", 1, 0 },
		{ "Accept: application/json\r\n", 1, 0 },
		{ "Accept: application/json, text/event-stream\r\n", 0, 0 },
		{ "Accept: application/json, text/event-stream\r\n", 1, 1 },
		{ "Accept: application/*, text/*\r\n", 1, 1 },
		{ "Accept: text/event-stream\r\n", 0, 1 },
		{ "Accept: text/event-stream;q=0, */*\r\n", 1, 0 },
		{ "Accept: application/json;q=0, */*\r\n", 0, 1 },
	};
	struct site site;
	struct answer answer;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mcpsess_http_options options = { .prefer_sse =
								(uint32_t)cases[i].prefer_sse };
		char head[256];
		site_open(&site, "memory:", options, usual);
		snprintf(head, sizeof(head), LOCAL TYPE "%s", cases[i].accept);
		site_ask(&site, "POST", head, INITIALIZE, &answer);
		assert_int_equal(answer.status, 200);
		assert_string_equal(header_of(&answer, "Content-Type"),
			cases[i].sse ? "text/event-stream" : "application/json");
		assert_non_null(header_of(&answer, "Mcp-Session-Id"));
		/* What has no body has no frame, and a refusal is JSON always. */
		strcpy(site.id, header_of(&answer, "Mcp-Session-Id"));
		site_ask(&site, "POST", with_id(head, site.id), INITIALIZED, &answer);
		assert_int_equal(answer.status, 202);
		site_ask(&site, "POST", head, PING, &answer);
		assert_int_equal(answer.status, 400);
		assert_string_equal(header_of(&answer, "Content-Type"), "application/json");
		site_close(&site);
	}
}

static void an_event_carries_json_with_line_breaks(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, usual);
	site_session(&site);
	const char *head = LOCAL TYPE "Accept: text/event-stream\r\n";
	site_ask(&site, "POST", with_id(head, site.id), CALL("lines"), &answer);
	assert_string_equal(header_of(&answer, "Cache-Control"), "no-cache");
	assert_string_equal(header_of(&answer, "X-Accel-Buffering"), "no");
	assert_string_equal(answer.body, "event: message\n"
					 "data: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\n"
					 "data: \"a\":\n"
					 "data: 1\n"
					 "data: }}\n"
					 "\n");
	site_ask(&site, "POST", with_id(head, site.id), PING, &answer);
	assert_string_equal(answer.body,
		"event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n");
	site_close(&site);
}

/* What its head alone refuses is not read: its id is not known. */
static void a_refusal_is_an_error_that_answers_no_request(void **state)
{
	(void)state;
	static const struct {
		const char *method, *head, *challenge;
		int draining, too_big, status, code;
	} cases[] = {
		{ "POST", EVIL TYPE, NULL, 0, 0, 403, -32600 },
		{ "POST", JSON, "Bearer", 0, 0, 401, -32600 },
		{ "POST", JSON, NULL, 1, 0, 503, -32603 },
		{ "PUT", JSON, NULL, 0, 0, 405, -32600 },
		{ "POST", JSON, NULL, 0, 1, 413, -32600 },
		{ "POST", LOCAL, NULL, 0, 0, 415, -32600 },
		{ "POST", LOCAL TYPE HTML, NULL, 0, 0, 406, -32600 },
		{ "POST", JSON OLD, NULL, 0, 0, 400, -32600 },
		{ "POST", JSON TWICE, NULL, 0, 0, 400, -32600 },
	};
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, usual);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char code[32];
		site.challenge = cases[i].challenge;
		site.draining = cases[i].draining;
		site.too_big = cases[i].too_big;
		site_ask(&site, cases[i].method, cases[i].head, INITIALIZE, &answer);
		snprintf(code, sizeof(code), "\"error\":{\"code\":%d,", cases[i].code);
		assert_int_equal(answer.status, cases[i].status);
		assert_non_null(strstr(answer.body, code));
		assert_null(strstr(answer.body, "\"id\""));
	}
	site.too_big = 0;
	site_ask(&site, "HEAD", LOCAL, "", &answer);
	assert_string_equal(answer.body, "");
	site_close(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_broken_rule_is_the_one_told),
		cmocka_unit_test(a_size_is_refused_before_it_is_read),
		cmocka_unit_test(a_body_that_was_not_kept_is_judged_like_any_other),
		cmocka_unit_test(what_came_twice_is_refused),
		cmocka_unit_test(all_revisions_are_spoken_and_no_other),
		cmocka_unit_test(hosts_and_origins_are_those_of_the_options),
		cmocka_unit_test(options_that_cannot_work_are_refused),
		cmocka_unit_test(accept_and_preference_choose_the_frame),
		cmocka_unit_test(an_event_carries_json_with_line_breaks),
		cmocka_unit_test(a_refusal_is_an_error_that_answers_no_request),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
