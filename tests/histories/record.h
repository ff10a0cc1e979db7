/*
 * What a worker writes down of one operation. The file is a header and records in the order of
 * their beginning, in this machine's byte order; a record without a beginning ends it. It is
 * written before the call and completed after it: a worker that is killed leaves its last
 * operation as MCPSESS_PENDING, one that may have happened. history.py reads it.
 */
#ifndef MCPSESS_TESTS_RECORD_H
#define MCPSESS_TESTS_RECORD_H

#include <stdint.h>

enum record_verb {
	RECORD_CREATE,
	RECORD_UPDATE,
	RECORD_GET,
	RECORD_TOUCH,
	RECORD_DELETE,
	RECORD_EXISTS,
	RECORD_ROTATE,
	RECORD_END_OWNER,
	RECORD_ONCE,
	RECORD_VERB_COUNT
};

enum record_flag {
	RECORD_TOUCHES = 1u << 0,  /* a get that moves the expiry too */
	RECORD_STRANGER = 1u << 1, /* asked by somebody who is not the owner */
};

enum { RECORD_NO_OWNER = 0xffff };

struct record_header {
	char magic[8]; /* "history1" */
	uint64_t seed;
	uint64_t idle_ms, absolute_ms, tombstone_ms, touch_every_ms; /* the store's settings */
	uint64_t own_clock; /* 1: the store's clock is begin_ns and end_ns, in milliseconds */
};

struct record {
	uint64_t begin_ns, end_ns; /* of a clock that all processes share */
	uint64_t token;            /* says which attempts are of one operation */
	uint64_t expected;         /* update, rotate: the revision to replace; 0: any */
	uint64_t sent, got;        /* digests of payloads; 0: none */
	uint64_t idle_ms;          /* asked for; 0: the store's */
	uint64_t span_ms;          /* create: absolute asked for; rotate: grace */
	uint64_t revision, now_ms, created_ms, expires_ms, deadline_ms; /* as answered; 0: not */
	uint32_t key, new_key;
	int32_t status;
	uint16_t verb, flags;
	uint16_t client;
	uint16_t owner;     /* asking; 0: nobody */
	uint16_t its_owner; /* as answered */
	uint16_t unused;
};

#endif
