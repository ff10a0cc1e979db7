/* Sessions over HTTP: their life, who may use them, and who may not. */
#include "site.h"

static const struct mcpsess_http_options plain;
static const struct mcpsess_rpc_options usual;

static void a_session_lives_from_initialize_to_delete(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	char id[MCPSESS_ID_MAX + 1];
	site_open(&site, "memory:", plain, usual);
	site_ask(&site, "POST", JSON, INITIALIZE, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(header_of(&answer, "Content-Type"), "application/json");
	assert_string_equal(header_of(&answer, "Cache-Control"), "no-store");
	assert_non_null(strstr(answer.body, "\"protocolVersion\":\"2025-11-25\""));
	strcpy(id, header_of(&answer, "Mcp-Session-Id"));
	assert_true(strlen(id) >= MCPSESS_ID_MIN);

	site_ask(&site, "POST", with_id(JSON, id), INITIALIZED, &answer);
	assert_int_equal(answer.status, 202);
	assert_string_equal(header_of(&answer, "Mcp-Session-Id"), id);

	site_ask(&site, "POST", with_id(JSON, id), CALL("echo"), &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(header_of(&answer, "Mcp-Session-Id"), id);
	assert_non_null(strstr(answer.body, "\"text\":\"hi\""));

	site_ask(&site, "GET", with_id(LOCAL "Accept: text/event-stream\r\n", id), "", &answer);
	assert_int_equal(answer.status, 405);
	assert_string_equal(header_of(&answer, "Allow"), "POST, DELETE, OPTIONS");
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_METHOD), 1);

	site_ask(&site, "DELETE", with_id(LOCAL, id), "", &answer);
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.body, "");
	assert_null(header_of(&answer, "Mcp-Session-Id"));
	assert_int_equal(site_count(&site), 0);

	site_ask(&site, "POST", with_id(JSON, id), PING, &answer);
	assert_int_equal(answer.status, 404);
	site_ask(&site, "POST", JSON, INITIALIZE, &answer);
	assert_int_equal(answer.status, 200);
	assert_string_not_equal(header_of(&answer, "Mcp-Session-Id"), id);
	site_close(&site);
}

/* A JSON-RPC error is an answer, not a refusal. */
static void an_error_of_the_host_is_a_200_with_the_session(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, usual);
	site_session(&site);
	site_ask(&site, "POST", with_id(JSON, site.id), CALL("fail"), &answer);
	assert_int_equal(answer.status, 200);
	assert_non_null(strstr(answer.body, "-32602"));
	assert_string_equal(header_of(&answer, "Mcp-Session-Id"), site.id);
	site_close(&site);
}

static void a_session_begun_lazily_is_handed_out_with_its_first_result(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	struct mcpsess_rpc_options lazy = { .policy = MCPSESS_SESSION_LAZY };
	site_open(&site, "memory:", plain, lazy);
	site_ask(&site, "POST", JSON, CALL("fail"), &answer);
	assert_int_equal(answer.status, 200);
	assert_null(header_of(&answer, "Mcp-Session-Id"));
	assert_int_equal(site_count(&site), 0);
	site_ask(&site, "POST", JSON, CALL("echo"), &answer);
	assert_int_equal(answer.status, 200);
	strcpy(site.id, header_of(&answer, "Mcp-Session-Id"));
	site_ask(&site, "POST", with_id(JSON, site.id), PING, &answer);
	assert_int_equal(answer.status, 200);
	assert_int_equal(site_count(&site), 1);
	site_close(&site);
}

/* -- 400, 404, 405 ----------------------------------------------------------------------------- */

#define LISTEN LOCAL "Accept: text/event-stream\r\n"

static void a_missing_id_is_not_an_unknown_one(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, usual);
	site_ask(&site, "POST", JSON, PING, &answer);
	assert_int_equal(answer.status, 400);
	site_ask(&site, "POST", JSON, INITIALIZED, &answer);
	assert_int_equal(answer.status, 400);
	site_ask(&site, "DELETE", LOCAL, "", &answer);
	assert_int_equal(answer.status, 400);
	site_ask(&site, "GET", LISTEN, "", &answer);
	assert_int_equal(answer.status, 405);
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_MISSING), 3);
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_METHOD), 1);
	site_close(&site);
}

static void a_made_up_id_is_never_admitted(void **state)
{
	(void)state;
	static const char *const ids[] = { "", "x", "'; DROP TABLE sessions; --",
		"../../etc/passwd", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a b",
		"\xff\xfe",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" };
	static const char *const bodies[] = { INITIALIZE, INITIALIZED, PING, CALL("echo"),
		"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}" };
	struct mcpsess_rpc_options lazy = { .policy = MCPSESS_SESSION_LAZY };
	char big[600];
	struct site site;
	struct answer answer;
	memset(big, 'A', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	site_open(&site, "memory:", plain, lazy);
	for (size_t i = 0; i <= COUNT(ids); i++) {
		const char *id = i < COUNT(ids) ? ids[i] : big;
		for (size_t n = 0; n < COUNT(bodies); n++) {
			site_ask(&site, "POST", with_id(JSON, id), bodies[n], &answer);
			assert_int_equal(answer.status, 404);
		}
		site_ask(&site, "GET", with_id(LISTEN, id), "", &answer);
		assert_int_equal(answer.status, 404);
		site_ask(&site, "DELETE", with_id(LOCAL, id), "", &answer);
		assert_int_equal(answer.status, 404);
	}
	assert_int_equal(site_count(&site), 0);
	site_close(&site);
}

/* Every byte of the three answers to an id. */
static void ask_all(struct site *site, const char *id, struct answer out[3])
{
	memset(out, 0, 3 * sizeof(*out));
	site_ask(site, "POST", with_id(JSON, id), CALL("echo"), &out[0]);
	site_ask(site, "GET", with_id(LISTEN, id), "", &out[1]);
	site_ask(site, "DELETE", with_id(LOCAL, id), "", &out[2]);
}

static void another_s_session_looks_exactly_like_an_unknown_one(void **state)
{
	(void)state;
	struct site site;
	struct answer unknown[3], foreign[3], deleted[3], expired[3], answer;
	site_open(&site, "memory:?idle=60s", plain, usual);
	site.principal = "alice";
	site_session(&site);
	ask_all(&site, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", unknown);
	assert_int_equal(unknown[0].status, 404);
	assert_int_equal(unknown[1].status, 404);
	assert_int_equal(unknown[2].status, 404);
	static const char *const others[] = { "bob", "" };
	for (size_t i = 0; i < COUNT(others); i++) {
		site.principal = others[i];
		ask_all(&site, site.id, foreign);
		assert_memory_equal(foreign, unknown, sizeof(unknown));
	}
	/* And none of it did its owner any harm. */
	site.principal = "alice";
	site_ask(&site, "POST", with_id(JSON, site.id), PING, &answer);
	assert_int_equal(answer.status, 200);
	site_ask(&site, "DELETE", with_id(LOCAL, site.id), "", &answer);
	assert_int_equal(answer.status, 200);
	ask_all(&site, site.id, deleted);
	assert_memory_equal(deleted, unknown, sizeof(unknown));
	site_session(&site);
	site.now_ms += 60001;
	ask_all(&site, site.id, expired);
	assert_memory_equal(expired, unknown, sizeof(unknown));
	site_close(&site);
}

static void a_tenant_s_session_is_unknown_to_another_tenant(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, usual);
	site_session(&site);
	struct mcpsess_http_pair list[] = {
		{ mcpsess_str("Host"), mcpsess_str("localhost") },
		{ mcpsess_str("Mcp-Session-Id"), mcpsess_str(site.id) },
	};
	struct mcpsess_http_pairs pairs = { list, COUNT(list) };
	struct mcpsess_http_request request = { .method = mcpsess_str("DELETE"),
		.header = mcpsess_http_header_pairs,
		.headers = &pairs,
		.tenant = mcpsess_str("other") };
	struct mcpsess_http_exchange *exchange;
	assert_int_equal(mcpsess_http_begin(site.http, &request, &exchange), MCPSESS_REPLY);
	site_read(exchange, &answer);
	assert_int_equal(answer.status, 404);
	assert_int_equal(site_count(&site), 1);
	site_close(&site);
}

/* -- validate first, create last --------------------------------------------------------------- */

static void no_refused_request_leaves_a_session(void **state)
{
	(void)state;
	enum { TIMES = 300 };
	static const struct {
		const char *method, *head, *body;
	} cases[] = {
		{ "POST", JSON, "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\"" },
		{ "POST", JSON, "" },
		{ "POST", JSON, "[]" },
		{ "POST", JSON, "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"initialize\"}" },
		{ "POST", JSON "MCP-Protocol-Version: 1999-01-01\r\n", INITIALIZE },
		{ "POST", LOCAL "Content-Type: application/json\r\nAccept: text/html\r\n",
			INITIALIZE },
		{ "POST", LOCAL "Content-Type: text/plain\r\n", INITIALIZE },
		{ "POST", "Host: evil.example.com\r\nContent-Type: application/json\r\n",
			INITIALIZE },
		{ "POST", JSON "Origin: https://evil.example.com\r\n", INITIALIZE },
		{ "POST", JSON "Host: localhost\r\n", INITIALIZE },
		{ "GET", LISTEN, INITIALIZE },
		{ "HEAD", JSON, INITIALIZE },
		{ "OPTIONS", JSON, INITIALIZE },
		{ "DELETE", JSON, INITIALIZE },
		{ "PUT", JSON, INITIALIZE },
	};
	struct site site;
	struct answer answer;
	site_open(&site, "memory:", plain, usual);
	site_session(&site);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int n = 0; n < TIMES; n++) {
			site_ask(&site, cases[i].method, cases[i].head, cases[i].body, &answer);
			assert_true(answer.status >= 400 || answer.status == 204);
		}
	}
	assert_int_equal(site_count(&site), 1);
	assert_int_equal(site_refused(&site, MCPSESS_REFUSED_ORIGIN), 2 * TIMES);
	site_close(&site);
}

/* The bodies lie before an unreadable page, see site.c; here are the lengths. */
static void a_body_ends_where_its_length_says(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	struct mcpsess_rpc_options small = { .max_message = 8192 };
	char body[8200];
	site_open(&site, "memory:", plain, small);
	site_session(&site);
	for (size_t len = 0; len <= strlen(CALL("echo")); len++) {
		snprintf(body, len + 1, "%s", CALL("echo"));
		site_ask(&site, "POST", with_id(JSON, site.id), body, &answer);
		assert_int_equal(answer.status, len == strlen(CALL("echo")) ? 200 : 400);
	}
	for (size_t len = 4000; len <= 8193; len += len < 8190 ? 599 : 1) {
		snprintf(body, sizeof(body), "%-*s", (int)len, PING);
		site_ask(&site, "POST", with_id(JSON, site.id), body, &answer);
		assert_int_equal(answer.status, len <= 8192 ? 200 : 413);
	}
	site_close(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_lives_from_initialize_to_delete),
		cmocka_unit_test(an_error_of_the_host_is_a_200_with_the_session),
		cmocka_unit_test(a_session_begun_lazily_is_handed_out_with_its_first_result),
		cmocka_unit_test(a_missing_id_is_not_an_unknown_one),
		cmocka_unit_test(a_made_up_id_is_never_admitted),
		cmocka_unit_test(another_s_session_looks_exactly_like_an_unknown_one),
		cmocka_unit_test(a_tenant_s_session_is_unknown_to_another_tenant),
		cmocka_unit_test(no_refused_request_leaves_a_session),
		cmocka_unit_test(a_body_ends_where_its_length_says),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
