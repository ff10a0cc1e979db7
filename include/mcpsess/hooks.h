/*
 * mcpsess/hooks.h - for hosts: what the library takes from outside.
 *
 * Memory, time, randomness, ids and the log come in here, per handle; the library has no
 * globals of its own for them. Each member may be NULL: then the default that its comment
 * names is used. The struct is read when a handle is created and not kept; user_data must
 * outlive the handle.
 *
 * Thread: hooks are called from whichever thread calls the library.
 */
#ifndef MCPSESS_HOOKS_H
#define MCPSESS_HOOKS_H

#include <mcpsess/log.h>
#include <mcpsess/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Zero it and set size and what you bring yourself. */
struct mcpsess_hooks {
	size_t size; /* sizeof(struct mcpsess_hooks) */
	void *user_data;

	/** As realloc(3), and size 0 frees and returns NULL. Default: realloc and free. */
	void *(*realloc)(void *user_data, void *ptr, size_t size);

	/**
	 * Milliseconds since 1970 that never go backwards. Default: the wall clock when the
	 * handle is created, advanced by CLOCK_MONOTONIC_COARSE (steps of about 4 ms).
	 */
	uint64_t (*now_ms)(void *user_data);

	/** A stopwatch in microseconds, for statistics only. Default: CLOCK_MONOTONIC. */
	uint64_t (*elapsed_us)(void *user_data);

	/**
	 * Fill out with unpredictable bytes; 0, or anything else when it cannot, and then the
	 * session is not created. Default: getrandom(2).
	 */
	int (*random)(void *user_data, void *out, size_t len);

	/**
	 * Write a session id of 22 to 128 visible ASCII characters (0x21 to 0x7E) with at least
	 * 128 unpredictable bits, and return its length; 0 when it cannot. Default: 32 random
	 * bytes in base64url, 43 characters.
	 */
	size_t (*make_id)(void *user_data, char *out, size_t capacity);

	/** One finished line without a newline. Default: silence. */
	void (*log)(void *user_data, enum mcpsess_log_level level, const char *line);
	enum mcpsess_log_level log_level; /* lines above it are not made; 0 is MCPSESS_LOG_WARN */
};

#ifdef __cplusplus
}
#endif

#endif
