/* Media types: Content-Type and Accept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/accept.h"
#include "http/text.h"

static void only_json_is_a_content_type_of_ours(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		int is_json;
	} cases[] = {
		{ "application/json", 1 },
		{ "Application/JSON", 1 },
		{ "application/json;charset=utf-8", 1 },
		{ "application/json ; charset=\"utf-8\"", 1 },
		{ "application/json;", 1 },
		{ "", 0 },
		{ ";", 0 },
		{ "text/plain", 0 },
		{ "text/plain; application/json", 0 },
		{ "text/plain, application/json", 0 },
		{ "application/json, text/plain", 0 },
		{ "application/jsonp", 0 },
		{ "application/json-rpc", 0 },
		{ "application/ json", 0 },
		{ "application", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int is_json = mcpsess_http_is_json(mcpsess_str(cases[i].value));
		if (is_json != cases[i].is_json) {
			fail_msg("%s: %d", cases[i].value, is_json);
		}
	}
}

/* j: JSON is acceptable, s: SSE is, n: and by name. */
static void the_closest_range_of_accept_decides(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		const char *means;
	} cases[] = {
		{ "", "js" },
		{ " , ,", "js" },
		{ "*/*", "js" },
		{ "*/*;q=0.1", "js" },
		{ "application/json, text/event-stream", "jsn" },
		{ "text/event-stream,application/json", "jsn" },
		{ "APPLICATION/JSON , Text/Event-Stream", "jsn" },
		{ "application/json", "j" },
		{ "application/*", "j" },
		{ "text/event-stream", "sn" },
		{ "text/*", "sn" },
		{ "text/html", "" },
		{ "text/html, */*;q=0.8", "js" },
		{ "application/json;q=0", "" },
		{ "application/json;q=0.000, */*", "s" },
		{ "*/*, application/json; Q=0", "s" },
		{ "*/*;q=0, application/json", "j" },
		{ "text/*;q=0, text/event-stream", "sn" },
		{ "text/event-stream;q=0, text/*, application/*", "j" },
		{ "application/json;q=0, application/json", "j" },
		{ "application/json;q=0.5;ext=1", "j" },
		{ "application/json;version=2;q=0", "" },
		{ "application/json;q=1.0", "j" },
		{ "application/json;q=0.001", "j" },
		{ "application/json;q=", "j" },
		{ "application/json;q=none", "j" },
		{ "text/html;a=\"x, application/json\"", "" },
		{ "text/html;a=\"\\\", application/json\", text/event-stream", "sn" },
		{ "text/html;a=\"never closed, application/json", "" },
		{ "application/json, ;;;,", "j" },
		{ "application", "" },
		{ "application/", "" },
		{ "/*", "" },
		{ "*", "" },
		{ "*/json", "" },
		{ "application/*+json", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcpsess_http_accept accept =
			mcpsess_http_accept(mcpsess_str(cases[i].value));
		char means[4] = "";
		strcat(means, accept.json ? "j" : "");
		strcat(means, accept.sse ? "s" : "");
		strcat(means, accept.sse_named ? "n" : "");
		if (strcmp(means, cases[i].means) != 0) {
			fail_msg("%s: \"%s\"", cases[i].value, means);
		}
	}
}

static void a_list_yields_its_elements_and_passes_over_empty_ones(void **state)
{
	(void)state;
	struct mcpsess_bytes rest = mcpsess_str(" a,, b c\t,\"d,\\\",e\" ,"), one;
	const char *const expected[] = { "a", "b c", "\"d,\\\",e\"" };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(mcpsess_http_next(&rest, ',', &one), 1);
		assert_true(mcpsess_bytes_equal(one, mcpsess_str(expected[i])));
	}
	assert_int_equal(mcpsess_http_next(&rest, ',', &one), 0);
	rest = mcpsess_mem(NULL, 0);
	assert_int_equal(mcpsess_http_next(&rest, ',', &one), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_json_is_a_content_type_of_ours),
		cmocka_unit_test(the_closest_range_of_accept_decides),
		cmocka_unit_test(a_list_yields_its_elements_and_passes_over_empty_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
