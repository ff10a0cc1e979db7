/* The JSON scan: what is JSON, and what is found in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "json/json.h"

enum { DEPTH = 64, ROOM = 16384, PAGE = 65536 };

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* A literal may hold NULs. */
#define TEXT(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}

static const struct mcpsess_bytes valid[] = {
	/* Scalars, and white space around them. */
	TEXT("null"), TEXT("true"), TEXT("false"), TEXT("0"), TEXT("\"\""), TEXT(" null"),
	TEXT("null "), TEXT("\t\r\n null \n\r\t"),
	/* Numbers. */
	TEXT("-0"), TEXT("-1"), TEXT("10"), TEXT("1234567890"), TEXT("0.5"), TEXT("-0.0"),
	TEXT("1.000"), TEXT("1e1"), TEXT("1E1"), TEXT("1e+1"), TEXT("1e-1"), TEXT("0e0"),
	TEXT("0E+00"), TEXT("-1.5e-07"), TEXT("123456789012345678901234567890"), TEXT("1e00001"),
	TEXT("[0,-0,0.0]"),
	/* Strings: plain, escaped, of every length of UTF-8. */
	TEXT("\"a\""), TEXT("\"1234567\""), TEXT("\"12345678\""), TEXT("\"123456789\""),
	TEXT("\"a string of more than a few words, to its end\""), TEXT("\"\\\"\""),
	TEXT("\"\\\\\""), TEXT("\"\\/\""), TEXT("\"\\b\\f\\n\\r\\t\""), TEXT("\"\\u0000\""),
	TEXT("\"\\u00e9\\u00E9\""), TEXT("\"\\uabcd\\uABCD\""), TEXT("\"\\ud83d\\ude00\""),
	TEXT("\"\\\\u0000\""), TEXT("\"1234567\\n\""), TEXT("\"/\""), TEXT("\"\x7f\""),
	TEXT("\"\xc2\x80\""), TEXT("\"\xdf\xbf\""), TEXT("\"\xe0\xa0\x80\""),
	TEXT("\"\xed\x9f\xbf\""), TEXT("\"\xee\x80\x80\""), TEXT("\"\xef\xbf\xbf\""),
	TEXT("\"\xf0\x90\x80\x80\""), TEXT("\"\xf4\x8f\xbf\xbf\""), TEXT("\"\xef\xbb\xbf\""),
	TEXT("\"a\xc3\xa9 b\xe2\x82\xac c\xf0\x9f\x98\x80 d\""), TEXT("\"1234567\xc3\xa9\""),
	TEXT("\"{[,:]}\""),
	/* Halves of surrogate pairs: the grammar allows them. */
	TEXT("\"\\ud83d\""), TEXT("\"\\ude00\""), TEXT("\"\\ude00\\ud83d\""),
	TEXT("\"\\ud83d\\u0041\""), TEXT("\"\\ud83d\\n\""),
	/* Arrays and objects. */
	TEXT("[]"), TEXT("[ ]"), TEXT("{}"), TEXT("{\n}"), TEXT("[1]"), TEXT("[1,2]"),
	TEXT("[ 1 , 2 ]"), TEXT("[[]]"), TEXT("[[],[]]"), TEXT("[{}]"), TEXT("{\"a\":1}"),
	TEXT("{ \"a\" : 1 }"), TEXT("{\"\":0}"), TEXT("{\"a\":{}}"), TEXT("{\"a\":[]}"),
	TEXT("{\"a\":1,\"b\":2}"), TEXT("{\"a\":1,\"a\":2}"), TEXT("{\"\\u0000\":0}"),
	TEXT("{\"a\":{\"b\":[{\"c\":null}]},\"d\":[true,false]}"), TEXT("[\"a\",1,null,{},[]]"),
	TEXT("{\"jsonrpc\":\"2.0\",\"id\":\"x-1\",\"method\":\"tools/call\","
	     "\"params\":{\"name\":\"echo\",\"arguments\":{\"message\":\"h\\u00e9\\n\","
	     "\"delay\":0.25}}}")
};

static const struct mcpsess_bytes invalid[] = {
	/* Nothing, and things that are no value. */
	TEXT(""), TEXT(" "), TEXT("\n\t "), TEXT("\0"), TEXT("a"), TEXT("*"), TEXT("'a'"),
	TEXT("\xef\xbb\xbf{}"), TEXT("\xff"), TEXT("\xc3\xa9"), TEXT(","), TEXT(":"),
	TEXT("// a\n1"), TEXT("/* a */1"), TEXT("\\u0031"), TEXT("\v1"), TEXT("\f1"),
	TEXT("\xc2\xa0"
	     "1"),
	/* Words. */
	TEXT("nul"), TEXT("tru"), TEXT("fals"), TEXT("nulL"), TEXT("True"), TEXT("FALSE"),
	TEXT("nullx"), TEXT("truefalse"), TEXT("NaN"), TEXT("Infinity"), TEXT("-Infinity"),
	TEXT("undefined"), TEXT("t"), TEXT("[n]"),
	/* Numbers. */
	TEXT("-"), TEXT("+1"), TEXT("--1"), TEXT("01"), TEXT("-01"), TEXT("00"), TEXT(".5"),
	TEXT("-.5"), TEXT("1."), TEXT("1.e1"), TEXT("1e"), TEXT("1e+"), TEXT("1E-"), TEXT("e1"),
	TEXT("1e1.5"), TEXT("1.5.5"), TEXT("0x10"), TEXT("1_000"), TEXT("1 000"), TEXT("1,5"),
	TEXT("1-1"), TEXT("- 1"), TEXT("1ee1"), TEXT("1e+-1"), TEXT("\xef\xbc\x91"), TEXT("[-]"),
	TEXT("[1.]"), TEXT("1a"), TEXT("0\0"),
	/* Strings: ends, control characters, escapes. */
	TEXT("\""), TEXT("\"a"), TEXT("a\""), TEXT("\"\\\""), TEXT("\"\\"), TEXT("\"a\"b"),
	TEXT("\"a\"\"b\""), TEXT("\"12345678"), TEXT("\"\n\""), TEXT("\"\t\""), TEXT("\"\0\""),
	TEXT("\"\x1f\""), TEXT("\"1234567\x01\""), TEXT("\"\\a\""), TEXT("\"\\v\""),
	TEXT("\"\\0\""), TEXT("\"\\'\""), TEXT("\"\\x41\""), TEXT("\"\\U0041\""), TEXT("\"\\u\""),
	TEXT("\"\\u0\""), TEXT("\"\\u00\""), TEXT("\"\\u004\""), TEXT("\"\\u004g\""),
	TEXT("\"\\u 041\""), TEXT("\"\\u+041\""), TEXT("\"\\u00\xc3\xa9\""), TEXT("\"\\\n\""),
	TEXT("\"\\\xc3\xa9\""), TEXT("\"\\u"), TEXT("\"\\u004"), TEXT("\"\\\0\""),
	/* Bytes that are not UTF-8. */
	TEXT("\"\x80\""), TEXT("\"\xbf\""), TEXT("\"\xc0\x80\""), TEXT("\"\xc0\xaf\""),
	TEXT("\"\xc1\xbf\""), TEXT("\"\xc3\""), TEXT("\"\xc3(\""), TEXT("\"\xc3\xc3\""),
	TEXT("\"\xe0\x80\x80\""), TEXT("\"\xe0\x9f\xbf\""), TEXT("\"\xe2\x82\""),
	TEXT("\"\xe2\x28\xac\""), TEXT("\"\xe2\x82\x28\""), TEXT("\"\xed\xa0\x80\""),
	TEXT("\"\xed\xbf\xbf\""), TEXT("\"\xf0\x80\x80\x80\""), TEXT("\"\xf0\x8f\xbf\xbf\""),
	TEXT("\"\xf0\x9f\x98\""), TEXT("\"\xf0\x9f\x98(\""), TEXT("\"\xf4\x90\x80\x80\""),
	TEXT("\"\xf5\x80\x80\x80\""), TEXT("\"\xf8\x88\x80\x80\x80\""), TEXT("\"\xfe\""),
	TEXT("\"\xff\""), TEXT("\"\xc3\xa9\xa9\""), TEXT("\"\xe2\x82\xac\x80\""), TEXT("\"\xc3"),
	TEXT("\"\xf0\x9f\x98\x80"), TEXT("{\"\xff\":1}"), TEXT("[\xc3\xa9]"),
	/* Arrays. */
	TEXT("["), TEXT("]"), TEXT("[1"), TEXT("[1,"), TEXT("[1,]"), TEXT("[,]"), TEXT("[,1]"),
	TEXT("[1,,2]"), TEXT("[1 2]"), TEXT("[1:2]"), TEXT("[\"a\":1]"), TEXT("[1}"), TEXT("[[]"),
	TEXT("[]]"), TEXT("[1]]"), TEXT("[1];"), TEXT("[1 true]"), TEXT("[,"), TEXT("[ "),
	/* Objects. */
	TEXT("{"), TEXT("}"), TEXT("{\"a\""), TEXT("{\"a\":"), TEXT("{\"a\":1"), TEXT("{\"a\":1,"),
	TEXT("{\"a\":1,}"), TEXT("{,}"), TEXT("{,\"a\":1}"), TEXT("{\"a\"}"), TEXT("{\"a\":}"),
	TEXT("{\"a\",1}"), TEXT("{\"a\" 1}"), TEXT("{\"a\"::1}"), TEXT("{\"a\":1 \"b\":2}"),
	TEXT("{\"a\":1,,\"b\":2}"), TEXT("{a:1}"), TEXT("{1:1}"), TEXT("{null:1}"), TEXT("{'a':1}"),
	TEXT("{[]:1}"), TEXT("{\"a\":1]"), TEXT("{\"a\":[1}"), TEXT("{{}}"), TEXT("{\"a\":1}}"),
	TEXT("{\"a\" \"b\":1}"), TEXT("{\"a\":1 2}"), TEXT("{\"a\\\":1}"), TEXT("{\"a\":\"b}"),
	TEXT("{:1}"), TEXT("{ "),
	/* More than one value. */
	TEXT("1 2"), TEXT("{}{}"), TEXT("[][]"), TEXT("null null"), TEXT("\"\" \"\""), TEXT("{} x"),
	TEXT("{}\0"), TEXT("{},"), TEXT("{}\n{}"), TEXT("[1]#")
};

/* A copy that ends where the next byte may not even be read. */
static struct mcpsess_bytes at_the_edge(struct mcpsess_bytes text)
{
	static char *pages;
	if (pages == NULL) {
		pages = mmap(NULL, 2 * (size_t)PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(pages, MAP_FAILED);
		assert_return_code(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
	}
	char *copy = pages + PAGE - text.len;
	if (text.len > 0) {
		memcpy(copy, text.data, text.len);
	}
	return mcpsess_mem(copy, text.len);
}

static int check(struct mcpsess_bytes text)
{
	struct mcpsess_bytes value;
	return mcpsess_json_check(at_the_edge(text), DEPTH, &value);
}

static void assert_verdict(struct mcpsess_bytes text, int verdict)
{
	if (check(text) != verdict) {
		fail_msg("%s is not the verdict on: %.*s", mcpsess_status_name(verdict),
			(int)text.len, (const char *)text.data);
	}
}

static void valid_texts_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid); i++) {
		assert_verdict(valid[i], MCPSESS_OK);
	}
}

static void invalid_texts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(invalid); i++) {
		assert_verdict(invalid[i], MCPSESS_E_INVALID);
	}
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_json_check(mcpsess_mem(NULL, 0), 0, &value), MCPSESS_E_INVALID);
}

/* 0 where jansson has no say: what only RFC 8259 allows, and a NUL, which it may take for the end.
 */
static int ask_jansson(struct mcpsess_bytes text, int *verdict)
{
	json_error_t error;
	const char *data = text.len > 0 ? text.data : "";
	json_t *tree = json_loadb(data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	*verdict = tree != NULL ? MCPSESS_OK : MCPSESS_E_INVALID;
	json_decref(tree);
	if (tree != NULL) {
		return memchr(data, '\0', text.len) == NULL;
	}
	enum json_error_code code = json_error_code(&error);
	int lone_surrogate = strncmp(error.text, "invalid Unicode '\\u", 19) == 0;
	return code != json_error_numeric_overflow && code != json_error_null_byte_in_key &&
	       !lone_surrogate;
}

static void every_prefix_is_judged_as_jansson_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid) + COUNT(invalid); i++) {
		struct mcpsess_bytes text = i < COUNT(valid) ? valid[i] : invalid[i - COUNT(valid)];
		for (size_t len = 0; len <= text.len; len++) {
			struct mcpsess_bytes prefix = mcpsess_mem(text.data, len);
			int verdict;
			if (ask_jansson(prefix, &verdict)) {
				assert_verdict(prefix, verdict);
			}
		}
	}
}

static unsigned pick(uint64_t *seed, size_t below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((*seed >> 33) % below);
}

/* Put in, take out or replace a byte. */
static size_t mutate(uint64_t *seed, char *text, size_t len)
{
	static const char bytes[] =
		"{}[]\",:\\/u0189aeE+-. \n\tdtfn\x80\xbf\xc3\xa9\xed\xf4\x1f\x7f";
	unsigned at = pick(seed, len);
	unsigned what = pick(seed, 3);
	if (what == 0 && len > 1) {
		memmove(text + at, text + at + 1, len - at - 1);
		return len - 1;
	}
	if (what == 1) {
		memmove(text + at + 1, text + at, len - at);
		len++;
	}
	text[at] = bytes[pick(seed, sizeof(bytes))];
	return len;
}

static void mutations_are_judged_as_jansson_does(void **state)
{
	(void)state;
	uint64_t seed = 8259;
	int accepted = 0, refused = 0;
	for (int i = 0; i < 20000; i++) {
		struct mcpsess_bytes from = valid[pick(&seed, COUNT(valid))];
		char text[512];
		size_t len = from.len;
		int verdict;
		memcpy(text, from.data, len);
		for (unsigned n = pick(&seed, 3) + 1; n > 0; n--) {
			len = mutate(&seed, text, len);
		}
		if (ask_jansson(mcpsess_mem(text, len), &verdict)) {
			assert_verdict(mcpsess_mem(text, len), verdict);
			accepted += verdict == MCPSESS_OK;
			refused += verdict != MCPSESS_OK;
		}
	}
	/* Both kinds were really tried. */
	assert_true(accepted > 2000 && refused > 2000);
}

static struct mcpsess_bytes nest(const char *open, const char *close, size_t depth)
{
	static char text[ROOM];
	size_t step = strlen(open), len = 0;
	for (size_t i = 0; i < depth; i++, len += step) {
		memcpy(text + len, open, step);
	}
	text[len++] = '0';
	for (size_t i = 0; i < depth; i++) {
		text[len++] = close[(depth - 1 - i) % strlen(close)];
	}
	return mcpsess_mem(text, len);
}

static void depth_is_allowed_to_its_limit_and_no_further(void **state)
{
	(void)state;
	static const size_t limits[] = { 0, 1, 2, 33, 64, 511, 512 };
	static const char *const kinds[][2] = { { "[", "]" }, { "{\"a\":", "}" },
		{ " [ 1 , ", "]" } };
	struct mcpsess_bytes value;
	for (size_t i = 0; i < COUNT(limits) * COUNT(kinds); i++) {
		size_t max = limits[i / COUNT(kinds)];
		const char *const *kind = kinds[i % COUNT(kinds)];
		struct mcpsess_bytes text = nest(kind[0], kind[1], max);
		assert_int_equal(mcpsess_json_check(text, max, &value), MCPSESS_OK);
		text = nest(kind[0], kind[1], max + 1);
		assert_int_equal(mcpsess_json_check(text, max, &value), MCPSESS_E_TOOBIG);
	}
	assert_int_equal(mcpsess_json_check(nest("[", "]", 512), SIZE_MAX, &value), MCPSESS_OK);
	assert_int_equal(
		mcpsess_json_check(nest("[", "]", 513), SIZE_MAX, &value), MCPSESS_E_TOOBIG);
}

static void neighbours_do_not_add_to_depth(void **state)
{
	(void)state;
	struct mcpsess_bytes value, text = mcpsess_str("[[],{},[[]],{\"a\":[]},[[],[]]]");
	assert_int_equal(mcpsess_json_check(text, 3, &value), MCPSESS_OK);
	assert_int_equal(mcpsess_json_check(text, 2, &value), MCPSESS_E_TOOBIG);
}

static void each_level_is_closed_as_it_was_opened(void **state)
{
	(void)state;
	struct mcpsess_bytes value;
	char text[] = "[{\"a\":[{\"a\":[{\"a\":0}]}]}]";
	size_t len = strlen(text);
	assert_int_equal(mcpsess_json_check(mcpsess_str(text), DEPTH, &value), MCPSESS_OK);
	for (size_t i = len - 6; i < len; i++) {
		char kept = text[i];
		text[i] = kept == '}' ? ']' : '}';
		assert_verdict(mcpsess_str(text), MCPSESS_E_INVALID);
		text[i] = kept;
	}
}

static void a_value_comes_without_the_space_around_it(void **state)
{
	(void)state;
	static const char *const texts[] = { " \n{ \"a\" : 1 } ", "\t[ ]\r", " \"a \" ", " -1 ",
		" true " };
	static const char *const values[] = { "{ \"a\" : 1 }", "[ ]", "\"a \"", "-1", "true" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct mcpsess_bytes value;
		assert_int_equal(mcpsess_json_check(mcpsess_str(texts[i]), 1, &value), MCPSESS_OK);
		assert_true(mcpsess_bytes_equal(value, mcpsess_str(values[i])));
	}
}

static const struct mcpsess_json_want wants[] = {
	{ -1, "id" },
	{ -1, "method" },
	{ -1, "params" },
	{ 2, "_meta" },
	{ 2, "name" },
	{ 3, "progressToken" },
	{ 3, "id" },
};

enum { WANTS = COUNT(wants) };

static int scan(const char *text, struct mcpsess_bytes *found)
{
	return mcpsess_json_scan(at_the_edge(mcpsess_str(text)), DEPTH, wants, WANTS, found);
}

/* Of each want its value, NULL where it is to be absent. */
static void assert_found(const char *text, const char *const values[WANTS])
{
	struct mcpsess_bytes found[WANTS];
	assert_int_equal(scan(text, found), MCPSESS_OK);
	for (size_t i = 0; i < WANTS; i++) {
		struct mcpsess_bytes value = mcpsess_str(values[i]);
		if (!mcpsess_bytes_equal(found[i], value) ||
			(found[i].data == NULL) != (value.data == NULL)) {
			fail_msg("%s found as '%.*s' in: %s", wants[i].name, (int)found[i].len,
				(const char *)found[i].data, text);
		}
	}
}

static void wanted_members_are_found_wherever_they_stand(void **state)
{
	(void)state;
	static const char *const all[] = { "7", "\"m\"",
		"{\"_meta\":{\"progressToken\":[1],\"id\":null},\"name\":\"n\"}",
		"{\"progressToken\":[1],\"id\":null}", "\"n\"", "[1]", "null" };
	assert_found("{\"id\":7,\"method\":\"m\",\"params\":{\"_meta\":{\"progressToken\":[1],"
		     "\"id\":null},\"name\":\"n\"}}",
		all);
	assert_found("{\"x\":[{}],\"params\":{\"_meta\":{\"progressToken\":[1],\"id\":null},"
		     "\"name\":\"n\"} , \"y\":{\"z\":{}},\"method\" : \"m\" ,\"id\":7 }",
		all);
}

static void members_of_that_name_elsewhere_are_not_taken(void **state)
{
	(void)state;
	static const char *const none[WANTS] = { NULL };
	assert_found("{}", none);
	assert_found("[]", none);
	assert_found("\"id\"", none);
	assert_found("[{\"id\":1,\"params\":{\"name\":2}}]", none);
	assert_found("{\"x\":{\"id\":1,\"method\":2,\"_meta\":{\"progressToken\":1}}}", none);
	assert_found("{\"i\":1,\"idd\":2,\"\":3,\"ID\":4,\"name\":5,\"progressToken\":6}", none);

	static const char *const list[WANTS] = { [2] = "[{\"_meta\":{\"id\":1},\"name\":2}]" };
	assert_found("{\"params\":[{\"_meta\":{\"id\":1},\"name\":2}]}", list);

	static const char *const deep[WANTS] = {
		[2] = "{\"a\":{\"name\":1,\"_meta\":{\"id\":2}},\"name\":3}", [4] = "3"
	};
	assert_found("{\"params\":{\"a\":{\"name\":1,\"_meta\":{\"id\":2}},\"name\":3}}", deep);

	static const char *const id[WANTS] = {
		[0] = "{\"_meta\":{\"id\":1},\"id\":2}", [1] = "{}"
	};
	assert_found("{\"id\":{\"_meta\":{\"id\":1},\"id\":2},\"method\":{}}", id);
}

static void names_are_compared_unescaped(void **state)
{
	(void)state;
	static const char *const values[WANTS] = { "1", "2", "{\"\\u005fmeta\":3}", "3" };
	assert_found(
		"{\"\\u0069\\u0064\":1,\"meth\\u006fd\":2,\"p\\u0061rams\":{\"\\u005fmeta\":3}}",
		values);

	static const char *const none[WANTS] = { NULL };
	assert_found(
		"{\"id\\u0000\":1,\"id\\n\":1,\"\\\\id\":1,\"i\\u0064d\":1,\"\\u0069\":1}", none);

	static const struct mcpsess_json_want odd[] = { { -1, "a\\b" }, { -1, "" },
		{ -1, "\xc3\xa9" }, { -1, "\"" } };
	struct mcpsess_bytes found[4];
	struct mcpsess_bytes text =
		mcpsess_str("{\"a\\b\":0,\"a\\\\b\":1,\"\":2,\"\\u00e9\":3,\"\\\"\":4}");
	assert_int_equal(mcpsess_json_scan(text, DEPTH, odd, 4, found), MCPSESS_OK);
	for (int i = 0; i < 4; i++) {
		int64_t value;
		assert_int_equal(mcpsess_json_integer(found[i], &value), MCPSESS_OK);
		assert_int_equal(value, i + 1);
	}
}

static void a_wanted_member_that_comes_twice_is_an_error(void **state)
{
	(void)state;
	static const char *const twice[] = {
		"{\"id\":1,\"id\":1}",
		"{\"id\":null,\"x\":2,\"id\":null}",
		"{\"method\":\"a\",\"meth\\u006fd\":\"b\"}",
		"{\"m\\u0065thod\":\"a\",\"meth\\u006fd\":\"b\"}",
		"{\"params\":{},\"params\":[]}",
		"{\"params\":{\"name\":1,\"n\\u0061me\":2}}",
		"{\"params\":{\"_meta\":{\"id\":1,\"id\":{\"id\":{}}}}}",
		"{\"id\":1,\"id\":1,\"id\":1}",
	};
	struct mcpsess_bytes found[WANTS];
	for (size_t i = 0; i < COUNT(twice); i++) {
		assert_int_equal(scan(twice[i], found), MCPSESS_E_EXISTS);
	}
	static const char *const fine[] = {
		"{\"x\":1,\"x\":2}",
		"{\"name\":1,\"name\":2}",
		"{\"params\":{\"id\":1,\"id\":2}}",
		"{\"id\":{\"id\":1,\"id\":2}}",
		"{\"params\":[{\"name\":1,\"name\":2}]}",
	};
	for (size_t i = 0; i < COUNT(fine); i++) {
		assert_int_equal(scan(fine[i], found), MCPSESS_OK);
	}
}

static void a_failed_scan_finds_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{ "{\"id\":1,\"id\":2", MCPSESS_E_INVALID },
		{ "{\"id\":1,\"id\":2}", MCPSESS_E_EXISTS },
		{ "{\"id\":1,\"x\":[[]]}", MCPSESS_E_TOOBIG },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mcpsess_bytes found = { "as before", 9 };
		struct mcpsess_bytes text = mcpsess_str(cases[i].text);
		assert_int_equal(mcpsess_json_scan(text, 2, wants, 1, &found), cases[i].status);
		assert_int_equal(found.len, 9);
		assert_int_equal(mcpsess_json_check(text, 0, &found), MCPSESS_E_TOOBIG);
		assert_string_equal(found.data, "as before");
	}
}

/* A chain as deep as it can be, each want the parent of the next. */
static void thirty_two_members_can_be_wanted(void **state)
{
	(void)state;
	struct mcpsess_json_want chain[33];
	struct mcpsess_bytes found[33];
	for (int i = 0; i < 33; i++) {
		chain[i] = (struct mcpsess_json_want){ i - 1, "a" };
	}
	struct mcpsess_bytes text = at_the_edge(nest("{\"b\":[],\"a\":", "}", 40));
	assert_int_equal(mcpsess_json_scan(text, DEPTH, chain, 32, found), MCPSESS_OK);
	for (size_t i = 0; i < 32; i++) {
		struct mcpsess_bytes value = nest("{\"b\":[],\"a\":", "}", 39 - i);
		assert_true(mcpsess_bytes_equal(found[i], value));
	}
	assert_int_equal(mcpsess_json_scan(text, DEPTH, chain, 33, found), MCPSESS_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_texts_are_accepted),
		cmocka_unit_test(invalid_texts_are_refused),
		cmocka_unit_test(every_prefix_is_judged_as_jansson_does),
		cmocka_unit_test(mutations_are_judged_as_jansson_does),
		cmocka_unit_test(depth_is_allowed_to_its_limit_and_no_further),
		cmocka_unit_test(neighbours_do_not_add_to_depth),
		cmocka_unit_test(each_level_is_closed_as_it_was_opened),
		cmocka_unit_test(a_value_comes_without_the_space_around_it),
		cmocka_unit_test(wanted_members_are_found_wherever_they_stand),
		cmocka_unit_test(members_of_that_name_elsewhere_are_not_taken),
		cmocka_unit_test(names_are_compared_unescaped),
		cmocka_unit_test(a_wanted_member_that_comes_twice_is_an_error),
		cmocka_unit_test(a_failed_scan_finds_nothing),
		cmocka_unit_test(thirty_two_members_can_be_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
