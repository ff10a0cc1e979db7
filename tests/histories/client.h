/*
 * One client of a history: does one operation after the other on records it shares with all other
 * clients of the same seed, and writes each down.
 *
 * A slot is a handful of keys. A record is begun under one of them, may be rotated to the next,
 * and when it has ended the next is begun under the same key or another: so ids are reused. Some
 * slots are hot, where clients meet; most are seldom visited and expire in between.
 */
#ifndef MCPSESS_TESTS_CLIENT_H
#define MCPSESS_TESTS_CLIENT_H

#include <mcpsess/pool.h>

#include "journal.h"

enum { HOT_SLOTS = 8, SLOTS = 136, SLOT_KEYS = 8, OWNERS = 8, PAYLOAD_MAX = 400 };

/* What all clients of a process share. */
struct stage {
	struct mcp_session_store_pool *pool;
	uint64_t seed;
	uint64_t pretended_ns; /* the clock where time is pretended; 0: it is not */
	struct mcpsess_digest owners[OWNERS + 1];
};

/* What a client believes of a slot. */
struct belief {
	unsigned at; /* which of its keys */
	int lives;
	uint64_t revision; /* 0: not known */
};

/* What is to be done next, or again. */
struct plan {
	enum record_verb verb;
	unsigned slot, flags, owner;
	uint32_t key, new_key;
	uint64_t token;
	uint64_t sent;
	struct mcp_session_store_request ask;
	char payload[PAYLOAD_MAX];
};

struct client {
	struct stage *stage;
	unsigned index;
	uint64_t random;
	uint64_t tokens; /* made so far */
	unsigned tries;  /* of the plan, whose outcome is unknown */
	int wrote;       /* last is a write that can be repeated */
	struct belief beliefs[SLOTS];
	struct plan plan, last;
	struct journal journal;
	char complaint[32]; /* how its last one began */
};

void mcpsess_stage_set(struct stage *stage, uint64_t seed);
uint64_t mcpsess_stage_now_ns(const struct stage *stage);

void mcpsess_client_begin(struct client *client, struct stage *stage, unsigned index);

/* One operation: its status, or MCPSESS_PENDING when the journal is full and nothing was done. */
int mcpsess_client_step(struct client *client);

/* For choosing; sides: at least 1. */
uint64_t mcpsess_client_dice(struct client *client, uint64_t sides);
void mcpsess_client_choose(struct client *client);

/* Of a payload; never 0. */
uint64_t mcpsess_client_digest(struct mcpsess_bytes bytes);

#endif
