/* The base room: hashes, encodings, errors, levels, ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/base64.h"
#include "base/buffer.h"
#include "base/sha256.h"

static void hex(const struct mcpsess_digest *digest, char out[65])
{
	for (int i = 0; i < 32; i++) {
		snprintf(out + 2 * i, 3, "%02x", digest->bytes[i]);
	}
}

/* FIPS 180-4 examples: one block, two blocks, a million bytes. */
static void sha256_gives_the_standard_s_answers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t repeat;
		const char *digest;
	} cases[] = {
		{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "aaaaaaaaaa", 100000,
			"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
		{ "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	};
	mcpsess_sha256_compress *const ways[] = { mcpsess_sha256_plain, mcpsess_sha256_fastest() };
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct mcpsess_sha256 hash;
		struct mcpsess_digest digest;
		char text[65];
		mcpsess_sha256_init(&hash);
		hash.compress = ways[i % 2];
		for (size_t n = 0; n < cases[i / 2].repeat; n++) {
			mcpsess_sha256_update(&hash, mcpsess_str(cases[i / 2].text));
		}
		mcpsess_sha256_final(&hash, &digest);
		hex(&digest, text);
		assert_string_equal(text, cases[i / 2].digest);
	}
}

static void base64_round_trips_and_refuses_what_it_never_wrote(void **state)
{
	(void)state;
	unsigned char raw[32], back[32];
	char text[MCPSESS_BASE64_LEN(32) + 1];
	for (size_t i = 0; i < sizeof(raw); i++) {
		raw[i] = (unsigned char)(i * 37 + 200);
	}
	for (size_t len = 0; len <= sizeof(raw); len++) {
		size_t n = mcpsess_base64_encode(mcpsess_mem(raw, len), text);
		assert_int_equal(n, MCPSESS_BASE64_LEN(len));
		assert_int_equal(
			mcpsess_base64_decode(mcpsess_mem(text, n), back, len), MCPSESS_OK);
		assert_memory_equal(raw, back, len);
	}
	/* 43 characters carry 258 bits: the last two must be zero, or two texts name one key. */
	text[42] = text[42] == 'B' ? 'C' : 'B';
	assert_int_equal(mcpsess_base64_decode(mcpsess_str(text), back, 32), MCPSESS_E_INVALID);
	text[42] = '+';
	assert_int_equal(mcpsess_base64_decode(mcpsess_str(text), back, 32), MCPSESS_E_INVALID);
	assert_int_equal(mcpsess_base64_decode(mcpsess_str("AAAA"), back, 32), MCPSESS_E_INVALID);
}

static void every_status_has_a_name_and_a_text(void **state)
{
	(void)state;
	assert_string_equal(mcpsess_status_name(MCPSESS_E_NOTFOUND), "NOTFOUND");
	assert_string_equal(mcpsess_strerror(MCPSESS_E_CONFLICT), "session changed meanwhile");
	assert_string_equal(mcpsess_strerror(-1), "not a status of mcpsess");
}

static void log_levels_parse_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(mcpsess_log_level_parse(mcpsess_str("WARN")), MCPSESS_LOG_WARN);
	assert_int_equal(mcpsess_log_level_parse(mcpsess_str("verbose")), -1);
	assert_string_equal(mcpsess_log_level_name(MCPSESS_LOG_DEBUG), "debug");
}

static size_t bad_id(void *user_data, char *out, size_t capacity)
{
	(void)capacity;
	const char *id = user_data;
	memcpy(out, id, strlen(id));
	return strlen(id);
}

static void an_id_is_made_sound_or_not_at_all(void **state)
{
	(void)state;
	struct mcpsess_env env;
	char one[129], two[129];
	mcpsess_env_init(&env, NULL);
	assert_int_equal(mcpsess_make_id(&env, one, sizeof(one)), 43);
	assert_int_equal(mcpsess_make_id(&env, two, sizeof(two)), 43);
	assert_memory_not_equal(one, two, 43);

	static const char *const bad[] = { "short", "a space in an id of 22+", "" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct mcpsess_hooks hooks = { .size = sizeof(hooks),
			.make_id = bad_id,
			.user_data = (void *)(uintptr_t)bad[i] };
		mcpsess_env_init(&env, &hooks);
		assert_int_equal(mcpsess_make_id(&env, one, sizeof(one)), 0);
	}
}

static int no_random(void *user_data, void *out, size_t len)
{
	(void)user_data, (void)out, (void)len;
	return -1;
}

static void without_randomness_there_is_no_id(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .random = no_random };
	struct mcpsess_env env;
	char id[129];
	mcpsess_env_init(&env, &hooks);
	assert_int_equal(mcpsess_make_id(&env, id, sizeof(id)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_standard_s_answers),
		cmocka_unit_test(base64_round_trips_and_refuses_what_it_never_wrote),
		cmocka_unit_test(every_status_has_a_name_and_a_text),
		cmocka_unit_test(log_levels_parse_in_any_case),
		cmocka_unit_test(an_id_is_made_sound_or_not_at_all),
		cmocka_unit_test(without_randomness_there_is_no_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
