/*
 * A backend that does as it is told: scheme "pend". A test says whether a verb answers at once,
 * when it is told to, or by itself as soon as it is sent. Every answer carries the key that was
 * asked for, so that an answer that went astray shows.
 */
#ifndef TESTS_PEND_H
#define TESTS_PEND_H

#include <stdatomic.h>

#include <mcpsess/backend.h>

/* Why it is UNAVAILABLE: as it says it, and as it has to be told. */
#define PEND_SAYS "the other end\nis not there, \xc3\xa9\xe9"
#define PEND_WHY  "the other end is not there, \xc3\xa9?"

/* So many handles suit it. */
enum { PEND_HANDLES = 3 };

enum pend_mode {
	PEND_TOLD,    /* a call pends until pend_answer() */
	PEND_AT_ONCE, /* a verb returns its result */
	PEND_ITSELF,  /* what was sent is answered, the last first */
	PEND_NEVER,   /* sent, and no answer ever */
};

struct pend_script {
	_Atomic enum pend_mode mode;
	uint32_t can;   /* what stores declare; pend_reset() sets what they are able to */
	int status;     /* what verbs return, or calls end with, at once or by themselves */
	int open_fails; /* after this many opens, when not 0 */
	/* What store does instead, when not NULL. */
	int (*on_store)(struct mcp_session_store *store, struct mcp_session_store_call *call);
	const char *lacks;    /* a member that the table goes without */
	uint32_t table_size;  /* when not 0 */
	int waits;            /* whether wait() does, or leaves it to the core */
	atomic_uint events;   /* what ready() was told last */
	atomic_int gate_shut; /* sending waits */
	atomic_uint opened, closed, cancelled, ticks, sent, flushes, largest_batch, sweeps;
	atomic_uint asked_to_wait;
};

extern struct pend_script pend;
extern const struct mcpsess_backend pend_backend;

/* The script anew, and the backend known. */
void pend_reset(void);

/* Calls that pend at a store, oldest first; NULL beyond the last. */
struct mcp_session_store_call *pend_call(struct mcp_session_store *store, unsigned index);

/* The other end answers a call; the store learns of it at its next dispatch. */
void pend_answer(struct mcp_session_store *store, struct mcp_session_store_call *call, int status);

/* Finish a call from here, whatever it is: what a backend must not do. */
void pend_misfinish(
	struct mcp_session_store *store, struct mcp_session_store_call *call, int status);

/* Watch the socket for other events; 0 for none. */
void pend_watch(struct mcp_session_store *store, uint32_t events);

/* Ask for a tick. */
void pend_wake_at(struct mcp_session_store *store, uint64_t now_ms);

/* A key by its number, and what an answer to it says. A silent one is answered when told only. */
#define PEND_SILENT 4000000000u
struct mcpsess_digest pend_key(unsigned number);
uint64_t pend_revision(const struct mcpsess_digest *key);

#endif
