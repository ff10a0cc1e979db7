/* A store that fails, a store that takes its time, and no memory. */
#include "moody.h"
#include "site.h"

static const struct mcpsess_http_options plain;
static const struct mcpsess_rpc_options usual;

static void open_moody(struct site *site, struct mcpsess_http_options options)
{
	moody_reset();
	site_open(site, "moody:", options, usual);
	site_session(site);
}

/* -- every failure has its status ---------------------------------------------------------------
 */

static void every_failure_of_the_store_has_its_status(void **state)
{
	(void)state;
	static const struct {
		int failure, status, retry;
		const char *code;
	} cases[] = {
		{ MCPSESS_E_NOMEM, 503, 1, "-32603" },
		{ MCPSESS_E_NOTFOUND, 404, 0, "-32600" },
		{ MCPSESS_E_EXPIRED, 404, 0, "-32600" },
		{ MCPSESS_E_REVOKED, 404, 0, "-32600" },
		{ MCPSESS_E_NOTOWNER, 404, 0, "-32600" },
		{ MCPSESS_E_CONFLICT, 503, 1, "-32603" },
		{ MCPSESS_E_LIMIT, 503, 1, "-32603" },
		{ MCPSESS_E_UNAVAILABLE, 503, 1, "-32603" },
		{ MCPSESS_E_UNKNOWN, 503, 0, "-32603" },
		{ MCPSESS_E_CORRUPT, 500, 0, "-32603" },
		{ MCPSESS_E_UNSUPPORTED, 501, 0, "-32603" },
	};
	struct mcpsess_http_options patient = { .retry_after_s = 7 };
	struct site site;
	struct answer answer;
	char absent[sizeof(answer.body)] = "";
	open_moody(&site, patient);
	for (size_t i = 0; i < COUNT(cases); i++) {
		mood.status = cases[i].failure;
		site_ask(&site, "POST", with_id(JSON, site.id), PING, &answer);
		if (answer.status != cases[i].status || !strstr(answer.body, cases[i].code)) {
			fail_msg("%s: %d %s", mcpsess_status_name(cases[i].failure), answer.status,
				answer.body);
		}
		const char *retry = header_of(&answer, "Retry-After");
		assert_string_equal(retry != NULL ? retry : "-", cases[i].retry ? "7" : "-");
		if (answer.status == 404) {
			if (absent[0] == '\0') {
				strcpy(absent, answer.body);
			}
			assert_string_equal(answer.body, absent);
		}
	}
	mood.status = MCPSESS_E_LIMIT;
	site_ask(&site, "POST", JSON, INITIALIZE, &answer);
	assert_int_equal(answer.status, 503);
	assert_non_null(header_of(&answer, "Retry-After"));
	site_close(&site);
}

static void an_outage_is_never_a_404_nor_a_parse_error(void **state)
{
	(void)state;
	static const char *const methods[] = { "POST", "GET", "DELETE" };
	struct site site;
	struct answer answer;
	open_moody(&site, plain);
	mood.status = MCPSESS_E_UNAVAILABLE;
	for (size_t i = 0; i < COUNT(methods); i++) {
		site_ask(&site, methods[i], with_id(JSON, site.id), PING, &answer);
		assert_int_equal(answer.status, 503);
		assert_string_equal(header_of(&answer, "Retry-After"), "1");
		assert_null(strstr(answer.body, "moody"));
	}
	site_close(&site);
}

/* -- a store that pends --------------------------------------------------------------------------
 */

struct waiting {
	struct mcpsess_http_exchange *exchange;
	enum mcpsess_verdict verdict;
	int times;
};

static void note_ready(
	void *user_data, struct mcpsess_http_exchange *exchange, enum mcpsess_verdict verdict)
{
	struct waiting *waiting = user_data;
	waiting->exchange = exchange;
	waiting->verdict = verdict;
	waiting->times++;
}

static enum mcpsess_verdict begin_waiting(struct site *site, const char *method, const char *body,
	struct waiting *waiting, struct mcpsess_http_exchange **exchange)
{
	struct mcpsess_bytes block = mcpsess_str(with_id(JSON, site->id));
	struct mcpsess_http_request request = { .method = mcpsess_str(method),
		.header = mcpsess_http_header_block,
		.headers = &block,
		.body = mcpsess_str(body),
		.ready = note_ready,
		.user_data = waiting };
	memset(waiting, 0, sizeof(*waiting));
	mood.pends = 1;
	return mcpsess_http_begin(site->http, &request, exchange);
}

static void an_exchange_waits_for_its_store(void **state)
{
	(void)state;
	struct site site;
	struct waiting waiting;
	struct answer answer;
	struct mcpsess_http_exchange *exchange;
	open_moody(&site, plain);
	assert_int_equal(
		begin_waiting(&site, "POST", CALL("echo"), &waiting, &exchange), MCPSESS_WAIT);
	assert_null(mcpsess_http_message(exchange));
	assert_int_equal(waiting.times, 0);
	mcp_session_store_dispatch(site.store);
	assert_int_equal(waiting.times, 1);
	assert_ptr_equal(waiting.exchange, exchange);
	assert_int_equal(waiting.verdict, MCPSESS_DISPATCH);
	mood.pends = 0;
	assert_int_equal(site_host(mcpsess_http_message(exchange)), MCPSESS_REPLY);
	site_read(exchange, &answer);
	assert_int_equal(answer.status, 200);

	mood.status = MCPSESS_E_UNAVAILABLE;
	assert_int_equal(begin_waiting(&site, "GET", "", &waiting, &exchange), MCPSESS_WAIT);
	mcp_session_store_dispatch(site.store);
	assert_int_equal(waiting.verdict, MCPSESS_REPLY);
	site_read(exchange, &answer);
	assert_int_equal(answer.status, 503);
	site_close(&site);
}

/* Incident: a call longer than the idle period is not cut; here by a loop that must not wait. */
static void a_running_call_is_kept_alive_where_that_pends(void **state)
{
	(void)state;
	struct site site;
	struct waiting waiting;
	struct answer answer;
	struct mcpsess_http_exchange *exchange;
	open_moody(&site, plain);
	begin_waiting(&site, "POST", CALL("echo"), &waiting, &exchange);
	mcp_session_store_dispatch(site.store);
	assert_int_equal(waiting.verdict, MCPSESS_DISPATCH);
	mcpsess_rpc_tick(site.rpc);
	assert_null(mood.pending);
	for (int i = 0; i < 2; i++) {
		site.now_ms += 75000; /* a quarter of five minutes */
		mcpsess_rpc_tick(site.rpc);
		assert_non_null(mood.pending);
		mcp_session_store_dispatch(site.store);
		assert_null(mood.pending);
		mcpsess_rpc_tick(site.rpc);
		assert_null(mood.pending);
	}
	mood.pends = 0;
	assert_int_equal(site_host(mcpsess_http_message(exchange)), MCPSESS_REPLY);
	site_read(exchange, &answer);
	assert_int_equal(answer.status, 200);

	begin_waiting(&site, "POST", CALL("echo"), &waiting, &exchange);
	mcp_session_store_dispatch(site.store);
	site.now_ms += 75000;
	mcpsess_rpc_tick(site.rpc);
	assert_non_null(mood.pending);
	mcpsess_http_end(exchange);
	site_close(&site); /* with a touch under way, of which nothing stays */
}

static void an_exchange_ends_while_it_waits(void **state)
{
	(void)state;
	struct site site;
	struct waiting waiting;
	struct mcpsess_http_exchange *exchange;
	open_moody(&site, plain);
	assert_int_equal(begin_waiting(&site, "DELETE", "", &waiting, &exchange), MCPSESS_WAIT);
	mcpsess_http_end(exchange);
	mcp_session_store_dispatch(site.store);
	assert_int_equal(waiting.times, 0);
	site_close(&site);
}

/* -- no memory -----------------------------------------------------------------------------------
 */

static void without_memory_the_answer_is_503_and_nothing_leaks(void **state)
{
	(void)state;
	static const struct {
		const char *method, *accept, *body;
	} cases[] = {
		{ "POST", "Accept: application/json\r\n", INITIALIZE },
		{ "POST", "Accept: text/event-stream\r\n", INITIALIZE },
		{ "POST", "Accept: text/event-stream\r\n", CALL("echo") },
		{ "GET", "Accept: text/event-stream\r\n", "" },
		{ "OPTIONS", "", "" },
		{ "POST", "Accept: text/html\r\n", "" },
	};
	struct mcpsess_http_options options = { .cors = 1 };
	struct mcpsess_rpc_options lazy = { .policy = MCPSESS_SESSION_OPTIONAL };
	struct site site;
	struct answer answer;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int failed = 1, whole = 0;
		for (int n = 1; failed; n++) {
			char head[256];
			snprintf(head, sizeof(head),
				LOCAL "Content-Type: application/json\r\n"
				      "Origin: http://localhost\r\n%s",
				cases[i].accept);
			site_open(&site, "memory:", options, lazy);
			if (whole == 0) {
				site_ask(&site, cases[i].method, head, cases[i].body, &answer);
				whole = answer.status;
			}
			site.fail_at = site.allocations + n;
			site_ask(&site, cases[i].method, head, cases[i].body, &answer);
			failed = site.allocations >= site.fail_at;
			assert_true(answer.status == whole || answer.status == 503);
			assert_true(failed || (answer.status == whole && !answer.text_failed));
			site.fail_at = 0;
			site_ask(&site, cases[i].method, head, cases[i].body, &answer);
			assert_int_equal(answer.status, whole);
			site_close(&site);
		}
	}
}

static void creating_without_memory_says_so(void **state)
{
	(void)state;
	struct site site;
	struct mcpsess_http *http = NULL;
	site_open(&site, "memory:", plain, usual);
	struct mcpsess_http_options options = {
		.size = sizeof(options), .rpc = site.rpc, .hosts = "*", .origins = "*"
	};
	for (int n = 1; n <= 3; n++) {
		site.fail_at = site.allocations + n;
		assert_int_equal(mcpsess_http_create(&options, &http, NULL), MCPSESS_E_NOMEM);
	}
	assert_null(http);
	site.fail_at = site.allocations + 4;
	assert_int_equal(mcpsess_http_create(&options, &http, NULL), MCPSESS_OK);
	mcpsess_http_destroy(http);
	mcpsess_http_destroy(NULL);
	site_close(&site);
}

/* What the exchange costs on top of the layer's message. */
static void an_exchange_takes_at_most_two_allocations_of_its_own(void **state)
{
	(void)state;
	struct site site;
	struct answer answer;
	struct mcpsess_message *message;
	static const char *const accepts[] = { "application/json", "text/event-stream" };
	site_open(&site, "memory:", plain, usual);
	site_session(&site);
	struct mcpsess_input input = { .body = mcpsess_str(PING),
		.session_id = mcpsess_str(site.id) };
	int before = site.allocations;
	assert_int_equal(mcpsess_rpc_begin(site.rpc, &input, &message), MCPSESS_REPLY);
	mcpsess_message_end(message);
	int layer = site.allocations - before;
	for (size_t i = 0; i < COUNT(accepts); i++) {
		char head[256];
		snprintf(head, sizeof(head),
			LOCAL "Content-Type: application/json\r\nAccept: %s\r\n", accepts[i]);
		before = site.allocations;
		site_ask(&site, "POST", with_id(head, site.id), PING, &answer);
		assert_int_equal(answer.status, 200);
		assert_true(site.allocations - before <= layer + 2);
	}
	site_close(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_of_the_store_has_its_status),
		cmocka_unit_test(an_outage_is_never_a_404_nor_a_parse_error),
		cmocka_unit_test(an_exchange_waits_for_its_store),
		cmocka_unit_test(a_running_call_is_kept_alive_where_that_pends),
		cmocka_unit_test(an_exchange_ends_while_it_waits),
		cmocka_unit_test(without_memory_the_answer_is_503_and_nothing_leaks),
		cmocka_unit_test(creating_without_memory_says_so),
		cmocka_unit_test(an_exchange_takes_at_most_two_allocations_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
