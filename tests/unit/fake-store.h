/*
 * A store whose records are a short table and whose answers a test can choose: "fake:", and
 * "fakepend:", which answers from dispatch only. For one thread.
 */
#ifndef MCPSESS_TESTS_FAKE_STORE_H
#define MCPSESS_TESTS_FAKE_STORE_H

#include <mcpsess/store.h>

enum fake_verb { FAKE_STORE, FAKE_GET, FAKE_DELETE };

/* Make the schemes known, forget every record and every order, and open one. */
struct mcp_session_store *fake_open(const char *uri, const struct mcpsess_hooks *hooks);

/*
 * An order: the next call of the verb answers status. done: and yet it happens. Orders of one verb
 * are followed one after the other; a status of MCPSESS_OK is a call that goes as it goes.
 */
void fake_order(enum fake_verb verb, int status, int done);

/* Called before each store verb: another node may write then. NULL: nobody does. */
extern void (*fake_meanwhile)(void);

/* 1: a CONFLICT tells what stands. */
extern int fake_tells_payload;
/* Whether it keeps operation tokens and can repeat: MCP_SESSION_STORE_CAN_OPERATION. */
extern int fake_keeps_tokens;
/* How often a verb came to the store. */
extern int fake_calls[3];
/* The store's clock. */
extern uint64_t fake_now_ms;
/* How many live records there are. */
int fake_count(void);
/* The payload of the only record, and how to replace it behind everybody's back. */
struct mcpsess_bytes fake_payload(void);
void fake_set_payload(const void *data, size_t len);
/* The kind of the only record. */
void fake_set_kind(uint32_t kind);

#endif
