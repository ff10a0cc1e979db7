/*
 * mcpsess/log.h - for hosts: what the library says when no caller is there to be told.
 *
 * The library logs only what has no return value to say it: a reconnect, a late answer
 * thrown away, a refused client. It is silent unless a log hook is given (mcpsess/hooks.h).
 *
 * Thread: any.
 */
#ifndef MCPSESS_LOG_H
#define MCPSESS_LOG_H

#include <mcpsess/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How bad a line is; each level includes those above it. */
enum mcpsess_log_level {
	MCPSESS_LOG_NONE = 0,
	MCPSESS_LOG_ERROR = 1, /* something is broken and needs a person */
	MCPSESS_LOG_WARN = 2,  /* a fault that the library lives with */
	MCPSESS_LOG_INFO = 3,  /* sessions beginning and ending, requests refused */
	MCPSESS_LOG_DEBUG = 4, /* every message */
};

/** "error", "warn", "info", "debug" or "none". Static. */
MCPSESS_API const char *mcpsess_log_level_name(enum mcpsess_log_level level);

/** The level of a name, in any case; -1 when it is none. */
MCPSESS_API int mcpsess_log_level_parse(struct mcpsess_bytes name);

#ifdef __cplusplus
}
#endif

#endif
