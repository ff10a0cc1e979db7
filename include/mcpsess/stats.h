/*
 * mcpsess/stats.h - for hosts: counters of a session layer, and the text Prometheus reads.
 *
 * Thread: as the layer's.
 */
#ifndef MCPSESS_STATS_H
#define MCPSESS_STATS_H

#include <mcpsess/rpc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Why sessions ended. */
enum mcpsess_ended { MCPSESS_ENDED_DELETED, MCPSESS_ENDED_EXPIRED, MCPSESS_ENDED_COUNT };

/** Why messages were refused. */
enum mcpsess_refused {
	MCPSESS_REFUSED_MALFORMED, /* not JSON, not JSON-RPC, too deep, bad header */
	MCPSESS_REFUSED_TOOBIG,
	MCPSESS_REFUSED_MISSING, /* no session id */
	MCPSESS_REFUSED_UNKNOWN, /* no such session */
	MCPSESS_REFUSED_EXPIRED,
	MCPSESS_REFUSED_REVOKED,
	MCPSESS_REFUSED_NOTOWNER,
	MCPSESS_REFUSED_LIMIT,
	MCPSESS_REFUSED_ORIGIN,       /* Origin or Host */
	MCPSESS_REFUSED_STORE,        /* the store failed */
	MCPSESS_REFUSED_UNAUTHORIZED, /* HTTP: the host asked who comes */
	MCPSESS_REFUSED_METHOD,       /* HTTP: a verb that is not offered, or a stream */
	MCPSESS_REFUSED_DRAINING,     /* HTTP: the host is about to end */
	MCPSESS_REFUSED_COUNT
};

/** The verbs of a store. */
enum mcpsess_operation {
	MCPSESS_OPERATION_STORE,
	MCPSESS_OPERATION_GET,
	MCPSESS_OPERATION_TOUCH,
	MCPSESS_OPERATION_DELETE,
	MCPSESS_OPERATION_EXISTS,
	MCPSESS_OPERATION_LIST,
	MCPSESS_OPERATION_ROTATE,
	MCPSESS_OPERATION_END_OWNER,
	MCPSESS_OPERATION_ONCE,
	MCPSESS_OPERATION_PING,
	MCPSESS_OPERATION_COUNT
};

/** Results of operations: OK and the fifteen errors, in the order of MCPSESS_ERRORS. */
enum { MCPSESS_RESULT_COUNT = 16 };

/** Upper bounds of the latency buckets in microseconds; the last bucket has none. */
enum { MCPSESS_BUCKET_COUNT = 14 };
#define MCPSESS_BUCKETS_US \
	{ \
		5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 25000, 100000, 1000000 \
	}

/** Since the layer was made; all but sessions_active and calls_running only grow. */
struct mcpsess_stats {
	uint64_t sessions_active; /* by the store's count, initializing ones included */
	uint64_t sessions_created;
	uint64_t sessions_ended[MCPSESS_ENDED_COUNT];
	uint64_t refused[MCPSESS_REFUSED_COUNT];
	uint64_t operations[MCPSESS_OPERATION_COUNT][MCPSESS_RESULT_COUNT];
	uint64_t latency[MCPSESS_OPERATION_COUNT][MCPSESS_BUCKET_COUNT]; /* not cumulative */
	uint64_t latency_us[MCPSESS_OPERATION_COUNT];                    /* sum */
	uint64_t conflicts;
	uint64_t calls_running;
};

/** The counters now. */
MCPSESS_API void mcpsess_rpc_stats(struct mcpsess_rpc *rpc, struct mcpsess_stats *out);

/**
 * Write the counters in the Prometheus text format (version 0.0.4) into out, NUL-terminated, and
 * return its length without the NUL; when that is capacity or more, nothing useful was written
 * and capacity must be larger. 32 KiB suffice.
 */
MCPSESS_API size_t mcpsess_stats_prometheus(
	const struct mcpsess_stats *stats, char *out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
