#include "postgres.h"

#include <errno.h>
#include <sys/socket.h>

/* Put some before all that wait. */
static void put_back(struct postgres *pg, struct postgres_queue *some)
{
	if (some->first == NULL) {
		return;
	}
	some->last->next = pg->waiting.first;
	pg->waiting.first = some->first;
	pg->waiting.last = pg->waiting.last != NULL ? pg->waiting.last : some->last;
}

/* -- ends ----------------------------------------------------------------------------------- */

void mcpsess_postgres_end(
	struct postgres *pg, struct postgres_query *query, int status, int sys, const char *text)
{
	struct mcp_session_store *store = &pg->store;
	if (query->own != NULL) {
		query->own->status = status;
	}
	if (query->call != NULL) {
		if (text != NULL) {
			store->host->explain(query->call, sys, text);
		}
		store->host->finish(store->core, query->call, status);
	}
	mcpsess_postgres_free_query(pg, query);
}

/* What the connection had under way when it ended. */
static void end_lost(struct postgres *pg, struct postgres_query *query, int sys, const char *text)
{
	int writes = mcpsess_postgres_writes(query);
	if (query->status < 0 && !query->again) {
		mcpsess_postgres_end(pg, query, query->status, 0, NULL);
	} else {
		mcpsess_postgres_end(
			pg, query, writes ? MCPSESS_E_UNKNOWN : MCPSESS_E_UNAVAILABLE, sys, text);
	}
}

/* Whether it is for somebody who has given it up. Sweeps are for nobody anyway. */
static int is_given_up(const struct postgres_query *query)
{
	return query->call == NULL && query->own == NULL && query->statement != STATEMENT_SWEEP &&
	       query->statement != STATEMENT_READ_MANY;
}

/* Its members go on alone if it has done nothing, or are lost with it. */
static void lose_one(struct postgres *pg, struct postgres_query *query,
	struct postgres_queue *unheard, int sys, const char *text)
{
	/* Behind the statement that was told so, nothing has been looked at. */
	int nothing = pg->closing && query->status == MCPSESS_PENDING;
	if (query->statement == STATEMENT_READ_MANY && (nothing || query->status < 0)) {
		mcpsess_postgres_dissolve(pg, query, unheard);
	} else if (query->statement == STATEMENT_READ_MANY) {
		for (struct postgres_query *one = mcpsess_postgres_pop(&query->members);
			one != NULL; one = mcpsess_postgres_pop(&query->members)) {
			end_lost(pg, one, sys, text);
		}
		mcpsess_postgres_free_query(pg, query);
	} else if (nothing && !is_given_up(query)) {
		mcpsess_postgres_push(unheard, query);
	} else {
		end_lost(pg, query, sys, text);
	}
}

void mcpsess_postgres_lose(struct postgres *pg, int sys, const char *text)
{
	struct postgres_queue sent = pg->sent, unheard = { 0 };
	memset(&pg->sent, 0, sizeof(pg->sent));
	for (struct postgres_query *one = mcpsess_postgres_pop(&sent); one != NULL;
		one = mcpsess_postgres_pop(&sent)) {
		lose_one(pg, one, &unheard, sys, text);
	}
	put_back(pg, &unheard);
}

void mcpsess_postgres_fail_waiting(struct postgres *pg, int sys, const char *text)
{
	struct postgres_queue waiting = pg->waiting;
	memset(&pg->waiting, 0, sizeof(pg->waiting));
	for (struct postgres_query *one = mcpsess_postgres_pop(&waiting); one != NULL;
		one = mcpsess_postgres_pop(&waiting)) {
		mcpsess_postgres_end(pg, one, MCPSESS_E_UNAVAILABLE, sys, text);
	}
}

/* -- sending -------------------------------------------------------------------------------- */

/* The first byte that the server has sent unasked, 0: none, -1: it has hung up. */
static int peek(const struct postgres *pg)
{
	unsigned char byte;
	ssize_t some = recv(PQsocket(pg->conn), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	if (some < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		return 0;
	}
	return some > 0 ? byte : -1;
}

/* Whether an idle connection has ended: what is sent then would be lost, and nobody knew. */
static int has_hung_up(const struct postgres *pg)
{
	int byte = peek(pg);
	if (byte > 0 && byte != 'E') {
		PQconsumeInput(pg->conn);
		PQisBusy(pg->conn);
		byte = peek(pg);
	}
	return byte < 0 || byte == 'E' || PQstatus(pg->conn) != CONNECTION_OK;
}

static void flush_connection(struct postgres *pg)
{
	int left = PQflush(pg->conn);
	if (left < 0) {
		mcpsess_postgres_drop(pg, ECONNRESET, PQerrorMessage(pg->conn));
		return;
	}
	mcpsess_postgres_watch(
		pg, MCPSESS_EVENT_READ | (left > 0 ? (uint32_t)MCPSESS_EVENT_WRITE : 0u));
}

/*
 * A pooler may give what follows the end of a transaction to another server, in the middle of a
 * statement even: https://github.com/pgbouncer/pgbouncer/issues/759. Behind one, nothing does.
 */
static int may_send(const struct postgres *pg)
{
	return pg->waiting.first != NULL && (pg->keeps_plans || pg->sent.first == NULL);
}

/* Without memory to say them together, reads that have met go one by one. */
static void send_waiting(struct postgres *pg)
{
	while (may_send(pg)) {
		struct postgres_query *query =
			mcpsess_postgres_gather(pg, mcpsess_postgres_pop(&pg->waiting));
		int r = mcpsess_postgres_send(pg, query);
		if (r == MCPSESS_E_NOMEM) {
			mcpsess_postgres_dissolve(pg, query, &pg->waiting);
			continue;
		}
		mcpsess_postgres_push(&pg->sent, query);
		if (r < 0) {
			mcpsess_postgres_drop(pg, ECONNRESET, PQerrorMessage(pg->conn));
			return;
		}
	}
	flush_connection(pg);
}

void mcpsess_postgres_flush(struct mcp_session_store *store)
{
	struct postgres *pg = postgres_of(store);
	if (pg->waiting.first == NULL) {
		return;
	}
	if (pg->phase == PHASE_READY && pg->sent.first == NULL &&
		(pg->closing || has_hung_up(pg))) {
		mcpsess_postgres_drop(pg, ECONNRESET, "the server has closed the connection");
	}
	if (pg->phase == PHASE_NONE) {
		mcpsess_postgres_connect(pg);
	} else if (pg->phase == PHASE_READY && !pg->closing) {
		send_waiting(pg);
	} else {
		mcpsess_postgres_arm(pg);
	}
}

/* -- receiving ------------------------------------------------------------------------------ */

/* Once more, behind a sweep of what stands in the way. */
static void queue_sweep(struct postgres *pg, const struct postgres_query *query)
{
	enum { BATCH = 1000 };
	struct postgres_query *sweep = mcpsess_postgres_query(pg, STATEMENT_SWEEP);
	if (sweep == NULL) {
		return;
	}
	const struct mcp_session_store_request *request = &query->call->request;
	sweep->budget = BATCH;
	sweep->about = query->again == POSTGRES_IN_THE_WAY   ? ABOUT_KEY
		       : query->again == POSTGRES_OWNER_FULL ? ABOUT_OWNER
							     : ABOUT_ALL;
	sweep->digest = sweep->about == ABOUT_OWNER            ? request->owner
			: query->statement == STATEMENT_ROTATE ? request->new_key
							       : request->key;
	mcpsess_postgres_push(&pg->waiting, sweep);
}

/* What fails one of many must not fail the others: each is sent again, alone. */
static void complete_many(struct postgres *pg, struct postgres_query *query)
{
	if (query->status < 0) {
		mcpsess_postgres_dissolve(pg, query, &pg->waiting);
		return;
	}
	for (struct postgres_query *one = mcpsess_postgres_pop(&query->members); one != NULL;
		one = mcpsess_postgres_pop(&query->members)) {
		int status = one->status != MCPSESS_PENDING ? one->status : MCPSESS_E_CORRUPT;
		mcpsess_postgres_end(pg, one, status, 0, NULL);
	}
	mcpsess_postgres_free_query(pg, query);
}

/* Its transaction is over, so what its result said holds now. */
static void complete(struct postgres *pg)
{
	struct postgres_query *query = mcpsess_postgres_pop(&pg->sent);
	if (query->statement == STATEMENT_READ_MANY) {
		complete_many(pg, query);
		return;
	}
	if (query->call == NULL || !query->again) {
		int status = query->status != MCPSESS_PENDING ? query->status : MCPSESS_E_UNKNOWN;
		mcpsess_postgres_end(pg, query, status, 0, NULL);
		return;
	}
	if (query->again > 0) {
		queue_sweep(pg, query);
	}
	query->again = 0;
	query->status = MCPSESS_PENDING;
	query->tries++;
	mcpsess_postgres_push(&pg->waiting, query);
}

static void receive(struct postgres *pg)
{
	int nothing = 0;
	while (pg->sent.first != NULL && nothing < 2 && !PQisBusy(pg->conn)) {
		PGresult *result = PQgetResult(pg->conn);
		nothing = result == NULL ? nothing + 1 : 0;
		if (result != NULL && PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			complete(pg);
		} else if (result != NULL && PQstatus(pg->conn) == CONNECTION_OK) {
			mcpsess_postgres_take(pg, pg->sent.first, result);
		} else if (result != NULL) {
			mcpsess_postgres_take_last(pg, pg->sent.first, result);
		}
		PQclear(result);
	}
	if (PQstatus(pg->conn) != CONNECTION_OK) {
		mcpsess_postgres_drop(pg, ECONNRESET, PQerrorMessage(pg->conn));
	} else if (pg->closing && pg->sent.first == NULL) {
		mcpsess_postgres_drop(pg, ECONNRESET, "the server ends this connection");
	} else {
		flush_connection(pg);
	}
}

void mcpsess_postgres_ready(struct mcp_session_store *store, int fd, uint32_t events)
{
	struct postgres *pg = postgres_of(store);
	(void)events;
	if (fd != pg->fd || pg->phase == PHASE_NONE) {
		return;
	}
	if (pg->phase == PHASE_CONNECTING) {
		mcpsess_postgres_connect_on(pg);
	} else if (PQconsumeInput(pg->conn) == 0 && pg->phase != PHASE_READY) {
		mcpsess_postgres_drop(pg, ECONNRESET, PQerrorMessage(pg->conn));
	} else if (pg->phase == PHASE_READY) {
		receive(pg);
	} else {
		mcpsess_postgres_checked(pg);
	}
	mcpsess_postgres_flush(store);
}

/* -- giving up ------------------------------------------------------------------------------ */

static struct postgres_query *take_call(
	struct postgres_queue *queue, const struct mcp_session_store_call *call)
{
	struct postgres_queue rest = { 0 };
	struct postgres_query *found = NULL;
	for (struct postgres_query *one = mcpsess_postgres_pop(queue); one != NULL;
		one = mcpsess_postgres_pop(queue)) {
		if (one->call == call) {
			found = one;
		} else {
			mcpsess_postgres_push(&rest, one);
		}
	}
	*queue = rest;
	return found;
}

void mcpsess_postgres_cancel(struct mcp_session_store *store, struct mcp_session_store_call *call)
{
	struct postgres *pg = postgres_of(store);
	struct postgres_query *waited = take_call(&pg->waiting, call);
	if (waited != NULL) {
		mcpsess_postgres_free_query(pg, waited);
		return;
	}
	for (struct postgres_query *one = pg->sent.first; one != NULL; one = one->next) {
		for (struct postgres_query *in = one->members.first; in != NULL; in = in->next) {
			in->call = in->call == call ? NULL : in->call;
		}
		one->call = one->call == call ? NULL : one->call;
	}
	/* An answer that is late may never come, and all others would wait behind it. */
	if (pg->sent.first != NULL && call->give_up_ms <= store->host->now_ms(store->core)) {
		mcpsess_postgres_drop(pg, ETIMEDOUT, "the connection stopped answering");
	}
}

void mcpsess_postgres_forget(struct postgres *pg, const struct postgres_own *own)
{
	for (struct postgres_query *one = pg->waiting.first; one != NULL; one = one->next) {
		one->own = one->own == own ? NULL : one->own;
	}
	for (struct postgres_query *one = pg->sent.first; one != NULL; one = one->next) {
		one->own = one->own == own ? NULL : one->own;
	}
	mcpsess_postgres_drop(pg, ETIMEDOUT, "the connection stopped answering");
}

/* Call tick() when the connection, or the first of those who wait for it, has waited enough. */
void mcpsess_postgres_arm(struct postgres *pg)
{
	int is_trying = pg->phase == PHASE_CONNECTING && pg->host_until_ms < pg->connect_until_ms;
	uint64_t then = is_trying ? pg->host_until_ms : pg->connect_until_ms;
	for (const struct postgres_query *one = pg->waiting.first; one != NULL; one = one->next) {
		if (one->call != NULL && one->call->give_up_ms < then) {
			then = one->call->give_up_ms;
		}
	}
	pg->store.host->wake_at(pg->store.core, then);
}

void mcpsess_postgres_tick(struct mcp_session_store *store, uint64_t now_ms)
{
	struct postgres *pg = postgres_of(store);
	if (pg->phase == PHASE_NONE || pg->phase == PHASE_READY) {
		return;
	}
	if (now_ms >= pg->connect_until_ms) {
		mcpsess_postgres_drop(pg, ETIMEDOUT, "no connection within connect_timeout");
		return;
	}
	if (pg->phase == PHASE_CONNECTING && now_ms >= pg->host_until_ms) {
		mcpsess_postgres_connect_elsewhere(pg);
		return;
	}
	struct postgres_queue rest = { 0 };
	for (struct postgres_query *one = mcpsess_postgres_pop(&pg->waiting); one != NULL;
		one = mcpsess_postgres_pop(&pg->waiting)) {
		if (one->call != NULL && one->call->give_up_ms <= now_ms) {
			mcpsess_postgres_end(pg, one, MCPSESS_E_UNAVAILABLE, ETIMEDOUT,
				"no connection within the operation's timeout");
		} else {
			mcpsess_postgres_push(&rest, one);
		}
	}
	pg->waiting = rest;
	mcpsess_postgres_arm(pg);
}
