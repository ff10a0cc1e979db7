#include <mcpsess/error.h>

#include "redis.h"
#include "send.h"

enum {
	ARGS_MAX = 2 * REDIS_BATCH_MAX + 24,
	TEXT_MAX = (2 * REDIS_BATCH_MAX + 8) * REDIS_KEY_MAX +
		   2 * REDIS_BATCH_MAX * (int)sizeof(struct mcpsess_digest) + 512
};

/* A command being put together; what is not its own must outlive it. */
struct command {
	const char *argv[ARGS_MAX];
	size_t lens[ARGS_MAX];
	int count;
	size_t used;
	char text[TEXT_MAX];
};

static void add(struct command *command, const void *data, size_t len)
{
	command->argv[command->count] = data != NULL ? data : "";
	command->lens[command->count++] = len;
}

static void add_word(struct command *command, const char *word)
{
	add(command, word, strlen(word));
}

static void add_number(struct command *command, uint64_t value)
{
	char *at = command->text + command->used;
	size_t len = (size_t)(mcpsess_redis_put_number(at, value) - at);
	command->used += len;
	add(command, at, len);
}

/* Doubles are exact up to here; beyond it nothing would be compared rightly. */
static uint64_t bounded(uint64_t value)
{
	return value < REDIS_NEVER ? value : REDIS_NEVER;
}

static void add_duration(struct command *command, uint64_t ms)
{
	add_number(command, bounded(ms));
}

/* Of what may be left out: none is nothing. */
static uint64_t or_nothing(uint64_t ms)
{
	return ms != MCP_SESSION_STORE_NONE ? bounded(ms) : 0;
}

static void add_limit(struct command *command, uint64_t limit)
{
	add_number(command, limit > 0 ? bounded(limit) : REDIS_NEVER);
}

/* Where the next key goes, with the prefix in front. */
static char *begin_key(struct command *command, const struct redis_config *config)
{
	char *at = command->text + command->used;
	memcpy(at, config->prefix, config->prefix_len);
	return at;
}

static void end_key(struct command *command, size_t len)
{
	char *at = command->text + command->used;
	command->used += len;
	add(command, at, len);
}

/* The key of one letter for a digest, in full. */
static void add_key(struct command *command, const struct redis_config *config,
	const struct mcpsess_digest *digest, char letter)
{
	char *at = begin_key(command, config);
	end_key(command, mcpsess_redis_key_of(at, config->prefix_len, digest, letter));
}

static void add_all(struct command *command, const struct redis_config *config)
{
	char *at = begin_key(command, config);
	end_key(command, mcpsess_redis_key_of_all(at, config->prefix_len));
}

static void add_shard(struct command *command, const struct redis_config *config,
	const struct mcpsess_digest *digest)
{
	char *at = begin_key(command, config);
	end_key(command, mcpsess_redis_key_of_shard(at, config->prefix_len, digest));
}

/* An owner's index or generation, by the letter. */
static void add_of_owner(struct command *command, const struct redis_config *config,
	const struct mcpsess_digest *owner, char letter)
{
	char *at = begin_key(command, config);
	end_key(command, mcpsess_redis_key_of_owner(at, config->prefix_len, owner, letter));
}

/*
 * The keys that a verb on a record reads each time. Those of the indexes it makes by itself when
 * it needs them, from everybody's: a key costs the server as much as reading it does.
 */
static void add_keys(struct command *command, const struct redis_config *config,
	const struct mcp_session_store_request *request, int rotates)
{
	int owned = !config->cluster && !mcpsess_redis_is_nobody(&request->owner);
	add_number(command, 1u + (rotates ? 1u : 0u) + (owned ? 1u : 0u));
	add_key(command, config, &request->key, 's');
	if (rotates) {
		add_key(command, config, &request->new_key, 's');
	}
	if (owned) {
		add_of_owner(command, config, &request->owner, 'g');
	}
}

static int has(const struct mcp_session_store_request *request, uint32_t flag)
{
	return (request->flags & flag) != 0;
}

static char *put_digit(char *to, unsigned digit)
{
	*to++ = (char)('0' + digit);
	return to;
}

static char *put_six(char *to, uint64_t value)
{
	for (int shift = 40; shift >= 0; shift -= 8) {
		*to++ = (char)(value >> shift & 255);
	}
	return to;
}

static char *put_digest(char *to, const struct mcpsess_digest *digest)
{
	memcpy(to, digest->bytes, sizeof(digest->bytes));
	return to + sizeof(digest->bytes);
}

static char *put_what(char *to, const struct mcp_session_store_request *request, uint32_t script)
{
	int get = script == REDIS_GET, stores = script == REDIS_CREATE || script == REDIS_UPDATE;
	int touches = script == REDIS_TOUCH || (get && has(request, MCP_SESSION_STORE_TOUCH));
	to = put_digit(to, has(request, MCP_SESSION_STORE_ANY_OWNER));
	to = put_digit(to, stores ? request->state : (unsigned)get);
	to = put_digit(to, (unsigned)touches);
	return put_digit(to, (get || stores) && has(request, MCP_SESSION_STORE_COUNT));
}

/* What is asked of records, but of which: the layout is that in lua/front.lua. */
static char *begin_asked(
	struct command *command, const struct mcp_session_store_request *request, uint32_t script)
{
	char *end = put_what(command->text + command->used, request, script);
	end = put_six(end, bounded(request->idle_ms));
	end = put_six(end, or_nothing(request->touch_every_ms));
	return put_six(end, or_nothing(request->tombstone_ms));
}

static char *put_record(char *to, const struct mcp_session_store_request *request)
{
	return put_digest(put_digest(to, &request->key), &request->owner);
}

static void end_asked(struct command *command, const struct redis_config *config, char *end)
{
	char *at = command->text + command->used;
	if (!config->cluster) {
		memcpy(end, config->prefix, config->prefix_len);
		end += mcpsess_redis_key_of_all(end, config->prefix_len);
	}
	command->used += (size_t)(end - at);
	add(command, at, (size_t)(end - at));
}

static void add_asked(struct command *command, const struct redis_config *config,
	const struct mcp_session_store_request *request, uint32_t script)
{
	end_asked(command, config, put_record(begin_asked(command, request, script), request));
}

/* The same of several records, which all have owners or none. */
static void add_batch(struct command *command, const struct redis_config *config,
	const struct redis_slot *slots, size_t count)
{
	const struct mcp_session_store_request *first = &slots[0].call->request;
	int owned = !mcpsess_redis_is_nobody(&first->owner);
	add_number(command, count * (owned ? 2 : 1));
	for (size_t i = 0; i < count; i++) {
		const struct mcp_session_store_request *request = &slots[i].call->request;
		add_key(command, config, &request->key, 's');
		if (owned) {
			add_of_owner(command, config, &request->owner, 'g');
		}
	}
	char *end = begin_asked(command, first, slots[0].kind);
	for (size_t i = 0; i < count; i++) {
		end = put_record(end, &slots[i].call->request);
	}
	end_asked(command, config, end);
	add_number(command, count);
}

/* A token is only compared with that of a record's last write: half of its bits say enough. */
static void fold(const unsigned char operation[16], unsigned char out[REDIS_TOKEN])
{
	uint64_t a, b;
	memcpy(&a, operation, sizeof(a));
	memcpy(&b, operation + sizeof(a), sizeof(b));
	b *= UINT64_C(0xc2b2ae3d27d4eb4f);
	a = (a ^ (b << 31 | b >> 33)) * UINT64_C(0x9e3779b97f4a7c15);
	a ^= a >> 29;
	memcpy(out, &a, REDIS_TOKEN);
}

/* With the old key in it: the token of no other write, and of no rotation from elsewhere. */
void mcpsess_redis_fold_rotation(
	const struct mcp_session_store_request *request, unsigned char out[REDIS_TOKEN])
{
	fold(request->operation, out);
	for (size_t i = 0; i < REDIS_TOKEN; i++) {
		out[i] ^= request->key.bytes[i];
	}
}

static void add_operation(
	struct command *command, const struct mcp_session_store_request *request, int rotates)
{
	unsigned char *at = (unsigned char *)command->text + command->used;
	if (rotates) {
		mcpsess_redis_fold_rotation(request, at);
	} else {
		fold(request->operation, at);
	}
	command->used += REDIS_TOKEN;
	add(command, at, REDIS_TOKEN);
}

static void add_store(struct command *command, const struct mcp_session_store_request *request)
{
	add_operation(command, request, 0);
	add(command, request->payload.data, request->payload.len);
	if (request->revision > 0) {
		add_number(command, bounded(request->revision));
		return;
	}
	add_duration(command, request->absolute_ms);
	add_number(command, request->kind);
	add_limit(command, request->max_sessions);
	add_limit(command, request->max_sessions_per_owner);
}

/* The cursor has been checked when the verb began. */
static void add_list(struct command *command, const struct redis_config *config,
	const struct mcp_session_store_request *request, struct mcpsess_digest *last)
{
	int any = (request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0;
	int by_owner = !any && !mcpsess_redis_is_nobody(&request->owner);
	if (by_owner) {
		add_word(command, "1");
		add_of_owner(command, config, &request->owner, 'i');
	} else {
		add_word(command, "1");
		add_all(command, config);
	}
	add(command, config->prefix, config->prefix_len);
	int begun = request->cursor[0] != '\0' && mcpsess_redis_unref(request->cursor + 1, last);
	add(command, last->bytes, begun ? sizeof(last->bytes) : 0);
	add_number(command, request->page);
	add(command, request->owner.bytes, sizeof(request->owner));
	add_word(command, any ? "1" : "0");
	add_word(command, by_owner ? "owner" : "all");
}

static void add_rotate(struct command *command, const struct mcp_session_store_request *request)
{
	add_operation(command, request, 1);
	add(command, request->new_key.bytes, sizeof(request->new_key));
	add_number(command, request->grace_ms);
	add_number(command, bounded(request->revision));
	if (request->revision > 0) {
		add(command, request->payload.data, request->payload.len);
	}
}

/* Into an index, of what has become of a record. */
static void add_note(
	struct command *command, const struct redis_config *config, const struct redis_part *part)
{
	const struct mcp_session_store_request *request = &part->call.request;
	add_word(command, part->owners ? "1" : "2");
	if (part->owners) {
		add_of_owner(command, config, &request->owner, 'i');
	} else {
		add_all(command, config);
		add_shard(command, config, &request->key);
	}
	add_word(command, part->what);
	add(command, request->key.bytes, sizeof(request->key));
	add_number(command, part->bytes);
	add_number(command, or_nothing(request->tombstone_ms));
	for (size_t i = 0; i < part->more_count; i++) {
		add_number(command, bounded(part->more[i]));
	}
}

static void add_keys_of(struct command *command, const struct redis_config *config,
	const struct redis_part *part, struct mcpsess_digest *last)
{
	const struct mcp_session_store_request *request = &part->call.request;
	int begun = request->cursor[0] != '\0' && mcpsess_redis_unref(request->cursor + 1, last);
	add_word(command, "1");
	if (part->owners) {
		add_of_owner(command, config, &request->owner, 'i');
	} else {
		add_all(command, config);
	}
	add(command, last->bytes, begun ? sizeof(last->bytes) : 0);
	add_number(command, request->page);
	add_word(command, part->owners ? "owner" : "all");
}

/* Out of one slot, or into another. */
static void add_moving(struct command *command, const struct redis_config *config,
	const struct redis_part *part, uint32_t script)
{
	const struct mcp_session_store_request *request = &part->call.request;
	add_word(command, "1");
	add_key(command, config, &request->key, 's');
	if (script == REDIS_PEEK) {
		return;
	}
	add_number(command, or_nothing(request->tombstone_ms));
	if (script == REDIS_PLANT) {
		add(command, part->record.data, part->record.len);
		return;
	}
	add_number(command, request->revision);
	add_number(command, request->grace_ms);
	add_word(command, part->undoes ? "0" : "1");
}

static void add_part(struct command *command, const struct redis_config *config,
	const struct redis_part *part, uint32_t script, struct mcpsess_digest *last)
{
	if (script == REDIS_NOTE) {
		add_note(command, config, part);
	} else if (script == REDIS_KEYS) {
		add_keys_of(command, config, part, last);
	} else {
		add_moving(command, config, part, script);
	}
}

/* What is not about one record. */
static void add_other(struct command *command, const struct redis_config *config,
	const struct mcp_session_store_request *request, uint32_t script)
{
	if (script == REDIS_END_OWNER) {
		add_word(command, "3");
		add_all(command, config);
		add_of_owner(command, config, &request->owner, 'i');
		add_of_owner(command, config, &request->owner, 'g');
		add_duration(command, request->absolute_ms);
		add_number(command, or_nothing(request->tombstone_ms));
	} else if (script == REDIS_STATS) {
		add_word(command, "1");
		add_all(command, config);
		add_number(command, or_nothing(request->tombstone_ms));
		add_limit(command, request->max_sessions);
	} else if (script == REDIS_ONCE) {
		add_word(command, "1");
		add_key(command, config, &request->key, '1');
		add(command, request->operation, sizeof(request->operation));
		add_duration(command, request->idle_ms);
	} else {
		static const struct mcpsess_digest nobody;
		add_word(command, "1");
		add_key(command, config, &nobody, 'p');
	}
}

static void add_arguments(struct command *command, const struct redis_config *config,
	const struct mcp_session_store_request *request, uint32_t script,
	struct mcpsess_digest *last)
{
	if (script == REDIS_LIST) {
		add_list(command, config, request, last);
		return;
	}
	if (script >= REDIS_END_OWNER) {
		add_other(command, config, request, script);
		return;
	}
	add_keys(command, config, request, script == REDIS_ROTATE);
	add_asked(command, config, request, script);
	if (script == REDIS_CREATE || script == REDIS_UPDATE) {
		add_store(command, request);
	} else if (script == REDIS_ROTATE) {
		add_rotate(command, request);
	}
}

/* The text of a script in one piece, for a server that has forgotten it. */
static int whole_text(struct redis_conn *conn, enum redis_text text, struct redis_buffer *out)
{
	struct mcpsess_bytes parts[REDIS_PARTS_MAX];
	size_t count = mcpsess_redis_text_parts(text, conn->redis->config.brief, parts);
	int r = MCPSESS_OK;
	for (size_t i = 0; i < count && r == MCPSESS_OK; i++) {
		r = mcpsess_redis_buffer_add(out, &conn->redis->store, parts[i].data, parts[i].len);
	}
	return r;
}

int mcpsess_redis_verb_append(
	struct redis_conn *conn, const struct redis_slot *slot, size_t count, uint64_t *end)
{
	const struct redis_config *config = &conn->redis->config;
	enum redis_text text = mcpsess_redis_text_of((enum redis_script)slot->kind);
	struct redis_buffer script = { 0 };
	struct mcpsess_digest last;
	struct command command;
	command.count = 0;
	command.used = 0;
	if ((slot->how & REDIS_WHOLE) != 0) {
		if (whole_text(conn, text, &script) < 0) {
			mcpsess_redis_buffer_free(&script, &conn->redis->store);
			return MCPSESS_E_NOMEM;
		}
		add_word(&command, "EVAL");
		add(&command, script.data, script.end);
	} else {
		add_word(&command, "EVALSHA");
		add(&command, conn->sha[text], REDIS_SHA_LEN);
	}
	if (count > 1) {
		add_batch(&command, config, slot, count);
	} else if (slot->kind >= REDIS_NOTE) {
		add_part(&command, config, mcpsess_redis_part_of(slot->call), slot->kind, &last);
	} else {
		add_arguments(&command, config, &slot->call->request, slot->kind, &last);
	}
	int r = mcpsess_redis_conn_append(conn, command.count, command.argv, command.lens, end);
	mcpsess_redis_buffer_free(&script, &conn->redis->store);
	return r;
}

int mcpsess_redis_verb(
	struct mcp_session_store_call *call, struct redis *redis, enum redis_script script)
{
	if (redis->config.cluster) {
		if (mcpsess_redis_notes_reserve(redis) < 0) {
			return MCPSESS_E_NOMEM;
		}
		switch (script) {
		case REDIS_CREATE:
			return mcpsess_redis_create(redis, call);
		case REDIS_LIST:
			return mcpsess_redis_list(redis, call);
		case REDIS_END_OWNER:
			return mcpsess_redis_end_owner(redis, call);
		case REDIS_ROTATE:
			return mcpsess_redis_rotate(redis, call);
		default:
			break;
		}
	}
	return mcpsess_redis_send(redis, call, script);
}
