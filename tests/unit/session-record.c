/* The record: what this release writes, keeps and refuses, held against golden files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <mcpsess/error.h>

#include "session/record.h"

enum { RECORD_MAX = 4096 };

static const struct mcpsess_bytes none = { NULL, 0 };
static struct mcpsess_env env;

static int setup(void **state)
{
	(void)state;
	mcpsess_env_init(&env, NULL);
	return 0;
}

/* -- golden files: hexadecimal bytes, '#' begins a comment ------------------------------------ */

static size_t read_golden(const char *name, unsigned char out[RECORD_MAX])
{
	char path[512];
	char line[256];
	size_t len = 0;
	snprintf(path, sizeof(path), "%s/record/%s", GOLDEN, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "#")] = '\0';
		unsigned byte;
		int used;
		for (char *at = line; sscanf(at, "%2x%n", &byte, &used) == 1; at += used) {
			out[len++] = (unsigned char)byte;
		}
	}
	fclose(file);
	return len;
}

static int check(struct mcpsess_record *record, const void *data, size_t len)
{
	mcpsess_record_see(record, mcpsess_mem(data, len));
	return mcpsess_record_check(record, &env);
}

static int expected_of(const char *name)
{
	return strncmp(name, "sound-", 6) == 0     ? MCPSESS_OK
	       : strncmp(name, "newer-", 6) == 0   ? MCPSESS_E_UNSUPPORTED
	       : strncmp(name, "corrupt-", 8) == 0 ? MCPSESS_E_CORRUPT
						   : 1;
}

static void every_golden_file_is_judged_by_its_name(void **state)
{
	(void)state;
	DIR *folder = opendir(GOLDEN "/record");
	assert_non_null(folder);
	int files = 0;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		unsigned char bytes[RECORD_MAX];
		struct mcpsess_record record;
		if (entry->d_name[0] == '.') {
			continue;
		}
		size_t len = read_golden(entry->d_name, bytes);
		int status = check(&record, bytes, len);
		if (status != expected_of(entry->d_name)) {
			fail_msg("%s: %s", entry->d_name, mcpsess_status_name(status));
		}
		files++;
	}
	closedir(folder);
	assert_true(files > 20);
}

/* -- what a record says ------------------------------------------------------------------------ */

static const struct row {
	unsigned tag;
	const char *key;
	const char *value;
} full[] = {
	{ MCPSESS_TAG_CLIENT_INFO, "", "{\"name\":\"probe\",\"version\":\"1.0\"}" },
	{ MCPSESS_TAG_CLIENT_CAPABILITIES, "",
		"{\"sampling\":{},\"roots\":{\"listChanged\":true}}" },
	{ MCPSESS_TAG_LOG_LEVEL, "", "warning" },
	{ MCPSESS_TAG_SUBSCRIPTION, "file:///a", "" },
	{ MCPSESS_TAG_SUBSCRIPTION, "file:///b", "" },
	{ MCPSESS_TAG_DATA, "zebra", "1" },
	{ MCPSESS_TAG_DATA, "apple", "{\"n\":[1,2]}" },
	{ MCPSESS_TAG_DATA, "gr\xc3\xbcn", "\"x\"" },
};
enum { ROWS = sizeof(full) / sizeof(full[0]) };

static void assert_text(struct mcpsess_bytes bytes, const char *text)
{
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
}

static void a_full_record_says_what_was_written(void **state)
{
	(void)state;
	unsigned char bytes[RECORD_MAX];
	struct mcpsess_record record;
	struct mcpsess_member member;
	struct mcpsess_bytes version;
	size_t len = read_golden("sound-full.hex", bytes);
	assert_int_equal(check(&record, bytes, len), MCPSESS_OK);
	assert_int_equal(mcpsess_record_version(record.bytes, &version), MCPSESS_OK);
	assert_text(version, "2025-11-25");
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(mcpsess_record_find(
					 &record, full[i].tag, mcpsess_str(full[i].key), &member),
			MCPSESS_OK);
		assert_text(member.value, full[i].value);
	}
	assert_int_equal(record.counts[MCPSESS_TAG_DATA], 4);
	assert_int_equal(record.counts[MCPSESS_TAG_SUBSCRIPTION], 2);
	assert_int_equal(
		mcpsess_record_find(&record, MCPSESS_TAG_DATA, mcpsess_str("long"), &member),
		MCPSESS_OK);
	assert_int_equal(member.value.len, 202);
	assert_int_equal(mcpsess_record_find(&record, MCPSESS_TAG_BLOB, none, &member), MCPSESS_OK);
	assert_int_equal(member.value.len, 17);
}

static void members_are_found_by_index_in_any_order(void **state)
{
	(void)state;
	static const size_t walk[] = { 0, 1, 2, 3, 1, 0, 3, 2, 2, 0 };
	static const char *const keys[] = { "zebra", "apple", "gr\xc3\xbcn", "long" };
	unsigned char bytes[RECORD_MAX];
	struct mcpsess_record record;
	struct mcpsess_member member;
	check(&record, bytes, read_golden("sound-full.hex", bytes));
	for (size_t i = 0; i < sizeof(walk) / sizeof(walk[0]); i++) {
		assert_int_equal(
			mcpsess_record_at(&record, MCPSESS_TAG_DATA, walk[i], &member), MCPSESS_OK);
		assert_text(member.key, keys[walk[i]]);
		mcpsess_record_at(&record, MCPSESS_TAG_SUBSCRIPTION, walk[i] % 2, &member);
		assert_text(member.key, walk[i] % 2 ? "file:///b" : "file:///a");
	}
	assert_int_equal(
		mcpsess_record_at(&record, MCPSESS_TAG_DATA, 4, &member), MCPSESS_E_NOTFOUND);
}

/* -- writing ----------------------------------------------------------------------------------- */

static void put(struct mcpsess_buffer *buffer, unsigned tag, struct mcpsess_bytes key,
	struct mcpsess_bytes value)
{
	assert_int_equal(mcpsess_record_put(buffer, SIZE_MAX, tag, key, value), MCPSESS_OK);
}

static void put_row(struct mcpsess_buffer *buffer, const struct row *row)
{
	put(buffer, row->tag, mcpsess_str(row->key), mcpsess_str(row->value));
}

static void assert_golden(const struct mcpsess_buffer *buffer, const char *name)
{
	unsigned char bytes[RECORD_MAX];
	size_t len = read_golden(name, bytes);
	assert_int_equal(buffer->len, len);
	assert_memory_equal(buffer->data, bytes, len);
}

static void equal_content_is_equal_bytes(void **state)
{
	(void)state;
	static const unsigned char blob[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		255 };
	char text[203] = "\"";
	memset(text + 1, 'x', 200);
	text[201] = '"';
	struct mcpsess_buffer buffer;
	mcpsess_buffer_init(&buffer, &env);
	assert_int_equal(mcpsess_record_begin(&buffer, mcpsess_str("2025-11-25")), MCPSESS_OK);
	assert_golden(&buffer, "sound-minimal.hex");

	/* Single members backwards, with other content first; keys in their order. */
	put(&buffer, MCPSESS_TAG_BLOB, none, mcpsess_str("another"));
	for (int i = ROWS - 1; i >= 0; i--) {
		if (full[i].tag < MCPSESS_TAG_SUBSCRIPTION) {
			put(&buffer, full[i].tag, none, mcpsess_str("another"));
		}
	}
	for (int i = 0; i < ROWS; i++) {
		put_row(&buffer, &full[i]);
	}
	put(&buffer, MCPSESS_TAG_DATA, mcpsess_str("gone"), mcpsess_str("1"));
	put(&buffer, MCPSESS_TAG_DATA, mcpsess_str("long"), mcpsess_str(text));
	put(&buffer, MCPSESS_TAG_BLOB, none, mcpsess_mem(blob, sizeof(blob)));
	mcpsess_record_drop(&buffer, MCPSESS_TAG_DATA, mcpsess_str("gone"));
	mcpsess_record_drop(&buffer, MCPSESS_TAG_DATA, mcpsess_str("never there"));
	assert_golden(&buffer, "sound-full.hex");
	mcpsess_buffer_free(&buffer);
}

/* A rolling upgrade runs two releases at once: the older must not lose what the newer wrote. */
static void an_old_release_keeps_what_a_new_one_wrote(void **state)
{
	(void)state;
	unsigned char bytes[RECORD_MAX];
	struct mcpsess_record record;
	struct mcpsess_member member;
	struct mcpsess_buffer buffer;
	mcpsess_buffer_init(&buffer, &env);
	mcpsess_buffer_append(&buffer, mcpsess_mem(bytes, read_golden("sound-newer.hex", bytes)));

	put(&buffer, MCPSESS_TAG_DATA, mcpsess_str("apple"),
		mcpsess_str("[\"much longer than before\"]"));
	put(&buffer, MCPSESS_TAG_DATA, mcpsess_str("new"), mcpsess_str("true"));
	mcpsess_record_drop(&buffer, MCPSESS_TAG_BLOB, none);
	assert_int_equal(check(&record, buffer.data, buffer.len), MCPSESS_OK);
	size_t at = MCPSESS_RECORD_FIRST;
	int unknown = 0;
	while (mcpsess_record_next(record.bytes, &at, &member) > 0) {
		unknown += member.tag >= MCPSESS_TAG_KNOWN_END;
	}
	assert_int_equal(unknown, 5);

	/* Undone, it is to the byte what the newer release wrote. */
	put(&buffer, MCPSESS_TAG_DATA, mcpsess_str("apple"), mcpsess_str("{\"n\":[1,2]}"));
	mcpsess_record_drop(&buffer, MCPSESS_TAG_DATA, mcpsess_str("new"));
	check(&record, bytes, read_golden("sound-newer.hex", bytes));
	mcpsess_record_find(&record, MCPSESS_TAG_BLOB, none, &member);
	put(&buffer, MCPSESS_TAG_BLOB, none, member.value);
	assert_golden(&buffer, "sound-newer.hex");
	mcpsess_buffer_free(&buffer);
}

static void a_record_grows_to_its_limit_and_no_further(void **state)
{
	(void)state;
	enum { LIMIT = 1000 };
	char text[LIMIT];
	memset(text, '7', sizeof(text));
	struct mcpsess_buffer buffer;
	mcpsess_buffer_init(&buffer, &env);
	mcpsess_record_begin(&buffer, mcpsess_str("2025-11-25"));
	/* Tag, two bytes of length, one of the key's length, the key. */
	size_t fits = LIMIT - buffer.len - 5;
	assert_int_equal(mcpsess_record_put(&buffer, LIMIT, MCPSESS_TAG_DATA, mcpsess_str("k"),
				 mcpsess_mem(text, fits + 1)),
		MCPSESS_E_TOOBIG);
	assert_golden(&buffer, "sound-minimal.hex");
	assert_int_equal(mcpsess_record_put(&buffer, LIMIT, MCPSESS_TAG_DATA, mcpsess_str("k"),
				 mcpsess_mem(text, fits)),
		MCPSESS_OK);
	assert_int_equal(buffer.len, LIMIT);
	/* Under a lower limit it may shrink, and not grow. */
	assert_int_equal(mcpsess_record_put(&buffer, 100, MCPSESS_TAG_DATA, mcpsess_str("k"),
				 mcpsess_mem(text, fits - 1)),
		MCPSESS_OK);
	assert_int_equal(mcpsess_record_put(&buffer, 100, MCPSESS_TAG_DATA, mcpsess_str("k"),
				 mcpsess_mem(text, fits)),
		MCPSESS_E_TOOBIG);
	mcpsess_buffer_free(&buffer);
}

/* -- damage ------------------------------------------------------------------------------------ */

/* Everything a reader does, on bytes that a sanitizer watches both ends of. */
static void read_all(const unsigned char *bytes, size_t len)
{
	unsigned char *alone = malloc(len > 0 ? len : 1);
	struct mcpsess_record record;
	struct mcpsess_member member;
	memcpy(alone, bytes, len);
	if (check(&record, alone, len) == MCPSESS_OK) {
		for (unsigned tag = 0; tag < MCPSESS_TAG_KNOWN_END; tag++) {
			size_t count = 0;
			while (mcpsess_record_at(&record, tag, count, &member) == MCPSESS_OK) {
				struct mcpsess_member again;
				assert_int_equal(
					mcpsess_record_find(&record, tag, member.key, &again),
					MCPSESS_OK);
				assert_true(again.at == member.at);
				count++;
			}
			assert_int_equal(count, record.counts[tag]);
		}
	}
	free(alone);
}

static void no_cut_or_damaged_byte_is_read_amiss(void **state)
{
	(void)state;
	unsigned char bytes[RECORD_MAX];
	size_t len = read_golden("sound-newer.hex", bytes);
	for (size_t i = 0; i <= len; i++) {
		read_all(bytes, i);
	}
	for (size_t i = 0; i < len; i++) {
		for (unsigned flip = 1; flip < 256; flip++) {
			bytes[i] ^= (unsigned char)flip;
			read_all(bytes, len);
			bytes[i] ^= (unsigned char)flip;
		}
	}
}

static void *refuse(void *user_data, void *ptr, size_t size)
{
	(void)user_data, (void)ptr, (void)size;
	return NULL;
}

static void no_memory(struct mcpsess_env *poor)
{
	struct mcpsess_hooks hooks = { .size = sizeof(hooks), .realloc = refuse };
	mcpsess_env_init(poor, &hooks);
}

static void add_keys(struct mcpsess_buffer *buffer, int from, int to)
{
	char key[16];
	for (int i = from; i < to; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		/* Not through put: it would find the key. */
		size_t len = strlen(key);
		mcpsess_buffer_char(buffer, MCPSESS_TAG_DATA);
		mcpsess_buffer_char(buffer, (char)(len + 2));
		mcpsess_buffer_char(buffer, (char)len);
		mcpsess_buffer_text(buffer, key);
		mcpsess_buffer_char(buffer, '1');
	}
}

static void a_key_that_came_before_is_found_among_thousands(void **state)
{
	(void)state;
	struct mcpsess_buffer buffer;
	struct mcpsess_record record;
	struct mcpsess_env poor;
	no_memory(&poor);
	mcpsess_buffer_init(&buffer, &env);
	mcpsess_record_begin(&buffer, mcpsess_str("2025-11-25"));
	add_keys(&buffer, 0, 3000);
	assert_int_equal(check(&record, buffer.data, buffer.len), MCPSESS_OK);
	assert_int_equal(record.counts[MCPSESS_TAG_DATA], 3000);
	mcpsess_record_see(&record, mcpsess_buffer_bytes(&buffer));
	assert_int_equal(mcpsess_record_check(&record, &poor), MCPSESS_OK);

	add_keys(&buffer, 1234, 1235);
	assert_int_equal(check(&record, buffer.data, buffer.len), MCPSESS_E_CORRUPT);
	mcpsess_record_see(&record, mcpsess_buffer_bytes(&buffer));
	assert_int_equal(mcpsess_record_check(&record, &poor), MCPSESS_E_CORRUPT);
	mcpsess_buffer_free(&buffer);
}

static void keys_are_short_utf8_without_controls(void **state)
{
	(void)state;
	static const char *const good[] = { "a", "two words", "gr\xc3\xbcn", "\xf0\x9f\x8c\xb3",
		"\xc2\xa0", "\"" };
	static const char *const bad[] = { "", "a\tb", "\x7f", "\xc2\x80", "\xc2\x9f", "\xc3",
		"\xed\xa0\x80", "\xff", "\xc0\xaf" };
	char text[MCPSESS_KEY_MAX + 1];
	memset(text, 'k', sizeof(text));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(mcpsess_key_is_sound(mcpsess_str(good[i])));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(mcpsess_key_is_sound(mcpsess_str(bad[i])));
	}
	assert_false(mcpsess_key_is_sound(mcpsess_mem("a\0b", 3)));
	assert_true(mcpsess_key_is_sound(mcpsess_mem(text, MCPSESS_KEY_MAX)));
	assert_false(mcpsess_key_is_sound(mcpsess_mem(text, MCPSESS_KEY_MAX + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_file_is_judged_by_its_name),
		cmocka_unit_test(a_full_record_says_what_was_written),
		cmocka_unit_test(members_are_found_by_index_in_any_order),
		cmocka_unit_test(equal_content_is_equal_bytes),
		cmocka_unit_test(an_old_release_keeps_what_a_new_one_wrote),
		cmocka_unit_test(a_record_grows_to_its_limit_and_no_further),
		cmocka_unit_test(no_cut_or_damaged_byte_is_read_amiss),
		cmocka_unit_test(a_key_that_came_before_is_found_among_thousands),
		cmocka_unit_test(keys_are_short_utf8_without_controls),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
