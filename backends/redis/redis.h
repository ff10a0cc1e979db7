/*
 * Records in Redis. One packed string per record, every verb one script on the server (script.c),
 * all times by the server's clock. hiredis reads replies; what goes out and the sockets are
 * our own.
 *
 * A verb only queues its call. flush() connects if need be and sends what is queued, ready()
 * matches replies to calls in the order they were sent. A connection with an answer overdue is
 * never used again.
 */
#ifndef MCPSESS_REDIS_H
#define MCPSESS_REDIS_H

#include <mcpsess/backend.h>
#include <mcpsess/error.h>

#include "cluster.h"
#include "conn.h"
#include "job.h"
#include "key.h"
#include "part.h"
#include "script.h"
#include "sentinel.h"
#include "tls.h"

enum {
	REDIS_NOTES = 4,
	REDIS_PREFIX_MAX = 64,
	/* The longest key: the prefix, {o: a ref }: and a letter. */
	REDIS_KEY_MAX = REDIS_PREFIX_MAX + 2 + REDIS_REF_LEN + 16,
};

/* Which of the two meanings a URI's eviction= has. */
enum redis_eviction { REDIS_EVICTION_REFUSE, REDIS_EVICTION_WARN };

struct redis_config {
	char prefix[REDIS_PREFIX_MAX + 3];
	size_t prefix_len;
	int brief;      /* the prefix is a check's: nothing below it stays */
	char *user;     /* NULL: the default user */
	char *password; /* the URI's own; NULL: none */
	struct redis_endpoint endpoint;
	struct redis_seeds seeds; /* sentinels; none: the endpoint stands */
	int cluster;              /* the seeds are nodes of one */
	char *master;             /* the name sentinels know it by */
	char *sentinel_user;      /* NULL: the default user */
	char *sentinel_password;  /* NULL: sentinels ask for none */
	struct redis_tls_config tls;
	uint32_t database;
	uint32_t wait; /* replicas that must have a write; 0: none */
	enum redis_eviction eviction;
	uint64_t connect_timeout_ms;
	uint64_t timeout_ms;
	uint64_t probe_every_ms;
	uint64_t tombstone_ms;
};

struct redis {
	struct mcp_session_store store;
	struct redis_config config;
	struct redis_conn conn; /* of a cluster: who asks for its map; calls wait there for it */
	struct redis_cluster cluster;
	struct redis_part
		*notes[REDIS_NOTES]; /* at hand, so that none is lost for want of memory */
	size_t note_count;
	size_t notes_under_way;
};

static inline struct redis *mcpsess_redis_of(struct mcp_session_store *store)
{
	return (struct redis *)(void *)store;
}

static inline uint64_t mcpsess_redis_now(const struct redis *redis)
{
	return redis->store.host->now_ms(redis->store.core);
}

static inline void *mcpsess_redis_realloc(const struct redis *redis, void *ptr, size_t size)
{
	return redis->store.host->realloc(redis->store.core, ptr, size);
}

/* All connections: this one, or the nodes too; NULL behind the last. */
struct redis_conn *mcpsess_redis_each(struct redis *redis, size_t index);
/* Send all that can be sent. */
void mcpsess_redis_flush(struct redis *redis);
/* When something is due; 0: never. */
uint64_t mcpsess_redis_next(struct redis *redis);
/* Ask to be woken then. */
void mcpsess_redis_schedule(struct redis *redis);

/* A record's header, for people: reply.c. */
void mcpsess_redis_take_header(struct mcp_session_store_answer *answer, const unsigned char *at);
void mcpsess_redis_take_entry(struct mcp_session_store_entry *entry,
	const struct mcpsess_digest *key, const unsigned char *header, uint64_t length);
/* A rotation's operation token as records keep it: verb.c. */
void mcpsess_redis_fold_rotation(
	const struct mcp_session_store_request *request, unsigned char out[REDIS_TOKEN]);
/* A verb, by the script that does it: verb.c. */
int mcpsess_redis_verb(
	struct mcp_session_store_call *call, struct redis *redis, enum redis_script script);

/* How the cursors of a list begin: those of one are no cursors of another kind of list. */
static inline char mcpsess_redis_cursor_letter(const struct mcp_session_store_request *request)
{
	int any = (request->flags & MCP_SESSION_STORE_ANY_OWNER) != 0;
	return any || mcpsess_redis_is_nobody(&request->owner) ? 'a' : 'o';
}

#endif
