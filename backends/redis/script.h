/* The scripts that the server runs, one for each verb. */
#ifndef MCPSESS_REDIS_SCRIPT_H
#define MCPSESS_REDIS_SCRIPT_H

#include <mcpsess/backend.h>

enum redis_script {
	REDIS_CREATE,
	REDIS_UPDATE,
	REDIS_GET,
	REDIS_TOUCH,
	REDIS_EXISTS,
	REDIS_DELETE,
	REDIS_LIST,
	REDIS_ROTATE,
	REDIS_END_OWNER,
	REDIS_ONCE,
	REDIS_PING,
	REDIS_STATS, /* and sweep */
	/* What verbs are made of on a cluster. */
	REDIS_NOTE,
	REDIS_KEYS,
	REDIS_PEEK,
	REDIS_PLANT,
	REDIS_RETIRE,
	REDIS_VERBS, /* how many; scripts there are fewer */
};

/* Scripts by their text: get, touch and exists share one. */
enum redis_text {
	REDIS_TEXT_CREATE,
	REDIS_TEXT_UPDATE,
	REDIS_TEXT_READ,
	REDIS_TEXT_DELETE,
	REDIS_TEXT_LIST,
	REDIS_TEXT_ROTATE,
	REDIS_TEXT_END_OWNER,
	REDIS_TEXT_ONCE,
	REDIS_TEXT_PING,
	REDIS_TEXT_STATS,
	REDIS_TEXT_NOTE,
	REDIS_TEXT_KEYS,
	REDIS_TEXT_PEEK,
	REDIS_TEXT_PLANT,
	REDIS_TEXT_RETIRE,
	REDIS_TEXTS,
};

enum {
	REDIS_PARTS_MAX = 7,
	/* Of a record: what stands before its payload, and more of it where a flag says so. */
	REDIS_HEADER = 78,
	REDIS_COUNTERS = 18,
	/* Of an answer in one piece: what stands before the record. */
	REDIS_TIME = 6,
	REDIS_MOVED = 4,
	REDIS_COUNTED = 8,
	/* An operation token as records keep it. */
	REDIS_TOKEN = 8,
	REDIS_SHA_LEN = 40,
	/* Everybody's keys are shared out over as many sets, by their first bits. */
	REDIS_SHARDS = 1024,
};

/* In scripts: no duration, no end, no limit. */
#define REDIS_NEVER ((uint64_t)0xffffffffffff)

enum redis_text mcpsess_redis_text_of(enum redis_script script);
/* The parts that a script's text is put together from, one more where all is brief; how many. */
size_t mcpsess_redis_text_parts(
	enum redis_text text, int brief, struct mcpsess_bytes parts[REDIS_PARTS_MAX]);
/* Whether a verb may change what others see: its outcome is then unknown when its answer is lost.
 */
int mcpsess_redis_writes(enum redis_script script);

/* Whether a write must outlast a failover, where wait= asks for that: not so a touch. */
int mcpsess_redis_lasts(enum redis_script script);

#endif
