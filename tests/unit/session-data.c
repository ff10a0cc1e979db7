/* One session: who it is, what it holds, what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "fake-store.h"
#include "session/session.h"

static const struct mcpsess_bytes nobody = { NULL, 0 };

static struct mcp_session_store *store;

static int open_store(void **state)
{
	(void)state;
	store = fake_open("fake:", NULL);
	return 0;
}

static int close_store(void **state)
{
	(void)state;
	mcp_session_store_close(store);
	return 0;
}

static struct mcpsess_session_place place(void)
{
	struct mcpsess_session_place place = { .store = store };
	place.tenant = mcpsess_str("tenant");
	place.principal = mcpsess_str("alice");
	return place;
}

static struct mcpsess_session *create(void)
{
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, NULL),
		MCPSESS_OK);
	return session;
}

static int load(struct mcpsess_bytes id, struct mcpsess_session **out)
{
	struct mcpsess_session_place here = place();
	return mcpsess_session_load(&here, id, out, NULL);
}

static void save(struct mcpsess_session *session)
{
	assert_int_equal(mcpsess_session_save(session, NULL), MCPSESS_OK);
}

static struct mcpsess_session *reload(struct mcpsess_session *session)
{
	struct mcpsess_session *again = NULL;
	save(session);
	assert_int_equal(load(mcpsess_session_id(session), &again), MCPSESS_OK);
	mcpsess_session_destroy(session);
	return again;
}

static int set(struct mcpsess_session *session, const char *key, const char *json)
{
	return mcpsess_session_set(session, mcpsess_str(key), mcpsess_str(json));
}

static void assert_text(struct mcpsess_bytes bytes, const char *text)
{
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static void assert_value(struct mcpsess_session *session, const char *key, const char *json)
{
	struct mcpsess_bytes value;
	assert_int_equal(mcpsess_session_get(session, mcpsess_str(key), &value), MCPSESS_OK);
	assert_text(value, json);
}

/* Keys separated by blanks. */
static void assert_keys(struct mcpsess_session *session, const char *keys)
{
	char text[256] = "";
	size_t len = 0;
	for (size_t i = 0; i < mcpsess_session_key_count(session); i++) {
		struct mcpsess_bytes key = mcpsess_session_key(session, i);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s", i > 0 ? " " : "",
			(int)key.len, (const char *)key.data);
	}
	assert_string_equal(text, keys);
	assert_int_equal(mcpsess_session_key(session, mcpsess_session_key_count(session)).len, 0);
}

/* -- who and when ------------------------------------------------------------------------------ */

static void a_new_session_is_stored_when_it_is_saved(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_int_equal(mcpsess_session_id(session).len, 43);
	assert_text(mcpsess_session_version(session), "2025-11-25");
	assert_true(mcpsess_session_changed(session));
	assert_int_equal(fake_count(), 0);
	save(session);
	assert_int_equal(fake_count(), 1);
	assert_false(mcpsess_session_changed(session));
	save(session);
	assert_int_equal(fake_calls[FAKE_STORE], 1);

	session = reload(session);
	assert_text(mcpsess_session_version(session), "2025-11-25");
	assert_true(mcpsess_session_active(session));
	assert_int_equal(mcpsess_session_key_count(session), 0);
	mcpsess_session_destroy(session);
}

static void a_shortened_id_is_of_the_ref_and_opens_nothing(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	struct mcpsess_digest key, expected;
	struct mcpsess_bytes id = mcpsess_session_id(session);
	char ref[44];
	mcpsess_session_ref(session, ref);
	assert_int_equal(strlen(mcpsess_session_short_id(session)), 8);
	assert_memory_equal(mcpsess_session_short_id(session), ref, 8);
	assert_memory_not_equal(mcpsess_session_short_id(session), id.data, 8);
	assert_int_equal(mcp_session_store_unref(mcpsess_str(ref), &key), MCPSESS_OK);
	mcp_session_store_key(mcpsess_str("tenant"), id, &expected);
	assert_memory_equal(&key, &expected, sizeof(key));
	mcpsess_session_destroy(session);
}

static void times_are_the_store_s(void **state)
{
	(void)state;
	struct mcpsess_session_times times;
	struct mcpsess_session *session = create();
	fake_now_ms = 5000;
	save(session);
	mcpsess_session_times(session, &times);
	assert_int_equal(times.created_ms, 5000);
	assert_int_equal(times.now_ms, 5000);
	fake_now_ms = 7000;
	session = reload(session);
	mcpsess_session_times(session, &times);
	assert_int_equal(times.now_ms, 7000);
	assert_int_equal(times.created_ms, 5000);
	assert_int_equal(times.expires_ms, 7000 + 300000);
	assert_int_equal(times.first_request_ms, 0);
	/* Saving later moves the expiry, and not the time of loading. */
	fake_now_ms = 9000;
	set(session, "k", "1");
	save(session);
	mcpsess_session_times(session, &times);
	assert_int_equal(times.now_ms, 7000);
	assert_int_equal(times.expires_ms, 9000 + 300000);
	mcpsess_session_destroy(session);
}

static void before_it_is_stored_a_session_knows_about_when(void **state)
{
	(void)state;
	struct mcpsess_session_times times;
	struct mcpsess_session *session = create();
	mcpsess_session_times(session, &times);
	assert_true(times.now_ms > 0 && times.created_ms == times.now_ms);
	assert_int_equal(times.expires_ms, times.now_ms + 300000);
	assert_int_equal(times.deadline_ms, times.now_ms + 24 * 3600000u);
	mcpsess_session_destroy(session);
}

static void another_s_session_is_not_opened(void **state)
{
	(void)state;
	struct mcpsess_session *session = create(), *other = NULL;
	struct mcpsess_session_place here = place();
	struct mcpsess_error err;
	save(session);
	here.principal = mcpsess_str("mallory");
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &other, &err),
		MCPSESS_E_NOTOWNER);
	assert_int_equal(err.status, MCPSESS_E_NOTOWNER);
	here.principal = mcpsess_str("alice");
	here.tenant = mcpsess_str("elsewhere");
	assert_int_equal(mcpsess_session_load(&here, mcpsess_session_id(session), &other, &err),
		MCPSESS_E_NOTFOUND);
	assert_null(other);
	mcpsess_session_destroy(session);
}

static void what_cannot_be_an_id_is_not_looked_up(void **state)
{
	(void)state;
	char longest[MCPSESS_ID_MAX + 1];
	struct mcpsess_session *session = NULL;
	memset(longest, 'x', sizeof(longest));
	const struct mcpsess_bytes bad[] = { { "", 0 }, { "short", 5 }, { longest, 21 },
		{ longest, MCPSESS_ID_MAX + 1 }, { "with a blank in the middle", 26 },
		{ "control\ncharacter in the id", 27 },
		{ "\xc3\xbc is not visible ASCII, no", 29 } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(load(bad[i], &session), MCPSESS_E_NOTFOUND);
	}
	assert_int_equal(fake_calls[FAKE_GET], 0);
	assert_int_equal(load(mcpsess_bytes(longest, 22), &session), MCPSESS_E_NOTFOUND);
	assert_int_equal(
		load(mcpsess_bytes(longest, MCPSESS_ID_MAX), &session), MCPSESS_E_NOTFOUND);
	assert_int_equal(fake_calls[FAKE_GET], 2);
}

static void a_handle_s_id_opens_no_session(void **state)
{
	(void)state;
	struct mcpsess_session *session = create(), *other = NULL;
	save(session);
	fake_set_kind(MCP_SESSION_STORE_HANDLE);
	assert_int_equal(load(mcpsess_session_id(session), &other), MCPSESS_E_NOTFOUND);
	mcpsess_session_destroy(session);
}

static void a_place_is_one_store_or_one_pool(void **state)
{
	(void)state;
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL;
	struct mcpsess_error err;
	here.pool = (struct mcp_session_store_pool *)store;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, &err),
		MCPSESS_E_INVALID);
	here.pool = NULL;
	here.store = NULL;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, &err),
		MCPSESS_E_INVALID);
	assert_true(strstr(err.text, "store") != NULL);
}

static int no_random(void *user_data, void *out, size_t len)
{
	(void)user_data, (void)out, (void)len;
	return -1;
}

static void without_randomness_there_is_no_session(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .random = no_random };
	struct mcpsess_session_place here = place();
	struct mcpsess_session *session = NULL;
	struct mcpsess_error err;
	here.hooks = &hooks;
	assert_int_equal(mcpsess_session_create(&here, mcpsess_str("2025-11-25"), &session, &err),
		MCPSESS_E_UNAVAILABLE);
	assert_true(strstr(err.text, "random") != NULL);
}

/* -- what the client said ---------------------------------------------------------------------- */

static void what_the_client_said_is_kept(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_text(mcpsess_session_client_info(session), "{}");
	assert_text(mcpsess_session_client_capabilities(session), "{}");
	assert_int_equal(mcpsess_session_log_level(session).len, 0);
	assert_false(mcpsess_session_client_can(session, mcpsess_str("sampling")));

	mcpsess_session_set_client(session, mcpsess_str("{\"name\":\"probe\"}"),
		mcpsess_str("{\"sampling\":{},\"roots\":null,\"elicitation\":{\"form\":{}}}"));
	mcpsess_session_set_log_level(session, mcpsess_str("warning"));
	session = reload(session);
	assert_text(mcpsess_session_client_info(session), "{\"name\":\"probe\"}");
	assert_true(mcpsess_session_client_can(session, mcpsess_str("sampling")));
	assert_true(mcpsess_session_client_can(session, mcpsess_str("elicitation")));
	assert_false(mcpsess_session_client_can(session, mcpsess_str("roots")));
	assert_false(mcpsess_session_client_can(session, mcpsess_str("form")));
	assert_text(mcpsess_session_log_level(session), "warning");
	mcpsess_session_destroy(session);
}

static void subscriptions_come_and_go(void **state)
{
	(void)state;
	struct mcpsess_session *session = create();
	assert_int_equal(mcpsess_session_subscribe(session, mcpsess_str("file:///a")), MCPSESS_OK);
	assert_int_equal(mcpsess_session_subscribe(session, mcpsess_str("file:///b")), MCPSESS_OK);
	assert_int_equal(mcpsess_session_subscribe(session, mcpsess_str("file:///a")), MCPSESS_OK);
	session = reload(session);
	assert_int_equal(mcpsess_session_subscription_count(session), 2);
	assert_text(mcpsess_session_subscription(session, 0), "file:///a");
	assert_text(mcpsess_session_subscription(session, 1), "file:///b");
	assert_int_equal(mcpsess_session_subscription(session, 2).len, 0);
	assert_true(mcpsess_session_subscribed(session, mcpsess_str("file:///b")));
	mcpsess_session_unsubscribe(session, mcpsess_str("file:///a"));
	session = reload(session);
	assert_false(mcpsess_session_subscribed(session, mcpsess_str("file:///a")));
	assert_int_equal(mcpsess_session_subscription_count(session), 1);
	mcpsess_session_destroy(session);
}

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
		mcpsess_session_set(session, mcpsess_str("k"), mcpsess_bytes(nested + 1, 2 * 64)),
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
	mcpsess_session_set_blob(session, mcpsess_bytes("\0\1\2", 3));
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
		session, mcpsess_bytes((const char *)mcpsess_session_blob(session).data + 1, 4));
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
		mcpsess_session_set(session, mcpsess_str("k"), mcpsess_bytes(text, fits + 1)),
		MCPSESS_E_TOOBIG);
	assert_keys(session, "");
	assert_int_equal(mcpsess_session_set(session, mcpsess_str("k"), mcpsess_bytes(text, fits)),
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
		mcpsess_session_set(tighter, mcpsess_str("k"), mcpsess_bytes(text, fits - 1)),
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

/* -- what stays on this node --------------------------------------------------------------------
 */

static void *local;
static int destroyed;

static void *local_get(void *user_data, const struct mcpsess_digest *key)
{
	(void)user_data, (void)key;
	return local;
}

static int local_set(void *user_data, const struct mcpsess_digest *key, void *pointer,
	void (*destroy)(void *pointer))
{
	(void)user_data, (void)key, (void)destroy;
	destroyed += local != NULL;
	local = pointer;
	return MCPSESS_OK;
}

static void a_local_pointer_is_the_layer_s_and_ends_with_the_session(void **state)
{
	(void)state;
	static const struct mcpsess_session_locals locals = { .get = local_get, .set = local_set };
	int thing;
	struct mcpsess_session *session = create();
	assert_null(mcpsess_session_local(session));
	assert_int_equal(mcpsess_session_set_local(session, &thing, NULL), MCPSESS_E_INVALID);
	session->locals = &locals;
	assert_int_equal(mcpsess_session_set_local(session, &thing, NULL), MCPSESS_OK);
	assert_ptr_equal(mcpsess_session_local(session), &thing);
	save(session);
	assert_int_equal(destroyed, 0);
	assert_int_equal(mcpsess_session_end(session, NULL), MCPSESS_OK);
	assert_int_equal(destroyed, 1);
	assert_null(mcpsess_session_local(session));
	mcpsess_session_destroy(session);
}

/* -- the price of a message that touches no data -------------------------------------------------
 */

static int allocations;

static void *count_realloc(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	allocations += size > 0;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

static void reading_a_session_allocates_nothing(void **state)
{
	(void)state;
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = count_realloc };
	struct mcpsess_env env;
	struct mcpsess_access access = { .store = store, .env = &env };
	struct mcpsess_session *made = create(), session;
	set(made, "k", "1");
	mcpsess_session_set_client(made, mcpsess_str("{}"), mcpsess_str("{\"roots\":{}}"));
	save(made);
	mcpsess_env_init(&env, &hooks);
	mcpsess_session_init(&session, &env, &access, 65536);
	assert_int_equal(mcpsess_session_fetch(&session, mcpsess_str("tenant"),
				 mcpsess_str("alice"), mcpsess_session_id(made),
				 MCP_SESSION_STORE_TOUCH | MCP_SESSION_STORE_COUNT),
		MCPSESS_OK);
	assert_int_equal(mcpsess_session_requests(&session), 1);
	assert_text(mcpsess_session_version(&session), "2025-11-25");
	assert_true(mcpsess_session_client_can(&session, mcpsess_str("roots")));
	assert_value(&session, "k", "1");
	assert_int_equal(mcpsess_session_commit(&session), MCPSESS_OK);
	mcpsess_session_release(&session);
	assert_int_equal(allocations, 0);
	mcpsess_session_destroy(made);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_session_is_stored_when_it_is_saved),
		TEST(a_shortened_id_is_of_the_ref_and_opens_nothing),
		TEST(times_are_the_store_s),
		TEST(before_it_is_stored_a_session_knows_about_when),
		TEST(another_s_session_is_not_opened),
		TEST(what_cannot_be_an_id_is_not_looked_up),
		TEST(a_handle_s_id_opens_no_session),
		TEST(a_place_is_one_store_or_one_pool),
		TEST(without_randomness_there_is_no_session),
		TEST(what_the_client_said_is_kept),
		TEST(subscriptions_come_and_go),
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
		TEST(damage_behind_the_version_is_found_when_it_is_read),
		TEST(json_that_is_none_is_not_handed_out),
		TEST(a_local_pointer_is_the_layer_s_and_ends_with_the_session),
		TEST(reading_a_session_allocates_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
