/* The bounds of replies, held before anything is made of them. */
#ifndef MCPSESS_REDIS_GUARD_H
#define MCPSESS_REDIS_GUARD_H

#include <mcpsess/backend.h>

enum { REDIS_DEPTH_MAX = 5, REDIS_ELEMENTS_MAX = 65536, REDIS_LINE_MAX = 16384 };

/* Of one string: the largest payload the core lets through, and its header. */
#define REDIS_STRING_MAX (((uint64_t)64 << 20) + 4096)

/* How far into a reply the bytes so far are known to be sound. Zero it to begin one. */
struct redis_guard {
	size_t at;
	uint32_t elements;
	uint32_t depth;
	uint32_t left[REDIS_DEPTH_MAX]; /* elements still to come, by depth */
};

/*
 * Look at the bytes that begin a reply: its length when all of it is there, 0 when more has to
 * come, or -1: no reply of ours looks like that. Asked again with more bytes it goes on where it
 * was.
 */
long long mcpsess_redis_guard(struct redis_guard *guard, const char *data, size_t len);

#endif
