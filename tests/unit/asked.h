/* Calls at a scripted store whose clock the test moves by hand, and what became of them. */
#ifndef TESTS_ASKED_H
#define TESTS_ASKED_H

#include "pend.h"

extern uint64_t asked_now_ms;

/* A call, and what its done() saw. */
struct asked {
	struct mcp_session_store_call call;
	struct mcp_session_store *store;
	int told;
	int status;
	void (*then)(struct asked *asked);
	struct asked *other;
};

/* A store of the script's, by that clock. */
struct mcp_session_store *asked_open(const char *uri);

/* A call for a key, not started; or a get that pends. */
void asked_prepare(struct asked *asked, struct mcp_session_store *store, unsigned key);
void asked_get(struct asked *asked, struct mcp_session_store *store, unsigned key);

/* It was told once, OK, with the answer to its key; which is let go. */
void asked_is_answered(struct asked *asked, unsigned key);

int fd_is_readable(int fd, int wait_ms);

#endif
