/* A site without sockets: a layer, its exchange, a host of few tools, and an eye on every answer.
 */
#ifndef TESTS_UNIT_SITE_H
#define TESTS_UNIT_SITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <mcpsess/http.h>
#include <mcpsess/stats.h>

struct site {
	struct mcp_session_store *store;
	struct mcpsess_rpc *rpc;
	struct mcpsess_http *http;
	uint64_t now_ms;
	int allocations; /* asked for so far */
	int fail_at;     /* the number of the one that fails; 0: none */
	int blocks;      /* not freed */
	const char *principal;
	const char *challenge; /* NULL: whoever asks is known */
	int too_big;           /* the body was not kept */
	int draining;
	char id[MCPSESS_ID_MAX + 1]; /* of site_session() */
};

struct answer {
	int status;
	char head[2048]; /* "Name: value\n" each */
	char body[8192];
	int text_failed; /* the text alone had no memory */
};

#define LOCAL "Host: localhost:3000\r\n"
#define JSON \
	LOCAL "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"

#define INITIALIZE \
	"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":" \
	"\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}"
#define INITIALIZED "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"
#define PING        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"
/* Tools: "echo", "lines" (line breaks between tokens), "fail" (an error); others are unknown. */
#define CALL(tool) \
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"" tool \
	"\",\"arguments\":{\"text\":\"hi\"}}}"

/* Zero options are fine; the kit fills in what is needed. */
void site_open(struct site *site, const char *uri, struct mcpsess_http_options http,
	struct mcpsess_rpc_options rpc);
/* Fails when anything is not freed. */
void site_close(struct site *site);

/* Ask and play the host until there is an answer. The body lies before an unreadable page. */
void site_ask(struct site *site, const char *method, const char *head, const char *body,
	struct answer *out);
/* Read an answer that is there, check what must hold of every one, and end the exchange. */
void site_read(struct mcpsess_http_exchange *exchange, struct answer *out);
enum mcpsess_verdict site_host(struct mcpsess_message *message);

/* The value of a header, or NULL; in one buffer for all. */
const char *header_of(const struct answer *answer, const char *name);
/* head and "Mcp-Session-Id: id\r\n"; in one buffer for all. */
const char *with_id(const char *head, const char *id);

/* An initialized session in site->id. */
void site_session(struct site *site);
uint64_t site_count(struct site *site);
uint64_t site_refused(struct site *site, enum mcpsess_refused cause);

#define COUNT(cases) (sizeof(cases) / sizeof((cases)[0]))

#endif
