/* Values of accepted JSON read, and strings written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "json/json.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Grants that many allocations, then none. */
struct memory {
	size_t grants;
	size_t held;
};

static void *limited_realloc(void *user_data, void *ptr, size_t size)
{
	struct memory *memory = user_data;
	if (size == 0) {
		memory->held -= ptr != NULL;
		free(ptr);
		return NULL;
	}
	if (memory->grants == 0) {
		return NULL;
	}
	memory->grants--;
	void *moved = realloc(ptr, size);
	memory->held += ptr == NULL && moved != NULL;
	return moved;
}

struct room {
	struct mcpsess_env env;
	struct mcpsess_buffer quoted;
	struct mcpsess_buffer text;
};

static struct room *open_room(void **state)
{
	struct room *room = *state;
	mcpsess_buffer_reset(&room->quoted);
	mcpsess_buffer_reset(&room->text);
	return room;
}

static int set_up(void **state)
{
	static struct room room;
	mcpsess_env_init(&room.env, NULL);
	mcpsess_buffer_init(&room.quoted, &room.env);
	mcpsess_buffer_init(&room.text, &room.env);
	*state = &room;
	return 0;
}

static int tear_down(void **state)
{
	struct room *room = *state;
	mcpsess_buffer_free(&room->quoted);
	mcpsess_buffer_free(&room->text);
	return 0;
}

/* The value of a text that must be JSON. */
static struct mcpsess_bytes value_of(struct mcpsess_bytes text)
{
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_json_check(text, 64, &value), MCPSESS_OK);
	return value;
}

static struct mcpsess_bytes json(const char *text)
{
	return value_of(mcpsess_str(text));
}

static void assert_bytes(struct mcpsess_bytes bytes, const void *data, size_t len)
{
	assert_int_equal(bytes.len, len);
	assert_memory_equal(len > 0 ? bytes.data : "", data, len);
}

static void assert_text(struct mcpsess_bytes bytes, const char *text)
{
	assert_bytes(bytes, text, strlen(text));
}

static void each_value_has_its_type(void **state)
{
	(void)state;
	assert_int_equal(mcpsess_json_type(json(" { }")), MCPSESS_JSON_OBJECT);
	assert_int_equal(mcpsess_json_type(json(" []")), MCPSESS_JSON_ARRAY);
	assert_int_equal(mcpsess_json_type(json("\"{\"")), MCPSESS_JSON_STRING);
	assert_int_equal(mcpsess_json_type(json("-1")), MCPSESS_JSON_NUMBER);
	assert_int_equal(mcpsess_json_type(json("0.5")), MCPSESS_JSON_NUMBER);
	assert_int_equal(mcpsess_json_type(json("true")), MCPSESS_JSON_TRUE);
	assert_int_equal(mcpsess_json_type(json("false")), MCPSESS_JSON_FALSE);
	assert_int_equal(mcpsess_json_type(json("null")), MCPSESS_JSON_NULL);
	assert_int_equal(mcpsess_json_type(mcpsess_mem(NULL, 0)), MCPSESS_JSON_NONE);
}

static void a_walk_visits_every_member_in_order(void **state)
{
	(void)state;
	static const char *const members[][2] = {
		{ "\"a\"", "1" },
		{ "\"\"", "\"x,}\\\"]\"" },
		{ "\"b:\"", "{ \"c\" : [ 1 , {} ] }" },
		{ "\"\\\\\"", "[ ]" },
		{ "\"a\"", "null" },
		{ "\"\xc3\xa9\"", "-1.5e+3" },
	};
	struct mcpsess_json_walk walk = { .within = json(
						  " { \"a\":1, \"\" : \"x,}\\\"]\" ,\n\"b:\":{ "
						  "\"c\" : [ 1 , {} ] },\"\\\\\"\t:\t[ ],"
						  "\"a\":null,\"\xc3\xa9\":-1.5e+3 } ") };
	for (size_t i = 0; i < COUNT(members); i++) {
		assert_int_equal(mcpsess_json_next(&walk), 1);
		assert_text(walk.name, members[i][0]);
		assert_text(walk.value, members[i][1]);
	}
	assert_int_equal(mcpsess_json_next(&walk), 0);
	assert_int_equal(mcpsess_json_next(&walk), 0);
}

static void a_walk_visits_every_element_in_order(void **state)
{
	(void)state;
	static const char *const elements[] = { "[[]]", "true", "\"]\"", "{\"a\":[]}", "0",
		"\"\"" };
	struct mcpsess_json_walk walk = { .within = json(
						  "[[[]],true , \"]\"\n,{\"a\":[]},0,\"\" ]") };
	for (size_t i = 0; i < COUNT(elements); i++) {
		assert_int_equal(mcpsess_json_next(&walk), 1);
		assert_int_equal(walk.name.len, 0);
		assert_text(walk.value, elements[i]);
	}
	assert_int_equal(mcpsess_json_next(&walk), 0);
}

static void there_is_nothing_to_walk_in_what_holds_nothing(void **state)
{
	(void)state;
	static const char *const texts[] = { "{}", "[]", "{ \n}", "[\t]", "1", "\"[1]\"", "null" };
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct mcpsess_json_walk walk = { .within = json(texts[i]) };
		assert_int_equal(mcpsess_json_next(&walk), 0);
	}
	struct mcpsess_json_walk walk = { .at = 0 };
	assert_int_equal(mcpsess_json_next(&walk), 0);
}

static void a_member_is_found_by_its_unescaped_name(void **state)
{
	(void)state;
	struct mcpsess_bytes object =
		json("{\"a\":{\"b\":1},\"\\u0062\":2,\"b\":3,\"c\\\"\":4,\"\":5}");
	assert_text(mcpsess_json_member(object, mcpsess_str("b")), "2");
	assert_text(mcpsess_json_member(object, mcpsess_str("c\"")), "4");
	assert_text(mcpsess_json_member(object, mcpsess_str("")), "5");
	assert_null(mcpsess_json_member(object, mcpsess_str("c")).data);
	assert_null(mcpsess_json_member(object, mcpsess_mem("a\0", 2)).data);
	assert_null(mcpsess_json_member(json("[\"b\",1]"), mcpsess_str("b")).data);
	assert_null(mcpsess_json_member(json("\"b\""), mcpsess_str("b")).data);
	assert_null(mcpsess_json_member(mcpsess_mem(NULL, 0), mcpsess_str("b")).data);
}

static void strings_are_compared_unescaped(void **state)
{
	(void)state;
	assert_true(mcpsess_json_is(json("\"ping\""), mcpsess_str("ping")));
	assert_true(mcpsess_json_is(json("\"p\\u0069ng\""), mcpsess_str("ping")));
	assert_true(mcpsess_json_is(json("\"\""), mcpsess_mem(NULL, 0)));
	assert_true(mcpsess_json_is(json("\"\\u0000\""), mcpsess_mem("", 1)));
	assert_true(mcpsess_json_is(json("\"\\ud83d\\ude00\""), mcpsess_str("\xf0\x9f\x98\x80")));
	assert_false(mcpsess_json_is(json("\"ping\""), mcpsess_str("pin")));
	assert_false(mcpsess_json_is(json("\"pin\""), mcpsess_str("ping")));
	assert_false(mcpsess_json_is(json("\"p\\u0069n\""), mcpsess_str("ping")));
	assert_false(mcpsess_json_is(json("\"p\\u0069ng\""), mcpsess_str("pin")));
	assert_false(mcpsess_json_is(json("\"p\\u0069ng\""), mcpsess_str("p\\u0069ng")));
	assert_false(mcpsess_json_is(json("\"\\u00e9\""), mcpsess_str("\xc3")));
	assert_false(mcpsess_json_is(json("1"), mcpsess_str("1")));
	assert_false(mcpsess_json_is(mcpsess_mem(NULL, 0), mcpsess_str("")));
}

static void escapes_stand_for_their_characters(void **state)
{
	static const struct {
		const char *json;
		const char *text;
	} cases[] = {
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"a\\u0041\\u00e9\\u20AC!\"", "aA\xc3\xa9\xe2\x82\xac!" },
		{ "\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"",
			"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf" },
		{ "\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
		{ "\"\\\\u0041\"", "\\u0041" },
		/* Halves of pairs: alone, in the wrong order, before other escapes and text. */
		{ "\"\\ud83d\"", "\xef\xbf\xbd" },
		{ "\"\\ude00\"", "\xef\xbf\xbd" },
		{ "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
		{ "\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
					"A" },
		{ "\"\\udc00\\udfff\"", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\"\\ud83d\\ue000\"", "\xef\xbf\xbd\xee\x80\x80" },
		{ "\"\\ud83d\\n\"", "\xef\xbf\xbd\n" },
		{ "\"\\ud83dude00\"", "\xef\xbf\xbdude00" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct room *room = open_room(state);
		assert_text(mcpsess_json_string(json(cases[i].json), &room->text), cases[i].text);
	}
}

static void a_string_without_escapes_is_not_copied(void **state)
{
	struct room *room = open_room(state);
	struct mcpsess_bytes value = json("\"caf\xc3\xa9\"");
	struct mcpsess_bytes text = mcpsess_json_string(value, &room->text);
	assert_ptr_equal(text.data, (const char *)value.data + 1);
	assert_int_equal(text.len, 5);
	assert_int_equal(room->text.len, 0);
	text = mcpsess_json_string(json("\"\""), &room->text);
	assert_non_null(text.data);
	assert_int_equal(text.len, 0);
}

static void strings_are_appended_to_the_buffer_one_by_one(void **state)
{
	struct room *room = open_room(state);
	mcpsess_json_string(json("\"\\u0061b\""), &room->text);
	mcpsess_json_string(json("\"c\\u0064\""), &room->text);
	assert_text(mcpsess_buffer_bytes(&room->text), "abcd");
}

static void what_is_no_string_has_no_text(void **state)
{
	static const char *const texts[] = { "1", "null", "{\"a\":\"b\"}", "[\"\\n\"]", "true" };
	struct room *room = open_room(state);
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_null(mcpsess_json_string(json(texts[i]), &room->text).data);
	}
	assert_null(mcpsess_json_string(mcpsess_mem(NULL, 0), &room->text).data);
	assert_int_equal(room->text.len, 0);
}

static void integers_are_read_to_the_edges_of_64_bits(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "7", 7 },
		{ "-7", -7 },
		{ "9007199254740993", INT64_C(9007199254740993) },
		{ "9223372036854775799", INT64_MAX - 8 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t value = 1;
		assert_int_equal(mcpsess_json_integer(json(cases[i].text), &value), MCPSESS_OK);
		assert_true(value == cases[i].value);
	}
}

static void what_is_no_integer_in_64_bits_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = { "9223372036854775808", "-9223372036854775809",
		"18446744073709551615", "18446744073709551616", "92233720368547758070", "1.0",
		"0.5", "1e3", "-1e0", "\"1\"", "true", "null", "[1]", "{}",
		"100000000000000000000000000000000000000000" };
	int64_t value = 42;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(mcpsess_json_integer(json(texts[i]), &value), MCPSESS_E_INVALID);
	}
	assert_int_equal(mcpsess_json_integer(mcpsess_mem(NULL, 0), &value), MCPSESS_E_INVALID);
	assert_int_equal(value, 42);
}

static void quoting_escapes_what_json_forbids_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *json;
	} cases[] = {
		{ "", 0, "\"\"" },
		{ "plain text of some length", 25, "\"plain text of some length\"" },
		{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
		{ "\0\x01\x0b\x1f\x7f", 5, "\"\\u0000\\u0001\\u000b\\u001f\x7f\"" },
		{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", 14,
			"\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct room *room = open_room(state);
		mcpsess_json_quote(&room->quoted, mcpsess_mem(cases[i].text, cases[i].len));
		assert_text(mcpsess_buffer_bytes(&room->quoted), cases[i].json);
	}
}

static void each_byte_that_is_not_utf8_is_quoted_as_a_replacement(void **state)
{
	static const char replacement[] = "\xef\xbf\xbd";
	static const struct {
		const char *text;
		size_t replaced; /* bytes, at the start; the rest stays */
	} cases[] = {
		{ "\x80", 1 },
		{ "\xff.", 1 },
		{ "\xc0\xaf", 2 },
		{ "\xc3", 1 },
		{ "\xc3(", 1 },
		{ "\xe2\x82", 2 },
		{ "\xe2\x82 and on", 2 },
		{ "\xed\xa0\x80.", 3 },
		{ "\xf0\x9f\x98\xc3\xa9", 3 },
		{ "\xf4\x90\x80\x80\xc3\xa9", 4 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct room *room = open_room(state);
		mcpsess_json_quote(&room->quoted, mcpsess_str(cases[i].text));
		char expected[64] = "\"";
		for (size_t n = 0; n < cases[i].replaced; n++) {
			strcat(expected, replacement);
		}
		strcat(expected, cases[i].text + cases[i].replaced);
		strcat(expected, "\"");
		assert_text(mcpsess_buffer_bytes(&room->quoted), expected);
	}
}

static void assert_round_trip(struct room *room, const char *escaped)
{
	mcpsess_buffer_reset(&room->quoted);
	mcpsess_buffer_reset(&room->text);
	struct mcpsess_bytes text = mcpsess_json_string(json(escaped), &room->text);
	mcpsess_json_quote(&room->quoted, text);
	struct mcpsess_bytes value = value_of(mcpsess_buffer_bytes(&room->quoted));
	assert_true(mcpsess_json_is(value, text));
	assert_true(mcpsess_json_is(json(escaped), text));
}

/* Escape to text to quoted text to text again, for all of the first plane and some of the others.
 */
static void code_points_survive_reading_and_quoting(void **state)
{
	struct room *room = open_room(state);
	char escaped[32];
	for (unsigned point = 0; point < 0x10000; point++) {
		snprintf(escaped, sizeof(escaped), "\"x\\u%04x\"", point);
		assert_round_trip(room, escaped);
	}
	for (unsigned point = 0x10000; point <= 0x10ffff; point += 255) {
		unsigned high = 0xd800 + ((point - 0x10000) >> 10);
		unsigned low = 0xdc00 + ((point - 0x10000) & 0x3ff);
		snprintf(escaped, sizeof(escaped), "\"\\u%04X\\u%04x\"", high, low);
		assert_round_trip(room, escaped);
		assert_int_equal(room->text.len, 4);
	}
}

/* Run with 0, 1, 2 ... allocations granted until it succeeds. */
static void assert_survives_want_of_memory(void (*run)(struct mcpsess_buffer *buffer))
{
	struct memory memory = { .held = 0 };
	struct mcpsess_hooks hooks = {
		.size = sizeof(hooks), .user_data = &memory, .realloc = limited_realloc
	};
	struct mcpsess_env env;
	int failed = 1;
	mcpsess_env_init(&env, &hooks);
	for (size_t grants = 0; failed; grants++) {
		struct mcpsess_buffer buffer;
		mcpsess_buffer_init(&buffer, &env);
		memory.grants = grants;
		run(&buffer);
		failed = buffer.failed;
		assert_true(failed || grants > 0);
		mcpsess_buffer_free(&buffer);
		assert_int_equal(memory.held, 0);
	}
}

static void read_strings(struct mcpsess_buffer *buffer)
{
	static const char value[] = "\"1234567890 1234567890 1234567890 1234567890\\n\"";
	for (int i = 0; i < 40; i++) {
		struct mcpsess_bytes text = mcpsess_json_string(json(value), buffer);
		assert_true((text.data == NULL) == buffer->failed);
	}
}

static void quote_strings(struct mcpsess_buffer *buffer)
{
	for (int i = 0; i < 40; i++) {
		mcpsess_json_quote(
			buffer, mcpsess_str("1234567890\n1234567890\x01\"\xff 1234567890\xc3\xa9"));
	}
}

static void want_of_memory_is_told_not_fatal(void **state)
{
	(void)state;
	assert_survives_want_of_memory(read_strings);
	assert_survives_want_of_memory(quote_strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_value_has_its_type),
		cmocka_unit_test(a_walk_visits_every_member_in_order),
		cmocka_unit_test(a_walk_visits_every_element_in_order),
		cmocka_unit_test(there_is_nothing_to_walk_in_what_holds_nothing),
		cmocka_unit_test(a_member_is_found_by_its_unescaped_name),
		cmocka_unit_test(strings_are_compared_unescaped),
		cmocka_unit_test(escapes_stand_for_their_characters),
		cmocka_unit_test(a_string_without_escapes_is_not_copied),
		cmocka_unit_test(strings_are_appended_to_the_buffer_one_by_one),
		cmocka_unit_test(what_is_no_string_has_no_text),
		cmocka_unit_test(integers_are_read_to_the_edges_of_64_bits),
		cmocka_unit_test(what_is_no_integer_in_64_bits_is_refused),
		cmocka_unit_test(quoting_escapes_what_json_forbids_and_nothing_else),
		cmocka_unit_test(each_byte_that_is_not_utf8_is_quoted_as_a_replacement),
		cmocka_unit_test(code_points_survive_reading_and_quoting),
		cmocka_unit_test(want_of_memory_is_told_not_fatal),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
