#include "base/env.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/base64.h"

enum { ID_RANDOM = 32, ID_MIN = 22, ID_MAX = 128 };

static void *default_realloc(void *user_data, void *ptr, size_t size)
{
	(void)user_data;
	if (size == 0) {
		free(ptr);
		return NULL;
	}
	return realloc(ptr, size);
}

static uint64_t clock_us(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static int default_random(void *user_data, void *out, size_t len)
{
	(void)user_data;
	unsigned char *at = out;
	while (len > 0) {
		size_t some = len < 256 ? len : 256;
		if (getrandom(at, some, 0) != (ssize_t)some) {
			return -1;
		}
		at += some;
		len -= some;
	}
	return 0;
}

static size_t default_make_id(const struct mcpsess_env *env, char *out, size_t capacity)
{
	unsigned char raw[ID_RANDOM];
	if (capacity < MCPSESS_BASE64_LEN(ID_RANDOM) + 1 ||
		mcpsess_random(env, raw, sizeof(raw)) < 0) {
		return 0;
	}
	return mcpsess_base64_encode(mcpsess_mem(raw, sizeof(raw)), out);
}

void mcpsess_env_init(struct mcpsess_env *env, const struct mcpsess_hooks *hooks)
{
	memset(env, 0, sizeof(*env));
	if (hooks != NULL) {
		size_t known = sizeof(env->hooks);
		memcpy(&env->hooks, hooks, hooks->size < known ? hooks->size : known);
	}
	if (env->hooks.realloc == NULL) {
		env->hooks.realloc = default_realloc;
	}
	if (env->hooks.random == NULL) {
		env->hooks.random = default_random;
	}
	if (env->hooks.log_level == MCPSESS_LOG_NONE) {
		env->hooks.log_level = MCPSESS_LOG_WARN;
	}
	env->wall_ms = (clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC)) / 1000u;
}

void *mcpsess_realloc(const struct mcpsess_env *env, void *ptr, size_t size)
{
	return env->hooks.realloc(env->hooks.user_data, ptr, size);
}

void *mcpsess_alloc(const struct mcpsess_env *env, size_t size)
{
	void *ptr = mcpsess_realloc(env, NULL, size);
	if (ptr != NULL) {
		memset(ptr, 0, size);
	}
	return ptr;
}

void mcpsess_free(const struct mcpsess_env *env, void *ptr)
{
	if (ptr != NULL) {
		mcpsess_realloc(env, ptr, 0);
	}
}

char *mcpsess_strdup(const struct mcpsess_env *env, struct mcpsess_bytes text)
{
	char *copy = mcpsess_realloc(env, NULL, text.len + 1);
	if (copy != NULL) {
		if (text.len > 0) {
			memcpy(copy, text.data, text.len);
		}
		copy[text.len] = '\0';
	}
	return copy;
}

uint64_t mcpsess_now_ms(const struct mcpsess_env *env)
{
	if (env->hooks.now_ms != NULL) {
		return env->hooks.now_ms(env->hooks.user_data);
	}
	/* Coarse: a fifth of the price, and sessions live for minutes. */
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return env->wall_ms + (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

uint64_t mcpsess_elapsed_us(const struct mcpsess_env *env)
{
	if (env->hooks.elapsed_us != NULL) {
		return env->hooks.elapsed_us(env->hooks.user_data);
	}
	return clock_us(CLOCK_MONOTONIC);
}

int mcpsess_random(const struct mcpsess_env *env, void *out, size_t len)
{
	return env->hooks.random(env->hooks.user_data, out, len) == 0 ? MCPSESS_OK
								      : MCPSESS_E_UNAVAILABLE;
}

static int id_is_sound(const char *id, size_t len)
{
	if (len < ID_MIN || len > ID_MAX) {
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		if (id[i] < 0x21 || id[i] > 0x7e) {
			return 0;
		}
	}
	return 1;
}

size_t mcpsess_make_id(const struct mcpsess_env *env, char *out, size_t capacity)
{
	if (env->hooks.make_id == NULL) {
		return default_make_id(env, out, capacity);
	}
	size_t len = env->hooks.make_id(env->hooks.user_data, out, capacity);
	return len <= capacity && id_is_sound(out, len) ? len : 0;
}

int mcpsess_log_wanted(const struct mcpsess_env *env, enum mcpsess_log_level level)
{
	return env->hooks.log != NULL && level <= env->hooks.log_level;
}

void mcpsess_log(
	const struct mcpsess_env *env, enum mcpsess_log_level level, const char *format, ...)
{
	if (!mcpsess_log_wanted(env, level)) {
		return;
	}
	char line[512];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	env->hooks.log(env->hooks.user_data, level, line);
}

int mcpsess_fail(struct mcpsess_error *err, int status, int sys, const char *format, ...)
{
	if (err != NULL) {
		va_list args;
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		err->status = status;
		err->sys = sys;
	}
	return status;
}
