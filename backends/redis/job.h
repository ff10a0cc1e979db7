/*
 * Verbs that a cluster needs several commands for, in different slots. They are sent at once, and
 * the next step begins when all of a step are over. What is told to an index by nobody's wish is
 * a note: it is not waited for, and lost when it cannot be delivered.
 */
#ifndef MCPSESS_REDIS_JOB_H
#define MCPSESS_REDIS_JOB_H

#include "part.h"
#include "script.h"

/* One command of a step, and what came of it. */
struct redis_step {
	struct redis_part part;
	struct redis_job *job;
	uint32_t script;
	int over;
	int status;
	int is_fresh;    /* of a create: it is no repetition; of an enter: the key was not there */
	uint64_t slot;   /* of an enter: where it is counted; 0: nowhere */
	uint64_t length; /* of a peek: the payload's */
	size_t header_len; /* of a peek */
	unsigned char header[REDIS_HEADER + REDIS_COUNTERS];
};

struct redis_job {
	struct redis *redis;
	struct mcp_session_store_call *call;
	void (*go_on)(struct redis_job *job); /* all of the step are over */
	struct redis_step *steps;
	size_t count, left;
	struct mcpsess_digest *keys; /* of a list */
	size_t key_count;
	char cursor[MCP_SESSION_STORE_CURSOR_MAX];
	unsigned char *record; /* of a rotation */
	unsigned tries;
	int verdict; /* what is answered after undoing, and why */
	char why[128];
};

/* The verbs. PENDING, or why not. */
int mcpsess_redis_create(struct redis *redis, struct mcp_session_store_call *call);
int mcpsess_redis_list(struct redis *redis, struct mcp_session_store_call *call);
int mcpsess_redis_end_owner(struct redis *redis, struct mcp_session_store_call *call);
int mcpsess_redis_rotate(struct redis *redis, struct mcp_session_store_call *call);
/* Whether the call is one of those; then it is forgotten. */
int mcpsess_redis_job_cancel(struct mcp_session_store_call *call);

/* A job for the call, with a step of so many commands, none of them set. NULL: no memory. */
struct redis_job *mcpsess_redis_job(
	struct redis *redis, struct mcp_session_store_call *call, size_t count);
/* Free one that was not begun. */
void mcpsess_redis_job_drop(struct redis_job *job);
/* Fill in a command: the call's own request to begin with. */
struct redis_step *mcpsess_redis_step(struct redis_job *job, size_t index, uint32_t script);
/* Send the first step: PENDING, or an error, and the job is gone. */
int mcpsess_redis_job_begin(struct redis_job *job, void (*go_on)(struct redis_job *job));
/* Begin another step of so many commands; NULL: no memory, and the job is over. */
struct redis_step *mcpsess_redis_job_next(struct redis_job *job, size_t count);
/* Send it. */
void mcpsess_redis_job_send(struct redis_job *job, void (*go_on)(struct redis_job *job));
void mcpsess_redis_job_end(struct redis_job *job, int status, const char *text);
/* The error of the first command that has one; OK. */
int mcpsess_redis_job_status(const struct redis_job *job);

/* note.c: room for those that a verb may leave behind; NOMEM. */
int mcpsess_redis_notes_reserve(struct redis *redis);
void mcpsess_redis_notes_free(struct redis *redis);
/* Tell the indexes of a record, by its header as it was answered. */
void mcpsess_redis_note(struct redis *redis, int owners, const char *what,
	const struct mcpsess_digest *key, const unsigned char *header, const uint64_t more[3]);
/* What a reply to a verb on a record says about its place in them. */
void mcpsess_redis_tell(struct redis *redis, uint32_t script, const struct mcpsess_digest *key,
	const struct redisReply *reply);
/* The slot of time in which a record is counted. */
uint64_t mcpsess_redis_time_slot(const unsigned char *header);
uint32_t mcpsess_redis_counted_bytes(const unsigned char *header);

/* list.c: keys of an answer, into the job. */
void mcpsess_redis_take_keys(struct redis_job *job, const struct redisReply *reply);

#endif
