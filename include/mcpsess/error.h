/*
 * mcpsess/error.h - for everybody: what functions return, and why.
 *
 * Thread: any.
 */
#ifndef MCPSESS_ERROR_H
#define MCPSESS_ERROR_H

#include <mcpsess/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Every function that can fail returns 0 or more on success and one of these on failure.
 * A code exists because the caller does something of its own about it; the comment says what.
 * Names, values and texts never change.
 */
#define MCPSESS_ERRORS(X) \
	X(INVALID, -5001, "invalid argument")            /* fix the call; 400 */ \
	X(NOMEM, -5002, "out of memory")                 /* shed load; 503 */ \
	X(NOTFOUND, -5003, "no such session")            /* start anew; 404 */ \
	X(EXPIRED, -5004, "session expired")             /* the same 404; metrics differ */ \
	X(REVOKED, -5005, "session ended")               /* the same 404; metrics differ */ \
	X(NOTOWNER, -5006, "session belongs to another") /* the same 404; log it */ \
	X(EXISTS, -5007, "session exists")               /* choose another id */ \
	X(CONFLICT, -5008, "session changed meanwhile")  /* read again, apply again; 503 */ \
	X(LIMIT, -5009, "limit reached")                 /* retry later; 503 */ \
	X(GAP, -5010, "events lost")                     /* tell the client; end the stream */ \
	X(UNAVAILABLE, -5011, "store cannot be reached") /* nothing happened; 503 */ \
	X(UNKNOWN, -5012, "outcome unknown")             /* it may have happened; 503 */ \
	X(TOOBIG, -5013, "too big")                      /* send less; 413 */ \
	X(CORRUPT, -5014, "stored record is corrupt")    /* delete it; 500 */ \
	X(UNSUPPORTED, -5015, "not supported")           /* choose another way; 501 */

/** The statuses by name: MCPSESS_E_NOTFOUND and its like. */
enum mcpsess_status {
	MCPSESS_OK = 0,
	/** Not over: the answer comes later, from a dispatch call. The only positive status. */
	MCPSESS_PENDING = 1,
#define MCPSESS_X(name, value, text) MCPSESS_E_##name = value,
	MCPSESS_ERRORS(MCPSESS_X)
#undef MCPSESS_X
};

/**
 * Where a function can say more than a code it takes one of these; NULL is always fine.
 * Written on failure only. Nothing to free.
 */
struct mcpsess_error {
	int status; /* what the function returned */
	/**
	 * The errno behind it, or 0. UNAVAILABLE with EACCES: what is there refuses to serve as the
	 * store is set up, so waiting will not help. Any other may be over soon.
	 */
	int sys;
	char text[240]; /* one line of UTF-8; never a password, never a whole session id */
};

/** The text of a status, for people: "no such session". Never NULL; static. */
MCPSESS_API const char *mcpsess_strerror(int status);

/** The name of a status, for logs and metrics: "NOTFOUND"; "ok", "pending". Never NULL; static. */
MCPSESS_API const char *mcpsess_status_name(int status);

#ifdef __cplusplus
}
#endif

#endif
