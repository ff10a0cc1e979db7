/*
 * A store in a PostgreSQL database: one connection, in pipeline mode, and the statements that wait
 * for it or are under way on it. open.c reads the URI, connect.c makes the connection and
 * migrate.c looks at the schema behind it, query.c has lists of statements, batch.c makes one of
 * many, queue.c sends and receives, parameters.c makes parameters of requests, result.c answers of
 * rows, and verb.c is what the core calls.
 */
#ifndef MCPSESS_POSTGRES_H
#define MCPSESS_POSTGRES_H

#include <mcpsess/backend.h>

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "statement.h"

/* Of a statement that is the store's own, for whoever waits for it. */
struct postgres_own {
	uint64_t numbers[4]; /* its one row */
	int status;          /* MCPSESS_PENDING until it is over */
};

/* Of the function read, beside those of requests; and all that a look stands for. */
enum {
	POSTGRES_PAYLOAD = 8,
	POSTGRES_NOT_MOVED = 16,
	POSTGRES_LOOK_FLAGS = MCP_SESSION_STORE_TOUCH | POSTGRES_PAYLOAD
};

enum postgres_about { ABOUT_ALL, ABOUT_OWNER, ABOUT_KEY };

/* How many reads one statement makes at most. */
enum { POSTGRES_BATCH_MAX = 256 };

struct postgres_query;

struct postgres_queue {
	struct postgres_query *first, *last;
};

/* One statement. A statement that is given up stays until its result has been passed over. */
struct postgres_query {
	struct postgres_query *next;
	struct mcp_session_store_call *call; /* NULL: given up, or the store's own */
	struct postgres_own *own;            /* NULL: nobody waits for it */
	enum postgres_statement statement;
	unsigned tries;
	int status;        /* MCPSESS_PENDING: no result yet */
	int again;         /* it goes into the queue again when it is over */
	uint64_t flags;    /* of a read, besides the request's */
	int looks;         /* it was sent as STATEMENT_LOOK, or ..._OF_OWNER */
	uint32_t planning; /* in postgres.planned: its plan is asked for before it */
	/* Of many reads in one. */
	struct postgres_queue members;
	int count;
	/* Of a sweep. */
	enum postgres_about about;
	struct mcpsess_digest digest;
	uint64_t budget;
};

enum postgres_phase {
	PHASE_NONE,       /* no connection */
	PHASE_CONNECTING, /* libpq is at it */
	PHASE_CHECKING,   /* which version of the schema there is */
	PHASE_MIGRATING,  /* the steps that are missing */
	PHASE_DROPPING,   /* instead of all that */
	PHASE_READY,
};

struct postgres {
	struct mcp_session_store store;
	PGconn *conn;
	enum postgres_phase phase;
	int fd; /* watched; -1: none */
	uint32_t events;
	uint64_t connect_until_ms;
	uint64_t host_until_ms; /* connecting: when to go on without the host that is tried first */
	unsigned hosts, first_host; /* how many the address has, and which that is */
	int version;                /* of the schema, as found */
	int needs;                  /* which version a library must know for it */
	int closing;                /* the server has said that it ends this connection */
	int keeps_plans;            /* whether the server can keep plans for us */
	uint32_t planned;           /* which: a bit for each statement */
	struct postgres_queue waiting, sent;
	struct postgres_query *spare;

	/* As configured. */
	char *texts[POSTGRES_STATEMENTS];
	char names[POSTGRES_STATEMENTS][POSTGRES_NAME]; /* of their plans */
	PQconninfoOption *address;                      /* what the authority and the path say */
	char **parameters; /* libpq's own: name, value, name, value, NULL */
	char schema[POSTGRES_SCHEMA_MAX + 1];
	char commit[16]; /* synchronous_commit of writes; "": the server's */
	int creates;     /* migrate=create */
	int drops;       /* migrate=drop */
	uint64_t idle_ms;
	uint64_t touch_every_ms;
	uint64_t tombstone_ms;
	uint64_t connect_timeout_ms;
	uint64_t timeout_ms;
};

static inline struct postgres *postgres_of(struct mcp_session_store *store)
{
	return (struct postgres *)store;
}

static inline void *postgres_realloc(struct postgres *pg, void *ptr, size_t size)
{
	return pg->store.host->realloc(pg->store.core, ptr, size);
}

/* What is above all numbers of the database stands for "none" there as well. */
static inline long long postgres_number(uint64_t number)
{
	return number < INT64_MAX ? (long long)number : INT64_MAX;
}

/* -- open.c --------------------------------------------------------------------------------- */

void mcpsess_postgres_close(struct mcp_session_store *store);

/* -- connect.c ---------------------------------------------------------------------------- */

/* Begin to connect; what waits fails if that cannot be. */
void mcpsess_postgres_connect(struct postgres *pg);
/*
 * A host that says nothing has had its share of the time: begin anew with the next one, for libpq
 * only leaves those that refuse.
 */
void mcpsess_postgres_connect_elsewhere(struct postgres *pg);
/* Look after a connection that is being made: its descriptor is ready. */
void mcpsess_postgres_connect_on(struct postgres *pg);
/* Watch the connection for events of libpq. */
void mcpsess_postgres_watch(struct postgres *pg, uint32_t events);
/* End the connection, failing what is under way on it, and what waits if there is none yet. */
void mcpsess_postgres_drop(struct postgres *pg, int sys, const char *text);
/* The errno of a connection that ended so: EACCES when the next would too. NULL: no SQLSTATE. */
int mcpsess_postgres_refusal(const char *state);
/* Whether TLS as it is set up wants a file that cannot be read: then out says which. */
int mcpsess_postgres_no_file(PGconn *conn, char *out, size_t capacity);

/* -- migrate.c ---------------------------------------------------------------------------- */

/* A new connection: ask for the version of the schema, or drop it. */
void mcpsess_postgres_check(struct postgres *pg);
/* Results of that, and of the migration. */
void mcpsess_postgres_checked(struct postgres *pg);

/* -- query.c ------------------------------------------------------------------------------ */

struct postgres_query *mcpsess_postgres_pop(struct postgres_queue *queue);
void mcpsess_postgres_push(struct postgres_queue *queue, struct postgres_query *query);
/* A query to be filled in and pushed; NULL without memory. */
struct postgres_query *mcpsess_postgres_query(
	struct postgres *pg, enum postgres_statement statement);
void mcpsess_postgres_free_query(struct postgres *pg, struct postgres_query *query);
/* Whether nobody can know if it was done once it has been sent. */
int mcpsess_postgres_writes(const struct postgres_query *query);

/* -- queue.c ------------------------------------------------------------------------------ */

/* Send what waits, connecting if need be. */
void mcpsess_postgres_flush(struct mcp_session_store *store);
/* While there is no connection: have tick() called when somebody has waited for it enough. */
void mcpsess_postgres_arm(struct postgres *pg);
/* The connection is no more: end what was under way on it. And what waits for one. */
void mcpsess_postgres_lose(struct postgres *pg, int sys, const char *text);
void mcpsess_postgres_fail_waiting(struct postgres *pg, int sys, const char *text);
/* The connection's descriptor is ready. */
void mcpsess_postgres_ready(struct mcp_session_store *store, int fd, uint32_t events);
void mcpsess_postgres_tick(struct mcp_session_store *store, uint64_t now_ms);
void mcpsess_postgres_cancel(struct mcp_session_store *store, struct mcp_session_store_call *call);
/* Over, one way or another: tell who waits, free it. */
void mcpsess_postgres_end(
	struct postgres *pg, struct postgres_query *query, int status, int sys, const char *text);
/* Nobody waits any more for a statement of the store's own; the connection is given up. */
void mcpsess_postgres_forget(struct postgres *pg, const struct postgres_own *own);

/* -- batch.c ------------------------------------------------------------------------------ */

/* The query, or one of it and others that wait and can be one statement with it. */
struct postgres_query *mcpsess_postgres_gather(struct postgres *pg, struct postgres_query *query);
/* Let those members whom somebody waits for go into a queue, to be sent alone; free the query. */
void mcpsess_postgres_dissolve(
	struct postgres *pg, struct postgres_query *query, struct postgres_queue *queue);

/* -- parameters.c -------------------------------------------------------------------------- */

struct postgres_parameters {
	const char *values[POSTGRES_PARAMETERS];
	int lengths[POSTGRES_PARAMETERS];
	int formats[POSTGRES_PARAMETERS];
	Oid types[POSTGRES_PARAMETERS];
	unsigned char numbers[POSTGRES_PARAMETERS][8];
	unsigned char cursor[33];
	unsigned char operation[16]; /* of a rotation */
	int count;
};

/* The parameters of a query's statement. They point into the query and its request. */
void mcpsess_postgres_fill(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out);

/* The same of many reads: what they point into is returned, to be freed; NULL without memory. */
void *mcpsess_postgres_fill_many(
	struct postgres *pg, const struct postgres_query *query, struct postgres_parameters *out);

/* -- verb.c ------------------------------------------------------------------------------- */

extern const struct mcp_session_store_ops mcpsess_postgres_ops;

/* -- send.c ------------------------------------------------------------------------------- */

/* Hand it to libpq, and the end of its transaction. NOMEM: nothing was. */
int mcpsess_postgres_send(struct postgres *pg, struct postgres_query *query);

/* -- cursor.c ------------------------------------------------------------------------------ */

/* A key as a cursor of a list; and back: 0 when the text is none. */
void mcpsess_postgres_put_cursor(const unsigned char *key, char *cursor);
int mcpsess_postgres_get_cursor(const char *cursor, unsigned char *key);

/* -- result.c ----------------------------------------------------------------------------- */

/* Note in the query what its result says. */
void mcpsess_postgres_take(
	struct postgres *pg, struct postgres_query *query, const PGresult *result);
/* The same of a result that comes with the end of the connection. */
void mcpsess_postgres_take_last(
	struct postgres *pg, struct postgres_query *query, const PGresult *result);
/* The first line of libpq's text, as far as it fits. */
void mcpsess_postgres_line(const char *text, char *out, size_t capacity);

#endif
