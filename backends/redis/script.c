#include "script.h"

#include "scripts.inc"

#define PART(name) \
	{ \
		name##_lua, sizeof(name##_lua) \
	}

static const struct mcpsess_bytes texts[REDIS_TEXTS][REDIS_PARTS_MAX - 1] = {
	[REDIS_TEXT_CREATE] = { PART(front), PART(head), PART(index), PART(touch), PART(create) },
	[REDIS_TEXT_UPDATE] = { PART(front), PART(update_soon), PART(head), PART(index),
		PART(touch), PART(update) },
	[REDIS_TEXT_READ] = { PART(front), PART(read_soon), PART(head), PART(index), PART(touch),
		PART(read) },
	[REDIS_TEXT_DELETE] = { PART(front), PART(head), PART(index), PART(touch), PART(delete) },
	[REDIS_TEXT_LIST] = { PART(front), PART(head), PART(list) },
	[REDIS_TEXT_ROTATE] = { PART(front), PART(head), PART(index), PART(touch), PART(rotate) },
	[REDIS_TEXT_END_OWNER] = { PART(front), PART(head), PART(index), PART(end_owner) },
	[REDIS_TEXT_ONCE] = { PART(front), PART(touch), PART(once) },
	[REDIS_TEXT_PING] = { PART(front), PART(ping) },
	[REDIS_TEXT_STATS] = { PART(front), PART(index), PART(stats) },
	[REDIS_TEXT_NOTE] = { PART(front), PART(index), PART(note) },
	[REDIS_TEXT_KEYS] = { PART(front), PART(keys) },
	[REDIS_TEXT_PEEK] = { PART(front), PART(head), PART(peek) },
	[REDIS_TEXT_PLANT] = { PART(front), PART(head), PART(index), PART(touch), PART(plant) },
	[REDIS_TEXT_RETIRE] = { PART(front), PART(head), PART(index), PART(touch), PART(retire) },
};

static const struct {
	enum redis_text text;
	int writes;
} scripts[REDIS_VERBS] = {
	[REDIS_CREATE] = { REDIS_TEXT_CREATE, 1 },
	[REDIS_UPDATE] = { REDIS_TEXT_UPDATE, 1 },
	[REDIS_GET] = { REDIS_TEXT_READ, 0 },
	[REDIS_TOUCH] = { REDIS_TEXT_READ, 1 },
	[REDIS_EXISTS] = { REDIS_TEXT_READ, 0 },
	[REDIS_DELETE] = { REDIS_TEXT_DELETE, 1 },
	[REDIS_LIST] = { REDIS_TEXT_LIST, 0 },
	[REDIS_ROTATE] = { REDIS_TEXT_ROTATE, 1 },
	[REDIS_END_OWNER] = { REDIS_TEXT_END_OWNER, 1 },
	[REDIS_ONCE] = { REDIS_TEXT_ONCE, 1 },
	[REDIS_PING] = { REDIS_TEXT_PING, 0 },
	[REDIS_STATS] = { REDIS_TEXT_STATS, 0 },
	[REDIS_NOTE] = { REDIS_TEXT_NOTE, 1 },
	[REDIS_KEYS] = { REDIS_TEXT_KEYS, 0 },
	[REDIS_PEEK] = { REDIS_TEXT_PEEK, 0 },
	[REDIS_PLANT] = { REDIS_TEXT_PLANT, 1 },
	[REDIS_RETIRE] = { REDIS_TEXT_RETIRE, 1 },
};

enum redis_text mcpsess_redis_text_of(enum redis_script script)
{
	return scripts[script].text;
}

size_t mcpsess_redis_text_parts(
	enum redis_text text, int brief, struct mcpsess_bytes parts[REDIS_PARTS_MAX])
{
	static const struct mcpsess_bytes behind_front = PART(brief);
	size_t count = 0;
	for (size_t i = 0; i < REDIS_PARTS_MAX - 1 && texts[text][i].len > 0; i++) {
		parts[count++] = texts[text][i];
		if (i == 0 && brief) {
			parts[count++] = behind_front;
		}
	}
	return count;
}

int mcpsess_redis_writes(enum redis_script script)
{
	return scripts[script].writes;
}

int mcpsess_redis_lasts(enum redis_script script)
{
	return scripts[script].writes && script != REDIS_TOUCH;
}
