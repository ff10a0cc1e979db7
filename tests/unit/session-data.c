/* Session data: what is kept, in which order, and what is refused. */
#include "session-one.h"

static const struct mcpsess_bytes nobody = { NULL, 0 };

/* -- data -------------------------------------------------------------------------------------- */

static void keys_keep_the_order_of_their_first_setting(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	set(session, "zebra", "1");
	set(session, "apple", "2");
	set(session, "mango", "3");
	set(session, "zebra", "[\"changed, and much longer\"]");
	assert_keys(session, "zebra apple mango");
	session = reload(session);
	assert_keys(session, "zebra apple mango");
	mcpsess_session_unset(session, mcpsess_str("zebra"));
	set(session, "zebra", "4");
	assert_keys(session, "apple mango zebra");
	session = reload(session);
	assert_keys(session, "apple mango zebra");
	assert_value(session, "zebra", "4");
	mcpsess_session_destroy(session);
}

static void an_absent_key_leaves_the_answer_alone(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	struct mcpsess_bytes value = mcpsess_str("before");
	assert_int_equal(
		mcpsess_session_get(session, mcpsess_str("k"), &value), MCPSESS_E_NOTFOUND);
	assert_text(value, "before");
	assert_int_equal(mcpsess_session_unset(session, mcpsess_str("k")), MCPSESS_OK);
	mcpsess_session_destroy(session);
}

static void values_are_checked_and_kept_without_white_space_around(void **state)
{
	(void)state;
	static const char *const bad[] = { "", " ", "{", "nul", "1 2", "\"\xff\"", "{\"a\":1,}" };
	char nested[2 * 65 + 1] = "";
	struct mcpsess_session *session = create();
	assert_int_equal(set(session, "k", " \n[1, 2]\t"), MCPSESS_OK);
	assert_value(session, "k", "[1, 2]");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(set(session, "k", bad[i]), MCPSESS_E_INVALID);
	}
	memset(nested, '[', 65);
	memset(nested + 65, ']', 65);
	assert_int_equal(set(session, "k", nested), MCPSESS_E_INVALID);
	assert_int_equal(
		mcpsess_session_set(session, mcpsess_str("k"), mcpsess_mem(nested + 1, 2 * 64)),
		MCPSESS_OK);
	assert_int_equal(set(session, "", "1"), MCPSESS_E_INVALID);
	assert_int_equal(set(session, "a\nb", "1"), MCPSESS_E_INVALID);
	assert_keys(session, "k");
	mcpsess_session_destroy(session);
}

static void a_counter_counts_and_refuses_what_is_none(void **state)
{
	(void)state;
	static const char *const none[] = { "\"1\"", "1.5", "1e3", "null", "9223372036854775808" };
	struct mcpsess_session *session = create();
	struct mcpsess_bytes key = mcpsess_str("n");
	int64_t sum = -1;
	assert_int_equal(mcpsess_session_add(session, key, 0, &sum), MCPSESS_OK);
	assert_int_equal(sum, 0);
	assert_value(session, "n", "0");
	assert_int_equal(mcpsess_session_add(session, key, 5, &sum), MCPSESS_OK);
	assert_int_equal(mcpsess_session_add(session, key, -12, &sum), MCPSESS_OK);
	assert_int_equal(sum, -7);
	session = reload(session);
	assert_int_equal(mcpsess_session_add(session, key, 3, NULL), MCPSESS_OK);
	assert_value(session, "n", "-4");

	assert_int_equal(mcpsess_session_add(session, key, INT64_MIN, &sum), MCPSESS_E_INVALID);
	set(session, "n", "9223372036854775807");
	assert_int_equal(mcpsess_session_add(session, key, 1, &sum), MCPSESS_E_INVALID);
	assert_value(session, "n", "9223372036854775807");
	assert_int_equal(mcpsess_session_add(session, mcpsess_str(""), 1, &sum), MCPSESS_E_INVALID);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		set(session, "n", none[i]);
		assert_int_equal(mcpsess_session_add(session, key, 1, &sum), MCPSESS_E_INVALID);
		assert_value(session, "n", none[i]);
	}
	assert_int_equal(sum, -7);
	mcpsess_session_destroy(session);
}

static void a_blob_travels_with_the_session(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_int_equal(mcpsess_session_blob(session).len, 0);
	mcpsess_session_set_blob(session, mcpsess_mem("\0\1\2", 3));
	session = reload(session);
	assert_int_equal(mcpsess_session_blob(session).len, 3);
	assert_memory_equal(mcpsess_session_blob(session).data, "\0\1\2", 3);
	mcpsess_session_set_blob(session, nobody);
	session = reload(session);
	assert_int_equal(mcpsess_session_blob(session).len, 0);
	mcpsess_session_destroy(session);
}

static void what_was_read_may_be_written(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	struct mcpsess_bytes value;
	int64_t sum;
	set(session, "first", "\"some text\"");
	set(session, "n", "41");
	mcpsess_session_get(session, mcpsess_str("first"), &value);
	assert_int_equal(mcpsess_session_set(session, mcpsess_str("copy"), value), MCPSESS_OK);
	mcpsess_session_get(session, mcpsess_str("first"), &value);
	assert_int_equal(
		mcpsess_session_set(session, mcpsess_session_key(session, 1), value), MCPSESS_OK);
	assert_value(session, "n", "\"some text\"");
	set(session, "n", "41");
	assert_int_equal(
		mcpsess_session_add(session, mcpsess_session_key(session, 1), 1, &sum), MCPSESS_OK);
	assert_int_equal(sum, 42);
	mcpsess_session_get(session, mcpsess_str("first"), &value);
	mcpsess_session_set_blob(session, value);
	mcpsess_session_set_blob(
		session, mcpsess_mem((const char *)mcpsess_session_blob(session).data + 1, 4));
	assert_text(mcpsess_session_blob(session), "some");
	assert_int_equal(
		mcpsess_session_unset(session, mcpsess_session_key(session, 0)), MCPSESS_OK);
	assert_keys(session, "n copy");
	mcpsess_session_destroy(session);
}

static void setting_what_is_there_writes_nothing(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	set(session, "k", "[1]");
	session = reload(session);
	fake_calls[FAKE_STORE] = 0;
	set(session, "k", " [1] ");
	mcpsess_session_unset(session, mcpsess_str("never there"));
	mcpsess_session_set_blob(session, nobody);
	assert_false(mcpsess_session_changed(session));
	save(session);
	assert_int_equal(fake_calls[FAKE_STORE], 0);
	mcpsess_session_destroy(session);
}

static void data_may_fill_its_limit_to_the_byte(void **state)
{
	(void)state;
	enum { LIMIT = 200 };
	char text[LIMIT];
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL, *tighter = NULL;
	here.max_data = LIMIT;
	mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, NULL);
	/* Header and version are 15 bytes; tag, length (2), key's length and key are 5. */
	size_t fits = LIMIT - 15 - 5;
	memset(text, '1', sizeof(text));
	assert_int_equal(
		mcpsess_session_set(session, mcpsess_str("k"), mcpsess_mem(text, fits + 1)),
		MCPSESS_E_TOOBIG);
	assert_keys(session, "");
	assert_int_equal(mcpsess_session_set(session, mcpsess_str("k"), mcpsess_mem(text, fits)),
		MCPSESS_OK);
	assert_int_equal(mcpsess_session_subscribe(session, nobody), MCPSESS_E_TOOBIG);
	assert_int_equal(mcpsess_session_add(session, mcpsess_str("n"), 1, NULL), MCPSESS_E_TOOBIG);
	save(session);
	assert_int_equal(fake_payload().len, LIMIT);

	/* Where the limit is lower, what is there can be read, shortened and removed. */
	here.max_data = LIMIT / 2;
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &tighter, NULL),
		MCPSESS_OK);
	assert_int_equal(set(tighter, "other", "1"), MCPSESS_E_TOOBIG);
	assert_int_equal(
		mcpsess_session_set(tighter, mcpsess_str("k"), mcpsess_mem(text, fits - 1)),
		MCPSESS_OK);
	save(tighter);
	assert_int_equal(mcpsess_session_unset(tighter, mcpsess_str("k")), MCPSESS_OK);
	save(tighter);
	assert_int_equal(fake_payload().len, 15);
	mcpsess_session_destroy(tighter);
	mcpsess_session_destroy(session);
}

static void thousands_of_keys_are_listed_with_their_values(void **state)
{
	(void)state;
	enum { KEYS = 5000 };
	char text[32];
	struct mcpsess_session *session = create();
	for (int i = 0; i < KEYS; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(set(session, text, text), MCPSESS_OK);
	}
	session = reload(session);
	assert_int_equal(mcpsess_session_key_count(session), KEYS);
	for (size_t i = 0; i < mcpsess_session_key_count(session); i++) {
		struct mcpsess_bytes value;
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		snprintf(text, sizeof(text), "%zu", i);
		assert_text(key, text);
		assert_int_equal(mcpsess_session_get(session, key, &value), MCPSESS_OK);
		assert_text(value, text);
	}
	mcpsess_session_destroy(session);
}

/* -- damage ------------------------------------------------------------------------------------ */

#define HEAD \
	"MS\1\1\12" \
	"2025-11-25"

static int load_stored(const char *payload, size_t len, struct mcpsess_session **out)
{
	struct mcpsess_session *session = create();
	save(session);
	fake_set_payload(payload, len);
	int status = load(mcpsess_session_id(session), out);
	mcpsess_session_destroy(session);
	return status;
}

static void a_record_that_cannot_be_read_is_not_loaded(void **state)
{
	(void)state;
	struct mcpsess_session *session = NULL;
	assert_int_equal(load_stored("", 0, &session), MCPSESS_E_CORRUPT);
	close_store(NULL), open_store(NULL);
	assert_int_equal(load_stored("MS\2whatever", 11, &session), MCPSESS_E_UNSUPPORTED);
	close_store(NULL), open_store(NULL);
	assert_int_equal(load_stored(HEAD "\2\1x", 18, &session), MCPSESS_E_UNSUPPORTED);
	assert_null(session);
}

static void expect_told(const char *payload, size_t len, const char *text)
{
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = create(), *other = NULL;
	struct mcpsess_error err = { 0 };
	save(session);
	fake_set_payload(payload, len);
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &other, &err),
		MCPSESS_E_CORRUPT);
	assert_string_equal(err.text, text);
	mcpsess_session_destroy(session);
	close_store(NULL), open_store(NULL);
}

static void a_record_that_is_sealed_is_said_to_be(void **state)
{
	(void)state;
	static const char sealed[] = "the payload is sealed; seal_keys_file= is not given";
	static const char unread[] = "the record cannot be read";
	char payload[80] = "\1one";
	expect_told(payload, 80, sealed);
	expect_told(payload, 57, sealed);
	expect_told(payload, 56, unread);
	payload[0] = 2;
	expect_told(payload, 80, sealed);
	payload[0] = 3;
	expect_told(payload, 80, unread);
	memcpy(payload, "\1one\0x", 6);
	expect_told(payload, 80, unread);
	memset(payload + 1, 0, 16);
	expect_told(payload, 80, unread);
}

static void damage_behind_the_version_is_found_when_it_is_read(void **state)
{
	(void)state;
	static const char twice[] = HEAD "\24\3\1k1"
					 "\24\3\1k2";
	struct mcpsess_session *session = NULL;
	struct mcpsess_bytes value;
	assert_int_equal(load_stored(twice, sizeof(twice) - 1, &session), MCPSESS_OK);
	assert_text(mcpsess_session_version(session), "2025-11-25");
	assert_int_equal(mcpsess_session_get(session, mcpsess_str("k"), &value), MCPSESS_E_CORRUPT);
	assert_int_equal(set(session, "other", "1"), MCPSESS_E_CORRUPT);
	assert_int_equal(
		mcpsess_session_add(session, mcpsess_str("k"), 1, NULL), MCPSESS_E_CORRUPT);
	assert_int_equal(mcpsess_session_key_count(session), 0);
	assert_int_equal(mcpsess_session_key(session, 0).len, 0);
	assert_text(mcpsess_session_client_info(session), "{}");
	assert_false(mcpsess_session_changed(session));
	mcpsess_session_destroy(session);
}

static void json_that_is_none_is_not_handed_out(void **state)
{
	(void)state;
	static const char damaged[] = HEAD "\20\4{\"a\""
					   "\21\2[]"
					   "\24\4\1kno"
					   "\24\3\1n1";
	struct mcpsess_session *session = NULL;
	struct mcpsess_bytes value;
	assert_int_equal(load_stored(damaged, sizeof(damaged) - 1, &session), MCPSESS_OK);
	assert_text(mcpsess_session_client_info(session), "{}");
	assert_text(mcpsess_session_client_capabilities(session), "{}");
	assert_false(mcpsess_session_client_can(session, mcpsess_str("a")));
	assert_int_equal(mcpsess_session_get(session, mcpsess_str("k"), &value), MCPSESS_E_CORRUPT);
	assert_value(session, "n", "1");
	assert_int_equal(set(session, "k", "2"), MCPSESS_OK);
	assert_value(session, "k", "2");
	mcpsess_session_destroy(session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_keep_the_order_of_their_first_setting),
		TEST(an_absent_key_leaves_the_answer_alone),
		TEST(values_are_checked_and_kept_without_white_space_around),
		TEST(a_counter_counts_and_refuses_what_is_none),
		TEST(a_blob_travels_with_the_session),
		TEST(what_was_read_may_be_written),
		TEST(setting_what_is_there_writes_nothing),
		TEST(data_may_fill_its_limit_to_the_byte),
		TEST(thousands_of_keys_are_listed_with_their_values),
		TEST(a_record_that_cannot_be_read_is_not_loaded),
		TEST(a_record_that_is_sealed_is_said_to_be),
		TEST(damage_behind_the_version_is_found_when_it_is_read),
		TEST(json_that_is_none_is_not_handed_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
