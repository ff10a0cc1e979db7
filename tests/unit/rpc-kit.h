/* A layer over a store, a clock that stands still, and a host of one tool set: for the rpc tests.
 */
#ifndef TESTS_UNIT_RPC_KIT_H
#define TESTS_UNIT_RPC_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mcpsess/rpc.h>
#include <mcpsess/stats.h>

struct kit {
	struct mcp_session_store_pool *pool;
	struct mcpsess_rpc *rpc;
	uint64_t now_ms;
};

/* One exchange: what came back. Texts are cut at their capacity. */
struct answer {
	int status;
	int lacks_session;
	char reply[4096];
	char session[MCPSESS_ID_MAX + 1];
};

#define INITIALIZE(version) \
	"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":" \
	"\"" version "\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}"

/* Names of tools that the kit's host knows; anything else is answered with -32602. */
#define CALL(id, tool) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id \
	",\"method\":\"tools/call\",\"params\":{\"name\":\"" tool \
	"\",\"arguments\":{\"key\":\"k\",\"value\":[1,2]}}}"

void kit_open(struct kit *kit, const char *uri, struct mcpsess_rpc_options options);
void kit_close(struct kit *kit);

/* Send a message and play the host until it is over. session and principal: "" is none. */
void kit_send(struct kit *kit, const char *text, const char *session, const char *principal,
	struct answer *out);
/* With every part of the input. */
void kit_exchange(struct kit *kit, const struct mcpsess_input *input, struct answer *out);
/* The host's part for one item. */
enum mcpsess_verdict kit_host(struct mcpsess_message *message);

/* A layer without options, and a session of 2025-06-18 to talk in: what most tests need. */
struct talk {
	struct kit kit;
	char id[MCPSESS_ID_MAX + 1];
	struct answer answer; /* to what was sent last */
};

/* Its state is a struct talk. */
#define TALK_TEST(name) cmocka_unit_test_setup_teardown(name, talk_begin, talk_end)

int talk_begin(void **state);
int talk_end(void **state);
/* As kit_send(), in the session. */
void talk_send(struct talk *talk, const char *text);

/* An initialized session of that version: its id. */
void kit_session(struct kit *kit, const char *version, const char *principal, char *id);
uint64_t kit_count(struct kit *kit);

#endif
