/* One connection: its socket, what goes out and comes in, and how it is made and lost. */
#ifndef MCPSESS_REDIS_CONN_H
#define MCPSESS_REDIS_CONN_H

#include "buffer.h"
#include "guard.h"
#include "queue.h"
#include "script.h"
#include "socket.h"

struct redis;
struct redisReader;
struct redisReply;

enum redis_conn_state {
	REDIS_OFF,
	REDIS_CONNECTING,
	REDIS_SECURING, /* shaking hands over TLS */
	REDIS_GREETING, /* connected; it is being asked who it is */
	REDIS_READY,
};

struct redis_conn {
	struct redis *redis;
	struct redis_endpoint endpoint;
	int is_node; /* of a cluster: others may serve what it cannot */
	enum redis_conn_state state;
	struct redis_socket socket;
	uint32_t watched;
	struct redis_queue queue;
	struct redis_buffer out, in;
	uint64_t written; /* bytes of this connection that the system took */
	struct redis_guard guard;
	struct redisReader *reader;
	uint64_t due_ms;   /* connecting: when to give up */
	uint64_t retry_ms; /* off: not before this */
	uint64_t used_ms;  /* about when it was last written to */
	unsigned failures; /* in a row */
	int asking;        /* connected, or about to be, to a sentinel */
	int leave;         /* its server is of no use: close it when all is answered */
	char sha[REDIS_TEXTS][REDIS_SHA_LEN + 1];
	char why[240]; /* of the last failure */
};

void mcpsess_redis_conn_init(struct redis_conn *conn, struct redis *redis);
void mcpsess_redis_conn_free(struct redis_conn *conn);

/* OK: a call may be queued. UNAVAILABLE, explained: it failed a moment ago. NOMEM. */
int mcpsess_redis_conn_admit(struct redis_conn *conn, struct mcp_session_store_call *call);
/* Connect if calls wait, and send all that can be sent. */
void mcpsess_redis_conn_flush(struct redis_conn *conn);
void mcpsess_redis_conn_ready(struct redis_conn *conn, uint32_t events);
/* The same, having waited for an answer; 0: it did not. */
int mcpsess_redis_conn_wait(struct redis_conn *conn, int wait_ms);
void mcpsess_redis_conn_tick(struct redis_conn *conn, uint64_t now_ms);
/* When tick has something to do; 0: never. */
uint64_t mcpsess_redis_conn_next(const struct redis_conn *conn);
/*
 * It is of no use any more: what was answered by nobody ends, what was not sent waits for the
 * next connection, or fails too if this one never came to be.
 */
void mcpsess_redis_conn_lose(struct redis_conn *conn, int sys, const char *why);

/* Leave the sentinel for the endpoint that it told, or the node that told the map. */
void mcpsess_redis_conn_move(struct redis_conn *conn);
/* receive.c: read what is there, or wait for it, and take all replies that are whole. */
void mcpsess_redis_receive(struct redis_conn *conn, int waits);

/* append.c: a number's digits; behind them. */
char *mcpsess_redis_put_number(char *to, uint64_t number);
/* Append a command; end of stream in *end. NOMEM. */
int mcpsess_redis_conn_append(
	struct redis_conn *conn, int argc, const char **argv, const size_t *lens, uint64_t *end);

/* greet.c: ask the server who it is, and hear it. NOMEM, or UNAVAILABLE with the reason in *why. */
int mcpsess_redis_greet(struct redis_conn *conn, char *why, size_t capacity);
/* A step of it. NOMEM. */
int mcpsess_redis_say(
	struct redis_conn *conn, uint32_t step, int argc, const char **argv, const size_t *lens);
int mcpsess_redis_say_auth(
	struct redis_conn *conn, const char *user, const char *password, size_t len);
/* Who we are, if the server is to be told. As mcpsess_redis_greet(). */
int mcpsess_redis_say_password(struct redis_conn *conn, char *why, size_t capacity);
/*
 * OK: go on; else the reason is in *why: INVALID when it would be the same again, UNAVAILABLE when
 * it may pass.
 */
int mcpsess_redis_greeted(struct redis_conn *conn, uint32_t step, const struct redisReply *reply,
	char *why, size_t capacity);

/* verb.c: append the command of a call, or of so many of a batch. */
int mcpsess_redis_verb_append(
	struct redis_conn *conn, const struct redis_slot *slot, size_t count, uint64_t *end);

/* What a sent call's status is when its answer is lost. */
int mcpsess_redis_lost_status(const struct redis_slot *slot);

/* What to do after a reply. */
enum redis_after { REDIS_AFTER_NOTHING, REDIS_AFTER_RESEND, REDIS_AFTER_LOSE };

/* reply.c: end a call by its reply, unless it has to be sent once more. */
enum redis_after mcpsess_redis_reply(
	struct redis_conn *conn, const struct redis_slot *slot, const struct redisReply *reply);
/* The same of a batch, of which the first slot has been taken and the others are next. */
enum redis_after mcpsess_redis_reply_many(
	struct redis_conn *conn, const struct redis_slot *first, const struct redisReply *reply);

#endif
