#include <mcpsess/error.h>

#include <hiredis/hiredis.h>

#include "redis.h"

enum { EXPIRES_AT = 21, GRAIN_AT = 33, BYTES_AT = 34, OWNER_AT = 38, NEVER_GRAIN = 48, TRIES = 3 };

static uint64_t number(const unsigned char *at, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++) {
		value = value << 8 | at[i];
	}
	return value;
}

uint64_t mcpsess_redis_time_slot(const unsigned char *header)
{
	unsigned grain = header[GRAIN_AT];
	uint64_t expires = number(header + EXPIRES_AT, 6);
	if (grain >= NEVER_GRAIN) {
		return REDIS_NEVER;
	}
	uint64_t width = (uint64_t)1 << grain;
	return (expires + width - 1) / width * width;
}

uint32_t mcpsess_redis_counted_bytes(const unsigned char *header)
{
	return (uint32_t)number(header + BYTES_AT, 4);
}

int mcpsess_redis_notes_reserve(struct redis *redis)
{
	for (; redis->note_count < REDIS_NOTES; redis->note_count++) {
		struct redis_part *part = mcpsess_redis_realloc(redis, NULL, sizeof(*part));
		if (part == NULL) {
			return MCPSESS_E_NOMEM;
		}
		redis->notes[redis->note_count] = part;
	}
	return MCPSESS_OK;
}

void mcpsess_redis_notes_free(struct redis *redis)
{
	while (redis->note_count > 0) {
		mcpsess_redis_realloc(redis, redis->notes[--redis->note_count], 0);
	}
}

static void over(struct redis_part *part, int status)
{
	struct redis *redis = part->call.user_data;
	int again = status == MCPSESS_E_UNAVAILABLE || status == MCPSESS_E_NOMEM;
	while (again && !redis->cluster.closing && part->tries++ < TRIES) {
		if (mcpsess_redis_send(redis, &part->call, REDIS_NOTE) == MCPSESS_PENDING) {
			return;
		}
	}
	redis->notes_under_way--;
	if (redis->note_count < REDIS_NOTES) {
		redis->notes[redis->note_count++] = part;
	} else {
		mcpsess_redis_realloc(redis, part, 0);
	}
}

void mcpsess_redis_note(struct redis *redis, int owners, const char *what,
	const struct mcpsess_digest *key, const unsigned char *header, const uint64_t more[3])
{
	struct mcpsess_digest owner;
	memcpy(&owner, header + OWNER_AT, sizeof(owner));
	if (owners && mcpsess_redis_is_nobody(&owner)) {
		return;
	}
	if (mcpsess_redis_notes_reserve(redis) < 0 && redis->note_count == 0) {
		return;
	}
	struct redis_part *part = redis->notes[--redis->note_count];
	memset(part, 0, sizeof(*part));
	redis->notes_under_way++;
	part->over = over;
	part->owners = owners;
	part->what = what;
	part->bytes = mcpsess_redis_counted_bytes(header);
	part->more_count = 3;
	memcpy(part->more, more, sizeof(part->more));
	part->call.done = mcpsess_redis_part_done;
	part->call.user_data = redis;
	part->call.give_up_ms = mcpsess_redis_now(redis) + redis->config.timeout_ms;
	part->call.request.key = *key;
	part->call.request.owner = owner;
	part->call.request.tombstone_ms = redis->config.tombstone_ms;
	if (mcpsess_redis_send(redis, &part->call, REDIS_NOTE) != MCPSESS_PENDING) {
		over(part, MCPSESS_E_UNAVAILABLE);
	}
}

void mcpsess_redis_tell(struct redis *redis, uint32_t script, const struct mcpsess_digest *key,
	const redisReply *reply)
{
	const redisReply *told = reply->elements > 4 ? reply->element[4] : NULL;
	const redisReply *head = reply->elements > 2 ? reply->element[2] : NULL;
	uint64_t more[3] = { 0 };
	const char *what = script == REDIS_DELETE ? "leave" : "move";
	if (head == NULL || head->type != REDIS_REPLY_STRING || head->len < REDIS_HEADER) {
		return;
	}
	const unsigned char *header = (const unsigned char *)head->str;
	if (script == REDIS_DELETE) {
		more[0] = mcpsess_redis_time_slot(header);
	} else if (script != REDIS_CREATE && told != NULL && told->type == REDIS_REPLY_STRING &&
		   told->len == 10) {
		more[0] = number((const unsigned char *)told->str, 6);
		more[1] = number((const unsigned char *)told->str + 6, 4);
		more[2] = mcpsess_redis_time_slot(header);
	} else {
		return;
	}
	mcpsess_redis_note(redis, 0, what, key, header, more);
	mcpsess_redis_note(redis, 1, what, key, header, more);
}
