/* Any bytes as a record: refused, or read, changed and changed back without loss. */
#include "fuzz.h"
#include "session/patch.h"
#include "session/record.h"

#include <mcpsess/error.h>

static const struct mcpsess_bytes none = { NULL, 0 };

static int is_sound(const struct mcpsess_env *env, struct mcpsess_bytes bytes)
{
	struct mcpsess_record record;
	mcpsess_record_see(&record, bytes);
	return mcpsess_record_check(&record, env) == MCPSESS_OK;
}

/* By index, by key, and again by index after the key: each time the same member. */
static void check_reading(struct mcpsess_record *record)
{
	for (unsigned tag = 1; tag < MCPSESS_TAG_KNOWN_END; tag++) {
		struct mcpsess_member member, again;
		size_t index = 0;
		while (mcpsess_record_at(record, tag, index, &member) == MCPSESS_OK) {
			fuzz_require(member.tag == tag && member.end <= record->bytes.len);
			fuzz_require(
				mcpsess_record_find(record, tag, member.key, &again) == MCPSESS_OK);
			fuzz_require(again.at == member.at);
			index++;
		}
		fuzz_require(index == record->counts[tag]);
	}
}

/* Setting every member to what it is changes nothing; nor does a key that comes and goes. */
static void check_writing(const struct mcpsess_env *env, struct mcpsess_bytes bytes)
{
	static const char key[] = "a key that no input of the corpus has";
	struct mcpsess_buffer copy;
	struct mcpsess_member member;
	size_t at = MCPSESS_RECORD_FIRST;
	mcpsess_buffer_init(&copy, env);
	mcpsess_buffer_append(&copy, bytes);
	while (mcpsess_record_next(bytes, &at, &member) > 0) {
		if (member.tag < MCPSESS_TAG_KNOWN_END) {
			fuzz_require(mcpsess_record_put(&copy, bytes.len, member.tag, member.key,
					     member.value) == MCPSESS_OK);
		}
	}
	fuzz_require(mcpsess_bytes_equal(mcpsess_buffer_bytes(&copy), bytes));

	mcpsess_record_put(&copy, SIZE_MAX, MCPSESS_TAG_DATA, mcpsess_str(key), mcpsess_str("1"));
	fuzz_require(is_sound(env, mcpsess_buffer_bytes(&copy)));
	mcpsess_record_drop(&copy, MCPSESS_TAG_DATA, mcpsess_str(key));
	fuzz_require(mcpsess_bytes_equal(mcpsess_buffer_bytes(&copy), bytes));
	mcpsess_buffer_free(&copy);
}

static void check_patch(const struct mcpsess_env *env, struct mcpsess_bytes bytes)
{
	struct mcpsess_change changes[] = {
		{ .kind = MCPSESS_CHANGE_ADD, .tag = MCPSESS_TAG_DATA, .delta = 7 },
		{ .kind = MCPSESS_CHANGE_SET, .tag = MCPSESS_TAG_BLOB, .value = bytes },
		{ .kind = MCPSESS_CHANGE_UNSET, .tag = MCPSESS_TAG_SUBSCRIPTION },
	};
	struct mcpsess_record record;
	struct mcpsess_member member;
	struct mcpsess_patch patch = { .first = NULL };
	struct mcpsess_buffer out;
	mcpsess_buffer_init(&out, env);
	mcpsess_record_see(&record, bytes);
	changes[0].key = mcpsess_record_at(&record, MCPSESS_TAG_DATA, 0, &member) == MCPSESS_OK
				 ? member.key
				 : mcpsess_str("n");
	changes[2].key =
		mcpsess_record_at(&record, MCPSESS_TAG_SUBSCRIPTION, 0, &member) == MCPSESS_OK
			? member.key
			: none;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		mcpsess_patch_take(&patch, env, mcpsess_change_copy(env, &changes[i]));
	}
	if (mcpsess_patch_apply(&patch, bytes, SIZE_MAX, &out) == MCPSESS_OK) {
		fuzz_require(is_sound(env, mcpsess_buffer_bytes(&out)));
	}
	mcpsess_patch_clear(&patch, env);
	mcpsess_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mcpsess_env env;
	struct mcpsess_record record;
	struct mcpsess_bytes version;
	mcpsess_env_init(&env, NULL);
	mcpsess_record_see(&record, mcpsess_mem(data, size));
	int glance = mcpsess_record_version(record.bytes, &version);
	int status = mcpsess_record_check(&record, &env);
	fuzz_require(glance == MCPSESS_OK || glance == status);
	if (status == MCPSESS_OK) {
		check_reading(&record);
		check_writing(&env, record.bytes);
		check_patch(&env, record.bytes);
	}
	return 0;
}
