/* Any bytes as a JSON text, and any bytes as text to quote. */
#include <stdio.h>

#include "base/buffer.h"
#include "fuzz.h"
#include "json/json.h"

enum { DEPTH = 32, WANTS = 7 };

static const struct mcpsess_json_want wants[WANTS] = {
	{ -1, "id" },
	{ -1, "method" },
	{ -1, "params" },
	{ 2, "_meta" },
	{ 2, "name" },
	{ 3, "progressToken" },
	{ -1, "a\"b" },
};

static int is_within(struct mcpsess_bytes inner, struct mcpsess_bytes outer)
{
	const char *from = inner.data, *start = outer.data;
	return from >= start && inner.len <= outer.len - (size_t)(from - start);
}

static int is_same(struct mcpsess_bytes a, struct mcpsess_bytes b)
{
	return a.data == b.data && a.len == b.len;
}

/* What quote writes is accepted and reads back as what went in, wherever that was UTF-8. */
static void check_quote(const struct mcpsess_env *env, struct mcpsess_bytes text, int sound)
{
	struct mcpsess_buffer quoted, back;
	struct mcpsess_bytes value;
	mcpsess_buffer_init(&quoted, env);
	mcpsess_buffer_init(&back, env);
	mcpsess_json_quote(&quoted, text);
	fuzz_require(mcpsess_json_check(mcpsess_buffer_bytes(&quoted), 0, &value) == MCPSESS_OK);
	fuzz_require(is_same(value, mcpsess_buffer_bytes(&quoted)));
	struct mcpsess_bytes read = mcpsess_json_string(value, &back);
	fuzz_require(read.data != NULL && mcpsess_json_is(value, read));
	if (sound) {
		fuzz_require(mcpsess_bytes_equal(read, text));
	} else {
		check_quote(env, read, 1);
	}
	mcpsess_buffer_free(&back);
	mcpsess_buffer_free(&quoted);
}

static void check_string(const struct mcpsess_env *env, struct mcpsess_bytes value)
{
	struct mcpsess_buffer buffer;
	mcpsess_buffer_init(&buffer, env);
	struct mcpsess_bytes text = mcpsess_json_string(value, &buffer);
	fuzz_require(text.data != NULL && text.len <= value.len - 2);
	fuzz_require(mcpsess_json_is(value, text));
	fuzz_require(!mcpsess_json_is(value, mcpsess_mem(text.data, text.len + 1)));
	check_quote(env, text, 1);
	mcpsess_buffer_free(&buffer);
}

static void check_number(struct mcpsess_bytes value)
{
	int64_t integer;
	char text[24];
	if (mcpsess_json_integer(value, &integer) == MCPSESS_OK) {
		snprintf(text, sizeof(text), "%lld", (long long)integer);
		fuzz_require(mcpsess_bytes_equal(value, mcpsess_str(text)) ||
			     mcpsess_bytes_equal(value, mcpsess_str("-0")));
	}
}

static void check_value(const struct mcpsess_env *env, struct mcpsess_bytes value, int depth)
{
	struct mcpsess_json_walk walk = { .within = value };
	struct mcpsess_bytes alone;
	enum mcpsess_json_type type = mcpsess_json_type(value);
	fuzz_require(depth <= DEPTH && type != MCPSESS_JSON_NONE);
	fuzz_require(mcpsess_json_check(value, DEPTH, &alone) == MCPSESS_OK);
	fuzz_require(is_same(alone, value));
	if (type == MCPSESS_JSON_STRING) {
		check_string(env, value);
	}
	if (type == MCPSESS_JSON_NUMBER) {
		check_number(value);
	}
	for (size_t before = 0; mcpsess_json_next(&walk); before = walk.at) {
		fuzz_require(walk.at > before && is_within(walk.value, value));
		fuzz_require((type == MCPSESS_JSON_OBJECT) == (walk.name.len > 0));
		if (type == MCPSESS_JSON_OBJECT) {
			fuzz_require(is_within(walk.name, value));
			check_string(env, walk.name);
		}
		check_value(env, walk.value, depth + 1);
	}
	fuzz_require(!mcpsess_json_next(&walk));
}

static void check_found(struct mcpsess_bytes root, const struct mcpsess_bytes *found)
{
	for (int i = 0; i < WANTS; i++) {
		struct mcpsess_bytes object = wants[i].parent < 0 ? root : found[wants[i].parent];
		struct mcpsess_bytes member =
			mcpsess_json_member(object, mcpsess_str(wants[i].name));
		fuzz_require(is_same(member, found[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcpsess_env env;
	struct mcpsess_bytes text = mcpsess_mem(data, size);
	struct mcpsess_bytes root, found[WANTS];
	mcpsess_env_init(&env, NULL);
	int checked = mcpsess_json_check(text, DEPTH, &root);
	int scanned = mcpsess_json_scan(text, DEPTH, wants, WANTS, found);
	fuzz_require(scanned == checked || (scanned == MCPSESS_E_EXISTS && checked == MCPSESS_OK));
	if (checked == MCPSESS_OK) {
		fuzz_require(is_within(root, text));
		check_value(&env, root, 0);
	}
	if (scanned == MCPSESS_OK) {
		check_found(root, found);
	}
	check_quote(&env, text, 0);
	return 0;
}
