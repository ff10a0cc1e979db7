/*
 * The host's hooks with every default filled in: memory, time, randomness, ids, the log.
 * Every handle of the library begins with one.
 */
#ifndef MCPSESS_BASE_ENV_H
#define MCPSESS_BASE_ENV_H

#include <mcpsess/error.h>
#include <mcpsess/hooks.h>

struct mcpsess_env {
	struct mcpsess_hooks hooks;
	uint64_t wall_ms; /* wall clock minus the monotonic one when the handle was made */
};

/* hooks may be NULL. */
void mcpsess_env_init(struct mcpsess_env *env, const struct mcpsess_hooks *hooks);

void *mcpsess_realloc(const struct mcpsess_env *env, void *ptr, size_t size);
/* Zeroed; NULL without memory. */
void *mcpsess_alloc(const struct mcpsess_env *env, size_t size);
void mcpsess_free(const struct mcpsess_env *env, void *ptr);
/* NUL-terminated copy. */
char *mcpsess_strdup(const struct mcpsess_env *env, struct mcpsess_bytes text);

uint64_t mcpsess_now_ms(const struct mcpsess_env *env);
uint64_t mcpsess_elapsed_us(const struct mcpsess_env *env);
/* 0, or UNAVAILABLE. */
int mcpsess_random(const struct mcpsess_env *env, void *out, size_t len);
/* The length of a new id that keeps the rules of mcpsess/session.h; 0 when there is none. */
size_t mcpsess_make_id(const struct mcpsess_env *env, char *out, size_t capacity);

/* Whether a line of this level is wanted; asking first saves making it. */
int mcpsess_log_wanted(const struct mcpsess_env *env, enum mcpsess_log_level level);
__attribute__((format(printf, 3, 4))) void mcpsess_log(
	const struct mcpsess_env *env, enum mcpsess_log_level level, const char *format, ...);

/* Fill err (NULL is fine) and return status. */
__attribute__((format(printf, 4, 5))) int mcpsess_fail(
	struct mcpsess_error *err, int status, int sys, const char *format, ...);

#endif
