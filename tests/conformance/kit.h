/*
 * The insides of the conformance kit. A case is a function that drives one actor, struct
 * mcpsess_kit, and says with each check which promise it checks. Whether the actor reaches the
 * store by blocking verbs, an event loop or a pool is not the case's business.
 */
#ifndef MCPSESS_TESTS_KIT_H
#define MCPSESS_TESTS_KIT_H

#include <mcpsess/conformance.h>
#include <mcpsess/pool.h>

#include <stdatomic.h>
#include <stdlib.h>

enum mcpsess_kit_mode { KIT_BLOCKING, KIT_DISPATCH, KIT_THREADS, KIT_MODE_COUNT };

enum mcpsess_kit_verb {
	KIT_STORE,
	KIT_GET,
	KIT_TOUCH,
	KIT_DELETE,
	KIT_EXISTS,
	KIT_LIST,
	KIT_ROTATE,
	KIT_END_OWNER,
	KIT_ONCE,
	KIT_PING
};

enum mcpsess_kit_clock {
	KIT_CLOCK_REAL,   /* the store's own: waited for */
	KIT_CLOCK_JUMPS,  /* the kit's: runs, and the kit moves it on */
	KIT_CLOCK_FROZEN, /* the kit's: stands still unless moved */
};

enum mcpsess_kit_flag {
	KIT_IN_BLOCKING = 1u << KIT_BLOCKING,
	KIT_IN_DISPATCH = 1u << KIT_DISPATCH,
	KIT_IN_THREADS = 1u << KIT_THREADS,
	KIT_IN_ALL = KIT_IN_BLOCKING | KIT_IN_DISPATCH | KIT_IN_THREADS,
	KIT_ALONE = 1u << 8,   /* counts what others do: not in many threads at once */
	KIT_TIMED = 1u << 9,   /* short durations, moves the clock; implies KIT_ALONE */
	KIT_FAULTS = 1u << 10, /* bears a store that fails */
	KIT_NO_TOMBSTONES = 1u << 11,
};

enum { KIT_KEPT_MAX = 16, KIT_THREADS_MAX = 64 };

struct mcpsess_kit;
struct mcpsess_kit_memory;

struct mcpsess_kit_case {
	const char *name;
	void (*run)(struct mcpsess_kit *kit);
	uint32_t flags; /* enum mcpsess_kit_flag */
	uint32_t needs; /* enum mcp_session_store_capability */
	uint64_t max_sessions;
	uint64_t max_sessions_per_owner;
};

/* Each table ends with a case without a name. */
extern const struct mcpsess_kit_case mcpsess_kit_argument_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_record_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_revision_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_owner_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_expiry_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_tombstone_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_limit_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_operation_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_count_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_list_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_memory_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_call_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_race_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_history_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_upkeep_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_rotate_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_ended_cases[];
extern const struct mcpsess_kit_case mcpsess_kit_once_cases[];

/* One run of the kit over one URI. */
struct mcpsess_kit_run {
	const char *uri;
	struct mcpsess_conformance_options options;
	FILE *out;
	struct mcpsess_hooks hooks;
	uint32_t can;
	enum mcpsess_kit_clock clock;
	atomic_ullong clock_ms;   /* frozen: the time; jumps: added to the monotonic clock */
	atomic_llong allocations; /* of the store, not yet freed */
	atomic_llong fail_in;     /* the allocation that fails, counted down; 0: none */
	atomic_ullong names;      /* keys and owners handed out */
	char tenant[33];          /* keeps the names of one run apart from those of another */
	unsigned passed, failed, left_out;
};

/* One actor. In mode threads several share a pool. */
struct mcpsess_kit {
	struct mcpsess_kit_run *run;
	const struct mcpsess_kit_case *its_case;
	enum mcpsess_kit_mode mode;
	struct mcp_session_store *store;
	struct mcp_session_store_pool *pool;
	struct mcp_session_store_options settings; /* in force */
	uint64_t margin_ms; /* before a point in time by which "not yet" is checked */

	struct mcp_session_store_answer answer; /* of the last verb */
	struct mcpsess_error error;             /* of the last verb */
	struct mcp_session_store_answer kept[KIT_KEPT_MAX];
	unsigned kept_count;
	struct mcpsess_kit_memory *memory;
	struct mcp_session_store_request watch; /* a record that tells the store's time */
	int has_watch;
	int dispatching;

	uint64_t random;
	int too_slow; /* time passed before a check could be made */
	int failed;
	char failure[600];
};

/* -- doing ------------------------------------------------------------------------------- */

/* Open and close a store, or a pool, with the settings that the case wants. */
int mcpsess_kit_open(struct mcpsess_kit *kit, struct mcpsess_error *err);
void mcpsess_kit_close(struct mcpsess_kit *kit);
/* Another actor on the same store or pool; and its end, which close includes. */
void mcpsess_kit_join(struct mcpsess_kit *kit, const struct mcpsess_kit *first, unsigned index);
void mcpsess_kit_leave(struct mcpsess_kit *kit);

/* A verb; its answer and error are the actor's until the next. */
int mcpsess_kit_do(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb,
	const struct mcp_session_store_request *ask);
/* The same without the checks that every answer gets, and the answer kept by the caller. */
int mcpsess_kit_ask(struct mcpsess_kit *kit, enum mcpsess_kit_verb verb,
	const struct mcp_session_store_request *ask, struct mcp_session_store_answer *answer,
	struct mcpsess_error *err);

/* Keep the last answer until the actor leaves. */
struct mcp_session_store_answer *mcpsess_kit_keep(struct mcpsess_kit *kit);
/* Zeroed memory, freed when the actor leaves. */
void *mcpsess_kit_alloc(struct mcpsess_kit *kit, size_t size);

/* A key and an owner that nobody had before. */
struct mcp_session_store_request mcpsess_kit_fresh(struct mcpsess_kit *kit);
struct mcpsess_digest mcpsess_kit_owner(struct mcpsess_kit *kit);
uint64_t mcpsess_kit_random(struct mcpsess_kit *kit);

/* Fill with bytes of the seed; and whether all bytes are of one seed, which is written. */
void mcpsess_kit_fill(void *out, size_t len, uint64_t seed);
int mcpsess_kit_whole(struct mcpsess_bytes bytes, uint64_t *seed);

/* Run fn in as many threads as the run has, each with an actor of its own. */
void mcpsess_kit_threads(struct mcpsess_kit *kit,
	void (*fn)(struct mcpsess_kit *kit, unsigned index, void *user_data), void *user_data);

/* -- an event loop ------------------------------------------------------------------------- */

struct mcpsess_kit_call {
	struct mcp_session_store_call call;
	struct mcpsess_kit *kit;
	int status;    /* MCPSESS_PENDING until it is over */
	unsigned over; /* calls of done() */
};

/* Start a verb whose call.request is filled in. */
int mcpsess_kit_start(
	struct mcpsess_kit *kit, enum mcpsess_kit_verb verb, struct mcpsess_kit_call *call);
/* One turn of the loop: wait for the store's descriptor, dispatch. */
int mcpsess_kit_turn(struct mcpsess_kit *kit, int timeout_ms);
/* Turn until the call is over. */
int mcpsess_kit_finish(struct mcpsess_kit *kit, struct mcpsess_kit_call *call);

/* -- time ---------------------------------------------------------------------------------- */

uint64_t mcpsess_kit_hook_now(void *user_data);
/* The store's clock. */
uint64_t mcpsess_kit_now(struct mcpsess_kit *kit);
/* Make the store's clock reach at_ms: move it, or wait. */
void mcpsess_kit_go(struct mcpsess_kit *kit, uint64_t at_ms);
/* By how much an idle expiry may be late. */
uint64_t mcpsess_kit_slack(const struct mcpsess_kit *kit);

/* -- checking ------------------------------------------------------------------------------ */

/* Remember the first failure. Always 0. */
__attribute__((format(printf, 2, 3))) int mcpsess_kit_fail(
	struct mcpsess_kit *kit, const char *format, ...);
/* Each returns whether the promise was kept. */
int mcpsess_kit_want(struct mcpsess_kit *kit, int got, int wanted, const char *promise);
int mcpsess_kit_gone(struct mcpsess_kit *kit, int got, int wanted, const char *promise);
int mcpsess_kit_same(struct mcpsess_kit *kit, uint64_t got, uint64_t wanted, const char *promise);
int mcpsess_kit_near(struct mcpsess_kit *kit, uint64_t got, uint64_t wanted, uint64_t slack,
	const char *promise);
int mcpsess_kit_served(struct mcpsess_kit *kit, int got, uint64_t until_ms, const char *promise);
/* The status is the one wanted, unless the store's clock passed until_ms before it could be asked.
 */
int mcpsess_kit_held(
	struct mcpsess_kit *kit, int got, int wanted, uint64_t until_ms, const char *promise);
/* The record is what the earlier answer said, payload included. */
int mcpsess_kit_unchanged(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask,
	const struct mcp_session_store_answer *before, const char *promise);

#define KIT_OR_RETURN(kept) \
	do { \
		if (!(kept)) { \
			return; \
		} \
	} while (0)

/* The verb's status is the one wanted. */
#define WANT(kit, got, wanted, promise) KIT_OR_RETURN(mcpsess_kit_want(kit, got, wanted, promise))
/* The same for REVOKED and EXPIRED, which a store without tombstones need not tell apart. */
#define GONE(kit, got, wanted, promise) KIT_OR_RETURN(mcpsess_kit_gone(kit, got, wanted, promise))
#define SAME(kit, got, wanted, promise) KIT_OR_RETURN(mcpsess_kit_same(kit, got, wanted, promise))
#define NEAR(kit, got, wanted, slack, promise) \
	KIT_OR_RETURN(mcpsess_kit_near(kit, got, wanted, slack, promise))
#define THAT(kit, condition, ...) KIT_OR_RETURN((condition) || mcpsess_kit_fail(kit, __VA_ARGS__))
/* OK, unless the store's clock passed until_ms before it could be asked. */
#define SERVED(kit, got, until_ms, promise) \
	KIT_OR_RETURN(mcpsess_kit_served(kit, got, until_ms, promise))
#define UNCHANGED(kit, ask, before, promise) \
	KIT_OR_RETURN(mcpsess_kit_unchanged(kit, ask, before, promise))

/* -- the verbs in short -------------------------------------------------------------------- */

static inline int create(struct mcpsess_kit *kit, struct mcp_session_store_request *ask)
{
	ask->revision = 0;
	return mcpsess_kit_do(kit, KIT_STORE, ask);
}

static inline int update(
	struct mcpsess_kit *kit, struct mcp_session_store_request *ask, uint64_t revision)
{
	ask->revision = revision;
	return mcpsess_kit_do(kit, KIT_STORE, ask);
}

static inline int get(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask)
{
	return mcpsess_kit_do(kit, KIT_GET, ask);
}

static inline int get_with(
	struct mcpsess_kit *kit, const struct mcp_session_store_request *ask, uint32_t flags)
{
	struct mcp_session_store_request with = *ask;
	with.flags |= flags;
	return mcpsess_kit_do(kit, KIT_GET, &with);
}

static inline int touch(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask)
{
	return mcpsess_kit_do(kit, KIT_TOUCH, ask);
}

static inline int erase(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask)
{
	return mcpsess_kit_do(kit, KIT_DELETE, ask);
}

static inline int exists(struct mcpsess_kit *kit, const struct mcp_session_store_request *ask)
{
	return mcpsess_kit_do(kit, KIT_EXISTS, ask);
}

#endif
