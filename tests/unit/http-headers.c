/* The header functions over a block of lines and over pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mcpsess/http.h>

static int in_block(const char *text, const char *name, struct mcpsess_bytes *value)
{
	struct mcpsess_bytes block = mcpsess_str(text);
	return mcpsess_http_header_block(&block, name, value);
}

static void a_block_gives_values_without_blanks_around_them(void **state)
{
	(void)state;
	static const char block[] = "POST /mcp?host:x HTTP/1.1\r\nHOST:  a.example.com:1 \t\r\n"
				    "Accept: a,\tb\r\nEmpty:\r\nlast: no line end";
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "host", "a.example.com:1" },
		{ "accept", "a,\tb" },
		{ "empty", "" },
		{ "last", "no line end" },
	};
	struct mcpsess_bytes value;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(in_block(block, cases[i].name, &value), 1);
		assert_true(mcpsess_bytes_equal(value, mcpsess_str(cases[i].value)));
	}
	value = mcpsess_str("kept");
	assert_int_equal(in_block(block, "cookie", &value), 0);
	assert_int_equal(in_block(block, "hos", &value), 0);
	assert_int_equal(in_block("", "host", &value), 0);
	assert_true(mcpsess_bytes_equal(value, mcpsess_str("kept")));
}

static void a_block_counts_what_came_twice(void **state)
{
	(void)state;
	struct mcpsess_bytes value;
	assert_int_equal(in_block("Host: a\nhost: b\nHOST: c\n", "host", &value), 3);
}

static void a_block_ends_where_the_body_begins(void **state)
{
	(void)state;
	struct mcpsess_bytes value;
	assert_int_equal(in_block("Host: a\r\n\r\nOrigin: b\r\n", "origin", &value), 0);
}

/* Each reads as the header to some other party on the way: smuggling. */
static void a_block_takes_no_oddly_written_name_for_a_header(void **state)
{
	(void)state;
	static const char *const lines[] = { "Host : a\r\n", " Host: a\r\n",
		"X: y\r\n\tHost: a\r\n", "Host\r\n: a\r\n", "Host;: a\r\n" };
	struct mcpsess_bytes value;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(in_block(lines[i], "host", &value), 0);
	}
}

static void pairs_are_found_in_any_case_and_counted(void **state)
{
	(void)state;
	const struct mcpsess_http_pair list[] = {
		{ mcpsess_str("Mcp-Session-Id"), mcpsess_str("one") },
		{ mcpsess_str("Accept"), mcpsess_str("a") },
		{ mcpsess_str("accept"), mcpsess_str("b") },
	};
	struct mcpsess_http_pairs pairs = { list, 3 };
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_http_header_pairs(&pairs, "mcp-session-id", &value), 1);
	assert_true(mcpsess_bytes_equal(value, mcpsess_str("one")));
	assert_int_equal(mcpsess_http_header_pairs(&pairs, "accept", &value), 2);
	assert_int_equal(mcpsess_http_header_pairs(&pairs, "host", &value), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_gives_values_without_blanks_around_them),
		cmocka_unit_test(a_block_counts_what_came_twice),
		cmocka_unit_test(a_block_ends_where_the_body_begins),
		cmocka_unit_test(a_block_takes_no_oddly_written_name_for_a_header),
		cmocka_unit_test(pairs_are_found_in_any_case_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
